//! Mails.

use adapters::http::sim::{Fault, When};
use adapters::sendgrid::sim::SendGridSim;
use adapters::sendgrid::{Address, Mail};
use engine::ports::PortError;

use crate::matrix::Stage as _;
use crate::stage::{Account, key};

fn mail(from: &str) -> Mail {
    Mail {
        key: "r-3f2a/approval/1".to_owned(),
        from: Address { email: from.to_owned(), name: Some("Infra Chat".to_owned()) },
        to: Address::of("kim@else.example"),
        subject: "Deploy to production waits for you".to_owned(),
        text: "Approve with code 4711.".to_owned(),
        html: None,
    }
}

async fn account(is_sandbox: bool) -> Account {
    let mut sim = SendGridSim::with_key(&key());
    sim.sender_add("bot@acme.example", true);
    Account::of(sim, |settings| settings.is_sandbox = is_sandbox).await
}

#[tokio::test]
async fn a_mail_is_sent_with_its_key() {
    let account = account(false).await;
    let sent = account.now().send(&mail("bot@acme.example")).await.unwrap();
    assert_eq!((sent.sent_as.as_deref(), sent.is_checked_only), (Some("sim-0001"), false));
    let both = Mail { html: Some("<p>Approve</p>".to_owned()), ..mail("bot@acme.example") };
    account.now().send(&both).await.unwrap();
    let outbox = account.with(|sendgrid| sendgrid.outbox.clone());
    assert_eq!(outbox[0]["personalizations"][0]["custom_args"]["infra_chat_key"], "r-3f2a/approval/1");
    assert_eq!(outbox[0]["categories"][0], "infra-chat");
    assert_eq!(outbox[1]["content"].as_array().unwrap().len(), 2);
    assert!(!format!("{:?}", mail("x@y")).contains("4711"));
    account.end();
}

#[tokio::test]
async fn in_sandbox_mode_nobody_gets_it() {
    let account = account(true).await;
    let sent = account.now().send(&mail("bot@acme.example")).await.unwrap();
    assert!(sent.is_checked_only && sent.sent_as.is_none());
    assert!(account.with(|sendgrid| sendgrid.outbox.is_empty()));
    account.end();
}

#[tokio::test]
async fn a_mail_that_can_not_be_sent_is_refused_in_words() {
    let account = account(false).await;
    let Err(PortError::Fail { what, .. }) = account.now().send(&mail("else@acme.example")).await else {
        panic!("it is sent")
    };
    assert!(what.contains("does not match a verified Sender Identity. (from)"), "{what}");
    let good = mail("bot@acme.example");
    let bad = [
        Mail { to: Address::of("kim"), ..good.clone() },
        Mail { to: Address::of("kim@a b"), ..good.clone() },
        Mail { subject: " ".to_owned(), ..good.clone() },
        Mail { text: String::new(), ..good.clone() },
        Mail { key: String::new(), ..good },
    ];
    let calls = account.server.calls().len();
    for mail in bad {
        assert!(matches!(account.now().send(&mail).await, Err(PortError::Fail { .. })), "{mail:?}");
    }
    assert_eq!(account.server.calls().len(), calls);
    account.end();
}

#[tokio::test]
async fn a_mail_is_never_sent_twice_by_itself() {
    let cases = [
        (Fault::AnswerLost, "unknown", 1),
        (Fault::BadGateway, "unknown", 1),
        (Fault::Slow, "unknown", 1),
        (Fault::Stuck, "unknown", 0),
        (Fault::Broken, "unknown", 0),
        (Fault::Limited(9), "retry", 0),
    ];
    for (fault, expected, sent) in cases {
        let account = account(false).await;
        account.server.fault(When::Next, fault.clone());
        account.hurry(true);
        let kind = match account.now().send(&mail("bot@acme.example")).await {
            Err(PortError::Unknown { .. }) => "unknown",
            Err(PortError::Retry { after_ms: Some(9_000), .. }) => "retry",
            other => panic!("{fault:?}: {other:?}"),
        };
        assert_eq!((kind, account.with(|sendgrid| sendgrid.outbox.len())), (expected, sent), "{fault:?}");
        assert_eq!(account.server.calls().len(), 1);
        account.end();
    }
}
