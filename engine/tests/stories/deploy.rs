use expect_test::expect;

use crate::world::changes::*;
use crate::world::{on_both, service};

#[test]
fn a_first_deploy_to_staging() {
    on_both(async |t| {
        let run = t.does("ana", "staging", deploy("v1")).await;
        expect![[r#"
            queued
            running
              resolve ref …
              resolve ref done: v1 is 2ddccde
              preflight …
              preflight done: ready, 3 builds in 0.0 s
              reconcile shape …
              reconcile shape done: 1 components, 2 addresses
              reconcile config …
              reconcile config done: 3 variables for 3 services
              migrations …
              migrations done: applied 0001 create_invoices
              api and web …
              api and web done: healthy: api 1/1, web 1/1
              cron …
              cron done: cron runs at `*/15 * * * *`
              canary …
              canary done: api: 100% to release 1, web: 100% to release 1
              verification …
              verification done: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms
              finalize …
              finalize done: recorded
            succeeded
        "#]].assert_eq(&t.told(&run).await);
        expect![[r#"
            1/do    build_start       2ddccde-20b625b780a0
            1/do    build_start       2ddccde-d3d19fbd7c75
            1/do    build_start       2ddccde-5f29113527e5
            2/do    shape_ensure      staging
            3/do    config_put        staging api@1
            3/do    config_put        staging web@1
            3/do    config_put        staging cron@1
            4/do    migration_apply   staging postgres 0001
            5/do    instances_ensure  staging api@1
            5/do    instances_ensure  staging web@1
            6/do    schedule_put      staging cron@1 on
            7/do    weights_set       staging api @1=100%
            7/do    weights_set       staging web @1=100%
        "#]]
        .assert_eq(&t.world.effects());
        expect![[r#"
            api@1 healthy of 1
            api config @1
            api 100% to @1
            cron@1 `*/15 * * * *` on
            cron config @1
            web@1 healthy of 1
            web config @1
            web 100% to @1
        "#]]
        .assert_eq(&t.picture("staging").await);
        assert_eq!(t.desired("staging").await, "live @1");
        assert_eq!(t.migrated("staging").await, "0001");
    });
}

#[test]
fn the_next_deploy_takes_over_without_a_gap() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let run = t.does("ana", "staging", deploy("v2")).await;
        expect![[r#"
            queued
            running
              resolve ref …
              resolve ref done: v2 is 940e9a2
              preflight …
              preflight done: ready, 3 builds in 0.0 s
              reconcile shape …
              reconcile shape done: 1 components, 2 addresses
              reconcile config …
              reconcile config done: 3 variables for 3 services
              migrations …
              migrations done: applied 2 migrations
              api and web …
              api and web done: healthy: api 1/1, web 1/1
              cron …
              cron done: cron runs at `*/15 * * * *`
              canary …
              canary done: api: 100% to release 2, web: 100% to release 2
              verification …
              verification done: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms
              finalize …
              finalize done: recorded
            succeeded
        "#]].assert_eq(&t.told(&run).await);
        expect![[r#"
            api@2 healthy of 1
            api config @1 @2
            api 100% to @2
            cron@2 `*/15 * * * *` on
            cron config @1 @2
            web@2 healthy of 1
            web config @1 @2
            web 100% to @2
        "#]]
        .assert_eq(&t.picture("staging").await);
        assert_eq!(t.migrated("staging").await, "0001 0002 0003");
        assert_eq!(t.releases("staging").await, "2 live, 1 superseded");
    });
}

#[test]
fn a_deploy_of_one_service_leaves_the_others_alone() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy_only(&["api"], "v2")).await;
        let picture = t.picture("staging").await;
        assert!(picture.contains("api 100% to @2") && picture.contains("web 100% to @1"), "{picture}");
        assert!(picture.contains("cron@1"), "{picture}");
        assert_eq!(t.desired("staging").await, "live @2");
    });
}

#[test]
fn a_deploy_without_a_ref_takes_the_default_branch() {
    on_both(async |t| {
        let run = t.does("ana", "staging", deploy_newest()).await;
        let plan = t.engine().store().plan_get(&run).await.unwrap().unwrap();
        assert_eq!(plan.release.unwrap().subject, "Faster lists");
    });
}

#[test]
fn the_same_commit_may_be_deployed_again() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let run = t.does("ana", "staging", deploy("v1")).await;
        let plan = t.engine().store().plan_get(&run).await.unwrap().unwrap();
        assert!(plan.notes.iter().any(|note| note.contains("live already")), "{:?}", plan.notes);
        assert_eq!(t.releases("staging").await, "2 live, 1 superseded");
    });
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    on_both(async |t| {
        let mut request = t.request("production", deploy("v2"));
        request.dry_run = true;
        let preview = t.engine().preview(&request, &t.person("vera").await).await.unwrap();
        let steps: Vec<&str> = preview.plan.steps.iter().map(|step| step.title.as_str()).collect();
        assert_eq!(
            steps,
            [
                "resolve ref",
                "preflight",
                "reconcile shape",
                "reconcile config",
                "migrations",
                "api and web",
                "cron",
                "canary",
                "verification",
                "finalize",
            ]
        );
        t.settle_all().await;
        assert_eq!(t.world.effects(), "");
        assert!(t.engine().store().run_recent(10).await.unwrap().is_empty());
        assert_eq!(t.desired("production").await, "nothing live");
    });
}

