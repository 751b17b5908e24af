//! Undoing steps, last first.

use serde_json::json;

use super::{Moved, backoff};
use crate::clock::EpochMs;
use crate::control::journal::Draft;
use crate::control::lease::Lease;
use crate::control::{Engine, Refusal};
use crate::model::{Actor, StepNumber};
use crate::plan::Plan;
use crate::ports::{Permit, PortError};
use crate::run::{Happening, IllegalMove, Run, Step, StepEvent, StepState, WAIT_MAX_MS, state_of};
use crate::step::{Look, StepAct, StepContext, StepKind, Undo};
use crate::store::Write;

/// Tries of an undo before a person has to look.
const UNDO_TRIES: u32 = 8;
/// What a note begins with that says why the last try failed.
const TRYING_AGAIN: &str = "undoing it, trying again: ";

impl Engine {
    pub(super) async fn work_undo(
        &self,
        run: &Run,
        plan: &Plan,
        steps: &[Step],
        number: StepNumber,
        lease: &Lease,
    ) -> Result<Moved, Refusal> {
        let act = plan.steps[number as usize].kind.as_act();
        let StepState::Undoing { since_ms, attempt, ref note, .. } = *state_of(steps, number) else {
            return Ok(Moved::On);
        };
        let last_note = note.as_str();
        let permit = Permit::for_step(&run.id, number, true).under(lease.fence());
        let done_with = Permit::for_step(&run.id, number, false).under(lease.fence());
        let at = StepContext {
            ports: self.ports(),
            run: &run.id,
            environment: run.environment(),
            now_ms: self.now_ms(),
            since_ms,
            acted: attempt,
            unknown: false,
            idempotency_key: done_with.idempotency_key(),
        };
        let mut draft = Draft::of(run, at.now_ms).fenced(lease);
        let mut state = state_of(steps, number).clone();
        let mut look = act.look_undo(&at).await;
        if matches!(look, Ok(Look::Todo)) && attempt < UNDO_TRIES {
            match lease.acting(&*self.parts.clock, act.act_undo(&at, &permit)).await? {
                Ok(receipt) => {
                    draft.write(self.receipt(&run.id, number, "undo", &receipt));
                    state = state.after(StepEvent::Acted, self.now_ms())?;
                    look = act.look_undo(&at).await;
                }
                Err(error) => {
                    state = state.after(StepEvent::Acted, self.now_ms())?;
                    look = Err(error);
                }
            }
        }
        let now_ms = self.now_ms();
        let (event, says) = match look {
            Ok(Look::Done(receipt)) => (StepEvent::UndoSucceeded, receipt.summary),
            Ok(Look::Broken(reason)) => (StepEvent::UndoFailed { why: reason.say.clone() }, reason.say),
            Ok(Look::Stays(what)) => (StepEvent::Stays { what: what.clone() }, what),
            Ok(Look::Todo) if attempt >= UNDO_TRIES => {
                let why = match last_note.strip_prefix(TRYING_AGAIN) {
                    Some(error) => format!("undoing it failed: {error}"),
                    None => "undoing it did not take effect".to_owned(),
                };
                let why = still_there(act, &at, &why).await;
                (StepEvent::UndoFailed { why: why.clone() }, why)
            }
            Err(error) if attempt >= UNDO_TRIES => {
                let why = still_there(act, &at, &format!("undoing it failed: {error}")).await;
                (StepEvent::UndoFailed { why: why.clone() }, why)
            }
            Ok(Look::Going { poll_ms, note }) => {
                (StepEvent::Waits { due_ms: now_ms + poll_ms, note }, String::new())
            }
            Ok(Look::Todo) => {
                (StepEvent::Waits { due_ms: now_ms + backoff(attempt), note: String::new() }, String::new())
            }
            Err(error) => {
                // A look that fails counts as a try too, or undoing could go on for ever.
                if matches!(state, StepState::Undoing { attempt: same, .. } if same == attempt) {
                    state = state.after(StepEvent::Acted, now_ms)?;
                }
                let asked_ms = match &error {
                    PortError::Retry { after_ms, .. } => after_ms.unwrap_or_default(),
                    PortError::Fail { .. } | PortError::Unknown { .. } => 0,
                };
                let due_ms = now_ms + asked_ms.max(backoff(attempt)).min(WAIT_MAX_MS);
                let note = format!("{TRYING_AGAIN}{}", self.redactor().redact(&error.to_string()));
                (StepEvent::Waits { due_ms, note }, String::new())
            }
        };
        if let StepEvent::Waits { note, .. } = &event
            && !note.is_empty()
            && note != last_note
        {
            draft.happened(Happening::StepWaits { step: number, note: note.clone() });
        }
        let state = state.after(event, now_ms)?;
        let due_ms = state.due_ms();
        draft.write(Write::StepPut { run: run.id.clone(), step: Step { number, state } });
        if !says.is_empty() {
            draft.audit(&Actor::system(), "step.undone", json!({ "step": number, "says": says }));
            draft.happened(Happening::StepUndone { step: number, says });
        }
        draft.commit(self, due_ms.or(Some(now_ms))).await?;
        Ok(due_ms.filter(|due_ms| *due_ms > self.now_ms()).map_or(Moved::On, Moved::WaitUntil))
    }
}

/// What is left standing of a step whose undo was given up, and why it was.
async fn still_there(act: &dyn StepAct, at: &StepContext<'_>, why: &str) -> String {
    match act.left(at).await {
        Ok(left) if !left.is_empty() => format!("{} ({why})", left.join(", ")),
        Ok(_) | Err(_) => why.to_owned(),
    }
}

/// What was ended is not begun again by whoever gives up ending the rest: it is said, and there is a way out of it.
fn stays_ended(state: &StepState, now_ms: EpochMs) -> Result<(StepState, Option<String>), IllegalMove> {
    let why = "what it ended stays ended".to_owned();
    Ok((state.after(StepEvent::UndoFailed { why: why.clone() }, now_ms)?, Some(why)))
}

/// Records the intent to undo a step, or at once that nothing needs undoing or nothing can.
pub(super) fn begin_undo(
    draft: &mut Draft,
    plan: &Plan,
    steps: &[Step],
    number: StepNumber,
) -> Result<(), IllegalMove> {
    let now_ms = draft.commit.now_ms;
    let planned = &plan.steps[number as usize];
    let mut state = state_of(steps, number).after(StepEvent::UndoStarted, now_ms)?;
    let mut says = None;
    match planned.kind.as_act().undo() {
        Undo::Stays => (state, says) = stays_ended(&state, now_ms)?,
        Undo::Can if plan.stays && plan.destructive => (state, says) = stays_ended(&state, now_ms)?,
        // A replacement under way can't be stopped: it is waited for as ever.
        Undo::Can if plan.stays && !matches!(planned.kind, StepKind::Replace(_)) => {
            let what = "what it mended stays".to_owned();
            state = state.after(StepEvent::Stays { what: what.clone() }, now_ms)?;
            says = Some(what);
        }
        Undo::Can => {}
        Undo::Nothing => state = state.after(StepEvent::UndoSucceeded, now_ms)?,
        Undo::NoReturn => {
            let why = "what it had recorded stays".to_owned();
            state = state.after(StepEvent::UndoFailed { why: why.clone() }, now_ms)?;
            says = Some(why);
        }
    }
    draft.write(Write::StepPut { run: draft.run.id.clone(), step: Step { number, state } });
    draft.audit(&Actor::system(), "step.undo-begun", json!({ "step": number, "title": planned.title }));
    if let Some(says) = says {
        draft.happened(Happening::StepUndone { step: number, says });
    }
    Ok(())
}
