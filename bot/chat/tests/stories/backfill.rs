//! A data job: asked one thing at a time, shown as a whole, not there yet; and answers that are none.

use expect_test::expect;

use crate::harness::chat;

#[test]
fn a_data_job() {
    chat(async |t| {
        t.user("zoe").says("backfill backfillTimezone on staging at 500/min").await;
        t.user("zoe").clicks("500").await;
        t.user("zoe").clicks("no").await;
        t.user("zoe").says("default").await;
        t.user("zoe").clicks("yes").await;
        t.bot_says(expect![[r#"
            ? How many rows a batch?
              environment: staging
              job: backfillTimezone
              rate: 500/min
              A number from 1 to 100000.
                100
                500 (default)
                1000
              2 more after this; then I show the whole before anything is done.
              [100] [500] [1000] [Never mind]
              > backfill backfillTimezone in staging at 500/min

            ? A dry run first?
              Noted, batch size: 500
              It counts what would change and changes nothing.
                1. yes (default)
                2. no
              One more after this; then I show the whole before anything is done.
              [yes] [no] [So far] [Never mind]
              > backfill backfillTimezone in staging batch size 500 at 500/min

            ? At which hours may it run?
              Noted, dry run first: no
              Like `22:00-06:00` (UTC), or `any time`.
                1. any time (default)
                2. 22:00-06:00 UTC
              Last question; then I show the whole before anything is done.
              [any time] [22:00-06:00 UTC] [So far] [Never mind]
              > backfill backfillTimezone in staging batch size 500 at 500/min, dry run first: no

            ? Is that right?
              environment: staging
              job: backfillTimezone
              batch size: 500
              rate: 500/min
              dry run first: no
              window: any time
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > backfill backfillTimezone in staging batch size 500 at 500/min, dry run first: no, window: any time
        "#]]);
        t.whispers(
            "zoe",
            expect![[r#"
            ✗ Nothing is live in staging, so there is nothing to fill.
              Next: deploy staging
        "#]],
        );
        t.effects(expect![[r#""#]]);
    });
}

/// A column and the job that fills it, in one environment after the other: one request, asked about and shown as a whole.
#[test]
fn a_column_and_its_data_in_two_places() {
    chat(async |t| {
        t.user("ana")
            .says("Add timezone column and backfill timezone from address in staging; then do production at 500 users/min.")
            .await;
        t.bot_says(expect![[r#"
            ? How many rows a batch?
              I understood:
                1. add "timezone" column in staging
                2. backfill backfillTimezone from address in staging
                3. add "timezone" column in production
                4. backfill backfillTimezone from address in production at 500 users/min
              environment: staging, production
              job: backfillTimezone
              from: address
              rate of production: 500 users/min
              I can't add columns yet. I put the order together with you and show it whole; nothing is run.
              A number from 1 to 100000.
                100
                500 (default)
                1000
              3 more after this; then I show the whole before anything is done.
              [100] [500] [1000] [Never mind]
              > add "timezone" column in staging, then backfill backfillTimezone from address in staging, then add "timezone" column in production, then backfill backfillTimezone from address in production at 500 users/min
        "#]]);
        t.user("ana").says("default").await;
        t.user("ana").says("30000 users an hour").await;
        t.user("ana").says("no, rate of staging is 200 users/min").await;
        t.bot_says(expect![[r#"
            ? How fast at most in staging?
              Noted, batch size: 500
              Rows a minute, like `500`; or say of what: `500 users/min`, `10 users/s`.
                500 users/min (default)
              2 more after this; then I show the whole before anything is done.
              [500 users/min] [So far] [Never mind]

            ? A dry run first?
              Noted, rate of staging: 500 users/min
              It counts what would change and changes nothing.
                1. yes (default)
                2. no
              One more after this; then I show the whole before anything is done.
              [yes] [no] [So far] [Never mind]

            · Corrected: rate of staging is 200 users/min.

            ? A dry run first?
              It counts what would change and changes nothing.
                1. yes (default)
                2. no
              One more after this; then I show the whole before anything is done.
              [yes] [no] [So far] [Never mind]
        "#]]);
        t.user("ana").clicks("yes").await;
        t.never_mind_the_rest();
        t.user("ana").says("2").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              I understood:
                1. add "timezone" column in staging
                2. backfill backfillTimezone from address in staging batch size 500 at 200 users/min, dry run first: yes, window: 22:00-06:00 UTC
                3. add "timezone" column in production
                4. backfill backfillTimezone from address in production batch size 500 at 500 users/min, dry run first: yes, window: 22:00-06:00 UTC
              environment: staging, production
              job: backfillTimezone
              from: address
              batch size: 500
              rate of staging: 200 users/min
              rate of production: 500 users/min
              dry run first: yes
              window: 22:00-06:00 UTC
              I can't add columns yet. I put the order together with you and show it whole; nothing is run.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > add "timezone" column in staging, then backfill backfillTimezone from address in staging batch size 500 at 200 users/min, dry run first: yes, window: 22:00-06:00 UTC, then add "timezone" column in production, then backfill backfillTimezone from address in production batch size 500 at 500 users/min, dry run first: yes, window: 22:00-06:00 UTC
        "#]]);
        t.user("ana").says("yes").await;
        t.bot_says(expect![[r#"
            · I understood all of it, but I can't add columns yet.
              environment: staging, production
              job: backfillTimezone
              from: address
              batch size: 500
              rate of staging: 200 users/min
              rate of production: 500 users/min
              dry run first: yes
              window: 22:00-06:00 UTC
              It would:
                1. write a migration that adds timezone without disturbing what runs, and run it in staging
                2. run backfillTimezone from address in staging in batches of 500 rows, at most 200 users/min, resumable and stopped when the database suffers
                3. write a migration that adds timezone without disturbing what runs, and run it in production
                4. run backfillTimezone from address in production in batches of 500 rows, at most 500 users/min, resumable and stopped when the database suffers
              Nothing was done. Until then: put the migration into the repository, deploy it, and say the backfill alone.
              > add "timezone" column in staging, then backfill backfillTimezone from address in staging batch size 500 at 200 users/min, dry run first: yes, window: 22:00-06:00 UTC, then add "timezone" column in production, then backfill backfillTimezone from address in production batch size 500 at 500 users/min, dry run first: yes, window: 22:00-06:00 UTC
        "#]]);
        t.effects(expect![[r#""#]]);
    });
}

/// What can be done behind it is named as not begun; a restart in the middle shows all that is known.
#[test]
fn a_restart_between_the_answers() {
    chat(async |t| {
        t.user("ana")
            .says("backfill timezone in staging and production at 20 invoices/s, then restart api in staging")
            .await;
        t.user("ana").says("200").await;
        t.never_mind_the_rest();
        t.crash_and_restart().await;
        t.asks_again(expect![[r#"
            ? Still open, for ana: A dry run first?
              I understood:
                1. backfill backfillTimezone in staging batch size 200 at 1200 invoices/min
                2. backfill backfillTimezone in production batch size 200 at 1200 invoices/min
              environment: staging, production
              job: backfillTimezone
              batch size: 200
              rate: 1200 invoices/min
              It counts what would change and changes nothing.
                1. yes (default)
                2. no
              Then:
                restart api in staging
              One more after this; then I show the whole before anything is done.
              [yes] [no] [Never mind]
              > backfill backfillTimezone in staging batch size 200 at 1200 invoices/min, then backfill backfillTimezone in production batch size 200 at 1200 invoices/min
        "#]]);
        for answer in ["no", "any time", "no, rate is 600 invoices/min"] {
            t.user("ana").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("ana").says("yes").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Nothing is live in staging, so there is nothing to fill.
              Next: deploy staging
        "#]],
        );
        t.bot_says(expect![[r#"
            ✗ The rest was not begun, because what came before did not succeed.
              Not done:
                restart api in staging
              Next: when that is mended, go on with the rest.
              [restart api in staging!]
        "#]]);
    });
}

/// Nobody is asked for the rest of an order they may not give.
#[test]
fn not_for_viewers() {
    chat(async |t| {
        t.user("vera").says("backfill timezone on staging").await;
        t.user("sam").says("set up staging").await;
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and backfill needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits backfill
              > backfill backfillTimezone in staging
        "#]]);
        t.whispers(
            "sam",
            expect![[r#"
                ✗ I don't know you: terminal:sam belongs to nobody.
                  An admin can change that: infra-chat user add NAME --role deployer --identity terminal:sam
                  > set up staging
            "#]],
        );
        t.bot_says(expect![[r#""#]]);
        t.user("zoe").says("audit").await;
        t.bot_says(expect![[r#"
            · The record, newest last
                #1 2026-11-18 12:00 UTC infra-chat project.imported invoice-perfect
                #2 2026-11-18 12:00 UTC vera order.refused backfill: You are a viewer, and backfill needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              > audit
        "#]]);
    });
}

/// What can't be a value is told from what can, whatever bytes come.
#[test]
fn odd_bytes() {
    chat(async |t| {
        t.user("ana").says("backfill timezone on staging").await;
        let long = "9".repeat(5_000);
        for answer in [
            "5\u{202e}00",
            "\u{0}",
            "\u{200b}",
            "0",
            "-1",
            "1e3",
            long.as_str(),
            "99999999999999999999",
            "\u{1f4a5}\u{1f4a5}",
            "5,000",
        ] {
            t.user("ana").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("ana").says("\u{202e}00").await;
        t.bot_says(expect![[r#"
            ? Still open: How fast at most?
              [500/min] [Never mind]
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}
