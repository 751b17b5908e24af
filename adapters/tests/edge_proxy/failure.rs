//! Instances that refuse, die, hang or are not there; clients that misbehave.

use std::time::Duration;

use adapters::local::edge::EdgeOptions;
use engine::ports::{Answered, Edge};

use crate::instance::{Instance, nobody};
use crate::world::{LONG, World};

#[tokio::test]
async fn a_refused_connection_is_no_failure_while_another_instance_is_there() {
    let alive = Instance::start(12).await;
    let world = World::serving(&[]).await;
    world.has_at(12, &[nobody().await, alive.address]);
    let mut client = world.client().await;
    for _ in 0..10 {
        assert_eq!(client.get("/").await.status, 200);
        assert_eq!(client.post("/echo", "nothing of it was sent").await.body, "nothing of it was sent");
    }
    let counts = world.edge.counts(&world.environment, &world.api)[&12].clone();
    assert_eq!((counts.requests, counts.server_errors), (20, 0));
    assert!((1..20).contains(&counts.retried), "the dead one is asked less: {}", counts.retried);
}

#[tokio::test]
async fn an_instance_that_dies_before_it_answers_costs_a_get_nothing_and_a_post_its_answer() {
    let (first, second) = (Instance::start(12).await, Instance::start(12).await);
    let world = World::serving(&[&first, &second]).await;
    let mut client = world.client().await;
    assert_eq!(client.get("/dies-unless-new").await.status, 200);
    assert_eq!(client.get("/dies-unless-new").await.status, 200);
    let requests = first.requests() + second.requests();

    assert_eq!(client.post("/dies", "who knows how far it got").await.status, 502);
    assert_eq!(first.requests() + second.requests(), requests + 1, "a POST is sent once");
    assert_eq!(client.get("/dies").await.status, 502);
    assert_eq!(first.requests() + second.requests(), requests + 3, "a GET is sent twice");
}

#[tokio::test]
async fn the_only_instance_is_asked_again_when_it_just_closed_a_connection_that_stood_by() {
    let only = Instance::start(12).await;
    let world = World::serving(&[&only]).await;
    let mut client = world.client().await;
    assert_eq!(client.get("/").await.status, 200);
    assert_eq!(client.get("/dies-unless-new").await.body, "release 12 /dies-unless-new");
    assert_eq!(only.connections(), 2);
    assert_eq!(client.get("/dies").await.status, 502);
}

#[tokio::test]
async fn the_edges_own_answers_name_service_and_release_and_nothing_else() {
    let world = World::new().await;
    let mut client = world.client().await;
    let mut said = Vec::new();
    let mut note = |answer: crate::client::Answer| {
        let (retry, release) = (answer.header("retry-after"), answer.release());
        said.push(format!("{} {} (release {release}, retry-after {retry:?})", answer.status, answer.body));
    };
    note(client.get("/").await);
    world.weights(&[(12, 100)]).await;
    note(client.get("/").await);
    world.has_at(12, &[nobody().await]);
    note(client.get("/").await);
    expect_test::expect![[r#"
        503 {"error":"no release takes traffic","service":"api"} (release 0, retry-after "1")
        503 {"error":"no instance is healthy","service":"api","release":12} (release 12, retry-after "1")
        502 {"error":"the instance did not answer","service":"api","release":12} (release 12, retry-after "")"#]]
    .assert_eq(&said.join("\n"));
    let counts = world.edge.counts(&world.environment, &world.api)[&12].clone();
    assert_eq!((counts.requests, counts.server_errors), (2, 2));
    let answered = Edge::answered(&*world.edge, &world.environment, &world.api).await.unwrap();
    assert_eq!(answered[&12], Answered { requests: 2, server_errors: 2 });
}

#[tokio::test]
async fn nobody_is_turned_away_because_every_check_falls_short() {
    let (slow, gone) = (Instance::start(12).await, Instance::start(12).await);
    let world = World::serving(&[&slow, &gone]).await;
    world.fails(12, &[&slow]);
    let mut client = world.client().await;
    assert_eq!(client.get("/").await.body, "release 12 /");
    assert_eq!((slow.requests(), gone.requests()), (1, 0));
    world.fails(12, &[]);
    assert_eq!(client.get("/").await.status, 503);
}

#[tokio::test]
async fn failing_answers_are_passed_on_and_counted() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let answer = world.client().await.get("/broken").await;
    assert_eq!((answer.status, answer.body.as_str()), (500, "broken"));
    assert_eq!(world.edge.counts(&world.environment, &world.api)[&12].server_errors, 1);
}

#[tokio::test]
async fn whoever_takes_too_long_is_told_so() {
    let instance = Instance::start(12).await;
    let options = EdgeOptions { response_timeout: Duration::from_millis(50), ..EdgeOptions::default() };
    let world = World::with(options).await;
    world.has(12, &[&instance]);
    world.weights(&[(12, 100)]).await;
    let answer = world.client().await.get("/gate").await;
    assert_eq!(answer.status, 504);
    assert_eq!(instance.requests(), 1, "who hangs is not asked twice");

    let mut client = world.client().await;
    let (mut pieces, answer) = client.upload("/gate");
    pieces.send("and then nothing").await;
    assert_eq!(answer.await.unwrap().status(), 408);
}

#[tokio::test]
async fn odd_requests_are_refused_at_the_door() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    for (says, hears) in [
        ("GET / HTTP/1.1\nConnection: close\n\n", "HTTP/1.1 400"),
        ("GET / HTTP/1.1\nHost: a\nHost: b\nConnection: close\n\n", "HTTP/1.1 400"),
        ("CONNECT shop.test:443 HTTP/1.1\nHost: shop.test\nConnection: close\n\n", "HTTP/1.1 405"),
        ("POST / HTTP/1.1\nHost: a\nContent-Length: 3\nContent-Length: 4\n\nabc", "HTTP/1.1 400"),
        ("nonsense\n\n", "HTTP/1.1 400"),
    ] {
        let heard = world.wire().await.says(says).await.hears_out().await;
        assert!(heard.starts_with(hears), "{says:?} was answered {heard:?}");
    }
    let endless = format!("GET / HTTP/1.1\nHost: a\nX-Long: {}\n\n", "a".repeat(40_000));
    let heard = world.wire().await.says(&endless).await.hears("\r\n\r\n").await;
    assert!(heard.is_ok_and(|heard| heard.starts_with("HTTP/1.1 431")));
    assert_eq!(instance.requests(), 0);
}

