//! The executor: does what [`crate::run::next`] says comes next for a run, one commit at a time. It keeps nothing in
//! memory that matters, so it may be killed between any two lines.

mod batches;
mod finish;
mod soak;
mod start;
mod undo;
mod work;

use std::sync::Arc;

use super::journal::Draft;
use super::lease::Lease;
use super::{Engine, Refusal, redacted};
use crate::clock::EpochMs;
use crate::model::{Actor, RunId, StepNumber};
use crate::plan::Plan;
use crate::ports::Receipt;
use crate::run::{Next, Run, RunEvent, Step, left_behind, next, traffic_moved, way_out};
use crate::store::{StoreError, Write};

pub(super) use batches::{STOPPED, batch_of, fill_call};
pub use soak::JUDGE;
pub(super) use soak::TAKEN_BACK;
use soak::is_taken_back;

use finish::{begin, incident};
use undo::begin_undo;

/// Waits between tries grow from this, in milliseconds, doubling …
const BACKOFF_MS: i64 = 500;
/// … up to this.
const BACKOFF_MAX_MS: i64 = 30_000;

/// What became of one move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// Something was done: ask again.
    On,
    /// Nothing to do before then.
    WaitUntil(EpochMs),
    /// Nothing to do until somebody or something else moves.
    Parked,
    /// The run is another replica's: let go of it.
    Lost,
}

/// What a driver remembers between moves, for its own ease only: losing it loses nothing.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Looks that failed in a row.
    look_failures: u32,
    /// The run's plan, with its digest: it changes only when the run starts.
    plan: Option<(String, Arc<Plan>)>,
}

impl Engine {
    /// Makes one move of a run.
    pub(super) async fn advance(
        &self,
        id: &RunId,
        memory: &mut Memory,
        lease: &Lease,
    ) -> Result<Moved, Refusal> {
        let run = self.run_there(id).await?;
        let plan = self.plan_of(&run, memory).await?;
        let steps = self.store().step_list(id).await?;
        let now_ms = self.now_ms();
        match next(&run, &plan, &steps, now_ms) {
            Next::Park => Ok(Moved::Parked),
            Next::WaitUntil(due_ms) => Ok(Moved::WaitUntil(due_ms)),
            Next::Expire => self.expire(&run, lease).await.map(|()| Moved::On),
            Next::Start => self.start(&run, &plan, memory, lease).await,
            Next::Begin(number) => {
                let mut draft = Draft::of(&run, now_ms).fenced(lease);
                begin(&mut draft, &plan, &steps, number)?;
                draft.commit(self, Some(now_ms)).await?;
                Ok(Moved::On)
            }
            Next::Work(number) => self.work_on(&run, &plan, &steps, number, memory, lease).await,
            Next::BeginUndo(number) => {
                // Traffic goes back before anything else; what is left to see is kept before it is taken away.
                let takes_away = |number: u32| !plan.steps[number as usize].kind.moves_traffic();
                let has_begun = |step: &Step| step.state.is_of_undoing() && takes_away(step.number);
                if takes_away(number) && !steps.iter().any(has_begun) {
                    self.keep_evidence(&run, &plan).await;
                }
                let mut draft = Draft::of(&run, now_ms).fenced(lease);
                begin_undo(&mut draft, &plan, &steps, number)?;
                draft.commit(self, Some(now_ms)).await?;
                Ok(Moved::On)
            }
            Next::WorkUndo(number) => self.work_undo(&run, &plan, &steps, number, lease).await,
            Next::Succeed => {
                let mut draft = Draft::of(&run, now_ms).fenced(lease);
                draft.moved(RunEvent::StepsDone, &Actor::system())?;
                draft.wound_up(true, None);
                let run = draft.commit(self, None).await?;
                self.ended(&run).await;
                Ok(Moved::On)
            }
            Next::EndUndo => {
                let mut draft = Draft::of(&run, now_ms).fenced(lease);
                let traffic_moved = traffic_moved(&plan, &steps);
                let (left, next) = (left_behind(&plan, &steps), way_out(&run, &plan, &steps));
                let is_incident = traffic_moved || !left.is_empty();
                draft.moved(RunEvent::Undone { traffic_moved, left, next }, &Actor::system())?;
                draft.wound_up(true, self.release_of(&run).await?.as_ref());
                if is_incident {
                    incident(&mut draft);
                }
                if is_taken_back(&draft.run.state) {
                    self.hold_automatic(&mut draft, &plan).await?;
                }
                let run = draft.commit(self, None).await?;
                self.ended(&run).await;
                Ok(Moved::On)
            }
        }
    }

    /// A run's plan, read once and again only when the run got another one.
    async fn plan_of(&self, run: &Run, memory: &mut Memory) -> Result<Arc<Plan>, Refusal> {
        if let Some((digest, plan)) = &memory.plan
            && *digest == run.plan_digest
        {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(self.plan_there(&run.id).await?);
        memory.plan = Some((run.plan_digest.clone(), Arc::clone(&plan)));
        Ok(plan)
    }

    /// Something a step left behind, without secrets.
    fn receipt(&self, run: &RunId, step: StepNumber, kind: &'static str, receipt: &Receipt) -> Write {
        self.receipt_put(run, step, kind, self.receipt_body(receipt))
    }

    /// A receipt as it is stored.
    fn receipt_body(&self, receipt: &Receipt) -> serde_json::Value {
        let mut body = serde_json::to_value(receipt).unwrap_or_default();
        redacted::value(&mut body, self.redactor());
        body
    }

    fn receipt_put(
        &self,
        run: &RunId,
        step: StepNumber,
        kind: &'static str,
        body: serde_json::Value,
    ) -> Write {
        Write::ReceiptPut { run: run.clone(), step, kind, body, at_ms: self.now_ms() }
    }
}

fn backoff(tries: u32) -> i64 {
    (BACKOFF_MS << tries.min(10)).min(BACKOFF_MAX_MS)
}

/// Conflicts mean that somebody else moved the run: read again. A fence that does not hold means that it is theirs.
pub(super) fn settle_conflict(result: Result<Moved, Refusal>) -> Result<Moved, Refusal> {
    match result {
        Err(Refusal::Store(StoreError::Conflict)) => Ok(Moved::On),
        Err(Refusal::Store(StoreError::Fenced)) => Ok(Moved::Lost),
        other => other,
    }
}
