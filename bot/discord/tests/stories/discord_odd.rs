//! What nobody of good will tells: fields that lack or are something else. It does nothing, and who speaks after it is answered.

use expect_test::expect;
use serde_json::{Value, json};

use crate::harness::{bent, chat, good};
use crate::stage::CHANNEL;

#[test]
fn bent_events_are_heard_and_begin_nothing() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let sim = t.stage.sim.clone();
        // Nothing is ordered by these, so nothing may come of them, however they are bent.
        let said = sim.writes("vera", CHANNEL, None, "good morning");
        let edited = sim.edits(&said, "good evening");
        let deleted = sim.deletes(&said);
        let mut all = Vec::new();
        for (kind, body) in
            [("MESSAGE_CREATE", &said), ("MESSAGE_UPDATE", &edited), ("MESSAGE_DELETE", &deleted)]
        {
            all.extend(bent(body).into_iter().map(|one| (kind, one)));
            all.extend([
                (kind, Value::Null),
                (kind, json!([])),
                ("MESSAGE_DELETE_BULK", json!({ "ids": 7 })),
            ]);
        }
        for (kind, body) in &all {
            assert!(sim.tell(kind, body).await, "{kind} {body}");
        }
        assert!(all.len() > 200, "{}", all.len());
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, t.decisions().await), (1, 0));
        t.user("ana").says("whoami").await;
        t.bot_says(expect![[r#"
            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami
        "#]]);
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}
