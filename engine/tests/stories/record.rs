use adapters::sim::{Behaviour, Call, Fault, FaultKind};
use engine::artifacts::ArtifactName;
use engine::audit::Checkpoint;
use engine::model::{Identity, RunId, User};
use tokio_util::sync::CancellationToken;

use crate::world::changes::*;
use crate::world::{Story, on_both, service};

/// A secret nobody told us of, which is known by its shape.
const TOKEN: &str = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";

async fn newest_checkpoint(t: &Story) -> Option<Checkpoint> {
    t.engine().store().checkpoint_list().await.unwrap().pop()
}

#[test]
fn every_checkpoint_is_anchored_outside_of_the_database() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let checkpoint = newest_checkpoint(t).await.unwrap();
        // The same is fine a second time; another hash for the same place is not.
        t.engine().artifacts().anchor(&checkpoint).await.unwrap();
        let mut other = checkpoint.clone();
        other.hash = engine::audit::GENESIS;
        let refused = t.engine().artifacts().anchor(&other).await.unwrap_err().to_string();
        let path = format!("checkpoints/{}.json was written before", checkpoint.seq);
        assert!(refused.starts_with(&path), "{refused}");
    });
}

#[test]
fn a_growing_record_is_signed_every_five_minutes_and_a_resting_one_is_not() {
    on_both(async |t| {
        let stop = CancellationToken::new();
        let working = tokio::spawn({
            let (engine, stop) = (t.engine().clone(), stop.clone());
            async move { engine.work(stop).await }
        });
        let looked_again = async || tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        looked_again().await;
        assert_eq!(newest_checkpoint(t).await, None);
        t.passes(5 * 60_000);
        looked_again().await;
        let first = newest_checkpoint(t).await.expect("the import was recorded");
        t.passes(5 * 60_000);
        looked_again().await;
        assert_eq!(newest_checkpoint(t).await, Some(first.clone()), "nothing has happened");
        let zoe = t.person("zoe").await;
        t.engine().lock(&t.environment("staging"), &zoe, None, None).await.unwrap();
        t.passes(5 * 60_000);
        looked_again().await;
        assert!(newest_checkpoint(t).await.unwrap().seq > first.seq);
        stop.cancel();
        working.await.unwrap();
    });
}

#[test]
fn a_run_that_never_started_leaves_its_artifacts_and_a_checkpoint_too() {
    on_both(async |t| {
        let rejected = t.asks("ana", "production", deploy("v1")).await;
        t.rejects("ben", &rejected, "not today").await.unwrap();
        let cancelled = t.asks("ana", "production", deploy("v1")).await;
        t.engine().cancel(&cancelled, &t.person("ana").await, None).await.unwrap();
        let expired = t.asks("ana", "production", deploy("v1")).await;
        t.passes(14 * 24 * 3_600_000);
        t.settle().await;
        assert_eq!(t.outcome(&expired).await, "cancelled: expired");
        for run in [rejected, cancelled, expired] {
            let kept = t.engine().artifacts().get(&run, &ArtifactName::Run).await.unwrap();
            assert!(String::from_utf8(kept).unwrap().contains("cancelled"));
        }
        assert_eq!(t.engine().store().checkpoint_list().await.unwrap().len(), 3);
    });
}

