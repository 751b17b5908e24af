//! A canary as people see it: its card while it soaks, what they can do about it, and how it ends.

use adapters::sim::Behaviour;
use expect_test::expect;

use crate::harness::{Chat, Project, chat_about, good};

/// Requests a second to each service.
const TRAFFIC: u32 = 100;

fn judged() -> Project {
    Project::usual()
        .staging("lane_seconds_min: 10, soak_s: 30")
        .production("approvals: 1, lane_seconds_min: 10")
}

/// v1.0.0 is live in staging, and so much traffic comes.
async fn live(t: &mut Chat, traffic: u32) {
    t.release("v1.0.0", good());
    t.deployed("staging", "v1.0.0").await;
    t.world().traffic_set(&t.key("staging"), traffic);
    t.never_mind_the_rest();
}

/// Time passes second by second.
async fn soaks(t: &mut Chat, count: i64) {
    t.ticks().await;
    for _ in 0..count {
        t.second_passes().await;
    }
}

#[test]
fn a_good_release_is_seen_to_go_through_its_stages() {
    chat_about(&judged(), async |t| {
        live(t, TRAFFIC).await;
        t.release("v1.1.0", good());
        t.user("ana").says("deploy v1.1.0 to staging with canary 10/50/100").await;
        t.never_mind_the_rest();
        soaks(t, 15).await;
        t.bot_shows(expect![[r#"
            … r-2 · Deploy v1.1.0 (1232e4c) to staging · running, 11 s
              asked by: ana
              canary: 10% of traffic, stage 1 of 3, 20 s left
              api: ██████████ 100 · canary 0 of 100 failed (0.0%), p95 5 ms; stable 0 of 900 failed (0.0%), p95 5 ms
              web: ██████████ 100 · canary 0 of 100 failed (0.0%), p95 5 ms; stable 0 of 900 failed (0.0%), p95 5 ms
              api: The canary failed 0 of 100 requests (0%), the stable version 0 of 900 requests (0%) in the same seconds: nothing says that it is worse.
              Changes:
                api: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                web: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                cron: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
              risk: low
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              … canary 10%: soaking, 20 s left (11 s)
              · canary 50%: 50% of traffic for 30 s, judged every second against release 1
              · canary 100%: all traffic, watched for 30 s; release 1 stands by
              · cron: schedules run the new code
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Promote!] [Hold] [Roll back!]
              > deploy v1.1.0 to staging with canary 10/50/100
        "#]]);
        t.user("ben").clicks("Hold").await;
        t.bot_says(expect![[r#"
            · r-2 is paused: its canary keeps 10% of traffic and is watched on.
              > pause r-2
        "#]]);
        soaks(t, 60).await;
        t.bot_headlines(expect!["? r-2 · Deploy v1.1.0 (1232e4c) to staging · paused by ben"]);
        t.user("ben").clicks("Resume").await;
        t.user("ana").says("status").await;
        t.never_mind_the_rest();
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 2 min 17 s
              asked by: ana
              open: api http://127.0.0.1:7401 · web http://127.0.0.1:7400
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ canary 10%: soaked 75 s, api failed 0 of 750 requests (stable: 0 of 6750), web failed 0 of 750 requests (stable: 0 of 6750) (1 min 15 s)
              ✓ canary 50%: soaked 30 s, api failed 0 of 1500 requests (stable: 0 of 1500), web failed 0 of 1500 requests (stable: 0 of 1500) (31 s)
              ✓ canary 100%: soaked 30 s, api failed 0 of 3000 requests, web failed 0 of 3000 requests (31 s)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              [Roll back!]
              > deploy v1.1.0 to staging with canary 10/50/100
        "#]]);
        t.run(2).is("succeeded").await;
    });
}

#[test]
fn a_second_deploy_waits_for_the_canary_or_takes_its_place() {
    chat_about(&judged(), async |t| {
        live(t, TRAFFIC).await;
        t.release("v1.1.0", good());
        t.release("v1.2.0", good());
        t.user("ana").says("deploy v1.1.0 to staging with canary 50/100").await;
        soaks(t, 5).await;
        t.never_mind_the_rest();
        t.user("ben").says("deploy v1.2.0 to staging").await;
        soaks(t, 1).await;
        t.bot_shows(expect![[r#"
            … r-3 · Deploy v1.2.0 (fdac9be) to staging · next in line, waits for r-2 in staging
              It waits for the canary of r-2. To start in its place, which takes the canary's traffic back first: rollback r-2
              asked by: ben
              Changes:
                api: v1.0.0 (4b76448) → v1.2.0 (fdac9be)
                web: v1.0.0 (4b76448) → v1.2.0 (fdac9be)
                cron: v1.0.0 (4b76448) → v1.2.0 (fdac9be)
              Commits:
                fdac9be Work for v1.2.0 (Kim)
                1232e4c Work for v1.1.0 (Kim)
              risk: low
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              Proved:
                release 1 keeps running until the new one is verified
                its build is kept
                it can live with the schema
              · resolve ref: v1.2.0 is fdac9be, Work for v1.2.0
              · preflight: tools, disk and ports are there; fdac9be builds
              · reconcile shape: 2 components, 2 addresses
              · reconcile config: variables of api, web, cron
              · migrations: nothing to migrate
              · api and web: started beside what runs, then waited for until healthy
              · cron: schedules run the new code
              · canary: one stage of 100%: all traffic to the new release, read back
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Replace the canary!] [Cancel!]
              > deploy v1.2.0 to staging
        "#]]);
        t.never_mind_the_rest();
        t.user("ben").clicks("Replace the canary").await;
        t.bot_says(expect![[r#"
            · r-2 is rolled back by ben: all traffic goes to the stable release first, then what it brought is ended.
              > rollback in staging
        "#]]);
        t.settles().await;
        t.never_mind_the_rest();
        t.run(2).is("rolled-back").await;
        t.run(3).is("succeeded").await;
    });
}

#[test]
fn a_bad_release_is_taken_back_by_itself() {
    chat_about(&judged(), async |t| {
        live(t, TRAFFIC).await;
        t.release("v1.4.0", Behaviour::fails_requests(20));
        t.user("ana").says("deploy v1.4.0 to staging with canary").await;
        t.never_mind_the_rest();
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-2 · Deploy v1.4.0 (750f22a) to staging · rolled back after 2.9 s
              the canary of api failed at 50% of traffic. The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds; equal versions would get this far apart less than once in 1,125 canaries (limit: 200).
              Next: logs api of r-2
              All traffic in staging is back where it was before.
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              ↩ reconcile shape: nothing to undo
              ↩ reconcile config: configuration removed
              ↩ migrations: nothing to undo
              ↩ api and web: new processes ended
              ↩ canary 50%: api: 100% to release 1, web: 100% to release 1
              not begun: canary 100%, cron, verification, finalize
              [Retry]
              > deploy v1.4.0 to staging with canary
        "#]]);
        t.user("ana").says("incidents staging").await;
        t.bot_says(expect![[r#"
            ✗ r-2 · canary at 50% of traffic: goes back
              the canary of api failed at 50% of traffic. The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds; equal versions would get this far apart less than once in 1,125 canaries (limit: 200).
              50% for 2 s: api canary 21 of 100 failed (21.0%), p95 5 ms, and stable 0 of 100 failed (0.0%), p95 5 ms
              50% for 2 s: web canary 21 of 100 failed (21.0%), p95 5 ms, and stable 0 of 100 failed (0.0%), p95 5 ms

            · Incidents in staging, newest first
                i-2 2026-11-18 12:00 UTC deploy v1.4.0 to staging with canary was taken back: the canary of api failed at 50% of traffic. The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds; equal versions would get this far apart less than once in 1,125 canaries (limit: 200). (r-2)
              Next: incident i-2 shows its story, with what was measured, decided, changed and logged.
              What was taken back is over. What could not be taken back whole is over when `rollback staging` or a deploy of staging succeeds.
              [Incident i-2]
              > incidents in staging
        "#]]);
    });
}

#[test]
fn without_traffic_it_asks_and_a_person_decides() {
    chat_about(&judged(), async |t| {
        live(t, 0).await;
        t.release("v1.1.0", good());
        t.user("ana").says("deploy v1.1.0 to staging with canary 10/50/100").await;
        t.never_mind_the_rest();
        t.settles().await;
        t.bot_shows(expect![[r#"
            ? r-2 · Deploy v1.1.0 (1232e4c) to staging · paused by the judge
              asked by: ana
              canary: 10% of traffic, stage 1 of 3, held
              api: █████░░░░░ 50 · canary no requests; stable no requests
              web: █████░░░░░ 50 · canary no requests; stable no requests
              api: Not enough data: 0 of the 10 lane-seconds a pass needs could be compared (0 canary requests); it takes about 10 more canary requests, and none has come yet. web can't pass yet either.
              Promote it as it is, resume to soak on, or roll back: promote r-2, resume r-2, rollback r-2.
              Changes:
                api: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                web: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                cron: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
              risk: low
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              … canary 10%: held, a person has to say (1 min)
              · canary 50%: 50% of traffic for 30 s, judged every second against release 1
              · canary 100%: all traffic, watched for 30 s; release 1 stands by
              · cron: schedules run the new code
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Promote!] [Resume] [Roll back!]
              > deploy v1.1.0 to staging with canary 10/50/100
        "#]]);
        t.user("vera").says("promote").await;
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and promote on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits promote on staging
              > promote
        "#]]);
        // Where nobody is told of an edit, who asked for it was told that it waits.
        t.never_mind_the_rest();
        t.user("ben").clicks("Promote").await;
        t.bot_says(expect![[r#"
            · r-2 is promoted by ben: its canary moves on to the next stage.
              > promote r-2
        "#]]);
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ana").says("rollback staging because it is late").await;
        t.bot_says(expect![[r#"
            · r-2 is rolled back by ana: all traffic goes to the stable release first, then what it brought is ended.
              > rollback in staging
        "#]]);
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-2 · Deploy v1.1.0 (1232e4c) to staging · rolled back after 2 min 2 s
              rolled back by ana
              Next: retry r-2
              All traffic in staging is back where it was before.
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              ↩ reconcile shape: nothing to undo
              ↩ reconcile config: configuration removed
              ↩ migrations: nothing to undo
              ↩ api and web: new processes ended
              ↩ canary 10%: api: 100% to release 1, web: 100% to release 1
              ↩ canary 50%: api: 100% to release 1, web: 100% to release 1
              not begun: canary 100%, cron, verification, finalize
              [Retry]
              > deploy v1.1.0 to staging with canary 10/50/100
        "#]]);
        t.run(2).is("rolled-back").await;
        t.user("ana").says("rollback staging").await;
        t.bot_says(expect![[r#"
            ? The canary of r-2 went back already: staging is on release 1 (v1.0.0); I went no further back.
              To go back from release 1 (v1.0.0), too: rollback staging again
              [Status]
              > rollback in staging
        "#]]);
        t.user("ana").says("promote").await;
        t.bot_says(expect![[r#"
            ✗ There is no run to promote right now.
              The newest, r-2 (deploy v1.1.0 to staging with canary 10/50/100), was rolled back.
              Next: status r-2
              > promote
        "#]]);
    });
}

#[test]
fn said_under_its_card_it_is_about_that_run() {
    chat_about(&judged(), async |t| {
        live(t, TRAFFIC).await;
        t.release("v1.1.0", good());
        t.user("ana").says("deploy v1.1.0 to staging with canary 50/100 soak 5m").await;
        soaks(t, 3).await;
        t.never_mind_the_rest();
        t.user("ben").says_under(2, "promote").await;
        t.bot_says(expect![[r#"
            · r-2 is promoted by ben: its canary moves on to the next stage.
              > promote r-2
        "#]]);
        soaks(t, 2).await;
        t.never_mind_the_rest();
        t.user("ben").says_under(2, "rollback").await;
        t.bot_says(expect![[r#"
            · r-2 is rolled back by ben: all traffic goes to the stable release first, then what it brought is ended.
              > rollback in staging
        "#]]);
        t.settles().await;
        t.run(2).is("rolled-back").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn what_no_canary_can_go_with_is_refused_with_why() {
    chat_about(&judged(), async |t| {
        live(t, TRAFFIC).await;
        t.migration("0002_drop.sql", "ALTER TABLE invoices DROP COLUMN total");
        t.release("v2.0.0", good());
        for said in [
            "deploy v2.0.0 to staging with canary 10/100",
            "deploy v2.0.0 to staging with canary 10/100 soak 1s",
            "deploy v2.0.0 to staging with canary 100 soak 10m",
        ] {
            t.user("ana").says(said).await;
        }
        t.whispers("ana", expect![[r#"
            ✗ No canary can go with this: the live release serves beside the new one all the while, and it can't live with the schema: migration 0002 drop drops the column total of invoices.
              Next: deploy v2.0.0 to staging without canary
              > deploy v2.0.0 to staging with canary 10/100

            ✗ A stage of a canary soaks for 5 s to 24 h.
              Next: deploy v2.0.0 to staging with canary 10/50/100 soak 10m
              > deploy v2.0.0 to staging with canary 10/100 soak 1s

            ✗ A canary of 100% has no stable release beside it to be judged against.
              Next: deploy v2.0.0 to staging with canary 50/100
              > deploy v2.0.0 to staging with canary 100 soak 10m
        "#]]);
    });
}
