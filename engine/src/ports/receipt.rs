//! What a writing call left behind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a writing call left behind: metadata for the record, never a secret and never a whole body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// One line for people: "started 2 processes of api, release 12".
    pub summary: String,
    /// Identifiers, sizes and hashes of what was sent and what came back.
    pub facts: BTreeMap<String, String>,
}

impl Receipt {
    /// A receipt with its one line.
    pub fn new(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), facts: BTreeMap::new() }
    }

    /// Adds a fact.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "numbers and texts read better without a `&`")]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }
}
