//! Tokens, and what a real call shows of them.

use adapters::github::sim::SimToken;
use adapters::github::{GitHub, TokenKind};
use adapters::http::Budgets;

use crate::stage::{Place, fails, settings, token};

#[tokio::test]
async fn a_token_says_what_kind_it_is_and_is_not_shown() {
    let place = Place::start().await;
    let budgets = Budgets::new(place.clock.clone());
    for (begins, kind) in [
        ("ghp", TokenKind::Classic),
        ("github_pat", TokenKind::FineGrained),
        ("ghs", TokenKind::Installation),
        ("gho", TokenKind::OnBehalf),
        ("ghu", TokenKind::OnBehalf),
        ("github_x", TokenKind::Other),
        ("else", TokenKind::Other),
    ] {
        let settings = settings(&token(begins), &place.server.base());
        let github = GitHub::new(&settings, &budgets).unwrap();
        assert_eq!(github.token_kind(), kind);
        assert!(!format!("{github:?} {settings:?}").contains(&token(begins)));
    }
    let (what, hint) = fails(
        GitHub::new(&settings(&token("else"), &place.server.base()), &budgets)
            .unwrap()
            .verify(&place.shop)
            .await,
    );
    assert_eq!(what, "GitHub refused to GET /user: Bad credentials");
    assert!(hint.contains("personal-access-tokens"));
    assert!(GitHub::new(&settings("", &place.server.base()), &budgets).is_err());
    place.end();
}

#[tokio::test]
async fn a_fine_grained_token_is_tried_on_the_repository() {
    let place = Place::start().await;
    let empty = place.github.verify(&place.shop).await.unwrap();
    assert_eq!(empty.warnings, ["acme/shop is empty: there is nothing to deploy"]);
    place.shop(|shop| shop.commit_add("one"));
    let verified = place.github.verify(&place.shop).await.unwrap();
    assert_eq!(verified.account, "kim");
    assert_eq!(
        verified.says,
        [
            "the token lasts until 2027-01-01 00:00:00 UTC",
            "a fine-grained token: it reaches chosen repositories only"
        ]
    );
    assert!(verified.warnings.is_empty() && verified.missing.is_empty());
    place.server.with(|github| {
        github.tokens.values_mut().for_each(|token| token.denied = ["check-runs".to_owned()].into());
    });
    let verified = place.github.verify(&place.shop).await.unwrap();
    assert_eq!(verified.missing, ["Checks: read, for what continuous integration says of acme/shop"]);
    let elsewhere = place.github.verify(&"acme/secret".parse().unwrap()).await.unwrap();
    assert_eq!(elsewhere.missing.len(), 3, "{:?}", elsewhere.missing);
    place.end();
}

#[tokio::test]
async fn a_classic_token_that_may_do_too_much_is_warned_of() {
    let place = Place::with_token(&token("ghp")).await;
    place.shop(|shop| shop.commit_add("one"));
    let of = async |scopes: &str| {
        place.server.with(|github| {
            let token = SimToken { scopes: Some(scopes.to_owned()), ..SimToken::default() };
            github.tokens.values_mut().for_each(|one| *one = token.clone());
        });
        place.github.verify(&place.shop).await.unwrap()
    };
    let broad = of("admin:org, delete_repo, repo").await;
    assert_eq!(broad.says, ["a classic token with the scopes admin:org, delete_repo, repo"]);
    assert_eq!(broad.warnings[0], "The token may do more than is needed: admin:org, delete_repo.");
    assert!(broad.warnings[1].contains("writes to every repository"));
    let small = of("public_repo").await;
    assert!(small.warnings.is_empty());
    assert_eq!(of("").await.says, ["a classic token with the scopes none"]);
    place.end();
}

#[tokio::test]
async fn the_token_of_an_app_is_nobody_s() {
    let place = Place::with_token(&token("ghs")).await;
    place.shop(|shop| shop.commit_add("one"));
    let verified = place.github.verify(&place.shop).await.unwrap();
    assert_eq!(verified.account, "an app, installed for acme");
    assert!(verified.missing.is_empty());
    place.end();
}
