//! Too many calls, and calls that say they come from GitHub.

use adapters::github::signature::is_genuine;
use adapters::http::sim::{Fault, Said, When};
use engine::ports::PortError;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::stage::Place;

async fn after_ms(place: &Place) -> Option<i64> {
    match place.github.commit(&place.shop, "heads/main").await {
        Err(PortError::Retry { after_ms, .. }) => after_ms,
        other => panic!("it does not wait: {other:?}"),
    }
}

#[tokio::test]
async fn a_limit_that_looks_like_a_refusal_is_waited_for() {
    let secondary = json!({ "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again." });
    let cases = [
        (Said::with(403, secondary.clone()).header("retry-after", "17"), 17_000),
        (Said::with(403, secondary.clone()), 60_000),
        (Said::with(429, secondary), 60_000),
        (Said::with(403, json!({ "message": "You have triggered an abuse detection mechanism." })), 60_000),
    ];
    for (said, wait_ms) in cases {
        let place = Place::start().await;
        place.shop(|shop| shop.commit_add("one"));
        place.server.fault(When::Next, Fault::Instead(said.clone()));
        assert_eq!(after_ms(&place).await, Some(wait_ms), "{said:?}");
        // Nobody asks before.
        place.clock.advance(wait_ms - 1);
        assert_eq!(after_ms(&place).await, Some(1));
        assert_eq!(place.server.calls().len(), 1);
        place.clock.advance(1);
        place.github.commit(&place.shop, "heads/main").await.unwrap();
        place.end();
    }
    // A refusal for too few rights is none.
    let place = Place::start().await;
    let said = Said::with(403, json!({ "message": "Resource not accessible by personal access token" }));
    place.server.fault(When::Next, Fault::Instead(said.header("x-ratelimit-remaining", "4000")));
    assert!(matches!(place.github.commit(&place.shop, "heads/main").await, Err(PortError::Fail { .. })));
    place.end();
}

#[tokio::test]
async fn an_hour_that_is_used_up_is_waited_for() {
    let place = Place::start().await;
    place.shop(|shop| shop.commit_add("one"));
    place.server.with(|github| github.left = 0);
    assert!(after_ms(&place).await.is_some());
    // The answer said when the next hour begins: nobody asks before.
    place.clock.advance(60_000);
    assert_eq!(after_ms(&place).await, Some(3_540_000));
    assert_eq!(place.server.calls().len(), 1);
    place.clock.advance(3_540_000);
    place.server.with(|github| (github.left, github.reset_s) = (5_000, 1_800_007_200));
    place.github.commit(&place.shop, "heads/main").await.unwrap();
    place.end();
}

#[tokio::test]
async fn troubles_of_reading_are_only_tried_again() {
    for fault in [Fault::AnswerLost, Fault::BadGateway, Fault::Broken, Fault::Limited(5)] {
        let place = Place::start().await;
        place.shop(|shop| shop.commit_add("one"));
        place.server.fault(When::Next, fault.clone());
        let result = place.github.commit(&place.shop, "heads/main").await;
        assert!(matches!(result, Err(PortError::Retry { .. })), "{fault:?}: {result:?}");
        place.clock.advance(5_000);
        place.github.commit(&place.shop, "heads/main").await.unwrap();
        place.end();
    }
}

#[test]
fn only_what_github_signed_is_believed() {
    let Some(text) = crate::spec::text("github/signature.json") else { return };
    let all: Value = serde_json::from_str(&text).unwrap();
    for vector in all["vectors"].as_array().unwrap() {
        let of = |name: &str| vector[name].as_str().unwrap();
        let (secret, header, body) =
            (SecretString::from(of("secret")), of("signature"), of("body").as_bytes());
        assert!(is_genuine(&secret, header, body));
        assert!(!is_genuine(&secret, header, b"Hello, World?"));
        assert!(!is_genuine(&SecretString::from("else"), header, body));
        assert!(!is_genuine(&secret, header.trim_start_matches("sha256="), body));
        for bad in ["", "sha256=", "sha1=00", &header[..header.len() - 1]] {
            assert!(!is_genuine(&secret, bad, body), "{bad}");
        }
        let empty = SecretString::from("");
        assert!(!is_genuine(
            &empty,
            "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
            b""
        ));
    }
}
