//! A replica on a shared database, beside the host of the same data folder: it hears people over HTTP and carries runs out like the
//! host does. What only the host can do, because processes and edge are its own, it asks the host for. When the host ends, it
//! makes room for a host in its own program.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use adapters::local::edge::LATENCY_BOUNDS_MS;
use adapters::prometheus::Sources;
use anyhow::Context as _;
use chat::Desk;
use engine::control::Engine;
use engine::ports::Ports;
use engine::ports::far::Far;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Holder, HostLock, Parts, tenure};
use crate::config::Config;
use crate::host::Guest;
use crate::serve::Worker;

/// Between two looks whether the host is alive.
const LOOK: Duration = Duration::from_millis(200);
/// How long a host may take to say that it is alive.
const ANSWER: Duration = Duration::from_secs(1);
/// Looks in a row without an answer after which a host is taken for stalled: about as long as a lease.
const SILENT_MAX: u32 = 12;
/// How long the moves that are under way may take when the host is gone, or the program ends.
const WORKER_CLOSE: Duration = Duration::from_secs(10);
/// How long the database may take to close.
const STORE_CLOSE: Duration = Duration::from_secs(3);

/// The running replica.
pub(crate) struct Member {
    engine: Engine,
    desk: Arc<Desk>,
    host: Guest,
    worker: JoinHandle<()>,
    stop: CancellationToken,
    _place: HostLock,
}

impl Member {
    /// Opens it beside the host of the data folder; nothing when that one ends meanwhile.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Option<Self>> {
        let gone = || !HostLock::is_taken(&config.data_dir);
        let Some(host) = Guest::connect(&config.data_dir, gone).await? else { return Ok(None) };
        let (place, number) = HostLock::replica_take(&config.data_dir)?;
        let mut parts = Parts::open(config, true).await?;
        parts.replica = format!("{}-{number}", parts.replica);
        let bounds_ms = LATENCY_BOUNDS_MS.map(|bound_ms| u32::try_from(bound_ms).unwrap_or(u32::MAX));
        let far = match Far::open(Arc::new(host.clone()), bounds_ms.to_vec()).await {
            Ok(far) => Arc::new(far),
            Err(_) if gone() => return Ok(None),
            Err(error) => return Err(error).context("can't share the runs of the host"),
        };
        let (prometheus, messenger) = (parts.prometheus(config)?, parts.messenger(config)?);
        let (accounts, ci) = (parts.accounts(config), parts.ci(config));
        let engine = parts.engine(Ports {
            platform: far.clone(),
            edge: far.clone(),
            signals: Arc::new(Sources { edge: far.clone(), prometheus }),
            code: far.clone(),
            database: far,
            messenger,
            accounts,
            ci,
        });
        let stop = CancellationToken::new();
        tokio::spawn(tenure::secrets_learn(engine.clone(), stop.child_token()));
        let (work, ends) = (engine.clone(), stop.child_token());
        let worker = tokio::spawn(async move { work.work(ends).await });
        let desk = Arc::new(Desk::new(engine.clone()));
        Ok(Some(Self { engine, desk, host, worker, stop, _place: place }))
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where people are heard.
    pub(crate) fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Tells why nothing moves; nothing while the worker is at work.
    pub(crate) fn worker_watch(&self) -> Worker {
        let (worker, full) = (self.worker.abort_handle(), self.engine.store().full());
        Arc::new(move || {
            if worker.is_finished() {
                return Some("the worker has stopped; start infra-chat again".to_owned());
            }
            full.borrow().is_some().then(|| "runs wait until there is room on the database's disk".to_owned())
        })
    }

    /// Returns when the host has ended. One that does not answer any more for as long as a lease lasts is ended: nobody reaches its
    /// services through its edge, and nobody else can have them while it lives.
    pub(crate) async fn host_gone(&self, data_dir: &Path) {
        let mut silent = 0;
        while HostLock::is_taken(data_dir) {
            match tokio::time::timeout(ANSWER, self.host.ping()).await {
                Err(_) => silent += 1,
                Ok(_) => silent = 0,
            }
            if silent >= SILENT_MAX {
                silent = 0;
                self.host_end(data_dir).await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends a host that has stalled. Only what both holds the lock, by its own word, and listens at the socket, by the system's.
    async fn host_end(&self, data_dir: &Path) {
        let (Some(holder), Some(listening)) = (Holder::read(data_dir), self.host.listening().await) else {
            return;
        };
        let pid = i32::try_from(listening).ok().and_then(rustix::process::Pid::from_raw);
        let (true, Some(pid)) = (holder.pid == listening, pid) else { return };
        tracing::warn!(
            "{holder} does not answer any more, nor does the edge: it is ended, and this one takes its place"
        );
        if let Err(error) = rustix::process::kill_process(pid, rustix::process::Signal::KILL) {
            tracing::warn!(%error, "{holder} can't be ended; end it by hand");
        }
    }

    /// Ends everything in order, and gives its runs back to whoever shares them.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        if tokio::time::timeout(WORKER_CLOSE, self.worker).await.is_err() {
            tracing::warn!("the worker did not end in time; its runs go on with the next replica");
        }
        if tokio::time::timeout(STORE_CLOSE, self.engine.store().close()).await.is_err() {
            tracing::warn!("the database did not close in time; what was committed stands");
        }
    }
}
