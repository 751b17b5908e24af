//! The gateway: one socket over which Discord tells what happens.
//!
//! What is heard counts as heard once it is written down: a socket that is lost before that is resumed from there, and
//! Discord tells again. The socket is ours and not serenity's: that one dials Discord's real address when the configured one
//! does not answer, resumes where it was told not to, and drops what it can't parse.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message as Frame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use crate::absence::present;
use crate::hearing::Hearing;
use crate::intake::Intake;
use crate::payload::{Told, list, text};
use crate::session::{End, Session, after_close, dialled};
use crate::trouble;
use crate::web::WebError;

/// What is asked to be told: servers and their threads, messages in them and between two, and what is in the messages.
const INTENTS: u64 = 1 | 1 << 9 | 1 << 12 | MESSAGE_CONTENT;
/// The one intent a person has to switch on.
const MESSAGE_CONTENT: u64 = 1 << 15;
/// How long opening one may take.
const OPENING: Duration = Duration::from_secs(10);
/// How long Discord may take to say hello.
const HELLO: Duration = Duration::from_secs(10);
/// Longest time between two signs of life, whatever Discord says: further ahead no clock goes.
const BEAT_MAX: Duration = Duration::from_mins(10);
/// First wait after one could not be opened or was lost at once; it doubles with each further one.
const RETRY: Duration = Duration::from_millis(500);
/// Longest such wait.
const RETRY_MAX: Duration = Duration::from_secs(30);
/// Wait when a person must mend something first.
const MENDING: Duration = Duration::from_mins(1);
/// A socket that lived this long was a good one: the next wait starts small again.
const GOOD: Duration = Duration::from_secs(20);
/// Sockets over which nothing was told before a session is given up with its address.
const LOST_MAX: u32 = 3;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What is known between two sockets.
struct State {
    session: Option<Session>,
    /// Where Discord said its gateway is.
    gateway: Option<String>,
    /// What the next session asks for. All of it, unless Discord has just said no to that.
    intents: u64,
    /// The session was let read messages.
    readable: bool,
    /// Discord says that the next one will be.
    switched_on: Arc<Notify>,
    /// Sockets over which nothing was told, one after the other.
    lost: u32,
    /// Something is told over the one that is open.
    heard: bool,
}

impl State {
    fn is_heard(&mut self, intake: &Arc<Intake>, resumed: bool) {
        trouble::heard(&intake.troubles, self.readable);
        if !std::mem::replace(&mut self.heard, true) {
            present(intake, resumed);
        }
    }
}

/// Keeps a socket open until told to stop.
pub(crate) async fn listen(intake: Arc<Intake>, stop: CancellationToken) {
    let mut state = State {
        session: None,
        gateway: None,
        intents: INTENTS,
        readable: true,
        switched_on: Arc::default(),
        lost: 0,
        heard: false,
    };
    let (mut wait, mut retry) = (Duration::ZERO, RETRY);
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
        let began = Instant::now();
        let end = tokio::select! {
            end = one_socket(&intake, &mut state) => end,
            () = stop.cancelled() => return,
        };
        if std::mem::take(&mut state.heard) {
            state.lost = 0;
            intake.hearing.closed();
            // Discord asks for a new socket now and then, and the session goes on over it.
            if !matches!(end, End::Resume) {
                intake.troubles.lost();
            }
        } else {
            state.lost += 1;
        }
        if state.lost >= LOST_MAX {
            state.session = None;
            trouble::lost(&intake.troubles);
        }
        if began.elapsed() >= GOOD {
            retry = RETRY;
        }
        wait = jitter(retry);
        retry = (retry * 2).min(RETRY_MAX);
        match end {
            End::Resume => {}
            End::Anew => state.session = None,
            End::Wait(asked) => wait = wait.max(asked),
            End::Unreadable => {
                trouble::unreadable(&intake.troubles);
                state.session = None;
                state.intents = INTENTS & !MESSAGE_CONTENT;
            }
            End::Refused(code) => {
                trouble::refused(&intake.troubles, code);
                state.session = None;
                wait = MENDING;
            }
        }
    }
}

