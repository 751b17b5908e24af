//! Whether a key works, for whom, what it may do, and who is told what became of mails.

use std::collections::{BTreeMap, BTreeSet};

use engine::ports::PortError;
use serde::Deserialize;
use serde_json::Value;

use super::{Region, SendGrid};
use crate::http::{Call, Verified};

/// Scopes, and what needs them (<https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions>).
const NEEDED: [(&str, &str); 4] = [
    ("mail.send", "sending mail"),
    ("whitelabel.read", "looking at domains"),
    ("whitelabel.create", "having a domain authenticated"),
    ("user.webhooks.event.settings.read", "looking at the event webhook"),
];
/// Beginnings of scopes that open far more than mail.
const TOO_MUCH: [&str; 7] =
    ["api_keys.", "billing.", "subusers.", "teammates.", "user.password.", "user.email.", "access_settings."];

/// Where SendGrid tells what became of mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventWebhook {
    /// SendGrid's identifier for it.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// Where it leads.
    pub url: String,
    /// Whether it is on.
    pub is_enabled: bool,
    /// Whether what it tells is signed.
    pub is_signed: bool,
    /// What is told: `bounce`, `delivered` …
    pub events: BTreeSet<String>,
}

impl SendGrid {
    /// The scopes the key has.
    pub async fn scopes(&self) -> Result<BTreeSet<String>, PortError> {
        #[derive(Deserialize)]
        struct Scopes {
            scopes: BTreeSet<String>,
        }
        let scopes: Scopes = self.get(Call::get(&["v3", "scopes"])).await?;
        Ok(scopes.scopes)
    }

    /// Where SendGrid tells what became of mails. They are read and not changed here.
    pub async fn event_webhooks(&self) -> Result<Vec<EventWebhook>, PortError> {
        #[derive(Deserialize)]
        struct All {
            #[serde(default)]
            webhooks: Vec<BTreeMap<String, Value>>,
        }
        let all: All = self.get(Call::get(&["v3", "user", "webhooks", "event", "settings", "all"])).await?;
        let read = |one: BTreeMap<String, Value>| {
            let text = |name: &str| one.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            let is_on = |value: &Value| value.as_bool() == Some(true);
            EventWebhook {
                id: text("id").unwrap_or_default().to_owned(),
                name: text("friendly_name").map(str::to_owned),
                url: text("url").unwrap_or_default().to_owned(),
                is_enabled: one.get("enabled").is_some_and(is_on),
                is_signed: text("public_key").is_some(),
                events: one
                    .iter()
                    .filter(|(name, value)| is_on(value) && *name != "enabled")
                    .map(|(name, _)| name.clone())
                    .collect(),
            }
        };
        Ok(all.webhooks.into_iter().map(read).collect())
    }

    /// Tries the key.
    ///
    /// # Errors
    /// [`PortError::Fail`] when it is not accepted: also a European one elsewhere, and the other way round.
    pub async fn verify(&self) -> Result<Verified, PortError> {
        #[derive(Deserialize)]
        struct User {
            username: String,
        }
        #[derive(Deserialize)]
        struct Account {
            #[serde(rename = "type")]
            kind: String,
        }
        let scopes = self.scopes().await?;
        let mut verified = Verified::default();
        match self.get_allowed::<User>(Call::get(&["v3", "user", "username"])).await? {
            Some(user) => verified.account = user.username,
            None => verified.says.push("the key may not read whose it is".to_owned()),
        }
        if let Some(account) = self.get_allowed::<Account>(Call::get(&["v3", "user", "account"])).await? {
            verified.says.push(format!("a {} account", account.kind));
        }
        if self.region == Region::Eu {
            verified.says.push("in the European region".to_owned());
        }
        if self.is_sandbox {
            verified.says.push("sandbox mode: mails are checked and go to nobody".to_owned());
        }
        verified.says.push(format!("the key has {} scopes", scopes.len()));
        let missing = NEEDED.iter().filter(|(scope, _)| !scopes.contains(*scope));
        verified.missing = missing.map(|(scope, need)| format!("{scope}, for {need}")).collect();
        let senders = Call::get(&["v3", "verified_senders"]).query("limit", "1");
        if self.get_allowed::<serde::de::IgnoredAny>(senders).await?.is_none() {
            verified.missing.push("Sender Authentication: read, for looking at senders".to_owned());
        }
        let broad: Vec<&str> = scopes
            .iter()
            .map(String::as_str)
            .filter(|scope| TOO_MUCH.iter().any(|beginning| scope.starts_with(beginning)))
            .collect();
        if let Some(first) = broad.first() {
            verified.warnings.push(format!(
                "The key may do more than mail needs ({first} and {} more like it): make one with restricted access.",
                broad.len() - 1
            ));
        }
        Ok(verified)
    }
}
