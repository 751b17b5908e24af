#![doc = include_str!("README.md")]

mod aside;
mod backend;
mod body;
mod counts;
mod cycle;
mod drain;
mod forward;
mod headers;
mod lanes;
mod listener;
mod options;
mod past;
mod port;
mod probe;
mod reply;
mod seconds;
mod service;
mod stall;
mod state;
mod sticky;
mod table;
mod upgrade;
mod upstream;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use engine::model::{EnvironmentKey, ServiceName, Sticky};
use engine::ports::{PortError, Weight};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use counts::{LATENCY_BOUNDS_MS, LATENCY_BUCKETS, ReleaseCounts};
pub use options::{
    CONNECT_TIMEOUT, CONNECTIONS_MAX, EdgeOptions, HEAD_MAX_BYTES, HEAD_TIMEOUT, RESPONSE_TIMEOUT,
    STALL_TIMEOUT,
};
use past::{PAST_EVERY, PastFile};
use seconds::KEPT_S;
use service::{Service, second_now};
use state::{StateFile, Weights};

use super::backends::Instances;

/// How long a probe waits for the whole answer.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long connections get to notice that the edge has been closed on them.
const CLOSE_GRACE: Duration = Duration::from_secs(1);

/// What services answered is kept in a file called like that of the weights, with this ending.
const PAST_EXTENSION: &str = "past.json";

/// Services that nobody reaches, and why, in words.
pub type Deaf = BTreeMap<(EnvironmentKey, ServiceName), String>;

/// The edge: see the module's documentation.
#[derive(Debug)]
pub struct EdgeProxy {
    shared: Arc<Shared>,
}

/// What all of the edge's tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    options: EdgeOptions,
    services: RwLock<BTreeMap<(EnvironmentKey, ServiceName), Arc<Service>>>,
    state: StateFile,
    past: PastFile,
    /// The weights as they are on disk; held while they are written, so that writes are in order.
    saved: Mutex<Weights>,
    /// Services that should be reached at an address that can't be had, and why.
    deaf: watch::Sender<Deaf>,
    /// Lets one address at a time be opened, so that asking twice at once opens one.
    opening: tokio::sync::Mutex<()>,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    closing: CancellationToken,
    cut: CancellationToken,
}

impl EdgeProxy {
    /// Opens the edge with the weights kept in a file, which need not be there yet; what services answered lately is kept
    /// beside it. It listens nowhere so far. Works within a Tokio runtime.
    pub fn open(state_file: PathBuf) -> Result<Arc<Self>, PortError> {
        Self::open_with(state_file, EdgeOptions::default())
    }

    /// Opens the edge with options.
    pub fn open_with(state_file: PathBuf, options: EdgeOptions) -> Result<Arc<Self>, PortError> {
        let past = PastFile::new(state_file.with_extension(PAST_EXTENSION));
        let before = past.load(second_now());
        let state = StateFile::new(state_file);
        let saved = state.load()?;
        let shared = Shared {
            places: Arc::new(Semaphore::new(options.connections_max.min(Semaphore::MAX_PERMITS))),
            options,
            services: RwLock::default(),
            state,
            past,
            saved: Mutex::new(saved.clone()),
            deaf: watch::Sender::default(),
            opening: tokio::sync::Mutex::default(),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            cut: CancellationToken::new(),
        };
        for ((environment, name), weights) in saved {
            shared.service(&environment, &name).table_mut().weights_set(&weights);
        }
        for ((environment, name), before) in before {
            shared.service(&environment, &name).table_mut().before_set(before);
        }
        let shared = Arc::new(shared);
        shared.tasks.spawn(Arc::clone(&shared).past_keep());
        Ok(Arc::new(Self { shared }))
    }

    /// Listens for a service on an address (`127.0.0.1:7401`). Asking again for the same address changes nothing; another
    /// address is opened before the earlier one is let go. Fails when the address can't be had, and says why; so does
    /// [`EdgeProxy::deaf`], until it can be had, when the service has no other.
    pub async fn listen(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        address: &str,
    ) -> Result<(), PortError> {
        let listens = self.listen_at(environment, service, address).await;
        let trouble = match &listens {
            Err(error) if self.address(environment, service).is_none() => Some(in_words(error)),
            _ => None,
        };
        self.trouble_note(environment, service, trouble.as_deref());
        listens
    }

