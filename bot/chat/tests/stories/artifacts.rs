//! What a run leaves behind: what services printed, numbers, and the story of an incident; whatever the program went through.

use adapters::sim::{Behaviour, Call, Fault, FaultKind};
use expect_test::expect;

use crate::harness::{Chat, chat, good};

/// v1.0.0 is live in staging, and a release that fails a fifth of its requests is asked for.
async fn a_bad_release_comes(t: &mut Chat) {
    t.release("v1.0.0", good());
    t.deployed("staging", "v1.0.0").await;
    t.release("v1.1.0", Behaviour::fails_requests(20));
    t.user("ana").says("deploy staging ref v1.1.0").await;
}

#[test]
fn an_incident_has_its_story() {
    chat(async |t| {
        a_bad_release_comes(t).await;
        t.settles().await;
        t.artifacts(
            2,
            expect![[r#"
                run.json
                plan.json
                diff.json
                metrics.json
                logs/api.log
                logs/web.log
                observed.json
                incident.md
                manifest.json
            "#]],
        )
        .await;
        t.artifact(2, "incident.md", expect![[r#"
            # i-2: deploy v1.1.0 to staging was taken back: 4 of 20 requests to api/health failed

            **Deploy v1.1.0 (1232e4c) to staging** (r-2) was asked for by ana as `deploy v1.1.0 to staging` and began at 2026-11-18 12:00:00.002 UTC. It ended as rolled-back (verification-failed): 4 of 20 requests to api/health failed. Users' requests could go to it from 2026-11-18 12:00:00.002 UTC, for at most 0.000 s. All that could be undone was undone by 2026-11-18 12:00:00.002 UTC.

            ## Decisions (UTC)

            - 2026-11-18 12:00:00.002 ana: asked for `deploy v1.1.0 to staging`
            - 2026-11-18 12:00:00.002 infra-chat: gave it up (verification-failed): 4 of 20 requests to api/health failed

            ## Timeline (UTC)

            - 2026-11-18 12:00:00.002 **queued**
            - 2026-11-18 12:00:00.002 **running**
            - 2026-11-18 12:00:00.002 resolve ref: begun
            - 2026-11-18 12:00:00.002 resolve ref: done, v1.1.0 is 1232e4c
            - 2026-11-18 12:00:00.002 preflight: begun
            - 2026-11-18 12:00:00.002 preflight: done, ready, built in 0.0 s
            - 2026-11-18 12:00:00.002 reconcile shape: begun
            - 2026-11-18 12:00:00.002 reconcile shape: done, 2 components, 2 addresses
            - 2026-11-18 12:00:00.002 reconcile config: begun
            - 2026-11-18 12:00:00.002 reconcile config: done, 2 variables for 3 services
            - 2026-11-18 12:00:00.002 migrations: begun
            - 2026-11-18 12:00:00.002 migrations: done, nothing to migrate
            - 2026-11-18 12:00:00.002 api and web: begun
            - 2026-11-18 12:00:00.002 api and web: done, healthy: api 1/1, web 1/1
            - 2026-11-18 12:00:00.002 cron: begun
            - 2026-11-18 12:00:00.002 cron: done, cron runs at `*/15 * * * *`
            - 2026-11-18 12:00:00.002 canary: begun
            - 2026-11-18 12:00:00.002 canary: done, api: 100% to release 2, web: 100% to release 2
            - 2026-11-18 12:00:00.002 verification: begun
            - 2026-11-18 12:00:00.002 verification: failed, 4 of 20 requests to api/health failed
            - 2026-11-18 12:00:00.002 **undoing**
            - 2026-11-18 12:00:00.002 canary: undone, api: 100% to release 1, web: 100% to release 1
            - 2026-11-18 12:00:00.002 cron: undone, cron runs at `*/15 * * * *`
            - 2026-11-18 12:00:00.002 api and web: undone, new processes ended
            - 2026-11-18 12:00:00.002 reconcile config: undone, configuration removed
            - 2026-11-18 12:00:00.002 preflight: undone, no build is running
            - 2026-11-18 12:00:00.002 **rolled-back**

            ## What it would have changed: release

            - api: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
            - web: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
            - cron: v1.0.0 (4b76448) → v1.1.0 (1232e4c)

            ## What it would have changed: configuration

            nothing

            ## What it would have changed: migrations

            nothing

            ## Commits since the last good release

            - 1232e4c Work for v1.1.0 (Kim)

            ## Logs

            The last 1 of 1 kept lines of `logs/api.log`:

                2026-11-18 12:00:00.002 api@2 started 1 with `./api`

            The last 1 of 1 kept lines of `logs/web.log`:

                2026-11-18 12:00:00.002 web@2 started 1 with `./web`

            ## The way back

            Planned: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config.
            - release 1 keeps running until the new one is verified
            - its build is kept
            - it can live with the schema
            Taken, last step first:
            - canary: api: 100% to release 1, web: 100% to release 1
            - cron: cron runs at `*/15 * * * *`
            - api and web: new processes ended
            - reconcile config: configuration removed
            - preflight: no build is running

            ## What to do next

            - `logs api of r-2`
            - `status staging` says how things stand now
            - `retry r-2` once the cause is mended
        "#]]).await;
        t.artifact(
            2,
            "metrics.json",
            expect![[r#"
            {
              "run": "r-2",
              "state": "rolled-back",
              "started_ms": 1795003200002,
              "finished_ms": 1795003200002,
              "took_ms": 0,
              "answered": {
                "until_ms": 1795003200002,
                "by": [
                  {
                    "service": "api",
                    "release": 2,
                    "requests": 20,
                    "server_errors": 4
                  }
                ]
              },
              "steps": [
                {
                  "number": 0,
                  "title": "resolve ref",
                  "state": "undone",
                  "started_ms": 1795003200002,
                  "took_ms": 0,
                  "attempts": 0,
                  "answers_lost": 0,
                  "undo_attempts": 0,
                  "measured": {}
                },
                {
                  "number": 1,
                  "title": "preflight",
                  "state": "undone",
                  "started_ms": 1795003200002,
                  "took_ms": 0,
                  "attempts": 1,
                  "answers_lost": 0,
                  "undo_attempts": 0,
                  "measured": {}
                },
                {
                  "number": 2,
                  "title": "reconcile shape",
                  "state": "undone",
                  "started_ms": 1795003200002,
                  "took_ms": 0,
                  "attempts": 0,
                  "answers_lost": 0,
                  "undo_attempts": 0,
                  "measured": {}
                },
                {
                  "number": 3,
                  "title": "reconcile config",
                  "state": "undone",
                  "started_ms": 1795003200002,
                  "took_ms": 0,
                  "attempts": 1,
                  "answers_lost": 0,
                  "undo_attempts": 1,
                  "measured": {}
                },
                {
                  "number": 4,
                  "title": "migrations",
                  "state": "undone",
                  "started_ms": 1795003200002,
                  "took_ms": 0,
                  "attempts": 0,
                  "answers_lost": 0,
                  "undo_attempts": 0,
                  "measured": {}
                },
                {
                  "number": 5,
                  "title": "api and web",
                  "state": "undone",
                  "started_ms": 1795003200002,
                  "took_ms": 0,
                  "attempts": 1,
                  "answers_lost": 0,
                  "undo_attempts": 1,
                  "measured": {}
                },
                {
                  "number": 6,
                  "title": "cron",
                  "state": "undone",
                  "started_ms": 1795003200002,
                  "took_ms": 0,
                  "attempts": 1,
                  "answers_lost": 0,
                  "undo_attempts": 1,
                  "measured": {}
                },
                {
                  "number": 7,
                  "title": "canary",
                  "state": "undone",
                  "started_ms": 1795003200002,
                  "took_ms": 0,
                  "attempts": 1,
                  "answers_lost": 0,
                  "undo_attempts": 1,
                  "measured": {}
                },
                {
                  "number": 8,
                  "title": "verification",
                  "state": "undone",
                  "started_ms": 1795003200002,
                  "took_ms": 0,
                  "attempts": 0,
                  "answers_lost": 0,
                  "undo_attempts": 0,
                  "measured": {
                    "api/health failed": 4,
                    "api/health median_ms": 5,
                    "api/health requests": 20,
                    "api/health slowest_ms": 5
                  }
                }
              ]
            }"#]],
        )
        .await;
        t.manifest_holds(2).await;
        t.never_mind_the_rest();
        t.user("vera").says("incidents").await;
        t.bot_says(expect![[r#"
            · Incidents in staging, newest first
                i-2 2026-11-18 12:00 UTC deploy v1.1.0 to staging was taken back: 4 of 20 requests to api/health failed (r-2)
              Next: incident i-2 shows its story, with what was measured, decided, changed and logged.
              What was taken back is over. What could not be taken back whole is over when `rollback staging` or a deploy of staging succeeds.
              [Incident i-2]
              > incidents in staging

            ✓ No incidents in production in that time
              > incidents in production
        "#]]);
    });
}

#[test]
fn a_crash_anywhere_loses_nothing_of_the_story() {
    chat(async |t| {
        a_bad_release_comes(t).await;
        let kills = t.settles_killed_after_each_commit().await;
        assert!(kills >= 10, "{kills}");
        t.catches_up().await;
        t.artifacts(
            2,
            expect![[r#"
                run.json
                plan.json
                diff.json
                metrics.json
                logs/api.log
                logs/web.log
                observed.json
                incident.md
                manifest.json
            "#]],
        )
        .await;
        t.manifest_holds(2).await;
        t.never_mind_the_rest();
        t.user("vera").says("incidents staging").await;
        t.bot_says(expect![[r#"
            · Incidents in staging, newest first
                i-2 2026-11-18 12:00 UTC deploy v1.1.0 to staging was taken back: 4 of 20 requests to api/health failed (r-2)
              Next: incident i-2 shows its story, with what was measured, decided, changed and logged.
              What was taken back is over. What could not be taken back whole is over when `rollback staging` or a deploy of staging succeeds.
              [Incident i-2]
              > incidents in staging
        "#]]);
        // Once more changes nothing.
        t.catches_up().await;
        t.manifest_holds(2).await;
    });
}

#[test]
fn what_a_release_printed_is_kept_before_it_is_undone() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::crash_loop());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.artifacts(
            1,
            expect![[r#"
                run.json
                plan.json
                diff.json
                metrics.json
                logs/api.log
                logs/web.log
                observed.json
            "#]],
        )
        .await;
        t.artifact(
            1,
            "logs/api.log",
            expect![[r#"
            2026-11-18 12:00:00.001 api@1 started 1 with `./api`
        "#]],
        )
        .await;
        t.never_mind_the_rest();
        t.user("vera").says("incidents").await;
        t.bot_says(expect![[r#"
            ✓ No incidents in staging in that time
              > incidents in staging

            ✓ No incidents in production in that time
              > incidents in production
        "#]]);
    });
}

#[test]
fn a_crash_while_it_is_kept_comes_before_anything_is_undone() {
    chat(async |t| {
        t.world.fault(Fault::of(Call::Logs, FaultKind::CrashBefore).nth(2));
        t.release("v1.0.0", Behaviour::crash_loop());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.bot_headlines(expect![
            "✗ r-1 · Deploy v1.0.0 (4b76448) to staging · failed after 2.0 s: crash-loop"
        ]);
        t.artifact(
            1,
            "logs/api.log",
            expect![[r#"
            2026-11-18 12:00:00.001 api@1 started 1 with `./api`
        "#]],
        )
        .await;
        t.artifact(
            1,
            "logs/web.log",
            expect![[r#"
            2026-11-18 12:00:00.001 web@1 started 1 with `./web`
        "#]],
        )
        .await;
        t.never_mind_the_rest();
    });
}

#[test]
fn what_a_cancelled_run_printed_is_kept_too() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.ticks().await;
        t.user("ana").says("cancel").await;
        t.settles().await;
        t.bot_headlines(expect!["· r-1 · Deploy v1.0.0 (4b76448) to staging · cancelled"]);
        t.artifacts(
            1,
            expect![[r#"
                run.json
                plan.json
                diff.json
                metrics.json
                logs/api.log
                logs/web.log
                observed.json
            "#]],
        )
        .await;
    });
}

#[test]
fn what_a_build_printed_is_kept() {
    chat(async |t| {
        t.release(
            "v1.0.0",
            Behaviour::build_fails(&["error[E0425]: cannot find value", "could not compile"]),
        );
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.artifacts(
            1,
            expect![[r#"
                run.json
                plan.json
                diff.json
                metrics.json
                build.log
                observed.json
            "#]],
        )
        .await;
        t.artifact(
            1,
            "build.log",
            expect![[r#"
            # 4b76448-e16904025285 failed, exit code 1; its last lines:
            error[E0425]: cannot find value
            could not compile
        "#]],
        )
        .await;
    });
}

#[test]
fn logs_that_can_not_be_read_hold_nothing_up() {
    chat(async |t| {
        t.world.fault(Fault::of(Call::Logs, FaultKind::RetryBefore { after_ms: 0 }));
        a_bad_release_comes(t).await;
        t.settles().await;
        t.bot_headlines(expect!["✗ r-2 · Deploy v1.1.0 (1232e4c) to staging · rolled back after 0 ms"]);
        t.artifacts(
            2,
            expect![[r#"
                run.json
                plan.json
                diff.json
                metrics.json
                observed.json
                incident.md
                manifest.json
            "#]],
        )
        .await;
    });
}

#[test]
fn a_secret_a_service_prints_is_in_no_artifact() {
    const KEY: &str = "correct-horse-battery-staple";
    chat(async |t| {
        t.sets_secret("staging", "session-secret", KEY).await.unwrap();
        a_bad_release_comes(t).await;
        let (staging, api) = (t.key("staging"), "api".parse().unwrap());
        t.world.drift(|it| it.log(&staging, &api, 2, &format!("connecting with {KEY}")));
        t.settles().await;
        t.never_mind_the_rest();
        let kept = t.everything_kept(2).await;
        assert!(kept.contains("connecting with") && !kept.contains(KEY), "{kept}");
        t.artifact(
            2,
            "logs/api.log",
            expect![[r#"
            2026-11-18 12:00:00.002 api@2 connecting with [secret session-secret]
            2026-11-18 12:00:00.002 api@2 started 1 with `./api`
        "#]],
        )
        .await;
    });
}
