//! The window on the simulated Slack: somebody types, clicks and fills in on its page, and sees what the bot shows.

use serde_json::Value;
use slack::sim::Press;

use crate::browser::{does, looked_at, page, says_alone_here, sealed_in_shop_alone, shows};
use crate::harness::{Chat, chat, good};
use crate::projects::shop;
use crate::stage::CHANNEL;

/// Somebody clicks; the status.
async fn clicks(t: &mut Chat, who: &str, press: &Press) -> u16 {
    let action = press.button["action_id"].as_str().unwrap();
    does(t, who, "click", &[("ts", &press.message.ts), ("action", action)]).await
}

#[test]
fn a_deploy_is_said_and_approved_on_the_page() {
    chat(async |t| {
        t.release("v1.0.0", good());
        says_alone_here(t, "ana", "@infra deploy production ref v1.0.0").await;
        let html = page(t, "ben", CHANNEL, "").await;
        let asks = "data-title=\"Are you sure?\"";
        shows(&html, &["Deploy v1.0.0", asks, ">Approve</button>", "@infra</span> deploy"]);
        let approve = t.stage.button("ben", "Approve", false);
        assert_eq!(clicks(t, "ben", &approve).await, 200);
        shows(&page(t, "ana", CHANNEL, "").await, &["succeeded", "class=\"edited\""]);
        let none = [("ts", "1.0"), ("action", "say/0")];
        assert_eq!(does(t, "ben", "click", &none).await, 404, "there is no such button");
        shows(&page(t, "ana", "home", "").await, &["class=\"slack\""]);
        t.stage.sim.until(|sim| sim.home("ana").is_some()).await;
        // The environments at a glance.
        shows(&page(t, "ana", "home", "").await, &["v1.0.0"]);
    });
}

/// Nobody said which project: it is chosen in the form. Who said it sees it in the title.
#[test]
fn a_secret_of_one_of_several_projects_is_filled_in_on_the_page() {
    chat(async |t| {
        t.imports(&shop()).await;
        does(t, "ana", "say", &[("text", "/infra secret")]).await;
        t.stage.sim.until(|sim| !sim.modals("ana").is_empty()).await;
        let html = page(t, "ana", CHANNEL, "").await;
        let chosen = "<optgroup label=\"shop\"><option value=\"shop/staging\">staging";
        shows(&html, &["<h3>Set a secret</h3>", chosen]);
        does(t, "ana", "close", &[]).await;
        assert!(!page(t, "ana", CHANNEL, "").await.contains("Seal it"));

        // Said aloud, it is answered with the way to the form.
        does(t, "ana", "say", &[("text", "set secret STRIPE_KEY in staging of shop")]).await;
        let press = t.stage.button("ana", "Enter it safely", false);
        clicks(t, "ana", &press).await;
        t.stage.sim.until(|sim| !sim.modals("ana").is_empty()).await;
        let html = page(t, "ana", CHANNEL, "").await;
        let chosen = "value=\"shop/staging\" selected";
        shows(&html, &["<h3>Secret: shop</h3>", chosen, "value=\"STRIPE_KEY\""]);
        assert!(!html.contains("invoice-perfect/staging"), "{html}");
        let filled = [("environment", "shop/staging"), ("name", "STRIPE_KEY"), ("value", "a-secret-value")];
        does(t, "ana", "fill", &filled).await;
        let html = page(t, "ana", CHANNEL, "").await;
        shows(&html, &["<h3>Done</h3>"]);
        sealed_in_shop_alone(t, &html).await;
    });
}

/// A page asks for what is new, and waits until there is anything.
#[test]
fn a_page_is_told_what_is_new() {
    chat(async |t| {
        let window = t.stage.sim.window();
        let look = async move |seen: u64| -> Value {
            let url = format!("{window}window/look?as=ana&in={CHANNEL}&seen={seen}");
            serde_json::from_str(&looked_at(&url).await.1).unwrap()
        };
        let first = look(0).await;
        let seen = first["seen"].as_u64();
        let waits = tokio::spawn(async move { look(seen.unwrap()).await });
        tokio::task::yield_now().await;
        t.stage.sim.writes("ben", CHANNEL, None, "hello &lt;b&gt;");
        let next = waits.await.unwrap();
        shows(next["parts"]["talk"].as_str().unwrap(), &["hello &lt;b&gt;"]);
        assert!(next["seen"].as_u64() > seen);
    });
}
