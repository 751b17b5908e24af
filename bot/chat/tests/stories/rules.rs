//! What the policy says, and that it says why.

use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good, hours, minutes};

const WEDNESDAY: &str =
    r#"freeze: [{ name: midweek, reason: the auditors are here, weekly: "Wed 08:00 - Wed 18:00" }]"#;

#[test]
fn a_freeze_names_its_rule_and_its_end() {
    chat_about(&Project::usual().production(WEDNESDAY), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("can I deploy production?").await;
        t.bot_says(expect![[r#"
            ✗ No: Production is frozen until 2026-11-18 18:00 UTC: the auditors are here. Wait, or break the glass with a reason if it cannot wait.
              Earliest: 2026-11-18 18:00 UTC, in 5 h 59 min.
              Because:
                freeze-window: freeze midweek, open until 2026-11-18 18:00 UTC
                production-four-eyes: a production environment, 0 approvals of 1
              > can I deploy production?
        "#]]);
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.whispers("ana", expect![[r#"
            ✗ Production is frozen until 2026-11-18 18:00 UTC: the auditors are here. Wait, or break the glass with a reason if it cannot wait.
              Earliest: 2026-11-18 18:00 UTC.
              Because:
                freeze-window: freeze midweek, open until 2026-11-18 18:00 UTC
                production-four-eyes: a production environment, 0 approvals of 1
              > deploy v1.0.0 to production
        "#]]);
        t.passes(hours(6) + minutes(1)).await;
        t.user("ana").says("can I deploy production?").await;
        t.bot_says(expect![[r#"
            · You can deploy production with approval by one other person (deployer or admin).
              Deploy on production needs a second person. Ask a deployer or an admin to approve.
              Because:
                production-four-eyes: a production environment, 0 approvals of 1
              > can I deploy production?
        "#]]);
    });
}

#[test]
fn frozen_after_it_was_approved() {
    chat_about(
        &Project::usual().production(
            r#"freeze: [{ name: evening, reason: nobody is there, weekly: "Wed 12:30 - Wed 18:00" }]"#,
        ),
        async |t| {
            t.release("v1.0.0", good());
            t.user("ana").says("deploy production ref v1.0.0 in 40 minutes").await;
            t.user("ben").clicks("Approve").await;
            t.passes(minutes(41)).await;
            t.bot_shows(expect![[r#"
                ✗ r-1 · Deploy v1.0.0 (4b76448) to production · not started: refused
                  Production is frozen until 2026-11-18 18:00 UTC: nobody is there. Wait, or break the glass with a reason if it cannot wait.
                  Next: retry r-1
                  asked by: ana
                  approved by: ben
                  [Retry]
                  > deploy v1.0.0 to production in 40 minutes
            "#]]);
        },
    );
}

#[test]
fn so_many_changes_an_hour() {
    chat_about(&Project::usual().staging("runs_per_hour: 2"), async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.passes(minutes(10)).await;
        t.user("ana").says("restart staging").await;
        t.settles().await;
        t.user("ana").says("can I deploy staging?").await;
        t.bot_says(expect![[r#"
            ✗ No: Staging had 2 runs in the last hour and takes 2. Try again at 2026-11-18 13:00 UTC, or break the glass with a reason.
              Earliest: 2026-11-18 13:00 UTC, in 49 min 59 s.
              Because:
                rate-limit: 2 runs in the last hour, limit 2
              > can I deploy staging?
        "#]]);
        t.user("ana").says("restart staging").await;
        t.whispers("ana", expect![[r#"
            ✗ Staging had 2 runs in the last hour and takes 2. Try again at 2026-11-18 13:00 UTC, or break the glass with a reason.
              Earliest: 2026-11-18 13:00 UTC.
              Because:
                rate-limit: 2 runs in the last hour, limit 2
              > restart in staging
        "#]]);
        t.passes(minutes(51)).await;
        t.user("ana").says("restart staging").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-3 · Restart api, web in staging · succeeded in 0 ms"]);
    });
}

#[test]
fn refs_production_does_not_take() {
    chat(async |t| {
        t.world.commit("Half done");
        t.world.branch("try-something");
        t.world.commit("Wild");
        t.user("ana").says("deploy production ref try-something").await;
        t.whispers(
            "ana",
            expect![[r#"
                ✗ Production does not take try-something. It takes main, v*. Merge or tag first, then deploy that.
                  Because:
                    allowed-refs: ref try-something, allowed main, v*
                    production-four-eyes: a production environment, 0 approvals of 1
                  > deploy ref try-something to production
            "#]],
        );
        t.user("ana").says("can I deploy production?").await;
        t.bot_says(expect![[r#"
            · You can deploy production with approval by one other person (deployer or admin).
              Deploy on production needs a second person. Ask a deployer or an admin to approve.
              Because:
                production-four-eyes: a production environment, 0 approvals of 1
              > can I deploy production?
        "#]]);
    });
}

#[test]
fn who_may_what() {
    chat(async |t| {
        for who in ["vera", "ana", "zoe", "mallory"] {
            t.user(who).says("can I deploy production?").await;
            t.user(who).says("whoami").await;
        }
        t.bot_says(expect![[r#"
            ✗ No: You are a viewer, and deploy on production needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits deploy on production
              > can I deploy production?

            · You are vera, a viewer.
              Known as terminal:vera.
              > whoami

            · You can deploy production with approval by one other person (deployer or admin).
              Deploy on production needs a second person. Ask a deployer or an admin to approve.
              Because:
                production-four-eyes: a production environment, 0 approvals of 1
              > can I deploy production?

            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami

            · You can deploy production with approval by one other person (deployer or admin).
              Deploy on production needs a second person. Ask a deployer or an admin to approve.
              Because:
                production-four-eyes: a production environment, 0 approvals of 1
              > can I deploy production?

            · You are zoe, an admin.
              Known as terminal:zoe.
              > whoami

            · I don't know you: terminal:mallory belongs to nobody.
              An admin can change that: infra-chat user add NAME --role deployer --identity terminal:mallory
              > whoami
        "#]]);
        t.whispers("mallory", expect![[r#"
            ✗ You have no role in invoice-perfect yet, and can on production needs a viewer or a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:mallory is nobody we know, no rule permits can on production
              > can I deploy production?
        "#]]);
    });
}

#[test]
fn viewers_change_nothing() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for said in ["deploy staging ref v1.0.0", "lock staging", "restart staging", "rollback staging"] {
            t.user("vera").says(said).await;
        }
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and deploy on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits deploy on staging
              > deploy v1.0.0 to staging

            ✗ You are a viewer, and lock on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits lock on staging
              > lock staging

            ✗ You are a viewer, and restart on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits restart on staging
              > restart in staging

            ✗ You are a viewer, and rollback on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits rollback on staging
              > rollback in staging
        "#]]);
    });
}

#[test]
fn strangers_learn_nothing() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        for said in [
            "status",
            "status r-1",
            "releases staging",
            "logs staging",
            "audit",
            "deploy",
            "deploy staging",
            "approve",
            "cancel r-1",
        ] {
            t.user("mallory").says(said).await;
        }
        t.bot_says(expect![""]);
        t.whispers("mallory", expect![[r#"
            ✗ You have no role in invoice-perfect yet, and status on staging needs a viewer or a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:mallory is nobody we know, no rule permits status on staging
              > status

            ✗ You have no role in invoice-perfect yet, and status on staging needs a viewer or a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:mallory is nobody we know, no rule permits status on staging
              > status r-1

            ✗ You have no role in invoice-perfect yet, and releases on staging needs a viewer or a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:mallory is nobody we know, no rule permits releases on staging
              > releases in staging

            ✗ You have no role in invoice-perfect yet, and logs on staging needs a viewer or a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:mallory is nobody we know, no rule permits logs on staging
              > logs in staging

            ✗ You have no role in invoice-perfect yet, and audit needs a viewer or a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:mallory is nobody we know, no rule permits audit
              > audit

            ✗ I don't know you: terminal:mallory belongs to nobody.
              An admin can change that: infra-chat user add NAME --role deployer --identity terminal:mallory
              > deploy

            ✗ You have no role in invoice-perfect yet, and deploy on staging needs a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:mallory is nobody we know, no rule permits deploy on staging
              > deploy staging

            ✗ I don't know you: terminal:mallory belongs to nobody.
              An admin can change that: infra-chat user add NAME --role deployer --identity terminal:mallory
              > approve

            ✗ You have no role in invoice-perfect yet, and cancel on staging needs a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:mallory is nobody we know, no rule permits cancel on staging
              > cancel r-1
        "#]]);
        t.user("mallory").says("help deploy").await;
        t.bot_says(expect![[r#"
            · Help
              | deploy: Put a ref onto environments, with a plan, a proved way back and, if you like, a canary.
              | Also said as: redeploy, re-deploy, ship, release, push, roll out, rollout.
              | Without a ref, an environment gets the newest code, and production what is proved before it.
              | You see the plan, then how far it is. What never gets healthy is taken back by itself.
              | For example:
              |   deploy staging
              |   deploy api main to staging with canary 10/50/100
              |   dry run deploy staging
              > help deploy
        "#]]);
    });
}

#[test]
fn what_is_asked_about_is_read_like_an_order() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("production", "v1.0.0").await;
        t.user("ana").says("can I scale api to 50 in production?").await;
        t.user("ana").says("can I scale production to 2?").await;
        t.bot_says(expect![[r#"
            ✗ No: Production may run 4 instances of a service and you asked for 50. Ask for fewer, or ask an admin to raise the limit.
              Because:
                budget-replicas: 50 instances asked for, limit 4
                production-four-eyes: a production environment, 0 approvals of 1
              > can I scale api in production?

            · You can scale production with approval by one other person (deployer or admin).
              Scale on production needs a second person. Ask a deployer or an admin to approve.
              Because:
                production-four-eyes: a production environment, 0 approvals of 1
              > can I scale production?
        "#]]);
    });
}

#[test]
fn a_size_the_environment_does_not_take() {
    let project = Project::usual()
        .staging("allowed_sizes: [small, medium], max_replicas: 3")
        .with("start: ./api\n", "start: ./api\n    size: large\n")
        .with("start: ./web\n", "start: ./web\n    size: small\n")
        .with("start: ./cron\n", "start: ./cron\n    limits: { memory_mb: 900 }\n");
    chat_about(&project, async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.whispers("ana", expect![[r#"
            ✗ Staging may not use size large. It may use small, medium. Choose one of these, or ask an admin to allow more.
              Because:
                budget-size: size large, allowed small, medium
              > deploy v1.0.0 to staging
        "#]]);
        t.user("ana").says("can I deploy staging?").await;
        t.bot_says(expect![[r#"
            ✗ No: Staging may not use size large. It may use small, medium. Choose one of these, or ask an admin to allow more.
              Because:
                budget-size: size large, allowed small, medium
              > can I deploy staging?
        "#]]);
        // What fits goes through, and so does production, which takes any size.
        t.user("ana").says("can I deploy web to staging?").await;
        t.user("ana").says("can I deploy cron to staging?").await;
        t.user("ana").says("can I scale staging web to 4?").await;
        t.user("ana").says("can I deploy production?").await;
        t.bot_says(expect![[r#"
            ✓ Yes, you can deploy staging now.
              > can I deploy web in staging?

            ✓ Yes, you can deploy staging now.
              > can I deploy cron in staging?

            ✗ No: Staging may run 3 instances of a service and you asked for 4. Ask for fewer, or ask an admin to raise the limit.
              Because:
                budget-replicas: 4 instances asked for, limit 3
              > can I scale web in staging?

            · You can deploy production with approval by one other person (deployer or admin).
              Deploy on production needs a second person. Ask a deployer or an admin to approve.
              Because:
                production-four-eyes: a production environment, 0 approvals of 1
              > can I deploy production?
        "#]]);
    });
}

#[test]
fn a_service_without_a_limit_is_larger_than_any_size() {
    let project = Project::usual().staging("allowed_sizes: [small, medium, large]");
    chat_about(&project, async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.whispers("ana", expect![[r#"
            ✗ Staging may not use size unlimited. It may use small, medium, large. Choose one of these, or ask an admin to allow more.
              Because:
                budget-size: size unlimited, allowed small, medium, large
              > deploy v1.0.0 to staging
        "#]]);
    });
}

#[test]
fn an_environment_may_leave_more_time() {
    chat_about(&Project::usual().production("approval_minutes: 180"), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.passes(hours(2)).await;
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to production · succeeded in 0 ms"]);
    });
}

/// The rules alone say yes; what there is to do it to has a word in it too.
#[test]
fn what_there_is_nothing_to_do_to_can_not_be_done() {
    chat(async |t| {
        for what in ["rollback production", "restart staging web", "rollback staging"] {
            t.user("ana").says(&format!("can I {what}?")).await;
        }
        t.bot_says(expect![[r#"
            ✗ No: nothing is live in production, so there is nothing to roll back
              Next: deploy production
              > can I rollback production?

            ✗ No: nothing is live in staging, so there is nothing to restart
              Next: deploy staging
              > can I restart web in staging?

            ✗ No: nothing is live in staging, so there is nothing to roll back
              Next: deploy staging
              > can I rollback staging?
        "#]]);
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        // One release has none before it.
        t.user("ana").says("can I rollback staging?").await;
        t.user("ana").says("can I restart staging?").await;
        t.bot_says(expect![[r#"
            ✗ No: staging had no release before 1 that worked
              Next: releases staging
              > can I rollback staging?

            ✓ Yes, you can restart staging now.
              > can I restart staging?
        "#]]);
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.user("ana").says("can I rollback staging?").await;
        t.user("vera").says("can I rollback production?").await;
        t.bot_says(expect![[r#"
            ✓ Yes, you can rollback staging now.
              > can I rollback staging?

            ✗ No: You are a viewer, and rollback on production needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits rollback on production
              > can I rollback production?
        "#]]);
    });
}
