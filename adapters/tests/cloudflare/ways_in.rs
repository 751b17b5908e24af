//! Tunnels, the cache, and rules.

use adapters::cloudflare::sim::Sim;
use adapters::cloudflare::{Ingress, Purge, RateLimit, Rule, RuleAction, Tunnel};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{TOKEN, World, failed, permit, zone};

fn tunnel() -> Tunnel {
    let ingress = |host: &str, port: u16| Ingress {
        host: format!("{host}.acme.example"),
        service: format!("http://localhost:{port}"),
    };
    Tunnel { name: "hooks".to_owned(), ingress: vec![ingress("hooks", 8000), ingress("dev", 8001)] }
}

#[tokio::test]
async fn a_tunnel_is_made_with_what_it_leads_to_and_its_names() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = zone(&cloudflare).await;
    let made = cloudflare.ensure_tunnel(&permit(), &zone, &tunnel()).await.unwrap();
    assert_eq!(made.thing.name, "infra-chat.acme.production.hooks");
    assert_eq!(made.thing.status.as_deref(), Some("inactive"));
    assert!(made.thing.token.expose_secret().ends_with(".tunnel-token"));
    assert!(!format!("{made:?}").contains("tunnel-token"), "{made:?}");
    let (records, config) = world.sim(|sim| (sim.records.clone(), sim.tunnels[0]["config"].clone()));
    let target = format!("{}.cfargotunnel.com", made.thing.id);
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|one| one["content"] == target.as_str() && one["proxied"] == true));
    assert_eq!(config["ingress"][0]["service"], "http://localhost:8000");
    assert_eq!(config["ingress"][2], json!({ "hostname": "", "service": "http_status:404" }));
    let writes = world.writes();
    assert_eq!(writes, 4);
    let again = cloudflare.ensure_tunnel(&permit(), &zone, &tunnel()).await.unwrap();
    assert!(!again.is_changed);
    assert_eq!(world.writes(), writes);
    // Another port, and what somebody set beside the rules stays.
    world.sim(|sim| sim.tunnels[0]["config"]["warp-routing"] = json!({ "enabled": true }));
    let mut moved = tunnel();
    "http://localhost:9000".clone_into(&mut moved.ingress[0].service);
    cloudflare.ensure_tunnel(&permit(), &zone, &moved).await.unwrap();
    let config = world.sim(|sim| sim.tunnels[0]["config"].clone());
    assert_eq!(config["ingress"][0]["service"], "http://localhost:9000");
    assert_eq!(config["warp-routing"], json!({ "enabled": true }));
    world.checked();
}

#[tokio::test]
async fn a_tunnel_takes_no_name_that_is_somebody_elses() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = zone(&cloudflare).await;
    world.sim(|sim| {
        sim.records.push(
            json!({ "id": "1".repeat(32), "type": "A", "name": "dev.acme.example", "content": "192.0.2.9",
            "ttl": 1, "proxied": false, "proxiable": true, "zone_id": zone.id,
            "created_on": "2025-01-01T00:00:00Z", "modified_on": "2025-01-01T00:00:00Z" }),
        );
    });
    let (what, _) = failed(cloudflare.ensure_tunnel(&permit(), &zone, &tunnel()).await);
    assert!(what.contains("dev.acme.example"), "{what}");
    assert_eq!(world.writes(), 0, "it is found before anything is made");
    world.checked();
}

fn login_limit() -> Rule {
    Rule {
        name: "login-limit".to_owned(),
        description: "at most 20 logins in 10 s".to_owned(),
        expression: "http.request.uri.path eq \"/login\"".to_owned(),
        action: RuleAction::Block,
        limit: Some(RateLimit { requests: 20, period_s: 10, for_s: 10 }),
    }
}

