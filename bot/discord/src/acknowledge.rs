//! Acknowledgements of interactions, within the three seconds there are. What somebody said by one is written down before it
//! is acknowledged, so that a kill in between loses nothing of it, and is handled after: what its speaker saw fail is not
//! done. A database that takes its time does not keep Discord waiting.

use std::sync::Arc;
use std::time::Duration;

use chat::{Held, Place};
use engine::store::StoreError;
use serde_json::{Value, json};

use crate::FRONT;
use crate::answers::{CHOICES, MESSAGE};
use crate::intake::{Intake, Where};
use crate::payload::{Interacted, Unreadable, What, text};
use crate::web::{EPHEMERAL, Message, WebError};

/// What fails while the database is away.
const UNKEPT: &str = "what somebody commanded or clicked can't be written down";
/// Longest time the database may take before it is acknowledged all the same.
const WRITING: Duration = Duration::from_millis(800);
/// Longest wait for the answer to an acknowledgement, before it is sent once more.
const ANSWERING: Duration = Duration::from_secs(1);
/// Longest wait Discord may ask for that leaves time to acknowledge, in milliseconds.
const PATIENCE_MS: i64 = 1_500;
/// Tries of an acknowledgement whose fate nobody knows.
const TRIES: u32 = 2;
/// What Discord answers when the right to acknowledge has ended.
const UNKNOWN_INTERACTION: i64 = 10_062;
/// … and when it was used already.
const ACKNOWLEDGED_BEFORE: i64 = 40_060;
/// What somebody is told whose words are kept nowhere.
const UNWRITTEN: &str = "I could not write that down, and nothing of it is done: try again in a moment.";

/// What somebody is told whose interaction can't be read.
const UNREADABLE: &str =
    "I can't read that, and nothing of it is done: it may be of another version of me. Say `/help`.";

/// What an interaction is acknowledged with.
#[derive(Debug)]
pub(crate) struct Acknowledgement {
    /// Its kind, as Discord numbers them.
    pub(crate) kind: u8,
    /// What comes with it.
    pub(crate) data: Option<Value>,
}

