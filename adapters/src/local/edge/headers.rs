//! Headers at the border: what belongs to one connection stays there, what a backend needs to know about the client is
//! added.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::{self, HeaderName, HeaderValue};
use uuid::Uuid;

/// Says which release a request was given to.
pub(crate) const RELEASE: HeaderName = HeaderName::from_static("x-infra-chat-release");

/// Follows a request through every service and log.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Who asked whom, the first one first.
pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Other headers in which a client could claim to be somebody else.
const OTHER_CLAIMS: [HeaderName; 2] = [header::FORWARDED, HeaderName::from_static("x-real-ip")];

/// The longest request id taken over from a client; a longer one is replaced, so that logs stay readable.
const REQUEST_ID_MAX: usize = 128;

/// Headers about one connection (RFC 9110, 7.6.1), and their habitual company. `Trailer` stays: trailers are passed on.
const OF_ONE_CONNECTION: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Headers a client can't have removed by naming them in `Connection`: the message would mean something else without.
const NEVER_OF_ONE_CONNECTION: [HeaderName; 4] =
    [header::HOST, header::CONTENT_LENGTH, header::AUTHORIZATION, header::COOKIE];

/// Removes what belongs to the connection a message came on.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| !NEVER_OF_ONE_CONNECTION.contains(name))
        .collect();
    for name in named {
        headers.remove(name);
    }
    if headers.contains_key(header::TRANSFER_ENCODING) {
        // Of two lengths the chunks' is the true one (RFC 9112, 6.3). Passing on the other would let a sender hide a
        // second message in the first.
        headers.remove(header::CONTENT_LENGTH);
    }
    for name in OF_ONE_CONNECTION {
        headers.remove(name);
    }
}

/// Makes a client's headers fit for a backend. `upgrade` is the protocol asked for, when one is.
pub(crate) fn for_backend(
    headers: &mut HeaderMap,
    peer: SocketAddr,
    request_id: &HeaderValue,
    upgrade: Option<&HeaderValue>,
) {
    let wants_trailers = headers
        .get(header::TE)
        .and_then(|te| te.to_str().ok())
        .is_some_and(|te| te.split(',').any(|coding| coding.trim().eq_ignore_ascii_case("trailers")));
    strip(headers);
    if wants_trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    if let Some(protocol) = upgrade {
        ask_upgrade(headers, protocol);
    }
    // The edge itself says "100 Continue" as soon as a backend takes the body.
    headers.remove(header::EXPECT);
    forwarded(headers, peer.ip());
    headers.insert(REQUEST_ID, request_id.clone());
}

/// Makes a backend's headers fit for a client.
pub(crate) fn for_client(
    headers: &mut HeaderMap,
    release: u32,
    request_id: &HeaderValue,
    upgrade: Option<&HeaderValue>,
) {
    strip(headers);
    if let Some(protocol) = upgrade {
        ask_upgrade(headers, protocol);
    }
    headers.insert(RELEASE, HeaderValue::from(release));
    headers.entry(REQUEST_ID).or_insert_with(|| request_id.clone());
}

/// The request's id: the client's own when it is a sensible one, else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let sensible = |id: &&HeaderValue| {
        (1..=REQUEST_ID_MAX).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    if let Some(id) = headers.get(REQUEST_ID).filter(sensible) {
        return id.clone();
    }
    let mut room = Uuid::encode_buffer();
    let id = Uuid::new_v4().hyphenated().encode_lower(&mut room);
    HeaderValue::from_str(id).unwrap_or_else(|_| HeaderValue::from_static("-"))
}

/// The protocol a client asks to change to, when it does. `h2c` is not passed on: behind it, requests would flow that
/// nobody counts or splits.
pub(crate) fn upgrade_asked(headers: &HeaderMap) -> Option<HeaderValue> {
    let protocol = headers.get(header::UPGRADE)?;
    let asks = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|option| option.trim().eq_ignore_ascii_case("upgrade"));
    let is_http2 = protocol.as_bytes().get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"h2c"));
    (asks && !is_http2).then(|| protocol.clone())
}

fn ask_upgrade(headers: &mut HeaderMap, protocol: &HeaderValue) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, protocol.clone());
}

