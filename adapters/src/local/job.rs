//! Scheduled services: run at their times in UTC, one run of each at a time. Times that pass while nobody runs us are
//! not made up for.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use croner::Cron;
use engine::clock::EpochMs;
use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::{PortError, Schedule};
use serde::{Deserialize, Serialize};
use std::io::Write;
use tokio_util::sync::CancellationToken;

use super::environment::{Environment, locked};
use super::files::{append_open, folder_ensure, json_read, json_write};
use super::machine::Machine;
use super::process::{Launch, Process};

/// How often the clock is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long a run may take.
const RUN_AT_MOST: Duration = Duration::from_hours(1);
/// How long an ended run may take to go.
const GRACE: Duration = Duration::from_secs(5);

/// When a schedule is due next, and whether it runs now.
pub(super) struct JobState {
    cron: String,
    due_ms: Option<EpochMs>,
    /// What runs now.
    running: Option<Running>,
}

/// A run of a schedule that is under way.
struct Running {
    /// The release whose code it is.
    release: u32,
    /// Ends it.
    stop: CancellationToken,
}

/// How the last run of a schedule came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOutcome {
    /// The release whose code ran.
    pub release: u32,
    /// When it began.
    pub began_ms: EpochMs,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// It ended with exit code 0.
    pub succeeded: bool,
    /// In words: `exit code 3`.
    pub how: String,
}

/// The next time after an instant at which an expression holds, in UTC; the error says what is wrong with it.
pub(super) fn next_due(cron: &str, after_ms: EpochMs) -> Result<Option<EpochMs>, PortError> {
    let wrong = |why: String| {
        let hint = "Write five fields: minute, hour, day of month, month, day of week; `*/5 * * * *` is every five minutes.";
        PortError::fail(format!("`{cron}` is not a schedule: {why}"), hint)
    };
    if cron.split_whitespace().count() != 5 {
        return Err(wrong("it must have five fields".to_owned()));
    }
    let parsed = Cron::from_str(cron).map_err(|cause| wrong(cause.to_string()))?;
    let Some(after) = DateTime::<Utc>::from_timestamp_millis(after_ms) else { return Ok(None) };
    // An expression that never holds again (31 February) simply has no next time.
    Ok(parsed.find_next_occurrence(&after, false).ok().map(|next| next.timestamp_millis()))
}

fn outcome_path(environment: &Environment, service: &ServiceName) -> PathBuf {
    environment.folder.join("jobs").join(format!("{service}.json"))
}

/// Where the output of a service's scheduled runs goes.
pub(super) fn job_log_path(environment: &Environment, service: &ServiceName, release: u32) -> PathBuf {
    environment.log_path(service, release, "cron")
}

/// How the last run of a service's schedule came out.
pub(super) fn job_last(
    environment: &Environment,
    service: &ServiceName,
) -> Result<Option<JobOutcome>, PortError> {
    json_read(&outcome_path(environment, service))
}

