//! Backfills as people steer them: a dry run, stopping, going on, and how far one is.

use std::collections::BTreeMap;

use super::ask::Preview;
use super::clearance::Asked;
use super::executor::{STOPPED, batch_of, fill_call};
use super::journal::Draft;
use super::{Engine, Refusal};
use crate::backfill::{Batch, Checkpoint, takes_ms};
use crate::model::{Actor, Change, EnvironmentKey, JobName, RunId, RunRequest};
use crate::plan::{Plan, PlanProblem};
use crate::ports::JobCall;
use crate::run::{Reason, Run, RunEvent, RunState};
use crate::step::{JobWork, RunJob, StepKind};
use crate::store::StoreError;

/// Tries when the run moves at the same time.
const TRIES: usize = 32;
/// Rows that could not be handled, told at once.
const ROWS_TOLD: i64 = 10;

/// What a dry run of a job found. Nothing was changed.
#[derive(Debug, Clone)]
pub struct Tried {
    /// What the job says of its first batch.
    pub batch: Batch,
    /// How many rows it was asked for.
    pub asked: u32,
    /// All rows it would handle, when the job counts them.
    pub all: Option<u64>,
    /// How long that would take at the rate asked for, in milliseconds.
    pub takes_ms: Option<i64>,
}

/// How far a job is in an environment.
#[derive(Debug, Clone)]
pub struct BackfillState {
    /// The last run that worked on it.
    pub run: Run,
    /// How far it came.
    pub at: Checkpoint,
    /// Rows it could not handle with their reason codes, the first few.
    pub rows: Vec<(String, String)>,
}

/// What somebody types to go on.
pub(super) fn resume_command(job: &JobName, environment: &EnvironmentKey) -> String {
    format!("backfill-resume {job} in {}", environment.environment)
}

/// How far it is, in a line.
pub fn told(at: &Checkpoint) -> String {
    let percent = at.percent().map(|percent| format!(" ({percent}%)")).unwrap_or_default();
    let mut line = format!("{} rows done{percent}", at.place.rows);
    if at.quarantined() > 0 {
        let codes: Vec<String> =
            at.place.quarantined.iter().map(|(code, count)| format!("{code} {count}")).collect();
        line = format!("{line}, {} quarantined: {}", at.quarantined(), codes.join(", "));
    }
    line
}

/// The same by name, for receipts and the record.
pub(super) fn facts(at: &Checkpoint) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::from([
        ("rows".to_owned(), at.place.rows.to_string()),
        ("quarantined".to_owned(), at.quarantined().to_string()),
        ("batches".to_owned(), at.batches.to_string()),
        ("rate_per_min".to_owned(), at.rate_per_min.to_string()),
    ]);
    if let Some(cursor) = &at.place.cursor {
        facts.insert("cursor".to_owned(), cursor.to_string());
    }
    for (code, count) in &at.place.quarantined {
        facts.insert(format!("quarantined {code}"), count.to_string());
    }
    facts
}

impl Engine {
    /// Has the job of a plan count and show what it would do. Nothing is written, and nothing is changed.
    pub(super) async fn try_job(&self, plan: &Plan) -> Result<Option<Box<Tried>>, Refusal> {
        let job = plan.steps.iter().find_map(|step| match &step.kind {
            StepKind::RunJob(job) => Some(job),
            _ => None,
        });
        let Some(job) = job else { return Ok(None) };
        let batch = self.batch_tried(plan, job).await?;
        let all = if batch.done { Some(0) } else { batch.remaining };
        let all = all.map(|left| left.saturating_add(batch.handled()));
        let takes_ms = all.and_then(|all| takes_ms(all, job.rate_per_min.into()));
        Ok(Some(Box::new(Tried { batch, asked: job.call.batch(), all, takes_ms })))
    }

    /// What the first batch of a job would do. What is shown of rows has no secret in it.
    async fn batch_tried(&self, plan: &Plan, job: &RunJob) -> Result<Batch, Refusal> {
        let (ports, environment) = (self.ports(), &plan.environment);
        let mut batch = match &job.call {
            JobWork::Command(call) => {
                let cursor = job.from.as_ref().and_then(|place| place.cursor.clone());
                let call = JobCall { cursor, ..call.clone() };
                let ended = ports.platform.job_try(environment, &call).await;
                let ended = ended.map_err(Refusal::port("trying the job"))?;
                batch_of(&call, &ended, true).map_err(|say| {
                    let next = format!("mend {} in the application, and deploy it", call.job);
                    let say = self.redactor().redact(&say).into_owned();
                    Refusal::Problem(PlanProblem::new("job-answer", say, next))
                })?
            }
            JobWork::Sql(work) => {
                let tried =
                    ports.database.rows_try(environment, &fill_call(work, job.from.as_ref(), true)).await;
                tried.map_err(Refusal::port("trying the job"))?
            }
        };
        for sample in &mut batch.samples {
            self.redact_all(&mut sample.before);
            self.redact_all(&mut sample.after);
        }
        Ok(batch)
    }

