//! Amounts as people say them: how many of something, and how many in some time.

use std::sync::LazyLock;

use regex::Regex;

use crate::intent::whole;

/// Words between a number and what is counted, which say nothing: "500 rows a batch", "3 of them".
const BETWEEN: [&str; 8] = ["a", "an", "per", "each", "every", "of", "them", "in"];

/// How many of these things are meant; nothing when it is anything else that is counted, or no number.
pub(super) fn count(said: &str, units: &[&str]) -> Option<u64> {
    let said = said.trim().trim_end_matches('.');
    let end = said.find([' ', '/']).unwrap_or(said.len());
    let (number, rest) = said.split_at(end);
    let mut words = rest.split([' ', '/']).filter(|word| !word.is_empty());
    let known = words.all(|word| units.contains(&word) || BETWEEN.contains(&word));
    whole(&number.replace([',', '_'], "")).filter(|_| known)
}

/// What is taken for a rate, in words.
pub(super) const RATE_WANTED: &str =
    "a rate like `500` (a minute), `500 users/min` or `10/s`, from 1 to 1000000 a minute";
/// The fastest, in things a minute.
const RATE_MAX: u64 = 1_000_000;

/// A rate as it is kept: how many a minute, of what was said. One said in seconds or hours is the same a minute, and
/// never a faster one.
pub(crate) fn rate(said: &str) -> Option<String> {
    read(said).map(|(rate, _)| rate)
}

/// A rate that is one beyond doubt: with the time it is in.
pub(crate) fn rate_said(said: &str) -> Option<String> {
    read(&said.to_lowercase()).filter(|(_, timed)| *timed).map(|(rate, _)| rate)
}

/// A rate, and whether it was said in which time.
fn read(said: &str) -> Option<(String, bool)> {
    static RATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?ix)^(?:at\s+most|at|max(?:imum)?)?\s*(?<count>[0-9][0-9,_]*)(?<thousands>k\b)?\s*(?<what>[a-z]+)??\s*
            (?:(?:/|\bper\b|\ban?\b|\beach\b|\bevery\b)\s*(?<time>s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?))?$",
        )
        .ok()
    });
    let found = RATE.as_ref()?.captures(said.trim())?;
    let count: u64 = found.name("count")?.as_str().replace([',', '_'], "").parse().ok()?;
    let count = if found.name("thousands").is_some() { count.checked_mul(1_000)? } else { count };
    let count = match found.name("time").and_then(|time| time.as_str().bytes().next()) {
        Some(b's' | b'S') => count.checked_mul(60)?,
        Some(b'h' | b'H') => count / 60,
        _ => count,
    };
    let what = found.name("what").map(|what| what.as_str().to_lowercase());
    let what = match what.as_deref() {
        None | Some("rpm") => String::new(),
        // "500 min" says no rate.
        Some("s" | "sec" | "m" | "min" | "minute" | "minutes" | "h" | "hour" | "hours") => return None,
        Some(what) => format!(" {what}"),
    };
    (1..=RATE_MAX).contains(&count).then(|| (format!("{count}{what}/min"), found.name("time").is_some()))
}

/// How many a minute a rate is.
pub(crate) fn per_minute(rate: &str) -> Option<u64> {
    rate.split(['/', ' ']).next()?.parse().ok()
}
