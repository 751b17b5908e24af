//! Channels that mean a project, an environment or both. For fronts that have channels.

use expect_test::expect;

use crate::harness::{Chat, chat, good};
use crate::projects::{places, shop};

/// A front whose only channel means this, beside a second project.
async fn channel_means(t: &mut Chat, meaning: &str) {
    t.imports(&shop()).await;
    t.stage.means(meaning);
    t.crash_and_restart().await;
}

#[test]
fn a_channel_of_a_project() {
    chat(async |t| {
        t.release("v1.0.0", good());
        channel_means(t, "shop").await;
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        assert_eq!(places(t).await, ["shop/staging"]);
        t.user("ana").says("status").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 1 (v1.0.0, 4b76448), went live just now
              api: release 1, 1/1 healthy, http://127.0.0.1:7411
              web: release 1, 1/1 healthy, http://127.0.0.1:7410
              cron: release 1, at `*/15 * * * *`, on
              > shop: status in staging

            · production: nothing is deployed
              > shop: status in production
        "#]]);
        // Another one can be named, for once.
        t.user("ana").says("invoice-perfect: deploy staging ref v1.0.0").await;
        t.settles().await;
        assert_eq!(places(t).await, ["invoice-perfect/staging", "shop/staging"]);
        t.user("ana").says("rollback staging").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Staging had no release before 1 that worked.
              Next: releases staging
              > shop: rollback in staging
        "#]],
        );
    });
}

#[test]
fn a_channel_of_an_environment_of_a_project() {
    chat(async |t| {
        t.release("v1.0.0", good());
        channel_means(t, "shop/staging").await;
        t.user("ana").says("deploy ref v1.0.0").await;
        t.settles().await;
        assert_eq!(places(t).await, ["shop/staging"]);
        // The channel's environment is not another project's.
        t.user("ana").says("invoice-perfect: status").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              > invoice-perfect: status in staging

            · production: nothing is deployed
              > invoice-perfect: status in production
        "#]]);
    });
}

#[test]
fn a_channel_of_an_environment() {
    chat(async |t| {
        t.release("v1.0.0", good());
        channel_means(t, "staging").await;
        t.user("ana").says("deploy ref v1.0.0").await;
        t.never_mind_the_rest();
        t.user("ana").clicks("shop").await;
        t.settles().await;
        assert_eq!(places(t).await, ["shop/staging"]);
    });
}
