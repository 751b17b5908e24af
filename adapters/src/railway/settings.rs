//! How a service runs in one environment: how many, when, what is started. Changes count from the next deployment on.

use std::collections::BTreeMap;

use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Made, Railway, after_write, not_seen, receipt};
use super::documents;
use super::model::{At, Instance};
use super::projects::made;

/// What a service is to be set to; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// When it runs, in cron's five fields in UTC; `Some(None)` for always.
    pub cron_schedule: Option<Option<String>>,
    /// The path that must answer before traffic comes.
    pub healthcheck_path: Option<String>,
    /// What is started instead of what the image says.
    pub start_command: Option<String>,
    /// What runs between build and start, and stops the deployment when it fails: migrations.
    pub pre_deploy_command: Option<String>,
    /// How long old and new run together, in seconds.
    pub overlap_seconds: Option<i64>,
    /// How long the old has to end, in seconds.
    pub draining_seconds: Option<i64>,
    /// The folder of the repository it is built from.
    pub root_directory: Option<String>,
    /// Whether it is started again after it ended.
    pub restart: Option<Restart>,
}

/// Whether a service is started again after it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Always.
    Always,
    /// When it failed.
    OnFailure,
    /// Never: a job.
    Never,
}

impl Restart {
    fn word(self) -> &'static str {
        match self {
            Self::Always => "ALWAYS",
            Self::OnFailure => "ON_FAILURE",
            Self::Never => "NEVER",
        }
    }
}

/// What of it is different there, as Railway wants it.
fn difference(wanted: &Wanted, seen: &Instance) -> serde_json::Map<String, Value> {
    let mut input = serde_json::Map::new();
    let mut set = |name: &str, differs: bool, value: Value| {
        if differs {
            input.insert(name.to_owned(), value);
        }
    };
    let texts = [
        ("healthcheckPath", &wanted.healthcheck_path, &seen.healthcheck_path),
        ("startCommand", &wanted.start_command, &seen.start_command),
        ("rootDirectory", &wanted.root_directory, &seen.root_directory),
    ];
    for (name, wanted, seen) in texts {
        set(name, wanted.is_some() && wanted != seen, json!(wanted));
    }
    let lengths = [
        ("overlapSeconds", wanted.overlap_seconds, seen.overlap_seconds),
        ("drainingSeconds", wanted.draining_seconds, seen.draining_seconds),
    ];
    for (name, wanted, seen) in lengths {
        set(name, wanted.is_some() && wanted != seen, json!(wanted));
    }
    if let Some(cron) = &wanted.cron_schedule {
        set("cronSchedule", *cron != seen.cron_schedule, json!(cron));
    }
    if let Some(command) = &wanted.pre_deploy_command {
        set("preDeployCommand", pre_deploy(seen).as_ref() != Some(command), json!([command]));
    }
    if let Some(restart) = wanted.restart {
        set("restartPolicyType", restart.word() != seen.restart_policy_type, json!(restart.word()));
    }
    input
}

/// Railway takes a list and answers with that, or with one text.
fn pre_deploy(seen: &Instance) -> Option<String> {
    match seen.pre_deploy_command.as_ref()? {
        Value::String(command) => Some(command.clone()),
        Value::Array(commands) => commands.first()?.as_str().map(str::to_owned),
        _ => None,
    }
}

impl Railway {
    /// Sets what of it is different; nothing is sent when nothing is.
    pub async fn ensure_settings(
        &self,
        permit: &Permit,
        at: &At,
        wanted: &Wanted,
    ) -> Result<Made<Instance>, PortError> {
        let seen = self.instance(at).await?;
        let input = difference(wanted, &seen);
        let names = input.keys().cloned().collect::<Vec<_>>().join(", ");
        let name = seen.service_name.clone();
        if input.is_empty() {
            return Ok(made(seen, format!("the settings of {name} are right"), permit));
        }
        let written = self.update_instance(permit, at, Value::Object(input)).await?;
        let it = self.instance(at).await.map_err(after_write)?;
        if !difference(wanted, &it).is_empty() {
            return Err(not_seen(format!("the change to the settings of {name}")));
        }
        let receipt = receipt(format!("set {names} of {name}"), permit, &[written]).with("settings", names);
        Ok(Made { it, receipt })
    }

    /// When a service runs, in cron's five fields in UTC; always when absent. Railway runs nothing more often than every five minutes.
    pub async fn ensure_cron(
        &self,
        permit: &Permit,
        at: &At,
        schedule: Option<&str>,
    ) -> Result<Made<Instance>, PortError> {
        let wanted = Wanted { cron_schedule: Some(schedule.map(str::to_owned)), ..Wanted::default() };
        self.ensure_settings(permit, at, &wanted).await
    }

    /// How many of a service run. A service whose region was chosen is scaled in that region, because the two ways to say it
    /// (`numReplicas` and `multiRegionConfig`) then mean the same; one that runs in several regions is left alone.
    pub async fn scale(&self, permit: &Permit, at: &At, replicas: u32) -> Result<Made<Instance>, PortError> {
        let seen = self.instance(at).await?;
        let name = seen.service_name.clone();
        if replicas == 0 {
            return Err(PortError::fail(
                format!("Railway runs at least one of {name}."),
                "To stop it, remove its deployment at railway.com.",
            ));
        }
        let regions = self.regions(at).await?;
        let region = match regions.len() {
            0 => seen.region.clone(),
            1 => regions.keys().next().cloned(),
            _ => {
                let list = regions.iter().map(|(region, count)| format!("{count} in {region}"));
                return Err(PortError::fail(
                    format!("{name} runs in several regions: {}.", list.collect::<Vec<_>>().join(", ")),
                    "How many run in each is set at railway.com.",
                ));
            }
        };
        let counted = regions.values().next().copied().or(seen.num_replicas);
        if counted == Some(replicas) {
            return Ok(made(seen, format!("{name} is set to {replicas}"), permit));
        }
        let input = match region {
            Some(region) => json!({ "multiRegionConfig": { region: { "numReplicas": replicas } } }),
            None => json!({ "numReplicas": replicas }),
        };
        let written = self.update_instance(permit, at, input).await?;
        let it = self.instance(at).await.map_err(after_write)?;
        let counted =
            self.regions(at).await.map_err(after_write)?.values().next().copied().or(it.num_replicas);
        if counted != Some(replicas) {
            return Err(not_seen(format!("the number of {name}")));
        }
        let receipt =
            receipt(format!("set {name} to {replicas}"), permit, &[written]).with("replicas", replicas);
        Ok(Made { it, receipt })
    }

    /// How many run in each region, where that was chosen.
    async fn regions(&self, at: &At) -> Result<BTreeMap<String, u32>, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            environment: Configured,
        }
        #[derive(Deserialize)]
        struct Configured {
            config: Value,
        }
        let variables = json!({ "id": at.environment, "projectId": at.project });
        let answer: Answer = self.read(documents::ENVIRONMENT_CONFIG, variables).await?;
        let config = &answer.environment.config["services"][&at.service]["deploy"]["multiRegionConfig"];
        let regions = config.as_object().into_iter().flatten().filter_map(|(region, config)| {
            let count = config["numReplicas"].as_u64()?;
            Some((region.clone(), u32::try_from(count).unwrap_or(u32::MAX)))
        });
        Ok(regions.collect())
    }
}
