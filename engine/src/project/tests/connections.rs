//! Connections: what an environment has of them, and that test and live are never crossed.

use expect_test::expect;

use super::super::import;
use super::read;
use crate::model::EnvironmentName;
use crate::project::{differences, export};

const BASE: &str = "project: shop
source: { repository: /repo }
services: { api: { start: ./api, health: { path: /h } } }
";

fn told(rest: &str) -> String {
    match import(&format!("{BASE}{rest}"), std::path::Path::new("/base")) {
        Ok(_) => "no faults".to_owned(),
        Err(faults) => faults.in_file("p.yaml").to_string() + "\n",
    }
}

const GOOD: &str = "connections:
  stripe: { provider: stripe, secret: stripe-key }
  code: { provider: github, secret: github-token }
environments:
  staging: { connections: { mail: { provider: sendgrid, mode: test, secret: mail-key } } }
  production:
    production: true
    connections: { stripe: { provider: stripe, mode: live, secret: stripe-live } }
";

#[test]
fn an_environment_has_the_projects_and_its_own_in_its_own_mode() {
    let shop = read(&format!("{BASE}{GOOD}"));
    let has = |environment: &str| {
        let name: EnvironmentName = environment.parse().unwrap();
        let lines = shop.connections_in(&name).into_iter().map(|it| {
            let mode = it.mode.map_or("no mode", |mode| mode.name());
            format!("{}: {}, {mode}, {}\n", it.name, it.provider, it.secret)
        });
        lines.collect::<String>()
    };
    expect![[r#"
        code: github, no mode, github-token
        mail: sendgrid, test, mail-key
        stripe: stripe, test, stripe-key
    "#]]
    .assert_eq(&has("staging"));
    expect![[r#"
        code: github, no mode, github-token
        stripe: stripe, live, stripe-live
    "#]]
    .assert_eq(&has("production"));
    expect![[r#"
        project: shop
        source: { repository: /repo }
        services:
          api:
            start: ./api
            health: { path: /h }
        connections:
          stripe: { provider: stripe, secret: stripe-key }
          code: { provider: github, secret: github-token }
        environments:
          staging:
            connections:
              mail: { provider: sendgrid, mode: test, secret: mail-key }
          production:
            production: true
            connections:
              stripe: { provider: stripe, mode: live, secret: stripe-live }
    "#]]
    .assert_eq(&export(&shop));
    let without = read(&format!("{BASE}environments: {{ staging: , production: {{ production: true }} }}\n"));
    let lines: Vec<String> = differences(&without, &shop).iter().map(ToString::to_string).collect();
    expect![[r#"
        connections.stripe.provider: new, stripe
        connections.stripe.secret: new, stripe-key
        connections.code.provider: new, github
        connections.code.secret: new, github-token
        environments.staging.connections.mail.provider: new, sendgrid
        environments.staging.connections.mail.mode: new, test
        environments.staging.connections.mail.secret: new, mail-key
        environments.production.connections.stripe.provider: new, stripe
        environments.production.connections.stripe.mode: new, live
        environments.production.connections.stripe.secret: new, stripe-live
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn test_and_live_are_never_crossed() {
    expect![[r#"
        p.yaml:5:37 connections.stripe.mode: `production` is production, so its connections are `live`; remove it: each environment then has its own
        p.yaml:6:37 connections.twilio.mode: `staging` is not production, so its connections are `test`; remove it: each environment then has its own
        p.yaml:8:60 environments.staging.connections.pay.mode: `staging` is not production, so its connections are `test`; change or remove it
        p.yaml:11:54 environments.production.connections.mail.mode: `production` is production, so its connections are `live`; change or remove it
    "#]].assert_eq(&told(
        "connections:
  stripe: { provider: stripe, mode: test, secret: stripe-key }
  twilio: { provider: twilio, mode: live, secret: twilio-key }
environments:
  staging: { connections: { pay: { provider: stripe, mode: live, secret: pay-key } } }
  production:
    production: true
    connections: { mail: { provider: sendgrid, mode: test, secret: mail-key } }
",
    ));
    // What an environment says itself counts, not what it lays aside.
    expect!["no faults"].assert_eq(&told(
        "connections: { stripe: { provider: stripe, mode: test, secret: stripe-key } }
environments:
  staging: {}
  production: { production: true, connections: { stripe: { provider: stripe, secret: stripe-key } } }
",
    ));
}

#[test]
fn what_can_be_wrong_with_a_connection() {
    expect![[r#"
        p.yaml:5:18 connections.a.provider: must be one of `railway`, `render`, `vercel`, `supabase`, `cloudflare`, `stripe`, `sendgrid`, `twilio`, `github`, `slack`, `discord`, not `strpe`
        p.yaml:6:26 connections.b.mode: github knows no modes; remove this
        p.yaml:7:3 connections.c: `secret` is missing; add `secret: NAME-OF-THE-SECRET`
        p.yaml:8:32 connections.d.mode: must be one of `test`, `live`, not `maybe`
        p.yaml:8:47 connections.d.secret: `sk_live 1` can't be a secret's name: use 1 to 40 letters, digits, `-` or `_`, starting with a letter
        p.yaml:9:3 connections.e: `provider` is missing; add `provider: stripe`
        p.yaml:9:21 connections.e.token: no such key; there are `provider`, `mode`, `secret`
        p.yaml:10:3 connections.1: `1` can't be a connection's name: use 1 to 40 letters, digits, `-` or `_`, starting with a letter
        p.yaml:11:39 environments.local.connections: must be keys with values (`key: value`), not a list
    "#]].assert_eq(&told(
        "connections:
  a: { provider: strpe, secret: key }
  b: { provider: github, mode: test, secret: key }
  c: { provider: stripe }
  d: { provider: stripe, mode: maybe, secret: \"sk_live 1\" }
  e: { secret: key, token: x }
  1: { provider: stripe, secret: key }
environments: { local: { connections: [stripe] } }
",
    ));
}

#[test]
fn where_checks_have_to_pass_there_is_somebody_to_ask() {
    let required = "environments: { staging: { policy: { requires_ci: true } } }\n";
    expect![[r#"
        p.yaml:4:51 environments.staging.policy.requires_ci: what GitHub says of commits is read with a connection to it; add one: `connections: { github: { provider: github, secret: github-token } }`
        p.yaml:4:51 environments.staging.policy.requires_ci: GitHub says whether commits passed; the repository must be https://github.com/OWNER/NAME, not `/repo`
    "#]].assert_eq(&told(required));
    let two = "connections: { a: { provider: github, secret: x }, b: { provider: github, secret: y } }\n";
    expect![[r#"
        p.yaml:5:51 environments.staging.policy.requires_ci: GitHub is asked with one connection, and there are 2; leave one
        p.yaml:5:51 environments.staging.policy.requires_ci: GitHub says whether commits passed; the repository must be https://github.com/OWNER/NAME, not `/repo`
    "#]].assert_eq(&told(&format!("{two}{required}")));
    let at_github = BASE.replace("/repo", "\"https://github.com/acme/shop\"");
    let one = "connections: { github: { provider: github, secret: github-token } }\n";
    let shop = read(&format!("{at_github}{one}{required}"));
    assert!(export(&shop).contains("requires_ci: true"), "{}", export(&shop));
    assert_eq!(read(&export(&shop)), shop);
}
