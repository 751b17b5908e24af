//! One account in one mode: reading, lists, and writing under a key that makes it safe to repeat.

use std::time::Duration;

use engine::ports::{Permit, PortError};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Key, Kind, Mode};
use crate::http::{self, Answer, Api, ApiError, Auth, Budgets, Call, Problem, Quota, Vendor};

/// Stripe's own address.
pub const API_BASE: &str = "https://api.stripe.com";
/// The version of the API these calls are written in; Stripe serves old ones for good.
pub const API_VERSION: &str = "2023-08-16";
/// Things on a page, the most Stripe gives.
const PAGE: usize = 100;
/// Keys one write may use up: each takes an answer that Stripe keeps and that is not true any more.
const KEYS_MAX: u32 = 5;

static VENDOR: Vendor = Vendor {
    name: "Stripe",
    api_base: API_BASE,
    // What a sandbox, and each path, takes (<https://docs.stripe.com/rate-limits>); answers do not say what is left.
    quota: Quota { calls: 25, per_ms: 1_000 },
    limited_ms: 1_000,
    request_id: "request-id",
    problem,
    limits: |_, _| None,
    token_hint: "Look at https://dashboard.stripe.com/apikeys whether the key still exists and may do this, then set it again.",
};

fn problem(_: StatusCode, _: &HeaderMap, body: &[u8]) -> Problem {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body["error"][name].as_str().map(str::to_owned);
    let code = text("code").or_else(|| text("type"));
    // Somebody is at it at this very moment: soon it can be looked at.
    let is_limit = matches!(code.as_deref(), Some("rate_limit" | "lock_timeout" | "idempotency_key_in_use"));
    Problem { code, says: text("message"), is_limit }
}

/// How to get in, and for which mode.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The key.
    pub key: SecretString,
    /// The mode this environment is in: a key of the other one is refused.
    pub mode: Mode,
    /// Where the API is (`stripe.api_base`); Stripe's own address when absent.
    pub api_base: Option<String>,
    /// Longest wait for one answer; 30 s when absent.
    pub answer_wait: Option<Duration>,
}

/// One account in one mode. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stripe {
    api: Api,
    mode: Mode,
    kind: Kind,
}

/// A thing in a list.
pub(super) trait Listed: DeserializeOwned {
    /// Its identifier, which the next page begins behind.
    fn id(&self) -> &str;
}

/// What a write came to.
pub(super) struct Written {
    pub(super) answer: Answer,
    pub(super) value: Value,
}

impl Written {
    /// The thing as it is now.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, PortError> {
        // Its words may quote what came.
        T::deserialize(&self.value)
            .map_err(|_| PortError::unknown("Stripe answers something else than expected"))
    }
}

/// What to think of an answer that Stripe kept from an earlier call under the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It counts if what it made is still there.
    IfThere,
    /// The same, and it must hold this field.
    IfThereWith(&'static str),
    /// It does not count: we have looked, and it needs doing.
    Never,
}

