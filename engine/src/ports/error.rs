//! Why a call to the outside did not do what it was for.

use serde::{Deserialize, Serialize};

/// Why a call to the outside did not do what it was for. The adapter names the kind, the engine obeys it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum PortError {
    /// Nothing happened, and trying again may work: busy, rate-limited, not reachable.
    #[error("{what}")]
    Retry {
        /// What happened, to what.
        what: String,
        /// How long the other side asked us to wait, in milliseconds.
        after_ms: Option<i64>,
    },
    /// Nothing happened, and trying again will not help.
    #[error("{what}")]
    Fail {
        /// What happened, to what.
        what: String,
        /// What the person can do about it; empty when there is nothing to add.
        hint: String,
    },
    /// The call was sent and no answer came: it may have happened. The engine looks before it does anything else.
    #[error("{what}")]
    Unknown {
        /// What was sent and how the answer got lost.
        what: String,
    },
}

impl PortError {
    /// A failure that trying again won't mend.
    pub fn fail(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Fail { what: what.into(), hint: hint.into() }
    }

    /// A failure that may go away by itself.
    pub fn retry(what: impl Into<String>) -> Self {
        Self::Retry { what: what.into(), after_ms: None }
    }

    /// A call whose outcome nobody knows yet.
    pub fn unknown(what: impl Into<String>) -> Self {
        Self::Unknown { what: what.into() }
    }
}
