//! What a front reads afterwards of what was said while it did not listen.

use std::time::Duration;

use async_trait::async_trait;
use engine::clock::EpochMs;

use crate::letter::Place;

/// What reads on a front what was said while nobody listened.
#[async_trait]
pub trait Ear: Send + Sync {
    /// What the platform is called.
    fn platform(&self) -> &str;

    /// How long before a connection was given up something may have been lost, in milliseconds.
    fn look_back_ms(&self) -> EpochMs;

    /// How long the platform goes on delivering by itself what was said while nobody listened, in milliseconds.
    fn delivers_again_ms(&self) -> EpochMs {
        0
    }

    /// What people said in a conversation and its threads since then, in order.
    async fn said_since(&self, conversation: &str, since_ms: EpochMs) -> Result<Said, Unread>;
}

/// What was said while nobody listened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// In order.
    pub messages: Vec<Overheard>,
    /// That is all of it.
    pub whole: bool,
}

/// One thing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overheard {
    /// The event it would have been.
    pub event: String,
    /// Who said it, by the front's identifier of the person.
    pub who: String,
    /// The words, as they were said.
    pub text: String,
    /// When, by the platform's clock.
    pub at_ms: EpochMs,
    /// Where its writer is told when there is a secret in it, and which message is deleted then.
    pub place: Place,
}

/// Why it could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// It may work later, after the time the platform named.
    #[error("not now: {why}")]
    Later {
        /// Why.
        why: String,
        /// What the platform asks to wait.
        after: Option<Duration>,
    },
    /// The platform does not let us.
    #[error("never: {why}")]
    Never {
        /// Why.
        why: String,
    },
}
