//! Rules that act: on what is live, outside of canaries, and on canaries.

use adapters::sim::Behaviour;
use engine::model::Identity;
use engine::ports::InstanceState;
use expect_test::expect;

use crate::harness::{Chat, Project, chat, chat_about, good, minutes, seconds};

const RULE: &str =
    "if we see repeated 500s after deploy, rollback and open an incident bundle with logs and diffs";

/// v1.0.0 and then v1.1.0 went live in staging, twenty requests a second come, and `person` has given a rule.
async fn live(t: &mut Chat, person: &str, rule: &str) {
    t.release("v1.0.0", good());
    t.deployed("staging", "v1.0.0").await;
    t.release("v1.1.0", good());
    t.deployed("staging", "v1.1.0").await;
    t.world().traffic_set(&t.key("staging"), 20);
    t.user(person).says(rule).await;
    t.never_mind_the_rest();
}

/// So much of what is asked of v1.1.0 fails from now on, and that is noticed.
async fn fails(t: &mut Chat, percent: u8) {
    t.world.behaviour("v1.1.0", Behaviour::fails_requests(percent)).unwrap();
    looked_at(t).await;
}

/// Two minutes go by, in which services are looked after.
async fn looked_at(t: &mut Chat) {
    t.texts_pass(minutes(2)).await;
    t.looks_after_services().await;
}

