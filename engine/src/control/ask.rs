//! Asking for a run: plan, policy, and one commit that makes the run with its plan, its approval and its record.

use policies::Decision;
use serde_json::json;

use super::back::only_one;
use super::backfills::Tried;
use super::clearance::{Asked, fired, role_from};
use super::{Engine, Refusal};
use crate::model::{Actor, Change, Desired, Role, RunId, RunRequest};
use crate::plan::{Plan, PlanProblem, plan};
use crate::ports::PortError;
use crate::run::{Approval, ApprovalState, Happening, Run, RunEvent, RunState};
use crate::step::StepKind;
use crate::store::{AuditEntry, Commit, StoreError, Versioned, Write};

/// How long an approval stays open when the environment does not say, in minutes.
const APPROVAL_MINUTES: u32 = 60;
/// Identifiers tried before they get longer.
const ID_TRIES_PER_LENGTH: usize = 4;
const MINUTE_MS: i64 = 60_000;
/// Tries when another rollback of the environment is asked for at the same time.
const TRIES: usize = 8;

/// What would happen: a plan and what the policy says to it. Nothing was written.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The plan.
    pub plan: Plan,
    /// What the policy says, of a dry run about the real one: people who must approve, or none.
    pub approval: Option<(u32, Vec<Role>)>,
    /// Why the real one of a dry run would be refused now, when it would.
    pub refused: Option<String>,
    /// The rules that said so.
    pub because: Vec<String>,
    /// What the dry run of a backfill found.
    pub tried: Option<Box<Tried>>,
}

impl Engine {
    /// Plans a request and asks the policy, without writing anything but the record that somebody looked.
    pub async fn preview(&self, request: &RunRequest, actor: &Actor) -> Result<Preview, Refusal> {
        let action = request.change.run_type();
        let asked = Asked { request: Some(request), changes_world: !request.dry_run, ..Asked::default() };
        let decision = match self.cleared(actor, action, Some(&request.environment), &asked).await {
            Err(refusal @ Refusal::NotAllowed { .. }) => {
                self.record_refusal(actor, request, &refusal).await?;
                return Err(refusal);
            }
            other => other?,
        };
        let facts = self.gather(request).await?;
        let plan = plan(request, &facts)?;
        self.can_be_judged(&plan)?;
        let decision = if request.dry_run {
            // Looking needs no approval; people want to know what doing it would need.
            let real = RunRequest { dry_run: false, ..request.clone() };
            let destructive = plan.destructive;
            let asked = Asked { request: Some(&real), changes_world: true, destructive, ..Asked::default() };
            self.clearance(actor, action, Some(&request.environment), &asked).await?
        } else {
            decision
        };
        let (approval, refused, because) = match decision {
            Decision::NeedsApproval { count, roles, because } => {
                let roles = roles.into_iter().filter_map(role_from).collect();
                (Some((count, roles)), None, because.iter().map(fired).collect())
            }
            Decision::Allow { because } => (None, None, because.into_iter().map(|rule| rule.0).collect()),
            Decision::Refuse { say, because, .. } => (None, Some(say), because.iter().map(fired).collect()),
        };
        let mut preview = Preview { plan, approval, refused, because, tried: None };
        preview.tried = Box::pin(self.tried(request, &preview)).await?;
        Ok(preview)
    }

    /// Makes a run out of a request. It waits for approval where the policy says so and joins the line otherwise.
    pub async fn request(&self, request: &RunRequest, actor: &Actor) -> Result<Run, Refusal> {
        self.request_with(request, actor, |_| Ok(Vec::new())).await
    }

