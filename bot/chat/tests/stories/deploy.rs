//! Deploying: the plan, the progress, the end.

use adapters::sim::Behaviour;
use expect_test::expect;

use crate::harness::{chat, good, hours, minutes, seconds};

#[test]
fn a_first_deploy() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.bot_shows(expect![[r#"
            … r-1 · Deploy v1.0.0 (4b76448) to staging · queued
              asked by: ana
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, v1.0.0 (4b76448)
                web: new, v1.0.0 (4b76448)
                cron: new, v1.0.0 (4b76448)
              risk: low
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
              · resolve ref: v1.0.0 is 4b76448, Work for v1.0.0
              · preflight: tools, disk and ports are there; 4b76448 builds
              · reconcile shape: 2 components, 2 addresses
              · reconcile config: variables of api, web, cron
              · migrations: nothing to migrate
              · api and web: started beside what runs, then waited for until healthy
              · cron: schedules run the new code
              · canary: one stage of 100%: all traffic to the new release, read back
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Cancel!]
              > deploy v1.0.0 to staging
        "#]]);
        t.settles().await;
        t.bot_shows(expect![[r#"
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
        t.run(1).events(expect![[r#"
            queued
            running
              resolve ref: started
              resolve ref: done, v1.0.0 is 4b76448
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
              canary: done, api: 100% to release 1, web: 100% to release 1
              verification: started
              verification: done, api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms
              finalize: started
              finalize: done, recorded
            succeeded
        "#]]).await;
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
        "#]]);
    });
}

#[test]
fn a_second_deploy_knows_its_way_back() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration("0001_add_due_dates.sql", "ALTER TABLE invoices ADD COLUMN due TEXT;");
        t.release("v1.1.0", good());
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.bot_shows(expect![[r#"
            … r-2 · Deploy v1.1.0 (1232e4c) to staging · queued
              asked by: ana
              Changes:
                migration 0001: new, add_due_dates
                api: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                web: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                cron: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
              Migrations:
                0001 add_due_dates: ALTER TABLE invoices ADD COLUMN due TEXT
              Commits:
                1232e4c Work for v1.1.0 (Kim)
              risk: medium: 1 migration, which stays
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              Proved:
                release 1 keeps running until the new one is verified
                its build is kept
                it can live with the schema
              · resolve ref: v1.1.0 is 1232e4c, Work for v1.1.0
              · preflight: tools, disk and ports are there; 1232e4c builds
              · reconcile shape: 2 components, 2 addresses
              · reconcile config: variables of api, web, cron
              · migrations: 0001 add_due_dates
              · api and web: started beside what runs, then waited for until healthy
              · cron: schedules run the new code
              · canary: one stage of 100%: all traffic to the new release, read back
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Cancel!]
              > deploy v1.1.0 to staging
        "#]]);
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 0 ms
              asked by: ana
              open: api http://127.0.0.1:7401 · web http://127.0.0.1:7400
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: applied 0001 add_due_dates (0 ms)
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
fn a_deploy_of_one_service_leaves_the_others() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.user("ana").says("deploy web v1.1.0 to staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 0 ms
              asked by: ana
              open: web http://127.0.0.1:7400
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 1 variable for 1 service (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ web: healthy: web 1/1 (0 ms)
              ✓ cron: nothing scheduled (0 ms)
              ✓ canary: web: 100% to release 2 (0 ms)
              ✓ verification: web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              [Roll back!]
              > deploy web v1.1.0 to staging
        "#]]);
        t.user("ana").says("status staging").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 2 (v1.1.0, 1232e4c), went live just now
              api: release 1, 1/1 healthy, http://127.0.0.1:7401
              web: release 2, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, on
              > status in staging
        "#]]);
    });
}

#[test]
fn a_dry_run_writes_nothing() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("vera").says("dry run deploy staging ref v1.0.0").await;
        t.bot_says(expect![[r#"
            · Dry run: Deploy v1.0.0 (4b76448) to staging. Nothing was written.
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, v1.0.0 (4b76448)
                web: new, v1.0.0 (4b76448)
                cron: new, v1.0.0 (4b76448)
              risk: low
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
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
              Carried out, it would be refused now: You are a viewer, and deploy on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              > dry run deploy v1.0.0 to staging
        "#]]);
        t.settles().await;
        t.effects(expect![[r#""#]]);
    });
}

#[test]
fn progress_is_seen_while_it_builds() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::builds_in(seconds(90)));
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.ticks().await;
        t.bot_shows(expect![[r#"
            … r-1 · Deploy v1.0.0 (4b76448) to staging · running, 0 ms
              asked by: ana
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, v1.0.0 (4b76448)
                web: new, v1.0.0 (4b76448)
                cron: new, v1.0.0 (4b76448)
              risk: low
              way back: this is the first release here: until it is live, everything it starts is ended again
              ✓ resolve ref: v1.0.0 is 4b76448 (0 ms)
              … preflight: building: $ make (0 ms)
              · reconcile shape: 2 components, 2 addresses
              · reconcile config: variables of api, web, cron
              · migrations: nothing to migrate
              · api and web: started beside what runs, then waited for until healthy
              · cron: schedules run the new code
              · canary: one stage of 100%: all traffic to the new release, read back
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Pause] [Cancel!]
              > deploy v1.0.0 to staging
        "#]]);
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 1 min 30 s"]);
    });
}

#[test]
fn a_deploy_can_wait_for_its_time() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0 in 30 minutes").await;
        t.ticks().await;
        t.bot_shows(expect![[r#"
            … r-1 · Deploy v1.0.0 (4b76448) to staging · starts 2026-11-18 12:30 UTC
              asked by: ana
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, v1.0.0 (4b76448)
                web: new, v1.0.0 (4b76448)
                cron: new, v1.0.0 (4b76448)
              risk: low
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
              · resolve ref: v1.0.0 is 4b76448, Work for v1.0.0
              · preflight: tools, disk and ports are there; 4b76448 builds
              · reconcile shape: 2 components, 2 addresses
              · reconcile config: variables of api, web, cron
              · migrations: nothing to migrate
              · api and web: started beside what runs, then waited for until healthy
              · cron: schedules run the new code
              · canary: one stage of 100%: all traffic to the new release, read back
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Cancel!]
              > deploy v1.0.0 to staging in 30 minutes
        "#]]);
        t.passes(minutes(31)).await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

#[test]
fn a_dry_run_says_what_the_real_one_would_need() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("dry run deploy v1.0.0 to production").await;
        t.bot_says(expect![[r#"
            · Dry run: Deploy v1.0.0 (4b76448) to production. Nothing was written.
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, v1.0.0 (4b76448)
                web: new, v1.0.0 (4b76448)
                cron: new, v1.0.0 (4b76448)
              risk: medium: production
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
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
              It would need approval by one other person (deployer or admin).
              [Do it!]
              > dry run deploy v1.0.0 to production
        "#]]);
        t.user("vera").says("dry run deploy v1.0.0 to production").await;
        t.bot_says(expect![[r#"
            · Dry run: Deploy v1.0.0 (4b76448) to production. Nothing was written.
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, v1.0.0 (4b76448)
                web: new, v1.0.0 (4b76448)
                cron: new, v1.0.0 (4b76448)
              risk: medium: production
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
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
              Carried out, it would be refused now: You are a viewer, and deploy on production needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              > dry run deploy v1.0.0 to production
        "#]]);
        t.effects(expect![[r#""#]]);
    });
}

/// Who waits for nothing is not told that something was built.
#[test]
fn a_build_that_is_there_is_used_again_and_the_card_says_of_when_it_is() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::builds_in(30_000));
        t.deployed("staging", "v1.0.0").await;
        t.passes(hours(2)).await;
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.run(2).events(expect![[r#"
            queued
            running
              resolve ref: started
              resolve ref: done, v1.0.0 is 4b76448
              preflight: started
              preflight: done, ready, the build of 2026-11-18 12:00 UTC is used again
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
              verification: done, api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms
              finalize: started
              finalize: done, recorded
            succeeded
        "#]]).await;
    });
}
