//! Keeps runs moving. [`Engine::work`] drives every live run in a task of its own, woken by commits and by due times;
//! [`Engine::tick`] makes the same moves one after the other, for tests and simulation with a clock of their own.

use std::collections::HashMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::executor::{Memory, Moved, settle_conflict};
use super::{Engine, Refusal};
use crate::audit::AuditEvent;
use crate::clock::EpochMs;
use crate::model::{Actor, RunId};
use crate::run::Run;
use crate::store::{AuditEntry, Commit, Write};

/// How often live runs are looked for even when no commit of this program tells: other programs write too.
const POLL: Duration = Duration::from_millis(250);
/// Longest nap of a driver: clocks jump, and other programs write.
const NAP_MAX_MS: i64 = 1_000;
/// How long a replica may be silent before another takes its runs over.
const LEASE_MS: i64 = 15_000;
/// How often its driver says that it is alive: thrice in the life of a lease.
const LEASE_RENEWED: Duration = Duration::from_secs(5);
/// First wait after the database or a provider failed; doubles up to the last.
const TROUBLE_MS: u64 = 250;
const TROUBLE_MAX_MS: u64 = 5_000;
/// How often the growing record is signed even when no run ends: what is cut off then can't be more than this long.
const CHECKPOINT_MS: i64 = 5 * 60_000;
/// Runs looked at after a start for artifacts that were not kept.
const CAUGHT_UP: i64 = 50;
/// What the record calls its own signing.
const CHECKPOINT_ACTION: &str = "record.checkpoint";
/// Moves a single tick may make for one run: a run that never settles is a bug, and tests should see it.
const TICK_MOVES_MAX: usize = 10_000;

