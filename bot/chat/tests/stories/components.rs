//! Components added and removed: asked for, shown, retyped, approved, and kept in the description.

use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn a_component_is_removed_and_added_again() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("zoe").says("Remove Redis from staging.").await;
        // A yes is no name, and another name is another thing.
        t.user("zoe").says("yes").await;
        t.user("zoe").says("storage").await;
        t.user("zoe").says("redis").await;
        t.bot_says(expect![[r#"
            ? Really redis? To be sure, what is its name?
              Then it starts, after approval where that is needed.
              [Never mind]
              > remove redis from staging

            ? «yes» is a yes, and not what is asked for. Really redis? To be sure, what is its name?
              Then it starts, after approval where that is needed.
              [Never mind]
              > remove redis from staging

            ? «storage» is not `redis`, so nothing is done. Really redis? To be sure, what is its name?
              Then it starts, after approval where that is needed.
              [Never mind]
              > remove redis from staging
        "#]]);
        t.user("ben").says("approve r-2").await;
        t.whispers(
            "ben",
            expect![[r#"
            ✗ Your approval of r-2 does not count: you are deployer, and the rules here ask for admin.
              Next: ask somebody else (admin) to say `approve r-2`
              > approve r-2
        "#]],
        );
        t.user("zoe").says("approve r-2").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            · r-2 is approved by zoe and goes on.
              > approve r-2
        "#]]);
        t.bot_shows(expect![[r#"
            ✓ r-2 · Remove redis from staging · succeeded in 0 ms
              asked by: zoe
              approved by: zoe
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config; for the deploys after it: add redis to staging
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ traffic: api: 100% to release 2, web: 100% to release 2 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ end component: redis is there no more; what it holds is kept (0 ms)
              ✓ finalize: recorded (0 ms)
              > remove redis from staging
        "#]]);
        t.user("ana").says("add redis to staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-3 · Add redis to staging · succeeded in 0 ms
              asked by: ana
              way back: rollback staging goes to release 2 (v1.0.0): traffic, then release, then config; for the deploys after it: remove redis from staging
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ reconcile shape: redis is there (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ traffic: api: 100% to release 3, web: 100% to release 3 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > add redis to staging
        "#]]);
        t.user("zoe").says("remove postgres from staging").await;
        t.whispers(
            "zoe",
            expect![[r#"
            ✗ Postgres can't be taken from staging: the migrations change it.
              Next: change that in the project's file first, and import it
              > remove postgres from staging
        "#]],
        );
    });
}

#[test]
fn a_component_is_added() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("Add Redis to staging.").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Staging has redis already, a cache.
              Next: status staging
              > add redis to staging
        "#]],
        );
        t.user("ana").says("add a component to staging").await;
        t.user("ana").says("storage").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ? Which component?
                1. storage
              Then it starts, after approval where that is needed.
              [storage] [Never mind]
              > add to staging
        "#]]);
        t.bot_shows(expect![[r#"
            ✓ r-2 · Add storage to staging · succeeded in 0 ms
              asked by: ana
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config; for the deploys after it: remove storage from staging
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ reconcile shape: storage is there (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ traffic: api: 100% to release 2, web: 100% to release 2 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > add storage to staging
        "#]]);
        t.user("vera").says("add storage to staging").await;
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and add component on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits add component on staging
              > add storage to staging
        "#]]);
    });
}
