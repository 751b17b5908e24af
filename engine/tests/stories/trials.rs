//! What a canary is judged by beside its traffic: synthetic checks, probes where there is no traffic, a person between stages; what
//! happens when nobody can tell how it does; and a second deploy that takes its place.

use adapters::sim::{Behaviour, Call, Fault, FaultKind};
use engine::model::RunId;
use engine::trial::{HeldFor, Trial};
use expect_test::expect;

use crate::world::changes::*;
use crate::world::{Story, on_both, service};

/// Where the descriptions of `api` and `web` begin.
const STARTS: [&str; 2] = ["    start: ./api\n", "    start: ./web\n"];
const EDGE: &str = r#"    edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400" }"#;

/// v1 is live under so much traffic; staging's policy, and `api` and `web`, say this, too.
async fn live(t: &mut Story, traffic: u32, policy: &str, services: &str) {
    let judged = format!("{EDGE}\n    policy: {{ lane_seconds_min: 10{policy} }}");
    let [api, web] = STARTS.map(|start| format!("{start}{services}"));
    t.redescribes(&[(EDGE, &judged), (STARTS[0], &api), (STARTS[1], &web)]).await.unwrap();
    t.does("ana", "staging", deploy("v1")).await;
    t.world.traffic_set(&t.environment("staging"), traffic);
}

async fn trial(t: &Story, run: &RunId) -> Trial {
    t.engine().store().trial_get(run).await.unwrap().unwrap()
}

async fn held(t: &Story, run: &RunId) -> (HeldFor, String) {
    assert_eq!(t.state(run).await, "paused", "{}", t.told(run).await);
    let held = trial(t, run).await.at_hand().unwrap().held.clone().unwrap();
    (held.what, held.say)
}

async fn soaks(t: &Story, seconds: i64) {
    t.settle().await;
    for _ in 0..seconds {
        t.passes(1_000);
        t.settle().await;
    }
}

const LOGIN: &str = "    checks: { login: { every_s: 5, steps: [{ request: POST /session }] } }\n";

#[test]
fn a_hard_check_that_only_the_canary_fails_takes_it_back() {
    on_both(async |t| {
        live(t, 0, "", LOGIN).await;
        t.world.behaviour("v2", Behaviour::fails_check("/session")).unwrap();
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 60)).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "rolled-back: canary-failed");
        expect!["the canary of api failed at 50% of traffic. The health check login failed 3 times in a row. (check login: /session failed)"].assert_eq(&t.reason(&run).await.say);
        assert_eq!(
            trial(t, &run).await.at_hand().unwrap().soaked_s(),
            10,
            "three checks, five seconds apart"
        );
    });
}

#[test]
fn a_check_that_both_fail_says_nothing_of_one_of_them() {
    on_both(async |t| {
        live(t, 100, "", LOGIN).await;
        for version in ["v1", "v2"] {
            t.world.behaviour(version, Behaviour::fails_check("/session")).unwrap();
        }
        let run = t.does("ana", "staging", deploy_canary("v2", &[50, 100], 30)).await;
        let made = &trial(t, &run).await.stages[0].services[&service("api")].checks["login"];
        assert_eq!((made.times, made.stable_failed, made.canary_failed), (7, 7, 7));
    });
}

#[test]
fn a_soft_check_takes_nothing_back_by_failing_a_few_times() {
    on_both(async |t| {
        live(t, 100, "", &LOGIN.replace("every_s: 5", "every_s: 5, severity: soft")).await;
        t.world.behaviour("v2", Behaviour::fails_check("/session")).unwrap();
        let run = t.does("ana", "staging", deploy_canary("v2", &[50, 100], 20)).await;
        let made = &trial(t, &run).await.stages[0].services[&service("api")].checks["login"];
        assert_eq!((made.times, made.stable_failed, made.canary_failed), (5, 0, 5));
        assert_eq!(made.last, "/session failed");
    });
}

#[test]
fn a_soft_check_is_evidence_that_adds_up() {
    on_both(async |t| {
        live(t, 100, "", &LOGIN.replace("every_s: 5", "every_s: 1, severity: soft")).await;
        t.world.behaviour("v2", Behaviour::fails_check("/session")).unwrap();
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 60)).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "rolled-back: canary-failed");
        expect!["the canary of api failed at 50% of traffic. Of 13 synthetic checks of both versions 13 failed for the canary alone and 0 for the stable version alone; equal versions would get this far apart less than once in 2369 canaries (limit: 2000). (check login: /session failed)"].assert_eq(&t.reason(&run).await.say);
    });
}

#[test]
fn probes_stand_in_for_traffic_that_does_not_come() {
    on_both(async |t| {
        let probing = LOGIN.replace("every_s: 5", "every_s: 30, probe: true");
        live(t, 0, "", &probing).await;
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 20)).await;
        t.settle_all().await;
        let events = t.engine().store().audit_after(0, 100_000).await.unwrap().into_iter();
        let judged: Vec<String> = events
            .filter(|(event, _)| event.action == "canary.judged")
            .map(|(event, _)| event.data.to_string())
            .collect();
        let judged = judged.join("\n");
        assert!(judged.contains("10 synthetic probes of both versions took its place"), "{judged}");
        // Alone, the new release has nothing to be compared with, and nobody to be seen by.
        let (what, say) = held(t, &run).await;
        assert_eq!((what, trial(t, &run).await.stages.len()), (HeldFor::Data, 2), "{say}");
        expect!["Not enough data: the new release has had all traffic for 40 s, and not one request came."]
            .assert_eq(&say);
    });
}

