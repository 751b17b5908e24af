//! Asking one instance how it is, over plain HTTP on this machine.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long an answer may take.
const CHECK_AT_MOST: Duration = Duration::from_secs(2);
/// How much of an unhealthy answer is told, in characters.
const BODY_TOLD: usize = 200;
/// The most of a body that is read, in bytes.
const BODY_MAX: usize = 16 * 1024;

/// One check: how many milliseconds it took, or what is wrong.
pub(super) async fn check(address: SocketAddr, path: &str) -> Result<u32, String> {
    let began = Instant::now();
    match tokio::time::timeout(CHECK_AT_MOST, ask(address, path)).await {
        Ok(Ok(())) => Ok(began.elapsed().as_millis() as u32),
        Ok(Err(why)) => Err(why),
        Err(_) => Err(format!("GET {path} had no answer within {} s", CHECK_AT_MOST.as_secs())),
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
        let body = String::from_utf8_lossy(&body.unwrap_or_default())
            .trim()
            .chars()
            .take(BODY_TOLD)
            .collect::<String>();
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
