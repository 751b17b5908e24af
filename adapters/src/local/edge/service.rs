//! One service of one environment at the edge: its table behind a lock, shared by everybody who serves it.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use engine::clock::{Clock, SystemClock};
use engine::model::{EnvironmentKey, ServiceName, Sticky};

use super::backend::Lease;
use super::listener::Listener;
use super::table::{Choice, Table};

/// The second that goes on, since 1970.
pub(crate) fn second_now() -> i64 {
    SystemClock.now_ms().div_euclid(1_000)
}

/// A service people reach through the edge.
#[derive(Debug)]
pub(crate) struct Service {
    /// Where it runs.
    pub(crate) environment: EnvironmentKey,
    /// What it is called.
    pub(crate) name: ServiceName,
    table: RwLock<Table>,
    listener: RwLock<Option<Listener>>,
    sticky: RwLock<Option<Arc<str>>>,
    /// The first second (since 1970) that was watched from its beginning.
    pub(crate) from_s: i64,
}

impl Service {
    /// A service with an empty table and no address.
    pub(crate) fn new(environment: EnvironmentKey, name: ServiceName) -> Self {
        Self {
            environment,
            name,
            table: RwLock::default(),
            listener: RwLock::default(),
            sticky: RwLock::default(),
            from_s: second_now() + 1,
        }
    }

    /// Who takes the next request, of the client in this slot or of nobody in particular.
    pub(crate) fn choose(&self, slot: Option<u8>, now: Instant) -> Choice {
        self.table().choose(slot, now)
    }

    /// Who takes a request that is no client's: a probe, or a health check at this path. Nothing when it is a client's.
    pub(crate) fn choose_aside(&self, path: &str, is_probe: bool, now: Instant) -> Option<Choice> {
        let table = self.table();
        (is_probe || table.is_health(path)).then(|| table.choose_aside(now))
    }

    /// The cookie its clients are known by, when they are known by one.
    pub(crate) fn sticky(&self) -> Option<Arc<str>> {
        self.sticky.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Knows its clients by this cookie from now on.
    pub(crate) fn sticky_set(&self, sticky: Option<&Sticky>) {
        let cookie = sticky.map(|sticky| Arc::from(sticky.cookie.as_str()));
        *self.sticky.write().unwrap_or_else(PoisonError::into_inner) = cookie;
    }

    /// Another instance of a release.
    pub(crate) fn another(&self, release: u32, avoid: SocketAddr, now: Instant) -> Option<Lease> {
        self.table().instance(release, Some(avoid), now)
    }

    /// The table, to look at.
    pub(crate) fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The table, to change. Requests wait for as long as this is held: never across an `await`.
    pub(crate) fn table_mut(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it listens.
    pub(crate) fn listener(&self) -> RwLockReadGuard<'_, Option<Listener>> {
        self.listener.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens here from now on; the listener before, when there was one, takes no more connections and lets go of the
    /// ones it has as their requests end.
    pub(crate) fn listener_set(&self, listener: Listener) {
        let before = self.listener.write().unwrap_or_else(PoisonError::into_inner).replace(listener);
        if let Some(before) = before {
            before.stop();
        }
    }

    /// Listens nowhere from now on.
    pub(crate) fn listener_end(&self) {
        if let Some(before) = self.listener.write().unwrap_or_else(PoisonError::into_inner).take() {
            before.stop();
        }
    }
}
