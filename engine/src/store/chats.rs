//! What chat fronts leave in the database: what they heard and must still handle, what waits to be shown, and which message
//! shows which card.

use super::value::{Row, Statement, free};
use super::{Store, StoreError, sql};
use crate::clock::EpochMs;

/// A write of a chat front. None has a guard.
#[derive(Debug, Clone)]
pub enum ChatWrite {
    /// Something heard, to be handled; what waits already stays as it is.
    InboxPut {
        /// The front.
        front: String,
        /// The event's identifier there.
        event: String,
        /// What was heard, as JSON.
        body: String,
        /// When.
        at_ms: EpochMs,
    },
    /// Something heard that has been handled.
    InboxDelete {
        /// The front.
        front: String,
        /// The event's identifier there.
        event: String,
    },
    /// Which message shows a card; an empty message while its first showing is under way.
    ShownPut {
        /// Where.
        conversation: String,
        /// The card.
        card: String,
        /// The front's identifier of the message.
        message: String,
        /// When.
        at_ms: EpochMs,
    },
    /// The address of the message that shows a card.
    ShownLink {
        /// Where.
        conversation: String,
        /// The card.
        card: String,
        /// The address.
        link: String,
    },
    /// A card that no message shows any more.
    ShownDelete {
        /// Where.
        conversation: String,
        /// The card.
        card: String,
    },
    /// A message with buttons that decide about a run; once more, it is as it says now.
    OfferedPut {
        /// Where.
        conversation: String,
        /// The front's identifier of the message.
        message: String,
        /// The run.
        run: String,
        /// The letter that stands in it, as JSON.
        body: String,
        /// When.
        at_ms: EpochMs,
    },
    /// A message whose buttons decide nothing any more.
    OfferedDelete {
        /// Where.
        conversation: String,
        /// The front's identifier of the message.
        message: String,
    },
    /// Until when a channel was listened to; an earlier instant than is known changes nothing.
    ListenedPut {
        /// Where.
        conversation: String,
        /// Until when.
        heard_ms: EpochMs,
    },
    /// A channel that is not listened to any more.
    ListenedDelete {
        /// Where.
        conversation: String,
    },
}

impl ChatWrite {
    pub(super) fn statements(&self) -> Vec<Statement> {
        let (sql, values) = match self {
            Self::InboxPut { front, event, body, at_ms } => (
                sql::INBOX_PUT,
                vec![front.as_str().into(), event.as_str().into(), body.as_str().into(), (*at_ms).into()],
            ),
            Self::InboxDelete { front, event } => {
                (sql::INBOX_DELETE, vec![front.as_str().into(), event.as_str().into()])
            }
            Self::ShownPut { conversation, card, message, at_ms } => (
                sql::SHOWN_PUT,
                vec![
                    conversation.as_str().into(),
                    card.as_str().into(),
                    message.as_str().into(),
                    (*at_ms).into(),
                ],
            ),
            Self::ShownLink { conversation, card, link } => (
                sql::SHOWN_LINK,
                vec![conversation.as_str().into(), card.as_str().into(), link.as_str().into()],
            ),
            Self::ShownDelete { conversation, card } => {
                (sql::SHOWN_DELETE, vec![conversation.as_str().into(), card.as_str().into()])
            }
            Self::OfferedPut { conversation, message, run, body, at_ms } => (
                sql::OFFERED_PUT,
                vec![
                    conversation.as_str().into(),
                    message.as_str().into(),
                    run.as_str().into(),
                    body.as_str().into(),
                    (*at_ms).into(),
                ],
            ),
            Self::OfferedDelete { conversation, message } => {
                (sql::OFFERED_DELETE, vec![conversation.as_str().into(), message.as_str().into()])
            }
            Self::ListenedPut { conversation, heard_ms } => {
                (sql::LISTENED_PUT, vec![conversation.as_str().into(), (*heard_ms).into()])
            }
            Self::ListenedDelete { conversation } => {
                (sql::LISTENED_DELETE, vec![conversation.as_str().into()])
            }
        };
        free(sql, values)
    }
}

/// Something a front heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The event's identifier on its front.
    pub event: String,
    /// What was heard, as JSON.
    pub body: String,
}

