//! The listener of a front that must acknowledge at once: what was heard is written down first and handled afterwards, in
//! order within each conversation. A second delivery of the same event is the same line in the inbox, or was handled
//! already; the answers wait in the outbox, in one commit with the end of the line.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::control::{Engine, Refusal};
use engine::model::Role;
use engine::store::{ChatWrite, Commit, StoreError, Write};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::desk::{About, Desk, Outcome};
use crate::intent::{ProblemKind, parse};
use crate::letter::{Letter, Place};
use crate::message::{Inbound, Outbound};
use crate::view;

/// Lines of the inbox taken at once.
const BATCH: i64 = 100;
/// How often to look even when no commit of this program tells.
const POLL: Duration = Duration::from_millis(250);
/// Wait after the database failed.
const TROUBLE: Duration = Duration::from_secs(1);

/// Something heard, with where its answer belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// What was said, where and by whom. It has an event.
    pub inbound: Inbound,
    /// What the talk is about where nobody says it.
    #[serde(default)]
    pub about: About,
    /// Where answers belong.
    #[serde(default)]
    pub place: Place,
    /// It was said among people and not to the bot: where it is no order, nobody wants an answer.
    #[serde(default)]
    pub overheard: bool,
    /// What the front itself lets its speaker do, when nobody else knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// Hears for one front.
#[derive(Debug, Clone)]
pub struct Listener {
    engine: Engine,
    desk: Desk,
    front: &'static str,
}

impl Listener {
    /// A listener of a front. The engine says what strangers may do there.
    pub fn new(engine: Engine, front: &'static str) -> Self {
        Self { desk: Desk::new(engine.clone()), engine, front }
    }

    /// Writes down what was heard; true when it is new. After this it may be acknowledged.
    pub async fn take(&self, spoken: &Spoken) -> Result<bool, StoreError> {
        let Some(event) = spoken.inbound.event.clone() else {
            return Err(StoreError::Corrupt { column: "event", source: "it has none".into() });
        };
        let store = self.engine.store();
        if store.inbox_is_known(self.front, &event).await? {
            return Ok(false);
        }
        let body = serde_json::to_string(spoken)
            .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
        let mut commit = Commit::at(self.engine.now_ms());
        let at_ms = commit.now_ms;
        let heard = ChatWrite::InboxPut { front: self.front.to_owned(), event, body, at_ms };
        commit.writes.push(Write::Chat(heard));
        store.commit(commit).await?;
        Ok(true)
    }

    /// Handles what waits; true when there was anything.
    pub async fn pass(&self) -> Result<bool, Refusal> {
        let waiting = self.engine.store().inbox_list(self.front, BATCH).await?;
        let any = !waiting.is_empty();
        let mut by_conversation: BTreeMap<String, Vec<(String, Spoken)>> = BTreeMap::new();
        for heard in waiting {
            match serde_json::from_str::<Spoken>(&heard.body) {
                Ok(spoken) => by_conversation
                    .entry(spoken.inbound.conversation.clone())
                    .or_default()
                    .push((heard.event, spoken)),
                Err(error) => {
                    tracing::error!(event = heard.event, %error, "a line of the inbox can't be read and is dropped");
                    let mut commit = Commit::at(self.engine.now_ms());
                    commit.writes.push(self.done(&heard.event));
                    self.engine.store().commit(commit).await?;
                }
            }
        }
        let mut talking = tokio::task::JoinSet::new();
        for (_, lines) in by_conversation {
            let listener = self.clone();
            talking.spawn(async move {
                for (event, spoken) in lines {
                    listener.handle(&event, spoken).await?;
                }
                Ok::<(), Refusal>(())
            });
        }
        while let Some(joined) = talking.join_next().await {
            joined.unwrap_or(Ok(()))?;
        }
        Ok(any)
    }

    /// Handles as it comes, until told to stop.
    pub async fn work(self, stop: CancellationToken) {
        let mut commits = self.engine.store().watch();
        while !stop.is_cancelled() {
            commits.mark_unchanged();
            let nap = match self.pass().await {
                Ok(true) => continue,
                Ok(false) => POLL,
                Err(refusal) => {
                    tracing::warn!(front = self.front, error = %view::causes(&refusal), "can't answer, trying again");
                    TROUBLE
                }
            };
            tokio::select! {
                _ = tokio::time::timeout(nap, commits.changed()) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn handle(&self, event: &str, spoken: Spoken) -> Result<(), Refusal> {
        let Spoken { inbound, mut about, mut place, overheard, role } = spoken;
        if let (None, Some(thread)) = (&about.run, &place.thread) {
            let card = self.engine.store().shown_card(&inbound.conversation, thread).await?;
            about.run = card.and_then(|card| card.parse().ok());
        }
        let known_here = role.map(|role| Desk::new(self.engine.with_strangers(Some(role))));
        let desk = known_here.as_ref().unwrap_or(&self.desk);
        let handled = self.engine.store().inbound_is_known(self.front, event).await?;
        let mut heard = desk.hear_about(&inbound, &about).await;
        if handled {
            // The program died between handling it and writing its answer down: a question in it was never seen.
            let now_ms = self.engine.now_ms();
            heard.outbound = desk.ask_again(&inbound.conversation, now_ms, Some(&inbound.identity)).await?;
        }
        if overheard && heard.outcome == Outcome::Refused && self.is_chatter(&inbound.text).await {
            heard.outbound.clear();
        }
        let mut commit = Commit::at(self.engine.now_ms());
        let at_ms = commit.now_ms;
        let answered = heard.outbound.iter().any(|outbound| matches!(outbound, Outbound::Say(_)));
        if place.awaited && !answered {
            heard.outbound.push(Outbound::Say(view::goes_on_above(heard.outbound.is_empty())));
        }
        for (number, outbound) in heard.outbound.into_iter().enumerate() {
            let letter = Letter { place: place_of(&outbound, &inbound, &place), outbound };
            // The first answer takes the place of the sign that one comes.
            place.awaited &= !matches!(letter.outbound, Outbound::Say(_));
            commit.writes.push(letter.put(
                &inbound.conversation,
                &format!("{at_ms:016}/{event}/{number:04}"),
                at_ms,
            )?);
        }
        commit.writes.push(self.done(event));
        Ok(self.engine.store().commit(commit).await?)
    }

    /// Neither an order nor a question the bot answers.
    async fn is_chatter(&self, text: &str) -> bool {
        let problem = parse(text, &self.desk.names().await).problem;
        problem.is_some_and(|problem| problem.kind == ProblemKind::NotACommand)
    }

    fn done(&self, event: &str) -> Write {
        Write::Chat(ChatWrite::InboxDelete { front: self.front.to_owned(), event: event.to_owned() })
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
