//! The world itself: its state, the one gate all calls go through, and what tests and rehearsals turn on it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::clock::{Clock, EpochMs};
use engine::model::{
    ComponentKind, ComponentName, EnvironmentKey, JobName, SecretName, ServiceName, Source, Sticky,
};
use engine::ports::{
    AppliedMigration, Capabilities, CiReport, Finding, LogLine, Permit, PortError, Ports, Receipt,
};
use tokio::sync::Notify;

use super::builds::Builds;
use super::effects::{Done, Ledger};
use super::fault::Faults;
use super::instances::SimService;
use super::jobs::SimJob;
use super::migrate::SimMigrate;
use super::repository::Repository;
use super::{Call, Drift, Effect, Fault, FaultKind, Keys, Phones};

/// How often a slow call looks whether the clock has moved on, in real milliseconds.
const POLL_MS: u64 = 2;
/// What a world can do unless told otherwise.
const CAPABILITIES: Capabilities = Capabilities {
    keeps_builds: true,
    splits_traffic: true,
    builds_kept: 10,
    replicas_max: 64,
    builds_on_deploy: false,
};

/// A platform, its edge, a code host and the application's databases, in memory. It outlives the engines that work on
/// it, so a test can drop an engine in the middle of a run and make another.
pub struct World {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    crash: Notify,
    phones: Arc<Phones>,
    keys: Arc<Keys>,
}

/// Everything that is there.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) code: Repository,
    /// Repositories apart from it, by their address.
    pub(super) code_elsewhere: BTreeMap<String, Repository>,
    /// What continuous integration says of commits.
    pub(super) ci: BTreeMap<String, CiReport>,
    pub(super) builds: Builds,
    /// Addresses at which other programs listen.
    pub(super) taken: BTreeSet<String>,
    pub(super) environments: BTreeMap<EnvironmentKey, SimEnvironment>,
    pub(super) ledger: Ledger,
    pub(super) capabilities: Option<Capabilities>,
    /// How many instances were ever started: what they are called.
    pub(super) started: u32,
    /// Services that name a metrics server find none.
    pub(super) no_metrics: bool,
    faults: Faults,
    /// The process that used the ports died and none has taken its place.
    down: bool,
    crashes: u32,
}

/// One environment.
#[derive(Debug, Default)]
pub(super) struct SimEnvironment {
    pub(super) services: BTreeMap<ServiceName, SimService>,
    pub(super) components: BTreeMap<ComponentName, ComponentKind>,
    pub(super) urls: BTreeMap<ComponentName, SecretName>,
    pub(super) addresses: BTreeMap<ServiceName, String>,
    pub(super) sticky: BTreeMap<ServiceName, Sticky>,
    /// Services nobody reaches at their address, and why.
    pub(super) unreached: BTreeMap<ServiceName, String>,
    pub(super) migrations: BTreeMap<ComponentName, Vec<AppliedMigration>>,
    pub(super) migrating: Vec<SimMigrate>,
    pub(super) findings: Vec<Finding>,
    pub(super) jobs: BTreeMap<JobName, SimJob>,
    pub(super) logs: VecDeque<LogLine>,
    /// Requests a second to each service.
    pub(super) traffic: u32,
    /// Weights are kept and not followed.
    pub(super) misroutes: bool,
}

impl State {
    /// The environment, which comes to be when first written to.
    pub(super) fn environment(&mut self, key: &EnvironmentKey) -> &mut SimEnvironment {
        self.environments.entry(key.clone()).or_default()
    }

    /// The repository a source leads to.
    pub(super) fn code_of(&self, source: &Source) -> &Repository {
        self.code_elsewhere.get(&source.repository).unwrap_or(&self.code)
    }

    /// Lets everything happen that is due by now.
    pub(super) fn settle(&mut self, now: EpochMs) {
        self.builds.settle(now);
        self.settle_migrations(now);
        self.settle_instances(now);
    }
}

