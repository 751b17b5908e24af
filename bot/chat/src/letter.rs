//! A message on its way to a front that delivers later: what to show, and where in the conversation.

use engine::clock::EpochMs;
use engine::store::{StoreError, Write};
use serde::{Deserialize, Serialize};

use crate::message::{Inbound, Outbound};
use crate::offered;

/// Where an answer belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Whose alone it is, by the front's identifier of the person: everybody's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The message whose thread it belongs into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The card whose message's thread it belongs into, where nobody knows that message yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<String>,
    /// Whose attention it wants, by the front's identifier of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<String>,
    /// The speaker stands in that thread already: private answers are seen there too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inside: bool,
    /// Where the front itself said answers go, for conversations it may not speak in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_at: Option<String>,
    /// A message with a secret in it, by the front's identifier, in the same channel or thread: it is deleted first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erases: Option<String>,
    /// Only what of it found no room in its message, as a file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub file: bool,
    /// The message it takes the place of, by the front's identifier: one that said something which is decided by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<String>,
    /// What says there that an answer comes is still to be replaced: by this answer, the first one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub awaited: bool,
}

impl Place {
    /// Of a file, in the thread of a message.
    pub(crate) fn of_file(thread: Option<String>) -> Self {
        Self { inside: thread.is_some(), thread, file: true, ..Self::default() }
    }
}

/// A message as it waits in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// What to show.
    #[serde(flatten)]
    pub outbound: Outbound,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

impl Letter {
    /// For everybody in the conversation.
    pub fn open(outbound: Outbound) -> Self {
        Self { outbound, place: Place::default() }
    }

    fn written(&self) -> Result<String, StoreError> {
        let letter = Self { outbound: self.outbound.clone().in_plain_sight(), place: self.place.clone() };
        serde_json::to_string(&letter)
            .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })
    }

    /// Puts a file into the outbox. One that was brought already is recognised by its mark.
    pub(crate) fn put_file(
        &self,
        conversation: &str,
        mark: &str,
        at_ms: EpochMs,
    ) -> Result<Write, StoreError> {
        let body = self.written()?;
        let card = format!("file/{mark}");
        Ok(Write::OutboxPut {
            message: format!("{conversation}/{at_ms:016}/{card}"),
            conversation: conversation.to_owned(),
            card,
            body,
            at_ms,
        })
    }

    /// Puts it into the outbox of a conversation; `order` says its turn there.
    pub fn put(&self, conversation: &str, order: &str, at_ms: EpochMs) -> Result<Write, StoreError> {
        let body = self.written()?;
        let card = match &self.outbound {
            Outbound::Update(card) => card.key.clone(),
            // A message of its own is not a drawing of a card, whatever it is about.
            Outbound::Say(_) => String::new(),
        };
        Ok(Write::OutboxPut {
            message: format!("{conversation}/{order}"),
            conversation: conversation.to_owned(),
            card,
            body,
            at_ms,
        })
    }
}

/// An answer with where it belongs.
pub(crate) fn letter_of(outbound: Outbound, inbound: &Inbound, place: &Place) -> Letter {
    let place = place_of(&outbound, inbound, place);
    match outbound {
        Outbound::Say(card) if place.to.is_some() => {
            Letter { outbound: Outbound::Say(offered::for_one_alone(card)), place }
        }
        outbound => Letter { outbound, place },
    }
}

/// A run's card stands by itself; a private answer is for the speaker alone, whoever asked for privacy.
fn place_of(outbound: &Outbound, inbound: &Inbound, place: &Place) -> Place {
    match outbound {
        Outbound::Update(_) => Place::default(),
        Outbound::Say(card) if card.private => {
            Place { to: Some(inbound.identity.external_id.clone()), ..place.clone() }
        }
        Outbound::Say(_) => place.clone(),
    }
}
