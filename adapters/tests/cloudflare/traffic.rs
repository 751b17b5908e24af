//! Pools, the load balancer, a canary's weights and the way back.

use adapters::cloudflare::sim::Sim;
use adapters::cloudflare::{
    Affinity, Canary, Cloudflare, Healthcheck, LoadBalancer, Monitor, Origin, Weights, Zone,
};
use adapters::http::sim::{Fault, When};
use engine::ports::PortError;
use serde_json::{Value, json};

use super::{TOKEN, World, canary, failed, permit, permit_of, pool, run_of, zone};

async fn set_up(cloudflare: &Cloudflare) -> Zone {
    let zone = zone(cloudflare).await;
    let monitor = cloudflare.ensure_monitor(&permit(), &Monitor::new("api", "/health")).await.unwrap().thing;
    let mut wanted = pool();
    wanted.monitor = Some(monitor.id);
    let made = cloudflare.ensure_pool(&permit(), &wanted).await.unwrap().thing;
    let balancer = LoadBalancer { host: canary().host, pool: made.id, affinity: None };
    cloudflare.ensure_load_balancer(&permit(), &zone, &balancer).await.unwrap();
    zone
}

/// What is written of the origins: name, weight, whether it is on.
fn origins(world: &World) -> Vec<Value> {
    let all = world.sim(|sim| sim.pools[0]["origins"].clone());
    let told = |one: &Value| json!([one["name"], one["weight"], one["enabled"]]);
    all.as_array().unwrap().iter().map(told).collect()
}

#[tokio::test]
async fn a_canary_is_set_up_once_and_begins_with_all_traffic_at_stable() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = set_up(&cloudflare).await;
    assert_eq!(world.writes(), 3);
    set_up(&cloudflare).await;
    assert_eq!(world.writes(), 3, "what is as wanted is not written");
    let route = cloudflare.route_look(&zone, &canary()).await.unwrap();
    assert_eq!(route.weights, Weights { stable: 100, canary: 0 });
    assert_eq!((route.detours, route.is_sticky, route.before), (Vec::<String>::new(), false, None));
    let made = world.sim(|sim| (sim.pools[0].clone(), sim.balancers[0].clone()));
    assert_eq!(made.0["origins"][0]["header"]["Host"], json!(["api-stable.up.example"]));
    assert_eq!(made.1["default_pools"], json!([made.0["id"]]));
    assert_eq!(made.1["steering_policy"], "off");
    world.checked();
}

#[tokio::test]
async fn every_whole_percent_is_exactly_itself_and_is_read_back() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = set_up(&cloudflare).await;
    for percent in (0..=100_u8).rev() {
        let moved = cloudflare.route_weights(&permit(), &zone, &canary(), percent).await.unwrap();
        assert_eq!(moved.thing.weights.percent(), Some(percent));
        let sent = world.sim(|sim| sim.pools[0]["origins"].clone());
        assert_eq!(sent[1]["weight"], json!(f64::from(percent) / 100.0));
        let sum = sent[0]["weight"].as_f64().unwrap() + sent[1]["weight"].as_f64().unwrap();
        assert!((sum - 1.0).abs() < 1e-12);
        // Nobody's share is lost unless exactly that was told.
        assert_eq!(sent[0]["weight"] == 0.0, percent == 100);
        assert_eq!(sent[1]["weight"] == 0.0, percent == 0);
    }
    let before = world.writes();
    assert!(!cloudflare.route_weights(&permit(), &zone, &canary(), 0).await.unwrap().is_changed);
    assert_eq!(world.writes(), before);
    assert!(
        failed(cloudflare.route_weights(&permit(), &zone, &canary(), 101).await).0.contains("101 percent")
    );
    world.checked();
}

#[tokio::test]
async fn a_way_back_gives_the_weights_from_before_the_run_even_when_every_answer_got_lost() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = set_up(&cloudflare).await;
    cloudflare.route_weights(&permit_of(1, 1), &zone, &canary(), 10).await.unwrap();
    for (step, percent) in [(3, 25), (4, 50)] {
        world.server.fault(When::Like("PATCH", "pools".to_owned()), Fault::AnswerLost);
        let lost = cloudflare.route_weights(&permit_of(7, step), &zone, &canary(), percent).await;
        assert!(matches!(lost, Err(PortError::Unknown { .. })), "{lost:?}");
    }
    let route = cloudflare.route_look(&zone, &canary()).await.unwrap();
    assert_eq!(route.weights.percent(), Some(50));
    assert_eq!(route.before, Some(Weights { stable: 90, canary: 10 }));
    assert_eq!(route.moved_by.as_deref(), Some(run_of(7).as_str()));
    let back = cloudflare.route_previous(&permit_of(7, 9), &zone, &canary(), &run_of(7)).await.unwrap();
    assert_eq!(back.thing.weights.percent(), Some(10));
    assert!(back.receipt.summary.contains("from 50:50 to 90:10"), "{}", back.receipt.summary);
    let again = cloudflare.route_previous(&permit_of(7, 9), &zone, &canary(), &run_of(7)).await.unwrap();
    assert!(!again.is_changed);
    // The other run's weights are not this one's to take back.
    let other = cloudflare.route_previous(&permit_of(1, 9), &zone, &canary(), &run_of(1)).await.unwrap();
    assert!(!other.is_changed);
    assert!(other.receipt.summary.contains("moved them last"), "{}", other.receipt.summary);
    world.checked();
}

