//! The Web API from Slack's side.

use std::sync::{Arc, Weak};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, RawQuery, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{APP_TOKEN, BOT_TOKEN, BOT_USER, Call, Fault, File, Inside, Message, check, history, window};

/// How long a trigger may be used, in milliseconds.
const TRIGGER_MS: i64 = 3_000;
/// What is taken of some methods in a minute, over the workspace: Slack's tiers, and its several hundred messages.
const PER_MINUTE: [(&str, usize); 6] = [
    ("chat.postMessage", 400),
    ("chat.update", 50),
    ("chat.postEphemeral", 100),
    ("conversations.history", 50),
    ("views.open", 100),
    ("views.publish", 100),
];
/// A minute, in milliseconds.
const MINUTE_MS: i64 = 60_000;
/// Least time between two messages in a channel, in milliseconds.
const PACE_MS: i64 = 1_000;

pub(super) async fn serve(listener: TcpListener, inside: Weak<Inside>, stop: CancellationToken) {
    let router = Router::new()
        .route("/api/{method}", any(method))
        .route("/upload/{file}", post(upload))
        .route("/answers", post(answer))
        .merge(window::routes())
        .with_state(inside);
    // Its end is the end of the simulator.
    let _ = axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await }).await;
}

type Answered = Result<Value, String>;

async fn method(
    Shared(inside): Shared<Weak<Inside>>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(inside) = inside.upgrade() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let json_body = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"));
    let mut fields: Map<String, Value> = Map::new();
    for form in [query.unwrap_or_default().into_bytes(), if json_body { Vec::new() } else { body.to_vec() }] {
        for (name, value) in url::form_urlencoded::parse(&form) {
            fields.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }
    if json_body && let Ok(Value::Object(more)) = serde_json::from_slice(&body) {
        fields.extend(more);
    }
    let body = Value::Object(fields);
    let now_ms = inside.clock.now_ms();
    let fault = {
        let mut state = inside.state();
        let kept = if state.forgets { json!({ "channel": body["channel"] }) } else { body.clone() };
        state.calls.push(Call { method: method.clone(), body: kept, at_ms: now_ms });
        state.faults.get_mut(&method).and_then(std::collections::VecDeque::pop_front)
    };
    match fault {
        Some(Fault::Limited(seconds)) => return limited(seconds),
        Some(Fault::Refused(word)) => {
            return axum::Json(json!({ "ok": false, "error": word })).into_response();
        }
        Some(Fault::LimitedBarely(seconds)) => {
            let bare = Response::builder().status(StatusCode::TOO_MANY_REQUESTS);
            let bare = bare.header(header::RETRY_AFTER, seconds.to_string()).body(axum::body::Body::empty());
            return bare.unwrap_or_default();
        }
        Some(Fault::Page) => return axum::response::Html("<h1>Please log in</h1>").into_response(),
        Some(Fault::Nowhere) => return StatusCode::NOT_FOUND.into_response(),
        Some(Fault::Broken) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Fault::AnswerLost) | None => {}
    }
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wanted = if method == "apps.connections.open" { APP_TOKEN } else { BOT_TOKEN };
    let answered = if token.strip_prefix("Bearer ") == Some(wanted) {
        if too_fast(&inside, &method, &body, now_ms) {
            return limited(1);
        }
        answer_of(&inside, &method, &body, now_ms)
    } else {
        Err("invalid_auth".to_owned())
    };
    inside.has_changed();
    if fault == Some(Fault::AnswerLost) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let answer = match answered {
        Ok(mut answer) => {
            answer["ok"] = json!(true);
            answer
        }
        Err(word) => json!({ "ok": false, "error": word }),
    };
    let without = inside.state().without;
    let scopes: Vec<&str> = crate::SCOPES.into_iter().filter(|scope| Some(*scope) != without).collect();
    ([("x-oauth-scopes", scopes.join(","))], axum::Json(answer)).into_response()
}

fn limited(seconds: u32) -> Response {
    let body = axum::Json(json!({ "ok": false, "error": "ratelimited" }));
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())], body).into_response()
}

fn too_fast(inside: &Inside, method: &str, body: &Value, now_ms: i64) -> bool {
    if !inside.paced {
        return false;
    }
    let mut state = inside.state();
    if let Some((_, takes)) = PER_MINUTE.iter().find(|(name, _)| *name == method) {
        let called = state.called_ms.entry(method.to_owned()).or_default();
        while called.front().is_some_and(|at_ms| now_ms - at_ms >= MINUTE_MS) {
            called.pop_front();
        }
        if called.len() >= *takes {
            state.limited += 1;
            return true;
        }
        called.push_back(now_ms);
    }
    if !matches!(method, "chat.postMessage" | "chat.update" | "chat.postEphemeral") {
        return false;
    }
    let channel = text(body, "channel");
    let last_ms = state.spoke_ms.get(&channel).copied().unwrap_or(i64::MIN / 2);
    if now_ms - last_ms < PACE_MS {
        state.limited += 1;
        return true;
    }
    state.spoke_ms.insert(channel, now_ms);
    false
}

