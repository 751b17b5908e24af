//! One call to Slack over HTTP, and what came of it.
//!
//! The calls are ours and not slack-morphism's: there, an answer of 429 without a body is bad JSON and the time to wait is
//! lost, a page of a proxy with status 200 counts as an empty success, and errors carry whole answers with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chat::unpacked;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Request, StatusCode};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// Longest wait for one answer. Slack's own are there within a second; a proxy may be slow.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Longest answer that is read, in bytes.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// How bodies are written.
const JSON: &str = "application/json; charset=utf-8";
const FORM: &str = "application/x-www-form-urlencoded";
/// The header with the scopes of the token.
const SCOPES: &str = "x-oauth-scopes";
/// Slack's words for too much in a short time, where they come without the status for it.
const LIMITED: [&str; 3] = ["ratelimited", "rate_limited", "message_limit_exceeded"];

/// Why a call did not work. It shows no request, no answer and no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WebError {
    /// Too much was asked in a short time.
    #[error("{method}: Slack asks to wait")]
    Limited {
        /// The method.
        method: &'static str,
        /// How long, in milliseconds, when it says so.
        after_ms: Option<i64>,
    },
    /// Slack said no.
    #[error("{method}: Slack answers `{code}`")]
    Refused {
        /// The method.
        method: &'static str,
        /// Slack's word for why.
        code: String,
    },
    /// There was no answer, or none that can be read: it may have worked.
    #[error("{method}: no answer ({why})")]
    Unanswered {
        /// The method.
        method: &'static str,
        /// Why.
        why: String,
    },
}

/// Makes calls. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Caller {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// What answers knows no question in an address.
    forms: Arc<AtomicBool>,
}

/// What goes with a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Given<'a> {
    /// A body.
    Json(&'a Value),
    /// Parameters as a form has them. Slack takes them in the address, as it describes, and in a form, as its own libraries send
    /// them; what stands in its place may know but one of the two.
    Form(&'a str),
}

struct Answer {
    status: StatusCode,
    after_ms: Option<i64>,
    /// What the token may do, where Slack says so.
    scopes: Option<Vec<String>>,
    body: Vec<u8>,
}

impl Caller {
    /// A caller of this address, for which `http` needs no certificates.
    pub(crate) fn new(base: &str) -> std::io::Result<Self> {
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
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), forms: Arc::default() })
    }

    /// Calls a method of the Web API; with the scopes the token has where Slack says them. Only an answer that says itself that it
    /// is good is good.
    pub(crate) async fn method_and_scopes(
        &self,
        token: &SecretString,
        method: &'static str,
        url: &str,
        given: Given<'_>,
    ) -> Result<(Value, Option<Vec<String>>), WebError> {
        let answer = match given {
            Given::Json(body) => {
                let request =
                    Request::post(url).header(AUTHORIZATION, bearer(token)).header(CONTENT_TYPE, JSON);
                self.send(method, request.body(Full::from(body.to_string()))).await?
            }
            Given::Form(form) => self.read(token, method, url, form).await?,
        };
        let value: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let code = value.as_ref().and_then(|value| value["error"].as_str()).unwrap_or("no reason").to_owned();
        if answer.status == StatusCode::TOO_MANY_REQUESTS || LIMITED.contains(&code.as_str()) {
            return Err(WebError::Limited { method, after_ms: answer.after_ms });
        }
        match value {
            Some(value) if value["ok"] == true && answer.status.is_success() => Ok((value, answer.scopes)),
            // Trouble of its own is not for good, whatever it says.
            Some(value) if value["ok"] == false && !answer.status.is_server_error() => {
                Err(WebError::Refused { method, code })
            }
            _ => Err(WebError::Unanswered { method, why: format!("status {}, not Slack's", answer.status) }),
        }
    }

    /// Asks with parameters in the address, and in a form where nobody is at such an address.
    async fn read(
        &self,
        token: &SecretString,
        method: &'static str,
        url: &str,
        form: &str,
    ) -> Result<Answer, WebError> {
        if !self.forms.load(Ordering::Relaxed) {
            let request = Request::get(format!("{url}?{form}")).header(AUTHORIZATION, bearer(token));
            let answer = self.send(method, request.body(Full::default())).await?;
            let nobody = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED);
            let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if !nobody || value["ok"].is_boolean() {
                return Ok(answer);
            }
        }
        let request = Request::post(url).header(AUTHORIZATION, bearer(token)).header(CONTENT_TYPE, FORM);
        let answer = self.send(method, request.body(Full::from(form.to_owned()))).await?;
        if answer.status.is_success() {
            self.forms.store(true, Ordering::Relaxed);
        }
        Ok(answer)
    }

    /// Posts to an address that Slack handed out. It says by itself who may use it: the token stays here. What comes back
    /// with a good status is good, whatever it is.
    pub(crate) async fn hand_in(
        &self,
        method: &'static str,
        url: &str,
        content_type: &'static str,
        body: Vec<u8>,
    ) -> Result<(), WebError> {
        let request = Request::post(url).header(CONTENT_TYPE, content_type).body(Full::from(body));
        let answer = self.send(method, request).await?;
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match answer.status {
            StatusCode::TOO_MANY_REQUESTS => Err(WebError::Limited { method, after_ms: answer.after_ms }),
            // The address was used up, or its time is over: it will not get better.
            status if status.is_client_error() => {
                Err(WebError::Refused { method, code: format!("status {status}") })
            }
            status if status.is_success() && value["ok"] != false => Ok(()),
            status if status.is_success() => {
                let code = value["error"].as_str().unwrap_or("no reason").to_owned();
                Err(WebError::Refused { method, code })
            }
            status => Err(WebError::Unanswered { method, why: format!("status {status}") }),
        }
    }

    async fn send(
        &self,
        method: &'static str,
        request: Result<Request<Full<Bytes>>, hyper::http::Error>,
    ) -> Result<Answer, WebError> {
        let unanswered = |why: &str| WebError::Unanswered { method, why: why.to_owned() };
        let Ok(request) = request else {
            return Err(WebError::Refused { method, code: "bad_address".to_owned() });
        };
        let answering = async {
            let answer =
                self.client.request(request).await.map_err(|_| unanswered("the connection failed"))?;
            let (status, after_ms) = (answer.status(), after_ms(answer.headers().get(RETRY_AFTER)));
            let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
            let packed = header("content-encoding").map(ToOwned::to_owned);
            let scopes = header(SCOPES)
                .map(|scopes| scopes.split(',').map(|scope| scope.trim().to_owned()).collect::<Vec<_>>())
                // What imitates Slack may send it empty, and that says nothing.
                .filter(|scopes| scopes.iter().any(|scope| !scope.is_empty()));
            let body = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await;
            let body = body.map_err(|_| unanswered("the answer broke off"))?.to_bytes();
            let body = unpacked(&body, packed.as_deref(), ANSWER_BYTES);
            let body = body.ok_or_else(|| unanswered("it can't be unpacked"))?.into_owned();
            Ok(Answer { status, after_ms, scopes, body })
        };
        let late = || unanswered(&format!("{} s went by", ANSWER_WAIT.as_secs()));
        tokio::time::timeout(ANSWER_WAIT, answering).await.unwrap_or_else(|_| Err(late()))
    }
}