impl Stripe {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`PortError::Fail`] when the key is none, is one for browsers, or is of the other mode.
    pub fn new(settings: &Settings, budgets: &Budgets) -> Result<Self, PortError> {
        let key = Key::read(&settings.key)
            .map_err(|error| PortError::fail(error.to_string(), VENDOR.token_hint))?;
        if key.mode != settings.mode {
            return Err(PortError::fail(
                format!(
                    "This is a Stripe key of {} mode, and {} mode is wanted here",
                    key.mode, settings.mode
                ),
                format!("Set a key that begins with rk_{0}_ or sk_{0}_.", settings.mode),
            ));
        }
        let mut there = http::Settings::new(Auth::Bearer(key.text));
        there.api_base.clone_from(&settings.api_base);
        there.answer_wait = settings.answer_wait;
        let api = Api::new(&VENDOR, &there, budgets).map_err(ApiError::of_read)?;
        Ok(Self { api, mode: key.mode, kind: key.kind })
    }

    /// Whether money is real.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What the key may do.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Refuses what comes from the other mode: the thing itself and what a list holds.
    pub(super) fn of_mode(&self, value: &Value, what: &str) -> Result<(), PortError> {
        let is_live = self.mode == Mode::Live;
        let listed = value["data"].as_array().into_iter().flatten();
        let crossed = |one: &Value| one["livemode"].as_bool().is_some_and(|live| live != is_live);
        if std::iter::once(value).chain(listed).any(crossed) {
            let other = if is_live { Mode::Test } else { Mode::Live };
            return Err(PortError::fail(
                format!(
                    "Stripe answers {what} with things of {other} mode, and {} mode is wanted here",
                    self.mode
                ),
                "Look at stripe.api_base: what answers there does not go by the key.",
            ));
        }
        Ok(())
    }

    /// The answer to a reading call.
    pub(super) async fn asked(&self, call: Call) -> Result<Answer, ApiError> {
        self.api.send(call.header("stripe-version", API_VERSION)).await
    }

    /// One thing; absent when Stripe has none of that name.
    pub(super) async fn get<T: DeserializeOwned>(&self, call: Call) -> Result<Option<T>, PortError> {
        let what = format!("{call:?}");
        let answer = match self.asked(call).await {
            Err(error) if error.is_missing() => return Ok(None),
            other => other.map_err(ApiError::of_read)?,
        };
        let value: Value = answer.json().map_err(ApiError::of_read)?;
        self.of_mode(&value, &what)?;
        answer.json().map(Some).map_err(ApiError::of_read)
    }

    /// All of a list up to so many pages, and whether there is more.
    pub(super) async fn list<T: Listed>(
        &self,
        call: Call,
        pages_max: usize,
    ) -> Result<(Vec<T>, bool), PortError> {
        #[derive(serde::Deserialize)]
        struct Page<T> {
            data: Vec<T>,
            has_more: bool,
        }
        let call = call.query("limit", PAGE.to_string());
        let mut all: Vec<T> = Vec::new();
        for _ in 0..pages_max {
            let call = match all.last() {
                Some(last) => call.clone().query("starting_after", last.id()),
                None => call.clone(),
            };
            let what = format!("{call:?}");
            let answer = self.asked(call).await.map_err(ApiError::of_read)?;
            self.of_mode(&answer.json().map_err(ApiError::of_read)?, &what)?;
            let page: Page<T> = answer.json().map_err(ApiError::of_read)?;
            let is_last = !page.has_more || page.data.is_empty();
            all.extend(page.data);
            if is_last {
                return Ok((all, false));
            }
        }
        Ok((all, true))
    }

    /// Posts a form. The same step sends the same key for the same words, so that a call which arrives late or twice acts
    /// once. Stripe keeps what it answered under a key for a day, failures too, and gives it again without acting
    /// (<https://docs.stripe.com/api/idempotent_requests>): an answer that is not true any more uses its key up, and the next is taken.
    pub(super) async fn write(
        &self,
        permit: &Permit,
        path: &[&str],
        form: Vec<(String, String)>,
        kept: Kept,
    ) -> Result<Written, PortError> {
        let call = Call::post(path).form(form.clone()).header("stripe-version", API_VERSION);
        let what = format!("{call:?}");
        let mut words = Sha256::new();
        for text in
            path.iter().copied().chain(form.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]))
        {
            words.update(text.as_bytes());
            words.update([0]);
        }
        let words = hex::encode(words.finalize());
        for n in 0..KEYS_MAX {
            let key = format!("{}/{}/{n}", permit.idempotency_key(), &words[..16]);
            let call = call.clone().header("idempotency-key", key);
            let answer = self.api.ask(&call, what.clone()).await.map_err(ApiError::of_write)?;
            let is_kept = answer.header("idempotent-replayed") == Some("true");
            if is_kept && kept == Kept::Never {
                continue;
            }
            let answer = match self.api.judged(&call, answer) {
                Err(_) if is_kept => continue,
                // It, or what it is to be changed to, was there when we looked.
                Err(error) if error.is_missing() || (kept == Kept::Never && is_gone(&error)) => {
                    return Err(PortError::retry(format!("{error}. Somebody removed it meanwhile")));
                }
                other => other.map_err(ApiError::of_write)?,
            };
            let mut value: Value = answer.json().map_err(ApiError::of_write)?;
            self.of_mode(&value, &what)?;
            if is_kept {
                let id = value["id"].as_str().unwrap_or_default();
                let there: Vec<&str> = path.iter().copied().chain([id]).collect();
                // What was kept is how it was then.
                let Some(mut now) = self.get::<Value>(Call::get(&there)).await? else { continue };
                if let Kept::IfThereWith(field) = kept {
                    let told = value[field].take();
                    if told.is_null() {
                        continue;
                    }
                    now[field] = told;
                }
                value = now;
            }
            return Ok(Written { answer, value });
        }
        Err(PortError::unknown(format!("Stripe answers {what} only with what it kept of earlier calls")))
    }

    /// Removes one thing; it may be gone already.
    pub(super) async fn remove(&self, _: &Permit, path: &[&str]) -> Result<Option<Answer>, PortError> {
        match self.api.send(Call::delete(path).header("stripe-version", API_VERSION)).await {
            Err(error) if error.is_missing() => Ok(None),
            other => other.map(Some).map_err(ApiError::of_write),
        }
    }
}

/// Whether something the call names is not there.
fn is_gone(error: &ApiError) -> bool {
    matches!(error, ApiError::Refused { code: Some(code), .. } if code == "resource_missing")
}

/// The name our mark has in the metadata of things.
pub const MARK: &str = "infra_chat";
/// Longest mark, in characters: what Stripe takes as a value of metadata.
const MARK_MAX: usize = 500;

/// Whether that can mark a thing as ours.
pub(super) fn mark_checked(mark: &str) -> Result<(), PortError> {
    if mark.is_empty() || mark.chars().count() > MARK_MAX || mark.chars().any(char::is_control) {
        return Err(PortError::fail(
            format!("`{mark}` can mark nothing at Stripe: write 1 to {MARK_MAX} characters"),
            "",
        ));
    }
    Ok(())
}

/// A pair of a form.
#[expect(clippy::needless_pass_by_value, reason = "numbers and texts read better without a `&`")]
pub(super) fn pair(name: impl Into<String>, value: impl ToString) -> (String, String) {
    (name.into(), value.to_string())
}

/// The pair that marks a thing as ours.
pub(super) fn mark_pair(mark: &str) -> (String, String) {
    pair(format!("metadata[{MARK}]"), mark)
}

/// What a verification reads back and does not find as it was written.
pub(super) fn differs(what: &str) -> PortError {
    PortError::unknown(format!(
        "{what} at Stripe is not as it was written a moment ago: somebody else changed it, too"
    ))
}
