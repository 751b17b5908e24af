//! Socket Mode: this program opens sockets to Slack, hears over them, and acknowledges on them.
//!
//! The sockets are ours and not slack-morphism's: that one waits a fixed time before it opens one again, whatever Slack asks
//! for, and writes what it hears into its errors, secrets in modals included. Two are open at a time, so that one being
//! renewed leaves no gap; what comes over both is done once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use crate::absence::Absence;
use crate::intake::Intake;
use crate::payload;
use crate::web::WebError;

/// Sockets that are open at a time.
const SOCKETS: u32 = 2;
/// How long after the first the second one is opened.
const STAGGER: Duration = Duration::from_secs(2);
/// How long opening one may take.
const OPENING: Duration = Duration::from_secs(10);
/// How often a sign of life is sent.
const PING: Duration = Duration::from_secs(10);
/// Silence after which a socket is given up.
const SILENCE: Duration = Duration::from_secs(35);
/// First wait after one could not be opened or was lost at once; it doubles with each further one.
const RETRY: Duration = Duration::from_millis(500);
/// Longest such wait.
const RETRY_MAX: Duration = Duration::from_secs(30);
/// A socket that lived this long was a good one: the next wait starts small again.
const GOOD: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Keeps sockets open until told to stop.
pub(crate) async fn listen(intake: Arc<Intake>, absence: Arc<Absence>, stop: CancellationToken) {
    let mut sockets = tokio::task::JoinSet::new();
    for number in 0..SOCKETS {
        sockets.spawn(keep_open(number, Arc::clone(&intake), Arc::clone(&absence), stop.clone()));
    }
    while sockets.join_next().await.is_some() {}
}

async fn keep_open(number: u32, intake: Arc<Intake>, absence: Arc<Absence>, stop: CancellationToken) {
    let mut wait = STAGGER * number;
    let mut retry = RETRY;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
        let (began, mut asked) = (Instant::now(), None);
        match open(&intake).await {
            Ok(socket) => {
                tokio::select! {
                    () = hear(socket, &intake, &absence) => {}
                    () = stop.cancelled() => return,
                }
            }
            Err(Unopened { why, after }) => {
                tracing::warn!(number, why, "a socket to Slack can't be opened, trying again");
                asked = after;
            }
        }
        if began.elapsed() >= GOOD {
            retry = RETRY;
        }
        wait = asked.unwrap_or(retry).max(jitter(retry));
        retry = (retry * 2).min(RETRY_MAX);
    }
}

/// Both sockets are lost at the same moment when Slack is; they don't come back at the same one.
fn jitter(wait: Duration) -> Duration {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    wait.mul_f64(0.75 + f64::from(nanos % 1_000) / 2_000.0)
}

struct Unopened {
    why: String,
    after: Option<Duration>,
}

async fn open(intake: &Intake) -> Result<Socket, Unopened> {
    let url = intake.web.socket_url().await.map_err(|error| Unopened {
        after: match &error {
            WebError::Limited { after_ms: Some(ms), .. } => Some(Duration::from_millis((*ms).max(0) as u64)),
            _ => None,
        },
        why: error.to_string(),
    })?;
    // What an error says may hold the address, and the address is a ticket: only its kind is told.
    match timeout(OPENING, connect_async(&url)).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(_)) => Err(Unopened { why: "the socket's address does not answer".to_owned(), after: None }),
        Err(_) => Err(Unopened { why: "opening took too long".to_owned(), after: None }),
    }
}

/// Hears until the socket ends.
async fn hear(mut socket: Socket, intake: &Arc<Intake>, absence: &Arc<Absence>) {
    let _present = absence.present(intake);
    let mut ping = tokio::time::interval(PING);
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            frame = socket.next() => {
                heard = Instant::now();
                let reply = match frame {
                    Some(Ok(Frame::Text(text))) => match envelope(intake, &text).await {
                        Next::Reply(reply) => reply,
                        Next::Nothing => continue,
                        Next::Renew => break,
                    },
                    Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Binary(_) | Frame::Frame(_))) => continue,
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => break,
                };
                if socket.send(Frame::Text(reply.into())).await.is_err() {
                    break;
                }
            }
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE || socket.send(Frame::Ping(Vec::new().into())).await.is_err() {
                    break;
                }
            }
        }
    }
    // It may be gone already.
    let _ = socket.close(None).await;
}

enum Next {
    Reply(String),
    Nothing,
    Renew,
}

async fn envelope(intake: &Arc<Intake>, text: &str) -> Next {
    let Ok(envelope) = serde_json::from_str::<Value>(text) else {
        tracing::warn!("Slack sent something that is no JSON");
        return Next::Nothing;
    };
    let payload = &envelope["payload"];
    let happened = match envelope["type"].as_str().unwrap_or_default() {
        "disconnect" => return Next::Renew,
        "events_api" => payload::event(payload),
        "slash_commands" => payload::command(payload),
        "interactive" => payload::interaction(payload),
        _ => payload::Happened::Nothing,
    };
    let Some(id) = envelope["envelope_id"].as_str() else { return Next::Nothing };
    match intake.take(happened).await {
        Ok(answer) => {
            let mut reply = json!({ "envelope_id": id });
            if let Some(answer) = answer.filter(|_| envelope["accepts_response_payload"] != json!(false)) {
                reply["payload"] = answer;
            }
            Next::Reply(reply.to_string())
        }
        // Not acknowledged: Slack delivers it again.
        Err(error) => {
            tracing::error!(%error, "what Slack delivered can't be written down");
            Next::Nothing
        }
    }
}
