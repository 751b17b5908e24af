//! Threads are talks of their own: what is said in one answers nothing that was asked in another. For fronts that have threads.

use expect_test::expect;

use crate::harness::{Chat, chat, good};

/// Two runs, each with its card and thread.
async fn two_runs(t: &mut Chat) {
    for tag in ["v1.0.0", "v1.1.0"] {
        t.release(tag, good());
        t.deployed("staging", tag).await;
    }
}

#[test]
fn an_answer_in_another_thread_is_none() {
    chat(async |t| {
        two_runs(t).await;
        t.user("ana").says_under(1, "restart api").await;
        t.never_mind_the_rest();
        for said in ["staging", "1", "never mind"] {
            t.user("ana").says_under(2, said).await;
        }
        t.whispers(
            "ana",
            expect![[r#"
            ? I asked you nothing here, so I took that for no answer. Nothing was changed.
              Open elsewhere:
                Restart where? (`restart api`)
              Answer where it was asked, or say the whole order.

            ? I asked you nothing here, so I took that for no answer. Nothing was changed.
              Open elsewhere:
                Restart where? (`restart api`)
              Answer where it was asked, or say the whole order.

            ? I asked you nothing here, so I took that for no answer. Nothing was changed.
              Open elsewhere:
                Restart where? (`restart api`)
              Answer where it was asked, or say the whole order.
        "#]],
        );
        assert_eq!(t.runs().await, 2);
        // Where it was asked it is one, and so it is in the channel.
        t.user("ana").says_under(1, "1").await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 3);
        t.user("ana").says_under(1, "restart web").await;
        t.user("ana").says("staging").await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 4);
    });
}

#[test]
fn two_questions_are_answered_each_in_its_thread() {
    chat(async |t| {
        two_runs(t).await;
        t.user("ana").says_under(1, "scale api in staging").await;
        t.user("ana").says_under(2, "scale web in staging").await;
        t.never_mind_the_rest();
        t.user("ana").says_under(1, "2").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-3 · Scale api in staging to 2 · succeeded in 0 ms"]);
        t.user("ana").says_under(2, "3").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-4 · Scale web in staging to 3 · succeeded in 0 ms"]);
        t.never_mind_the_rest();
    });
}

#[test]
fn somebody_else_answers_in_another_thread() {
    chat(async |t| {
        two_runs(t).await;
        t.user("ana").says_under(1, "restart api").await;
        t.never_mind_the_rest();
        t.user("ben").says_under(2, "staging").await;
        t.whispers(
            "ben",
            expect![[r#"
            ✗ I asked ana, not you: Restart where?
              ana answers that, or somebody who may give this order themselves. Nothing was changed.
              > restart api
        "#]],
        );
        assert_eq!(t.runs().await, 2, "ben may give that order, and has not");
        t.user("ben").says_under(1, "staging").await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 3);
    });
}

#[test]
fn an_approval_in_another_runs_thread_is_none() {
    chat(async |t| {
        two_runs(t).await;
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        for said in ["approve", "yes", "approve it"] {
            t.user("ben").says_under(1, said).await;
        }
        t.never_mind_the_rest();
        assert_eq!(t.decisions().await, 0);
        t.user("ben").says_under(3, "approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(t.decisions().await, 1);
    });
}
