//! Canaries in stages: judged every second, taken back by themselves, steered by people, and none the worse for a kill.

use adapters::sim::{Behaviour, Call, Fault, FaultKind};
use engine::artifacts::ArtifactName;
use engine::canary::Side;
use engine::model::{CanaryChoice, Change, MigrateChoice, RunId};
use engine::ports::{Crashes, InstanceState, Weight};
use engine::trial::{HeldFor, Trial};
use expect_test::expect;

use crate::world::changes::*;
use crate::world::{Story, on_both, service};

/// Requests a second to each service.
const TRAFFIC: u32 = 100;

/// v1 is live, so much traffic comes, and a canary passes on so many lane-seconds.
async fn live(t: &mut Story, traffic: u32) {
    t.judges_by(10).await;
    t.does("ana", "staging", deploy("v1")).await;
    t.world.traffic_set(&t.environment("staging"), traffic);
}

async fn trial(t: &Story, run: &RunId) -> Trial {
    t.engine().store().trial_get(run).await.unwrap().unwrap()
}

fn weights(t: &Story) -> String {
    t.world.drift(|_| ());
    let mut said = String::new();
    for line in
        t.world.effects().lines().filter(|line| line.contains("weights_set") && line.contains(" api "))
    {
        said += line.rsplit_once(" api ").unwrap().1;
        said.push('\n');
    }
    said
}

/// Time passes second by second, and whatever can move does.
async fn soaks(t: &Story, seconds: i64) {
    t.settle().await;
    for _ in 0..seconds {
        t.passes(1_000);
        t.settle().await;
    }
}

