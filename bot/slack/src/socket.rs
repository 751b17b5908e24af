//! Socket Mode: this program opens sockets to Slack, hears over them, and acknowledges on them.
//!
//! The sockets are ours and not slack-morphism's: that one waits a fixed time before it opens one again, whatever Slack asks
//! for, and writes what it hears into its errors, secrets in modals included. Two are open at a time, so that one being
//! renewed leaves no gap; what comes over both is done once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use crate::absence::present;
use crate::intake::Intake;
use crate::payload::Delivered;
use crate::trouble;
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
/// Wait when a person must mend something first.
const MENDING: Duration = Duration::from_mins(1);
/// A socket that is to be renewed and lived this long is renewed at once.
const RENEWED: Duration = Duration::from_secs(1);
/// How long a socket that is taken away is kept for what came over it.
const LEAVING: Duration = Duration::from_secs(2);
/// A socket that lived this long was a good one: the next wait starts small again.
const GOOD: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Keeps sockets open until told to stop.
pub(crate) async fn listen(intake: Arc<Intake>, stop: CancellationToken) {
    let mut sockets = tokio::task::JoinSet::new();
    for number in 0..SOCKETS {
        sockets.spawn(keep_open(number, Arc::clone(&intake), stop.clone()));
    }
    while sockets.join_next().await.is_some() {}
}

async fn keep_open(number: u32, intake: Arc<Intake>, stop: CancellationToken) {
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
                let ended = tokio::select! {
                    ended = hear(socket, &intake) => ended,
                    () = stop.cancelled() => return,
                };
                // Over another one it goes on.
                if !intake.hearing.is_present() && !matches!(ended, Ended::Renewed) {
                    intake.troubles.lost();
                }
                match ended {
                    // Slack asked for it: nothing is wrong, so nothing is waited for, unless it asks all the time.
                    Ended::Renewed if began.elapsed() >= RENEWED => {
                        (retry, wait) = (RETRY, Duration::ZERO);
                        continue;
                    }
                    Ended::Disabled => {
                        trouble::disabled(&intake);
                        asked = Some(RETRY_MAX);
                    }
                    Ended::Renewed | Ended::Lost if began.elapsed() < RENEWED => {
                        trouble::unheard(&intake, "its sockets end as soon as they are open");
                    }
                    Ended::Renewed | Ended::Lost => {}
                }
            }
            Err(Unopened { why, after }) => {
                tracing::debug!(number, why, "a socket to Slack can't be opened, trying again");
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
    let url = intake.web.socket_url().await.map_err(|error| {
        trouble::unopened(intake, &error);
        let after = match &error {
            WebError::Limited { after_ms: Some(ms), .. } => Some(Duration::from_millis((*ms).max(0) as u64)),
            error if trouble::is_wrong_token(error) => Some(MENDING),
            _ => None,
        };
        Unopened { why: error.to_string(), after }
    })?;
    // What an error says may hold the address, and the address is a ticket: only its kind is told.
    let why = match timeout(OPENING, connect_async(&url)).await {
        Ok(Ok((socket, _))) => return Ok(socket),
        Ok(Err(_)) => "the socket's address does not answer",
        Err(_) => "opening a socket took too long",
    };
    trouble::unheard(intake, why);
    Err(Unopened { why: why.to_owned(), after: None })
}

/// Why a socket ended.
enum Ended {
    /// Slack asked to open another one.
    Renewed,
    /// The app has sockets no more.
    Disabled,
    /// It was lost.
    Lost,
}