impl Intake {
    /// Acknowledges; false when its speaker saw it fail already.
    pub(crate) async fn acknowledge(
        &self,
        interacted: &Interacted,
        kind: u8,
        data: Option<Value>,
    ) -> Result<bool, WebError> {
        let mut answer = json!({ "type": kind });
        if let Some(data) = data {
            answer["data"] = data;
        }
        for left in (0..TRIES).rev() {
            let answering = self.web.interaction_answer(&interacted.id, &interacted.token, answer.clone());
            let answered = if left > 0 {
                tokio::time::timeout(ANSWERING, answering).await.unwrap_or_else(|_| {
                    let why = format!("{} s went by", ANSWERING.as_secs());
                    Err(WebError::Unanswered { what: "answering an interaction", why })
                })
            } else {
                answering.await
            };
            match answered {
                Err(error) if error.is_missing(UNKNOWN_INTERACTION) => {
                    tracing::warn!(?interacted, "an interaction came too late, and nothing of it is done");
                    return Ok(false);
                }
                // It may have arrived: then it counts, and a second one is refused.
                Err(WebError::Unanswered { .. }) if left > 0 => {}
                Err(WebError::Limited { after_ms, .. }) if left > 0 && after_ms <= PATIENCE_MS => {
                    tokio::time::sleep(Duration::from_millis(after_ms.max(0) as u64)).await;
                }
                Ok(()) => return Ok(true),
                // It is told twice.
                Err(error) if error.code() == Some(ACKNOWLEDGED_BEFORE) => return Ok(true),
                // Its speaker sees it fail.
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Answers at once, to whoever interacted alone.
    pub(crate) async fn whispered(&self, interacted: &Interacted, says: &str) -> Result<(), WebError> {
        let shown = json!({ "flags": EPHEMERAL, "content": says, "allowed_mentions": { "parse": [] } });
        self.acknowledge(interacted, MESSAGE, Some(shown)).await.map(|_| ())
    }

    /// Refuses what can't be read, and says so to whoever did it where that can be.
    pub(crate) async fn refuse(&self, unreadable: Unreadable) {
        let Unreadable { what, typing, right } = unreadable;
        tracing::warn!(
            what,
            answered = right.is_some(),
            "an interaction can't be read, and nothing of it is done"
        );
        let Some((id, token)) = right else { return };
        let answer = if typing {
            json!({ "type": CHOICES, "data": { "choices": [] } })
        } else {
            json!({ "type": MESSAGE, "data": { "flags": EPHEMERAL, "content": UNREADABLE } })
        };
        if let Err(error) = self.web.interaction_answer(&id, &token, answer).await {
            tracing::debug!(%error, "nobody is told that it can't be read");
        }
    }

    /// Hears what somebody said by an interaction: writes it down and acknowledges it.
    pub(crate) async fn hear(
        self: &Arc<Self>,
        interacted: &Interacted,
        at: Option<Where>,
        said: String,
        place: &(dyn Fn(&Where) -> Place + Send + Sync),
        shown: Acknowledgement,
    ) -> Result<(), WebError> {
        // Between two Discord must be asked for somebody's roles, where they mean anything.
        let asks = interacted.guild.is_none() && !self.settings.roles.is_empty();
        let at = match at {
            Some(at) if !asks => at,
            at => return self.hear_later(interacted, at, said, place, shown).await,
        };
        let holding = self.hold(interacted, &at, &interacted.roles, place(&at), said);
        tokio::pin!(holding);
        let written = match tokio::time::timeout(WRITING, &mut holding).await {
            Ok(Ok(held)) => Some(held),
            Ok(Err(error)) => {
                self.recurring.fails(FRONT, UNKEPT, &error, self.engine.now_ms());
                return self.whispered(interacted, UNWRITTEN).await;
            }
            Err(_) => None,
        };
        let acknowledged = self.acknowledge(interacted, shown.kind, shown.data).await;
        let written = match written {
            Some(held) => Ok(held),
            None => holding.await,
        };
        match (&acknowledged, written) {
            (Ok(true), Ok(held)) => drop(held),
            (Ok(true), Err(error)) => self.say_unwritten(interacted, &error, place(&at).awaited).await,
            (_, Ok(held)) => {
                if let Err(error) = held.forget().await {
                    tracing::warn!(?interacted, %error, "an interaction that failed is done all the same");
                }
            }
            (_, Err(_)) => {}
        }
        acknowledged.map(|_| ())
    }

    /// The same where Discord must be asked something first, for which there is time only afterwards.
    async fn hear_later(
        self: &Arc<Self>,
        interacted: &Interacted,
        at: Option<Where>,
        said: String,
        place: &(dyn Fn(&Where) -> Place + Send + Sync),
        shown: Acknowledgement,
    ) -> Result<(), WebError> {
        if !self.acknowledge(interacted, shown.kind, shown.data).await? {
            return Ok(());
        }
        let at = match at {
            Some(at) => at,
            None => self.look(&interacted.channel).await,
        };
        let roles = match interacted.guild {
            Some(_) => interacted.roles.clone(),
            None => self.roles_anywhere(&interacted.user).await,
        };
        match self.hold(interacted, &at, &roles, place(&at), said).await {
            Ok(held) => drop(held),
            Err(error) => self.say_unwritten(interacted, &error, place(&at).awaited).await,
        }
        Ok(())
    }

    async fn hold(
        &self,
        interacted: &Interacted,
        at: &Where,
        roles: &[String],
        place: Place,
        said: String,
    ) -> Result<Held, StoreError> {
        let event = format!("interaction/{}", interacted.id);
        let mut spoken = self.spoken(&interacted.user, roles, at, event, said);
        spoken.place = place;
        spoken
            .about
            .asked_in
            .extend(interacted.asked_in.clone().filter(|_| !spoken.place.inside && !at.direct));
        if let What::Clicked { message, .. } = &interacted.what {
            spoken.pressed = Some(text(message, "id"));
        }
        self.listener.hold(&spoken).await
    }

    /// Tells somebody that what was acknowledged is kept nowhere.
    async fn say_unwritten(&self, interacted: &Interacted, error: &StoreError, awaited: bool) {
        self.recurring.fails(FRONT, UNKEPT, error, self.engine.now_ms());
        let message = Message { content: UNWRITTEN.to_owned(), ..Message::default() };
        let (application, token) = (&interacted.application, &interacted.token);
        let told = if awaited {
            self.web.interaction_finish(application, token, &message).await
        } else {
            self.web.interaction_whisper(application, token, &message).await
        };
        if let Err(error) = told {
            tracing::warn!(%error, "somebody can't be told that nothing is done");
        }
    }
}
