//! Steering a canary: moving it on, and taking it back to the last stable release.

use serde_json::json;

use super::clearance::Asked;
use super::executor::TAKEN_BACK;
use super::journal::Draft;
use super::{Engine, Refusal};
use crate::model::{Actor, EnvironmentKey, RunId, StepNumber};
use crate::plan::Plan;
use crate::run::{Reason, Run, RunEvent, RunState, Step, StepState, past_return};
use crate::step::StepKind;
use crate::store::{StoreError, Write};

/// Tries when the run moves at the same time.
const TRIES: usize = 32;

impl Engine {
    /// Moves the stage of a canary that is at hand on to the next, whatever the judge still lacks.
    pub async fn promote(&self, id: &RunId, actor: &Actor) -> Result<Run, Refusal> {
        for _ in 0..TRIES {
            match self.promote_once(id, actor).await {
                Err(refusal) if refusal.is_conflict() => {}
                other => return other,
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    async fn promote_once(&self, id: &RunId, actor: &Actor) -> Result<Run, Refusal> {
        let (run, plan) = self.run_and_plan(id).await?;
        let is_requester = actor.name == run.requester.name;
        let asked = Asked { is_requester, ..Asked::default() };
        self.cleared_on_record(actor, "promote", Some(run.environment()), id.to_string(), &asked).await?;
        let steps = self.store().step_list(id).await?;
        let trial = self.store().trial_get(id).await?;
        let soaking = matches!(run.state, RunState::Running { .. } | RunState::Paused { .. })
            .then(|| soaking(&plan, &steps))
            .flatten();
        let Some((mut trial, step)) = trial.zip(soaking).filter(|(trial, step)| trial.has_begun(*step))
        else {
            return Err(Refusal::standing(
                "no-canary",
                format!("{id} is {} and has no stage of a canary that could be moved on", run.state.as_str()),
                format!("status {id}"),
            ));
        };
        let mut draft = Draft::of(&run, self.now_ms());
        trial.promote(&actor.name);
        draft.write(Write::TrialPut { run: id.clone(), trial: Box::new(trial) });
        if matches!(run.state, RunState::Paused { .. }) {
            draft.moved(RunEvent::Resumed, actor)?;
        }
        draft.audit(actor, "run.steered", json!({ "verb": "promote", "step": step }));
        let now_ms = self.now_ms();
        draft.commit(self, Some(now_ms)).await
    }

    /// The run in an environment whose release is on trial, or about to be.
    pub async fn canary_in(&self, environment: &EnvironmentKey) -> Result<Option<RunId>, Refusal> {
        for run in self.store().run_live().await? {
            let at_work = matches!(run.state, RunState::Running { .. } | RunState::Paused { .. });
            if !at_work || run.environment() != environment {
                continue;
            }
            let plan = self.plan_there(&run.id).await?;
            if plan.has_canary() && !past_return(&plan, &self.store().step_list(&run.id).await?) {
                return Ok(Some(run.id));
            }
        }
        Ok(None)
    }

    /// Takes a release on trial back, as its judge would have: all traffic to the last stable release first.
    pub async fn canary_back(&self, id: &RunId, actor: &Actor, why: Option<&str>) -> Result<Run, Refusal> {
        for _ in 0..TRIES {
            match self.canary_back_once(id, actor, why).await {
                Err(refusal) if refusal.is_conflict() => {}
                other => return other,
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    async fn canary_back_once(&self, id: &RunId, actor: &Actor, why: Option<&str>) -> Result<Run, Refusal> {
        let (run, plan) = self.run_and_plan(id).await?;
        let is_requester = actor.name == run.requester.name;
        let asked = Asked { is_requester, ..Asked::default() };
        // What is live stays live, so it asks for what stopping a run asks for.
        self.cleared_on_record(actor, "cancel", Some(run.environment()), id.to_string(), &asked).await?;
        let steps = self.store().step_list(id).await?;
        let at_work = matches!(run.state, RunState::Running { .. } | RunState::Paused { .. });
        if !at_work || past_return(&plan, &steps) {
            return Err(Refusal::standing(
                "no-canary",
                format!("{id} is {} and is no canary any more", run.state.as_str()),
                format!("rollback {}", run.environment().environment),
            ));
        }
        let mut draft = Draft::of(&run, self.now_ms());
        if matches!(run.state, RunState::Paused { .. }) {
            draft.moved(RunEvent::Resumed, actor)?;
        }
        let say = match why {
            Some(why) => format!("rolled back by {}: {why}", actor.name),
            None => format!("rolled back by {}", actor.name),
        };
        let reason = Reason::new(TAKEN_BACK, say, format!("retry {id}"));
        draft.moved(RunEvent::StepFailed { reason }, actor)?;
        draft.audit(actor, "run.steered", json!({ "verb": "rollback" }));
        let now_ms = self.now_ms();
        draft.commit(self, Some(now_ms)).await
    }
}

/// The stage of a canary that is at hand.
fn soaking(plan: &Plan, steps: &[Step]) -> Option<StepNumber> {
    steps
        .iter()
        .find(|step| matches!(step.state, StepState::Running { .. }))
        .filter(|step| {
            let planned = plan.steps.get(step.number as usize);
            planned.is_some_and(|planned| matches!(planned.kind, StepKind::CanaryStage(_)))
        })
        .map(|step| step.number)
}
