//! A canary that is not said: where the environment's policy leaves it open, whoever deploys is asked; and none that was said
//! is ever lost.

use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good, minutes};

fn asking() -> Project {
    Project::usual().staging("canary: ask").production("approvals: 0, canary: ask")
}

/// All traffic at once is what can be done today; it is asked for, never assumed.
#[test]
fn asked_where_the_policy_leaves_it_open() {
    chat_about(&asking(), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.bot_says(expect![[r#"
            ? Which canary?
              staging's policy leaves that to whoever deploys. Canaries in stages are understood and can't be carried out yet; `no canary` can.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. no canary (default)
                2. 10/50/100
                3. 50/100
              Then it starts, after approval where that is needed.
              [no canary] [10/50/100] [50/100] [Never mind]
              > deploy v1.0.0 to staging
        "#]]);
        t.crash_and_restart().await;
        t.asks_again(expect![[r#"
            ? Still open: Which canary?
              staging's policy leaves that to whoever deploys. Canaries in stages are understood and can't be carried out yet; `no canary` can.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. no canary (default)
                2. 10/50/100
                3. 50/100
              Then it starts, after approval where that is needed.
              [no canary] [10/50/100] [50/100] [Never mind]
              > deploy v1.0.0 to staging
        "#]]);
        t.user("ana").clicks("no canary").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
        t.run(1).is("succeeded").await;
    });
}

/// Stages are understood, and not taken for anything else.
#[test]
fn stages_are_not_lost() {
    chat_about(&asking(), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        for answer in ["fast", "50/10/100", "10/50"] {
            t.user("ana").says(answer).await;
        }
        t.user("ana").says("ok").await;
        t.bot_says(expect![[r#"
            ? Which canary?
              production's policy leaves that to whoever deploys. Canaries in stages are understood and can't be carried out yet; `no canary` can.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. 10/50/100 (default)
                2. 50/100
                3. no canary
              Then it starts, after approval where that is needed.
              [10/50/100] [50/100] [no canary] [Never mind]
              > deploy v1.0.0 to production

            ? «fast» is no canary like `10/50/100`, rising to 100. Which canary?
              production's policy leaves that to whoever deploys. Canaries in stages are understood and can't be carried out yet; `no canary` can.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. 10/50/100 (default)
                2. 50/100
                3. no canary
              Then it starts, after approval where that is needed.
              [10/50/100] [50/100] [no canary] [Never mind]
              > deploy v1.0.0 to production

            ? «50/10/100» is no canary like `10/50/100`, rising to 100. Which canary?
              production's policy leaves that to whoever deploys. Canaries in stages are understood and can't be carried out yet; `no canary` can.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. 10/50/100 (default)
                2. 50/100
                3. no canary
              Then it starts, after approval where that is needed.
              [10/50/100] [50/100] [no canary] [Never mind]
              > deploy v1.0.0 to production

            ? «10/50» is no canary like `10/50/100`, rising to 100. Which canary?
              production's policy leaves that to whoever deploys. Canaries in stages are understood and can't be carried out yet; `no canary` can.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. 10/50/100 (default)
                2. 50/100
                3. no canary
              Then it starts, after approval where that is needed.
              [10/50/100] [50/100] [no canary] [Never mind]
              > deploy v1.0.0 to production

            · I understood «deploy v1.0.0 to production with canary 10/50/100», but I can't do canaries in stages yet.
              It would move traffic stage by stage, judge each against the stable release, and go back by itself.
              Nothing was done. What I can do:
              [deploy v1.0.0 to production without canary!]
              > deploy v1.0.0 to production with canary 10/50/100
        "#]]);
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        t.user("ana").says("canary 5%, 100% soak 10m").await;
        t.bot_says(expect![[r#"
            · I understood «deploy v1.0.0 to production with canary 5/100 soak 10m», but I can't do canaries in stages yet.
              It would move traffic stage by stage, judge each against the stable release, and go back by itself.
              Nothing was done. What I can do:
              [deploy v1.0.0 to production without canary!]
              > deploy v1.0.0 to production with canary 5/100 soak 10m
        "#]]);
        t.settles().await;
        t.effects(expect![[r#""#]]);
    });
}

/// Which code comes first, then its canary; the order behind it waits for both.
#[test]
fn after_the_ref_and_before_what_waits() {
    chat_about(&asking(), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production, then restart api in staging").await;
        t.user("ana").clicks("v1.0.0").await;
        t.bot_says(expect![[r#"
            ? Which ref?
              staging runs no release yet, so nothing is proved there.
              A branch, a tag or a commit.
                1. main
                2. v1.0.0
              Then:
                restart api in staging
              Then it starts, after approval where that is needed.
              [main] [v1.0.0] [Never mind]
              > deploy production

            ? Which canary?
              production's policy leaves that to whoever deploys. Canaries in stages are understood and can't be carried out yet; `no canary` can.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. 10/50/100 (default)
                2. 50/100
                3. no canary
              Then:
                restart api in staging
              Then it starts, after approval where that is needed.
              [10/50/100] [50/100] [no canary] [Never mind]
              > deploy v1.0.0 to production
        "#]]);
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            · Never mind then: `deploy v1.0.0 to production` is dropped.
              Dropped with it:
                restart api in staging
              > deploy v1.0.0 to production
        "#]]);
    });
}

/// Said, it is not asked for; nor where the answer changes nothing, or the policy says what is meant.
#[test]
fn not_asked_where_it_is_known() {
    chat_about(&Project::usual().staging("canary: ask").production("approvals: 0, canary: off"), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0 without canary").await;
        t.settles().await;
        t.run(1).is("succeeded").await;
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.run(2).is("succeeded").await;
        t.never_mind_the_rest();
        t.user("ana").says("dry run deploy staging ref v1.0.0").await;
        t.user("ana").says("rollback staging").await;
        t.never_mind_the_rest();
    });
}

/// The default of an environment whose policy says nothing is what it always was.
#[test]
fn not_asked_by_default() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.run(1).is("succeeded").await;
        t.never_mind_the_rest();
    });
}

/// Whoever may give the order may answer; whoever may only look is not heard. It ends with a word.
#[test]
fn others_and_the_end_of_it() {
    chat_about(&asking(), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.never_mind_the_rest();
        t.user("vera").says("no canary").await;
        t.whispers(
            "vera",
            expect![[r#"
            ✗ Understood: I do nothing.
              [deploy staging] [status staging] [help]
        "#]],
        );
        t.user("ben").says("no canary").await;
        t.bot_says(expect![[r#"
            · ben answered for ana, so this deploy is asked for by ben.
        "#]]);
        t.settles().await;
        t.run(1).is("succeeded").await;
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.never_mind_the_rest();
        t.passes(minutes(31)).await;
        t.bot_says(expect![[r#"
            ✗ I waited half an hour for ana's answer: Which canary? Nothing was done; say it again to go on.
              > deploy v1.0.0 to staging
        "#]]);
    });
}
