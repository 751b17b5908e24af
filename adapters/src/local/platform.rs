//! The embedded platform as the engine sees it: opening, closing, and the `Platform` port.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use engine::clock::{Clock, EpochMs, SystemClock};
use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::{
    BuildKey, BuildRequest, BuildState, Capabilities, ConfigSet, Finding, InstanceSet, LogLine,
    ObservedEnvironment, ObservedService, ObservedSet, Permit, Platform, PortError, Receipt, Replacement,
    Schedule, SecretSource, Shape,
};
use tokio_util::sync::CancellationToken;

use super::backends::Backends;
use super::builds::BUILDS_AT_ONCE;
use super::config::{config_path, configs};
use super::environment::{Environment, Handle, instance_shown, locked};
use super::files::{
    append_open, blocking, entries, explain, file_remove, folder_ensure, json_write, name_of,
};
use super::job::{JobOutcome, next_due};
use super::leftovers;
use super::machine::Machine;
use super::marker::RootId;
use super::process::Found;
use crate::git::GitHost;

/// How many releases' builds are kept per environment, unless configured otherwise.
const BUILDS_KEPT: u32 = 10;
/// How long open requests may go on when fewer replicas are wanted.
const SCALE_DOWN_DRAIN: Duration = Duration::from_secs(10);
/// How long open requests may go on when the platform closes.
const CLOSE_DRAIN: Duration = Duration::from_secs(3);
/// How long the folder's lock is waited for: a program that was just killed frees it at once.
const LOCK_AT_MOST: Duration = Duration::from_secs(3);
/// The most replicas of one service on one machine.
const REPLICAS_MAX: u32 = 64;

/// How the platform is set up.
pub struct LocalConfig {
    /// The folder that holds everything: builds, environments, logs.
    pub root: PathBuf,
    /// The program that services find in `INFRA_CHAT_SQL`, with its `sql` subcommand: usually this executable.
    pub program: PathBuf,
    /// How many releases' builds are kept per environment.
    pub builds_kept: u32,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for LocalConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalConfig")
            .field("root", &self.root)
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

impl LocalConfig {
    /// The usual set-up, on the machine's clock.
    pub fn new(root: PathBuf, program: PathBuf) -> Self {
        Self { root, program, builds_kept: BUILDS_KEPT, clock: Arc::new(SystemClock) }
    }
}

/// Runs services as processes of this machine. Dropping it leaves them running, to be adopted by the next one;
/// [`LocalPlatform::close`] ends them.
pub struct LocalPlatform {
    machine: Arc<Machine>,
}

impl std::fmt::Debug for LocalPlatform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalPlatform").field("root", &self.machine.root).finish_non_exhaustive()
    }
}

impl Drop for LocalPlatform {
    fn drop(&mut self) {
        self.machine.gone.cancel();
    }
}

impl LocalPlatform {
    /// Opens the platform: what is wanted and still runs is adopted, what runs and isn't wanted is ended, what is
    /// missing is started.
    pub async fn open(
        config: LocalConfig,
        git: Arc<GitHost>,
        edge: Arc<dyn Backends>,
        secrets: Arc<dyn SecretSource>,
    ) -> Result<Arc<Self>, PortError> {
        folder_ensure(&config.root)?;
        let root =
            std::fs::canonicalize(&config.root).map_err(|cause| explain("find", &config.root, &cause))?;
        let lock = lock_take(&root).await?;
        let machine = Arc::new(Machine {
            root_id: RootId::of(&root),
            root,
            program: config.program,
            builds_kept: config.builds_kept,
            clock: config.clock,
            git,
            edge,
            secrets,
            redactor: super::redactor::Redactor::default(),
            environments: Mutex::default(),
            builds: Mutex::default(),
            build_turns: tokio::sync::Semaphore::new(BUILDS_AT_ONCE),
            jobs: Mutex::default(),
            log_times: Mutex::default(),
            ports: Mutex::default(),
            listening: Mutex::default(),
            closing: CancellationToken::new(),
            gone: CancellationToken::new(),
            _lock: lock,
        });
        // From here on, leaving early ends all tasks.
        let platform = Arc::new(Self { machine: Arc::clone(&machine) });
        for key in environments_on_disk(&machine.root)? {
            let environment = machine.environment_ensure(&key).await?;
            machine.logs_begin(&environment)?;
        }
        machine.take_over().await?;
        machine.spawn(Arc::clone(&machine).logs_follow());
        machine.spawn(Arc::clone(&machine).jobs_run());
        Ok(platform)
    }

