//! Interactions that no client of good will sends, that an earlier or later version of the bot made, or that came from elsewhere.
//! Each is answered in time, or refused with a line in the log; nothing comes of it, and the next good one works.
#![expect(clippy::needless_pass_by_value, reason = "what is told is made where it is told")]

use adapters::sim::Behaviour;
use discord::sim::{CHANNELS, GUILD};
use serde_json::{Value, json};

use crate::harness::{Chat, Log, bends, chat, good};
use crate::stage::{CHANNEL, last_whisper, of_bot};

/// What the log says of an interaction that is refused…
const REFUSED: &str = "an interaction can't be read";
/// … and of one whose right is another one's, or was.
const LATE: &str = "an interaction came too late";

/// What an interaction is acknowledged with, as Discord numbers it.
const MESSAGE: u64 = 4;
const LATER: u64 = 5;
const NOTHING: u64 = 6;
const CHOICES: u64 = 8;
const FORM: u64 = 9;

impl Chat {
    /// Somebody gives a command with these options, as they stand in it.
    fn given(&self, person: &str, command: &str, options: Value) -> Value {
        let mut body = self.stage.sim.command(person, CHANNEL, command, &[]);
        body["data"]["options"] = options;
        body
    }

    /// Somebody types a command, the first option of which is this.
    fn typed(&self, person: &str, command: &str, option: Value) -> Value {
        let mut body = self.stage.sim.types(person, CHANNEL, command, "ref", "");
        body["data"]["options"] = json!([option]);
        body
    }

    /// Somebody uses a component of a card with this identifier.
    fn used(&self, person: &str, custom_id: Value, values: Value) -> Value {
        let press = self.stage.button(person, "Reject", false);
        let mut body = self.stage.sim.presses(person, &press);
        body["data"]["custom_id"] = custom_id;
        if !values.is_null() {
            body["data"]["component_type"] = json!(3);
            body["data"]["values"] = values;
        }
        body
    }

    /// Somebody submits a form with this identifier that holds this.
    fn filled(&self, person: &str, custom_id: Value, components: Value) -> Value {
        let mut body = self.stage.sim.command(person, CHANNEL, "", &[]);
        body["type"] = json!(5);
        body["data"] = json!({ "custom_id": custom_id, "components": components });
        body
    }

    /// What an interaction is acknowledged with; nothing when it is not, in the time there is.
    async fn acknowledged(&mut self, body: &Value) -> Option<(u64, String)> {
        let acked = self.stage.sim.interact(body).await?;
        Some((acked.kind, acked.data["content"].as_str().unwrap_or_default().to_owned()))
    }

    /// All of these are answered with this, by which nothing begins.
    async fn answers(&mut self, kind: u64, says: &str, bodies: Vec<Value>) {
        for body in bodies {
            let told = self.acknowledged(&body).await.unwrap_or_else(|| panic!("not answered: {body}"));
            assert!(told.0 == kind && told.1.contains(says), "{told:?} instead of {kind}: {body}");
        }
        self.begins_nothing().await;
    }

    /// Nothing came of it, and a good command works.
    async fn begins_nothing(&mut self) {
        self.ticks().await;
        self.settles().await;
        assert_eq!((self.runs().await, self.decisions().await), (1, 0));
        let whoami = self.stage.sim.command("ana", CHANNEL, "whoami", &[]);
        assert_eq!(self.acknowledged(&whoami).await.unwrap().0, LATER);
        self.ticks().await;
        self.settles().await;
        let told = last_whisper(self, "ana").content;
        assert!(told.contains("You are ana"), "{told}");
        self.never_mind_the_rest();
    }

    async fn is_over(&mut self) {
        self.user("ana").says("reject").await;
        self.never_mind_the_rest();
    }
}

fn option(name: &str, value: Value) -> Value {
    json!({ "type": 3, "name": name, "value": value })
}

