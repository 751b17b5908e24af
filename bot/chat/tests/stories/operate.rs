//! Migrate, scale, restart, cron on and off, clear cache.

use expect_test::expect;

use adapters::sim::Behaviour;

use crate::harness::{chat, good};

#[test]
fn migrations_alone() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration("0001_add_due_dates.sql", "ALTER TABLE invoices ADD COLUMN due TEXT;");
        t.release("v1.1.0", good());
        t.user("ana").says("migrate staging to v1.1.0").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Run migrations of 1232e4c on staging · succeeded in 0 ms
              asked by: ana
              way back: migrations stay once applied; each is applied whole or not at all
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ migrations: applied 0001 add_due_dates (0 ms)
              ✓ finalize: recorded (0 ms)
              > migrate in staging v1.1.0
        "#]]);
        t.user("ana").says("dry run migrate staging").await;
        t.bot_says(expect![[r#"
            · Dry run: Run migrations of 4b76448 on staging. Nothing was written.
              Changes:
                nothing
              risk: low
              way back: migrations stay once applied; each is applied whole or not at all
              Proved:
                the live release stays
              Steps:
                 1. resolve ref: 4b76448, Work for v1.0.0
                 2. preflight: the platform is there and ready
                 3. reconcile shape: the database is there
                 4. migrations: nothing to migrate
                 5. finalize: the new state is recorded
              It would need no approval.
              [Do it!]
              > dry run migrate in staging
        "#]]);
    });
}

#[test]
fn a_migration_that_fails() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration("0001_add_due_dates.sql", "ALTER TABLE invoices ADD COLUMN due TEXT;");
        t.release("v1.1.0", Behaviour::migration_fails("0001"));
        t.user("ana").says("run migrations on staging ref v1.1.0").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-2 · Run migrations of 1232e4c on staging · failed after 0 ms: migration-failed
              migration 0001 add_due_dates failed: ERROR 42601: syntax error at or near "ALTER"; the transaction was rolled back
              Next: Mend the migration's statements, commit, and deploy again.
              staging is as it was before.
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: nothing to undo
              ↩ reconcile shape: nothing to undo
              ↩ migrations: no migration was applied
              not begun: finalize
              [Retry]
              > migrate in staging v1.1.0
        "#]]);
    });
}

#[test]
fn more_replicas() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("scale api to 3 in staging").await;
        t.bot_shows(expect![[r#"
            … r-2 · Scale api in staging to 3 · queued
              asked by: ana
              Changes:
                api replicas: 1 → 3
              risk: low
              way back: scale staging api to 1
              Proved:
                the live release stays
              · preflight: the platform is there and ready
              · resize: 3 processes each, new ones waited for until healthy
              · verification: 20 requests through the edge to each service
              · finalize: the new state is recorded
              [Cancel!]
              > scale api to 3 in staging
        "#]]);
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Scale api in staging to 3 · succeeded in 0 ms
              asked by: ana
              way back: scale staging api to 1
              ✓ preflight: ready (0 ms)
              ✓ resize: healthy: api 3/3 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > scale api to 3 in staging
        "#]]);
        t.user("ana").says("status staging").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 1 (v1.0.0, 4b76448), went live just now
              api: release 1, 3/3 healthy, http://127.0.0.1:7401
              web: release 1, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, on
              > status in staging
        "#]]);
    });
}

#[test]
fn more_replicas_than_the_budget() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("production", "v1.0.0").await;
        t.user("ana").says("scale api to 9 in production").await;
        t.whispers("ana", expect![[r#"
            ✗ Production may run 4 instances of a service and you asked for 9. Ask for fewer, or ask an admin to raise the limit.
              Because:
                budget-replicas: 9 instances asked for, limit 4
                production-four-eyes: a production environment, 0 approvals of 1
              > scale api to 9 in production
        "#]]);
    });
}

#[test]
fn a_restart_without_downtime() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("restart api in staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Restart api in staging · succeeded in 0 ms
              asked by: ana
              way back: nothing changes but the processes; those that serve are kept until their successors are healthy
              ✓ preflight: ready (0 ms)
              ✓ restart: replaced every process of api (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms (0 ms)
              > restart api in staging
        "#]]);
    });
}

#[test]
fn the_schedule_off_and_on() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("disable cron in staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Switch cron off in staging · succeeded in 0 ms
              asked by: ana
              way back: cron-enable staging
              ✓ preflight: ready (0 ms)
              ✓ cron: cron is switched off (0 ms)
              ✓ finalize: recorded (0 ms)
              > disable cron in staging
        "#]]);
        t.user("ana").says("status staging").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 1 (v1.0.0, 4b76448), went live just now
              api: release 1, 1/1 healthy, http://127.0.0.1:7401
              web: release 1, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, off
              > status in staging
        "#]]);
        t.user("ana").says("enable cron in staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-3 · Switch cron on in staging · succeeded in 0 ms
              asked by: ana
              way back: cron-disable staging
              ✓ preflight: ready (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ finalize: recorded (0 ms)
              > enable cron in staging
        "#]]);
    });
}

#[test]
fn the_cache_is_emptied() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("clear the cache in staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Clear the caches of api, web, cron in staging · succeeded in 0 ms
              asked by: ana
              way back: caches fill again by themselves; the first requests are slower
              ✓ preflight: ready (0 ms)
              ✓ clear cache: emptied the caches of api, web, cron (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              > clear cache in staging
        "#]]);
    });
}

#[test]
fn nothing_live_to_operate_on() {
    chat(async |t| {
        for said in [
            "scale api to 3 in staging",
            "restart staging",
            "disable cron in staging",
            "migrate staging",
            "clear the cache in staging",
        ] {
            t.user("ana").says(said).await;
        }
        t.whispers(
            "ana",
            expect![[r#"
                ✗ Nothing is live in staging, so there is nothing to scale.
                  Next: deploy staging
                  > scale api to 3 in staging

                ✗ Nothing is live in staging, so there is nothing to restart.
                  Next: deploy staging
                  > restart in staging

                ✗ Nothing is live in staging, so there is nothing to switch on or off.
                  Next: deploy staging
                  > disable cron in staging

                ✗ Nothing is live in staging, so say which ref's migrations you mean.
                  Next: migrate staging ref main
                  > migrate in staging

                ✗ Nothing is live in staging, so there is nothing to clear.
                  Next: deploy staging
                  > clear cache in staging
            "#]],
        );
    });
}

#[test]
fn a_commit_is_named_shortly_also_where_nobody_named_a_ref() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("migrate staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Run migrations of 4b76448 on staging · succeeded in 0 ms
              asked by: ana
              way back: migrations stay once applied; each is applied whole or not at all
              ✓ resolve ref: 4b76448 is there (0 ms)
              ✓ preflight: ready (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ finalize: recorded (0 ms)
              > migrate in staging
        "#]]);
    });
}
