//! Calls of Prometheus' HTTP API (`/api/v1/query_range`), typed. See <https://prometheus.io/docs/prometheus/latest/querying/api/>.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use engine::ports::PortError;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

/// How long an answer may take: a canary waits for it.
const ANSWER_AT_MOST: Duration = Duration::from_secs(5);
/// The largest answer that is read, in bytes.
const ANSWER_MAX: usize = 16 * 1024 * 1024;
/// The most of Prometheus' own words that are told, in characters.
const ERROR_TOLD: usize = 200;

/// A series: its labels, and its values by time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Series {
    /// Its labels, the metric's name among them.
    #[serde(rename = "metric")]
    pub(super) labels: BTreeMap<String, String>,
    /// Seconds since 1970, and the value as it is written: `NaN` and `+Inf` are among them.
    values: Vec<(f64, String)>,
}

impl Series {
    /// The value at a second; none where there is none. One that is no number is `NaN`.
    pub(super) fn at(&self, second: i64) -> Option<f64> {
        let found = self.values.binary_search_by(|(at, _)| (at.round() as i64).cmp(&second)).ok()?;
        Some(self.values[found].1.parse().unwrap_or(f64::NAN))
    }
}

/// A stretch of time, in steps.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "all are seconds")]
pub(super) struct Range {
    /// The first second.
    pub(super) start_s: i64,
    /// The last second.
    pub(super) end_s: i64,
    /// Seconds from one value to the next.
    pub(super) step_s: u32,
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Matrix>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Matrix {
    result: Vec<Series>,
}

/// Asks one Prometheus.
pub(super) struct Client {
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    bearer: Option<HeaderValue>,
}

impl Client {
    /// A client of the server at this address, for which `http` needs no certificates.
    pub(super) fn new(base: &str, token: Option<&SecretString>) -> std::io::Result<Self> {
        let provider = rustls::crypto::ring::default_provider();
        let builder = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(std::io::Error::other)?;
        let tls = if base.starts_with("http://") {
            builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
        } else {
            builder.with_native_roots()?.with_no_client_auth()
        };
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let bearer = token.map(|token| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
                .map_err(|_| std::io::Error::other("the token of Prometheus holds what no header can"))?;
            value.set_sensitive(true);
            Ok::<_, std::io::Error>(value)
        });
        Ok(Self {
            http: HttpClient::builder(TokioExecutor::new()).build(connector),
            base: base.trim_end_matches('/').to_owned(),
            bearer: bearer.transpose()?,
        })
    }

    /// Where it is.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The values of an expression over a stretch of time.
    pub(super) async fn query_range(&self, query: &str, range: Range) -> Result<Vec<Series>, PortError> {
        let form = Serializer::new(String::new())
            .append_pair("query", query)
            .append_pair("start", &range.start_s.to_string())
            .append_pair("end", &range.end_s.to_string())
            .append_pair("step", &range.step_s.to_string())
            .append_pair("timeout", &format!("{}s", ANSWER_AT_MOST.as_secs()))
            .finish();
        let mut request = Request::post(format!("{}/api/v1/query_range", self.base))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        let request = request.body(Full::from(form)).map_err(|_| {
            PortError::fail(format!("{} is no address of a Prometheus", self.base), "Set `prometheus.url`.")
        })?;
        let (status, body) =
            tokio::time::timeout(ANSWER_AT_MOST, self.send(request)).await.map_err(|_| {
                let at_most_s = ANSWER_AT_MOST.as_secs();
                PortError::retry(format!("Prometheus at {} gave no answer within {at_most_s} s", self.base))
            })??;
        let answer: Option<Answer> = serde_json::from_slice(&body).ok();
        match (status, answer) {
            (StatusCode::OK, Some(Answer { data: Some(matrix), .. })) => Ok(matrix.result),
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => Err(PortError::fail(
                format!(
                    "Prometheus at {} lets nobody in with that token (status {})",
                    self.base,
                    status.as_u16()
                ),
                "Set `prometheus.token`.",
            )),
            (
                StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY,
                Some(Answer { error: Some(why), .. }),
            ) => {
                let why: String = why.chars().take(ERROR_TOLD).collect();
                Err(PortError::fail(
                    format!("Prometheus at {} can't answer `{query}`: {why}", self.base),
                    "Mend the query in the project's description.",
                ))
            }
            (status, _) => Err(PortError::retry(format!(
                "Prometheus at {} answered with status {} and no values",
                self.base,
                status.as_u16()
            ))),
        }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), PortError> {
        let away = || PortError::retry(format!("Prometheus at {} can't be reached", self.base));
        let answer = self.http.request(request).await.map_err(|error| {
            tracing::debug!(%error, "Prometheus can't be reached");
            away()
        })?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await.map_err(|_| away())?;
        Ok((status, body.to_bytes()))
    }
}
