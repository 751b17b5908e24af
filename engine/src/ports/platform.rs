//! Running services: processes on this machine, or a provider.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{MigrateCommand, MigrateState, ObservedEnvironment, Permit, PortError, Receipt};
use crate::backfill::Cursor;
use crate::clock::EpochMs;
use crate::model::{
    Check, ComponentKind, ComponentName, EnvironmentKey, Health, JobName, Limits, SecretName, ServiceName,
    Source, Sticky, Variable,
};

/// A release's code, built: the natural key of a build. The same code and command are built once for all environments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BuildKey(pub String);

/// What to build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRequest {
    /// Its key.
    pub key: BuildKey,
    /// Where the code is.
    pub source: Source,
    /// The full commit id.
    pub commit: String,
    /// The command, run in the source's folder; absent when checking out is all there is to do.
    pub command: Option<String>,
}

/// How far a build is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum BuildState {
    /// Nobody has built it, or the builder died half-way: building again is safe.
    Absent,
    /// It is being built right now.
    Running {
        /// The last line the build printed.
        last_line: String,
    },
    /// It is there.
    Done {
        /// How long it took, in milliseconds.
        took_ms: i64,
        /// When it was finished.
        at_ms: EpochMs,
    },
    /// The command failed; building the same again would fail again.
    Failed {
        /// Exit code, when it had one.
        exit_code: Option<i32>,
        /// The last lines it printed, redacted.
        tail: Vec<String>,
        /// What is full and how much is left there, when that is why: then it is not the code that must be mended.
        #[serde(default)]
        full: Option<String>,
    },
}

/// The instances of one service of one release in one environment. `(environment, service, release)` is the natural key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSet {
    /// The service.
    pub service: ServiceName,
    /// The number of the release.
    pub release: u32,
    /// The built code they run.
    pub build: BuildKey,
    /// The full id of the commit it is built from: what a platform that builds by itself is told. Empty in sets that were written
    /// down before it was kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub commit: String,
    /// The command that starts one.
    pub start: String,
    /// How many.
    pub replicas: u32,
    /// How health is asked.
    pub health: Option<Health>,
    /// Limits of each.
    pub limits: Limits,
}

/// Environment variables of one service for one release. Secrets stay references until a process starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigSet {
    /// The service.
    pub service: ServiceName,
    /// The number of the release.
    pub release: u32,
    /// The variables.
    pub variables: BTreeMap<String, Variable>,
    /// The version of each secret among them: a process is given this one, whatever was set since. Configurations written
    /// before versions were kept have none, and take the newest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<SecretName, u32>,
    /// The components the service is told of. Configurations written before that was kept have none, and are told of all
    /// there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub components: Option<BTreeMap<ComponentName, ComponentKind>>,
    /// Fingerprint of names, plain values, secret versions and components: equal means nothing changed.
    pub fingerprint: String,
}

/// A scheduled service as the platform runs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The service.
    pub service: ServiceName,
    /// The release whose code it runs.
    pub release: u32,
    /// The built code.
    pub build: BuildKey,
    /// The full id of the commit it is built from; empty in schedules that were written down before it was kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub commit: String,
    /// The command.
    pub command: String,
    /// Cron expression of five fields, UTC.
    pub cron: String,
    /// Off keeps everything in place but runs nothing.
    pub enabled: bool,
    /// Limits of a run.
    pub limits: Limits,
}

/// What an environment should hold before releases come: the shape step makes it so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Components wanted.
    pub components: BTreeMap<ComponentName, ComponentKind>,
    /// Those that are elsewhere, and the secret with the connection string of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub urls: BTreeMap<ComponentName, SecretName>,
    /// Addresses the edge should listen on, by service.
    pub edge: BTreeMap<ServiceName, String>,
    /// Services whose clients the edge knows by a cookie, not by their address.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sticky: BTreeMap<ServiceName, Sticky>,
}

/// Something a preflight found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stops the run.
    pub blocks: bool,
    /// What was found, to what, and what to do.
    pub says: String,
}

/// A line of a service's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written.
    pub at_ms: EpochMs,
    /// The service.
    pub service: ServiceName,
    /// The release that wrote it.
    pub release: u32,
    /// The line, redacted.
    pub text: String,
}

/// What a synthetic check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Everything was as expected.
    pub passed: bool,
    /// What was not, in words; empty when it passed.
    pub says: String,
}

