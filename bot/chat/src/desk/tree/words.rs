//! Answers as people say them: with a please or a thanks around them, numbers in words, a name typed nearly right.

use std::sync::LazyLock;

use regex::Regex;

use crate::intent::nearest_name;

/// Politeness of other languages, which says nothing either.
const ABROAD: &str = r"bitte(?:\s+schön)?|danke(?:\s+schön)?|svp|stp|s'il\s+(?:te|vous)\s+pla[iî]t|merci(?:\s+beaucoup)?|por\s+favor|(?:muchas\s+)?gracias|per\s+favore|grazie|obrigad[oa]|tack|proszę|dzięki";

/// What may stand before an answer and says nothing: "ok, staging", "let's go with staging", "to staging".
static BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)^(?:(?:ok(?:ay)?|yes|yeah|yep|sure|please|pls|let'?s|just|go|use|take|try|say|do|with|for|to|onto|into|on|in|at|the|{ABROAD})[,\s]+)+"
    ))
    .ok()
});
/// What may stand behind one: "staging, thx", "staging please".
static BEHIND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)(?:[,\s]+(?:please|pls|plz|thx|thanks|thank\s+you|ty|cheers|then|for\s+now|one|{ABROAD}))+[\s.!]*$"
    ))
    .ok()
});
/// Places in a list, in words.
const PLACES: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];

/// The answer without what stands behind it out of courtesy and, where a beginning says nothing, without that; nothing when
/// that leaves it as it is.
pub(super) fn bare(said: &str, beginnings: bool) -> Option<&str> {
    let mut left = said;
    if let Some(behind) = BEHIND.as_ref().and_then(|behind| behind.find(left)) {
        left = &left[..behind.start()];
    }
    if beginnings && let Some(before) = BEFORE.as_ref().and_then(|before| before.find(left)) {
        left = &left[before.end()..];
    }
    (left != said && !left.is_empty()).then_some(left)
}

/// The parts of "a, b and c".
pub(super) fn items(said: &str) -> impl Iterator<Item = &str> {
    said.split([',', ';', '&'])
        .flat_map(|part| part.split(" and "))
        // Alone a plus joins; at the beginning of a number it is a part of it.
        .flat_map(|part| part.split(" + "))
        .map(|part| part.trim().trim_start_matches("and "))
        .filter(|part| !part.is_empty())
}

/// "to 3", "for 3", "at 3": how many, how long or when. A number behind such a word is no number of a choice.
pub(super) fn is_amount(said: &str) -> bool {
    const AMOUNT: [&str; 11] =
        ["to", "for", "at", "in", "on", "from", "by", "until", "within", "after", "of"];
    let lead = said.split_whitespace().next().unwrap_or_default();
    AMOUNT.iter().any(|word| lead.eq_ignore_ascii_case(word))
}

/// The place in a list that a word names, from 1.
pub(super) fn place(word: &str) -> Option<usize> {
    PLACES.iter().position(|place| *place == word).map(|at| at + 1)
}

/// The choice that is meant by its place, "the second one", or by a version without its "v".
pub(super) fn picked<'c>(said: &str, choices: &'c [String]) -> Option<&'c String> {
    let low = said.to_lowercase();
    let placed = low.strip_prefix("the ").map(|rest| rest.strip_suffix(" one").unwrap_or(rest));
    if let Some(at) = placed.and_then(place) {
        return choices.get(at - 1);
    }
    let version = low.starts_with(|c: char| c.is_ascii_digit()) && low.contains('.');
    choices.iter().find(|choice| version && choice.strip_prefix('v') == Some(&low))
}

/// Why something is no choice, with the one that it nearly is.
pub(super) fn with_nearest(why: &str, said: &str, choices: &[String]) -> String {
    match nearest_name(&said.to_lowercase(), choices) {
        Some(near) if !why.contains(near) => format!("{why}; did you mean `{near}`?"),
        _ => why.to_owned(),
    }
}
