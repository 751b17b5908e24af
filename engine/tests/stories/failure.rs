use adapters::sim::{Behaviour, Call, Fault, FaultKind};
use engine::ports::{Crashes, Finding};
use expect_test::expect;

use crate::world::changes::*;
use crate::world::{Story, on_both, service};

/// v1 is live, then a release with this behaviour comes; how its run ends. The environment is as before.
async fn comes(t: &Story, behaviour: Behaviour) -> engine::model::RunId {
    t.does("ana", "staging", deploy("v1")).await;
    let before = t.picture("staging").await;
    t.world.release("v4", "Trouble", behaviour);
    let run = t.asks("ana", "staging", deploy("v4")).await;
    t.settle_all().await;
    assert_eq!(t.picture("staging").await, before, "{}", t.told(&run).await);
    assert_eq!(t.desired("staging").await, "live @1");
    assert_eq!(t.releases("staging").await, "2 failed, 1 live");
    run
}

#[test]
fn a_release_that_never_becomes_healthy_is_undone() {
    on_both(async |t| {
        let run = comes(t, Behaviour::never_healthy()).await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        expect![[r#"
            queued
            running
              resolve ref …
              resolve ref done: v4 is ac98730
              preflight …
              preflight done: ready, 3 builds in 0.0 s
              reconcile shape …
              reconcile shape done: 1 components, 2 addresses
              reconcile config …
              reconcile config done: 3 variables for 3 services
              migrations …
              migrations done: applied 2 migrations
              api and web …
              api and web waits: api 0/1 healthy, 503 Service Unavailable
              api and web failed: unhealthy
            undoing: unhealthy (api did not become healthy within 20 s: 503 Service Unavailable)
              api and web undone: new processes ended
              migrations undone: 0002 add_due_date, 0003 create_payments were applied and stay: what ran before can live with them
              reconcile config undone: configuration removed
              preflight undone: no build is running
            failed: unhealthy (api did not become healthy within 20 s: 503 Service Unavailable)
        "#]]
        .assert_eq(&t.told(&run).await);
        let incidents = t.engine().store().incident_list(&t.environment("staging"), 0, 10).await.unwrap();
        assert!(incidents.is_empty(), "nobody saw it");
        t.does("ana", "staging", deploy("v2")).await;
        assert_eq!(t.releases("staging").await, "3 live, 2 failed, 1 superseded");
    });
}

#[test]
fn a_crash_loop_is_undone_at_once() {
    on_both(async |t| {
        let run = comes(t, Behaviour::crash_loop()).await;
        assert_eq!(t.outcome(&run).await, "failed: crash-loop");
        assert_eq!(t.reason(&run).await.evidence, ["fatal: cannot start"]);
    });
}

#[test]
fn a_build_that_fails_touches_nothing() {
    on_both(async |t| {
        let run = comes(t, Behaviour::build_fails(&["error: no such file"])).await;
        assert_eq!(t.outcome(&run).await, "failed: build-failed");
        assert_eq!(t.reason(&run).await.evidence, ["error: no such file"]);
        assert_eq!(t.migrated("staging").await, "0001");
    });
}

#[test]
fn a_build_that_failed_is_tried_again_by_the_next_run() {
    on_both(async |t| {
        let run = comes(t, Behaviour::build_fails(&["no space left on device"])).await;
        t.world.behaviour("v4", Behaviour::default()).unwrap();
        let again = t.engine().retry(&run, &t.person("ana").await).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&again.id).await, "succeeded");
    });
}

#[test]
fn a_release_that_fails_requests_is_rolled_back_and_is_an_incident() {
    on_both(async |t| {
        let run = comes(t, Behaviour::fails_requests(20)).await;
        assert_eq!(t.outcome(&run).await, "rolled-back: verification-failed");
        let incidents = t.engine().store().incident_list(&t.environment("staging"), 0, 10).await.unwrap();
        assert_eq!(incidents.len(), 1);
        assert!(incidents[0].summary.contains("was taken back"), "{}", incidents[0].summary);
    });
}

