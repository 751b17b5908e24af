//! Deletions of many messages that nobody of good will tells of.

use serde_json::{Value, json};

use crate::harness::{bent, chat};
use crate::stage::CHANNEL;

#[test]
fn bent_deletions_of_many_messages_are_heard_and_do_nothing() {
    chat(async |t| {
        t.one_plan_waits().await;
        let sim = t.stage.sim.clone();
        let said = sim.writes("vera", CHANNEL, None, "good morning");
        let deleted =
            json!({ "ids": [said["id"], "1"], "channel_id": CHANNEL, "guild_id": said["guild_id"] });
        for body in bent(&deleted).into_iter().chain([Value::Null, json!([]), json!({ "ids": 7 })]) {
            assert!(sim.tell("MESSAGE_DELETE_BULK", &body).await, "{body}");
        }
        t.only_one_plan_waits().await;
    });
}