    /// Ends everything in order: no new scheduled runs and builds, then open requests, then the processes. What is wanted
    /// stays written down, so the next `open` starts it again.
    pub async fn close(&self) {
        let machine = &self.machine;
        machine.closing.cancel();
        machine.jobs_settle().await;
        let builds: Vec<BuildKey> = locked(&machine.builds).keys().cloned().collect();
        for build in builds {
            machine.build_end(&build).await;
        }
        let mut ending = tokio::task::JoinSet::new();
        for environment in machine.environments() {
            let mut sets: BTreeMap<(ServiceName, u32), Vec<Arc<Handle>>> = BTreeMap::new();
            for handle in environment.handles() {
                sets.entry((handle.slot.service.clone(), handle.slot.release)).or_default().push(handle);
            }
            for handles in sets.into_values() {
                let (machine, environment) = (Arc::clone(machine), Arc::clone(&environment));
                ending.spawn(async move { machine.instances_end(&environment, handles, CLOSE_DRAIN).await });
            }
        }
        ending.join_all().await;
        let root_id = machine.root_id.clone();
        leftovers::sweep(move |marker| root_id.owns(marker)).await;
        machine.gone.cancel();
    }

    /// How the last run of a service's schedule came out; nothing when it never ran.
    pub fn schedule_last(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<Option<JobOutcome>, PortError> {
        match self.machine.environment(environment) {
            Some(environment) => self.machine.job_last(&environment, service),
            None => Ok(None),
        }
    }
}

impl Machine {
    /// Brings what runs in line with what is wanted.
    async fn take_over(self: &Arc<Self>) -> Result<(), PortError> {
        let folders: Vec<PathBuf> =
            self.environments().iter().map(|environment| environment.folder.clone()).collect();
        let root_id = self.root_id.clone();
        let found = blocking(move || leftovers::find(&root_id, &folders)).await?;
        let (mut adopted, mut unwanted): (Vec<(Arc<Environment>, Found)>, Vec<Found>) =
            (Vec::new(), Vec::new());
        for process in found.into_iter().filter(|process| process.leads) {
            match self.wanted_by(&process).await {
                Some(environment) => adopted.push((environment, process)),
                None => unwanted.push(process),
            }
        }
        let mut ending = tokio::task::JoinSet::new();
        for process in unwanted {
            tracing::info!(pid = process.pid, marker = process.marker, "ending a leftover that nobody wants");
            ending.spawn(async move { leftovers::end(&process).await });
        }
        ending.join_all().await;
        self.builds_tidy()?;
        for (environment, process) in adopted {
            let Some((_, slot)) = self.root_id.instance_parse(&process.marker) else { continue };
            // Its secrets must be known, so that its log is redacted.
            if let Err(error) = self.variables(&environment, &slot.service, slot.release).await {
                tracing::warn!(%error, instance = %slot, "the configuration of an adopted instance can't be read");
            }
            let desired = environment.desired.lock().await;
            if let Some(set) = desired.set(&slot.service, slot.release).map(|wanted| wanted.set.clone()) {
                drop(desired);
                tracing::info!(instance = %slot, pid = process.pid, "adopted");
                self.instance_begin(&environment, &set, slot, Some(process));
            }
        }
        let kept: Vec<String> = self.markers();
        let root_id = self.root_id.clone();
        leftovers::sweep(move |marker| root_id.owns(marker) && !kept.iter().any(|kept| kept == marker)).await;
        for environment in self.environments() {
            let desired = environment.desired.lock().await.clone();
            for (service, address) in &desired.edge {
                match self.edge.listen(&environment.key, service, address).await {
                    Ok(()) => self.listening_note(&environment.key, service, address),
                    Err(error) => tracing::error!(%error, %service, address, "the edge can't listen"),
                }
            }
            for (set, slot) in desired.slots() {
                self.instance_begin(&environment, &set, slot, None);
            }
            self.replacements_resume(&environment).await;
        }
        Ok(())
    }

    async fn wanted_by(&self, process: &Found) -> Option<Arc<Environment>> {
        let (key, slot) = self.root_id.instance_parse(&process.marker)?;
        let environment = self.environment(&key)?;
        let wanted = environment.desired.lock().await.wants(&slot);
        (wanted && process.port.is_some()).then_some(environment)
    }