fn answer_of(inside: &Arc<Inside>, method: &str, body: &Value, now_ms: i64) -> Answered {
    match method {
        "auth.test" => Ok(
            json!({ "url": "https://simulated.slack.com/", "team": "Simulated", "user": "infra", "team_id": "T0SIM", "user_id": BOT_USER, "bot_id": "B0SIM" }),
        ),
        "apps.connections.open" => {
            let number = inside.state().number();
            Ok(json!({ "url": format!("ws://{}/?ticket={number}", inside.socket) }))
        }
        "chat.postMessage" => post_message(inside, body, now_ms, None),
        "chat.postEphemeral" => post_message(inside, body, now_ms, Some(text(body, "user"))),
        "chat.update" => update(inside, body),
        "chat.delete" => delete(inside, body),
        "chat.getPermalink" => permalink(inside, body),
        "conversations.open" => Ok(json!({ "channel": { "id": format!("D{}", text(body, "users")) } })),
        "conversations.history" | "conversations.replies" => Ok(history::history(inside, body)),
        "views.open" => open(inside, body, now_ms),
        "views.publish" => publish(inside, body),
        "files.getUploadURLExternal" => {
            let mut state = inside.state();
            let id = format!("F{}", state.number());
            let file = File { name: text(body, "filename"), content: String::new(), shared: None };
            state.files.insert(id.clone(), file);
            Ok(json!({ "upload_url": format!("http://{}/upload/{id}", inside.api), "file_id": id }))
        }
        "files.completeUploadExternal" => share(inside, body),
        _ => Err("unknown_method".to_owned()),
    }
}

fn blocks_of(body: &Value, key: &str) -> Result<Vec<Value>, String> {
    // As JSON, or as a form's text with JSON in it.
    let blocks = match &body[key] {
        Value::Array(blocks) => blocks.clone(),
        Value::String(text) => serde_json::from_str(text).map_err(|_| "invalid_blocks_format".to_owned())?,
        _ => Vec::new(),
    };
    match check::fault(&blocks, 50) {
        None => Ok(blocks),
        Some(fault) => {
            tracing::error!(fault, "the simulated Slack refuses blocks");
            Err("invalid_blocks".to_owned())
        }
    }
}

fn post_message(inside: &Inside, body: &Value, now_ms: i64, only_for: Option<String>) -> Answered {
    let (channel, blocks) = (text(body, "channel"), blocks_of(body, "blocks")?);
    if !channel.starts_with(['C', 'D', 'G']) {
        return Err("channel_not_found".to_owned());
    }
    let words = text(body, "text");
    if words.is_empty() && blocks.is_empty() {
        return Err("no_text".to_owned());
    }
    let mut state = inside.state();
    let thread = body["thread_ts"].as_str().map(ToOwned::to_owned);
    let is_root = |message: &Message, ts: &str| {
        message.channel == channel && message.ts == ts && message.only_for.is_none()
    };
    if thread.as_deref().is_some_and(|ts| !state.messages.iter().any(|message| is_root(message, ts))) {
        return Err("thread_not_found".to_owned());
    }
    let ts = state.ts(now_ms);
    let whispered = only_for.is_some();
    let message = Message {
        channel: channel.clone(),
        ts: ts.clone(),
        thread,
        user: BOT_USER.to_owned(),
        only_for,
        text: words.clone(),
        blocks,
        edits: 0,
    };
    state.version(message.clone());
    state.messages.push(message);
    if whispered {
        return Ok(json!({ "message_ts": ts }));
    }
    let message = json!({ "type": "message", "text": words, "ts": ts, "user": BOT_USER, "bot_id": "B0SIM" });
    Ok(json!({ "channel": channel, "ts": ts, "message": message }))
}

fn update(inside: &Inside, body: &Value) -> Answered {
    let blocks = blocks_of(body, "blocks")?;
    let (channel, ts) = (text(body, "channel"), text(body, "ts"));
    let mut state = inside.state();
    let found = state.messages.iter_mut().find(|message| message.channel == channel && message.ts == ts);
    let Some(message) = found.filter(|message| message.user == BOT_USER && message.only_for.is_none()) else {
        return Err("message_not_found".to_owned());
    };
    message.text = text(body, "text");
    message.blocks = blocks;
    message.edits += 1;
    let version = message.clone();
    let answer = json!({ "channel": channel, "ts": ts, "text": version.text, "message": {} });
    state.version(version);
    Ok(answer)
}

