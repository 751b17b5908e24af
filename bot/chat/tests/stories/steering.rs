//! Cancel, pause, resume, retry.

use expect_test::expect;

use adapters::sim::Behaviour;

use crate::harness::{chat, good, seconds};

#[test]
fn paused_and_resumed() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::builds_in(seconds(30)));
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.ticks().await;
        t.user("ben").clicks("Pause").await;
        t.bot_says(expect![[r#"
            · r-1 is paused: it finishes the step at hand and then holds.
              > pause r-1
        "#]]);
        t.settles().await;
        t.bot_shows(expect![[r#"
            ? r-1 · Deploy v1.0.0 (4b76448) to staging · paused by ben
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
              ✓ preflight: ready, built in 30.0 s (30 s)
              · reconcile shape: 2 components, 2 addresses
              · reconcile config: variables of api, web, cron
              · migrations: nothing to migrate
              · api and web: started beside what runs, then waited for until healthy
              · cron: schedules run the new code
              · canary: one stage of 100%: all traffic to the new release, read back
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Resume] [Cancel!]
              > deploy v1.0.0 to staging
        "#]]);
        t.user("ben").says("resume").await;
        t.bot_says(expect![[r#"
            · r-1 goes on.
              > resume r-1
        "#]]);
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 30 s"]);
    });
}

#[test]
fn cancelled_while_it_builds() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::builds_in(seconds(30)));
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.ticks().await;
        t.user("ben").says("cancel because the wrong tag").await;
        t.bot_says(expect![[r#"
            · r-1 is being cancelled: what it did is undone, last first.
              > cancel r-1: the wrong tag
        "#]]);
        t.settles().await;
        t.bot_shows(expect![[r#"
            · r-1 · Deploy v1.0.0 (4b76448) to staging · cancelled
              cancelled by ben: the wrong tag
              Next: retry r-1
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
fn cancelled_while_it_starts() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", Behaviour::healthy_after(seconds(20)));
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.ticks().await;
        t.user("ana").clicks("Cancel").await;
        t.never_mind_the_rest();
        t.settles().await;
        t.bot_shows(expect![[r#"
            · r-2 · Deploy v1.1.0 (1232e4c) to staging · cancelled
              cancelled by ana
              Next: retry r-2
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
            ✓ staging: release 1 (v1.0.0, 4b76448), went live just now
              api: release 1, 1/1 healthy, http://127.0.0.1:7401
              web: release 1, 1/1 healthy, http://127.0.0.1:7400
              cron: release 1, at `*/15 * * * *`, on
              > status in staging
        "#]]);
    });
}

#[test]
fn cancelled_before_it_begins() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ana").says("cancel r-1").await;
        t.bot_says(expect![[r#"
            · r-1 is cancelled; it had not begun.
              > cancel r-1
        "#]]);
        t.bot_shows(expect![[r#"
            · r-1 · Deploy v1.0.0 (4b76448) to production · cancelled
              cancelled by ana
              Next: retry r-1
              asked by: ana
              [Retry]
              > deploy v1.0.0 to production
        "#]]);
        t.user("ben").clicks_the_old("Approve").await;
        t.whispers(
            "ben",
            expect![[r#"
                ✗ r-1 was cancelled before anybody decided.
                  Next: status r-1
                  > approve r-1
            "#]],
        );
    });
}

#[test]
fn too_late() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        for said in ["cancel r-1", "pause r-1", "resume r-1"] {
            t.user("ana").says(said).await;
        }
        t.whispers(
            "ana",
            expect![[r#"
                ✗ r-1 is over: it succeeded.
                  Next: status r-1
                  > cancel r-1

                ✗ r-1 is over: it succeeded.
                  Next: status r-1
                  > pause r-1

                ✗ r-1 is over: it succeeded.
                  Next: status r-1
                  > resume r-1
            "#]],
        );
        for said in ["cancel", "pause", "resume", "retry"] {
            t.user("ana").says(said).await;
        }
        t.bot_says(expect![[r#"
            ✗ There is no run to cancel right now.
              The newest, r-1 (deploy v1.0.0 to staging), has succeeded.
              Next: status r-1
              > cancel

            ✗ There is no run to pause right now.
              The newest, r-1 (deploy v1.0.0 to staging), has succeeded.
              Next: status r-1
              > pause

            ✗ There is no run to resume right now.
              The newest, r-1 (deploy v1.0.0 to staging), has succeeded.
              Next: status r-1
              > resume

            ✗ There is no run to retry right now.
              The newest, r-1 (deploy v1.0.0 to staging), has succeeded.
              Next: status r-1
              > retry
        "#]]);
    });
}

#[test]
fn a_failed_run_is_tried_again() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.world.behaviour("v1.0.0", good()).unwrap();
        t.user("ben").says("retry").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms
              asked by: ben
              open: api http://127.0.0.1:7401 · web http://127.0.0.1:7400
              ✓ resolve ref: v1.0.0 is 4b76448 (0 ms)
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 2, web: 100% to release 2 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > deploy v1.0.0 to staging
        "#]]);
        t.bot_shows_run(
            1,
            expect![[r#"
                ✗ r-1 · Deploy v1.0.0 (4b76448) to staging · failed after 30 s: unhealthy
                  api did not become healthy within 30 s: 503 Service Unavailable
                  | started 1 with `./api`
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
            "#]],
        );
    });
}

/// A card says what it failed for while it still goes back.
#[test]
fn a_run_that_is_going_back_is_tried_again_once_it_has() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::builds_in(seconds(30)));
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.ticks().await;
        t.user("ana").says("cancel").await;
        t.never_mind_the_rest();
        t.user("ana").says("retry").await;
        t.user("ana").says("retry r-1").await;
        t.bot_says(expect![[r#"
            ✗ There is no run to retry right now.
              r-1 (deploy v1.0.0 to staging) is going back; it can be tried again once it has.
              Next: retry r-1
              > retry
        "#]]);
        t.whispers(
            "ana",
            expect![[r#"
            ✗ r-1 is going back, and can be tried again once it has.
              Next: retry r-1
              > retry r-1
        "#]],
        );
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ana").says("retry r-1").await;
        t.settles().await;
        assert_eq!(t.runs().await, 2);
    });
}

/// Clicked by two people it is one deploy: nobody approves the same twice.
#[test]
fn a_retry_that_waits_for_its_approval_is_not_made_a_second_time() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ben").says("reject").await;
        t.user("ana").says("retry r-1").await;
        t.never_mind_the_rest();
        t.user("ben").says("retry r-1").await;
        t.bot_says(expect![[r#"
            ? r-2 (deploy v1.0.0 to production) waits for approval already; I made no second one.
              asked by: ana
              asked: just now
              [Approve!] [Another all the same]
              > retry r-1
        "#]]);
        assert_eq!(t.runs().await, 2);
        t.user("ben").clicks("Another all the same").await;
        assert_eq!(t.runs().await, 3);
        t.never_mind_the_rest();
    });
}

#[test]
fn viewers_steer_nothing() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::builds_in(seconds(30)));
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.ticks().await;
        for said in ["cancel", "pause", "retry r-1"] {
            t.user("vera").says(said).await;
        }
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and cancel on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits cancel on staging
              > cancel

            ✗ You are a viewer, and pause on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits pause on staging
              > pause

            ✗ r-1 is running and not over yet.
              Next: status r-1
              > retry r-1
        "#]]);
        t.settles().await;
    });
}

/// A run nobody knows is answered with those that could be meant.
#[test]
fn a_run_that_is_not_there() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0 to production").await;
        t.never_mind_the_rest();
        t.user("ben").says("approve r-9f").await;
        t.user("ben").says("cancel r-77aa").await;
        t.user("sam").says("approve r-9f").await;
        t.whispers(
            "ben",
            expect![[r#"
                ✗ There is no run r-9f.
                  What you can approve:
                    r-1: deploy v1.0.0 to production by ana, awaiting-approval
                  Next: approve r-1
                  > approve r-9f

                ✗ There is no run r-2.
                  What you can cancel:
                    r-1: deploy v1.0.0 to production by ana, awaiting-approval
                  Next: cancel r-1
                  > cancel r-2
            "#]],
        );
        t.whispers(
            "sam",
            expect![[r#"
                ✗ I don't know you: terminal:sam belongs to nobody.
                  An admin can change that: infra-chat user add NAME --role deployer --identity terminal:sam
                  > approve r-9f
            "#]],
        );
        t.user("ana").says("cancel").await;
        t.never_mind_the_rest();
    });
}
