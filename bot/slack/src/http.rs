//! Slack calls this program: events, commands and clicks over HTTP, each signed.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use engine::model::Actor;
use engine::store::AuditEntry;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use slack_morphism::signature_verifier::SlackEventSignatureVerifier;

use crate::intake::Intake;
use crate::payload::{Delivered, Happened};
use crate::refused::Refused;
use crate::{FRONT, trouble};

/// Longest time it is asked who the bot is, before a call is taken: Slack waits three seconds.
const ASKING: Duration = Duration::from_secs(2);

/// What the routes need.
#[derive(Clone)]
struct Calls {
    intake: Arc<Intake>,
    verifier: Arc<SlackEventSignatureVerifier>,
    /// Calls that Slack did not sign.
    forged: Arc<Refused>,
}

/// The addresses Slack calls. Each takes whatever Slack sends, so that one address may serve for all.
pub(crate) fn routes(intake: Arc<Intake>, signing_secret: &SecretString) -> Router {
    let verifier = SlackEventSignatureVerifier::new(&signing_secret.expose_secret().into());
    let calls = Calls { intake, verifier: Arc::new(verifier), forged: Arc::default() };
    Router::new()
        .route("/slack/events", post(called))
        .route("/slack/commands", post(called).get(certified))
        .route("/slack/interactions", post(called))
        .with_state(calls)
}

/// Now and then Slack looks whether the address's certificate is good. It says so and signs nothing; nothing is done.
async fn certified(RawQuery(query): RawQuery) -> StatusCode {
    let asked = query.is_some_and(|query| query.split('&').any(|pair| pair == "ssl_check=1"));
    if asked { StatusCode::OK } else { StatusCode::METHOD_NOT_ALLOWED }
}

async fn called(State(calls): State<Calls>, headers: HeaderMap, body: Bytes) -> Response {
    let named = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signature = named(SlackEventSignatureVerifier::SLACK_SIGNED_HASH_HEADER);
    let at = named(SlackEventSignatureVerifier::SLACK_SIGNED_TIMESTAMP);
    let text = std::str::from_utf8(&body).unwrap_or_default();
    if calls.verifier.verify(signature, text, at).is_err() {
        calls.forged(signature.is_empty()).await;
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let delivered = delivered(named(header::CONTENT_TYPE.as_str()), text, signature);
    if !calls.knows_its_workspace(&delivered.happened).await {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match calls.intake.take(delivered).await {
        Ok(Some(answer)) => axum::Json(answer).into_response(),
        Ok(None) => StatusCode::OK.into_response(),
        // Slack delivers it again.
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// What a body tells: JSON for events, a form for commands, a form with JSON in it for clicks.
/// The signature is of one delivery alone.
fn delivered(content_type: &str, body: &str, signature: &str) -> Delivered {
    if content_type.to_ascii_lowercase().starts_with("application/json") {
        return Delivered::event(&serde_json::from_str(body).unwrap_or_default());
    }
    let fields: Map<String, Value> = url::form_urlencoded::parse(body.as_bytes())
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    match fields.get("payload").and_then(Value::as_str) {
        Some(payload) => {
            Delivered::interaction(&serde_json::from_str(payload).unwrap_or_default(), signature)
        }
        None => Delivered::command(&Value::Object(fields), signature),
    }
}

impl Calls {
    /// Whether it can be told who somebody is: an identifier means a person within a workspace, and which one the bot is in Slack
    /// has said by now. Where it has not, the call is made again.
    async fn knows_its_workspace(&self, happened: &Happened) -> bool {
        if matches!(happened, Happened::Challenged(_) | Happened::Nothing) {
            return true;
        }
        tokio::time::timeout(ASKING, trouble::asked_who_it_is(&self.intake)).await.unwrap_or_default()
    }

    /// Somebody who is not Slack called. It goes into the record.
    async fn forged(&self, unsigned: bool) {
        let now_ms = self.intake.engine.now_ms();
        let why = if unsigned { "it has no signature" } else { "its signature is another" };
        self.intake.recurring.fails(FRONT, "a call that Slack did not sign is refused", &why, now_ms);
        let Some(many) = self.forged.one_more(now_ms) else { return };
        let entry = AuditEntry {
            actor: Actor { name: "unknown".to_owned(), role: None, front: FRONT.to_owned() },
            action: "front.forged",
            subject: "a call without Slack's signature".to_owned(),
            environment: None,
            run: None,
            data: json!({ "calls": many, "unsigned": unsigned }),
        };
        self.forged.record(&self.intake.engine, entry).await;
    }
}
