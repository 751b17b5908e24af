//! Batches of a backfill: each is run, read and written down before the next, with the place to go on from. Killed at any moment, it
//! repeats the batch at hand at most.

use serde_json::json;

use super::{Moved, backoff};
use crate::backfill::{Asked, Batch, Checkpoint, Place, output_max, read};
use crate::clock::EpochMs;
use crate::control::journal::Draft;
use crate::control::lease::Lease;
use crate::control::{Engine, Refusal, backfills};
use crate::model::{Actor, RunId, StepNumber};
use crate::plan::Plan;
use crate::ports::{FillCall, JobCall, JobEnded, Permit, PortError, Receipt};
use crate::run::{Reason, Run, RunEvent, RunState, Step, StepEvent, StepState, WAIT_MAX_MS};
use crate::step::{JobWork, POLL_MS, RunJob, SqlWork};
use crate::store::{BackfillWrite, StoreError, Write};

/// Times one batch is tried before the run gives up.
const TRIES: u32 = 10;
/// What a card says of how far it is changes this often, in milliseconds: every batch would be more than a chat takes.
const TOLD_EVERY_MS: i64 = 10_000;
/// Tries to keep the place when the run moves at the same time.
const KEEP_TRIES: usize = 32;
/// The reason code of a run that ended before its job did, and is gone on with by resuming.
pub(in crate::control) const STOPPED: &str = "stopped";

/// A backfill at work.
pub(super) struct Filling<'a> {
    pub(super) run: &'a Run,
    pub(super) plan: &'a Plan,
    pub(super) steps: &'a [Step],
    pub(super) number: StepNumber,
    pub(super) job: &'a RunJob,
    pub(super) state: StepState,
    pub(super) since_ms: EpochMs,
    pub(super) last_note: String,
}

/// What came of running a batch.
enum Came {
    Done(Batch),
    /// It may or may not have happened, and is run again.
    Again(String),
    /// Running it again would come to the same.
    Wrong(Reason),
}

impl Engine {
    /// Runs the next batch when its time has come.
    pub(super) async fn batch(&self, filling: Filling<'_>, lease: &Lease) -> Result<Moved, Refusal> {
        let Filling { run, job, .. } = filling;
        if matches!(run.state, RunState::Paused { .. }) {
            return Ok(Moved::Parked);
        }
        let began_ms = self.now_ms();
        let at = match self.store().backfill_get(&run.id).await? {
            Some(at) => at,
            None => Checkpoint::begin(job.call.job(), place(run, job), job.rate_per_min, began_ms),
        };
        let max_ms =
            job.max_runtime_s.map(|max_s| i64::try_from(max_s.saturating_mul(1_000)).unwrap_or(i64::MAX));
        let end_ms = max_ms.map_or(EpochMs::MAX, |max_ms| filling.since_ms.saturating_add(max_ms));
        if began_ms >= end_ms {
            return self.runtime_over(&filling, &at, lease).await;
        }
        let open_ms = job.hours.map_or(began_ms, |hours| hours.open_ms(began_ms));
        if open_ms > began_ms {
            let note = job.hours.map(|hours| format!("waits for {hours}")).unwrap_or_default();
            let due_ms = open_ms.min(began_ms + WAIT_MAX_MS).min(end_ms);
            if note == filling.last_note {
                return Ok(Moved::WaitUntil(due_ms));
            }
            let draft = Draft::of(run, began_ms).fenced(lease);
            let state = filling.state.after(StepEvent::Waits { due_ms, note: note.clone() }, began_ms)?;
            return self.waits(draft, filling.number, state, due_ms, note, &filling.last_note).await;
        }
        let due_ms = at.pace.due_ms(job.rate_per_min, job.call.batch(), began_ms);
        if due_ms > began_ms {
            return Ok(Moved::WaitUntil(due_ms.min(end_ms)));
        }
        let permit = Permit::for_step(&run.id, filling.number, false).under(lease.fence());
        let (ports, clock, next) = (self.ports(), &*self.parts.clock, resume(&filling));
        let came = match &job.call {
            JobWork::Command(call) => {
                let call = JobCall { cursor: at.place.cursor.clone(), ..call.clone() };
                let answer = ports.platform.job_batch(&permit, run.environment(), &call);
                let answer = lease.acting(clock, answer).await?;
                said(answer, |ended| came(&call, &ended, &job.call, &next))
            }
            JobWork::Sql(work) => {
                let counts = at.batches == 0;
                let call = fill_call(work, Some(&at.place), counts);
                let answer = ports.database.rows_fill(&permit, run.environment(), &call);
                said(lease.acting(clock, answer).await?, Came::Done)
            }
        };
        match came {
            Came::Done(batch) => self.batch_done(filling, at, &batch, began_ms, lease).await,
            Came::Again(what) => self.batch_again(filling, at, what, lease).await,
            Came::Wrong(reason) => {
                let draft = self.with_place(&filling, at, lease);
                self.fail_step(draft, filling.number, &filling.state, reason).await
            }
        }
    }