impl Checked {
    /// All was as expected.
    pub fn passed() -> Self {
        Self { passed: true, says: String::new() }
    }

    /// Something was not.
    pub fn failed(says: impl Into<String>) -> Self {
        Self { passed: false, says: says.into() }
    }
}

/// One batch of a job of the application, as `engine::backfill` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCall {
    /// The job.
    pub job: JobName,
    /// The service in whose release it runs, with its variables.
    pub service: ServiceName,
    /// The release whose configuration it gets.
    pub release: u32,
    /// The built code.
    pub build: BuildKey,
    /// Its command, without the flags of the batch.
    pub command: String,
    /// Behind which row; absent at the beginning.
    pub cursor: Option<Cursor>,
    /// The most rows.
    pub batch: u32,
    /// Limits of the process.
    pub limits: Limits,
}

impl JobCall {
    /// The whole command line, for a shell.
    pub fn command_line(&self, dry_run: bool) -> String {
        let cursor = self.cursor.as_ref().map(|cursor| {
            // A cursor may hold anything that is printed; within quotes only the quote itself means something to a shell.
            format!(" --cursor '{}'", cursor.as_str().replace('\'', r"'\''"))
        });
        let dry_run = if dry_run { " --dry-run" } else { "" };
        format!(
            "{} --job {}{} --batch {}{dry_run}",
            self.command,
            self.job,
            cursor.unwrap_or_default(),
            self.batch
        )
    }
}

/// What a job's process came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEnded {
    /// Its standard output, as it was printed: part of the protocol, and read by the engine alone.
    pub output: String,
    /// It printed more than it may (`engine::backfill::output_max`) and was ended.
    pub endless: bool,
    /// It ended by itself with exit code 0.
    pub well: bool,
    /// How it ended, in words: `exit code 3`.
    pub how: String,
    /// The last line of what it logged, redacted; empty when it logged nothing.
    pub last_line: String,
}

/// What a platform can't or won't do; the planner plans around it or says why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Builds are kept, so an earlier release can be started again without building.
    pub keeps_builds: bool,
    /// Traffic can be split between releases in whole percents.
    pub splits_traffic: bool,
    /// Most releases whose builds are kept per environment; older ones are gone.
    pub builds_kept: u32,
    /// Most replicas of one service.
    pub replicas_max: u32,
    /// It builds by itself when a release is deployed to it: there is nothing to build before.
    #[serde(default)]
    pub builds_on_deploy: bool,
}

