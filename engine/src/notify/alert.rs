//! An alert: what happened, who is told of it one after the other, and whose turn it is.

use serde::{Deserialize, Serialize};

use super::AlertKind;
use crate::clock::EpochMs;
use crate::model::{EnvironmentKey, RunId, Urgency};

/// For how long the same about the same run is the same alert, in milliseconds.
pub const FOLD_MS: i64 = 60 * 60_000;

/// How an alert stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum AlertState {
    /// Somebody is to be told, or has been and has not answered.
    Open,
    /// Somebody has answered.
    Answered {
        /// Who.
        by: String,
        /// When.
        at_ms: EpochMs,
    },
    /// It is over by itself.
    Settled,
    /// Everybody was told, and nobody has answered.
    Unanswered,
}

impl AlertState {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered { .. } => "answered",
            Self::Settled => "settled",
            Self::Unanswered => "unanswered",
        }
    }
}

/// Something people on duty are told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its identifier: the event's number, and for whom.
    pub id: String,
    /// Where.
    pub environment: EnvironmentKey,
    /// The run it is about.
    pub run: Option<RunId>,
    /// What.
    pub kind: AlertKind,
    /// How much it matters.
    pub severity: Urgency,
    /// Why, in words.
    pub says: String,
    /// How the canary stood, 0 to 100.
    pub score: Option<u8>,
    /// The same as others with this key.
    pub fold: String,
    /// Who is told, in order.
    pub chain: Vec<String>,
    /// How many of them have had their turn.
    pub turns: usize,
    /// How long each has to answer, in milliseconds.
    pub wait_ms: i64,
    /// How often the same happened.
    pub times: u32,
    /// How it stands.
    pub state: AlertState,
    /// When the next one's turn is; absent when nobody's is.
    pub due_ms: Option<EpochMs>,
    /// When it happened.
    pub at_ms: EpochMs,
    /// Grows by one with every write: a write made from an older version is refused.
    pub version: i64,
}

impl Alert {
    /// Whose turn it is.
    pub fn next(&self) -> Option<&str> {
        self.chain.get(self.turns).map(String::as_str)
    }

    /// The next version, to be written.
    #[must_use]
    pub(super) fn changed(mut self) -> Self {
        self.version += 1;
        self
    }

    /// It stands otherwise from now on, and is nobody's turn any more.
    #[must_use]
    pub(super) fn over(self, state: AlertState) -> Self {
        Self { state, due_ms: None, ..self }.changed()
    }
}
