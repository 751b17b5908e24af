use adapters::sim::Behaviour;
use expect_test::expect;

use crate::world::changes::*;
use crate::world::on_both;

#[test]
fn a_variable_that_is_set_is_in_what_runs_and_in_the_description() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let plan = t.previews("ana", "staging", set_variable(&["api"], "GREETING", "hi")).await;
        assert_eq!(plan.title, "Set GREETING of api in staging to `hi`");
        let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
        assert_eq!(diff, ["api GREETING: `hello` → `hi`"]);
        expect![[
            r#"rollback staging goes to release 1 (v1): traffic, then release, then config; for the deploys after it: set GREETING=hello for api in staging"#
        ]]
        .assert_eq(&plan.way_back.say);
        assert!(plan.way_back.proved && !plan.destructive);

        t.does("ana", "staging", set_variable(&["api"], "GREETING", "hi")).await;
        expect![[r#"
            api@2 healthy of 1
            api config @1 @2
            api 100% to @2
            cron@1 `*/15 * * * *` on
            cron config @1
            web@1 healthy of 1
            web config @1
            web 100% to @1
        "#]]
        .assert_eq(&t.picture("staging").await);
        assert_eq!(t.variables_live("staging").await, "api GREETING=hi");
        assert_eq!(t.variables("staging").await, "api GREETING=hi");
        assert_eq!(t.variables("production").await, "api GREETING=hello");
        // The next deploy brings new code, and what was set stays.
        t.does("ana", "staging", deploy("v2")).await;
        assert_eq!(t.variables_live("staging").await, "api GREETING=hi");
    });
}

#[test]
fn without_a_service_those_are_meant_that_have_the_variable_and_all_where_none_has() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let plan = t.previews("ana", "staging", set_variable(&[], "GREETING", "hi")).await;
        assert_eq!(plan.title, "Set GREETING of api in staging to `hi`");
        assert_eq!(
            plan.notes,
            ["web, cron had no GREETING and gets none; name the services to give it to others"]
        );
        t.does("ana", "staging", set_variable(&[], "LOG_LEVEL", "debug")).await;
        assert_eq!(
            t.variables_live("staging").await,
            "api GREETING=hello, api LOG_LEVEL=debug, cron LOG_LEVEL=debug, web LOG_LEVEL=debug"
        );
        let again = t.tries("ana", "staging", set_variable(&[], "LOG_LEVEL", "debug")).await.unwrap_err();
        assert_eq!(again.code(), "nothing-to-set");
    });
}

#[test]
fn what_was_imported_since_waits_for_the_next_deploy() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.redescribes(&[
            ("GREETING: hello", "GREETING: hello\n      COLOUR: red"),
            ("start: ./api", "start: ./api2"),
        ])
        .await
        .unwrap();
        t.does("ana", "staging", set_variable(&["api"], "GREETING", "hi")).await;
        assert_eq!(t.variables_live("staging").await, "api GREETING=hi");
        assert_eq!(t.variables("staging").await, "api COLOUR=red, api GREETING=hi");
    });
}

#[test]
fn a_release_that_does_not_come_up_with_it_changes_nothing() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.world.behaviour("v1", Behaviour::healthy_after(3_600_000)).unwrap();
        let (picture, variables) = (t.picture("staging").await, t.variables("staging").await);
        let run = t.asks("ana", "staging", set_variable(&["api"], "GREETING", "hi")).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        assert_eq!(t.picture("staging").await, picture);
        assert_eq!(t.variables("staging").await, variables);
        assert_eq!(t.variables_live("staging").await, "api GREETING=hello");
    });
}

#[test]
fn a_rollback_brings_the_value_of_before() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", set_variable(&["api"], "GREETING", "hi")).await;
        let plan = t.previews("ana", "staging", rollback()).await;
        let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
        assert!(diff.contains(&"api GREETING: `hi` → `hello`".to_owned()), "{diff:?}");
        t.does("ana", "staging", rollback()).await;
        assert_eq!(t.variables_live("staging").await, "api GREETING=hello");
        assert_eq!(t.releases("staging").await, "2 failed, 1 live");
        // The description still says the other value, so it is no change of it that is left to be made.
        t.does("ana", "staging", set_variable(&["api"], "GREETING", "hello")).await;
        assert_eq!(t.variables("staging").await, "api GREETING=hello");
    });
}

