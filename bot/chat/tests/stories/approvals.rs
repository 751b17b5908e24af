//! Production takes two people.

use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good, minutes};

#[test]
fn a_second_person_approves_production() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.bot_shows(expect![[r#"
            ? r-1 · Deploy v1.0.0 (4b76448) to production · awaiting approval
              Needs approval by one other person (deployer or admin); open until 2026-11-18 13:00 UTC.
              asked by: ana
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
              [Approve!] [Reject]
              > deploy v1.0.0 to production
        "#]]);
        t.settles().await;
        t.user("ben").clicks("Approve").await;
        t.bot_says(expect![[r#"
            · r-1 is approved by ben and goes on.
              > approve r-1
        "#]]);
        t.bot_headlines(expect!["… r-1 · Deploy v1.0.0 (4b76448) to production · queued"]);
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-1 · Deploy v1.0.0 (4b76448) to production · succeeded in 0 ms
              asked by: ana
              approved by: ben
              open: api http://127.0.0.1:7501 · web http://127.0.0.1:7500
              ✓ resolve ref: v1.0.0 is 4b76448 (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 2/2, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 1, web: 100% to release 1 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > deploy v1.0.0 to production
        "#]]);
    });
}

#[test]
fn nobody_approves_their_own() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ana").clicks("Approve").await;
        t.whispers("ana", expect![[r#"
            ✗ You asked for this production run, so somebody else has to approve it. Ask another deployer or an admin.
              Because:
                own-approval: ana asked for this run
              > approve r-1
        "#]]);
        t.run(1).is("awaiting-approval").await;
        t.user("ana").clicks("Reject").await;
        t.bot_says(expect![[r#"
            · r-1 is rejected by ana.
              > reject r-1
        "#]]);
        t.bot_shows(expect![[r#"
            · r-1 · Deploy v1.0.0 (4b76448) to production · cancelled
              rejected by ana
              Next: retry r-1
              asked by: ana
              [Retry]
              > deploy v1.0.0 to production
        "#]]);
    });
}

#[test]
fn strangers_and_viewers_do_not_approve() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("mallory").clicks("Approve").await;
        t.whispers("mallory", expect![[r#"
            ✗ You have no role in invoice-perfect yet, and approve on production needs a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:mallory is nobody we know, no rule permits approve on production
              > approve r-1
        "#]]);
        t.user("vera").clicks("Approve").await;
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and approve on production needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits approve on production
              > approve r-1
        "#]]);
        t.user("vera").says("reject r-1").await;
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and reject on production needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits reject on production
              > reject r-1
        "#]]);
        t.run(1).is("awaiting-approval").await;
        t.user("zoe").says("reject r-1 because not on a Friday").await;
        t.bot_says(expect![[r#"
            · r-1 is rejected by zoe.
              > reject r-1: "not on a Friday"
        "#]]);
        t.bot_shows(expect![[r#"
            · r-1 · Deploy v1.0.0 (4b76448) to production · cancelled
              rejected by zoe: not on a Friday
              Next: retry r-1
              asked by: ana
              [Retry]
              > deploy v1.0.0 to production
        "#]]);
    });
}

#[test]
fn an_approval_runs_out() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.passes(minutes(59)).await;
        t.run(1).is("awaiting-approval").await;
        t.passes(minutes(2)).await;
        t.bot_shows(expect![[r#"
            · r-1 · Deploy v1.0.0 (4b76448) to production · cancelled
              nobody approved it in time
              Next: retry r-1
              asked by: ana
              [Retry]
              > deploy v1.0.0 to production
        "#]]);
        t.user("ben").clicks_the_old("Approve").await;
        t.whispers(
            "ben",
            expect![[r#"
                ✗ The approval of r-1 has expired.
                  Next: retry r-1
                  > approve r-1
            "#]],
        );
        t.user("ana").clicks("Retry").await;
        t.bot_headlines(expect!["? r-2 · Deploy v1.0.0 (4b76448) to production · awaiting approval"]);
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-2 · Deploy v1.0.0 (4b76448) to production · succeeded in 0 ms"]);
    });
}

#[test]
fn a_plan_that_changed_after_approval_is_not_carried_out() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("production", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.user("ana").says("deploy production ref v1.1.0").await;
        let (production, api) = (t.key("production"), "api".parse().unwrap());
        t.world.drift(|it| it.set_vanish(&production, &api, 1));
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_shows(expect![[r#"
            ✗ r-2 · Deploy v1.1.0 (1232e4c) to production · not started: drifted
              things have changed since this was approved, so it was not started
              | was: api: release 1 with 2 replicas
              Next: retry r-2
              asked by: ana
              approved by: ben
              [Retry]
              > deploy v1.1.0 to production
        "#]]);
    });
}

#[test]
fn a_tag_that_moved_after_approval_is_not_deployed() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.world.commit("Something nobody looked at");
        t.world.drift(|it| it.tag_move("v1.0.0", "main")).unwrap();
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-1 · Deploy v1.0.0 (4b76448) to production · not started: drifted
              things have changed since this was approved, so it was not started
              | approved: api: new, v1.0.0 (4b76448)
              | approved: web: new, v1.0.0 (4b76448)
              | approved: cron: new, v1.0.0 (4b76448)
              | would now be: api: new, v1.0.0 (3e17c79)
              | would now be: web: new, v1.0.0 (3e17c79)
              | would now be: cron: new, v1.0.0 (3e17c79)
              Next: retry r-1
              asked by: ana
              approved by: ben
              [Retry]
              > deploy v1.0.0 to production
        "#]]);
    });
}

#[test]
fn approvals_survive_a_crash() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.crash_and_restart().await;
        t.settles().await;
        t.user("ben").clicks("Approve").await;
        t.crash_and_restart().await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to production · succeeded in 0 ms"]);
    });
}

#[test]
fn two_approvals_where_the_environment_asks_for_two() {
    chat_about(&Project::usual().production("approvals: 2"), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.bot_headlines(expect!["? r-1 · Deploy v1.0.0 (4b76448) to production · awaiting approval"]);
        t.user("ben").clicks("Approve").await;
        t.user("ben").clicks("Approve").await;
        t.bot_says(expect![[r#"
            · Your approval of r-1 counts; 1 more approval is needed.
              > approve r-1

            · You have approved r-1 already; 1 more approval is needed.
              > approve r-1
        "#]]);
        t.bot_shows(expect![[r#"
            ? r-1 · Deploy v1.0.0 (4b76448) to production · awaiting approval
              Needs approval by one other person (deployer or admin); open until 2026-11-18 13:00 UTC.
              asked by: ana
              approved by: ben
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
              [Approve!] [Reject]
              > deploy v1.0.0 to production
        "#]]);
        t.user("zoe").clicks("Approve").await;
        t.bot_says(expect![[r#"
            · r-1 is approved by zoe and goes on.
              > approve r-1
        "#]]);
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to production · succeeded in 0 ms"]);
    });
}

#[test]
fn a_team_of_one_looks_twice() {
    chat_about(&Project::usual().production("one_person_team: true"), async |t| {
        t.release("v1.0.0", good());
        t.user("zoe").says("deploy production ref v1.0.0").await;
        t.bot_shows(expect![[r#"
            ? r-1 · Deploy v1.0.0 (4b76448) to production · awaiting approval
              Needs approval by one other person (deployer or admin); open until 2026-11-18 13:00 UTC.
              asked by: zoe
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
              [Approve!] [Reject]
              > deploy v1.0.0 to production
        "#]]);
        t.user("zoe").clicks("Approve").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to production · succeeded in 0 ms"]);
    });
}

#[test]
fn the_glass_can_be_broken_with_a_reason() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0, break glass: down").await;
        t.whispers("ana", expect![[r#"
            ✗ Breaking the glass is recorded, and "down" does not say why. Say it again with a reason of at least 10 characters.
              Because:
                break-glass-reason: reason "down"
                production-four-eyes: a production environment, 0 approvals of 1
              > deploy v1.0.0 to production
        "#]]);
        t.user("ana").says("deploy production ref v1.0.0, break glass: checkout is down since 11:40").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ? r-1 · Deploy v1.0.0 (4b76448) to production · awaiting approval
              Needs approval by one other person (deployer or admin); open until 2026-11-18 13:00 UTC.
              asked by: ana
              glass broken: checkout is down since 11:40
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
              [Approve!] [Reject]
              > deploy v1.0.0 to production, break glass: checkout is down since 11:40
        "#]]);
        t.user("ana").says("audit production").await;
        t.bot_says(expect![[r#"
            · The record of production, newest last
                #2 2026-11-18 12:00 UTC ana run.refused deploy v1.0.0 to production: Breaking the glass is recorded, and "down" does not say why. Say it again with a reason of at least 10 characters.
                #3 2026-11-18 12:00 UTC ana run.requested r-1: deploy v1.0.0 to production · GLASS BROKEN: checkout is down since 11:40
              > audit in production
        "#]]);
    });
}

#[test]
fn twenty_people_at_once_and_one_decision() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        let said: Vec<(&str, String)> = (0..20)
            .map(|at| (["ben", "zoe"][at % 2], ["approve r-1", "reject r-1"][at / 2 % 2].to_owned()))
            .collect();
        t.at_once(&said).await;
        let decided = t.decisions().await;
        assert_eq!(decided, 1, "one decision wins");
        t.never_mind_the_rest();
        t.settles().await;
    });
}

#[test]
fn approving_something_that_needs_none() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ben").says("approve").await;
        t.bot_says(expect![[r#"
            ✗ There is no run to approve right now.
              Next: status
              > approve
        "#]]);
        t.deployed("staging", "v1.0.0").await;
        t.user("ben").says("approve r-1").await;
        t.whispers(
            "ben",
            expect![[r#"
                ✗ r-1 needs no approval.
                  Next: status r-1
                  > approve r-1
            "#]],
        );
        t.user("ben").says("approve r-ffff").await;
        t.whispers(
            "ben",
            expect![[r#"
                ✗ There is no run r-2.
                  Next: status
                  > approve r-2
            "#]],
        );
    });
}

#[test]
fn two_runs_wait_and_the_word_does_not_say_which() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ana").says("restart production").await;
        t.whispers(
            "ana",
            expect![[r#"
                ✗ Nothing is live in production, so there is nothing to restart.
                  Next: deploy production
                  > restart in production
            "#]],
        );
        t.release("v1.1.0", good());
        t.user("zoe").says("deploy production ref v1.1.0").await;
        t.user("ben").says("approve").await;
        t.bot_says(expect![[r#"
            ? Which run do you want to approve?
                r-1: deploy v1.0.0 to production by ana, awaiting-approval
                r-2: deploy v1.1.0 to production by zoe, awaiting-approval
              [approve r-1] [approve r-2]
              > approve
        "#]]);
        t.user("ben").clicks("approve r-2").await;
        t.user("ben").says("reject").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            · r-2 is approved by ben and goes on.
              > approve r-2

            · r-1 is rejected by ben.
              > reject r-1
        "#]]);
        t.bot_shows_run(
            1,
            expect![[r#"
            · r-1 · Deploy v1.0.0 (4b76448) to production · cancelled
              rejected by ben
              Next: retry r-1
              asked by: ana
              [Retry]
              > deploy v1.0.0 to production
        "#]],
        );
        t.bot_shows_run(2, expect![[r#"
            ✓ r-2 · Deploy v1.1.0 (1232e4c) to production · succeeded in 0 ms
              asked by: zoe
              approved by: ben
              open: api http://127.0.0.1:7501 · web http://127.0.0.1:7500
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 2/2, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 1, web: 100% to release 1 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > deploy v1.1.0 to production
        "#]]);
    });
}
