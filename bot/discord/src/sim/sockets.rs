//! The gateway from Discord's side.

use std::sync::{Arc, Weak};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};
use tokio_util::sync::CancellationToken;

use super::{APPLICATION, BOT_ROLE, BOT_USER, GUILD, Inside, Kind, Session, TOKEN};

/// How often a sign of life is wanted, in milliseconds.
const HEARTBEAT_MS: u64 = 41_250;
/// The intent a person has to switch on.
const MESSAGE_CONTENT: u64 = 1 << 15;

pub(super) async fn serve(listener: TcpListener, inside: Weak<Inside>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        if let Ok((stream, _)) = accepted {
            tokio::spawn(socket(stream, inside.clone(), stop.clone()));
        }
    }
}

#[expect(clippy::result_large_err, reason = "the library's own signature")]
fn version(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    let query = request.uri().query().unwrap_or_default();
    let fits = |part: &str| query.split('&').any(|one| one == part);
    if fits("v=10") && fits("encoding=json") { Ok(response) } else { Err(ErrorResponse::new(None)) }
}

async fn socket(stream: TcpStream, inside: Weak<Inside>, stop: CancellationToken) {
    let Ok(mut socket) = accept_hdr_async(stream, version).await else { return };
    let (hung_up, every_ms) = {
        let Some(inside) = inside.upgrade() else { return };
        let mut state = inside.state();
        state.opened += 1;
        let every_ms = state.heartbeat_ms.unwrap_or(HEARTBEAT_MS);
        drop(state);
        inside.has_changed();
        (inside.hung_up(), every_ms)
    };
    let hello = json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": every_ms } });
    if send(&mut socket, &hello).await.is_err() {
        return;
    }
    let (frames, mut outgoing) = mpsc::unbounded_channel::<Value>();
    loop {
        tokio::select! {
            out = outgoing.recv() => {
                let Some(out) = out else { return };
                if send(&mut socket, &out).await.is_err() {
                    return;
                }
            }
            frame = socket.next() => match frame {
                Some(Ok(Frame::Text(text))) => {
                    let Some(inside) = inside.upgrade() else { return };
                    let code = heard(&inside, &text, &frames);
                    inside.has_changed();
                    if let Some(code) = code {
                        let frame = CloseFrame { code: CloseCode::Library(code), reason: "".into() };
                        // It may be gone already.
                        let _ = socket.close(Some(frame)).await;
                        return;
                    }
                }
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            () = hung_up.cancelled() => return,
            () = stop.cancelled() => return,
        }
    }
}

async fn send(socket: &mut WebSocketStream<TcpStream>, frame: &Value) -> Result<(), ()> {
    socket.send(Frame::Text(frame.to_string().into())).await.map_err(|_| ())
}

/// What the bot sent; the code with which the socket ends, when it does.
fn heard(inside: &Arc<Inside>, text: &str, frames: &mpsc::UnboundedSender<Value>) -> Option<u16> {
    let Ok(frame) = serde_json::from_str::<Value>(text) else { return Some(4_002) };
    let body = &frame["d"];
    match frame["op"].as_u64() {
        Some(1) => {
            let mut state = inside.state();
            if let Some(session) = &mut state.session {
                session.heard = session.heard.max(body.as_u64().unwrap_or(0));
            }
            if !state.deaf {
                // Whoever asked may be gone.
                let _ = frames.send(json!({ "op": 11 }));
            }
            None
        }
        Some(2) => identified(inside, body, frames),
        Some(6) => resumed(inside, body, frames),
        _ => Some(4_001),
    }
}

fn identified(inside: &Inside, body: &Value, frames: &mpsc::UnboundedSender<Value>) -> Option<u16> {
    let intents = body["intents"].as_u64()?;
    if body["token"] != TOKEN {
        return Some(4_004);
    }
    if body["properties"]["os"].as_str().is_none_or(str::is_empty) {
        return Some(4_002);
    }
    let now_ms = inside.clock.now_ms();
    {
        let mut state = inside.state();
        if state.content_is_off && intents & MESSAGE_CONTENT != 0 {
            return Some(4_014);
        }
        state.identified += 1;
        let id = format!("session-{}", state.id(now_ms));
        state.session =
            Some(Session { id, seq: 0, intents, told: Vec::new(), socket: Some(frames.clone()), heard: 0 });
    }
    let session = inside.state().session.as_ref().map(|session| session.id.clone());
    let ready = json!({
        "v": 10, "user": { "id": BOT_USER, "username": "infra", "discriminator": "0", "bot": true },
        "guilds": [{ "id": GUILD, "unavailable": true }], "session_id": session,
        "resume_gateway_url": format!("ws://{}", inside.socket),
        "application": { "id": APPLICATION, "flags": 0 },
    });
    inside.tell("READY", &ready);
    let guild = {
        let state = inside.state();
        let described = |thread: bool| -> Vec<Value> {
            let fits = |kind: &Kind| match kind {
                Kind::Channel => !thread,
                Kind::Thread { .. } => thread,
                Kind::Direct { .. } => false,
            };
            let ids = state.channels.iter().filter(|(_, (_, kind))| fits(kind)).map(|(id, _)| id);
            ids.filter_map(|id| state.described(id)).collect()
        };
        // Discord gives a bot that it lets in with permissions a role of its own.
        let roles = json!([
            { "id": GUILD, "name": "@everyone", "managed": false },
            { "id": BOT_ROLE, "name": "infra", "managed": true, "tags": { "bot_id": BOT_USER } },
        ]);
        let (channels, threads) = (described(false), described(true));
        json!({ "id": GUILD, "name": "Simulated", "channels": channels, "threads": threads, "roles": roles })
    };
    inside.tell("GUILD_CREATE", &guild);
    None
}

fn resumed(inside: &Inside, body: &Value, frames: &mpsc::UnboundedSender<Value>) -> Option<u16> {
    if body["token"] != TOKEN {
        return Some(4_004);
    }
    let seq = body["seq"].as_u64()?;
    {
        let mut state = inside.state();
        let known = state.session.as_mut().filter(|session| body["session_id"] == session.id.as_str());
        let Some(session) = known else {
            let _ = frames.send(json!({ "op": 9, "d": false }));
            return None;
        };
        if seq > session.seq {
            return Some(4_007);
        }
        for (_, frame) in session.told.iter().filter(|(told, _)| *told > seq) {
            let _ = frames.send(frame.clone());
        }
        session.socket = Some(frames.clone());
        state.resumed += 1;
    }
    inside.tell("RESUMED", &json!({}));
    None
}

impl Inside {
    /// Tells the bot an event, now or once it resumes; the event's number, when there is a session.
    pub(super) fn tell(&self, kind: &str, body: &Value) -> Option<u64> {
        let mut state = self.state();
        let forgets = state.forgets;
        let session = state.session.as_mut()?;
        session.seq += 1;
        let mut body = body.clone();
        let direct = body["guild_id"].is_null();
        let named = body["content"].as_str().is_some_and(|text| text.contains(BOT_USER));
        if kind == "MESSAGE_CREATE" && session.intents & MESSAGE_CONTENT == 0 && !direct && !named {
            body["content"] = json!("");
        }
        let frame = json!({ "op": 0, "s": session.seq, "t": kind, "d": body });
        if !forgets {
            session.told.push((session.seq, frame.clone()));
        }
        if let Some(socket) = &session.socket {
            // It may be gone in this moment: then it is told again.
            let _ = socket.send(frame);
        }
        Some(session.seq)
    }

    /// Whether the bot said it has heard this.
    pub(super) fn has_heard(&self, seq: u64) -> bool {
        self.state().session.as_ref().is_some_and(|session| session.heard >= seq)
    }
}