#[tokio::test]
async fn rules_are_added_and_changed_one_by_one_and_those_of_others_are_not_touched() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = zone(&cloudflare).await;
    let theirs = json!({ "id": "2".repeat(32), "ref": "theirs", "action": "block", "enabled": true, "version": "7",
        "expression": "ip.src eq 192.0.2.1", "description": "by hand", "last_updated": "2025-01-01T00:00:00Z" });
    world.sim(|sim| {
        sim.rulesets.push(json!({ "id": "3".repeat(32), "name": "default", "kind": "zone", "version": "7",
            "phase": "http_request_firewall_custom", "last_updated": "2025-01-01T00:00:00Z",
            "rules": [theirs], "zone_id": zone.id }));
    });
    let mut rule = Rule {
        name: "no-admin".to_owned(),
        description: "the back office is not for everybody".to_owned(),
        expression: "http.request.uri.path eq \"/admin\"".to_owned(),
        action: RuleAction::ManagedChallenge,
        limit: None,
    };
    let made = cloudflare.ensure_rule(&permit(), &zone, &rule).await.unwrap();
    assert!(!cloudflare.ensure_rule(&permit(), &zone, &rule).await.unwrap().is_changed);
    rule.action = RuleAction::Block;
    let changed = cloudflare.ensure_rule(&permit(), &zone, &rule).await.unwrap();
    assert_eq!((changed.is_changed, &changed.thing.id), (true, &made.thing.id));
    let rules = world.sim(|sim| sim.rulesets[0]["rules"].clone());
    assert_eq!((rules.as_array().unwrap().len(), &rules[0]), (2, &theirs));
    assert_eq!(rules[1]["ref"], "infra-chat:acme/production no-admin");
    // The first of its kind brings its list; limits stand in a list of their own.
    let limit = cloudflare.ensure_rule(&permit(), &zone, &login_limit()).await.unwrap();
    assert_eq!(limit.receipt.facts["phase"], "http_ratelimit");
    assert!(!cloudflare.ensure_rule(&permit(), &zone, &login_limit()).await.unwrap().is_changed);
    assert!(cloudflare.remove_rule(&permit(), &zone, &rule).await.unwrap().is_changed);
    assert!(!cloudflare.remove_rule(&permit(), &zone, &rule).await.unwrap().is_changed);
    assert_eq!(world.sim(|sim| sim.rulesets[0]["rules"].clone()), json!([theirs]));
    world.checked();
}

#[tokio::test]
async fn the_cache_forgets_what_was_said_and_no_more() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = zone(&cloudflare).await;
    let files = (0..65).map(|number| format!("https://acme.example/{number}.js")).collect();
    let receipt = cloudflare.purge(&permit(), &zone, &Purge::Files(files)).await.unwrap();
    assert_eq!(receipt.summary, "purged 65 files from the cache of acme.example");
    assert_eq!(world.sim(|sim| sim.purged.len()), 3);
    let hosts = Purge::Hosts(vec!["www.acme.example".to_owned()]);
    cloudflare.purge(&permit(), &zone, &hosts).await.unwrap();
    cloudflare
        .purge(&permit(), &zone, &Purge::Prefixes(vec!["acme.example/assets".to_owned()]))
        .await
        .unwrap();
    cloudflare.purge(&permit(), &zone, &Purge::Everything).await.unwrap();
    assert_eq!(world.sim(|sim| sim.purged[5].clone()), json!({ "purge_everything": true }));
    assert!(
        failed(cloudflare.purge(&permit(), &zone, &Purge::Files(Vec::new())).await)
            .0
            .contains("nothing was named")
    );
    world.checked();
    let mut sim = Sim::new(TOKEN);
    sim.is_free = true;
    let world = World::of(sim).await;
    let cloudflare = world.cloudflare();
    let zone = super::zone(&cloudflare).await;
    let (what, hint) = failed(cloudflare.purge(&permit(), &zone, &hosts).await);
    assert!(what.contains("enterprise") && hint.contains("purge addresses, or everything"), "{what} {hint}");
    assert!(world.sim(|sim| sim.purged.is_empty()));
    world.checked();
}
