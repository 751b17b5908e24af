//! Requests and answers on their way through.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use engine::ports::{Edge, Signals};

use crate::client::{piece, whole};
use crate::instance::Instance;
use crate::world::World;

#[tokio::test]
async fn every_hundred_requests_are_split_exactly_also_with_many_clients_at_once() {
    let (stable, canary, canary_2) =
        (Instance::start(12).await, Instance::start(13).await, Instance::start(13).await);
    let world = Arc::new(World::new().await);
    world.has(12, &[&stable]);
    world.has(13, &[&canary, &canary_2]);
    world.weights(&[(12, 93), (13, 7)]).await;

    let mut client = world.client().await;
    let mut answered: BTreeMap<u32, u32> = BTreeMap::new();
    for _ in 0..100 {
        *answered.entry(client.get("/").await.release()).or_default() += 1;
    }
    assert_eq!(answered, BTreeMap::from([(12, 93), (13, 7)]));

    let clients = (0..10).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let mut client = world.client().await;
            for _ in 0..50 {
                assert_eq!(client.get("/").await.status, 200);
            }
        })
    });
    futures_util::future::try_join_all(clients).await.unwrap();
    assert_eq!((stable.requests(), canary.requests() + canary_2.requests()), (93 * 6, 7 * 6));
    assert!(canary.requests().abs_diff(canary_2.requests()) <= 8, "instances share their release's requests");

    let counts = world.edge.counts(&world.environment, &world.api);
    assert_eq!((counts[&12].requests, counts[&13].requests), (93 * 6, 7 * 6));
    assert_eq!(counts[&12].latency.iter().sum::<u64>(), counts[&12].requests);
}

#[tokio::test]
async fn connections_are_kept_on_both_sides() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let mut client = world.client().await;
    for _ in 0..25 {
        assert_eq!(client.get("/").await.body, "release 12 /");
        assert_eq!(client.post("/echo", "with a body").await.body, "with a body");
        let head = client.ask("HEAD", "/", "").await.unwrap();
        assert_eq!((head.status, head.header("content-length"), head.body.as_str()), (200, "12", ""));
    }
    assert_eq!(instance.requests(), 75);
    // One, were it not for connections that stood by for too long on a machine that is busy with other things.
    assert!(instance.connections() < 10, "{} connections", instance.connections());
}

#[tokio::test]
async fn an_answer_streams_its_first_piece_is_there_before_the_last_is_made() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let mut client = world.client().await;
    let mut body = client.begin("/stream").await.into_body();
    assert_eq!(piece(&mut body).await.unwrap().unwrap(), "first ");
    instance.has_one_waiting().await;
    instance.lets_one_through();
    assert_eq!(piece(&mut body).await.unwrap().unwrap(), "second");
    assert!(piece(&mut body).await.is_none());
    assert_eq!(client.get("/").await.status, 200, "the connection is good for more");
}

#[tokio::test]
async fn an_upload_streams_its_first_piece_comes_back_before_the_last_is_sent() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let mut client = world.client().await;
    let (mut pieces, answer) = client.upload("/echo");
    pieces.send("one").await;
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(piece(&mut body).await.unwrap().unwrap(), "one");
    pieces.send("two").await;
    assert_eq!(piece(&mut body).await.unwrap().unwrap(), "two");
    drop(pieces);
    assert!(piece(&mut body).await.is_none());
}

