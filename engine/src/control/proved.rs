//! What a deploy without a ref means. Where new code is tried, the default branch's newest commit; in production, what the
//! environment before it has proved: the very commits of the release that is live and well there.

use std::collections::{BTreeMap, BTreeSet};

use super::clearance::allowed;
use super::{Engine, Refusal};
use crate::model::{
    Actor, Change, EnvironmentKey, EnvironmentName, Project, Release, ReleaseId, ReleaseState, ServiceName,
    Source,
};
use crate::plan::PlanProblem;
use crate::ports::Commit;
use crate::run::RunState;

/// Refs offered when somebody has to choose.
const REFS_OFFERED: usize = 4;
/// Tags and branches looked through for those that may be offered.
const REFS_LOOKED_AT: usize = 40;

/// The code a deploy without a ref means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichRef {
    /// The default branch's newest commit.
    Newest,
    /// What the environment before it runs and has proved.
    Proved {
        /// That release.
        release: ReleaseId,
        /// The ref it was made from; absent when that was the default branch.
        reference: Option<String>,
    },
    /// Nothing is proved beyond doubt: a person has to say.
    Unproved(Unproved),
}

/// Why nothing is proved, and what may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproved {
    /// The reason, a sentence.
    pub why: String,
    /// Refs that may be deployed there, the likeliest first.
    pub refs: Vec<String>,
}

impl Engine {
    /// What a deploy of these services (empty: all) to an environment means when no ref is said.
    pub async fn which_ref(
        &self,
        environment: &EnvironmentKey,
        services: &[ServiceName],
    ) -> Result<WhichRef, Refusal> {
        let project = self.project_of(environment).await?.value;
        let is_production =
            |name: &EnvironmentName| project.environments.get(name).is_some_and(|it| it.production);
        if !is_production(&environment.environment) {
            return Ok(WhichRef::Newest);
        }
        let earlier = project.environments.keys().take_while(|name| **name != environment.environment);
        let Some(before) = earlier.filter(|name| !is_production(name)).last() else {
            return Ok(WhichRef::Newest);
        };
        let before = EnvironmentKey::new(project.project.clone(), before.clone());
        let mut likely = Vec::new();
        match self.proved_in(&before, &project, services, &mut likely).await? {
            Ok(release) => {
                let reference = self.made_from(&release).await?;
                Ok(WhichRef::Proved { release: release.id, reference })
            }
            Err(why) => {
                let refs = self.refs_offered(environment, &project, likely).await;
                Ok(WhichRef::Unproved(Unproved { why, refs }))
            }
        }
    }

    /// Refs an environment takes in the place of one nobody knows: those that look like it, and then the usual ones.
    pub async fn refs_instead(
        &self,
        environment: &EnvironmentKey,
        wanted: &str,
    ) -> Result<Vec<String>, Refusal> {
        let project = self.project_of(environment).await?.value;
        let near = self.near_references(&project.source, wanted).await;
        Ok(self.refs_offered(environment, &project, near).await)
    }

    /// The release whose commits these services run there, when all is well; otherwise why not. Refs that may be meant
    /// are added to `likely`.
    async fn proved_in(
        &self,
        before: &EnvironmentKey,
        project: &Project,
        services: &[ServiceName],
        likely: &mut Vec<String>,
    ) -> Result<Result<Release, String>, Refusal> {
        let name = &before.environment;
        let status = self.status(before, &Actor::system()).await?;
        let Some(live) = status.live else {
            return Ok(Err(format!("{name} runs no release yet, so nothing is proved there.")));
        };
        likely.extend(self.made_from(&live).await?);
        let now_ms = self.now_ms();
        // One that waits for a person or for its time takes nothing from what is live.
        let moving = status.runs.iter().find(|run| {
            matches!(run.request.change, Change::Deploy { .. } | Change::Rollback { .. })
                && match run.state {
                    RunState::Queued { .. } => run.request.not_before_ms.is_none_or(|at_ms| at_ms <= now_ms),
                    RunState::Planned | RunState::AwaitingApproval { .. } => false,
                    _ => !run.state.is_over(),
                }
        });
        if let Some(run) = moving {
            if let Change::Deploy { reference: Some(reference), .. } = &run.request.change {
                likely.push(reference.clone());
            }
            return Ok(Err(format!(
                "{name} runs release {} ({}), and {} ({}) is not over there.",
                live.id.number, live.reference, run.id, run.request.command
            )));
        }
        let wanted: Vec<&ServiceName> =
            if services.is_empty() { project.services.keys().collect() } else { services.iter().collect() };
        let mut origins: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        for service in &wanted {
            let Some(part) = live.services.get(*service) else {
                return Ok(Err(format!("{name} does not run {service}, so it is not proved there.")));
            };
            origins.entry(part.origin).or_default().push(service.as_str());
        }
        if let Some(why) = &status.unseen {
            return Ok(Err(format!(
                "{name} can't be looked at ({why}), so whether it is well is not known."
            )));
        }
        let unwell = status.services.iter().find(|service| {
            wanted.contains(&&service.service)
                && (service.healthy < service.wanted || !service.trouble.is_empty())
        });
        if let Some(service) = unwell {
            return Ok(Err(format!(
                "{name} runs release {} ({}), and {} is not well there.",
                live.id.number, live.reference, service.service
            )));
        }
        let mut numbers = origins.keys();
        let (Some(only), None) = (numbers.next(), numbers.next()) else {
            let mixed: Vec<String> = origins
                .iter()
                .map(|(number, services)| format!("{} of release {number}", services.join(", ")))
                .collect();
            return Ok(Err(format!("{name} runs a mixture: {}.", mixed.join("; "))));
        };
        if *only == live.id.number {
            return Ok(Ok(live));
        }
        let origin = self.store().release_get(before, *only).await?;
        Ok(origin.ok_or_else(|| format!("{name} no longer knows its release {only}.")))
    }

