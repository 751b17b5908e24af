//! Delivering to the bot: over sockets, or as signed calls.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use super::{SIGNING_SECRET, Sim};

/// How long Slack waits for an acknowledgement.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(3);
/// Block of SHA-256, in bytes.
const HASH_BLOCK: usize = 64;

/// An acknowledgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Acked {
    /// What came with it; null for nothing.
    pub payload: Value,
    /// How long it took.
    pub took: Duration,
}

impl Sim {
    /// Delivers over one socket, or over all of them; `None` when it was not acknowledged in time.
    pub async fn deliver(&self, kind: &str, payload: &Value, over_all: bool) -> Option<Acked> {
        let began = Instant::now();
        let (waiting, acknowledged) = oneshot::channel();
        {
            let mut state = self.inside.state();
            let id = format!("envelope-{}", state.number());
            let envelope = json!({
                "envelope_id": id, "type": kind, "payload": payload,
                "accepts_response_payload": kind != "events_api",
            });
            state.waiting.insert(id, waiting);
            let open: Vec<_> = state.sockets.iter().rev().filter(|socket| !socket.is_closed()).collect();
            let many = if over_all { open.len() } else { 1 };
            let mut sent = false;
            for socket in open.into_iter().take(many) {
                sent |= socket.send(envelope.to_string()).is_ok();
            }
            if !sent {
                return None;
            }
        }
        let payload = tokio::time::timeout(ACKNOWLEDGED_WITHIN, acknowledged).await.ok()?.ok()?;
        Some(Acked { payload, took: began.elapsed() })
    }

    /// Calls the bot at an address with a body signed with `secret` at `at_s`; the status and the answer.
    pub async fn call(
        &self,
        url: &str,
        content_type: &str,
        body: &str,
        secret: &str,
        at_s: i64,
    ) -> (u16, String) {
        let request = hyper::Request::post(url)
            .header("content-type", content_type)
            .header("x-slack-request-timestamp", at_s.to_string())
            .header("x-slack-signature", signature(secret, at_s, body))
            .body(Full::new(Bytes::from(body.to_owned())));
        sent(request).await
    }

    /// Looks at an address without a signature; the status.
    pub async fn look(&self, url: &str) -> u16 {
        sent(hyper::Request::get(url).body(Full::default())).await.0
    }

    /// Delivers a command whose body somebody has changed on the way; the status.
    pub async fn deliver_changed(&self, base: &str, command: &Value, at_s: i64) -> u16 {
        let text =
            format!("user_id={}&channel_id={}", command["user_id"], command["channel_id"]).replace('"', "");
        let signed = signature(SIGNING_SECRET, at_s, &text);
        let changed = format!("{text}&text=deploy+production");
        let request = hyper::Request::post(format!("{base}/slack/commands"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-slack-request-timestamp", at_s.to_string())
            .header("x-slack-signature", signed)
            .body(Full::new(Bytes::from(changed)));
        sent(request).await.0
    }

    /// Delivers as a signed call, as Slack does without Socket Mode.
    pub async fn deliver_signed(&self, base: &str, kind: &str, payload: &Value, at_s: i64) -> (u16, String) {
        let form = |fields: Vec<(String, String)>| {
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
        };
        let (path, content_type, body) = match kind {
            "slash_commands" => {
                let fields = payload.as_object().into_iter().flatten();
                let fields =
                    fields.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
                ("commands", "application/x-www-form-urlencoded", form(fields.collect()))
            }
            "interactive" => {
                let fields = vec![("payload".to_owned(), payload.to_string())];
                ("interactions", "application/x-www-form-urlencoded", form(fields))
            }
            _ => ("events", "application/json", payload.to_string()),
        };
        self.call(&format!("{base}/slack/{path}"), content_type, &body, SIGNING_SECRET, at_s).await
    }
}

async fn sent(request: Result<hyper::Request<Full<Bytes>>, hyper::http::Error>) -> (u16, String) {
    let Ok(request) = request else { return (0, String::new()) };
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    match tokio::time::timeout(ACKNOWLEDGED_WITHIN, client.request(request)).await {
        Ok(Ok(response)) => {
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.map(http_body_util::Collected::to_bytes);
            (status, String::from_utf8_lossy(&body.unwrap_or_default()).into_owned())
        }
        _ => (0, String::new()),
    }
}

/// Slack's signature of a call: HMAC-SHA256 over version, time and body.
pub fn signature(secret: &str, at_s: i64, body: &str) -> String {
    let mut key = [0_u8; HASH_BLOCK];
    let secret = secret.as_bytes();
    if secret.len() > HASH_BLOCK {
        key[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        key[..secret.len()].copy_from_slice(secret);
    }
    let pad = |with: u8| key.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(format!("v0:{at_s}:{body}")).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    format!("v0={}", hex::encode(outer))
}
