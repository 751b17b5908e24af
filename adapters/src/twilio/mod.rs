//! Texts through Twilio: the engine's port `Messenger` on its Programmable Messaging API (version 2010-04-01), the signatures of
//! what it calls, its errors in sentences, and a small Twilio of our own to try all of it with.
//!
//! Twilio has no idempotency key. What became of an unanswered call is told by the status callback, which carries our key in
//! its address, and by the list of messages, in which the text is found by its words: they hold numbers no other text has.

mod account;
mod client;
mod errors;
mod pace;
mod settings;
pub mod signature;
pub mod sim;

use std::sync::Arc;

use async_trait::async_trait;
use engine::clock::Clock;
use engine::model::Phone;
use engine::notify::Fate;
use engine::ports::{Found, Messenger, Outgoing, PortError};

pub use account::{Account, Capabilities, OwnNumber};
pub use client::{ApiError, Message, Twilio};
pub use errors::sentence;
use pace::Pace;
pub use settings::{API_BASE, Links, Sender, Settings, account_sid, messaging_service};

/// The path below the public address that status callbacks come to.
pub const STATUS_PATH: &str = "/twilio/status";
/// The path below the public address that texts of people come to.
pub const INBOUND_PATH: &str = "/twilio/inbound";
/// The parameter of a status callback's address that carries our key.
pub const KEY: &str = "text";
/// A message that was made so much before ours was decided is not ours, in milliseconds: clocks differ.
const CLOCKS_DIFFER_MS: i64 = 120_000;

/// The port.
pub struct TwilioMessenger {
    twilio: Twilio,
    settings: Settings,
    pace: Pace,
}

impl TwilioMessenger {
    /// Connects to the account in the settings; nothing is asked of it before the first text.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, ApiError> {
        Ok(Self { twilio: Twilio::new(&settings)?, settings, pace: Pace::new(clock) })
    }

    /// Where Twilio tells what became of a text.
    fn callback(&self, key: &str) -> Option<String> {
        let address = self.settings.public_url.as_ref()?;
        let key: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
        Some(format!("{address}{STATUS_PATH}?{KEY}={key}"))
    }
}

/// What became of a message by its status.
pub fn fate(status: &str, error_code: Option<i64>) -> Fate {
    match status {
        "delivered" | "read" | "received" => Fate::Delivered,
        "undelivered" | "failed" | "canceled" => Fate::Lost { why: sentence(error_code, status) },
        _ => Fate::Going,
    }
}

fn found(message: &Message) -> Found {
    Found { sent_as: message.sid.clone(), fate: fate(&message.status, message.error_code) }
}

/// What an error means for a call that sends.
fn of_sending(error: &ApiError) -> PortError {
    match error {
        ApiError::Limited { after_ms } => {
            PortError::Retry { what: error.to_string(), after_ms: Some(*after_ms) }
        }
        ApiError::Refused { .. } => PortError::fail(error.to_string(), ""),
        ApiError::Unreached { .. } | ApiError::Client { .. } => PortError::retry(error.to_string()),
        ApiError::Unanswered { .. } => PortError::unknown(error.to_string()),
    }
}

/// What an error means for a call that only looks.
fn of_looking(error: &ApiError) -> PortError {
    PortError::retry(error.to_string())
}

#[async_trait]
impl Messenger for TwilioMessenger {
    fn name(&self) -> &'static str {
        "Twilio"
    }

    fn takes_links(&self, to: &Phone) -> bool {
        self.settings.links.reach(to)
    }

    async fn send(&self, text: &Outgoing<'_>) -> Result<Found, PortError> {
        if let Some(after_ms) = self.pace.wait_ms() {
            let what = "one text a second is what a sender may send".to_owned();
            return Err(PortError::Retry { what, after_ms: Some(after_ms) });
        }
        let callback = self.callback(text.key);
        let sent = self.twilio.send(&self.settings.sender, text.to, text.body, callback.as_deref()).await;
        sent.map(|message| found(&message)).map_err(|error| of_sending(&error))
    }

    async fn look(&self, text: &Outgoing<'_>) -> Result<Vec<Found>, PortError> {
        let messages = self.twilio.list(text.to).await.map_err(|error| of_looking(&error))?;
        let ours = |message: &&Message| {
            let made_ms = message.made_ms().unwrap_or(i64::MAX);
            message.body.as_deref() == Some(text.body)
                && message.direction.starts_with("outbound")
                && made_ms >= text.made_ms - CLOCKS_DIFFER_MS
        };
        Ok(messages.iter().filter(ours).map(found).collect())
    }

    async fn fate(&self, sent_as: &str) -> Result<Fate, PortError> {
        let message = self.twilio.fetch(sent_as).await.map_err(|error| of_looking(&error))?;
        Ok(found(&message).fate)
    }
}
