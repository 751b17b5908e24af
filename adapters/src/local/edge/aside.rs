//! What comes through the edge and is no client's request: health checks, whoever makes them (another service, a monitor), and
//! the probes of our own. They are answered like any other, take turns of their own, and are nobody's evidence: a canary must
//! not pass on them, and its failures must not drown in them.

use std::net::IpAddr;

use hyper::header;
use hyper::http::request::Parts;

/// How our own probes call themselves. It counts only from this machine: nobody else is to ask without being counted.
pub(crate) const PROBE_AGENT: &str = "infra-chat-probe";

/// A page people ask for is no health check, whatever else it is used for.
const HOME: &str = "/";

/// Whether a path is that of a health check: with or without a query.
pub(crate) fn is_health(asked: &str, health: &str) -> bool {
    let of_health = health.split('?').next().unwrap_or_default();
    asked == of_health && of_health != HOME
}

/// Whether it is a probe of our own.
pub(crate) fn is_probe(parts: &Parts, peer: IpAddr) -> bool {
    let names_itself = parts.headers.get(header::USER_AGENT).is_some_and(|agent| agent == PROBE_AGENT);
    names_itself && peer.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use hyper::Request;

    use super::*;

    #[test]
    fn a_health_check_is_told_by_its_path_but_for_the_home_page() {
        assert!(is_health("/health", "/health"));
        assert!(is_health("/health", "/health?deep=1"));
        assert!(!is_health("/health/more", "/health"));
        assert!(!is_health("/", "/"));
    }

    #[test]
    fn only_this_machine_probes() {
        let asked = |agent: &str, peer: &str| {
            let (parts, ()) =
                Request::get("/").header(header::USER_AGENT, agent).body(()).unwrap().into_parts();
            is_probe(&parts, peer.parse().unwrap())
        };
        assert!(asked(PROBE_AGENT, "127.0.0.1") && asked(PROBE_AGENT, "::ffff:127.0.0.1"));
        assert!(!asked(PROBE_AGENT, "203.0.113.9") && !asked("curl", "127.0.0.1"));
    }
}
