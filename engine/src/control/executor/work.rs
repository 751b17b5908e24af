//! Working on a step: look, act on what is missing, look again; and waiting in between.

use super::batches::Filling;
use super::soak::Soaking;
use super::{Memory, Moved, backoff};
use crate::clock::EpochMs;
use crate::control::journal::Draft;
use crate::control::lease::Lease;
use crate::control::{Engine, Refusal};
use crate::model::StepNumber;
use crate::plan::Plan;
use crate::ports::{Permit, PortError, Receipt};
use crate::run::{Happening, Reason, Run, Step, StepEvent, StepState, WAIT_MAX_MS, state_of};
use crate::step::{ACTS_MAX, Look, POLL_MS, StepContext, StepKind, Undo};
use crate::store::Write;

/// How long in a row a step may fail to see the world before it gives up, in milliseconds.
const LOOK_PATIENCE_MS: i64 = 10 * 60_000;

impl Engine {
    pub(super) async fn work_on(
        &self,
        run: &Run,
        plan: &Plan,
        steps: &[Step],
        number: StepNumber,
        memory: &mut Memory,
        lease: &Lease,
    ) -> Result<Moved, Refusal> {
        let planned = &plan.steps[number as usize];
        let act = planned.kind.as_act();
        let mut state = state_of(steps, number).clone();
        let StepState::Running { since_ms, attempt, unknown, ref note, blind_since_ms, .. } = state else {
            return Ok(Moved::On);
        };
        let last_note = note.clone();
        if let StepKind::RunJob(job) = &planned.kind {
            let filling = Filling { run, plan, steps, number, job, state, since_ms, last_note };
            return Box::pin(self.batch(filling, lease)).await;
        }
        // A step that brings about several things one by one acts that often without anything being amiss.
        let parts = act.acts_max().saturating_sub(ACTS_MAX);
        let permit = Permit::for_step(&run.id, number, false).under(lease.fence());
        let mut at = StepContext {
            ports: self.ports(),
            run: &run.id,
            environment: run.environment(),
            now_ms: self.now_ms(),
            since_ms,
            acted: attempt,
            unknown,
            idempotency_key: permit.idempotency_key(),
        };
        let mut draft = Draft::of(run, at.now_ms).fenced(lease);
        let mut look = act.look(&at).await;
        if matches!(look, Ok(Look::Todo)) {
            if attempt >= act.acts_max() {
                let last = if last_note.is_empty() { String::new() } else { format!(" ({last_note})") };
                let say =
                    format!("{} was asked for {attempt} times and still is not so{last}", planned.title);
                look = Ok(Look::Broken(Reason::new(act.failure_code(), say, format!("retry {}", run.id))));
            } else {
                let answer = lease.acting(&*self.parts.clock, act.act(&at, &permit)).await?;
                at.now_ms = self.now_ms();
                match answer {
                    Ok(receipt) => {
                        draft.write(self.receipt(&run.id, number, "receipt", &receipt));
                        state = state.after(StepEvent::Acted, at.now_ms)?;
                        at.acted += 1;
                        at.unknown = false;
                        // Set, then verify: only looking tells that it is done.
                        look = act.look(&at).await;
                        if matches!(look, Ok(Look::Todo)) {
                            let poll_ms = if at.acted < parts + 2 { 0 } else { backoff(at.acted - parts) };
                            look = Ok(Look::Going { note: String::new(), poll_ms });
                        }
                    }
                    Err(PortError::Fail { what, hint }) if act.undo() != Undo::NoReturn => {
                        look = Ok(Look::Broken(Reason::new(act.failure_code(), what, hint)));
                    }
                    Err(PortError::Unknown { what }) => {
                        let lost = Receipt::new(what.clone());
                        draft.write(self.receipt(&run.id, number, "unknown", &lost));
                        state = state.after(StepEvent::Acted, at.now_ms)?;
                        let due_ms = at.now_ms + POLL_MS;
                        let note = format!("no answer, looking: {}", self.redactor().redact(&what));
                        state =
                            state.after(StepEvent::AnswerLost { due_ms, note: note.clone() }, at.now_ms)?;
                        return self.waits(draft, number, state, due_ms, note, &last_note).await;
                    }
                    Err(error) => {
                        state = state.after(StepEvent::Acted, at.now_ms)?;
                        let (what, after_ms) = match error {
                            PortError::Retry { what, after_ms } => (what, after_ms.unwrap_or_default()),
                            PortError::Fail { what, .. } | PortError::Unknown { what } => (what, 0),
                        };
                        let due_ms = at.now_ms
                            + after_ms.max(backoff(at.acted.saturating_sub(parts))).min(WAIT_MAX_MS);
                        let note = format!("trying again: {}", self.redactor().redact(&what));
                        state =
                            state.after(StepEvent::AnswerLost { due_ms, note: note.clone() }, at.now_ms)?;
                        return self.waits(draft, number, state, due_ms, note, &last_note).await;
                    }
                }
            }
        }
        if let (StepKind::CanaryStage(stage), Ok(Look::Done(_))) = (&planned.kind, &look) {
            match Box::pin(self.watch(run, number, stage, at.now_ms, lease)).await? {
                Ok(watched) => {
                    memory.look_failures = 0;
                    let soaking = Soaking { draft, plan, steps, number, stage, state, last_note };
                    return Box::pin(self.soaked(soaking, watched)).await;
                }
                Err(error) => look = Err(error),
            }
        }
        match look {
            Ok(Look::Done(receipt)) => {
                memory.look_failures = 0;
                self.finish_step(draft, plan, steps, number, &state, &receipt).await
            }
            // Only undoing leaves anything standing; of a step that goes forward it is what it has done.
            Ok(Look::Stays(what)) => {
                self.finish_step(draft, plan, steps, number, &state, &Receipt::new(what)).await
            }
            Ok(Look::Broken(reason)) => self.fail_step(draft, number, &state, reason).await,
            Ok(Look::Going { note, poll_ms }) => {
                memory.look_failures = 0;
                let due_ms = at.now_ms + poll_ms;
                let note = self.redactor().redact(&note).into_owned();
                let seen = blind_since_ms.is_none();
                if seen && draft.commit.writes.is_empty() && (note.is_empty() || note == last_note) {
                    // Nothing new to write down: looking again costs nothing and loses nothing.
                    return Ok(if poll_ms == 0 { Moved::On } else { Moved::WaitUntil(due_ms) });
                }
                state = state.after(StepEvent::Waits { due_ms, note: note.clone() }, at.now_ms)?;
                self.waits(draft, number, state, due_ms, note, &last_note).await
            }
            // Acted on above; a step that says so again is asked again.
            Ok(Look::Todo) => Ok(Moved::On),
            Err(PortError::Fail { what, hint }) => {
                self.fail_step(draft, number, &state, Reason::new(act.failure_code(), what, hint)).await
            }
            Err(PortError::Retry { what, .. } | PortError::Unknown { what }) => {
                memory.look_failures += 1;
                let blind_since_ms = blind_since_ms.filter(|_| at.acted == attempt);
                if blind_since_ms.is_some_and(|blind_since_ms| at.now_ms - blind_since_ms > LOOK_PATIENCE_MS)
                {
                    let reason = Reason::new(act.failure_code(), what, format!("retry {}", run.id));
                    return self.fail_step(draft, number, &state, reason).await;
                }
                let due_ms = at.now_ms + backoff(memory.look_failures);
                let note = format!("can't look, trying again: {}", self.redactor().redact(&what));
                state = state.after(StepEvent::Blind { due_ms, note: note.clone() }, at.now_ms)?;
                self.waits(draft, number, state, due_ms, note, &last_note).await
            }
        }
    }

    /// Writes that a step waits, and tells watchers what for when that is news.
    pub(super) async fn waits(
        &self,
        mut draft: Draft,
        number: StepNumber,
        state: StepState,
        due_ms: EpochMs,
        note: String,
        last_note: &str,
    ) -> Result<Moved, Refusal> {
        draft.write(Write::StepPut { run: draft.run.id.clone(), step: Step { number, state } });
        if !note.is_empty() && note != last_note {
            draft.happened(Happening::StepWaits { step: number, note });
        }
        draft.commit(self, Some(due_ms)).await?;
        Ok(if due_ms <= self.now_ms() { Moved::On } else { Moved::WaitUntil(due_ms) })
    }
}
