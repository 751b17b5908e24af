//! A small server that plays one instance of a release.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

type Reply = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// An instance of a release; dropping it ends it and everything open to it.
pub struct Instance {
    pub address: SocketAddr,
    inside: Arc<Inside>,
}

struct Inside {
    release: u32,
    connections: AtomicUsize,
    requests: AtomicUsize,
    arrived: Semaphore,
    gate: Semaphore,
    gone: CancellationToken,
}

impl Instance {
    pub async fn start(release: u32) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inside = Arc::new(Inside {
            release,
            connections: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            arrived: Semaphore::new(0),
            gate: Semaphore::new(0),
            gone: CancellationToken::new(),
        });
        let address = socket.local_addr().unwrap();
        let gone = inside.gone.clone();
        tokio::spawn(gone.run_until_cancelled_owned(accept(socket, Arc::clone(&inside))));
        Self { address, inside }
    }

    /// Connections it was given so far.
    pub fn connections(&self) -> usize {
        self.inside.connections.load(Ordering::SeqCst)
    }

    /// Requests it was given so far.
    pub fn requests(&self) -> usize {
        self.inside.requests.load(Ordering::SeqCst)
    }

    /// Waits until a request is at the gate.
    pub async fn has_one_waiting(&self) {
        self.inside.arrived.acquire().await.unwrap().forget();
    }

    /// Lets one request through the gate.
    pub fn lets_one_through(&self) {
        self.inside.gate.add_permits(1);
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.inside.gone.cancel();
    }
}

/// An address where nobody listens.
pub async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

async fn accept(socket: TcpListener, inside: Arc<Inside>) {
    loop {
        let (stream, _) = socket.accept().await.unwrap();
        inside.connections.fetch_add(1, Ordering::SeqCst);
        let gone = inside.gone.clone();
        tokio::spawn(gone.run_until_cancelled_owned(serve(stream, Arc::clone(&inside))));
    }
}

async fn serve(stream: TcpStream, inside: Arc<Inside>) {
    stream.set_nodelay(true).unwrap();
    let here = Arc::new(AtomicUsize::new(0));
    let service = service_fn(move |request| {
        inside.requests.fetch_add(1, Ordering::SeqCst);
        let earlier = here.fetch_add(1, Ordering::SeqCst);
        answer(Arc::clone(&inside), request, earlier)
    });
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

/// An error makes the server close the connection without a word.
async fn answer(
    inside: Arc<Inside>,
    request: Request<Incoming>,
    earlier: usize,
) -> Result<Reply, std::io::Error> {
    let dies = || Err(std::io::Error::other("died"));
    match request.uri().path() {
        "/echo" => Ok(Response::new(infallible(request.into_body()))),
        "/headers" => Ok(text(headers(&request))),
        "/forged" => {
            let mut reply = text("forged");
            reply.headers_mut().insert("x-infra-chat-release", 999.into());
            reply.headers_mut().insert("keep-alive", "timeout=1".parse().unwrap());
            Ok(reply)
        }
        "/broken" => {
            let mut reply = text("broken");
            *reply.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
            Ok(reply)
        }
        "/gate" => {
            through_gate(&inside).await;
            Ok(text("through the gate"))
        }
        "/stream" => {
            let first = stream::iter([Bytes::from_static(b"first ")]);
            let second = stream::once(async move {
                through_gate(&inside).await;
                Bytes::from_static(b"second")
            });
            let frames = first.chain(second).map(|data| Ok(Frame::data(data)));
            Ok(Response::new(StreamBody::new(frames.boxed()).boxed_unsync()))
        }
        "/endless" => {
            let frames =
                stream::repeat(Bytes::from_static(&[b'x'; 16_384])).map(|data| Ok(Frame::data(data)));
            Ok(Response::new(StreamBody::new(frames).boxed_unsync()))
        }
        "/dies" => dies(),
        "/dies-unless-new" if earlier > 0 => dies(),
        "/tunnel" => Ok(tunnel(request)),
        path => Ok(text(format!("release {} {path}", inside.release))),
    }
}

async fn through_gate(inside: &Inside) {
    inside.arrived.add_permits(1);
    inside.gate.acquire().await.unwrap().forget();
}

/// Agrees to any protocol; what then comes in goes back in capital letters.
fn tunnel(mut request: Request<Incoming>) -> Reply {
    let Some(protocol) = request.headers().get("upgrade").cloned() else {
        return text("no upgrade asked for");
    };
    let other_side = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = other_side.await else { return };
        let mut io = TokioIo::new(upgraded);
        let mut room = [0; 1_024];
        while let Ok(read @ 1..) = io.read(&mut room).await {
            room[..read].make_ascii_uppercase();
            if io.write_all(&room[..read]).await.is_err() {
                return;
            }
        }
    });
    let mut reply = text("");
    *reply.status_mut() = hyper::StatusCode::SWITCHING_PROTOCOLS;
    reply.headers_mut().insert("connection", "upgrade".parse().unwrap());
    reply.headers_mut().insert("upgrade", protocol);
    reply
}

fn headers(request: &Request<Incoming>) -> String {
    let mut lines: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    lines.sort();
    format!("{} {} {:?}\n{}", request.method(), request.uri(), request.version(), lines.concat())
}

fn text(text: impl Into<Bytes>) -> Reply {
    Response::new(Full::new(text.into()).boxed_unsync())
}

/// A body that ends where it breaks off, which is all a test needs of it.
fn infallible(body: Incoming) -> UnsyncBoxBody<Bytes, Infallible> {
    let frames = stream::unfold(body, |mut body| async move {
        let frame = body.frame().await?.ok()?;
        Some((Ok(frame), body))
    });
    StreamBody::new(frames.boxed()).boxed_unsync()
}
