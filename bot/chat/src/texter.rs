//! The texter: reads what happened behind a cursor of its own, texts whoever's turn it is, and hears what people reply. All it
//! knows is in the database, so it may be killed between any two lines.

use std::time::Duration;

use engine::control::{Engine, Refusal};
use engine::model::{Phone, SMS, StandingOrder};
use engine::notify::{Alert, Words};
use engine::store::{ChatWrite, Commit, StoreError, Write};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::letter::Letter;
use crate::message::Outbound;
use crate::view;

/// Texts that came in and are taken at once.
const BATCH: i64 = 50;
/// Longest wait before it looks again: other programs write too, and status is asked for.
const POLL: Duration = Duration::from_secs(1);
/// Wait after the database failed.
const TROUBLE: Duration = Duration::from_secs(2);
/// Passes after another before others have their turn: something that never rests must not keep a processor busy.
const AT_ONCE: usize = 64;

/// Texts people and hears their replies.
#[derive(Debug, Clone)]
pub struct Texter {
    engine: Engine,
    desk: Desk,
    words: Words,
}

/// A text that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// The messenger's identifier of it: delivered twice, it is heard once.
    pub event: String,
    /// Where from.
    pub from: Phone,
    /// The words.
    pub text: String,
}

impl Texter {
    /// A texter that tells of what happens from now on, or goes on where the one before it stopped. `link` is where people find
    /// everything, when a run is shown nowhere with an address.
    pub async fn open(engine: Engine, link: Option<String>) -> Result<Self, Refusal> {
        engine.texts_begin().await?;
        let words = Words { text: view::text, note, link };
        Ok(Self { desk: Desk::new(engine.clone()), engine, words })
    }

    /// Hears, tells and sends; true when there was anything to do.
    pub async fn pass(&self) -> Result<bool, Refusal> {
        let heard = self.hear().await?;
        let told = Box::pin(self.engine.texts_pass(&self.words)).await?;
        Ok(heard || told)
    }

    /// Texts until told to stop.
    pub async fn work(self, stop: CancellationToken) {
        let mut commits = self.engine.store().watch();
        let mut passes = 0;
        while !stop.is_cancelled() {
            commits.mark_unchanged();
            let nap = match self.pass().await {
                Ok(true) if passes < AT_ONCE => {
                    passes += 1;
                    continue;
                }
                Ok(_) => POLL,
                Err(refusal) => {
                    tracing::warn!(error = %view::causes(&refusal), "can't text, trying again");
                    tokio::select! {
                        () = tokio::time::sleep(TROUBLE) => {}
                        () = stop.cancelled() => {}
                    }
                    continue;
                }
            };
            passes = 0;
            tokio::select! {
                _ = tokio::time::timeout(nap, commits.changed()) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Hears what came in.
    async fn hear(&self) -> Result<bool, Refusal> {
        let waiting = self.engine.store().inbox_list(SMS, BATCH).await?;
        for heard in &waiting {
            let incoming: Incoming = serde_json::from_str(&heard.body)
                .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
            match Box::pin(self.desk.hear_text(&incoming.from, &incoming.event, &incoming.text)).await {
                // Its number was used in the same moment, or it was answered before the program was killed.
                Ok(()) | Err(Refusal::Store(StoreError::Conflict)) => {}
                Err(refusal) => return Err(refusal),
            }
            let now_ms = self.engine.now_ms();
            let mut commit = Commit::at(now_ms);
            let event = format!("heard {}", heard.event);
            let done = Write::InboundPut { front: SMS.to_owned(), event, at_ms: now_ms };
            commit.writes.push(done);
            let gone = ChatWrite::InboxDelete { front: SMS.to_owned(), event: heard.event.clone() };
            commit.writes.push(Write::Chat(gone));
            match self.engine.store().commit(commit).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(!waiting.is_empty())
    }
}

impl Incoming {
    /// Writes it down; after this it may be acknowledged. False when it came before.
    pub async fn take(&self, engine: &Engine) -> Result<bool, StoreError> {
        let store = engine.store();
        let was_heard = store.inbound_is_known(SMS, &format!("heard {}", self.event)).await?;
        if was_heard || store.inbox_is_known(SMS, &self.event).await? {
            return Ok(false);
        }
        let body = serde_json::to_string(self)
            .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
        let mut commit = Commit::at(engine.now_ms());
        let (front, event, at_ms) = (SMS.to_owned(), self.event.clone(), commit.now_ms);
        commit.writes.push(Write::Chat(ChatWrite::InboxPut { front, event, body, at_ms }));
        store.commit(commit).await?;
        Ok(true)
    }
}

/// A message to the conversation in which somebody asked to be told.
fn note(order: &StandingOrder, alert: &Alert) -> Result<Write, StoreError> {
    let card = view::noted(alert, &order.person, &order.sentence);
    let turn = format!("{:016}/alert/{}", alert.at_ms, alert.id);
    Letter::open(Outbound::Say(card)).put(&order.conversation, &turn, alert.at_ms)
}
