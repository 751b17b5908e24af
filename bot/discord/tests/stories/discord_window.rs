//! The window on the simulated Discord: somebody types, clicks and fills in on its page, and sees what the bot shows.

use bytes::Bytes;
use discord::sim::Press;
use engine::model::EnvironmentKey;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::harness::{Chat, chat, good};
use crate::projects::shop;
use crate::stage::{CHANNEL, cards, last_whisper, of_bot};

async fn sent(request: hyper::Request<Full<Bytes>>) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// What somebody sees of the channel, and of a thread beside it.
async fn page(t: &Chat, who: &str, thread: &str) -> String {
    let url = format!("{}?as={who}&in={CHANNEL}&thread={thread}", t.stage.sim.window());
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

/// Somebody clicks; the status.
async fn clicks(t: &mut Chat, who: &str, press: &Press) -> u16 {
    let action = press.component["custom_id"].as_str().unwrap();
    does(t, who, "click", &[("message", &press.message.id), ("action", action)], None).await
}

#[test]
fn a_deploy_is_said_and_approved_on_the_page() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let words = [("text", "@infra deploy production ref v1.0.0")];
        assert_eq!(does(t, "ana", "say", &words, Some("https://evil.example")).await, 403, "another site");
        assert_eq!(t.runs().await, 0);
        assert_eq!(does(t, "ana", "say", &words, None).await, 200);
        let html = page(t, "ben", "").await;
        for seen in ["Deploy v1.0.0", ">Approve</button>", "@infra</span> deploy", "class=\"embed\""] {
            assert!(html.contains(seen), "{seen} is missing in {html}");
        }
        let approve = t.stage.button("ben", "Approve", false);
        assert_eq!(clicks(t, "ben", &approve).await, 200);
        let html = page(t, "ben", "").await;
        assert!(html.contains("Approve deploy of ") && html.contains("Only you can see this"), "{html}");
        assert!(!page(t, "ana", "").await.contains("Approve deploy of "), "nobody else is asked");
        let asked = t.stage.sim.messages().into_iter().rev().find(|message| message.instant).unwrap();
        let component = discord::sim::buttons_of(&asked.components).remove(0);
        clicks(t, "ben", &Press { message: asked, component, values: Vec::new() }).await;
        let card = cards(t).remove(0);
        let html = page(t, "ana", &card.id).await;
        assert!(html.contains("succeeded") && html.contains("id=\"thread\""), "{html}");
        assert!(html.contains("is approved by ben"), "what a click did stands in the thread");
        assert_eq!(does(t, "ben", "click", &[("message", "1"), ("action", "no")], None).await, 404);
        // What is said in the thread is answered there.
        let before = of_bot(&t.stage, &card.id).len();
        does(t, "ana", "say", &[("thread", &card.id), ("text", "status")], None).await;
        assert!(of_bot(&t.stage, &card.id).len() > before);
        assert!(page(t, "ana", &card.id).await.contains(">status</div>"), "and so are the words");
    });
}

/// A command with options, and a form that is about the project that was said.
#[test]
fn a_secret_of_one_of_several_projects_is_filled_in_on_the_page() {
    chat(async |t| {
        t.imports(&shop()).await;
        does(t, "ana", "say", &[("text", "/secret")], None).await;
        let html = page(t, "ana", "").await;
        for seen in ["<h3>Set a secret</h3>", "Project/Environment", "invoice-perfect/staging"] {
            assert!(html.contains(seen), "{seen} is missing in {html}");
        }
        // Which project it is for is never guessed.
        let filled = [("environment", "staging"), ("name", "STRIPE_KEY"), ("value", "a-secret-value")];
        does(t, "ana", "fill", &filled, None).await;
        assert!(last_whisper(t, "ana").content.contains("PROJECT/staging"), "{:?}", last_whisper(t, "ana"));
        does(t, "ana", "say", &[("text", "set secret STRIPE_KEY in staging of shop")], None).await;
        let press = t.stage.button("ana", "Enter it safely", false);
        clicks(t, "ana", &press).await;
        let html = page(t, "ana", "").await;
        for seen in ["<h3>Set a secret: shop</h3>", "value=\"staging\"", "value=\"STRIPE_KEY\""] {
            assert!(html.contains(seen), "{seen} is missing in {html}");
        }
        does(t, "ana", "fill", &[("value", "a-secret-value")], None).await;
        let html = page(t, "ana", "").await;
        for seen in ["staging of shop is sealed (version 1)", "<code>shop: restart staging</code>"] {
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
