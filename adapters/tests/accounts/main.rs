//! Whose a key is, asked of each provider the adapters know, at addresses of one's own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use adapters::accounts::ProviderAccounts;
use adapters::http::Budgets;
use adapters::http::sim::{Server, Simulated};
use adapters::{cloudflare, github, railway, sendgrid, stripe};
use engine::clock::ManualClock;
use engine::model::{ConnectionMode, Provider};
use engine::ports::{Account, Accounts as _, PortError};
use secrecy::SecretString;

/// Keys by their forms, put together here so that nobody takes them for real ones.
fn key(begins: &str) -> String {
    format!("{begins}{}", "0123456789abcdef".repeat(2))
}

fn repositories() -> Vec<String> {
    vec!["acme/shop".to_owned()]
}

async fn asked<V: Simulated>(
    vendor: V,
    provider: Provider,
    mode: Option<ConnectionMode>,
    key: &str,
) -> Result<Account, PortError> {
    let server = Server::start(vendor).await.unwrap();
    let base = match provider {
        Provider::Cloudflare => format!("{}/client/v4", server.base()),
        _ => server.base(),
    };
    let bases = BTreeMap::from([(provider, base)]);
    let budgets = Budgets::new(Arc::new(ManualClock::at(1_800_000_000_000)));
    ProviderAccounts::new(bases, budgets)
        .verify(provider, mode, &SecretString::from(key), &repositories())
        .await
}

fn refused(answer: Result<Account, PortError>, key: &str) {
    let Err(PortError::Fail { what, hint }) = answer else { panic!("it is refused: {answer:?}") };
    assert!(!format!("{what} {hint}").contains(key), "{what} {hint}");
}

#[tokio::test]
async fn a_key_is_told_whose_it_is_and_a_wrong_one_is_refused() {
    let (test, live) = (Some(ConnectionMode::Test), Some(ConnectionMode::Live));
    let stripe_key = key("rk_test_");
    let stripe = || stripe::sim::StripeSim::with_key(&stripe_key);
    let account = asked(stripe(), Provider::Stripe, test, &stripe_key).await.unwrap();
    assert!(!account.account.is_empty() && account.missing.is_empty(), "{account:?}");
    refused(asked(stripe(), Provider::Stripe, live, &stripe_key).await, &stripe_key);
    refused(asked(stripe(), Provider::Stripe, test, &key("rk_test_9")).await, &key("rk_test_9"));

    let mail_key = format!("SG.{}.{}", key("a"), key("b"));
    let sendgrid = || sendgrid::sim::SendGridSim::with_key(&mail_key);
    asked(sendgrid(), Provider::Sendgrid, test, &mail_key).await.unwrap();
    refused(asked(sendgrid(), Provider::Sendgrid, test, "SG.x.y0123456789").await, "y0123456789");

    let token = key("cf");
    let cloudflare = || cloudflare::sim::Sim::new(&token);
    let account = asked(cloudflare(), Provider::Cloudflare, None, &token).await.unwrap();
    assert!(account.account.contains("Acme"), "{account:?}");
    refused(asked(cloudflare(), Provider::Cloudflare, None, &key("other")).await, &key("other"));

    let railway = || railway::sim::Simulation::new(&token);
    asked(railway(), Provider::Railway, None, &token).await.unwrap();
    refused(asked(railway(), Provider::Railway, None, &key("other")).await, &key("other"));

    let token = key("github_pat_");
    let mut code = github::sim::GitHubSim::with_token(&token, "acme/shop");
    code.repositories.get_mut("acme/shop").unwrap().commit_add("one");
    let account = asked(code, Provider::Github, None, &token).await.unwrap();
    assert!(!account.account.is_empty() && account.missing.is_empty(), "{account:?}");
    let code = github::sim::GitHubSim::with_token(&token, "acme/other");
    let account = asked(code, Provider::Github, None, &token).await.unwrap();
    assert!(
        account.missing.iter().all(|it| it.ends_with("of acme/shop")) && account.missing.len() == 3,
        "{account:?}"
    );
    let code = github::sim::GitHubSim::with_token(&token, "acme/shop");
    refused(asked(code, Provider::Github, None, &key("github_pat_9")).await, &key("github_pat_9"));
}

#[tokio::test]
async fn whoever_can_not_be_asked_is_said_to_be_and_whoever_is_away_says_nothing_of_the_key() {
    let budgets = Budgets::new(Arc::new(ManualClock::at(1_800_000_000_000)));
    let bases = BTreeMap::from([(Provider::Stripe, "http://127.0.0.1:9".to_owned())]);
    let accounts = ProviderAccounts::new(bases, budgets);
    assert!(!accounts.can_verify(Provider::Render) && accounts.can_verify(Provider::Railway));
    let test = Some(ConnectionMode::Test);
    let answer =
        accounts.verify(Provider::Stripe, test, &SecretString::from(key("sk_test_")), &repositories()).await;
    assert!(matches!(answer, Err(PortError::Retry { .. })), "{answer:?}");
}
