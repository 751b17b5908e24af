//! Texts to phones.

use async_trait::async_trait;

use super::PortError;
use crate::clock::EpochMs;
use crate::model::Phone;
use crate::notify::Fate;

/// A text to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// Its natural key: the same for every try, so that it is found again.
    pub key: &'a str,
    /// Where to.
    pub to: &'a Phone,
    /// The words, of the GSM 7-bit alphabet.
    pub body: &'a str,
    /// When it was decided: it was not sent before.
    pub made_ms: EpochMs,
}

/// A text as the messenger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The messenger's identifier.
    pub sent_as: String,
    /// What became of it so far.
    pub fate: Fate,
}

/// Sends texts. A text changes nothing a run is about, so no call here takes a permit.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Its name, for people: `Twilio`.
    fn name(&self) -> &'static str;

    /// Whether texts are only shown on this machine: then whoever sits at it replies for everybody.
    fn is_pretended(&self) -> bool {
        false
    }

    /// Whether carriers let links through to a phone.
    fn takes_links(&self, to: &Phone) -> bool;

    /// Sends a text. [`PortError::Unknown`] when it may have been sent: then it is looked for before it is sent again.
    async fn send(&self, text: &Outgoing<'_>) -> Result<Found, PortError>;

    /// Texts that were sent with these words to that phone since: what an unanswered call may have left.
    async fn look(&self, text: &Outgoing<'_>) -> Result<Vec<Found>, PortError>;

    /// What became of one.
    async fn fate(&self, sent_as: &str) -> Result<Fate, PortError>;
}
