//! Takes letters to Slack: one root message for each run's card, edited in place; everything else where it was asked for.

use std::sync::Arc;

use async_trait::async_trait;
use chat::{Carrier, Letter, Outbound, Undelivered};
use engine::clock::EpochMs;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::FRONT;
use crate::blocks::render;
use crate::web::{Message, Web, WebError};

/// Slack takes about one message a second in a channel. A little more, because both ends measure.
const GAP_MS: i64 = 1_100;
/// Wait when a person must mend something first: an invitation, a token, a scope.
const MENDING_MS: i64 = 60_000;
/// A little is looked back further than a message was begun: clocks differ.
const LOOK_BACK_MS: i64 = 5_000;

/// Slack's words for a message that can't be edited any more.
const GONE: [&str; 4] =
    ["message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"];
/// Slack's words for what may work once somebody has mended it, or Slack is well.
const MENDABLE: [&str; 16] = [
    "not_in_channel",
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "missing_scope",
    "access_denied",
    "restricted_action",
    "org_login_required",
    "ekm_access_denied",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "accesslimited",
];

/// The way to Slack.
pub(crate) struct SlackCarrier {
    web: Arc<Web>,
}

impl SlackCarrier {
    pub(crate) fn new(web: Arc<Web>) -> Self {
        Self { web }
    }

    async fn attach(&self, channel: &str, thread: &str, rest: Option<String>) {
        let Some(rest) = rest else { return };
        // What was said stands; only the file is missing, and the log says why.
        if let Err(error) = self.web.file_attach(channel, thread, "whole.txt", &rest).await {
            tracing::warn!(channel, %error, "a file can't be attached: does the app have the scope files:write?");
        }
    }
}

/// The channel of a conversation.
pub(crate) fn channel_of(conversation: &str) -> &str {
    conversation.strip_prefix(FRONT).and_then(|rest| rest.strip_prefix(':')).unwrap_or(conversation)
}

/// What tells a letter's message from others: the same however often it is sent.
fn mark(letter: &Letter) -> String {
    match &letter.outbound {
        Outbound::Update(card) => format!("card/{}", card.key),
        Outbound::Say(card) => {
            let body = serde_json::to_vec(&(card, &letter.place)).unwrap_or_default();
            format!("say/{}", hex::encode(&Sha256::digest(&body)[..8]))
        }
    }
}

fn undelivered(error: WebError) -> Undelivered {
    let why = error.to_string();
    match error {
        WebError::Limited { after_ms, .. } => Undelivered::Later { why, after_ms },
        WebError::Unanswered { .. } => Undelivered::Later { why, after_ms: None },
        WebError::Refused { code, .. } if GONE.contains(&code.as_str()) => Undelivered::Gone { why },
        WebError::Refused { code, .. } if MENDABLE.contains(&code.as_str()) => {
            tracing::warn!(why, "Slack takes no messages until this is mended");
            Undelivered::Later { why, after_ms: Some(MENDING_MS) }
        }
        WebError::Refused { .. } => Undelivered::Never { why },
    }
}

#[async_trait]
impl Carrier for SlackCarrier {
    fn front(&self) -> &str {
        FRONT
    }

    fn gap_ms(&self) -> i64 {
        GAP_MS
    }

    async fn carry(
        &self,
        conversation: &str,
        letter: &Letter,
        known: Option<&str>,
    ) -> Result<Option<String>, Undelivered> {
        let channel = channel_of(conversation);
        let rendered = render(letter.outbound.card(), &mark(letter));
        let mut message = Message { text: rendered.text, blocks: rendered.blocks, thread: None };
        if let (Outbound::Update(_), Some(ts)) = (&letter.outbound, known) {
            self.web.message_update(channel, ts, &message).await.map_err(undelivered)?;
            return Ok(Some(ts.to_owned()));
        }
        if let Some(user) = &letter.place.to {
            message.thread = letter.place.thread.clone().filter(|_| letter.place.inside);
            let whispered = self.web.message_whisper(channel, user, &message).await;
            return match (whispered, &letter.place.answer_at) {
                (Ok(()), _) => Ok(None),
                // Not a member there: commands may be given anywhere, and say where their answers go.
                (Err(WebError::Refused { .. }), Some(url)) => {
                    self.web.answer_at(url, &message).await.map(|()| None).map_err(undelivered)
                }
                (Err(error), _) => Err(undelivered(error)),
            };
        }
        message.thread.clone_from(&letter.place.thread);
        let ts = self.web.message_post(channel, &message).await.map_err(undelivered)?;
        let thread = letter.place.thread.as_deref().unwrap_or(&ts);
        self.attach(channel, thread, rendered.rest).await;
        Ok(Some(ts))
    }

    async fn find(
        &self,
        conversation: &str,
        letter: &Letter,
        since_ms: EpochMs,
    ) -> Result<Option<String>, Undelivered> {
        let from_ms = since_ms - LOOK_BACK_MS;
        let oldest = format!("{}.{:03}000", from_ms / 1_000, from_ms % 1_000);
        let thread = letter.place.thread.as_deref();
        let messages = match self.web.messages_since(channel_of(conversation), thread, &oldest).await {
            Ok(messages) => messages,
            // Without the scope to read there is no telling; showing it twice is better than not at all.
            Err(WebError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(undelivered(error)),
        };
        let mark = mark(letter);
        let ours = |message: &&Value| {
            let blocks = message["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
            blocks.iter().any(|block| block["block_id"] == mark.as_str())
        };
        Ok(messages.iter().find(ours).and_then(|message| message["ts"].as_str()).map(ToOwned::to_owned))
    }
}
