//! WebSockets and their kin.

use std::time::Duration;

use crate::client::Wire;
use crate::instance::Instance;
use crate::world::{LONG, World};

const ASKS: &str = "GET /tunnel HTTP/1.1\nHost: shop.test\nConnection: keep-alive, Upgrade\nUpgrade: websocket\nSec-WebSocket-Key: a\n\n";

async fn tunnel(world: &World) -> Wire {
    let mut wire = world.wire().await;
    let heard = wire.says(ASKS).await.hears("\r\n\r\n").await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 101 Switching Protocols"), "{heard}");
    assert!(heard.contains("upgrade: websocket") && heard.contains("x-infra-chat-release: 12"), "{heard}");
    wire
}

#[tokio::test]
async fn a_tunnel_carries_bytes_both_ways_whatever_happens_to_the_weights() {
    let (instance, next) = (Instance::start(12).await, Instance::start(13).await);
    let world = World::serving(&[&instance]).await;
    let mut wire = tunnel(&world).await;
    wire.writes(b"hello \x00\xff").await;
    wire.hears("HELLO \0").await.unwrap();

    world.has(13, &[&next]);
    world.weights(&[(13, 100)]).await;
    wire.writes(b"still there").await;
    wire.hears("STILL THERE").await.unwrap();
    assert_eq!(world.client().await.get("/").await.release(), 13);
}

#[tokio::test]
async fn a_drain_waits_for_a_tunnel_to_end() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let mut wire = tunnel(&world).await;
    let mut drain = std::pin::pin!(world.drain(12, &instance, LONG));
    assert!(futures_util::poll!(drain.as_mut()).is_pending());
    wire.writes(b"last words").await;
    wire.hears("LAST WORDS").await.unwrap();
    assert!(futures_util::poll!(drain.as_mut()).is_pending());
    drop(wire);
    drain.await;
}

#[tokio::test]
async fn a_drain_cuts_a_tunnel_at_its_limit() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let mut wire = tunnel(&world).await;
    world.drain(12, &instance, Duration::from_millis(1)).await;
    assert_eq!(wire.hears_out().await, "");
}

#[tokio::test]
async fn an_upgrade_the_backend_declines_is_an_ordinary_answer() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let mut wire = world.wire().await;
    wire.says("GET /plain HTTP/1.1\nHost: a\nConnection: upgrade\nUpgrade: websocket\n\n").await;
    assert!(wire.hears("release 12 /plain").await.unwrap().starts_with("HTTP/1.1 200"));
    wire.says("GET /again HTTP/1.1\nHost: a\n\n").await.hears("release 12 /again").await.unwrap();
}

#[tokio::test]
async fn http2_over_an_upgrade_is_not_passed_on() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let mut wire = world.wire().await;
    wire.says("GET /tunnel HTTP/1.1\nHost: a\nConnection: upgrade, http2-settings\nUpgrade: h2c\nHTTP2-Settings: AA\n\n")
        .await;
    assert!(wire.hears("no upgrade asked for").await.unwrap().starts_with("HTTP/1.1 200"));
}