/// Many bots lose their sockets at the same moment; they don't come back at the same one.
fn jitter(wait: Duration) -> Duration {
    wait.mul_f64(0.75 + random() / 2.0)
}

/// From 0 to 1.
fn random() -> f64 {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    f64::from(nanos % 1_000) / 1_000.0
}

async fn one_socket(intake: &Arc<Intake>, state: &mut State) -> End {
    let url = match where_to(intake, state).await {
        Ok(url) => url,
        Err(end) => return end,
    };
    let mut socket = match timeout(OPENING, connect_async(&url)).await {
        Ok(Ok((socket, _))) => socket,
        opened => {
            tracing::debug!(
                took_long = opened.is_err(),
                "the gateway's address does not answer, trying again"
            );
            trouble::no_gateway(&intake.troubles);
            return End::Resume;
        }
    };
    let end = Box::pin(hear(&mut socket, intake, state)).await;
    // Closing with a code of its own keeps the session; it may be gone already.
    let code = CloseCode::Library(4_000);
    let _ = socket.close(Some(CloseFrame { code, reason: "".into() })).await;
    end
}

/// Where the next socket goes. Without an answer there is none.
async fn where_to(intake: &Intake, state: &mut State) -> Result<String, End> {
    if let Some(session) = &state.session {
        return Ok(session.url.clone());
    }
    match intake.web.gateway().await {
        Ok(gateway) if gateway.wait_ms > 0 => {
            tracing::warn!(wait_ms = gateway.wait_ms, "Discord lets no more sessions begin for a while");
            Err(End::Wait(Duration::from_millis(gateway.wait_ms as u64)))
        }
        Ok(gateway) => Ok(dialled(state.gateway.insert(gateway.url))),
        Err(error) => {
            trouble::unreached(&intake.troubles, &error);
            match error {
                WebError::Limited { after_ms, .. } => {
                    Err(End::Wait(Duration::from_millis(after_ms.max(0) as u64)))
                }
                error if trouble::is_wrong_token(&error) => Err(End::Wait(MENDING)),
                WebError::Refused { .. } | WebError::Unanswered { .. } => Err(End::Resume),
            }
        }
    }
}

/// Hears until the socket ends.
async fn hear(socket: &mut Socket, intake: &Arc<Intake>, state: &mut State) -> End {
    let every = match timeout(HELLO, hello(socket)).await {
        Ok(Ok(every)) => every,
        Ok(Err(end)) => return end,
        Err(_) => return End::Resume,
    };
    let token = intake.settings.token.expose_secret();
    let opening = if let Some(session) = &state.session {
        json!({ "op": 6, "d": { "token": token, "session_id": session.id, "seq": session.seq } })
    } else {
        let intents = std::mem::replace(&mut state.intents, INTENTS);
        state.readable = intents & MESSAGE_CONTENT != 0;
        json!({
            "op": 2,
            "d": {
                "token": token, "intents": intents,
                "properties": { "os": std::env::consts::OS, "browser": "infra-chat", "device": "infra-chat" },
            },
        })
    };
    if send(socket, &opening).await.is_err() {
        return End::Resume;
    }
    let mut beat = tokio::time::interval_at(Instant::now() + every.mul_f64(random()), every);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut answered = true;
    let mut hearing = Hearing::after(state.session.as_ref().map_or(0, |session| session.seq));
    let switched_on = Arc::clone(&state.switched_on);
    loop {
        let frame = tokio::select! {
            frame = socket.next(), if !hearing.is_full() => frame,
            written = hearing.written(intake) => {
                if intake.writes(written).is_err() {
                    // Not heard: it is told again once the socket is resumed.
                    return End::Resume;
                }
                if hears(socket, state, &mut hearing).await.is_err() {
                    return End::Resume;
                }
                continue;
            }
            _ = beat.tick() => {
                // No answer to the last one: the other end is gone, whatever the network says.
                if !answered || heartbeat(socket, state).await.is_err() {
                    return End::Resume;
                }
                answered = false;
                if !state.readable {
                    look_at_switch(intake, &state.switched_on);
                }
                continue;
            }
            () = switched_on.notified() => return End::Anew,
        };
        let frame = match read(frame) {
            Ok(Some(frame)) => frame,
            Ok(None) => continue,
            Err(end) => return end,
        };
        match frame["op"].as_u64() {
            Some(0) => dispatch(intake, state, &mut hearing, frame),
            Some(1) => {
                hearing.asked();
                if heartbeat(socket, state).await.is_err() {
                    return End::Resume;
                }
            }
            Some(7) => return End::Resume,
            Some(9) if frame["d"] == true => return End::Resume,
            Some(9) => {
                state.session = None;
                // Discord asks for one to five seconds.
                return End::Wait(Duration::from_secs(1) + Duration::from_secs(4).mul_f64(random()));
            }
            Some(11) => answered = true,
            _ => {}
        }
    }
}

