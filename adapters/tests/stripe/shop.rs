//! Products and prices.

use adapters::stripe::{Recurring, WantedPrice, WantedProduct};
use engine::ports::PortError;

use crate::matrix::Stage as _;
use crate::stage::{Account, MARK};

pub(crate) fn product(name: &str) -> WantedProduct {
    let description = Some("For small firms".to_owned());
    WantedProduct { id: "acme_pro".to_owned(), mark: MARK.to_owned(), name: name.to_owned(), description }
}

pub(crate) fn price(amount: i64) -> WantedPrice {
    WantedPrice {
        lookup_key: "pro-monthly".to_owned(),
        mark: MARK.to_owned(),
        product: "acme_pro".to_owned(),
        currency: "eur".to_owned(),
        unit_amount: amount,
        recurring: Some(Recurring { interval: "month".to_owned(), interval_count: 1 }),
    }
}

#[tokio::test]
async fn a_product_is_made_once_and_changed_in_place() {
    let account = Account::start().await;
    let made = account.stripe.product_ensure(&account.permit, &product("Pro")).await.unwrap();
    assert_eq!(made.summary, "made product acme_pro");
    let same = account.stripe.product_ensure(&account.permit, &product("Pro")).await.unwrap();
    assert_eq!(same.summary, "product acme_pro is as it should be");
    account.stripe.product_ensure(&account.permit, &product("Professional")).await.unwrap();
    let there = account.stripe.product("acme_pro").await.unwrap().unwrap();
    assert_eq!((there.name.as_str(), there.mark()), ("Professional", Some(MARK)));
    // Back again within the same step: what Stripe kept of the first time is not taken for it.
    account.stripe.product_ensure(&account.permit, &product("Pro")).await.unwrap();
    account.stripe.product_ensure(&account.permit, &product("Professional")).await.unwrap();
    assert_eq!(account.stripe.product("acme_pro").await.unwrap().unwrap().name, "Professional");
    account.with(|stripe| stripe.products[0]["metadata"] = serde_json::json!({}));
    let theirs = account.stripe.product_ensure(&account.permit, &product("Pro")).await;
    assert!(matches!(theirs, Err(PortError::Fail { .. })), "{theirs:?}");
    let bad = WantedProduct { id: "../x".to_owned(), ..product("Pro") };
    assert!(matches!(
        account.stripe.product_ensure(&account.permit, &bad).await,
        Err(PortError::Fail { .. })
    ));
    account.end();
}

#[tokio::test]
async fn a_price_that_should_be_another_is_replaced() {
    let account = Account::start().await;
    account.stripe.product_ensure(&account.permit, &product("Pro")).await.unwrap();
    account.stripe.price_ensure(&account.permit, &price(2_000)).await.unwrap();
    let first = account.stripe.price_of("pro-monthly").await.unwrap().unwrap();
    account.with(|stripe| stripe.products[0]["default_price"] = first.id.clone().into());
    let writes = account.writes();
    account.stripe.price_ensure(&account.permit, &price(2_000)).await.unwrap();
    assert_eq!(account.writes(), writes);
    let receipt = account.stripe.price_ensure(&account.permit, &price(2_500)).await.unwrap();
    assert_eq!(receipt.facts["older-inactive"], "1");
    let second = account.stripe.price_of("pro-monthly").await.unwrap().unwrap();
    assert_eq!((second.unit_amount, second.active), (Some(2_500), true));
    account.with(|stripe| {
        assert_eq!(stripe.prices.len(), 2);
        assert_eq!(stripe.prices[0]["active"], false);
        assert_eq!(stripe.products[0]["default_price"], second.id);
    });
    account.end();
}

#[tokio::test]
async fn prices_of_others_are_left_alone() {
    let account = Account::start().await;
    for id in ["acme_pro", "other"] {
        let wanted = WantedProduct { id: id.to_owned(), ..product("Pro") };
        account.stripe.product_ensure(&account.permit, &wanted).await.unwrap();
    }
    account.stripe.price_ensure(&account.permit, &price(2_000)).await.unwrap();
    let elsewhere = WantedPrice { product: "other".to_owned(), ..price(2_000) };
    let unmarked = WantedPrice { mark: "acme/staging/payments".to_owned(), ..price(3_000) };
    let bad_currency = WantedPrice { currency: "EURO".to_owned(), ..price(1) };
    let bad_interval = WantedPrice {
        recurring: Some(Recurring { interval: "fortnight".to_owned(), interval_count: 1 }),
        ..price(1)
    };
    let writes = account.writes();
    for wanted in [elsewhere, unmarked, bad_currency, bad_interval, price(-1)] {
        let result = account.stripe.price_ensure(&account.permit, &wanted).await;
        assert!(matches!(result, Err(PortError::Fail { .. })), "{wanted:?}: {result:?}");
    }
    assert_eq!(account.writes(), writes);
    account.end();
}
