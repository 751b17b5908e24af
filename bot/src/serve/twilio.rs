//! What Twilio calls: what became of a text, and texts of people. Each call is signed with the account's token; others are
//! refused, and noted in the record. What is written down is acknowledged at once and heard afterwards.

use std::sync::{Arc, Mutex, PoisonError};

use adapters::twilio::{INBOUND_PATH, KEY, STATUS_PATH, Settings, fate, signature};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chat::Incoming;
use engine::clock::EpochMs;
use engine::control::Engine;

/// Largest body read, in bytes: Twilio's are a few kilobytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Calls that are not Twilio's are noted in the record no more often than this, in milliseconds: a record is no place to flood.
const NOTED_EVERY_MS: i64 = 60_000;
/// What Twilio is answered: nothing is texted back by this answer.
const NOTHING: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

#[derive(Clone)]
struct Doors {
    engine: Engine,
    settings: Arc<Settings>,
    /// When a forged call was noted last, and how many came since.
    forged: Arc<Mutex<(Option<EpochMs>, u32)>>,
}

/// The doors for Twilio. Without an address at which it finds them, there are none.
pub(crate) fn routes(engine: &Engine, settings: &Settings) -> Router {
    if settings.public_url.is_none() {
        return Router::new();
    }
    let doors =
        Doors { engine: engine.clone(), settings: Arc::new(settings.clone()), forged: Arc::default() };
    Router::new()
        .route(STATUS_PATH, post(status))
        .route(INBOUND_PATH, post(inbound))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(doors)
}

impl Doors {
    /// The parameters of a call, when it is Twilio's and about our account.
    async fn genuine(
        &self,
        path: &'static str,
        query: Option<&str>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Option<Vec<(String, String)>> {
        // The address as Twilio knows it, whatever stands between.
        let base = self.settings.public_url.as_deref()?;
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let address = format!("{base}{path}{query}");
        let parameters = signature::form(body);
        let given = headers.get(signature::HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let ours = of(&parameters, "AccountSid") == self.settings.account_sid;
        if ours && signature::is_genuine(&self.settings.auth_token, &address, &parameters, given) {
            return Some(parameters);
        }
        self.note_forged(path).await;
        None
    }

    async fn note_forged(&self, path: &'static str) {
        let now_ms = self.engine.now_ms();
        let count = {
            let mut forged = self.forged.lock().unwrap_or_else(PoisonError::into_inner);
            forged.1 += 1;
            if forged.0.is_some_and(|noted_ms| now_ms - noted_ms < NOTED_EVERY_MS) {
                return;
            }
            *forged = (Some(now_ms), forged.1);
            std::mem::take(&mut forged.1)
        };
        tracing::warn!(
            path,
            count,
            "a call without Twilio's signature was refused; is twilio.public_url what Twilio calls?"
        );
        let facts = [("path", path.to_owned()), ("calls", count.to_string())];
        if let Err(refusal) = self.engine.text_recorded("text.forged", "texts", &facts).await {
            tracing::warn!(error = %crate::out::causes(&refusal), "can't note a forged call");
        }
    }
}

fn of<'a>(parameters: &'a [(String, String)], name: &str) -> &'a str {
    parameters.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

fn refused() -> Response {
    (StatusCode::FORBIDDEN, "this call is not signed by Twilio").into_response()
}

/// What could not be written down is called again by Twilio.
fn later(error: &dyn std::error::Error) -> Response {
    tracing::warn!(error = %crate::out::causes(error), "can't take what Twilio tells");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

fn nothing() -> Response {
    ([(header::CONTENT_TYPE, "text/xml")], NOTHING).into_response()
}

/// What became of a text.
async fn status(
    State(doors): State<Doors>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(given) = doors.genuine(STATUS_PATH, query.as_deref(), &headers, &body).await else {
        return refused();
    };
    let query = signature::form(query.unwrap_or_default().as_bytes());
    let key = Some(of(&query, KEY)).filter(|key| !key.is_empty());
    let fate = fate(of(&given, "MessageStatus"), of(&given, "ErrorCode").parse().ok());
    match doors.engine.text_told(key, of(&given, "MessageSid"), &fate).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => later(&refusal),
    }
}

/// A text of somebody.
async fn inbound(
    State(doors): State<Doors>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(given) = doors.genuine(INBOUND_PATH, query.as_deref(), &headers, &body).await else {
        return refused();
    };
    // What is no phone (a short code, a name) can't be anybody's here.
    let Ok(from) = of(&given, "From").parse() else { return nothing() };
    let (event, text) = (of(&given, "MessageSid").to_owned(), of(&given, "Body").to_owned());
    if event.is_empty() {
        return nothing();
    }
    match (Incoming { event, from, text }).take(&doors.engine).await {
        Ok(_) => nothing(),
        Err(error) => later(&error),
    }
}