    /// Listens for a service no more: its address is free, and requests that are under way end as they would.
    pub async fn leave(&self, environment: &EnvironmentKey, service: &ServiceName) {
        let _alone = self.shared.opening.lock().await;
        if let Some(found) = self.find(environment, service) {
            found.listener_end();
        }
        self.trouble_note(environment, service, None);
    }

    /// Tells which services nobody reaches, and when that changes.
    pub fn deaf(&self) -> watch::Receiver<Deaf> {
        self.shared.deaf.subscribe()
    }

    fn trouble_note(&self, environment: &EnvironmentKey, service: &ServiceName, trouble: Option<&str>) {
        self.shared.deaf.send_if_modified(|deaf| {
            let slot = (environment.clone(), service.clone());
            let before = deaf.get(&slot).cloned();
            match trouble {
                Some(why) => deaf.insert(slot, why.to_owned()),
                None => deaf.remove(&slot),
            };
            match (&before, trouble) {
                (None, Some(why)) => tracing::error!("{why}"),
                (Some(_), None) => tracing::info!(%environment, %service, "the edge listens again"),
                _ => {}
            }
            before.as_deref() != trouble
        });
    }

    async fn listen_at(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        address: &str,
    ) -> Result<(), PortError> {
        let wanted = listener::address_read(address, &self.shared.options)?;
        let _alone = self.shared.opening.lock().await;
        if self.shared.closing.is_cancelled() {
            return Err(PortError::fail("The edge is being closed and listens no more", ""));
        }
        let found = self.shared.service(environment, service);
        let there = found
            .listener()
            .as_ref()
            .is_some_and(|listener| listener.asked == address || listener.bound == wanted);
        if there {
            return Ok(());
        }
        self.taken_by_another(environment, service, wanted)?;
        let listener = listener::open(&self.shared, &found, address, wanted)?;
        found.listener_set(listener);
        Ok(())
    }