/// Says who asked, how and for which host. What another proxy says is believed only when it runs on this machine: a
/// stranger could claim anything.
fn forwarded(headers: &mut HeaderMap, peer: IpAddr) {
    let believed = peer.to_canonical().is_loopback();
    let mut chain = String::new();
    if believed {
        for earlier in headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()) {
            chain.push_str(earlier);
            chain.push_str(", ");
        }
    } else {
        for claim in OTHER_CLAIMS {
            headers.remove(claim);
        }
    }
    chain.push_str(&peer.to_canonical().to_string());
    if let Ok(chain) = HeaderValue::try_from(chain) {
        headers.insert(FORWARDED_FOR, chain);
    }
    if !believed || !headers.get(FORWARDED_PROTO).is_some_and(|proto| proto == "http" || proto == "https") {
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
    }
    if (!believed || !headers.contains_key(FORWARDED_HOST))
        && let Some(host) = headers.get(header::HOST).cloned()
    {
        headers.insert(FORWARDED_HOST, host);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn headers(text: &str) -> HeaderMap {
        text.lines()
            .filter_map(|line| line.trim().split_once(": "))
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn text(headers: &HeaderMap) -> String {
        let mut lines: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap())).collect();
        lines.sort();
        lines.concat()
    }

    fn sent(given: &str, peer: &str) -> String {
        let mut headers = headers(given);
        let upgrade = upgrade_asked(&headers);
        for_backend(&mut headers, peer.parse().unwrap(), &HeaderValue::from_static("id-1"), upgrade.as_ref());
        text(&headers)
    }

    #[test]
    fn what_belongs_to_the_clients_connection_stays_with_the_client() {
        let sent = sent(
            "host: shop.test
             connection: keep-alive, X-Private, Host
             keep-alive: timeout=5
             x-private: 1
             transfer-encoding: chunked
             content-length: 3
             te: trailers, deflate
             expect: 100-continue
             cookie: a=b",
            "127.0.0.1:5000",
        );
        expect_test::expect![[r"
            cookie: a=b
            host: shop.test
            te: trailers
            x-forwarded-for: 127.0.0.1
            x-forwarded-host: shop.test
            x-forwarded-proto: http
            x-request-id: id-1
        "]]
        .assert_eq(&sent);
    }

    #[test]
    fn a_proxy_on_this_machine_is_believed_and_a_stranger_is_not() {
        let claims = "host: edge.test
             x-forwarded-for: 203.0.113.9
             x-forwarded-proto: https
             x-forwarded-host: shop.test
             x-real-ip: 203.0.113.9";
        expect_test::expect![[r"
            host: edge.test
            x-forwarded-for: 203.0.113.9, 127.0.0.1
            x-forwarded-host: shop.test
            x-forwarded-proto: https
            x-real-ip: 203.0.113.9
            x-request-id: id-1
        "]]
        .assert_eq(&sent(claims, "127.0.0.1:5000"));
        expect_test::expect![[r"
            host: edge.test
            x-forwarded-for: 198.51.100.7
            x-forwarded-host: edge.test
            x-forwarded-proto: http
            x-request-id: id-1
        "]]
        .assert_eq(&sent(claims, "198.51.100.7:5000"));
    }

    #[test]
    fn naming_forwarded_headers_in_connection_does_not_hide_the_client() {
        let sent =
            sent("host: a\nconnection: x-forwarded-for, x-request-id\nx-forwarded-for: 1.2.3.4", "9.9.9.9:1");
        assert!(
            sent.contains("x-forwarded-for: 9.9.9.9\n") && sent.contains("x-request-id: id-1\n"),
            "{sent}"
        );
    }

    #[test]
    fn an_upgrade_is_passed_on_only_when_asked_for_and_never_to_http2() {
        let asked = |given: &str| upgrade_asked(&headers(given));
        assert_eq!(asked("connection: keep-alive, Upgrade\nupgrade: websocket").unwrap(), "websocket");
        assert_eq!(asked("upgrade: websocket"), None);
        assert_eq!(asked("connection: upgrade, http2-settings\nupgrade: h2c"), None);
    }

    #[test]
    fn a_sensible_request_id_is_kept() {
        assert_eq!(request_id(&headers("x-request-id: abc-1")), "abc-1");
        let long = "a".repeat(REQUEST_ID_MAX + 1);
        for silly in ["two words", long.as_str()] {
            let made = request_id(&headers(&format!("x-request-id: {silly}")));
            assert_eq!(made.len(), 36, "{made:?}");
        }
    }
}
