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

#[test]
fn interactions_of_kinds_nobody_asked_for_are_acknowledged_and_begin_nothing() {
    chat(async |t| {
        t.one_plan_waits().await;
        let sim = t.stage.sim.clone();
        let click = sim.presses("ben", &sim.buttons("ben", "Approve").remove(0));
        let kinds = [
            "shortcut",
            "message_action",
            "view_closed",
            "block_suggestion",
            "workflow_step_edit",
            "tomorrow",
        ];
        for kind in kinds {
            let mut told = click.clone();
            told["type"] = json!(kind);
            let acked = sim.deliver("interactive", &told, false).await.unwrap_or_else(|| panic!("{kind}"));
            assert!(acked.payload.is_null(), "{kind}: {}", acked.payload);
        }
        for frame in ["events_api", "interactive", "slash_commands", "tomorrow"] {
            assert!(sim.deliver(frame, &json!({ "type": "of_tomorrow" }), false).await.is_some(), "{frame}");
        }
        t.only_one_plan_waits().await;
    });
}

#[test]
fn bent_forms_are_acknowledged_and_seal_nothing_for_who_may_not() {
    chat(async |t| {
        t.one_plan_waits().await;
        let sim = t.stage.sim.clone();
        let command = sim.commands("ana", CHANNEL, "set secret API_KEY in staging");
        sim.deliver("slash_commands", &command, false).await.unwrap();
        sim.until(|sim| !sim.modals("ana").is_empty()).await;
        let staging = t.key("staging").to_string();
        let filled = [("environment", staging.as_str()), ("name", "API_KEY"), ("value", "sk_of_nobody")];
        let mut form = sim.submits("ana", &filled).unwrap();
        form["user"]["id"] = json!("vera");
        for one in bent(&form) {
            let acked = sim.deliver("interactive", &one, false).await;
            let acked = acked.unwrap_or_else(|| panic!("not acknowledged: {one}"));
            assert!(!acked.payload.to_string().contains("is sealed"), "{} to {one}", acked.payload);
        }
        t.only_one_plan_waits().await;
    });
}
