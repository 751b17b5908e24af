//! A deploy to production without a ref: what staging proved, or a question.

use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good, hours};

#[test]
fn production_gets_what_staging_proved() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.user("ana").says("deploy production").await;
        t.bot_shows(expect![[r#"
            ? r-2 · Deploy v1.0.0 (4b76448) to production · awaiting approval
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
              Notes:
                no ref was said: this is what staging proved, its release 1
              · resolve ref: staging's release 1 is 4b76448, Work for v1.0.0
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
              > deploy production
        "#]]);
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_headlines(expect!["✓ r-2 · Deploy v1.0.0 (4b76448) to production · succeeded in 0 ms"]);
    });
}

/// Staging was deployed without a ref; the default branch has moved on since, and production does not follow it.
#[test]
fn the_very_commit_and_not_the_branch() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging").await;
        t.settles().await;
        t.release("v1.1.0", good());
        t.user("ana").says("dry run deploy production").await;
        t.bot_says(expect![[r#"
            · Dry run: Deploy 4b76448 to production. Nothing was written.
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, 4b76448
                web: new, 4b76448
                cron: new, 4b76448
              risk: medium: production
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
              Notes:
                no ref was said: this is what staging proved, its release 1
              Steps:
                 1. resolve ref: staging's release 1 is 4b76448, Work for v1.0.0
                 2. preflight: tools, disk and ports are there; 4b76448 builds
                 3. reconcile shape: 2 components, 2 addresses
                 4. reconcile config: variables of api, web, cron
                 5. migrations: nothing to migrate
                 6. api and web: started beside what runs, then waited for until healthy
                 7. cron: schedules run the new code
                 8. canary: one stage of 100%: all traffic to the new release, read back
                 9. verification: 20 requests through the edge to each service
                10. finalize: old processes drained and ended, the release recorded as live
              It would need approval by one other person (deployer or admin).
              [Do it!]
              > dry run deploy production
        "#]]);
        t.user("ana").says("deploy production").await;
        t.release("v1.2.0", good());
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_headlines(expect!["✓ r-2 · Deploy 4b76448 to production · succeeded in 0 ms"]);
        t.user("ana").says("releases production").await;
        t.bot_says(expect![[r#"
            · Releases of production
                1: 4b76448 Work for v1.0.0: live now, went live 2026-11-18 12:00 UTC, made by r-2
              > releases in production
        "#]]);
    });
}

#[test]
fn nothing_is_proved() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.release("v1.1.0", good());
        t.user("ana").says("deploy production").await;
        t.user("ana").says("not a ref").await;
        t.user("ana").says("-rf").await;
        t.user("ana").clicks("v1.0.0").await;
        t.bot_says(expect![[r#"
            ? Which ref?
              staging runs no release yet, so nothing is proved there.
              A branch, a tag or a commit.
                1. main
                2. v1.1.0
                3. v1.0.0
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [main] [v1.1.0] [v1.0.0] [Never mind]
              > deploy production

            ? «not a ref» is no branch, tag or commit. Which ref?
              staging runs no release yet, so nothing is proved there.
              A branch, a tag or a commit.
                1. main
                2. v1.1.0
                3. v1.0.0
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [main] [v1.1.0] [v1.0.0] [Never mind]
              > deploy production

            ? «-rf» is no branch, tag or commit. Which ref?
              staging runs no release yet, so nothing is proved there.
              A branch, a tag or a commit.
                1. main
                2. v1.1.0
                3. v1.0.0
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [main] [v1.1.0] [v1.0.0] [Never mind]
              > deploy production
        "#]]);
        t.user("ana").says("cancel").await;
        t.bot_says(expect![[r#"
            · r-1 is cancelled; it had not begun.
              > cancel r-1
        "#]]);
        t.settles().await;
    });
}

#[test]
fn staging_is_being_changed() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.user("ana").says("deploy v1.1.0 to staging").await;
        t.user("ben").says("deploy production").await;
        t.bot_says(expect![[r#"
            ? Which ref?
              staging runs release 1 (v1.0.0), and r-2 (deploy v1.1.0 to staging) is not over there.
              A branch, a tag or a commit.
                1. v1.0.0
                2. v1.1.0
                3. main
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [v1.0.0] [v1.1.0] [main] [Never mind]
              > deploy production
        "#]]);
        t.user("ben").says("never mind").await;
        t.settles().await;
        t.never_mind_the_rest();
    });
}

#[test]
fn staging_runs_a_mixture_or_only_a_part_is_meant() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.user("ana").says("deploy api v1.1.0 to staging").await;
        t.settles().await;
        t.user("ana").says("deploy production").await;
        t.bot_says(expect![[r#"
            ? Which ref?
              staging runs a mixture: web, cron of release 1; api of release 2.
              A branch, a tag or a commit.
                1. v1.1.0
                2. main
                3. v1.0.0
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [v1.1.0] [main] [v1.0.0] [Never mind]
              > deploy production
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
        t.user("ana").says("dry run deploy api to production").await;
        t.bot_says(expect![[r#"
            · Dry run: Deploy v1.1.0 (1232e4c) to production. Nothing was written.
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, v1.1.0 (1232e4c)
              risk: medium: production
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
              Notes:
                no ref was said: this is what staging proved, its release 2
              Steps:
                 1. resolve ref: staging's release 2 is 1232e4c, Work for v1.1.0
                 2. preflight: tools, disk and ports are there; 1232e4c builds
                 3. reconcile shape: 2 components, 2 addresses
                 4. reconcile config: variables of api
                 5. migrations: nothing to migrate
                 6. api: started beside what runs, then waited for until healthy
                 7. cron: schedules run the new code
                 8. canary: one stage of 100%: all traffic to the new release, read back
                 9. verification: 20 requests through the edge to each service
                10. finalize: old processes drained and ended, the release recorded as live
              It would need approval by one other person (deployer or admin).
              [Do it!]
              > dry run deploy api to production
        "#]]);
        t.user("ana").says("dry run deploy web to production").await;
        t.bot_says(expect![[r#"
            · Dry run: Deploy v1.0.0 (4b76448) to production. Nothing was written.
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                web: new, v1.0.0 (4b76448)
              risk: medium: production
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
              Notes:
                no ref was said: this is what staging proved, its release 1
              Steps:
                 1. resolve ref: staging's release 1 is 4b76448, Work for v1.0.0
                 2. preflight: tools, disk and ports are there; 4b76448 builds
                 3. reconcile shape: 2 components, 2 addresses
                 4. reconcile config: variables of web
                 5. migrations: nothing to migrate
                 6. web: started beside what runs, then waited for until healthy
                 7. cron: schedules run the new code
                 8. canary: one stage of 100%: all traffic to the new release, read back
                 9. verification: 20 requests through the edge to each service
                10. finalize: old processes drained and ended, the release recorded as live
              It would need approval by one other person (deployer or admin).
              [Do it!]
              > dry run deploy web to production
        "#]]);
    });
}

/// One sentence, two environments: the second gets what the first has proved by then.
#[test]
fn one_after_the_other() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging and production").await;
        t.release("v1.1.0", good());
        t.settles().await;
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_headlines(expect!["✓ r-2 · Deploy 1232e4c to production · succeeded in 0 ms"]);
    });
}

/// The ref the commit came by is what the rules are asked about.
#[test]
fn the_rules_still_hold() {
    chat_about(&Project::usual().production("approvals: 1, allowed_refs: [\"v*\"]"), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging").await;
        t.settles().await;
        t.user("ana").says("can I deploy production?").await;
        t.user("ana").says("deploy production").await;
        t.bot_says(expect![[r#"
            ✗ No: Production does not take main. It takes v*. Merge or tag first, then deploy that.
              Because:
                allowed-refs: ref main, allowed v*
                production-four-eyes: a production environment, 0 approvals of 1
              > can I deploy production?
        "#]]);
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Production does not take main. It takes v*. Merge or tag first, then deploy that.
              Because:
                allowed-refs: ref main, allowed v*
                production-four-eyes: a production environment, 0 approvals of 1
              > deploy production
        "#]],
        );
        t.never_mind_the_rest();
    });
}

/// What waits for its time on staging takes nothing from what is proved there.
#[test]
fn a_run_planned_for_later_leaves_what_is_proved() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("deploy staging ref v1.0.0 in 2 hours").await;
        t.user("ana").says("deploy production").await;
        t.bot_headlines(expect!["? r-3 · Deploy v1.0.0 (4b76448) to production · awaiting approval"]);
        t.user("ben").clicks("Approve").await;
        t.passes(hours(2)).await;
        t.never_mind_the_rest();
    });
}

#[test]
fn an_unknown_ref_is_asked_for_once_more() {
    chat(async |t| {
        t.release("v1.10.0", good());
        t.release("v1.11.0", good());
        t.user("ana").says("deploy production ref v1.10.O with canary 10/50/100 and skip migrations").await;
        t.bot_says(expect![[r#"
            ? Which ref?
              The simulated repository has no branch, tag or commit `v1.10.O`.
              A branch, a tag or a commit.
                1. v1.10.0
                2. v1.11.0
                3. main
              Then it starts, after approval where that is needed.
              [v1.10.0] [v1.11.0] [main] [Never mind]
              > deploy production with canary 10/50/100 and skip migrations
        "#]]);
        t.user("ana").says("v7").await;
        t.bot_says(expect![[r#"
            ? Which ref?
              The simulated repository has no branch, tag or commit `v7`.
              A branch, a tag or a commit.
                1. main
                2. v1.11.0
                3. v1.10.0
              Then it starts, after approval where that is needed.
              [main] [v1.11.0] [v1.10.0] [Never mind]
              > deploy production with canary 10/50/100 and skip migrations
        "#]]);
        t.user("ana").clicks("v1.10.0").await;
        t.never_mind_the_rest();
        t.bot_headlines(expect!["? r-1 · Deploy v1.10.0 (54fa076) to production · awaiting approval"]);
        t.user("ana").says("dry run deploy staging ref v9.9.9").await;
        t.user("ana").says("v1.11.0").await;
        t.bot_says(expect![[r#"
            ? Which ref?
              The simulated repository has no branch, tag or commit `v9.9.9`.
              A branch, a tag or a commit.
                1. main
                2. v1.11.0
                3. v1.10.0
              Then I show the plan, and change nothing.
              [main] [v1.11.0] [v1.10.0] [Never mind]
              > dry run deploy staging

            · Dry run: Deploy v1.11.0 (52d1118) to staging. Nothing was written.
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, v1.11.0 (52d1118)
                web: new, v1.11.0 (52d1118)
                cron: new, v1.11.0 (52d1118)
              risk: low
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
              Steps:
                 1. resolve ref: v1.11.0 is 52d1118, Work for v1.11.0
                 2. preflight: tools, disk and ports are there; 52d1118 builds
                 3. reconcile shape: 2 components, 2 addresses
                 4. reconcile config: variables of api, web, cron
                 5. migrations: nothing to migrate
                 6. api and web: started beside what runs, then waited for until healthy
                 7. cron: schedules run the new code
                 8. canary: one stage of 100%: all traffic to the new release, read back
                 9. verification: 20 requests through the edge to each service
                10. finalize: old processes drained and ended, the release recorded as live
              It would need no approval.
              [Do it!]
              > dry run deploy v1.11.0 to staging
        "#]]);
        t.user("ana").says("cancel r-1").await;
        t.never_mind_the_rest();
    });
}
