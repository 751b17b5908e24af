//! A small server that answers `query_range` as Prometheus does, from samples it was given: a value is the last sample of the five
//! minutes before. It knows no PromQL but `timestamp(…)`: a query is known by its text. For tests.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::form_urlencoded;

/// How long a sample stands for what comes after it, in seconds.
const LOOKBACK_S: f64 = 300.0;

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SimFault {
    /// It answers with this status and this error.
    Refuses(u16, String),
    /// It answers with something that is no JSON.
    Babbles,
}

type Labels = BTreeMap<String, String>;

#[derive(Debug, Default)]
struct State {
    /// Samples (second, value) of each series, by query.
    series: BTreeMap<String, BTreeMap<Labels, Vec<(f64, f64)>>>,
    fault: Option<SimFault>,
    token: Option<String>,
}

/// A server; it ends when this is dropped.
pub struct SimPrometheus {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _end: DropGuard,
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimPrometheus {
    /// Starts one on any port of this machine.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (state, end) = (Arc::<Mutex<State>>::default(), CancellationToken::new());
        let (shared, ended) = (Arc::clone(&state), end.clone());
        tokio::spawn(ended.run_until_cancelled_owned(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let answer = service_fn(move |request| answer(Arc::clone(&state), request));
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                tokio::spawn(connection);
            }
        }));
        Ok(Self { address, state, _end: end.drop_guard() })
    }

    /// Where it listens.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A sample of a series that a query gives.
    pub fn sample(&self, query: &str, labels: &[(&str, &str)], at_s: f64, value: f64) {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut state = locked(&self.state);
        state.series.entry(query.to_owned()).or_default().entry(labels).or_default().push((at_s, value));
    }

    /// From now on this goes wrong, or nothing.
    pub fn fault(&self, fault: Option<SimFault>) {
        locked(&self.state).fault = fault;
    }

    /// From now on only who shows this token is answered.
    pub fn wants(&self, token: &str) {
        locked(&self.state).token = Some(token.to_owned());
    }
}

async fn answer(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let shown = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let path = request.uri().path().to_owned();
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let form: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let (status, text) = said(&locked(&state), &path, shown.as_deref(), &form);
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    Ok(response)
}

fn said(state: &State, path: &str, shown: Option<&str>, form: &BTreeMap<String, String>) -> (u16, String) {
    let refused = |status: u16, error: &str| {
        (status, json!({ "status": "error", "errorType": "bad_data", "error": error }).to_string())
    };
    if state.token.as_ref().is_some_and(|token| shown != Some(&format!("Bearer {token}"))) {
        return (401, "Unauthorized".to_owned());
    }
    match &state.fault {
        Some(SimFault::Refuses(status, error)) => return refused(*status, error),
        Some(SimFault::Babbles) => return (200, "<html>".to_owned()),
        None => {}
    }
    let number = |key: &str| form.get(key).and_then(|text| text.parse::<f64>().ok());
    let (Some(query), Some(start), Some(end), Some(step)) =
        (form.get("query"), number("start"), number("end"), number("step"))
    else {
        return refused(400, "a parameter is missing");
    };
    if path != "/api/v1/query_range" || step <= 0.0 {
        return refused(404, "there is only query_range");
    }
    let (inner, is_timestamp) = match query.strip_prefix("timestamp(").and_then(|rest| rest.strip_suffix(')'))
    {
        Some(inner) => (inner, true),
        None => (query.as_str(), false),
    };
    let mut result: Vec<Value> = Vec::new();
    for (labels, samples) in state.series.get(inner).into_iter().flatten() {
        let mut values = Vec::new();
        let mut at = start;
        while at <= end {
            let last = samples.iter().rfind(|(taken, _)| *taken <= at && *taken > at - LOOKBACK_S);
            values.extend(last.map(|(taken, value)| {
                json!([at, if is_timestamp { taken.to_string() } else { value.to_string() }])
            }));
            at += step;
        }
        if !values.is_empty() {
            result.push(json!({ "metric": labels, "values": values }));
        }
    }
    (200, json!({ "status": "success", "data": { "resultType": "matrix", "result": result } }).to_string())
}
