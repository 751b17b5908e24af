//! What an answer could not take into account of what was said, told on it: a service where the answer is about all of
//! them, and the order that was to follow its dry run.

use std::sync::LazyLock;

use engine::model::RunRequest;
use regex::Regex;

use super::Speaker;
use crate::intent::{Action, Command, Key, Vocabulary, read_with};

/// "with a dry run first", "dry run it, then deploy": something is to follow.
static FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\bdry[\s-]?run(?:\s+it|\s+this|\s+that)?\s*,?\s*(?:first|and\s+then|then|before)\b|\bfirst\s+(?:do\s+|make\s+)?(?:a\s+)?dry[\s-]?run\b").ok()
});

/// The services somebody named where the answer can't be about them alone; empty when there are none.
pub(super) fn all_services(speaker: &Speaker<'_>, command: &Command) -> String {
    if command.action.row().keys.contains(&Key::Services) || command.action == Action::Help {
        return String::new();
    }
    let names = speaker.names();
    let text = &speaker.inbound.text;
    let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_'));
    let words: Vec<&str> = words.collect();
    let named: Vec<String> = names
        .services
        .iter()
        .filter(|service| words.iter().any(|word| word.eq_ignore_ascii_case(&service.name)))
        .map(|service| format!("`{}`", service.name))
        .collect();
    // Beside another order the name is that one's.
    let alone = || read_with(text, &Vocabulary::new(&names)).commands().len() <= 1;
    if named.is_empty() || !alone() {
        return String::new();
    }
    format!("This is about all services: {} alone can't be told apart here.", named.join(" and "))
}

/// That only the dry run was made, where the order was to come behind it; empty elsewhere.
pub(super) fn only_the_dry_run(speaker: &Speaker<'_>, request: &RunRequest) -> String {
    let follows = FIRST.as_ref().is_some_and(|first| first.is_match(&speaker.inbound.text));
    match request.command.strip_prefix("dry run ").filter(|_| follows) {
        Some(order) => {
            format!(
                "Only the dry run was made, and nothing follows by itself. When it is right, say: {order}"
            )
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::FIRST;

    #[test]
    fn what_is_to_follow_a_dry_run_is_told_from_a_dry_run() {
        let follows = |text: &str| FIRST.as_ref().is_some_and(|first| first.is_match(text));
        for text in [
            "deploy production with a dry run first",
            "deploy production, dry-run first",
            "dry run it, then deploy production",
            "first a dry run, and deploy production",
        ] {
            assert!(follows(text), "{text}");
        }
        for text in
            ["dry run deploy production", "deploy production as a dry run", "dry run the first deploy"]
        {
            assert!(!follows(text), "{text}");
        }
    }
}
