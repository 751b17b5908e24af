//! Open questions, several people, restarts, small talk, and what waits behind an answer.

use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good, minutes};

/// Whoever could give the order may answer; it is theirs then.
#[test]
fn others_are_heard_where_their_role_lets_them() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0").await;
        t.user("vera").says("staging").await;
        t.user("sam").says("staging").await;
        t.user("ben").says("2").await;
        t.user("ben").says("never mind").await;
        t.whispers(
            "vera",
            expect![[r#"
                ✗ I asked ana, not you: Deploy where?
                  ana answers that, or somebody who may give this order themselves. Nothing was changed.
                  > deploy v1.0.0
            "#]],
        );
        t.whispers(
            "sam",
            expect![[r#"
                ✗ I asked ana, not you: Deploy where?
                  ana answers that, or somebody who may give this order themselves. Nothing was changed.
                  > deploy v1.0.0
            "#]],
        );
        t.whispers(
            "ben",
            expect![[r#"
                ✗ I asked ana, not you: Deploy where?
                  To be the one who asks for it, say the whole: `deploy v1.0.0 to production`.
                  Or answer for ana, with one of these.
                  [deploy v1.0.0 to production!] [staging] [production]
                  > deploy v1.0.0

                ✗ I asked ana, not you: Deploy where?
                  Only ana can drop that. Nothing was changed.
                  > deploy v1.0.0
            "#]],
        );
        t.user("ben").says("staging").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ? Deploy where?
                1. staging
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy v1.0.0

            · ben answered for ana, so this deploy is asked for by ben.
        "#]]);
        t.bot_shows(expect![[r#"
            ✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms
              asked by: ben
              open: api http://127.0.0.1:7401 · web http://127.0.0.1:7400
              ✓ resolve ref: v1.0.0 is 4b76448 (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 1, web: 100% to release 1 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > deploy v1.0.0 to staging
        "#]]);
        t.user("ana").says("staging").await;
        t.whispers("ana", expect![""]);
    });
}

/// A click of somebody who may not answer, or drops what is not theirs, says whose question it is and changes nothing.
#[test]
fn a_click_on_somebody_elses_question() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0").await;
        t.never_mind_the_rest();
        t.user("vera").clicks("staging").await;
        t.user("sam").clicks("production").await;
        t.user("ben").clicks("Never mind").await;
        t.whispers(
            "vera",
            expect![[r#"
            ✗ I asked ana, not you: Deploy where?
              ana answers that, or somebody who may give this order themselves. Nothing was changed.
              > deploy v1.0.0
        "#]],
        );
        t.whispers(
            "sam",
            expect![[r#"
            ✗ I asked ana, not you: Deploy where?
              ana answers that, or somebody who may give this order themselves. Nothing was changed.
              > deploy v1.0.0
        "#]],
        );
        t.whispers(
            "ben",
            expect![[r#"
            ✗ I asked ana, not you: Deploy where?
              Only ana can drop that. Nothing was changed.
              > deploy v1.0.0
        "#]],
        );
        assert_eq!(t.runs().await, 0);
        t.user("ana").clicks("staging").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
        t.user("ana").says("backfill timezone on staging").await;
        t.user("ana").says("500").await;
        t.never_mind_the_rest();
        t.user("ben").clicks("So far").await;
        t.user("ben").clicks("500/min").await;
        t.whispers(
            "ben",
            expect![[r#"
            ✗ I asked ana, not you: How fast at most?
              ana answers that, or somebody who may give this order themselves. Nothing was changed.
              > backfill backfillTimezone in staging batch size 500

            ✗ I asked ana, not you: How fast at most?
              ana answers that; you can give an order of your own.
              > backfill backfillTimezone in staging batch size 500
        "#]],
        );
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

/// With two questions open nobody can know which one somebody else means.
#[test]
fn two_open_questions_do_not_mix() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0").await;
        t.user("ben").says("restart").await;
        t.user("zoe").says("staging").await;
        t.whispers(
            "zoe",
            expect![[r#"
                ✗ I asked others, not you, and can't tell which of these you mean.
                  Open:
                    ana: Deploy where? (deploy v1.0.0)
                    ben: Restart where? (restart)
                  Nothing was changed. To be the one who asks for something, say the whole order.
            "#]],
        );
        t.user("ben").says("never mind").await;
        t.user("ana").says("staging").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

/// A restart in the middle asks the same once more; the answers before it are kept.
#[test]
fn a_restart_in_the_middle() {
    chat(async |t| {
        t.user("ana").says("backfill timezone").await;
        t.user("ana").says("staging").await;
        t.never_mind_the_rest();
        t.crash_and_restart().await;
        t.settles().await;
        t.asks_again(expect![[r#"
            ? Still open, for ana: How many rows a batch?
              environment: staging
              job: backfillTimezone
              A number from 1 to 100000.
                100
                500 (default)
                1000
              3 more after this; then I show the whole before anything is done.
              [100] [500] [1000] [Never mind]
              > backfill backfillTimezone in staging
        "#]]);
        t.user("ana").says("250").await;
        t.never_mind_the_rest();
        t.user("ana").says("nvm").await;
        t.bot_says(expect![[r#"
            · Never mind then: `backfill backfillTimezone in staging batch size 250` is dropped.
              > backfill backfillTimezone in staging batch size 250
        "#]]);
        t.crash_and_restart().await;
        t.bot_says(expect![[r#""#]]);
    });
}

#[test]
fn small_talk_derails_nothing() {
    chat(async |t| {
        t.user("ana").says("lock").await;
        t.user("ana").says("hmm, one sec").await;
        t.user("ana").says("\u{1f914}").await;
        t.user("ana").says("alerts").await;
        t.bot_says(expect![[r#"
            ? Lock where?
                1. staging
                2. production
              Then it is done.
              [staging] [production] [Never mind]
              > lock

            ? Still open: Lock where?
              [staging] [production] [Never mind]

            ? Still open: Lock where?
              [staging] [production] [Never mind]

            · There are no alerts.
              Next: text me if a deploy fails
              > alerts

            ? Still open: Lock where?
              [staging] [production] [Never mind]
        "#]]);
        t.user("ana").says("stg").await;
        t.bot_says(expect![[r#"
            ✓ staging is locked by ana.
              [Unlock]
              > lock staging
        "#]]);
        t.user("ana").says("unlock staging").await;
        t.never_mind_the_rest();
    });
}

/// Where somebody was last comes first, and is not taken silently; production comes last always.
#[test]
fn where_somebody_was_last() {
    chat_about(&Project::usual().with("environments:\n", "environments:\n  qa: {}\n"), async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("restart").await;
        t.user("ana").says("never mind").await;
        t.deployed("production", "v1.0.0").await;
        t.user("ana").says("restart").await;
        t.user("ana").says("p").await;
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            ? Restart where?
                1. qa
                2. staging
                3. production
              Then it starts, after approval where that is needed.
              [qa] [staging] [production] [Never mind]
              > restart

            ? «p» is none of the choices. Restart where?
                1. qa
                2. staging
                3. production
              Then it starts, after approval where that is needed.
              [qa] [staging] [production] [Never mind]
              > restart

            · Never mind then: `restart` is dropped.
              > restart
        "#]]);
    });
}

#[test]
fn what_waits_behind_an_answer() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0, then restart api in staging").await;
        t.bot_says(expect![[r#"
            ? Deploy where?
                1. staging
                2. production
              Then:
                restart api in staging
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy v1.0.0
        "#]]);
        t.user("ana").says("staging").await;
        t.settles().await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_headlines(expect!["✓ r-2 · Restart api in staging · succeeded in 0 ms"]);
    });
}

/// A question expires by itself, with a word, once.
#[test]
fn it_expires_by_itself() {
    chat(async |t| {
        t.user("ana").says("backfill timezone on staging").await;
        t.never_mind_the_rest();
        t.passes(minutes(29)).await;
        t.bot_says(expect![[r#""#]]);
        t.passes(minutes(2)).await;
        t.passes(minutes(40)).await;
        t.bot_says(expect![[r#"
            ✗ I waited half an hour for ana's answer: How many rows a batch? Nothing was done; say it again to go on.
              environment: staging
              job: backfillTimezone
              > backfill backfillTimezone in staging
        "#]]);
        t.crash_and_restart().await;
        t.bot_says(expect![[r#""#]]);
        t.user("ana").says("500").await;
        t.whispers(
            "ana",
            expect![[r#"
                ✗ I read this as something told, not as an order, so I did nothing.
                  [status staging] [help]
            "#]],
        );
    });
}

/// It expired while the program was not running.
#[test]
fn it_expires_over_a_restart() {
    chat(async |t| {
        t.user("ana").says("restart").await;
        t.never_mind_the_rest();
        t.crash_and_passes(minutes(31)).await;
        t.bot_says(expect![[r#"
            ✗ I waited half an hour for ana's answer: Restart where? Nothing was done; say it again to go on.
              > restart
        "#]]);
    });
}
