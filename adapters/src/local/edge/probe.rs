//! One real request through the front door, as a user would send it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine::model::ServiceName;
use engine::ports::{PortError, Probe};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout_at;

use super::aside::PROBE_AGENT;
use super::headers;

/// The most of a body a probe keeps.
const BODY_MAX_BYTES: usize = 2 * 1_024;

/// Asks for a path at an address.
pub(crate) async fn probe(
    service: &ServiceName,
    bound: SocketAddr,
    path: &str,
    limit: Duration,
) -> Result<Probe, PortError> {
    let uri: Uri = path.parse().ok().filter(|_| path.starts_with('/')).ok_or_else(|| {
        PortError::fail(
            format!("`{path}` is not a path of `{service}`"),
            "Write it from the first slash on: /health.",
        )
    })?;
    let address = reachable(bound);
    let started = Instant::now();
    let deadline = tokio::time::Instant::now() + limit;
    let response = match timeout_at(deadline, send(address, uri)).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            return Err(PortError::retry(format!("`{service}` can't be asked at {address}: {error}")));
        }
        Err(_elapsed) => {
            return Ok(Probe {
                status: StatusCode::GATEWAY_TIMEOUT.as_u16(),
                latency_ms: limit.as_millis() as u32,
                release: None,
                body: format!("no answer within {} ms", limit.as_millis()),
            });
        }
    };
    let release =
        response.headers().get(headers::RELEASE).and_then(|value| value.to_str().ok()?.parse().ok());
    let status = response.status();
    let mut body = response.into_body();
    let mut kept = Vec::new();
    // A stream that goes on for ever has answered well enough; one that breaks off has not.
    let whole = timeout_at(deadline, read(&mut body, &mut kept)).await.unwrap_or(true);
    Ok(Probe {
        status: if whole { status.as_u16() } else { StatusCode::BAD_GATEWAY.as_u16() },
        latency_ms: started.elapsed().as_millis() as u32,
        release,
        body: String::from_utf8_lossy(&kept).into_owned(),
    })
}

async fn send(
    address: SocketAddr,
    uri: Uri,
) -> Result<Response<Incoming>, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut line, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the request: when the answer's body is dropped, so is the connection.
    tokio::spawn(connection);
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = uri;
    request.headers_mut().insert(header::HOST, HeaderValue::try_from(address.to_string())?);
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(PROBE_AGENT));
    request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(line.send_request(request).await?)
}

/// Reads to the end and keeps the beginning; says whether it ended as announced.
async fn read(body: &mut Incoming, kept: &mut Vec<u8>) -> bool {
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => {
                let data = frame.into_data().unwrap_or_default();
                let room = BODY_MAX_BYTES - kept.len();
                kept.extend_from_slice(&data[..data.len().min(room)]);
            }
            Err(_broken) => return false,
        }
    }
    true
}

/// Where this machine reaches an address it listens on: "any address" is not one to connect to.
pub(crate) fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}