#[test]
fn a_good_release_goes_through_its_stages() {
    on_both(async |t| {
        live(t, TRAFFIC).await;
        let run = t.does("ana", "staging", deploy_canary("v2", &[10, 50, 100], 20)).await;
        expect![[r#"
            queued
            running
              resolve ref …
              resolve ref done: v2 is 940e9a2
              preflight …
              preflight done: ready, 3 builds in 0.0 s
              reconcile shape …
              reconcile shape done: 1 components, 2 addresses
              reconcile config …
              reconcile config done: 3 variables for 3 services
              migrations …
              migrations done: applied 2 migrations
              api and web …
              api and web done: healthy: api 1/1, web 1/1
              canary 10% …
              canary 10% waits: soaking, 20 s left
              canary 10% waits: soaking, 10 s left
              canary 10% done: soaked 20 s, api failed 0 of 200 requests (stable: 0 of 1800), web failed 0 of 200 requests (stable: 0 of 1800)
              canary 50% …
              canary 50% waits: soaking, 20 s left
              canary 50% waits: soaking, 10 s left
              canary 50% done: soaked 20 s, api failed 0 of 1000 requests (stable: 0 of 1000), web failed 0 of 1000 requests (stable: 0 of 1000)
              canary 100% …
              canary 100% waits: soaking, 20 s left
              canary 100% waits: soaking, 10 s left
              canary 100% done: soaked 20 s, api failed 0 of 2000 requests, web failed 0 of 2000 requests
              cron …
              cron done: cron runs at `*/15 * * * *`
              verification …
              verification done: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms
              finalize …
              finalize done: recorded
            succeeded
        "#]].assert_eq(&t.told(&run).await);
        expect![[r#"
            @1=100%
            @1=90% @2=10%
            @1=50% @2=50%
            @2=100%
        "#]]
        .assert_eq(&weights(t));
        let trial = trial(t, &run).await;
        let soaked: Vec<(u8, u32)> =
            trial.stages.iter().map(|stage| (stage.weight_pct, stage.soaked_s())).collect();
        assert_eq!(soaked, [(10, 20), (50, 20), (100, 20)]);
        let first = &trial.stages[0].services[&service("api")].served;
        assert_eq!(first.canary, Side { requests: 200, errors: 0, lanes: 20, error_lanes: 0 });
        assert_eq!(t.recorded("canary.judged").await.len(), 3);
        let metrics = t.engine().artifacts().get(&run, &ArtifactName::Metrics).await.unwrap();
        let metrics: serde_json::Value = serde_json::from_slice(&metrics).unwrap();
        let mut stage = metrics["canary"]["stages"][0].clone();
        for service in stage["services"].as_array_mut().unwrap() {
            let over_time = service.as_object_mut().unwrap().remove("over_time").unwrap();
            assert_eq!(over_time.as_array().unwrap().len(), 20, "{over_time}");
        }
        expect![[r#"
            {
              "weight_pct": 10,
              "soak_s": 20,
              "soaked_s": 20,
              "began_ms": 1795608000000,
              "ended_ms": 1795608021000,
              "promoted_by": null,
              "services": [
                {
                  "service": "api",
                  "stable": {
                    "requests": 1800,
                    "errors": 0,
                    "lanes": 180,
                    "error_lanes": 0
                  },
                  "canary": {
                    "requests": 200,
                    "errors": 0,
                    "lanes": 20,
                    "error_lanes": 0
                  },
                  "score": 100,
                  "verdict": "pass",
                  "because": "The canary failed 0 of 200 requests (0%), the stable version 0 of 1,800 requests (0%) in the same seconds: nothing says that it is worse."
                },
                {
                  "service": "web",
                  "stable": {
                    "requests": 1800,
                    "errors": 0,
                    "lanes": 180,
                    "error_lanes": 0
                  },
                  "canary": {
                    "requests": 200,
                    "errors": 0,
                    "lanes": 20,
                    "error_lanes": 0
                  },
                  "score": 100,
                  "verdict": "pass",
                  "because": "The canary failed 0 of 200 requests (0%), the stable version 0 of 1,800 requests (0%) in the same seconds: nothing says that it is worse."
                }
              ]
            }"#]].assert_eq(&serde_json::to_string_pretty(&stage).unwrap());
    });
}

#[test]
fn a_bad_release_is_taken_back_in_its_first_stage() {
    on_both(async |t| {
        live(t, 2 * TRAFFIC).await;
        t.world.release("v4", "Cached totals", Behaviour::fails_requests(20));
        let before = t.picture("staging").await;
        let run = t.asks("ana", "staging", deploy_canary("v4", &[10, 50, 100], 60)).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "rolled-back: canary-failed", "{}", t.told(&run).await);
        expect![[r#"
            queued
            running
              resolve ref …
              resolve ref done: v4 is 1abfee9
              preflight …
              preflight done: ready, 3 builds in 0.0 s
              reconcile shape …
              reconcile shape done: 1 components, 2 addresses
              reconcile config …
              reconcile config done: 3 variables for 3 services
              migrations …
              migrations done: applied 2 migrations
              api and web …
              api and web done: healthy: api 1/1, web 1/1
              canary 10% …
              canary 10% waits: soaking, 60 s left
              canary 10% failed: canary-failed
            undoing: canary-failed (the canary of api failed at 10% of traffic. The canary failed 13 of 80 requests (16%), the stable version 0 of 720 requests (0%) in the same seconds; equal versions would get this far apart less than once in 351 canaries (limit: 200).)
              canary 10% undone: api: 100% to release 1, web: 100% to release 1
              api and web undone: new processes ended
              migrations undone: 0002 add_due_date, 0003 create_payments were applied and stay: what ran before can live with them
              reconcile config undone: configuration removed
              preflight undone: no build is running
            rolled-back: canary-failed (the canary of api failed at 10% of traffic. The canary failed 13 of 80 requests (16%), the stable version 0 of 720 requests (0%) in the same seconds; equal versions would get this far apart less than once in 351 canaries (limit: 200).)
        "#]].assert_eq(&t.told(&run).await);
        assert_eq!(t.picture("staging").await, before);
        let trial = trial(t, &run).await;
        assert_eq!(trial.stages.len(), 1);
        assert!(trial.stages[0].soaked_s() <= 40, "{} s", trial.stages[0].soaked_s());
        let environment = t.environment("staging");
        let incidents = t.engine().store().incident_list(&environment, 0, 10).await.unwrap();
        assert!(incidents[0].summary.contains("was taken back: the canary of"), "{}", incidents[0].summary);
        let desired = t.engine().store().environment_get(&environment).await.unwrap().value;
        assert_eq!(desired.held.as_deref(), Some("rolled back from release 2 (v4)"));
        assert_eq!(desired.live, Some(1));
        // Traffic went back before anything was taken away.
        let effects = t.world.effects();
        let back = effects.rfind("weights_set").unwrap();
        assert!(back < effects.rfind("instances_stop").unwrap(), "{effects}");
        t.does("ana", "staging", deploy("v2")).await;
        let desired = t.engine().store().environment_get(&environment).await.unwrap().value;
        assert_eq!(desired.held, None, "a person deployed");
    });
}

#[test]
fn too_little_data_is_never_a_pass() {
    on_both(async |t| {
        live(t, 0).await;
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 20)).await;
        t.settle_all().await;
        assert_eq!(t.state(&run).await, "paused", "{}", t.told(&run).await);
        let held = trial(t, &run).await.at_hand().unwrap().held.clone().unwrap();
        assert_eq!(held.what, HeldFor::Data);
        expect!["api: Not enough data: 0 of the 10 lane-seconds a pass needs could be compared (0 canary requests); it takes about 10 more canary requests, and none has come yet. web can't pass yet either."].assert_eq(&held.say);
        assert_eq!(trial(t, &run).await.at_hand().unwrap().soaked_s(), 40, "it soaked longer first");
        // Somebody wants to wait for more, and it comes.
        t.world.traffic_set(&t.environment("staging"), TRAFFIC);
        t.engine().resume(&run, &t.person("ana").await).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
    });
}

#[test]
fn a_person_moves_on_what_lacks_data_or_takes_it_back() {
    on_both(async |t| {
        live(t, 0).await;
        let run = t.asks("ana", "staging", deploy_canary("v2", &[10, 50, 100], 20)).await;
        t.settle_all().await;
        assert!(t.engine().promote(&run, &t.person("vera").await).await.is_err());
        t.engine().promote(&run, &t.person("ben").await).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.state(&run).await, "paused", "the next stage lacks data, too");
        assert!(t.told(&run).await.contains("promoted by ben"), "{}", t.told(&run).await);
        t.engine().canary_back(&run, &t.person("ana").await, Some("not today")).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "rolled-back: rolled-back");
        expect![[r#"
            @1=100%
            @1=90% @2=10%
            @1=50% @2=50%
            @1=100%
        "#]]
        .assert_eq(&weights(t));
        assert!(t.engine().promote(&run, &t.person("ben").await).await.is_err());
    });
}

#[test]
fn a_wrong_split_is_an_alarm_and_no_verdict() {
    on_both(async |t| {
        live(t, TRAFFIC).await;
        let staging = t.environment("staging");
        t.world.misroutes_set(&staging, true);
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 60)).await;
        t.settle_all().await;
        assert_eq!(t.state(&run).await, "paused", "{}", t.told(&run).await);
        let held = trial(t, &run).await.at_hand().unwrap().held.clone().unwrap();
        assert_eq!(held.what, HeldFor::Split);
        expect!["The canary of api was given 50% of traffic and gets 0.0% (0 of 500 requests): the router is at fault, so nothing can be said about the release."].assert_eq(&held.say);
        t.world.misroutes_set(&staging, false);
        t.engine().resume(&run, &t.person("ana").await).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
    });
}

#[test]
fn hard_triggers_need_no_statistics() {
    on_both(async |t| {
        live(t, 0).await;
        let (staging, api) = (t.environment("staging"), service("api"));
        let ill = InstanceState::Unhealthy { last: "503".to_owned() };
        for trigger in ["health", "crashes", "panic"] {
            let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 60)).await;
            soaks(t, 3).await;
            let canary = t.release_of(&run).await;
            t.world.drift(|drift| match trigger {
                "health" => {
                    drift.instance_state(&staging, &api, canary, 0, Some(ill.clone()));
                }
                "crashes" => {
                    let (how, line) = ("exit code 1".to_owned(), String::new());
                    let crashes = Crashes { times: 3, since_ms: 0, last_ms: 0, how, line, gave_up: false };
                    drift.instance_crashes(&staging, &api, canary, 0, crashes);
                }
                _ => drift.log(&staging, &api, canary, "thread 'main' panicked at src/main.rs:3:1:"),
            });
            soaks(t, 5).await;
            t.settle_all().await;
            assert_eq!(t.outcome(&run).await, "rolled-back: canary-failed", "{trigger}");
            let say = t.reason(&run).await.say;
            assert!(
                say.to_lowercase().contains(if trigger == "crashes" {
                    "ended by themselves"
                } else {
                    trigger
                }),
                "{say}"
            );
        }
    });
}

#[test]
fn what_makes_both_versions_ill_fails_neither() {
    on_both(async |t| {
        live(t, TRAFFIC).await;
        let (staging, api) = (t.environment("staging"), service("api"));
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 20)).await;
        soaks(t, 3).await;
        let ill = InstanceState::Unhealthy { last: "503".to_owned() };
        let both = [1, t.release_of(&run).await];
        let put = |state: Option<&InstanceState>| {
            t.world.drift(|drift| {
                for release in both {
                    drift.instance_state(&staging, &api, release, 0, state.cloned());
                }
            });
        };
        put(Some(&ill));
        soaks(t, 10).await;
        put(None);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
    });
}

