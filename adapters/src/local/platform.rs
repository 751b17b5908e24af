//! Opening and closing the embedded platform.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::clock::{Clock, SystemClock};
use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::{BuildKey, PortError, SecretSource};
use engine::redact::Redactor;
use tokio_util::sync::CancellationToken;

use super::backends::Backends;
use super::builds::BUILDS_AT_ONCE;
use super::environment::{Handle, locked};
use super::files::{append_open, entries, explain, folder_ensure, name_of};
use super::job::{JobOutcome, job_last};
use super::leftovers;
use super::machine::Machine;
use super::marker::RootId;
use crate::git::GitHost;

/// How many releases' builds are kept per environment, unless configured otherwise.
const BUILDS_KEPT: u32 = 10;
/// How long open requests may go on when the platform closes.
const CLOSE_DRAIN: Duration = Duration::from_secs(3);
/// How long the folder's lock is waited for: a program that was just killed frees it at once.
const LOCK_AT_MOST: Duration = Duration::from_secs(3);

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
    /// Takes secrets out of what services and builds print. One for the whole program: it learns what services are given.
    pub redactor: Arc<Redactor>,
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
    pub fn new(root: PathBuf, program: PathBuf, redactor: Arc<Redactor>) -> Self {
        Self { root, program, builds_kept: BUILDS_KEPT, clock: Arc::new(SystemClock), redactor }
    }
}

/// How long opening waits for instances to be healthy, so that the edge has somewhere to send requests and the first
/// look shows how things are. What takes longer becomes healthy in its own time.
const FIRST_ANSWERS: Duration = Duration::from_secs(2);

/// Runs services as processes of this machine. Dropping it leaves them running, to be adopted by the next one;
/// [`LocalPlatform::close`] ends them.
pub struct LocalPlatform {
    pub(super) machine: Arc<Machine>,
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
            redactor: config.redactor,
            environments: Mutex::default(),
            builds: Mutex::default(),
            build_turns: tokio::sync::Semaphore::new(BUILDS_AT_ONCE),
            jobs: Mutex::default(),
            batch_turns: Mutex::default(),
            migrations: Mutex::default(),
            migrate_turns: Mutex::default(),
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
            let environment = machine.environment_ensure(&key)?;
            machine.logs_begin(&environment)?;
        }
        machine.take_over().await?;
        machine.first_answers(FIRST_ANSWERS).await;
        machine.spawn(Arc::clone(&machine).logs_follow());
        machine.spawn(Arc::clone(&machine).jobs_run());
        machine.spawn(Arc::clone(&machine).edge_follow());
        Ok(platform)
    }

    /// Ends everything in order: no new scheduled runs and builds, then open requests, then the processes. What is wanted
    /// stays written down, so the next `open` starts it again.
    pub async fn close(&self) {
        let machine = &self.machine;
        machine.closing.cancel();
        machine.jobs_settle().await;
        machine.migrations_settle().await;
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
            Some(environment) => job_last(&environment, service),
            None => Ok(None),
        }
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
