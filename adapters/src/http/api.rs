//! A vendor's API with one token.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use engine::redact::Redactor;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::address::is_here;
use super::{Answer, ApiError, Body, Budget, Budgets, Call, Effect, Vendor, address_checked};

/// Longest wait for a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Longest wait for one answer unless told otherwise.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// Largest answer that is read, in bytes.
const ANSWER_MAX: usize = 16 << 20;
/// Most that is told of a vendor's own words, in characters.
const SAYS_MAX: usize = 300;
/// Who calls.
const AGENT: &str = concat!("infra-chat/", env!("CARGO_PKG_VERSION"));

/// How a token is shown to a vendor.
#[derive(Clone)]
pub enum Auth {
    /// `Authorization: Bearer …`.
    Bearer(SecretString),
    /// Some header of the vendor's own.
    Header(&'static str, SecretString),
}

impl Auth {
    fn token(&self) -> &SecretString {
        match self {
            Self::Bearer(token) | Self::Header(_, token) => token,
        }
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth(set)")
    }
}

/// Where an API is and how to get in.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its address; the vendor's own when absent.
    pub api_base: Option<String>,
    /// The token.
    pub auth: Auth,
    /// Longest wait for one answer; 30 s when absent.
    pub answer_wait: Option<Duration>,
}

impl Settings {
    /// At the vendor's own address.
    pub fn new(auth: Auth) -> Self {
        Self { api_base: None, auth, answer_wait: None }
    }

    /// At another one.
    #[must_use]
    pub fn at(mut self, api_base: impl Into<String>) -> Self {
        self.api_base = Some(api_base.into());
        self
    }
}

/// A vendor's API with one token. Cheap to clone; clones share the budget.
#[derive(Clone)]
pub struct Api {
    vendor: &'static Vendor,
    client: Client,
    base: String,
    auth: Auth,
    budget: Arc<Budget>,
    budgets: Budgets,
    redactor: Option<Arc<Redactor>>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Api({} at {})", self.vendor.name, self.base)
    }
}