#[test]
fn killed_at_any_second_it_goes_on_and_counts_nothing_twice() {
    on_both(async |t| {
        live(t, TRAFFIC).await;
        let run = t.asks("ana", "staging", deploy_canary("v2", &[10, 50, 100], 20)).await;
        for _ in 0..70 {
            soaks(t, 1).await;
            t.crash_and_restart().await;
        }
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        for stage in &trial(t, &run).await.stages {
            assert_eq!(stage.soaked_s(), 20);
            let served = stage.services[&service("api")].served;
            assert_eq!(served.canary.requests + served.stable.requests, 20 * u64::from(TRAFFIC));
        }
    });
}

#[test]
fn a_bad_one_is_taken_back_all_the_same_when_it_is_killed_while_it_goes_back() {
    on_both(async |t| {
        for call in [Call::WeightsSet, Call::InstancesStop, Call::ConfigPut] {
            t.begin_again().await;
            live(t, TRAFFIC).await;
            t.world.release("v4", "Cached totals", Behaviour::fails_requests(20));
            let before = t.picture("staging").await;
            let run = t.asks("ana", "staging", deploy_canary("v4", &[50, 100], 60)).await;
            soaks(t, 1).await;
            t.world.fault(Fault::of(call, FaultKind::Crash).nth(1));
            assert!(t.settles_or_dies().await, "{call} never came");
            t.crash_and_restart().await;
            t.settle_all().await;
            assert_eq!(t.outcome(&run).await, "rolled-back: canary-failed", "{call}");
            assert_eq!(t.picture("staging").await, before, "{call}");
            t.end().await;
        }
    });
}

