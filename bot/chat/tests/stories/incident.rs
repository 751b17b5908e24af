//! An incident as people look at it: the verdict with its picture, what `incidents` lists, and the story of one.

use adapters::sim::{Behaviour, Call, Fault, FaultKind};
use expect_test::expect;

use crate::harness::{Chat, Project, chat_about, good};

/// Requests a second to each service.
const TRAFFIC: u32 = 100;

fn judged() -> Project {
    Project::usual().staging("lane_seconds_min: 10, soak_s: 30")
}

/// v1.0.0 is live in staging with traffic, and a canary of a release that fails a fifth of its requests is asked for.
async fn a_bad_canary_comes(t: &mut Chat) {
    t.release("v1.0.0", good());
    t.deployed("staging", "v1.0.0").await;
    t.world.traffic_set(&t.key("staging"), TRAFFIC);
    t.release("v1.4.0", Behaviour::fails_requests(20));
    t.never_mind_the_rest();
    t.user("ana").says("deploy v1.4.0 to staging with canary 50/100").await;
    t.never_mind_the_rest();
}

#[test]
fn a_verdict_comes_with_its_picture() {
    chat_about(&judged(), async |t| {
        a_bad_canary_comes(t).await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ✗ r-2 · canary at 50% of traffic: goes back
              the canary of api failed at 50% of traffic. The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds; equal versions would get this far apart less than once in 1,123 canaries (limit: 200).
              50% for 2 s: api canary 21 of 100 failed (21.0%), p95 5 ms, and stable 0 of 100 failed (0.0%), p95 5 ms
              50% for 2 s: web canary 21 of 100 failed (21.0%), p95 5 ms, and stable 0 of 100 failed (0.0%), p95 5 ms
        "#]]);
        t.never_mind_the_rest();
    });
}