impl Api {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`ApiError::Client`] when the address is none, would send the token in the clear, or the token can be in no header.
    pub fn new(vendor: &'static Vendor, settings: &Settings, budgets: &Budgets) -> Result<Self, ApiError> {
        let fault = |why: String| ApiError::Client { vendor: vendor.name, why };
        let base = address_checked(settings.api_base.as_deref().unwrap_or(vendor.api_base))
            .map_err(|error| fault(error.to_string()))?;
        let token = settings.auth.token().expose_secret();
        if token.is_empty() || HeaderValue::from_str(token).is_err() {
            return Err(fault(format!(
                "its token is empty or holds what no header can. {}",
                vendor.token_hint
            )));
        }
        // Somebody else may have chosen the same before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .timeout(settings.answer_wait.unwrap_or(ANSWER_WAIT))
            .connect_timeout(CONNECT_WAIT)
            .redirect(reqwest::redirect::Policy::none());
        // What is on this machine is not asked for through a proxy.
        if Url::parse(&base).is_ok_and(|url| is_here(&url)) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| fault(causes(&error)))?;
        Ok(Self {
            vendor,
            client,
            budget: budgets.of(&base, settings.auth.token(), vendor.quota),
            budgets: budgets.clone(),
            base,
            auth: settings.auth.clone(),
            redactor: Redactor::new().ok().map(Arc::new),
        })
    }

    /// Whose it is.
    pub fn vendor(&self) -> &'static Vendor {
        self.vendor
    }

    /// Where it is, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Makes a call. The answer is one of success.
    pub async fn send(&self, call: Call) -> Result<Answer, ApiError> {
        self.send_as(call.clone(), format!("{} {}", call.method, call.path)).await
    }

    /// Makes a call that people know by another name than its path: a GraphQL operation.
    pub async fn send_as(&self, call: Call, what: String) -> Result<Answer, ApiError> {
        let vendor = self.vendor.name;
        self.budget.take(call.effect).map_err(|after_ms| ApiError::Limited { vendor, after_ms })?;
        let sent = match &call.body {
            Body::None => None,
            Body::Json(value) => Some(Bytes::from(value.to_string())),
            Body::Form(pairs) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(pairs);
                Some(Bytes::from(form.finish()))
            }
        };
        let hash = sent.as_ref().map(|sent| hex::encode(Sha256::digest(sent)));
        let request = self.request(&call, sent)?;
        let answer = request.send().await.map_err(|error| {
            // What was never connected has heard nothing.
            let (is_connect, why) = (error.is_connect(), causes(&error.without_url()));
            if is_connect {
                ApiError::Unreached { vendor, why }
            } else {
                ApiError::Unanswered { vendor, why }
            }
        })?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let now_ms = self.budgets.clock().now_ms();
        if let Some(limits) = (self.vendor.limits)(&headers, now_ms) {
            self.budget.learn(limits);
        }
        let body = self.read(answer).await?;
        let answer = Answer { vendor: self.vendor, what, sent: hash, status, headers, body };
        if status.is_success() { Ok(answer) } else { Err(self.failure(&call, &answer)) }
    }

    fn request(&self, call: &Call, sent: Option<Bytes>) -> Result<reqwest::RequestBuilder, ApiError> {
        let fault = |why: &str| ApiError::Client { vendor: self.vendor.name, why: why.to_owned() };
        let (name, text) = match &self.auth {
            Auth::Bearer(token) => {
                (AUTHORIZATION, SecretString::from(format!("Bearer {}", token.expose_secret())))
            }
            Auth::Header(name, token) => (HeaderName::from_static(name), token.clone()),
        };
        let mut token = HeaderValue::from_str(text.expose_secret())
            .map_err(|_| fault("its token holds what no header can"))?;
        token.set_sensitive(true);
        let mut request = self
            .client
            .request(call.method.clone(), format!("{}{}", self.base, call.path))
            .header(name, token)
            .header(USER_AGENT, AGENT);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        for (name, value) in &call.headers {
            let value = HeaderValue::from_str(value).map_err(|_| fault("a header holds what none can"))?;
            request = request.header(*name, value);
        }
        let kind = match &call.body {
            Body::None => return Ok(request),
            Body::Json(_) => "application/json",
            Body::Form(_) => "application/x-www-form-urlencoded",
        };
        Ok(request.header(CONTENT_TYPE, kind).body(sent.unwrap_or_default()))
    }

    async fn read(&self, mut answer: Response) -> Result<Bytes, ApiError> {
        let lost = |why: String| ApiError::Unanswered { vendor: self.vendor.name, why };
        let mut body = BytesMut::new();
        while let Some(part) = answer.chunk().await.map_err(|error| lost(causes(&error.without_url())))? {
            if body.len() + part.len() > ANSWER_MAX {
                return Err(lost(format!("it is longer than {} MiB", ANSWER_MAX >> 20)));
            }
            body.extend_from_slice(&part);
        }
        Ok(body.freeze())
    }

    fn failure(&self, call: &Call, answer: &Answer) -> ApiError {
        let vendor = self.vendor.name;
        let problem = (self.vendor.problem)(answer.status, &answer.headers, &answer.body);
        if problem.is_limit || answer.status == StatusCode::TOO_MANY_REQUESTS {
            let after_ms = self.retry_after_ms(&answer.headers).unwrap_or(self.vendor.limited_ms).max(1);
            self.budget.hold(after_ms);
            return ApiError::Limited { vendor, after_ms };
        }
        // A server that fails may have done it before.
        if answer.status.is_server_error()
            || answer.status.is_redirection()
            || answer.status == StatusCode::REQUEST_TIMEOUT
        {
            let why = format!("{} is answered with status {}", answer.what, answer.status.as_u16());
            return ApiError::Unanswered { vendor, why };
        }
        self.refused(call, answer.what.clone(), answer.status.as_u16(), problem.code, problem.says.as_deref())
    }

    /// A refusal, for vendors that say no with an answer of success. The words lose what the call hides and what looks like a secret.
    pub fn refused(
        &self,
        call: &Call,
        what: String,
        status: u16,
        code: Option<String>,
        says: Option<&str>,
    ) -> ApiError {
        let mut says = match says {
            Some(says) if !says.trim().is_empty() => says.to_owned(),
            _ => format!("status {status}, without a reason"),
        };
        for hidden in call.hidden.iter().chain([self.auth.token()]) {
            if !hidden.expose_secret().is_empty() {
                says = says.replace(hidden.expose_secret(), "[secret]");
            }
        }
        says = match &self.redactor {
            Some(redactor) => redactor.redact(&says).into_owned(),
            None => format!("status {status}"),
        };
        let mut says: String = says.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if says.chars().count() > SAYS_MAX {
            says = says.chars().take(SAYS_MAX).chain(['…']).collect();
        }
        let hint = if matches!(status, 401 | 403) { self.vendor.token_hint } else { "" };
        ApiError::Refused { vendor: self.vendor.name, what, status, code, says, hint: hint.to_owned() }
    }

    /// Seconds, or a date (RFC 9110, 10.2.3).
    fn retry_after_ms(&self, headers: &HeaderMap) -> Option<i64> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse::<f64>() {
            #[expect(clippy::cast_possible_truncation, reason = "saturates")]
            let ms = (seconds * 1_000.0).ceil() as i64;
            return Some(ms.max(0));
        }
        let at = chrono::DateTime::parse_from_rfc2822(text).ok()?.timestamp_millis();
        Some((at - self.budgets.clock().now_ms()).max(0))
    }

    /// Whether a call of that effect could go now, without making it.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }
}

impl Effect {
    /// Whether it changes something.
    pub fn is_write(self) -> bool {
        self == Self::Write
    }
}

/// An error with all its causes, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line = format!("{line}: {cause}");
        source = cause.source();
    }
    line
}
