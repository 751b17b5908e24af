//! People edit and delete what they wrote: what was sent first counts.

use serde_json::{Value, json};

use crate::harness::{Chat, chat, good};
use crate::stage::{CHANNEL, of_bot};

impl Chat {
    /// Slack delivers something, twice, and what comes of it comes.
    async fn is_delivered(&mut self, payload: &Value) {
        for _ in 0..2 {
            self.stage.sim.deliver("events_api", payload, false).await.unwrap();
            self.ticks().await;
            self.settles().await;
        }
    }
}

/// What was said about edits and deletions.
fn about_edits(t: &Chat) -> Vec<String> {
    let said = of_bot(&t.stage, CHANNEL).into_iter().map(|it| it.text);
    said.filter(|text| text.contains("sent first") || text.contains("You deleted")).collect()
}

#[test]
fn an_order_that_is_edited_stays_what_it_was() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0");
        t.is_delivered(&said).await;
        let edited = t.stage.sim.edits(&said, "deploy production ref v1.0.0");
        t.is_delivered(&edited).await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 1);
        let told = about_edits(t);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(told[0].contains("What counts: `deploy v1.0.0 to staging`."), "{told:#?}");
        let answer = of_bot(&t.stage, CHANNEL).into_iter().find(|it| it.text == told[0]).unwrap();
        assert_eq!(answer.thread.as_deref(), said["event"]["ts"].as_str(), "it stands under the message");
        // Whoever means it clicks.
        t.user("ana").clicks("deploy v1.0.0 to production").await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 2);
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_typo_edited_into_an_order_is_answered_and_not_done() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for (first, then) in [
            ("depploy stagng, or not?", "deploy staging ref v1.0.0"),
            ("good morning", "deploy staging ref v1.0.0"),
            ("good morning", "approve"),
        ] {
            let said = t.stage.sim.writes("ana", CHANNEL, None, first);
            t.is_delivered(&said).await;
            t.never_mind_the_rest();
            let before = about_edits(t).len();
            t.is_delivered(&t.stage.sim.edits(&said, then)).await;
            t.never_mind_the_rest();
            assert_eq!(about_edits(t).len(), before + 1, "{first}: {then}");
        }
        assert_eq!(t.runs().await, 0);
    });
}

#[test]
fn an_edit_that_changes_nothing_is_not_spoken_of() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0");
        t.is_delivered(&said).await;
        for text in ["deploy staging ref v1.0.0 ", "please deploy v1.0.0 to staging"] {
            t.is_delivered(&t.stage.sim.edits(&said, text)).await;
        }
        t.is_delivered(&t.stage.sim.unfurls(&said)).await;
        let chat = t.stage.sim.writes("ben", CHANNEL, None, "lunch at tvelve?");
        t.is_delivered(&chat).await;
        t.is_delivered(&t.stage.sim.edits(&chat, "lunch at twelve?")).await;
        t.is_delivered(&t.stage.sim.unfurls(&chat)).await;
        // Where nobody told it to listen, it does not.
        let elsewhere = t.stage.sim.writes("ben", "C0OTHER", None, "hello");
        t.is_delivered(&elsewhere).await;
        t.is_delivered(&t.stage.sim.edits(&elsewhere, "deploy staging")).await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, about_edits(t).len()), (1, 0));
        assert!(of_bot(&t.stage, "C0OTHER").is_empty());
    });
}

#[test]
fn a_mention_that_is_edited_in_is_answered_and_not_done() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.stage.sim.writes("ana", "C0OTHER", None, "deploy staging ref v1.0.0");
        t.is_delivered(&said).await;
        let edited = t.stage.sim.edits(&said, "<@U0BOT> deploy staging ref v1.0.0");
        // Slack delivers the mention as well, in any order.
        let mut mention = edited.clone();
        mention["event"] = edited["event"]["message"].clone();
        mention["event"]["type"] = json!("app_mention");
        mention["event"]["channel"] = json!("C0OTHER");
        mention["event_id"] = json!("Ev0MENTION");
        t.is_delivered(&mention).await;
        t.is_delivered(&edited).await;
        t.never_mind_the_rest();
        let told = of_bot(&t.stage, "C0OTHER");
        assert_eq!((t.runs().await, told.len()), (0, 1), "{told:#?}");
        assert!(told[0].text.contains("send it anew"), "{told:#?}");
        // A mention that was heard before is not answered twice for one edit, nor for a comma.
        let said = t.stage.sim.writes("ana", "C0OTHER", None, "<@U0BOT> whoami");
        t.is_delivered(&t.stage.sim.as_mention(&said)).await;
        let mut mention = t.stage.sim.as_mention(&said);
        mention["event"]["text"] = json!("<@U0BOT>, whoami");
        mention["event"]["edited"] = json!({ "user": "ana", "ts": "1.2" });
        t.is_delivered(&mention).await;
        t.never_mind_the_rest();
        assert_eq!(of_bot(&t.stage, "C0OTHER").len(), 2);
    });
}

