//! A client with one connection, as a browser or a load generator would hold it, and a raw one that can misbehave.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// One connection to the edge.
pub struct Client {
    line: SendRequest<Body>,
}

/// A whole answer.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The release that answered.
    pub fn release(&self) -> u32 {
        self.header("x-infra-chat-release").parse().unwrap_or_default()
    }
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (line, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { line }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "").await.unwrap()
    }

    /// A request with headers of its own.
    pub async fn get_with(&mut self, path: &str, headers: &[(&'static str, &str)]) -> Answer {
        let mut request =
            request("GET", path, Full::default().map_err(|never| match never {}).boxed_unsync());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        whole(self.send(request).await.unwrap()).await.unwrap()
    }

    pub async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> Answer {
        self.ask("POST", path, body).await.unwrap()
    }

    /// A request and its whole answer.
    pub async fn ask(&mut self, method: &str, path: &str, body: impl Into<Bytes>) -> hyper::Result<Answer> {
        let body = Full::new(body.into()).map_err(|never| match never {}).boxed_unsync();
        whole(self.send(request(method, path, body)).await?).await
    }

    /// A request and the beginning of its answer.
    pub async fn begin(&mut self, path: &str) -> Response<Incoming> {
        let body = Full::default().map_err(|never| match never {}).boxed_unsync();
        self.send(request("GET", path, body)).await.unwrap()
    }

    /// An upload piece by piece: what is sent, and the beginning of the answer once it comes.
    pub fn upload(
        &mut self,
        path: &str,
    ) -> (Pieces, impl Future<Output = hyper::Result<Response<Incoming>>> + use<>) {
        let (pieces, to_come) = mpsc::channel(1);
        let frames = stream::unfold(to_come, |mut to_come| async move {
            let piece: Bytes = to_come.recv().await?;
            Some((Ok(Frame::data(piece)), to_come))
        });
        let body = StreamBody::new(frames);
        (Pieces(pieces), self.line.send_request(request("POST", path, body.boxed_unsync())))
    }

    async fn send(&mut self, request: Request<Body>) -> hyper::Result<Response<Incoming>> {
        self.line.ready().await?;
        self.line.send_request(request).await
    }
}

fn request(method: &str, path: &str, body: Body) -> Request<Body> {
    Request::builder().method(method).uri(path).header("host", "shop.test").body(body).unwrap()
}

/// Reads an answer to its end.
pub async fn whole(response: Response<Incoming>) -> hyper::Result<Answer> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}

/// The next piece of a body.
pub async fn piece(body: &mut Incoming) -> Option<hyper::Result<Bytes>> {
    Some(body.frame().await?.map(|frame: Frame<Bytes>| frame.into_data().unwrap_or_default()))
}

/// An upload under way; dropping it ends the upload.
pub struct Pieces(mpsc::Sender<Bytes>);

impl Pieces {
    pub async fn send(&mut self, piece: &'static str) {
        self.0.send(piece.into()).await.unwrap();
    }
}

/// Bytes on a wire.
pub struct Wire(TcpStream);

impl Wire {
    pub async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Writes text, each line of which ends as HTTP wants it.
    pub async fn says(&mut self, text: &str) -> &mut Self {
        self.0.write_all(text.replace('\n', "\r\n").as_bytes()).await.unwrap();
        self
    }

    /// Writes bytes as they are.
    pub async fn writes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Reads until this text has come; an error when the other side hangs up first.
    pub async fn hears(&mut self, text: &str) -> Result<String, String> {
        let mut heard = String::new();
        while !heard.contains(text) {
            let mut room = [0; 1_024];
            match self.0.read(&mut room).await {
                Ok(read @ 1..) => heard.push_str(&String::from_utf8_lossy(&room[..read])),
                _hung_up => return Err(heard),
            }
        }
        Ok(heard)
    }

    /// Reads until the other side hangs up.
    pub async fn hears_out(&mut self) -> String {
        match self.hears("\0 never comes").await {
            Ok(heard) | Err(heard) => heard,
        }
    }
}