    /// Takes secrets out of every text of a value.
    fn redact_all(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => *text = self.redactor().redact(text).into_owned(),
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.redact_all(item)),
            serde_json::Value::Object(keys) => keys.values_mut().for_each(|item| self.redact_all(item)),
            _ => {}
        }
    }

    /// The dry run of a request that may be carried out: whoever may not run a job has it run for nothing, either.
    pub(super) async fn tried(
        &self,
        request: &RunRequest,
        preview: &Preview,
    ) -> Result<Option<Box<Tried>>, Refusal> {
        let wanted = request.dry_run && preview.refused.is_none();
        if wanted { self.try_job(&preview.plan).await } else { Ok(None) }
    }

    /// The run that works on a job in an environment, or is about to.
    pub async fn backfill_live(
        &self,
        environment: &EnvironmentKey,
        job: &JobName,
    ) -> Result<Option<RunId>, Refusal> {
        let live = self.store().run_live().await?.into_iter().filter(|run| run.environment() == environment);
        // The one at work before those that wait.
        let mut found: Vec<Run> = live
            .filter(|run| matches!(&run.request.change, Change::Backfill { job: one, .. } if one == job))
            .collect();
        found.sort_by_key(|run| (!run.state.holds_lock(), run.created_ms));
        Ok(found.into_iter().next().map(|run| run.id))
    }

    /// Ends a backfill after the batch at hand, and keeps its place.
    pub async fn backfill_stop(
        &self,
        environment: &EnvironmentKey,
        job: &JobName,
        actor: &Actor,
    ) -> Result<Run, Refusal> {
        for _ in 0..TRIES {
            match self.backfill_stop_once(environment, job, actor).await {
                Err(refusal) if refusal.is_conflict() => {}
                other => return other,
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    async fn backfill_stop_once(
        &self,
        environment: &EnvironmentKey,
        job: &JobName,
        actor: &Actor,
    ) -> Result<Run, Refusal> {
        let id = self.backfill_live(environment, job).await?;
        let run = match &id {
            Some(id) => Some(self.run_there(id).await?),
            None => None,
        };
        let is_requester = run.as_ref().is_some_and(|run| run.requester.name == actor.name);
        let asked = Asked { is_requester, ..Asked::default() };
        self.cleared_on_record(actor, "backfill-stop", Some(environment), job.to_string(), &asked).await?;
        let going = run.filter(|run| !matches!(run.state, RunState::Undoing { .. }));
        let Some(run) = going else {
            return Err(Refusal::standing(
                "no-backfill",
                format!("the job {job} is not at work in {}", environment.environment),
                format!("backfill-status {job} in {}", environment.environment),
            ));
        };
        let mut draft = Draft::of(&run, self.now_ms());
        self.withdraw(&mut draft).await?;
        let say = format!("stopped by {}", actor.name);
        let next = match self.store().backfill_last(environment, job).await? {
            Some(_) => resume_command(job, environment),
            None if run.state.holds_lock() => resume_command(job, environment),
            None => run.request.command.clone(),
        };
        let reason = Reason::new(STOPPED, say, next);
        draft.moved(RunEvent::CancelAsked { by: actor.name.clone(), reason }, actor)?;
        draft.audit(actor, "run.steered", serde_json::json!({ "verb": "backfill-stop" }));
        let now_ms = self.now_ms();
        let run = draft.commit(self, Some(now_ms)).await?;
        if run.state.is_over() {
            self.ended(&run).await;
        }
        Ok(run)
    }

    /// What goes on with a job where it stopped: as it was asked for then.
    pub async fn backfill_resume_request(
        &self,
        environment: &EnvironmentKey,
        job: &JobName,
    ) -> Result<RunRequest, Refusal> {
        if let Some(id) = self.backfill_live(environment, job).await? {
            return Err(Refusal::standing(
                "not-over",
                format!("the job {job} is at work in {} already: {id}", environment.environment),
                format!("status {id}"),
            ));
        }
        let Some((id, _)) = self.store().backfill_last(environment, job).await? else {
            return Err(Refusal::standing(
                "nothing-to-resume",
                format!("the job {job} was never begun in {}", environment.environment),
                format!("backfill {job} in {}", environment.environment),
            ));
        };
        let mut request = self.run_there(&id).await?.request;
        if let Change::Backfill { resume, .. } = &mut request.change {
            *resume = true;
        }
        request.command = resume_command(job, environment);
        request.break_glass = None;
        request.not_before_ms = None;
        Ok(request)
    }

    /// How far a job is in an environment; none when it was never begun there.
    pub async fn backfill_state(
        &self,
        environment: &EnvironmentKey,
        job: &JobName,
        actor: &Actor,
    ) -> Result<Option<BackfillState>, Refusal> {
        self.cleared(actor, "backfill-status", Some(environment), &Asked::default()).await?;
        let Some((id, at)) = self.store().backfill_last(environment, job).await? else { return Ok(None) };
        let rows = self.store().backfill_rows(&at.place.origin, ROWS_TOLD).await?;
        Ok(Some(BackfillState { run: self.run_there(&id).await?, at, rows }))
    }
}
