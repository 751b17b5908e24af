//! What only Discord tells of messages that are edited and deleted: parts of them, and many at once.

use serde_json::json;

use crate::edited::Told;
use crate::harness::{chat, good};
use crate::stage::CHANNEL;

#[test]
fn discord_what_is_told_of_a_message_without_its_words_is_no_edit() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.is_written("ana", CHANNEL, "deploy staging ref v1.0.0").await;
        let shown = t.stage.sim.unfurls(&said);
        // The whole of it may come along, with when it was edited last or without.
        let mut whole = said.clone();
        whole["embeds"] = shown["embeds"].clone();
        t.is_told(Told::Edited, &whole).await;
        let chat = t.is_written("ben", CHANNEL, "lunch at tvelve?").await;
        let mut blind = chat.clone();
        blind["content"] = json!("");
        blind["edited_timestamp"] = json!("2026-11-18T12:01:00.000000+00:00");
        t.is_told(Told::Edited, &blind).await;
        t.is_told(Told::Edited, &json!({ "id": 7, "channel_id": null })).await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, t.about_edits(CHANNEL).len()), (1, 0));
    });
}

#[test]
fn discord_an_answer_of_whose_edit_a_part_is_told_counts_as_it_was() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let direct = t.stage.sim.direct("ana");
        t.is_written("ana", &direct, "scale api in staging").await;
        let answer = t.is_written("ana", &direct, "3").await;
        let edited = t.stage.sim.edits(&answer, "30");
        let part = json!({
            "id": edited["id"], "channel_id": edited["channel_id"], "content": "30",
            "edited_timestamp": edited["edited_timestamp"],
        });
        t.is_told(Told::Edited, &part).await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, t.about_edits(&direct).len()), (2, 1));
    });
}

#[test]
fn discord_many_messages_that_are_deleted_at_once_are_not_spoken_of() {
    chat(async |t| {
        let said = t.is_written("ana", CHANNEL, "status").await;
        let chat = t.is_written("ben", CHANNEL, "good morning").await;
        let ids = json!({ "ids": [said["id"], chat["id"], "1", null], "channel_id": CHANNEL });
        for _ in 0..2 {
            assert!(t.stage.sim.tell("MESSAGE_DELETE_BULK", &ids).await);
            t.ticks().await;
            t.settles().await;
        }
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, t.about_edits(CHANNEL).len()), (0, 0));
    });
}