#[test]
fn who_can_not_see_holds_and_says_so_and_goes_on_when_it_sees_again() {
    on_both(async |t| {
        live(t, 100, "", "").await;
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 20)).await;
        soaks(t, 5).await;
        t.world.fault(Fault::of(Call::Seen, FaultKind::RetryBefore { after_ms: 0 }));
        soaks(t, 30).await;
        assert!(t.told(&run).await.contains("can't see how api does"), "{}", t.told(&run).await);
        assert_eq!(t.state(&run).await, "running");
        soaks(t, 40).await;
        let (what, say) = held(t, &run).await;
        assert_eq!(what, HeldFor::Signals);
        expect!["Nobody can tell how api does for 60 s now: seen of staging api: the other side is busy. Traffic stays at 50% until somebody says what to do."].assert_eq(&say);
        t.world.faults_clear();
        t.engine().resume(&run, &t.person("ana").await).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
    });
}

#[test]
fn a_stage_may_wait_for_a_person_before_the_next() {
    on_both(async |t| {
        live(t, 100, ", ask_between_stages: true", "").await;
        let run = t.asks("ana", "staging", deploy_canary("v2", &[10, 50, 100], 20)).await;
        t.settle_all().await;
        let (what, say) = held(t, &run).await;
        assert_eq!(what, HeldFor::Person);
        assert!(say.starts_with("Good enough, and the next stage waits for a person."), "{say}");
        let ana = t.person("ana").await;
        t.engine().resume(&run, &ana).await.unwrap();
        t.settle_all().await;
        assert_eq!(held(t, &run).await.0, HeldFor::Person);
        assert_eq!(trial(t, &run).await.at_hand().unwrap().soaked_s(), 50, "it soaked again");
        t.engine().promote(&run, &ana).await.unwrap();
        t.settle_all().await;
        assert_eq!(trial(t, &run).await.at_hand().unwrap().weight_pct, 50);
        t.engine().promote(&run, &ana).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "the last stage asks nobody");
    });
}

#[test]
fn a_second_deploy_waits_for_a_canary_or_takes_its_place() {
    on_both(async |t| {
        live(t, 100, "", "").await;
        let first = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 60)).await;
        soaks(t, 5).await;
        let second = t.asks("ben", "staging", deploy_canary("v3", &[50, 100], 20)).await;
        let third = t.asks("zoe", "staging", restart(&[])).await;
        soaks(t, 5).await;
        let detail = t.engine().run_detail(&second).await.unwrap();
        assert_eq!((detail.place, detail.replaces), (Some(1), Some(first.clone())));
        assert_eq!(t.engine().run_detail(&third).await.unwrap().replaces, None);
        t.engine().canary_back(&first, &t.person("ben").await, None).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&first).await, "rolled-back: rolled-back");
        assert_eq!(t.outcome(&second).await, "succeeded", "{}", t.told(&second).await);
        assert!(t.run(&first).await.finished_ms <= t.run(&second).await.started_ms);
        assert_eq!(t.engine().run_detail(&second).await.unwrap().replaces, None);
    });
}

#[test]
fn a_release_that_fails_once_it_has_all_traffic_waits_for_a_person() {
    on_both(async |t| {
        live(t, 100, "", "").await;
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 30)).await;
        soaks(t, 50).await;
        assert_eq!(trial(t, &run).await.stages.len(), 2, "{}", t.told(&run).await);
        t.world.behaviour("v2", Behaviour::fails_requests(40)).unwrap();
        soaks(t, 5).await;
        let (what, say) = held(t, &run).await;
        assert_eq!(what, HeldFor::Alone, "{say}");
        expect!["api: With all traffic it failed 125 of 2100 requests (6%); beside it, in the stages before, the stable version failed 0 of 1500 requests (0%). Nothing runs in the same seconds to compare it with, so a person has to say."].assert_eq(&say);
        // Somebody waits, and it gets well.
        t.world.behaviour("v2", Behaviour::default()).unwrap();
        t.engine().resume(&run, &t.person("ana").await).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
    });
}

/// Whatever of a trial another version wrote down in another form: the run goes on, and evidence that can't be read is gathered anew.
#[test]
fn a_canary_that_another_version_wrote_down_goes_on() {
    on_both(async |t| {
        for form in [
            "a judge without its form",
            "a service that is no object",
            "no services",
            "stages of another kind",
        ] {
            t.begin_again().await;
            live(t, 100, "", "").await;
            let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 20)).await;
            soaks(t, 5).await;
            let mut stored = serde_json::to_value(trial(t, &run).await).unwrap();
            match form {
                "a judge without its form" => {
                    drop(stored["services"]["api"]["judge"].as_object_mut().unwrap().remove("form"));
                }
                "a service that is no object" => stored["services"]["api"] = "well".into(),
                "no services" => drop(stored.as_object_mut().unwrap().remove("services")),
                _ => stored["stages"] = serde_json::json!([{ "share": 0.5 }]),
            }
            let stored = stored.to_string().replace('\'', "''");
            t.tampers(&format!("UPDATE trials SET body = '{stored}' WHERE run = '{run}'")).await;
            t.crash_and_restart().await;
            t.settle_all().await;
            assert_eq!(t.outcome(&run).await, "succeeded", "{form}: {}", t.told(&run).await);
            let first = trial(t, &run).await.stages[0].clone();
            let here = &first.services[&service("api")];
            assert_eq!((first.soaked_s(), here.served.canary.requests), (20, 1_000), "{form}");
            // Where the stage itself began again, so did all that belongs to it.
            let is_said = here.because.ends_with("what was known before was kept in another form.");
            assert_eq!(is_said, form != "stages of another kind", "{form}: {}", here.because);
        }
    });
}
