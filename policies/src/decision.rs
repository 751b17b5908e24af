//! What the rules answer, in words that can be kept in the record and shown to a person.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Role;

/// The `@id` of a rule, or one of the built-in names below.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub String);

impl RuleId {
    /// No rule permits it.
    pub const NO_PERMIT: &'static str = "no-permit";
    /// The action is not in the schema.
    pub const UNKNOWN_ACTION: &'static str = "unknown-action";
    /// The question itself could not be put to the rules.
    pub const BAD_QUESTION: &'static str = "bad-question";
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for RuleId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

/// The answer to a [`Question`](crate::Question).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "kebab-case")]
pub enum Decision {
    /// Go ahead.
    Allow {
        /// The rules that permit it. `break-glass` among them means that the glass was broken: say it loudly.
        because: Vec<RuleId>,
    },
    /// Go ahead once people have approved.
    NeedsApproval {
        /// How many distinct people, counting those who already have.
        count: u32,
        /// Whose approval counts for every rule that asks.
        roles: Vec<Role>,
        /// The rules that ask.
        because: Vec<Fired>,
    },
    /// Do not.
    Refuse {
        /// The rules that refuse, then those that would have asked for approval.
        because: Vec<Fired>,
        /// What a person reads: what, why, what to do next.
        say: String,
        /// When asking again may help, in epoch milliseconds; absent when waiting alone does not help.
        earliest_ms: Option<i64>,
    },
}

/// A rule that spoke against it, with what made it speak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// Which rule.
    pub rule: RuleId,
    /// What a person reads.
    pub say: String,
    /// The facts that made it fire: "3 runs in the last hour, limit 3".
    pub evidence: String,
}