    /// Where a service listens.
    pub fn address(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<SocketAddr> {
        self.find(environment, service)?.listener().as_ref().map(|listener| listener.bound)
    }

    /// What keeps a service's clients with their release, from now on; nothing means their address.
    pub fn sticky_set(&self, environment: &EnvironmentKey, service: &ServiceName, sticky: Option<&Sticky>) {
        self.shared.service(environment, service).sticky_set(sticky);
    }

    /// The instances of a release, from now on. Those that are no longer named get no new request and finish what is open; an
    /// address that is being drained stays out until that is over. Those that fail their checks get requests only as long as no
    /// release with weight has a healthy one.
    pub fn backends_set(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        instances: &Instances,
    ) {
        self.shared.service(environment, service).table_mut().backends_set(
            release,
            instances,
            Instant::now(),
        );
    }

    /// The path at which a release's health is asked, from now on, as long as it has instances: such requests are nobody's
    /// evidence.
    pub fn health_set(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        path: Option<&str>,
    ) {
        self.shared.service(environment, service).table_mut().health_set(release, path);
    }

    /// Leaves instances alone: no new request goes to them, and it returns when the open ones (tunnels included) are
    /// done; those that are not after `at_most` are cut.
    pub async fn drain(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        addresses: &[SocketAddr],
        at_most: Duration,
    ) {
        if let Some(found) = self.find(environment, service) {
            drain::drain(&found, release, addresses, at_most).await;
        }
    }

    /// What each release of a service answered since the program started.
    pub fn counts(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> BTreeMap<u32, ReleaseCounts> {
        self.find(environment, service).map(|found| found.table().counts()).unwrap_or_default()
    }

    /// Closes the edge: no new connections, requests and tunnels under way get `at_most` to end, then they are cut.
    pub async fn close(&self, at_most: Duration) {
        self.shared.closing.cancel();
        self.shared.tasks.close();
        if timeout(at_most, self.shared.tasks.wait()).await.is_err() {
            self.shared.cut.cancel();
            let _all_noticed = timeout(CLOSE_GRACE, self.shared.tasks.wait()).await;
        }
        for service in self.shared.all() {
            service.table().all_backends().for_each(|backend| backend.cut());
        }
        self.shared.past_save().await;
    }

    fn find(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<Arc<Service>> {
        self.shared.find(environment, service)
    }

    /// Writes weights to disk, then lets them work. Runs to its end even if nobody waits for it any more, so that disk and
    /// table never disagree.
    async fn weights_store(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        weights: &[Weight],
    ) -> Result<(), PortError> {
        let shared = Arc::clone(&self.shared);
        let key = (environment.clone(), service.clone());
        let mut weights = weights.to_vec();
        weights.sort_by_key(|weight| weight.release);
        let stored = tokio::task::spawn_blocking(move || {
            let mut saved = shared.saved.lock().unwrap_or_else(PoisonError::into_inner);
            let mut next = saved.clone();
            if weights.is_empty() {
                next.remove(&key);
            } else {
                next.insert(key.clone(), weights.clone());
            }
            if *saved != next {
                shared.state.save(&next)?;
                *saved = next;
            }
            shared.service(&key.0, &key.1).table_mut().weights_set(&weights);
            Ok(())
        });
        stored.await.unwrap_or_else(|_| {
            Err(PortError::unknown(format!(
                "The weights of `{service}` of {environment} may not have been set"
            )))
        })
    }

    fn taken_by_another(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        wanted: SocketAddr,
    ) -> Result<(), PortError> {
        let has_it =
            |other: &Arc<Service>| other.listener().as_ref().is_some_and(|listener| listener.bound == wanted);
        match self.shared.all().iter().find(|other| has_it(other)) {
            Some(other) => Err(PortError::fail(
                format!(
                    "The edge can't listen on {wanted} for `{service}` of {environment}: `{}` of {} is there",
                    other.name, other.environment
                ),
                "Give one of the two another address.",
            )),
            None => Ok(()),
        }
    }
}

/// What happened and what to do about it.
fn in_words(error: &PortError) -> String {
    match error {
        PortError::Fail { what, hint } if !hint.is_empty() => format!("{what}. {hint}"),
        error => error.to_string(),
    }
}

impl Drop for EdgeProxy {
    /// Tasks hold what they need, so without this they would go on serving for nobody.
    fn drop(&mut self) {
        self.shared.closing.cancel();
        self.shared.cut.cancel();
    }
}

impl Shared {
    fn find(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<Arc<Service>> {
        let services = self.services.read().unwrap_or_else(PoisonError::into_inner);
        services.get(&(environment.clone(), service.clone())).cloned()
    }

    fn service(&self, environment: &EnvironmentKey, service: &ServiceName) -> Arc<Service> {
        if let Some(found) = self.find(environment, service) {
            return found;
        }
        let mut services = self.services.write().unwrap_or_else(PoisonError::into_inner);
        let key = (environment.clone(), service.clone());
        let made = || Arc::new(Service::new(environment.clone(), service.clone()));
        Arc::clone(services.entry(key).or_insert_with(made))
    }

    /// Keeps on disk what services answered, until the edge is closed.
    async fn past_keep(self: Arc<Self>) {
        while self.closing.run_until_cancelled(sleep(PAST_EVERY)).await.is_some() {
            self.past_save().await;
        }
    }

    /// Runs to its end even if nobody waits for it any more.
    async fn past_save(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        let saved = tokio::task::spawn_blocking(move || {
            let now_s = second_now();
            let of = |service: Arc<Service>| {
                let spans = service.table().spans(now_s - KEPT_S, now_s);
                ((service.environment.clone(), service.name.clone()), spans)
            };
            let past = shared.all().into_iter().map(of).filter(|(_, spans)| !spans.is_empty());
            shared.past.save(past.collect());
        });
        if let Err(error) = saved.await {
            tracing::warn!(%error, "what services answered was not kept");
        }
    }

    fn all(&self) -> Vec<Arc<Service>> {
        self.services.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
