//! Addresses, probes, restarts.

use std::sync::Arc;
use std::time::Duration;

use adapters::local::edge::{EdgeOptions, EdgeProxy};
use engine::model::ServiceName;
use engine::ports::{Edge, Signals};
use tokio::net::{TcpListener, TcpStream};

use crate::instance::Instance;
use crate::world::{LONG, World, healthy, said};

#[tokio::test]
async fn weights_survive_a_restart_and_instances_do_not() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    world.weights(&[(13, 25), (12, 75)]).await;
    world.edge.close(Duration::ZERO).await;

    let again = EdgeProxy::open(world.state_file()).unwrap();
    let weights = again.weights(&world.environment, &world.api).await.unwrap();
    let shares: Vec<_> = weights.iter().map(|weight| (weight.release, weight.percent)).collect();
    assert_eq!(shares, [(12, 75), (13, 25)]);

    again.listen(&world.environment, &world.api, "127.0.0.1:0").await.unwrap();
    assert_eq!(again.probe(&world.environment, &world.api, "/").await.unwrap().status, 503);
    again.backends_set(&world.environment, &world.api, 12, &healthy(&[instance.address]));
    assert_eq!(again.probe(&world.environment, &world.api, "/").await.unwrap().status, 200);
}

#[tokio::test]
async fn what_was_answered_before_a_restart_is_past_and_not_seen() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let (environment, api) = (&world.environment, &world.api);
    let mut client = world.client().await;
    for _ in 0..3 {
        client.get("/").await;
    }
    world.edge.close(Duration::ZERO).await;

    let again = EdgeProxy::open(world.state_file()).unwrap();
    let past = again.past(environment, api, None, 0).await.unwrap();
    let kept: u64 =
        past.seconds.iter().filter_map(|one| one.by.get(&12)).map(|served| served.counts.requests).sum();
    assert_eq!(kept, 3);
    // Nobody watched between the two, so second by second nothing of it is told.
    assert_eq!(again.seen(environment, api, None, 0).await.unwrap().seconds, []);
    // It is kept over the next restart as well, and a file that is torn is begun anew.
    again.close(Duration::ZERO).await;
    let file = world.state_file().with_extension("past.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let past_of = async |edge: Arc<EdgeProxy>| edge.past(environment, api, None, 0).await.unwrap().seconds;
    assert_eq!(past_of(EdgeProxy::open(world.state_file()).unwrap()).await, past.seconds);
    std::fs::write(&file, &text[..text.len() / 2]).unwrap();
    let torn = EdgeProxy::open(world.state_file()).unwrap();
    assert_eq!(torn.weights(environment, api).await.unwrap().len(), 1);
    assert_eq!(past_of(torn).await, []);
}

#[tokio::test]
async fn no_weights_is_no_traffic_and_is_remembered_too() {
    let world = World::serving(&[]).await;
    assert_eq!(world.weights(&[]).await.summary, "api takes no traffic");
    let again = EdgeProxy::open(world.state_file()).unwrap();
    assert_eq!(again.weights(&world.environment, &world.api).await.unwrap(), []);
}

#[tokio::test]
async fn weights_that_can_not_be_kept_do_not_work_either() {
    let world = World::serving(&[]).await;
    let receipt = world.weights(&[(12, 90), (13, 10)]).await;
    assert_eq!(receipt.summary, "traffic of api: 90% to release 12, 10% to release 13");
    assert_eq!(receipt.facts["idempotency-key"], "r-3f2a/5/do");

    // A folder is in the way of the file.
    std::fs::remove_file(world.state_file()).unwrap();
    std::fs::create_dir(world.state_file()).unwrap();
    world.try_weights(&[(13, 100)]).await.unwrap_err();
    let weights = world.edge.weights(&world.environment, &world.api).await.unwrap();
    assert_eq!(weights.len(), 2);
}

#[tokio::test]
async fn an_address_is_free_when_nobody_listens_there() {
    let world = World::new().await;
    assert!(!world.edge.is_free(&world.address().to_string()).await);
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap().to_string();
    assert!(!world.edge.is_free(&address).await);
    drop(other);
    assert!(world.edge.is_free(&address).await);
    assert!(!world.edge.is_free("no address").await);
}

#[tokio::test]
async fn a_probe_goes_through_the_front_door_and_says_who_answered() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let probe = world.edge.probe(&world.environment, &world.api, "/health?deep=1").await.unwrap();
    assert_eq!((probe.status, probe.release, probe.body.as_str()), (200, Some(12), "release 12 /health"));
    let broken = world.edge.probe(&world.environment, &world.api, "/broken").await.unwrap();
    assert_eq!((broken.status, broken.release), (500, Some(12)));
    let dead = world.edge.probe(&world.environment, &world.api, "/dies").await.unwrap();
    assert_eq!(dead.status, 502);
    let long =
        world.edge.probe(&world.environment, &world.api, &format!("/{}", "a".repeat(5_000))).await.unwrap();
    assert_eq!(long.body.len(), 2_048);

    world.edge.probe(&world.environment, &world.api, "health").await.unwrap_err();
    let web: ServiceName = "web".parse().unwrap();
    let nowhere = world.edge.probe(&world.environment, &web, "/").await.unwrap_err();
    assert_eq!(nowhere.to_string(), "`web` of shop/staging has no address at the edge");
}

