//! What is said beside the orders and split off before they are read: why the glass is broken, until when a lock holds,
//! which run's release is taken back, that the same is wanted again.
//! It goes where the orders go: into a question about what is missing, and behind a run that comes first.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{back, glass, until};
use crate::intent::{Parsed, Vocabulary, parse_with};

/// What was said beside the orders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asides {
    /// Why they break the glass, when they do.
    #[serde(default)]
    pub(super) glass: Option<String>,
    /// How long locks hold, as it was said: `2h`, `18:00`.
    #[serde(default)]
    pub(super) until: Option<String>,
    /// The run whose release a rollback takes back: `r-3f2a`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) takes_back: Option<String>,
    /// The same is wanted once more, though it was asked for before.
    #[serde(default)]
    pub(super) again: bool,
}

/// "deploy production again", "deploy v1.2.0 to production once more".
static AGAIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:again|once\s+more)\b(?:[\s,]+(?:please|pls))?\W*$").ok());

impl Asides {
    /// What is said now, and for the rest what was said before.
    pub(super) fn or(self, before: Self) -> Self {
        Self {
            glass: self.glass.or(before.glass),
            until: self.until.or(before.until),
            takes_back: self.takes_back.or(before.takes_back),
            again: self.again || before.again,
        }
    }
}

/// Reads a text as the desk does: one that breaks the glass, or that names the run whose release is taken back, is read
/// without that, when it makes no sense with it.
pub fn parse_said(text: &str, vocabulary: &Vocabulary) -> Parsed {
    let parsed = parse_with(text, vocabulary);
    if parsed.problem.is_none() {
        return parsed;
    }
    let (order, glass) = glass::split(text);
    match (glass, back::taking_back(order)) {
        (_, Some((order, _))) => parse_with(order, vocabulary),
        (Some(_), None) => parse_with(order, vocabulary),
        (None, None) => parsed,
    }
}

/// The text without its asides, and the asides.
pub(super) fn split(text: &str) -> (String, Asides) {
    let (text, glass) = glass::split(text);
    let (text, until) = until::split(text);
    let (text, takes_back) = back::split(&text);
    let again = AGAIN.as_ref().is_some_and(|again| again.is_match(&text));
    (text, Asides { glass, until, takes_back, again })
}
