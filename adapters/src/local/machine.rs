//! What all parts of the platform share: folders, environments, ports in use, and the two ways to end — closed (everything
//! is stopped) or gone (tasks end where they are, processes go on, as after a kill).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use engine::clock::Clock;
use engine::model::{ComponentName, EnvironmentKey, JobName, ServiceName};
use engine::ports::{BuildKey, PortError, SecretSource};
use engine::redact::Redactor;
use tokio_util::sync::CancellationToken;

use super::backends::{Backends, Instances};
use super::builds::BuildJob;
use super::environment::{Environment, locked};
use super::files::folder_ensure;
use super::job::JobState;
use super::logs::LogTimes;
use super::marker::RootId;
use super::migrate::MigrateJob;
use crate::git::GitHost;

/// How often a free port is asked for before we give up.
const PORT_TRIES: usize = 50;

/// One at a time.
pub(super) type Turn = Arc<tokio::sync::Mutex<()>>;

/// Everything shared.
pub(super) struct Machine {
    pub(super) root: PathBuf,
    pub(super) root_id: RootId,
    pub(super) program: PathBuf,
    pub(super) builds_kept: u32,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) git: Arc<GitHost>,
    pub(super) edge: Arc<dyn Backends>,
    pub(super) secrets: Arc<dyn SecretSource>,
    pub(super) redactor: Arc<Redactor>,
    pub(super) environments: Mutex<BTreeMap<EnvironmentKey, Arc<Environment>>>,
    pub(super) builds: Mutex<BTreeMap<BuildKey, Arc<BuildJob>>>,
    pub(super) build_turns: tokio::sync::Semaphore,
    pub(super) jobs: Mutex<BTreeMap<(EnvironmentKey, ServiceName), JobState>>,
    /// Whose turn it is to run a batch of a job.
    pub(super) batch_turns: Mutex<BTreeMap<(EnvironmentKey, JobName), Turn>>,
    /// The application's own commands for its migrations, by the key they were asked for under.
    pub(super) migrations: Mutex<BTreeMap<(EnvironmentKey, String), Arc<MigrateJob>>>,
    /// Whose turn it is to migrate a database.
    pub(super) migrate_turns: Mutex<BTreeMap<(EnvironmentKey, ComponentName), Turn>>,
    pub(super) log_times: Mutex<LogTimes>,
    pub(super) ports: Mutex<BTreeSet<u16>>,
    pub(super) listening: Mutex<BTreeMap<(EnvironmentKey, ServiceName), String>>,
    /// Nothing new is started any more.
    pub(super) closing: CancellationToken,
    /// The platform is gone: tasks end, processes go on.
    pub(super) gone: CancellationToken,
    /// Held open so that nobody else uses the folder.
    pub(super) _lock: File,
}

impl Machine {
    /// Runs a task that ends when the platform is gone.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<Option<T>> {
        let gone = self.gone.clone();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = gone.cancelled() => None,
                done = task => Some(done),
            }
        })
    }

    /// Refuses changes once the platform is closing.
    pub(super) fn open_check(&self) -> Result<(), PortError> {
        if self.closing.is_cancelled() {
            return Err(PortError::retry("the platform is shutting down; try again when infra-chat is back"));
        }
        Ok(())
    }

    /// The environment, if it was ever shaped.
    pub(super) fn environment(&self, key: &EnvironmentKey) -> Option<Arc<Environment>> {
        locked(&self.environments).get(key).cloned()
    }

    /// The environment, made if it is not there.
    pub(super) fn environment_ensure(&self, key: &EnvironmentKey) -> Result<Arc<Environment>, PortError> {
        self.open_check()?;
        if let Some(environment) = self.environment(key) {
            return Ok(environment);
        }
        let environment = Arc::new(Environment::load(&self.root, key)?);
        for inside in ["config", "logs", "components", "pids"] {
            folder_ensure(&environment.folder.join(inside))?;
        }
        Ok(Arc::clone(locked(&self.environments).entry(key.clone()).or_insert(environment)))
    }

    /// All environments.
    pub(super) fn environments(&self) -> Vec<Arc<Environment>> {
        locked(&self.environments).values().cloned().collect()
    }

    /// Tells the edge which instances of a release may get requests.
    pub(super) fn backends_tell(&self, environment: &Environment, service: &ServiceName, release: u32) {
        let _in_order = locked(&environment.telling);
        let handles = environment.handles_of(service, release);
        let instances = Instances {
            healthy: handles.iter().filter_map(|handle| handle.serving()).collect(),
            failing: handles.iter().filter_map(|handle| handle.failing()).collect(),
        };
        let health = handles.iter().find_map(|handle| handle.health.as_deref());
        self.edge.backends_set(&environment.key, service, release, instances, health);
    }

    /// Remembers that the edge listens for a service, so that preflight doesn't take it for a stranger.
    pub(super) fn listening_note(&self, key: &EnvironmentKey, service: &ServiceName, address: &str) {
        locked(&self.listening).insert((key.clone(), service.clone()), address.to_owned());
    }

    /// The edge listens for a service no more.
    pub(super) async fn listening_end(&self, key: &EnvironmentKey, service: &ServiceName) {
        locked(&self.listening).remove(&(key.clone(), service.clone()));
        self.edge.leave(key, service).await;
    }

    /// A free port of 127.0.0.1 that none of our instances has; `before` again if it is still free.
    pub(super) fn port_take(&self, before: Option<u16>) -> Result<SocketAddr, PortError> {
        let mut taken = locked(&self.ports);
        let free =
            |port: u16| TcpListener::bind(("127.0.0.1", port)).and_then(|listener| listener.local_addr());
        let again = before.filter(|port| taken.contains(port)).and_then(|port| free(port).ok());
        if let Some(address) = again {
            return Ok(address);
        }
        if let Some(port) = before {
            taken.remove(&port);
        }
        for _ in 0..PORT_TRIES {
            if let Ok(address) = free(0)
                && taken.insert(address.port())
            {
                return Ok(address);
            }
        }
        Err(PortError::retry("no free port was found on 127.0.0.1"))
    }

    /// Gives a port back.
    pub(super) fn port_free(&self, port: Option<u16>) {
        if let Some(port) = port {
            locked(&self.ports).remove(&port);
        }
    }
}
