//! From the rules that matched to one answer a person can act on. Pure: no clock, no files, no network.

use crate::decision::{Decision, Fired, RuleId};
use crate::evaluate::{Asked, Matched};
use crate::rule::{Needs, Rule};
use crate::{Question, Role, Rules};

/// Answers a question. First whether anything permits it, then what speaks against it: in this order, so that somebody
/// without the role is never told to go and collect approvals.
pub fn decide(rules: &Rules, question: &Question) -> Decision {
    if !rules.knows_action(&question.action) {
        return unknown_action(question);
    }
    let asked = match Asked::new(rules.schema(), question) {
        Ok(asked) => asked,
        Err(fault) => return bad_question(question, fault),
    };
    let permits = asked.put_to(rules.permits());
    let forbids = asked.put_to(rules.forbids());
    if !permits.errors.is_empty() || !forbids.errors.is_empty() {
        return faulty_rules(permits, forbids);
    }
    if permits.rules.is_empty() {
        return no_permit(rules, question);
    }
    let fired: Vec<&Rule> = rules.iter().filter(|rule| forbids.rules.contains(&rule.id.0)).collect();
    let (asking, refusing): (Vec<&Rule>, Vec<&Rule>) =
        fired.into_iter().partition(|rule| rule.needs.is_some());
    if !refusing.is_empty() {
        return refuse(&refusing, &asking, question);
    }
    if !asking.is_empty() {
        return needs_approval(&asking, question);
    }
    Decision::Allow {
        because: rules
            .iter()
            .filter(|rule| permits.rules.contains(&rule.id.0))
            .map(|rule| rule.id.clone())
            .collect(),
    }
}

fn fired(rule: &Rule, question: &Question) -> Fired {
    Fired {
        rule: rule.id.clone(),
        say: capital(&rule.say.fill(question)),
        evidence: rule.evidence.fill(question),
    }
}

fn refuse(refusing: &[&Rule], asking: &[&Rule], question: &Question) -> Decision {
    // Waiting helps only when every rule that refuses says when it ends; then the last of them decides.
    let ends: Option<Vec<i64>> =
        refusing.iter().map(|rule| rule.earliest.and_then(|earliest| earliest.of(&question.facts))).collect();
    let because: Vec<Fired> = refusing.iter().chain(asking).map(|rule| fired(rule, question)).collect();
    let say =
        because.iter().take(refusing.len()).map(|fired| fired.say.as_str()).collect::<Vec<_>>().join(" ");
    Decision::Refuse { because, say, earliest_ms: ends.and_then(|ends| ends.into_iter().max()) }
}

fn needs_approval(asking: &[&Rule], question: &Question) -> Decision {
    let needs: Vec<&Needs> = asking.iter().filter_map(|rule| rule.needs.as_ref()).collect();
    let count = needs.iter().map(|needs| needs.count.of(&question.facts)).max().unwrap_or(1).max(1);
    let accepted_by_all = |role: &Role| needs.iter().all(|needs| needs.roles.contains(role));
    let mut roles: Vec<Role> = Role::ALL.into_iter().filter(accepted_by_all).collect();
    if roles.is_empty() {
        // One rule wants deployers, another admins: people of both are needed, so name both.
        roles = Role::ALL
            .into_iter()
            .filter(|role| needs.iter().any(|needs| needs.roles.contains(role)))
            .collect();
    }
    Decision::NeedsApproval {
        count,
        roles,
        because: asking.iter().map(|rule| fired(rule, question)).collect(),
    }
}

fn no_permit(rules: &Rules, question: &Question) -> Decision {
    let Question { actor, project, .. } = question;
    let action = question.action_in_words();
    let place = place(question);
    let able: Vec<&str> = Role::ALL
        .into_iter()
        .filter(|role| permitted_as(rules, question, *role))
        .map(Role::with_article)
        .collect();
    let needs = able.join(" or ");
    let say = match (actor.role, able.as_slice()) {
        (_, []) => format!("Nobody may do {action}{place}: no rule permits it. An admin can add one."),
        (Role::Nobody, _) => {
            format!(
                "You have no role in {project} yet, and {action}{place} needs {needs}. Ask an admin to give you one."
            )
        }
        (role, _) => format!(
            "You are {}, and {action}{place} needs {needs}. Ask one of them, or ask an admin to change your role.",
            role.with_article()
        ),
    };
    single(
        RuleId::NO_PERMIT,
        say,
        format!("{} is {}, no rule permits {action}{place}", actor.name, actor.role.with_article()),
    )
}

fn permitted_as(rules: &Rules, question: &Question, role: Role) -> bool {
    let mut other = question.clone();
    other.actor.role = role;
    Asked::new(rules.schema(), &other).is_ok_and(|asked| {
        let Matched { rules, errors } = asked.put_to(rules.permits());
        !rules.is_empty() && errors.is_empty()
    })
}

fn unknown_action(question: &Question) -> Decision {
    let action = &question.action;
    single(
        RuleId::UNKNOWN_ACTION,
        format!(
            "I know no action called \"{action}\", so nobody may do it. Say \"help\" to see what there is."
        ),
        format!("action {action}"),
    )
}

fn bad_question(question: &Question, fault: String) -> Decision {
    single(
        RuleId::BAD_QUESTION,
        format!(
            "{} was not started: the rules could not be asked. This is our fault; tell an admin, who can run `infra-chat doctor`.",
            capital(&question.action_in_words())
        ),
        fault,
    )
}

/// A rule that cannot be evaluated might have forbidden it, so the answer is no until it is mended.
fn faulty_rules(permits: Matched, forbids: Matched) -> Decision {
    let because: Vec<Fired> = permits
        .errors
        .into_iter()
        .chain(forbids.errors)
        .map(|(rule, error)| Fired {
            say: format!("Rule {rule} could not be evaluated, so nothing it watches goes ahead. Ask an admin to mend it."),
            rule: RuleId(rule),
            evidence: error,
        })
        .collect();
    let say = because.iter().map(|fired| fired.say.clone()).collect::<Vec<_>>().join(" ");
    Decision::Refuse { because, say, earliest_ms: None }
}

fn single(rule: &str, say: String, evidence: String) -> Decision {
    Decision::Refuse {
        because: vec![Fired { rule: rule.into(), say: say.clone(), evidence }],
        say,
        earliest_ms: None,
    }
}

fn place(question: &Question) -> String {
    question.environment.as_ref().map_or_else(String::new, |environment| format!(" on {}", environment.name))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