#[test]
fn what_was_kept_of_a_run_in_part_is_completed_after_a_start() {
    on_both(async |t| {
        let run = t.does("ana", "staging", deploy("v1")).await;
        t.crash_and_restart().await;
        // These artifacts are in memory, and so gone. One of them comes back: the rest must, too.
        let plan = t.engine().run_detail(&run).await.unwrap().plan;
        let text = serde_json::to_string_pretty(&plan).unwrap();
        t.engine().artifacts().put(&run, &ArtifactName::Plan, text.as_bytes()).await.unwrap();
        let stop = CancellationToken::new();
        let working = tokio::spawn({
            let (engine, stop) = (t.engine().clone(), stop.clone());
            async move { engine.work(stop).await }
        });
        for _ in 0..100 {
            if t.engine().artifacts().get(&run, &ArtifactName::Run).await.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(t.engine().artifacts().list(&run).await.unwrap().len() > 3);
        stop.cancel();
        working.await.unwrap();
    });
}

#[test]
fn no_secret_is_kept_whatever_says_it() {
    on_both(async |t| {
        t.world.behaviour("v1", Behaviour::build_fails(&[&format!("fatal: {TOKEN}")])).unwrap();
        let zoe = t.person("zoe").await;
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.settle_all().await;
        assert_eq!(t.reason(&run).await.evidence, ["fatal: [secret github-token]"]);
        t.engine().lock(&t.environment("staging"), &zoe, Some(TOKEN), None).await.unwrap();
        t.engine().unlock(&t.environment("staging"), &zoe, Some(TOKEN)).await.unwrap();
        let cancelled = t.asks("ana", "production", deploy("v1")).await;
        t.engine().cancel(&cancelled, &zoe, Some(TOKEN)).await.unwrap();
        assert_eq!(t.reason(&cancelled).await.say, "cancelled by zoe: [secret github-token]");
        for (event, _) in t.engine().store().audit_after(0, 100_000).await.unwrap() {
            let text = serde_json::to_string(&event).unwrap();
            assert!(!text.contains(TOKEN), "{text}");
        }
        for run in [run, cancelled] {
            assert!(!t.told(&run).await.contains(TOKEN));
        }
    });
}

#[test]
fn the_record_binds_to_receipts_as_they_are_kept() {
    on_both(async |t| {
        let run = t.does("ana", "staging", deploy("v1")).await;
        let detail = t.engine().run_detail(&run).await.unwrap();
        let kept: Vec<String> = detail
            .receipts
            .iter()
            .filter(|receipt| receipt.kind == "done")
            .map(|receipt| {
                use sha2::Digest;
                let text = engine::canonical::canonical_json(&receipt.body);
                hex::encode(sha2::Sha256::digest(text.as_bytes()))
            })
            .collect();
        let events = t.engine().store().audit_after(0, 100_000).await.unwrap();
        let recorded: Vec<String> = events
            .iter()
            .filter(|(event, _)| event.action == "step.done")
            .map(|(event, _)| event.data["receipt"].as_str().unwrap().to_owned())
            .collect();
        assert!(!kept.is_empty() && kept == recorded, "{kept:?} {recorded:?}");
    });
}

#[test]
fn who_is_refused_people_projects_or_secrets_is_in_the_record() {
    on_both(async |t| {
        let (vera, ana) = (t.person("vera").await, t.person("ana").await);
        let kim = User { name: "kim".parse().unwrap(), role: engine::model::Role::Admin };
        let identity = Identity { front: "terminal".to_owned(), external_id: "kim".to_owned() };
        let environment = t.environment("production");
        let engine = t.engine();
        engine.user_put(&kim, &[identity], &vera).await.unwrap_err();
        engine.user_remove(&"zoe".parse().unwrap(), &vera).await.unwrap_err();
        let project = engine.project_get(None).await.unwrap().value;
        engine.project_import(&project, &vera).await.unwrap_err();
        for who in [&vera, &ana] {
            let value = "a-value".to_owned().into();
            engine
                .secret_set(&environment, &"session-secret".parse().unwrap(), value, who)
                .await
                .unwrap_err();
        }
        let refused = t.recorded("order.refused").await;
        let by = |who: &str| format!("order.refused by {who}");
        assert_eq!(refused, [by("vera"), by("vera"), by("vera"), by("vera"), by("ana")]);
    });
}

#[test]
fn whoever_may_not_approve_does_not_hear_how_a_run_stands() {
    on_both(async |t| {
        let run = t.asks("ana", "production", deploy("v1")).await;
        t.rejects("ben", &run, "not today").await.unwrap();
        assert_eq!(t.approves("vera", &run).await.unwrap_err().code(), "not-allowed");
        assert_eq!(t.approves("zoe", &run).await.unwrap_err().code(), "already-decided");
    });
}

#[test]
fn an_artifact_that_is_there_already_stays_and_the_run_says_so_once() {
    on_both(async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        let (engine, name) = (t.engine(), ArtifactName::Plan);
        engine.artifacts().put(&run, &name, b"somebody else's").await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        let told = t.told(&run).await;
        assert!(told.ends_with("succeeded\nruns/r-…/plan.json differs\n"), "{told}");
        assert_eq!(t.recorded("run.artifact-differs").await.len(), 1);
        assert_eq!(engine.artifacts().get(&run, &name).await.unwrap(), b"somebody else's");
        // The others are kept all the same, and nothing is left to be tried again.
        assert!(engine.artifacts().get(&run, &ArtifactName::Run).await.is_ok());
        engine.keep_missing_artifacts(50, || true).await.unwrap();
        assert_eq!(t.told(&run).await, told);
        assert_eq!(t.recorded("run.artifact-differs").await.len(), 1);
    });
}