#[test]
fn its_story_is_asked_for_by_its_name() {
    chat_about(&judged(), async |t| {
        a_bad_canary_comes(t).await;
        t.settles().await;
        t.never_mind_the_rest();
        t.user("vera").says("show me the incident bundle of i-2").await;
        t.bot_says(expect![[r#"
            · i-2: deploy v1.4.0 to staging with canary 50/100 was taken back: the canary of api failed at 50% of traffic. The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds; equal versions would get this far apart less than once in 1,123 canaries (limit: 200).
              | **Deploy v1.4.0 (750f22a) to staging** (r-2) was asked for by ana as `deploy v1.4.0 to staging with canary 50/100` and began at 2026-11-18 12:00:00.002 UTC. It ended as rolled-back (canary-failed): the canary of api failed at 50% of traffic. The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds; equal versions would get this far apart less than once in 1,123 canaries (limit: 200). In all of its last stage (50% of traffic, 2 s): api canary 21 of 100 failed (21.0%), p95 5 ms, and stable 0 of 100 failed (0.0%), p95 5 ms; web canary 21 of 100 failed (21.0%), p95 5 ms, and stable 0 of 100 failed (0.0%), p95 5 ms. Users' requests could go to it from 2026-11-18 12:00:00.002 UTC, for at most 2.998 s. All that could be undone was undone by 2026-11-18 12:00:03.000 UTC.
              | 
              | ## What both versions did
              | 
              | ![Failed requests and latency over the stages](chart.svg)
              | 
              | | stage | service | canary | stable | score | verdict |
              | |---|---|---|---|---|---|
              | | 50%, 2 s | api | 21 of 100 failed (21.0%), p95 5 ms | 0 of 100 failed (0.0%), p95 5 ms | 0 | fail |
              | | 50%, 2 s | web | 21 of 100 failed (21.0%), p95 5 ms | 0 of 100 failed (0.0%), p95 5 ms | 0 | fail |
              | 
              | ## Decisions (UTC)
              | 
              | - 2026-11-18 12:00:00.002 ana: asked for `deploy v1.4.0 to staging with canary 50/100`
              | - 2026-11-18 12:00:03.000 the judge: stage 1 of 2 (50% of traffic): **fail**. The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds; equal versions would get this far apart less than once in 1,123 canaries (limit: 200).
              |   - api, 2 s, score 0: canary 21 of 100 failed, p95 5 ms; stable 0 of 100 failed, p95 5 ms
              |   - web, 2 s, score 0: canary 21 of 100 failed, p95 5 ms; stable 0 of 100 failed, p95 5 ms
              | - 2026-11-18 12:00:03.000 infra-chat: gave it up (canary-failed): the canary of api failed at 50% of traffic.
              | 
              | ## Timeline (UTC)
              | 
              | - 2026-11-18 12:00:00.002 **queued**
              | - 2026-11-18 12:00:00.002 **running**
              | - 2026-11-18 12:00:00.002 resolve ref: begun
              | - 2026-11-18 12:00:00.002 resolve ref: done, v1.4.0 is 750f22a
              | - 2026-11-18 12:00:00.002 preflight: begun
              | - 2026-11-18 12:00:00.002 preflight: done, ready, built in 0.0 s
              | - 2026-11-18 12:00:00.002 reconcile shape: begun
              | - 2026-11-18 12:00:00.002 reconcile shape: done, 2 components, 2 addresses
              | - 2026-11-18 12:00:00.002 reconcile config: begun
              | - 2026-11-18 12:00:00.002 reconcile config: done, 2 variables for 3 services
              | - 2026-11-18 12:00:00.002 migrations: begun
              | - 2026-11-18 12:00:00.002 migrations: done, nothing to migrate
              | - 2026-11-18 12:00:00.002 api and web: begun
              | - 2026-11-18 12:00:00.002 api and web: done, healthy: api 1/1, web 1/1
              | - 2026-11-18 12:00:00.002 canary 50%: begun
              | - 2026-11-18 12:00:00.002 canary 50%: soaking, 30 s left
              | - 2026-11-18 12:00:03.000 canary 50%: failed, the canary of api failed at 50% of traffic. The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds; equal versions would get this far apart less than once in 1,123 canaries (limit: 200).
              | - 2026-11-18 12:00:03.000 **undoing**
              | - 2026-11-18 12:00:03.000 canary 50%: undone, api: 100% to release 1, web: 100% to release 1
              | - 2026-11-18 12:00:03.000 api and web: undone, new processes ended
              | - 2026-11-18 12:00:03.000 reconcile config: undone, configuration removed
              | - 2026-11-18 12:00:03.000 preflight: undone, no build is running
              | - 2026-11-18 12:00:03.000 **rolled-back**
              | 
              | ## What it would have changed: release
              | 
              | - api: v1.0.0 (4b76448) → v1.4.0 (750f22a)
              | - web: v1.0.0 (4b76448) → v1.4.0 (750f22a)
              | - cron: v1.0.0 (4b76448) → v1.4.0 (750f22a)
              | 
              | ## What it would have changed: configuration
              | 
              | nothing
              | 
              | ## What it would have changed: migrations
              | 
              | nothing
              | 
              | ## Commits since the last good release
              | 
              | - 750f22a Work for v1.4.0 (Kim)
              | 
              | ## Logs
              | 
              | The last 1 of 1 kept lines of `logs/api.log`:
              | 
              |     2026-11-18 12:00:00.002 api@2 started 1 with `./api`
              | 
              | The last 1 of 1 kept lines of `logs/web.log`:
              | 
              |     2026-11-18 12:00:00.002 web@2 started 1 with `./web`
              | 
              | ## The way back
              | 
              | Planned: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config.
              | - release 1 keeps running until the new one is verified
              | - its build is kept
              | - it can live with the schema
              | Taken, last step first:
              | - canary 50%: api: 100% to release 1, web: 100% to release 1
              | - api and web: new processes ended
              | - reconcile config: configuration removed
              | - preflight: no build is running
              | 
              | ## What to do next
              | 
              | - `logs api of r-2`
              | - `status staging` says how things stand now
              | - `retry r-2` once the cause is mended
              All 24 files, to take along: infra-chat incident export i-2
              > incident i-2
        "#]]);
        t.user("vera").says("incident i-ffff").await;
        t.whispers(
            "vera",
            expect![[r#"
            ✗ There is no incident i-3.
              Next: incidents
        "#]],
        );
    });
}

/// What was seen is kept before the first thing is taken away, and once.
#[test]
fn killed_between_what_is_kept_and_what_is_undone_it_has_all_of_it() {
    chat_about(&judged(), async |t| {
        a_bad_canary_comes(t).await;
        t.world.fault(Fault::of(Call::InstancesStop, FaultKind::CrashBefore).nth(1));
        t.settles().await;
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
            chart.svg
            incident.md
            manifest.json
        "#]],
        )
        .await;
        t.manifest_holds(2).await;
        let kept = t.everything_kept(2).await;
        // The processes of both versions were still there when it was kept.
        assert!(kept.contains("started 1 with"), "{kept}");
        t.run(2).is("rolled-back").await;
        t.never_mind_the_rest();
    });
}
