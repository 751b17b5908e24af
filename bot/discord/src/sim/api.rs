//! REST from Discord's side.

use std::sync::{Arc, Weak};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    APPLICATION, BOT_ROLE, BOT_USER, Call, Fault, GUILD, Inside, TOKEN, check, interactions, messages, window,
};

/// Messages a channel takes within the time.
const PACE_COUNT: usize = 5;
/// The time, in milliseconds.
const PACE_MS: i64 = 5_000;
/// Calls it takes within a second, whatever they are about.
const CALLS_COUNT: usize = 50;
/// A second, in milliseconds.
const SECOND_MS: i64 = 1_000;
/// The permissions of the invitation link.
const PERMISSIONS: u64 = 309_237_771_264;
/// Largest file, in bytes.
const BODY_BYTES: usize = 25 * 1024 * 1024;

/// What a call is answered with: what it asked for, or a status with Discord's number and words.
pub(super) type Answered = Result<Value, (u16, i64, String)>;

pub(super) fn refused<T>(status: u16, code: i64, why: &str) -> Result<T, (u16, i64, String)> {
    Err((status, code, why.to_owned()))
}

/// One call, taken apart.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Value,
    pub(super) files: Vec<String>,
}

pub(super) async fn serve(listener: TcpListener, inside: Weak<Inside>, stop: CancellationToken) {
    let router = Router::new()
        .route("/api/v10/{*path}", any(called))
        .merge(window::routes())
        .layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES))
        .with_state(inside);
    // Its end is the end of the simulator.
    let _ = axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await }).await;
}

async fn called(
    Shared(inside): Shared<Weak<Inside>>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(inside) = inside.upgrade() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let (body, files) = match kind.split_once("boundary=") {
        Some((_, boundary)) => parts(&String::from_utf8_lossy(&body), boundary),
        None => (serde_json::from_slice(&body).unwrap_or(Value::Null), Vec::new()),
    };
    let query = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let now_ms = inside.clock.now_ms();
    let asked = Asked { method, path: path.split('/').map(ToOwned::to_owned).collect(), query, body, files };
    let fault = {
        let mut state = inside.state();
        let body = if state.forgets { Value::Null } else { asked.body.clone() };
        state.calls.push(Call {
            method: asked.method.to_string(),
            path: format!("/{path}"),
            query: asked.query.clone(),
            body,
            files: !asked.files.is_empty(),
            at_ms: now_ms,
        });
        state.faults.get_mut(&asked.kind()).and_then(std::collections::VecDeque::pop_front)
    };
    match fault {
        Some(Fault::Limited(seconds)) => return limited(seconds, false),
        Some(Fault::LimitedAll(seconds)) => return limited(seconds, true),
        Some(Fault::LimitedBarely(seconds)) => {
            let wall = axum::response::Html("<h1>error 1015</h1>");
            let after = [(header::RETRY_AFTER, seconds.to_string())];
            return (StatusCode::TOO_MANY_REQUESTS, after, wall).into_response();
        }
        Some(Fault::Slow(ms)) => tokio::time::sleep(std::time::Duration::from_millis(ms)).await,
        Some(Fault::Refused(status, code)) => return failed(status, code, "as told"),
        Some(Fault::Broken) => return StatusCode::BAD_GATEWAY.into_response(),
        Some(Fault::AnswerLost) | None => {}
    }
    let carries_its_right = matches!(asked.path[0].as_str(), "interactions" | "webhooks");
    let token = headers.get(header::AUTHORIZATION).and_then(|token| token.to_str().ok()).unwrap_or_default();
    if !carries_its_right && token.strip_prefix("Bot ") != Some(TOKEN) {
        return failed(401, 0, "401: Unauthorized");
    }
    if !headers.contains_key(header::USER_AGENT) {
        return failed(403, 40_333, "internal network error");
    }
    if let Err(seconds) = crowd(&inside, carries_its_right, now_ms) {
        return limited(seconds, true);
    }
    let left = match pace(&inside, &asked, now_ms) {
        Ok(left) => left,
        Err(seconds) => return limited(seconds, false),
    };
    let answered = answer(&inside, &asked, now_ms);
    inside.has_changed();
    if fault == Some(Fault::AnswerLost) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let mut response = match answered {
        Ok(Value::Null) => StatusCode::NO_CONTENT.into_response(),
        Ok(answer) => axum::Json(answer).into_response(),
        Err((status, code, why)) => failed(status, code, &why),
    };
    if let Some(left) = left {
        let headers = response.headers_mut();
        headers.insert("x-ratelimit-limit", HeaderValue::from(PACE_COUNT));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(left));
    }
    response
}

impl Asked {
    /// What kind of call it is, as `POST messages`.
    fn kind(&self) -> String {
        let what = self.path.iter().rev().find(|part| part.bytes().all(|byte| byte.is_ascii_lowercase()));
        format!("{} {}", self.method, what.map(String::as_str).unwrap_or_default())
    }

    fn parts(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }
}

fn limited(seconds: f64, global: bool) -> Response {
    let body = json!({ "message": "You are being rate limited.", "retry_after": seconds, "global": global });
    let whole = format!("{}", seconds.ceil());
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, whole)], axum::Json(body)).into_response()
}

fn failed(status: u16, code: i64, why: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, axum::Json(json!({ "code": code, "message": why }))).into_response()
}

