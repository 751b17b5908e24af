//! Clicks and commands that nobody of good will sends: they are acknowledged, and nothing begins twice.

use serde_json::{Value, json};

use crate::harness::{bent, chat};
use crate::stage::CHANNEL;

#[test]
fn bent_clicks_and_commands_are_acknowledged_and_begin_nothing_twice() {
    chat(async |t| {
        t.one_plan_waits().await;
        let sim = t.stage.sim.clone();
        // Nothing is ordered by these, so nothing may come of them, however they are bent.
        let press = sim.buttons("vera", "Approve").remove(0);
        let click = sim.presses("vera", &press);
        let command = sim.commands("vera", CHANNEL, "whoami");
        let mut count = 0;
        for (kind, payload) in [("interactive", &click), ("slash_commands", &command)] {
            for one in bent(payload).into_iter().chain([Value::Null, json!([])]) {
                let acked = sim.deliver(kind, &one, false).await;
                assert!(acked.is_some(), "not acknowledged: {kind} {one}");
                count += 1;
            }
        }
        assert!(count > 200, "{count}");
        t.only_one_plan_waits().await;
    });
}
