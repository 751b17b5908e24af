//! Texts are handed to the messenger, and it is found out what became of them. What is about to be sent is written down first;
//! where the answer got lost, or the program was killed before it was written down, the text is looked for before it is sent
//! again. One that does not arrive makes it the next one's turn at once.

use serde_json::json;

use super::turn::put;
use super::{Alert, AlertState, Fate, Text, TextState};
use crate::control::{Engine, Refusal};
use crate::model::Actor;
use crate::ports::{Found, Outgoing, PortError};
use crate::store::{AuditEntry, Commit, StoreError, TextWrite, Write};

/// Texts that are taken on in one pass.
const SENT_AT_ONCE: i64 = 50;
/// A text whose sending nobody finished is looked for after this long, in milliseconds: no call takes longer.
const CLAIM_MS: i64 = 30_000;
/// One whose answer got lost is looked for after this long, in milliseconds: lists lag behind a little.
const LOOK_MS: i64 = 10_000;
/// Waits between tries grow from this, in milliseconds, doubling.
const RETRY_MS: i64 = 2_000;
/// Most tries of one text: together about half a minute, after which it is the next one's turn.
const TRIES_MAX: u32 = 5;
/// How often it is asked what became of a text that was taken, in milliseconds: a status callback may get lost.
const FOLLOW_MS: i64 = 20_000;
/// For how long, in milliseconds: what the network has by then it goes on trying.
const FOLLOWED_MS: i64 = 5 * 60_000;
/// For how long it is looked for while the messenger does not answer, in milliseconds.
const LOOKED_MS: i64 = 10 * 60_000;