    async fn batch_done(
        &self,
        filling: Filling<'_>,
        mut at: Checkpoint,
        batch: &Batch,
        began_ms: EpochMs,
        lease: &Lease,
    ) -> Result<Moved, Refusal> {
        let now_ms = self.now_ms();
        at.take(batch, began_ms, now_ms);
        let tells = now_ms - at.told_ms >= TOLD_EVERY_MS;
        if tells {
            at.told_ms = now_ms;
        }
        let write = BackfillWrite {
            run: filling.run.id.clone(),
            environment: filling.run.environment().clone(),
            checkpoint: at.clone(),
            quarantined: batch.quarantined.clone(),
        };
        let Filling { run, plan, steps, number, job, state, last_note, .. } = filling;
        let mut draft = Draft::of(run, now_ms).fenced(lease);
        draft.write(Write::Backfill(Box::new(write.clone())));
        let moved = if at.done {
            let mut receipt = Receipt::new(backfills::told(&at));
            receipt.facts = backfills::facts(&at);
            self.finish_step(draft, plan, steps, number, &state, &receipt).await
        } else {
            // Without a row to pay for, the next batch would follow at once, for ever if the job never finds one.
            let least_ms = if batch.handled() == 0 { now_ms + POLL_MS } else { now_ms };
            let due_ms = at.pace.due_ms(job.rate_per_min, job.call.batch(), now_ms).max(least_ms);
            let note = if tells { backfills::told(&at) } else { last_note.clone() };
            let state = state.after(StepEvent::Waits { due_ms, note: note.clone() }, now_ms)?;
            self.waits(draft, number, state, due_ms, note, &last_note).await
        };
        match moved {
            Err(refusal) if refusal.is_conflict() => self.place_kept(&run.id, write, lease).await,
            other => other,
        }
    }

