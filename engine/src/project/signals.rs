//! Reads how a service's traffic is split and watched: its sticky cookie, and what Prometheus is asked about it.

use super::limits::{SAMPLE_EVERY_DEFAULT_S, SAMPLE_EVERY_S};
use super::spot::Spot;
use crate::model::{Queries, Sticky};

/// The label with the release's number, when none is named.
pub(super) const RELEASE_LABEL: &str = "release";

/// Reads `{ cookie: NAME }`.
pub(super) fn sticky(spot: &Spot<'_>) -> Option<Sticky> {
    let keys = spot.keys(&["cookie"])?;
    let cookie = keys.need("cookie", "NAME")?;
    let name = cookie.line()?;
    // What RFC 6265 lets stand in a name.
    let refused = |c: char| !c.is_ascii_graphic() || "()<>@,;:\\\"/[]?={}".contains(c);
    if name.is_empty() || name.contains(refused) {
        cookie.fault("can't be a cookie's name: use letters, digits, `-` and `_`");
        return None;
    }
    Some(Sticky { cookie: name })
}

/// Reads `{ prometheus: … }`.
pub(super) fn read(spot: &Spot<'_>) -> Option<Queries> {
    let keys = spot.keys(&["prometheus"])?;
    let keys = keys.need("prometheus", "{ requests: …, errors: … }")?.keys(&[
        "requests",
        "errors",
        "latency",
        "release_label",
        "every_s",
    ])?;
    let requests =
        keys.need("requests", "'http_requests_total{service=\"$service\"}'").and_then(|it| it.said());
    let errors = keys
        .need("errors", "'http_requests_total{service=\"$service\", code=~\"5..\"}'")
        .and_then(|it| it.said());
    let latency = keys.maybe("latency", |it| it.said());
    let release_label = keys.or("release_label", RELEASE_LABEL.to_owned(), |it| label(&it));
    let every_s = keys.or("every_s", SAMPLE_EVERY_DEFAULT_S, |it| it.number(&SAMPLE_EVERY_S));
    Some(Queries { requests: requests?, errors: errors?, latency, release_label, every_s })
}

fn label(spot: &Spot<'_>) -> Option<String> {
    let name = spot.line()?;
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !good {
        spot.fault("can't be a label's name: use letters, digits and `_`, not starting with a digit");
        return None;
    }
    Some(name)
}
