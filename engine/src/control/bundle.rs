//! The bundle of an incident: its story and its manifest, made when its run is over out of what was kept before anything was
//! undone; and all of it for somebody who takes it elsewhere, as long as no secret would go with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answers::unreadable;
use super::clearance::Asked;
use super::evidence::{Failed, pretty};
use super::{Engine, Refusal, RunDetail};
use crate::artifacts::{ArtifactName, ArtifactRef};
use crate::clock::EpochMs;
use crate::model::{Actor, RunId};
use crate::monitor::{Excerpt, Incident, Told, story};

/// `manifest.json`: what belongs to a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    incident: String,
    run: String,
    opened_ms: EpochMs,
    /// Every other file, with the SHA-256 of what is kept.
    files: Vec<ArtifactRef>,
}

/// An incident with all its files.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The incident.
    pub incident: Incident,
    /// Its files by name, the manifest among them.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// An incident as people read it.
#[derive(Debug, Clone)]
pub struct IncidentDetail {
    /// The incident.
    pub incident: Incident,
    /// Its story; absent while its run goes on, and for one that has no files.
    pub story: Option<String>,
    /// The names of its files.
    pub files: Vec<String>,
}

impl Engine {
    /// The story of a run that became an incident, and the manifest of all its files.
    pub(super) async fn keep_incident(&self, detail: &RunDetail, run: &[u8]) -> Result<(), Failed> {
        let id = &detail.run.id;
        let since_ms = detail.run.created_ms;
        let incidents = self.store().incident_list(detail.run.environment(), since_ms, i64::MAX).await?;
        let Some(incident) =
            incidents.into_iter().find(|incident| incident.run == *id && !incident.is_live())
        else {
            return Ok(());
        };
        let record = self.store().audit_of_run(detail.run.environment(), id).await?;
        let own = self.artifacts().reference(id, &ArtifactName::Run, run);
        let told = |excerpts: &[Excerpt], files: &[ArtifactRef], has_chart: bool| {
            story(&Told { incident: &incident, detail, record: &record, has_chart }, excerpts, files)
        };
        self.keep_told(&incident, id, Some(own), told).await
    }

    /// Writes an incident's story out of the files in its folder, and the manifest of them all. `own` is a file that is
    /// kept last.
    pub(super) async fn keep_told(
        &self,
        incident: &Incident,
        id: &RunId,
        own: Option<ArtifactRef>,
        told: impl FnOnce(&[Excerpt], &[ArtifactRef], bool) -> String + Send,
    ) -> Result<(), Failed> {
        let (mut excerpts, mut files): (Vec<Excerpt>, Vec<ArtifactRef>) = (Vec::new(), Vec::new());
        let mut has_chart = false;
        for listed in self.artifacts().list(id).await? {
            if matches!(listed.name, ArtifactName::Incident | ArtifactName::Run | ArtifactName::Manifest) {
                continue;
            }
            let kept = self.artifacts().get(id, &listed.name).await?;
            files.push(self.artifacts().as_kept(id, &listed.name, &kept));
            has_chart |= listed.name == ArtifactName::Chart;
            if matches!(listed.name, ArtifactName::Log(_) | ArtifactName::Build) {
                excerpts.push((listed.name.to_string(), String::from_utf8_lossy(&kept).into_owned()));
            }
        }
        files.extend(own);
        let story = told(&excerpts, &files, has_chart);
        self.put_first(id, &ArtifactName::Incident, story.as_bytes()).await?;
        let kept = self.artifacts().get(id, &ArtifactName::Incident).await?;
        files.push(self.artifacts().as_kept(id, &ArtifactName::Incident, &kept));
        let manifest = Manifest {
            incident: incident.id.clone(),
            run: id.to_string(),
            opened_ms: incident.opened_ms,
            files,
        };
        Ok(self.put_first(id, &ArtifactName::Manifest, &pretty(&manifest)?).await?)
    }

