//! Approvals: however many clicks and words arrive, on whichever front, one decision wins, in one transaction; everybody
//! hears what became of theirs, and not allowed is recorded too.

use policies::Decision;
use serde_json::json;

use super::clearance::{Asked, role_from};
use super::journal::Draft;
use super::lease::Lease;
use super::{Engine, Refusal};
use crate::model::{Actor, Role, RunId};
use crate::plan::Plan;
use crate::run::{Approval, ApprovalState, Happening, Reason, Run, RunEvent, RunState, Vote};
use crate::store::{AuditEntry, Commit, StoreError, Write};

/// Tries of a decision when others decide at the same time.
const TRIES: usize = 16;

/// What is still missing before the rules are content.
struct Missing {
    /// Yeses.
    count: u32,
    /// Whose.
    roles: Vec<Role>,
}

/// What became of somebody's yes or no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// This yes was the last one needed: the run goes on.
    Approved,
    /// The yes counts; so many more are needed.
    Counted {
        /// How many.
        still: u32,
    },
    /// They had said yes before.
    CountedBefore {
        /// How many more are needed.
        still: u32,
    },
    /// The run is off.
    Rejected,
    /// They had said the same before, and it is decided as they said.
    Before,
}

impl Engine {
    /// A yes to a run, bound to the plan that was shown.
    pub async fn approve(&self, id: &RunId, actor: &Actor) -> Result<Decided, Refusal> {
        self.decide(id, actor, None).await
    }

    /// A no to a run.
    pub async fn reject(&self, id: &RunId, actor: &Actor, reason: Option<&str>) -> Result<Decided, Refusal> {
        self.decide(id, actor, Some(reason.unwrap_or_default())).await
    }

