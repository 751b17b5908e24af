//! Rotating a secret: a value made here, and the live release with it.

use adapters::sim::Behaviour;
use expect_test::expect;

use crate::secrets::{opens, rotates};
use crate::world::changes::*;
use crate::world::on_both;

#[test]
fn a_secret_that_was_made_here_is_made_anew_and_given_to_what_runs() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let before = opens(t, None).await;
        let plan = t.previews("zoe", "staging", rotate("SESSION_SECRET")).await;
        assert_eq!(plan.title, "Rotate session-secret in staging for api");
        let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
        assert_eq!(
            diff,
            ["api SESSION_SECRET: secret session-secret version 1 → secret session-secret version 2"]
        );
        expect![[r#"rollback staging goes to release 1 (v1): traffic, then release, then config; session-secret as it was does not come back"#]]
            .assert_eq(&plan.way_back.say);

        let refused = t.tries("ana", "staging", rotate("session-secret")).await.unwrap_err();
        assert_eq!(refused.code(), "not-allowed");
        t.does("zoe", "staging", rotate("session")).await;
        assert_eq!(t.secrets_live("staging").await, "api session-secret 2");
        assert_ne!(opens(t, None).await, before);
        // Neither another environment nor another service has anything to do with it.
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
        // Going back takes the release of before, with the value of now.
        t.does("ana", "staging", rollback()).await;
        assert_eq!(t.releases("staging").await, "2 failed, 1 live");
    });
}

#[test]
fn a_value_that_somebody_gave_is_not_replaced_by_a_random_one() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        rotates(t, "given").await;
        // What was given since is taken along, and nothing else is made.
        let plan = t.previews("zoe", "staging", rotate("session-secret")).await;
        assert!(plan.steps.iter().all(|step| step.title != "new secret"));
        t.does("zoe", "staging", rotate("session-secret")).await;
        assert_eq!(t.secrets_live("staging").await, "api session-secret 2");
        assert_eq!(opens(t, None).await, "given");
        let refused = t.tries("zoe", "staging", rotate("session-secret")).await.unwrap_err();
        assert_eq!(refused.code(), "given-secret");
    });
}

#[test]
fn a_release_that_does_not_come_up_with_it_leaves_the_one_there_is_as_it_is() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.world.behaviour("v1", Behaviour::healthy_after(3_600_000)).unwrap();
        let run = t.asks("zoe", "staging", rotate("session-secret")).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        assert_eq!(t.secrets_live("staging").await, "api session-secret 1");
        // Said again, it goes on from there.
        t.world.behaviour("v1", Behaviour::default()).unwrap();
        t.does("zoe", "staging", rotate("session-secret")).await;
        assert_eq!(t.secrets_live("staging").await, "api session-secret 3");
    });
}

#[test]
fn what_is_no_secret_is_said_with_what_there_is() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let refused = t.tries("zoe", "staging", rotate("GREETING")).await.unwrap_err();
        assert_eq!(refused.code(), "unknown-secret");
        assert!(format!("{refused:?}").contains("session-secret"), "{refused:?}");
        // Where nothing runs, the next deploy takes it along.
        let plan = t.previews("zoe", "production", rotate("session-secret")).await;
        assert_eq!(plan.title, "Rotate session-secret in production");
    });
}
