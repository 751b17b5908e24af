//! Going back.

use expect_test::expect;

use adapters::sim::Behaviour;

use crate::harness::{chat, good, minutes};

#[test]
fn back_to_the_release_before() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.user("ana").says("rollback staging").await;
        t.bot_shows(expect![[r#"
            … r-3 · Roll staging back to release 1 (v1.0.0) · queued
              asked by: ana
              Changes:
                api: v1.1.0 (1232e4c) → v1.0.0 (4b76448)
                web: v1.1.0 (1232e4c) → v1.0.0 (4b76448)
                cron: v1.1.0 (1232e4c) → v1.0.0 (4b76448)
              risk: low
              way back: rollback staging to release 2 brings release 2 back
              Proved:
                release 2 keeps running until release 1 is verified
              Notes:
                migrations stay: going back over a schema loses data
              · preflight: tools, disk and ports are there; the build is
              · config: as it was in release 1, secrets as they are now
              · bring up: api, web, cron of release 1, until healthy
              · traffic: all of it to release 1, read back
              · cron: schedules run release 1
              · verification: 20 requests through the edge to each service
              · release: release 2 ended, automatic deploys held until a person deploys
              [Cancel!]
              > rollback in staging
        "#]]);
        t.settles().await;
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
        t.user("ana").says("status staging").await;
        t.user("ana").says("releases staging").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 1 (v1.0.0, 4b76448), went live just now
              api: release 1, 1/1 healthy, http://127.0.0.1:7401
              web: release 1, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, on
              Automatic deploys are held: rolled back from release 2 (v1.1.0). A person's deploy frees them.
              > status in staging

            · Releases of staging
                2: v1.1.0 (1232e4c) Work for v1.1.0: taken back, went live 2026-11-18 12:00 UTC, made by r-2
                1: v1.0.0 (4b76448) Work for v1.0.0: live now, went live 2026-11-18 12:00 UTC, made by r-1
              > releases in staging
        "#]]);
    });
}

#[test]
fn production_goes_back_with_a_click() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("production", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("production", "v1.1.0").await;
        t.user("ana").clicks("Roll back").await;
        t.bot_headlines(expect!["… r-3 · Roll production back to release 1 (v1.0.0) · queued"]);
        t.user("ben").clicks("Approve").await;
        t.never_mind_the_rest();
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-3 · Roll production back to release 1 (v1.0.0) · succeeded in 0 ms
              asked by: ana
              way back: rollback production to release 2 brings release 2 back
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ config: 2 variables for 3 services (0 ms)
              ✓ bring up: healthy: api 2/2, web 1/1 (0 ms)
              ✓ traffic: api: 100% to release 1, web: 100% to release 1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ release: recorded (0 ms)
              > rollback in production to release 1
        "#]]);
    });
}

