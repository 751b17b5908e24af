//! Environments like others: what comes along, what does not, and which is the likest.

use expect_test::expect;

use super::super::{Likened, export, import, like, nearest, secrets_of};
use super::read;
use crate::model::Project;

const BASE: &str = "project: shop
source: { repository: https://github.com/acme/shop }
services:
  api: { start: ./api, health: { path: /h }, variables: { KEY: { secret: key }, LEVEL: info } }
components: { redis: { kind: cache } }
connections: { railway: { provider: railway, secret: railway-key } }
";

fn shop(environments: &str) -> Project {
    read(&format!("{BASE}environments:\n{environments}"))
}

fn likened(name: &str, from: &str, production: bool) -> Likened {
    let edge = [("api".parse().unwrap(), format!("{name}.example.com"))].into();
    Likened { name: name.parse().unwrap(), from: from.parse().unwrap(), production, edge }
}

const STAGING: &str = "  staging:
    platform: railway
    aliases: [stg]
    edge: { api: api.staging.example.com }
    connections: { stripe: { provider: stripe, mode: test, secret: stripe-key } }
    components: { postgres: { kind: database, url: { secret: database-url } } }
    without: [redis]
    services: { api: { replicas: 2, variables: { URL: https://api.staging.example.com, NAME: STG, NAMES: stgs, ON: staging } } }
    policy: { runs_per_hour: 9 }
";

#[test]
fn the_shape_comes_along_and_what_is_its_own_does_not() {
    let shop = shop(STAGING);
    let made = like(&shop, &likened("production", "staging", true)).unwrap();
    let text = export(&made.project);
    let (_, new) = text.split_once("  production:\n").unwrap();
    let new: Vec<&str> = new.lines().map(|line| line.strip_prefix("    ").unwrap()).collect();
    expect![[r#"
        platform: railway
        production: true
        edge: { api: production.example.com }
        connections:
          stripe: { provider: stripe, secret: stripe-key }
        components:
          postgres: { kind: database, url: { secret: database-url } }
        without: [redis]
        services:
          api:
            replicas: 2
            variables: { NAME: STG, NAMES: stgs, "ON": staging, URL: "https://api.staging.example.com" }"#]]
    .assert_eq(&new.join("\n"));
    assert!(import(&text, std::path::Path::new("/base")).is_ok(), "{text}");
    expect![[r#"
        staging's addresses
        other words for staging: stg
        staging's policy: production has production's usual one
        the values of staging's secrets, its data and its releases"#]]
    .assert_eq(&made.left.join("\n"));
    expect![[r#"
        api: NAME=STG
        api: ON=staging
        api: URL=https://api.staging.example.com"#]]
    .assert_eq(&made.doubtful.join("\n"));
    let names: Vec<String> =
        secrets_of(&made.project, &"production".parse().unwrap()).iter().map(ToString::to_string).collect();
    assert_eq!(names, ["database-url", "key"]);
    // Of the same kind, the policy comes along.
    let qa = like(&shop, &likened("qa", "staging", false)).unwrap().project;
    assert_eq!(qa.environments["qa"].policy.runs_per_hour, Some(9));
    assert!(like(&shop, &likened("staging", "staging", false)).is_none());
    assert!(like(&shop, &likened("qa", "nowhere", false)).is_none());
}

#[test]
fn local_is_on_this_machine() {
    let mut likened = likened("local", "staging", false);
    likened.edge.clear();
    let made = like(&shop(STAGING), &likened).unwrap().project;
    assert_eq!(made.environments["local"].platform, "local");
}

#[test]
fn the_likest_is_the_one_before_production() {
    let of = |environments: &str| nearest(&shop(environments)).unwrap().to_string();
    let at = |name: &str, rest: &str| format!("  {name}: {{ platform: railway{rest} }}\n");
    let production = at("production", ", production: true");
    assert_eq!(of(&format!("  local: {{}}\n{}{production}", at("staging", ""))), "staging");
    assert_eq!(of(&format!("  local: {{}}\n{}{production}{}", at("staging", ""), at("qa", ""))), "staging");
    assert_eq!(of(&format!("  local: {{}}\n{production}")), "local");
    assert_eq!(of(&format!("{production}{}", at("qa", ""))), "qa");
    assert_eq!(of(&production), "production");
    assert_eq!(of("  dev: {}\n  local: {}\n"), "local");
}

/// What goes to production has to work somewhere before it: the order says where.
#[test]
fn the_only_one_before_production_stands_before_it() {
    let order = |environments: &str, name: &str, production: bool| {
        let shop = shop(environments);
        let made = like(&shop, &likened(name, "production", production)).unwrap();
        made.project.environments.keys().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let live = "  production: { platform: railway, production: true, edge: { api: example.com } }\n";
    let own = "  local: {}\n";
    assert_eq!(order(live, "staging", false), "staging production");
    assert_eq!(order(&format!("{own}{live}"), "staging", false), "local staging production");
    assert_eq!(order(&format!("{STAGING}{live}"), "qa", false), "staging production qa");
    assert_eq!(order(live, "eu-prod", true), "production eu-prod");
}
