//! Steering a run: cancel, pause, resume, retry.

use serde_json::json;

use super::back::is_plain_rollback;
use super::clearance::Asked;
use super::journal::Draft;
use super::{Engine, Refusal};
use crate::model::{Actor, Change, RunId, RunRequest};
use crate::run::{Reason, Run, RunEvent, RunState, past_return};
use crate::store::{StoreError, Write};

/// Tries when the run moves at the same time.
const TRIES: usize = 32;

enum Steer<'a> {
    Cancel(Option<&'a str>),
    Pause,
    Resume,
}

impl Steer<'_> {
    fn verb(&self) -> &'static str {
        match self {
            Self::Cancel(_) => "cancel",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

impl Engine {
    /// Stops a run; what it did so far is undone.
    pub async fn cancel(&self, id: &RunId, actor: &Actor, reason: Option<&str>) -> Result<Run, Refusal> {
        self.steer(id, actor, &Steer::Cancel(reason)).await
    }

    /// Holds a run after the step at hand.
    pub async fn pause(&self, id: &RunId, actor: &Actor) -> Result<Run, Refusal> {
        self.steer(id, actor, &Steer::Pause).await
    }

    /// Lets a paused run go on.
    pub async fn resume(&self, id: &RunId, actor: &Actor) -> Result<Run, Refusal> {
        self.steer(id, actor, &Steer::Resume).await
    }

    /// Asks for the same again: a fresh plan, and approval where the policy wants it.
    pub async fn retry(&self, id: &RunId, actor: &Actor) -> Result<Run, Refusal> {
        let request = self.retry_request(id, actor).await?;
        self.request(&request, actor).await
    }

    /// What the retry of a run asks for; why there is none, otherwise.
    pub async fn retry_request(&self, id: &RunId, actor: &Actor) -> Result<RunRequest, Refusal> {
        let run = self.run_there(id).await?;
        if matches!(run.state, RunState::Undoing { .. }) {
            return Err(Refusal::standing(
                "not-over",
                format!("{id} is going back, and can be tried again once it has"),
                format!("retry {id}"),
            ));
        }
        if !run.state.is_over() {
            return Err(Refusal::standing(
                "not-over",
                format!("{id} is {} and not over yet", run.state.as_str()),
                format!("status {id}"),
            ));
        }
        let asked = Asked::default();
        self.cleared_on_record(actor, "retry", Some(run.environment()), id.to_string(), &asked).await?;
        if matches!(run.state, RunState::Succeeded { .. }) {
            return Err(Refusal::standing(
                "succeeded",
                format!("{id} has succeeded, so there is nothing to retry"),
                run.request.command.clone(),
            ));
        }
        self.same_way_back(&run).await?;
        if let Change::Backfill { job, .. } = &run.request.change
            && self
                .store()
                .backfill_last(run.environment(), job)
                .await?
                .is_some_and(|(last, _)| last == run.id)
        {
            return Box::pin(self.backfill_resume_request(run.environment(), job)).await;
        }
        let mut request = run.request;
        // What was urgent then is not urgent now, and a time that has passed is not waited for.
        request.break_glass = None;
        request.not_before_ms = None;
        Ok(request)
    }

    /// Refuses the retry of a rollback that would take back something else by now than what was shown.
    async fn same_way_back(&self, run: &Run) -> Result<(), Refusal> {
        let Some(planned) = self.store().plan_get(&run.id).await? else { return Ok(()) };
        let live = self.store().environment_get(run.environment()).await?.value.live;
        if !is_plain_rollback(&run.request) || planned.way_back.release == live {
            return Ok(());
        }
        let environment = &run.environment().environment;
        let live = live.map_or("nothing".to_owned(), |number| format!("release {number}"));
        Err(Refusal::standing(
            "changed",
            format!("{environment} runs {live} by now, and not what {} was to take back", run.id),
            run.request.command.clone(),
        ))
    }

    async fn steer(&self, id: &RunId, actor: &Actor, steer: &Steer<'_>) -> Result<Run, Refusal> {
        for _ in 0..TRIES {
            match self.steer_once(id, actor, steer).await {
                Err(refusal) if refusal.is_conflict() => {}
                other => return other,
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    async fn steer_once(&self, id: &RunId, actor: &Actor, steer: &Steer<'_>) -> Result<Run, Refusal> {
        let (run, plan) = self.run_and_plan(id).await?;
        let is_requester = actor.name == run.requester.name;
        let asked = Asked { is_requester, ..Asked::default() };
        self.cleared_on_record(actor, steer.verb(), Some(run.environment()), id.to_string(), &asked).await?;
        if run.state.is_over() {
            return Err(Refusal::standing(
                "over",
                format!("{id} is over: it {}", over(&run.state)),
                format!("status {id}"),
            ));
        }
        let mut draft = Draft::of(&run, self.now_ms());
        match steer {
            Steer::Cancel(reason) => {
                if matches!(run.state, RunState::Undoing { .. }) {
                    return Err(Refusal::standing(
                        "undoing",
                        format!("{id} is being undone already"),
                        format!("status {id}"),
                    ));
                }
                let steps = self.store().step_list(id).await?;
                if past_return(&plan, &steps) {
                    return Err(Refusal::standing(
                        "past-return",
                        format!("{id} is recording its result and can't be cancelled any more"),
                        format!("rollback {}", run.environment().environment),
                    ));
                }
                let say = match reason {
                    Some(reason) => format!("cancelled by {}: {reason}", actor.name),
                    None => format!("cancelled by {}", actor.name),
                };
                self.withdraw(&mut draft).await?;
                let reason = Reason::new("cancelled", say, format!("retry {id}"));
                draft.moved(RunEvent::CancelAsked { by: actor.name.clone(), reason }, actor)?;
            }
            Steer::Pause => match &run.state {
                RunState::Running { .. } => {
                    draft.moved(RunEvent::Paused { by: actor.name.clone() }, actor)?;
                }
                state => return Err(unfit(id, "paused", state)),
            },
            Steer::Resume => match &run.state {
                RunState::Paused { .. } => {
                    draft.moved(RunEvent::Resumed, actor)?;
                    if let Some(mut trial) = self.store().trial_get(id).await? {
                        trial.soak_on();
                        draft.write(Write::TrialPut { run: id.clone(), trial: Box::new(trial) });
                    }
                }
                state => return Err(unfit(id, "resumed", state)),
            },
        }
        draft.audit(actor, "run.steered", json!({ "verb": steer.verb() }));
        let now_ms = self.now_ms();
        let run = draft.commit(self, Some(now_ms)).await?;
        if run.state.is_over() {
            self.ended(&run).await;
        }
        Ok(run)
    }
}

fn unfit(id: &RunId, wanted: &str, state: &RunState) -> Refusal {
    let say = format!("{id} is {} and can't be {wanted}", state.as_str());
    Refusal::standing("unfit", say, format!("status {id}"))
}

/// How a run ended, as a verb.
fn over(state: &RunState) -> &'static str {
    match state {
        RunState::Succeeded { .. } => "succeeded",
        RunState::RolledBack { .. } => "was rolled back",
        RunState::Cancelled { .. } => "was cancelled",
        _ => "failed",
    }
}
