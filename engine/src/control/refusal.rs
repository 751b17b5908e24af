//! Why the engine does not do what it was asked, in words for the person who asked.

use crate::plan::PlanProblem;
use crate::ports::PortError;
use crate::run::IllegalMove;
use crate::store::StoreError;

/// A request that was not carried out. `Display` is the sentence; `next` is what to type.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The policy says no.
    #[error("{say}")]
    NotAllowed {
        /// The sentence.
        say: String,
        /// Rules and evidence, a line each.
        because: Vec<String>,
        /// When it would be allowed, when that is only a matter of time; epoch milliseconds.
        earliest_ms: Option<i64>,
    },
    /// It can't be planned.
    #[error("{}", .0.say)]
    Problem(PlanProblem),
    /// It does not fit how things stand: a run that is over can't be paused.
    #[error("{say}")]
    Standing {
        /// Stable word: `already-decided`, `over`.
        code: &'static str,
        /// The sentence.
        say: String,
        /// What to type instead; empty when there is nothing to add.
        next: String,
    },
    /// Nothing by that name or number.
    #[error("{say}")]
    NotFound {
        /// The sentence.
        say: String,
        /// What to type instead.
        next: String,
    },
    /// The outside does not answer as it should.
    #[error("{doing}: {error}")]
    Port {
        /// What we were doing.
        doing: String,
        /// What came of it.
        error: PortError,
    },
    /// The database does not.
    #[error("{}; nothing was done", unusable(.0))]
    Store(#[source] StoreError),
    /// A bug.
    #[error("this should not happen")]
    Bug(#[source] IllegalMove),
}

fn unusable(error: &StoreError) -> String {
    match error {
        StoreError::Crossed { tries, .. } => {
            format!("the database gave the write up {tries} times, for others wanted the same")
        }
        StoreError::Full { room, .. } => format!("the disk of the database is full ({room})"),
        _ => "the database can't be used right now".to_owned(),
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PlanProblem> for Refusal {
    fn from(problem: PlanProblem) -> Self {
        Self::Problem(problem)
    }
}

impl From<IllegalMove> for Refusal {
    fn from(illegal: IllegalMove) -> Self {
        Self::Bug(illegal)
    }
}

impl Refusal {
    /// It does not fit how things stand.
    pub(crate) fn standing(code: &'static str, say: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Standing { code, say: say.into(), next: next.into() }
    }

    /// Nothing by that name.
    pub(crate) fn not_found(say: impl Into<String>, next: impl Into<String>) -> Self {
        Self::NotFound { say: say.into(), next: next.into() }
    }

    /// Wraps a port's error with what we were doing.
    pub(crate) fn port(doing: &str) -> impl FnOnce(PortError) -> Self + '_ {
        move |error| match error {
            PortError::Fail { what, hint } => Self::Problem(PlanProblem::new("outside", what, hint)),
            error => Self::Port { doing: doing.to_owned(), error },
        }
    }

    /// The reason code, for tests and machines.
    pub fn code(&self) -> &str {
        match self {
            Self::NotAllowed { .. } => "not-allowed",
            Self::Problem(problem) => &problem.code,
            Self::Standing { code, .. } => code,
            Self::NotFound { .. } => "not-found",
            Self::Port { .. } => "outside",
            Self::Store(_) => "database",
            Self::Bug(_) => "bug",
        }
    }

    /// What to type or do next; empty when there is nothing to add.
    pub fn next(&self) -> &str {
        match self {
            Self::Problem(problem) => &problem.next,
            Self::Standing { next, .. } | Self::NotFound { next, .. } => next,
            Self::Port { .. } => "try again in a moment; `status` shows how things stand",
            Self::Store(StoreError::Full { .. }) => {
                "free some space, then say it again; runs under way go on by themselves"
            }
            Self::Store(_) => "try again in a moment; `infra-chat doctor` checks the database",
            Self::NotAllowed { .. } | Self::Bug(_) => "",
        }
    }

    /// It was the database that did not answer or had no room: the same may work later.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Store(error) if error.may_pass())
    }

    /// Somebody else's change came first and everything should be looked at again.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(StoreError::Conflict))
    }
}
