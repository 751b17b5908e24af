//! What a canary does to live services beside it is not told as theirs.

use adapters::sim::Behaviour;
use engine::ports::InstanceState;
use expect_test::expect;

use crate::harness::{Chat, Project, chat_about, good, minutes};

/// v1.0.0 is live in staging, which answers with errors as long as the canary of v1.1.0 is beside it; a person took that back.
async fn taken_back(t: &mut Chat, order: &str) {
    t.release("v0.9.0", good());
    t.deployed("staging", "v0.9.0").await;
    t.release("v1.0.0", good());
    t.deployed("staging", "v1.0.0").await;
    t.world().traffic_set(&t.key("staging"), 20);
    t.user("ana").says(order).await;
    t.release("v1.1.0", good());
    t.user("ana").says("deploy v1.1.0 to staging with canary 10/50/100 soak 60s").await;
    t.ticks().await;
    t.world.behaviour("v1.0.0", Behaviour::fails_requests(30)).unwrap();
    for _ in 0..20 {
        t.second_passes().await;
    }
    t.user("ana").says("rollback staging").await;
    t.settles().await;
    t.run(3).is("rolled-back").await;
    t.never_mind_the_rest();
    t.looks_after_services().await;
}

#[test]
fn errors_beside_a_canary_name_it_and_a_rule_does_not_leave_the_stable_release() {
    chat_about(&Project::usual(), async |t| {
        taken_back(t, "if we see repeated 500s, rollback").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ✗ api in staging answers with server errors: 110 of 380 requests in 120 s
              Release 2 (r-2) answered so while the canary of release 3 (r-3) had 10% of traffic: it may be the canary's doing. If it goes on without the canary, that is said.
              Next: status r-3; logs api in staging

            ✗ web in staging answers with server errors: 110 of 380 requests in 120 s
              Release 2 (r-2) answered so while the canary of release 3 (r-3) had 10% of traffic: it may be the canary's doing. If it goes on without the canary, that is said.
              Next: status r-3; logs web in staging

            ? Rule 1 of ana fired in staging: api answered 110 of 380 requests in 120 s with server errors while the canary of release 3 (r-3) had 10% of traffic
                r-3 is rolled-back already: nothing of it is live
              The rule: if we see repeated 500s, rollback
              [Status] [Remove the rule]
        "#]]);
        // Without the canary they go on: that is the live release's own, and told as such.
        t.texts_pass(minutes(3)).await;
        t.looks_after_services().await;
        t.bot_says(expect![[r#"
            ✗ api in staging answers with server errors: 707 of 2380 requests in 120 s
              Release 2 (r-2). This is not said again while it goes on.
              Next: logs api in staging; rollback staging

            ✗ web in staging answers with server errors: 707 of 2380 requests in 120 s
              Release 2 (r-2). This is not said again while it goes on.
              Next: logs web in staging; rollback staging
        "#]]);
    });
}

#[test]
fn an_alert_of_errors_beside_a_canary_is_about_the_canary() {
    chat_about(&Project::usual(), async |t| {
        t.has_phone("ana").await;
        taken_back(t, "text me if we see repeated 500s").await;
        t.texts("ana", expect![[r#"
            r-3 staging: a live service answers with errors: api answered 110 of 380 requests in 120 s with server errors while the canary of release 3 (r-3) had 10% of traffic. And 1 more (r-3). Reply CODE if you take it.
        "#]]);
        t.never_mind_the_rest();
    });
}

/// A live service that is unhealthy when a canary beside it is over: that is named, on the card and in the text.
#[test]
fn a_live_service_unhealthy_beside_a_canary_names_it() {
    chat_about(&Project::usual(), async |t| {
        t.has_phone("ana").await;
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.world().traffic_set(&t.key("staging"), 20);
        t.user("ana").says("text me if something is unhealthy").await;
        t.release("v1.1.0", good());
        t.user("ana").says("deploy v1.1.0 to staging with canary 10/50/100 soak 60s").await;
        t.ticks().await;
        let (staging, api) = (t.key("staging"), "api".parse().unwrap());
        let state = Some(InstanceState::Unhealthy { last: "503 in 4 ms".to_owned() });
        t.world.drift(|it| assert!(it.instance_state(&staging, &api, 1, 0, state)));
        t.second_passes().await;
        t.user("ana").says("rollback staging").await;
        t.settles().await;
        t.run(2).is("rolled-back").await;
        t.never_mind_the_rest();
        t.looks_after_services().await;
        t.bot_says(expect![[r#"
            ✗ api in staging is unhealthy: 503 in 4 ms
              That was found right after the canary of release 2 (r-2) had 10% of traffic: it may be the canary's doing.
              Next: status r-2; logs api in staging; restart api in staging
        "#]]);
        t.texts("ana", expect![[r#"
            r-1 staging: a live service is unhealthy: api is unhealthy right after the canary of release 2 (r-2) had 10% of traffic: 503 in 4 ms. Reply CODE to roll back, CODE if you take it.
        "#]]);
    });
}
