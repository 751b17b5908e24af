//! The words of the rules are the words of the product.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use policies::Rules;

/// Every action a sentence can become, and those that only buttons and commands reach.
const ACTIONS: &str = "
    deploy rollback promote pause resume cancel approve reject retry migrate
    backfill backfill-stop backfill-resume backfill-status expand setup
    create-environment destroy-environment add-component remove-component
    set-variable rotate-secret connect scale restart cron-disable cron-enable
    clear-cache reconcile lock unlock alert rule bootstrap-local provision
    diagnose readiness can status releases logs audit incidents whoami help
    lock-take-over alert-take-over hold-release user-manage project-import project-export
    secret-list secret-remove";

#[test]
fn the_schema_knows_every_action_and_no_other() {
    let rules = Rules::shipped().unwrap();
    let known: BTreeSet<&str> = rules.actions().collect();
    assert_eq!(known, ACTIONS.split_whitespace().collect());
}

#[test]
fn every_rule_has_a_sentence_of_its_own() {
    let names = Rules::shipped().unwrap().names();
    let sentences: BTreeSet<&str> = names.iter().map(|rule| rule.sentence.as_str()).collect();
    assert_eq!(sentences.len(), names.len());
    assert!(sentences.iter().all(|sentence| sentence.ends_with('.') && !sentence.contains('{')));
}
