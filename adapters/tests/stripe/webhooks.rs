//! Webhook endpoints, and events that were not delivered.

use adapters::stripe::EnsuredEndpoint;
use adapters::stripe::sim::StripeSim;
use engine::ports::PortError;
use secrecy::ExposeSecret as _;

use crate::matrix::{Stage as _, only};
use crate::stage::{Account, MARK, permit, wanted};

const EVENTS: [&str; 2] = ["charge.failed", "charge.refunded"];

fn fails<T: std::fmt::Debug>(result: Result<T, PortError>) -> String {
    match result {
        Err(PortError::Fail { what, .. }) => what,
        other => panic!("it does not fail: {other:?}"),
    }
}

#[tokio::test]
async fn an_endpoint_is_made_once_and_its_secret_told_once() {
    let account = Account::start().await;
    let wanted = wanted("https://pay.acme.example/stripe", &EVENTS);
    let made = account.ensure(&wanted).await.unwrap();
    let secret = made.secret.as_ref().unwrap().expose_secret().to_owned();
    assert_eq!(account.with(|stripe| stripe.secrets[&made.endpoint.id].clone()), secret);
    assert_eq!(made.receipt.facts["webhook-endpoint"], made.endpoint.id);
    assert!(made.receipt.facts["request-id"].starts_with("req_"));
    let shown = format!("{made:?} {}", serde_json::to_string(&made.receipt).unwrap());
    assert!(!shown.contains(&secret), "{shown}");
    let writes = account.writes();
    let same = account.ensure(&wanted).await.unwrap();
    assert!(!same.changed && same.secret.is_none());
    assert_eq!(account.writes(), writes);
    account.end();
}

#[tokio::test]
async fn a_changed_address_keeps_endpoint_and_secret() {
    let account = Account::start().await;
    let made = account.ensure(&wanted("https://one.acme.example/stripe", &EVENTS)).await.unwrap();
    // A tunnel that has another address each time.
    for n in 0..3 {
        let url = format!("https://tunnel-{n}.acme.example/stripe");
        let moved =
            account.ensure_under(&permit(&format!("r-aaa{n}")), &wanted(&url, &EVENTS[..1])).await.unwrap();
        assert!(moved.changed && moved.secret.is_none());
        assert_eq!(
            (moved.endpoint.id.as_str(), moved.endpoint.url.as_str()),
            (made.endpoint.id.as_str(), url.as_str())
        );
    }
    only(account.with(|stripe| stripe.endpoints.clone()), "moved");
    // Somebody turned it off.
    account.with(|stripe| stripe.endpoints[0]["status"] = "disabled".into());
    let on = account.ensure(&wanted("https://tunnel-2.acme.example/stripe", &EVENTS[..1])).await.unwrap();
    assert_eq!(
        on.notes,
        [format!("Webhook endpoint {} was disabled: it is enabled again", made.endpoint.id)]
    );
    account.end();
}

#[tokio::test]
async fn ours_is_found_behind_pages_of_others_and_doubles_go() {
    let mut sim = StripeSim::with_key(&crate::stage::key());
    let ours = sim.endpoint_add("https://pay.acme.example/stripe", &EVENTS, Some(MARK));
    let double = sim.endpoint_add("https://pay.acme.example/stripe", &EVENTS, Some(MARK));
    for n in 0..14 {
        sim.endpoint_add(&format!("https://other-{n}.example"), &EVENTS, None);
    }
    // Connected accounts' endpoints do not count: a list can be long.
    let one = sim.endpoints[15].clone();
    for n in 0..120 {
        let mut more = one.clone();
        more["id"] = format!("we_more{n}").into();
        sim.endpoints.push(more);
    }
    let account = Account::of(sim).await;
    *account.kept.lock().unwrap() = Some((ours.clone(), String::new()));
    let ensured = account.ensure(&wanted("https://pay.acme.example/stripe", &EVENTS)).await.unwrap();
    assert_eq!(ensured.notes, [format!("Webhook endpoint {double} was a double of {ours} and is removed")]);
    assert_eq!(ensured.endpoint.id, ours);
    assert_eq!(account.with(|stripe| stripe.endpoints.len()), 135);
    account.end();
}

