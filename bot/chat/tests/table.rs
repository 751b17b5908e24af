//! One table holds the actions. What is made from a row: the phrases of the grammar, help, completion, JSON. These tests
//! fail when a row lacks one of them, or says what the grammar does not understand.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use chat::intent::{Action, Key, Known, Names, Vocabulary, complete, help, parse, topics};
use chat::parse_said;
use policies::{Actor, Decision, Environment, Facts, Question, Role, Rules, decide};

#[test]
fn every_example_is_understood_as_its_action() {
    let names = Names::sample();
    for action in Action::all() {
        let text = help(Some(action.name()), &names);
        let examples = text.lines().skip_while(|line| *line != "For example:").skip(1);
        for example in examples {
            // What stands beside an example, far to the right, is about it.
            let example = example.trim().split("   ").next().unwrap();
            let parsed = parse(example, &names);
            assert_eq!(parsed.problem, None, "{}: {example}", action.name());
            assert_eq!(parsed.commands[0].action, *action, "{example}");
        }
    }
}

/// How things work is said with sentences that are understood, and in lines that fit a terminal.
#[test]
fn every_example_of_a_topic_is_understood() {
    let names = Vocabulary::new(&Names::sample());
    for topic in topics() {
        let text = help(Some(topic), &Names::sample());
        assert!(text.starts_with(&format!("{topic}:")), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
        let examples: Vec<&str> = text.lines().skip_while(|line| *line != "For example:").skip(1).collect();
        assert!(!examples.is_empty(), "{topic}");
        for example in examples.into_iter().filter(|example| !matches!(example.trim(), "never mind")) {
            assert_eq!(parse_said(example.trim(), &names).parsed.problem, None, "{topic}: {example}");
        }
    }
}

#[test]
fn every_name_is_an_order_or_says_what_is_missing() {
    // Alerts, rules and permissions are whole sentences; readiness is asked of something.
    let sentences = [Action::Alert, Action::Rule, Action::Can];
    for action in Action::all().iter().filter(|action| !sentences.contains(action)) {
        let parsed = parse(action.name(), &Names::sample());
        assert_eq!(parsed.problem, None, "{}", action.name());
        assert_eq!(parsed.commands[0].action, *action);
    }
}

#[test]
fn every_action_is_helped_with_and_completed() {
    let names = Names::sample();
    let overview = help(None, &names);
    let known = Known { names: names.clone(), runs: Vec::new(), refs: Vec::new(), people: Vec::new() };
    for action in Action::all() {
        let verb = action.row().verbs[0];
        assert!(overview.contains(action.name()), "{} is not in the overview", action.name());
        assert!(help(Some(verb), &names).starts_with(action.name()), "help on `{verb}` is of something else");
        assert!(complete(verb.get(..2).unwrap(), &known).iter().any(|found| found == verb), "{verb}");
    }
}

/// What the policies speak of that nobody says: what buttons, forms and the command line do.
const NOT_SAID: [&str; 9] = [
    "alert-take-over",
    "hold-release",
    "lock-take-over",
    "project-export",
    "project-import",
    "secret-list",
    "secret-remove",
    "secrets-rekey",
    "user-manage",
];

#[test]
fn the_policies_know_every_action_and_no_other() {
    let rules = Rules::shipped().unwrap();
    let known: BTreeSet<&str> = rules.actions().collect();
    let said = Action::all().iter().map(|action| action.name());
    assert_eq!(known, said.chain(NOT_SAID).collect());
}

/// Viewers may look and nothing else: what a row says about changing is what the rules make of it.
#[test]
fn who_only_looks_may_what_changes_nothing() {
    let rules = Rules::shipped().unwrap();
    for action in Action::all() {
        let may = |role: Role, dry_run: bool| {
            let facts =
                Facts { changes_world: action.row().changes && !dry_run, dry_run, ..Facts::default() };
            let question = Question {
                actor: Actor { name: "vera".to_owned(), role },
                action: action.name().to_owned(),
                project: "invoice-perfect".to_owned(),
                environment: Some(Environment { name: "staging".to_owned(), production: false }),
                facts,
            };
            !matches!(decide(&rules, &question), Decision::Refuse { .. })
        };
        assert_eq!(may(Role::Viewer, false), !action.row().changes, "{} for viewers", action.name());
        assert!(may(Role::Admin, false), "{} for admins", action.name());
        if action.has(Key::DryRun) {
            assert!(may(Role::Viewer, true), "a dry run of {} for viewers", action.name());
        }
    }
}

/// The table in the contract beside the checkout, where there is one: the same actions with the same keys.
#[test]
fn the_contract_has_the_same_rows() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/intents.md");
    let Ok(contract) = std::fs::read_to_string(file) else { return };
    let rows =
        contract.lines().skip_while(|line| *line != "## Actions").filter(|line| line.starts_with("| `"));
    let mut told: BTreeMap<&str, String> = BTreeMap::new();
    for row in rows {
        let (names, keys) = row.trim_matches('|').split_once('|').unwrap();
        let name = names.split('`').skip(1).step_by(2);
        told.extend(name.map(|name| (name, keys.to_owned())));
    }
    let actions: BTreeSet<&str> = Action::all().iter().map(|action| action.name()).collect();
    assert_eq!(told.keys().copied().collect::<BTreeSet<_>>(), actions);
    for action in Action::all() {
        // `help` shares its line with `whoami`, which has no key.
        for key in action.row().keys {
            assert!(
                told[action.name()].contains(&format!("`{}`", key.name())),
                "{} {}",
                action.name(),
                key.name()
            );
        }
    }
}

/// Everything the README tells people to type in the chat is understood, and what can be done is in it or behind `help`.
#[test]
fn the_readme_says_what_is_understood() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let names = Vocabulary::new(&Names::sample());
    let mut fenced = None;
    let mut said: Vec<String> = Vec::new();
    for line in readme.lines() {
        match (line.strip_prefix("```"), fenced) {
            (Some(language), None) => fenced = Some(language),
            (Some(_), Some(_)) => fenced = None,
            // Blocks without a language are the chat.
            (None, Some("")) => said.push(line.to_owned()),
            (None, None) if line.starts_with("| `") && line.contains("` | ") => {
                let first = line.trim_matches('|').split('|').next().unwrap_or_default();
                said.extend(first.split('`').skip(1).step_by(2).map(ToOwned::to_owned));
            }
            (None, _) => {}
        }
    }
    let verbs: BTreeSet<&str> =
        Action::all().iter().flat_map(|action| action.row().verbs.iter().copied()).collect();
    let begins = |line: &str| verbs.iter().any(|verb| line == *verb || line.starts_with(&format!("{verb} ")));
    let mut read = 0;
    for line in said.iter().filter(|line| begins(line) && !line.contains(['"', 'N', '['])) {
        let parsed = parse_said(line, &names).parsed;
        assert_eq!(parsed.problem, None, "{line}");
        read += 1;
    }
    assert!(read > 20, "{read} of {said:?}");
}

/// What the Slack app proposes can be said.
#[test]
fn the_slack_app_proposes_what_is_understood() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/slack/manifest.yaml");
    let manifest = std::fs::read_to_string(file).unwrap();
    let hint = manifest.lines().find_map(|line| line.trim().strip_prefix("usage_hint: ")).unwrap();
    // `secret` opens a form there, and is no sentence.
    for said in hint.split(" | ").filter(|said| *said != "secret") {
        assert_eq!(parse(said, &Names::sample()).problem, None, "{said}");
    }
}
