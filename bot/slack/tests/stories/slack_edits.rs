//! What only Slack tells of messages that are edited and deleted.

use serde_json::{Value, json};

use crate::edited::Told;
use crate::harness::{chat, good};
use crate::stage::{CHANNEL, ELSEWHERE, of_bot};

#[test]
fn slack_a_mention_that_is_edited_in_is_told_twice_and_answered_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.is_written("ana", ELSEWHERE, "deploy staging ref v1.0.0").await;
        let edited = t.stage.sim.edits(&said, "<@U0BOT> deploy staging ref v1.0.0");
        // Slack delivers the mention as well, in any order.
        let mut mention = edited.clone();
        mention["event"] = edited["event"]["message"].clone();
        mention["event"]["type"] = json!("app_mention");
        mention["event"]["channel"] = json!(ELSEWHERE);
        mention["event_id"] = json!("Ev0MENTION");
        t.is_told(Told::Written, &mention).await;
        t.is_told(Told::Edited, &edited).await;
        t.never_mind_the_rest();
        let told = of_bot(&t.stage, ELSEWHERE);
        assert_eq!((t.runs().await, told.len()), (0, 1), "{told:#?}");
        assert!(told[0].text.contains("send it anew"), "{told:#?}");
        // A mention that was heard before is not answered twice for one edit, nor for a comma.
        let said = t.stage.sim.writes("ana", ELSEWHERE, None, "<@U0BOT> whoami");
        t.is_told(Told::Written, &t.stage.sim.as_mention(&said)).await;
        let mut mention = t.stage.sim.as_mention(&said);
        mention["event"]["text"] = json!("<@U0BOT>, whoami");
        mention["event"]["edited"] = json!({ "user": "ana", "ts": "1.2" });
        t.is_told(Told::Written, &mention).await;
        t.never_mind_the_rest();
        assert_eq!(of_bot(&t.stage, ELSEWHERE).len(), 2);
    });
}

#[test]
fn slack_a_deleted_message_with_answers_leaves_a_stone() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let said = t.is_written("ana", CHANNEL, "deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let deleted = t.stage.sim.deletes(&said);
        assert_eq!(deleted["event"]["subtype"], "message_changed");
        t.is_told(Told::Deleted, &deleted).await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, t.about_edits(CHANNEL).len()), (1, 1));
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn slack_a_secret_that_is_edited_in_is_told_to_its_writer_alone_and_once() {
    chat(async |t| {
        let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
        let said = t.is_written("ana", CHANNEL, "the key is in the vault").await;
        t.is_edited(&said, &format!("the key is {secret}")).await;
        // A link in it is shown, with the secret still there.
        t.is_unfurled(&edited_as(&said, secret)).await;
        let messages = t.stage.sim.messages().into_iter();
        let told: Vec<String> =
            messages.filter(|it| it.only_for.as_deref() == Some("ana")).map(|it| it.text).collect();
        assert!(told.len() == 1 && told[0].contains("looks like a secret"), "{told:#?}");
        assert!(t.stage.sim.calls().iter().any(|call| call.method == "chat.delete"));
        t.never_mind_the_rest();
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
