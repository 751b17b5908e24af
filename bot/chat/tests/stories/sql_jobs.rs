//! A data job that is declared in SQL: shown before it is run, counted once and counted down, and gone on with after a kill.

use adapters::sim::SimJob;
use expect_test::expect;

use crate::harness::{Project, chat_about, good};

const COMMAND: &str = "backfillTimezone: { service: api, command: ./backfill }";

fn declared() -> Project {
    Project::usual().with(
        COMMAND,
        "backfillTimezone: { database: postgres, rows: users WHERE timezone IS NULL, key: id, set: \"timezone = 'UTC' -- for now\" }",
    )
}

#[test]
fn a_column_is_filled_without_code_of_the_application() {
    chat_about(&declared(), async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.rows("staging", |job| {
            *job = SimJob::of(1_200);
            job.poison.insert(7, "23514-check".to_owned());
        });
        t.user("ana").says("dry run backfill timezone on staging").await;
        t.bot_says(expect![[r#"
            · Dry run: Run backfillTimezone in staging at 500 rows a minute. Nothing was written.
              it would handle: 1,200 rows, in about 2 min 24 s
              can't be handled: 1 of the first 50: 7 (23514-check)
              For example:
                row 1: null → "zone 1"
                row 2: null → "zone 2"
                row 3: null → "zone 3"
              Changes:
                data: new, `UPDATE users SET timezone = 'UTC' WHERE timezone IS NULL` in postgres, a batch at a time by id
              risk: low
              way back: stop and resume: what is filled stays filled; `backfill-stop backfillTimezone in staging`, then `backfill-resume backfillTimezone in staging`
              Proved:
                the live release stays
              Notes:
                batches of 50 rows instead of 500: larger ones would not keep to 500 a minute
                staging is taken while it works: deploys wait; `backfill-stop backfillTimezone in staging` lets them by, and keeps its place
              Steps:
                 1. preflight: the platform is there and ready
                 2. backfill: 50 rows a batch, at most 500 a minute
              It would need no approval.
              [Do it!]
              > dry run backfill backfillTimezone in staging
        "#]]);
        t.rows("staging", |job| assert!(job.filled.is_empty() && job.batches.is_empty()));
        t.user("ana")
            .says(
                "backfill timezone in staging at 500/min batch size 500, dry run first: no, window: any time",
            )
            .await;
        t.user("ana").says("yes").await;
        t.never_mind_the_rest();
        t.works_for(63).await;
        t.bot_shows(expect![[r#"
            … r-2 · Run backfillTimezone in staging at 500 rows a minute · running, 1 min
              asked by: ana
              progress: 549 of 1,200 rows (45%)
              quarantined: 23514-check 1
              rate: 500 rows a minute, at most 500
              left: about 1 min 18 s
              Changes:
                data: new, `UPDATE users SET timezone = 'UTC' WHERE timezone IS NULL` in postgres, a batch at a time by id
              risk: low
              way back: stop and resume: what is filled stays filled; `backfill-stop backfillTimezone in staging`, then `backfill-resume backfillTimezone in staging`
              ✓ preflight: ready (0 ms)
              … backfill: 549 rows done (45%), 1 quarantined: 23514-check 1 (1 min)
              [Stop!] [Pause]
              > backfill backfillTimezone in staging batch size 500 at 500/min, dry run first: no, window: any time
        "#]]);
        t.crash_and_restart().await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Run backfillTimezone in staging at 500 rows a minute · succeeded in 2 min 18 s
              asked by: ana
              progress: 1,199 of 1,200 rows (100%)
              quarantined: 23514-check 1
              way back: stop and resume: what is filled stays filled; `backfill-stop backfillTimezone in staging`, then `backfill-resume backfillTimezone in staging`
              ✓ preflight: ready (0 ms)
              ✓ backfill: 1199 rows done (100%), 1 quarantined: 23514-check 1 (2 min 18 s)
              > backfill backfillTimezone in staging batch size 500 at 500/min, dry run first: no, window: any time
        "#]]);
        t.rows("staging", |job| assert_eq!((job.filled.len(), job.repeated), (1_199, 0)));
    });
}