/// Hears until the socket ends.
async fn hear(mut socket: Socket, intake: &Arc<Intake>) -> Ended {
    // Slack takes a socket and ends it again when it is not well: only what it says on one shows that it is heard.
    let mut presence = None;
    let mut ping = tokio::time::interval(PING);
    let mut heard = Instant::now();
    let (replying, mut replies) = mpsc::unbounded_channel();
    let mut order = Order::new();
    let ended = loop {
        let reply = tokio::select! {
            frame = socket.next() => {
                heard = Instant::now();
                let next = match frame {
                    Some(Ok(Frame::Text(text))) => envelope(intake, text.as_str(), &replying, &mut order),
                    Some(Ok(Frame::Binary(bytes))) => {
                        envelope(intake, &String::from_utf8_lossy(&bytes), &replying, &mut order)
                    }
                    Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => continue,
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => break Ended::Lost,
                };
                if let Next::End(ended) = next {
                    break ended;
                }
                presence.get_or_insert_with(|| {
                    trouble::heard(intake);
                    present(intake)
                });
                continue;
            }
            Some(reply) = replies.recv() => reply,
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE || socket.send(Frame::Ping(Vec::new().into())).await.is_err() {
                    break Ended::Lost;
                }
                continue;
            }
        };
        if socket.send(Frame::Text(reply.into())).await.is_err() {
            break Ended::Lost;
        }
    };
    if matches!(ended, Ended::Renewed) {
        drop(replying);
        acknowledge_rest(&mut socket, &mut replies).await;
    }
    // It may be gone already.
    let _ = socket.close(None).await;
    ended
}

/// Slack takes this socket away. What came over it and is being written down is acknowledged while there is time.
async fn acknowledge_rest(socket: &mut Socket, replies: &mut mpsc::UnboundedReceiver<String>) {
    let acknowledging = async {
        while let Some(reply) = replies.recv().await {
            if socket.send(Frame::Text(reply.into())).await.is_err() {
                return;
            }
        }
    };
    // What is left Slack delivers again.
    let _ = timeout(LEAVING, acknowledging).await;
}

enum Next {
    Nothing,
    End(Ended),
}

/// By channel, what ends when the newest thing that was heard there is written down.
type Order = HashMap<String, oneshot::Receiver<()>>;

fn envelope(
    intake: &Arc<Intake>,
    text: &str,
    replies: &mpsc::UnboundedSender<String>,
    order: &mut Order,
) -> Next {
    let Ok(envelope) = serde_json::from_str::<Value>(text) else {
        tracing::warn!("Slack sent something that is no JSON");
        return Next::Nothing;
    };
    let payload = &envelope["payload"];
    let id = envelope["envelope_id"].as_str().unwrap_or_default().to_owned();
    let delivered = match envelope["type"].as_str().unwrap_or_default() {
        "disconnect" if envelope["reason"] == "link_disabled" => return Next::End(Ended::Disabled),
        "disconnect" => return Next::End(Ended::Renewed),
        "events_api" => Delivered::event(payload),
        "slash_commands" => Delivered::command(payload, &id),
        "interactive" => Delivered::interaction(payload, &id),
        _ => Delivered::nothing(),
    };
    if id.is_empty() {
        return Next::Nothing;
    }
    let answerable = envelope["accepts_response_payload"] != false;
    // What comes at once is written down at once: the database takes many writes in the time of one. Within a channel each
    // waits for the one before.
    let (done, behind) = oneshot::channel::<()>();
    let before = delivered.happened.channel().and_then(|channel| order.insert(channel.to_owned(), behind));
    let (intake, replies) = (Arc::clone(intake), replies.clone());
    tokio::spawn(async move {
        if let Some(before) = before {
            // It ends by being dropped.
            let _ = before.await;
        }
        if let Some(reply) = taken(&intake, delivered, &id, answerable).await {
            // The socket may be gone; then it comes again on another one.
            let _ = replies.send(reply);
        }
        drop(done);
    });
    Next::Nothing
}

/// Takes in what happened; the acknowledgement. Without one Slack delivers it again.
async fn taken(intake: &Arc<Intake>, delivered: Delivered, id: &str, answerable: bool) -> Option<String> {
    match intake.take(delivered).await {
        Ok(answer) => {
            let mut reply = json!({ "envelope_id": id });
            if let Some(answer) = answer.filter(|_| answerable) {
                reply["payload"] = answer;
            }
            Some(reply.to_string())
        }
        Err(_) => None,
    }
}
