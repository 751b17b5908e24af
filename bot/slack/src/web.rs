//! Slack's Web API, as far as this front uses it. Answers are read leniently: only what is needed is looked for, because
//! Slack adds to them all the time. No error shows a request, an answer or a token.

use std::time::Duration;

use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::SlackClientHyperConnector;
use slack_morphism::{SlackApiToken, SlackClient, SlackClientApiCallContext, SlackClientHttpConnector as _};

use crate::settings::Settings;

/// Longest wait for one answer. Slack's own are there within a second; a proxy may be slow.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Messages read when one is looked for that may have arrived.
const HISTORY_READ: u32 = 100;

/// Why a call did not work.
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

impl WebError {
    fn of(method: &'static str, error: &SlackClientError) -> Self {
        match error {
            SlackClientError::RateLimitError(limit) => {
                let after_ms = limit.retry_after.map(|after| after.as_millis() as i64);
                Self::Limited { method, after_ms }
            }
            SlackClientError::ApiError(error)
                if error.code == "ratelimited" || error.code == "rate_limited" =>
            {
                Self::Limited { method, after_ms: None }
            }
            SlackClientError::ApiError(error) => Self::Refused { method, code: error.code.clone() },
            SlackClientError::HttpError(error) => {
                Self::Unanswered { method, why: format!("status {}", error.status_code) }
            }
            SlackClientError::ProtocolError(_) => {
                Self::Unanswered { method, why: "it is no JSON".to_owned() }
            }
            // What these say is about connections; bodies are not in it.
            SlackClientError::HttpProtocolError(error) => Self::Unanswered { method, why: error.to_string() },
            _ => Self::Unanswered { method, why: "the connection failed".to_owned() },
        }
    }
}

/// A message to send.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    /// What is read where blocks are not.
    pub(crate) text: String,
    /// Block Kit.
    pub(crate) blocks: Vec<Value>,
    /// The message whose thread it belongs into.
    pub(crate) thread: Option<String>,
}

/// Who the bot is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bot {
    /// Its user.
    pub(crate) user: String,
    /// Its bot.
    pub(crate) id: String,
}

type Client = SlackClient<SlackClientHyperConnector<HttpsConnector<HttpConnector>>>;

/// The Web API. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Web {
    client: Client,
    bot: SlackApiToken,
    app: Option<SlackApiToken>,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Web")
    }
}

impl Web {
    /// A client as the settings say. An `http` address needs no certificates.
    pub(crate) fn new(settings: &Settings) -> std::io::Result<Self> {
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
        let client =
            SlackClientHyperConnector::with_connector(connector).with_slack_api_url(&settings.api_base);
        let token = |secret: &SecretString| SlackApiToken::new(secret.expose_secret().into());
        Ok(Self {
            client: SlackClient::new(client),
            bot: token(&settings.bot_token),
            app: settings.app_token.as_ref().map(token),
        })
    }

    async fn post_as(
        &self,
        token: &SlackApiToken,
        method: &'static str,
        body: &Value,
    ) -> Result<Value, WebError> {
        let session = self.client.open_session(token);
        let call = session.http_session_api.http_post::<Value, Value>(method, body, None);
        answered(method, tokio::time::timeout(ANSWER_WAIT, call).await)
    }

    async fn post(&self, method: &'static str, body: Value) -> Result<Value, WebError> {
        self.post_as(&self.bot, method, &body).await
    }

    async fn get(&self, method: &'static str, parameters: &[(&str, String)]) -> Result<Value, WebError> {
        let session = self.client.open_session(&self.bot);
        let parameters: Vec<(&str, Option<&String>)> =
            parameters.iter().map(|(name, value)| (*name, Some(value))).collect();
        let call = session.http_session_api.http_get::<Value, _, _>(method, &parameters, None);
        answered(method, tokio::time::timeout(ANSWER_WAIT, call).await)
    }

    /// Who the bot is.
    pub(crate) async fn who_am_i(&self) -> Result<Bot, WebError> {
        let answer = self.post("auth.test", json!({})).await?;
        Ok(Bot { user: text(&answer, "/user_id"), id: text(&answer, "/bot_id") })
    }

    /// Where to open a socket.
    pub(crate) async fn socket_url(&self) -> Result<String, WebError> {
        let method = "apps.connections.open";
        let Some(app) = &self.app else {
            return Err(WebError::Refused { method, code: "no_app_token".to_owned() });
        };
        let answer = self.post_as(app, method, &json!({})).await?;
        needed(method, &answer, "/url")
    }

    /// Posts a message; its identifier.
    pub(crate) async fn message_post(&self, channel: &str, message: &Message) -> Result<String, WebError> {
        let method = "chat.postMessage";
        let mut body = json!({
            "channel": channel,
            "text": message.text,
            "blocks": message.blocks,
            "unfurl_links": false,
            "unfurl_media": false,
        });
        put_thread(&mut body, message);
        let answer = self.post(method, body).await?;
        needed(method, &answer, "/ts")
    }

    /// Edits a message.
    pub(crate) async fn message_update(
        &self,
        channel: &str,
        ts: &str,
        message: &Message,
    ) -> Result<(), WebError> {
        let body = json!({ "channel": channel, "ts": ts, "text": message.text, "blocks": message.blocks });
        self.post("chat.update", body).await.map(|_| ())
    }

