//! Keeps runs moving. [`Engine::work`] drives every run it has the lease of in a task of its own, woken by commits (its own
//! and those of other replicas) and by due times; [`Engine::tick`] makes the same moves one after the other, for tests and simulation with a clock of their own.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::executor::{Memory, Moved, settle_conflict};
use super::lease::{Lease, Leases};
use super::{Engine, Refusal};
use crate::audit::AuditEvent;
use crate::clock::EpochMs;
use crate::model::{Actor, RunId};
use crate::run::Run;
use crate::store::{AuditEntry, Commit, Write};

/// How often runs are looked at even when nobody tells of a commit: a program that can't tell may have written too.
const POLL_MS: i64 = 2_000;
/// Runs taken in one look: few enough that replicas which are woken together share what there is.
const TAKEN_AT_ONCE: i64 = 8;
/// First wait after the database or a provider failed; doubles up to the last.
const TROUBLE_MS: i64 = 250;
const TROUBLE_MAX_MS: i64 = 5_000;
/// How often the growing record is signed even when no run ends: what is cut off then can't be more than this long.
const CHECKPOINT_MS: i64 = 5 * 60_000;
/// Runs looked at after a start for artifacts that were not kept.
const CAUGHT_UP: i64 = 50;
/// How often artifacts that could not be kept are tried again.
const CATCH_UP_EVERY: Duration = Duration::from_secs(10);
/// What the record calls its own signing.
const CHECKPOINT_ACTION: &str = "record.checkpoint";
/// Moves a single tick may make for one run: a run that never settles is a bug, and tests should see it.
const TICK_MOVES_MAX: usize = 10_000;

impl Engine {
    /// Moves everything that can move now and that no other replica has, until nothing can. Returns when something is due
    /// next.
    pub async fn tick(&self) -> Result<Option<EpochMs>, Refusal> {
        let leases = Leases::default();
        let due_next = self.tick_under(&leases).await;
        self.leases_give_back(&leases, None).await;
        due_next
    }

    async fn tick_under(&self, leases: &Leases) -> Result<Option<EpochMs>, Refusal> {
        let mut memories: HashMap<RunId, Memory> = HashMap::new();
        let mut moves = 0;
        loop {
            self.expire_locks().await?;
            let (mut again, mut due_next) = (false, None::<EpochMs>);
            let live = self.store().run_live().await?;
            if live.iter().any(|run| leases.of(&run.id).is_none()) {
                self.leases_take(leases, i64::MAX).await?;
            }
            for run in live {
                let Some(lease) = leases.of(&run.id) else { continue };
                let memory = memories.entry(run.id.clone()).or_default();
                match settle_conflict(self.advance(&run.id, memory, &lease).await)? {
                    Moved::On => again = true,
                    Moved::WaitUntil(due_ms) => {
                        due_next = Some(due_next.map_or(due_ms, |due| due.min(due_ms)));
                    }
                    Moved::Parked => {}
                    Moved::Lost => {
                        leases.forget(&run.id);
                        again = true;
                    }
                }
            }
            moves += 1;
            if !again {
                return Ok(due_next);
            }
            if moves > TICK_MOVES_MAX {
                return Err(Refusal::standing("restless", "runs do not settle", "doctor"));
            }
        }
    }