impl Machine {
    /// Starts runs when they are due, until the platform closes.
    pub(super) async fn jobs_run(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.closing.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let mut known = std::collections::BTreeSet::new();
            for environment in self.environments() {
                let schedules = environment.desired.lock().await.schedules.clone();
                for schedule in schedules.into_values() {
                    known.insert((environment.key.clone(), schedule.service.clone()));
                    self.job_look(&environment, schedule);
                }
            }
            locked(&self.jobs).retain(|key, job| job.running.is_some() || known.contains(key));
        }
    }

    fn job_look(self: &Arc<Self>, environment: &Arc<Environment>, schedule: Schedule) {
        let now_ms = self.clock.now_ms();
        let key = (environment.key.clone(), schedule.service.clone());
        let stop = CancellationToken::new();
        {
            let mut jobs = locked(&self.jobs);
            let fresh = || JobState { cron: String::new(), due_ms: None, running: None };
            let job = jobs.entry(key.clone()).or_insert_with(fresh);
            let after = |cron: &str| next_due(cron, now_ms).ok().flatten();
            if job.cron != schedule.cron {
                job.cron.clone_from(&schedule.cron);
                job.due_ms = after(&schedule.cron);
            }
            if job.due_ms.is_none_or(|due_ms| now_ms < due_ms) {
                return;
            }
            job.due_ms = after(&schedule.cron);
            if !schedule.enabled || job.running.is_some() {
                return;
            }
            job.running = Some(Running { release: schedule.release, stop: stop.clone() });
        }
        let (machine, environment) = (Arc::clone(self), Arc::clone(environment));
        self.spawn(async move {
            machine.job_run(&environment, &schedule, &stop).await;
            if let Some(job) = locked(&machine.jobs).get_mut(&key) {
                job.running = None;
            }
        });
    }

    async fn job_run(&self, environment: &Environment, schedule: &Schedule, stop: &CancellationToken) {
        let (began, began_ms) = (Instant::now(), self.clock.now_ms());
        let (succeeded, how) = match self.job_process(environment, schedule, stop).await {
            Ok((succeeded, how)) => (succeeded, how),
            Err(error) => (false, error.to_string()),
        };
        let took_ms = began.elapsed().as_millis() as i64;
        tracing::info!(environment = %environment.key, service = %schedule.service, how, took_ms, "scheduled run ended");
        let log = job_log_path(environment, &schedule.service, schedule.release);
        if let Ok(mut log) = append_open(&log) {
            let line = format!("scheduled run ended after {took_ms} ms: {how}\n");
            // The outcome is kept below as well.
            let _ = log.write_all(line.as_bytes());
        }
        let outcome = JobOutcome { release: schedule.release, began_ms, took_ms, succeeded, how };
        if let Err(error) = json_write(&outcome_path(environment, &schedule.service), &outcome).await {
            tracing::warn!(%error, service = %schedule.service, "the outcome of a scheduled run is not kept");
        }
    }

    async fn job_process(
        &self,
        environment: &Environment,
        schedule: &Schedule,
        stop: &CancellationToken,
    ) -> Result<(bool, String), PortError> {
        let log = job_log_path(environment, &schedule.service, schedule.release);
        folder_ensure(log.parent().unwrap_or(Path::new(".")))?;
        let mut process = Process::start(Launch {
            command: schedule.command.clone(),
            folder: self.build_folder_check(&schedule.build)?,
            variables: self.variables(environment, &schedule.service, schedule.release).await?,
            limits: schedule.limits.clone(),
            niceness: 0,
            marker: self.root_id.job(&environment.key, &schedule.service),
            output: Some(append_open(&log)?),
        })?;
        let ending = tokio::select! {
            ending = process.wait() => Some(ending),
            () = tokio::time::sleep(RUN_AT_MOST) => None,
            () = stop.cancelled() => {
                let ending = process.end(GRACE).await;
                return Ok((false, format!("ended with its service ({})", ending.how)));
            }
            () = self.closing.cancelled() => {
                let ending = process.end(GRACE).await;
                return Ok((false, format!("ended because infra-chat stopped ({})", ending.how)));
            }
        };
        if let Some(ending) = ending {
            process.end_rest().await;
            Ok((ending.code == Some(0), ending.how))
        } else {
            process.end(GRACE).await;
            Ok((false, format!("took longer than {} minutes and was ended", RUN_AT_MOST.as_secs() / 60)))
        }
    }

    /// The services of an environment whose scheduled run is under way, and of which release it is.
    pub(super) fn jobs_running(&self, key: &EnvironmentKey) -> Vec<(ServiceName, u32)> {
        let jobs = locked(&self.jobs);
        let here = jobs.iter().filter(|((environment, _), _)| environment == key);
        here.filter_map(|((_, service), job)| Some((service.clone(), job.running.as_ref()?.release)))
            .collect()
    }

    /// Ends what a service's schedule runs just now, and waits for its end.
    pub(super) async fn job_end(&self, key: &EnvironmentKey, service: &ServiceName) {
        let at = (key.clone(), service.clone());
        let stops = || {
            let jobs = locked(&self.jobs);
            let running = jobs.get(&at).and_then(|job| job.running.as_ref());
            running.map(|running| running.stop.cancel()).is_some()
        };
        while stops() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until no scheduled run is under way.
    pub(super) async fn jobs_settle(&self) {
        while locked(&self.jobs).values().any(|job| job.running.is_some()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_next_time_is_after_now_and_faults_are_explained() {
        let minute = 60_000;
        assert_eq!(next_due("*/5 * * * *", 7 * minute).unwrap(), Some(10 * minute));
        assert_eq!(next_due("*/5 * * * *", 10 * minute).unwrap(), Some(15 * minute));
        assert!(next_due("* * *", 0).unwrap_err().to_string().contains("five fields"));
        assert!(next_due("99 * * * *", 0).is_err());
    }
}
