//! Something said over HTTP.

use axum::Json;
use axum::extract::State;
use chat::Inbound;
use engine::model::{Identity, RunId};
use serde::Deserialize;

use super::Api;
use crate::host::Heard;

/// The front's name in identities.
pub(super) const FRONT: &str = "http";

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    /// Who speaks, as `infra-chat user link NAME http:ID` says.
    #[serde(rename = "as")]
    speaker: String,
    /// Where: whatever the caller calls one thread of talk.
    conversation: String,
    /// What.
    text: String,
    /// The caller's identifier of the message, so that sending it twice does it once.
    #[serde(default)]
    event: Option<String>,
    /// The run under whose card it was said, where the caller shows cards with threads.
    #[serde(default)]
    run: Option<RunId>,
}

/// Hears and answers.
pub(super) async fn post(State(api): State<Api>, Json(message): Json<Message>) -> Json<Heard> {
    let inbound = Inbound {
        identity: Identity { front: FRONT.to_owned(), external_id: message.speaker },
        conversation: format!("{FRONT}:{}", message.conversation),
        event: message.event,
        text: message.text,
    };
    Json(api.desk.hear_under(&inbound, message.run.as_ref()).await.into())
}
