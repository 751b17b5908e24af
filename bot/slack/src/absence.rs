//! Knows when nothing was heard from Slack, and says afterwards what was missed.

use std::sync::{Arc, Mutex, PoisonError};

use engine::clock::EpochMs;
use engine::store::{Commit, StoreError, Write};
use serde_json::Value;

use crate::FRONT;
use crate::blocks::{clip, escape};
use crate::intake::{Intake, announce, conversation};
use crate::payload::{self, Happened};

/// Shorter absences nobody needs to hear of: Slack delivers again what it could not deliver.
const WORTH_SAYING_MS: i64 = 5_000;
/// How far before a socket was given up a message may have been lost: as long as silence is borne, and a little.
const LOOK_BACK_MS: i64 = 40_000;
/// Characters quoted of each.
const QUOTE_CHARS: usize = 120;

/// Whether Slack is heard.
#[derive(Debug, Default)]
pub(crate) struct Absence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    open: u32,
    /// Since when nothing is heard; absent before the first socket.
    since_ms: Option<EpochMs>,
}

/// A socket is open while this lives.
pub(crate) struct Present {
    absence: Arc<Absence>,
    intake: Arc<Intake>,
}

impl Absence {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether any socket is open.
    pub(crate) fn is_over(&self) -> bool {
        self.state().open > 0
    }

    /// A socket opened. After an absence, says what was missed.
    pub(crate) fn present(self: &Arc<Self>, intake: &Arc<Intake>) -> Present {
        let now_ms = intake.engine.now_ms();
        let missed = {
            let mut state = self.state();
            state.open += 1;
            state.since_ms.take().filter(|since_ms| now_ms - since_ms >= WORTH_SAYING_MS)
        };
        if let Some(since_ms) = missed {
            let told = Arc::clone(intake);
            intake.tasks.spawn(async move { say_missed(&told, since_ms, now_ms).await });
        }
        Present { absence: Arc::clone(self), intake: Arc::clone(intake) }
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let mut state = self.absence.state();
        state.open -= 1;
        if state.open == 0 {
            state.since_ms = Some(self.intake.engine.now_ms());
        }
    }
}

/// Says in each channel that is listened to how long nothing was heard, and what was said meanwhile. What is quoted is
/// not done when Slack delivers it after all: its writer decides whether it still holds.
async fn say_missed(intake: &Arc<Intake>, since_ms: EpochMs, until_ms: EpochMs) {
    for channel in intake.settings.channels.ids() {
        let missed = match missed_in(intake, channel, since_ms).await {
            Ok(missed) => missed,
            Err(error) => {
                tracing::warn!(channel, %error, "what was missed can't be noted");
                Vec::new()
            }
        };
        let says = chat::view::missed("Slack", since_ms, until_ms, &missed);
        if let Err(error) = announce(&intake.web, channel, &says).await {
            tracing::warn!(channel, %error, "a channel can't be told what was missed");
        }
    }
}

/// What was said in a channel and not heard, as quotations.
async fn missed_in(
    intake: &Arc<Intake>,
    channel: &str,
    since_ms: EpochMs,
) -> Result<Vec<String>, StoreError> {
    let from_ms = since_ms - LOOK_BACK_MS;
    let oldest = format!("{}.{:03}000", from_ms / 1_000, from_ms % 1_000);
    let messages = match intake.web.messages_since(channel, None, &oldest).await {
        Ok(messages) => messages,
        Err(error) => {
            tracing::info!(channel, %error, "what was said meanwhile can't be read");
            return Ok(Vec::new());
        }
    };
    let mut missed = Vec::new();
    for mut message in messages.into_iter().rev() {
        message["type"] = Value::from("message");
        message["channel"] = Value::from(channel);
        let Happened::Said(said) = payload::event(&serde_json::json!({ "event": message })) else { continue };
        if intake.bot.get().is_some_and(|bot| bot.user == said.user) {
            continue;
        }
        let event = format!("said/{channel}/{}", said.ts);
        let store = intake.engine.store();
        let waiting = store.inbox_list(FRONT, i64::MAX).await?;
        if waiting.iter().any(|heard| heard.event == event) || store.inbound_is_known(FRONT, &event).await? {
            continue;
        }
        let mut commit = Commit::at(intake.engine.now_ms());
        let at_ms = commit.now_ms;
        commit.writes.push(Write::InboundPut { front: FRONT.to_owned(), event, at_ms });
        match store.commit(commit).await {
            Ok(()) => {
                let text = intake.engine.redactor().redact(&said.text).into_owned();
                let line = text.lines().next().unwrap_or_default().to_owned();
                missed.push(format!("<@{}>: {}", said.user, clip(&escape(&line), QUOTE_CHARS).0));
            }
            // It was delivered in this very moment.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    tracing::info!(conversation = conversation(channel), missed = missed.len(), "back after an absence");
    Ok(missed)
}
