//! A Slack of somebody else's: its own clock, other forms of frames, words of trouble nobody has heard of. Each story drives the
//! sockets by hand.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use slack::{Settings, Slack};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{WebSocketStream, accept_async};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::harness::{Chat, chat};
use crate::stage::settings;

/// Longest wait for something the bot does.
const SOON: Duration = Duration::from_secs(20);
/// What its clock says: it is years behind ours.
const THEIR_TIME_S: u64 = 1_700_000_000;

#[derive(Default)]
struct Web {
    calls: Mutex<Vec<(String, Value)>>,
    /// Answers to the next calls of a method.
    next: Mutex<VecDeque<(&'static str, StatusCode, &'static str)>>,
}

/// It, and the bot connected to it.
struct Foreign {
    web: Arc<Web>,
    gateway: TcpListener,
    slack: Arc<Slack>,
    _stop: DropGuard,
}

type Socket = WebSocketStream<TcpStream>;

/// An answer as a proxy in between may give it: packed, in pieces, and nobody says how long it is.
fn packed(answer: &Value) -> Response {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(answer.to_string().as_bytes()).unwrap();
    let whole = encoder.finish().unwrap();
    let (one, other) = whole.split_at(whole.len() / 2);
    let pieces = [one, other].map(|piece| Ok::<_, std::convert::Infallible>(Bytes::copy_from_slice(piece)));
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    ([("content-type", "application/json"), ("content-encoding", "gzip")], body).into_response()
}

fn answered(web: &Web, gateway: &str, uri: &Uri, body: &Bytes) -> Response {
    let method = uri.path().rsplit('/').next().unwrap_or_default().to_owned();
    let number = {
        let mut calls = web.calls.lock().unwrap();
        calls.push((method.clone(), serde_json::from_slice(body).unwrap_or_default()));
        calls.len()
    };
    let given = {
        let mut next = web.next.lock().unwrap();
        let at = next.iter().position(|(of, ..)| *of == method);
        at.and_then(|at| next.remove(at))
    };
    if let Some((_, status, body)) = given {
        return (status, body).into_response();
    }
    let answer = match method.as_str() {
        "auth.test" => {
            json!({ "ok": true, "user_id": "U0THEIRS", "bot_id": "B0THEIRS", "enterprise_id": "E1" })
        }
        "apps.connections.open" => json!({ "ok": true, "url": gateway }),
        "conversations.history" | "conversations.replies" => json!({ "ok": true, "messages": [] }),
        _ => {
            json!({ "ok": true, "ts": format!("{THEIR_TIME_S}.{number:06}"), "warning": "superfluous_charset" })
        }
    };
    packed(&answer)
}

impl Foreign {
    async fn open(t: &Chat) -> Self {
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/link/?ticket=1&app_id=A1", gateway.local_addr().unwrap());
        let web = Arc::new(Web::default());
        let api_base = format!("http://{}/of/theirs", api.local_addr().unwrap());
        let asked = Arc::clone(&web);
        let app = Router::new().fallback(move |uri: Uri, body: Bytes| {
            let answer = answered(&asked, &url, &uri, &body);
            async move { answer }
        });
        tokio::spawn(async move { axum::serve(api, app).await });
        let settings = Settings {
            api_base,
            strangers: Some(engine::model::Role::Viewer),
            channels: slack::channels("C0THEIRS").unwrap(),
            ..settings(&t.stage.sim)
        };
        let slack = Arc::new(Slack::open(t.engine(), settings).await.unwrap());
        let stop = CancellationToken::new();
        let listening = (Arc::clone(&slack), stop.clone());
        tokio::spawn(async move { listening.0.listen(listening.1).await });
        Self { web, gateway, slack, _stop: stop.drop_guard() }
    }

    /// The bot's next socket, greeted.
    async fn socket(&self) -> Socket {
        let (stream, _) = timeout(SOON, self.gateway.accept()).await.unwrap().unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        says(&mut socket, &json!({ "type": "hello", "of_tomorrow": [1], "num_connections": 9 })).await;
        socket
    }

    fn calls(&self, method: &str) -> Vec<Value> {
        let calls = self.web.calls.lock().unwrap();
        calls.iter().filter(|(called, _)| called == method).map(|(_, body)| body.clone()).collect()
    }

