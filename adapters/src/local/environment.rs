//! One environment on this machine: what is wanted (on disk) and what is there (instances).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::clock::EpochMs;
use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::{Crashes, Instance, InstanceState, PortError};
use tokio_util::sync::CancellationToken;

use super::desired::{Desired, Slot};
use super::files::{json_read, json_write};

/// An environment.
pub(super) struct Environment {
    pub(super) key: EnvironmentKey,
    pub(super) folder: PathBuf,
    pub(super) desired: tokio::sync::Mutex<Desired>,
    handles: Mutex<BTreeMap<Slot, Arc<Handle>>>,
    /// Held while the edge is told, so that it hears of changes in their order.
    pub(super) telling: Mutex<()>,
}

/// One instance, as its watching task sees it.
pub(super) struct Handle {
    pub(super) slot: Slot,
    /// The path at which its health is asked.
    pub(super) health: Option<String>,
    pub(super) status: Mutex<Status>,
    /// Ends the process and the task.
    pub(super) stop: CancellationToken,
    /// The process is gone and so is the task.
    pub(super) done: CancellationToken,
    /// Starts again after giving up.
    pub(super) revive: tokio::sync::Notify,
    draining: AtomicBool,
}

/// What is known of an instance.
#[derive(Debug, Clone)]
pub(super) struct Status {
    pub(super) pid: Option<i32>,
    pub(super) address: Option<SocketAddr>,
    pub(super) state: InstanceState,
    pub(super) started_ms: EpochMs,
    pub(super) crashes: Option<Crashes>,
    /// It was healthy since it was started.
    pub(super) proved: bool,
}

impl Handle {
    pub(super) fn new(slot: Slot, health: Option<String>, now_ms: EpochMs) -> Self {
        let state = InstanceState::Starting { last: "not started yet".to_owned() };
        Self {
            slot,
            health,
            status: Mutex::new(Status {
                pid: None,
                address: None,
                state,
                started_ms: now_ms,
                crashes: None,
                proved: false,
            }),
            stop: CancellationToken::new(),
            done: CancellationToken::new(),
            revive: tokio::sync::Notify::new(),
            draining: AtomicBool::new(false),
        }
    }

    pub(super) fn status(&self) -> Status {
        locked(&self.status).clone()
    }

    pub(super) fn drain_begin(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Where requests may be sent: only to a healthy instance that is not on its way out.
    pub(super) fn serving(&self) -> Option<SocketAddr> {
        let status = locked(&self.status);
        let healthy = matches!(status.state, InstanceState::Healthy { .. });
        status.address.filter(|_| healthy && !self.draining.load(Ordering::SeqCst))
    }

    /// Where one is reached that was healthy, still runs, and fails its checks by now.
    pub(super) fn failing(&self) -> Option<SocketAddr> {
        let status = locked(&self.status);
        let fails = matches!(status.state, InstanceState::Starting { .. } | InstanceState::Unhealthy { .. });
        let reached = status.proved && fails && !self.draining.load(Ordering::SeqCst);
        status.address.filter(|_| reached)
    }
}

impl Environment {
    /// Reads what is wanted, if it was ever written.
    pub(super) fn load(root: &Path, key: &EnvironmentKey) -> Result<Self, PortError> {
        let folder = folder_of(root, key);
        let desired = json_read(&folder.join("desired.json"))?.unwrap_or_default();
        Ok(Self {
            key: key.clone(),
            folder,
            desired: tokio::sync::Mutex::new(desired),
            handles: Mutex::default(),
            telling: Mutex::default(),
        })
    }

    /// Changes what is wanted: on disk first, then here.
    pub(super) async fn change<T: Send>(
        &self,
        change: impl FnOnce(&mut Desired) -> Result<T, PortError> + Send,
    ) -> Result<T, PortError> {
        let mut desired = self.desired.lock().await;
        let mut next = desired.clone();
        let told = change(&mut next)?;
        if next != *desired {
            json_write(&self.folder.join("desired.json"), &next).await?;
            *desired = next;
        }
        Ok(told)
    }

    pub(super) fn log_path(
        &self,
        service: &ServiceName,
        release: u32,
        what: impl std::fmt::Display,
    ) -> PathBuf {
        self.folder.join("logs").join(format!("{service}@{release}.{what}.log"))
    }

    pub(super) fn handle(&self, slot: &Slot) -> Option<Arc<Handle>> {
        locked(&self.handles).get(slot).cloned()
    }

    /// Adds a handle; gives back the one that is there already, if so.
    pub(super) fn handle_add(&self, handle: Arc<Handle>) -> Option<Arc<Handle>> {
        let mut handles = locked(&self.handles);
        if let Some(present) = handles.get(&handle.slot) {
            return Some(Arc::clone(present));
        }
        handles.insert(handle.slot.clone(), handle);
        None
    }

    pub(super) fn handle_remove(&self, slot: &Slot) {
        locked(&self.handles).remove(slot);
    }

    /// All instances there are, wanted or on their way out.
    pub(super) fn handles(&self) -> Vec<Arc<Handle>> {
        locked(&self.handles).values().cloned().collect()
    }

    /// The instances of one release of one service.
    pub(super) fn handles_of(&self, service: &ServiceName, release: u32) -> Vec<Arc<Handle>> {
        let mut handles = self.handles();
        handles.retain(|handle| handle.slot.service == *service && handle.slot.release == release);
        handles
    }

    /// The address of an instance of a service: a serving one of the newest release, else any.
    pub(super) fn any_address(&self, service: &str) -> Option<SocketAddr> {
        let mut handles = self.handles();
        handles.retain(|handle| handle.slot.service.as_str() == service);
        let serving = handles.iter().rev().find_map(|handle| handle.serving());
        serving.or_else(|| handles.iter().rev().find_map(|handle| handle.status().address))
    }
}

/// An instance as the engine wants to see it.
pub(super) fn instance_shown(handle: &Handle) -> Instance {
    let status = handle.status();
    Instance {
        index: handle.slot.index,
        handle: status.pid.map(|pid| pid.to_string()).unwrap_or_default(),
        address: status.address.map(|address| address.to_string()).unwrap_or_default(),
        state: status.state,
        started_ms: status.started_ms,
        built_ms: None,
        crashes: status.crashes,
    }
}

/// Where an environment is kept.
pub(super) fn folder_of(root: &Path, key: &EnvironmentKey) -> PathBuf {
    root.join("environments").join(key.project.as_str()).join(key.environment.as_str())
}

/// A lock whose holder panicked guards plain data that is still good.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
