//! The window on a simulated front, as somebody's browser has it: pages that are looked at, and what is done on them.

use bytes::Bytes;
use engine::model::EnvironmentKey;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::harness::Chat;
use crate::stage::CHANNEL;

/// Looks at an address; the status and what is there.
pub(crate) async fn looked_at(url: &str) -> (u16, String) {
    sent(hyper::Request::get(url).body(Full::default()).unwrap()).await
}

async fn sent(request: hyper::Request<Full<Bytes>>) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// What somebody sees of a place, and of a thread beside it unless it is empty.
pub(crate) async fn page(t: &Chat, who: &str, place: &str, thread: &str) -> String {
    let beside = if thread.is_empty() { String::new() } else { format!("&thread={thread}") };
    let url = format!("{}?as={who}&in={place}{beside}", t.stage.sim.window());
    let (status, html) = looked_at(&url).await;
    assert_eq!(status, 200, "{html}");
    let (_, body) = html.split_once("<body").unwrap();
    body.split("<script>").next().unwrap().to_owned()
}

/// All of this stands on a page.
#[track_caller]
pub(crate) fn shows(html: &str, seen: &[&str]) {
    for seen in seen {
        assert!(html.contains(seen), "{seen} is missing in {html}");
    }
}

/// Somebody does something on the page, as their browser hands it over; the status.
pub(crate) async fn does(t: &mut Chat, who: &str, what: &str, fields: &[(&str, &str)]) -> u16 {
    does_from(t, who, what, fields, None).await
}

/// The same from a page of another origin.
pub(crate) async fn does_from(
    t: &mut Chat,
    who: &str,
    what: &str,
    fields: &[(&str, &str)],
    origin: Option<&str>,
) -> u16 {
    let status = posts(t, who, what, fields, origin).await;
    // What it began begins with the next look, and is carried on in the one after.
    t.settles().await;
    t.settles().await;
    t.never_mind_the_rest();
    status
}

/// Only what their browser does: nothing moves by it yet; the status.
pub(crate) async fn posts(
    t: &Chat,
    who: &str,
    what: &str,
    fields: &[(&str, &str)],
    origin: Option<&str>,
) -> u16 {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("as", who), ("in", CHANNEL)].iter().chain(fields))
        .finish();
    let request = hyper::Request::post(format!("{}window/{what}", t.stage.sim.window()));
    let request = origin.into_iter().fold(request, |request, origin| request.header("origin", origin));
    sent(request.body(Full::new(Bytes::from(body))).unwrap()).await.0
}

/// Another site can't speak for whoever has the page open; whoever has it open can.
pub(crate) async fn says_alone_here(t: &mut Chat, who: &str, text: &str) {
    let words = [("text", text)];
    assert_eq!(does_from(t, who, "say", &words, Some("https://evil.example")).await, 403, "another site");
    assert_eq!(t.runs().await, 0);
    assert_eq!(does(t, who, "say", &words).await, 200);
}

/// `STRIPE_KEY` is sealed in one of two projects, and its value on no page.
pub(crate) async fn sealed_in_shop_alone(t: &Chat, html: &str) {
    shows(html, &["staging of shop is sealed (version 1)", "<code>shop: restart staging</code>"]);
    assert!(!html.contains("a-secret-value"));
    let name = "STRIPE_KEY".parse().unwrap();
    for (place, sealed) in [("shop/staging", true), ("invoice-perfect/staging", false)] {
        let place: EnvironmentKey = place.parse().unwrap();
        let secret = t.engine().store().secret_get(&place, &name).await.unwrap();
        assert_eq!(secret.is_some(), sealed, "{place}");
    }
}