/// How a call through the gate goes on.
enum Passage<T> {
    Answer(Result<T, PortError>),
    Late { answer: Result<T, PortError>, until_ms: EpochMs, crashes: u32 },
    Never,
}

impl World {
    /// An empty world whose time is the clock's.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            state: Mutex::default(),
            crash: Notify::new(),
            phones: Arc::default(),
            keys: Arc::default(),
        })
    }

    /// The ports, all of them this world. A process that starts asks for them, so this also ends the silence
    /// after a [`FaultKind::Crash`]: make a new engine with new ports, after the old one is dropped.
    pub fn ports(self: &Arc<Self>) -> Ports {
        self.with(|state| state.down = false);
        Ports {
            platform: self.clone(),
            edge: self.clone(),
            signals: self.clone(),
            code: self.clone(),
            database: self.clone(),
            messenger: self.phones.clone(),
            accounts: self.keys.clone(),
            ci: self.clone(),
        }
    }

    /// The keys providers know.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// The phones of everybody.
    pub fn phones(&self) -> &Arc<Phones> {
        &self.phones
    }

    /// Switches a fault on, beside those that are.
    pub fn fault(&self, fault: Fault) {
        self.with(|state| state.faults.add(fault));
    }

    /// Switches a fault off, and leaves the others on.
    pub fn fault_end(&self, fault: &Fault) {
        self.with(|state| state.faults.end(fault));
    }

    /// Switches all faults off.
    pub fn faults_clear(&self) {
        self.with(|state| state.faults.clear());
    }

    /// The faults that are on and had nothing to strike yet: in a test, usually an aim beside the mark.
    pub fn faults_unstruck(&self) -> Vec<Fault> {
        self.with(|state| state.faults.unstruck())
    }

    /// Waits for the next crash, or returns at once when one happened that nobody waited for. Then drop the engine.
    pub async fn crashed(&self) {
        self.crash.notified().await;
    }

    /// How many crashes there were.
    pub fn crashes(&self) -> u32 {
        self.with(|state| state.crashes)
    }

    /// The ledger, one line an effect: `5/do    instances_ensure  staging api@3`. Runs and times stay out, so that a
    /// test can keep it as a snapshot; [`World::ledger`] has them.
    pub fn effects(&self) -> String {
        self.with(|state| state.ledger.text())
    }

    /// Every writing call that was carried out, first to last.
    pub fn ledger(&self) -> Vec<Effect> {
        self.with(|state| state.ledger.effects.clone())
    }

    /// Writing calls sent once more under the same key, to the same thing, that found all done already.
    pub fn repeats(&self) -> Vec<Effect> {
        self.with(|state| state.ledger.repeats.clone())
    }

    /// What may happen once only and was done, or sent, once more: a migration that the database has, a replacement
    /// that the same run already had. Empty unless the engine is at fault.
    pub fn doubled(&self) -> Vec<Effect> {
        self.with(|state| state.ledger.doubled.clone())
    }

    /// Sets what the platform can do.
    pub fn capabilities_set(&self, capabilities: Capabilities) {
        self.with(|state| state.capabilities = Some(capabilities));
    }

    /// Sets what preflights of an environment find.
    pub fn findings_set(&self, environment: &EnvironmentKey, findings: Vec<Finding>) {
        self.with(|state| state.environment(environment).findings = findings);
    }

    /// From now on so many requests a second come to each service of an environment, as its weights say.
    pub fn traffic_set(&self, environment: &EnvironmentKey, a_second: u32) {
        self.with(|state| state.environment(environment).traffic = a_second);
    }

    /// The rows a job has to fill in an environment; one nobody described has none. Changing it is the application's next deploy.
    pub fn job<R>(
        &self,
        environment: &EnvironmentKey,
        job: &JobName,
        change: impl FnOnce(&mut SimJob) -> R,
    ) -> R {
        self.with(|state| change(state.environment(environment).jobs.entry(job.clone()).or_default()))
    }

    /// From now on no metrics server is connected: services that name one for their signals can't be watched.
    pub fn metrics_lost(&self) {
        self.with(|state| state.no_metrics = true);
    }

    /// Whether the edge of an environment sends everybody to the oldest release that has any weight.
    pub fn misroutes_set(&self, environment: &EnvironmentKey, misroutes: bool) {
        self.with(|state| state.environment(environment).misroutes = misroutes);
    }

    /// Changes things behind the engine's back; nothing of it reaches the ledger.
    pub fn drift<R>(&self, change: impl FnOnce(&mut Drift<'_>) -> R) -> R {
        let now = self.now_ms();
        self.with(|state| {
            state.settle(now);
            change(&mut Drift { state, now })
        })
    }

    pub(super) fn now_ms(&self) -> EpochMs {
        self.clock.now_ms()
    }

    pub(super) fn with<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn capabilities_now(&self) -> Capabilities {
        self.with(|state| state.capabilities.unwrap_or(CAPABILITIES))
    }

    /// The gate: what is due happens, then the fault this call meets, then the call.
    pub(super) async fn call<T: Send>(
        &self,
        call: Call,
        subject: String,
        act: impl FnOnce(&mut State, EpochMs) -> Result<T, PortError> + Send,
    ) -> Result<T, PortError> {
        match self.enter(call, &subject, act) {
            Passage::Answer(answer) => answer,
            Passage::Late { answer, until_ms, crashes } => {
                while self.now_ms() < until_ms {
                    tokio::time::sleep(Duration::from_millis(POLL_MS)).await;
                }
                if self.crashes() != crashes {
                    std::future::pending::<()>().await;
                }
                answer
            }
            Passage::Never => std::future::pending().await,
        }
    }

    /// The gate for writing calls: what they come to is written into the ledger.
    pub(super) async fn write(
        &self,
        permit: &Permit,
        call: Call,
        subject: String,
        act: impl FnOnce(&mut State, EpochMs) -> Result<Done, PortError> + Send,
    ) -> Result<Receipt, PortError> {
        let entry = subject.clone();
        self.call(call, subject, move |state, now| {
            let done = act(state, now)?;
            state.ledger.record(permit, call, entry, now, done)
        })
        .await
    }

    fn enter<T>(
        &self,
        call: Call,
        subject: &str,
        act: impl FnOnce(&mut State, EpochMs) -> Result<T, PortError>,
    ) -> Passage<T> {
        let now = self.now_ms();
        self.with(|state| {
            if state.down {
                return Passage::Never;
            }
            state.settle(now);
            let struck = state.faults.strike(call, subject);
            let sent = || format!("{call} of {subject} was sent and no answer came");
            match struck {
                None => Passage::Answer(act(state, now)),
                Some(FaultKind::RetryBefore { after_ms }) => Passage::Answer(Err(PortError::Retry {
                    what: format!("{call} of {subject}: the other side is busy"),
                    after_ms: Some(after_ms),
                })),
                Some(FaultKind::FailBefore) => Passage::Answer(Err(PortError::fail(
                    format!("{call} of {subject} was refused"),
                    "This is a simulated fault; switch it off and try again.",
                ))),
                Some(FaultKind::UnknownBefore) => Passage::Answer(Err(PortError::unknown(sent()))),
                Some(FaultKind::LostAnswer) => {
                    // Whatever came of it, good or bad, the caller does not hear it.
                    drop(act(state, now));
                    Passage::Answer(Err(PortError::unknown(sent())))
                }
                Some(FaultKind::SlowMs(ms)) => {
                    let answer = act(state, now);
                    Passage::Late { answer, until_ms: now.saturating_add(ms), crashes: state.crashes }
                }
                Some(FaultKind::CrashBefore) => self.go_down(state),
                Some(FaultKind::Crash) => {
                    drop(act(state, now));
                    self.go_down(state)
                }
            }
        })
    }

    fn go_down<T>(&self, state: &mut State) -> Passage<T> {
        state.down = true;
        state.crashes += 1;
        self.crash.notify_one();
        Passage::Never
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}