#[test]
fn discord_commands_with_what_nobody_reads_are_not_done_without_it() {
    chat(async |t| {
        t.one_plan_waits().await;
        let place = || option("environment", json!("staging"));
        let what = || option("ref", json!("v1.0.0"));
        let mut odd = Vec::new();
        for more in [
            // Of another version of the command, and each would do more than was meant.
            option("dry_run", json!("yes")),
            option("force", json!(false)),
            option("replicas", json!("3")),
            option("run", json!("r-1")),
            // Of other kinds.
            option("trial", Value::Null),
            option("trial", json!({ "x": 1 })),
            option("trial", json!(["dry run"])),
            json!({ "type": 3, "name": "trial" }),
            json!({ "type": 1, "name": "trial", "options": [what()] }),
            json!({ "type": 3, "name": 7, "value": "dry run" }),
            json!({ "type": 3, "value": "dry run" }),
            json!("dry run"),
            Value::Null,
            // Said twice.
            option("environment", json!("production")),
        ] {
            odd.push(t.given("ana", "deploy", json!([place(), what(), more])));
        }
        for options in [json!("staging"), json!({ "environment": "staging" }), json!(7)] {
            odd.push(t.given("ana", "deploy", options));
        }
        odd.push(t.given("ana", "infra", json!([option("more", json!("whoami")), place()])));
        odd.push(t.given("ana", "secret", json!([option("key", json!("API_KEY"))])));
        t.answers(MESSAGE, "nothing of it is done", odd).await;

        let mut none_of_ours = Vec::new();
        for name in [json!("poll"), json!(""), json!("x".repeat(5_000)), json!(7), Value::Null] {
            let mut body = t.given("ana", "deploy", json!([place(), what()]));
            body["data"]["name"] = name;
            none_of_ours.push(body);
        }
        // In the menus of a person and of a message, where they may have any name.
        for kind in [json!(2), json!(3), json!(4), json!("1")] {
            let mut body = t.given("ana", "rollback", json!([]));
            body["data"]["type"] = kind;
            body["data"]["target_id"] = json!("1000000000000000001");
            none_of_ours.push(body);
        }
        for data in [Value::Null, json!([]), json!("deploy staging")] {
            let mut body = t.given("ana", "deploy", json!([place(), what()]));
            body["data"] = data;
            none_of_ours.push(body);
        }
        t.answers(MESSAGE, "none of mine any more", none_of_ours).await;

        // What can be read as words is answered as words are.
        let long = |text: &str| t.given("ana", "infra", json!([option("more", json!(text))]));
        let words = [
            long(&"a".repeat(6_000)),
            long(&"\u{202e}\u{200b}\u{3000}".repeat(1_000)),
            long("deploy staging ref v1.0.0\u{0} and production"),
            t.given("ana", "scale", json!([place(), option("replicas", json!(-7))])),
            t.given("ana", "deploy", json!([option("environment", json!(true)), what()])),
            t.given("ana", "deploy", json!([place(), option("trial", json!("x")), what()])),
        ];
        for body in words {
            assert_eq!(t.acknowledged(&body).await.unwrap().0, LATER, "{body}");
            t.ticks().await;
            t.settles().await;
            t.user("ana").says("never mind").await;
        }
        t.begins_nothing().await;
        t.is_over().await;
    });
}

