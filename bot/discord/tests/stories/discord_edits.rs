//! People edit and delete what they wrote: what was sent first counts.

use serde_json::{Value, json};

use crate::harness::{Chat, chat, good};
use crate::reading;
use crate::stage::{CHANNEL, of_bot};

impl Chat {
    /// Discord tells something, twice, and what comes of it comes.
    async fn is_told(&mut self, kind: &str, body: &Value) {
        for _ in 0..2 {
            assert!(self.stage.sim.tell(kind, body).await);
            self.ticks().await;
            self.settles().await;
        }
    }

    async fn is_written(&mut self, person: &str, channel: &str, text: &str) -> Value {
        let said = self.stage.sim.writes(person, channel, None, text);
        self.is_told("MESSAGE_CREATE", &said).await;
        said
    }

    async fn is_edited(&mut self, said: &Value, text: &str) {
        let edited = self.stage.sim.edits(said, text);
        self.is_told("MESSAGE_UPDATE", &edited).await;
    }
}

/// What was said about edits and deletions.
fn about_edits(t: &Chat, channel: &str) -> Vec<String> {
    let said = of_bot(&t.stage, channel).into_iter().map(|it| reading::read(&it));
    said.filter(|text| text.contains("sent first") || text.contains("You deleted")).collect()
}

#[test]
fn an_order_that_is_edited_stays_what_it_was() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.is_written("ana", CHANNEL, "deploy staging ref v1.0.0").await;
        t.is_edited(&said, "deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 1);
        let told = about_edits(t, CHANNEL);
        assert!(told.len() == 1 && told[0].contains("What counts: `deploy v1.0.0 to staging`."), "{told:#?}");
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
            let said = t.is_written("ana", CHANNEL, first).await;
            t.never_mind_the_rest();
            let before = about_edits(t, CHANNEL).len();
            t.is_edited(&said, then).await;
            t.never_mind_the_rest();
            assert_eq!(about_edits(t, CHANNEL).len(), before + 1, "{first}: {then}");
        }
        assert_eq!(t.runs().await, 0);
    });
}

#[test]
fn what_was_said_before_a_restart_is_not_known_and_nothing_is_done_of_its_edit() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.is_written("ana", CHANNEL, "lunch?").await;
        let order = t.is_written("ana", CHANNEL, "deploy staging ref v1.0.0").await;
        t.never_mind_the_rest();
        t.crash_and_restart().await;
        t.is_edited(&said, "lunch at twelve?").await;
        assert_eq!(about_edits(t, CHANNEL).len(), 0);
        t.is_edited(&order, "deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, about_edits(t, CHANNEL).len()), (1, 1));
    });
}

#[test]
fn an_edit_that_changes_nothing_is_not_spoken_of() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.is_written("ana", CHANNEL, "deploy staging ref v1.0.0").await;
        t.is_edited(&said, "deploy staging  ref v1.0.0").await;
        t.is_edited(&said, "please deploy v1.0.0 to staging").await;
        let shown = t.stage.sim.unfurls(&said);
        t.is_told("MESSAGE_UPDATE", &shown).await;
        // The whole of it may come along, with when it was edited last or without.
        let mut whole = said.clone();
        whole["embeds"] = shown["embeds"].clone();
        t.is_told("MESSAGE_UPDATE", &whole).await;
        let chat = t.is_written("ben", CHANNEL, "lunch at tvelve?").await;
        t.is_edited(&chat, "lunch at twelve?").await;
        let mut blind = chat.clone();
        blind["content"] = json!("");
        blind["edited_timestamp"] = json!("2026-11-18T12:01:00.000000+00:00");
        t.is_told("MESSAGE_UPDATE", &blind).await;
        t.is_told("MESSAGE_UPDATE", &json!({ "id": 7, "channel_id": null })).await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, about_edits(t, CHANNEL).len()), (1, 0));
    });
}

#[test]
fn a_mention_that_is_edited_in_is_answered_and_not_done() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let elsewhere = discord::sim::CHANNELS[1];
        let said = t.is_written("ana", elsewhere, "deploy staging ref v1.0.0").await;
        t.is_edited(&said, &format!("<@{}> deploy staging ref v1.0.0", discord::sim::BOT_USER)).await;
        t.never_mind_the_rest();
        let told = about_edits(t, elsewhere);
        assert_eq!((t.runs().await, told.len()), (0, 1), "{told:#?}");
    });
}

#[test]
fn an_answer_that_is_edited_between_two_is_told_that_it_counts_as_it_was() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let direct = t.stage.sim.direct("ana");
        t.is_written("ana", &direct, "scale api in staging").await;
        let answer = t.is_written("ana", &direct, "3").await;
        // Not the whole of it comes along.
        let edited = t.stage.sim.edits(&answer, "30");
        let part = json!({
            "id": edited["id"], "channel_id": edited["channel_id"], "content": "30",
            "edited_timestamp": edited["edited_timestamp"],
        });
        t.is_told("MESSAGE_UPDATE", &part).await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, about_edits(t, &direct).len()), (2, 1));
    });
}

#[test]
fn an_order_that_is_deleted_goes_on_and_that_is_said() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.is_written("ana", CHANNEL, "deploy production ref v1.0.0").await;
        let deleted = t.stage.sim.deletes(&said);
        t.is_told("MESSAGE_DELETE", &deleted).await;
        t.never_mind_the_rest();
        let told = about_edits(t, CHANNEL);
        assert!(told.len() == 1 && told[0].contains("deploy v1.0.0 to production"), "{told:#?}");
        t.user("ana").clicks("cancel r-1").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.run(1).is("cancelled").await;
        // What is over, what was no order, and what nobody knows is deleted without a word.
        let said = t.is_written("ana", CHANNEL, "status").await;
        let chat = t.is_written("ben", CHANNEL, "good morning").await;
        let ids = json!({ "ids": [said["id"], chat["id"], "1", null], "channel_id": CHANNEL });
        t.is_told("MESSAGE_DELETE_BULK", &ids).await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, about_edits(t, CHANNEL).len()), (1, 1));
    });
}

#[test]
fn a_secret_that_is_edited_in_is_noticed_and_kept_nowhere() {
    chat(async |t| {
        let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
        let said = t.is_written("ana", CHANNEL, "the key is in the vault").await;
        t.is_edited(&said, &format!("the key is {secret}")).await;
        let told = |t: &Chat| {
            of_bot(&t.stage, CHANNEL)
                .iter()
                .filter(|it| reading::read(it).contains("looks like a secret"))
                .count()
        };
        assert_eq!(told(t), 1);
        let gone = t.stage.sim.messages().iter().all(|it| !it.content.contains(secret));
        assert!(gone, "it is deleted");
        t.never_mind_the_rest();
        assert!(!format!("{:?}", t.stage.sim.calls()).contains(secret));
        assert!(t.engine().store().inbox_list("discord", 10).await.unwrap().is_empty());
    });
}