    /// The ref a release was made from; absent when that was the default branch.
    async fn made_from(&self, release: &Release) -> Result<Option<String>, Refusal> {
        let run = self.store().run_get(&release.run).await?;
        Ok(match run.map(|run| run.request.change) {
            Some(Change::Deploy { reference, .. }) => reference,
            _ => Some(release.reference.clone()),
        })
    }

    /// Refs the environment takes: the likely ones, the default branch, the newest tags and branches. What the code host
    /// does not say is not offered.
    async fn refs_offered(
        &self,
        environment: &EnvironmentKey,
        project: &Project,
        likely: Vec<String>,
    ) -> Vec<String> {
        let patterns = project
            .environments
            .get(&environment.environment)
            .map(|described| described.policy.allowed_refs.clone())
            .unwrap_or_default();
        let code = &self.ports().code;
        let mut all = likely;
        all.extend(code.default_branch(&project.source).await.ok().flatten());
        all.extend(code.references(&project.source, REFS_LOOKED_AT).await.unwrap_or_default());
        let mut seen = BTreeSet::new();
        all.retain(|name| allowed(&patterns, name) && seen.insert(name.clone()));
        all.truncate(REFS_OFFERED);
        all
    }

    /// The commits of a proved release for these services (empty: all): of the project's source, and of sources services have
    /// of their own. It may have been taken back, and a service's code may have moved, since it was pinned: then what can be
    /// deployed to this environment instead is said.
    pub(super) async fn proved_commits(
        &self,
        environment: &EnvironmentKey,
        project: &Project,
        services: &[ServiceName],
        proved: &ReleaseId,
    ) -> Result<(Commit, BTreeMap<String, Commit>), Refusal> {
        let release =
            self.store().release_get(&proved.environment, proved.number).await?.ok_or_else(|| {
                Refusal::Problem(PlanProblem::new(
                    "unknown-release",
                    format!("{} has no release {}", proved.environment.environment, proved.number),
                    format!("releases {}", proved.environment.environment),
                ))
            })?;
        let own = match own_sources(project, services, &release) {
            Ok(own) => own,
            Err(why) => {
                let next = self.deploy_instead(environment, project, services, &release).await?;
                return Err(Refusal::Problem(PlanProblem::new("not-proved", why, next)));
            }
        };
        let mut commits = BTreeMap::new();
        for (source, commit) in own {
            commits.insert(source.repository.clone(), self.resolve(source, Some(commit)).await?);
        }
        Ok((self.resolve(&project.source, Some(&release.commit)).await?, commits))
    }

    /// An order that names what it means, to be typed where a release turned out not to be proved: what runs where it was
    /// made, or else the newest the environment takes.
    async fn deploy_instead(
        &self,
        environment: &EnvironmentKey,
        project: &Project,
        services: &[ServiceName],
        release: &Release,
    ) -> Result<String, Refusal> {
        let before = &release.id.environment;
        let mut likely = Vec::new();
        if let Some(live) = self.store().environment_get(before).await?.value.live
            && live != release.id.number
            && let Some(live) = self.store().release_get(before, live).await?
        {
            likely.extend(self.made_from(&live).await?);
        }
        let refs = self.refs_offered(environment, project, likely).await;
        let Some(reference) = refs.first() else { return Ok(format!("releases {}", before.environment)) };
        let services: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
        let services =
            if services.is_empty() { String::new() } else { format!("{} ", services.join(" and ")) };
        Ok(format!("deploy {services}ref {reference} to {}", environment.environment))
    }
}

/// The sources services (empty: all) have of their own, with the commits a release has of them; or why the release proves
/// nothing about them.
fn own_sources<'a>(
    project: &'a Project,
    services: &[ServiceName],
    release: &'a Release,
) -> Result<Vec<(&'a Source, &'a str)>, String> {
    let (name, number) = (&release.id.environment.environment, release.id.number);
    if release.state == ReleaseState::Failed {
        return Err(format!(
            "release {number} of {name} ({}) is not proved any more: it failed or was taken back there",
            release.reference
        ));
    }
    let mut own = Vec::new();
    for (service, described) in &project.services {
        if !services.is_empty() && !services.contains(service) {
            continue;
        }
        let Some(part) = release.services.get(service) else {
            return Err(format!("release {number} of {name} has no {service}, so it is not proved there"));
        };
        let source = project.source_of(described);
        let is_own = !source.is_same_place(&project.source);
        // Releases made before sources were kept say nothing about one that is a service's own.
        let is_from_there =
            part.source.as_ref().map_or(!is_own, |source_then| source_then.is_same_place(source));
        if !is_from_there {
            return Err(format!(
                "{service} comes from {} now, and release {number} of {name} was not made from there, so it is not \
                 proved there",
                source.repository
            ));
        }
        if is_own {
            own.push((source, part.commit.as_str()));
        }
    }
    Ok(own)
}