#[test]
fn a_failing_migration_keeps_the_earlier_ones_and_changes_nothing_else() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let before = t.picture("staging").await;
        t.world.behaviour("v2", Behaviour::migration_fails("0003")).unwrap();
        let run = t.asks("ana", "staging", deploy("v2")).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: migration-failed");
        assert_eq!(t.migrated("staging").await, "0001 0002");
        assert_eq!(t.picture("staging").await, before);
        assert!(t.reason(&run).await.say.contains("0003"), "{}", t.reason(&run).await.say);
    });
}

#[test]
fn a_schema_the_old_release_can_not_live_with_needs_a_person_when_the_deploy_fails() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.world.file("migrations/0004_drop_due.sql", "ALTER TABLE invoices DROP COLUMN id");
        t.world.release("v4", "Trouble", Behaviour::never_healthy());
        let run = t.asks("ana", "staging", deploy("v4")).await;
        let detail = t.engine().run_detail(&run).await.unwrap();
        assert!(!detail.plan.way_back.proved, "{:?}", detail.plan.way_back);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        let evidence = t.reason(&run).await.evidence;
        assert!(
            evidence.iter().any(|line| line.contains("needs a person") && line.contains("0004")),
            "{evidence:?}"
        );
    });
}

#[test]
fn a_first_deploy_that_fails_leaves_a_schema_nobody_has_to_live_with() {
    on_both(async |t| {
        t.world.file("migrations/0004_drop_due.sql", "ALTER TABLE invoices DROP COLUMN id");
        t.world.release("v4", "Trouble", Behaviour::never_healthy());
        let run = t.asks("ana", "staging", deploy("v4")).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        let evidence = t.reason(&run).await.evidence;
        assert!(!evidence.iter().any(|line| line.contains("Not undone")), "{evidence:?}");
        let told = t.told(&run).await;
        let stays = told.lines().find(|line| line.contains("migrations undone")).unwrap_or_default();
        assert!(stays.contains("0004 drop_due were applied and stay"), "{told}");
        assert!(!stays.contains("live with"), "nothing ran before: {told}");
    });
}

#[test]
fn a_first_deploy_that_fails_speaks_of_nothing_that_ran_before() {
    on_both(async |t| {
        t.world.release("v4", "Trouble", Behaviour::never_healthy());
        let run = t.asks("ana", "staging", deploy("v4")).await;
        t.settle_all().await;
        let told = t.told(&run).await;
        assert!(told.contains("applied and stay") && !told.contains("what ran before"), "{told}");
    });
}

#[test]
fn services_that_keep_ending_are_noticed_also_when_their_addresses_can_not_be_looked_at() {
    on_both(async |t| {
        let run = t.does("ana", "staging", deploy("v1")).await;
        let staging = t.environment("staging");
        let now_ms = t.now_ms();
        let crashes = Crashes {
            times: 3,
            since_ms: now_ms,
            last_ms: now_ms,
            how: "exit code 3".to_owned(),
            line: "out of luck".to_owned(),
            gave_up: false,
        };
        t.world.drift(|it| assert!(it.instance_crashes(&staging, &service("api"), 1, 0, crashes)));
        // What was told of addresses before is written among what happened to the run.
        t.tampers(&format!("UPDATE run_events SET body = 'nothing' WHERE run = '{run}'")).await;
        t.engine().look_after_services().await.unwrap_err();
        let incidents = t.engine().store().incident_list(&staging, 0, 10).await.unwrap();
        assert_eq!(incidents.len(), 1, "{incidents:?}");
        assert!(incidents[0].summary.contains("api ended by itself 3 times"), "{incidents:?}");
    });
}

