//! A Discord of somebody else's: another order of frames, other forms of numbers, answers without numbers or bodies, pages of
//! what stands between. Each story drives the socket by hand.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use chat::Listener;
use discord::{Discord, Settings};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_async};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::harness::{Chat, chat, good};

/// The bot's user there.
const BOT: &str = "77";
/// A channel of which it says nothing.
const CHANNEL: &str = "4242";
/// Longest wait for something the bot does.
const SOON: Duration = Duration::from_secs(20);

/// What an answer is, besides the usual one.
type Answer = (StatusCode, &'static str, &'static str);

#[derive(Default)]
struct Rest {
    calls: Mutex<Vec<(Method, String, String)>>,
    /// Answers to the next calls whose path ends like this.
    next: Mutex<VecDeque<(&'static str, Answer)>>,
    called: watch::Sender<usize>,
    /// Calls that look at a channel wait for it.
    looks: Notify,
}

impl Rest {
    fn calls(&self, method: &Method, path: &str) -> Vec<String> {
        let calls = self.calls.lock().unwrap();
        let fits = calls.iter().filter(|(called, at, _)| called == method && at.ends_with(path));
        fits.map(|(_, _, body)| body.clone()).collect()
    }

    fn answers(&self, path: &'static str, answer: Answer) {
        self.next.lock().unwrap().push_back((path, answer));
    }