    async fn decide(&self, id: &RunId, actor: &Actor, no: Option<&str>) -> Result<Decided, Refusal> {
        for _ in 0..TRIES {
            match self.decide_once(id, actor, no).await {
                Err(refusal) if refusal.is_conflict() => {}
                // Nobody refused anything; there is nothing to record, and nowhere.
                Err(refusal @ (Refusal::Store(_) | Refusal::Bug(_))) => return Err(refusal),
                Err(refusal) => {
                    self.record_decision_refused(id, actor, &refusal).await?;
                    return Err(refusal);
                }
                decided => return decided,
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    async fn decide_once(&self, id: &RunId, actor: &Actor, no: Option<&str>) -> Result<Decided, Refusal> {
        let (run, plan) = self.run_and_plan(id).await?;
        let approval = self.store().approval_get(id).await?.ok_or_else(|| {
            Refusal::standing("needs-no-approval", format!("{id} needs no approval"), format!("status {id}"))
        })?;
        let is_requester = actor.name == run.requester.name;
        let action = if no.is_some() { "reject" } else { "approve" };
        // Whoever asked may always take it back: that is what their no means.
        if no.is_none() || !is_requester {
            let asked = Asked {
                is_requester,
                destructive: plan.destructive,
                changes_world: false,
                ..Asked::default()
            };
            self.cleared(actor, action, Some(run.environment()), &asked).await?;
        }
        if self.said_before(&approval, actor, no.is_some()).await? {
            return Ok(Decided::Before);
        }
        self.still_open(&run, &approval)?;
        match no {
            Some(reason) => self.rejected(run, approval, actor, reason).await,
            None => self.voted(run, &plan, approval, actor).await,
        }
    }

    /// Whether it is decided, and they helped decide it so: a second click of theirs is no news, and nothing is refused.
    async fn said_before(&self, approval: &Approval, actor: &Actor, no: bool) -> Result<bool, Refusal> {
        Ok(match &approval.state {
            ApprovalState::Approved { by, .. } if !no => {
                *by == actor.name
                    || self.store().vote_list(&approval.run).await?.iter().any(|it| it.person == actor.name)
            }
            ApprovalState::Rejected { by, .. } => no && *by == actor.name,
            _ => false,
        })
    }

    /// Refuses kindly when somebody was faster, or time was.
    fn still_open(&self, run: &Run, approval: &Approval) -> Result<(), Refusal> {
        let id = &run.id;
        let next = format!("status {id}");
        Err(match &approval.state {
            ApprovalState::Open if approval.expires_ms <= self.now_ms() => Refusal::standing(
                "expired",
                format!("the approval of {id} has expired"),
                format!("retry {id}"),
            ),
            ApprovalState::Open => return Ok(()),
            ApprovalState::Approved { by, .. } if run.state.is_over() => Refusal::standing(
                "already-decided",
                format!("{id} is over: {}. It was approved by {by}", run.state.as_str()),
                next,
            ),
            ApprovalState::Approved { by, .. } => {
                Refusal::standing("already-decided", format!("{id} was approved by {by} already"), next)
            }
            ApprovalState::Rejected { by, .. } => Refusal::standing(
                "already-decided",
                format!("{id} was rejected by {by} already"),
                format!("retry {id}"),
            ),
            ApprovalState::Expired { .. } => Refusal::standing(
                "expired",
                format!("the approval of {id} has expired"),
                format!("retry {id}"),
            ),
            ApprovalState::Withdrawn { .. } => Refusal::standing(
                "already-decided",
                format!("{id} was cancelled before anybody decided"),
                next,
            ),
        })
    }

    async fn voted(
        &self,
        run: Run,
        plan: &Plan,
        approval: Approval,
        actor: &Actor,
    ) -> Result<Decided, Refusal> {
        let now_ms = self.now_ms();
        let votes = self.store().vote_list(&run.id).await?;
        let before = votes.iter().any(|vote| vote.person == actor.name);
        let mut people: Vec<String> = votes.into_iter().map(|vote| vote.person).collect();
        if !before {
            people.push(actor.name.clone());
        }
        let (standing, admins) = self.approvers_among(&people).await?;
        let missing = self.missing(&run, plan, &approval, (standing, admins)).await?;
        let still = missing.count;
        if before && still > 0 {
            return Ok(Decided::CountedBefore { still });
        }
        if still > 0 {
            people.pop();
            let without = self.approvers_among(&people).await?;
            if self.missing(&run, plan, &approval, without).await?.count <= still {
                return Err(does_not_count(&run.id, actor, &missing));
            }
        }
        let mut draft = Draft::of(&run, now_ms);
        let vote = Vote { person: actor.name.clone(), at_ms: now_ms, front: actor.front.clone() };
        draft.write(Write::VotePut { run: run.id.clone(), vote });
        draft.audit(actor, "approval.given", json!({ "plan_digest": approval.plan_digest, "still": still }));
        if still > 0 {
            draft.happened(Happening::Voted { by: actor.name.clone(), still });
            draft.commit(self, Some(approval.expires_ms)).await?;
            return Ok(Decided::Counted { still });
        }
        let state = ApprovalState::Approved { by: actor.name.clone(), at_ms: now_ms };
        draft.write(Write::ApprovalDecide(Approval { state, ..approval }));
        draft.moved(RunEvent::Cleared, actor)?;
        draft.commit(self, Some(now_ms)).await?;
        Ok(Decided::Approved)
    }

    /// What is missing with so many yeses (all, and admins' among them): the rules say it, with the votes there are now. An
    /// admin's yes counts for every rule, so it is their yeses that are tried.
    async fn missing(
        &self,
        run: &Run,
        plan: &Plan,
        approval: &Approval,
        (standing, admins): (u32, u32),
    ) -> Result<Missing, Refusal> {
        let requester = self.as_now(&run.requester).await?;
        let action = run.request.change.run_type();
        let mut missing = Missing { count: 0, roles: approval.roles.clone() };
        let mut at_most = 0;
        loop {
            let asked = Asked {
                request: Some(&run.request),
                destructive: plan.destructive,
                approvals: (standing + missing.count, admins + missing.count),
                changes_world: true,
                counted_already: true,
                ..Asked::default()
            };
            match self.clearance(&requester, action, Some(run.environment()), &asked).await? {
                Decision::Allow { .. } => return Ok(missing),
                Decision::NeedsApproval { count, roles, .. } if missing.count == 0 => {
                    missing.roles = roles.into_iter().filter_map(role_from).collect();
                    at_most = count.max(1);
                }
                Decision::NeedsApproval { .. } => {}
                // Frozen meanwhile, say: the yes counts, and the start asks again.
                Decision::Refuse { .. } => {
                    missing.count = approval.needed.saturating_sub(standing);
                    return Ok(missing);
                }
            }
            if missing.count >= at_most {
                return Ok(missing);
            }
            missing.count += 1;
        }
    }

    async fn rejected(
        &self,
        run: Run,
        approval: Approval,
        actor: &Actor,
        reason: &str,
    ) -> Result<Decided, Refusal> {
        let now_ms = self.now_ms();
        let mut draft = Draft::of(&run, now_ms);
        let state =
            ApprovalState::Rejected { by: actor.name.clone(), at_ms: now_ms, reason: reason.to_owned() };
        draft.write(Write::ApprovalDecide(Approval { state, ..approval }));
        let say = if reason.is_empty() {
            format!("rejected by {}", actor.name)
        } else {
            format!("rejected by {}: {reason}", actor.name)
        };
        let reason = Reason::new("rejected", say, format!("retry {}", run.id));
        draft.moved(RunEvent::Declined { by: actor.name.clone(), reason }, actor)?;
        let run = draft.commit(self, None).await?;
        self.ended(&run).await;
        Ok(Decided::Rejected)
    }

    /// Closes an approval whose time is up.
    pub(super) async fn expire(&self, run: &Run, lease: &Lease) -> Result<(), Refusal> {
        let now_ms = self.now_ms();
        let system = Actor::system();
        let mut draft = Draft::of(run, now_ms).fenced(lease);
        if let Some(approval) = self.store().approval_get(&run.id).await? {
            draft.write(Write::ApprovalDecide(Approval {
                state: ApprovalState::Expired { at_ms: now_ms },
                ..approval
            }));
        }
        let reason = Reason::new("expired", "nobody approved it in time", format!("retry {}", run.id));
        draft.moved(RunEvent::Declined { by: system.name.clone(), reason }, &system)?;
        let run = draft.commit(self, None).await?;
        self.ended(&run).await;
        Ok(())
    }

    /// Withdraws an open approval together with the run's cancellation.
    pub(super) async fn withdraw(&self, draft: &mut Draft) -> Result<(), Refusal> {
        if matches!(draft.run.state, RunState::AwaitingApproval { .. })
            && let Some(approval) = self.store().approval_get(&draft.run.id).await?
        {
            let state = ApprovalState::Withdrawn { at_ms: draft.commit.now_ms };
            draft.write(Write::ApprovalDecide(Approval { state, ..approval }));
        }
        Ok(())
    }

    /// How many of those people may approve now, and how many of them are admins. Who was removed or may not approve
    /// any more does not count.
    pub(super) async fn approvers_among(&self, people: &[String]) -> Result<(u32, u32), Refusal> {
        let (mut approvers, mut admins) = (0, 0);
        for person in people {
            let role = self.store().user_get(person).await?.map(|user| user.role);
            approvers += u32::from(matches!(role, Some(Role::Deployer | Role::Admin)));
            admins += u32::from(role == Some(Role::Admin));
        }
        Ok((approvers, admins))
    }

    async fn record_decision_refused(
        &self,
        id: &RunId,
        actor: &Actor,
        refusal: &Refusal,
    ) -> Result<(), Refusal> {
        let environment = self.store().run_get(id).await?.map(|run| run.environment().clone());
        let mut commit = Commit::at(self.now_ms());
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action: "approval.refused",
            subject: id.to_string(),
            environment,
            run: Some(id.clone()),
            data: json!({ "code": refusal.code(), "say": refusal.to_string() }),
        });
        Ok(self.write(commit).await?)
    }
}

/// A yes that brings the run no nearer to its start, whoever else says yes.
fn does_not_count(id: &RunId, actor: &Actor, missing: &Missing) -> Refusal {
    let of = |roles: &[Role]| roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" or ");
    let role = actor.role.map(Role::as_str).unwrap_or_default();
    let whose = of(&missing.roles);
    Refusal::standing(
        "does-not-count",
        format!("your approval of {id} does not count: you are {role}, and the rules here ask for {whose}"),
        format!("ask somebody else ({whose}) to say `approve {id}`"),
    )
}