#[tokio::test]
async fn an_endpoint_whose_secret_nobody_kept_is_made_anew() {
    let account = Account::start().await;
    let wanted = wanted("https://pay.acme.example/stripe", &EVENTS);
    let lost = account.with(|stripe| stripe.endpoint_add(&wanted.url, &EVENTS, Some(MARK)));
    let made = account.ensure(&wanted).await.unwrap();
    assert_eq!(
        made.notes,
        [format!(
            "Nobody kept the signing secret of webhook endpoint {lost}: {} took its place",
            made.endpoint.id
        )]
    );
    assert!(made.secret.is_some());
    let there = only(account.with(|stripe| stripe.endpoints.clone()), "anew");
    assert_eq!(there["id"], made.endpoint.id);
    account.end();
}

#[tokio::test]
async fn an_endpoint_of_somebody_else_is_left_alone_until_its_secret_is_given() {
    let account = Account::start().await;
    let wanted = wanted("https://pay.acme.example/stripe", &EVENTS);
    let by_hand = account.with(|stripe| stripe.endpoint_add(&wanted.url, &EVENTS, None));
    let words = fails(account.ensure(&wanted).await);
    assert!(words.contains("made by hand") && words.contains("twice"), "{words}");
    assert!(
        fails(account.stripe.webhook_endpoint_remove(&account.permit, &by_hand, MARK).await)
            .contains("not marked")
    );
    assert_eq!(account.writes(), 0);
    *account.kept.lock().unwrap() = Some((by_hand.clone(), String::new()));
    let adopted = account.ensure(&wanted).await.unwrap();
    assert_eq!((adopted.endpoint.id.as_str(), adopted.endpoint.mark()), (by_hand.as_str(), Some(MARK)));
    for (url, events) in [("http://pay", &[][..]), ("ftp://pay", &EVENTS), ("https://pay", &[])] {
        fails(account.ensure(&crate::stage::wanted(url, events)).await);
    }
    account.end();
}

/// Stripe gives what it kept under a key again, failures too, and things that are gone.
#[tokio::test]
async fn answers_that_stripe_kept_hold_nobody_up() {
    let account = Account::start().await;
    let wanted = wanted("https://pay.acme.example/stripe", &EVENTS);
    account.with(|stripe| stripe.breaks_inside = 1);
    assert!(matches!(account.ensure(&wanted).await, Err(PortError::Unknown { .. })));
    let made = account.ensure(&wanted).await.unwrap();
    assert_eq!(account.writes(), 3, "the failure comes again, then it is made");
    // It is removed by hand, and the same step makes it again.
    account.with(|stripe| stripe.endpoints.clear());
    let again = account.ensure(&wanted).await.unwrap();
    assert_ne!(again.endpoint.id, made.endpoint.id);
    only(account.with(|stripe| stripe.endpoints.clone()), "again");
    account.end();
}

#[tokio::test]
async fn two_that_do_the_same_step_at_once_make_one_endpoint() {
    let account = Account::start().await;
    let wanted = wanted("https://pay.acme.example/stripe", &EVENTS);
    let ensure = || account.stripe.webhook_endpoint_ensure(&account.permit, &wanted, None);
    let (one, other) = tokio::join!(ensure(), ensure());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.endpoint.id, other.endpoint.id);
    let secret = |ensured: &EnsuredEndpoint| ensured.secret.as_ref().unwrap().expose_secret().to_owned();
    assert_eq!(secret(&one), secret(&other));
    only(account.with(|stripe| stripe.endpoints.clone()), "at once");
    account.end();
}

#[tokio::test]
async fn events_that_were_not_delivered_are_told() {
    let account = Account::start().await;
    assert_eq!(account.stripe.events_undelivered(0).await.unwrap().says(), "");
    account.with(|stripe| {
        stripe.event_add("charge.failed", 1_700_000_000, Some(1));
        stripe.event_add("charge.failed", 1_700_000_100, None);
        stripe.event_add("charge.refunded", 1_700_000_200, Some(0));
    });
    let all = account.stripe.events_undelivered(0).await.unwrap();
    assert_eq!(all.events.len(), 2);
    assert!(
        all.says().starts_with(
            "2 events were not delivered to a webhook, of 1 Stripe gave up; the newest is charge.refunded"
        ),
        "{}",
        all.says()
    );
    assert_eq!(account.stripe.events_undelivered(1_700_000_150_000).await.unwrap().events.len(), 1);
    account.with(|stripe| (0..600).for_each(|_| stripe.event_add("charge.failed", 1_700_000_300, Some(1))));
    let all = account.stripe.events_undelivered(0).await.unwrap();
    assert!(all.is_more && all.events.len() == 500, "it ends somewhere");
    account.end();
}
