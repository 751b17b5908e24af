//! What the engine needs from the outside, in its own words. Adapters implement these traits; the engine knows no
//! vendor. Reading calls take no permit. **Every writing call takes a [`Permit`]**, which only the executor of an
//! approved run can make: a plan, a dry run or a question can't write, by type. Calls that destroy something take a
//! [`DestructivePermit`].

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::clock::EpochMs;
use crate::model::{
    ComponentKind, ComponentName, EnvironmentKey, Health, Limits, RunId, ServiceName, Source, StepNumber,
    Variable,
};

/// Why a call to the outside did not do what it was for. The adapter names the kind, the engine obeys it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// Nothing happened, and trying again may work: busy, rate-limited, not reachable.
    #[error("{what}")]
    Retry {
        /// What happened, to what.
        what: String,
        /// How long the other side asked us to wait, in milliseconds.
        after_ms: Option<i64>,
    },
    /// Nothing happened, and trying again will not help.
    #[error("{what}")]
    Fail {
        /// What happened, to what.
        what: String,
        /// What the person can do about it; empty when there is nothing to add.
        hint: String,
    },
    /// The call was sent and no answer came: it may have happened. The engine looks before it does anything else.
    #[error("{what}")]
    Unknown {
        /// What was sent and how the answer got lost.
        what: String,
    },
}

impl PortError {
    /// A failure that trying again won't mend.
    pub fn fail(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Fail { what: what.into(), hint: hint.into() }
    }

    /// A failure that may go away by itself.
    pub fn retry(what: impl Into<String>) -> Self {
        Self::Retry { what: what.into(), after_ms: None }
    }

    /// A call whose outcome nobody knows yet.
    pub fn unknown(what: impl Into<String>) -> Self {
        Self::Unknown { what: what.into() }
    }
}

/// The right to make one step's external writes: made by the executor for a step of a run that was approved (or needed
/// no approval), never by anyone else. Carries the idempotency key to write into the thing itself where that is possible.
#[derive(Debug)]
pub struct Permit {
    run: RunId,
    key: String,
}

impl Permit {
    /// For the executor alone.
    pub(crate) fn for_step(run: &RunId, step: StepNumber, undo: bool) -> Self {
        let direction = if undo { "undo" } else { "do" };
        Self { run: run.clone(), key: format!("{run}/{step}/{direction}") }
    }

    /// The run on whose behalf the write is made.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The same for every attempt of the same step: `r-3f2a/5/do`.
    pub fn idempotency_key(&self) -> &str {
        &self.key
    }
}

/// The right to destroy something, on top of a [`Permit`].
#[derive(Debug)]
pub struct DestructivePermit(Permit);

impl DestructivePermit {
    /// For the executor alone, for steps whose plan said that they destroy.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "no run type destroys anything yet"))]
    pub(crate) fn for_step(run: &RunId, step: StepNumber, undo: bool) -> Self {
        Self(Permit::for_step(run, step, undo))
    }

    /// The permit it holds.
    pub fn permit(&self) -> &Permit {
        &self.0
    }
}

/// Permits for the contract tests of adapters, which act without a run.
#[cfg(feature = "testing")]
pub mod testing {
    use super::{DestructivePermit, Permit, RunId, StepNumber};

    /// A permit as the executor would make it.
    pub fn permit(run: &RunId, step: StepNumber) -> Permit {
        Permit::for_step(run, step, false)
    }

    /// A destructive permit as the executor would make it.
    pub fn destructive_permit(run: &RunId, step: StepNumber) -> DestructivePermit {
        DestructivePermit::for_step(run, step, false)
    }
}

/// What a writing call left behind: metadata for the record, never a secret and never a whole body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// One line for people: "started 2 processes of api, release 12".
    pub summary: String,
    /// Identifiers, sizes and hashes of what was sent and what came back.
    pub facts: BTreeMap<String, String>,
}

impl Receipt {
    /// A receipt with its one line.
    pub fn new(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), facts: BTreeMap::new() }
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }
}

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
    },
    /// The command failed; building the same again would fail again.
    Failed {
        /// Exit code, when it had one.
        exit_code: Option<i32>,
        /// The last lines it printed, redacted.
        tail: Vec<String>,
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
    /// Fingerprint of names, plain values and secret versions: equal means nothing changed.
    pub fingerprint: String,
}

/// What one instance is up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum InstanceState {
    /// Started, not healthy yet.
    Starting {
        /// What the last health check said.
        last: String,
    },
    /// Healthy.
    Healthy {
        /// How long the last health check took, in milliseconds.
        latency_ms: u32,
    },
    /// Was healthy, is not any more.
    Unhealthy {
        /// What the last health check said.
        last: String,
    },
    /// Ended; the platform starts it again after a while, up to a limit.
    Exited {
        /// Exit code or signal, in words.
        how: String,
        /// How often it was started.
        starts: u32,
        /// The last lines it printed.
        tail: Vec<String>,
    },
}

/// One running copy of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its number within the set, from 0.
    pub index: u32,
    /// What the platform calls it: a process id, a container id.
    pub handle: String,
    /// Where it listens.
    pub address: String,
    /// What it is up to.
    pub state: InstanceState,
    /// When it was started.
    pub started_ms: EpochMs,
}

