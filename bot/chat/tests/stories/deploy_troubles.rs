//! What can be wrong with a release, with the machine and with the provider, and what is left of it.

use adapters::sim::{Behaviour, Call, Fault, FaultKind};
use engine::ports::Finding;
use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn an_unhealthy_release_never_gets_traffic() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-2 · Deploy v1.1.0 (1232e4c) to staging · failed after 30 s: unhealthy
              api did not become healthy within 30 s: 503 Service Unavailable
              | started 1 with `./api`
              Next: logs api of r-2
              staging is as it was before.
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              ↩ reconcile shape: nothing to undo
              ↩ reconcile config: configuration removed
              ↩ migrations: nothing to undo
              ↩ api and web: new processes ended
              not begun: cron, canary, verification, finalize
              [Retry]
              > deploy v1.1.0 to staging
        "#]]);
        t.user("ana").says("status staging").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 1 (v1.0.0, 4b76448), went live 30 s ago
              api: release 1, 1/1 healthy, http://127.0.0.1:7401
              web: release 1, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, on
              > status in staging
        "#]]);
    });
}

#[test]
fn a_release_that_keeps_ending_is_not_waited_for() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::crash_loop());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-1 · Deploy v1.0.0 (4b76448) to staging · failed after 2.0 s: crash-loop
              api was started 3 times and always ended (exit code 1)
              | fatal: cannot start
              Next: logs api of r-1
              staging is as it was before.
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              ↩ reconcile shape: nothing to undo
              ↩ reconcile config: configuration removed
              ↩ migrations: nothing to undo
              ↩ api and web: new processes ended
              not begun: cron, canary, verification, finalize
              [Retry]
              > deploy v1.0.0 to staging
        "#]]);
    });
}

/// Healthy and yet wrong: only traffic shows it, and then it is an incident.
#[test]
fn a_release_that_fails_requests_is_taken_back() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", Behaviour::fails_requests(20));
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-2 · Deploy v1.1.0 (1232e4c) to staging · rolled back after 0 ms
              4 of 20 requests to api/health failed
              | api answered 500: api, release 2, failed /health
              Next: logs api of r-2
              All traffic in staging is back where it was before.
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              ↩ reconcile shape: nothing to undo
              ↩ reconcile config: configuration removed
              ↩ migrations: nothing to undo
              ↩ api and web: new processes ended
              ↩ cron: cron runs at `*/15 * * * *`
              ↩ canary: api: 100% to release 1, web: 100% to release 1
              ↩ verification: nothing to undo
              not begun: finalize
              [Retry]
              > deploy v1.1.0 to staging
        "#]]);
        t.run(2)
            .events(expect![[r#"
                queued
                running
                  resolve ref: started
                  resolve ref: done, v1.1.0 is 1232e4c
                  preflight: started
                  preflight: done, ready, built in 0.0 s
                  reconcile shape: started
                  reconcile shape: done, 2 components, 2 addresses
                  reconcile config: started
                  reconcile config: done, 2 variables for 3 services
                  migrations: started
                  migrations: done, nothing to migrate
                  api and web: started
                  api and web: done, healthy: api 1/1, web 1/1
                  cron: started
                  cron: done, cron runs at `*/15 * * * *`
                  canary: started
                  canary: done, api: 100% to release 2, web: 100% to release 2
                  verification: started
                  verification: failed, 4 of 20 requests to api/health failed
                undoing
                  canary: undone, api: 100% to release 1, web: 100% to release 1
                  cron: undone, cron runs at `*/15 * * * *`
                  api and web: undone, new processes ended
                  reconcile config: undone, configuration removed
                  preflight: undone, no build is running
                rolled-back
            "#]])
            .await;
        t.user("ana").says("incidents staging").await;
        t.user("ana").says("releases staging").await;
        t.bot_says(expect![[r#"
            · Incidents in staging, newest first
                i-2 2026-11-18 12:00 UTC deploy v1.1.0 to staging was taken back: 4 of 20 requests to api/health failed (r-2)
              Next: incident i-2 shows its story, with what was measured, decided, changed and logged.
              What was taken back is over. What could not be taken back whole is over when `rollback staging` or a deploy of staging succeeds.
              [Incident i-2]
              > incidents in staging

            · Releases of staging
                2: v1.1.0 (1232e4c) Work for v1.1.0: failed, made by r-2
                1: v1.0.0 (4b76448) Work for v1.0.0: live now, went live 2026-11-18 12:00 UTC, made by r-1
              > releases in staging
        "#]]);
    });
}

#[test]
fn a_failing_migration_changes_nothing_else() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration("0001_add_due_dates.sql", "ALTER TABLE invoices ADD COLUMN due TEXT;");
        t.release("v1.1.0", Behaviour::migration_fails("0001"));
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-2 · Deploy v1.1.0 (1232e4c) to staging · failed after 0 ms: migration-failed
              migration 0001 add_due_dates failed: ERROR 42601: syntax error at or near "ALTER"; the transaction was rolled back
              Next: Mend the migration's statements, commit, and deploy again.
              staging is as it was before.
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              ↩ reconcile shape: nothing to undo
              ↩ reconcile config: configuration removed
              ↩ migrations: no migration was applied
              not begun: api and web, cron, canary, verification, finalize
              [Retry]
              > deploy v1.1.0 to staging
        "#]]);
    });
}

