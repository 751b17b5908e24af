//! The bundle of an incident: its numbers are those the judge was given, it names every file with its hash, and none of it goes
//! out while a secret is in it.

use adapters::sim::Behaviour;
use engine::artifacts::ArtifactName;
use engine::model::RunId;
use engine::trial::{HeldFor, Trial};
use secrecy::SecretString;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::world::changes::*;
use crate::world::{Story, on_both, service};

/// Requests a second to each service.
const TRAFFIC: u32 = 100;
/// What a service prints before anybody says that it is a secret.
const KEY: &str = "correct-horse-battery-staple";

async fn live(t: &mut Story, judging: &str) {
    let edge = r#"    edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400" }"#;
    let judged = format!("{edge}\n    policy: {{ lane_seconds_min: 10{judging} }}");
    t.redescribes(&[(edge, &judged)]).await.unwrap();
    t.does("ana", "staging", deploy("v1")).await;
    t.world.traffic_set(&t.environment("staging"), TRAFFIC);
}

async fn trial(t: &Story, run: &RunId) -> Trial {
    t.engine().store().trial_get(run).await.unwrap().unwrap()
}

async fn soaks(t: &Story, seconds: i64) {
    t.settle().await;
    for _ in 0..seconds {
        t.passes(1_000);
        t.settle().await;
    }
}

/// v4 fails a fifth of its requests, prints what nobody knows to be a secret, and is taken back.
async fn taken_back(t: &mut Story) -> RunId {
    live(t, "").await;
    t.world.release("v4", "Cached totals", Behaviour::fails_requests(20));
    let run = t.asks("ana", "staging", deploy_canary("v4", &[50, 100], 60)).await;
    soaks(t, 2).await;
    let (staging, api) = (t.environment("staging"), service("api"));
    let canary = t.release_of(&run).await;
    t.world.drift(|it| it.log(&staging, &api, canary, &format!("connecting with {KEY}")));
    t.settle_all().await;
    assert_eq!(t.outcome(&run).await, "rolled-back: canary-failed", "{}", t.told(&run).await);
    run
}

fn incident_of(run: &RunId) -> String {
    run.as_str().replace("r-", "i-")
}

async fn kept(t: &Story, run: &RunId, name: ArtifactName) -> String {
    String::from_utf8(t.engine().artifacts().get(run, &name).await.unwrap()).unwrap()
}

#[test]
fn its_numbers_are_those_that_were_judged() {
    on_both(async |t| {
        let run = taken_back(t).await;
        let stage = trial(t, &run).await.stages[0].clone();
        let api = &stage.services[&service("api")];
        let whole = &api.track.whole;
        assert_eq!(
            (whole.canary.requests, whole.canary.errors),
            (api.served.canary.requests, api.served.canary.errors)
        );
        assert_eq!(whole.stable.requests, api.served.stable.requests);
        let failed_pct = 100.0 * whole.canary.errors as f64 / whole.canary.requests as f64;
        assert!((10.0..30.0).contains(&failed_pct), "{whole:?}");

        let story = kept(t, &run, ArtifactName::Incident).await;
        let (_, rest) = story.split_once("\n\n").unwrap();
        let summary = rest.lines().next().unwrap();
        let numbers = format!(
            "api canary {} of {} failed ({failed_pct:.1}%), p95 5 ms",
            whole.canary.errors, whole.canary.requests
        );
        assert!(summary.contains(&numbers), "{summary}\n{numbers}");
        for section in [
            "![Failed requests and latency over the stages](chart.svg)",
            "the judge: stage 1 of 2 (50% of traffic): **fail**. The canary failed",
            "ana: asked for `deploy staging`",
            "## What it would have changed: release\n\n- api: v1",
            "## What it would have changed: migrations\n\n- migration",
            "## Commits since the last good release\n\n- ",
            "## What to do next",
        ] {
            assert!(story.contains(section), "{section}\n{story}");
        }
        let chart = kept(t, &run, ArtifactName::Chart).await;
        assert!(chart.starts_with("<svg") && chart.contains(&numbers), "{chart}");

        let metrics: Value = serde_json::from_str(&kept(t, &run, ArtifactName::Metrics).await).unwrap();
        let over_time =
            metrics["canary"]["stages"][0]["services"][0]["over_time"].as_array().unwrap().clone();
        let sum = |of: &str| over_time.iter().map(|point| point["canary"][of].as_u64().unwrap()).sum::<u64>();
        assert_eq!((sum("requests"), sum("errors")), (whole.canary.requests, whole.canary.errors));
        let observed: Value = serde_json::from_str(&kept(t, &run, ArtifactName::Observed).await).unwrap();
        let sets = observed["observed"]["services"]["api"]["sets"].as_array().unwrap();
        assert_eq!(sets.len(), 2, "both versions were still up: {observed}");
    });
}