#[tokio::test]
async fn people_get_an_address_they_can_click() {
    let world = World::new().await;
    let shown = Edge::address(&*world.edge, &world.environment, &world.api).await;
    assert_eq!(shown, Some(format!("http://{}", world.address())));
    assert_eq!(Edge::address(&*world.edge, &world.environment, &"web".parse().unwrap()).await, None);
}

#[tokio::test]
async fn listening_again_changes_nothing_and_elsewhere_moves() {
    let instance = Instance::start(12).await;
    let world = World::serving(&[&instance]).await;
    let first = world.address();
    world.listen("127.0.0.1:0").await.unwrap();
    world.listen(&first.to_string()).await.unwrap();
    assert_eq!(world.address(), first);

    let mut slow = world.client().await;
    let slow = tokio::spawn(async move { slow.get("/gate").await.body });
    instance.has_one_waiting().await;
    world.listen("localhost:0").await.unwrap();
    assert_ne!(world.address(), first);
    assert_eq!(world.client().await.get("/").await.status, 200);
    instance.lets_one_through();
    assert_eq!(slow.await.unwrap(), "through the gate", "requests under way at the old address are finished");
    // The old address is free again as soon as its loop has ended.
    while TcpStream::connect(first).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_plainly() {
    let world = World::new().await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = other.local_addr().unwrap();
    let port = taken.port().to_string();
    expect_test::expect!["The edge can't listen on 127.0.0.1:PORT for `api` of shop/staging: another program has that port. End that program (`lsof -i :PORT` names it) or give the service another address."]
        .assert_eq(&said(world.listen(&taken.to_string()).await).replace(&port, "PORT"));
    assert!(TcpStream::connect(world.address()).await.is_ok(), "the address there was is kept");

    let ours = world.address().to_string();
    let web: ServiceName = "web".parse().unwrap();
    let refused = said(world.edge.listen(&world.environment, &web, &ours).await);
    assert!(refused.contains("`api` of shop/staging is there"), "{refused}");
}

#[tokio::test]
async fn only_this_machine_unless_configured() {
    let world = World::new().await;
    let mut all = String::new();
    for address in ["0.0.0.0:7401", "shop.test:80", "7401", "127.0.0.1:99999"] {
        all.push_str(&said(world.listen(address).await));
        all.push('\n');
    }
    expect_test::expect![[r"
        The edge won't listen on 0.0.0.0:7401: that would open the service to other machines. Use 127.0.0.1:7401, or allow other addresses in the configuration.
        The edge can't listen on `shop.test:80`: that is not an address with a port. Write it as 127.0.0.1:7401.
        The edge can't listen on `7401`: that is not an address with a port. Write it as 127.0.0.1:7401.
        The edge can't listen on `127.0.0.1:99999`: that is not an address with a port. Write it as 127.0.0.1:7401.
    "]]
    .assert_eq(&all);

    let open = World::with(EdgeOptions { beyond_this_machine: true, ..EdgeOptions::default() }).await;
    open.listen("0.0.0.0:0").await.unwrap();
    let shown = Edge::address(&*open.edge, &open.environment, &open.api).await.unwrap();
    assert!(shown.starts_with("http://127.0.0.1:"), "{shown}");
}

#[tokio::test]
async fn closing_waits_for_open_requests_and_ends_what_does_not_end() {
    let instance = Instance::start(12).await;
    let world = Arc::new(World::serving(&[&instance]).await);
    let (mut good, mut idle) = (world.client().await, world.client().await);
    assert_eq!(idle.get("/").await.status, 200);
    let good = tokio::spawn(async move { good.get("/gate").await.body });
    instance.has_one_waiting().await;
    let mut close = std::pin::pin!(world.edge.close(LONG));
    assert!(futures_util::poll!(close.as_mut()).is_pending());
    instance.lets_one_through();
    close.await;
    assert_eq!(good.await.unwrap(), "through the gate");
    assert!(idle.ask("GET", "/", "").await.is_err());
    assert!(TcpStream::connect(world.address()).await.is_err());
    world.listen("127.0.0.1:0").await.unwrap_err();

    let world = World::serving(&[&instance]).await;
    let mut never = world.client().await;
    let never = tokio::spawn(async move { never.ask("GET", "/gate", "").await.is_err() });
    instance.has_one_waiting().await;
    world.edge.close(Duration::from_millis(1)).await;
    assert!(never.await.unwrap());
}
