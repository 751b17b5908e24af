//! Finds rules that match whatever is asked: a forbid like that would lock everybody out, a permit like that would let
//! strangers in.

use cedar_policy::{ActionConstraint, Policy, PolicySet, PrincipalConstraint, ResourceConstraint};

use crate::evaluate::Asked;
use crate::{Actor, Environment, Facts, Freeze, Question, Role, Rules};

/// Whether a rule matches whatever is asked. Cedar proves only the simplest cases, so rules without a scope are also put
/// to a spread of questions: one that matches all of them is no rule.
pub(crate) fn matches_everything(present: &Rules, policy: &Policy) -> bool {
    let unscoped = policy.principal_constraint() == PrincipalConstraint::Any
        && policy.action_constraint() == ActionConstraint::Any
        && policy.resource_constraint() == ResourceConstraint::Any;
    if !unscoped {
        return false;
    }
    let Ok(set) = PolicySet::from_policies([policy.clone()]) else { return false };
    spread(present).all(|question| {
        Asked::new(present.schema(), &question).is_ok_and(|asked| !asked.put_to(&set).rules.is_empty())
    })
}

/// Every action, by each role, in three places, on a quiet and on a busy day.
fn spread(present: &Rules) -> impl Iterator<Item = Question> {
    let places = [None, Some(false), Some(true)];
    let days = [Facts::default(), busy_day()];
    present.actions().flat_map(move |action| {
        let days = days.clone();
        Role::ALL.into_iter().flat_map(move |role| {
            let days = days.clone();
            places.into_iter().flat_map(move |place| {
                days.clone().into_iter().map(move |facts| Question {
                    actor: Actor { name: "somebody".into(), role },
                    action: action.to_owned(),
                    project: "some-project".into(),
                    environment: place.map(|production| Environment { name: "somewhere".into(), production }),
                    facts,
                })
            })
        })
    })
}

fn busy_day() -> Facts {
    let many = 1_000;
    Facts {
        changes_world: true,
        dry_run: true,
        destructive: true,
        ref_name: Some("main".into()),
        ref_allowed: true,
        allowed_refs: vec!["main".into()],
        frozen: Some(Freeze { name: "freeze".into(), reason: "reason".into(), until_ms: i64::MAX }),
        runs_last_hour: many,
        runs_per_hour_limit: Some(many),
        rate_frees_at_ms: Some(i64::MAX),
        replicas: Some(many),
        max_replicas: Some(many),
        size: Some("large".into()),
        allowed_sizes: vec!["large".into()],
        approvals_required: many,
        approvals_given: many,
        admin_approvals_given: many,
        is_requester: true,
        one_person_team: true,
        break_glass: Some("a long enough reason".into()),
        lock_held_by_other: Some("somebody else".into()),
        lock_reason: Some("a reason".into()),
        lock_until_ms: Some(i64::MAX),
        weekday: 5,
        minute_of_day: 1_439,
        automatic: true,
        held: true,
    }
}
