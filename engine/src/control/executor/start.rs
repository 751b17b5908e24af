//! Starting a run: its turn, the lock, and the last check that what was approved is still what would happen.

use serde_json::json;

use super::finish::begin;
use super::{Memory, Moved, backoff};
use crate::control::back::is_plain_rollback;
use crate::control::clearance::Asked;
use crate::control::journal::Draft;
use crate::control::lease::Lease;
use crate::control::{Engine, Refusal};
use crate::model::Actor;
use crate::plan::{Plan, plan};
use crate::run::{ApprovalState, Lock, LockHolder, Reason, Run, RunEvent};
use crate::store::Write;

impl Engine {
    /// Takes the lock if it is free and it is this run's turn, checks that what was approved is still what would
    /// happen, and records the first step's intent: one commit.
    pub(super) async fn start(
        &self,
        run: &Run,
        planned: &Plan,
        memory: &mut Memory,
        lease: &Lease,
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
        let mut draft = Draft::of(run, now_ms).fenced(lease);
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
                let undone = RunEvent::Undone { traffic_moved: false, left: Vec::new(), next: None };
                draft.moved(undone, &system)?;
                let run = draft.commit(self, None).await?;
                self.ended(&run).await;
                return Ok(Moved::On);
            }
        };
        let plan = fresh.as_ref().unwrap_or(planned);
        draft.run.answered_before = self.answered(run.environment(), plan).await;
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

    /// Asks the policy and the planner again at the moment of starting. A plan nobody approved is made anew, save a way
    /// back that leads elsewhere; one that people approved must be the same to the last digit.
    async fn recheck(&self, run: &Run, planned: &Plan) -> Result<Option<Plan>, Stop> {
        let approval = self.store().approval_get(&run.id).await.map_err(Refusal::from)?;
        let approved = approval
            .as_ref()
            .is_some_and(|approval| matches!(approval.state, ApprovalState::Approved { .. }));
        let votes = self.store().vote_list(&run.id).await.map_err(Refusal::from)?;
        let people: Vec<String> = votes.into_iter().map(|vote| vote.person).collect();
        let requester = self.as_now(&run.requester).await?;
        let asked = Asked {
            request: Some(&run.request),
            destructive: planned.destructive,
            approvals: self.approvers_among(&people).await?,
            changes_world: true,
            counted_already: true,
            scheduled_ms: run.request.not_before_ms.map(|_| run.created_ms),
            ..Asked::default()
        };
        let action = run.request.change.run_type();
        match self.clearance(&requester, action, Some(run.environment()), &asked).await? {
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
            Err(other) => return Err(other.into()),
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
        // Nobody has seen another way back than the one that was shown, and there may be no time to take it back.
        if is_plain_rollback(&run.request) && !planned.same_way_back(&fresh) {
            let environment = &run.environment().environment;
            let say = match (planned.way_back.release, fresh.way_back.release) {
                (Some(then), Some(now)) if then != now => format!(
                    "{environment} runs release {now} by now, and not release {then}, which this was to take back; it was not \
                     started"
                ),
                _ => {
                    format!("{environment} would go back elsewhere by now than was shown; it was not started")
                }
            };
            let differences = planned.differences(&fresh);
            return Err(Stop::Fails(
                Reason::new("changed", say, run.request.command.clone()).showing(differences),
            ));
        }
        Ok(Some(fresh))
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
        match refusal {
            // Its environment is not in the project any more: waiting brings nothing back.
            Refusal::NotFound { say, next } => Self::Fails(Reason::new("not-found", say, next)),
            refusal => Self::Later(refusal),
        }
    }
}
