//! The executor: does what [`crate::run::next`] says comes next for a run, one commit at a time. It keeps nothing in
//! memory that matters, so it may be killed between any two lines.

use serde_json::json;

use super::clearance::Asked;
use super::journal::Draft;
use super::{Engine, Refusal};
use crate::clock::EpochMs;
use crate::model::{Actor, Release, ReleaseState, RunId, StepNumber};
use crate::monitor::Incident;
use crate::plan::{Plan, plan};
use crate::ports::{Permit, PortError, Receipt};
use crate::run::{
    ApprovalState, Happening, IllegalMove, Lock, LockHolder, Next, Reason, Run, RunEvent, RunState, Step,
    StepEvent, StepState, left_behind, next, state_of, traffic_moved,
};
use crate::step::{ACTS_MAX, Look, POLL_MS, StepContext, Undo};
use crate::store::{StoreError, Write};

/// Waits between tries grow from this, in milliseconds, doubling …
const BACKOFF_MS: i64 = 500;
/// … up to this.
const BACKOFF_MAX_MS: i64 = 30_000;
/// How long a step may fail to see the world before it gives up, in milliseconds.
const LOOK_PATIENCE_MS: i64 = 10 * 60_000;
/// Tries of an undo before a person has to look.
const UNDO_TRIES: u32 = 8;

/// What became of one move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// Something was done: ask again.
    On,
    /// Nothing to do before then.
    WaitUntil(EpochMs),
    /// Nothing to do until somebody or something else moves.
    Parked,
}

/// What a driver remembers between moves, for its own ease only: losing it loses nothing.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Looks that failed in a row.
    look_failures: u32,
}

impl Engine {
    /// Makes one move of a run.
    pub(super) async fn advance(
        &self,
        id: &RunId,
        memory: &mut Memory,
        fence: Option<i64>,
    ) -> Result<Moved, Refusal> {
        let (run, plan) = self.run_and_plan(id).await?;
        let steps = self.store().step_list(id).await?;
        let now_ms = self.now_ms();
        match next(&run, &plan, &steps, now_ms) {
            Next::Park => Ok(Moved::Parked),
            Next::WaitUntil(due_ms) => Ok(Moved::WaitUntil(due_ms)),
            Next::Expire => self.expire(&run).await.map(|()| Moved::On),
            Next::Start => self.start(&run, &plan, memory, fence).await,
            Next::Begin(number) => {
                let mut draft = Draft::of(&run, now_ms).fenced(fence);
                begin(&mut draft, &plan, &steps, number)?;
                draft.commit(self, Some(now_ms)).await?;
                Ok(Moved::On)
            }
            Next::Work(number) => self.work_on(&run, &plan, &steps, number, memory, fence).await,
            Next::BeginUndo(number) => {
                let mut draft = Draft::of(&run, now_ms).fenced(fence);
                begin_undo(&mut draft, &plan, &steps, number)?;
                draft.commit(self, Some(now_ms)).await?;
                Ok(Moved::On)
            }
            Next::WorkUndo(number) => self.work_undo(&run, &plan, &steps, number, fence).await,
            Next::Succeed => {
                let mut draft = Draft::of(&run, now_ms).fenced(fence);
                draft.moved(RunEvent::StepsDone, &Actor::system())?;
                draft.wound_up(true, None);
                let run = draft.commit(self, None).await?;
                self.ended(&run).await;
                Ok(Moved::On)
            }
            Next::EndUndo => {
                let mut draft = Draft::of(&run, now_ms).fenced(fence);
                let event = RunEvent::Undone {
                    traffic_moved: traffic_moved(&plan, &steps),
                    left: left_behind(&plan, &steps),
                };
                draft.moved(event, &Actor::system())?;
                draft.wound_up(true, self.release_of(&run).await?.as_ref());
                Self::incident(&mut draft);
                let run = draft.commit(self, None).await?;
                self.ended(&run).await;
                Ok(Moved::On)
            }
        }
    }