#[test]
fn discord_clicks_on_what_another_version_showed_are_answered() {
    chat(async |t| {
        t.one_plan_waits().await;
        let mut odd = Vec::new();
        for custom_id in [
            "",
            "say",
            "say/",
            "say#0",
            "say/deploy staging ref v1.0.0",
            // The words behind the sign are no command of their own.
            "say/deploy shop/staging",
            "say/x/deploy staging ref v1.0.0",
            "ask/approve r-1",
            "ask#9",
            "yes",
            "yes/approve r-1",
            "yes/-/0/",
            "yes/x/0/approve r-1",
            "yes/-/9/approve r-1",
            "yes/-//approve r-1",
            "yes#-/0",
            "form",
            "form/x",
            "approve:r-1",
            "poll/1",
            "\u{0}",
        ] {
            odd.push(t.used("ben", json!(custom_id), Value::Null));
        }
        for custom_id in [Value::Null, json!(7), json!(["say/0/approve r-1"]), json!("say/".repeat(30_000))] {
            odd.push(t.used("ben", custom_id, Value::Null));
        }
        for values in [json!([]), json!("approve r-1"), json!([7]), json!([""]), json!([null])] {
            odd.push(t.used("ben", json!("pick/0"), values));
        }
        // Two are chosen where one can be.
        odd.push(t.used("ben", json!("pick/0"), json!(["approve r-1", "reject r-1"])));
        for data in [Value::Null, json!([]), json!("say/0/approve r-1")] {
            let mut body = t.used("ben", json!("say/0/approve r-1"), Value::Null);
            body["data"] = data;
            odd.push(body);
        }
        // What does not fit a button stands in the message, and there is none.
        for message in [Value::Null, json!([]), json!({ "embeds": 7, "components": "x" })] {
            let mut body = t.used("ben", json!("say#1"), Value::Null);
            body["message"] = message;
            odd.push(body);
        }
        t.answers(MESSAGE, "none of mine any more", odd).await;
        t.is_over().await;
    });
}

#[test]
fn discord_forms_that_lack_something_set_and_say_nothing() {
    chat(async |t| {
        t.one_plan_waits().await;
        let row = |name: &str, value: Value| json!({ "type": 1, "components": [{ "type": 4, "custom_id": name, "value": value }] });
        let mut odd = Vec::new();
        for custom_id in [
            json!(""),
            json!("poll"),
            json!("say"),
            json!("say/-"),
            json!("say/x/0"),
            json!("say/-/9"),
            json!("say/-/0/x"),
            json!("x".repeat(5_000)),
            json!(7),
            Value::Null,
        ] {
            odd.push(t.filled("ana", custom_id, json!([row("answer", json!("deploy staging ref v1.0.0"))])));
        }
        t.answers(MESSAGE, "none of mine any more", odd).await;
        let mut odd = Vec::new();
        for components in [
            json!([]),
            Value::Null,
            json!("deploy staging"),
            json!([row("other", json!("deploy staging ref v1.0.0"))]),
            json!([row("answer", Value::Null)]),
            json!([row("answer", json!(""))]),
            json!([row("answer", json!("  "))]),
            json!([row("answer", json!(7))]),
            json!([{ "type": 1 }, { "type": 1, "components": 7 }, null]),
        ] {
            odd.push(t.filled("ana", json!("say/-/0"), components));
        }
        t.answers(MESSAGE, "Nothing was filled in", odd).await;
        let (place, name) = (row("environment", json!("staging")), row("name", json!("API_KEY")));
        for components in [
            json!([]),
            Value::Null,
            json!([place, name]),
            json!([place, name, row("value", Value::Null)]),
            json!([place, name, row("value", json!(""))]),
            json!([place, name, row("value", json!(" \n"))]),
            json!([place, row("value", json!("long enough"))]),
            json!([name, row("value", json!("long enough"))]),
            json!([row("environment", json!("x".repeat(5_000))), name, row("value", json!("long enough"))]),
            json!([place, row("name", json!("../../x")), row("value", json!("long enough"))]),
        ] {
            for custom_id in ["secret/invoice-perfect", "secret/other", "secret/"] {
                let body = t.filled("zoe", json!(custom_id), components.clone());
                assert_eq!(t.acknowledged(&body).await.unwrap().0, LATER, "{body}");
                t.ticks().await;
                t.settles().await;
                let told = last_whisper(t, "zoe").content;
                assert!(!told.contains("sealed (version"), "{told}: {body}");
            }
        }
        t.begins_nothing().await;
        t.is_over().await;
    });
}