    /// Shows a message to one person alone.
    pub(crate) async fn message_whisper(
        &self,
        channel: &str,
        user: &str,
        message: &Message,
    ) -> Result<(), WebError> {
        let mut body =
            json!({ "channel": channel, "user": user, "text": message.text, "blocks": message.blocks });
        put_thread(&mut body, message);
        self.post("chat.postEphemeral", body).await.map(|_| ())
    }

    /// Answers at the address Slack gave with a command.
    pub(crate) async fn answer_at(&self, url: &str, message: &Message) -> Result<(), WebError> {
        let method = "response_url";
        let url = url.parse().map_err(|_| WebError::Refused { method, code: "bad_url".to_owned() })?;
        let body = json!({ "response_type": "ephemeral", "text": message.text, "blocks": message.blocks });
        let span = tracing::Span::none();
        let call =
            self.client.http_api.connector.http_post_uri::<Value, Value>(url, &body, without_token(&span));
        // It answers `ok`, which is no JSON; whatever comes with a good status is fine.
        match tokio::time::timeout(ANSWER_WAIT, call).await {
            Ok(Err(SlackClientError::ProtocolError(_))) => Ok(()),
            other => answered(method, other).map(|_| ()),
        }
    }

    /// Deletes a message, where Slack lets the bot.
    pub(crate) async fn message_delete(&self, channel: &str, ts: &str) -> Result<(), WebError> {
        self.post("chat.delete", json!({ "channel": channel, "ts": ts })).await.map(|_| ())
    }

    /// Messages of a channel, or of a thread in it, since an instant, in epoch seconds as Slack writes them.
    pub(crate) async fn messages_since(
        &self,
        channel: &str,
        thread: Option<&str>,
        oldest: &str,
    ) -> Result<Vec<Value>, WebError> {
        let mut parameters = vec![
            ("channel", channel.to_owned()),
            ("oldest", oldest.to_owned()),
            ("limit", HISTORY_READ.to_string()),
        ];
        let answer = match thread {
            Some(thread) => {
                parameters.push(("ts", thread.to_owned()));
                self.get("conversations.replies", &parameters).await?
            }
            None => self.get("conversations.history", &parameters).await?,
        };
        Ok(answer["messages"].as_array().cloned().unwrap_or_default())
    }

    /// The direct conversation with somebody.
    pub(crate) async fn direct(&self, user: &str) -> Result<String, WebError> {
        let method = "conversations.open";
        let answer = self.post(method, json!({ "users": user })).await?;
        needed(method, &answer, "/channel/id")
    }

    /// Opens a modal for the click or command that gave the trigger.
    pub(crate) async fn modal_open(&self, trigger: &str, view: Value) -> Result<(), WebError> {
        self.post("views.open", json!({ "trigger_id": trigger, "view": view })).await.map(|_| ())
    }

    /// Shows somebody's App Home.
    pub(crate) async fn home_publish(&self, user: &str, view: Value) -> Result<(), WebError> {
        self.post("views.publish", json!({ "user_id": user, "view": view })).await.map(|_| ())
    }

    /// Puts a file into a thread.
    pub(crate) async fn file_attach(
        &self,
        channel: &str,
        thread: &str,
        name: &str,
        content: &str,
    ) -> Result<(), WebError> {
        let method = "files.getUploadURLExternal";
        let size = [("filename", name.to_owned()), ("length", content.len().to_string())];
        let place = self.get(method, &size).await?;
        let (url, file) = (needed(method, &place, "/upload_url")?, needed(method, &place, "/file_id")?);
        let url = url.parse().map_err(|_| WebError::Unanswered { method, why: "no address".to_owned() })?;
        let span = tracing::Span::none();
        let upload = self.client.http_api.connector.http_post_uri_binary::<Value>(
            url,
            "text/plain; charset=utf-8".to_owned(),
            content.as_bytes(),
            without_token(&span),
        );
        match tokio::time::timeout(ANSWER_WAIT, upload).await {
            // It answers `OK - 12`, which is no JSON.
            Ok(Err(SlackClientError::ProtocolError(_))) => {}
            other => {
                answered("upload", other)?;
            }
        }
        let body = json!({
            "files": [{ "id": file, "title": name }],
            "channel_id": channel,
            "thread_ts": thread,
        });
        self.post("files.completeUploadExternal", body).await.map(|_| ())
    }
}

/// Addresses Slack hands out say by themselves who may use them: the token stays here.
fn without_token(span: &tracing::Span) -> SlackClientApiCallContext<'_> {
    SlackClientApiCallContext {
        rate_control_params: None,
        token: None,
        tracing_span: span,
        is_sensitive_url: true,
    }
}

fn put_thread(body: &mut Value, message: &Message) {
    if let Some(thread) = &message.thread {
        body["thread_ts"] = json!(thread);
    }
}

fn answered(
    method: &'static str,
    answer: Result<Result<Value, SlackClientError>, tokio::time::error::Elapsed>,
) -> Result<Value, WebError> {
    match answer {
        Ok(Ok(answer)) if answer["ok"] == json!(false) => {
            Err(WebError::Refused { method, code: text(&answer, "/error") })
        }
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(WebError::of(method, &error)),
        Err(_) => Err(WebError::Unanswered { method, why: format!("{} s went by", ANSWER_WAIT.as_secs()) }),
    }
}

fn text(answer: &Value, pointer: &str) -> String {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn needed(method: &'static str, answer: &Value, pointer: &str) -> Result<String, WebError> {
    match text(answer, pointer) {
        missing if missing.is_empty() => {
            Err(WebError::Unanswered { method, why: format!("it lacks {}", &pointer[1..]) })
        }
        found => Ok(found),
    }
}