    /// Takes the lock if it is free and it is this run's turn, checks that what was approved is still what would
    /// happen, and records the first step's intent: one commit.
    async fn start(
        &self,
        run: &Run,
        planned: &Plan,
        memory: &mut Memory,
        fence: Option<i64>,
    ) -> Result<Moved, Refusal> {
        let locks = self.store().lock_list(run.environment()).await?;
        if self.is_blocked(run, &locks).await? {
            return Ok(Moved::Parked);
        }
        for lock in &locks {
            match &lock.holder {
                LockHolder::Run(holder) if *holder == run.id => {}
                LockHolder::Person(name) if *name == run.requester.name => {}
                LockHolder::Person(_)
                    if lock.expires_ms.is_some_and(|expires_ms| expires_ms <= self.now_ms()) => {}
                LockHolder::Person(_) => {
                    return Ok(lock.expires_ms.map_or(Moved::Parked, Moved::WaitUntil));
                }
                LockHolder::Run(_) => return Ok(Moved::Parked),
            }
        }
        let now_ms = self.now_ms();
        let mut draft = Draft::of(run, now_ms).fenced(fence);
        let fresh = match self.recheck(run, planned).await {
            Ok(fresh) => fresh,
            // The outside is out of sight: the run keeps its place, and others go on.
            Err(Stop::Later(refusal @ Refusal::Port { .. })) => {
                memory.look_failures += 1;
                let wait_ms = backoff(memory.look_failures);
                tracing::warn!(run = %run.id, error = %refusal, wait_ms, "a run can't start yet");
                return Ok(Moved::WaitUntil(now_ms + wait_ms));
            }
            Err(Stop::Later(refusal)) => return Err(refusal),
            Err(Stop::Fails(reason)) => {
                // Nothing has been done and no lock is held: it starts and ends in one commit.
                let system = Actor::system();
                draft.moved(RunEvent::Started, &system)?;
                draft.moved(RunEvent::StepFailed { reason }, &system)?;
                draft.moved(RunEvent::Undone { traffic_moved: false, left: Vec::new() }, &system)?;
                let run = draft.commit(self, None).await?;
                self.ended(&run).await;
                return Ok(Moved::On);
            }
        };
        let plan = fresh.as_ref().unwrap_or(planned);
        let lock = draft.lock();
        draft.write(Write::LockTake(lock));
        if let Some(fresh) = &fresh {
            let digest = fresh.digest();
            draft.audit(&Actor::system(), "run.replanned", json!({ "plan_digest": digest }));
            draft.run.plan_digest.clone_from(&digest);
            draft.write(Write::PlanReplace { run: run.id.clone(), digest, plan: Box::new(fresh.clone()) });
        }
        if let Some(release) = &plan.release {
            let mut making = release.clone();
            making.run = run.id.clone();
            making.made_ms = now_ms;
            draft.write(Write::ReleasePut(Box::new(making)));
        }
        draft.moved(RunEvent::Started, &Actor::system())?;
        if !plan.steps.is_empty() {
            begin(&mut draft, plan, &[], 0)?;
        }
        draft.commit(self, Some(now_ms)).await?;
        Ok(Moved::On)
    }