    /// What was done is done, whoever moved the run meanwhile: its place is kept before anything else.
    async fn place_kept(&self, id: &RunId, write: BackfillWrite, lease: &Lease) -> Result<Moved, Refusal> {
        for _ in 0..KEEP_TRIES {
            let run = self.run_there(id).await?;
            let mut draft = Draft::of(&run, self.now_ms()).fenced(lease);
            draft.write(Write::Backfill(Box::new(write.clone())));
            let now_ms = self.now_ms();
            match draft.commit(self, Some(now_ms)).await {
                Err(refusal) if refusal.is_conflict() => {}
                other => return other.map(|_| Moved::On),
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    async fn batch_again(
        &self,
        filling: Filling<'_>,
        mut at: Checkpoint,
        what: String,
        lease: &Lease,
    ) -> Result<Moved, Refusal> {
        let now_ms = self.now_ms();
        at.failures += 1;
        let failures = at.failures;
        at.at_ms = now_ms;
        let next = resume(&filling);
        let draft = self.with_place(&filling, at, lease);
        if failures >= TRIES {
            let reason =
                Reason::new("job-failed", format!("{what}; the batch was tried {failures} times"), next);
            return self.fail_step(draft, filling.number, &filling.state, reason).await;
        }
        let due_ms = now_ms + backoff(failures);
        let note = format!("trying again: {}", self.redactor().redact(&what));
        let state = filling.state.after(StepEvent::Waits { due_ms, note: note.clone() }, now_ms)?;
        self.waits(draft, filling.number, state, due_ms, note, &filling.last_note).await
    }

    /// A commit that keeps the place.
    fn with_place(&self, filling: &Filling<'_>, checkpoint: Checkpoint, lease: &Lease) -> Draft {
        let run = filling.run;
        let mut draft = Draft::of(run, self.now_ms()).fenced(lease);
        draft.write(Write::Backfill(Box::new(BackfillWrite {
            run: run.id.clone(),
            environment: run.environment().clone(),
            checkpoint,
            quarantined: Vec::new(),
        })));
        draft
    }

    /// It has worked for as long as it may: it ends like one that somebody stops.
    async fn runtime_over(
        &self,
        filling: &Filling<'_>,
        at: &Checkpoint,
        lease: &Lease,
    ) -> Result<Moved, Refusal> {
        let max_s = filling.job.max_runtime_s.unwrap_or_default();
        let mut draft = self.with_place(filling, at.clone(), lease);
        let say = format!("stopped after {max_s} s, as it was told to: {}", backfills::told(at));
        let reason = Reason::new(STOPPED, say, resume(filling));
        let by = "its maximum runtime".to_owned();
        draft.moved(RunEvent::CancelAsked { by, reason }, &Actor::system())?;
        draft.audit(&Actor::system(), "backfill.stopped", json!(backfills::facts(at)));
        let now_ms = self.now_ms();
        draft.commit(self, Some(now_ms)).await?;
        Ok(Moved::On)
    }
}

/// Where a run begins.
fn place(run: &Run, job: &RunJob) -> Place {
    job.from.clone().unwrap_or_else(|| Place {
        origin: run.id.clone(),
        origin_ms: run.created_ms,
        cursor: None,
        rows: 0,
        quarantined: std::collections::BTreeMap::new(),
    })
}

fn resume(filling: &Filling<'_>) -> String {
    backfills::resume_command(filling.job.call.job(), filling.run.environment())
}

/// The next batch of a job that is declared in SQL.
pub(in crate::control) fn fill_call(work: &SqlWork, place: Option<&Place>, counts: bool) -> FillCall {
    let noted_as = place.map(|it| format!("{}@{}", it.origin, it.origin_ms)).unwrap_or_default();
    FillCall {
        job: work.job.clone(),
        noted_as,
        database: work.database.clone(),
        fill: work.fill.clone(),
        cursor: place.and_then(|it| it.cursor.clone()),
        batch: work.batch,
        counts,
    }
}

/// What an answer comes to.
fn said<T>(answer: Result<T, PortError>, came: impl FnOnce(T) -> Came) -> Came {
    match answer {
        Err(PortError::Retry { what, .. } | PortError::Unknown { what }) => Came::Again(what),
        Err(PortError::Fail { what, hint }) => Came::Wrong(Reason::new("job-failed", what, hint)),
        Ok(answer) => came(answer),
    }
}

/// What a job's process comes to. What it says against the protocol it would say again.
fn came(call: &JobCall, ended: &JobEnded, work: &JobWork, resume: &str) -> Came {
    match batch_of(call, ended, false) {
        Ok(batch) => Came::Done(batch),
        Err(say) if !ended.well && !ended.endless => Came::Again(say),
        Err(say) => Came::Wrong(Reason::new("job-answer", say, format!("{}, then {resume}", work.mended()))),
    }
}

/// The batch a job's process says it made; what was wrong with it, as a sentence about the job, otherwise.
pub(in crate::control) fn batch_of(call: &JobCall, ended: &JobEnded, dry_run: bool) -> Result<Batch, String> {
    let job = &call.job;
    if ended.endless {
        let most = output_max(call.batch) / 1024;
        return Err(format!("{job} printed more than {most} KiB about {} rows, and was ended", call.batch));
    }
    if !ended.well {
        let last = if ended.last_line.is_empty() { String::new() } else { format!(": {}", ended.last_line) };
        return Err(format!("{job} ended with {}{last}", ended.how));
    }
    let asked = Asked { cursor: call.cursor.as_ref(), batch: call.batch, dry_run };
    read(asked, &ended.output).map_err(|why| format!("{job} {why}"))
}
