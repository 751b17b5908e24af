//! Destroying an environment: who may, what ends, what is kept, and what comes after it.

use adapters::sim::{Call, Fault, FaultKind};
use engine::model::Role;
use expect_test::expect;

use crate::world::changes::*;
use crate::world::on_both;

#[test]
fn all_that_runs_is_ended_and_the_description_is_without_it() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", add("redis")).await;
        t.does("ana", "staging", scale(&["api"], 3)).await;
        let plan = t.previews("zoe", "staging", destroy()).await;
        assert_eq!(plan.title, "Destroy staging");
        let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
        expect![[r#"
            api: release 3, 3 processes, goes away
            web: release 3, 1 process, goes away
            cron: release 3 at `*/15 * * * *`, goes away
            postgres: a database, goes away
            redis: a cache, goes away
            staging: in the project's description, goes away"#]]
        .assert_eq(&diff.join("\n"));
        expect![[r#"
            nothing is deleted of what they hold: postgres, redis
            the secrets, releases and record of staging are kept
            a deploy to production that names no ref takes what staging runs now; without staging it takes another's, or the newest"#]]
        .assert_eq(&plan.notes.join("\n"));
        let steps: Vec<String> =
            plan.steps.iter().map(|step| format!("{}: {}", step.title, step.says)).collect();
        expect![[r#"
            end services: no traffic to api, web, cron, then drained and ended
            end postgres: what runs of postgres is ended; what it holds is kept
            end redis: what runs of redis is ended; what it holds is kept
            finalize: shop is described without staging"#]]
        .assert_eq(&steps.join("\n"));
        assert!(plan.destructive && plan.stays && !plan.way_back.proved);

        let refused = t.tries("ana", "staging", destroy()).await.unwrap_err();
        assert_eq!(refused.code(), "not-allowed");
        let run = t.asks("zoe", "staging", destroy()).await;
        assert_eq!(t.state(&run).await, "awaiting-approval");
        // Whoever comes behind it hears that there is nothing to deploy to.
        let behind = t.asks("ana", "staging", deploy("v3")).await;
        t.becomes("ben", Some(Role::Admin)).await;
        t.approves("ben", &run).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        expect![[r#"Reason { code: "not-found", say: "there is no environment shop/staging", next: "status", evidence: [], measured: {} }"#]].assert_eq(&format!("{:?}", t.reason(&behind).await));
    });
}

#[test]
fn it_can_be_made_and_deployed_to_again() {
    on_both(async |t| {
        t.becomes("ben", Some(Role::Admin)).await;
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        let run = t.does("zoe", "staging", destroy()).await;
        expect![[r#"
            awaiting-approval
            queued
            running
              end services …
              end services done: nothing of api, web, cron runs any more
              end postgres …
              end postgres done: postgres is there no more; what it holds is kept
              finalize …
              finalize done: recorded
            succeeded
        "#]]
        .assert_eq(&t.told(&run).await);
        assert_eq!(t.picture("staging").await, "");
        assert_eq!(t.addresses("staging").await, "");
        expect!["nothing live"].assert_eq(&t.desired("staging").await);
        expect!["2 ended, 1 ended"].assert_eq(&t.releases("staging").await);
        let refused = t.tries("ana", "staging", deploy("v2")).await.unwrap_err();
        expect![[r#"NotFound { say: "there is no environment shop/staging", next: "status" }"#]]
            .assert_eq(&format!("{refused:?}"));
        let refused = t.tries("zoe", "staging", destroy()).await.unwrap_err();
        assert_eq!(refused.code(), "not-found");

        // Another of that name goes on with its numbers, and back to none of the releases before.
        t.redescribes(&[]).await.unwrap();
        t.does("ana", "staging", deploy("v3")).await;
        let refused = t.tries("ana", "staging", rollback()).await.unwrap_err();
        expect!["no-way-back: staging had no release before 3 that worked"]
            .assert_eq(&format!("{}: {refused}", refused.code()));
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", rollback()).await;
        expect!["4 failed, 3 live, 2 ended, 1 ended"].assert_eq(&t.releases("staging").await);
    });
}

#[test]
fn production_and_the_last_one_are_kept() {
    on_both(async |t| {
        let refused = t.tries("zoe", "production", destroy()).await.unwrap_err();
        expect!["production-kept: production is marked as production, which is not destroyed by a sentence"]
            .assert_eq(&format!("{}: {refused}", refused.code()));
        t.redescribes(&[("    production: true\n", "")]).await.unwrap();
        t.becomes("ben", Some(Role::Admin)).await;
        t.does("zoe", "production", destroy()).await;
        let refused = t.tries("zoe", "staging", destroy()).await.unwrap_err();
        expect!["environment-needed: staging can't be taken out of the description of shop: it is the only environment shop has"].assert_eq(&format!("{}: {refused}", refused.code()));
    });
}

#[test]
fn what_can_not_be_ended_leaves_it_described_and_is_tried_again() {
    on_both(async |t| {
        t.becomes("ben", Some(Role::Admin)).await;
        t.does("ana", "staging", deploy("v1")).await;
        let before = (t.picture("staging").await, t.addresses("staging").await);
        expect!["api at 127.0.0.1:7401, web at 127.0.0.1:7400"].assert_eq(&before.1);
        t.world.fault(Fault::of(Call::ComponentEnd, FaultKind::FailBefore).nth(1));
        let run = t.orders("zoe", "staging", destroy()).await;
        t.settle_all().await;
        expect!["failed: component-failed"].assert_eq(&t.outcome(&run).await);
        expect![[r#"
            awaiting-approval
            queued
            running
              end services …
              end services done: nothing of api, web, cron runs any more
              end postgres …
              end postgres failed: component-failed
            undoing: component-failed (component_end of staging postgres was refused)
              end postgres undone: what it ended stays ended
              end services undone: what it ended stays ended
            failed: component-failed (component_end of staging postgres was refused)
        "#]]
        .assert_eq(&t.told(&run).await);
        // It is described still, and brought back as it was, or ended by another try.
        t.does("ana", "staging", reconcile()).await;
        assert_eq!((t.picture("staging").await, t.addresses("staging").await), before);
        t.does("zoe", "staging", destroy()).await;
        assert_eq!(t.picture("staging").await, "");
        assert_eq!(t.addresses("staging").await, "");
    });
}

/// What was of it is looked at, and steered, as before; and what keeps it from being read does not keep it from being ended.
#[test]
fn its_runs_secrets_and_locks_outlive_it() {
    on_both(async |t| {
        t.becomes("ben", Some(Role::Admin)).await;
        let first = t.does("ana", "staging", deploy("v1")).await;
        let zoe = t.person("zoe").await;
        let staging = t.environment("staging");
        t.engine().lock(&staging, &zoe, Some("for a while"), None).await.unwrap();
        t.world.fault(Fault::of(Call::Weights, FaultKind::FailBefore));
        let run = t.does("zoe", "staging", destroy()).await;
        t.world.faults_clear();
        for run in [&first, &run] {
            let detail = t.engine().run_look(run, &t.person("vera").await).await.unwrap();
            assert!(detail.run.state.is_over() && detail.opened_at.is_empty());
        }
        let secrets = t.engine().secret_list(&staging, &zoe).await.unwrap();
        assert_eq!(secrets.len(), 1);
        t.redescribes(&[]).await.unwrap();
        // The lock was the other one's.
        t.does("ana", "staging", deploy("v1")).await;
    });
}