    /// Everything that waits is answered and shown.
    async fn shows(&self, t: &Chat) {
        let (listener, mut courier) = (self.slack.listener(), self.slack.courier());
        let mut now_ms = t.engine().now_ms();
        loop {
            let heard = listener.pass().await.unwrap();
            let carried = courier.pass(now_ms).await.unwrap();
            match carried.due_ms {
                Some(due_ms) => now_ms = now_ms.max(due_ms),
                None if !heard => return,
                None => {}
            }
        }
    }
}

async fn says(socket: &mut Socket, frame: &Value) {
    socket.send(Frame::Text(frame.to_string().into())).await.unwrap();
}

/// What the bot says next; nothing when it ends the socket.
async fn heard(socket: &mut Socket) -> Option<Value> {
    loop {
        match timeout(SOON, socket.next()).await.expect("the bot says something") {
            Some(Ok(Frame::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
            Some(Ok(Frame::Close(_)) | Err(_)) | None => return None,
            Some(Ok(_)) => {}
        }
    }
}

/// Somebody of another company says something, at their time.
fn said(envelope: &str, number: u32, text: &str) -> Value {
    let ts = format!("{THEIR_TIME_S}.{number:06}");
    json!({
        "envelope_id": envelope, "type": "events_api", "retry_attempt": 0, "retry_reason": "", "of_tomorrow": {},
        "payload": {
            "type": "event_callback", "team_id": "T1", "context_enterprise_id": "E1", "is_ext_shared_channel": true,
            "event_id": format!("Ev{number}"), "event_time": THEIR_TIME_S,
            "event": {
                "type": "app_mention", "user": "W0OTHER", "source_team": "T2", "user_team": "T2", "bot_profile": null,
                "channel": "C0THEIRS", "text": text, "ts": ts, "event_ts": ts, "files": null, "blocks": [],
            },
        },
    })
}

#[test]
fn what_is_told_otherwise_and_by_another_clock_is_heard_once() {
    chat(async |t| {
        let foreign = Foreign::open(t).await;
        let mut one = foreign.socket().await;
        let mut other = foreign.socket().await;
        says(&mut one, &json!({ "type": "of_tomorrow", "envelope_id": "e-0" })).await;
        assert_eq!(heard(&mut one).await.unwrap()["envelope_id"], "e-0", "what is not known is acknowledged");
        says(&mut one, &json!({ "type": "events_api", "envelope_id": "e-1" })).await;
        assert_eq!(
            heard(&mut one).await.unwrap()["envelope_id"],
            "e-1",
            "so is an envelope with nothing in it"
        );
        // The same envelope comes over both, as text and as bytes.
        let envelope = said("e-2", 2, "<@U0THEIRS|infra> whoami");
        says(&mut one, &envelope).await;
        other.send(Frame::Binary(envelope.to_string().into_bytes().into())).await.unwrap();
        assert_eq!(heard(&mut one).await.unwrap()["envelope_id"], "e-2");
        assert_eq!(heard(&mut other).await.unwrap()["envelope_id"], "e-2");

        let trouble = r#"{"ok":false,"error":"of_tomorrow"}"#;
        foreign.web.next.lock().unwrap().extend([
            ("chat.postMessage", StatusCode::SERVICE_UNAVAILABLE, trouble),
            ("chat.postMessage", StatusCode::TOO_MANY_REQUESTS, "<html>slow down</html>"),
            ("chat.postMessage", StatusCode::OK, ""),
        ]);
        foreign.shows(t).await;
        let posts = foreign.calls("chat.postMessage");
        assert_eq!(posts.len(), 4, "it is said until it is taken: {posts:#?}");
        assert_eq!(posts[3]["thread_ts"], format!("{THEIR_TIME_S}.000002"));
    });
}

#[test]
fn what_came_before_a_socket_is_taken_away_is_acknowledged_on_it() {
    chat(async |t| {
        let foreign = Foreign::open(t).await;
        for reason in ["warning", "refresh_requested", "too_many_websockets", "of_tomorrow"] {
            let mut socket = foreign.socket().await;
            says(&mut socket, &said(&format!("e-{reason}"), 1, "<@U0THEIRS> whoami")).await;
            says(&mut socket, &json!({ "type": "disconnect", "reason": reason, "debug_info": null })).await;
            let acknowledged = heard(&mut socket).await;
            assert_eq!(acknowledged.unwrap()["envelope_id"], format!("e-{reason}"));
            assert_eq!(heard(&mut socket).await, None, "and then another one is opened");
        }
        assert_eq!(t.engine().store().inbox_list("slack", 10).await.unwrap().len(), 1);
        foreign.shows(t).await;
        assert_eq!(foreign.calls("chat.postMessage").len(), 1);
    });
}
