use adapters::sim::Behaviour;
use expect_test::expect;

use crate::world::changes::*;
use crate::world::on_both;

#[test]
fn nothing_live_can_not_be_rolled_back() {
    on_both(async |t| {
        let refused = t.tries("ana", "staging", rollback()).await.unwrap_err();
        assert_eq!(refused.code(), "nothing-live");
        t.does("ana", "staging", deploy("v1")).await;
        let refused = t.tries("ana", "staging", rollback()).await.unwrap_err();
        assert_eq!(refused.code(), "no-way-back");
    });
}

#[test]
fn a_rollback_goes_to_the_release_before_and_holds_automatic_deploys() {
    on_both(async |t| {
        t.does("ana", "production", deploy("v2")).await;
        t.does("ana", "production", deploy("v3")).await;
        // In an incident nobody waits for a second person.
        let run = t.asks("ana", "production", rollback()).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        expect![[r#"
            queued
            running
              preflight …
              preflight done: ready, 3 builds in 0 ms
              config …
              config done: nothing to write
              bring up …
              bring up done: healthy: api 2/2, web 1/1
              traffic …
              traffic done: api: 100% to release 1, web: 100% to release 1
              cron …
              cron done: cron runs at `*/15 * * * *`
              verification …
              verification done: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms
              release …
              release done: recorded
            succeeded
        "#]].assert_eq(&t.told(&run).await);
        expect![[r#"
            api@1 healthy healthy of 2
            api config @1 @2
            api 100% to @1
            cron@1 `*/15 * * * *` on
            cron config @1 @2
            web@1 healthy of 1
            web config @1 @2
            web 100% to @1
        "#]]
        .assert_eq(&t.picture("production").await);
        assert_eq!(t.desired("production").await, "live @1, held: rolled back from release 2 (v3)");
        assert_eq!(t.releases("production").await, "2 failed, 1 live");
        t.does("ana", "production", deploy("v3")).await;
        assert_eq!(t.desired("production").await, "live @3");
    });
}

#[test]
fn a_rollback_of_one_service_is_a_release_of_its_own() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", deploy("v3")).await;
        t.does("ana", "staging", rollback_only(&["api"])).await;
        let picture = t.picture("staging").await;
        assert!(picture.contains("api 100% to @1") && picture.contains("web 100% to @2"), "{picture}");
        assert!(picture.contains("cron@2"), "{picture}");
        assert_eq!(t.desired("staging").await, "live @3, held: rolled back from release 2 (v3)");
    });
}

#[test]
fn a_rollback_to_a_number() {
    on_both(async |t| {
        for release in ["v1", "v2", "v3"] {
            t.does("ana", "staging", deploy(release)).await;
        }
        for (number, code) in [(3, "already-live"), (9, "unknown-release")] {
            let refused = t.tries("ana", "staging", rollback_to(number)).await.unwrap_err();
            assert_eq!(refused.code(), code);
        }
        t.does("ana", "staging", rollback_to(1)).await;
        assert_eq!(t.releases("staging").await, "3 failed, 2 superseded, 1 live");
        // What came after it is not "previous".
        assert_eq!(t.tries("ana", "staging", rollback()).await.unwrap_err().code(), "no-way-back");
    });
}

#[test]
fn a_schema_the_target_can_not_live_with_is_in_the_way() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v3")).await;
        t.world.file("migrations/0004_drop_due.sql", "ALTER TABLE invoices DROP COLUMN due");
        t.world.release("v4", "No due dates", Behaviour::default());
        t.does("ana", "staging", deploy("v4")).await;
        let refused = t.tries("ana", "staging", rollback()).await.unwrap_err();
        assert_eq!(refused.code(), "schema-incompatible");
        assert!(refused.to_string().contains("0004"), "{refused}");
    });
}

#[test]
fn a_target_that_does_not_come_up_leaves_the_live_release_serving() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", deploy("v3")).await;
        let before = t.picture("staging").await;
        t.world.behaviour("v2", Behaviour::never_healthy()).unwrap();
        let run = t.asks("ana", "staging", rollback()).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        assert_eq!(t.picture("staging").await, before);
        assert_eq!(t.desired("staging").await, "live @2");
    });
}

#[test]
fn a_build_that_was_cleaned_up_is_made_anew() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", deploy("v3")).await;
        let releases = t.engine().store().release_list(&t.environment("staging"), 10).await.unwrap();
        for part in releases[1].services.values() {
            t.world.drift(|it| it.build_vanish(&part.build));
        }
        t.does("ana", "staging", rollback()).await;
        assert_eq!(t.releases("staging").await, "2 failed, 1 live");
    });
}
