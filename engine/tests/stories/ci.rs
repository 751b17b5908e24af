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
        assert_eq!(told(t, deploy("v1")).await, ["CI of 2ddccde is passing, 3 checks"]);
        t.does("ana", "staging", deploy("v1")).await;
        let before = t.picture("staging").await;
        let refused = t.tries("ana", "staging", deploy("v2")).await.unwrap_err();
        assert_eq!(refused.code(), "ci-not-passing");
        expect!["CI of 940e9a2 is failing: build (failure); staging takes only what passed, so say it again once it does"]
            .assert_eq(&refused.to_string());
        let refused = t.tries("ana", "staging", migrate("v3")).await.unwrap_err();
        expect!["CI of 6fd42c2 is unknown: nothing was checked; staging takes only what passed, so say it again once it does"]
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
        expect!["CI of 940e9a2 is failing: smoke (timed_out); staging takes only what passed, so say it again once it does"]
            .assert_eq(&t.reason(&run).await.say);
        assert_eq!(t.picture("staging").await, before);
    });
}

/// Who can't be asked says nothing, so nothing comes; and nobody behind it in the line waits for that.
#[test]
fn what_is_not_known_does_not_come() {
    on_both(async |t| {
        t.redescribes(&REQUIRED).await.unwrap();
        t.does("ana", "staging", deploy("v1")).await;
        let away = Fault::of(Call::OfCommit, FaultKind::RetryBefore { after_ms: 60_000 });
        t.world.fault(away.clone());
        let refused = t.tries("ana", "staging", deploy("v2")).await.unwrap_err();
        expect!["ci-not-passing: what CI says of 940e9a2 is not known: of_commit of staging 940e9a29e57d3c321c07f82f29197b036c06b09a: the other side is busy; staging takes only what passed, so say it again once it does"].assert_eq(&format!("{}: {refused}", refused.code()));
        t.world.faults_clear();
        t.world.ci("v2", CiState::Pending, "pending: build (in_progress)").unwrap();
        let refused = t.tries("ana", "staging", deploy("v2")).await.unwrap_err();
        expect!["CI of 940e9a2 is pending: build (in_progress); staging takes only what passed, so say it again once it does"].assert_eq(&refused.to_string());

        let run = t.orders("ana", "staging", deploy("v3")).await;
        let behind = t.orders("ben", "staging", scale(&["api"], 2)).await;
        t.world.fault(away);
        t.settle_all().await;
        t.world.faults_clear();
        assert_eq!(t.outcome(&run).await, "failed: ci-not-passing");
        assert_eq!(t.outcome(&behind).await, "succeeded");
    });
}

/// What is approved is what is done, whatever else was checked until then.
#[test]
fn more_checks_by_the_time_it_is_approved_are_no_other_plan() {
    on_both(async |t| {
        let production = ("policy: { max_replicas: 4 }", "policy: { requires_ci: true }");
        t.redescribes(&[AT_GITHUB, CONNECTED, production]).await.unwrap();
        t.world.ci("v1", CiState::Passing, "passing, 1 check").unwrap();
        let run = t.asks("ana", "production", deploy("v1")).await;
        assert_eq!(t.state(&run).await, "awaiting-approval");
        t.world.ci("v1", CiState::Passing, "passing, 2 checks").unwrap();
        t.approves("ben", &run).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);

        let run = t.asks("ana", "production", deploy("v2")).await;
        t.world.ci("v2", CiState::Failing, "failing: smoke (failure)").unwrap();
        t.approves("ben", &run).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: ci-not-passing");
    });
}

/// A service of another repository waits for the checks of that one; the project's count where its migrations come along.
#[test]
fn each_repository_that_something_comes_of_has_to_pass() {
    on_both(async |t| {
        let web = ("  web:\n", "  web:\n    source: { repository: https://github.com/acme/web }\n");
        t.redescribes(&[&REQUIRED[..], &[web]].concat()).await.unwrap();
        let other = t.world.release_in("https://github.com/acme/web", "v1", "Web for v1");
        t.world.ci_of(&other, CiState::Failing, "failing: e2e (failure)");
        let refused = t.tries("ana", "staging", deploy("v1")).await.unwrap_err();
        expect!["CI of 2ad1374 is failing: e2e (failure); staging takes only what passed, so say it again once it does"].assert_eq(&refused.to_string());
        t.does("ana", "staging", deploy_only(&["api"], "v1")).await;
        t.world.ci_of(&other, CiState::Passing, "passing, 1 check");
        t.does("ana", "staging", deploy("v1")).await;
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
