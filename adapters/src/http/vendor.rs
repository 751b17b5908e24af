//! What is particular about one vendor's API.

use engine::clock::EpochMs;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::{Limits, Quota};

/// What a vendor says of a call it refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// Its code for why: `resource_missing`, `10000`.
    pub code: Option<String>,
    /// Its words.
    pub says: Option<String>,
    /// It was too much in too short a time, whatever the status says.
    pub is_limit: bool,
}

/// What is particular about one vendor's API: a constant of its adapter.
#[derive(Debug, Clone, Copy)]
pub struct Vendor {
    /// Its name, for people: `Stripe`.
    pub name: &'static str,
    /// Its own address, without a slash at its end.
    pub api_base: &'static str,
    /// How much may be asked; what its answers say of it counts for more.
    pub quota: Quota,
    /// How long to wait after a refusal for too many calls that does not say it, in milliseconds.
    pub limited_ms: i64,
    /// The header that names a call in the vendor's own logs.
    pub request_id: &'static str,
    /// Reads a refusal.
    pub problem: fn(StatusCode, &HeaderMap, &[u8]) -> Problem,
    /// Reads what is left of the quota; `now_ms` is for vendors that say when it is full again, not in how long.
    pub limits: fn(&HeaderMap, EpochMs) -> Option<Limits>,
    /// What a person does about a token that is not accepted.
    pub token_hint: &'static str,
}