#[test]
fn repeated_errors_after_a_deploy_go_back_with_an_incident() {
    chat(async |t| {
        live(t, "ana", RULE).await;
        fails(t, 30).await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ✗ api in staging answers with server errors: 696 of 2380 requests in 120 s
              Release 2 (r-2). This is not said again while it goes on.
              Next: logs api in staging; rollback staging

            ✗ web in staging answers with server errors: 696 of 2380 requests in 120 s
              Release 2 (r-2). This is not said again while it goes on.
              Next: logs web in staging; rollback staging

            ? Rule 1 of ana fired in staging: api answered 696 of 2380 requests in 120 s with server errors
                opened incident i-2-api-1795003320 with logs and diffs
                asked for `rollback staging` as r-3
              The rule: if we see repeated 500s, rollback and open an incident bundle with logs and diffs
              [Status] [Remove the rule]
        "#]]);
        t.bot_shows(expect![[r#"
            ✓ r-3 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms
              asked by: ana (rule 1)
              way back: rollback staging to release 2 brings release 2 back
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ config: 2 variables for 3 services (0 ms)
              ✓ bring up: healthy: api 1/1, web 1/1 (0 ms)
              ✓ traffic: api: 100% to release 1, web: 100% to release 1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ release: recorded (0 ms)
              > rollback staging
        "#]]);
        t.run(3).is("succeeded").await;
        // What goes on is the same episode, and what was gone back to is not left by itself.
        looked_at(t).await;
        t.settles().await;
        assert_eq!(t.runs().await, 3);
        t.user("ana").says("incidents in staging").await;
        t.bot_says(expect![[r#"
            · Incidents in staging, newest first
                i-2-api-1795003320 2026-11-18 12:02 UTC rule 1 (if we see repeated 500s, rollback and open an incident bundle with logs and diffs) fired: api answered 696 of 2380 requests in 120 s with server errors (r-2)
              Next: incident i-2-api-1795003320 shows its story, with what was measured, decided, changed and logged.
              [Incident i-2-api-1795003320]
              > incidents in staging
        "#]]);
    });
}

#[test]
fn killed_after_every_commit_a_rule_acts_once() {
    chat(async |t| {
        live(t, "ana", RULE).await;
        t.world.behaviour("v1.1.0", Behaviour::fails_requests(30)).unwrap();
        t.texts_pass(minutes(2)).await;
        t.engine().look_after_services().await.unwrap();
        let kills = t.rules_killed_after_each_commit().await;
        assert!(kills >= 5, "{kills}");
        t.settles().await;
        assert_eq!(t.runs().await, 3);
        t.run(3).is("succeeded").await;
        let incidents = t.engine().store().incident_list(&t.key("staging"), 0, i64::MAX).await.unwrap();
        assert_eq!(incidents.len(), 1);
        t.never_mind_the_rest();
    });
}

#[test]
fn a_rule_does_what_its_person_may() {
    chat(async |t| {
        live(t, "ana", "if something is unhealthy, restart and scale").await;
        // Ana may not any more.
        let vera = engine::model::User { name: "ana".parse().unwrap(), role: engine::model::Role::Viewer };
        t.engine().user_put(&vera, &[], &engine::model::Actor::system()).await.unwrap();
        unwell(t, true);
        t.looks_after_services().await;
        t.bot_says(expect![[r#"
            ✗ api in staging is unhealthy: 503 in 4 ms
              Next: logs api in staging; restart api in staging

            ? Rule 1 of ana fired in staging: api is unhealthy: 503 in 4 ms
                it can't restart: You are a viewer, and restart on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
                it can't scale: You are a viewer, and scale on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              The rule: if something is unhealthy, restart and scale
              [Status] [Remove the rule]
        "#]]);
        assert_eq!(t.runs().await, 2);
        unwell(t, false);
        t.looks_after_services().await;
        t.never_mind_the_rest();
    });
}

fn unwell(t: &Chat, is_unwell: bool) {
    let (staging, api) = (t.key("staging"), "api".parse().unwrap());
    let state = is_unwell.then(|| InstanceState::Unhealthy { last: "503 in 4 ms".to_owned() });
    t.world.drift(|it| assert!(it.instance_state(&staging, &api, 2, 0, state)));
}

#[test]
fn a_rule_waits_for_locks_and_gives_up() {
    chat(async |t| {
        live(t, "ana", "if something is unhealthy, restart").await;
        t.user("ben").says("lock staging: looking into it").await;
        t.never_mind_the_rest();
        unwell(t, true);
        t.looks_after_services().await;
        t.texts_pass(seconds(30)).await;
        assert_eq!(t.runs().await, 2);
        t.user("ben").says("unlock staging").await;
        t.never_mind_the_rest();
        t.texts_pass(seconds(10)).await;
        t.settles().await;
        t.run(3).is("succeeded").await;
        t.bot_says(expect![[r#"
            ? Rule 1 of ana fired in staging: api is unhealthy: 503 in 4 ms
                asked for `restart api in staging` as r-3
              The rule: if something is unhealthy, restart
              [Status] [Remove the rule]
        "#]]);
        // Healthy and unwell again in the same ten minutes: the same episode.
        t.looks_after_services().await;
        unwell(t, true);
        t.looks_after_services().await;
        t.settles().await;
        assert_eq!(t.runs().await, 3);
        // A later one is another, and a lock that stays is not waited for without end.
        unwell(t, false);
        t.looks_after_services().await;
        t.texts_pass(minutes(10)).await;
        t.user("ben").says("lock staging: still looking").await;
        t.never_mind_the_rest();
        unwell(t, true);
        t.looks_after_services().await;
        t.texts_pass_in_steps(minutes(31), seconds(30)).await;
        assert_eq!(t.runs().await, 3);
        t.bot_says(expect![[r#"
            ✗ api in staging is unhealthy: 503 in 4 ms
              Next: logs api in staging; restart api in staging

            ? Rule 1 of ana fired in staging: api is unhealthy: 503 in 4 ms
                it did not restart: ben has locked staging, all the time
              The rule: if something is unhealthy, restart
              [Status] [Remove the rule]
        "#]]);
        t.user("ben").says("unlock staging").await;
        t.never_mind_the_rest();
    });
}

/// A canary goes on that fails a few of its requests.
async fn weird_canary(t: &mut Chat, rule: &str, percent: u8) {
    live(t, "ana", rule).await;
    t.release("v1.2.0", Behaviour::fails_requests(percent));
    t.user("ana").says("deploy v1.2.0 to staging with canary").await;
    t.settles().await;
}

fn judged() -> Project {
    Project::usual().staging("lane_seconds_min: 10, soak_s: 60")
}

#[test]
fn a_canary_that_looks_weird_is_held() {
    chat_about(&judged(), async |t| {
        weird_canary(t, "if the canary looks weird, halt the canary", 9).await;
        t.bot_says(expect![[r#"
            ? Rule 1 of ana fired in staging: Not enough data to tell: The canary failed 7 of 100 requests (7.0%), the stable version 0 of 100 requests (0%); that speaks against the canary, but chance alone does as much in up to one of 17 canaries; it takes about 86 more canary requests, which is 9 s at this rate
                holds r-3
              The rule: if the canary looks weird, halt the canary
              [Status] [Remove the rule]
        "#]]);
        t.run(3).is("paused").await;
        t.user("ana").says("cancel").await;
        t.settles().await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_canary_that_looks_weird_is_taken_back() {
    chat_about(&judged(), async |t| {
        weird_canary(t, "if the canary looks weird, rollback and open an incident bundle", 9).await;
        t.run(3).is("rolled-back").await;
        t.bot_says(expect![[r#"
            ? Rule 1 of ana fired in staging: Not enough data to tell: The canary failed 7 of 100 requests (7.0%), the stable version 0 of 100 requests (0%); that speaks against the canary, but chance alone does as much in up to one of 17 canaries; it takes about 86 more canary requests, which is 9 s at this rate
                r-3 becomes an incident when it is taken back
                takes r-3 back
              The rule: if the canary looks weird, rollback and open an incident bundle with logs and diffs
              [Status] [Remove the rule]
        "#]]);
        t.never_mind_the_rest();
    });
}

#[test]
fn too_little_traffic_is_not_weird() {
    chat_about(&judged(), async |t| {
        live(t, "ana", "if the canary looks weird, rollback").await;
        t.world().traffic_set(&t.key("staging"), 0);
        t.release("v1.2.0", good());
        t.user("ana").says("deploy v1.2.0 to staging with canary").await;
        t.settles().await;
        t.run(3).is("paused").await;
        t.never_mind_the_rest();
        t.user("ana").says("cancel").await;
        t.settles().await;
        t.never_mind_the_rest();
    });
}

#[test]
fn what_waits_for_approval_is_said_to_wait() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("production", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("production", "v1.1.0").await;
        t.user("ana").says("if something is unhealthy in production, scale").await;
        t.never_mind_the_rest();
        let (production, api) = (t.key("production"), "api".parse().unwrap());
        let state = || InstanceState::Unhealthy { last: "503 in 4 ms".to_owned() };
        t.world.drift(|it| assert!(it.instance_state(&production, &api, 2, 0, Some(state()))));
        t.looks_after_services().await;
        t.bot_says(expect![[r#"
            ✗ api in production is unhealthy: 503 in 4 ms
              Next: logs api in production; restart api in production

            ? Rule 1 of ana fired in production: api is unhealthy: 503 in 4 ms
                asked for `scale api to 3 in production` as r-3, which waits for an approval
              The rule: if something is unhealthy in production, scale
              [Status] [Remove the rule]
        "#]]);
        t.never_mind_the_rest();
        t.user("ana").says("cancel").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn an_incident_of_what_is_live_has_its_story_and_its_files() {
    chat(async |t| {
        live(t, "ana", RULE).await;
        let (staging, api) = (t.key("staging"), "api".parse().unwrap());
        t.world.drift(|it| it.log(&staging, &api, 2, "SequelizeDatabaseError: relation is missing"));
        fails(t, 30).await;
        t.settles().await;
        t.never_mind_the_rest();
        let incidents = t.engine().store().incident_list(&staging, 0, i64::MAX).await.unwrap();
        let zoe = Identity { front: crate::stage::FRONT.to_owned(), external_id: "zoe".to_owned() };
        let zoe = t.engine().actor(&zoe).await.unwrap();
        let bundle = t.engine().incident_bundle(&incidents[0].id, &zoe).await.unwrap();
        let names: Vec<&str> = bundle.files.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["diff.json", "incident.md", "logs/api.log", "logs/web.log", "manifest.json", "observed.json"]
        );
        let story = String::from_utf8_lossy(&bundle.files["incident.md"]);
        assert!(story.contains("SequelizeDatabaseError"), "{story}");
        assert!(story.contains("696 of 2380 requests in 120 s"), "{story}");
        assert!(story.contains("- api: "), "{story}");
        t.user("ana").says(&format!("incident {}", incidents[0].id)).await;
        t.never_mind_the_rest();
    });
}

#[test]
fn an_alert_hears_of_repeated_errors() {
    chat(async |t| {
        live(t, "ana", "text me if we see repeated 500s").await;
        t.has_phone("ana").await;
        fails(t, 30).await;
        t.texts("ana", expect![[r#"
            r-2 staging: a live service answers with errors: api answered 696 of 2380 requests in 120 s with server errors. And 1 more (r-2). Reply CODE to roll back, CODE if you take it.
        "#]]);
        // The number goes back to the release before.
        let code = t.code("ana", "to roll back");
        t.replies("ana", &code).await;
        t.settles().await;
        t.run(3).is("succeeded").await;
        t.never_mind_the_rest();
    });
}
