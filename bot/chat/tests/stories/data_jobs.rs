//! Data jobs that run: tried first, filled at a rate, stopped, gone on with, and asked how far they are.

use adapters::sim::{JobLie, SimJob};
use expect_test::expect;

use crate::harness::{Chat, chat, good};

/// An order with all that would be asked for.
const ORDER: &str =
    "backfill timezone on staging batch size 500 at 500 users/min, dry run first: no, window: any time";

impl Chat {
    /// The job's rows in an environment.
    pub(crate) fn rows(&self, environment: &str, change: impl FnOnce(&mut SimJob)) {
        self.world().job(&self.key(environment), &"backfillTimezone".parse().unwrap(), change);
    }

    /// Seconds go by while it works.
    pub(crate) async fn works_for(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.second_passes().await;
        }
    }
}

#[test]
fn tried_first_then_filled() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.rows("staging", |job| {
            *job = SimJob::of(1_200);
            job.poison.insert(7, "unknown-country".to_owned());
        });
        t.user("ana").says("backfill timezone staging at 500 users/min").await;
        t.user("ana").says("500").await;
        t.user("ana").says("yes").await;
        t.user("ana").says("any time").await;
        t.never_mind_the_rest();
        t.user("ana").says("yes").await;
        t.bot_says(expect![[r#"
            · Dry run: Run backfillTimezone in staging at 500 rows a minute. Nothing was written.
              it would handle: 1,200 rows, in about 2 min 24 s
              can't be handled: 1 of the first 50: 7 (unknown-country)
              For example:
                row 1: null → "zone 1"
                row 2: null → "zone 2"
                row 3: null → "zone 3"
              Changes:
                data: new, rows that backfillTimezone fills, by `./backfill` of release 1
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
              > backfill backfillTimezone in staging batch size 500 at 500 users/min, dry run first: yes, window: any time

            ? Is that right?
              environment: staging
              job: backfillTimezone
              batch size: 500
              rate: 500 users/min
              dry run first: no
              window: any time
              That was the dry run: nothing is changed yet. `yes` begins.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > backfill backfillTimezone in staging batch size 500 at 500 users/min, dry run first: no, window: any time
        "#]]);
        t.rows("staging", |job| assert!(job.filled.is_empty() && job.batches.is_empty()));
        t.user("ana").says("yes").await;
        t.works_for(63).await;
        t.bot_shows(expect![[r#"
            … r-2 · Run backfillTimezone in staging at 500 rows a minute · running, 1 min
              asked by: ana
              progress: 549 of 1,200 rows (45%)
              quarantined: unknown-country 1
              rate: 500 rows a minute, at most 500
              left: about 1 min 18 s
              Changes:
                data: new, rows that backfillTimezone fills, by `./backfill` of release 1
              risk: low
              way back: stop and resume: what is filled stays filled; `backfill-stop backfillTimezone in staging`, then `backfill-resume backfillTimezone in staging`
              ✓ preflight: ready (0 ms)
              … backfill: 549 rows done (45%), 1 quarantined: unknown-country 1 (1 min)
              [Stop!] [Pause]
              > backfill backfillTimezone in staging batch size 500 at 500 users/min, dry run first: no, window: any time
        "#]]);
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Run backfillTimezone in staging at 500 rows a minute · succeeded in 2 min 18 s
              asked by: ana
              progress: 1,199 of 1,200 rows (100%)
              quarantined: unknown-country 1
              way back: stop and resume: what is filled stays filled; `backfill-stop backfillTimezone in staging`, then `backfill-resume backfillTimezone in staging`
              ✓ preflight: ready (0 ms)
              ✓ backfill: 1199 rows done (100%), 1 quarantined: unknown-country 1 (2 min 18 s)
              > backfill backfillTimezone in staging batch size 500 at 500 users/min, dry run first: no, window: any time
        "#]]);
        t.user("vera").says("backfill status timezone on staging").await;
        t.bot_says(expect![[r#"
            · How far data jobs are:
              backfillTimezone in staging has come to its end: 1199 rows done (100%), 1 quarantined: unknown-country 1.
              Rows that could not be filled: 7 (unknown-country).
              > backfill status backfillTimezone in staging
        "#]]);
        t.rows("staging", |job| assert_eq!((job.filled.len(), job.repeated), (1_199, 0)));
    });
}

#[test]
fn stopped_and_gone_on_with() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.rows("staging", |job| *job = SimJob::of(1_000));
        t.user("ana").says("backfill status").await;
        t.user("ana").says("stop the backfill timezone on staging").await;
        t.user("ana").says("resume backfill timezone on staging").await;
        t.never_mind_the_rest();
        t.user("ana").says(ORDER).await;
        t.user("ana").says("yes").await;
        t.works_for(30).await;
        t.user("ana").says("deploy staging").await;
        t.never_mind_the_rest();
        t.user("ben").says("stop backfill timezone on staging").await;
        t.settles().await;
        t.bot_shows_run(2, expect![[r#"
            · r-2 · Run backfillTimezone in staging at 500 rows a minute · stopped after 29 s
              stopped by ben
              Next: backfill-resume backfillTimezone in staging
              asked by: ana
              progress: 250 of 1,000 rows (25%)
              ↩ preflight: nothing to undo
              ! backfill: what backfillTimezone has filled so far, and its place
              [Resume]
              > backfill backfillTimezone in staging batch size 500 at 500 users/min, dry run first: no, window: any time
        "#]]);
        t.never_mind_the_rest();
        t.user("ana").says("backfill status timezone on staging").await;
        t.bot_says(expect![[r#"
            · How far data jobs are:
              backfillTimezone in staging stopped 5 s ago (r-2): 250 rows done (25%).
              [Resume]
              > backfill status backfillTimezone in staging
        "#]]);
        t.crash_and_restart().await;
        t.user("ana").says("resume backfill timezone on staging").await;
        t.settles().await;
        t.bot_shows_run(4, expect![[r#"
            ✓ r-4 · Go on with backfillTimezone in staging at 500 rows a minute · succeeded in 1 min 24 s
              asked by: ana
              progress: 1,000 of 1,000 rows (100%)
              way back: stop and resume: what is filled stays filled; `backfill-stop backfillTimezone in staging`, then `backfill-resume backfillTimezone in staging`
              ✓ preflight: ready (0 ms)
              ✓ backfill: 1000 rows done (100%) (1 min 24 s)
              > backfill-resume backfillTimezone in staging
        "#]]);
        t.never_mind_the_rest();
        t.rows("staging", |job| assert_eq!((job.filled.len(), job.repeated), (1_000, 0)));
    });
}

#[test]
fn a_dry_run_asks_nothing() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.rows("staging", |job| *job = SimJob::of(30_000));
        t.user("ana").says("dry run backfill timezone on staging").await;
        t.bot_says(expect![[r#"
            · Dry run: Run backfillTimezone in staging at 500 rows a minute. Nothing was written.
              it would handle: 30,000 rows, in about 1 h
              For example:
                row 1: null → "zone 1"
                row 2: null → "zone 2"
                row 3: null → "zone 3"
              Changes:
                data: new, rows that backfillTimezone fills, by `./backfill` of release 1
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
    });
}

#[test]
fn in_two_places_the_second_waits_for_the_first_and_is_not_asked_about_again() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.deployed("production", "v1.0.0").await;
        t.rows("staging", |job| *job = SimJob::of(100));
        t.rows("production", |job| *job = SimJob::of(100));
        t.user("ana")
            .says("backfill timezone in staging and production at 6000/min batch size 100, dry run first: no, window: any time")
            .await;
        t.user("ana").says("yes").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ana").says("status").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 1 (v1.0.0, 4b76448), went live just now
              api: release 1, 1/1 healthy, http://127.0.0.1:7401
              web: release 1, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, on
              > status in staging

            ✓ production: release 1 (v1.0.0, 4b76448), went live just now
              api: release 1, 2/2 healthy, http://127.0.0.1:7501
              web: release 1, 1/1 healthy, http://127.0.0.1:7500
              cron: release 1, at `*/15 * * * *`, on
              Runs:
                r-4: backfill backfillTimezone in production batch size 100 at 6000/min, dry run first: no, window: any time, awaiting-approval
              > status in production
        "#]]);
        t.user("ben").says("approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.rows("production", |job| assert_eq!(job.filled.len(), 100));
    });
}

#[test]
fn a_job_that_lies_is_told_in_words() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.rows("staging", |job| *job = SimJob { lies: Some(JobLie::Stays), ..SimJob::of(100) });
        t.user("ana").says(ORDER).await;
        t.user("ana").says("yes").await;
        t.never_mind_the_rest();
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-2 · Run backfillTimezone in staging at 500 rows a minute · failed after 6.0 s: job-answer
              backfillTimezone is not done, and its cursor stays at «0»: it would never end
              Next: mend backfillTimezone in the application, deploy it, then backfill-resume backfillTimezone in staging
              staging is as it was before, but for what stays.
              Stays:
                backfill: what backfillTimezone has filled so far, and its place
              asked by: ana
              progress: 50 of 100 rows (50%)
              ↩ preflight: nothing to undo
              ! backfill: what backfillTimezone has filled so far, and its place
              [Resume]
              > backfill backfillTimezone in staging batch size 500 at 500 users/min, dry run first: no, window: any time
        "#]]);
        t.user("ana").says("backfill shoesizes on staging").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ I don't know `shoesizes`. Environments: staging, production. Jobs: backfillTimezone.
              [backfill backfillTimezone on staging at 500/min] [dry run backfill backfillTimezone on staging]
        "#]],
        );
    });
}
