//! What continuous integration says of a commit: told where it can be asked, and in the way where it must pass.

use adapters::sim::{Call, Fault, FaultKind};
use engine::model::Provider;
use engine::ports::CiState;
use expect_test::expect;

use crate::world::changes::*;
use crate::world::{Story, on_both};

const AT_GITHUB: (&str, &str) =
    ("source: { repository: /srv/shop }", "source: { repository: https://github.com/acme/shop }");
const CONNECTED: (&str, &str) = (
    "migrations: { path: migrations, component: postgres }",
    "migrations: { path: migrations, component: postgres }\nconnections: { code: { provider: github, secret: github-token } }",
);
/// Only what passed comes to staging.
pub(crate) const REQUIRED: [(&str, &str); 3] =
    [AT_GITHUB, CONNECTED, ("  staging:\n", "  staging:\n    policy: { requires_ci: true }\n")];

async fn told(t: &Story, change: engine::model::Change) -> Vec<String> {
    t.previews("ana", "staging", change).await.told
}

#[test]
fn only_what_passed_comes_where_it_has_to_pass() {
    on_both(async |t| {
        t.redescribes(&REQUIRED).await.unwrap();
        t.world.ci("v2", CiState::Failing, "failing: build (failure)").unwrap();
        t.world.ci("v3", CiState::Unknown, "unknown: nothing was checked").unwrap();
        let run = t.does("ana", "staging", deploy("v1")).await;
        assert!(t.told(&run).await.contains("is passing, 3 checks\n"), "{}", t.told(&run).await);
        let before = t.picture("staging").await;
        let refused = t.tries("ana", "staging", deploy("v2")).await.unwrap_err();
        assert_eq!(refused.code(), "ci-not-passing");
        expect!["CI of 940e9a2 is failing: build (failure); staging takes only what passed"]
            .assert_eq(&refused.to_string());
        let refused = t.tries("ana", "staging", migrate("v3")).await.unwrap_err();
        expect!["CI of 6fd42c2 is unknown: nothing was checked; staging takes only what passed"]
            .assert_eq(&refused.to_string());
        assert_eq!(t.picture("staging").await, before);

        // It is mended, and comes; and the way back asks nobody.
        t.world.ci("v2", CiState::Passing, "passing, 1 check").unwrap();
        t.does("ana", "staging", deploy("v2")).await;
        t.world.ci("v1", CiState::Failing, "failing: build (failure)").unwrap();
        t.world.fault(Fault::of(Call::OfCommit, FaultKind::FailBefore));
        t.does("ana", "staging", rollback()).await;
        assert!(t.desired("staging").await.starts_with("live @1"));
    });
}

/// What passed when it was planned may fail when it starts.
#[test]
fn it_is_asked_again_before_anything_changes() {
    on_both(async |t| {
        t.redescribes(&REQUIRED).await.unwrap();
        t.does("ana", "staging", deploy("v1")).await;
        let before = t.picture("staging").await;
        let run = t.orders("ana", "staging", deploy("v2")).await;
        t.world.ci("v2", CiState::Failing, "failing: smoke (timed_out)").unwrap();
        t.settle_all().await;
        expect!["failed: ci-not-passing"].assert_eq(&t.outcome(&run).await);
        expect!["CI of 940e9a2 is failing: smoke (timed_out); staging takes only what passed"]
            .assert_eq(&t.reason(&run).await.say);
        assert_eq!(t.picture("staging").await, before);
    });
}

