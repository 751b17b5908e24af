//! One instance the edge can send requests to: how many are open, which connections stand by, and how it is left alone.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::client::conn::http1::SendRequest;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::body::RequestBody;

/// A connection to a backend on which requests are sent, one after the other.
pub(crate) type Line = SendRequest<RequestBody>;

/// How long a connection may stand by. Shorter than the 2 s after which gunicorn, the most impatient of the common
/// servers, closes an idle connection: a request should not meet a closing door.
const STAND_BY: Duration = Duration::from_millis(1_500);

/// Most connections that stand by for one instance; a burst's further ones are closed.
const STAND_BY_MAX: usize = 64;

/// How long an instance that refused a connection is asked only if no other can be. Without it the instance with the
/// fewest open requests, which a dead one always is, would be everybody's first choice.
const REST: Duration = Duration::from_secs(1);

/// One instance of a release.
#[derive(Debug)]
pub(crate) struct Backend {
    /// The release it runs.
    pub(crate) release: u32,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    born: Instant,
    open: AtomicUsize,
    rests_until_ms: AtomicU64,
    lines: Mutex<Lines>,
    quiet: Notify,
    cut: CancellationToken,
}

#[derive(Debug, Default)]
struct Lines {
    retired: bool,
    standing_by: VecDeque<(Line, Instant)>,
}

impl Backend {
    /// An instance nobody has talked to yet.
    pub(crate) fn new(release: u32, address: SocketAddr, now: Instant) -> Arc<Self> {
        Arc::new(Self {
            release,
            address,
            born: now,
            open: AtomicUsize::new(0),
            rests_until_ms: AtomicU64::new(0),
            lines: Mutex::default(),
            quiet: Notify::new(),
            cut: CancellationToken::new(),
        })
    }

    /// Requests and tunnels open to it.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Whether it refused a connection a moment ago.
    pub(crate) fn rests(&self, now: Instant) -> bool {
        self.age_ms(now) < self.rests_until_ms.load(Ordering::Relaxed)
    }

    /// It refused a connection.
    pub(crate) fn rest(&self, now: Instant) {
        self.rests_until_ms.store(self.age_ms(now) + REST.as_millis() as u64, Ordering::Relaxed);
    }

    /// Opens a request to it.
    pub(crate) fn lease(self: &Arc<Self>) -> Lease {
        self.open.fetch_add(1, Ordering::AcqRel);
        Lease(Arc::clone(self))
    }

    /// A connection that stands by, the most recently used first.
    pub(crate) fn line_take(&self, now: Instant) -> Option<Line> {
        let mut lines = self.lines();
        while let Some((line, since)) = lines.standing_by.pop_back() {
            if now.saturating_duration_since(since) >= STAND_BY {
                // The others have waited even longer.
                lines.standing_by.clear();
            } else if !line.is_closed() {
                return Some(line);
            }
        }
        None
    }

    /// Puts a connection whose exchange is over to the others that stand by, unless nobody will come back for it.
    pub(crate) fn line_return(&self, line: Line, now: Instant) {
        let mut lines = self.lines();
        if lines.retired || line.is_closed() {
            return;
        }
        lines.standing_by.push_back((line, now));
        let too_many = lines.standing_by.len() > STAND_BY_MAX;
        let oldest_expired = lines.standing_by.front().is_some_and(|(oldest, since)| {
            oldest.is_closed() || now.saturating_duration_since(*since) >= STAND_BY
        });
        if too_many || oldest_expired {
            lines.standing_by.pop_front();
        }
    }

    /// No request will be opened any more: connections that stand by are closed, those in use close after their answer.
    pub(crate) fn retire(&self) {
        let mut lines = self.lines();
        lines.retired = true;
        lines.standing_by.clear();
    }

    /// Resolves once nothing is open.
    pub(crate) async fn quiet(&self) {
        loop {
            let mut quiet = std::pin::pin!(self.quiet.notified());
            // Listening has to begin before looking, or the last request could end in between.
            quiet.as_mut().enable();
            if self.open() == 0 {
                return;
            }
            quiet.await;
        }
    }

    /// Ends everything that is open to it, now.
    pub(crate) fn cut(&self) {
        self.retire();
        self.cut.cancel();
    }

    /// Resolves when everything open is to be ended.
    pub(crate) fn cut_signal(&self) -> CancellationToken {
        self.cut.clone()
    }

    fn age_ms(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.born).as_millis() as u64
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open request or tunnel to a backend; dropping it says that it is over.
#[derive(Debug)]
pub(crate) struct Lease(Arc<Backend>);

impl Lease {
    /// Where it is open to.
    pub(crate) fn backend(&self) -> &Arc<Backend> {
        &self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.quiet.notify_waiters();
        }
    }
}