    /// An incident for reading.
    pub async fn incident(&self, id: &str, actor: &Actor) -> Result<IncidentDetail, Refusal> {
        let incident = self.incident_there(id, actor).await?;
        let Some(folder) = incident.files_in().cloned() else {
            return Ok(IncidentDetail { incident, story: None, files: Vec::new() });
        };
        let listed = self.artifacts().list(&folder).await.map_err(|error| unreadable(&error))?;
        let files: Vec<String> = listed.iter().map(|one| one.name.to_string()).collect();
        let story = if listed.iter().any(|one| one.name == ArtifactName::Incident) {
            let kept = self.artifacts().get(&folder, &ArtifactName::Incident).await;
            let kept = kept.map_err(|error| unreadable(&error))?;
            // A value may have become known as secret since.
            Some(self.redactor().redact(&String::from_utf8_lossy(&kept)).into_owned())
        } else {
            None
        };
        Ok(IncidentDetail { incident, story, files })
    }

    /// An incident with all its files, for taking elsewhere: only those that are what its manifest says, and only while none
    /// of them holds the value of a known secret.
    pub async fn incident_bundle(&self, id: &str, actor: &Actor) -> Result<Bundle, Refusal> {
        let incident = self.incident_there(id, actor).await?;
        let folder = incident.files_in().cloned();
        let listed = match &folder {
            Some(folder) => self.artifacts().list(folder).await.map_err(|error| unreadable(&error))?,
            None => Vec::new(),
        };
        let folder = folder.unwrap_or_else(|| incident.run.clone());
        if !listed.iter().any(|one| one.name == ArtifactName::Manifest) {
            let environment = &incident.environment.environment;
            return Err(Refusal::standing(
                "no-bundle",
                format!("{} has no files to take along: {}", incident.id, incident.summary),
                format!("logs {environment}"),
            ));
        }
        let mut files = BTreeMap::new();
        for one in listed {
            let kept = self.artifacts().get(&folder, &one.name).await;
            let kept = kept.map_err(|error| unreadable(&error))?;
            // The name of the file, and nothing of what is in it.
            if self.redactor().holds(&String::from_utf8_lossy(&kept)) {
                return Err(Refusal::standing(
                    "secret-inside",
                    format!(
                        "{} of {} holds the value of a secret, so nothing of the bundle goes out. It was written before the value was \
                         known as secret, or changed since",
                        one.name, incident.id
                    ),
                    format!(
                        "take it out of {} in the artifacts, or set the secret to another value",
                        one.name
                    ),
                ));
            }
            files.insert(one.name.to_string(), kept);
        }
        if let Some(changed) = self.unlike_manifest(&folder, &files) {
            return Err(Refusal::standing(
                "bundle-altered",
                format!(
                    "{changed} of {} is not what its manifest says: it was altered, or is missing",
                    incident.id
                ),
                format!("audit {}", incident.environment.environment),
            ));
        }
        Ok(Bundle { incident, files })
    }

    /// The first file that is not what the manifest says.
    fn unlike_manifest(&self, folder: &RunId, files: &BTreeMap<String, Vec<u8>>) -> Option<String> {
        let manifest = ArtifactName::Manifest.to_string();
        let Ok(said) = serde_json::from_slice::<Manifest>(files.get(&manifest)?) else {
            return Some(manifest);
        };
        let mut named: Vec<String> = vec![manifest];
        for one in &said.files {
            let name = one.path.split_once(&format!("{folder}/")).map_or("", |(_, name)| name);
            let is_same = files.get(name).is_some_and(|kept| {
                let here = name.parse().map(|name| self.artifacts().as_kept(folder, &name, kept));
                here.is_ok_and(|here| here.sha256 == one.sha256)
            });
            if !is_same {
                return Some(name.to_owned());
            }
            named.push(name.to_owned());
        }
        files.keys().find(|name| !named.contains(name)).cloned()
    }

    async fn incident_there(&self, id: &str, actor: &Actor) -> Result<Incident, Refusal> {
        let found = self.store().incident_get(&id.to_lowercase()).await?;
        // Whoever may not read incidents is not told which there are.
        self.cleared(
            actor,
            "incidents",
            found.as_ref().map(|incident| &incident.environment),
            &Asked::default(),
        )
        .await?;
        found.ok_or_else(|| {
            Refusal::standing("unknown-incident", format!("there is no incident {id}"), "incidents")
        })
    }
}
