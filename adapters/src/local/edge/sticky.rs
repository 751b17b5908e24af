//! Sticky by cookie: a client is known by a cookie instead of its address, so that a browser stays with its release while a canary
//! soaks, wherever it goes.
//!
//! The cookie may be the service's own, a session's; then its value is hashed. Whoever comes without it is placed as anybody else, by
//! address or by turn, which keeps the split exact, and is given the cookie by the edge unless the service gives it one. What the edge
//! gives is the number of the slot and nothing more: it tells nobody from the others in that slot.

use std::hash::{DefaultHasher, Hash, Hasher};

use hyper::HeaderMap;
use hyper::header::{self, HeaderValue};

use super::lanes::SLOTS;

/// What the edge's own values begin with.
const OURS: &str = "slot-";

/// The slot a request's cookie says; none without that cookie.
pub(crate) fn slot(headers: &HeaderMap, cookie: &str) -> Option<u8> {
    let value = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == cookie && !value.is_empty())
        .map(|(_, value)| value)?;
    if let Some(slot) =
        value.strip_prefix(OURS).and_then(|slot| slot.parse().ok()).filter(|slot| *slot < SLOTS)
    {
        return Some(slot);
    }
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    u8::try_from(hasher.finish() % u64::from(SLOTS)).ok()
}

/// Gives a client its cookie, unless the service does.
pub(crate) fn give(headers: &mut HeaderMap, cookie: &str, slot: u8) {
    let is_ours = |value: &HeaderValue| {
        let name = value.to_str().ok().and_then(|value| value.split_once('='));
        name.is_some_and(|(name, _)| name.trim() == cookie)
    };
    if headers.get_all(header::SET_COOKIE).iter().any(is_ours) {
        return;
    }
    if let Ok(value) =
        HeaderValue::from_str(&format!("{cookie}={OURS}{slot}; Path=/; HttpOnly; SameSite=Lax"))
    {
        headers.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn of(cookies: &str) -> Option<u8> {
        let headers = HeaderMap::from_iter([(header::COOKIE, cookies.parse().unwrap())]);
        slot(&headers, "sid")
    }

    #[test]
    fn the_cookie_says_the_slot_and_a_value_of_the_services_own_is_hashed() {
        assert_eq!(of("a=1; sid=slot-42; b=2"), Some(42));
        assert_eq!(of("sidx=slot-42; xsid=slot-1; sid="), None);
        let own = of("sid=abc").unwrap();
        assert!(own < SLOTS && of("x=y; sid=abc") == Some(own));
        assert!(of("sid=slot-100").is_some_and(|slot| slot < SLOTS), "hashed as any other value");
        let all: std::collections::BTreeSet<u8> =
            (0..2_000).filter_map(|n| of(&format!("sid=v{n}"))).collect();
        assert_eq!(all.len(), 100);
    }

    #[test]
    fn a_cookie_the_service_gives_is_left_alone() {
        let mut headers = HeaderMap::new();
        headers.append(header::SET_COOKIE, HeaderValue::from_static("other=1"));
        give(&mut headers, "sid", 7);
        let told: Vec<_> =
            headers.get_all(header::SET_COOKIE).iter().map(|it| it.to_str().unwrap()).collect();
        assert_eq!(told, ["other=1", "sid=slot-7; Path=/; HttpOnly; SameSite=Lax"]);
        give(&mut headers, "sid", 9);
        assert_eq!(headers.get_all(header::SET_COOKIE).iter().count(), 2);
    }
}