#[test]
fn paused_it_stays_where_it_is_and_is_watched_on() {
    on_both(async |t| {
        live(t, TRAFFIC).await;
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 20)).await;
        soaks(t, 5).await;
        t.engine().pause(&run, &t.person("ben").await).await.unwrap();
        soaks(t, 60).await;
        let stage = trial(t, &run).await.at_hand().unwrap().clone();
        assert_eq!((stage.weight_pct, stage.held), (50, None));
        t.engine().resume(&run, &t.person("ben").await).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");

        t.world.release("v4", "Cached totals", Behaviour::fails_requests(20));
        let run = t.asks("ana", "staging", deploy_canary("v4", &[50, 100], 60)).await;
        soaks(t, 1).await;
        t.engine().pause(&run, &t.person("ben").await).await.unwrap();
        soaks(t, 30).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "rolled-back: canary-failed", "a pause is no licence to fail");
    });
}

#[test]
fn cancelled_its_traffic_goes_back_and_the_next_in_line_begins() {
    on_both(async |t| {
        live(t, TRAFFIC).await;
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 20)).await;
        soaks(t, 5).await;
        let next = t.asks("ben", "staging", deploy("v3")).await;
        soaks(t, 2).await;
        assert_eq!(t.state(&next).await, "queued", "a second deploy waits");
        assert_eq!(t.engine().canary_in(&t.environment("staging")).await.unwrap(), Some(run.clone()));
        t.engine().cancel(&run, &t.person("ana").await, None).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "cancelled: cancelled");
        assert_eq!(t.outcome(&next).await, "succeeded", "{}", t.told(&next).await);
        assert_eq!(t.engine().canary_in(&t.environment("staging")).await.unwrap(), None);
    });
}