#[test]
fn where_nothing_is_live_the_description_alone_is_changed() {
    on_both(async |t| {
        let plan = t.previews("ana", "staging", set_variable(&["api"], "GREETING", "hi")).await;
        assert_eq!(plan.notes, ["api is not deployed here: the next deploy takes it along"]);
        t.does("ana", "staging", set_variable(&["api"], "GREETING", "hi")).await;
        assert_eq!(t.variables("staging").await, "api GREETING=hi");
        t.does("ana", "staging", deploy("v1")).await;
        assert_eq!(t.variables_live("staging").await, "api GREETING=hi");
    });
}

#[test]
fn what_can_not_be_set_is_refused_with_what_to_do() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        for (name, value, code) in [
            ("SESSION_SECRET", "hunter2", "secret-variable"),
            ("1ST", "one", "bad-variable"),
            ("API_URL", "${service.nobody.url}/v1", "bad-variable"),
            ("API_URL", "${component.redis.url}", "bad-variable"),
            ("API_URL", "${cron.url", "bad-variable"),
            ("GREETING", "hello", "nothing-to-set"),
        ] {
            let refused = t.tries("ana", "staging", set_variable(&["api"], name, value)).await.unwrap_err();
            assert_eq!(refused.code(), code, "{name}={value}: {refused}");
        }
        t.does("ana", "staging", set_variable(&["web"], "API_URL", "${service.api.url}/v1")).await;
        let refused = t.tries("vera", "staging", set_variable(&["api"], "GREETING", "hi")).await.unwrap_err();
        assert_eq!(refused.code(), "not-allowed");
    });
}

#[test]
fn what_was_scaled_or_switched_off_stays_so() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", scale(&["api"], 3)).await;
        t.does("ana", "staging", cron_disable()).await;
        t.does("ana", "staging", set_variable(&[], "LOG_LEVEL", "debug")).await;
        let picture = t.picture("staging").await;
        // As many processes as there were, and what was off stays off.
        assert!(picture.contains("api@2 healthy healthy healthy of 3"), "{picture}");
        assert!(picture.contains("cron@2 `*/15 * * * *` off"), "{picture}");
    });
}

#[test]
fn two_people_who_set_in_two_environments_lose_neither() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "production", deploy("v1")).await;
        let one = t.asks("ana", "staging", set_variable(&["api"], "GREETING", "one")).await;
        let two = t.asks("ben", "production", set_variable(&["api"], "GREETING", "two")).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&one).await, "succeeded");
        // What changed elsewhere is no reason to ask once more.
        t.approves("zoe", &two).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&two).await, "succeeded");
        assert_eq!(t.variables("staging").await, "api GREETING=one");
        assert_eq!(t.variables("production").await, "api GREETING=two");
    });
}

#[test]
fn what_is_only_run_at_times_is_given_it_as_well() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let plan = t.previews("ana", "staging", set_variable(&["cron"], "BATCH", "10")).await;
        let steps: Vec<&str> = plan.steps.iter().map(|step| step.title.as_str()).collect();
        assert_eq!(steps, ["preflight", "reconcile config", "cron", "finalize"]);
        assert!(
            plan.way_back
                .say
                .ends_with("BATCH is new for cron, and stays until a description is imported without it")
        );
        t.does("ana", "staging", set_variable(&["cron"], "BATCH", "10")).await;
        let picture = t.picture("staging").await;
        assert!(picture.contains("cron@2 `*/15 * * * *` on") && picture.contains("api@1"), "{picture}");
    });
}

#[test]
fn a_description_that_is_imported_meanwhile_is_kept_and_so_is_what_was_set() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.world.behaviour("v1", Behaviour::healthy_after(10_000)).unwrap();
        let run = t.asks("ana", "staging", set_variable(&["api"], "GREETING", "hi")).await;
        t.settle().await;
        assert_eq!(t.state(&run).await, "running");
        t.redescribes(&[("GREETING: hello", "GREETING: hello\n      COLOUR: red")]).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        assert_eq!(t.variables("staging").await, "api COLOUR=red, api GREETING=hi");
        assert_eq!(t.variables_live("staging").await, "api GREETING=hi");
    });
}

#[test]
fn what_only_the_description_says_otherwise_is_told_so() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.redescribes(&[("GREETING: hello", "GREETING: say \"hi\"")]).await.unwrap();
        let plan = t.previews("ana", "staging", set_variable(&["api"], "GREETING", "hello")).await;
        let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
        assert_eq!(diff, ["api GREETING (description): `say \"hi\"` → `hello`"]);
        assert!(plan.way_back.say.ends_with("set GREETING='say \"hi\"' for api in staging"));
    });
}