/// After how many seconds it takes a call again, when it had too many. What carries its own right is not counted.
fn crowd(inside: &Inside, carries_its_right: bool, now_ms: i64) -> Result<(), f64> {
    if !inside.paced || carries_its_right {
        return Ok(());
    }
    let mut state = inside.state();
    state.called_ms.retain(|called_ms| now_ms - called_ms < SECOND_MS);
    if state.called_ms.len() < CALLS_COUNT {
        state.called_ms.push_back(now_ms);
        return Ok(());
    }
    state.limited += 1;
    let free_ms = state.called_ms.front().map_or(now_ms, |first| first + SECOND_MS);
    Err((free_ms - now_ms) as f64 / SECOND_MS as f64)
}

/// How many messages the channel still takes, or after how many seconds it takes one.
fn pace(inside: &Inside, asked: &Asked, now_ms: i64) -> Result<Option<usize>, f64> {
    let (method, path) = (&asked.method, asked.parts());
    let counts = match (method, path.as_slice()) {
        (&Method::POST, ["channels", channel, "messages"]) => format!("post/{channel}"),
        (&Method::PATCH, ["channels", channel, "messages", _]) => format!("edit/{channel}"),
        _ => return Ok(None),
    };
    if !inside.paced {
        return Ok(None);
    }
    let mut state = inside.state();
    let spoke_ms = state.spoke_ms.entry(counts).or_default();
    spoke_ms.retain(|spoke_ms| now_ms - spoke_ms < PACE_MS);
    if spoke_ms.len() >= PACE_COUNT {
        let free_ms = spoke_ms.front().map_or(now_ms, |first| first + PACE_MS);
        state.limited += 1;
        return Err((free_ms - now_ms) as f64 / 1_000.0);
    }
    spoke_ms.push_back(now_ms);
    Ok(Some(PACE_COUNT - spoke_ms.len()))
}

fn answer(inside: &Arc<Inside>, asked: &Asked, now_ms: i64) -> Answered {
    let path = asked.parts();
    match (asked.method.as_str(), path.as_slice()) {
        ("GET", ["users", "@me"]) => Ok(json!({ "id": BOT_USER, "username": "infra", "bot": true })),
        ("GET", ["users", "@me", "guilds"]) => {
            let may = PERMISSIONS & !inside.state().denied;
            Ok(json!([{ "id": GUILD, "name": "Simulated", "permissions": may.to_string() }]))
        }
        ("GET", ["gateway", "bot"]) => Ok(json!({
            "url": format!("ws://{}", inside.socket), "shards": 1,
            "session_start_limit": { "total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1 },
        })),
        ("GET", ["applications", "@me"]) => {
            let flags = if inside.state().content_is_off { 0 } else { 1 << 19 };
            Ok(json!({ "id": APPLICATION, "name": "infra", "flags": flags }))
        }
        ("PUT", ["applications", APPLICATION, "commands"]) => commands(inside, &asked.body),
        ("POST", ["users", "@me", "channels"]) => {
            let user = asked.body["recipient_id"].as_str().unwrap_or_default();
            let id = inside.direct(user);
            Ok(inside.state().described(&id).unwrap_or_default())
        }
        ("GET", ["guilds", GUILD, "members", BOT_USER]) => {
            Ok(json!({ "user": { "id": BOT_USER }, "roles": [BOT_ROLE] }))
        }
        ("GET", ["guilds", GUILD, "members", user]) => {
            let state = inside.state();
            if state.users.contains_key(*user) {
                Ok(json!({ "user": { "id": user }, "roles": state.roles.get(*user) }))
            } else {
                refused(404, 10_007, "Unknown Member")
            }
        }
        // A thread may be opened again.
        ("GET" | "PATCH", ["channels", channel]) => match inside.state().described(channel) {
            Some(described) => Ok(described),
            None => refused(404, 10_003, "Unknown Channel"),
        },
        ("GET", ["channels", channel, "messages"]) => messages::history(inside, channel, &asked.query),
        ("POST", ["channels", channel, "messages"]) => messages::post(inside, channel, asked, now_ms),
        ("PATCH", ["channels", channel, "messages", id]) => messages::edit(inside, channel, id, asked),
        ("DELETE", ["channels", channel, "messages", id]) => messages::delete(inside, channel, id),
        ("POST", ["channels", channel, "messages", id, "threads"]) => {
            messages::thread(inside, channel, id, &asked.body)
        }
        ("POST", ["interactions", id, token, "callback"]) => {
            interactions::callback(inside, id, token, &asked.body, now_ms)
        }
        ("POST", ["webhooks", APPLICATION, token]) => interactions::follow_up(inside, token, asked, now_ms),
        ("PATCH", ["webhooks", APPLICATION, token, "messages", "@original"]) => {
            interactions::finish(inside, token, asked, now_ms)
        }
        _ => refused(404, 0, "404: Not Found"),
    }
}

fn commands(inside: &Inside, body: &Value) -> Answered {
    if let Some(fault) = check::commands(body) {
        return refused(400, 50_035, &format!("Invalid Form Body: {fault}"));
    }
    inside.state().commands = body.as_array().cloned().unwrap_or_default();
    Ok(body.clone())
}

/// The JSON and the files of a body in parts.
fn parts(body: &str, boundary: &str) -> (Value, Vec<String>) {
    let (mut json, mut files) = (Value::Null, Vec::new());
    for part in body.split(&format!("--{boundary}")) {
        let Some((head, content)) = part.split_once("\r\n\r\n") else { continue };
        let content = content.strip_suffix("\r\n").unwrap_or(content);
        if head.contains("name=\"payload_json\"") {
            json = serde_json::from_str(content).unwrap_or(Value::Null);
        } else if head.contains("name=\"files[") {
            files.push(content.to_owned());
        }
    }
    (json, files)
}