#[test]
fn weights_that_somebody_else_sets_are_set_again() {
    on_both(async |t| {
        live(t, TRAFFIC).await;
        let (staging, api) = (t.environment("staging"), service("api"));
        let run = t.asks("ana", "staging", deploy_canary("v2", &[10, 100], 20)).await;
        soaks(t, 5).await;
        t.world.drift(|drift| {
            drift.weights(&staging, &api, &[Weight { release: 1, percent: 100 }]);
        });
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        expect![[r#"
            @1=100%
            @1=90% @2=10%
            @1=90% @2=10%
            @2=100%
        "#]]
        .assert_eq(&weights(t));
    });
}

#[test]
fn a_canary_that_can_not_be_is_refused_with_why() {
    on_both(async |t| {
        live(t, TRAFFIC).await;
        t.world.file("migrations/0009_drop_due.sql", "ALTER TABLE invoices DROP COLUMN id");
        t.world.release("v5", "Fewer columns", Behaviour::default());
        let refused = async |change: Change| match t.tries("ana", "staging", change).await {
            Ok(run) => panic!("{run} was made"),
            Err(refusal) => refusal.to_string(),
        };
        expect!["no canary can go with this: the live release serves beside the new one all the while, and it can't live with the schema: migration 0009 drop_due drops the column id of invoices"].assert_eq(&refused(deploy_canary("v5", &[10, 100], 20)).await);
        expect!["a canary of 100% has no stable release beside it to be judged against"]
            .assert_eq(&refused(deploy_canary("v2", &[100], 20)).await);
    });
}

#[test]
fn the_first_release_has_nothing_to_be_compared_with() {
    on_both(async |t| {
        let plan = t.previews("ana", "staging", deploy_canary("v1", &[10, 100], 20)).await;
        assert!(!plan.has_canary());
        assert_eq!(plan.notes, ["nothing is live here to compare with: no canary, all traffic at once"]);
    });
}

#[test]
fn the_policy_says_what_is_usual() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let edge = r#"    edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400" }"#;
        let judged = format!("{edge}\n    policy: {{ canary: 25/100, soak_s: 30 }}");
        t.redescribes(&[(edge, &judged)]).await.unwrap();
        let says = async |change: Change| {
            let plan = t.previews("ana", "staging", change).await;
            let stages = plan.steps.iter().filter(|step| step.title.starts_with("canary"));
            stages.map(|step| format!("{}: {}", step.title, step.says)).collect::<Vec<_>>().join("\n")
        };
        expect![[r#"
            canary 25%: 25% of traffic for 30 s, judged every second against release 1
            canary 100%: all traffic, watched for 30 s; release 1 stands by"#]]
        .assert_eq(&says(deploy("v2")).await);
        let off = Change::Deploy {
            services: Vec::new(),
            reference: Some("v2".to_owned()),
            proved: None,
            migrate: MigrateChoice::First,
            canary: CanaryChoice::Off,
        };
        assert_eq!(says(off).await, "canary: one stage of 100%: all traffic to the new release, read back");
    });
}
