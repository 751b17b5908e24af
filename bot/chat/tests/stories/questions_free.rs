//! Answers as people type them, orders between them, and whose question it is.

use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good};

/// "no, v1.1.0" is an answer too, and what was said before is kept.
#[test]
fn an_answer_behind_a_no() {
    let asks = Project::usual().production("approvals: 1, canary: ask");
    chat_about(&asks, async |t| {
        t.release("v1.0.0", good());
        t.release("v1.1.0", good());
        t.user("ana").says("deploy production").await;
        t.never_mind_the_rest();
        t.user("ana").says("no, v1.1.0").await;
        t.user("ana").says("actually staging").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ? Which canary?
              production's policy leaves that to whoever deploys. In stages, each is judged against the stable release, and a release that is worse goes back by itself; `no canary` is all traffic at once.
              Percentages that rise to 100, like `10/50/100`, or `no canary`.
                1. 10/50/100 (default)
                2. 50/100
                3. no canary
              Then it starts, after approval where that is needed.
              [10/50/100] [50/100] [no canary] [Never mind]
              > deploy v1.1.0 to production

            · Corrected: environment is staging.
        "#]]);
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 0 ms"]);
        t.user("ana").says("deploy v1.0.0").await;
        t.user("ana").says("actually staging").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ? Deploy where?
                1. staging (where you were last)
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy v1.0.0
        "#]]);
        t.bot_headlines(expect!["✓ r-2 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

/// Another order leaves the question open and says so; the same one, said once more, keeps what was said before.
#[test]
fn another_order_of_the_same_kind() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.release("v1.1.0", good());
        t.user("ana").says("deploy v1.0.0").await;
        t.never_mind_the_rest();
        t.user("ana").says("deploy v1.1.0 to staging").await;
        t.bot_says(expect![[r#"
            ? Still open: Deploy where?
              [staging] [production] [Never mind]
        "#]]);
        t.user("ana").says("deploy v1.1.0").await;
        t.bot_says(expect![[r#"
            ? Deploy where?
                1. staging (where you were last)
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              I ask about `deploy v1.0.0` again after that.
              [staging] [production] [Never mind]
              > deploy v1.1.0
        "#]]);
        t.user("ana").says("never mind").await;
        t.user("ana").says("deploy staging").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            · Never mind then: `deploy v1.1.0` is dropped.
              > deploy v1.1.0

            ? Still open: Deploy where?
                1. staging
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy v1.0.0

            · I take that as the answer: `deploy v1.0.0 to staging`.
        "#]]);
        t.bot_headlines(expect!["✓ r-2 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

/// What was to be looked at only stays a look.
#[test]
fn a_look_stays_a_look() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("dry run deploy v1.0.0").await;
        t.never_mind_the_rest();
        t.user("ana").says("deploy staging").await;
        assert_eq!(t.runs().await, 0);
        t.never_mind_the_rest();
        t.user("ana").clicks("Do it").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

/// An order behind "actually", and one with a fault in it, are orders all the same.
#[test]
fn orders_that_look_like_answers() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.deployed("staging", "v1.1.0").await;
        t.user("ana").says("deploy v1.0.0").await;
        t.never_mind_the_rest();
        t.user("ana").says("actually, roll back staging").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ? Still open: Deploy where?
              [staging] [production] [Never mind]
        "#]]);
        t.bot_headlines(expect!["✓ r-3 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms"]);
        t.user("ana").says("set up qa").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ I don't know `qa`. Environments: staging, production.
              [set up staging] [set up production]
        "#]],
        );
        t.bot_says(expect![[r#"
            ? Still open: Deploy where?
              [staging] [production] [Never mind]
        "#]]);
        t.user("ana").says("no, don't deploy").await;
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

/// A number counts what is asked for, and is no place in a list beside it.
#[test]
fn a_number_is_a_number() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("backfill timezone on staging").await;
        t.user("ana").says("5k, thx").await;
        t.user("ana").says("1").await;
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            ? How many rows a batch?
              environment: staging
              job: backfillTimezone
              A number from 1 to 100000.
                100
                500 (default)
                1000
              3 more after this; then I show the whole before anything is done.
              [100] [500] [1000] [Never mind]
              > backfill backfillTimezone in staging

            ? How fast at most?
              Noted, batch size: 5000
              Rows a minute, like `500`; or say of what: `500 users/min`, `10 users/s`.
                500/min (default)
              2 more after this; then I show the whole before anything is done.
              [500/min] [So far] [Never mind]
              > backfill backfillTimezone in staging batch size 5000

            ? A dry run first?
              Noted, rate: 1/min
              It counts what would change and changes nothing.
                1. yes (default)
                2. no
              One more after this; then I show the whole before anything is done.
              [yes] [no] [So far] [Never mind]
              > backfill backfillTimezone in staging batch size 5000 at 1/min

            · Never mind then: `backfill backfillTimezone in staging batch size 5000 at 1/min` is dropped.
              > backfill backfillTimezone in staging batch size 5000 at 1/min
        "#]]);
        t.user("ana").says("scale api in staging").await;
        t.user("ana").says("many").await;
        t.user("ana").says("three please").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_headlines(expect!["✓ r-2 · Scale api in staging to 3 · succeeded in 0 ms"]);
    });
}

/// Answers are heard with a thanks behind them; a name typed nearly right is not guessed, but named.
#[test]
fn answers_in_so_many_words() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for answer in ["staging, thx", "ok, to staging please", "the first one"] {
            t.user("ana").says("deploy v1.0.0").await;
            t.user("ana").says(answer).await;
            t.settles().await;
        }
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 3);
        t.user("ana").says("deploy v1.0.0").await;
        t.never_mind_the_rest();
        t.user("ana").says("stagging").await;
        t.user("ana").says("staging I think not").await;
        t.bot_says(expect![[r#"
            ? «stagging» is none of the choices; did you mean `staging`? Deploy where?
                1. staging (where you were last)
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy v1.0.0

            ? «staging I think not» is none of the choices. Deploy where?
                1. staging (where you were last)
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy v1.0.0
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

/// A number of Ben's answers nothing that Ana was asked, and he is told why; the name of a choice does.
#[test]
fn a_number_of_somebody_else() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0").await;
        t.never_mind_the_rest();
        t.user("ben").says("2").await;
        t.user("ben").says("stag").await;
        t.user("vera").says("2").await;
        t.whispers(
            "ben",
            expect![[r#"
                ✗ I asked ana, not you: Deploy where?
                  To be the one who asks for it, say the whole: `deploy v1.0.0 to production`.
                  Or answer for ana, with one of these.
                  [deploy v1.0.0 to production!] [staging] [production]
                  > deploy v1.0.0

                ✗ I asked ana, not you: Deploy where?
                  To be the one who asks for it, say the whole: `deploy v1.0.0 to staging`.
                  Or answer for ana, with one of these.
                  [deploy v1.0.0 to staging!] [staging] [production]
                  > deploy v1.0.0
            "#]],
        );
        t.whispers(
            "vera",
            expect![[r#"
                ✗ I asked ana, not you: Deploy where?
                  ana answers that, or somebody who may give this order themselves. Nothing was changed.
                  > deploy v1.0.0
            "#]],
        );
        assert_eq!(t.runs().await, 0);
        t.user("ben").clicks("staging").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

/// Each of several locks is seen to, whatever became of the one before.
#[test]
fn locks_are_apart() {
    chat(async |t| {
        t.user("ana").says("lock staging").await;
        t.never_mind_the_rest();
        t.user("ana").says("unlock production and staging, then status staging").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Production is not locked by anybody.
              Next: status production
              > unlock production
        "#]],
        );
        t.bot_says(expect![[r#"
            ✓ staging is unlocked.
              > unlock staging

            ✗ The rest was not begun, because what came before did not succeed.
              Not done:
                status in staging
              Next: when that is mended, go on with the rest.
              [status in staging]
        "#]]);
        t.user("ana").says("lock staging and production").await;
        t.user("ben").says("lock production and staging").await;
        t.user("ana").says("unlock staging and production").await;
        t.bot_says(expect![[r#"
            ✓ staging is locked by ana.
              [Unlock]
              > lock staging

            ✓ production is locked by ana.
              [Unlock]
              > lock production

            ✓ staging is unlocked.
              > unlock staging

            ✓ production is unlocked.
              > unlock production
        "#]]);
        t.whispers(
            "ben",
            expect![[r#"
            ✗ Production is locked by ana.
              Next: unlock production because …
              > lock production

            ✗ Staging is locked by ana.
              Next: unlock staging because …
              > lock staging
        "#]],
        );
    });
}

/// What is dropped is said, and what is open still.
#[test]
fn never_mind_says_which() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0").await;
        t.user("ana").says("restart api").await;
        t.never_mind_the_rest();
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            · Never mind then: `restart api` is dropped.
              > restart api

            ? Still open: Deploy where?
                1. staging
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy v1.0.0
        "#]]);
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            · Never mind then: `deploy v1.0.0` is dropped.
              > deploy v1.0.0
        "#]]);
    });
}
