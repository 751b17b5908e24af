//! One SendGrid account, or subuser, with one key.

use std::time::Duration;

use engine::ports::PortError;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::{
    self, Answer, Api, ApiError, Auth, Budgets, Call, Problem, Quota, Vendor, limits_of_fields,
};

/// Where accounts of the whole world are.
pub const API_BASE: &str = "https://api.sendgrid.com";
/// Where subusers of the European region are.
pub const API_BASE_EU: &str = "https://api.eu.sendgrid.com";

static VENDOR: Vendor = Vendor {
    name: "SendGrid",
    api_base: API_BASE,
    // Nothing is published; answers say what is left.
    quota: Quota { calls: 300, per_ms: 60_000 },
    limited_ms: 5_000,
    request_id: "x-message-id",
    problem,
    limits: |headers, now_ms| limits_of_fields(headers, "x-ratelimit", now_ms),
    token_hint: "Look at https://app.sendgrid.com/settings/api_keys whether the key still exists and may do this, then set it again. A key of the European region works only there.",
};

fn problem(_: StatusCode, _: &HeaderMap, body: &[u8]) -> Problem {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let told: Vec<String> = body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| {
            let message = one["message"].as_str()?;
            Some(match one["field"].as_str() {
                Some(field) => format!("{message} ({field})"),
                None => message.to_owned(),
            })
        })
        .collect();
    Problem { code: None, says: (!told.is_empty()).then(|| told.join("; ")), is_limit: false }
}

/// Where an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Region {
    /// The whole world.
    #[default]
    Global,
    /// The European Union: data stays there.
    Eu,
}

/// How to get in, and whether mails are sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The key: `SG.…`.
    pub key: SecretString,
    /// Where the account is.
    pub region: Region,
    /// Where the API is (`sendgrid.api_base`); the region's own address when absent.
    pub api_base: Option<String>,
    /// Whether mails are only checked and not sent: for environments in test mode.
    pub is_sandbox: bool,
    /// Longest wait for one answer; 30 s when absent.
    pub answer_wait: Option<Duration>,
}

/// One account with one key. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SendGrid {
    pub(super) api: Api,
    pub(super) region: Region,
    pub(super) is_sandbox: bool,
}

impl SendGrid {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`PortError::Fail`] when the key is none of SendGrid's, or the address can't be one.
    pub fn new(settings: &Settings, budgets: &Budgets) -> Result<Self, PortError> {
        let key = settings.key.expose_secret().trim();
        let parts: Vec<&str> = key.split('.').collect();
        if !matches!(parts.as_slice(), ["SG", id, secret] if !id.is_empty() && !secret.is_empty()) {
            return Err(PortError::fail(
                "This is no key of SendGrid: they begin with SG. and have two parts behind it",
                VENDOR.token_hint,
            ));
        }
        let own = match settings.region {
            Region::Global => API_BASE,
            Region::Eu => API_BASE_EU,
        };
        let mut there = http::Settings::new(Auth::Bearer(SecretString::from(key)));
        there.api_base = Some(settings.api_base.clone().unwrap_or_else(|| own.to_owned()));
        there.answer_wait = settings.answer_wait;
        let api = Api::new(&VENDOR, &there, budgets).map_err(ApiError::of_read)?;
        Ok(Self { api, region: settings.region, is_sandbox: settings.is_sandbox })
    }

    /// Where the API is.
    pub fn base(&self) -> &str {
        self.api.base()
    }

    /// What a reading call finds.
    pub(super) async fn get<T: DeserializeOwned>(&self, call: Call) -> Result<T, PortError> {
        self.asked(call).await.and_then(|answer| answer.json()).map_err(ApiError::of_read)
    }

    /// The same; absent when the key may not read it.
    pub(super) async fn get_allowed<T: DeserializeOwned>(&self, call: Call) -> Result<Option<T>, PortError> {
        match self.asked(call).await {
            Err(ApiError::Refused { status: 403, .. }) => Ok(None),
            other => other.and_then(|answer| answer.json()).map(Some).map_err(ApiError::of_read),
        }
    }

    async fn asked(&self, call: Call) -> Result<Answer, ApiError> {
        self.api.send(call).await
    }
}