    fn markers(&self) -> Vec<String> {
        let of = |environment: Arc<Environment>| {
            let handles = environment.handles();
            handles.into_iter().map(move |handle| self.root_id.instance(&environment.key, &handle.slot))
        };
        self.environments().into_iter().flat_map(of).collect()
    }
}

async fn lock_take(root: &Path) -> Result<std::fs::File, PortError> {
    let lock = append_open(&root.join("lock"))?;
    let began = std::time::Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(_) if began.elapsed() < LOCK_AT_MOST => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(_) => {
                let what = format!("another infra-chat is using {}", root.display());
                return Err(PortError::fail(
                    what,
                    "End the other one, or choose another folder with --data-dir.",
                ));
            }
        }
    }
}

fn environments_on_disk(root: &Path) -> Result<Vec<EnvironmentKey>, PortError> {
    let mut keys = Vec::new();
    for project in entries(&root.join("environments"))? {
        for environment in entries(&project)? {
            let key = format!("{}/{}", name_of(&project), name_of(&environment));
            keys.extend(key.parse::<EnvironmentKey>().ok());
        }
    }
    Ok(keys)
}

#[async_trait]
impl Platform for LocalPlatform {
    fn capabilities(&self) -> Capabilities {
        Capabilities { keeps_builds: true, splits_traffic: true, builds_kept: self.machine.builds_kept }
    }

    async fn observe(&self, key: &EnvironmentKey) -> Result<ObservedEnvironment, PortError> {
        let Some(environment) = self.machine.environment(key) else {
            return Ok(ObservedEnvironment::default());
        };
        let desired = environment.desired.lock().await.clone();
        let mut services: BTreeMap<ServiceName, ObservedService> = BTreeMap::new();
        let mut sets: BTreeMap<(ServiceName, u32), ObservedSet> = BTreeMap::new();
        for wanted in &desired.sets {
            let (service, release, replicas) =
                (wanted.set.service.clone(), wanted.set.release, wanted.set.replicas);
            sets.insert((service, release), ObservedSet { release, replicas, instances: Vec::new() });
        }
        for handle in environment.handles() {
            let release = handle.slot.release;
            let empty = || ObservedSet { release, replicas: 0, instances: Vec::new() };
            let set = sets.entry((handle.slot.service.clone(), release)).or_insert_with(empty);
            set.instances.push(instance_shown(&handle));
        }
        for ((service, _), set) in sets {
            services.entry(service).or_default().sets.push(set);
        }
        for (service, schedule) in desired.schedules {
            services.entry(service).or_default().schedule = Some(schedule);
        }
        let at = Arc::clone(&environment);
        for config in blocking(move || configs(&at)).await? {
            services.entry(config.service).or_default().config.insert(config.release, config.fingerprint);
        }
        Ok(ObservedEnvironment { services, components: desired.components })
    }

    async fn preflight(&self, key: &EnvironmentKey, shape: &Shape) -> Result<Vec<Finding>, PortError> {
        self.machine.preflight(key, shape).await
    }

    async fn shape_ensure(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        shape: &Shape,
    ) -> Result<Receipt, PortError> {
        self.machine.shape_apply(key, shape).await
    }

    async fn build_look(&self, key: &BuildKey) -> Result<BuildState, PortError> {
        self.machine.build_state(key)
    }

    async fn build_start(&self, _: &Permit, request: &BuildRequest) -> Result<Receipt, PortError> {
        self.machine.build_begin(request)
    }

    async fn build_stop(&self, _: &Permit, key: &BuildKey) -> Result<Receipt, PortError> {
        Ok(self.machine.build_end(key).await)
    }

    async fn config_put(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        config: Option<&ConfigSet>,
    ) -> Result<Receipt, PortError> {
        let environment = self.machine.environment_ensure(key).await?;
        let path = config_path(&environment, service, release);
        match config {
            None => {
                blocking(move || file_remove(&path)).await?;
                Ok(Receipt::new(format!("removed the configuration of {service}, release {release}")))
            }
            Some(config) => {
                json_write(&path, config).await?;
                let summary =
                    format!("wrote {} variables of {service}, release {release}", config.variables.len());
                Ok(Receipt::new(summary).with("fingerprint", &config.fingerprint))
            }
        }
    }