    async fn until_called(&self, method: &Method, path: &str, times: usize) {
        let mut called = self.called.subscribe();
        let all = async {
            while self.calls(method, path).len() < times {
                called.changed().await.unwrap();
            }
        };
        timeout(SOON, all)
            .await
            .unwrap_or_else(|_| panic!("{method} {path}: {:#?}", self.calls.lock().unwrap()));
    }
}

/// It, and the bot connected to it.
struct Foreign {
    rest: Arc<Rest>,
    gateway: TcpListener,
    discord: Arc<Discord>,
    listener: Listener,
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

async fn answered(rest: Arc<Rest>, gateway: String, method: Method, uri: Uri, body: Bytes) -> Response {
    let (path, body) = (uri.path().to_owned(), String::from_utf8_lossy(&body).into_owned());
    let number = {
        let mut calls = rest.calls.lock().unwrap();
        calls.push((method.clone(), path.clone(), body));
        calls.len()
    };
    rest.called.send_modify(|count| *count += 1);
    if path.ends_with(&format!("/channels/{CHANNEL}")) {
        rest.looks.notified().await;
        return StatusCode::NOT_FOUND.into_response();
    }
    let given = {
        let mut next = rest.next.lock().unwrap();
        let at = next.iter().position(|(ending, _)| path.ends_with(ending));
        at.and_then(|at| next.remove(at))
    };
    if let Some((_, (status, kind, body))) = given {
        return (status, [("content-type", kind), ("retry-after", "0")], body).into_response();
    }
    match (method, path.as_str()) {
        // It has no session limits, and knows the plain address alone.
        (Method::GET, "/api/v10/gateway") => packed(&json!({ "url": gateway })),
        (Method::GET, "/api/v10/gateway/bot") => StatusCode::NOT_FOUND.into_response(),
        (Method::POST, _) if path.ends_with("/messages") => {
            packed(&json!({ "id": number.to_string(), "of_tomorrow": [] }))
        }
        (Method::PUT, _) => axum::Json(json!([])).into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

impl Foreign {
    async fn open(t: &Chat) -> Self {
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/socket/?of=tomorrow", gateway.local_addr().unwrap());
        let api_base = discord::api_base(&format!("http://{}/", api.local_addr().unwrap())).unwrap();
        let rest = Arc::new(Rest::default());
        let asked = Arc::clone(&rest);
        let app = Router::new().fallback(move |method: Method, uri: Uri, body: Bytes| {
            answered(Arc::clone(&asked), url.clone(), method, uri, body)
        });
        tokio::spawn(async move { axum::serve(api, app).await });
        let settings = Settings {
            api_base,
            token: "a.token".into(),
            channels: discord::channels("").unwrap(),
            roles: discord::roles("").unwrap(),
            strangers: Some(engine::model::Role::Deployer),
        };
        let discord = Arc::new(Discord::open(t.engine(), settings).await.unwrap());
        let stop = CancellationToken::new();
        let listening = (Arc::clone(&discord), stop.clone());
        tokio::spawn(async move { listening.0.listen(listening.1).await });
        Self { rest, gateway, listener: discord.listener(), discord, _stop: stop.drop_guard() }
    }

    /// The bot's next connection.
    async fn socket(&self) -> Socket {
        let (stream, _) = timeout(SOON, self.gateway.accept()).await.unwrap().unwrap();
        accept_async(stream).await.unwrap()
    }

    /// The same, past its beginning; with what the bot began with.
    async fn session(&self, beat_ms: f64) -> (Socket, Value) {
        let mut socket = self.socket().await;
        says(&mut socket, &json!({ "op": 10, "d": { "heartbeat_interval": beat_ms, "_trace": ["x"] } }))
            .await;
        let begun = heard(&mut socket).await;
        if begun["op"] == 2 {
            says(&mut socket, &ready()).await;
        }
        (socket, begun)
    }
}

fn ready() -> Value {
    json!({ "op": 0, "s": 1, "t": "READY", "d": {
        "v": 10, "user": { "id": BOT, "bot": true, "of_tomorrow": 1 }, "session_id": "s-1", "shard": [0, 1],
        "guilds": [{ "id": "9", "unavailable": true }], "application": { "id": "78", "flags": 0 },
    } })
}

async fn says(socket: &mut Socket, frame: &Value) {
    socket.send(Frame::Text(frame.to_string().into())).await.unwrap();
}

/// What the bot says next.
async fn heard(socket: &mut Socket) -> Value {
    loop {
        match timeout(SOON, socket.next()).await.expect("the bot says something").unwrap().unwrap() {
            Frame::Text(text) => return serde_json::from_str(&text).unwrap(),
            Frame::Close(frame) => panic!("the bot closes: {frame:?}"),
            _ => {}
        }
    }
}

/// The code with which the bot ends the socket.
async fn closed(socket: &mut Socket) -> u16 {
    loop {
        match timeout(SOON, socket.next()).await.expect("the bot ends the socket") {
            Some(Ok(Frame::Close(frame))) => return frame.map_or(1_005, |frame| u16::from(frame.code)),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return 1_006,
        }
    }
}

#[test]
fn a_gateway_that_speaks_otherwise_is_understood_and_a_heartbeat_is_answered_at_once() {
    chat(async |t| {
        let foreign = Foreign::open(t).await;
        let mut socket = foreign.socket().await;
        socket.send(Frame::Ping(Vec::new().into())).await.unwrap();
        says(&mut socket, &json!({ "op": 99, "d": "of tomorrow" })).await;
        let hello = json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": 600_000.5 } });
        socket.send(Frame::Binary(hello.to_string().into_bytes().into())).await.unwrap();
        let identify = heard(&mut socket).await;
        assert_eq!((identify["op"].as_u64(), identify["d"]["token"].as_str()), (Some(2), Some("a.token")));
        says(&mut socket, &ready()).await;
        says(&mut socket, &json!({ "op": 0, "s": 2, "t": "OF_TOMORROW", "d": null })).await;
        // The channel is asked about, and the answer takes its time.
        says(&mut socket, &json!({ "op": 0, "s": 3, "t": "MESSAGE_CREATE", "d": {
            "id": "5001", "channel_id": CHANNEL, "guild_id": "9", "content": format!("<@!{BOT}> whoami"), "type": 0,
            "author": { "id": "501", "username": "ana", "clan": null }, "mentions": [{ "id": BOT }], "flags": 1_u64 << 40,
        } })).await;
        foreign.rest.until_called(&Method::GET, &format!("/channels/{CHANNEL}"), 1).await;
        says(&mut socket, &json!({ "op": 1, "d": null })).await;
        let beat = heard(&mut socket).await;
        assert_eq!(
            (beat["op"].as_u64(), beat["d"].as_u64()),
            (Some(1), Some(2)),
            "the message is not heard yet"
        );
        foreign.rest.looks.notify_one();
        let beat = heard(&mut socket).await;
        assert_eq!((beat["op"].as_u64(), beat["d"].as_u64()), (Some(1), Some(3)), "it is told once it is");

        // Pages of what stands between, and then an answer.
        foreign.rest.answers("/messages", (StatusCode::BAD_GATEWAY, "text/html", "<html>502</html>"));
        foreign.rest.answers("/messages", (StatusCode::TOO_MANY_REQUESTS, "text/html", "<html>1015</html>"));
        foreign.rest.answers("/messages", (StatusCode::BAD_REQUEST, "text/html", "<html>400</html>"));
        assert!(foreign.listener.pass().await.unwrap());
        let mut courier = foreign.discord.courier();
        let mut now_ms = t.engine().now_ms();
        while let Some(due_ms) = courier.pass(now_ms).await.unwrap().due_ms {
            now_ms = now_ms.max(due_ms);
            tokio::task::yield_now().await;
        }
        // Between two tries it is looked whether the first one arrived, and that meets such pages too.
        let posts = foreign.rest.calls(&Method::POST, &format!("/channels/{CHANNEL}/messages"));
        assert!(posts.len() >= 2 && posts.iter().all(|post| post.contains("whoami")), "{posts:#?}");
        assert!(foreign.rest.next.lock().unwrap().is_empty(), "none of them is the end of it");
    });
}

#[test]
fn a_connection_whose_heartbeats_are_not_answered_is_given_up_and_resumed() {
    chat(async |t| {
        let foreign = Foreign::open(t).await;
        let (mut socket, begun) = foreign.session(40.0).await;
        assert_eq!(begun["op"], 2);
        assert_eq!(heard(&mut socket).await["op"], 1);
        let code = closed(&mut socket).await;
        assert!(code != 1_000 && code != 1_001, "that would end the session: {code}");
        let (_socket, begun) = foreign.session(600_000.0).await;
        assert_eq!(begun["op"], 6);
        assert_eq!((begun["d"]["session_id"].as_str(), begun["d"]["seq"].as_u64()), (Some("s-1"), Some(1)));
    });
}

#[test]
fn a_session_goes_on_where_it_may_and_begins_anew_where_not() {
    chat(async |t| {
        let foreign = Foreign::open(t).await;
        let (mut socket, _) = foreign.session(600_000.0).await;
        says(&mut socket, &json!({ "op": 7, "d": null })).await;
        closed(&mut socket).await;
        let (mut socket, begun) = foreign.session(600_000.0).await;
        assert_eq!(begun["op"], 6, "asked to connect again, it resumes");
        says(&mut socket, &json!({ "op": 0, "s": 2, "t": "RESUMED", "d": {} })).await;
        says(&mut socket, &json!({ "op": 9, "d": true })).await;
        let (mut socket, begun) = foreign.session(600_000.0).await;
        assert_eq!((begun["op"].as_u64(), begun["d"]["seq"].as_u64()), (Some(6), Some(2)), "it may go on");
        says(&mut socket, &json!({ "op": 0, "s": 3, "t": "RESUMED", "d": {} })).await;
        let code = 4_009.into();
        socket.close(Some(CloseFrame { code, reason: "Session timed out".into() })).await.unwrap();
        let (_socket, begun) = foreign.session(600_000.0).await;
        assert_eq!(begun["op"], 2, "the session is over");
    });
}

#[test]
fn a_click_is_written_down_before_it_is_acknowledged_and_not_done_where_it_failed() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let foreign = Foreign::open(t).await;
        let (mut socket, _) = foreign.session(600_000.0).await;
        let clicked = |id: &str| {
            json!({ "op": 0, "s": 2, "t": "INTERACTION_CREATE", "d": {
                "id": id, "application_id": "78", "type": 3, "token": format!("right-{id}"), "version": 1,
                "guild_id": "9", "channel_id": "11", "channel": { "id": "11", "type": 0 }, "entitlements": [],
                "member": { "user": { "id": "501" }, "roles": [], "permissions": "0" },
                "data": { "custom_id": "say/1/whoami", "component_type": 2 },
                "message": { "id": "5002", "flags": 0, "embeds": [] },
            } })
        };
        // Whoever takes the acknowledgement finds it written down, and not handled by who does not know that yet.
        foreign.rest.answers("/callback", (StatusCode::OK, "application/json", "{}"));
        says(&mut socket, &clicked("6001")).await;
        foreign.rest.until_called(&Method::POST, "/6001/right-6001/callback", 1).await;
        let waiting = t.engine().store().inbox_list("discord", 10).await.unwrap();
        assert_eq!(waiting.len(), 1, "{:?}", foreign.rest.calls.lock().unwrap());
        foreign.discord.rest().await;
        assert!(foreign.listener.pass().await.unwrap());

        foreign.rest.answers("/callback", (StatusCode::NOT_FOUND, "text/plain", ""));
        says(&mut socket, &clicked("6002")).await;
        foreign.rest.until_called(&Method::POST, "/6002/right-6002/callback", 1).await;
        foreign.discord.rest().await;
        assert!(!foreign.listener.pass().await.unwrap(), "they saw it fail");
    });
}
