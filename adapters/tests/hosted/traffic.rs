//! What releases answered, out of Railway's log of requests.

use adapters::railway::sim::Behaviour;
use engine::ports::{Edge as _, Signals as _};

use super::stage::{Deploy, Stage, api, commit, key};

/// A second, and of each release its requests and failures.
type Told = (i64, Vec<(u32, u64, u64)>);

#[tokio::test]
async fn each_second_is_told_once_it_is_over_and_always_the_same() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    let canary = Deploy::canary(2, 1);
    canary.prepare(&hosted).await.unwrap();
    canary.serve(&hosted).await.unwrap().unwrap();
    canary.shift(&hosted, 50).await.unwrap();
    stage.world(|world| {
        world.behaviours.insert(commit(1), Behaviour { error_percent: 0, took_ms: 20 });
        world.behaviours.insert(commit(2), Behaviour { error_percent: 50, took_ms: 3_000 });
    });
    stage.clock.advance(60_000);
    let now_s = engine::clock::Clock::now_ms(&*stage.clock) / 1_000;
    let nothing = hosted.seen(&key(), &api(), None, now_s - 30).await.unwrap();
    assert_eq!((nothing.until_s, nothing.seconds.len()), (now_s - 10, 0));
    stage.visit(&hosted, 40).await;
    stage.clock.advance(1_000);
    stage.visit(&hosted, 20).await;
    // Too young to be told: lines may still come.
    assert!(hosted.seen(&key(), &api(), None, now_s - 30).await.unwrap().seconds.is_empty());
    stage.clock.advance(12_000);
    let seen = hosted.seen(&key(), &api(), None, now_s - 1).await.unwrap();
    let told: Vec<Told> = seen
        .seconds
        .iter()
        .map(|second| {
            let by = second.by.iter();
            (second.at_s - now_s, by.map(|(of, one)| (*of, one.counts.requests, one.counts.errors)).collect())
        })
        .collect();
    assert_eq!(told, [(0, vec![(1, 20, 0), (2, 20, 10)]), (1, vec![(1, 10, 0), (2, 10, 5)])]);
    let bounds = hosted.latency_bounds_ms(&key(), &api());
    let slow = bounds.iter().position(|bound| *bound == 5_000).unwrap();
    assert_eq!(seen.seconds[0].by[&2].latency[slow], 20);
    let lanes = |at: usize, of: u32| seen.seconds[at].by[&of].counts.lanes;
    assert_eq!((lanes(0, 1), lanes(0, 2)), (5, 5));
    // Another program reads the same; this one reads no line twice.
    let other = stage.hosted().seen(&key(), &api(), None, now_s - 1).await;
    assert_eq!(other.unwrap().seconds.len(), 0, "an hour later it is no longer told");
    let answered = hosted.answered(&key(), &api()).await.unwrap();
    assert_eq!((answered[&1].requests, answered[&2].requests, answered[&2].server_errors), (30, 30, 15));
    stage.checked();
}
