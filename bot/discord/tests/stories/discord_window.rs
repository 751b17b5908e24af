//! The window on the simulated Discord: somebody types, clicks and fills in on its page, and sees what the bot shows.

use std::time::Duration;

use discord::sim::Press;

use crate::browser::{does, page, posts, says_alone_here, sealed_in_shop_alone, shows};
use crate::harness::{Chat, chat, good};
use crate::projects::shop;
use crate::stage::{CHANNEL, cards, last_whisper, of_bot};

/// Whoever types is answered by then, whatever the bot does.
const SOON: Duration = Duration::from_secs(5);

/// Somebody clicks; the status.
async fn clicks(t: &mut Chat, who: &str, press: &Press) -> u16 {
    let action = press.component["custom_id"].as_str().unwrap();
    does(t, who, "click", &[("message", &press.message.id), ("action", action)]).await
}

#[test]
fn a_deploy_is_said_and_approved_on_the_page() {
    chat(async |t| {
        t.release("v1.0.0", good());
        says_alone_here(t, "ana", "@infra deploy production ref v1.0.0").await;
        let html = page(t, "ben", CHANNEL, "").await;
        shows(&html, &["Deploy v1.0.0", ">Approve</button>", "@infra</span> deploy", "class=\"embed\""]);
        let approve = t.stage.button("ben", "Approve", false);
        assert_eq!(clicks(t, "ben", &approve).await, 200);
        let html = page(t, "ben", CHANNEL, "").await;
        shows(&html, &["Approve deploy of ", "Only you can see this"]);
        let of_ana = page(t, "ana", CHANNEL, "").await;
        assert!(!of_ana.contains("Approve deploy of "), "nobody else is asked");
        let asked = t.stage.sim.messages().into_iter().rev().find(|message| message.instant).unwrap();
        let component = discord::sim::buttons_of(&asked.components).remove(0);
        clicks(t, "ben", &Press { message: asked, component, values: Vec::new() }).await;
        let card = cards(t).remove(0);
        let html = page(t, "ana", CHANNEL, &card.id).await;
        // What a click did stands in the thread.
        shows(&html, &["succeeded", "id=\"thread\"", "is approved by ben"]);
        assert_eq!(does(t, "ben", "click", &[("message", "1"), ("action", "no")]).await, 404);
        // What is said in the thread is answered there.
        let before = of_bot(&t.stage, &card.id).len();
        does(t, "ana", "say", &[("thread", &card.id), ("text", "status")]).await;
        assert!(of_bot(&t.stage, &card.id).len() > before);
        shows(&page(t, "ana", CHANNEL, &card.id).await, &[">status</div>"]);
    });
}

/// Whoever types is not kept waiting by a bot that can't write down what it hears.
#[test]
fn the_page_goes_on_while_the_database_is_away() {
    chat(async |t| {
        t.database_goes_away().await;
        let posting = posts(t, "ana", "say", &[("text", "whoami")], None);
        let status = tokio::time::timeout(SOON, posting).await;
        assert_eq!(status.expect("the page is kept waiting"), 200);
        t.database_comes_back().await;
        while t.engine().store().inbox_list("discord", 10).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        t.settles().await;
        assert!(of_bot(&t.stage, CHANNEL).iter().any(|it| it.content.contains("You are ana")));
        t.never_mind_the_rest();
    });
}

/// A command with options, and a form that is about the project that was said.
#[test]
fn a_secret_of_one_of_several_projects_is_filled_in_on_the_page() {
    chat(async |t| {
        t.imports(&shop()).await;
        does(t, "ana", "say", &[("text", "/secret")]).await;
        let html = page(t, "ana", CHANNEL, "").await;
        shows(&html, &["<h3>Set a secret</h3>", "Project/Environment", "invoice-perfect/staging"]);
        // Which project it is for is never guessed.
        let filled = [("environment", "staging"), ("name", "STRIPE_KEY"), ("value", "a-secret-value")];
        does(t, "ana", "fill", &filled).await;
        shows(&last_whisper(t, "ana").content, &["PROJECT/staging"]);
        does(t, "ana", "say", &[("text", "set secret STRIPE_KEY in staging of shop")]).await;
        let press = t.stage.button("ana", "Enter it safely", false);
        clicks(t, "ana", &press).await;
        let html = page(t, "ana", CHANNEL, "").await;
        shows(&html, &["<h3>Set a secret: shop</h3>", "value=\"staging\"", "value=\"STRIPE_KEY\""]);
        does(t, "ana", "fill", &[("value", "a-secret-value")]).await;
        sealed_in_shop_alone(t, &page(t, "ana", CHANNEL, "").await).await;
    });
}