#[test]
fn nothing_to_go_back_to() {
    chat(async |t| {
        t.user("ana").says("rollback staging").await;
        t.release("v1.0.0", good());
        t.whispers(
            "ana",
            expect![[r#"
                ✗ Nothing is live in staging, so there is nothing to roll back.
                  Next: deploy staging
                  > rollback in staging
            "#]],
        );
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("rollback staging").await;
        t.user("ana").says("rollback staging to release 7").await;
        t.user("ana").says("rollback staging to v1.0.0").await;
        t.whispers(
            "ana",
            expect![[r#"
                ✗ Staging had no release before 1 that worked.
                  Next: releases staging
                  > rollback in staging

                ✗ Staging has no release 7.
                  Next: releases staging
                  > rollback in staging to release 7

                ✗ Release 1 (v1.0.0) is live in staging already.
                  Next: releases staging
                  > rollback in staging to v1.0.0
            "#]],
        );
    });
}

#[test]
fn back_to_a_release_by_its_number() {
    chat(async |t| {
        for tag in ["v1.0.0", "v1.1.0", "v1.2.0"] {
            t.release(tag, good());
            t.deployed("staging", tag).await;
        }
        t.user("ana").says("rollback staging to release 1").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-4 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms
              asked by: ana
              way back: rollback staging to release 3 brings release 3 back
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ config: 2 variables for 3 services (0 ms)
              ✓ bring up: healthy: api 1/1, web 1/1 (0 ms)
              ✓ traffic: api: 100% to release 1, web: 100% to release 1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ release: recorded (0 ms)
              > rollback in staging to release 1
        "#]]);
    });
}

#[test]
fn a_schema_the_old_code_cant_live_with_stops_it() {
    chat(async |t| {
        t.migration("0001_create.sql", "CREATE TABLE invoices (id INTEGER, total INTEGER);");
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration("0002_drop_total.sql", "ALTER TABLE invoices DROP COLUMN total;");
        t.release("v1.1.0", good());
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.bot_shows(expect![[r#"
            … r-2 · Deploy v1.1.0 (1232e4c) to staging · queued
              asked by: ana
              Changes:
                migration 0002: new, drop_total
                api: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                web: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                cron: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
              Migrations:
                0002 drop_total: ALTER TABLE invoices DROP COLUMN total
              Breaks what runs:
                0002 drop_total drops the column total of invoices (ALTER TABLE invoices DROP COLUMN total): the running release reads and writes it until the end, and nobody can go back to it afterwards. Instead, contract later: deploy what does without the column first, and drop it in a later release
              Commits:
                1232e4c Work for v1.1.0 (Kim)
              risk: high: 1 migration, which stays; the live release can't live with the schema: migration 0002 drop_total drops the column total of invoices
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              Proved:
                release 1 keeps running until the new one is verified
                its build is kept
              Not proved:
                it can't live with the schema: migration 0002 drop_total drops the column total of invoices; deploy first what can do without, and change the schema afterwards
              · resolve ref: v1.1.0 is 1232e4c, Work for v1.1.0
              · preflight: tools, disk and ports are there; 1232e4c builds
              · reconcile shape: 2 components, 2 addresses
              · reconcile config: variables of api, web, cron
              · migrations: 0002 drop_total
              · api and web: started beside what runs, then waited for until healthy
              · cron: schedules run the new code
              · canary: one stage of 100%: all traffic to the new release, read back
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Cancel!]
              > deploy v1.1.0 to staging
        "#]]);
        t.settles().await;
        t.bot_headlines(expect!["✓ r-2 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 0 ms"]);
        t.user("ana").says("rollback staging").await;
        t.whispers("ana", expect![[r#"
            ✗ Release 1 (v1.0.0) can't live with the schema as it is now: migration 0002 drop_total drops the column total of invoices.
              Next: deploy a mended release, or one that is newer than these migrations
              > rollback in staging
        "#]]);
    });
}

/// What runs now keeps its traffic when the one before it does not come up.
#[test]
fn an_old_release_that_is_not_healthy_any_more() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.world.behaviour("v1.0.0", Behaviour::never_healthy()).unwrap();
        t.user("ana").says("rollback staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-3 · Roll staging back to release 1 (v1.0.0) · failed after 30 s: unhealthy
              api did not become healthy within 30 s: 503 Service Unavailable
              | started 1 with `./api`
              Next: logs api of r-3
              staging is as it was before.
              asked by: ana
              ↩ preflight: no build is running
              ↩ config: nothing to undo
              ↩ bring up: new processes ended
              not begun: traffic, cron, verification, release
              [Retry]
              > rollback in staging
        "#]]);
    });
}

#[test]
fn after_a_rollback_a_deploy_frees_the_hold() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.user("ana").says("rollback staging").await;
        t.settles().await;
        t.release("v1.2.0", good());
        t.user("ana").says("deploy staging ref v1.2.0").await;
        t.settles().await;
        t.user("ana").says("status staging").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 3 (v1.2.0, fdac9be), went live just now
              api: release 3, 1/1 healthy, http://127.0.0.1:7401
              web: release 3, 1/1 healthy, http://127.0.0.1:7400
              cron: release 3, at `*/15 * * * *`, on
              > status in staging
        "#]]);
    });
}

#[test]
fn a_deploy_with_a_time_of_its_own_does_not_undo_a_rollback_by_itself() {
    chat(async |t| {
        for tag in ["v1.0.0", "v1.1.0"] {
            t.release(tag, good());
            t.deployed("staging", tag).await;
        }
        t.release("v1.2.0", good());
        t.user("ana").says("deploy staging ref v1.2.0 in 40 minutes").await;
        t.user("ben").says("rollback staging").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.passes(minutes(41)).await;
        t.bot_shows_run(
            3,
            expect![[r#"
            ✗ r-3 · Deploy v1.2.0 (fdac9be) to staging · not started: refused
              Automatic deploys to staging are on hold since a rollback. Mend the cause, then deploy by hand.
              Next: retry r-3
              asked by: ana
              [Retry]
              > deploy v1.2.0 to staging in 40 minutes
        "#]],
        );
        // Whoever gives a time now has seen what there is.
        t.user("ana").says("deploy staging ref v1.2.0 in 40 minutes").await;
        t.passes(minutes(41)).await;
        t.bot_headlines(expect!["✓ r-5 · Deploy v1.2.0 (fdac9be) to staging · succeeded in 0 ms"]);
        t.never_mind_the_rest();
        t.user("ana").says("status staging").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 3 (v1.2.0, fdac9be), went live just now
              api: release 3, 1/1 healthy, http://127.0.0.1:7401
              web: release 3, 1/1 healthy, http://127.0.0.1:7400
              cron: release 3, at `*/15 * * * *`, on
              > status in staging
        "#]]);
    });
}

#[test]
fn the_live_release_by_name_and_forward_again() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.user("ana").says("rollback staging to v1.1.0").await;
        t.whispers(
            "ana",
            expect![[r#"
                ✗ Release 2 (v1.1.0) is live in staging already.
                  Next: releases staging
                  > rollback in staging to v1.1.0
            "#]],
        );
        t.user("ana").says("rollback staging to v1.0.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-3 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms"]);
        t.user("ana").says("rollback staging to v1.1.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-4 · Roll staging forward to release 2 (v1.1.0) · succeeded in 0 ms"]);
    });
}

/// What holds stands under what is proved, and what does not says what to do about it.
#[test]
fn a_way_back_whose_build_is_gone_says_that_and_nothing_else_is_not_proved() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let live = t.engine().store().release_get(&t.key("staging"), 1).await.unwrap().unwrap();
        for part in live.services.values() {
            t.world.drift(|it| it.build_vanish(&part.build));
        }
        t.release("v1.1.0", good());
        t.user("ana").says("dry run deploy staging ref v1.1.0").await;
        t.bot_says(expect![[r#"
            · Dry run: Deploy v1.1.0 (1232e4c) to staging. Nothing was written.
              Changes:
                api: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                web: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                cron: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
              Commits:
                1232e4c Work for v1.1.0 (Kim)
              risk: low
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              Proved:
                release 1 keeps running until the new one is verified
                it can live with the schema
              Not proved:
                its build is gone: going back would build it anew, which takes its time and may fail; `deploy staging ref 4b76448` first has it built again
              Steps:
                 1. resolve ref: v1.1.0 is 1232e4c, Work for v1.1.0
                 2. preflight: tools, disk and ports are there; 1232e4c builds
                 3. reconcile shape: 2 components, 2 addresses
                 4. reconcile config: variables of api, web, cron
                 5. migrations: nothing to migrate
                 6. api and web: started beside what runs, then waited for until healthy
                 7. cron: schedules run the new code
                 8. canary: one stage of 100%: all traffic to the new release, read back
                 9. verification: 20 requests through the edge to each service
                10. finalize: old processes drained and ended, the release recorded as live
              It would need no approval.
              [Do it!]
              > dry run deploy v1.1.0 to staging
        "#]]);
    });
}

/// Code that has no other name than its commit is named once, and replicas that run already do not change.
#[test]
fn what_changes_is_told_of_what_runs() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("deploy staging").await;
        t.settles().await;
        t.user("ana").says("scale staging api to 3").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ana").says("dry run deploy staging ref v1.0.0").await;
        t.user("ana").says("dry run rollback staging").await;
        t.bot_says(expect![[r#"
            · Dry run: Deploy v1.0.0 (4b76448) to staging. Nothing was written.
              Changes:
                api: 4b76448 → v1.0.0 (4b76448)
                web: 4b76448 → v1.0.0 (4b76448)
                cron: 4b76448 → v1.0.0 (4b76448)
              risk: low
              way back: rollback staging goes to release 2 (4b76448): traffic, then release, then config
              Proved:
                release 2 keeps running until the new one is verified
                its build is kept
                it can live with the schema
              Notes:
                this commit is live already: only configuration and processes are made anew
              Steps:
                 1. resolve ref: v1.0.0 is 4b76448, Work for v1.0.0
                 2. preflight: tools, disk and ports are there; 4b76448 builds
                 3. reconcile shape: 2 components, 2 addresses
                 4. reconcile config: variables of api, web, cron
                 5. migrations: nothing to migrate
                 6. api and web: started beside what runs, then waited for until healthy
                 7. cron: schedules run the new code
                 8. canary: one stage of 100%: all traffic to the new release, read back
                 9. verification: 20 requests through the edge to each service
                10. finalize: old processes drained and ended, the release recorded as live
              It would need no approval.
              [Do it!]
              > dry run deploy v1.0.0 to staging

            · Dry run: Roll staging back to release 1 (v1.0.0). Nothing was written.
              Changes:
                api: 4b76448 → v1.0.0 (4b76448)
                web: 4b76448 → v1.0.0 (4b76448)
                cron: 4b76448 → v1.0.0 (4b76448)
              risk: low
              way back: rollback staging to release 2 brings release 2 back
              Proved:
                release 2 keeps running until release 1 is verified
              Notes:
                migrations stay: going back over a schema loses data
              Steps:
                 1. preflight: tools, disk and ports are there; the build is
                 2. config: as it was in release 1, secrets as they are now
                 3. bring up: api, web, cron of release 1, until healthy
                 4. traffic: all of it to release 1, read back
                 5. cron: schedules run release 1
                 6. verification: 20 requests through the edge to each service
                 7. release: release 2 ended, automatic deploys held until a person deploys
              It would need no approval.
              [Do it!]
              > dry run rollback in staging
        "#]]);
    });
}