/// Each migration is there whole or not at all, so those before the one that failed stay: by name.
#[test]
fn migrations_that_ran_before_one_failed_are_named_as_what_stays() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration("0001_add_due_dates.sql", "ALTER TABLE invoices ADD COLUMN due TEXT;");
        t.migration("0002_index_due_dates.sql", "CREATE INDEX due ON invoices (due);");
        t.migration("0003_drop_total.sql", "ALTER TABLE invoices DROP COLUMN total;");
        t.release("v1.1.0", Behaviour::migration_fails("0003"));
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-2 · Deploy v1.1.0 (1232e4c) to staging · failed after 0 ms: migration-failed
              migration 0003 drop_total failed: ERROR 42601: syntax error at or near "ALTER"; the transaction was rolled back
              Next: Mend the migration's statements, commit, and deploy again.
              staging is as it was before, but for what stays.
              Stays:
                migrations: 0001 add_due_dates, 0002 index_due_dates were applied and stay: what ran before can live with them
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              ↩ reconcile shape: nothing to undo
              ↩ reconcile config: configuration removed
              ! migrations: 0001 add_due_dates, 0002 index_due_dates were applied and stay: what ran before can live with them
              not begun: api and web, cron, canary, verification, finalize
              [Retry]
              > deploy v1.1.0 to staging
        "#]]);
    });
}