    /// The same, in one commit with what the front writes down about the run. A conflict there is the caller's: its writes
    /// were worked out from something older.
    pub async fn request_with(
        &self,
        request: &RunRequest,
        actor: &Actor,
        with: impl Fn(&RunId) -> Result<Vec<Write>, StoreError> + Send,
    ) -> Result<Run, Refusal> {
        not_dry(request)?;
        for _ in 0..TRIES {
            // A way back is worked out from what is live, and gone once.
            let seen = match request.change {
                Change::Rollback { .. } => Some(self.store().environment_get(&request.environment).await?),
                _ => None,
            };
            match Box::pin(self.request_once(request, actor, &with, seen.as_ref(), false)).await {
                Err(refusal) if refusal.is_conflict() && self.is_other(request, seen.as_ref()).await? => {}
                other => return other,
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// Makes a run out of a deploy as long as the environment is as it was seen, when it waits for approval, or in any case
    /// where it is to be the only one (`alone`): of two that are asked for in the same moment the later is a conflict, and the
    /// caller looks again for one that waits already. A conflict with what the front writes down is the caller's too.
    pub async fn request_as_seen(
        &self,
        request: &RunRequest,
        actor: &Actor,
        seen: &Versioned<Desired>,
        alone: bool,
        with: impl Fn(&RunId) -> Result<Vec<Write>, StoreError> + Send,
    ) -> Result<Run, Refusal> {
        not_dry(request)?;
        Box::pin(self.request_once(request, actor, &with, Some(seen), alone)).await
    }

    /// Whether the environment is another one than was seen.
    async fn is_other(
        &self,
        request: &RunRequest,
        seen: Option<&Versioned<Desired>>,
    ) -> Result<bool, Refusal> {
        let now = self.store().environment_get(&request.environment).await?;
        Ok(seen.is_some_and(|seen| seen.revision != now.revision))
    }

    async fn request_once(
        &self,
        request: &RunRequest,
        actor: &Actor,
        with: &(impl Fn(&RunId) -> Result<Vec<Write>, StoreError> + Send),
        seen: Option<&Versioned<Desired>>,
        alone: bool,
    ) -> Result<Run, Refusal> {
        let preview = self.preview(request, actor).await?;
        let only = match seen {
            Some(seen) if matches!(request.change, Change::Rollback { .. }) => {
                Some(self.only_rollback(request, seen).await?)
            }
            // One that waits for nobody joins the line, and the second shows there.
            Some(seen) if alone || preview.approval.is_some() => Some(only_one(request, seen)),
            _ => None,
        };
        let now_ms = self.now_ms();
        let digest = preview.plan.digest();
        let minutes = self.approval_minutes(request).await?;
        let expires_ms = now_ms + i64::from(minutes) * MINUTE_MS;
        let event = match preview.approval {
            Some(_) => RunEvent::ApprovalAsked { expires_ms },
            None => RunEvent::Cleared,
        };
        let state = RunState::Planned.after(event, now_ms)?;
        for attempt in 0.. {
            let id = RunId::from_random(random()?, 4 + attempt / ID_TRIES_PER_LENGTH);
            let run = Run {
                id: id.clone(),
                request: request.clone(),
                requester: actor.clone(),
                state: state.clone(),
                plan_digest: digest.clone(),
                because: preview.because.clone(),
                created_ms: now_ms,
                started_ms: None,
                finished_ms: None,
                answered_before: None,
                version: 1,
            };
            let mut commit = Commit::at(now_ms);
            commit.writes.push(Write::RunInsert {
                run: Box::new(run.clone()),
                plan: Box::new(preview.plan.clone()),
                due_ms: Some(now_ms),
            });
            if let Some((needed, roles)) = &preview.approval {
                commit.writes.push(Write::ApprovalPut(Approval {
                    run: id.clone(),
                    plan_digest: digest.clone(),
                    needed: *needed,
                    roles: roles.clone(),
                    state: ApprovalState::Open,
                    expires_ms,
                }));
            }
            commit.writes.extend(only.clone());
            commit.writes.extend(with(&id)?);
            commit.happenings.push((id.clone(), Happening::Moved { to: state.clone() }));
            commit.audit.push(AuditEntry {
                actor: actor.clone(),
                action: "run.requested",
                subject: id.to_string(),
                environment: Some(request.environment.clone()),
                run: Some(id.clone()),
                data: json!({
                    "command": request.command,
                    "plan_digest": digest,
                    "state": state.as_str(),
                    "because": preview.because,
                    "break_glass": request.break_glass,
                }),
            });
            match self.write(commit).await {
                Ok(()) => return Ok(run),
                // The identifier is taken: another one.
                Err(StoreError::Conflict)
                    if attempt < ID_TRIES_PER_LENGTH * 8 && self.store().run_get(&id).await?.is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// Refuses a canary that nobody could watch: it would be held for ever.
    fn can_be_judged(&self, plan: &Plan) -> Result<(), Refusal> {
        let stages = plan.steps.iter().filter_map(|step| match &step.kind {
            StepKind::CanaryStage(stage) => Some(stage),
            _ => None,
        });
        for judged in stages.flat_map(|stage| &stage.judged) {
            match self.ports().signals.can_see(judged.signals.as_ref()) {
                Ok(()) => {}
                Err(PortError::Fail { what, hint }) => {
                    let say = format!("a canary of {} could not be watched: {what}", judged.service);
                    return Err(PlanProblem::new("unseen", say, hint).into());
                }
                Err(error) => return Err(Refusal::port("looking for signals")(error)),
            }
        }
        Ok(())
    }

    async fn approval_minutes(&self, request: &RunRequest) -> Result<u32, Refusal> {
        let project = self.project_of(&request.environment).await?.value;
        let described = project.environments.get(&request.environment.environment);
        Ok(described.and_then(|described| described.policy.approval_minutes).unwrap_or(APPROVAL_MINUTES))
    }

    /// Not allowed is recorded too.
    pub(super) async fn record_refusal(
        &self,
        actor: &Actor,
        request: &RunRequest,
        refusal: &Refusal,
    ) -> Result<(), Refusal> {
        let mut commit = Commit::at(self.now_ms());
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action: "run.refused",
            subject: request.command.clone(),
            environment: Some(request.environment.clone()),
            run: None,
            data: json!({ "say": refusal.to_string() }),
        });
        Ok(self.write(commit).await?)
    }
}

/// The rules let dry runs pass because they write nothing: one must never become a run.
fn not_dry(request: &RunRequest) -> Result<(), Refusal> {
    if request.dry_run {
        let say = "a dry run is shown and not carried out";
        return Err(Refusal::standing("dry-run", say, request.command.clone()));
    }
    Ok(())
}

fn random() -> Result<u64, Refusal> {
    getrandom::u64().map_err(|error| {
        Refusal::standing("no-randomness", format!("this machine gives no random numbers: {error}"), "doctor")
    })
}
