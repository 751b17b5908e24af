use adapters::sim::Behaviour;
use engine::model::Change;
use engine::step::StepKind;
use engine::store::{Commit, Write};

use crate::world::changes::*;
use crate::world::{Story, on_both, service};

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

#[test]
fn a_ref_is_looked_up_in_the_repository_a_service_has_of_its_own() {
    on_both(async |t| {
        let ours = t.world.release("v4", "Ours", Behaviour::default());
        let site = t.world.release_in("/srv/site", "v4", "The site");
        let docs = t.world.release_in("/srv/docs", "v4", "The docs");
        assert!(ours != site && site != docs);
        t.redescribes(&[
            ("    build: make web\n", "    build: make web\n    source: { repository: /srv/site }\n"),
            ("    start: ./cron\n", "    start: ./cron\n    source: { repository: /srv/docs }\n"),
        ])
        .await
        .unwrap();
        t.does("ana", "staging", deploy("v4")).await;
        let live = t.engine().releases(&t.environment("staging"), &t.person("ana").await, 1).await.unwrap().1;
        let commit = |name: &str| live[0].services[&service(name)].commit.clone();
        assert_eq!([commit("api"), commit("web"), commit("cron")], [ours, site, docs]);
        // It is looked up once more at the start, in each of them.
        let run = t.asks("ana", "staging", deploy("v4")).await;
        let kept = t.engine().run_detail(&run).await.unwrap().plan;
        let StepKind::ResolveRef(resolve) = &kept.steps[0].kind else {
            panic!("the first step resolves the ref")
        };
        let checked: Vec<&str> = resolve.checks.iter().map(|check| check.commit.as_str()).collect();
        assert_eq!(checked.len(), 3, "{checked:?}");
        t.settle_all().await;
        // A ref that one of them lacks names no code.
        let refused = t.tries("ana", "staging", deploy("v3")).await.unwrap_err();
        assert_eq!(refused.code(), "unknown-ref");
        // Whoever takes less than everything needs it only where it is taken from.
        t.world.release("v5", "Ours, again", Behaviour::default());
        let moved = t.world.release_in("/srv/site", "v5", "The site, again");
        let plan = t.previews("ana", "staging", deploy_only(&["web"], "v5")).await;
        let line = plan.diff.iter().find(|line| line.what == "web").unwrap().to_string();
        assert!(line.ends_with(&format!("v5 ({})", &moved[..7])), "{line}");
        assert_eq!(plan.release.unwrap().services[&service("web")].commit, moved);
    });
}

#[test]
fn the_size_an_environment_gives_a_service_is_the_one_that_is_judged_and_asked_for() {
    on_both(async |t| {
        let memory_mb = async |t: &Story, environment: &str| {
            let plan = t.previews("ana", environment, deploy("v1")).await;
            plan.release.unwrap().services[&service("api")].set.as_ref().unwrap().limits.memory_mb
        };
        t.redescribes(&[
            ("    start: ./api\n", "    start: ./api\n    limits: { memory_mb: 3000 }\n"),
            ("    start: ./web\n", "    start: ./web\n    size: small\n"),
            ("    start: ./cron\n", "    start: ./cron\n    size: small\n"),
            (POLICY, "policy: { allowed_sizes: [small, medium] }"),
        ])
        .await
        .unwrap();
        assert_eq!(memory_mb(t, "staging").await, Some(3000));
        let refused = t.tries("ana", "production", deploy("v1")).await.unwrap_err().to_string();
        assert!(refused.contains("may not use size large"), "{refused}");

        t.redescribes(&[("{ replicas: 2 }", "{ replicas: 2, size: medium }")]).await.unwrap();
        assert_eq!(
            (memory_mb(t, "staging").await, memory_mb(t, "production").await),
            (Some(3000), Some(1024))
        );
        t.does("ana", "production", deploy("v1")).await;

        t.redescribes(&[("size: medium }", "limits: { memory_mb: 5000 } }")]).await.unwrap();
        let refused = t.tries("ana", "production", deploy("v1")).await.unwrap_err().to_string();
        assert!(refused.contains("may not use size oversized"), "{refused}");
    });
}