impl Engine {
    /// Moves everything that can move now, until nothing can. Returns when something is due next.
    pub async fn tick(&self) -> Result<Option<EpochMs>, Refusal> {
        let mut memories: HashMap<RunId, Memory> = HashMap::new();
        let mut moves = 0;
        loop {
            self.expire_locks().await?;
            let (mut again, mut due_next) = (false, None::<EpochMs>);
            for run in self.store().run_live().await? {
                let memory = memories.entry(run.id.clone()).or_default();
                match settle_conflict(self.advance(&run.id, memory, None).await)? {
                    Moved::On => again = true,
                    Moved::WaitUntil(due_ms) => {
                        due_next = Some(due_next.map_or(due_ms, |due| due.min(due_ms)));
                    }
                    Moved::Parked => {}
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

    /// Drives runs until told to stop, then lets every driver finish the move it is in.
    pub async fn work(&self, stop: CancellationToken) {
        let drivers = TaskTracker::new();
        let mut driven: HashMap<RunId, tokio::task::JoinHandle<()>> = HashMap::new();
        let mut commits = self.store().watch();
        let mut trouble_ms = TROUBLE_MS;
        let mut signed_ms = self.now_ms();
        let (behind, going) = (self.clone(), stop.child_token());
        drivers
            .spawn(async move { behind.keep_missing_artifacts(CAUGHT_UP, || !going.is_cancelled()).await });
        while !stop.is_cancelled() {
            driven.retain(|_, driver| !driver.is_finished());
            let now_ms = self.now_ms();
            // A clock that was put back must not put the next one off.
            if (now_ms - signed_ms).abs() >= CHECKPOINT_MS {
                signed_ms = now_ms;
                if let Err(refusal) = self.checkpoint_of_growth().await {
                    tracing::warn!(error = %chain(&refusal), "can't sign a checkpoint of the record");
                }
            }
            match self.look_for_work().await {
                Ok(runs) => {
                    trouble_ms = TROUBLE_MS;
                    for run in runs {
                        driven.entry(run.id).or_insert_with_key(|id| {
                            drivers.spawn(self.clone().drive(id.clone(), stop.child_token()))
                        });
                    }
                }
                Err(refusal) => {
                    tracing::warn!(error = %chain(&refusal), "can't look for runs, trying again");
                    trouble_ms = (trouble_ms * 2).min(TROUBLE_MAX_MS);
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_millis(trouble_ms)) => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
            tokio::select! {
                _ = tokio::time::timeout(POLL, commits.changed()) => {}
                () = stop.cancelled() => {}
            }
        }
        drivers.close();
        drivers.wait().await;
    }

    async fn look_for_work(&self) -> Result<Vec<Run>, Refusal> {
        self.expire_locks().await?;
        Ok(self.store().run_live().await?)
    }

    /// Drives one run until it is over, somebody else has its lease, or we are told to stop.
    async fn drive(self, id: RunId, stop: CancellationToken) {
        let owner = self.parts.replica.clone();
        let now_ms = self.now_ms();
        let fence = match self.store().run_lease(&id, &owner, now_ms, now_ms + LEASE_MS).await {
            Ok(Some(fence)) => fence,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, run = %id, "can't lease a run");
                return;
            }
        };
        let shared = self.store().is_shared().then_some(fence);
        let lost = self.lease_lost(&id, shared);
        tokio::pin!(lost);
        let mut memory = Memory::default();
        let mut commits = self.store().watch();
        let mut trouble_ms = TROUBLE_MS;
        while !stop.is_cancelled() {
            commits.mark_unchanged();
            // A move may take longer than a lease. When the lease is lost, so is the move: it ends where it is, as in a
            // crash, and whoever has the run now looks what came of it.
            let moved = tokio::select! {
                moved = self.advance(&id, &mut memory, shared) => moved,
                () = &mut lost => return,
            };
            let nap_ms = match settle_conflict(moved) {
                Ok(Moved::On) => {
                    trouble_ms = TROUBLE_MS;
                    continue;
                }
                Ok(Moved::WaitUntil(due_ms)) => (due_ms - self.now_ms()).clamp(0, NAP_MAX_MS),
                Ok(Moved::Parked) => match self.store().run_get(&id).await {
                    Ok(Some(run)) if !run.state.is_over() => NAP_MAX_MS,
                    Ok(_) => break,
                    Err(_) => NAP_MAX_MS,
                },
                Err(refusal) => {
                    tracing::warn!(run = %id, error = %chain(&refusal), "a move failed, trying again");
                    trouble_ms = (trouble_ms * 2).min(TROUBLE_MAX_MS);
                    trouble_ms as i64
                }
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(nap_ms.max(1) as u64)) => {}
                changed = commits.changed() => if changed.is_err() { break },
                () = &mut lost => return,
                () = stop.cancelled() => {}
            }
        }
        if let Err(error) = self.store().run_lease_release(&id, &owner, fence).await {
            tracing::warn!(%error, run = %id, "can't give a run's lease back; it runs out by itself");
        }
    }

    /// Keeps a run's lease, and returns when it is lost. Without a fence there is nobody to lose it to.
    async fn lease_lost(&self, id: &RunId, fence: Option<i64>) {
        let Some(fence) = fence else { return std::future::pending().await };
        let mut held_until_ms = self.now_ms() + LEASE_MS;
        loop {
            tokio::time::sleep(LEASE_RENEWED).await;
            let until_ms = self.now_ms() + LEASE_MS;
            match self.store().run_lease_renew(id, &self.parts.replica, fence, until_ms).await {
                Ok(true) => held_until_ms = until_ms,
                Ok(false) => {
                    tracing::info!(run = %id, "another replica took this run over");
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, run = %id, "can't keep a run's lease");
                    if self.now_ms() >= held_until_ms {
                        return;
                    }
                }
            }
        }
    }

    /// What follows a run's end and may fail without harm: its artifacts, and a signed checkpoint of the record.
    pub(super) async fn ended(&self, run: &Run) {
        if let Err(error) = self.keep_artifacts(&run.id).await {
            tracing::warn!(run = %run.id, error = %chain(&*error), "can't keep the artifacts of a run");
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
