//! Questions about how things stand.

use expect_test::expect;

use adapters::sim::Behaviour;
use engine::ports::{Crashes, InstanceState, Weight};

use crate::harness::{Chat, START_MS, chat, good, hours, minutes, seconds};

#[test]
fn status_of_everything() {
    chat(async |t| {
        t.user("vera").says("status").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              > status in staging

            · production: nothing is deployed
              > status in production
        "#]]);
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.deployed("production", "v1.0.0").await;
        t.passes(hours(3)).await;
        t.user("vera").says("status").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 1 (v1.0.0, 4b76448), went live 3 h ago
              api: release 1, 1/1 healthy, http://127.0.0.1:7401
              web: release 1, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, on
              > status in staging

            ✓ production: release 1 (v1.0.0, 4b76448), went live 3 h ago
              api: release 1, 2/2 healthy, http://127.0.0.1:7501
              web: release 1, 1/1 healthy, http://127.0.0.1:7500
              cron: release 1, at `*/15 * * * *`, on
              > status in production
        "#]]);
        t.user("vera").says("status r-1").await;
        t.bot_says(expect![[r#"
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
    });
}

#[test]
fn status_when_something_is_wrong() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let (staging, api, web) = (t.key("staging"), "api".parse().unwrap(), "web".parse().unwrap());
        t.world.drift(|it| {
            it.instance_state(
                &staging,
                &api,
                1,
                0,
                Some(InstanceState::Unhealthy { last: "503 from /health".to_owned() }),
            );
            it.weights(&staging, &web, &[Weight { release: 1, percent: 0 }]);
        });
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            ✗ staging: release 1 (v1.0.0, 4b76448), went live just now
              api: release 1, 0/1 healthy, http://127.0.0.1:7401, unhealthy: 503 from /health
              web: release 1, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, on
              > status in staging
        "#]]);
    });
}

#[test]
fn a_service_that_keeps_ending_is_told_of_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let (staging, api) = (t.key("staging"), "api".parse().unwrap());
        let ends = |t: &Chat, times, last_ms| {
            let (how, line) = ("exit code 3".to_owned(), "out of luck, token=hunter2secret".to_owned());
            let crashes = Crashes { times, since_ms: START_MS, last_ms, how, line, gave_up: false };
            t.world.drift(|it| assert!(it.instance_crashes(&staging, &api, 1, 0, crashes)));
        };
        // Once is an accident, which the platform has mended; it can be seen.
        ends(t, 1, START_MS);
        t.passes(minutes(1)).await;
        t.looks_after_services().await;
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 1 (v1.0.0, 4b76448), went live 1 min ago
              api: release 1, 1/1 healthy, http://127.0.0.1:7401, ended by itself once 1 min ago with exit code 3: «out of luck, token=[secret value]»
              web: release 1, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, on
              > status in staging
        "#]]);
        ends(t, 3, START_MS + minutes(2));
        t.passes(minutes(1)).await;
        t.looks_after_services().await;
        t.bot_says(expect![[r#"
            ✗ api in staging keeps ending by itself: 3 times since 2026-11-18 12:00 UTC
              Release 1 (r-1), the last time with exit code 3.
              | out of luck, token=[secret value]
              It is started again each time, and this is not said again while that goes on.
              Next: logs api in staging; rollback staging
        "#]]);
        // However often it goes on, also over a start of the program.
        ends(t, 9, START_MS + minutes(30));
        t.passes(minutes(28)).await;
        t.looks_after_services().await;
        t.crash_and_restart().await;
        t.passes(hours(3)).await;
        t.looks_after_services().await;
        t.user("vera").says("status staging").await;
        t.user("vera").says("incidents in staging").await;
        t.user("vera").says("audit staging today").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 1 (v1.0.0, 4b76448), went live 3 h ago
              api: release 1, 1/1 healthy, http://127.0.0.1:7401, ended by itself 9 times since 2026-11-18 12:00 UTC, last 3 h ago with exit code 3: «out of luck, token=[secret value]»
              web: release 1, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, on
              > status in staging

            · Incidents in staging, newest first
                i-1-api 2026-11-18 12:02 UTC api ended by itself 3 times (exit code 3), it is started again each time (r-1)
              Next: incident i-1-api shows its story, with what was measured, decided, changed and logged.
              [Incident i-1-api]
              > incidents in staging

            · The record of staging, newest last
                #2 2026-11-18 12:00 UTC ana run.requested r-1: deploy v1.0.0 to staging
                #3 2026-11-18 12:00 UTC infra-chat run.moved r-1: running
                #24 2026-11-18 12:00 UTC infra-chat run.moved r-1: succeeded
                #26 2026-11-18 12:02 UTC infra-chat service.crash-loop api@1 (r-1): api ended by itself 3 times (exit code 3), it is started again each time
              > audit in staging for the last 1d
        "#]]);
    });
}

