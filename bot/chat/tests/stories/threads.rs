//! Under a run's card, words are about that run.

use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn approve_cancel_and_rollback_mean_that_run() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.deployed("staging", "v1.1.0").await;
        t.user("ana").says("deploy v1.0.0 to production").await;
        t.user("ana").says("deploy v1.1.0 to production").await;
        t.user("ben").says_under(4, "approve").await;
        t.user("ana").says_under(3, "cancel").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            · r-4 is approved by ben and goes on.
              > approve r-4

            · r-3 is cancelled; it had not begun.
              > cancel r-3
        "#]]);
        t.run(3).is("cancelled").await;
        t.run(4).is("succeeded").await;
        t.user("ana").says_under(2, "rollback").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-5 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms"]);
        t.user("ana").says("rollback").await;
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            ? Rollback where?
                1. staging (where you were last)
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > rollback

            · Never mind then: `rollback` is dropped.
              > rollback
        "#]]);
        t.never_mind_the_rest();
    });
}
