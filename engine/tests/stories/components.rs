//! Adding and removing components: what is there, what the description has, and what services are told of.

use adapters::sim::{Behaviour, Call, Fault, FaultKind};
use engine::model::Role;
use expect_test::expect;

use crate::world::changes::*;
use crate::world::on_both;

#[test]
fn a_component_that_is_added_is_there_described_and_told_to_every_service() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let plan = t.previews("ana", "staging", add("redis")).await;
        assert_eq!(plan.title, "Add redis to staging");
        let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
        expect![[r#"
            redis: new, a cache
            api is told of: postgres → postgres, redis
            web is told of: postgres → postgres, redis
            cron is told of: postgres → postgres, redis"#]]
        .assert_eq(&diff.join("\n"));
        assert_eq!(plan.notes, ["services find it in CACHE_DIR"]);
        expect![[r#"rollback staging goes to release 1 (v1): traffic, then release, then config; for the deploys after it: remove redis from staging"#]]
            .assert_eq(&plan.way_back.say);
        assert!(plan.way_back.proved && !plan.destructive);

        t.does("ana", "staging", add("redis")).await;
        expect![[r#"there: postgres redis; described: postgres redis; api: postgres redis; cron: postgres redis; web: postgres redis"#]]
            .assert_eq(&t.components("staging").await);
        assert_eq!(t.components("production").await, "there: ; described: postgres");
        let again = t.tries("ana", "staging", add("redis")).await.unwrap_err();
        assert_eq!(again.code(), "nothing-to-add");
        // The next deploy is told of it, too.
        t.does("ana", "staging", deploy("v2")).await;
        assert!(t.components("staging").await.contains("api: postgres redis"));
        let other = t.previews("ana", "production", add("redis")).await;
        assert_eq!(other.title, "Add redis to production");
    });
}

#[test]
fn a_component_that_is_removed_is_told_to_nobody_and_kept() {
    on_both(async |t| {
        t.redescribes(&[(
            "postgres: { kind: database }",
            "postgres: { kind: database }\n  redis: { kind: cache }",
        )])
        .await
        .unwrap();
        t.does("ana", "staging", deploy("v1")).await;
        let plan = t.previews("zoe", "staging", remove("redis")).await;
        let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
        assert_eq!(diff[0], "redis: a cache, goes away");
        assert_eq!(
            plan.notes,
            ["nothing it holds is deleted: `add redis to staging` brings it back with that"]
        );
        let steps: Vec<&str> = plan.steps.iter().map(|step| step.title.as_str()).collect();
        // It is ended only once what goes without it is verified.
        assert_eq!(
            steps,
            [
                "preflight",
                "reconcile config",
                "api and web",
                "traffic",
                "cron",
                "verification",
                "end component",
                "finalize"
            ]
        );

        // An admin asks for it, and another one agrees.
        let refused = t.tries("ana", "staging", remove("redis")).await.unwrap_err();
        assert_eq!(refused.code(), "not-allowed");
        let run = t.asks("zoe", "staging", remove("redis")).await;
        assert_eq!(t.state(&run).await, "awaiting-approval");
        let refused = t.approves("ben", &run).await.unwrap_err();
        assert_eq!(refused.code(), "does-not-count");
        t.becomes("ben", Some(Role::Admin)).await;
        t.approves("ben", &run).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        expect![[r#"there: postgres; described: postgres; api: postgres; cron: postgres; web: postgres"#]]
            .assert_eq(&t.components("staging").await);
        assert_eq!(t.components("production").await, "there: ; described: postgres redis");
        let again = t.tries("zoe", "staging", remove("redis")).await.unwrap_err();
        assert_eq!(again.code(), "nothing-to-remove");
        t.does("ana", "staging", add("redis")).await;
        assert!(t.components("staging").await.contains("described: postgres redis; api: postgres redis"));
    });
}

#[test]
fn a_rollback_brings_back_what_its_release_is_told_of() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", add("redis")).await;
        t.becomes("ben", Some(Role::Admin)).await;
        t.does("zoe", "staging", remove("redis")).await;
        let plan = t.previews("ana", "staging", rollback()).await;
        assert_eq!(plan.steps[1].title, "reconcile shape");
        t.does("ana", "staging", rollback()).await;
        expect![[r#"there: postgres redis; described: postgres; api: postgres redis; cron: postgres redis; web: postgres redis"#]]
            .assert_eq(&t.components("staging").await);
        // What the description says is one order away, either way.
        t.does("ana", "staging", add("redis")).await;
        assert!(t.components("staging").await.contains("described: postgres redis"));
    });
}

#[test]
fn what_does_not_come_up_without_it_leaves_it_there() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", add("redis")).await;
        t.becomes("ben", Some(Role::Admin)).await;
        let before = t.components("staging").await;
        t.world.behaviour("v1", Behaviour::healthy_after(3_600_000)).unwrap();
        let run = t.orders("zoe", "staging", remove("redis")).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        assert_eq!(t.components("staging").await, before);
        // Nor does what can't be ended go half.
        t.world.behaviour("v1", Behaviour::default()).unwrap();
        t.world.fault(Fault::of(Call::ComponentEnd, FaultKind::FailBefore).nth(1));
        let run = t.orders("zoe", "staging", remove("redis")).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "rolled-back: component-failed");
        assert_eq!(t.components("staging").await, before);
    });
}

