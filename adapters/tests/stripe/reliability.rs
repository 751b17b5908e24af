//! Every writing operation in every trouble.

use adapters::stripe::sim::StripeSim;
use adapters::stripe::{Stripe, WantedEndpoint};
use engine::ports::{Permit, PortError};
use serde_json::{Value, json};

use crate::matrix::{Change, only, tried};
use crate::shop::{price, product};
use crate::spec::Spec;
use crate::stage::{Account, MARK, key, wanted};

const URL: &str = "https://pay.acme.example/stripe";
const MOVED: &str = "https://new.acme.example/stripe";
const EVENTS: [&str; 2] = ["charge.failed", "charge.refunded"];

fn ours(stripe: &StripeSim) -> Vec<Value> {
    stripe.endpoints.iter().filter(|one| one["metadata"]["infra_chat"] == MARK).cloned().collect()
}

/// There is one endpoint of ours, it leads where it should, and the secret that is kept is its own.
fn is_endpoint(account: &Account, wanted: &WantedEndpoint, case: &str) {
    let there = only(account.with(|stripe| ours(stripe)), case);
    assert_eq!(there["url"], wanted.url, "{case}");
    assert_eq!(there["enabled_events"], json!(wanted.events), "{case}");
    assert_eq!(there["status"], "enabled", "{case}");
    let (id, secret) = account.kept.lock().unwrap().clone().unwrap();
    assert_eq!(there["id"], id, "{case}");
    assert_eq!(account.with(|stripe| stripe.secrets[&id].clone()), secret, "{case}");
    let others = account.with(|stripe| stripe.endpoints.len()) - 1;
    assert_eq!(others, 1, "{case}: what others have is left alone");
}

/// An account with an endpoint of somebody else, and ours as often as told; the first one's secret is kept or not.
async fn account(endpoints: usize, is_kept: bool) -> Account {
    let mut sim = StripeSim::with_key(&key());
    sim.endpoint_add("https://else.example", &EVENTS, None);
    let ids: Vec<String> = (0..endpoints).map(|_| sim.endpoint_add(URL, &EVENTS, Some(MARK))).collect();
    let kept = ids.first().filter(|_| is_kept).map(|id| (id.clone(), sim.secrets[id].clone()));
    let account = Account::of(sim).await;
    *account.kept.lock().unwrap() = kept;
    account
}

const ENDPOINT_CHANGES: [(&str, Change<StripeSim>); 3] = [
    ("somebody removed ours", |stripe| stripe.endpoints.retain(|one| one["metadata"]["infra_chat"] != MARK)),
    ("somebody made a double of ours", |stripe| {
        stripe.endpoint_add(URL, &EVENTS, Some(MARK));
    }),
    ("somebody changed ours", |stripe| {
        for one in stripe.endpoints.iter_mut().filter(|one| one["metadata"]["infra_chat"] == MARK) {
            one["status"] = json!("disabled");
            one["enabled_events"] = json!(["charge.failed"]);
        }
    }),
];

#[tokio::test]
async fn endpoints_come_out_once_whatever_happens() {
    let spec = Spec::read("", &["stripe/stripe.openapi.json"]);
    let mut cases = 0;
    let starts = [
        ("made", 0, false, URL),
        ("moved", 1, true, MOVED),
        ("single again", 3, true, URL),
        ("anew", 2, false, MOVED),
    ];
    for (name, endpoints, is_kept, url) in starts {
        let wanted = wanted(url, &EVENTS);
        cases += tried(
            &format!("an endpoint is {name}"),
            async || account(endpoints, is_kept).await,
            async |account: &Account| account.ensure(&wanted).await.map(|_| ()),
            |account, case| is_endpoint(account, &wanted, case),
            &ENDPOINT_CHANGES,
            |account| account.end_with(spec.as_ref()),
        )
        .await;
    }
    cases += tried(
        "an endpoint is removed",
        async || account(1, true).await,
        async |account: &Account| {
            let (id, _) = account.kept.lock().unwrap().clone().unwrap();
            account.now().webhook_endpoint_remove(&account.permit, &id, MARK).await.map(|_| ())
        },
        |account, case| {
            assert_eq!(account.with(|stripe| (ours(stripe).len(), stripe.endpoints.len())), (0, 1), "{case}");
        },
        &ENDPOINT_CHANGES[..1],
        |account| account.end_with(spec.as_ref()),
    )
    .await;
    println!("Stripe, webhook endpoints: {cases} cases");
}

async fn shop(products: bool, amounts: &[i64]) -> Account {
    let account = Account::of(StripeSim::with_key(&key())).await;
    // Another step made what is there.
    let permit = crate::stage::permit("r-0001");
    if products {
        account.stripe.product_ensure(&permit, &product("Pro")).await.unwrap();
    }
    for amount in amounts {
        account.stripe.price_ensure(&permit, &price(*amount)).await.unwrap();
        account
            .with(|stripe| stripe.products[0]["default_price"] = stripe.prices.last().unwrap()["id"].clone());
    }
    account
}

async fn product_wanted(stripe: &Stripe, permit: &Permit) -> Result<(), PortError> {
    stripe.product_ensure(permit, &product("Professional")).await.map(|_| ())
}

#[tokio::test]
async fn products_and_prices_come_out_once_whatever_happens() {
    let spec = Spec::read("", &["stripe/stripe.openapi.json"]);
    let mut cases = 0;
    let changes: [(&str, Change<StripeSim>); 2] = [
        ("somebody renamed it", |stripe| {
            stripe.products.iter_mut().for_each(|one| one["name"] = json!("Cheap"));
        }),
        ("somebody removed it", |stripe| stripe.products.clear()),
    ];
    for (name, is_there) in [("made", false), ("changed", true)] {
        cases += tried(
            &format!("a product is {name}"),
            async || shop(is_there, &[]).await,
            async |account: &Account| product_wanted(account.now(), &account.permit).await,
            |account, case| {
                let there = only(account.with(|stripe| stripe.products.clone()), case);
                assert_eq!(
                    (&there["id"], &there["name"]),
                    (&json!("acme_pro"), &json!("Professional")),
                    "{case}"
                );
            },
            &changes,
            |account| account.end_with(spec.as_ref()),
        )
        .await;
    }
    let changes: [(&str, Change<StripeSim>); 2] = [
        ("somebody made all prices inactive", |stripe| {
            stripe.products[0]["default_price"] = Value::Null;
            stripe.prices.iter_mut().for_each(|one| one["active"] = json!(false));
        }),
        ("somebody made all prices active", |stripe| {
            stripe.prices.iter_mut().for_each(|one| one["active"] = json!(true));
        }),
    ];
    for (name, amounts) in [("made", &[][..]), ("replaced", &[2_000]), ("replaced again", &[1_000, 2_000])] {
        cases += tried(
            &format!("a price is {name}"),
            async || shop(true, amounts).await,
            async |account: &Account| {
                account.now().price_ensure(&account.permit, &price(2_500)).await.map(|_| ())
            },
            |account, case| {
                account.with(|stripe| {
                    let is_active = |one: &&Value| one["active"] == true;
                    let there = only(stripe.prices.iter().filter(is_active).cloned().collect(), case);
                    assert_eq!(there["unit_amount"], 2_500, "{case}");
                    assert_eq!(there["lookup_key"], "pro-monthly", "{case}");
                    assert_eq!(
                        stripe.prices.len(),
                        amounts.len() + 1,
                        "{case}: none is lost, none made twice"
                    );
                });
            },
            &changes,
            |account| account.end_with(spec.as_ref()),
        )
        .await;
    }
    println!("Stripe, products and prices: {cases} cases");
}
