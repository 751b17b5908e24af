//! The window on the simulated Slack: somebody types, clicks and fills in on its page, and sees what the bot shows.

use bytes::Bytes;
use engine::model::EnvironmentKey;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::harness::{Chat, chat, good};
use crate::projects::shop;
use crate::stage::CHANNEL;

async fn sent(request: hyper::Request<Full<Bytes>>) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// What somebody sees of a place.
async fn page(t: &Chat, who: &str, place: &str) -> String {
    let url = format!("{}?as={who}&in={place}", t.stage.sim.window());
    let (status, html) = sent(hyper::Request::get(url).body(Full::default()).unwrap()).await;
    assert_eq!(status, 200, "{html}");
    let (_, body) = html.split_once("<body").unwrap();
    body.split("<script>").next().unwrap().to_owned()
}

/// Somebody does something on the page, as their browser hands it over; the status.
async fn does(t: &mut Chat, who: &str, what: &str, fields: &[(&str, &str)], origin: Option<&str>) -> u16 {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("as", who), ("in", CHANNEL)].iter().chain(fields))
        .finish();
    let request = hyper::Request::post(format!("{}window/{what}", t.stage.sim.window()));
    let request = origin.into_iter().fold(request, |request, origin| request.header("origin", origin));
    let (status, _) = sent(request.body(Full::new(Bytes::from(body))).unwrap()).await;
    // What it began begins with the next look, and is carried on in the one after.
    t.settles().await;
    t.settles().await;
    t.never_mind_the_rest();
    status
}

#[test]
fn a_deploy_is_said_and_approved_on_the_page() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let words = [("text", "@infra deploy production ref v1.0.0")];
        assert_eq!(does(t, "ana", "say", &words, Some("https://evil.example")).await, 403, "another site");
        assert_eq!(t.runs().await, 0);
        assert_eq!(does(t, "ana", "say", &words, None).await, 200);
        let html = page(t, "ben", CHANNEL).await;
        for seen in
            ["Deploy v1.0.0", "data-title=\"Are you sure?\"", ">Approve</button>", "@infra</span> deploy"]
        {
            assert!(html.contains(seen), "{seen} is missing in {html}");
        }
        let press = t.stage.button("ben", "Approve", false);
        let action = press.button["action_id"].as_str().unwrap();
        let click = [("ts", press.message.ts.as_str()), ("action", action)];
        assert_eq!(does(t, "ben", "click", &click, None).await, 200);
        let html = page(t, "ana", CHANNEL).await;
        assert!(html.contains("succeeded") && html.contains("class=\"edited\""), "{html}");
        let none = [("ts", "1.0"), ("action", "say/0")];
        assert_eq!(does(t, "ben", "click", &none, None).await, 404, "there is no such button");
        let html = page(t, "ana", "home").await;
        assert!(html.contains("class=\"slack\""), "{html}");
        t.stage.sim.until(|sim| sim.home("ana").is_some()).await;
        assert!(page(t, "ana", "home").await.contains("v1.0.0"), "the environments at a glance");
    });
}

/// Nobody said which project: it is chosen in the form. Who said it sees it in the title.
#[test]
fn a_secret_of_one_of_several_projects_is_filled_in_on_the_page() {
    chat(async |t| {
        t.imports(&shop()).await;
        does(t, "ana", "say", &[("text", "/infra secret")], None).await;
        t.stage.sim.until(|sim| !sim.modals("ana").is_empty()).await;
        let html = page(t, "ana", CHANNEL).await;
        for seen in
            ["<h3>Set a secret</h3>", "<optgroup label=\"shop\"><option value=\"shop/staging\">staging"]
        {
            assert!(html.contains(seen), "{seen} is missing in {html}");
        }
        does(t, "ana", "close", &[], None).await;
        assert!(!page(t, "ana", CHANNEL).await.contains("Seal it"));

        // Said aloud, it is answered with the way to the form.
        does(t, "ana", "say", &[("text", "set secret STRIPE_KEY in staging of shop")], None).await;
        let press = t.stage.button("ana", "Enter it safely", false);
        let action = press.button["action_id"].as_str().unwrap().to_owned();
        does(t, "ana", "click", &[("ts", press.message.ts.as_str()), ("action", &action)], None).await;
        t.stage.sim.until(|sim| !sim.modals("ana").is_empty()).await;
        let html = page(t, "ana", CHANNEL).await;
        for seen in ["<h3>Secret: shop</h3>", "value=\"shop/staging\" selected", "value=\"STRIPE_KEY\""] {
            assert!(html.contains(seen), "{seen} is missing in {html}");
        }
        assert!(!html.contains("invoice-perfect/staging"), "{html}");
        let filled = [("environment", "shop/staging"), ("name", "STRIPE_KEY"), ("value", "a-secret-value")];
        does(t, "ana", "fill", &filled, None).await;
        let html = page(t, "ana", CHANNEL).await;
        for seen in
            ["<h3>Done</h3>", "staging of shop is sealed (version 1)", "<code>shop: restart staging</code>"]
        {
            assert!(html.contains(seen), "{seen} is missing in {html}");
        }
        assert!(!html.contains("a-secret-value"));
        let of = |place: &str| -> EnvironmentKey { place.parse().unwrap() };
        let name = "STRIPE_KEY".parse().unwrap();
        assert!(t.engine().store().secret_get(&of("shop/staging"), &name).await.unwrap().is_some());
        assert!(
            t.engine().store().secret_get(&of("invoice-perfect/staging"), &name).await.unwrap().is_none()
        );
    });
}

/// A page asks for what is new, and waits until there is anything.
#[test]
fn a_page_is_told_what_is_new() {
    chat(async |t| {
        let look = |seen: u64| {
            let url = format!("{}window/look?as=ana&in={CHANNEL}&seen={seen}", t.stage.sim.window());
            sent(hyper::Request::get(url).body(Full::default()).unwrap())
        };
        let first: Value = serde_json::from_str(&look(0).await.1).unwrap();
        let waits = tokio::spawn(look(first["seen"].as_u64().unwrap()));
        tokio::task::yield_now().await;
        t.stage.sim.writes("ben", CHANNEL, None, "hello &lt;b&gt;");
        let next: Value = serde_json::from_str(&waits.await.unwrap().1).unwrap();
        let talk = next["parts"]["talk"].as_str().unwrap();
        assert!(talk.contains("hello &lt;b&gt;"), "{talk}");
        assert!(next["seen"].as_u64() > first["seen"].as_u64());
    });
}
