//! What a front does for the courier: takes single messages to people, and says what became of each.

use async_trait::async_trait;
use engine::clock::EpochMs;

use crate::letter::Letter;
use crate::pace::{Allowance, Kind};

/// Takes single messages to a front.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// The front's name in identities and conversations.
    fn front(&self) -> &str;

    /// The least time between two messages in one conversation, in milliseconds.
    fn gap_ms(&self) -> i64;

    /// What the front takes of a kind over all its conversations; absent when it counts for each alone.
    fn allowance(&self, _: Kind) -> Option<Allowance> {
        None
    }

    /// The calls it takes of all kinds together, over all its conversations; absent when it counts each kind alone.
    fn calls_allowed(&self) -> Option<Allowance> {
        None
    }

    /// How many of them a letter takes at most.
    fn calls_of(&self, _letter: &Letter, _kind: Kind) -> u32 {
        1
    }

    /// Shows a letter; `known` is the message that shows its card, when there is one. Gives the identifier of the message
    /// it stands in now, where the front has one.
    async fn carry(
        &self,
        conversation: &str,
        letter: &Letter,
        known: Option<&str>,
    ) -> Result<Sent, Undelivered>;

    /// The address at which people open a message, where the front has one and says it now.
    async fn link(&self, _conversation: &str, _message: &str) -> Option<String> {
        None
    }

    /// Looks for a message that was sent and never confirmed: its identifier when it did arrive.
    async fn find(
        &self,
        conversation: &str,
        letter: &Letter,
        since_ms: EpochMs,
    ) -> Result<Option<String>, Undelivered>;
}

/// What became of a letter that arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// The identifier of the message it stands in now, where the front has one.
    pub message: Option<String>,
    /// What found no room in the message and is still to be brought.
    pub file: Option<FileDue>,
}

/// A file that is still to be brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDue {
    /// The conversation it belongs into.
    pub conversation: String,
    /// The message whose thread it belongs into.
    pub thread: Option<String>,
    /// Tells it from others there: the same however often it is brought.
    pub mark: String,
}

impl Sent {
    /// It stands in this message, all of it.
    pub fn whole(message: Option<String>) -> Self {
        Self { message, file: None }
    }
}

/// A letter that did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// It may arrive later, after the time the front named, in milliseconds, or when it is well again.
    #[error("not now: {why}")]
    Later {
        /// Why.
        why: String,
        /// What the front asks to wait.
        after_ms: Option<i64>,
    },
    /// The front takes no more of its kind for now, in any conversation.
    #[error("too much at once: {why}")]
    Limited {
        /// Why.
        why: String,
        /// What the front asks to wait, in milliseconds.
        after_ms: Option<i64>,
    },
    /// This one is not taken until a person mends something: a permission, a channel. Others may be.
    #[error("not as things are: {why}")]
    Barred {
        /// Why.
        why: String,
        /// When it is worth another try, in milliseconds.
        after_ms: i64,
    },
    /// The message takes no more edits: what it shows is to be shown anew.
    #[error("it takes no more edits: {why}")]
    Worn {
        /// Why.
        why: String,
    },
    /// The message that should be edited is not there any more.
    #[error("the message is gone: {why}")]
    Gone {
        /// Why.
        why: String,
    },
    /// It will never arrive.
    #[error("never: {why}")]
    Never {
        /// Why.
        why: String,
    },
}
