//! One table holds the actions. What is made from a row: the phrases of the grammar, help, completion, JSON. These tests
//! fail when a row lacks one of them, or says what the grammar does not understand.
#![expect(clippy::unwrap_used, reason = "tests")]

use chat::intent::{Action, Known, Names, complete, help, parse};

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

#[test]
fn every_action_is_in_the_policies() {
    let schema = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../policies/rules/schema.cedarschema"
    ));
    let schema = schema.unwrap();
    let missing: Vec<&str> = Action::all()
        .iter()
        .map(|action| action.name())
        .filter(|name| !schema.contains(&format!("\"{name}\"")))
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "no policy can speak of these");
}