#[test]
fn discord_what_is_typed_is_proposed_for_whatever_it_is() {
    chat(async |t| {
        t.one_plan_waits().await;
        let mut odd = Vec::new();
        for text in [
            json!("v1\u{3000}"),
            json!("\u{a0}\u{2003}é\u{85}ß"),
            json!("x".repeat(6_000)),
            json!(7),
            Value::Null,
        ] {
            for command in ["deploy", "poll", "infra", ""] {
                for name in ["ref", "environment", "other", ""] {
                    let option = json!({ "type": 3, "name": name, "value": text, "focused": true });
                    odd.push(t.typed("ana", command, option));
                }
            }
        }
        for option in [
            json!({ "type": 3, "name": "ref", "value": "v", "focused": 7 }),
            json!({ "type": 1, "name": "ref", "options": [{ "name": "x", "value": "v", "focused": true }] }),
            json!(7),
            Value::Null,
        ] {
            odd.push(t.typed("ana", "deploy", option));
        }
        let mut bare = t.typed("ana", "deploy", Value::Null);
        bare["data"] = Value::Null;
        odd.push(bare);
        let mut nobody = t.typed("ana", "deploy", Value::Null);
        nobody["member"]["user"] = Value::Null;
        odd.push(nobody);
        t.answers(CHOICES, "", odd).await;
        t.is_over().await;
    });
}

#[test]
fn discord_interactions_of_other_places_and_kinds_are_refused() {
    let (log, _kept) = Log::kept();
    chat(async |t| {
        t.one_plan_waits().await;
        let sim = t.stage.sim.clone();
        let approve = |t: &Chat| t.used("ben", json!("say/0/approve r-1"), Value::Null);
        // Who can be answered is.
        let mut odd = Vec::new();
        for kind in [json!(0), json!(1), json!(6), json!(99), json!(-1), json!("3"), json!(null), json!([3])]
        {
            let mut body = approve(t);
            body["type"] = kind;
            odd.push(body);
        }
        for (field, others) in [
            ("channel_id", [json!("x"), json!(7), json!("../../users/@me")]),
            ("guild_id", [json!("x"), json!(7), json!({ "id": GUILD })]),
            ("application_id", [json!("x"), json!("7"), json!(7)]),
            ("member", [json!("x"), json!({ "user": { "id": "../@me" } }), json!({})]),
        ] {
            for other in others {
                let mut body = approve(t);
                body[field] = other;
                odd.push(body);
            }
        }
        let (before, count) = (log.lines(REFUSED), odd.len());
        t.answers(MESSAGE, "nothing of it is done", odd).await;
        assert_eq!(log.lines(REFUSED), before + count, "each is recorded");
        // Who can't be is recorded all the same.
        for (field, other) in [
            ("id", Value::Null),
            ("id", json!(7)),
            ("id", json!("../../channels")),
            ("token", Value::Null),
            ("token", json!("")),
            ("token", json!("a/b")),
        ] {
            let before = log.lines(REFUSED);
            let mut body = approve(t);
            body[field] = other;
            assert!(sim.tell("INTERACTION_CREATE", &body).await);
            t.settles().await;
            assert_eq!(log.lines(REFUSED), before + 1, "{body}");
        }
        for body in [Value::Null, json!([]), json!("x"), json!({})] {
            let before = log.lines(REFUSED);
            assert!(sim.tell("INTERACTION_CREATE", &body).await);
            t.settles().await;
            assert_eq!(log.lines(REFUSED), before + 1, "{body}");
        }
        t.begins_nothing().await;

        // A click is where Discord says it is, whatever is told of its message; and whoever clicks is who they are.
        for (who, path, other) in [
            ("mallory", "/message/channel_id", json!(CHANNELS[1])),
            ("mallory", "/message/id", json!("1")),
            ("mallory", "/channel/id", json!(CHANNELS[1])),
            ("mallory", "/channel/type", json!(1)),
            ("mallory", "/guild_id", json!("1000000000000000999")),
            ("mallory", "/message/author/id", json!("1")),
        ] {
            let mut body = t.used(who, json!("say/0/approve r-1"), Value::Null);
            *body.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = other;
            assert_eq!(t.acknowledged(&body).await.unwrap().0, NOTHING, "{path}");
            t.ticks().await;
            t.settles().await;
        }
        assert!(of_bot(&t.stage, CHANNELS[1]).is_empty(), "nothing is said elsewhere");
        t.begins_nothing().await;
        t.is_over().await;
    });
}

