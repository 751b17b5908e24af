//! Environments that a provider runs: the demonstration, and what is said where no key is there yet.

use crate::world::World;

/// A shop that is to run at Railway.
const SHOP: &str = r#"
project: shop
source: { repository: "https://github.com/acme/shop" }
services:
  api: { start: "node api.js", health: { path: /health } }
connections:
  railway: { provider: railway, secret: railway-key }
environments:
  here: { edge: { api: "127.0.0.1:1" } }
  staging: { platform: railway, edge: { api: api.staging.acme.example } }
"#;

#[test]
fn a_demonstration_deploys_to_railway_and_leaves_nothing_behind() {
    let world = World::empty();
    let lines = "deploy v1.1.0 to staging\n/wait\nstatus staging\ndeploy v1.3.0 to production\ndeploy production\n/quit\n";
    let told = world.program_with(&["demo", "railway"], lines, &[]).ended(0);
    told.says("railway answers; it builds 6479d76 when it is started")
        .says("healthy: api 1/1, web 1/1")
        .says("web: 100% to release 1")
        .says("succeeded in")
        .says("https://api.staging.acme.example")
        .says("cron  release 1, at `*/15 * * * *`, on")
        .says("CI of 6479d76 is passing, 2 checks")
        .says("is failing: test (failure); production takes only what passed")
        .says("Needs approval by one other person");
    let left = std::fs::read_dir(world.data()).map(Iterator::count).unwrap_or_default();
    assert_eq!(left, 0, "its folder goes with it");
}

#[test]
fn without_a_key_it_is_said_what_to_connect_and_the_others_go_on() {
    let world = World::empty();
    let file = world.path("shop.yaml");
    std::fs::write(&file, SHOP).unwrap();
    world.program(&["project", "import", file.to_str().unwrap()]).ended(0);
    world.program(&["user", "add", "ana", "--role", "admin", "--identity", "terminal:ana"]).ended(0);
    let told = world.program(&["--as", "ana", "run", "deploy staging"]).ended(1);
    told.says("shop/staging has no key for railway").says("connect railway to staging");
    let told = world.program(&["--as", "ana", "status"]).ended(0);
    told.says("The platform can't be asked").says("here: nothing is deployed");
    // A name in the DNS is no address of this machine.
    world.program(&["doctor"]).says_not("api.staging.acme.example");
}