#[tokio::test]
async fn a_request_of_two_lengths_reaches_the_backend_with_one() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let chunks = "5\nabcde\n0\n\n";
    let heard = world
        .wire()
        .await
        .says(&format!(
            "POST /headers HTTP/1.1\nHost: a\nConnection: close\nContent-Length: 3\nTransfer-Encoding: chunked\n\n{chunks}"
        ))
        .await
        .hears_out()
        .await;
    let (_, seen) = heard.split_once("\r\n\r\n").unwrap();
    assert!(seen.contains("transfer-encoding: chunked") && !seen.contains("content-length"), "{seen}");
}

#[tokio::test]
async fn a_client_that_dawdles_over_its_request_loses_its_connection() {
    let options = EdgeOptions { head_timeout: Duration::from_millis(50), ..EdgeOptions::default() };
    let world = World::with(options).await;
    let mut wire = world.wire().await;
    wire.says("GET / HTTP/1.1\nHost: a\nX-Slo").await;
    // Waits for the edge to hang up.
    wire.hears_out().await;
    let mut silent = world.wire().await;
    silent.hears_out().await;
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_let_go() {
    let instance = Instance::start(12).await;
    let world =
        World::with(EdgeOptions { stall_timeout: Duration::from_millis(50), ..EdgeOptions::default() }).await;
    world.has(12, &[&instance]);
    world.weights(&[(12, 100)]).await;
    let mut wire = world.wire().await;
    wire.says("GET /endless HTTP/1.1\nHost: a\n\n").await.hears("200 OK").await.unwrap();
    // Far longer than the stall: the drain ends because the client was let go, and nothing was cut.
    let drained = tokio::time::timeout(LONG, world.drain(12, &instance, LONG * 2)).await;
    assert!(drained.is_ok());
}

#[tokio::test]
async fn beyond_the_limit_clients_wait_for_a_place() {
    let instance = Instance::start(12).await;
    let world = World::with(EdgeOptions { connections_max: 1, ..EdgeOptions::default() }).await;
    world.has(12, &[&instance]);
    world.weights(&[(12, 100)]).await;
    let mut first = world.client().await;
    assert_eq!(first.get("/").await.status, 200);
    let mut second = world.client().await;
    let mut waiting = std::pin::pin!(second.get("/second"));
    assert!(futures_util::poll!(waiting.as_mut()).is_pending());
    assert_eq!(first.get("/").await.status, 200);
    assert_eq!(instance.requests(), 2);
    drop(first);
    let answer = tokio::time::timeout(LONG, waiting).await.unwrap();
    assert_eq!(answer.body, "release 12 /second");
}