fn permalink(inside: &Inside, body: &Value) -> Answered {
    let (channel, ts) = (text(body, "channel"), text(body, "message_ts"));
    if !inside.state().messages.iter().any(|one| one.channel == channel && one.ts == ts) {
        return Err("message_not_found".to_owned());
    }
    let link = format!("https://simulated.slack.com/archives/{channel}/p{}", ts.replace('.', ""));
    Ok(json!({ "channel": channel, "permalink": link }))
}

fn delete(inside: &Inside, body: &Value) -> Answered {
    let (channel, ts) = (text(body, "channel"), text(body, "ts"));
    let mut state = inside.state();
    let place = state.messages.iter().position(|message| message.channel == channel && message.ts == ts);
    match place {
        None => Err("message_not_found".to_owned()),
        // A bot may delete its own messages alone.
        Some(place) if state.messages[place].user != BOT_USER => Err("cant_delete_message".to_owned()),
        Some(place) => {
            state.messages.remove(place);
            Ok(json!({ "channel": channel, "ts": ts }))
        }
    }
}

fn open(inside: &Inside, body: &Value, now_ms: i64) -> Answered {
    let mut state = inside.state();
    let Some((user, at_ms)) = state.triggers.remove(&text(body, "trigger_id")) else {
        let known = state.exchanged.contains(&text(body, "trigger_id"));
        return Err(if known { "trigger_exchanged" } else { "invalid_trigger_id" }.to_owned());
    };
    state.exchanged.insert(text(body, "trigger_id"));
    if now_ms - at_ms > TRIGGER_MS {
        return Err("expired_trigger_id".to_owned());
    }
    let view = view_of(body)?;
    let title = view["title"]["text"].as_str().unwrap_or_default();
    if view["type"] != "modal" || title.is_empty() || title.chars().count() > 24 {
        return Err("invalid_arguments".to_owned());
    }
    let id = format!("V{:06}", state.number());
    state.modals.insert(id.clone(), (user, view));
    Ok(json!({ "view": { "id": id } }))
}

fn view_of(body: &Value) -> Answered {
    let view = match &body["view"] {
        Value::String(text) => serde_json::from_str(text).map_err(|_| "invalid_arguments".to_owned())?,
        view => view.clone(),
    };
    let blocks = view["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
    match check::fault(blocks, 100) {
        None => Ok(view),
        Some(fault) => {
            tracing::error!(fault, "the simulated Slack refuses a view");
            Err("invalid_blocks".to_owned())
        }
    }
}

fn publish(inside: &Inside, body: &Value) -> Answered {
    let view = view_of(body)?;
    inside.state().homes.insert(text(body, "user_id"), view);
    Ok(json!({ "view": { "id": "V0HOME" } }))
}

fn share(inside: &Inside, body: &Value) -> Answered {
    let mut state = inside.state();
    for file in body["files"].as_array().into_iter().flatten() {
        let Some(kept) = state.files.get_mut(file["id"].as_str().unwrap_or_default()) else {
            return Err("file_not_found".to_owned());
        };
        kept.shared = Some((text(body, "channel_id"), text(body, "thread_ts")));
    }
    Ok(json!({ "files": body["files"] }))
}

async fn upload(
    Shared(inside): Shared<Weak<Inside>>,
    Path(file): Path<String>,
    body: Bytes,
) -> Result<String, StatusCode> {
    let inside = inside.upgrade().ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    let mut state = inside.state();
    let kept = state.files.get_mut(&file).ok_or(StatusCode::NOT_FOUND)?;
    kept.content = String::from_utf8_lossy(&body).into_owned();
    Ok(format!("OK - {}", body.len()))
}

/// Who is answered, and where they were.
#[derive(Deserialize)]
struct Asker {
    user: String,
    channel: String,
}

async fn answer(Shared(inside): Shared<Weak<Inside>>, Query(asker): Query<Asker>, body: Bytes) -> StatusCode {
    let Some(inside) = inside.upgrade() else { return StatusCode::SERVICE_UNAVAILABLE };
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    let now_ms = inside.clock.now_ms();
    {
        let mut state = inside.state();
        let ts = state.ts(now_ms);
        let told = Message {
            channel: asker.channel,
            ts,
            thread: None,
            user: BOT_USER.to_owned(),
            only_for: Some(asker.user),
            text: text(&answer, "text"),
            blocks: answer["blocks"].as_array().cloned().unwrap_or_default(),
            edits: 0,
        };
        state.told.push(told);
        state.answers.push(answer);
    }
    inside.has_changed();
    StatusCode::OK
}

fn text(body: &Value, key: &str) -> String {
    body[key].as_str().unwrap_or_default().to_owned()
}