impl Engine {
    pub(super) async fn texts_send(&self) -> Result<bool, Refusal> {
        let due = self.store().text_due(self.now_ms(), SENT_AT_ONCE).await?;
        let mut did = false;
        for text in due {
            let done = match text.state {
                TextState::Waiting => self.text_hand_over(text).await,
                TextState::Sending => self.text_look_for(text).await,
                TextState::Sent => self.text_follow(text).await,
                TextState::Delivered | TextState::Lost { .. } => {
                    self.text_put(Text { due_ms: None, ..text }).await
                }
            };
            match done {
                Ok(()) => did = true,
                // What became of it came in by another way meanwhile.
                Err(Refusal::Store(StoreError::Conflict)) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(did)
    }

    /// What a messenger tells by itself became of a text: of the one with that key, or known to it by that identifier. False
    /// when there is none.
    pub async fn text_told(&self, key: Option<&str>, sent_as: &str, fate: &Fate) -> Result<bool, Refusal> {
        for _ in 0..TRIES_MAX {
            let text = match self.store().text_sent_as(sent_as).await? {
                Some(text) => Some(text),
                None => match key {
                    Some(key) => self.store().text_get(key).await?,
                    None => None,
                },
            };
            let Some(text) = text else { return Ok(false) };
            let found = Found { sent_as: sent_as.to_owned(), fate: fate.clone() };
            match self.text_took(text, found).await {
                Err(Refusal::Store(StoreError::Conflict)) => {}
                done => return done.map(|()| true),
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    async fn text_hand_over(&self, text: Text) -> Result<(), Refusal> {
        let due_ms = Some(self.now_ms() + CLAIM_MS);
        let claimed = Text { state: TextState::Sending, tries: text.tries + 1, due_ms, ..text };
        self.text_put(claimed.clone()).await?;
        // As it was written.
        let text = claimed.changed();
        match self.ports().messenger.send(&outgoing(&text)).await {
            Ok(found) => self.text_took(text, found).await,
            Err(PortError::Retry { after_ms: Some(after_ms), .. }) => {
                // It asks to be patient, which is no failure.
                let due_ms = Some(self.now_ms() + after_ms.max(1));
                let tries = text.tries - 1;
                self.text_put(Text { state: TextState::Waiting, tries, due_ms, ..text }).await
            }
            Err(PortError::Retry { what, after_ms: None }) => self.text_again(text, &what).await,
            Err(PortError::Fail { what, hint }) => {
                let why = if hint.is_empty() { what } else { format!("{what}; {hint}") };
                self.text_lost(text, why).await
            }
            Err(PortError::Unknown { what }) => {
                tracing::warn!(text = %text.id, %what, "nobody knows whether a text was sent; it is looked for");
                self.text_put(Text { due_ms: Some(self.now_ms() + LOOK_MS), ..text }).await
            }
        }
    }

    /// It may have been sent: it is sent again only when it was not.
    async fn text_look_for(&self, text: Text) -> Result<(), Refusal> {
        match self.ports().messenger.look(&outgoing(&text)).await {
            Ok(found) => {
                for found in found {
                    let known = self.store().text_sent_as(&found.sent_as).await?;
                    if known.is_none_or(|known| known.id == text.id) {
                        return self.text_took(text, found).await;
                    }
                }
                self.text_again(text, "it was not sent").await
            }
            Err(_) if self.now_ms() - text.made_ms < LOOKED_MS => {
                self.text_put(Text { due_ms: Some(self.now_ms() + LOOK_MS), ..text }).await
            }
            Err(error) => self.text_lost(text, error.to_string()).await,
        }
    }

    /// What became of one that was taken.
    async fn text_follow(&self, text: Text) -> Result<(), Refusal> {
        let sent_as = text.sent_as.clone().unwrap_or_default();
        match self.ports().messenger.fate(&sent_as).await {
            Ok(Fate::Going) | Err(_) => {
                let now_ms = self.now_ms();
                let due_ms = (now_ms - text.made_ms < FOLLOWED_MS).then_some(now_ms + FOLLOW_MS);
                self.text_put(Text { due_ms, ..text }).await
            }
            Ok(fate) => self.text_took(text, Found { sent_as, fate }).await,
        }
    }

    /// It is sent again, after a wait; or given up.
    async fn text_again(&self, text: Text, why: &str) -> Result<(), Refusal> {
        if text.tries >= TRIES_MAX {
            return self.text_lost(text, format!("given up after {TRIES_MAX} tries: {why}")).await;
        }
        let due_ms = Some(self.now_ms() + (RETRY_MS << text.tries.saturating_sub(1)));
        self.text_put(Text { state: TextState::Waiting, due_ms, ..text }).await
    }

    /// The messenger has it, and says what became of it so far.
    async fn text_took(&self, text: Text, found: Found) -> Result<(), Refusal> {
        if text.state.is_over() {
            return Ok(());
        }
        let was_sent = text.state == TextState::Sent;
        let text = Text { sent_as: Some(found.sent_as), ..text };
        let state = match found.fate {
            Fate::Going if was_sent => return Ok(()),
            Fate::Going => TextState::Sent,
            Fate::Delivered => TextState::Delivered,
            Fate::Lost { why } => return self.text_lost(text, why).await,
        };
        let due_ms = (state == TextState::Sent).then(|| self.now_ms() + FOLLOW_MS);
        self.text_put(Text { state, due_ms, ..text }).await
    }

    /// It does not arrive: it is the next one's turn.
    async fn text_lost(&self, text: Text, why: String) -> Result<(), Refusal> {
        let now_ms = self.now_ms();
        let mut writes = Vec::new();
        let mut environment = None;
        for (id, turns) in &text.alerts {
            let Some(alert) = self.store().alert_get(id).await? else { continue };
            environment = Some(alert.environment.clone());
            // Where the next one was told already, nothing is hurried.
            if alert.state == AlertState::Open && alert.turns == *turns {
                writes.push(put(Alert { due_ms: Some(now_ms), ..alert }.changed()));
            }
        }
        let mut commit = Commit::at(now_ms);
        commit.audit.push(AuditEntry {
            actor: Actor::system(),
            action: "text.lost",
            subject: text.person.clone(),
            environment,
            run: None,
            data: json!({ "text": text.id, "phone": text.to, "why": why }),
        });
        tracing::warn!(text = %text.id, person = %text.person, %why, "a text did not arrive");
        commit.writes = writes;
        let lost = Text { state: TextState::Lost { why }, due_ms: None, ..text }.changed();
        commit.writes.push(Write::Text(TextWrite::TextPut(Box::new(lost))));
        Ok(self.store().commit(commit).await?)
    }

    async fn text_put(&self, text: Text) -> Result<(), Refusal> {
        let mut commit = Commit::at(self.now_ms());
        commit.writes.push(Write::Text(TextWrite::TextPut(Box::new(text.changed()))));
        Ok(self.store().commit(commit).await?)
    }
}

fn outgoing(text: &Text) -> Outgoing<'_> {
    Outgoing { key: &text.id, to: &text.to, body: &text.body, made_ms: text.made_ms }
}
