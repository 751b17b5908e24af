//! Rules that ask for runs: after a failed deploy, after a rollback, and of what is unwell.

use adapters::sim::Behaviour;
use engine::model::Identity;
use engine::ports::InstanceState;
use expect_test::expect;

use crate::harness::{Chat, chat, good, seconds};

/// v1.0.0 and then v1.1.0 went live in staging, and ana has given a rule.
async fn live(t: &mut Chat, rule: &str) {
    t.release("v1.0.0", good());
    t.deployed("staging", "v1.0.0").await;
    t.release("v1.1.0", good());
    t.deployed("staging", "v1.1.0").await;
    t.user("ana").says(rule).await;
    t.never_mind_the_rest();
}

#[test]
fn a_deploy_that_fails_has_schedules_switched_off() {
    chat(async |t| {
        live(t, "if a deploy fails, turn the schedules off").await;
        t.release("v1.2.0", Behaviour::build_fails(&["error: no such crate"]));
        t.user("ben").says("deploy staging ref v1.2.0").await;
        t.settles().await;
        t.run(3).is("failed").await;
        t.settles().await;
        t.run(4).is("succeeded").await;
        t.bot_says(expect![[r#"
            ? Rule 1 of ana fired in staging: `make` ended with exit code 1
                asked for `disable cron in staging` as r-4
              The rule: if a deploy fails, disable cron
              [Status] [Remove the rule]
        "#]]);
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 2 (v1.1.0, 1232e4c), went live just now
              api: release 2, 1/1 healthy, http://127.0.0.1:7401
              web: release 2, 1/1 healthy, http://127.0.0.1:7400
              cron: release 2, at `*/15 * * * *`, off
              > status in staging
        "#]]);
        t.never_mind_the_rest();
        // Another that fails within ten minutes is the same episode.
        t.user("ben").says("deploy staging ref v1.2.0 again").await;
        t.settles().await;
        t.run(5).is("failed").await;
        assert_eq!(t.runs().await, 5);
        t.never_mind_the_rest();
    });
}

#[test]
fn a_rollback_has_things_done_to_what_is_live_then() {
    chat(async |t| {
        // It takes its time to be brought up again, so that the rule is read while it goes back.
        t.release("v1.0.0", Behaviour::healthy_after(seconds(5)));
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.user("ana").says("if a rollback triggers, disable cron").await;
        t.never_mind_the_rest();
        t.user("ben").says("rollback staging").await;
        t.settles().await;
        t.run(3).is("succeeded").await;
        t.texts_pass(seconds(10)).await;
        t.settles().await;
        t.run(4).is("succeeded").await;
        t.bot_says(expect![[r#"
            ? Rule 1 of ana fired in staging: ben ordered `rollback in staging`
                asked for `disable cron in staging` as r-4
              The rule: if a rollback triggers, disable cron
              [Status] [Remove the rule]
        "#]]);
        t.never_mind_the_rest();
    });
}

#[test]
fn a_rollback_leaves_an_incident_of_what_it_left() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::healthy_after(seconds(5)));
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.user("ana").says("if a rollback triggers, open an incident").await;
        t.never_mind_the_rest();
        t.user("ben").says("rollback staging").await;
        t.settles().await;
        t.run(3).is("succeeded").await;
        t.bot_says(expect![[r#"
            ? Rule 1 of ana fired in staging: ben ordered `rollback in staging`
                opened incident i-3-live-1795003205 with logs and diffs
              The rule: if a rollback triggers, open an incident bundle with logs and diffs
              [Status] [Remove the rule]
        "#]]);
        let incidents = t.engine().store().incident_list(&t.key("staging"), 0, i64::MAX).await.unwrap();
        let vera = Identity { front: crate::stage::FRONT.to_owned(), external_id: "vera".to_owned() };
        let vera = t.engine().actor(&vera).await.unwrap();
        let story = t.engine().incident(&incidents[0].id, &vera).await.unwrap().story.unwrap();
        assert!(story.contains("Release 2 (v1.1.0"), "{story}");
        assert!(story.contains("had been asked to go back from it when these files were kept"), "{story}");
    });
}

#[test]
fn what_is_unwell_gets_one_more_process() {
    chat(async |t| {
        live(t, "if something is unhealthy, scale").await;
        let (staging, api) = (t.key("staging"), "api".parse().unwrap());
        let state = InstanceState::Unhealthy { last: "503 in 4 ms".to_owned() };
        t.world.drift(|it| assert!(it.instance_state(&staging, &api, 2, 0, Some(state))));
        t.looks_after_services().await;
        t.world.drift(|it| assert!(it.instance_state(&staging, &api, 2, 0, None)));
        t.settles().await;
        t.run(3).is("succeeded").await;
        t.bot_says(expect![[r#"
            ✗ api in staging is unhealthy: 503 in 4 ms
              Next: logs api in staging; restart api in staging

            ? Rule 1 of ana fired in staging: api is unhealthy: 503 in 4 ms
                asked for `scale api to 2 in staging` as r-3
              The rule: if something is unhealthy, scale
              [Status] [Remove the rule]
        "#]]);
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 2 (v1.1.0, 1232e4c), went live just now
              api: release 2, 2/2 healthy, http://127.0.0.1:7401
              web: release 2, 1/1 healthy, http://127.0.0.1:7400
              cron: release 2, at `*/15 * * * *`, on
              > status in staging
        "#]]);
        t.never_mind_the_rest();
    });
}
