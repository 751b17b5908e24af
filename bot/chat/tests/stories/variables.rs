//! Set variable: asked for, shown, approved where that is needed, and kept in the description.

use expect_test::expect;

use adapters::sim::Behaviour;

use crate::harness::{chat, good};

#[test]
fn a_variable_is_set() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("set COMPANY_NAME to Acme in staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Set COMPANY_NAME of api in staging to `Acme` · succeeded in 0 ms
              asked by: ana
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config; for the deploys after it: set COMPANY_NAME="Invoice Perfect" for api in staging
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ reconcile config: 1 variable for 1 service (0 ms)
              ✓ api: healthy: api 1/1 (0 ms)
              ✓ traffic: api: 100% to release 2 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > set COMPANY_NAME=Acme in staging
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
            1/do    config_put        staging api@2
            2/do    instances_ensure  staging api@2
            3/do    weights_set       staging api @2=100%
            5/do    instances_stop    staging api@1
        "#]]);
        // Said once more, there is nothing to do; what is back is said as it was shown.
        t.user("ana").says("set COMPANY_NAME=Acme in staging").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ COMPANY_NAME is `Acme` for api in staging already.
              Next: status staging
              > set COMPANY_NAME=Acme in staging
        "#]],
        );
        t.user("ana").says("releases staging").await;
        t.bot_says(expect![[r#"
            · Releases of staging
                2: v1.0.0 (4b76448) COMPANY_NAME=Acme for api: live now, went live 2026-11-18 12:00 UTC, made by r-2
                1: v1.0.0 (4b76448) Work for v1.0.0: superseded, went live 2026-11-18 12:00 UTC, made by r-1
              > releases in staging
        "#]]);
    });
}

#[test]
fn what_is_missing_is_asked_for() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("set a variable").await;
        t.user("ana").says("staging").await;
        t.user("ana").says("LOG_LEVEL").await;
        t.user("ana").says("what is that for?").await;
        t.user("ana").says("all the details please").await;
        t.user("ana").says("debug").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ? set-variable where?
                1. staging (where you were last)
                2. production
              2 more after this; then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > set variable

            ? Which variable?
              Its name, like `LOG_LEVEL`.
                1. API_URL
                2. COMPANY_NAME
              One more after this; then it starts, after approval where that is needed.
              [API_URL] [COMPANY_NAME] [Never mind]
              > set variable in staging

            ? Which value?
              One word; several between ticks, like `` `see you soon` ``.
              Then it starts, after approval where that is needed.
              [Never mind]
              > set variable LOG_LEVEL in staging

            ? Still open: Which value?
              It is written as it is said, and can be read by everybody: no place for a secret.
              [Never mind]

            ? «all the details please» is several words, which I can't tell from talk; in ticks I take any. Which value?
              One word; several between ticks, like `` `see you soon` ``.
              Then it starts, after approval where that is needed.
              [Never mind]
              > set variable LOG_LEVEL in staging
        "#]]);
        t.bot_shows(expect![[r#"
            ✓ r-2 · Set LOG_LEVEL of api, web, cron in staging to `debug` · succeeded in 0 ms
              asked by: ana
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config; for the deploys after it: LOG_LEVEL is new for api, web, cron, and stays until a description is imported without it
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ reconcile config: 5 variables for 3 services (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ traffic: api: 100% to release 2, web: 100% to release 2 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > set LOG_LEVEL=debug in staging
        "#]]);
    });
}

#[test]
fn production_asks_a_second_person() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("production", "v1.0.0").await;
        t.user("ana").says("set LOG_LEVEL=debug for api in production").await;
        t.bot_shows(expect![[r#"
            ? r-2 · Set LOG_LEVEL of api in production to `debug` · awaiting approval
              Needs approval by one other person (deployer or admin); open until 2026-11-18 13:00 UTC.
              asked by: ana
              Changes:
                api LOG_LEVEL: new, `debug`
              risk: medium: production
              way back: rollback production goes to release 1 (v1.0.0): traffic, then release, then config; for the deploys after it: LOG_LEVEL is new for api, and stays until a description is imported without it
              Proved:
                release 1 keeps running until the new one is verified
                its build is kept
                it can live with the schema
              · preflight: tools, disk and ports are there; the build is
              · reconcile config: variables of api
              · api: started beside what runs, then waited for until healthy
              · traffic: all of it to the fresh processes, read back
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, release and description recorded
              [Approve!] [Reject]
              > set LOG_LEVEL=debug for api in production
        "#]]);
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Set LOG_LEVEL of api in production to `debug` · succeeded in 0 ms
              asked by: ana
              approved by: ben
              way back: rollback production goes to release 1 (v1.0.0): traffic, then release, then config; for the deploys after it: LOG_LEVEL is new for api, and stays until a description is imported without it
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ reconcile config: 2 variables for 1 service (0 ms)
              ✓ api: healthy: api 2/2 (0 ms)
              ✓ traffic: api: 100% to release 2 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > set LOG_LEVEL=debug for api in production
        "#]]);
    });
}

#[test]
fn a_release_that_does_not_live_with_it_is_taken_back() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.world.behaviour("v1.0.0", Behaviour::never_healthy()).unwrap();
        t.user("ana").says("set COMPANY_NAME=Acme in staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-2 · Set COMPANY_NAME of api in staging to `Acme` · failed after 30 s: unhealthy
              api did not become healthy within 30 s: 503 Service Unavailable
              | started 1 with `./api`
              Next: logs api of r-2
              staging is as it was before.
              asked by: ana
              ↩ preflight: no build is running
              ↩ reconcile config: configuration removed
              ↩ api: new processes ended
              not begun: traffic, verification, finalize
              [Retry]
              > set COMPANY_NAME=Acme in staging
        "#]]);
    });
}

#[test]
fn secrets_are_not_set_in_a_chat() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("set DB_PASSWORD in staging").await;
        t.user("ana").says("set API_URL to ${service.nobody.url} for web in staging").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ DB_PASSWORD is named like a secret, and what is said here stays to be read.
              Next: infra-chat secret set invoice-perfect/staging/DB_PASSWORD
              > set variable DB_PASSWORD in staging

            ✗ There is no service `nobody`; there are `api`, `web`, `cron`.
              Next: set NAME=value in staging
              > set API_URL="${service.nobody.url}" for web in staging
        "#]],
        );
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
