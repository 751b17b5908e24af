//! Twilio's calls, typed. Answers are read leniently: what is not needed may be missing.

use std::time::Duration;

use chrono::DateTime;
use engine::clock::EpochMs;
use engine::model::Phone;
use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::errors::sentence;
use super::{Sender, Settings};

/// Longest wait for one answer; Twilio's own are there within a second.
const ANSWER_WAIT: Duration = Duration::from_secs(15);
/// Longest wait for a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Messages on one page of a list: as many as one phone gets in a day.
const PAGE: u32 = 50;
/// Pages that are gone through when a message is looked for.
const PAGES_MAX: usize = 4;
/// How long to wait where Twilio does not say, in milliseconds.
const LIMITED_MS: i64 = 2_000;
/// The code of too many calls.
const TOO_MANY: i64 = 20_429;
/// The code of a full queue.
const QUEUE_FULL: i64 = 21_611;

/// Why a call did not do what it was for. It shows no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No client can be made.
    #[error("no connection to Twilio can be made: {why}")]
    Client {
        /// Why.
        why: String,
    },
    /// Too much was asked in a short time; nothing happened.
    #[error("Twilio asks to wait")]
    Limited {
        /// How long, in milliseconds.
        after_ms: i64,
    },
    /// Twilio said no; nothing happened.
    #[error("{}", sentence(*code, &status.to_string()))]
    Refused {
        /// The status of the answer.
        status: u16,
        /// Twilio's code for why.
        code: Option<i64>,
    },
    /// Twilio was not reached; nothing happened.
    #[error("Twilio can't be reached: {why}")]
    Unreached {
        /// Why.
        why: String,
    },
    /// There was no answer that can be read: it may have happened.
    #[error("Twilio gave no answer: {why}")]
    Unanswered {
        /// Why.
        why: String,
    },
}

/// A message, as far as it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// Its identifier.
    pub sid: String,
    /// `queued`, `sent`, `delivered`, `undelivered`, `failed` …
    pub status: String,
    /// `outbound-api`, `inbound` …
    #[serde(default)]
    pub direction: String,
    /// The words.
    #[serde(default)]
    pub body: Option<String>,
    /// Why it failed.
    #[serde(default)]
    pub error_code: Option<i64>,
    /// When it was made, as in an e-mail's head.
    #[serde(default)]
    pub date_created: Option<String>,
}

impl Message {
    /// When it was made; nothing when nobody says.
    pub fn made_ms(&self) -> Option<EpochMs> {
        let text = self.date_created.as_deref()?;
        let at = DateTime::parse_from_rfc2822(text).or_else(|_| DateTime::parse_from_rfc3339(text)).ok()?;
        Some(at.timestamp_millis())
    }
}

/// A page of a list.
#[derive(Debug, Deserialize)]
struct Page {
    #[serde(default)]
    messages: Vec<Message>,
    #[serde(default)]
    next_page_uri: Option<String>,
}

/// What Twilio says of a refusal.
#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(default)]
    code: Option<i64>,
}

/// What a message is made of.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewMessage<'a> {
    to: &'a str,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messaging_service_sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_callback: Option<&'a str>,
}

/// The API of one account. Cheap to clone.
#[derive(Clone)]
pub struct Twilio {
    client: Client,
    base: String,
    account: String,
    token: SecretString,
}

impl std::fmt::Debug for Twilio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Twilio({})", self.account)
    }
}

impl Twilio {
    /// A client of the account in the settings.
    pub fn new(settings: &Settings) -> Result<Self, ApiError> {
        // Somebody else may have chosen the same before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(ANSWER_WAIT)
            .connect_timeout(CONNECT_WAIT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| ApiError::Client { why: causes(&error) })?;
        Ok(Self {
            client,
            base: settings.api_base.clone(),
            account: settings.account_sid.clone(),
            token: settings.auth_token.clone(),
        })
    }

    fn messages(&self, rest: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}/Messages{rest}.json", self.base, self.account)
    }

    /// Sends a text.
    pub async fn send(
        &self,
        sender: &Sender,
        to: &Phone,
        body: &str,
        callback: Option<&str>,
    ) -> Result<Message, ApiError> {
        let (from, service) = match sender {
            Sender::Number(number) => (Some(number.as_str()), None),
            Sender::Service(sid) => (None, Some(sid.as_str())),
        };
        let message = NewMessage {
            to: to.as_str(),
            body,
            from,
            messaging_service_sid: service,
            status_callback: callback,
        };
        self.call(self.client.post(self.messages("")).form(&message)).await
    }

    /// A message.
    pub async fn fetch(&self, sid: &str) -> Result<Message, ApiError> {
        // It is put into an address, and comes from outside.
        if !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(ApiError::Refused { status: StatusCode::NOT_FOUND.as_u16(), code: None });
        }
        self.call(self.client.get(self.messages(&format!("/{sid}")))).await
    }

    /// The newest messages to a phone.
    pub async fn list(&self, to: &Phone) -> Result<Vec<Message>, ApiError> {
        let page = PAGE.to_string();
        let first = self.client.get(self.messages("")).query(&[("To", to.as_str()), ("PageSize", &page)]);
        let mut page: Page = self.call(first).await?;
        let mut messages = page.messages;
        for _ in 1..PAGES_MAX {
            let Some(next) = page.next_page_uri.filter(|next| next.starts_with('/')) else { break };
            page = self.call(self.client.get(format!("{}{next}", self.base))).await?;
            messages.append(&mut page.messages);
        }
        Ok(messages)
    }

    /// Asks something about the account.
    pub(super) fn get(&self, rest: &str) -> RequestBuilder {
        self.client.get(format!("{}/2010-04-01/Accounts/{}{rest}", self.base, self.account))
    }

    /// What an address of ours answers; the token stays here.
    pub(super) async fn look(&self, address: &str) -> Result<StatusCode, ApiError> {
        let answer = self.client.get(address).send().await;
        let answer = answer.map_err(|error| ApiError::Unreached { why: causes(&error.without_url()) })?;
        Ok(answer.status())
    }

    pub(super) async fn call<T: serde::de::DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, ApiError> {
        let request = request.basic_auth(&self.account, Some(self.token.expose_secret()));
        let answer = request.send().await.map_err(|error| {
            // What was never connected has heard nothing.
            let (is_connect, why) = (error.is_connect(), causes(&error.without_url()));
            if is_connect { ApiError::Unreached { why } } else { ApiError::Unanswered { why } }
        })?;
        let status = answer.status();
        let after_ms = answer
            .headers()
            .get(reqwest::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse::<i64>().ok())
            .map_or(LIMITED_MS, |seconds| seconds.saturating_mul(1_000));
        let body = answer.bytes().await.map_err(|error| ApiError::Unanswered { why: causes(&error) })?;
        if status.is_success() {
            let unread = |error: serde_json::Error| ApiError::Unanswered { why: error.to_string() };
            return serde_json::from_slice(&body).map_err(unread);
        }
        let problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
        let is_limit =
            status == StatusCode::TOO_MANY_REQUESTS || matches!(problem.code, Some(TOO_MANY | QUEUE_FULL));
        Err(match status {
            _ if is_limit => ApiError::Limited { after_ms },
            // A server that fails may have done it before.
            status if status.is_server_error() => {
                ApiError::Unanswered { why: format!("its server answers {}", status.as_u16()) }
            }
            status => ApiError::Refused { status: status.as_u16(), code: problem.code },
        })
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
