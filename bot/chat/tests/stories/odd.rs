//! What nobody of good will sends: fields that lack or are something else, and more than anybody reads. It is heard, does nothing,
//! and who speaks after it is answered. For fronts that are told what people write.

use std::time::{Duration, Instant};

use expect_test::expect;
use serde_json::{Value, json};

use crate::edited::Told;
use crate::harness::{Chat, bent, chat, good};
use crate::stage::{CHANNEL, between};

/// Longest time until somebody is answered whose message is long and means nothing, on a busy machine.
const SOON: Duration = Duration::from_secs(30);

impl Chat {
    /// A production plan waits for somebody to decide.
    pub(crate) async fn one_plan_waits(&mut self) {
        self.release("v1.0.0", good());
        self.user("ana").says("deploy production ref v1.0.0").await;
        self.never_mind_the_rest();
    }

    /// It waits on, and who speaks is answered.
    pub(crate) async fn only_one_plan_waits(&mut self) {
        self.settles().await;
        self.never_mind_the_rest();
        assert_eq!((self.runs().await, self.decisions().await), (1, 0));
        self.user("ana").says("whoami").await;
        self.bot_says(expect![[r#"
            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami
        "#]]);
        self.user("ana").says("reject").await;
        self.never_mind_the_rest();
    }
}

#[test]
fn bent_messages_are_heard_and_begin_nothing() {
    chat(async |t| {
        t.one_plan_waits().await;
        let sim = t.stage.sim.clone();
        // Nothing is ordered by these, so nothing may come of them, however they are bent.
        let said = sim.writes("vera", CHANNEL, None, "good morning");
        let edited = sim.edits(&said, "good evening");
        let deleted = sim.deletes(&said);
        let mut count = 0;
        for (what, told) in [(Told::Written, said), (Told::Edited, edited), (Told::Deleted, deleted)] {
            for one in bent(&told).into_iter().chain([Value::Null, json!([])]) {
                t.stage.tells(what, &one).await;
                count += 1;
            }
        }
        assert!(count > 200, "{count}");
        t.only_one_plan_waits().await;
    });
}

#[test]
fn more_than_anybody_reads_is_answered_soon() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let direct = between(&t.stage, "ana");
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
            let began = Instant::now();
            let said = t.stage.sim.writes("ana", &direct, None, text);
            t.stage.tells(Told::Written, &said).await;
            t.ticks().await;
            let start: String = text.chars().take(20).collect();
            assert!(began.elapsed() < SOON, "{start}: {:?}", began.elapsed());
        }
        assert!(t.stage.texts_of_bot(&direct).len() >= texts.len(), "each is answered");
        t.never_mind_the_rest();
        t.user("ana").says("unlock staging").await;
        t.settles().await;
        t.never_mind_the_rest();
    });
}