    /// Whether somebody ahead in the line could start now.
    async fn is_blocked(&self, run: &Run, locks: &[Lock]) -> Result<bool, Refusal> {
        let now_ms = self.now_ms();
        let kept_out = |other: &Run| {
            locks.iter().any(|lock| match &lock.holder {
                LockHolder::Person(name) => {
                    *name != other.requester.name
                        && lock.expires_ms.is_none_or(|expires_ms| expires_ms > now_ms)
                }
                LockHolder::Run(_) => false,
            })
        };
        let queue = self.store().run_queue(run.environment()).await?;
        for id in queue.iter().take_while(|id| **id != run.id) {
            let Some(other) = self.store().run_get(id).await? else { continue };
            // Those that wait for a time of day, or for a person's lock, do not hold up the line: the holder of the
            // lock may be the very person who asked for this run.
            let too_early = other.request.not_before_ms.is_some_and(|not_before_ms| not_before_ms > now_ms);
            if !too_early && !kept_out(&other) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks the policy and the planner again at the moment of starting. A plan nobody approved is simply made anew;
    /// one that people approved must be the same to the last digit.
    async fn recheck(&self, run: &Run, planned: &Plan) -> Result<Option<Plan>, Stop> {
        let approval = self.store().approval_get(&run.id).await.map_err(Refusal::from)?;
        let approved = approval
            .as_ref()
            .is_some_and(|approval| matches!(approval.state, ApprovalState::Approved { .. }));
        let votes = self.store().vote_list(&run.id).await.map_err(Refusal::from)?;
        let people: Vec<String> = votes.into_iter().map(|vote| vote.person).collect();
        let admins = self.admins_among(&people, &run.requester).await?;
        let asked = Asked {
            request: Some(&run.request),
            destructive: planned.destructive,
            approvals: (people.len() as u32, admins),
            changes_world: true,
            counted_already: true,
            ..Asked::default()
        };
        let action = run.request.change.run_type();
        match self.clearance(&run.requester, action, Some(run.environment()), &asked).await? {
            policies::Decision::Refuse { say, .. } => {
                return Err(Stop::Fails(Reason::new("refused", say, format!("retry {}", run.id))));
            }
            policies::Decision::NeedsApproval { .. } => {
                return Err(Stop::Fails(Reason::new(
                    "needs-approval",
                    "the rules ask for an approval now that it did not need when it was asked for",
                    format!("retry {}", run.id),
                )));
            }
            policies::Decision::Allow { .. } => {}
        }
        let fresh = match self.gather(&run.request).await {
            Ok(facts) => plan(&run.request, &facts).map_err(Refusal::Problem),
            Err(refusal) => Err(refusal),
        };
        let fresh = match fresh {
            Ok(fresh) => fresh,
            Err(Refusal::Problem(problem)) => {
                return Err(Stop::Fails(Reason::new(&problem.code, problem.say, problem.next)));
            }
            Err(later) => return Err(Stop::Later(later)),
        };
        if fresh.digest() == run.plan_digest {
            return Ok(None);
        }
        if approved {
            let differences = planned.differences(&fresh);
            return Err(Stop::Fails(
                Reason::new(
                    "drifted",
                    "things have changed since this was approved, so it was not started",
                    format!("retry {}", run.id),
                )
                .showing(differences),
            ));
        }
        Ok(Some(fresh))
    }

    async fn work_on(
        &self,
        run: &Run,
        plan: &Plan,
        steps: &[Step],
        number: StepNumber,
        memory: &mut Memory,
        fence: Option<i64>,
    ) -> Result<Moved, Refusal> {
        let planned = &plan.steps[number as usize];
        let act = planned.kind.as_act();
        let mut state = state_of(steps, number).clone();
        let StepState::Running { since_ms, attempt, unknown, ref note, .. } = state else {
            return Ok(Moved::On);
        };
        let last_note = note.clone();
        // A step that brings about several things one by one acts that often without anything being amiss.
        let parts = act.acts_max().saturating_sub(ACTS_MAX);
        let permit = Permit::for_step(&run.id, number, false);
        let mut at = StepContext {
            ports: self.ports(),
            environment: run.environment(),
            now_ms: self.now_ms(),
            since_ms,
            acted: attempt,
            unknown,
            idempotency_key: permit.idempotency_key(),
        };
        let mut draft = Draft::of(run, at.now_ms).fenced(fence);
        let mut look = act.look(&at).await;
        if matches!(look, Ok(Look::Todo)) {
            if attempt >= act.acts_max() {
                let last = if last_note.is_empty() { String::new() } else { format!(" ({last_note})") };
                let say =
                    format!("{} was asked for {attempt} times and still is not so{last}", planned.title);
                look = Ok(Look::Broken(Reason::new(act.failure_code(), say, format!("retry {}", run.id))));
            } else {
                let answer = act.act(&at, &permit).await;
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
                    Err(PortError::Retry { what, .. } | PortError::Fail { what, .. })
                        if at.acted >= act.acts_max() =>
                    {
                        look = Ok(Look::Broken(Reason::new(
                            act.failure_code(),
                            what,
                            format!("retry {}", run.id),
                        )));
                    }
                    Err(error) => {
                        state = state.after(StepEvent::Acted, at.now_ms)?;
                        let (what, after_ms) = match error {
                            PortError::Retry { what, after_ms } => (what, after_ms.unwrap_or_default()),
                            PortError::Fail { what, .. } | PortError::Unknown { what } => (what, 0),
                        };
                        let due_ms = at.now_ms + after_ms.max(backoff(at.acted.saturating_sub(parts)));
                        let note = format!("trying again: {}", self.redactor().redact(&what));
                        state =
                            state.after(StepEvent::AnswerLost { due_ms, note: note.clone() }, at.now_ms)?;
                        return self.waits(draft, number, state, due_ms, note, &last_note).await;
                    }
                }
            }
        }
        match look {
            Ok(Look::Done(receipt)) => {
                memory.look_failures = 0;
                self.finish_step(draft, plan, steps, number, &state, &receipt).await
            }
            Ok(Look::Broken(reason)) => self.fail_step(draft, number, &state, reason).await,
            Ok(Look::Going { note, poll_ms }) => {
                memory.look_failures = 0;
                let due_ms = at.now_ms + poll_ms;
                let note = self.redactor().redact(&note).into_owned();
                if draft.commit.writes.is_empty() && (note.is_empty() || note == last_note) {
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
                if at.now_ms - since_ms > LOOK_PATIENCE_MS {
                    let reason = Reason::new(act.failure_code(), what, format!("retry {}", run.id));
                    return self.fail_step(draft, number, &state, reason).await;
                }
                let due_ms = at.now_ms + backoff(memory.look_failures);
                let note = format!("can't look, trying again: {}", self.redactor().redact(&what));
                state = state.after(StepEvent::Waits { due_ms, note: note.clone() }, at.now_ms)?;
                self.waits(draft, number, state, due_ms, note, &last_note).await
            }
        }
    }

    /// Writes that a step waits, and tells watchers what for when that is news.
    async fn waits(
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

    /// A step's receipt and the next step's intent are one commit.
    async fn finish_step(
        &self,
        mut draft: Draft,
        plan: &Plan,
        steps: &[Step],
        number: StepNumber,
        state: &StepState,
        receipt: &Receipt,
    ) -> Result<Moved, Refusal> {
        let now_ms = self.now_ms();
        let run = draft.run.id.clone();
        let state = state.after(StepEvent::Succeeded, now_ms)?;
        draft.write(Write::StepPut { run: run.clone(), step: Step { number, state } });
        draft.write(self.receipt(&run, number, "done", receipt));
        if let crate::step::StepKind::Finalize(finalize) = &plan.steps[number as usize].kind {
            self.finalize_writes(&mut draft, finalize).await?;
        }
        let says = self.redactor().redact(&receipt.summary).into_owned();
        draft.audit(
            &Actor::system(),
            "step.done",
            json!({ "step": number, "title": plan.steps[number as usize].title, "receipt": receipt_hash(receipt) }),
        );
        draft.happened(Happening::StepDone { step: number, says });
        let follows = number + 1;
        let goes_on = matches!(draft.run.state, RunState::Running { .. });
        if goes_on && (follows as usize) < plan.steps.len() {
            begin(&mut draft, plan, steps, follows)?;
        } else if goes_on {
            draft.moved(RunEvent::StepsDone, &Actor::system())?;
            draft.wound_up(true, None);
        }
        let run = draft.commit(self, Some(now_ms)).await?;
        if run.state.is_over() {
            self.ended(&run).await;
        }
        Ok(Moved::On)
    }

    async fn fail_step(
        &self,
        mut draft: Draft,
        number: StepNumber,
        state: &StepState,
        mut reason: Reason,
    ) -> Result<Moved, Refusal> {
        let now_ms = self.now_ms();
        reason.say = self.redactor().redact(&reason.say).into_owned();
        for line in &mut reason.evidence {
            *line = self.redactor().redact(line).into_owned();
        }
        let run = draft.run.id.clone();
        let state = state.after(StepEvent::Failed { reason: reason.clone() }, now_ms)?;
        draft.write(Write::StepPut { run, step: Step { number, state } });
        draft.audit(
            &Actor::system(),
            "step.failed",
            json!({ "step": number, "code": reason.code, "say": reason.say }),
        );
        draft.happened(Happening::StepFailed { step: number, reason: reason.clone() });
        // A paused run whose step fails is undone like any other: holding a broken state helps nobody.
        if matches!(draft.run.state, RunState::Paused { .. }) {
            draft.moved(RunEvent::Resumed, &Actor::system())?;
        }
        draft.moved(RunEvent::StepFailed { reason }, &Actor::system())?;
        draft.commit(self, Some(now_ms)).await?;
        Ok(Moved::On)
    }

    async fn work_undo(
        &self,
        run: &Run,
        plan: &Plan,
        steps: &[Step],
        number: StepNumber,
        fence: Option<i64>,
    ) -> Result<Moved, Refusal> {
        let act = plan.steps[number as usize].kind.as_act();
        let StepState::Undoing { since_ms, attempt, .. } = *state_of(steps, number) else {
            return Ok(Moved::On);
        };
        let permit = Permit::for_step(&run.id, number, true);
        let at = StepContext {
            ports: self.ports(),
            environment: run.environment(),
            now_ms: self.now_ms(),
            since_ms,
            acted: attempt,
            unknown: false,
            idempotency_key: permit.idempotency_key(),
        };
        let mut draft = Draft::of(run, at.now_ms).fenced(fence);
        let mut state = state_of(steps, number).clone();
        let mut look = act.look_undo(&at).await;
        if matches!(look, Ok(Look::Todo)) && attempt < UNDO_TRIES {
            match act.act_undo(&at, &permit).await {
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
            Ok(Look::Todo) if attempt >= UNDO_TRIES => {
                let why = "undoing it did not take effect".to_owned();
                (StepEvent::UndoFailed { why: why.clone() }, why)
            }
            Err(error) if attempt >= UNDO_TRIES => {
                let why = format!("undoing it failed: {}", self.redactor().redact(&error.to_string()));
                (StepEvent::UndoFailed { why: why.clone() }, why)
            }
            Ok(Look::Going { poll_ms, note }) => {
                (StepEvent::Waits { due_ms: now_ms + poll_ms, note }, String::new())
            }
            Ok(Look::Todo) => {
                (StepEvent::Waits { due_ms: now_ms + backoff(attempt), note: String::new() }, String::new())
            }
            Err(error) => {
                let note = self.redactor().redact(&error.to_string()).into_owned();
                // A look that fails counts as a try too, or undoing could go on for ever.
                if matches!(state, StepState::Undoing { attempt: same, .. } if same == attempt) {
                    state = state.after(StepEvent::Acted, now_ms)?;
                }
                (StepEvent::Waits { due_ms: now_ms + backoff(attempt), note }, String::new())
            }
        };
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

    /// What the database learns together with the last receipt.
    async fn finalize_writes(
        &self,
        draft: &mut Draft,
        finalize: &crate::step::Finalize,
    ) -> Result<(), Refusal> {
        let environment = draft.run.environment().clone();
        let mut desired = self.store().environment_get(&environment).await?;
        let releases = self.store().release_list(&environment, 200).await?;
        let now_ms = draft.commit.now_ms;
        for change in &finalize.changes {
            if let crate::step::DesiredChange::Live { release, took_back, schema } = change {
                let was = desired.value.live.filter(|was| was != release);
                let find = |number: u32| releases.iter().find(|one| one.id.number == number).cloned();
                if let Some(mut before) = was.and_then(find) {
                    before.state = if *took_back { ReleaseState::Failed } else { ReleaseState::Superseded };
                    draft.write(Write::ReleasePut(Box::new(before)));
                }
                if let Some(mut now_live) = find(*release) {
                    make_live(&mut now_live, schema.clone(), now_ms);
                    draft.write(Write::ReleasePut(Box::new(now_live)));
                }
            }
            change.apply(&mut desired.value);
        }
        draft.write(Write::EnvironmentPut {
            environment,
            desired: desired.value,
            revision: desired.revision + 1,
        });
        Ok(())
    }

    fn receipt(&self, run: &RunId, step: StepNumber, kind: &'static str, receipt: &Receipt) -> Write {
        let mut receipt = receipt.clone();
        receipt.summary = self.redactor().redact(&receipt.summary).into_owned();
        for value in receipt.facts.values_mut() {
            *value = self.redactor().redact(value).into_owned();
        }
        let body = serde_json::to_value(&receipt).unwrap_or_default();
        Write::ReceiptPut { run: run.clone(), step, kind, body, at_ms: self.now_ms() }
    }

    /// A change that users saw and that was taken back is an incident.
    fn incident(draft: &mut Draft) {
        let RunState::RolledBack { at_ms, reason } = &draft.run.state else { return };
        let incident = Incident {
            id: format!("i-{}", draft.run.id.as_str().trim_start_matches("r-")),
            environment: draft.run.environment().clone(),
            run: draft.run.id.clone(),
            summary: format!("{} was taken back: {}", draft.run.request.command, reason.say),
            opened_ms: *at_ms,
        };
        draft.write(Write::IncidentPut(incident));
    }
}

/// Why a run does not start.
enum Stop {
    /// Not now; asking again later may work.
    Later(Refusal),
    /// Never.
    Fails(Reason),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Later(refusal)
    }
}

fn make_live(release: &mut Release, schema: Option<String>, now_ms: EpochMs) {
    release.state = ReleaseState::Live;
    release.live_ms = Some(now_ms);
    if schema.is_some() {
        release.schema = schema;
    }
}

fn backoff(tries: u32) -> i64 {
    (BACKOFF_MS << tries.min(10)).min(BACKOFF_MAX_MS)
}

fn receipt_hash(receipt: &Receipt) -> String {
    use sha2::Digest;
    let value = serde_json::to_value(receipt).unwrap_or_default();
    hex::encode(sha2::Sha256::digest(crate::canonical::canonical_json(&value).as_bytes()))
}

/// Records a step's intent.
fn begin(draft: &mut Draft, plan: &Plan, steps: &[Step], number: StepNumber) -> Result<(), IllegalMove> {
    let state = state_of(steps, number).after(StepEvent::Started, draft.commit.now_ms)?;
    let run = draft.run.id.clone();
    draft.write(Write::StepPut { run: run.clone(), step: Step { number, state } });
    draft.audit(
        &Actor::system(),
        "step.begun",
        json!({ "step": number, "title": plan.steps[number as usize].title }),
    );
    draft.happened(Happening::StepStarted { step: number });
    Ok(())
}

/// Records the intent to undo a step, or at once that nothing needs undoing or nothing can.
fn begin_undo(draft: &mut Draft, plan: &Plan, steps: &[Step], number: StepNumber) -> Result<(), IllegalMove> {
    let now_ms = draft.commit.now_ms;
    let planned = &plan.steps[number as usize];
    let mut state = state_of(steps, number).after(StepEvent::UndoStarted, now_ms)?;
    let mut says = None;
    match planned.kind.as_act().undo() {
        Undo::Can => {}
        Undo::Nothing => state = state.after(StepEvent::UndoSucceeded, now_ms)?,
        Undo::Stays(why) => {
            state = state.after(StepEvent::UndoFailed { why: why.clone() }, now_ms)?;
            says = Some(why);
        }
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

/// Conflicts mean that somebody else moved the run: read again.
pub(super) fn settle_conflict(result: Result<Moved, Refusal>) -> Result<Moved, Refusal> {
    match result {
        Err(Refusal::Store(StoreError::Conflict)) => Ok(Moved::On),
        other => other,
    }
}
