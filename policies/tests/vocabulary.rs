//! The rules speak to people. That they know the actions people can say, and no others, is tested beside the table of
//! actions, in `bot/chat/tests/table.rs`.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use policies::Rules;

#[test]
fn every_rule_has_a_sentence_of_its_own() {
    let names = Rules::shipped().unwrap().names();
    let sentences: BTreeSet<&str> = names.iter().map(|rule| rule.sentence.as_str()).collect();
    assert_eq!(sentences.len(), names.len());
    assert!(sentences.iter().all(|sentence| sentence.ends_with('.') && !sentence.contains('{')));
}
