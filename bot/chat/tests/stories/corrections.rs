//! "no, v1.2", "actually staging": what was said before is another thing now.

use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn of_answers_while_more_is_asked() {
    chat(async |t| {
        t.user("ana").says("backfill timezone").await;
        t.user("ana").says("staging").await;
        t.user("ana").says("1000").await;
        t.never_mind_the_rest();
        t.user("ana").says("no, 2000").await;
        t.bot_says(expect![[r#"
            · Corrected: batch size is 2000.

            ? How fast at most?
              Rows a minute, like `500`; or say of what: `500 users/min`, `10 users/s`.
                500/min (default)
              2 more after this; then I show the whole before anything is done.
              [500/min] [So far] [Never mind]
              > backfill backfillTimezone in staging batch size 2000
        "#]]);
        for said in ["actually production", "200", "yes", "22-6", "no", "rate 300"] {
            t.user("ana").says(said).await;
        }
        t.bot_begins(expect![[r#"
            · Corrected: environment is production.
            ? How fast at most?
            ? A dry run first?
            ? At which hours may it run?
            ? Is that right?
            ? What is wrong? Say `NAME is VALUE`, or `never mind`.
            · Corrected: rate is 300/min.
            ? Is that right?
        "#]]);
        t.user("ana").says("sorry, window is any time").await;
        t.bot_says(expect![[r#"
            · Corrected: window is any time.

            ? Is that right?
              environment: production
              job: backfillTimezone
              batch size: 2000
              rate: 300/min
              dry run first: yes
              window: any time
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > backfill backfillTimezone in production batch size 2000 at 300/min, dry run first: yes, window: any time
        "#]]);
        t.user("ana").says("yes").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Nothing is live in production, so there is nothing to fill.
              Next: deploy production
        "#]],
        );
        // What was put together is still there, for another environment.
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
        t.effects(expect![[r#""#]]);
    });
}

/// What was made stays; what was meant is offered.
#[test]
fn of_an_order_that_was_given() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ana").says("no, v1.1.0").await;
        t.bot_says(expect![[r#"
            ? r-2 (deploy v1.0.0 to production) waits for approval and stays as it is. Do you mean another one?
              [cancel r-2!] [deploy v1.1.0 to production!]
              > deploy v1.1.0 to production
        "#]]);
        t.user("ana").clicks("cancel r-2").await;
        t.user("ana").clicks("deploy v1.1.0 to production").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_headlines(expect!["? r-3 · Deploy v1.1.0 (1232e4c) to production · awaiting approval"]);
        t.user("ana").says("cancel").await;
        t.user("vera").says("no, v1.0.0").await;
        t.whispers(
            "vera",
            expect![[r#"
                · Understood: I do nothing.
                  [status staging] [help]
            "#]],
        );
        t.never_mind_the_rest();
        t.settles().await;
    });
}

#[test]
fn a_correction_that_fits_nothing() {
    chat(async |t| {
        t.user("ana").says("scale api in staging").await;
        t.user("ana").says("no, the moon").await;
        t.user("ana").says("no, production").await;
        t.user("ana").says("never mind").await;
        t.bot_begins(expect![[r#"
            ? How many replicas?
            ? «no, the moon» is not a number from 1 to 1000. How many replicas?
            · Corrected: environment is production.
            ? How many replicas?
            · Never mind then: `scale api in production` is dropped.
        "#]]);
    });
}

/// A value under the name of what is asked for is its answer.
#[test]
fn of_the_very_thing_that_is_asked_for() {
    chat(async |t| {
        t.user("ana").says("backfill timezone on staging").await;
        t.user("ana").says("what's up").await;
        t.never_mind_the_rest();
        t.user("ana").says("batch size 50").await;
        t.user("ana").says("no, the rate is 200").await;
        t.bot_says(expect![[r#"
            ? How fast at most?
              Noted, batch size: 50
              Rows a minute, like `500`; or say of what: `500 users/min`, `10 users/s`.
                500/min (default)
              2 more after this; then I show the whole before anything is done.
              [500/min] [So far] [Never mind]
              > backfill backfillTimezone in staging batch size 50

            · Corrected: rate is 200/min.

            ? A dry run first?
              It counts what would change and changes nothing.
                1. yes (default)
                2. no
              One more after this; then I show the whole before anything is done.
              [yes] [no] [So far] [Never mind]
              > backfill backfillTimezone in staging batch size 50 at 200/min
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

/// Another ref with its place, where the place is still asked for: both are taken.
#[test]
fn of_the_ref_with_its_place() {
    chat(async |t| {
        t.release("v1.1.0", good());
        t.user("ana").says("deploy").await;
        t.user("ana").says("main").await;
        t.never_mind_the_rest();
        t.user("ana").says("v1.1.0 to staging").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.1.0 (7332970) to staging · succeeded in 0 ms"]);
        t.run(1).is("succeeded").await;
    });
}
