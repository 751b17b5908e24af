//! Weights and instances change while requests are under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::client::piece;
use crate::instance::Instance;
use crate::world::{LONG, World};

/// Requests that have to get their answer while everything changes.
const REQUESTS: usize = 20_000;
const CLIENTS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_requests_while_weights_change_and_instances_are_replaced_without_one_failure() {
    let world = Arc::new(World::new().await);
    let mut old = [Instance::start(1).await, Instance::start(1).await];
    let mut new = [Instance::start(2).await, Instance::start(2).await];
    world.has(1, &[&old[0], &old[1]]);
    world.has(2, &[&new[0], &new[1]]);
    world.weights(&[(1, 100)]).await;

    let done = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let mut client = world.client().await;
                let mut failed = Vec::new();
                for at in 0..REQUESTS / CLIENTS {
                    // Every third request can't be repeated, so that nothing is owed to repeating.
                    let answer =
                        if at % 3 == 0 { client.post("/echo", "x").await } else { client.get("/").await };
                    if answer.status != 200 {
                        failed.push(format!("request {at}: {} {}", answer.status, answer.body));
                    }
                }
                failed
            })
        })
        .collect();

    let changes = tokio::spawn({
        let (world, done) = (Arc::clone(&world), Arc::clone(&done));
        async move {
            let mut rounds = 0;
            while !done.load(Ordering::SeqCst) {
                for (release, pair) in [(1, &mut old), (2, &mut new)] {
                    world.weights(&[(1, 90), (2, 10)]).await;
                    let fresh = Instance::start(release).await;
                    let [first, second] = &*pair;
                    world.has(release, &[first, second, &fresh]);
                    world.weights(&[(1, 34), (2, 66)]).await;
                    world.drain(release, first, LONG).await;
                    // Dropping the one that was there ends it and all its connections at once.
                    pair[0] = fresh;
                    pair.swap(0, 1);
                }
                world.weights(&[(2, 100)]).await;
                rounds += 1;
            }
            rounds
        }
    });

    for failed in futures_util::future::try_join_all(clients).await.unwrap() {
        assert_eq!(failed, Vec::<String>::new());
    }
    done.store(true, Ordering::SeqCst);
    let rounds = changes.await.unwrap();
    assert!(rounds > 3, "only {rounds} rounds of changes");
    let counts = world.edge.counts(&world.environment, &world.api);
    let retried: u64 = counts.values().map(|counts| counts.retried).sum();
    assert_eq!(counts.values().map(|counts| counts.requests).sum::<u64>(), REQUESTS as u64);
    assert_eq!(retried, 0, "not even a hidden failure");
}

#[tokio::test]
async fn a_drain_waits_for_a_slow_answer_while_new_requests_go_elsewhere() {
    let (going, staying) = (Instance::start(12).await, Instance::start(12).await);
    let world = Arc::new(World::serving(&[&going]).await);
    let mut slow = world.client().await;
    let slow = tokio::spawn(async move { slow.get("/gate").await });
    going.has_one_waiting().await;

    world.has(12, &[&going, &staying]);
    let mut drain = std::pin::pin!(world.drain(12, &going, LONG));
    // Asked once, the drain has begun.
    assert!(futures_util::poll!(drain.as_mut()).is_pending());
    let mut client = world.client().await;
    for _ in 0..10 {
        assert_eq!(client.get("/").await.status, 200);
    }
    assert_eq!((going.requests(), staying.requests()), (1, 10));
    assert!(futures_util::poll!(drain.as_mut()).is_pending());

    going.lets_one_through();
    drain.await;
    assert_eq!(slow.await.unwrap().body, "through the gate");
}

#[tokio::test]
async fn a_drain_cuts_what_is_open_at_its_limit() {
    let (going, staying) = (Instance::start(12).await, Instance::start(12).await);
    let world = World::serving(&[&going]).await;
    let (mut streaming, mut posting) = (world.client().await, world.client().await);
    let mut stream = streaming.begin("/stream").await.into_body();
    assert_eq!(piece(&mut stream).await.unwrap().unwrap(), "first ");
    going.has_one_waiting().await;
    let posted = tokio::spawn(async move { posting.post("/gate", "once only").await.status });
    going.has_one_waiting().await;

    world.has(12, &[&going, &staying]);
    world.drain(12, &going, Duration::from_millis(1)).await;
    assert!(piece(&mut stream).await.unwrap().is_err(), "a cut answer must not look like a whole one");
    assert_eq!(posted.await.unwrap(), 502);
    assert_eq!(world.client().await.get("/").await.body, "release 12 /");
}

#[tokio::test]
async fn instances_no_longer_named_finish_what_is_open() {
    let (before, after) = (Instance::start(12).await, Instance::start(12).await);
    let world = World::serving(&[&before]).await;
    let mut slow = world.client().await;
    let slow = tokio::spawn(async move { slow.get("/gate").await.body });
    before.has_one_waiting().await;
    world.has(12, &[&after]);
    assert_eq!(world.client().await.get("/").await.status, 200);
    assert_eq!((before.requests(), after.requests()), (1, 1));
    before.lets_one_through();
    assert_eq!(slow.await.unwrap(), "through the gate");
}
