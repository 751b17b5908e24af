//! Replicas: two programs on one database, of which one may stall in the midst of a call, beyond its lease, or die there.

use std::pin::Pin;
use std::sync::Arc;

use adapters::sim::{Call, Fault, FaultKind, World};
use engine::clock::{Clock, EpochMs, ManualClock};
use engine::control::{Engine, Refusal};

use crate::event::Death;
use crate::ground::Ground;
use crate::life::{Broken, Kept, Life};

/// Longer than any lease: how long the call takes in which somebody stalls.
const AGES_MS: i64 = 60_000;
/// How long what it has is its own.
const LEASE_MS: i64 = 15_000;
/// Looks, of which one must see that somebody stalls or is done.
const LOOKS_MAX: usize = 2_000_000;

type Tick = Pin<Box<dyn Future<Output = Result<Option<EpochMs>, Refusal>>>>;

/// A program of several on one database.
pub(crate) struct Replica {
    pub(crate) name: &'static str,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
    /// What it is in the midst of, and when the answer comes that it waits for.
    stalled: Option<(Tick, EpochMs)>,
}

impl Replica {
    pub(crate) fn new(
        ground: &Ground,
        world: &Arc<World>,
        name: &'static str,
        clock: Arc<ManualClock>,
    ) -> Self {
        Self { name, engine: ground.engine(world, &clock, name), clock, stalled: None }
    }

    pub(crate) fn stalls(&self) -> bool {
        self.stalled.is_some()
    }
}

impl Life<'_> {
    /// One works, and stalls in that call; whether it came to that. Its clock stands still from then on.
    pub(crate) async fn stalls(&mut self, at: usize, call: Call, nth: u32) -> Kept<bool> {
        if self.replicas.iter().any(Replica::stalls) {
            return Ok(false);
        }
        let slow = Fault::of(call, FaultKind::SlowMs(AGES_MS)).nth(nth);
        self.world.fault(slow.clone());
        let engine = self.replicas[at].engine.clone();
        let mut tick: Tick = Box::pin(async move { engine.tick().await });
        let until_ms = self.now_ms() + AGES_MS;
        for _ in 0..LOOKS_MAX {
            let worked = tokio::select! {
                biased;
                worked = &mut tick => Some(worked),
                () = tokio::task::yield_now() => None,
            };
            if let Some(worked) = worked {
                self.world.fault_end(&slow);
                return self.has_worked(worked).map(|_| false);
            }
            if !self.world.faults_unstruck().contains(&slow) {
                self.replicas[at].stalled = Some((tick, until_ms));
                self.leased_until_ms = self.now_ms() + LEASE_MS;
                return Ok(true);
            }
        }
        Err(Broken::new("the program works", "it neither stalls nor is done"))
    }

    /// What working came to: as at work, a move that failed is tried again.
    pub(crate) fn has_worked(&self, worked: Result<Option<EpochMs>, Refusal>) -> Kept<Option<EpochMs>> {
        match worked {
            Ok(due_ms) => Ok(due_ms),
            Err(Refusal::Port { .. }) if self.faulty => Ok(Some(self.now_ms() + 1_000)),
            Err(refusal) => Err(Broken::new("the program works", format!("a tick failed: {refusal:?}"))),
        }
    }

    /// Whoever stalls gets the answer it waits for, finds that time has passed, and goes on where it was.
    pub(crate) async fn wakes(&mut self) -> Kept {
        let Some(at) = self.replicas.iter().position(Replica::stalls) else { return Ok(()) };
        let until_ms = self.replicas[at].stalled.as_ref().map_or(0, |(_, until_ms)| *until_ms);
        if until_ms > self.now_ms() {
            self.works_until(until_ms).await?;
        }
        let Some((tick, _)) = self.replicas[at].stalled.take() else { return Ok(()) };
        let clock = &self.replicas[at].clock;
        clock.advance(self.clock.now_ms() - clock.now_ms());
        let worked = tick.await;
        self.has_worked(worked).map(drop)
    }

    /// One of two works and dies in the midst of something, and is started again later or at once, by the same name or another.
    pub(crate) async fn one_dies(&mut self, death: Death) -> Kept<bool> {
        let (call, nth) = match death {
            Death::Before(call, nth) | Death::After(call, nth) => (call, nth),
            Death::Commits(count) => (Call::Observe, count as u32),
        };
        let at = nth as usize % 2;
        let stalled = self.stalls(at, call, nth).await?;
        if stalled {
            // One that comes back by its name has its runs back at once; by another, when its lease has run out.
            let name = self.replicas[at].name;
            self.replicas[at].name = match name {
                "one" if nth > 2 => "one again",
                "two" if nth > 2 => "two again",
                name => name,
            };
            self.restart(at);
        }
        Ok(stalled)
    }
}
