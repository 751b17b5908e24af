//! What holds for every question, however odd.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::LazyLock;

use policies::{Actor, Decision, Environment, Facts, Freeze, Question, Role, RuleId, Rules, decide};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::shipped().unwrap());

static NAMES: LazyLock<Vec<String>> =
    LazyLock::new(|| RULES.names().into_iter().map(|rule| rule.id).collect());

fn action() -> impl Strategy<Value = String> {
    let known: Vec<String> = RULES.actions().map(str::to_owned).collect();
    prop_oneof![9 => proptest::sample::select(known), 1 => any::<String>()]
}

fn role() -> impl Strategy<Value = Role> {
    proptest::sample::select(Role::ALL.to_vec())
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0..4_u32, 1 => any::<u32>()]
}

fn freeze() -> impl Strategy<Value = Freeze> {
    any::<(String, String, i64)>().prop_map(|(name, reason, until_ms)| Freeze { name, reason, until_ms })
}

fn facts() -> impl Strategy<Value = Facts> {
    let flags = any::<[bool; 8]>();
    let texts = (of(any::<String>()), of(any::<String>()), of(any::<String>()), of(any::<String>()));
    let lists = (vec(any::<String>(), 0..3), vec(any::<String>(), 0..3));
    let counts = ([count(), count(), count(), count()], of(count()), of(count()), of(count()));
    let times = (of(any::<i64>()), any::<u8>(), any::<u16>(), of(freeze()));
    (flags, texts, lists, counts, times).prop_map(|(flags, texts, lists, counts, times)| Facts {
        changes_world: flags[0],
        dry_run: flags[1],
        destructive: flags[2],
        ref_allowed: flags[3],
        is_requester: flags[4],
        one_person_team: flags[5],
        automatic: flags[6],
        held: flags[7],
        ref_name: texts.0,
        size: texts.1,
        break_glass: texts.2,
        lock_held_by_other: texts.3,
        allowed_refs: lists.0,
        allowed_sizes: lists.1,
        runs_last_hour: counts.0[0],
        approvals_required: counts.0[1],
        approvals_given: counts.0[2],
        admin_approvals_given: counts.0[3],
        runs_per_hour_limit: counts.1,
        replicas: counts.2,
        max_replicas: counts.3,
        rate_frees_at_ms: times.0,
        lock_until_ms: times.0,
        lock_reason: None,
        weekday: times.1,
        minute_of_day: times.2,
        frozen: times.3,
    })
}

fn question() -> impl Strategy<Value = Question> {
    let environment =
        of((any::<String>(), any::<bool>()).prop_map(|(name, production)| Environment { name, production }));
    (any::<String>(), role(), action(), any::<String>(), environment, facts()).prop_map(
        |(name, role, action, project, environment, facts)| Question {
            actor: Actor { name, role },
            action,
            project,
            environment,
            facts,
        },
    )
}

proptest! {
    #[test]
    fn every_question_gets_a_reasoned_answer_and_the_same_one_twice(question in question()) {
        let answer = decide(&RULES, &question);
        prop_assert_eq!(&answer, &decide(&RULES, &question));
        let built_in = [RuleId::NO_PERMIT, RuleId::UNKNOWN_ACTION];
        let named = |rule: &RuleId| built_in.contains(&rule.0.as_str()) || NAMES.contains(&rule.0);
        match &answer {
            Decision::Allow { because } => prop_assert!(!because.is_empty() && because.iter().all(named)),
            Decision::NeedsApproval { count, roles, because } => {
                prop_assert!(*count > 0 && !roles.is_empty());
                prop_assert!(because.iter().all(|fired| named(&fired.rule) && !fired.say.is_empty()));
            }
            Decision::Refuse { because, say, .. } => {
                prop_assert!(!say.is_empty() && !because.is_empty());
                prop_assert!(because.iter().all(|fired| named(&fired.rule)), "a rule erred: {:?}", because);
            }
        }
        let kept = serde_json::to_string(&(&question, &answer)).unwrap();
        prop_assert_eq!(serde_json::from_str::<(Question, Decision)>(&kept).unwrap(), (question, answer));
    }

    #[test]
    fn a_higher_role_is_never_told_that_no_rule_permits_it(question in question()) {
        let lacks_permit = |role| {
            let question = Question { actor: Actor { role, ..question.actor.clone() }, ..question.clone() };
            matches!(decide(&RULES, &question), Decision::Refuse { because, .. } if because[0].rule.0 == RuleId::NO_PERMIT)
        };
        let lacking: Vec<bool> = Role::ALL.into_iter().map(lacks_permit).collect();
        prop_assert!(lacking.is_sorted_by(|lower, higher| lower >= higher), "{:?}", lacking);
    }

    #[test]
    fn production_never_changes_on_one_word_without_a_broken_glass(
        mut question in question(),
        action in proptest::sample::select(std::vec!["deploy", "migrate", "backfill", "scale", "restart", "set-variable"]),
        has_reason in any::<bool>(),
    ) {
        question.action = action.into();
        question.environment = Some(Environment { name: "production".into(), production: true });
        question.facts = Facts {
            dry_run: false,
            approvals_given: 0,
            admin_approvals_given: 0,
            break_glass: has_reason.then(|| "checkout is down".into()),
            ..question.facts
        };
        if let Decision::Allow { because } = decide(&RULES, &question) {
            prop_assert!(because.iter().any(|rule| rule.0 == "break-glass"));
            prop_assert_eq!(question.actor.role, Role::Admin);
        }
    }
}
