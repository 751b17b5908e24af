//! That what a description does not allow is found: a check that can't fail would prove nothing.

use std::collections::BTreeMap;

use adapters::http::sim::{Asked, Recorded, Said};
use serde_json::{Value, json};

use super::spec::Spec;

fn call(method: &str, path: &str, kind: &str, body: &str, said: Said) -> Vec<Recorded> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let headers = BTreeMap::from([("content-type".to_owned(), kind.to_owned())]);
    let asked = Asked {
        method: method.to_owned(),
        path: path.to_owned(),
        query,
        headers,
        body: body.as_bytes().to_vec(),
    };
    vec![Recorded { asked, said: Some(said) }]
}

fn check(spec: &Spec, calls: &[Recorded], found: &[&str]) {
    let faults = spec.faults(calls);
    assert_eq!(faults.len(), found.len(), "{faults:#?}");
    for (fault, words) in faults.iter().zip(found) {
        assert!(fault.contains(words), "{fault} has {words}");
    }
}

#[test]
fn forms_with_brackets_are_trees() {
    let Some(spec) = Spec::read("", &["stripe/stripe.openapi.json"]) else { return };
    let spec = spec.of_calls_only();
    let form = "application/x-www-form-urlencoded";
    let post = |body: &str| call("POST", "/v1/webhook_endpoints", form, body, Said::ok(Value::Null));
    let good = "url=https%3A%2F%2Fx.example&enabled_events[]=charge.failed&enabled_events[]=charge.refunded&metadata[run]=r-1";
    check(&spec, &post(good), &[]);
    check(&spec, &post("url=https%3A%2F%2Fx.example"), &["enabled_events"]);
    check(&spec, &post(&format!("{good}&colour=red")), &["colour", "colour"]);
    check(&spec, &post("url=u&enabled_events[]=charge.exploded"), &["charge.exploded"]);
    check(&spec, &call("GET", "/v1/nothing", "", "", Said::ok(Value::Null)), &["not described"]);
    let get = |query: &str| call("GET", &format!("/v1/events?{query}"), "", "", Said::ok(Value::Null));
    check(&spec, &get("limit=5&created[gte]=1"), &[]);
    check(&spec, &get("limit=five"), &["limit"]);
    check(&spec, &get("colour=red"), &["colour"]);
}

#[test]
fn paths_and_answers_are_checked() {
    let Some(spec) = Spec::read("/client/v4", &["cloudflare/cloudflare.openapi.json"]) else { return };
    let ok =
        |result: Value| Said::ok(json!({ "success": true, "errors": [], "messages": [], "result": result }));
    let verify = "/client/v4/user/tokens/verify";
    let token = json!({ "id": "ed17574386854bf78a67040be0a770b0", "status": "active" });
    check(&spec, &call("GET", verify, "", "", ok(token.clone())), &[]);
    check(&spec, &call("GET", "/v4/user/tokens/verify", "", "", ok(token)), &["not described"]);
    let bad = ok(json!({ "id": 5, "status": "active" }));
    assert!(!spec.faults(&call("GET", verify, "", "", bad)).is_empty());
}