    /// Carries runs out until told to stop, sharing them with the other replicas on this database; then lets every run
    /// finish the move it is in, and gives its lease back.
    pub async fn work(&self, stop: CancellationToken) {
        let drivers = TaskTracker::new();
        let leases = Leases::default();
        // Leases are kept until the last driver has finished, and no longer than this work goes on.
        let keeping = CancellationToken::new();
        let _ends_keeping = keeping.clone().drop_guard();
        tokio::spawn(self.clone().leases_keep(leases.clone(), keeping));
        let mut commits = self.store().watch();
        let mut trouble_ms = TROUBLE_MS;
        let mut signed_ms = self.now_ms();
        drivers.spawn(self.clone().catch_up(stop.child_token()));
        drivers.spawn(self.clone().services_looked_after(stop.child_token()));
        drivers.spawn(self.clone().rules_followed(stop.child_token()));
        while !stop.is_cancelled() {
            commits.mark_unchanged();
            let now_ms = self.now_ms();
            // A clock that was put back must not put the next one off.
            if (now_ms - signed_ms).abs() >= CHECKPOINT_MS {
                signed_ms = now_ms;
                if let Err(refusal) = self.checkpoint_of_growth().await {
                    tracing::warn!(error = %chain(&refusal), "can't sign a checkpoint of the record");
                }
            }
            match self.look_for_work(&leases).await {
                Ok(taken) => {
                    if trouble_ms > TROUBLE_MS {
                        tracing::info!("the database answers again: runs go on");
                    }
                    trouble_ms = TROUBLE_MS;
                    let all_there_are = taken.len() < TAKEN_AT_ONCE as usize;
                    for (run, lease) in taken {
                        let driver = self.clone().drive(run, lease, leases.clone(), stop.child_token());
                        drivers.spawn(driver);
                    }
                    // Counted from before the look: what came up during it is not left for the next but one.
                    let next_ms = now_ms + if all_there_are { POLL_MS } else { 0 };
                    tokio::select! {
                        () = self.parts.clock.wait_until(next_ms) => {}
                        _ = commits.changed() => {}
                        () = stop.cancelled() => {}
                    }
                }
                Err(refusal) => {
                    // Said once; everything that goes wrong until the database is back has the same cause.
                    if trouble_ms == TROUBLE_MS {
                        tracing::warn!(error = %chain(&refusal), "can't look for runs; trying until it works");
                    }
                    trouble_ms = (trouble_ms * 2).min(TROUBLE_MAX_MS);
                    tokio::select! {
                        () = self.parts.clock.wait_until(self.now_ms() + trouble_ms) => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        }
        drivers.close();
        drivers.wait().await;
    }

    /// Keeps the artifacts of runs that ended when the program did, or while their store took nothing (its disk was full):
    /// whole, or the rest of them. At the start, and again for as long as some are missing.
    async fn catch_up(self, stop: CancellationToken) {
        loop {
            self.artifacts_behind.store(false, Ordering::SeqCst);
            if let Err(error) = self.keep_missing_artifacts(CAUGHT_UP, || !stop.is_cancelled()).await {
                tracing::warn!(error = %chain(&error), "can't look for artifacts that are missing");
                self.artifacts_behind.store(true, Ordering::SeqCst);
            }
            loop {
                tokio::select! {
                    () = tokio::time::sleep(CATCH_UP_EVERY) => {}
                    () = stop.cancelled() => return,
                }
                if self.artifacts_behind.load(Ordering::SeqCst) {
                    break;
                }
            }
        }
    }

    async fn look_for_work(&self, leases: &Leases) -> Result<Vec<(RunId, Lease)>, Refusal> {
        self.expire_locks().await?;
        Ok(self.leases_take(leases, TAKEN_AT_ONCE).await?)
    }

    /// Drives one run until it is over, its lease is lost, or we are told to stop.
    async fn drive(self, id: RunId, lease: Lease, leases: Leases, stop: CancellationToken) {
        let mut memory = Memory::default();
        let mut commits = self.store().watch();
        let mut trouble_ms = TROUBLE_MS;
        while !stop.is_cancelled() {
            commits.mark_unchanged();
            let now_ms = self.now_ms();
            // A move may take longer than a lease. When the lease is lost, so is the move: it ends where it is, as in a
            // crash, and whoever has the run now looks what came of it.
            let moved = tokio::select! {
                moved = self.advance(&id, &mut memory, &lease) => settle_conflict(moved),
                () = lease.lost() => Ok(Moved::Lost),
            };
            let mut next_ms = now_ms + POLL_MS;
            match moved {
                Ok(Moved::On) => {
                    trouble_ms = TROUBLE_MS;
                    continue;
                }
                Ok(Moved::WaitUntil(due_ms)) => next_ms = next_ms.min(due_ms),
                Ok(Moved::Parked) => match self.store().run_get(&id).await {
                    Ok(Some(run)) if !run.state.is_over() => {}
                    Ok(_) => return leases.forget(&id),
                    Err(_) => {}
                },
                Ok(Moved::Lost) => return leases.forget(&id),
                Err(refusal) => {
                    // That the database is gone is said by whoever looks for runs, once for all of them.
                    if matches!(&refusal, Refusal::Store(error) if error.may_pass()) {
                        tracing::debug!(run = %id, error = %chain(&refusal), "a move failed, trying again");
                    } else {
                        tracing::warn!(run = %id, error = %chain(&refusal), "a move failed, trying again");
                    }
                    trouble_ms = (trouble_ms * 2).min(TROUBLE_MAX_MS);
                    next_ms = self.now_ms() + trouble_ms;
                }
            }
            tokio::select! {
                () = self.parts.clock.wait_until(next_ms) => {}
                changed = commits.changed() => if changed.is_err() { break },
                () = lease.lost() => return leases.forget(&id),
                () = stop.cancelled() => {}
            }
        }
        self.leases_give_back(&leases, Some(&id)).await;
    }

    /// What follows a run's end and may fail without harm: its artifacts, and a signed checkpoint of the record.
    pub(super) async fn ended(&self, run: &Run) {
        if let Err(error) = self.keep_artifacts(&run.id).await {
            tracing::warn!(run = %run.id, error = %chain(&*error), "can't keep the artifacts of a run; it is tried again");
            self.artifacts_behind.store(true, Ordering::SeqCst);
        }
        if let Err(error) = self.checkpoint().await {
            tracing::warn!(run = %run.id, error = %chain(&error), "can't sign a checkpoint of the record");
        }
    }

    /// Signs the end of the record, keeps the checkpoint and anchors it among the artifacts. Returns the number of the last
    /// event it covers; 0 when there is none.
    pub async fn checkpoint(&self) -> Result<i64, Refusal> {
        let (seq, hash) = self.store().audit_head().await?;
        let Ok(hash) = hash.parse() else { return Ok(0) };
        let now_ms = self.now_ms();
        let checkpoint = crate::audit::Checkpoint::sign(&self.parts.signing_key, seq, hash, now_ms);
        let mut commit = Commit::at(now_ms);
        commit.writes.push(Write::CheckpointPut(checkpoint.clone()));
        commit.audit.push(AuditEntry {
            actor: Actor::system(),
            action: CHECKPOINT_ACTION,
            subject: format!("{seq}"),
            environment: None,
            run: None,
            data: serde_json::json!({}),
        });
        self.write(commit).await?;
        // Whoever can change the database can't change this one, when the artifacts are kept elsewhere.
        if let Err(error) = self.artifacts().anchor(&checkpoint).await {
            tracing::warn!(seq, error = %chain(&error), "can't anchor a checkpoint of the record");
        }
        Ok(seq)
    }

    /// Signs the end of the record when anything but the signing itself has come to it.
    pub(super) async fn checkpoint_of_growth(&self) -> Result<(), Refusal> {
        let (seq, _) = self.store().audit_head().await?;
        let last = self.store().audit_after(seq - 1, 1).await?;
        let signed = |event: &AuditEvent| {
            event.action == CHECKPOINT_ACTION && event.subject == (event.seq - 1).to_string()
        };
        if last.first().is_none_or(|(event, _)| signed(event)) {
            return Ok(());
        }
        self.checkpoint().await.map(drop)
    }
}

/// An error with all its causes, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line = format!("{line}: {cause}");
        source = cause.source();
    }
    line
}
