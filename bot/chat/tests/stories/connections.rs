//! Accounts at providers: seen where people look, and never crossed.

use expect_test::expect;

use crate::harness::{Project, chat_about};

fn about_stripe() -> Project {
    Project::usual().with(
        "environments:",
        "connections: { stripe: { provider: stripe, secret: stripe-key } }\nenvironments:",
    )
}

#[test]
fn a_connection_is_shown_as_what_is_known_of_it() {
    chat_about(&about_stripe(), async |t| {
        t.user("vera").says("status").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Connections:
                stripe, test: its secret stripe-key is not set
              > status in staging

            · production: nothing is deployed
              Connections:
                stripe, live: its secret stripe-key is not set
              > status in production
        "#]]);
        t.sets_secret("staging", "stripe-key", "sk_test_51H").await.unwrap();
        t.crash_and_restart().await;
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Connections:
                stripe, test: not checked yet
              > status in staging
        "#]]);
    });
}

#[test]
fn a_live_key_does_not_go_where_tests_run_nor_a_test_key_into_production() {
    chat_about(&about_stripe(), async |t| {
        let refused = t.sets_secret("staging", "stripe-key", "sk_live_51H").await.unwrap_err();
        expect!["that is a live key of stripe, and staging holds test connections only"]
            .assert_eq(&refused.to_string());
        let refused = t.sets_secret("production", "stripe-key", "rk_test_51H").await.unwrap_err();
        expect!["that is a test key of stripe, and production holds live connections only"]
            .assert_eq(&refused.to_string());
        t.sets_secret("production", "stripe-key", "rk_live_51H").await.unwrap();
        // What no connection names is nobody's business.
        t.sets_secret("staging", "other", "sk_live_51H").await.unwrap();
        t.user("vera").says("status").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Connections:
                stripe, test: its secret stripe-key is not set
              > status in staging

            · production: nothing is deployed
              Connections:
                stripe, live: not checked yet
              > status in production
        "#]]);
    });
}
