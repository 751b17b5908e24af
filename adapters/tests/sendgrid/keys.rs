//! Keys, and what a real call shows of them.

use std::sync::Arc;

use adapters::http::Budgets;
use adapters::sendgrid::sim::SendGridSim;
use adapters::sendgrid::{Region, SendGrid, Settings};
use engine::clock::ManualClock;
use engine::ports::PortError;
use secrecy::SecretString;

use crate::stage::{Account, key};

fn settings(key: &str) -> Settings {
    let key = SecretString::from(key);
    Settings { key, region: Region::Eu, api_base: None, is_sandbox: false, answer_wait: None }
}

#[test]
fn a_key_and_a_region_lead_to_an_address() {
    let budgets = Budgets::new(Arc::new(ManualClock::at(0)));
    let eu = SendGrid::new(&settings(&format!(" {}\n", key())), &budgets).unwrap();
    assert_eq!(eu.base(), "https://api.eu.sendgrid.com");
    assert!(!format!("{eu:?} {:?}", settings(&key())).contains(&key()));
    let global = SendGrid::new(&Settings { region: Region::Global, ..settings(&key()) }, &budgets).unwrap();
    assert_eq!(global.base(), "https://api.sendgrid.com");
    for bad in ["", "SG.", "SG.a", "SG..b", "sk_test_1", "SG.a.b.c"] {
        let Err(PortError::Fail { what, .. }) = SendGrid::new(&settings(bad), &budgets) else {
            panic!("{bad}")
        };
        assert!(bad.len() < 4 || !what.contains(bad), "{what}");
    }
}

#[tokio::test]
async fn a_real_call_shows_whose_key_it_is_and_what_it_may_do() {
    let account = Account::start().await;
    let verified = account.now().verify().await.unwrap();
    assert_eq!((verified.account.as_str(), verified.missing.len(), verified.warnings.len()), ("acme", 0, 0));
    assert_eq!(verified.says, ["a paid account", "the key has 7 scopes"]);
    account.with(|sendgrid| {
        let scopes = sendgrid.keys.get_mut(&key()).unwrap();
        for gone in ["whitelabel.create", "sender_verification_eligible", "user.username.read"] {
            scopes.remove(gone);
        }
        scopes.extend(["api_keys.create".to_owned(), "billing.read".to_owned()]);
    });
    let verified = account.now().verify().await.unwrap();
    assert_eq!(
        verified.missing,
        [
            "whitelabel.create, for having a domain authenticated",
            "Sender Authentication: read, for looking at senders"
        ]
    );
    assert!(verified.warnings[0].contains("api_keys.create and 1 more"), "{:?}", verified.warnings);
    account.end();
}

#[tokio::test]
async fn a_key_that_is_not_accepted_is_said_to_be_so() {
    let account = Account::of(SendGridSim::default(), |_| {}).await;
    let Err(PortError::Fail { what, hint }) = account.now().verify().await else { panic!("it is accepted") };
    assert!(what.contains("GET /v3/scopes") && !what.contains(&key()), "{what}");
    assert!(hint.contains("European"), "{hint}");
    account.end();
}

#[tokio::test]
async fn event_webhooks_are_read() {
    let account = Account::start().await;
    account.with(|sendgrid| {
        sendgrid.webhook_add("https://acme.example/mail", &["bounce", "dropped"], Some("MFkw"));
        sendgrid.webhook_add("https://else.example", &[], None);
    });
    let all = account.now().event_webhooks().await.unwrap();
    assert_eq!(all.len(), 2);
    assert!(all[0].is_signed && all[0].is_enabled && !all[1].is_signed);
    assert_eq!(all[0].events.iter().map(String::as_str).collect::<Vec<_>>(), ["bounce", "dropped"]);
    account.end();
}
