//! The courier: takes what waits in the outbox to a front, at the pace each conversation allows.
//!
//! One conversation gets one message at a time. Of several drawings of one card only the newest goes out, whenever its turn
//! comes, so that a wait loses nothing that still matters. A message leaves the outbox in one commit with the identifier the
//! front gave it: a restart edits what is there. Where nobody knows whether a first showing arrived, the front is asked
//! to look before it shows it again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::clock::EpochMs;
use engine::control::{Engine, Refusal};
use engine::store::{ChatWrite, Commit, OutboxMessage, Shown, StoreError, Write};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::letter::Letter;
use crate::message::Outbound;
use crate::pace::Pace;
use crate::view;

/// Messages of one conversation looked at when one is chosen.
const LOOKED_AT: i64 = 200;
/// How often to look even when no commit of this program tells: other programs write too.
const POLL: Duration = Duration::from_millis(250);
/// Wait after the database failed.
const TROUBLE: Duration = Duration::from_secs(1);
/// Tries of something the front refuses and that may still work, before it is given up: about a day of waiting.
const TRIES_MAX: u32 = 1_500;

/// Takes single messages to a front.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// The front's name in identities and conversations.
    fn front(&self) -> &str;

    /// The least time between two messages in one conversation, in milliseconds.
    fn gap_ms(&self) -> i64;

    /// Shows a letter; `known` is the message that shows its card, when there is one. Gives the identifier of the message
    /// it stands in now, where the front has one.
    async fn carry(
        &self,
        conversation: &str,
        letter: &Letter,
        known: Option<&str>,
    ) -> Result<Option<String>, Undelivered>;

    /// Looks for a message that was sent and never confirmed: its identifier when it did arrive.
    async fn find(
        &self,
        conversation: &str,
        letter: &Letter,
        since_ms: EpochMs,
    ) -> Result<Option<String>, Undelivered>;
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

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// Messages delivered.
    pub delivered: usize,
    /// When the next one that waits may go out; absent when none waits.
    pub due_ms: Option<EpochMs>,
}

/// Takes messages to one front.
pub struct Courier {
    engine: Engine,
    carrier: Arc<dyn Carrier>,
    paces: HashMap<String, Pace>,
    tries: HashMap<String, u32>,
}

/// What became of one letter.
enum Came {
    Arrived,
    Held(Option<i64>),
}

impl Courier {
    /// A courier to a front.
    pub fn new(engine: Engine, carrier: Arc<dyn Carrier>) -> Self {
        Self { engine, carrier, paces: HashMap::new(), tries: HashMap::new() }
    }

    /// Takes at most one message to each conversation that may be written to at `now_ms`.
    pub async fn pass(&mut self, now_ms: EpochMs) -> Result<Carried, Refusal> {
        let waiting = self.engine.store().outbox_conversations(self.carrier.front()).await?;
        self.paces.retain(|conversation, pace| pace.free_ms() > now_ms || waiting.contains(conversation));
        let mut going = JoinSet::new();
        let mut due_ms: Option<EpochMs> = None;
        for conversation in waiting {
            let gap_ms = self.carrier.gap_ms();
            let free_ms =
                self.paces.entry(conversation.clone()).or_insert_with(|| Pace::new(gap_ms)).free_ms();
            if free_ms > now_ms {
                due_ms = Some(due_ms.map_or(free_ms, |due_ms| due_ms.min(free_ms)));
                continue;
            }
            let (engine, carrier) = (self.engine.clone(), Arc::clone(&self.carrier));
            let given_up = self.tries.get(&conversation).is_some_and(|tries| *tries >= TRIES_MAX);
            going.spawn(async move {
                let came = carry_one(&engine, carrier.as_ref(), &conversation, given_up).await;
                (conversation, came)
            });
        }
        let mut delivered = 0;
        while let Some(joined) = going.join_next().await {
            let Ok((conversation, came)) = joined else { continue };
            let Some(pace) = self.paces.get_mut(&conversation) else { continue };
            match came? {
                Came::Arrived => {
                    pace.sent(now_ms);
                    delivered += 1;
                    self.tries.remove(&conversation);
                }
                Came::Held(after_ms) => {
                    pace.held(now_ms, after_ms);
                    *self.tries.entry(conversation).or_default() += 1;
                }
            }
            due_ms = Some(due_ms.map_or(pace.free_ms(), |due_ms| due_ms.min(pace.free_ms())));
        }
        Ok(Carried { delivered, due_ms })
    }

