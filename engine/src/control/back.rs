//! Going back: which run put there what is live, and that one way back is gone once, however often it is asked for.

use super::{Engine, Refusal};
use crate::model::{Change, Desired, EnvironmentKey, Release, RollbackTarget, RunRequest, ServiceName};
use crate::plan::Plan;
use crate::run::{Run, RunState};
use crate::store::{Versioned, Write};

/// What is live, and how it came to be.
#[derive(Debug, Clone)]
pub struct WentLive {
    /// The release.
    pub release: Release,
    /// The run that put it there, and its plan; absent only in a database that lost it.
    pub by: Option<(Run, Plan)>,
}

fn is_rollback(run: &Run) -> bool {
    matches!(run.request.change, Change::Rollback { .. })
}

/// Whether two lists of services have one in common; an empty one means all.
pub fn overlap(one: &[ServiceName], other: &[ServiceName]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|service| other.contains(service))
}

/// Whether a list of services has all of another's; an empty one means all.
fn covers(one: &[ServiceName], other: &[ServiceName]) -> bool {
    one.is_empty() || (!other.is_empty() && other.iter().all(|service| one.contains(service)))
}

/// A write that can't be carried out twice on what was seen of the environment.
pub(super) fn only_one(request: &RunRequest, seen: &Versioned<Desired>) -> Write {
    Write::EnvironmentPut {
        environment: request.environment.clone(),
        desired: seen.value.clone(),
        revision: seen.revision + 1,
    }
}

/// Whether a request goes back from whatever is live to the release before it.
pub(in crate::control) fn is_plain_rollback(request: &RunRequest) -> bool {
    matches!(request.change, Change::Rollback { to: RollbackTarget::Previous, .. })
}

impl Engine {
    /// What is live in an environment, and the run that put it there, however long ago: the one that made the release, or one
    /// that came back to it. Nothing when nothing is live.
    pub async fn went_live(&self, environment: &EnvironmentKey) -> Result<Option<WentLive>, Refusal> {
        let store = self.store();
        let Some(number) = store.environment_get(environment).await?.value.live else { return Ok(None) };
        let Some(release) = store.release_get(environment, number).await? else { return Ok(None) };
        if let Some(run) = store.run_last_releasing(environment).await?
            && let Some(plan) = store.plan_get(&run.id).await?
            && plan.puts_live() == Some(number)
        {
            return Ok(Some(WentLive { release, by: Some((run, plan)) }));
        }
        let made = store.run_get(&release.run).await?;
        let plan = store.plan_get(&release.run).await?;
        Ok(Some(WentLive { release, by: made.zip(plan) }))
    }

    /// The rollbacks of an environment that are not over, oldest first, with their plans.
    pub async fn rollbacks_under_way(
        &self,
        environment: &EnvironmentKey,
    ) -> Result<Vec<(Run, Plan)>, Refusal> {
        let mut found = Vec::new();
        for run in self.store().run_live().await? {
            if run.environment() == environment
                && is_rollback(&run)
                && let Some(plan) = self.store().plan_get(&run.id).await?
            {
                found.push((run, plan));
            }
        }
        Ok(found)
    }

    /// The run that is about to put a release live in an environment: its turn has come, or comes next.
    pub async fn going_live(&self, environment: &EnvironmentKey) -> Result<Option<Run>, Refusal> {
        let now_ms = self.now_ms();
        let is_going_live = |run: &Run| {
            let waits = matches!(run.state, RunState::AwaitingApproval { .. });
            let later = run.request.not_before_ms.is_some_and(|not_before_ms| not_before_ms > now_ms);
            run.environment() == environment
                && matches!(run.request.change, Change::Deploy { .. })
                && !waits
                && (run.started_ms.is_some() || !later)
        };
        Ok(self.store().run_live().await?.into_iter().find(is_going_live))
    }

    /// The rollback under way that is the very one a request asks for: one of the same services, or of some of them, goes
    /// the same way back. Whoever breaks the glass does not wait for one that has not begun.
    pub async fn same_rollback(&self, request: &RunRequest) -> Result<Option<(Run, Plan)>, Refusal> {
        let Change::Rollback { services, to, .. } = &request.change else { return Ok(None) };
        for (run, plan) in self.rollbacks_under_way(&request.environment).await? {
            let theirs = run.request.change.services();
            if !overlap(theirs, services) || (request.break_glass.is_some() && run.started_ms.is_none()) {
                continue;
            }
            let same = match to {
                RollbackTarget::Previous => true,
                // What was said to go somewhere goes there, with all that was named.
                _ if !covers(theirs, services) => false,
                RollbackTarget::Release(number) => plan.puts_live() == Some(*number),
                RollbackTarget::Reference(reference) => {
                    let lands = match plan.puts_live() {
                        Some(number) => self.store().release_get(&request.environment, number).await?,
                        None => None,
                    };
                    lands.is_some_and(|release| release.is_called(reference))
                }
            };
            if same || run.request.change == request.change {
                return Ok(Some((run, plan)));
            }
        }
        Ok(None)
    }

    /// Refuses a rollback that is under way already. Otherwise a write under which it is the only one: of two that are asked
    /// for in the same moment the later is looked at again.
    pub(super) async fn only_rollback(
        &self,
        request: &RunRequest,
        seen: &Versioned<Desired>,
    ) -> Result<Write, Refusal> {
        if let Some((run, plan)) = self.same_rollback(request).await? {
            return Err(Refusal::standing(
                "rolling-back",
                format!("{} is under way already ({}, {})", plan.title, run.id, run.state.as_str()),
                format!("status {}", run.id),
            ));
        }
        Ok(only_one(request, seen))
    }
}