#[test]
fn what_ends_while_a_run_changes_it_is_that_runs_concern() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.passes(seconds(10)).await;
        t.release("v1.1.0", Behaviour::builds_in(seconds(90)));
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.ticks().await;
        t.world.behaviour("v1.0.0", Behaviour::crash_loop()).unwrap();
        t.looks_after_services().await;
        t.settles().await;
        t.looks_after_services().await;
        t.bot_says(expect![""]);
        // What is live afterwards is looked after, and of each service it is said.
        t.world.behaviour("v1.1.0", Behaviour::crash_loop()).unwrap();
        t.passes(seconds(5)).await;
        t.looks_after_services().await;
        t.bot_says(expect![[r#"
            ✗ api in staging keeps ending by itself: 5 times since 2026-11-18 12:01 UTC
              Release 2 (r-2), the last time with exit code 1.
              | fatal: cannot start
              It is not started again by itself any more; `restart api in staging` does.
              Next: logs api in staging; rollback staging

            ✗ web in staging keeps ending by itself: 5 times since 2026-11-18 12:01 UTC
              Release 2 (r-2), the last time with exit code 1.
              | fatal: cannot start
              It is not started again by itself any more; `restart web in staging` does.
              Next: logs web in staging; rollback staging
        "#]]);
    });
}