    /// Delivers as it comes, until told to stop.
    pub async fn work(mut self, stop: CancellationToken) {
        let mut commits = self.engine.store().watch();
        while !stop.is_cancelled() {
            commits.mark_unchanged();
            let now_ms = self.engine.now_ms();
            let nap = match self.pass(now_ms).await {
                Ok(carried) => carried
                    .due_ms
                    .map_or(POLL, |due_ms| {
                        Duration::from_millis((due_ms - self.engine.now_ms()).max(0) as u64)
                    })
                    .min(POLL),
                Err(refusal) => {
                    tracing::warn!(front = self.carrier.front(), error = %view::causes(&refusal), "can't deliver, trying again");
                    TROUBLE
                }
            };
            tokio::select! {
                _ = tokio::time::timeout(nap, commits.changed()) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

/// The message whose turn it is, with the older drawings of its card: answers go before edits, because somebody waits for
/// them.
fn chosen(waiting: &[OutboxMessage]) -> Option<(&OutboxMessage, Vec<&OutboxMessage>)> {
    let first = waiting.iter().find(|message| message.card.is_empty()).or(waiting.first())?;
    if first.card.is_empty() {
        return Some((first, vec![first]));
    }
    let drawings: Vec<&OutboxMessage> = waiting.iter().filter(|message| message.card == first.card).collect();
    drawings.last().map(|newest| (*newest, drawings.clone()))
}

async fn carry_one(
    engine: &Engine,
    carrier: &dyn Carrier,
    conversation: &str,
    given_up: bool,
) -> Result<Came, Refusal> {
    let store = engine.store();
    let waiting = store.outbox_list(conversation, LOOKED_AT).await?;
    let Some((message, drawings)) = chosen(&waiting) else { return Ok(Came::Held(Some(0))) };
    let letter: Letter = serde_json::from_str(&message.body)
        .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
    // A message of its own is remembered under its place in the outbox until it is known to have arrived.
    let card = if message.card.is_empty() { message.message.as_str() } else { message.card.as_str() };
    let private = letter.place.to.is_some();
    let known = store.shown_get(conversation, card).await?;
    let sent = match &known {
        Some(Shown { message, .. }) if !message.is_empty() => {
            carrier.carry(conversation, &letter, Some(message)).await
        }
        Some(Shown { at_ms, .. }) => match carrier.find(conversation, &letter, *at_ms).await {
            Ok(Some(found)) if matches!(letter.outbound, Outbound::Say(_)) => Ok(Some(found)),
            Ok(Some(found)) => carrier.carry(conversation, &letter, Some(&found)).await,
            Ok(None) => carrier.carry(conversation, &letter, None).await,
            Err(undelivered) => Err(undelivered),
        },
        None => {
            if !private {
                note(engine, conversation, card, "").await?;
            }
            carrier.carry(conversation, &letter, None).await
        }
    };
    let mut commit = Commit::at(engine.now_ms());
    let came = match sent {
        Ok(identifier) => {
            match identifier {
                Some(identifier) if !message.card.is_empty() => {
                    commit.writes.push(shown(conversation, card, &identifier, commit.now_ms));
                }
                _ => commit.writes.push(forgotten(conversation, card)),
            }
            Came::Arrived
        }
        Err(Undelivered::Later { why, after_ms }) if !given_up => {
            tracing::debug!(conversation, why, "a message waits");
            return Ok(Came::Held(after_ms));
        }
        Err(Undelivered::Gone { .. }) if known.is_some() => {
            commit.writes.push(forgotten(conversation, card));
            store.commit(commit).await?;
            return Ok(Came::Held(Some(0)));
        }
        Err(undelivered) => {
            tracing::error!(conversation, why = %undelivered, headline = letter.outbound.card().headline, "a message can't be shown");
            commit.writes.push(forgotten(conversation, card));
            Came::Held(Some(0))
        }
    };
    commit.writes.extend(drawings.iter().map(|drawing| Write::OutboxDelete(drawing.message.clone())));
    store.commit(commit).await?;
    Ok(came)
}

async fn note(engine: &Engine, conversation: &str, card: &str, message: &str) -> Result<(), StoreError> {
    let mut commit = Commit::at(engine.now_ms());
    commit.writes.push(shown(conversation, card, message, commit.now_ms));
    engine.store().commit(commit).await
}

fn shown(conversation: &str, card: &str, message: &str, at_ms: EpochMs) -> Write {
    Write::Chat(ChatWrite::ShownPut {
        conversation: conversation.to_owned(),
        card: card.to_owned(),
        message: message.to_owned(),
        at_ms,
    })
}

fn forgotten(conversation: &str, card: &str) -> Write {
    Write::Chat(ChatWrite::ShownDelete { conversation: conversation.to_owned(), card: card.to_owned() })
}
