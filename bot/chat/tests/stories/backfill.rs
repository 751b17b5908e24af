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
              rate: 500
              I can't run data jobs yet. I put the order together with you and show it whole; nothing is run.
              A number from 1 to 100000.
                500 (default)
              [500] [Never mind]
              > backfill backfillTimezone in staging at 500/min

            ? A dry run first?
              environment: staging
              job: backfillTimezone
              batch size: 500
              rate: 500
              It counts what would change and changes nothing.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > backfill backfillTimezone in staging batch size 500 at 500/min

            ? At which hours may it run?
              environment: staging
              job: backfillTimezone
              batch size: 500
              rate: 500
              dry run first: no
              Like `22:00-06:00` (UTC), or `any time`.
                1. any time (default)
              [any time] [Never mind]
              > backfill backfillTimezone in staging batch size 500 at 500/min

            ? Is that right?
              environment: staging
              job: backfillTimezone
              batch size: 500
              rate: 500
              dry run first: no
              window: any time
              I can't run data jobs yet. I put the order together with you and show it whole; nothing is run.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > backfill backfillTimezone in staging batch size 500 at 500/min

            · I understood «backfill backfillTimezone in staging batch size 500 at 500/min», but I can't do that yet.
              environment: staging
              job: backfillTimezone
              batch size: 500
              rate: 500
              dry run first: no
              window: any time
              It would run backfillTimezone in staging in batches of 500 rows, at most 500 rows a minute, resumable and stopped when the database suffers.
              Nothing was done.
              > backfill backfillTimezone in staging batch size 500 at 500/min
        "#]]);
        t.effects(expect![[r#""#]]);
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
            ? «00» is something with characters nobody can see. How many rows a minute at most?
              environment: staging
              job: backfillTimezone
              batch size: 5000
              A number from 1 to 1000000.
                500 (default)
              [500] [Never mind]
              > backfill backfillTimezone in staging batch size 5000
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}
