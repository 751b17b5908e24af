//! A canary that is not said: where the environment's policy leaves it open, whoever deploys is asked; and none that was said
//! is ever lost.

use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good, minutes};

fn asking() -> Project {
    Project::usual().staging("canary: ask").production("approvals: 0, canary: ask")
}

/// It is asked for, never assumed.
#[test]
fn asked_where_the_policy_leaves_it_open() {
    chat_about(&asking(), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.bot_says(expect![[r#"
            ? Which canary?
              staging's policy leaves that to whoever deploys. In stages, each is judged against the stable release, and a release that is worse goes back by itself; `no canary` is all traffic at once.
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
            ? Still open, for ana: Which canary?
              staging's policy leaves that to whoever deploys. In stages, each is judged against the stable release, and a release that is worse goes back by itself; `no canary` is all traffic at once.
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
              production's policy leaves that to whoever deploys. In stages, each is judged against the stable release, and a release that is worse goes back by itself; `no canary` is all traffic at once.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. 10/50/100 (default)
                2. 50/100
                3. no canary
              Then it starts, after approval where that is needed.
              [10/50/100] [50/100] [no canary] [Never mind]
              > deploy v1.0.0 to production

            ? «fast» is no canary like `10/50/100`, rising to 100. Which canary?
              production's policy leaves that to whoever deploys. In stages, each is judged against the stable release, and a release that is worse goes back by itself; `no canary` is all traffic at once.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. 10/50/100 (default)
                2. 50/100
                3. no canary
              Then it starts, after approval where that is needed.
              [10/50/100] [50/100] [no canary] [Never mind]
              > deploy v1.0.0 to production

            ? «50/10/100» is no canary like `10/50/100`, rising to 100. Which canary?
              production's policy leaves that to whoever deploys. In stages, each is judged against the stable release, and a release that is worse goes back by itself; `no canary` is all traffic at once.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. 10/50/100 (default)
                2. 50/100
                3. no canary
              Then it starts, after approval where that is needed.
              [10/50/100] [50/100] [no canary] [Never mind]
              > deploy v1.0.0 to production

            ? «10/50» is no canary like `10/50/100`, rising to 100. Which canary?
              production's policy leaves that to whoever deploys. In stages, each is judged against the stable release, and a release that is worse goes back by itself; `no canary` is all traffic at once.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. 10/50/100 (default)
                2. 50/100
                3. no canary
              Then it starts, after approval where that is needed.
              [10/50/100] [50/100] [no canary] [Never mind]
              > deploy v1.0.0 to production
        "#]]);
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.run(1).is("succeeded").await;
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        t.user("ana").says("canary 5%, 100% soak 10m").await;
        t.bot_shows(expect![[r#"
            ? r-2 · Deploy v1.0.0 (4b76448) to production · awaiting approval
              Needs approval by one other person (deployer or admin); open until 2026-11-18 13:00 UTC.
              asked by: ana
              Changes:
                api: v1.0.0 (4b76448) → v1.0.0 (4b76448)
                web: v1.0.0 (4b76448) → v1.0.0 (4b76448)
                cron: v1.0.0 (4b76448) → v1.0.0 (4b76448)
              risk: medium: production
              way back: rollback production goes to release 1 (v1.0.0): traffic, then release, then config
              Proved:
                release 1 keeps running until the new one is verified
                its build is kept
                it can live with the schema
              Notes:
                this commit is live already: only configuration and processes are made anew
                canary 5/100%: soaks 20 min in all; when it is worse than release 1, traffic goes back by itself
              · resolve ref: v1.0.0 is 4b76448, Work for v1.0.0
              · preflight: tools, disk and ports are there; 4b76448 builds
              · reconcile shape: 2 components, 2 addresses
              · reconcile config: variables of api, web, cron
              · migrations: nothing to migrate
              · api and web: started beside what runs, then waited for until healthy
              · canary 5%: 5% of traffic for 10 min, judged every second against release 1
              · canary 100%: all traffic, watched for 10 min; release 1 stands by
              · cron: schedules run the new code
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Approve!] [Reject]
              > deploy v1.0.0 to production with canary 5/100 soak 10m
        "#]]);
        let asked = chat::asks_before(t.engine(), &format!("approve {}", t.run(2).id())).await;
        assert_eq!(asked.unwrap(), "Approve deploy of v1.0.0 (4b76448) to production with canary 5/100?");
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
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [main] [v1.0.0] [Never mind]
              > deploy production

            ? Which canary?
              production's policy leaves that to whoever deploys. In stages, each is judged against the stable release, and a release that is worse goes back by itself; `no canary` is all traffic at once.
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
                ✗ I asked ana, not you: Which canary?
                  ana answers that, or somebody who may give this order themselves. Nothing was changed.
                  > deploy v1.0.0 to staging
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

#[test]
fn a_canary_nobody_could_see_is_refused_while_it_is_planned() {
    const PIECE: &str = "    needs: [postgres]\n  web:";
    const INSTEAD: &str = "    needs: [postgres]\n    signals: { prometheus: { requests: all_total, errors: bad_total } }\n  web:";
    chat_about(&Project::usual().with(PIECE, INSTEAD), async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.world().metrics_lost();
        t.release("v1.1.0", good());
        let runs = t.runs().await;
        t.user("ana").says("dry run deploy v1.1.0 to staging with canary").await;
        t.user("ana").says("deploy v1.1.0 to staging with canary").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ A canary of api could not be watched: no metrics server is known that could be asked.
              Next: name one
              > dry run deploy v1.1.0 to staging with canary

            ✗ A canary of api could not be watched: no metrics server is known that could be asked.
              Next: name one
              > deploy v1.1.0 to staging with canary
        "#]],
        );
        assert_eq!(t.runs().await, runs);
        // All at once needs nobody who watches.
        t.user("ana").says("deploy v1.1.0 to staging").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.run(2).is("succeeded").await;
    });
}