#[tokio::test]
async fn a_way_back_does_not_wait_for_the_load_balancer() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = set_up(&cloudflare).await;
    cloudflare.route_weights(&permit(), &zone, &canary(), 50).await.unwrap();
    // Somebody led countries elsewhere: forward no longer goes, back does.
    world.sim(|sim| sim.balancers[0]["country_pools"] = json!({ "DE": ["x"] }));
    let (what, _) = failed(cloudflare.route_weights(&permit(), &zone, &canary(), 60).await);
    assert!(what.contains("some countries have a pool of their own"), "{what}");
    let back = cloudflare.route_previous(&permit(), &zone, &canary(), &run_of(1)).await.unwrap();
    assert_eq!(back.thing.weights.percent(), Some(0));
    assert_eq!(back.thing.detours.len(), 1);
    // Nor does it fail when the balancer can't be read at all.
    world.sim(|sim| sim.balancers[0]["country_pools"] = json!({}));
    cloudflare.route_weights(&permit_of(2, 1), &zone, &canary(), 50).await.unwrap();
    world.server.fault(When::Like("GET", "zones".to_owned()), Fault::Broken);
    let back = cloudflare.route_previous(&permit_of(2, 2), &zone, &canary(), &run_of(2)).await.unwrap();
    assert_eq!(back.thing.weights.percent(), Some(0));
    assert!(back.thing.detours[0].contains("is not known"), "{:?}", back.thing.detours);
    world.sim(|sim| sim.balancers[0]["country_pools"] = json!({ "DE": ["x"] }));
    // What is set up once more leads nowhere else.
    set_up(&cloudflare).await;
    assert_eq!(cloudflare.route_look(&zone, &canary()).await.unwrap().detours, Vec::<String>::new());
    world.checked();
}

#[tokio::test]
async fn with_kept_clients_a_canary_at_nothing_is_switched_off() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = set_up(&cloudflare).await;
    let id = world.sim(|sim| sim.pools[0]["id"].as_str().unwrap().to_owned());
    let balancer =
        LoadBalancer { host: canary().host, pool: id.clone(), affinity: Some(Affinity { ttl_s: 3_600 }) };
    assert!(cloudflare.ensure_load_balancer(&permit(), &zone, &balancer).await.unwrap().thing.is_sticky());
    let sticky = Canary { is_sticky: true, ..canary() };
    cloudflare.route_weights(&permit(), &zone, &sticky, 20).await.unwrap();
    assert_eq!(origins(&world), [json!(["stable", 0.8, true]), json!(["canary", 0.2, true])]);
    cloudflare.route_previous(&permit(), &zone, &sticky, &run_of(1)).await.unwrap();
    assert_eq!(origins(&world), [json!(["stable", 1.0, true]), json!(["canary", 0.0, false])]);
    let back = LoadBalancer { affinity: None, ..balancer };
    assert!(!cloudflare.ensure_load_balancer(&permit(), &zone, &back).await.unwrap().thing.is_sticky());
    let short = LoadBalancer { affinity: Some(Affinity { ttl_s: 60 }), ..back };
    assert!(
        failed(cloudflare.ensure_load_balancer(&permit(), &zone, &short).await).0.contains("1800 to 604800")
    );
    world.checked();
}

#[tokio::test]
async fn setting_up_again_keeps_weights_and_moves_addresses() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = set_up(&cloudflare).await;
    cloudflare.route_weights(&permit(), &zone, &canary(), 30).await.unwrap();
    let mut moved = pool();
    moved.canary = Origin::by_name("api-canary2.up.example");
    assert!(cloudflare.ensure_pool(&permit(), &moved).await.unwrap().is_changed);
    let route = cloudflare.route_look(&zone, &canary()).await.unwrap();
    assert_eq!(route.weights.percent(), Some(30));
    assert_eq!(route.before, Some(Weights { stable: 100, canary: 0 }));
    // Their order is Cloudflare's business, and what is missing gets the rest.
    world.sim(|sim| sim.pools[0]["origins"].as_array_mut().unwrap().reverse());
    assert!(!cloudflare.ensure_pool(&permit(), &moved).await.unwrap().is_changed);
    world.sim(|sim| sim.pools[0]["origins"].as_array_mut().unwrap().retain(|one| one["name"] == "canary"));
    cloudflare.ensure_pool(&permit(), &moved).await.unwrap();
    assert_eq!(cloudflare.route_look(&zone, &canary()).await.unwrap().weights.percent(), Some(30));
    world.checked();
}

