//! One attempt to get one answer from one instance, on a connection that stands by or a new one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::EdgeOptions;
use super::backend::{Backend, Line};
use super::body::{RequestBody, Upload};
use super::reply::Own;

/// An attempt without an answer.
#[derive(Debug)]
pub(crate) struct Missed {
    /// What the client is told if nobody else answers.
    pub(crate) why: Own,
    /// The request, when nothing of it was sent: then it can be sent again, whatever it asks.
    pub(crate) unsent: Option<Box<Request<RequestBody>>>,
    /// No connection came about.
    pub(crate) refused: bool,
    /// The connection had been used before, so the instance may just have been closing it.
    pub(crate) reused: bool,
}

/// Sends a request and waits for the head of the answer.
pub(crate) async fn attempt(
    backend: &Arc<Backend>,
    request: Request<RequestBody>,
    options: &EdgeOptions,
    now: Instant,
) -> Result<(Response<Incoming>, Line), Missed> {
    let mut request = request;
    while let Some(line) = backend.line_take(now) {
        match exchange(line, request, options.response_timeout).await {
            Ok(answered) => return Ok(answered),
            // It closed while standing by: nothing was sent.
            Err(Missed { unsent: Some(back), .. }) => request = *back,
            Err(missed) => return Err(Missed { reused: true, ..missed }),
        }
    }
    match timeout(options.connect_timeout, connect(backend)).await {
        Ok(Ok(line)) => exchange(line, request, options.response_timeout).await,
        Ok(Err(error)) => {
            tracing::debug!(release = backend.release, address = %backend.address, %error, "an instance refused");
            Err(refused(Own::Failed, request))
        }
        Err(_elapsed) => Err(refused(Own::TimedOut, request)),
    }
}

fn refused(why: Own, request: Request<RequestBody>) -> Missed {
    Missed { why, unsent: Some(Box::new(request)), refused: true, reused: false }
}

async fn connect(backend: &Arc<Backend>) -> Result<Line, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(backend.address).await?;
    stream.set_nodelay(true)?;
    let (line, connection) = http1::Builder::new().handshake(TokioIo::new(stream)).await?;
    let cut = backend.cut_signal();
    tokio::spawn(async move {
        tokio::select! {
            // How it ends is told to whoever waits for an answer on it.
            _ended = connection.with_upgrades() => {}
            () = cut.cancelled() => {}
        }
    });
    Ok(line)
}

async fn exchange(
    mut line: Line,
    request: Request<RequestBody>,
    limit: Duration,
) -> Result<(Response<Incoming>, Line), Missed> {
    if line.ready().await.is_err() {
        return Err(Missed {
            why: Own::Failed,
            unsent: Some(Box::new(request)),
            refused: false,
            reused: false,
        });
    }
    let upload = request.body().upload();
    let mut answer = std::pin::pin!(line.try_send_request(request));
    loop {
        match timeout(limit, answer.as_mut()).await {
            Ok(Ok(response)) => return Ok((response, line)),
            Ok(Err(mut error)) => {
                let unsent = error.take_message().map(Box::new);
                return Err(Missed { why: Own::Failed, unsent, refused: false, reused: false });
            }
            // Long uploads may take long; the clock begins again with each piece of them.
            Err(_elapsed) if upload.as_ref().is_some_and(|upload| upload.moved()) => {}
            Err(_elapsed) => {
                let why = if upload.is_none_or(|upload: Arc<Upload>| upload.done()) {
                    Own::TimedOut
                } else {
                    Own::UploadStalled
                };
                return Err(Missed { why, unsent: None, refused: false, reused: false });
            }
        }
    }
}
