use engine::model::Change;
use engine::store::{Commit, Write};

use crate::world::changes::*;
use crate::world::on_both;

const WEB: &str = r#"  web:
    build: make web
    start: ./web
    health: { path: /health, timeout_s: 20 }
    needs: [api]
"#;
const CRON: &str = r#"  cron:
    start: ./cron
    schedule: "*/15 * * * *"
"#;
const POLICY: &str = "policy: { max_replicas: 4 }";
const STAGING: &str = r#"  staging:
    edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400" }
"#;

#[test]
fn a_deploy_that_names_no_ref_is_held_to_the_allowed_refs_by_the_default_branch() {
    on_both(async |t| {
        t.redescribes(&[(POLICY, "policy: { allowed_refs: [\"v*\"] }")]).await.unwrap();
        let refused = t.tries("ana", "production", deploy_newest()).await.unwrap_err();
        assert_eq!(refused.code(), "not-allowed");
        assert!(refused.to_string().contains("does not take main"), "{refused}");
        t.does("ana", "production", deploy("v1")).await;
        // What is live came in under the rules.
        t.does("ana", "production", Change::Migrate { reference: None }).await;
        t.redescribes(&[("[\"v*\"]", "[\"v*\", main]")]).await.unwrap();
        t.does("ana", "production", deploy_newest()).await;
    });
}

#[test]
fn services_that_left_the_description_go_away_with_the_next_deploy_of_everything() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let edits =
            [(WEB, ""), (CRON, ""), (", web: \"127.0.0.1:7400\"", ""), (", web: \"127.0.0.1:7500\"", "")];
        t.redescribes(&edits).await.unwrap();
        let plan = t.previews("ana", "staging", deploy("v2")).await;
        let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
        for name in ["web", "cron"] {
            let line = diff.iter().find(|line| line.starts_with(name)).unwrap();
            assert!(line.starts_with(&format!("{name}: v1 (")) && line.ends_with("goes away"), "{line}");
        }
        t.does("ana", "staging", deploy("v2")).await;
        let picture = t.picture("staging").await;
        let left: Vec<&str> = picture.lines().filter(|line| !line.contains("config")).collect();
        assert_eq!(left, ["api@2 healthy of 1", "api 100% to @2"]);
        // And they stay away.
        let plan = t.previews("ana", "staging", deploy("v3")).await;
        assert!(plan.diff.iter().all(|line| line.after.is_some()), "{:?}", plan.diff);
    });
}

#[test]
fn a_service_that_left_the_description_comes_back_when_its_last_deploy_fails() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let before = t.picture("staging").await;
        t.redescribes(&[(CRON, "")]).await.unwrap();
        t.world.release("v4", "Errors", adapters::sim::Behaviour::fails_requests(100));
        let run = t.asks("ana", "staging", deploy("v4")).await;
        t.settle_all().await;
        assert_ne!(t.state(&run).await, "succeeded");
        assert_eq!(t.picture("staging").await, before, "{}", t.told(&run).await);
    });
}

#[test]
fn an_environment_with_runs_that_are_not_over_stays_in_the_description() {
    on_both(async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        let refused = t.redescribes(&[(STAGING, "")]).await.unwrap_err();
        assert_eq!((refused.code(), refused.next()), ("environment-busy", format!("cancel {run}").as_str()));
        t.engine().cancel(&run, &t.person("ana").await, None).await.unwrap();
        t.settle_all().await;
        t.redescribes(&[(STAGING, "")]).await.unwrap();
    });
}

#[test]
fn a_run_whose_environment_has_gone_fails_instead_of_waiting_for_ever() {
    on_both(async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        let store = t.engine().store();
        let old = store.project_list().await.unwrap().remove(0);
        let mut project = old.value;
        project.environments.retain(|name, _| name.as_str() != "staging");
        let mut commit = Commit::at(t.now_ms());
        let (revision, at_ms) = (old.revision + 1, t.now_ms());
        commit.writes.push(Write::ProjectPut { project: Box::new(project), revision, at_ms });
        store.commit(commit).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: not-found");
    });
}
