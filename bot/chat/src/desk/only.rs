//! What a look is narrowed to by words no key holds: the lines with a word, what one run or whoever asks is about. What
//! can't be narrowed so is told on the answer.

use std::sync::LazyLock;

use engine::audit::AuditEvent;
use engine::model::RunId;
use engine::ports::LogLine;
use regex::Regex;

use super::Speaker;
use crate::intent::{Action, Command, Key};

/// "grep timeout", "containing \"connection refused\"", "with the word timeout".
static LINES_WITH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?ix)\b(?:e?grep|containing|contains?|matching|mentioning|filter(?:ed)?(?:\s+(?:by|for|on))?|search(?:ing)?(?:\s+for)?|
        looking\s+for|with(?:\s+the\s+words?)?)\s+(?:-\w+\s+)*(?:"([^"]+)"|'([^']+)'|`([^`]+)`|([^\s"'`|,;?]+))"#,
    )
    .ok()
});
/// "errors in the api logs", "only warnings".
static OF_KIND: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(error|warn|exception|panic|timeout)(?:ing)?s?\b").ok());
/// What stands behind "with" and is no word to look for.
const NO_WORDS: [&str; 12] =
    ["a", "all", "and", "canary", "details", "lines", "me", "more", "the", "time", "timestamps", "times"];
/// "who approved r-3f2a": what people let go ahead, or not.
static WHO_APPROVED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)^\W*who(?:\s+\w+)?\s+(?:approved|rejected)\b").ok());
/// "audit me", "what did I do".
static OF_ME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:audit|record|history|log)\s+(?:(?:of|for|by|about)\s+)?(?:me|myself|mine)\b|\bmy\s+(?:own\s+)?(?:audit|record|history|actions|trail)\b|\bdid\s+i\b").ok()
});
/// "releases since yesterday": how far back.
static SINCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\bsince\b|\byesterday\b|\btoday\b|\b(?:last|past|this)\s+(?:\d+\s*\w+|week|month|day|hour)\b",
    )
    .ok()
});

/// The word that log lines are to hold.
pub(super) fn lines_with(text: &str) -> Option<String> {
    let quoted = LINES_WITH.as_ref()?.captures(text).and_then(|found| found.iter().skip(1).flatten().next());
    if let Some(word) = quoted.map(|word| word.as_str().to_lowercase())
        && !NO_WORDS.contains(&word.as_str())
    {
        // "with errors": the lines say "error".
        let plural = OF_KIND.as_ref().and_then(|kind| kind.captures(&word)).and_then(|found| found.get(1));
        return Some(
            plural.filter(|kind| kind.start() == 0).map_or(word.clone(), |kind| kind.as_str().to_owned()),
        );
    }
    let kind = OF_KIND.as_ref()?.captures(text)?.get(1)?.as_str();
    Some(kind.to_lowercase())
}

/// Keeps the lines that hold a word, and tells how many there are of all.
pub(super) fn keep(lines: &mut Vec<LogLine>, word: &str) -> String {
    let all = lines.len();
    lines.retain(|line| line.text.to_lowercase().contains(word));
    format!("Shown is only what holds `{word}`: {} of {all} lines.", lines.len())
}

/// Keeps of the record what the words narrow it to, and tells to what; empty where they don't.
pub(super) fn keep_events(
    events: &mut Vec<AuditEvent>,
    speaker: &Speaker<'_>,
    run: Option<&RunId>,
) -> String {
    let text = &speaker.inbound.text;
    let is = |pattern: &LazyLock<Option<Regex>>| pattern.as_ref().is_some_and(|it| it.is_match(text));
    let mut only = Vec::new();
    if let Some(run) = run {
        events.retain(|event| event.run.as_ref() == Some(run) || event.subject == run.as_str());
        only.push(format!("what is about {run}"));
    }
    if is(&WHO_APPROVED) {
        events.retain(|event| event.action.starts_with("approval."));
        only.push("approvals".to_owned());
    }
    if is(&OF_ME) {
        events.retain(|event| event.actor.name == speaker.actor.name);
        only.push(format!("what {} did", speaker.actor.name));
    }
    if only.is_empty() { String::new() } else { format!("Shown is only {}.", only.join(", of it ")) }
}

/// What was said of a look and was not used; empty when all of it was.
pub(super) fn unused(speaker: &Speaker<'_>, command: &Command) -> String {
    let text = speaker.inbound.text.to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_')).collect();
    let names = speaker.names();
    let named: Vec<String> = names
        .components
        .iter()
        .filter(|component| words.iter().any(|word| word.eq_ignore_ascii_case(&component.name)))
        .map(|component| format!("`{}`", component.name))
        .collect();
    if !named.is_empty() && !command.action.row().keys.contains(&Key::Component) {
        return format!(
            "This is about all there is: {} alone can't be told apart here.",
            named.join(" and ")
        );
    }
    let dated = SINCE.as_ref().is_some_and(|since| since.is_match(&text));
    if command.action == Action::Releases && dated {
        return "These are the newest, whenever they were made: releases can't be asked for by time."
            .to_owned();
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::lines_with;

    #[test]
    fn the_word_that_lines_are_to_hold() {
        for (text, word) in [
            ("logs api grep timeout", "timeout"),
            ("logs api | grep -i Timeout", "timeout"),
            ("api logs containing \"connection refused\" please", "connection refused"),
            ("logs for api with timeouts", "timeout"),
            ("show me errors in api logs", "error"),
            ("logs api errors only", "error"),
            ("logs of api mentioning inv-42", "inv-42"),
        ] {
            assert_eq!(lines_with(text).as_deref(), Some(word), "{text}");
        }
        for text in ["logs api", "logs api with timestamps", "logs staging for the last 2h"] {
            assert_eq!(lines_with(text), None, "{text}");
        }
    }
}