fn bearer(token: &SecretString) -> HeaderValue {
    // A token with characters that no header has is no token: Slack says so.
    let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
    let mut bearer = bearer.unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
    bearer.set_sensitive(true);
    bearer
}

/// The seconds of a `Retry-After`, in milliseconds. Slack writes whole ones; a proxy may write parts.
fn after_ms(header: Option<&HeaderValue>) -> Option<i64> {
    let seconds: f64 = header?.to_str().ok()?.trim().parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then(|| (seconds.min(86_400.0) * 1_000.0).ceil() as i64)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use axum::Router;
    use axum::http::Uri;
    use axum::routing::post;
    use serde_json::json;

    use super::*;

    /// Slack's own libraries post everything, and what imitates Slack may know nothing else.
    #[tokio::test]
    async fn what_takes_forms_alone_is_asked_with_forms() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (asked, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let lost = asked.clone();
        let history = post(|body: String| async move {
            asked.send(body).unwrap();
            json!({ "ok": true }).to_string()
        });
        let other = move |uri: Uri| async move {
            lost.send(format!("nobody at {uri}")).unwrap();
            StatusCode::NOT_FOUND
        };
        let app = Router::new().route("/history", history).fallback(other);
        tokio::spawn(async move { axum::serve(listener, app).await });
        let (caller, token) = (Caller::new(&base).unwrap(), SecretString::from("xoxb-1"));
        let form = Given::Form("channel=C1&limit=2");
        for _ in 0..2 {
            caller.method_and_scopes(&token, "history", &format!("{base}/history"), form).await.unwrap();
            assert_eq!(heard.recv().await.unwrap(), "channel=C1&limit=2");
        }
        // What is nowhere is told as that, and is asked for in one way from now on.
        caller.method_and_scopes(&token, "else", &format!("{base}/else"), form).await.unwrap_err();
        assert_eq!(heard.recv().await.unwrap(), "nobody at /else");
        assert!(heard.try_recv().is_err());
    }

    #[test]
    fn how_long_to_wait_is_read_as_it_comes() {
        let read = |text: &'static str| after_ms(Some(&HeaderValue::from_static(text)));
        assert_eq!((read("30"), read("1.5"), read(" 0 ")), (Some(30_000), Some(1_500), Some(0)));
        assert_eq!((read("soon"), read("-1"), after_ms(None)), (None, None, None));
    }
}