#[test]
fn a_breaking_migration_that_was_never_applied_needs_nobody() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v3")).await;
        t.world.file("migrations/0004_drop_due.sql", "ALTER TABLE invoices DROP COLUMN id");
        t.world.release("v4", "Trouble", Behaviour::migration_fails("0004"));
        let run = t.asks("ana", "staging", deploy("v4")).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: migration-failed");
        assert!(t.reason(&run).await.evidence.is_empty(), "{:?}", t.reason(&run).await);
    });
}

#[test]
fn what_preflight_finds_stops_the_run_before_it_does_anything() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let before = t.world.effects();
        let finding = Finding { blocks: true, says: "port 7401 is taken by nginx (pid 12)".to_owned() };
        t.world.findings_set(&t.environment("staging"), vec![finding]);
        let run = t.asks("ana", "staging", deploy("v2")).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: preflight");
        assert_eq!(t.reason(&run).await.say, "port 7401 is taken by nginx (pid 12)");
        assert_eq!(t.world.effects(), before);
    });
}

#[test]
fn a_platform_out_of_sight_is_waited_for() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let run = t.asks("ana", "staging", deploy("v2")).await;
        t.world.fault(Fault::of(Call::Observe, FaultKind::RetryBefore { after_ms: 0 }));
        assert!(t.settle().await.is_some(), "it looks again later");
        assert_eq!(t.state(&run).await, "queued");
        t.world.faults_clear();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
    });
}

#[test]
fn a_platform_that_never_answers_is_given_up_and_the_run_undone() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let before = t.picture("staging").await;
        t.world.behaviour("v2", Behaviour::healthy_after(5_000)).unwrap();
        let run = t.asks("ana", "staging", deploy("v2")).await;
        t.settle().await;
        t.world.fault(Fault::of(Call::Observe, FaultKind::RetryBefore { after_ms: 0 }));
        while t.state(&run).await == "running" {
            t.passes(30_000);
            t.settle().await;
        }
        t.world.faults_clear();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: start-failed");
        assert_eq!(t.picture("staging").await, before);
    });
}

#[test]
fn patience_with_a_platform_out_of_sight_counts_from_when_it_went_out_of_sight() {
    on_both(async |t| {
        // A long piece of work, all of it in sight, but for a moment near its end.
        t.world.behaviour("v1", Behaviour::builds_in(17 * 60_000)).unwrap();
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.settle().await;
        t.passes(15 * 60_000);
        t.settle().await;
        t.world.fault(Fault::of(Call::BuildLook, FaultKind::RetryBefore { after_ms: 0 }));
        t.passes(60_000);
        t.settle().await;
        assert_eq!(t.state(&run).await, "running");
        t.world.faults_clear();
        t.passes(60_000);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
    });
}

#[test]
fn a_release_users_saw_that_can_not_be_taken_back_is_an_incident() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.world.file("migrations/0004_drop_due.sql", "ALTER TABLE invoices DROP COLUMN id");
        t.world.release("v4", "Trouble", Behaviour::fails_requests(20));
        let run = t.asks("ana", "staging", deploy("v4")).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: verification-failed");
        let incidents = t.engine().store().incident_list(&t.environment("staging"), 0, 10).await.unwrap();
        assert_eq!(incidents.len(), 1);
        assert!(incidents[0].summary.contains("could not be taken back whole"), "{}", incidents[0].summary);
    });
}

#[test]
fn old_processes_that_do_not_end_are_no_reason_to_give_a_good_release_up() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.world.fault(Fault::of(Call::InstancesStop, FaultKind::FailBefore).about("staging api@1"));
        t.does("ana", "staging", deploy("v2")).await;
        t.world.faults_clear();
        let picture = t.picture("staging").await;
        assert!(picture.contains("api@1") && !picture.contains("web@1 healthy"), "{picture}");
        t.does("ana", "staging", deploy("v3")).await;
        let picture = t.picture("staging").await;
        assert!(!picture.contains("api@1 healthy"), "the next deploy ends them: {picture}");
    });
}
