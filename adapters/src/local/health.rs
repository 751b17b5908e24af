//! Asking one instance how it is, over plain HTTP on this machine.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long an answer may take, to begin with.
const CHECK_AT_MOST: Duration = Duration::from_secs(2);
/// How long it may take at most, once shorter waits were in vain.
const CHECK_AT_MOST_LATE: Duration = Duration::from_secs(10);
/// How much of an unhealthy answer is told, in characters: the cause often stands at its end.
const BODY_TOLD: usize = 300;
/// The most of a body that is read, in bytes.
const BODY_MAX: usize = 16 * 1024;

/// How long a check may take after so many in a row that got no answer in time.
///
/// On a machine under load, a service may need longer for its first answer than we wait (it opens its database, say). Asking
/// again and again with the same patience never gets one: it goes on working at answers nobody waits for any more.
pub(super) fn patience(unanswered: u32) -> Duration {
    CHECK_AT_MOST.saturating_mul(1 << unanswered.min(10)).min(CHECK_AT_MOST_LATE)
}

/// What is wrong with an instance.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// In words.
    pub(super) says: String,
    /// It accepted the question and did not answer in time.
    pub(super) silent: bool,
}

impl From<String> for Wrong {
    fn from(says: String) -> Self {
        Self { says, silent: false }
    }
}

/// One check: how many milliseconds it took, or what is wrong.
pub(super) async fn check(address: SocketAddr, path: &str, at_most: Duration) -> Result<u32, Wrong> {
    let began = Instant::now();
    match tokio::time::timeout(at_most, ask(address, path)).await {
        Ok(Ok(())) => Ok(began.elapsed().as_millis() as u32),
        Ok(Err(why)) => Err(why.into()),
        Err(_) => {
            let says = format!("GET {path} had no answer within {} s", at_most.as_secs());
            Err(Wrong { says, silent: true })
        }
    }
}

async fn ask(address: SocketAddr, path: &str) -> Result<(), String> {
    let stream =
        TcpStream::connect(address).await.map_err(|_| format!("nothing listens on {address} yet"))?;
    let lost = |cause: hyper::Error| format!("GET {path} got no proper answer: {cause}");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.map_err(lost)?;
    let exchange = async {
        let request = hyper::Request::get(path)
            .header("host", address.to_string())
            .header("user-agent", "infra-chat-health")
            .header("connection", "close")
            .body(Empty::new())
            .map_err(|cause| format!("`{path}` is not a path that can be asked for: {cause}"))?;
        let answer = sender.send_request(request).await.map_err(lost)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let body = Limited::new(answer.into_body(), BODY_MAX)
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        let body = told(String::from_utf8_lossy(&body.unwrap_or_default()).trim());
        Err(format!("GET {path} answered {}: {body}", status.as_u16())
            .trim_end_matches([':', ' '])
            .to_owned())
    };
    tokio::pin!(exchange, connection);
    tokio::select! {
        biased;
        told = &mut exchange => told,
        ended = &mut connection => match ended {
            // The connection may close properly while its answer is still being read.
            Ok(()) => exchange.await,
            Err(cause) => Err(lost(cause)),
        },
    }
}

/// The beginning of what an instance says of itself, cut between words and said so.
fn told(body: &str) -> String {
    let Some((end, _)) = body.char_indices().nth(BODY_TOLD) else { return body.to_owned() };
    let kept = &body[..end];
    let kept = kept.rsplit_once(char::is_whitespace).map_or(kept, |(words, _)| words);
    format!("{} \u{2026}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_cut_between_words() {
        let short = r#"{"ok":false,"error":"no such table: invoices"}"#;
        assert_eq!(told(short), short);
        let told = told(&"cause \u{e9} ".repeat(99));
        assert!(told.ends_with(" \u{2026}") && told.chars().count() <= BODY_TOLD + 2, "{told}");
        assert_eq!(super::told(&"x".repeat(999)), format!("{} \u{2026}", "x".repeat(BODY_TOLD)));
    }

    #[test]
    fn who_does_not_answer_is_given_more_time_up_to_a_limit() {
        let waits: Vec<u64> = [0, 1, 2, 3, 99].map(|unanswered| patience(unanswered).as_secs()).into();
        assert_eq!(waits, [2, 4, 8, 10, 10]);
    }
}