/// A share of traffic for one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// The number of the release.
    pub release: u32,
    /// Whole percent, 0 to 100; all weights of a service add up to 100.
    pub percent: u8,
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
    /// The command.
    pub command: String,
    /// Cron expression of five fields, UTC.
    pub cron: String,
    /// Off keeps everything in place but runs nothing.
    pub enabled: bool,
    /// Limits of a run.
    pub limits: Limits,
}

/// One set of instances as observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedSet {
    /// The number of the release.
    pub release: u32,
    /// How many there should be, as far as the platform knows.
    pub replicas: u32,
    /// Those that are.
    pub instances: Vec<Instance>,
}

/// One service as observed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedService {
    /// Its sets of instances, by release.
    pub sets: Vec<ObservedSet>,
    /// Its schedule, when it has one.
    pub schedule: Option<Schedule>,
    /// Fingerprints of its configuration, by release.
    pub config: BTreeMap<u32, String>,
}

/// An environment as the platform has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedEnvironment {
    /// By service.
    pub services: BTreeMap<ServiceName, ObservedService>,
    /// The components that are there.
    pub components: BTreeMap<ComponentName, ComponentKind>,
}

/// What an environment should hold before releases come: the shape step makes it so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Components wanted.
    pub components: BTreeMap<ComponentName, ComponentKind>,
    /// Addresses the edge should listen on, by service.
    pub edge: BTreeMap<ServiceName, String>,
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

/// What a platform can't or won't do; the planner plans around it or says why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Builds are kept, so an earlier release can be started again without building.
    pub keeps_builds: bool,
    /// Traffic can be split between releases in whole percents.
    pub splits_traffic: bool,
    /// Most releases whose builds are kept per environment; older ones are gone.
    pub builds_kept: u32,
}

/// Runs services: processes on this machine, or a provider.
#[async_trait]
pub trait Platform: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;
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

/// What a request through the edge got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// HTTP status; 502 and 504 are the edge's own.
    pub status: u16,
    /// Milliseconds until the whole answer was there.
    pub latency_ms: u32,
    /// The release that answered, when the edge can tell.
    pub release: Option<u32>,
    /// The beginning of the body, at most 2 KiB.
    pub body: String,
}

/// Splits traffic between releases.
#[async_trait]
pub trait Edge: Send + Sync {
    /// The weights now, read back from where they work; empty when the service has no traffic.
    async fn weights(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<Vec<Weight>, PortError>;
    /// Sets the weights; they hold for every request that arrives after it returns.
    async fn weights_set(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        weights: &[Weight],
    ) -> Result<Receipt, PortError>;
    /// Sends one GET request through the edge, as a user would.
    async fn probe(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        path: &str,
    ) -> Result<Probe, PortError>;
    /// The address people reach a service at, when it has one.
    async fn address(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<String>;
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Full hexadecimal id.
    pub id: String,
    /// First line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at_ms: EpochMs,
}

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its name, without folders.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// Where code is kept.
#[async_trait]
pub trait CodeHost: Send + Sync {
    /// What a branch, tag or commit id (7 digits or more) stands for now. `None` asks for the default branch.
    async fn resolve(&self, source: &Source, reference: Option<&str>) -> Result<Commit, PortError>;
    /// The newest tags and branches, newest first, at most `limit`: for suggestions.
    async fn references(&self, source: &Source, limit: usize) -> Result<Vec<String>, PortError>;
    /// The commits that `to` has and `from` has not, newest first, at most `limit`.
    async fn compare(
        &self,
        source: &Source,
        from: &str,
        to: &str,
        limit: usize,
    ) -> Result<Vec<Commit>, PortError>;
    /// The files directly in a folder of a commit, by name; a missing folder is empty.
    async fn files(&self, source: &Source, commit: &str, folder: &str) -> Result<Vec<SourceFile>, PortError>;
}

/// A migration: one SQL file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// The digits its file name starts with: they order it.
    pub version: String,
    /// The rest of its file name.
    pub name: String,
    /// Its statements.
    pub sql: String,
    /// SHA-256 of the statements, hexadecimal.
    pub checksum: String,
}

/// A migration that a database has had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedMigration {
    /// Its version.
    pub version: String,
    /// The checksum it had then.
    pub checksum: String,
    /// When it was applied.
    pub at_ms: EpochMs,
}

/// The application's databases.
#[async_trait]
pub trait Database: Send + Sync {
    /// What has been applied, in order; empty when the database is not there yet.
    async fn migrations_applied(
        &self,
        environment: &EnvironmentKey,
        component: &ComponentName,
    ) -> Result<Vec<AppliedMigration>, PortError>;
    /// Applies one migration and records it, in one transaction.
    async fn migration_apply(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        component: &ComponentName,
        migration: &Migration,
    ) -> Result<Receipt, PortError>;
}

/// Turns a reference to a secret into its value at the moment of use, and records that it was read.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// The value of an environment's secret; `reader` says who needs it ("api, release 12").
    async fn secret_read(
        &self,
        environment: &EnvironmentKey,
        name: &crate::model::SecretName,
        reader: &str,
    ) -> Result<SecretString, PortError>;
}

/// Everything outside that runs need, as one value.
#[derive(Clone)]
pub struct Ports {
    /// Runs services.
    pub platform: Arc<dyn Platform>,
    /// Splits traffic.
    pub edge: Arc<dyn Edge>,
    /// Has the code.
    pub code: Arc<dyn CodeHost>,
    /// Has the application's data.
    pub database: Arc<dyn Database>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports")
    }
}
