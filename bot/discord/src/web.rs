//! Discord's REST interface, as far as this front uses it. Answers are read leniently: only what is needed is looked for.
//! No error shows a request, an answer, a token or an address with one in it.
//!
//! The client is ours and not serenity's: pointed at another address, that one has its limiter switched off and throws
//! `retry_after` away with the answer, and it brings a second TLS stack.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chat::{Troubles, unpacked};
use engine::clock::EpochMs;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, USER_AGENT};
use hyper::{Method, Request};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::attached::{Attached, multipart};
use crate::buckets::Buckets;
use crate::failure::WORN;
pub(crate) use crate::failure::WebError;
use crate::payload::{list, roles, text};
use crate::readings::Readings;
use crate::settings::Settings;
use crate::trouble;

/// Longest wait for one answer.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Largest answer read, in bytes: a hundred messages with everything in them.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// The status of a call that is one too many.
const TOO_MANY: u16 = 429;
/// Statuses that mean something also where nothing is said with them.
const SAYS_ENOUGH: [u16; 4] = [401, 403, 404, 405];
/// Wait when Discord asks for one and does not say how long, in milliseconds.
const LIMITED_MS: i64 = 1_000;
/// Longest wait that is taken from an answer, in seconds: a day.
const WAIT_MAX_S: f64 = 86_400.0;
/// Discord asks that bots say who they are like this.
const WHO: &str = concat!("DiscordBot (infra-chat, ", env!("CARGO_PKG_VERSION"), ")");
/// Messages read at once.
pub(crate) const PAGE: usize = 100;
/// Minutes after which a thread nobody writes in is put away.
const THREAD_MINUTES: u32 = 1_440;
/// Flags of an application that may read messages: one of many servers, and one of few.
const MAY_READ: u64 = 1 << 18 | 1 << 19;
/// A message that only its reader sees.
pub(crate) const EPHEMERAL: u32 = 1 << 6;

/// A message to send.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    /// The text.
    pub(crate) content: String,
    /// Embeds.
    pub(crate) embeds: Vec<Value>,
    /// Rows of buttons and menus.
    pub(crate) components: Vec<Value>,
    /// What is attached as files.
    pub(crate) files: Vec<Attached>,
    /// The message it replies to.
    pub(crate) reply_to: Option<String>,
    /// Whom it may wake.
    pub(crate) wakes: Option<String>,
}

impl Message {
    fn body(&self) -> Value {
        let wakes: Vec<&str> = self.wakes.iter().map(String::as_str).collect();
        let mut body = json!({
            "content": self.content,
            "embeds": self.embeds,
            "components": self.components,
            "allowed_mentions": { "parse": [], "users": wakes },
        });
        if let Some(reply_to) = &self.reply_to {
            // Whoever deleted it wants an answer all the same.
            body["message_reference"] = json!({ "message_id": reply_to, "fail_if_not_exists": false });
            body["allowed_mentions"]["replied_user"] = json!(false);
        }
        if !self.files.is_empty() {
            let described = self.files.iter().enumerate().map(|(place, file)| file.described(place));
            body["attachments"] = described.collect();
        }
        body
    }
}

/// Where to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GatewayAt {
    /// The address.
    pub(crate) url: String,
    /// How long to wait before a session may begin, in milliseconds.
    pub(crate) wait_ms: i64,
}

/// Which messages next to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Those right behind it.
    After,
    /// Those right before it.
    Before,
}

type Time = Arc<dyn Fn() -> EpochMs + Send + Sync>;

/// One thing to ask.
struct Ask<'a> {
    method: Method,
    path: String,
    what: &'static str,
    /// What waits together: the kind of call, and the channel or interaction it is about.
    about: &'a str,
    body: Option<Value>,
    files: &'a [Attached],
    /// Answers to interactions carry their right in their address, and wait for nobody.
    interaction: bool,
}

impl<'a> Ask<'a> {
    fn new(method: Method, what: &'static str, path: String, about: &'a str) -> Self {
        Self { method, path, what, about, body: None, files: &[], interaction: false }
    }

    fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    fn files(mut self, files: &'a [Attached]) -> Self {
        self.files = files;
        self
    }

    fn of_interaction(mut self) -> Self {
        self.interaction = true;
        self
    }
}

/// The REST interface.
pub(crate) struct Web {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    token: SecretString,
    buckets: Mutex<Buckets>,
    readings: Readings,
    now: Time,
    /// Where it is told which calls don't work.
    troubles: Option<Troubles>,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Web")
    }
}