/// Runs services: processes on this machine, or a provider.
#[async_trait]
pub trait Platform: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;
    /// What it can do for one environment, where that differs.
    async fn capabilities_of(&self, _environment: &EnvironmentKey) -> Result<Capabilities, PortError> {
        Ok(self.capabilities())
    }
    /// Everything the planner needs to know, without changing anything.
    async fn observe(&self, environment: &EnvironmentKey) -> Result<ObservedEnvironment, PortError>;
    /// What would be in the way of a change: tools, disk, ports.
    async fn preflight(&self, environment: &EnvironmentKey, shape: &Shape)
    -> Result<Vec<Finding>, PortError>;
    /// Makes the components and addresses be there. Safe to repeat; removes nothing.
    async fn shape_ensure(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        shape: &Shape,
    ) -> Result<Receipt, PortError>;
    /// Ends what runs of a component, and has it there no more; what it holds is kept, and [`Platform::shape_ensure`] brings it
    /// back with that. Nothing happens where there is none. Its address is in no variable of what is started from then on.
    async fn component_end(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        component: &ComponentName,
    ) -> Result<Receipt, PortError>;
    /// Ends all that runs of a service, of whatever release, and whether its traffic goes there or not: open connections are
    /// drained for at most `drain_s` seconds. Its schedule ends, and what that runs just now; nothing is kept ready any more:
    /// configurations and builds are given up, and the address the edge listens at for it is free. Its logs stay.
    async fn service_end(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        drain_s: u32,
    ) -> Result<Receipt, PortError>;
    /// How far a build is.
    async fn build_look(&self, key: &BuildKey) -> Result<BuildState, PortError>;
    /// Starts a build and returns at once; a build already running or done is left alone.
    async fn build_start(&self, permit: &Permit, request: &BuildRequest) -> Result<Receipt, PortError>;
    /// Ends a running build; nothing happens when there is none.
    async fn build_stop(&self, permit: &Permit, key: &BuildKey) -> Result<Receipt, PortError>;
    /// Writes the configuration of a service for a release; `None` removes it. Running instances are not touched.
    async fn config_put(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        config: Option<&ConfigSet>,
    ) -> Result<Receipt, PortError>;
    /// Makes the set be there with that many replicas: starts what is missing, ends what is too much. Does not wait for
    /// health and gives it no traffic.
    async fn instances_ensure(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        set: &InstanceSet,
    ) -> Result<Receipt, PortError>;
    /// Ends a set: no new connections, open ones drained for at most `drain_s` seconds, then ended.
    async fn instances_stop(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        drain_s: u32,
    ) -> Result<Receipt, PortError>;
    /// Replaces every instance of a set by a fresh one, new before old. Once per idempotency key of the permit.
    async fn instances_replace(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
    ) -> Result<Receipt, PortError>;
    /// Whether the replacement asked for under this idempotency key is finished: every instance fresh and healthy.
    async fn instances_replaced(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        idempotency_key: &str,
    ) -> Result<Replacement, PortError>;
    /// Puts a schedule in place of the service's current one; `None` removes it.
    async fn schedule_put(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        schedule: Option<&Schedule>,
    ) -> Result<Receipt, PortError>;
    /// Empties the caches of the services.
    async fn cache_clear(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        services: &[ServiceName],
    ) -> Result<Receipt, PortError>;
    /// Makes a synthetic check of one release: asks one of its healthy instances itself, past the edge, or runs the check's
    /// command beside it. What it says of a failure holds no value that was sent, kept or received.
    async fn check(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        check: &Check,
    ) -> Result<Checked, PortError>;
    /// Runs one batch of a job and waits for its end, at most ten minutes. Safe to repeat: jobs are idempotent. One batch
    /// of a job at a time: one under way is waited for, and ended when nobody waits for its answer any more.
    async fn job_batch(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        call: &JobCall,
    ) -> Result<JobEnded, PortError>;
    /// The same with `--dry-run`, which changes nothing.
    async fn job_try(&self, environment: &EnvironmentKey, call: &JobCall) -> Result<JobEnded, PortError>;
    /// Starts the application's own command for its migrations and returns at once: at most one at a time for each database,
    /// here and, where the database is a server, anywhere. One asked for under the same idempotency key is left alone; where
    /// the database has had all that is asked for when its turn comes, nothing is run.
    async fn migrate_start(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        command: &MigrateCommand,
    ) -> Result<Receipt, PortError>;
    /// How far the command is that was asked for under this idempotency key.
    async fn migrate_look(
        &self,
        environment: &EnvironmentKey,
        idempotency_key: &str,
    ) -> Result<MigrateState, PortError>;
    /// Ends the command that was asked for under this idempotency key; nothing happens when it does not run.
    async fn migrate_stop(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        idempotency_key: &str,
    ) -> Result<Receipt, PortError>;
    /// The newest lines since an instant, oldest first, at most `limit`; all services when none is named.
    async fn logs(
        &self,
        environment: &EnvironmentKey,
        services: &[ServiceName],
        since_ms: EpochMs,
        limit: usize,
    ) -> Result<Vec<LogLine>, PortError>;
}

/// How far a rolling replacement is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Replacement {
    /// Nobody asked for it under that key.
    Absent,
    /// Under way.
    Running {
        /// How many are replaced and healthy.
        done: u32,
        /// Out of how many.
        of: u32,
    },
    /// All are fresh and healthy.
    Done,
    /// A fresh instance did not become healthy; the old ones go on serving.
    Failed {
        /// Why.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_cursor_is_one_word_to_a_shell_whatever_it_holds() {
        let call = JobCall {
            job: "fill".parse().unwrap(),
            service: "api".parse().unwrap(),
            release: 3,
            build: BuildKey("b".to_owned()),
            command: "node ops/runJob.js".to_owned(),
            cursor: Some(Cursor::try_from("a'; rm -rf $HOME `x` \\".to_owned()).unwrap()),
            batch: 50,
            limits: Limits::default(),
        };
        assert_eq!(
            call.command_line(true),
            r"node ops/runJob.js --job fill --cursor 'a'\''; rm -rf $HOME `x` \' --batch 50 --dry-run"
        );
        let first = JobCall { cursor: None, ..call };
        assert_eq!(first.command_line(false), "node ops/runJob.js --job fill --batch 50");
    }
}
