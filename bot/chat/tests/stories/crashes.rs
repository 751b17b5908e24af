//! The program is killed, and goes on as if nothing had happened.

use adapters::sim::{Behaviour, Call, Fault, FaultKind};
use expect_test::expect;

use crate::harness::{chat, good, seconds};

#[test]
fn killed_after_every_commit_of_a_deploy() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration("0001_add_due_dates.sql", "ALTER TABLE invoices ADD COLUMN due TEXT;");
        t.release("v1.1.0", Behaviour::healthy_after(seconds(3)));
        t.user("ana").says("deploy staging ref v1.1.0").await;
        let kills = t.settles_killed_after_each_commit().await;
        assert!(kills >= 10, "{kills}");
        t.bot_shows(expect![[r#"
            ✓ r-2 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 3.0 s
              asked by: ana
              open: api http://127.0.0.1:7401 · web http://127.0.0.1:7400
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: applied 0001 add_due_dates (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (3.0 s)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 2, web: 100% to release 2 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              [Roll back!]
              > deploy v1.1.0 to staging
        "#]]);
        t.effects(expect![[r#"
            1/do    build_start       4b76448-e16904025285
            2/do    shape_ensure      staging
            3/do    config_put        staging api@1
            3/do    config_put        staging web@1
            3/do    config_put        staging cron@1
            5/do    instances_ensure  staging api@1
            5/do    instances_ensure  staging web@1
            6/do    schedule_put      staging cron@1 on
            7/do    weights_set       staging api @1=100%
            7/do    weights_set       staging web @1=100%
            1/do    build_start       1232e4c-9b356b00d330
            3/do    config_put        staging api@2
            3/do    config_put        staging web@2
            3/do    config_put        staging cron@2
            4/do    migration_apply   staging postgres 0001
            5/do    instances_ensure  staging api@2
            5/do    instances_ensure  staging web@2
            6/do    schedule_put      staging cron@2 on
            7/do    weights_set       staging api @2=100%
            7/do    weights_set       staging web @2=100%
            9/do    instances_stop    staging api@1
            9/do    instances_stop    staging web@1
        "#]]);
    });
}

#[test]
fn killed_after_every_commit_of_a_rollback() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.user("ana").says("rollback staging").await;
        let kills = t.settles_killed_after_each_commit().await;
        assert!(kills >= 7, "{kills}");
        t.bot_shows(expect![[r#"
            ✓ r-3 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms
              asked by: ana
              way back: rollback staging to release 2 brings release 2 back
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ config: 2 variables for 3 services (0 ms)
              ✓ bring up: healthy: api 1/1, web 1/1 (0 ms)
              ✓ traffic: api: 100% to release 1, web: 100% to release 1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ release: recorded (0 ms)
              > rollback in staging
        "#]]);
    });
}

#[test]
fn killed_after_every_commit_of_going_back() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", Behaviour::fails_requests(20));
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.settles_killed_after_each_commit().await;
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
    });
}

/// Every writing call dies twice: once before it happened, and once after it happened and before anybody heard.
#[test]
fn killed_in_every_call_of_a_deploy_and_of_a_rollback() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration("0001_add_due_dates.sql", "ALTER TABLE invoices ADD COLUMN due TEXT;");
        t.release("v1.1.0", good());
        let calls = [
            Call::BuildStart,
            Call::ConfigPut,
            Call::MigrationApply,
            Call::InstancesEnsure,
            Call::SchedulePut,
            Call::WeightsSet,
            Call::InstancesStop,
        ];
        for call in calls {
            t.world.fault(Fault::of(call, FaultKind::CrashBefore).nth(1));
            t.world.fault(Fault::of(call, FaultKind::Crash).nth(2));
        }
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-2 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 0 ms"]);
        t.user("ana").says("rollback staging").await;
        for call in [Call::SchedulePut, Call::WeightsSet] {
            t.world.fault(Fault::of(call, FaultKind::CrashBefore).nth(1));
            t.world.fault(Fault::of(call, FaultKind::Crash).nth(2));
        }
        t.settles().await;
        t.bot_headlines(expect!["✓ r-3 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms"]);
        assert!(t.world.crashes() >= 17, "{}", t.world.crashes());
    });
}

/// The first message with its rest, and the rest when it is its turn, are there whole or not at all.
#[test]
fn killed_after_every_commit_of_a_migration_and_the_deploy_behind_it() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration("0001_add_due_dates.sql", "ALTER TABLE invoices ADD COLUMN due TEXT;");
        t.release("v1.1.0", good());
        let text = "migrate staging to v1.1.0, then deploy v1.1.0 to staging";
        let kills = t.hears_killed_after_each_commit("ana", text, usize::MAX).await;
        assert!(kills >= 1, "{kills}");
        let kills = t.settles_killed_after_each_commit().await;
        assert!(kills >= 15, "{kills}");
        t.never_mind_the_rest();
        let runs = t.engine().store().run_recent(10).await.unwrap();
        let mut commands: Vec<&str> = runs.iter().map(|run| run.request.command.as_str()).collect();
        // The clock stood still, so they have no order.
        commands.sort_unstable();
        assert_eq!(
            commands,
            ["deploy v1.0.0 to staging", "deploy v1.1.0 to staging", "migrate in staging v1.1.0"]
        );
        assert!(runs.iter().all(|run| run.state.as_str() == "succeeded"));
    });
}

/// A message that makes no run is answered twice rather than never.
#[test]
fn killed_while_a_lock_is_taken() {
    chat(async |t| {
        let kills = t.hears_killed_after_each_commit("ana", "lock staging for 2h", 3).await;
        assert_eq!(kills, 3);
        t.never_mind_the_rest();
        let locks = t.engine().store().lock_list(&t.key("staging")).await.unwrap();
        assert_eq!(locks.len(), 1);
    });
}