#[test]
fn discord_bent_interactions_are_answered_or_refused() {
    let (log, _kept) = Log::kept();
    chat(async |t| {
        t.one_plan_waits().await;
        let sim = t.stage.sim.clone();
        let approve = t.stage.button("vera", "Approve", false);
        let row =
            json!([{ "type": 1, "components": [{ "type": 4, "custom_id": "answer", "value": "hello" }] }]);
        // Nothing may come of these, however they are bent: vera may look, and no more.
        let good: [&dyn Fn(&Chat) -> Value; 5] = [
            &|t| t.given("vera", "logs", json!([option("environment", json!("staging"))])),
            &|t| {
                t.typed("vera", "deploy", json!({ "type": 3, "name": "ref", "value": "v1", "focused": true }))
            },
            &|t| t.stage.sim.presses("vera", &approve),
            &|t| t.used("vera", json!("pick/0"), json!(["approve r-1"])),
            &|t| t.filled("vera", json!("say/-/0"), row.clone()),
        ];
        let mut count = 0;
        for make in good {
            for bend in bends(&make(t)) {
                let body = bend.of(&make(t));
                let recorded = || log.lines(REFUSED) + log.lines(LATE);
                let before = recorded();
                count += 1;
                if bend.path == "/id" || bend.path == "/token" {
                    assert!(sim.tell("INTERACTION_CREATE", &body).await);
                    t.connected().discord.rest().await;
                    assert_eq!(recorded(), before + 1, "{bend:?}");
                } else {
                    assert!(t.acknowledged(&body).await.is_some(), "not answered: {bend:?} {body}");
                }
            }
        }
        assert!(count > 500, "{count}");
        t.begins_nothing().await;
        t.only_one_plan_waits().await;
    });
}

#[test]
fn a_click_that_orders_and_is_told_twice_at_once_is_done_once() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        let click = t.stage.sim.presses("ana", &t.stage.button("ana", "Retry", false));
        let tell = || t.stage.sim.tell("INTERACTION_CREATE", &click);
        let told = tokio::join!(tell(), tell());
        assert_eq!(told, (true, true));
        t.ticks().await;
        t.settles().await;
        assert_eq!(t.runs().await, 2);
        t.never_mind_the_rest();
    });
}

#[test]
fn discord_interactions_that_are_told_twice_are_done_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let options = json!([option("environment", json!("staging")), option("ref", json!("v1.0.0"))]);
        let deploy = t.given("ana", "deploy", options);
        assert_eq!(t.acknowledged(&deploy).await.unwrap().0, LATER);
        for _ in 0..2 {
            assert!(t.stage.sim.tell("INTERACTION_CREATE", &deploy).await);
            t.ticks().await;
            t.settles().await;
        }
        // The same identifier with something else in it is told twice, too.
        let mut other = deploy.clone();
        other["data"] =
            json!({ "name": "restart", "type": 1, "options": [option("environment", json!("staging"))] });
        assert!(t.stage.sim.tell("INTERACTION_CREATE", &other).await);
        t.ticks().await;
        t.settles().await;
        assert_eq!(t.runs().await, 1);
        t.never_mind_the_rest();
        let secret = t.stage.sim.command("zoe", CHANNEL, "secret", &[("environment", "staging")]);
        assert_eq!(t.acknowledged(&secret).await.unwrap().0, FORM);
        assert!(t.stage.sim.tell("INTERACTION_CREATE", &secret).await);
        t.settles().await;
        assert_eq!(t.runs().await, 1);
        t.never_mind_the_rest();
    });
}
