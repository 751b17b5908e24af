//! What nobody of good will sends: fields that lack or are something else, and more than anybody reads. It is acknowledged, does
//! nothing, and who speaks after it is answered.

use serde_json::{Value, json};

use crate::harness::{bent, chat, good};
use crate::stage::{CHANNEL, of_bot};

#[test]
fn bent_payloads_are_acknowledged_and_begin_nothing_twice() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let sim = t.stage.sim.clone();
        // Nothing is ordered by these, so nothing may come of them, however they are bent.
        let said = sim.writes("vera", CHANNEL, None, "good morning");
        let edited = sim.edits(&said, "good evening");
        let deleted = sim.deletes(&said);
        let press = sim.buttons("vera", "Approve").remove(0);
        let click = sim.presses("vera", &press);
        let command = sim.commands("vera", CHANNEL, "whoami");
        let mut all = Vec::new();
        for (kind, payload) in [
            ("events_api", &said),
            ("events_api", &edited),
            ("events_api", &deleted),
            ("interactive", &click),
            ("slash_commands", &command),
        ] {
            all.extend(bent(payload).into_iter().map(|one| (kind, one)));
            all.push((kind, Value::Null));
            all.push((kind, json!([])));
        }
        let count = all.len();
        for (kind, payload) in all {
            let acked = sim.deliver(kind, &payload, false).await;
            assert!(acked.is_some(), "not acknowledged: {kind} {payload}");
        }
        assert!(count > 500, "{count}");
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, t.decisions().await), (1, 0));
        t.user("ana").says("whoami").await;
        t.bot_says(expect_test::expect![[r#"
            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami
        "#]]);
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn more_than_anybody_reads_is_answered_soon() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let direct = "Dana";
        let texts = [
            "deploy staging and then ".repeat(1_600),
            "a".repeat(40_000),
            "( ".repeat(20_000),
            "\u{202e}\u{200b}\u{fe0f}".repeat(10_000),
            "\u{1f6ab} ".repeat(10_000),
            "deploy staging, ".repeat(2_500),
            format!("lock staging because {}", "x ".repeat(20_000)),
        ];
        for text in &texts {
            let began = std::time::Instant::now();
            t.stage.sim.says("ana", direct, None, text).await.expect("it is acknowledged");
            t.ticks().await;
            let start: String = text.chars().take(20).collect();
            assert!(began.elapsed().as_secs() < 30, "{start}: {:?}", began.elapsed());
        }
        assert!(of_bot(&t.stage, direct).len() >= texts.len(), "each is answered");
        t.never_mind_the_rest();
        t.user("ana").says("unlock staging").await;
        t.settles().await;
        t.never_mind_the_rest();
    });
}
