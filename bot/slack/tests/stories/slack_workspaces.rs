//! People of another workspace: of another company in a channel that is shared with it, or of a second workspace that has the same
//! app. Slack's identifiers mean one person within a workspace alone, so nobody of another one is taken for somebody known here.

use expect_test::expect;
use serde_json::{Value, json};
use slack::sim::Fault;

use crate::harness::{Chat, chat, good};
use crate::stage::{CHANNEL, of_bot};

/// Of another company, which has no part in this.
const THEIRS: &str = "T0THEIRS";

/// The same, told of somebody with the same identifier in a shared channel.
fn by_a_guest(payload: &Value) -> Value {
    let mut told = payload.clone();
    told["is_ext_shared_channel"] = json!(true);
    // Of an edit, who wrote the message.
    for event in ["/event", "/event/message", "/event/previous_message"] {
        if let Some(event) = told.pointer_mut(event).filter(|it| it["user"].is_string()) {
            event["user_team"] = json!(THEIRS);
            event["source_team"] = json!(THEIRS);
        }
    }
    told
}

/// The same, told of another workspace with the same app.
fn of_another_installation(payload: &Value) -> Value {
    let told = payload.to_string().replace("T0SIM", THEIRS);
    serde_json::from_str(&told).unwrap()
}

impl Chat {
    /// What the record has of people of other workspaces.
    async fn foreign(&self) -> Vec<Value> {
        let record = self.engine().store().audit_recent(50).await.unwrap();
        let found = record.into_iter().filter(|event| event.action == "front.foreign");
        found.map(|event| event.data).collect()
    }

    /// A production plan waits, and nothing else was begun.
    async fn only_a_plan_waits(&mut self) {
        self.settles().await;
        assert_eq!((self.runs().await, self.decisions().await), (1, 0));
        assert!(self.engine().store().inbox_list("slack", 10).await.unwrap().is_empty());
    }

    async fn is_over(&mut self) {
        self.user("ben").clicks("Approve").await;
        self.settles().await;
        assert_eq!(self.decisions().await, 1, "who is known here is heard");
        self.never_mind_the_rest();
    }
}

#[test]
fn slack_a_guest_with_the_identifier_of_somebody_known_is_not_that_person() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let (sim, before) = (t.stage.sim.clone(), of_bot(&t.stage, CHANNEL).len());
        let said = sim.writes("ben", CHANNEL, None, "<@U0BOT> approve");
        let edited = sim.edits(&said, "<@U0BOT> deploy staging ref v1.0.0");
        let overheard = sim.writes("zoe", CHANNEL, None, "lock staging");
        for payload in [sim.as_mention(&said), said, edited, overheard] {
            sim.deliver("events_api", &by_a_guest(&payload), false).await.expect("it is acknowledged");
        }
        t.only_a_plan_waits().await;
        assert_eq!(of_bot(&t.stage, CHANNEL).len(), before, "nobody is answered");
        let mut click = sim.presses("ben", &t.stage.button("ben", "Approve", false));
        click["user"]["team_id"] = json!(THEIRS);
        sim.deliver("interactive", &click, false).await.expect("it is acknowledged");
        t.only_a_plan_waits().await;
        let recorded = t.foreign().await;
        assert_eq!(recorded.len(), 1, "once a minute, not for each: {recorded:#?}");
        assert_eq!((&recorded[0]["user"], &recorded[0]["team"]), (&json!("ben"), &json!(THEIRS)));
        t.is_over().await;
    });
}

#[test]
fn slack_another_workspace_with_the_same_app_gets_nothing_and_is_told() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let (sim, base) = (t.stage.sim.clone(), t.serve_http().await);
        // The real zoe has a form open; the other one submits one with the same identifier.
        sim.deliver("slash_commands", &sim.commands("zoe", CHANNEL, "secret API_KEY in staging"), false)
            .await
            .unwrap();
        t.connected().slack.rest().await;
        let filled =
            [("environment", "invoice-perfect/staging"), ("name", "API_KEY"), ("value", "long enough")];
        let submitted = of_another_installation(&sim.submits("zoe", &filled).unwrap());
        let direct = sim.writes("zoe", "Dzoe", None, "lock staging");
        let command = sim.commands("ana", CHANNEL, "deploy staging ref v1.0.0");
        let click = sim.presses("ben", &t.stage.button("ben", "Approve", false));
        let now_s = chrono::Utc::now().timestamp();
        for (kind, payload) in [
            ("interactive", submitted),
            ("events_api", of_another_installation(&direct)),
            ("slash_commands", of_another_installation(&command)),
            ("interactive", of_another_installation(&click)),
            ("events_api", of_another_installation(&sim.opens_home("ana"))),
        ] {
            assert!(sim.deliver(kind, &payload, false).await.is_some(), "{kind} is acknowledged");
            assert_eq!(sim.deliver_signed(&base, kind, &payload, now_s).await.0, 200, "{kind}");
            t.only_a_plan_waits().await;
        }
        assert!(!t.foreign().await.is_empty());
        assert!(sim.home("ana").is_none(), "no home is drawn for another workspace");
        assert!(of_bot(&t.stage, "Dzoe").is_empty());
        for person in ["ana", "ben"] {
            let told = sim.messages().into_iter().filter(|it| it.only_for.as_deref() == Some(person));
            let told: Vec<String> = told.map(|it| it.text).collect();
            assert!(told.iter().any(|text| text.contains("another Slack workspace")), "{person}: {told:#?}");
        }
        let secrets = t.engine().store().audit_recent(50).await.unwrap();
        assert!(secrets.iter().all(|event| !event.action.starts_with("secret.")), "{secrets:#?}");
        t.is_over().await;
    });
}

#[test]
fn slack_a_secret_of_a_guest_is_noticed_all_the_same() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        let said = sim.writes("ana", CHANNEL, None, "the key is sk_live_4eC39HqLyjWDarjtT1zdp7dc");
        sim.deliver("events_api", &by_a_guest(&said), false).await.unwrap();
        t.settles().await;
        let told = sim.messages().into_iter().find(|it| it.only_for.as_deref() == Some("ana")).unwrap();
        assert!(told.text.contains("looks like a secret"), "{}", told.text);
        t.never_mind_the_rest();
    });
}

#[test]
fn slack_nobody_is_taken_for_anybody_before_it_is_known_which_workspace_it_is() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        // When it starts, and when the first call comes.
        for _ in 0..2 {
            sim.fault("auth.test", Fault::Refused("internal_error"));
        }
        let base = t.serve_http().await;
        let now_s = chrono::Utc::now().timestamp();
        let challenge = json!({ "type": "url_verification", "challenge": "c4f3", "token": "x" });
        assert_eq!(sim.deliver_signed(&base, "events_api", &challenge, now_s).await.0, 200);
        let said = sim.writes("ana", CHANNEL, None, "whoami");
        assert_eq!(sim.deliver_signed(&base, "events_api", &said, now_s).await.0, 503, "it is to come again");
        t.settles().await;
        t.bot_says(expect![""]);
        assert_eq!(sim.deliver_signed(&base, "events_api", &said, now_s).await.0, 200);
        t.settles().await;
        t.bot_says(expect![[r#"
            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami
        "#]]);
    });
}
