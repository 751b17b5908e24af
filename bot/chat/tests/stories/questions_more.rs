//! Answers that say more than was asked for, or something else of the same order: all of it is taken, or nothing.

use expect_test::expect;

use crate::harness::{chat, good};

/// What somebody in a hurry says in one breath is the place and the rest.
#[test]
fn an_answer_with_more_in_it() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.release("v1.2.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("deploy").await;
        t.user("ana").says("actually, stg with v1.2.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-2 · Deploy v1.2.0 (0e17f79) to staging · succeeded in 0 ms"]);
        t.user("ana").says("restart").await;
        t.user("ana").says("staging, web please").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-3 · Restart web in staging · succeeded in 0 ms"]);
        t.user("ana").says("scale staging").await;
        t.user("ana").says("api to 2").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-4 · Scale api in staging to 2 · succeeded in 0 ms"]);
        t.user("ana").says("rollback").await;
        t.user("ana").says("staging to v1.0.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-5 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms"]);
        t.user("ana").says("lock").await;
        t.user("ana").says("staging: looking into it").await;
        t.bot_says(expect![[r#"
            ? Deploy where?
                1. staging (where you were last)
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy

            ? Restart where?
                1. staging (where you were last)
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > restart

            ? How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale in staging

            ? Rollback where?
                1. staging (where you were last)
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > rollback

            ? Lock where?
                1. staging (where you were last)
                2. production
              Then it is done.
              [staging] [production] [Never mind]
              > lock

            ✓ staging is locked by ana: looking into it.
              [Unlock]
              > lock staging: looking into it
        "#]]);
    });
}

/// A lock's end and its reason are no keys of what is asked for, and are taken with it.
#[test]
fn a_lock_with_its_end_and_reason() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("lock").await;
        t.user("ana").says("staging for 2h because of testing").await;
        t.user("ana").says("unlock staging").await;
        t.user("ana").says("lock").await;
        t.user("ana").says("staging, whatever that means").await;
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            ? Lock where?
                1. staging (where you were last)
                2. production
              Then it is done.
              [staging] [production] [Never mind]
              > lock

            ✓ staging is locked by ana until 2026-11-18 14:00 UTC: testing.
              [Unlock]
              > lock staging for 2h: testing

            ✓ staging is unlocked.
              > unlock staging

            ? Lock where?
                1. staging (where you were last)
                2. production
              Then it is done.
              [staging] [production] [Never mind]
              > lock

            ? «staging, whatever that means» is none of the choices. Lock where?
                1. staging (where you were last)
                2. production
              Then it is done.
              [staging] [production] [Never mind]
              > lock

            · Never mind then: `lock` is dropped.
              > lock
        "#]]);
    });
}

/// What is not the answer yet is kept, and the question asked again.
#[test]
fn something_else_of_the_same_order() {
    chat(async |t| {
        t.release("v1.2.0", good());
        t.user("ana").says("deploy").await;
        t.user("ana").says("v1.2.0").await;
        t.user("ana").says("no, web").await;
        t.bot_begins(expect![[r#"
            ? Deploy where?
            ? Deploy where?
            ? Deploy where?
        "#]]);
        t.user("ana").says("dry run staging").await;
        t.bot_says(expect![[r#"
            · Dry run: Deploy v1.2.0 (ddfb690) to staging. Nothing was written.
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                web: new, v1.2.0 (ddfb690)
              risk: low
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
              Steps:
                 1. resolve ref: v1.2.0 is ddfb690, Work for v1.2.0
                 2. preflight: tools, disk and ports are there; ddfb690 builds
                 3. reconcile shape: 2 components, 2 addresses
                 4. reconcile config: variables of web
                 5. migrations: nothing to migrate
                 6. web: started beside what runs, then waited for until healthy
                 7. cron: schedules run the new code
                 8. canary: one stage of 100%: all traffic to the new release, read back
                 9. verification: 20 requests through the edge to each service
                10. finalize: old processes drained and ended, the release recorded as live
              It would need no approval.
              [Do it!]
              > dry run deploy web v1.2.0 to staging

            ? Still open: Deploy where?
              [staging] [production] [Never mind]
        "#]]);
        t.user("ana").says("never mind").await;
    });
}

/// Where a word would be lost, or contradicts what was said, nothing is taken.
#[test]
fn a_word_too_many() {
    chat(async |t| {
        t.release("v1.2.0", good());
        t.user("ana").says("deploy v1.2.0").await;
        for said in [
            "staging v9.9.9",
            "staging is broken",
            "staging, not production",
            "staging or production",
            "staging v1.2.0?",
            "staging for 10 minutes",
            "everywhere",
            "staging with canray 10/50/100",
        ] {
            t.user("ana").says(said).await;
        }
        t.bot_begins(expect![[r#"
            ? Deploy where?
            ? «staging v9.9.9» is none of the choices. Deploy where?
            ? «staging is broken» is none of the choices. Deploy where?
            ? «staging, not production» is none of the choices. Deploy where?
            ? «staging or production» is none of the choices. Deploy where?
            ? «staging v1.2.0?» is none of the choices. Deploy where?
            ? «staging for 10 minutes» is none of the choices. Deploy where?
            ? «everywhere» is none of the choices. Deploy where?
            ? «staging with canray 10/50/100» is none of the choices. Deploy where?
        "#]]);
        t.user("ana").says("never mind").await;
    });
}

/// "so far" without a question says that there is none; what can't be done yet does not claim to mean every environment.
#[test]
fn nothing_is_made_up() {
    chat(async |t| {
        t.user("ana").says("so far").await;
        t.user("ana").says("diagnose").await;
        t.user("ana").says("backfill-stop").await;
        t.bot_says(expect![[r#"
            · No question of yours is open, so nothing is put together.
              [status]

            · I understood «diagnose», but I can't do that yet.
              It would look at services, components and providers in every environment for what is wrong, and change nothing.
              Nothing was done. Until then: `status staging`, `logs staging` and `incidents staging`.
              > diagnose

            ? backfill-stop where?
                1. staging
                2. production
              One more after this; then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > stop backfill
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

/// An answer may say what it counts, and more than was asked for; who asks what a word means is told, and asked on.
#[test]
fn more_than_was_asked_for_and_a_word_that_is_not_known() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("scale api").await;
        t.user("ana").says("what is a canary").await;
        t.user("ana").says("3 replicas in staging").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ? Scale where?
                1. staging (where you were last)
                2. production
              One more after this; then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > scale api

            · Help
              | canary:
              | Traffic moves to the new release in stages, each judged every second against the live one; a release
              | that is worse goes back by itself. Without enough data it holds and asks: `promote`, `resume`, or
              | `rollback`, which always means the last stable release. What a deploy means that says nothing about
              | a canary stands in the environment's policy: `canary: 10/50/100`, `off`, or `ask`, which asks.
              | Health, crashes and critical log lines take it back at once. How much data a pass takes, when a low
              | score asks, and log patterns of your own stand in the policy too (`judging`); plans show what is not
              | as usual.
              | For example:
              |   deploy staging with canary 10/50/100
              |   deploy staging without canary
              |   promote
              > help canary

            ? Still open: Scale where?
              [staging] [production] [Never mind]
        "#]]);
        t.bot_headlines(expect!["✓ r-2 · Scale api in staging to 3 · succeeded in 0 ms"]);
    });
}
