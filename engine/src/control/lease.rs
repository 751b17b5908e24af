//! The runs this engine carries out: in a database that replicas share, those it holds the lease of.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio_util::sync::CancellationToken;

use super::Engine;
use crate::clock::Clock;
use crate::model::RunId;
use crate::store::StoreError;

/// How long a replica may be silent before another takes its runs over.
const LEASE_MS: i64 = 15_000;
/// How often a replica says that it is alive: thrice in the life of a lease.
const RENEWED_MS: i64 = 5_000;
/// Nothing is done outside under a lease that has less than this left: clocks differ, and doing takes time.
const MARGIN_MS: i64 = 3_000;

/// The right to carry out a run.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    fence: Option<i64>,
    until: Arc<Until>,
    lost: CancellationToken,
}

/// When a lease runs out, by both of the engine's clocks: the wall clock may be put back, and then says too much.
#[derive(Debug)]
struct Until {
    at_ms: AtomicI64,
    passed_ms: AtomicI64,
}

impl Until {
    /// A lease's whole life from now on. Read before the database is asked.
    fn from_now(clock: &dyn Clock) -> Self {
        let passed_ms = AtomicI64::new(clock.passed_ms() + LEASE_MS);
        Self { at_ms: AtomicI64::new(clock.now_ms() + LEASE_MS), passed_ms }
    }

    fn put(&self, later: &Self) {
        self.at_ms.store(later.at_ms.load(Ordering::Relaxed), Ordering::Relaxed);
        self.passed_ms.store(later.passed_ms.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Whether so much of it is left, whichever clock is asked.
    fn has_left(&self, clock: &dyn Clock, left_ms: i64) -> bool {
        clock.now_ms() + left_ms <= self.at_ms.load(Ordering::Relaxed)
            && clock.passed_ms() + left_ms <= self.passed_ms.load(Ordering::Relaxed)
    }
}

impl Lease {
    /// What every write of the run must show; absent where there is nobody to lose the run to.
    pub(super) fn fence(&self) -> Option<i64> {
        self.fence
    }

    /// Whether the run is surely ours for a while. When it is not, somebody else may be doing the same, and theirs counts.
    fn check(&self, clock: &dyn Clock) -> Result<(), StoreError> {
        let sure = !self.lost.is_cancelled() && self.until.has_left(clock, MARGIN_MS);
        if self.fence.is_none() || sure { Ok(()) } else { Err(StoreError::Fenced) }
    }

    /// Does something outside for as long as the run is surely ours. A process that stalls in the midst of it does not go on
    /// with it when it wakes up too late.
    pub(super) async fn acting<T>(
        &self,
        clock: &dyn Clock,
        act: impl Future<Output = T>,
    ) -> Result<T, StoreError> {
        let mut act = pin!(act);
        poll_fn(|context| match self.check(clock) {
            Ok(()) => act.as_mut().poll(context).map(Ok),
            Err(lost) => Poll::Ready(Err(lost)),
        })
        .await
    }

    /// Returns when it is lost.
    pub(super) async fn lost(&self) {
        self.lost.cancelled().await;
    }
}

/// The leases an engine holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Leases(Arc<Mutex<HashMap<RunId, Lease>>>);

impl Leases {
    fn all(&self) -> MutexGuard<'_, HashMap<RunId, Lease>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lease of a run, when it is ours.
    pub(super) fn of(&self, run: &RunId) -> Option<Lease> {
        self.all().get(run).cloned()
    }

    /// Forgets a lease that is lost, or that needs no giving back because the run is over.
    pub(super) fn forget(&self, run: &RunId) {
        self.all().remove(run);
    }

    fn fenced(&self) -> Vec<(RunId, i64)> {
        self.all().iter().filter_map(|(run, lease)| Some((run.clone(), lease.fence?))).collect()
    }
}

impl Engine {
    /// Leases what is free, oldest first; at most so many, so that other replicas get their share.
    pub(super) async fn leases_take(
        &self,
        leases: &Leases,
        limit: i64,
    ) -> Result<Vec<(RunId, Lease)>, StoreError> {
        let held: Vec<RunId> = leases.all().keys().cloned().collect();
        let now_ms = self.now_ms();
        let until = Until::from_now(&*self.parts.clock);
        let until_ms = until.at_ms.load(Ordering::Relaxed);
        let taken = self.store().run_lease(&self.parts.replica, &held, now_ms, until_ms, limit).await?;
        let passed_ms = until.passed_ms.into_inner();
        let mut all = leases.all();
        let taken = taken.into_iter().map(|leased| {
            let (mine, lost) =
                (Until { at_ms: until_ms.into(), passed_ms: passed_ms.into() }, CancellationToken::new());
            (leased.run, Lease { fence: leased.fence, until: Arc::new(mine), lost })
        });
        Ok(taken.inspect(|(run, lease)| drop(all.insert(run.clone(), lease.clone()))).collect())
    }

    /// Gives back leases whose runs are not over, so that whoever comes next need not wait until they run out.
    pub(super) async fn leases_give_back(&self, leases: &Leases, run: Option<&RunId>) {
        let mut held = leases.fenced();
        held.retain(|(one, _)| run.is_none_or(|run| run == one));
        if !held.is_empty()
            && let Err(error) = self.store().run_lease_release(&self.parts.replica, &held).await
        {
            tracing::warn!(%error, "can't give leases back; they run out by themselves");
        }
        leases.all().retain(|one, _| run.is_some_and(|run| run != one));
    }

    /// Keeps leases until told to stop.
    pub(super) async fn leases_keep(self, leases: Leases, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = self.parts.clock.wait_until(self.now_ms() + RENEWED_MS) => {}
                () = stop.cancelled() => return,
            }
            self.leases_renew(&leases).await;
        }
    }

    async fn leases_renew(&self, leases: &Leases) {
        let held = leases.fenced();
        if held.is_empty() {
            return;
        }
        let until = Until::from_now(&*self.parts.clock);
        let until_ms = until.at_ms.load(Ordering::Relaxed);
        let kept = self.store().run_lease_renew(&self.parts.replica, &held, until_ms).await;
        if let Err(error) = &kept {
            tracing::debug!(%error, "can't keep leases");
        }
        let all = leases.all();
        for (run, fence) in held {
            // A lease taken meanwhile is another one.
            let Some(lease) = all.get(&run).filter(|lease| lease.fence == Some(fence)) else { continue };
            match &kept {
                Ok(kept) if kept.contains(&run) => lease.until.put(&until),
                Ok(_) => {
                    tracing::info!(%run, "another replica has taken this run over");
                    lease.lost.cancel();
                }
                Err(_) if !lease.until.has_left(&*self.parts.clock, 1) => lease.lost.cancel(),
                Err(_) => {}
            }
        }
    }
}
