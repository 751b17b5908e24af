//! Calls that say they come from Stripe.

use adapters::stripe::signature::{SignatureError, verify};
use secrecy::SecretString;
use serde_json::Value;

#[test]
fn only_what_stripe_signed_in_time_is_believed() {
    let Some(text) = crate::spec::text("stripe/signature.json") else { return };
    let all: Value = serde_json::from_str(&text).unwrap();
    for vector in all["vectors"].as_array().unwrap() {
        let of = |name: &str| vector[name].as_str().unwrap();
        let (secret, header, body) = (SecretString::from(of("secret")), of("header"), of("body").as_bytes());
        let at_ms = of("timestamp").parse::<i64>().unwrap() * 1_000;
        let (time, genuine) = header.split_once(',').unwrap();
        assert_eq!(verify(&secret, header, body, at_ms), Ok(()));
        assert_eq!(verify(&secret, header, body, at_ms + 300_999), Ok(()));
        assert_eq!(verify(&secret, header, body, at_ms + 301_000), Err(SignatureError::Old));
        assert_eq!(verify(&secret, header, body, at_ms - 301_000), Err(SignatureError::Old));
        // While a secret is rolled there are two; kinds nobody knows do not count.
        let rolled = format!("{time},v1={},{genuine},v0=abc", "0".repeat(64));
        assert_eq!(verify(&secret, &rolled, body, at_ms), Ok(()));
        let old_kind = format!("{time},{}", genuine.replace("v1=", "v0="));
        assert_eq!(verify(&secret, &old_kind, body, at_ms), Err(SignatureError::Unread));
        assert_eq!(verify(&secret, header, b"{}", at_ms), Err(SignatureError::Wrong));
        assert_eq!(
            verify(&SecretString::from("whsec_other"), header, body, at_ms),
            Err(SignatureError::Wrong)
        );
        assert_eq!(verify(&SecretString::from(""), header, body, at_ms), Err(SignatureError::Wrong));
        let later = header.replace(of("timestamp"), "1492774578");
        assert_eq!(verify(&secret, &later, body, at_ms), Err(SignatureError::Wrong));
        for unread in ["", "t=1", "v1=00", "t=soon,v1=00", "t=,v1="] {
            assert_eq!(verify(&secret, unread, body, at_ms), Err(SignatureError::Unread), "{unread}");
        }
    }
}
