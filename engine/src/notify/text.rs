//! One text to one phone, from the moment it is decided until it is known what became of it.

use serde::{Deserialize, Serialize};

use crate::clock::EpochMs;
use crate::model::Phone;

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextKind {
    /// Tells of alerts.
    Alert,
    /// Answers somebody who replied.
    Answer,
}

impl TextKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Answer => "answer",
        }
    }
}

/// What became of a text, as the network tells it. They come in any order and more than once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fate")]
pub enum Fate {
    /// It is on its way.
    Going,
    /// The phone has it.
    Delivered,
    /// The phone does not get it.
    Lost {
        /// Why, in words.
        why: String,
    },
}

/// How a text stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum TextState {
    /// It is to be sent.
    Waiting,
    /// It was handed over, or is about to be, and nobody knows yet what came of that.
    Sending,
    /// It was taken.
    Sent,
    /// The phone has it.
    Delivered,
    /// The phone does not get it.
    Lost {
        /// Why.
        why: String,
    },
}

impl TextState {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Lost { .. } => "lost",
        }
    }

    /// Nothing follows any more.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Delivered | Self::Lost { .. })
    }
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Its natural key: the alert and whose turn it was, or the message it answers.
    pub id: String,
    /// What it is for.
    pub kind: TextKind,
    /// Who it is for.
    pub person: String,
    /// Their phone.
    pub to: Phone,
    /// The words.
    pub body: String,
    /// The alerts it tells of, each with how many people have had their turn by it.
    pub alerts: Vec<(String, usize)>,
    /// How it stands.
    pub state: TextState,
    /// The messenger's identifier, once it is known.
    pub sent_as: Option<String>,
    /// How often it was handed over.
    pub tries: u32,
    /// When something is to be done about it; absent when nothing is.
    pub due_ms: Option<EpochMs>,
    /// When it was decided.
    pub made_ms: EpochMs,
    /// Grows by one with every write: a write made from an older version is refused.
    pub version: i64,
}

impl Text {
    /// A text to be sent at once.
    pub(super) fn new(
        id: String,
        kind: TextKind,
        person: &str,
        to: Phone,
        body: String,
        now_ms: EpochMs,
    ) -> Self {
        Self {
            id,
            kind,
            person: person.to_owned(),
            to,
            body,
            alerts: Vec::new(),
            state: TextState::Waiting,
            sent_as: None,
            tries: 0,
            due_ms: Some(now_ms),
            made_ms: now_ms,
            version: 1,
        }
    }

    /// The next version, to be written.
    #[must_use]
    pub(super) fn changed(mut self) -> Self {
        self.version += 1;
        self
    }
}
