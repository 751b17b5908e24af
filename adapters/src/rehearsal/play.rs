//! A performance: the request is made on a copy, approved, and carried to its end; time passes where nothing else could.

use std::time::{Duration, Instant};

use engine::control::{Refusal, RunDetail};
use engine::model::{Change, RollbackTarget, RunRequest};
use engine::plan::PlanProblem;
use engine::run::{RunState, StepState, left_behind};

use super::copy::{Copy, Stage};
use super::picture::Picture;
use super::trouble::Trouble;
use crate::sim::Effect;

/// How long a performance may take for real.
const LONGEST: Duration = Duration::from_mins(1);
/// How often somebody says yes: no rule that comes with the product wants more.
const YESES_MAX: usize = 5;

/// How a performance ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) became: String,
    pub(super) at: Option<String>,
    pub(super) because: Option<String>,
    pub(super) took_ms: i64,
    /// What there was before, and what there is.
    pub(super) before: Picture,
    pub(super) after: Picture,
    /// What the run says of steps that were not undone, or not whole.
    pub(super) left: Vec<String>,
    /// Writing calls that were carried out.
    pub(super) effects: Vec<Effect>,
    /// What was done twice, and must not be.
    pub(super) doubled: Vec<String>,
    /// Troubles that never came.
    pub(super) unstruck: usize,
}

impl Ended {
    pub(super) fn is_well(&self) -> bool {
        self.became == "succeeded"
    }
}

impl Copy<'_> {
    /// Plays the request with one trouble.
    pub(super) async fn play(&self, trouble: &Trouble) -> Result<Ended, Refusal> {
        let stage = self.set_up().await?;
        let before = stage.picture(self).await?;
        trouble.prepare(&stage.world, self.scene);
        let request =
            RunRequest { dry_run: false, not_before_ms: None, conversation: None, ..self.request.clone() };
        let mut detail = stage.carried_out(&request).await?;
        if let (Trouble::RolledBack(release), RunState::Succeeded { .. }) = (trouble, &detail.run.state) {
            let to = RollbackTarget::Release(*release);
            let change = Change::Rollback { services: Vec::new(), to, taking_back: None };
            detail = stage.carried_out(&RunRequest { change, ..request }).await?;
        }
        let reason = detail.run.state.reason();
        // The step that failed is the last that anything was done in.
        let last = detail.steps.iter().rev().find(|step| !matches!(step.state, StepState::Pending));
        let is_over = detail.run.state.is_over();
        let at = last
            .filter(|_| reason.is_some() || !is_over)
            .map(|step| detail.plan.steps[step.number as usize].title.clone());
        let note = last.and_then(|step| match &step.state {
            StepState::Running { note, .. } => Some(note.clone()),
            _ => None,
        });
        let ended_ms = detail.run.finished_ms.unwrap_or_else(|| stage.now_ms());
        let kept = detail.steps.iter().filter_map(|step| match &step.state {
            StepState::Kept { why, fine: true, .. } => {
                Some(format!("{}: {why}", detail.plan.steps[step.number as usize].title))
            }
            _ => None,
        });
        let is_bad = !matches!(detail.run.state, RunState::Succeeded { .. });
        Ok(Ended {
            became: if is_over { detail.run.state.as_str().to_owned() } else { "held".to_owned() },
            at,
            because: reason.map(|reason| reason.say.clone()).or(note.filter(|_| !is_over)),
            took_ms: ended_ms - detail.run.started_ms.unwrap_or(ended_ms),
            before,
            after: stage.picture(self).await?,
            left: left_behind(&detail.plan, &detail.steps)
                .into_iter()
                .chain(kept)
                .filter(|_| is_bad)
                .collect(),
            effects: stage.world.ledger(),
            doubled: stage.world.doubled().iter().map(ToString::to_string).collect(),
            unstruck: stage.world.faults_unstruck().len(),
        })
    }
}

impl Stage {
    /// Makes the request, and has it carried out to its end, or as far as it goes by itself.
    async fn carried_out(&self, request: &RunRequest) -> Result<RunDetail, Refusal> {
        let mut program = self.program().await?;
        let run = program.request(request, &self.performer).await?.id;
        let (began, mut yeses) = (Instant::now(), 0);
        loop {
            if began.elapsed() > LONGEST {
                return Err(Refusal::Problem(PlanProblem::new(
                    "takes-long",
                    format!("to play it takes longer than {} s", LONGEST.as_secs()),
                    format!("dry run {}", request.command.trim_start_matches("rehearse ")),
                )));
            }
            let due_ms = tokio::select! {
                biased;
                () = self.world.crashed() => {
                    drop(program);
                    program = self.program().await?;
                    continue;
                }
                moved = program.tick() => moved?,
            };
            let Some(now) = self.store.run_get(&run).await? else { break };
            match (&now.state, due_ms) {
                (RunState::AwaitingApproval { .. }, _) if yeses < YESES_MAX => {
                    yeses += 1;
                    program.approve(&run, &self.performer).await?;
                }
                (state, Some(due_ms)) if state.moves_by_itself() => self.clock.advance_to(due_ms),
                // It is over, or waits for a person: that is how far it goes.
                _ => break,
            }
        }
        program.run_detail(&run).await
    }

    fn now_ms(&self) -> i64 {
        engine::clock::Clock::now_ms(&*self.clock)
    }
}
