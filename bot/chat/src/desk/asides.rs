//! What is said beside the orders and split off before they are read: why the glass is broken, until when a lock holds.
//! It goes where the orders go: into a question about what is missing, and behind a run that comes first.

use serde::{Deserialize, Serialize};

use super::{glass, until};
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
}

impl Asides {
    /// What is said now, and for the rest what was said before.
    pub(super) fn or(self, before: Self) -> Self {
        Self { glass: self.glass.or(before.glass), until: self.until.or(before.until) }
    }
}

/// Reads a text as the desk does: one that breaks the glass is read without that, when it makes no sense with it.
pub fn parse_said(text: &str, vocabulary: &Vocabulary) -> Parsed {
    let parsed = parse_with(text, vocabulary);
    if parsed.problem.is_none() {
        return parsed;
    }
    match glass::split(text) {
        (order, Some(_)) => parse_with(order, vocabulary),
        (_, None) => parsed,
    }
}

/// The text without its asides, and the asides.
pub(super) fn split(text: &str) -> (String, Asides) {
    let (text, glass) = glass::split(text);
    let (text, until) = until::split(text);
    (text, Asides { glass, until })
}