/// Looks beside listening whether somebody has let the bot read messages by now.
fn look_at_switch(intake: &Arc<Intake>, switched_on: &Arc<Notify>) {
    let switched_on = Arc::clone(switched_on);
    intake.later(|intake| async move {
        match intake.web.may_read_messages().await {
            Ok(true) => switched_on.notify_one(),
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "whether messages may be read is not said"),
        }
    });
}

/// How often a sign of life is wanted; the end when the socket ends before that is said.
async fn hello(socket: &mut Socket) -> Result<Duration, End> {
    loop {
        let Some(frame) = read(socket.next().await)? else { continue };
        let ms = frame["d"]["heartbeat_interval"].as_f64().unwrap_or_default();
        if frame["op"] == 10 && ms >= 1.0 {
            return Ok(Duration::from_millis(ms as u64).min(BEAT_MAX));
        }
    }
}

/// What a frame says; nothing when it is none of Discord's. An error when the socket ends.
fn read(frame: Option<Result<Frame, tungstenite::Error>>) -> Result<Option<Value>, End> {
    let said = match frame {
        Some(Ok(Frame::Text(said))) => serde_json::from_str(&said),
        Some(Ok(Frame::Binary(said))) => serde_json::from_slice(&said),
        Some(Ok(Frame::Close(frame))) => return Err(after_close(frame.map(|frame| u16::from(frame.code)))),
        Some(Ok(_)) => return Ok(None),
        Some(Err(_)) | None => return Err(End::Resume),
    };
    if said.is_err() {
        tracing::warn!("Discord sent something that is no JSON");
    }
    Ok(said.ok())
}

fn dispatch(intake: &Arc<Intake>, state: &mut State, hearing: &mut Hearing, mut frame: Value) {
    let body = frame["d"].take();
    if let Some(seq) = frame["s"].as_u64() {
        hearing.told(seq);
    }
    match frame["t"].as_str().unwrap_or_default() {
        "READY" => {
            let (id, url) = (text(&body, "session_id"), text(&body, "resume_gateway_url"));
            state.session = Some(Session::begun(id, &url, state.gateway.as_deref()));
            intake.ready(&body);
            let servers = list(&body["guilds"]).count();
            let on = if servers == 1 { "1 server".to_owned() } else { format!("{servers} servers") };
            intake.troubles.connected(&format!("{} on {on}", text(&body["user"], "username")));
            state.is_heard(intake, false);
        }
        "RESUMED" => state.is_heard(intake, true),
        kind => match Told::of(kind) {
            Some(told) => hearing.message(intake, told, body),
            None => intake.take_now(kind, &body),
        },
    }
    if let Some(session) = &mut state.session {
        session.seq = hearing.heard();
    }
}

/// Takes note of how far the bot is, and tells it where that was asked.
async fn hears(socket: &mut Socket, state: &mut State, hearing: &mut Hearing) -> Result<(), ()> {
    if let Some(session) = &mut state.session {
        session.seq = hearing.heard();
    }
    if hearing.answers() { heartbeat(socket, state).await } else { Ok(()) }
}

async fn heartbeat(socket: &mut Socket, state: &State) -> Result<(), ()> {
    let seq = state.session.as_ref().map(|session| session.seq);
    send(socket, &json!({ "op": 1, "d": seq })).await
}

async fn send(socket: &mut Socket, frame: &Value) -> Result<(), ()> {
    // What an error says may hold the token: only that there is one counts.
    socket.send(Frame::Text(frame.to_string().into())).await.map_err(|_| ())
}