#[test]
fn it_goes_out_whole_and_as_its_manifest_says() {
    on_both(async |t| {
        let run = taken_back(t).await;
        let vera = t.person("vera").await;
        let bundle = t.engine().incident_bundle(&incident_of(&run), &vera).await.unwrap();
        let manifest: Value = serde_json::from_slice(&bundle.files["manifest.json"]).unwrap();
        let named = manifest["files"].as_array().unwrap();
        assert_eq!(named.len() + 1, bundle.files.len(), "{manifest}");
        for one in named {
            let name = one["path"].as_str().unwrap().split_once(&format!("{run}/")).unwrap().1.to_owned();
            let hash = hex::encode(Sha256::digest(&bundle.files[&name]));
            assert_eq!(one["sha256"], hash, "{name}");
        }
        assert_eq!(t.engine().incident_bundle("i-ffff", &vera).await.unwrap_err().code(), "unknown-incident");
    });
}

#[test]
fn nothing_of_it_goes_out_while_a_secret_is_in_a_file() {
    on_both(async |t| {
        let run = taken_back(t).await;
        let zoe = t.person("zoe").await;
        let name = "session-secret".parse().unwrap();
        let staging = t.environment("staging");
        t.engine().secret_set(&staging, &name, SecretString::from(KEY), &zoe).await.unwrap();
        let refusal = t.engine().incident_bundle(&incident_of(&run), &zoe).await.unwrap_err();
        assert_eq!(refusal.code(), "secret-inside");
        let said = format!("{refusal} {} {refusal:?}", refusal.next());
        assert!(said.contains("logs/api.log") && !said.contains(KEY), "{said}");
        // Reading it shows it without.
        let detail = t.engine().incident(&incident_of(&run), &zoe).await.unwrap();
        let story = detail.story.unwrap();
        assert!(story.contains("connecting with [secret session-secret]") && !story.contains(KEY), "{story}");
    });
}

#[test]
fn a_low_score_asks_or_goes_back_where_the_policy_wants_it() {
    on_both(async |t| {
        // Without data a score is 50, which is nothing to go by: only this policy minds.
        live(t, ", judging: { score_min: 60, score_low_s: 5, when_low: ask }").await;
        t.world.traffic_set(&t.environment("staging"), 0);
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 60)).await;
        soaks(t, 8).await;
        let held = trial(t, &run).await.at_hand().unwrap().held.clone().unwrap();
        assert_eq!(held.what, HeldFor::Score);
        assert!(held.say.contains("has been below 60 for 5 s"), "{}", held.say);
        assert_eq!(t.state(&run).await, "paused");
        t.engine().resume(&run, &t.person("ben").await).await.unwrap();
        soaks(t, 10).await;
        assert_eq!(
            trial(t, &run).await.at_hand().unwrap().held,
            None,
            "it was seen once, and is not asked again"
        );
        t.engine().cancel(&run, &t.person("ana").await, None).await.unwrap();
        t.settle_all().await;

        t.redescribes(&[("when_low: ask", "when_low: roll back")]).await.unwrap();
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 60)).await;
        soaks(t, 8).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "rolled-back: canary-failed");

        t.redescribes(&[("when_low: roll back", "when_low: nothing")]).await.unwrap();
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 60)).await;
        soaks(t, 20).await;
        assert_eq!(trial(t, &run).await.at_hand().unwrap().held, None);
        t.engine().cancel(&run, &t.person("ana").await, None).await.unwrap();
        t.settle_all().await;
    });
}

#[test]
fn a_pattern_of_ones_own_takes_a_canary_back_at_once() {
    on_both(async |t| {
        live(t, ", judging: { log_patterns: [{ name: payment refused, pattern: \"payment .* refused\", critical: true }] }").await;
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 60)).await;
        soaks(t, 2).await;
        let (staging, api) = (t.environment("staging"), service("api"));
        let canary = t.release_of(&run).await;
        t.world.drift(|it| it.log(&staging, &api, canary, "payment 17 was refused"));
        soaks(t, 3).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "rolled-back: canary-failed");
        assert!(t.reason(&run).await.say.contains("payment refused"), "{}", t.reason(&run).await.say);
    });
}
