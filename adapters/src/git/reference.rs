//! What people may call a commit, and what they may have meant. Pure.

use engine::model::{code_point, in_plain_sight, is_unseen};
use engine::ports::PortError;

/// The longest ref that is looked up.
const REFERENCE_MAX: usize = 200;
/// The fewest digits of a commit id that is looked up.
const COMMIT_DIGITS_MIN: usize = 7;
/// How alike two words are, at least, to be suggested (Jaro-Winkler, 0 to 1).
const ALIKE_MIN: f64 = 0.8;
/// How many refs are suggested.
const SUGGESTIONS: usize = 3;

/// Whether a word can be (the beginning of) a commit id.
pub(super) fn is_commit_id(word: &str) -> bool {
    (COMMIT_DIGITS_MIN..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether a word is a whole commit id, which never stands for anything else.
pub(super) fn is_full_commit_id(word: &str) -> bool {
    is_commit_id(word) && matches!(word.len(), 40 | 64)
}

/// Refuses what git would take for an option, an expression or a path.
pub(super) fn reference_check(word: &str) -> Result<(), PortError> {
    let unseen = word.chars().find(|c| is_unseen(*c));
    let odd = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    let wrong = word.is_empty()
        || word.len() > REFERENCE_MAX
        || word.starts_with(['-', '/', '.'])
        || word.ends_with(['/', '.'])
        || word.to_ascii_lowercase().ends_with(".lock")
        || word.contains("..")
        || word.contains("//")
        || word.contains("@{")
        || unseen.is_some()
        || word.contains(odd);
    if !wrong {
        return Ok(());
    }
    let shown: String = word.chars().filter(|c| !c.is_control()).take(60).collect();
    let why =
        unseen.map(|c| format!(": it has a character nobody sees, {}", code_point(c))).unwrap_or_default();
    Err(PortError::fail(
        format!("`{}` can't be the name of a tag, branch or commit{why}", in_plain_sight(&shown)),
        "Name one as git lists it, for example `main`, `v1.2.0` or a commit id of 7 digits or more.",
    ))
}

/// What to say when a word was not found.
pub(super) fn hint_for_unknown(word: &str, known: &[String]) -> String {
    let mut alike: Vec<(f64, &String)> = known
        .iter()
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(by, _)| *by >= ALIKE_MIN)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    let list =
        |names: Vec<&String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if known.is_empty() {
        "The repository has no tags or branches yet: push one.".to_owned()
    } else if alike.is_empty() {
        format!("The newest are {}.", list(known.iter().take(SUGGESTIONS).collect()))
    } else {
        format!("Did you mean {}?", list(alike.into_iter().take(SUGGESTIONS).map(|(_, name)| name).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_refs_pass_and_tricks_do_not() {
        for good in ["main", "v1.4.2", "feature/new-thing", "3f2a9c1", "release_1"] {
            assert!(reference_check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "--upload-pack=x",
            "a..b",
            "HEAD~1",
            "main:file",
            "a b",
            "@{-1}x@{",
            "a.lock",
            "/a",
            "x\n",
            "v1\u{202e}0",
        ] {
            assert!(reference_check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_gets_the_nearest_names() {
        let known = ["v1.4.2", "v1.4.1", "main"].map(str::to_owned);
        assert_eq!(hint_for_unknown("mian", &known), "Did you mean `main`?");
        assert_eq!(hint_for_unknown("zzz", &known), "The newest are `v1.4.2`, `v1.4.1`, `main`.");
    }
}