#[test]
fn a_dry_run_never_becomes_a_run() {
    on_both(async |t| {
        let mut request = t.request("production", deploy("v2"));
        request.dry_run = true;
        let refused = t.engine().request(&request, &t.person("ana").await).await.map(drop).unwrap_err();
        assert_eq!(refused.code(), "dry-run");
        t.settle_all().await;
        assert_eq!(t.world.effects(), "");
    });
}

#[test]
fn an_unknown_ref_is_refused_with_the_one_that_was_meant() {
    on_both(async |t| {
        t.world.release("v1.10.0", "Ten", adapters::sim::Behaviour::default());
        let refused = t.tries("ana", "staging", deploy("v1.10.O")).await.unwrap_err();
        assert_eq!((refused.code(), refused.next()), ("unknown-ref", "did you mean `v1.10.0`?"));
        let refused = t.tries("ana", "staging", deploy("something-else")).await.unwrap_err();
        assert_eq!(refused.code(), "unknown-ref");
        assert!(!refused.next().contains("did you mean"), "{}", refused.next());
    });
}

#[test]
fn a_viewer_and_a_stranger_are_refused_and_it_is_recorded() {
    on_both(async |t| {
        for who in ["vera", "mallory"] {
            let refused = t.tries(who, "staging", deploy("v1")).await.unwrap_err();
            assert_eq!(refused.code(), "not-allowed", "{who}");
        }
        assert_eq!(
            t.recorded("run.refused").await,
            ["run.refused by vera", "run.refused by terminal:mallory"]
        );
        t.settle_all().await;
        assert_eq!(t.world.effects(), "");
    });
}

#[test]
fn what_a_run_did_is_kept_as_artifacts() {
    on_both(async |t| {
        let run = t.does("ana", "staging", deploy("v1")).await;
        let kept = t.engine().artifacts().list(&run).await.unwrap();
        let names: Vec<String> = kept.iter().map(|one| one.name.to_string()).collect();
        for name in ["run.json", "plan.json", "diff.json"] {
            assert!(names.iter().any(|kept| kept == name), "{names:?}");
        }
        assert!(names.iter().any(|kept| kept.starts_with("receipts/")), "{names:?}");
        assert!(!t.engine().store().checkpoint_list().await.unwrap().is_empty());
    });
}

#[test]
fn the_killed_program_goes_on_where_it_was() {
    on_both(async |t| {
        t.world.behaviour("v1", adapters::sim::Behaviour::healthy_after(5_000)).unwrap();
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.settle().await;
        assert_eq!(t.state(&run).await, "running");
        t.crash_and_restart().await;
        t.settle().await;
        assert_eq!(t.state(&run).await, "running");
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        let status = t.engine().status(&t.environment("staging"), &t.person("vera").await).await.unwrap();
        let api = status.services.iter().find(|one| one.service == service("api")).unwrap();
        assert_eq!((api.release, api.healthy, api.wanted), (Some(1), 1, 1));
    });
}
