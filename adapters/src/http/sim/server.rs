//! The server a simulated vendor answers on.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Asked, Fault, Recorded, Said, When};

/// A vendor that is simulated: its state, and how it answers.
pub trait Simulated: Send + 'static {
    /// Does what is asked and says what the vendor would.
    fn answer(&mut self, asked: &Asked) -> Said;

    /// What it says of too many calls, and of what breaks, in its own form.
    fn trouble(&self, status: u16) -> Value {
        json!({ "message": format!("simulated trouble {status}") })
    }
}

struct Inside<V> {
    vendor: V,
    calls: Vec<Recorded>,
    faults: Vec<(When, Fault)>,
}

/// A simulated vendor on an address of this machine, until it is dropped.
pub struct Server<V: Simulated> {
    address: SocketAddr,
    inside: Arc<Mutex<Inside<V>>>,
    stop: CancellationToken,
}

impl<V: Simulated> std::fmt::Debug for Server<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.address)
    }
}

impl<V: Simulated> Drop for Server<V> {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl<V: Simulated> Server<V> {
    /// Begins to answer on a free port.
    pub async fn start(vendor: V) -> std::io::Result<Self> {
        Self::start_at(vendor, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Begins to answer at an address.
    pub async fn start_at(vendor: V, address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let inside = Arc::new(Mutex::new(Inside { vendor, calls: Vec::new(), faults: Vec::new() }));
        let router = Router::new().fallback(answer::<V>).with_state(Arc::clone(&inside));
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                ended = axum::serve(listener, router).into_future() => {
                    if let Err(error) = ended {
                        tracing::warn!(%error, "a simulated vendor ended");
                    }
                }
                () = stopped.cancelled() => {}
            }
        });
        Ok(Self { address, inside, stop })
    }

    /// Its address: `http://127.0.0.1:41234`.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Looks at, or changes, what the vendor has: what somebody else did there, in a test.
    pub fn with<T>(&self, look: impl FnOnce(&mut V) -> T) -> T {
        look(&mut lock(&self.inside).vendor)
    }

    /// Has a call go wrong, once.
    pub fn fault(&self, when: When, fault: Fault) {
        lock(&self.inside).faults.push((when, fault));
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<Recorded> {
        lock(&self.inside).calls.clone()
    }

    /// How many of the calls so far were no `GET`s.
    pub fn writes(&self) -> usize {
        lock(&self.inside).calls.iter().filter(|call| call.asked.method != "GET").count()
    }
}

fn lock<V>(inside: &Mutex<Inside<V>>) -> MutexGuard<'_, Inside<V>> {
    inside.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer<V: Simulated>(
    State(inside): State<Arc<Mutex<Inside<V>>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
        headers: headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect(),
        body: body.to_vec(),
    };
    let (said, cut) = {
        let mut inside = lock(&inside);
        let at = inside.faults.iter_mut().position(|(when, _)| when.is(&asked));
        let fault = at.map(|at| inside.faults.remove(at).1);
        let trouble = |inside: &Inside<V>, status: u16| Said::with(status, inside.vendor.trouble(status));
        let (said, cut) = match fault {
            None => (Some(inside.vendor.answer(&asked)), false),
            Some(Fault::Limited(seconds)) => {
                (Some(trouble(&inside, 429).header("retry-after", seconds.to_string())), false)
            }
            Some(Fault::Broken) => (Some(trouble(&inside, 500)), false),
            Some(Fault::Stuck) => (None, false),
            Some(Fault::Slow) => {
                inside.vendor.answer(&asked);
                (None, false)
            }
            Some(Fault::AnswerLost) => (Some(inside.vendor.answer(&asked)), true),
            Some(Fault::BadGateway) => {
                inside.vendor.answer(&asked);
                (Some(Said::with(502, Value::Null)), false)
            }
            Some(Fault::Instead(said)) => (Some(said), false),
        };
        inside.calls.push(Recorded { asked, said: said.clone().filter(|_| !cut) });
        (said, cut)
    };
    match said {
        Some(said) => respond(&said, cut),
        None => std::future::pending().await,
    }
}

fn respond(said: &Said, cut: bool) -> Response {
    let text = if said.body.is_null() { String::new() } else { said.body.to_string() };
    let mut response = if cut {
        let parts: [Result<Bytes, std::io::Error>; 2] =
            [Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("the connection breaks off"))];
        Response::new(Body::from_stream(stream::iter(parts)))
    } else {
        Response::new(Body::from(text))
    };
    *response.status_mut() = StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !said.body.is_null() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in &said.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    response
}
