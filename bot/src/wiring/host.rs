//! The program that runs the services: engine, worker, platform, edge, and the socket at which other programs of the same
//! data folder ask. Opened in order, closed in the reverse one.

use std::sync::Arc;
use std::time::Duration;

use adapters::git::GitHost;
use adapters::local::edge::EdgeProxy;
use adapters::local::{LocalConfig, LocalDatabase, LocalPlatform};
use adapters::prometheus::Sources;
use anyhow::Context as _;
use chat::{Desk, References, Texter};
use engine::control::Engine;
use engine::ports::{ByEnvironment, EnvironmentPorts, Ports, SecretSource};
use engine::store::StoreError;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::providers::Providers;
use super::tenure::{self, Standing};
use super::{HostLock, Parts, sample_ensure};
use crate::config::Config;
use crate::host::{Listener, Served};
use crate::serve::Worker;

/// The local platform's folder within the data folder.
const PLATFORM_FOLDER: &str = "local";
/// The edge's weights within the data folder.
const EDGE_FILE: &str = "edge.json";
/// How long requests under way at the edge may take to end when the program ends.
const EDGE_CLOSE: Duration = Duration::from_secs(3);
/// How long the worker may take to finish the moves it is in. A build goes on being watched by the next start.
const WORKER_CLOSE: Duration = Duration::from_secs(10);
/// How long the database may take to close: somebody may still be reading.
const STORE_CLOSE: Duration = Duration::from_secs(3);

/// The running host.
pub(crate) struct Host {
    engine: Engine,
    desk: Arc<Desk>,
    references: References,
    platform: Arc<LocalPlatform>,
    edge: Arc<EdgeProxy>,
    worker: JoinHandle<()>,
    listener: Listener,
    stop: CancellationToken,
    standing: watch::Receiver<Standing>,
    sample_made: bool,
    _lock: HostLock,
}

/// What a host does about a database without any project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sample {
    /// Makes and imports the sample project.
    Made,
    /// Leaves it empty.
    Left,
    /// There was one a moment ago: one that is not there is lost, not new.
    Kept,
}

/// Another program hosts the database.
#[derive(Debug)]
struct Claimed {
    database: String,
}

impl std::fmt::Display for Claimed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "another infra-chat runs services on this database ({}), and there is one host per database: end that one \
             first, or set DATABASE_URL to a database of its own",
            self.database
        )
    }
}

impl std::error::Error for Claimed {}

/// Whether a host may be opened later: it was the database that can't be had now.
pub(crate) fn database_is_away(error: &anyhow::Error) -> bool {
    let store = error.downcast_ref::<StoreError>();
    let away = store.is_some_and(|error| error.may_pass() || matches!(error, StoreError::Open { .. }));
    away || error.is::<Claimed>()
}