#[test]
fn an_unknown_ref_is_said_at_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v9.9.9").await;
        t.bot_says(expect![[r#"
            ? Which ref?
              The simulated repository has no branch, tag or commit `v9.9.9`.
              A branch, a tag or a commit.
                1. main
                2. v1.0.0
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [main] [v1.0.0] [Never mind]
              > deploy staging
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn another_ref_is_taken_by_its_place_or_without_its_v() {
    for answer in ["the second", "the second one", "1.0.0"] {
        chat(async |t| {
            t.release("v1.0.0", good());
            t.user("ana").says("dry run deploy staging ref v9.9.9").await;
            t.user("ana").says(&"x".repeat(4_100)).await;
            let too_long = t.said();
            assert!(too_long.contains("is longer than 300 characters. Which ref?"), "{too_long}");
            t.user("ana").says(answer).await;
            let plan = t.said();
            assert!(plan.contains("Deploy v1.0.0"), "{answer}: {plan}");
            t.never_mind_the_rest();
        });
    }
}

#[test]
fn a_build_error_shows_the_end_of_its_output() {
    chat(async |t| {
        t.release(
            "v1.0.0",
            Behaviour::build_fails(&["error[E0425]: cannot find value `totl`", "  --> src/main.rs:17:5"]),
        );
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-1 · Deploy v1.0.0 (4b76448) to staging · failed after 0 ms: build-failed
              `make` ended with exit code 1
              | error[E0425]: cannot find value `totl`
              |   --> src/main.rs:17:5
              Next: mend the code, push, and deploy again
              staging is as it was before.
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              not begun: reconcile shape, reconcile config, migrations, api and web, cron, canary, verification, finalize
              [Retry]
              > deploy v1.0.0 to staging
        "#]]);
    });
}

#[test]
fn what_the_machine_lacks_stops_it_before_anything_is_done() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for says in [
            "port 7401 is taken by another program (nginx, process 812): end it, or give staging another port",
            "git is not installed: install it, then retry",
            "the disk has 40 MB left and a release needs 200 MB: free some space, then retry",
        ] {
            t.world.findings_set(&t.key("staging"), vec![Finding { blocks: true, says: says.to_owned() }]);
            t.user("ana").says("deploy staging ref v1.0.0").await;
            t.settles().await;
        }
        t.bot_shows_run(
            1,
            expect![[r#"
                ✗ r-1 · Deploy v1.0.0 (4b76448) to staging · failed after 0 ms: preflight
                  port 7401 is taken by another program (nginx, process 812): end it, or give staging another port
                  Next: retry
                  staging is as it was before.
                  asked by: ana
                  ↩ resolve ref: nothing to undo
                  ↩ preflight: no build is running
                  not begun: reconcile shape, reconcile config, migrations, api and web, cron, canary, verification, finalize
                  [Retry]
                  > deploy v1.0.0 to staging
            "#]],
        );
        t.bot_shows_run(
            2,
            expect![[r#"
                ✗ r-2 · Deploy v1.0.0 (4b76448) to staging · failed after 0 ms: preflight
                  git is not installed: install it, then retry
                  Next: retry
                  staging is as it was before.
                  asked by: ana
                  ↩ resolve ref: nothing to undo
                  ↩ preflight: no build is running
                  not begun: reconcile shape, reconcile config, migrations, api and web, cron, canary, verification, finalize
                  [Retry]
                  > deploy v1.0.0 to staging
            "#]],
        );
        t.bot_shows_run(
            3,
            expect![[r#"
                ✗ r-3 · Deploy v1.0.0 (4b76448) to staging · failed after 0 ms: preflight
                  the disk has 40 MB left and a release needs 200 MB: free some space, then retry
                  Next: retry
                  staging is as it was before.
                  asked by: ana
                  ↩ resolve ref: nothing to undo
                  ↩ preflight: no build is running
                  not begun: reconcile shape, reconcile config, migrations, api and web, cron, canary, verification, finalize
                  [Retry]
                  > deploy v1.0.0 to staging
            "#]],
        );
        t.world.findings_set(&t.key("staging"), Vec::new());
        t.user("ana").clicks("Retry").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-4 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

#[test]
fn a_provider_that_is_busy_is_asked_again() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.world.fault(Fault::of(Call::ShapeEnsure, FaultKind::RetryBefore { after_ms: 5_000 }).nth(1));
        t.world.fault(Fault::of(Call::WeightsSet, FaultKind::UnknownBefore).nth(1));
        t.world.fault(Fault::of(Call::InstancesEnsure, FaultKind::LostAnswer).nth(1));
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 5.4 s"]);
        t.run(1).events(expect![[r#"
            queued
            running
              resolve ref: started
              resolve ref: done, v1.0.0 is 4b76448
              preflight: started
              preflight: done, ready, built in 0.0 s
              reconcile shape: started
              reconcile shape: waits, trying again: shape_ensure of staging: the other side is busy
              reconcile shape: done, 2 components, 2 addresses
              reconcile config: started
              reconcile config: done, 2 variables for 3 services
              migrations: started
              migrations: done, nothing to migrate
              api and web: started
              api and web: waits, no answer, looking: instances_ensure of staging api@1 was sent and no answer came
              api and web: waits, no answer, looking: weights_set of staging api @1=100% was sent and no answer came
              api and web: done, healthy: api 1/1, web 1/1
              cron: started
              cron: done, cron runs at `*/15 * * * *`
              canary: started
              canary: done, api: 100% to release 1, web: 100% to release 1
              verification: started
              verification: done, api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms
              finalize: started
              finalize: done, recorded
            succeeded
        "#]]).await;
    });
}

#[test]
fn a_provider_that_refuses_fails_the_run() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.world.fault(Fault::of(Call::ConfigPut, FaultKind::FailBefore));
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-1 · Deploy v1.0.0 (4b76448) to staging · failed after 0 ms: config
              config_put of staging api@1 was refused
              Next: This is a simulated fault; switch it off and try again.
              staging is as it was before.
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              ↩ reconcile shape: nothing to undo
              ↩ reconcile config: configuration removed
              not begun: migrations, api and web, cron, canary, verification, finalize
              [Retry]
              > deploy v1.0.0 to staging
        "#]]);
    });
}