#[test]
fn what_others_ask_for_can_not_be_removed() {
    on_both(async |t| {
        let file = ("postgres: { kind: database }", "postgres: { kind: database }\n  redis: { kind: cache }");
        let address = ("GREETING: hello", "GREETING: hello\n      CACHE: \"${component.redis.url}\"");
        t.redescribes(&[file, address]).await.unwrap();
        t.does("ana", "staging", deploy("v1")).await;
        for (name, says) in
            [("postgres", "the migrations change it"), ("redis", "`CACHE` of api asks for its address")]
        {
            let refused = t.tries("zoe", "staging", remove(name)).await.unwrap_err();
            assert_eq!(refused.code(), "component-needed");
            assert!(format!("{refused:?}").contains(says), "{refused:?}");
        }
    });
}

#[test]
fn what_nobody_knows_is_not_guessed() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        for (name, code) in
            [("rabbit", "unknown-component"), ("api", "is-a-service"), ("postgres", "nothing-to-add")]
        {
            assert_eq!(t.tries("ana", "staging", add(name)).await.unwrap_err().code(), code, "{name}");
        }
        assert_eq!(
            t.tries("zoe", "staging", remove("rabbit")).await.unwrap_err().code(),
            "nothing-to-remove"
        );
        // A second one of a kind does not take the first one's place.
        assert_eq!(t.tries("ana", "staging", add("db")).await.unwrap_err().code(), "takes-over");
        let plan = t.previews("ana", "staging", add("postgres-2")).await;
        expect![[r#"DATABASE_URL goes on leading to postgres: services find postgres-2 where they say `${component.postgres-2.url}`"#]]
            .assert_eq(&plan.notes.join("; "));
    });
}

#[test]
fn where_nothing_is_live_the_next_deploy_is_told_of_it() {
    on_both(async |t| {
        t.does("ana", "staging", add("redis")).await;
        assert_eq!(t.components("staging").await, "there: redis; described: postgres redis");
        t.does("ana", "staging", deploy("v1")).await;
        assert!(t.components("staging").await.contains("api: postgres redis"));
    });
}

#[test]
fn what_is_removed_takes_nobody_to_another_one() {
    on_both(async |t| {
        let two = (
            "postgres: { kind: database }",
            "postgres: { kind: database }\n  redis: { kind: cache }\n  redis-2: { kind: cache }",
        );
        t.redescribes(&[two]).await.unwrap();
        t.does("ana", "staging", deploy("v1")).await;
        let refused = t.tries("zoe", "staging", remove("redis")).await.unwrap_err();
        assert_eq!(refused.code(), "takes-over");
        // The second by name goes as it came.
        t.becomes("ben", Some(Role::Admin)).await;
        t.does("zoe", "staging", remove("redis-2")).await;
        assert!(t.components("staging").await.contains("described: postgres redis; api: postgres redis;"));
    });
}