impl Web {
    /// A client as the settings say. An `http` address needs no certificates.
    pub(crate) fn new(settings: &Settings, now: Time) -> std::io::Result<Self> {
        let provider = rustls::crypto::ring::default_provider();
        let builder = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(std::io::Error::other)?;
        let tls = if settings.api_base.starts_with("http://") {
            builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
        } else {
            builder.with_native_roots()?.with_no_client_auth()
        };
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new());
        Ok(Self {
            client: client.build(connector),
            base: settings.api_base.clone(),
            token: settings.token.clone(),
            buckets: Mutex::default(),
            readings: Readings::default(),
            now,
            troubles: None,
        })
    }

    /// The same, which tells which calls don't work.
    pub(crate) fn with_troubles(self, troubles: Troubles) -> Self {
        Self { troubles: Some(troubles), ..self }
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<Value, WebError> {
        let what = ask.what;
        let answered = self.call(ask).await;
        if let Some(troubles) = &self.troubles {
            trouble::called(troubles, what, answered.as_ref().err());
        }
        answered
    }

    async fn call(&self, ask: Ask<'_>) -> Result<Value, WebError> {
        let what = ask.what;
        if ask.method == Method::GET {
            self.readings.turn().await;
        }
        let bucket = format!("{what}/{}", ask.about);
        let wait_ms = self.buckets().wait_ms(&bucket, (self.now)());
        if let Some(after_ms) = wait_ms.filter(|_| !ask.interaction) {
            return Err(WebError::Limited { what, after_ms });
        }
        let answer = tokio::time::timeout(ANSWER_WAIT, self.answer(&ask)).await;
        let (status, headers, body) = answer.unwrap_or_else(|_| {
            Err(WebError::Unanswered { what, why: format!("{} s went by", ANSWER_WAIT.as_secs()) })
        })?;
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        let worn = answer.as_ref().is_some_and(|answer| answer["code"] == WORN);
        if !worn {
            self.heed(&bucket, status, &headers, answer.as_ref());
        }
        match status {
            200..300 if body.is_empty() => Ok(Value::Null),
            200..300 => answer.ok_or(WebError::Unanswered { what, why: "it is no JSON".to_owned() }),
            TOO_MANY if !worn => {
                let after_ms = asked_ms(&headers, answer.as_ref()).unwrap_or(LIMITED_MS);
                Err(WebError::Limited { what, after_ms })
            }
            // Trouble of its own, or a page of something between.
            ..400 | 500.. => Err(WebError::Unanswered { what, why: format!("status {status}") }),
            _ if answer.is_none() && !SAYS_ENOUGH.contains(&status) => {
                Err(WebError::Unanswered { what, why: format!("status {status}, not Discord's") })
            }
            _ => {
                let answer = answer.unwrap_or_default();
                let why = text(&answer, "message");
                Err(WebError::Refused { what, status, code: answer["code"].as_i64().unwrap_or(0), why })
            }
        }
    }

    async fn answer(&self, ask: &Ask<'_>) -> Result<(u16, HeaderMap, Bytes), WebError> {
        let unanswered = |why: &str| WebError::Unanswered { what: ask.what, why: why.to_owned() };
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(format!("{}{}", self.base, ask.path))
            .header(USER_AGENT, WHO);
        if !ask.interaction {
            request = request.header(AUTHORIZATION, format!("Bot {}", self.token.expose_secret()));
        }
        let body = match (&ask.body, ask.files) {
            (None, _) => Vec::new(),
            (Some(body), []) => {
                request = request.header(CONTENT_TYPE, "application/json");
                body.to_string().into_bytes()
            }
            (Some(body), files) => {
                let (kind, parts) = multipart(body, files);
                request = request.header(CONTENT_TYPE, kind);
                parts
            }
        };
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| unanswered("it can't be asked: is the token whole?"))?;
        let response = self.client.request(request).await.map_err(|_| unanswered("the connection failed"))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = Limited::new(response.into_body(), ANSWER_BYTES).collect().await;
        let body = body.map_err(|_| unanswered("it broke off"))?.to_bytes();
        let packed = headers.get(CONTENT_ENCODING).and_then(|packed| packed.to_str().ok());
        let body = unpacked(&body, packed, ANSWER_BYTES).ok_or_else(|| unanswered("it can't be unpacked"))?;
        Ok((status, headers, Bytes::from(body.into_owned())))
    }

    /// Takes note of how much may still be asked.
    fn heed(&self, bucket: &str, status: u16, headers: &HeaderMap, answer: Option<&Value>) {
        let now_ms = (self.now)();
        let is_limited = status == TOO_MANY;
        let used_up = header(headers, "x-ratelimit-remaining").is_some_and(|left| left <= 0.0);
        if !is_limited && !used_up {
            return;
        }
        let after_ms = if is_limited { asked_ms(headers, answer) } else { None };
        let after_ms = after_ms.or_else(|| milliseconds(header(headers, "x-ratelimit-reset-after")));
        let after_ms = after_ms.unwrap_or(if is_limited { LIMITED_MS } else { 0 });
        // What is no answer of Discord's comes from a wall in front of it, and that counts all there is.
        let of_all = is_limited
            && (answer.is_none_or(|answer| answer["global"] == true)
                || headers.contains_key("x-ratelimit-global"));
        if of_all {
            self.buckets().hold_all(now_ms, after_ms);
        } else {
            self.buckets().hold(bucket, now_ms, after_ms);
        }
    }

    fn buckets(&self) -> std::sync::MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who the bot is.
    pub(crate) async fn who_am_i(&self) -> Result<Value, WebError> {
        self.ask(Ask::new(Method::GET, "asking who the bot is", "/users/@me".to_owned(), "")).await
    }

    /// The servers the bot is on, with what it may do there.
    pub(crate) async fn guilds(&self) -> Result<Vec<Value>, WebError> {
        let ask = Ask::new(Method::GET, "asking for the bot's servers", "/users/@me/guilds".to_owned(), "");
        Ok(self.ask(ask).await?.as_array().cloned().unwrap_or_default())
    }

    /// Whether somebody has switched on that the bot may read messages.
    pub(crate) async fn may_read_messages(&self) -> Result<bool, WebError> {
        let what = "asking what the bot may do";
        let application = self.ask(Ask::new(Method::GET, what, "/applications/@me".to_owned(), "")).await?;
        Ok(application["flags"].as_u64().unwrap_or(0) & MAY_READ != 0)
    }

    /// Where to connect. Nothing else is ever tried in its stead.
    pub(crate) async fn gateway(&self) -> Result<GatewayAt, WebError> {
        let what = "asking for the gateway";
        // Whoever asks for it tells by itself what keeps Discord from being heard.
        let answer = match self.call(Ask::new(Method::GET, what, "/gateway/bot".to_owned(), "")).await {
            // Some that stand in Discord's place know the plain one alone.
            Err(WebError::Refused { status: 404, .. }) => {
                self.call(Ask::new(Method::GET, what, "/gateway".to_owned(), "")).await?
            }
            other => other?,
        };
        let limit = &answer["session_start_limit"];
        let wait_ms = match limit["remaining"].as_i64() {
            Some(..=0) => limit["reset_after"].as_i64().unwrap_or(0),
            _ => 0,
        };
        Ok(GatewayAt { url: needed(what, &answer, "url")?, wait_ms })
    }

    /// Tells Discord which commands there are, in place of all there were.
    pub(crate) async fn commands_put(&self, application: &str, commands: Value) -> Result<(), WebError> {
        let path = format!("/applications/{application}/commands");
        let ask = Ask::new(Method::PUT, "registering commands", path, application).body(commands);
        self.ask(ask).await.map(|_| ())
    }

    /// What Discord knows of a channel.
    pub(crate) async fn channel(&self, channel: &str) -> Result<Value, WebError> {
        let path = format!("/channels/{channel}");
        self.ask(Ask::new(Method::GET, "looking at a channel", path, channel)).await
    }

    /// Somebody's roles on a server.
    pub(crate) async fn roles_of(&self, guild: &str, user: &str) -> Result<Vec<String>, WebError> {
        let path = format!("/guilds/{guild}/members/{user}");
        let member = self.ask(Ask::new(Method::GET, "looking at a member", path, guild)).await?;
        Ok(roles(&member))
    }

    /// Posts a message; its identifier.
    pub(crate) async fn message_post(&self, channel: &str, message: &Message) -> Result<String, WebError> {
        let what = "posting a message";
        let path = format!("/channels/{channel}/messages");
        let ask = Ask::new(Method::POST, what, path, channel).body(message.body());
        needed(what, &self.ask(ask.files(&message.files)).await?, "id")
    }

    /// Edits a message.
    pub(crate) async fn message_edit(
        &self,
        channel: &str,
        id: &str,
        message: &Message,
    ) -> Result<(), WebError> {
        let mut body = message.body();
        if message.files.is_empty() {
            // What was attached to an earlier drawing is not of this one.
            body["attachments"] = json!([]);
        }
        let path = format!("/channels/{channel}/messages/{id}");
        let ask = Ask::new(Method::PATCH, "editing a message", path, channel).body(body);
        self.ask(ask.files(&message.files)).await.map(|_| ())
    }

    /// Deletes a message, where Discord lets the bot.
    pub(crate) async fn message_delete(&self, channel: &str, id: &str) -> Result<(), WebError> {
        let path = format!("/channels/{channel}/messages/{id}");
        self.ask(Ask::new(Method::DELETE, "deleting a message", path, channel)).await.map(|_| ())
    }

    /// Messages of a channel next to one, or to a time in the form of an identifier; oldest first.
    pub(crate) async fn messages(
        &self,
        channel: &str,
        bound: Bound,
        id: &str,
    ) -> Result<Vec<Value>, WebError> {
        let bound = match bound {
            Bound::After => "after",
            Bound::Before => "before",
        };
        let path = format!("/channels/{channel}/messages?{bound}={id}&limit={PAGE}");
        let answer = self.ask(Ask::new(Method::GET, "reading a channel", path, channel)).await?;
        let mut messages: Vec<Value> = list(&answer).cloned().collect();
        messages.sort_by_key(|message| text(message, "id").parse::<u64>().unwrap_or(0));
        Ok(messages)
    }

    /// Begins the thread of a message. It has the identifier of the message.
    pub(crate) async fn thread_begin(&self, channel: &str, id: &str, name: &str) -> Result<(), WebError> {
        let path = format!("/channels/{channel}/messages/{id}/threads");
        let body = json!({ "name": name, "auto_archive_duration": THREAD_MINUTES });
        let ask = Ask::new(Method::POST, "beginning a thread", path, channel).body(body);
        self.ask(ask).await.map(|_| ())
    }

    /// Opens a thread again that was put away.
    pub(crate) async fn thread_reopen(&self, thread: &str) -> Result<(), WebError> {
        let path = format!("/channels/{thread}");
        let ask = Ask::new(Method::PATCH, "opening a thread again", path, thread);
        self.ask(ask.body(json!({ "archived": false }))).await.map(|_| ())
    }

    /// The channel between the bot and somebody.
    pub(crate) async fn direct(&self, user: &str) -> Result<String, WebError> {
        let what = "opening a direct conversation";
        let path = "/users/@me/channels".to_owned();
        let ask = Ask::new(Method::POST, what, path, "").body(json!({ "recipient_id": user }));
        needed(what, &self.ask(ask).await?, "id")
    }

    /// Acknowledges an interaction, with what it shows at once.
    pub(crate) async fn interaction_answer(
        &self,
        id: &str,
        token: &str,
        answer: Value,
    ) -> Result<(), WebError> {
        let path = format!("/interactions/{id}/{token}/callback");
        let ask = Ask::new(Method::POST, "answering an interaction", path, id).body(answer);
        self.ask(ask.of_interaction()).await.map(|_| ())
    }

    /// Puts what was waited for where an interaction was acknowledged.
    pub(crate) async fn interaction_finish(
        &self,
        application: &str,
        token: &str,
        message: &Message,
    ) -> Result<(), WebError> {
        let path = format!("/webhooks/{application}/{token}/messages/@original");
        let ask = Ask::new(Method::PATCH, "finishing an answer", path, "").body(message.body());
        self.ask(ask.files(&message.files).of_interaction()).await.map(|_| ())
    }

    /// Says one thing more to whoever interacted, and to nobody else.
    pub(crate) async fn interaction_whisper(
        &self,
        application: &str,
        token: &str,
        message: &Message,
    ) -> Result<(), WebError> {
        let mut body = message.body();
        body["flags"] = json!(EPHEMERAL);
        let path = format!("/webhooks/{application}/{token}");
        let ask = Ask::new(Method::POST, "following an answer up", path, "").body(body);
        self.ask(ask.files(&message.files).of_interaction()).await.map(|_| ())
    }
}

/// How long Discord asks to wait, in milliseconds: its body is finer than its header.
fn asked_ms(headers: &HeaderMap, answer: Option<&Value>) -> Option<i64> {
    let in_body = answer.and_then(|answer| answer["retry_after"].as_f64());
    milliseconds(in_body.or_else(|| header(headers, "retry-after")))
}

fn milliseconds(seconds: Option<f64>) -> Option<i64> {
    let seconds = seconds.filter(|seconds| seconds.is_finite())?;
    Some((seconds.clamp(0.0, WAIT_MAX_S) * 1_000.0).ceil() as i64)
}

fn header(headers: &HeaderMap, name: &str) -> Option<f64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

fn needed(what: &'static str, answer: &Value, key: &str) -> Result<String, WebError> {
    match text(answer, key) {
        missing if missing.is_empty() => Err(WebError::Unanswered { what, why: format!("it lacks {key}") }),
        found => Ok(found),
    }
}