#[test]
fn an_answer_that_is_edited_is_told_that_it_counts_as_it_was() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let said = t.stage.sim.writes("ana", "Dana", None, "scale api in staging");
        t.is_delivered(&said).await;
        let answer = t.stage.sim.writes("ana", "Dana", None, "3");
        t.is_delivered(&answer).await;
        t.is_delivered(&t.stage.sim.edits(&answer, "30")).await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 2);
        let told = of_bot(&t.stage, "Dana").into_iter().filter(|it| it.text.contains("sent first")).count();
        assert_eq!(told, 1);
    });
}

#[test]
fn an_answer_with_a_typo_that_is_edited_is_to_be_sent_anew() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("restart api").await;
        t.never_mind_the_rest();
        let answer = t.stage.sim.writes("ana", CHANNEL, None, "stagixx");
        t.is_delivered(&answer).await;
        t.is_delivered(&t.stage.sim.edits(&answer, "staging")).await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, about_edits(t).len()), (1, 1));
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn an_order_that_is_deleted_goes_on_and_that_is_said() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.stage.sim.writes("ana", CHANNEL, None, "deploy production ref v1.0.0");
        t.is_delivered(&said).await;
        t.is_delivered(&t.stage.sim.deletes(&said)).await;
        t.never_mind_the_rest();
        let told = about_edits(t);
        assert!(told.len() == 1 && told[0].contains("deploy v1.0.0 to production"), "{told:#?}");
        let said = t.stage.sim.writes("ana", CHANNEL, None, "deploy production ref v1.0.0");
        t.user("ana").clicks("cancel r-1").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.run(1).is("cancelled").await;
        // What is over, and what was no order, is deleted without a word.
        t.is_delivered(&t.stage.sim.deletes(&said)).await;
        let chat = t.stage.sim.writes("ben", CHANNEL, None, "good morning");
        t.is_delivered(&chat).await;
        t.is_delivered(&t.stage.sim.deletes(&chat)).await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, about_edits(t).len()), (1, 1));
    });
}

#[test]
fn a_deleted_message_with_answers_leaves_a_stone() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let said = t.stage.sim.writes("ana", CHANNEL, None, "deploy production ref v1.0.0");
        t.is_delivered(&said).await;
        t.never_mind_the_rest();
        let deleted = t.stage.sim.deletes(&said);
        assert_eq!(deleted["event"]["subtype"], "message_changed");
        t.is_delivered(&deleted).await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, about_edits(t).len()), (1, 1));
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_secret_that_is_edited_in_is_noticed_and_kept_nowhere() {
    chat(async |t| {
        let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
        let said = t.stage.sim.writes("ana", CHANNEL, None, "the key is in the vault");
        t.is_delivered(&said).await;
        let edited = t.stage.sim.edits(&said, &format!("the key is {secret}"));
        t.is_delivered(&edited).await;
        t.is_delivered(&t.stage.sim.unfurls(&edited_as(&said, secret))).await;
        let told = |t: &Chat| {
            let messages = t.stage.sim.messages().into_iter();
            messages.filter(|it| it.only_for.as_deref() == Some("ana")).map(|it| it.text).collect::<Vec<_>>()
        };
        assert!(told(t).len() == 1 && told(t)[0].contains("looks like a secret"), "{:#?}", told(t));
        assert!(t.stage.sim.calls().iter().any(|call| call.method == "chat.delete"));
        // Taking it out again is what was asked for.
        t.is_delivered(&t.stage.sim.edits(&said, "the key is in the vault")).await;
        t.never_mind_the_rest();
        assert_eq!((told(t).len(), about_edits(t).len()), (1, 0));
        assert!(!format!("{:?}", t.stage.sim.calls()).contains(secret));
        assert!(t.engine().store().inbox_list("slack", 10).await.unwrap().is_empty());
    });
}

/// A message as it was delivered, with the secret in it by now.
fn edited_as(said: &Value, secret: &str) -> Value {
    let mut said = said.clone();
    said["event"]["text"] = json!(format!("the key is {secret}"));
    said
}
