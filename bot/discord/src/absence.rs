//! Knows when nothing was heard from Discord, and says afterwards what was missed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::clock::EpochMs;
use engine::store::{Commit, StoreError, Write};
use serde_json::Value;

use crate::FRONT;
use crate::intake::Intake;
use crate::markdown::{clip, escape};
use crate::payload;
use crate::snowflake;
use crate::web::Message;

/// Shorter absences nobody needs to hear of in which nothing was said.
const WORTH_SAYING_MS: i64 = 5_000;
/// How far before a socket was given up a message may have been lost: about as long as silence is borne.
const LOOK_BACK_MS: i64 = 90_000;
/// Characters quoted of each message.
const QUOTE_CHARS: usize = 120;

/// Whether Discord is heard.
#[derive(Debug, Default)]
pub(crate) struct Absence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    present: bool,
    /// Since when nothing is heard; absent before the first socket.
    since_ms: Option<EpochMs>,
}

impl Absence {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is heard.
    pub(crate) fn is_over(&self) -> bool {
        self.state().present
    }

    /// It is heard. Of a session that goes on everything is told that happened meanwhile; before a new one something may
    /// have been missed, and that is said.
    pub(crate) fn present(&self, intake: &Arc<Intake>, resumed: bool) {
        let now_ms = intake.engine.now_ms();
        let missed = {
            let mut state = self.state();
            state.present = true;
            state.since_ms.take().filter(|_| !resumed)
        };
        if let Some(since_ms) = missed {
            let told = Arc::clone(intake);
            intake.tasks.spawn(async move { say_missed(&told, since_ms, now_ms).await });
        }
    }

    /// It is not heard any more; whether it was.
    pub(crate) fn gone(&self, now_ms: EpochMs) -> bool {
        let mut state = self.state();
        let was_heard = std::mem::take(&mut state.present);
        if was_heard {
            state.since_ms = Some(now_ms);
        }
        was_heard
    }
}

/// Says in each channel that is listened to how long nothing was heard, and what was said meanwhile. What is quoted is
/// not done: its writer decides whether it still holds.
async fn say_missed(intake: &Arc<Intake>, since_ms: EpochMs, until_ms: EpochMs) {
    for channel in intake.settings.channels.ids() {
        let missed = match missed_in(intake, channel, since_ms).await {
            Ok(missed) => missed,
            Err(error) => {
                tracing::warn!(channel, %error, "what was missed can't be noted");
                Vec::new()
            }
        };
        if missed.is_empty() && until_ms - since_ms < WORTH_SAYING_MS {
            continue;
        }
        let content = chat::view::missed("Discord", since_ms, until_ms, &missed);
        let message = Message { content, ..Message::default() };
        if let Err(error) = intake.web.message_post(channel, &message).await {
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
    let from = snowflake::at(since_ms - LOOK_BACK_MS);
    let messages: Vec<Value> = match intake.web.messages_after(channel, &from).await {
        Ok(messages) => messages,
        Err(error) => {
            tracing::info!(channel, %error, "what was said meanwhile can't be read");
            return Ok(Vec::new());
        }
    };
    let store = intake.engine.store();
    let waiting = store.inbox_list(FRONT, i64::MAX).await?;
    let mut missed = Vec::new();
    for said in messages.iter().filter_map(payload::said).filter(|said| !said.text.trim().is_empty()) {
        let event = said.event();
        let heard = waiting.iter().any(|heard| heard.event == event);
        if heard || store.inbound_is_known(FRONT, &event).await? {
            continue;
        }
        let mut commit = Commit::at(intake.engine.now_ms());
        let at_ms = commit.now_ms;
        commit.writes.push(Write::InboundPut { front: FRONT.to_owned(), event, at_ms });
        match store.commit(commit).await {
            Ok(()) => {
                let text = intake.engine.redactor().redact(&said.text).into_owned();
                let line = escape(text.lines().next().unwrap_or_default());
                missed.push(format!("<@{}>: {}", said.user, clip(&line, QUOTE_CHARS).0));
            }
            // It was delivered in this very moment.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(missed)
}
