//! A rule that fired: what happened, and what of what the rule says is still to be done.

use serde::{Deserialize, Serialize};

use crate::clock::EpochMs;
use crate::model::{EnvironmentKey, ProjectName, Reaction, RunId, ServiceName};

/// What follows this soon after a rule fired about the same environment belongs to the same episode, in milliseconds: a
/// release that fails does so in several ways at once, and what a rule did needs a while to show.
pub const EPISODE_MS: i64 = 10 * 60_000;

/// A rule that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// Its natural key: the rule, and the event that made it fire.
    pub id: String,
    /// The project.
    pub project: ProjectName,
    /// The rule's number there.
    pub rule: u32,
    /// Who gave it: what is done is done in their name, as far as they may.
    pub person: String,
    /// The rule as a sentence.
    pub sentence: String,
    /// Where its person hears of it.
    pub conversation: String,
    /// Where it happened.
    pub environment: EnvironmentKey,
    /// The run it happened to; of something live, the one that made the live release.
    pub run: RunId,
    /// The service it is about, where it is about one.
    pub service: Option<ServiceName>,
    /// Why, in words, with the numbers.
    pub because: String,
    /// The release that was live then.
    pub live: Option<u32>,
    /// It is about the run itself and its canary, and not about what is live.
    pub of_run: bool,
    /// What is still to be done, in this order.
    pub left: Vec<Reaction>,
    /// What was done or could not be.
    pub did: Vec<String>,
    /// When the next thing is to be done; absent when all is.
    pub due_ms: Option<EpochMs>,
    /// When it happened.
    pub at_ms: EpochMs,
    /// Grows by one with every write: a write made from an older version is refused.
    pub version: i64,
}

impl Fired {
    /// One more thing was done, or could not be.
    #[must_use]
    pub(crate) fn after(mut self, did: String) -> Self {
        if !self.left.is_empty() {
            self.left.remove(0);
        }
        self.did.push(did);
        self.version += 1;
        self
    }

    /// All of it was done or could not be, and people are told.
    #[must_use]
    pub(crate) fn done(mut self) -> Self {
        self.due_ms = None;
        self.version += 1;
        self
    }

    /// It waits.
    #[must_use]
    pub(crate) fn waits_until(mut self, due_ms: EpochMs) -> Self {
        self.due_ms = Some(due_ms);
        self.version += 1;
        self
    }
}
