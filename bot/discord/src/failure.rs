//! Why a call to Discord did not work, as far as it matters to whoever made it. It shows no request, no answer and no token.

/// Discord's number for one more edit of a message that is older than an hour and was edited often. It comes with the status of
/// a call that is one too many, and is about that message alone: no wait helps, and no other call has to wait.
pub(crate) const WORN: i64 = 30_046;

/// Why a call did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WebError {
    /// Too much was asked in a short time.
    #[error("{what}: Discord asks to wait")]
    Limited {
        /// What was asked.
        what: &'static str,
        /// How long, in milliseconds.
        after_ms: i64,
    },
    /// Discord said no.
    #[error("{what}: Discord answers {status}, {why} (code {code})")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// The status.
        status: u16,
        /// Discord's number for why.
        code: i64,
        /// Discord's words for it.
        why: String,
    },
    /// There was no answer, or none that can be read: it may have worked.
    #[error("{what}: no answer ({why})")]
    Unanswered {
        /// What was asked.
        what: &'static str,
        /// Why.
        why: String,
    },
}

impl WebError {
    /// Discord's number for why it said no.
    pub(crate) fn code(&self) -> Option<i64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether what this was about is not there: Discord says so with this number, others with the status alone.
    pub(crate) fn is_missing(&self, number: i64) -> bool {
        matches!(self, Self::Refused { status, code, .. } if *code == number || (*status == 404 && *code == 0))
    }
}