impl Host {
    /// Opens everything; `progress` is told what is being done.
    pub(crate) async fn open(
        config: &Config,
        lock: HostLock,
        sample: Sample,
        progress: &(dyn Fn(&str) + Sync),
    ) -> anyhow::Result<Self> {
        progress("opening the database");
        let parts = Parts::open(config, sample == Sample::Kept).await?;
        let Some(claim) = parts.store.host_claim().await? else {
            return Err(Claimed { database: config.database.shown() }.into());
        };
        let vault: Arc<dyn SecretSource> = parts.vault.clone();
        let git = GitHost::new(&config.data_dir).with_secrets(Arc::clone(&vault));
        let git = Arc::new(git.with_stand_ins(config.stand_ins.repositories.clone()));
        let edge = EdgeProxy::open(config.data_dir.join(EDGE_FILE))?;
        progress("starting the services");
        let root = config.data_dir.join(PLATFORM_FOLDER);
        let program = std::env::current_exe().context("can't tell where this program is")?;
        let mut local = LocalConfig::new(root.clone(), program, Arc::clone(&parts.redactor));
        local.clock = Arc::clone(&parts.clock);
        if let Some(builds_kept) = config.builds_kept {
            local.builds_kept = builds_kept;
        }
        let platform = LocalPlatform::open(local, Arc::clone(&git), edge.clone(), Arc::clone(&vault))
            .await
            .context("can't start the platform")?;
        let database =
            LocalDatabase::new(&root, Arc::clone(&parts.clock), vault.clone(), Arc::clone(&parts.redactor));
        let (prometheus, messenger) = (parts.prometheus(config)?, parts.messenger(config)?);
        let (accounts, ci) = (parts.accounts(config), parts.ci(config));
        let here = EnvironmentPorts {
            platform: platform.clone(),
            edge: edge.clone(),
            signals: Arc::new(Sources { edge: edge.clone(), prometheus }),
        };
        let by_environment =
            Arc::new(ByEnvironment::new(here, Arc::new(Providers::new(config, &parts, vault, git.clone()))));
        let engine = parts.engine(Ports {
            platform: by_environment.clone(),
            edge: by_environment.clone(),
            signals: by_environment,
            code: git,
            database: Arc::new(database),
            messenger,
            accounts,
            ci,
        });
        // Before others are let in: who speaks, and what there is to speak about, depends on it.
        let sample_made =
            sample == Sample::Made && sample_ensure(&engine, &config.data_dir, progress).await?;
        let desk = Arc::new(Desk::new(engine.clone()));
        let stop = CancellationToken::new();
        let references = References::default();
        let served =
            Served { engine: engine.clone(), desk: Arc::clone(&desk), references: references.clone() };
        let texter = Texter::open(engine.clone(), config.texts_link.clone()).await?;
        let listener = Listener::open(&config.data_dir, served, stop.child_token())?;
        tokio::spawn(tenure::room_await(engine.clone(), stop.child_token()));
        tokio::spawn(tenure::secrets_learn(engine.clone(), stop.child_token()));
        tokio::spawn(texter.work(stop.child_token()));
        let (stands, standing) = watch::channel(Standing::Working);
        let worker = tokio::spawn(tenure::hold(engine.clone(), claim, stop.child_token(), stands));
        Ok(Self {
            engine,
            desk,
            references,
            platform,
            edge,
            worker,
            listener,
            stop,
            standing,
            sample_made,
            _lock: lock,
        })
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where people are heard.
    pub(crate) fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// The refs of the project's repository.
    pub(crate) fn references(&self) -> &References {
        &self.references
    }

    /// Whether the sample project was made just now.
    pub(crate) fn sample_made(&self) -> bool {
        self.sample_made
    }

    /// Tells whether runs are carried out, and why not.
    pub(crate) fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// Tells why nothing moves; nothing while the worker is at work.
    pub(crate) fn worker_watch(&self) -> Worker {
        let (worker, standing) = (self.worker.abort_handle(), self.standing.clone());
        let full = self.engine.store().full();
        Arc::new(move || match &*standing.borrow() {
            _ if worker.is_finished() => Some("the worker has stopped; start infra-chat again".to_owned()),
            Standing::Working if full.borrow().is_some() => {
                Some("runs wait until there is room on the database's disk".to_owned())
            }
            Standing::Working => None,
            // The log says why; whoever asks here need not be one of ours.
            Standing::Waiting(_) => Some("runs wait until the database is this host's again".to_owned()),
        })
    }

    /// Ends everything in order. What should run stays written down, and the next host starts it again.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.listener.close().await;
        if tokio::time::timeout(WORKER_CLOSE, self.worker).await.is_err() {
            tracing::warn!("the worker did not end in time; its run goes on at the next start");
        }
        self.platform.close().await;
        self.edge.close(EDGE_CLOSE).await;
        // Last, for all the others write to it to the end.
        if tokio::time::timeout(STORE_CLOSE, self.engine.store().close()).await.is_err() {
            tracing::warn!("the database did not close in time; what was committed stands");
        }
    }
}