    async fn instances_ensure(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        set: &InstanceSet,
    ) -> Result<Receipt, PortError> {
        let machine = &self.machine;
        let environment = machine.environment_ensure(key).await?;
        let (service, release) = (&set.service, set.release);
        if set.replicas > REPLICAS_MAX {
            let what = format!("{} replicas of {service} are too many for one machine", set.replicas);
            return Err(PortError::fail(what, format!("Ask for at most {REPLICAS_MAX}.")));
        }
        // What would keep the processes from starting is told now, not later by their silence.
        machine.build_folder_check(&set.build)?;
        machine.variables(&environment, service, release).await?;
        let builds_kept = machine.builds_kept;
        let change = environment.change(|desired| Ok(desired.set_ensure(set, builds_kept))).await?;
        let (added, removed) = (change.added.len(), change.removed.len());
        let slots = environment.desired.lock().await.slots();
        for (set, slot) in
            slots.into_iter().filter(|(_, slot)| slot.service == *service && slot.release == release)
        {
            machine.instance_begin(&environment, &set, slot, None);
        }
        let excess: Vec<Arc<Handle>> =
            change.removed.iter().filter_map(|slot| environment.handle(slot)).collect();
        machine.instances_end(&environment, excess, SCALE_DOWN_DRAIN).await;
        let summary = format!(
            "{} instances of {service}, release {release}: {added} new, {removed} ended",
            set.replicas
        );
        Ok(Receipt::new(summary).with("started", added).with("ended", removed))
    }

    async fn instances_stop(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        drain_s: u32,
    ) -> Result<Receipt, PortError> {
        let machine = &self.machine;
        let environment = machine.environment_ensure(key).await?;
        environment
            .change(|desired| {
                desired.set_remove(service, release);
                Ok(())
            })
            .await?;
        let handles = environment.handles_of(service, release);
        let ended = handles.len();
        machine.instances_end(&environment, handles, Duration::from_secs(drain_s.into())).await;
        machine.backends_tell(&environment, service, release);
        Ok(Receipt::new(format!("ended {ended} instances of {service}, release {release}"))
            .with("ended", ended))
    }

    async fn instances_replace(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
    ) -> Result<Receipt, PortError> {
        self.machine.replacement_start(key, service, release, permit.idempotency_key()).await
    }

    async fn instances_replaced(
        &self,
        key: &EnvironmentKey,
        _: &ServiceName,
        _: u32,
        idempotency_key: &str,
    ) -> Result<Replacement, PortError> {
        let Some(environment) = self.machine.environment(key) else { return Ok(Replacement::Absent) };
        let desired = environment.desired.lock().await;
        Ok(desired.replacement(idempotency_key).map_or(Replacement::Absent, |record| record.state.clone()))
    }

    async fn schedule_put(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        schedule: Option<&Schedule>,
    ) -> Result<Receipt, PortError> {
        let machine = &self.machine;
        let environment = machine.environment_ensure(key).await?;
        if let Some(schedule) = schedule {
            machine.build_folder_check(&schedule.build)?;
            next_due(&schedule.cron, machine.clock.now_ms())?;
        }
        let builds_kept = machine.builds_kept;
        environment
            .change(|desired| {
                match schedule {
                    Some(schedule) => {
                        desired.build_used(schedule.release, &schedule.build, builds_kept);
                        desired.schedules.insert(service.clone(), schedule.clone());
                    }
                    None => {
                        desired.schedules.remove(service);
                    }
                }
                Ok(())
            })
            .await?;
        Ok(Receipt::new(match schedule {
            None => format!("{service} is no longer scheduled"),
            Some(schedule) if schedule.enabled => format!("{service} runs at `{}`", schedule.cron),
            Some(_) => format!("{service} is switched off"),
        }))
    }

    async fn cache_clear(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        services: &[ServiceName],
    ) -> Result<Receipt, PortError> {
        self.machine.caches_empty(key, services).await
    }

    async fn logs(
        &self,
        key: &EnvironmentKey,
        services: &[ServiceName],
        since_ms: EpochMs,
        limit: usize,
    ) -> Result<Vec<LogLine>, PortError> {
        match self.machine.environment(key) {
            Some(environment) => self.machine.log_lines(&environment, services, since_ms, limit).await,
            None => Ok(Vec::new()),
        }
    }
}