#[test]
fn checks_that_are_not_done_are_waited_for_and_not_for_ever() {
    on_both(async |t| {
        t.redescribes(&REQUIRED).await.unwrap();
        t.world.ci("v1", CiState::Pending, "pending: build (in_progress)").unwrap();
        expect!["CI of 2ddccde is pending: build (in_progress); it is waited for before anything changes"]
            .assert_eq(&told(t, deploy("v1")).await.join("\n"));
        let run = t.orders("ana", "staging", deploy("v1")).await;
        let due_ms = t.settle().await.unwrap();
        assert_eq!(t.state(&run).await, "running");
        expect![[r#"
            queued
            running
              resolve ref …
              resolve ref waits: CI of 2ddccde is pending: build (in_progress)
        "#]]
        .assert_eq(&t.told(&run).await);
        // Killed while it waits, it goes on waiting.
        t.crash_and_restart().await;
        t.passes(due_ms - t.now_ms());
        t.settle().await;
        assert_eq!(t.picture("staging").await, "");
        t.world.ci("v1", CiState::Passing, "passing, 2 checks").unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");

        t.world.ci("v3", CiState::Pending, "pending: build (queued)").unwrap();
        let run = t.orders("ana", "staging", deploy("v3")).await;
        t.settle().await;
        t.world.ci("v3", CiState::Failing, "failing: build (failure)").unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: ci-not-passing");
        expect!["CI of 6fd42c2 is failing: build (failure)"].assert_eq(&t.reason(&run).await.say);

        t.world.ci("v2", CiState::Pending, "pending: build (queued)").unwrap();
        let run = t.orders("ana", "staging", deploy("v2")).await;
        t.settle_all().await;
        expect!["failed: ci-not-passing"].assert_eq(&t.outcome(&run).await);
        let reason = t.reason(&run).await;
        expect!["CI of 940e9a2 is not done after an hour: pending: build (queued): retry"]
            .assert_eq(&format!("{}: {}", reason.say, reason.next));
    });
}

/// What is approved is what is done, whatever became of the checks until then.
#[test]
fn checks_that_are_done_by_the_time_it_is_approved_are_no_other_plan() {
    on_both(async |t| {
        let production = ("policy: { max_replicas: 4 }", "policy: { requires_ci: true }");
        t.redescribes(&[AT_GITHUB, CONNECTED, production]).await.unwrap();
        t.world.ci("v1", CiState::Pending, "pending: build (in_progress)").unwrap();
        let run = t.asks("ana", "production", deploy("v1")).await;
        assert_eq!(t.state(&run).await, "awaiting-approval");
        t.world.ci("v1", CiState::Passing, "passing, 2 checks").unwrap();
        t.approves("ben", &run).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
    });
}

/// Where it need not pass, it is told as far as it is known, and hinders nothing.
#[test]
fn where_it_need_not_pass_it_is_told() {
    on_both(async |t| {
        t.redescribes(&[AT_GITHUB, CONNECTED]).await.unwrap();
        let nothing: [&str; 0] = [];
        assert_eq!(told(t, deploy("v1")).await, nothing, "nobody is asked without a key");
        let staging = t.environment("staging");
        let zoe = t.person("zoe").await;
        t.engine().secret_set(&staging, &"github-token".parse().unwrap(), "gh".into(), &zoe).await.unwrap();
        assert!(
            t.engine()
                .store()
                .connection_list(&staging)
                .await
                .unwrap()
                .iter()
                .any(|it| it.provider == Provider::Github)
        );
        expect!["CI of 2ddccde is passing, 3 checks"].assert_eq(&told(t, deploy("v1")).await.join("\n"));
        t.world.ci("v1", CiState::Unknown, "unknown: nothing was checked").unwrap();
        assert_eq!(told(t, deploy("v1")).await, nothing);
        t.world.ci("v1", CiState::Failing, "failing: build (failure)").unwrap();
        expect!["CI of 2ddccde is failing: build (failure)"]
            .assert_eq(&told(t, deploy("v1")).await.join("\n"));
        t.world.fault(Fault::of(Call::OfCommit, FaultKind::FailBefore));
        expect!["what CI says of 2ddccde is not known: of_commit of staging 2ddccde38773c64b5de892b07cd58171a3ea4360 was refused"].assert_eq(&told(t, deploy("v1")).await.join("\n"));
        t.does("ana", "staging", deploy("v1")).await;
        t.world.faults_clear();
    });
}
