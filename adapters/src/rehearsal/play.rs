//! A performance: the request is made on a copy, approved, and carried to its end; time passes where nothing else could.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use engine::control::{Engine, Refusal};
use engine::model::{Change, EnvironmentKey, RollbackTarget, RunId, RunRequest};
use engine::plan::PlanProblem;
use engine::ports::{InstanceState, PortError};
use engine::run::{RunState, StepState};

use super::copy::{Copy, Stage};
use super::trouble::Trouble;
use crate::sim::Call;

/// How often time passes before it is given up.
const MOVES_MAX: usize = 50_000;
/// How long a performance may take for real.
const LONGEST: Duration = Duration::from_mins(1);
/// What a run says of what it could not undo.
const NOT_UNDONE: &str = "Not undone";

/// How a performance ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) became: String,
    pub(super) at: Option<String>,
    pub(super) because: Option<String>,
    pub(super) took_ms: i64,
    /// What there was before, and what there is.
    pub(super) before: String,
    pub(super) picture: String,
    /// What the run says it left behind.
    pub(super) left: Vec<String>,
    /// Migrations that were applied.
    pub(super) migrated: usize,
    /// Writing calls that were carried out.
    pub(super) calls: BTreeSet<Call>,
    /// What was done twice, and must not be.
    pub(super) doubled: Vec<String>,
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
        let environment = &self.request.environment;
        let before = stage.picture(environment, *trouble == Trouble::RolledBack).await?;
        let had = stage.migrations(self).await;
        trouble.prepare(&stage.world, self.scene);
        let request =
            RunRequest { dry_run: false, not_before_ms: None, conversation: None, ..self.request.clone() };
        let mut run = stage.carried_out(&request).await?;
        let went_well = stage.store.run_get(&run).await?.is_some_and(|run| run.state.as_str() == "succeeded");
        if *trouble == Trouble::RolledBack && went_well {
            let to = RollbackTarget::Previous;
            let change = Change::Rollback { services: Vec::new(), to, taking_back: None };
            run = stage.carried_out(&RunRequest { change, ..request }).await?;
        }
        let picture = stage.picture(environment, *trouble == Trouble::RolledBack).await?;
        let migrated = stage.migrations(self).await.saturating_sub(had);
        let program = stage.program().await?;
        let detail = program.run_detail(&run).await?;
        let reason = detail.run.state.reason();
        let turned = detail.steps.iter().find(|step| {
            matches!(step.state, StepState::Failed { .. } | StepState::Undone { .. } | StepState::Kept { .. })
        });
        // The step that failed is the last that anything was done in.
        let last = detail.steps.iter().rev().find(|step| !matches!(step.state, StepState::Pending));
        let at =
            reason.and(last.or(turned)).map(|step| detail.plan.steps[step.number as usize].title.clone());
        let ended_ms = detail.run.finished_ms.unwrap_or_else(|| program.now_ms());
        let left = reason.into_iter().flat_map(|reason| &reason.evidence);
        Ok(Ended {
            became: detail.run.state.as_str().to_owned(),
            at,
            because: reason.map(|reason| reason.say.clone()),
            took_ms: ended_ms - detail.run.started_ms.unwrap_or(ended_ms),
            before,
            picture,
            left: left.filter(|line| line.starts_with(NOT_UNDONE)).cloned().collect(),
            migrated,
            calls: stage.world.ledger().iter().map(|effect| effect.call).collect(),
            doubled: stage.world.doubled().iter().map(ToString::to_string).collect(),
        })
    }
}

impl Stage {
    /// Makes the request, and has it carried out to its end.
    async fn carried_out(&self, request: &RunRequest) -> Result<RunId, Refusal> {
        let mut program = self.program().await?;
        let run = program.request(request, &self.performer).await?.id;
        let began = Instant::now();
        for _ in 0..MOVES_MAX {
            if began.elapsed() > LONGEST {
                break;
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
                (state, _) if state.is_over() => return Ok(run),
                (RunState::AwaitingApproval { .. }, _) => {
                    program.approve(&run, &self.performer).await?;
                }
                (state, Some(due_ms)) if state.moves_by_itself() => self.clock.advance_to(due_ms),
                // A stage that waits for a person is moved on, as that person would.
                _ => self.moved_on(&program, &run).await?,
            }
        }
        Err(Refusal::Problem(PlanProblem::new(
            "endless",
            "played on a copy it does not come to an end, so there is nothing to tell",
            format!("dry run {}", request.command),
        )))
    }

    async fn moved_on(&self, program: &Engine, run: &RunId) -> Result<(), Refusal> {
        program.promote(run, &self.performer).await.map(drop)
    }

    /// What runs, where traffic goes and what is scheduled, a line each; `by_code`: by commit instead of release, because another
    /// release may have the same code.
    async fn picture(&self, environment: &EnvironmentKey, by_code: bool) -> Result<String, Refusal> {
        let ports = self.world.ports();
        let seen =
            |error: PortError| Refusal::Problem(PlanProblem::new("unseen", error.to_string(), "status"));
        let observed = ports.platform.observe(environment).await.map_err(seen)?;
        let live = self.store.environment_get(environment).await?.value.live;
        let release = match live {
            Some(number) => self.store.release_get(environment, number).await?,
            None => None,
        };
        let mut picture = String::new();
        for (service, there) in &observed.services {
            let part = release.as_ref().and_then(|release| release.services.get(service));
            let called = |number: u32| match part.filter(|part| by_code && part.origin == number) {
                Some(part) => part.commit.clone(),
                None => number.to_string(),
            };
            for set in &there.sets {
                let healthy = |state: &InstanceState| matches!(state, InstanceState::Healthy { .. });
                let well = set.instances.iter().filter(|one| healthy(&one.state)).count();
                let _ = writeln!(picture, "{service} {} {well} of {}", called(set.release), set.replicas);
            }
            if let Some(schedule) = &there.schedule {
                let at = called(schedule.release);
                let _ = writeln!(picture, "{service} {at} at {} {}", schedule.cron, schedule.enabled);
            }
            let weights = ports.edge.weights(environment, service).await.map_err(seen)?;
            for weight in weights.iter().filter(|weight| weight.percent > 0) {
                let _ = writeln!(picture, "{service} {}% to {}", weight.percent, called(weight.release));
            }
        }
        if !by_code {
            let _ = writeln!(picture, "live {live:?}");
        }
        Ok(picture)
    }

    /// How many migrations the copy's database has had.
    async fn migrations(&self, copy: &Copy<'_>) -> usize {
        let facts = &copy.scene.facts;
        let Some(database) = facts.project.database_migrated(&facts.environment.environment) else {
            return 0;
        };
        let applied = self.world.ports().database.migrations_applied(&facts.environment, &database).await;
        applied.map(|applied| applied.len()).unwrap_or_default()
    }
}
