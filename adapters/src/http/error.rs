//! Why a call did not do what it was for.

use engine::ports::PortError;

use super::Effect;

/// Why a call did not do what it was for. It shows neither token nor body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No client can be made with these settings.
    #[error("no connection to {vendor} can be made: {why}")]
    Client {
        /// Who.
        vendor: &'static str,
        /// Why.
        why: String,
    },
    /// Too much was asked in a short time; nothing happened.
    #[error("{vendor} asks to wait {} s: too many calls in a short time", seconds(*after_ms))]
    Limited {
        /// Who.
        vendor: &'static str,
        /// How long, in milliseconds.
        after_ms: i64,
    },
    /// The vendor said no; nothing happened.
    #[error("{vendor} refused to {what}: {says}{}", code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default())]
    Refused {
        /// Who.
        vendor: &'static str,
        /// Method and path, or the operation's name.
        what: String,
        /// The status of the answer.
        status: u16,
        /// The vendor's code for why.
        code: Option<String>,
        /// The vendor's words, cut and without secrets.
        says: String,
        /// What a person can do about it; may be empty.
        hint: String,
    },
    /// It was not reached; nothing happened.
    #[error("{vendor} can't be reached: {why}")]
    Unreached {
        /// Who.
        vendor: &'static str,
        /// Why.
        why: String,
    },
    /// There was no answer that can be read: it may have happened.
    #[error("{vendor} gave no answer that can be read: {why}")]
    Unanswered {
        /// Who.
        vendor: &'static str,
        /// Why.
        why: String,
    },
}

fn seconds(ms: i64) -> i64 {
    (ms + 999) / 1_000
}

impl ApiError {
    /// What it means for a call with that effect.
    pub fn of(self, effect: Effect) -> PortError {
        let what = self.to_string();
        match self {
            Self::Client { .. } => PortError::fail(what, ""),
            Self::Limited { after_ms, .. } => PortError::Retry { what, after_ms: Some(after_ms) },
            Self::Refused { hint, .. } => PortError::fail(what, hint),
            Self::Unreached { .. } => PortError::retry(what),
            Self::Unanswered { .. } => match effect {
                Effect::Read => PortError::retry(what),
                Effect::Write => PortError::unknown(what),
            },
        }
    }

    /// What it means for a call that changes nothing: no answer is a reason to ask again.
    pub fn of_read(self) -> PortError {
        self.of(Effect::Read)
    }

    /// What it means for a call that changes something: no answer means that nobody knows.
    pub fn of_write(self) -> PortError {
        self.of(Effect::Write)
    }

    /// Whether there is nothing of that name.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether the token was not accepted, or may not do that.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Refused { status: 401 | 403, .. })
    }
}