#[tokio::test]
async fn pools_and_balancers_of_others_and_origins_in_ours_are_errors() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = set_up(&cloudflare).await;
    let staging = world.of_owner("acme/staging");
    assert!(failed(staging.ensure_pool(&permit(), &pool()).await).0.contains("belongs to acme/production"));
    assert!(failed(staging.route_weights(&permit(), &zone, &canary(), 5).await).0.contains("belongs to"));
    assert!(
        failed(staging.route_previous(&permit(), &zone, &canary(), &run_of(1)).await)
            .0
            .contains("belongs to")
    );
    let id = world.sim(|sim| sim.pools[0]["id"].as_str().unwrap().to_owned());
    let balancer = LoadBalancer { host: canary().host, pool: id, affinity: None };
    assert!(failed(staging.ensure_load_balancer(&permit(), &zone, &balancer).await).0.contains("belongs to"));
    let third = json!({ "name": "third", "address": "x.example", "weight": 0.5, "enabled": true });
    world.sim(|sim| sim.pools[0]["origins"].as_array_mut().unwrap().push(third));
    assert!(failed(cloudflare.ensure_pool(&permit(), &pool()).await).0.contains("origin third"));
    assert!(failed(cloudflare.route_weights(&permit(), &zone, &canary(), 5).await).0.contains("third"));
    let unknown = Canary { pool: "nowhere".to_owned(), ..canary() };
    assert!(failed(cloudflare.route_look(&zone, &unknown).await).0.contains("nowhere is not there"));
    world.checked();
}

#[tokio::test]
async fn weights_that_are_no_whole_percent_are_told_as_they_are_and_given_back_as_they_were() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = set_up(&cloudflare).await;
    world.sim(|sim| {
        sim.pools[0]["origins"][0]["weight"] = json!(0.5);
        sim.pools[0]["origins"][1]["weight"] = json!(0.03);
    });
    let route = cloudflare.route_look(&zone, &canary()).await.unwrap();
    assert_eq!((route.weights, route.weights.percent()), (Weights { stable: 50, canary: 3 }, None));
    cloudflare.route_weights(&permit(), &zone, &canary(), 5).await.unwrap();
    cloudflare.route_previous(&permit(), &zone, &canary(), &run_of(1)).await.unwrap();
    assert_eq!(origins(&world), [json!(["stable", 0.5, true]), json!(["canary", 0.03, true])]);
    world.checked();
}

#[tokio::test]
async fn health_is_told_by_origin() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    set_up(&cloudflare).await;
    world.sim(|sim| sim.ill.insert("api-canary.up.example".to_owned(), "HTTP timeout occurred".to_owned()));
    let health = cloudflare.pool_health(&canary().pool).await.unwrap();
    assert_eq!((health[0].name.as_str(), health[0].healthy_in, health[0].seen_in), ("stable", 2, 2));
    assert_eq!((health[1].name.as_str(), health[1].healthy_in, health[1].seen_in), ("canary", 0, 2));
    assert_eq!(health[1].reasons, ["HTTP timeout occurred"]);
    world.checked();
}

#[tokio::test]
async fn monitors_and_checks_are_changed_where_they_differ() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = set_up(&cloudflare).await;
    let mut monitor = Monitor::new("api", "/ready");
    monitor.interval_s = 15;
    let before = world.sim(|sim| sim.monitors[0]["id"].clone());
    assert!(cloudflare.ensure_monitor(&permit(), &monitor).await.unwrap().is_changed);
    assert_eq!(world.sim(|sim| (sim.monitors.len(), sim.monitors[0]["id"].clone())), (1, before));
    let mut check = Healthcheck {
        name: "api".to_owned(),
        address: "api.acme.example".to_owned(),
        path: "/health".to_owned(),
        expected_codes: vec!["200".to_owned()],
        interval_s: 60,
        fails: 2,
    };
    assert!(cloudflare.ensure_healthcheck(&permit(), &zone, &check).await.unwrap().is_changed);
    assert!(!cloudflare.ensure_healthcheck(&permit(), &zone, &check).await.unwrap().is_changed);
    "/ready".clone_into(&mut check.path);
    let changed = cloudflare.ensure_healthcheck(&permit(), &zone, &check).await.unwrap();
    assert_eq!(changed.thing.status.as_deref(), Some("unknown"));
    assert_eq!(world.sim(|sim| sim.checks.len()), 1);
    let staging = world.of_owner("acme/staging");
    assert!(failed(staging.ensure_healthcheck(&permit(), &zone, &check).await).0.contains("belongs to"));
    world.checked();
}

#[tokio::test]
async fn without_load_balancing_in_the_plan_it_is_said() {
    let mut sim = Sim::new(TOKEN);
    sim.is_free = true;
    let world = World::of(sim).await;
    let (what, _) = failed(world.cloudflare().ensure_pool(&permit(), &pool()).await);
    assert!(what.contains("load balancing is not enabled"), "{what}");
    world.checked();
}
