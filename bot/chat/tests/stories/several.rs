//! Several commands in one message.

use expect_test::expect;

use adapters::sim::Behaviour;

use crate::harness::{chat, good};

/// The second is planned only after the first has succeeded.
#[test]
fn migrate_then_deploy() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration("0001_add_due_dates.sql", "ALTER TABLE invoices ADD COLUMN due TEXT;");
        t.release("v1.1.0", good());
        t.user("ana").says("migrate staging to v1.1.0, then deploy v1.1.0 to staging").await;
        t.bot_says(expect![[r#"
            · When r-2 has succeeded I go on with the rest.
              Then:
                deploy v1.1.0 to staging
        "#]]);
        t.bot_headlines(expect!["… r-2 · Run migrations of 1232e4c on staging · queued"]);
        t.settles().await;
        t.settles().await;
        t.bot_shows_run(
            2,
            expect![[r#"
            ✓ r-2 · Run migrations of 1232e4c on staging · succeeded in 0 ms
              asked by: ana
              way back: migrations stay once applied; each is applied whole or not at all
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ migrations: applied 0001 add_due_dates (0 ms)
              ✓ finalize: recorded (0 ms)
              > migrate in staging v1.1.0
        "#]],
        );
        t.bot_shows_run(3, expect![[r#"
            ✓ r-3 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 0 ms
              asked by: ana
              open: api http://127.0.0.1:7401 · web http://127.0.0.1:7400
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 2, web: 100% to release 2 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              [Roll back!]
              > deploy v1.1.0 to staging
        "#]]);
    });
}

#[test]
fn the_second_is_not_begun_when_the_first_fails() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration("0001_add_due_dates.sql", "ALTER TABLE invoices ADD COLUMN due TEXT;");
        t.release("v1.1.0", Behaviour::migration_fails("0001"));
        t.user("ana").says("migrate staging to v1.1.0, then deploy v1.1.0 to staging").await;
        t.never_mind_the_rest();
        t.settles().await;
        t.bot_headlines(expect![
            "✗ r-2 · Run migrations of 1232e4c on staging · failed after 0 ms: migration-failed"
        ]);
        t.bot_says(expect![[r#"
            ✗ The rest was not begun, because what came before did not succeed.
              Not done:
                deploy v1.1.0 to staging
              Next: when that is mended, go on with the rest.
              [deploy v1.1.0 to staging!]
        "#]]);
    });
}

#[test]
fn the_second_is_not_begun_when_the_first_is_refused() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("migrate staging, then deploy v1.0.0 to staging").await;
        t.whispers(
            "ana",
            expect![[r#"
                ✗ Nothing is live in staging, so say which ref's migrations you mean.
                  Next: migrate staging ref main
                  > migrate in staging
            "#]],
        );
        t.bot_says(expect![[r#"
            ✗ The rest was not begun, because what came before did not succeed.
              Not done:
                deploy v1.0.0 to staging
              Next: when that is mended, go on with the rest.
              [deploy v1.0.0 to staging!]
        "#]]);
    });
}

#[test]
fn staging_and_production() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0 to staging and production").await;
        t.bot_says(expect![[r#"
            · When r-1 has succeeded I go on with the rest.
              Then:
                deploy v1.0.0 to production
        "#]]);
        t.settles().await;
        t.bot_shows_run(1, expect![[r#"
            ✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms
              asked by: ana
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
        t.bot_headlines(expect!["? r-2 · Deploy v1.0.0 (4b76448) to production · awaiting approval"]);
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-2 · Deploy v1.0.0 (4b76448) to production · succeeded in 0 ms"]);
    });
}

#[test]
fn the_rest_goes_on_after_a_crash() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0 to staging, then restart staging").await;
        t.crash_and_restart().await;
        t.settles().await;
        t.crash_and_restart().await;
        t.settles().await;
        t.bot_shows_run(1, expect![[r#"
            ✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms
              asked by: ana
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
        t.bot_headlines(expect!["✓ r-2 · Restart api, web in staging · succeeded in 0 ms"]);
    });
}

#[test]
fn looking_and_doing() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("whoami, then deploy v1.0.0 to staging, then status staging").await;
        t.bot_says(expect![[r#"
            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami

            · When r-1 has succeeded I go on with the rest.
              Then:
                status in staging
        "#]]);
        t.settles().await;
        t.bot_says(expect![[r#"
            ✓ staging: release 1 (v1.0.0, 4b76448), went live just now
              api: release 1, 1/1 healthy, http://127.0.0.1:7401
              web: release 1, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, on
              > status in staging
        "#]]);
    });
}

#[test]
fn the_same_event_twice_is_heard_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says_in_event("Ev1", "deploy v1.0.0 to staging").await;
        t.user("ana").says_in_event("Ev1", "deploy v1.0.0 to staging").await;
        t.crash_and_restart().await;
        t.user("ana").says_in_event("Ev1", "deploy v1.0.0 to staging").await;
        t.settles().await;
        assert_eq!(t.engine().store().run_recent(10).await.unwrap().len(), 1);
    });
}

/// What was said beside the orders is said for all of them.
#[test]
fn the_glass_is_broken_for_each_environment() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0 to staging and production, break glass: checkout is down").await;
        t.settles().await;
        t.never_mind_the_rest();
        let runs = t.engine().store().run_recent(10).await.unwrap();
        assert_eq!(runs.len(), 2);
        assert!(runs.iter().all(|run| run.request.break_glass.as_deref() == Some("checkout is down")));
    });
}

/// What is to go now does not wait until what is planned for later is done.
#[test]
fn now_goes_before_tonight() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.user("ana").says("deploy v1.0.0 to production tonight 22:00; deploy v1.1.0 to staging now").await;
        t.bot_says(expect![[r#"
            · When r-2 has succeeded I go on with the rest.
              Then:
                deploy v1.0.0 to production tonight 22:00
        "#]]);
        t.settles().await;
        t.run(2).is("succeeded").await;
        t.never_mind_the_rest();
    });
}
