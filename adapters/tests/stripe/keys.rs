//! Keys, modes, and what a real call shows of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use adapters::http::Budgets;
use adapters::stripe::sim::StripeSim;
use adapters::stripe::{Key, KeyError, Kind, Mode, Stripe};
use engine::clock::ManualClock;
use engine::ports::PortError;
use secrecy::SecretString;

use crate::stage::{Account, key, settings};

fn read(parts: &[&str]) -> Result<(Kind, Mode), KeyError> {
    Key::read(&SecretString::from(parts.join("_"))).map(|key| (key.kind, key.mode))
}

#[test]
fn a_key_says_what_it_is() {
    assert_eq!(read(&["sk", "test", "1"]), Ok((Kind::Secret, Mode::Test)));
    assert_eq!(read(&[" sk", "live", "1\n"]), Ok((Kind::Secret, Mode::Live)));
    assert_eq!(read(&["rk", "test", "a_b"]), Ok((Kind::Restricted, Mode::Test)));
    assert_eq!(read(&["rk", "live", "1"]), Ok((Kind::Restricted, Mode::Live)));
    assert_eq!(read(&["pk", "live", "1"]), Err(KeyError::Publishable));
    assert_eq!(read(&["whsec", "1"]), Err(KeyError::Signing));
    for other in [&["sk", "org", "1"][..], &["sk", "test", ""], &["SG.x"], &[""]] {
        assert_eq!(read(other), Err(KeyError::Unknown), "{other:?}");
    }
}

fn refusal(key: &str, base: &str) -> String {
    let budgets = Budgets::new(Arc::new(ManualClock::at(0)));
    match Stripe::new(&settings(key, base), &budgets) {
        Err(PortError::Fail { what, hint }) => format!("{what} | {hint}"),
        other => panic!("it is taken: {other:?}"),
    }
}

#[tokio::test]
async fn modes_are_never_crossed() {
    let live = ["sk", "live", "0123456789abcdefghijklmn"].join("_");
    assert_eq!(
        refusal(&live, "http://127.0.0.1:9"),
        "This is a Stripe key of live mode, and test mode is wanted here | Set a key that begins with rk_test_ or sk_test_."
    );
    let publishable = ["pk", "test", "0123456789abcdefghijklmn"].join("_");
    let words = refusal(&publishable, "http://127.0.0.1:9");
    assert!(words.contains("publishable") && !words.contains(&publishable), "{words}");
    // The key says test, and what answers has real money.
    let account = Account::start().await;
    account.with(|stripe| stripe.live = true);
    let Err(PortError::Fail { what, .. }) = account.stripe.verify().await else { panic!("it is crossed") };
    assert_eq!(what, "Stripe answers GET /v1/balance with things of live mode, and test mode is wanted here");
    account.with(|stripe| stripe.endpoint_add("https://a.example", &["charge.failed"], None));
    assert!(matches!(account.stripe.webhook_endpoints().await, Err(PortError::Fail { .. })));
    account.end();
}

#[tokio::test]
async fn a_real_call_shows_whose_key_it_is_and_what_it_may_do() {
    let account = Account::start().await;
    let verified = account.stripe.verify().await.unwrap();
    assert_eq!(verified.account, "Acme");
    assert_eq!(verified.says, ["account acct_sim1 in test mode", "its balance answers (0 eur)"]);
    assert!(verified.warnings[0].contains("restricted key"), "{:?}", verified.warnings);
    assert!(verified.missing.is_empty());
    account.end();

    let restricted = ["rk", "test", "0123456789abcdefghijklmn"].join("_");
    let denied: BTreeSet<String> = ["account", "events", "prices"].map(str::to_owned).into();
    let mut sim = StripeSim::with_key(&restricted);
    sim.keys.insert(restricted.clone(), denied);
    let account = Account::of(sim).await;
    let budgets = Budgets::new(account.clock.clone());
    let stripe = Stripe::new(&settings(&restricted, &account.server.base()), &budgets).unwrap();
    let verified = stripe.verify().await.unwrap();
    assert_eq!(
        verified.missing,
        [
            "Account: Read, for whose account it is",
            "Prices: Write, for prices",
            "Events: Read, for the look at what was not delivered"
        ]
    );
    assert!(verified.warnings.is_empty());
    // A key that is not accepted is said to be so, and not shown.
    let Err(PortError::Fail { what, hint }) = account.stripe.verify().await else { panic!("it is accepted") };
    assert_eq!(
        what,
        "Stripe refused to GET /v1/account: Invalid API Key provided: sk_test_**** (api_key_invalid)"
    );
    assert!(hint.contains("https://dashboard.stripe.com/apikeys"));
    let shown = format!("{:?} {:?}", account.stripe, settings(&key(), "x"));
    assert!(!shown.contains(&key()), "{shown}");
    account.end();
}
