//! Deploying.

use expect_test::expect;

use crate::harness::{chat, good};

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
              way back: this is the first release here: until it is live, everything it starts is ended again (proved: nothing runs that could be harmed)
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
              ✓ resolve ref: v1.0.0 is 4b76448 (0 ms)
              ✓ preflight: ready, built in 0 ms (0 ms)
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
              preflight: done, ready, built in 0 ms
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