/// The message that shows a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The front's identifier of the message; empty while its first showing is under way.
    pub message: String,
    /// Since when.
    pub at_ms: EpochMs,
    /// Its address; empty while nobody knows it.
    pub link: String,
}

/// A message with buttons that decide about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Where.
    pub conversation: String,
    /// The front's identifier of the message.
    pub message: String,
    /// The letter that stands in it, as JSON.
    pub body: String,
}

impl Store {
    /// The messages of a front with buttons that decide about a run, oldest first.
    pub async fn offered_list(&self, front: &str, run: &str) -> Result<Vec<Offered>, StoreError> {
        let rows = self.rows(sql::OFFERED_LIST, vec![run.into(), format!("{front}:%").into()]).await?;
        let offered = |row: &Row| {
            let (conversation, message) = (row.text("conversation")?, row.text("message")?);
            Ok(Offered { conversation, message, body: row.text("body")? })
        };
        rows.iter().map(offered).collect()
    }

    /// What a front heard and nobody has handled yet, oldest first, at most `limit`.
    pub async fn inbox_list(&self, front: &str, limit: i64) -> Result<Vec<Heard>, StoreError> {
        let rows = self.rows(sql::INBOX_LIST, vec![front.into(), limit.into()]).await?;
        rows.iter().map(|row| Ok(Heard { event: row.text("event")?, body: row.text("body")? })).collect()
    }

    /// Whether a front's event is in the inbox, or has been handled.
    pub async fn inbox_is_known(&self, front: &str, event: &str) -> Result<bool, StoreError> {
        Ok(!self.rows(sql::INBOX_KNOWN, vec![front.into(), event.into()]).await?.is_empty())
    }

    /// The channels of a front that were listened to, each with until when.
    pub async fn listened_list(&self, front: &str) -> Result<Vec<(String, EpochMs)>, StoreError> {
        let rows = self.rows(sql::LISTENED_LIST, vec![format!("{front}:%").into()]).await?;
        rows.iter().map(|row| Ok((row.text("conversation")?, row.int("heard_ms")?))).collect()
    }

    /// The conversations of a front with questions that expire by then.
    pub async fn question_conversations(
        &self,
        front: &str,
        by_ms: EpochMs,
    ) -> Result<Vec<String>, StoreError> {
        let rows =
            self.rows(sql::QUESTION_CONVERSATIONS, vec![format!("{front}:%").into(), by_ms.into()]).await?;
        rows.iter().map(|row| row.text("conversation")).collect()
    }

    /// The conversations of a front that messages wait for.
    pub async fn outbox_conversations(&self, front: &str) -> Result<Vec<String>, StoreError> {
        let rows = self.rows(sql::OUTBOX_CONVERSATIONS, vec![format!("{front}:%").into()]).await?;
        rows.iter().map(|row| row.text("conversation")).collect()
    }

    /// The message that shows a card in a conversation, if one was ever begun.
    pub async fn shown_get(&self, conversation: &str, card: &str) -> Result<Option<Shown>, StoreError> {
        let rows = self.rows(sql::SHOWN_GET, vec![conversation.into(), card.into()]).await?;
        rows.first()
            .map(|row| {
                let (message, link) = (row.text("message")?, row.text("link")?);
                Ok(Shown { message, at_ms: row.int("at_ms")?, link })
            })
            .transpose()
    }

    /// The conversations of a front that show a card, or will once they get it.
    pub async fn shown_in(&self, front: &str, card: &str) -> Result<Vec<String>, StoreError> {
        let rows = self.rows(sql::SHOWN_IN, vec![card.into(), format!("{front}:%").into()]).await?;
        rows.iter().map(|row| row.text("conversation")).collect()
    }

    /// The addresses of the messages that show a card, with their conversations, in the order they were shown.
    pub async fn shown_links(&self, card: &str) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.rows(sql::SHOWN_LINKS, vec![card.into()]).await?;
        rows.iter().map(|row| Ok((row.text("conversation")?, row.text("link")?))).collect()
    }

    /// The card a message shows.
    pub async fn shown_card(&self, conversation: &str, message: &str) -> Result<Option<String>, StoreError> {
        let rows = self.rows(sql::SHOWN_CARD, vec![conversation.into(), message.into()]).await?;
        rows.first().map(|row| row.text("card")).transpose()
    }
}
