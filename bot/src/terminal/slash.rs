//! What begins with a slash is said to the terminal and not to the desk.

use std::time::Duration;

use chat::intent::{Known, complete as complete_words};

use engine::model::{code_point, is_unseen};

use super::wait::WAIT_MAX;

/// The words, for completion and help.
pub(super) const WORDS: [&str; 7] = ["/as", "/help", "/project", "/quit", "/text", "/wait", "/whoami"];

/// Longest name somebody speaks by, in characters: an address of mail fits.
const SPEAKER_CHARS_MAX: usize = 80;

/// The name somebody speaks by, which stands in the prompt and in the record.
pub(crate) fn speaker_name(given: &str) -> Result<String, String> {
    let seen = |c: char| !c.is_whitespace() && !is_unseen(c);
    match given.chars().count() {
        1..=SPEAKER_CHARS_MAX if given.chars().all(seen) => Ok(given.to_owned()),
        _ => Err(format!(
            "That is no name{}: give 1 to {SPEAKER_CHARS_MAX} characters that can be seen, without blanks.",
            given
                .chars()
                .find(|c| is_unseen(*c))
                .map(|c| format!(" ({} can't be seen)", code_point(c)))
                .unwrap_or_default()
        )),
    }
}

/// What a line for the terminal that is being typed may become, each proposal the whole line.
pub(super) fn complete(before: &str, known: &Known) -> Vec<String> {
    let begun = |word: &str, rests: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        let lines = rests.map(|rest| format!("{word} {rest} "));
        lines.filter(|line| line.starts_with(before)).collect()
    };
    match before.split_once(' ') {
        None => WORDS.iter().filter(|word| word.starts_with(before)).map(|word| format!("{word} ")).collect(),
        Some(("/as", _)) => begun("/as", &mut known.people.iter().map(String::as_str)),
        Some(("/help", _)) => {
            // As in the words for the desk.
            let topic = before.replacen("/help", "help", 1);
            let topics = complete_words(&topic, known);
            begun("/help", &mut topics.iter().map(String::as_str))
        }
        Some(_) => Vec::new(),
    }
}

/// Something said to the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slash {
    /// Speak as somebody else from now on.
    As(String),
    /// Wait until no run moves by itself, at most this long.
    Wait(Duration),
    /// Leave.
    Quit,
    /// What can be said.
    Help(Option<String>),
    /// Who is speaking.
    WhoAmI,
}

/// Reads a line; nothing when it is for the desk. A line for the terminal that can't be read is answered with why.
pub(super) fn read(line: &str) -> Option<Result<Slash, String>> {
    let line = line.trim();
    if matches!(line, "quit" | "exit") {
        return Some(Ok(Slash::Quit));
    }
    if line == "?" {
        return Some(Ok(Slash::Help(None)));
    }
    let mut words = line.strip_prefix('/')?.split_whitespace();
    let word = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    // A path is an answer: where a repository is. Which project is meant, and what is replied from a phone, is the desk's.
    if word.contains('/') || matches!(word, "project" | "text") {
        return None;
    }
    Some(match (word, rest.as_slice()) {
        ("as", [name]) => speaker_name(name.trim_start_matches('@')).map(Slash::As),
        ("as", _) => Err("Say who: /as ben".to_owned()),
        ("wait", []) => Ok(Slash::Wait(WAIT_MAX)),
        ("wait", [seconds]) => match seconds.parse::<u64>() {
            Ok(seconds) => Ok(Slash::Wait(Duration::from_secs(seconds))),
            Err(_) => Err(format!("`{seconds}` is no number of seconds: /wait 60")),
        },
        ("wait", _) => Err("Give one number of seconds: /wait 60".to_owned()),
        ("quit" | "exit" | "q", _) => Ok(Slash::Quit),
        ("help" | "?" | "h", []) => Ok(Slash::Help(None)),
        ("help" | "?" | "h", topic) => Ok(Slash::Help(Some(topic.join(" ")))),
        ("whoami", _) => Ok(Slash::WhoAmI),
        (word, _) => Err(format!(
            "There is no /{}. There are {}; everything else is said without a slash: deploy staging",
            word.chars().take(SPEAKER_CHARS_MAX).collect::<String>(),
            WORDS.join(", ")
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_for_the_terminal_are_told_from_lines_for_the_desk() {
        let fine = |line: &str| read(line).and_then(Result::ok);
        assert_eq!(read("deploy staging"), None);
        assert_eq!(read("/srv/git/shop"), None);
        assert_eq!(read("/project shop"), None);
        assert_eq!(read("/text 4127"), None);
        assert_eq!(fine("/as ben"), Some(Slash::As("ben".to_owned())));
        assert_eq!(fine("/wait"), Some(Slash::Wait(WAIT_MAX)));
        assert_eq!(fine(" /wait 5 "), Some(Slash::Wait(Duration::from_secs(5))));
        assert_eq!(fine("/help deploy"), Some(Slash::Help(Some("deploy".to_owned()))));
        assert_eq!(fine("exit"), Some(Slash::Quit));
        assert_eq!(fine("?"), Some(Slash::Help(None)));
        let long = format!("/as {}", "a".repeat(SPEAKER_CHARS_MAX + 1));
        for wrong in [
            "/as",
            "/as be\u{7}n",
            "/as \u{1b}[2J",
            "/as b\u{202e}n",
            &long,
            "/wait soon",
            "/deploy staging",
            "/",
        ] {
            assert!(matches!(read(wrong), Some(Err(_))), "{wrong}");
        }
    }
}
