//! Buttons beside a run's card: none stays for something that is decided, wherever that was.

use engine::model::Identity;
use expect_test::expect;
use serde_json::Value;

use crate::harness::{Chat, chat, good};
use crate::stage::{CHANNEL, of_bot};

/// The first lines and buttons of messages beside cards that say this.
fn beside_cards(t: &Chat, says: &str) -> Vec<(String, Vec<String>)> {
    let of_bot = of_bot(&t.stage, CHANNEL).into_iter();
    let said = of_bot.filter(|it| it.only_for.is_none() && it.text.contains(says));
    said.map(|message| {
        let labels = slack::sim::buttons_of(&message.blocks).into_iter();
        let labels = labels.map(|button| button["text"]["text"].as_str().unwrap().to_owned());
        (message.text.clone(), labels.collect())
    })
    .collect()
}

/// Ben approves the only run there is in a terminal.
async fn approved_in_a_terminal(t: &mut Chat) {
    let terminal = Identity { front: "terminal".to_owned(), external_id: "ben".to_owned() };
    let ben = t.engine().actor(&terminal).await.unwrap();
    let id = t.run(1).id().clone();
    t.engine().approve(&id, &ben).await.unwrap();
}

#[test]
fn an_answer_loses_its_buttons_when_a_terminal_decides() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("zoe").says("deploy production ref v1.0.0").await;
        t.user("zoe").says_under(1, "deploy production ref v1.0.0").await;
        let waits = beside_cards(t, "waits for approval already");
        assert_eq!(waits.len(), 2);
        assert!(waits.iter().all(|(_, labels)| labels.contains(&"Approve".to_owned())), "{waits:?}");
        t.never_mind_the_rest();
        approved_in_a_terminal(t).await;
        t.settles().await;
        t.never_mind_the_rest();
        let waits = beside_cards(t, "waits for approval already");
        assert_eq!(waits.len(), 2, "they are edited, and not said once more");
        for (text, labels) in waits {
            assert_eq!(labels, ["Another all the same"], "{text}");
            assert!(text.contains("by now."), "{text}");
        }
    });
}

#[test]
fn what_one_person_alone_sees_has_no_button_that_decides() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let said = t.stage.sim.commands("zoe", CHANNEL, "deploy production ref v1.0.0");
        t.stage.sim.deliver("slash_commands", &said, false).await.unwrap();
        t.ticks().await;
        t.whispers(
            "zoe",
            expect![[r#"
            ? r-1 (deploy v1.0.0 to production) waits for approval already; I made no second one.
              asked by: ana
              asked: just now
              On the run's card, or by typing: `approve r-1`
              [Another all the same]
              > deploy v1.0.0 to production
        "#]],
        );
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_run_that_waits_is_approved_at_home_and_the_button_goes() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        t.stage.sim.deliver("events_api", &t.stage.sim.opens_home("ben"), false).await.unwrap();
        t.stage.sim.until(|sim| sim.home("ben").is_some()).await;
        let id = t.run(1).id().clone();
        let (approve, cancel) = (format!("Approve {id}"), format!("Cancel {id}"));
        let home = t.stage.sim.home("ben").unwrap().to_string();
        assert!(home.contains(&cancel) && home.contains("Approve deploy of v1.0.0 ("), "{home}");
        // One is suggested, one ends something, and the others are plain; what changes something asks once more.
        let styles: Vec<String> = home_buttons(t, "ben").iter().map(styled).collect();
        expect![[r#"
            Deploy: primary, asks
            Releases:
            Logs:
            Approve: primary, asks
            Cancel: danger, asks
            Deploy:, asks
            Releases:
            Logs:
        "#]]
        .assert_eq(&styles.join(""));
        let click = t.stage.sim.clicks_at_home("ben", &approve).unwrap();
        t.stage.sim.deliver("interactive", &click, false).await.unwrap();
        t.ticks().await;
        t.settles().await;
        t.never_mind_the_rest();
        t.run(1).is("succeeded").await;
        let slack = t.connected().slack.clone();
        slack.homes_redraw().await;
        let home = t.stage.sim.home("ben").unwrap().to_string();
        assert!(!home.contains(&approve) && !home.contains(&cancel), "{home}");
    });
}

/// The buttons of somebody's App Home.
fn home_buttons(t: &Chat, person: &str) -> Vec<Value> {
    let home = t.stage.sim.home(person).unwrap();
    let blocks = home["blocks"].as_array().unwrap();
    let rows = blocks.iter().filter(|block| block["type"] == "actions");
    rows.flat_map(|row| row["elements"].as_array().unwrap().clone()).collect()
}

/// How a button stands out, in a line.
fn styled(button: &Value) -> String {
    let label = button["text"]["text"].as_str().unwrap().split(" r-").next().unwrap();
    let style = button["style"].as_str().map(|style| format!(" {style}")).unwrap_or_default();
    let asks = if button["confirm"].is_null() { "" } else { ", asks" };
    format!("{label}:{style}{asks}\n")
}
