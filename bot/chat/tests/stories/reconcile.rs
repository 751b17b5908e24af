//! What others changed behind the bot's back: shown, and brought back.

use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn drift_is_shown_and_brought_back() {
    chat(async |t| {
        t.user("ana").says("what has drifted in staging?").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Nothing is live in staging, so there is nothing to bring anything back to.
              Next: deploy staging
              > dry run reconcile in staging
        "#]],
        );
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("what has drifted in staging?").await;
        t.bot_says(expect![[r#"
            ✓ Nothing has drifted in staging: all of it is as release 1 has it.
              > dry run reconcile in staging
        "#]]);
        t.world.drift(|drift| {
            let staging = "invoice-perfect/staging".parse().unwrap();
            assert!(drift.replicas(&staging, &"api".parse().unwrap(), 1, 3));
            assert!(drift.schedule_vanish(&staging, &"cron".parse().unwrap()));
        });
        t.user("vera").says("any drift in staging?").await;
        t.bot_says(expect![[r#"
            · Dry run: Bring staging back to release 1 (v1.0.0). Nothing was written.
              Changes:
                api replicas: 3 → 1
                cron schedule: none → `*/15 * * * *` with release 1, on
              risk: low
              way back: what was changed by hand does not come back by itself
              Proved:
                the live release stays
              Notes:
                to keep 3 of api: `scale staging api to 3`
              Steps:
                 1. preflight: the platform is there and ready
                 2. resize: as many processes as were asked for
                 3. traffic: all of it to release 1, read back
                 4. cron: schedules run release 1
                 5. verification: 20 requests through the edge to each service
                 6. finalize: what does not belong there ended, and recorded
              Carried out, it would be refused now: You are a viewer, and reconcile on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              > dry run reconcile in staging
        "#]]);
        t.user("vera").says("reconcile staging").await;
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and reconcile on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits reconcile on staging
              > reconcile in staging
        "#]]);
        t.user("ana").says("reconcile staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Bring staging back to release 1 (v1.0.0) · succeeded in 0 ms
              asked by: ana
              way back: what was changed by hand does not come back by itself
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ resize: healthy: api 1/1 (0 ms)
              ✓ traffic: api: 100% to release 1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > reconcile in staging
        "#]]);
        t.never_mind_the_rest();
        t.user("ana").says("reconcile").await;
        t.user("ana").says("1").await;
        t.bot_says(expect![[r#"
            ? Reconcile where?
                1. staging (where you were last)
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > reconcile

            ✓ Nothing has drifted in staging: all of it is as release 1 has it.
              > reconcile in staging
        "#]]);
    });
}

/// Told by itself once it lasts, and once it is over; never twice, and not while a run is at work there.
#[test]
fn drift_that_lasts_is_told() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.looks_after_services().await;
        let staging = "invoice-perfect/staging".parse().unwrap();
        let api = "api".parse().unwrap();
        t.world.drift(|drift| assert!(drift.replicas(&staging, &api, 1, 3)));
        t.looks_after_services().await;
        t.passes(30_000).await;
        t.looks_after_services().await;
        t.passes(31_000).await;
        t.looks_after_services().await;
        t.bot_says(expect![[r#"
            ✗ staging has drifted: others changed what runs there.
              As it is, and as it should be:
                api replicas: 3 → 1
              Or:
                to keep 3 of api: `scale staging api to 3`
              Next: reconcile staging
              [What it would do] [reconcile staging!]
        "#]]);
        t.passes(60_000).await;
        t.looks_after_services().await;
        t.crash_and_restart().await;
        t.looks_after_services().await;
        t.passes(61_000).await;
        t.looks_after_services().await;
        t.user("ana").says("reconcile staging").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-2 · Bring staging back to release 1 (v1.0.0) · succeeded in 0 ms"]);
        t.looks_after_services().await;
        t.bot_says(expect![[r#"
            ✓ staging is as it should be again.
        "#]]);
        t.never_mind_the_rest();
    });
}
