//! What is left of a quota, as answers tell it.

use engine::clock::EpochMs;
use reqwest::header::HeaderMap;

/// What is left of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls in a window, when it is said.
    pub limit: Option<u32>,
    /// Calls left in this one.
    pub remaining: u32,
    /// When the next one begins, in milliseconds from now.
    pub reset_ms: i64,
}

/// Instants are told apart from lengths by their size, in seconds: nobody's window is 30 years long.
const EPOCH_S_MIN: i64 = 1_000_000_000;

/// Reads the usual three headers (`X-RateLimit-Limit`, `-Remaining`, `-Reset`), whose reset is seconds from now or since 1970.
pub fn limits_of_fields(headers: &HeaderMap, prefix: &str, now_ms: EpochMs) -> Option<Limits> {
    let number = |name: &str| -> Option<i64> {
        let text = headers.get(format!("{prefix}-{name}"))?.to_str().ok()?;
        // Some say parts of a second.
        text.trim().split('.').next()?.parse().ok()
    };
    let remaining = u32::try_from(number("remaining")?.max(0)).ok()?;
    let reset_s = number("reset")?;
    let reset_ms = reset_s.saturating_mul(1_000);
    let reset_ms = if reset_s >= EPOCH_S_MIN { reset_ms.saturating_sub(now_ms) } else { reset_ms };
    let limit = number("limit").and_then(|limit| u32::try_from(limit).ok());
    Some(Limits { limit, remaining, reset_ms: reset_ms.max(0) })
}

/// Reads `Ratelimit: "default";r=50;t=30` and `Ratelimit-Policy: "default";q=1200;w=300`
/// (draft-ietf-httpapi-ratelimit-headers-09); of several, the one with the least left.
pub fn limits_of_policy(headers: &HeaderMap) -> Option<Limits> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let parameter = |item: &str, name: &str| -> Option<u32> {
        item.split(';')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')?.trim().parse().ok())
    };
    let name_of = |item: &str| item.split(';').next().map(|name| name.trim().to_owned());
    let policies = text("ratelimit-policy").unwrap_or_default();
    text("ratelimit")?
        .split(',')
        .filter_map(|item| {
            let policy = policies.split(',').find(|policy| name_of(policy) == name_of(item));
            Some(Limits {
                limit: policy.and_then(|policy| parameter(policy, "q")),
                remaining: parameter(item, "r")?,
                reset_ms: i64::from(parameter(item, "t").unwrap_or(1)) * 1_000,
            })
        })
        .min_by_key(|limits| limits.remaining)
}