#[test]
fn what_is_live_keeps_what_it_asks_for() {
    on_both(async |t| {
        let file = ("postgres: { kind: database }", "postgres: { kind: database }\n  redis: { kind: cache }");
        let address = ("GREETING: hello", "GREETING: hello\n      CACHE: \"${component.redis.url}\"");
        t.redescribes(&[file, address]).await.unwrap();
        t.does("ana", "staging", deploy("v1")).await;
        // Imported, and not deployed yet.
        t.redescribes(&[("\n      CACHE: \"${component.redis.url}\"", "")]).await.unwrap();
        let refused = t.tries("zoe", "staging", remove("redis")).await.unwrap_err();
        assert_eq!(refused.code(), "component-needed");
        assert!(
            format!("{refused:?}").contains("`CACHE` of api, as it is live, asks for its address"),
            "{refused:?}"
        );
    });
}

#[test]
fn a_database_elsewhere_goes_and_comes_back_as_it_was() {
    on_both(async |t| {
        let elsewhere = "staging:\n    components: { reports: { kind: database, url: { secret: reports-url } } }\n    edge:";
        t.redescribes(&[("staging:\n    edge:", elsewhere)]).await.unwrap();
        let name = "reports-url".parse().unwrap();
        let zoe = t.person("zoe").await;
        let url = "postgres://a:b@127.0.0.1/c".to_owned().into();
        t.engine().secret_set(&t.environment("staging"), &name, url, &zoe).await.unwrap();
        t.does("ana", "staging", deploy("v1")).await;
        t.becomes("ben", Some(Role::Admin)).await;
        t.does("zoe", "staging", remove("reports")).await;
        assert!(
            t.components("staging").await.contains("there: postgres; described: postgres; api: postgres;")
        );
        // The way back knows where it is, and so does the order that brings it back.
        for change in [rollback(), add("reports")] {
            t.does("ana", "staging", change).await;
            let there = t.world.ports().platform.observe(&t.environment("staging")).await.unwrap();
            assert_eq!(there.urls.get("reports").map(ToString::to_string).as_deref(), Some("reports-url"));
        }
        assert!(t.secrets_live("staging").await.contains("web reports-url 1"));
    });
}

#[test]
fn a_component_that_is_not_taken_into_use_is_ended_again() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let before = t.components("staging").await;
        t.world.behaviour("v1", Behaviour::healthy_after(3_600_000)).unwrap();
        let run = t.asks("ana", "staging", add("redis")).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        assert_eq!(t.components("staging").await, before);
    });
}

#[test]
fn an_import_meanwhile_keeps_what_it_asks_for() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", add("redis")).await;
        t.becomes("ben", Some(Role::Admin)).await;
        let run = t.orders("zoe", "staging", remove("redis")).await;
        while t.settles_or_dies_after(1).await {
            t.crash_and_restart().await;
            let steps = t.engine().store().step_list(&run).await.unwrap();
            if steps.len() > 3 {
                break;
            }
        }
        let own = "staging:\n    components: { redis: { kind: cache } }\n    services: { api: { variables: { CACHE: \"${component.redis.url}\" } } }\n    edge:";
        t.redescribes(&[("staging:\n    edge:", own)]).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        assert!(t.components("staging").await.starts_with("there: postgres; described: postgres redis;"));
    });
}

#[test]
fn a_variable_leads_to_what_its_service_is_told_of() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let file = ("postgres: { kind: database }", "postgres: { kind: database }\n  redis: { kind: cache }");
        t.redescribes(&[file]).await.unwrap();
        let cache = set_variable(&["api"], "CACHE", "${component.redis.url}");
        let refused = t.tries("ana", "staging", cache.clone()).await.unwrap_err();
        assert_eq!(refused.code(), "untold-component");
        t.does("ana", "staging", add("redis")).await;
        t.does("ana", "staging", cache).await;
    });
}
