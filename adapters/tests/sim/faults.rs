//! What goes wrong on the way: lost answers, refusals, slow calls, crashes, and changes behind the engine's back.

use std::collections::BTreeMap;
use std::time::Duration;

use adapters::sim::{Behaviour, Call, Fault, FaultKind, Seed};
use engine::clock::Clock;
use engine::ports::{BuildKey, PortError};
use expect_test::expect;

use crate::story::{START_MS, Story, share, source, step};

#[tokio::test]
async fn a_lost_answer_is_found_by_looking() {
    let story = Story::new();
    story.shaped().await;
    story.world.fault(Fault::of(Call::MigrationApply, FaultKind::LostAnswer).about("staging postgres"));
    let lost = story.migrates("0001").await.unwrap_err();
    expect!["migration_apply of staging postgres 0001 was sent and no answer came"]
        .assert_eq(&lost.to_string());
    assert!(matches!(lost, PortError::Unknown { .. }));
    assert_eq!(story.applied().await, ["0001"]);

    story.world.faults_clear();
    story.world.fault(Fault::of(Call::MigrationApply, FaultKind::UnknownBefore));
    assert!(matches!(story.migrates("0002").await, Err(PortError::Unknown { .. })));
    assert_eq!(story.applied().await, ["0001"], "this one never arrived");
    assert!(story.world.doubled().is_empty());
}

#[tokio::test]
async fn faults_strike_the_nth_call_they_match() {
    let story = Story::new();
    story.shaped().await;
    story.world.fault(Fault::of(Call::MigrationApply, FaultKind::FailBefore).about("0002"));
    story.world.fault(Fault::of(Call::WeightsSet, FaultKind::RetryBefore { after_ms: 500 }).nth(2));
    story.world.fault(Fault::of(Call::Observe, FaultKind::FailBefore).about("production"));
    let whole = [share(1, 100)];
    story.weights(&whole).await.unwrap();
    let busy = story.weights(&whole).await.unwrap_err();
    assert!(matches!(busy, PortError::Retry { after_ms: Some(500), .. }));
    story.weights(&whole).await.unwrap();
    story.migrates("0001").await.unwrap();
    let refused = story.migrates("0002").await.unwrap_err();
    expect!["migration_apply of staging postgres 0002 was refused"].assert_eq(&refused.to_string());
    story.ports.platform.observe(&story.staging).await.unwrap();
    let unstruck: Vec<_> = story.world.faults_unstruck().into_iter().map(|fault| fault.call.call).collect();
    assert_eq!(unstruck, [Call::Observe], "nobody asked about production");
}

#[tokio::test]
async fn a_slow_call_answers_when_the_clock_has_moved() {
    let story = Story::new();
    story.world.fault(Fault::of(Call::WeightsSet, FaultKind::SlowMs(3_000)).nth(1));
    let whole = [share(1, 100)];
    let slow = story.weights(&whole);
    tokio::pin!(slow);
    tokio::select! {
        _ = &mut slow => unreachable!("the clock stands still"),
        () = tokio::time::sleep(Duration::from_millis(10)) => {}
    }
    let meanwhile = story.ports.edge.weights(&story.staging, &story.api).await.unwrap();
    assert_eq!(meanwhile, whole, "it happened; only its answer is late");
    story.clock.advance(3_000);
    slow.await.unwrap();
}

#[tokio::test]
async fn a_crash_is_silence_until_a_new_engine_asks_for_ports() {
    let mut story = Story::new();
    story.shaped().await;
    for (version, kind) in [("0001", FaultKind::Crash), ("0002", FaultKind::CrashBefore)] {
        story.world.faults_clear();
        story.world.fault(Fault::of(Call::MigrationApply, kind));
        tokio::select! {
            _ = story.migrates(version) => unreachable!("the process died"),
            () = story.world.crashed() => {}
        }
        let silent = tokio::time::timeout(Duration::from_millis(5), story.applied()).await;
        assert!(silent.is_err(), "the dead process hears nothing");
        story.ports = story.world.ports();
        assert_eq!(story.applied().await, ["0001"]);
    }
    assert_eq!(story.world.crashes(), 2);
    assert_eq!(story.clock.now_ms(), START_MS);
}

#[tokio::test]
async fn things_change_behind_the_engines_back() {
    let story = Story::new();
    let set = story.starts(1, 2, Behaviour::default()).await;
    let other = story.world.commit("Something else");
    story.weights(&[share(1, 100)]).await.unwrap();
    let before = story.world.ledger();
    story.world.drift(|it| {
        it.weights(&story.staging, &story.api, &[share(2, 100)]);
        assert!(it.instance_vanish(&story.staging, &story.api, 1, 0));
        assert!(!it.instance_vanish(&story.staging, &story.api, 9, 0));
        it.tag_move("v1", &other).unwrap();
    });
    assert_eq!(story.world.ledger(), before);
    expect!["1: healthy"].assert_eq(&story.instances().await);
    assert_eq!(story.ports.code.resolve(&source(), Some("v1")).await.unwrap().id, other);
    let weights = story.ports.edge.weights(&story.staging, &story.api).await.unwrap();
    assert_eq!(weights, [share(2, 100)]);

    story.ports.platform.instances_ensure(&step(5), &story.staging, &set).await.unwrap();
    expect!["1: healthy healthy"].assert_eq(&story.instances().await);
    assert!(story.world.repeats().is_empty(), "mending what vanished is no repeat");
}

#[tokio::test]
async fn a_rehearsal_starts_from_what_was_observed() {
    let real = Story::new();
    let set = real.starts(4, 2, Behaviour::default()).await;
    real.starts(5, 1, Behaviour::never_healthy()).await;
    let observed = real.ports.platform.observe(&real.staging).await.unwrap();

    let rehearsal = Story::new();
    let seed = Seed {
        observed: observed.clone(),
        sets: vec![set],
        builds: BTreeMap::from([(BuildKey("build-4".to_owned()), "0".repeat(40))]),
        weights: BTreeMap::from([(real.api.clone(), vec![share(4, 100)])]),
        ..Seed::default()
    };
    rehearsal.world.seed(&real.staging, seed);
    assert_eq!(rehearsal.ports.platform.observe(&real.staging).await.unwrap(), observed);
    assert_eq!(rehearsal.probes(1).await, BTreeMap::from([("4:200".to_owned(), 1)]));
    assert_eq!(rehearsal.world.effects(), "");
}