#[test]
fn a_service_that_keeps_ending_is_recorded_once_however_many_look() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.world.behaviour("v1", Behaviour::crash_loop()).unwrap();
        t.passes(60_000);
        let (one, other) = (t.engine().clone(), t.replica("two", t.clock()).await);
        let stop = CancellationToken::new();
        let working = [one, other].map(|engine| {
            let stop = stop.clone();
            tokio::spawn(async move { engine.work(stop).await })
        });
        for _ in 0..200 {
            t.passes(5_000);
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        stop.cancel();
        for working in working {
            working.await.unwrap();
        }
        let recorded = t.recorded("service.crash-loop").await;
        assert_eq!(recorded.len(), 2, "api and web, once each: {recorded:?}");
        let incidents = t.engine().store().incident_list(&t.environment("staging"), 0, 10).await.unwrap();
        assert_eq!(incidents.len(), 2, "{incidents:?}");
    });
}

/// What a run's metrics say was answered: service, release, requests, server errors.
async fn answered(t: &Story, run: &RunId) -> Option<Vec<(String, u64, u64, u64)>> {
    let kept = t.engine().artifacts().get(run, &ArtifactName::Metrics).await.unwrap();
    let metrics: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    let by = metrics["answered"]["by"].as_array()?;
    let one = |by: &serde_json::Value| {
        let number = |name: &str| by[name].as_u64().unwrap();
        let service = by["service"].as_str().unwrap().to_owned();
        (service, number("release"), number("requests"), number("server_errors"))
    };
    Some(by.iter().map(one).collect())
}

#[test]
fn what_releases_answered_meanwhile_is_among_the_numbers_of_a_run() {
    on_both(async |t| {
        let by = |service: &str, release, requests, errors| (service.to_owned(), release, requests, errors);
        let first = t.does("ana", "staging", deploy("v1")).await;
        assert_eq!(answered(t, &first).await.unwrap(), [by("api", 1, 20, 0), by("web", 1, 20, 0)]);
        // The release before answered as well, before the run and while it built.
        let users = async |count: u32| {
            for _ in 0..count {
                let edge = t.world.ports().edge;
                edge.probe(&t.environment("staging"), &service("api"), "/").await.unwrap();
            }
        };
        users(7).await;
        let slow = Behaviour { error_rate_percent: 20, ..Behaviour::builds_in(60_000) };
        t.world.behaviour("v2", slow).unwrap();
        let bad = t.asks("ana", "staging", deploy("v2")).await;
        t.settle().await;
        users(5).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&bad).await, "rolled-back: verification-failed");
        assert_eq!(answered(t, &bad).await.unwrap(), [by("api", 1, 5, 0), by("api", 2, 20, 4)]);
        // An edge that does not say is no reason not to go on.
        t.world.fault(Fault::of(Call::Answered, FaultKind::FailBefore));
        let blind = t.does("ana", "staging", deploy("v3")).await;
        assert_eq!(answered(t, &blind).await, None);
    });
}
