//! Work that is done once: a service of its own that is never started again.
//!
//! A *pre-deploy command* ([`Wanted::pre_deploy_command`](super::Wanted)) is the right place for migrations: it runs with the very image
//! and variables of the release, and stops the deployment when it fails. It can't be run without a deployment, though, and its
//! words are among the service's. So a job that is asked for by itself gets a service: its own log, its own end, and nothing of the
//! service it works for is touched. Its variables are references to that service's, so that no value is copied.

use std::collections::{BTreeMap, BTreeSet};

use engine::ports::{Permit, PortError};
use secrecy::SecretString;

use super::client::{Made, Railway, receipt};
use super::model::{At, Deployment, Phase};
use super::services::Source;
use super::settings::{Restart, Wanted};

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The name of its service: `api-job-backfill`. The same name is the same job.
    pub name: String,
    /// What it is made from, mostly the same as the service it works for.
    pub source: Source,
    /// What is run.
    pub command: String,
    /// The commit it is built from; the newest of the branch when absent.
    pub commit: Option<String>,
    /// The service whose variables it refers to, by name, and which of them.
    pub variables: Option<(String, BTreeSet<String>)>,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Not begun, or being built.
    Waiting,
    /// It runs.
    Running,
    /// It ended well.
    Done,
    /// It ended badly, or was never started.
    Failed,
    /// Railway says something this version does not know.
    Unknown,
}

impl JobState {
    /// Of the job's deployment.
    pub fn of(deployment: &Deployment) -> Self {
        let ended = |status: &str| deployment.instances.iter().all(|one| one.status == status);
        match deployment.phase() {
            Phase::Waiting | Phase::NeedsApproval | Phase::Building | Phase::Starting => Self::Waiting,
            Phase::Failed | Phase::Crashed | Phase::Skipped => Self::Failed,
            _ if deployment.instances.iter().any(|one| one.status == "CRASHED") => Self::Failed,
            Phase::Live | Phase::Asleep if !deployment.instances.is_empty() && ended("EXITED") => Self::Done,
            Phase::Live | Phase::Asleep if !deployment.deployment_stopped => Self::Running,
            // It was removed, or ended without saying how.
            _ => Self::Unknown,
        }
    }
}

impl Railway {
    /// Runs a job once. `marker` is the newest deployment's id of the job's service before this step (none when there was no such
    /// service): a deployment since is this job's.
    pub async fn run_job(
        &self,
        permit: &Permit,
        project: &str,
        environment: &str,
        job: &Job,
        marker: Option<&str>,
    ) -> Result<Made<Deployment>, PortError> {
        // Without a source at first: nothing runs before it has its command.
        let seen = self.environment(project, environment).await?;
        let there = seen.service(&job.name).is_some();
        let mut writes = 0;
        let mut count = |receipt: &engine::ports::Receipt| {
            writes += receipt
                .facts
                .get("writes")
                .and_then(|writes| writes.parse::<usize>().ok())
                .unwrap_or_default();
        };
        let service = if there {
            seen.service(&job.name).map(|service| service.service_id.clone())
        } else {
            let made = self.ensure_service(permit, project, environment, &job.name, &Source::Nothing).await?;
            count(&made.receipt);
            Some(made.it.service_id)
        };
        let at = At {
            project: project.to_owned(),
            environment: environment.to_owned(),
            service: service.unwrap_or_default(),
        };
        if let Some((of, names)) = &job.variables {
            let references: BTreeMap<String, SecretString> = names
                .iter()
                .map(|name| (name.clone(), SecretString::from(format!("${{{{{of}.{name}}}}}"))))
                .collect();
            count(&self.set_env_vars(permit, &at, &references, &BTreeSet::new()).await?.receipt);
        }
        let wanted = Wanted {
            start_command: Some(job.command.clone()),
            restart: Some(Restart::Never),
            ..Wanted::default()
        };
        count(&self.ensure_settings(permit, &at, &wanted).await?.receipt);
        count(&self.ensure_service(permit, project, environment, &job.name, &job.source).await?.receipt);
        let made = self.deploy(permit, &at, job.commit.as_deref(), marker).await?;
        count(&made.receipt);
        let receipt = receipt(format!("runs the job {}", job.name), permit, &[])
            .with("deployment", &made.it.id)
            .with("service", &at.service)
            .with("writes", writes);
        Ok(Made { it: made.it, receipt })
    }
}
