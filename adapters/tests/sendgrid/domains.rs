//! Domains, their records, and senders.

use adapters::sendgrid::SenderIdentity;
use adapters::sendgrid::sim::SendGridSim;
use engine::ports::PortError;
use serde_json::json;

use crate::matrix::{Change, Stage as _, only, tried};
use crate::stage::{Account, descriptions, key};

const DOMAIN: &str = "acme.example";

#[tokio::test]
async fn a_domain_is_a_checklist_until_its_records_are_seen() {
    let account = Account::start().await;
    let made = account.now().domain_ensure(&account.permit, DOMAIN, "em").await.unwrap();
    assert!(made.changed && made.notes.is_empty());
    assert_eq!(made.receipt.facts["domain-id"], made.state.id.to_string());
    assert_eq!(made.state.missing().count(), 3);
    // Somebody puts two of the three, one of them wrong.
    let records: Vec<_> = made.state.missing().cloned().collect();
    assert!(records.iter().all(|record| record.kind == "CNAME"));
    account.with(|sendgrid| {
        sendgrid.dns.insert(records[0].host.clone(), records[0].data.clone());
        sendgrid.dns.insert(records[1].host.clone(), "wrong.example".to_owned());
    });
    let seen = account.now().domain_validate(made.state.id).await.unwrap();
    assert!(!seen.is_valid);
    assert_eq!(
        seen.says(),
        [
            "✓ CNAME s1._domainkey.acme.example → s1.domainkey.u1.wl.sendgrid.example",
            "✗ CNAME s2._domainkey.acme.example → s2.domainkey.u1.wl.sendgrid.example: Expected CNAME for \"s2._domainkey.acme.example\" and found \"wrong.example\".",
            "✗ CNAME em.acme.example → u1.wl.sendgrid.example: Expected CNAME for \"em.acme.example\" and found nothing.",
        ]
    );
    account
        .with(|sendgrid| sendgrid.dns.extend(records.into_iter().map(|record| (record.host, record.data))));
    assert!(account.now().domain_validate(made.state.id).await.unwrap().is_valid);
    let same = account.now().domain_ensure(&account.permit, DOMAIN, "em").await.unwrap();
    assert!(!same.changed && same.state.is_valid);
    assert_eq!(account.writes(), 1);
    account.end();
}

#[tokio::test]
async fn what_is_there_is_found_behind_pages_and_taken_when_it_is_valid() {
    let mut sim = SendGridSim::with_key(&key());
    for n in 0..60 {
        sim.domain_add(&format!("a{n}.{DOMAIN}"), "em");
    }
    let other = sim.domain_add(DOMAIN, "em77");
    sim.domains.last_mut().unwrap()["valid"] = json!(true);
    let account = Account::of(sim, |_| {}).await;
    let taken = account.now().domain_ensure(&account.permit, DOMAIN, "em").await.unwrap();
    assert_eq!((taken.state.id, taken.changed), (other, false));
    // When it is not valid, ours is made beside it, and it is said.
    account.with(|sendgrid| sendgrid.domains.last_mut().unwrap()["valid"] = json!(false));
    let made = account.now().domain_ensure(&account.permit, DOMAIN, "em").await.unwrap();
    assert_eq!(made.notes, [format!("SendGrid has {DOMAIN} once more, as em77.{DOMAIN} ({other})")]);
    for (domain, subdomain) in [("acme", "em"), ("acme..example", "em"), (DOMAIN, "e m"), (DOMAIN, "")] {
        let result = account.now().domain_ensure(&account.permit, domain, subdomain).await;
        assert!(matches!(result, Err(PortError::Fail { .. })), "{domain} {subdomain}");
    }
    account.end();
}

#[tokio::test]
async fn a_european_domain_is_made_in_europe() {
    let account = Account::of(SendGridSim::with_key(&key()), |settings| {
        settings.region = adapters::sendgrid::Region::Eu;
    })
    .await;
    account.now().domain_ensure(&account.permit, DOMAIN, "em").await.unwrap();
    let sent = account.server.calls().into_iter().find(|call| call.asked.method == "POST").unwrap();
    assert_eq!(sent.asked.json()["region"], "eu");
    account.end();
}

#[tokio::test]
async fn who_mail_may_come_from_is_known() {
    let account = Account::start().await;
    account.with(|sendgrid| {
        (0..130).for_each(|n| sendgrid.sender_add(&format!("p{n}@else.example"), true));
        sendgrid.sender_add("ops@acme.example", false);
        sendgrid.sender_add("Kim@acme.example", true);
    });
    let of = async |address: &str| account.now().sender_identity(address).await.unwrap();
    assert_eq!(of("ops@acme.example").await, SenderIdentity::Waiting);
    assert_eq!(of("kim@acme.example").await, SenderIdentity::Address);
    assert_eq!(of("nobody@acme.example").await, SenderIdentity::Unknown);
    assert!(of("nobody@acme.example").await.hint().contains("sender_auth"));
    account.with(|sendgrid| {
        sendgrid.domain_add(DOMAIN, "em");
        sendgrid.domains[0]["valid"] = json!(true);
    });
    assert_eq!(of("nobody@mail.acme.example").await, SenderIdentity::Domain(DOMAIN.to_owned()));
    account.end();
}

#[tokio::test]
async fn a_domain_comes_out_once_whatever_happens() {
    let spec = descriptions();
    let changes: [(&str, Change<SendGridSim>); 2] = [
        ("somebody made it", |sendgrid| {
            if sendgrid.domains.is_empty() {
                sendgrid.domain_add(DOMAIN, "em");
            }
        }),
        ("somebody removed it", |sendgrid| sendgrid.domains.clear()),
    ];
    let cases = tried(
        "a domain is made",
        Account::start,
        async |account: &Account| {
            account.now().domain_ensure(&account.permit, DOMAIN, "em").await.map(|_| ())
        },
        |account, case| {
            let there = only(account.with(|sendgrid| sendgrid.domains.clone()), case);
            assert_eq!((&there["domain"], &there["subdomain"]), (&json!(DOMAIN), &json!("em")), "{case}");
        },
        &changes,
        |account| account.end_with(spec.as_ref()),
    )
    .await;
    println!("SendGrid, domains: {cases} cases");
}