/// Another program has taken the port: told once where people are, also over a restart, and once that it is over.
#[test]
fn a_live_service_that_nobody_reaches_is_told_once_and_so_is_that_it_is_reached_again() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let (staging, web) = (t.key("staging"), "web".parse().unwrap());
        t.looks_after_services().await;
        t.bot_says(expect![""]);
        let why = "The edge can't listen on 127.0.0.1:7400 for `web` of staging: another program has that port; end it.";
        t.world.drift(|it| it.unreached(&staging, &web, Some(why)));
        t.looks_after_services().await;
        t.looks_after_services().await;
        t.crash_and_restart().await;
        t.looks_after_services().await;
        t.bot_says(expect![[r#"
            ✗ Nobody reaches web of staging.
              The edge can't listen on 127.0.0.1:7400 for `web` of staging: another program has that port; end it. It is tried again by itself, and told when it is reached again.
        "#]]);
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            ✗ staging: release 1 (v1.0.0, 4b76448), went live just now
              api: release 1, 1/1 healthy, http://127.0.0.1:7401
              web: release 1, 1/1 healthy, http://127.0.0.1:7400. The edge can't listen on 127.0.0.1:7400 for `web` of staging: another program has that port; end it.
              cron: release 1, at `*/15 * * * *`, on
              > status in staging
        "#]]);
        t.world.drift(|it| it.unreached(&staging, &web, None));
        t.looks_after_services().await;
        t.looks_after_services().await;
        t.bot_says(expect![[r#"
            ✓ The edge listens for web of staging again.
        "#]]);
    });
}

#[test]
fn logs() {
    chat(async |t| {
        t.user("vera").says("logs staging").await;
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let (staging, api) = (t.key("staging"), "api".parse().unwrap());
        t.user("vera").says("logs staging").await;
        t.world.drift(|it| it.log(&staging, &api, 1, "charged 30 EUR with password=hunter2secret"));
        t.user("vera").says("logs api in staging").await;
        t.bot_says(expect![[r#"
            · Logs of staging, newest last
              | 12:00:00 api@1 started 1 with `./api`
              | 12:00:00 web@1 started 1 with `./web`
              > logs in staging

            · Logs of staging, newest last
              | 12:00:00 api@1 started 1 with `./api`
              | 12:00:00 api@1 charged 30 EUR with password=[secret value]
              > logs api in staging
        "#]]);
    });
}

#[test]
fn narrowed_by_words_no_key_holds() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let (staging, api) = (t.key("staging"), "api".parse().unwrap());
        t.world.drift(|it| it.log(&staging, &api, 1, "payment timeout after 30 s"));
        t.user("vera").says("logs api in staging grep timeout").await;
        t.user("vera").says("logs api in staging containing \"connection refused\"").await;
        t.user("vera").says("who approved r-1").await;
        t.user("ana").says("audit me").await;
        t.user("vera").says("audit me").await;
        t.user("vera").says("releases staging since yesterday").await;
        t.bot_says(expect![[r#"
            · Logs of staging, newest last
              | 12:00:00 api@1 payment timeout after 30 s
              Shown is only what holds `timeout`: 1 of 2 lines.
              > logs api in staging

            · No such line in the logs of staging
              Shown is only what holds `connection refused`: 0 of 2 lines.
              > logs api in staging

            · The record says nothing about that time
              Shown is only what is about r-1, of it approvals.
              > audit

            · The record, newest last
                #2 2026-11-18 12:00 UTC ana run.requested r-1: deploy v1.0.0 to staging
              Shown is only what ana did.
              > audit

            · The record says nothing about that time
              Shown is only what vera did.
              > audit

            · Releases of staging
                1: v1.0.0 (4b76448) Work for v1.0.0: live now, went live 2026-11-18 12:00 UTC, made by r-1
              These are the newest, whenever they were made: releases can't be asked for by time.
              > releases in staging
        "#]]);
    });
}

#[test]
fn releases() {
    chat(async |t| {
        t.user("vera").says("releases staging").await;
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.user("vera").says("releases staging").await;
        t.bot_says(expect![[r#"
            · Releases of staging
                2: v1.1.0 (1232e4c) Work for v1.1.0: failed, made by r-2
                1: v1.0.0 (4b76448) Work for v1.0.0: live now, went live 2026-11-18 12:00 UTC, made by r-1
              > releases in staging
        "#]]);
    });
}

#[test]
fn the_record() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("vera").says("approve r-1").await;
        t.user("ben").says("reject r-1 because not today").await;
        t.never_mind_the_rest();
        t.user("vera").says("audit production").await;
        t.bot_says(expect![[r#"
            · The record of production, newest last
                #2 2026-11-18 12:00 UTC ana run.requested r-1: deploy v1.0.0 to production
                #3 2026-11-18 12:00 UTC vera approval.refused r-1: You are a viewer, and approve on production needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
                #4 2026-11-18 12:00 UTC ben run.moved r-1: cancelled, rejected by ben: not today
              > audit in production
        "#]]);
        t.user("vera").says("who deployed production?").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn no_incidents() {
    chat(async |t| {
        t.user("vera").says("incidents staging").await;
        t.bot_says(expect![[r#"
            ✓ No incidents in staging in that time
              > incidents in staging
        "#]]);
    });
}

#[test]
fn help() {
    chat(async |t| {
        t.user("vera").says("help rollback").await;
        t.bot_says(expect![[r#"
            · Help
              | rollback: Go back to a release that worked.
              | Also said as: roll back, roll-back, revert, undo, put back.
              | Traffic goes back first where the release before still runs; deploys that start by themselves are held.
              | For example:
              |   rollback staging
              |   rollback staging to the previous release
              |   rollback staging to v1.2.0
              > help rollback
        "#]]);
        t.user("vera").says("help").await;
        t.never_mind_the_rest();
        t.user("vera").says("make me a sandwich").await;
        t.user("vera").says("deploy the moon").await;
        t.whispers(
            "vera",
            expect![[r#"
                ✗ I read this as something told, not as an order, so I did nothing.
                  [status staging] [help]

                ✗ I don't know `moon`. Environments: staging, production. Services: api, web, cron.
                  [deploy staging] [deploy production]
            "#]],
        );
        t.never_mind_the_rest();
    });
}

#[test]
fn logs_of_a_run_are_that_runs() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✗ r-2 · Deploy v1.1.0 (1232e4c) to staging · failed after 30 s: unhealthy"]);
        t.user("ana").says("logs api of r-2").await;
        t.user("ana").says("logs r-1").await;
        t.bot_says(expect![[r#"
            · Logs of r-2 in staging, kept before it was undone, newest last
              | 2026-11-18 12:00:00.002 api@2 started 1 with `./api`
              > logs api of r-2

            · Logs of staging while r-1 ran (12:00:00 to 12:00:00 UTC), newest last
              | 12:00:00 api@1 started 1 with `./api`
              | 12:00:00 web@1 started 1 with `./web`
              > logs of r-1
        "#]]);
        t.user("ana").says("who deployed staging?").await;
        t.bot_says(expect![[r#"
            · The record of staging, newest last
                #2 2026-11-18 12:00 UTC ana run.requested r-1: deploy v1.0.0 to staging
                #24 2026-11-18 12:00 UTC infra-chat run.moved r-1: succeeded
                #26 2026-11-18 12:00 UTC ana run.requested r-2: deploy v1.1.0 to staging
                #50 2026-11-18 12:00 UTC infra-chat run.moved r-2: failed, api did not become healthy within 30 s: 503 Service Unavailable
              > audit in staging
        "#]]);
    });
}