#[tokio::test]
async fn a_client_that_asks_before_it_uploads_is_told_to_go_on() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let mut wire = world.wire().await;
    wire.says("POST /echo HTTP/1.1\nHost: a\nContent-Length: 4\nExpect: 100-continue\n\n").await;
    wire.hears("100 Continue").await.unwrap();
    wire.writes(b"body").await;
    assert!(wire.hears("body").await.unwrap().contains("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn large_bodies_pass_unharmed() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let large: Bytes = (0..3_000_000_u32).map(|at| b'a' + (at % 23) as u8).collect();
    let echoed = world.client().await.post("/echo", large.clone()).await;
    assert!(echoed.body.as_bytes() == large, "{} of {} bytes came back", echoed.body.len(), large.len());
}

#[tokio::test]
async fn a_backend_sees_who_asked_and_nothing_of_the_clients_connection() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let heard = world
        .wire()
        .await
        .says("GET http://shop.test/headers?a=1 HTTP/1.1\nHost: other.test\nConnection: close, X-Hop\nX-Hop: 1\nX-Request-Id: abc\nTE: gzip\n\n")
        .await
        .hears_out()
        .await;
    let (_, body) = heard.split_once("\r\n\r\n").unwrap();
    expect_test::expect![[r"
        GET /headers?a=1 HTTP/1.1
        host: shop.test
        x-forwarded-for: 127.0.0.1
        x-forwarded-host: shop.test
        x-forwarded-proto: http
        x-request-id: abc
    "]]
    .assert_eq(body);
    assert!(
        heard.contains("x-request-id: abc\r\n") && heard.contains("x-infra-chat-release: 12\r\n"),
        "{heard}"
    );
}

#[tokio::test]
async fn a_backend_can_not_pass_for_another_release() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let answer = world.client().await.get("/forged").await;
    assert_eq!((answer.release(), answer.header("keep-alive")), (12, ""));
    assert_eq!(answer.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn an_old_client_is_served_too() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let heard = world.wire().await.says("GET /old HTTP/1.0\n\n").await.hears_out().await;
    assert!(heard.starts_with("HTTP/1.0 200 OK") && heard.ends_with("release 12 /old"), "{heard}");
}

#[tokio::test]
async fn a_client_that_leaves_is_counted_and_harms_nobody() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let mut leaving = world.client().await;
    {
        let mut answer = std::pin::pin!(leaving.ask("GET", "/gate", ""));
        tokio::select! {
            _answered = answer.as_mut() => panic!("the gate was shut"),
            () = instance.has_one_waiting() => {}
        }
    }
    drop(leaving);
    // The drain returns once the edge has noticed.
    world.drain(12, &instance, crate::world::LONG).await;
    world.has(12, &[&instance]);
    assert_eq!(world.client().await.get("/").await.status, 200);
    let counts = world.edge.counts(&world.environment, &world.api)[&12].clone();
    assert_eq!((counts.requests, counts.abandoned, counts.server_errors), (1, 1, 0));
}

#[tokio::test]
async fn requests_sent_without_waiting_are_answered_in_order() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let mut wire = world.wire().await;
    wire.says("GET /1 HTTP/1.1\nHost: a\n\nGET /2 HTTP/1.1\nHost: a\n\nGET /3 HTTP/1.1\nHost: a\nConnection: close\n\n")
        .await;
    let heard = wire.hears_out().await;
    let at: Vec<_> = ["12 /1", "12 /2", "12 /3"].iter().map(|text| heard.find(text).unwrap()).collect();
    assert!(at.is_sorted(), "{heard}");
}

#[tokio::test]
async fn an_answer_to_a_half_sent_upload_is_passed_on() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let mut client = world.client().await;
    let (mut pieces, answer) = client.upload("/never-reads-it");
    pieces.send("one").await;
    let answer = whole(answer.await.unwrap()).await.unwrap();
    assert_eq!(answer.body, "release 12 /never-reads-it");
    drop(pieces);
    assert_eq!(world.client().await.get("/").await.status, 200);
}

#[tokio::test]
async fn health_checks_and_probes_are_nobodys_evidence() {
    let (stable, canary) = (Instance::start(12).await, Instance::start(13).await);
    let world = World::new().await;
    world.has(12, &[&stable]);
    world.has(13, &[&canary]);
    world.edge.health_set(&world.environment, &world.api, 12, Some("/health?deep=1"));
    world.weights(&[(12, 50), (13, 50)]).await;
    let mut client = world.client().await;
    // One after the other, as a service asks that makes one health check a request: clients are split exactly all the same.
    for _ in 0..50 {
        assert_eq!(client.get("/health").await.status, 200);
        assert_eq!(client.get("/").await.status, 200);
        assert_eq!(world.edge.probe(&world.environment, &world.api, "/").await.unwrap().status, 200);
    }
    assert_eq!((stable.requests(), canary.requests()), (75, 75));
    let counts = world.edge.counts(&world.environment, &world.api);
    assert_eq!((counts[&12].requests, counts[&13].requests), (25, 25));
    let past = world.edge.past(&world.environment, &world.api, None, 0).await.unwrap();
    let told: u64 = past.seconds.iter().flat_map(|one| one.by.values()).map(|one| one.counts.requests).sum();
    assert!(told <= 50, "{told}");
}
