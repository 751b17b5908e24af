//! Values of variables, as people may write them: what is set is shown in a sentence that sets the same.

use chat::intent::{Action, Names, Vocabulary, parse_with};
use proptest::prelude::*;

/// Names that mean nothing else, and names that are words of ours.
const NAMES: &[&str] = &["LOG_LEVEL", "A", "JSON", "OR", "IF", "TITLE", "note_1", "PROD"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_set_reads_back_from_its_canonical_sentence(
        name in 0..NAMES.len(),
        value in r#"[a-c0-1 "'`*_~{}:;,.=<>$%#@!?/|&+()\[\]\\-]{0,10}"#,
        frame in 0..5_usize,
        place in 0..3_usize,
    ) {
        let vocabulary = Vocabulary::new(&Names::sample());
        let mark = ["", "\"", "'", "`", "“"][frame];
        let close = if mark == "“" { "”" } else { mark };
        let place = ["", " in staging", " for api in production"][place];
        let name = NAMES[name];
        for text in [
            format!("set {name}={mark}{value}{close}{place}"),
            format!("set {name} to {mark}{value}{close}{place}"),
            format!("set \"{name}\"={mark}{value}{close}{place}"),
        ] {
            let parsed = parse_with(&text, &vocabulary);
            for command in parsed.commands.iter().filter(|it| it.action == Action::SetVariable && it.value.is_some()) {
                let sentence = command.canonical();
                let again = parse_with(&sentence, &vocabulary);
                prop_assert_eq!(&again.commands[..], std::slice::from_ref(command), "{} became {}", text, sentence);
            }
        }
    }

    /// What stands between quotation marks is the value, to the letter.
    #[test]
    fn what_is_quoted_is_set_as_it_was_written(value in r#"[a-c0-1 *_~{}=$%#!?/|+()\[\]\\-]{1,10}"#, mark in 0..2_usize) {
        let mark = ["\"", "'"][mark];
        let text = format!("set LOG_LEVEL={mark}{value}{mark} in staging");
        let parsed = parse_with(&text, &Vocabulary::new(&Names::sample()));
        for command in &parsed.commands {
            prop_assert_eq!(command.value.as_deref(), Some(&*value), "{}", text);
        }
    }
}
