//! What Railway's refusals mean. It refuses with status 200 and `errors[]`, and with the same code for nearly everything, so that the words
//! count.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::http::{Problem, Quota, Vendor, limits_of_fields};

/// Railway, as the shared client knows it.
///
/// Limits: <https://docs.railway.com/reference/public-api>; the quota is that of the Hobby plan until an answer's headers say another.
pub(super) static RAILWAY: Vendor = Vendor {
    name: "Railway",
    api_base: "https://backboard.railway.com",
    quota: Quota { calls: 1_000, per_ms: 3_600_000 },
    limited_ms: 60_000,
    request_id: "x-railway-request-id",
    problem,
    limits: |headers, now_ms| limits_of_fields(headers, "x-ratelimit", now_ms),
    token_hint: "Check that the Railway token is one of the right account, workspace or project, and that what it asks for is \
                 there: Railway says the same of things that don't exist.",
};

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The token was not accepted, or may not do that, or Railway won't say that there is nothing.
    Denied,
    /// There is nothing of that id.
    Missing,
    /// There is one of that name.
    Taken,
    /// Too much in too short a time.
    Limited,
    /// It failed inside: it may have happened.
    Broken,
    /// Some other no.
    Refused,
}

impl Kind {
    /// The status other vendors would have answered with.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Denied => 403,
            Self::Missing => 404,
            Self::Taken => 409,
            Self::Limited => 429,
            Self::Broken => 500,
            Self::Refused => 400,
        }
    }
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) kind: Kind,
    pub(super) code: Option<String>,
    pub(super) says: String,
}

/// Reads `errors[]`; nothing where there are none.
pub(super) fn refusal(body: &Value) -> Option<Refusal> {
    let errors = body.get("errors")?.as_array().filter(|errors| !errors.is_empty())?;
    let says: Vec<&str> = errors.iter().filter_map(|error| error["message"].as_str()).collect();
    let code = errors.iter().find_map(|error| error["extensions"]["code"].as_str());
    let kinds: Vec<Kind> = errors
        .iter()
        .map(|error| {
            kind(error["message"].as_str().unwrap_or_default(), error["extensions"]["code"].as_str())
        })
        .collect();
    // What leaves most open counts: a refusal beside a failure does not say that nothing happened.
    let order = [Kind::Broken, Kind::Limited, Kind::Denied, Kind::Missing, Kind::Taken];
    let kind = order.into_iter().find(|kind| kinds.contains(kind)).unwrap_or(Kind::Refused);
    Some(Refusal { kind, code: code.map(str::to_owned), says: says.join("; ") })
}

fn kind(says: &str, code: Option<&str>) -> Kind {
    let says = says.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| says.contains(word));
    if has(&["not authorized", "unauthorized", "unauthenticated", "forbidden", "not authenticated"]) {
        Kind::Denied
    } else if has(&["ratelimit", "rate limit", "too many requests"]) {
        Kind::Limited
    } else if has(&["already exists", "already taken", "already in use"]) {
        Kind::Taken
    } else if has(&["not found"]) {
        Kind::Missing
    } else if has(&[
        "problem processing request",
        "internal server error",
        "unexpected error",
        "timed out",
        "timeout",
    ]) {
        Kind::Broken
    } else {
        match code {
            Some("UNAUTHENTICATED" | "FORBIDDEN") => Kind::Denied,
            Some("TOO_MANY_REQUESTS" | "RATE_LIMITED") => Kind::Limited,
            Some("NOT_FOUND") => Kind::Missing,
            _ => Kind::Refused,
        }
    }
}

fn problem(_: StatusCode, _: &HeaderMap, body: &[u8]) -> Problem {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    match refusal(&body) {
        Some(refusal) => {
            Problem { code: refusal.code, says: Some(refusal.says), is_limit: refusal.kind == Kind::Limited }
        }
        None => Problem { code: None, says: body["message"].as_str().map(str::to_owned), is_limit: false },
    }
}
