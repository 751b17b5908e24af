//! The adapter for Railway against a small Railway, and both against Railway's schema.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod check;
mod looks;
mod matrix;
mod others;
mod releases;
#[allow(dead_code, reason = "only the texts of descriptions are read here")]
#[path = "../spec/mod.rs"]
mod spec;
mod world;

use adapters::http::Effect;
use adapters::http::sim::{Asked, Recorded, Said};
use adapters::railway::Phase;
use adapters::railway::documents::ALL;
use serde_json::{Value, json};

use check::Checker;

#[test]
fn every_text_fits_railways_schema_and_does_what_it_says() {
    let mut names: Vec<&str> = ALL.iter().map(|document| document.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
    let Some(checker) = Checker::read() else { return };
    for document in ALL {
        let read = checker.document(document.text).unwrap();
        let operation = read.operations.get(Some(document.name)).unwrap();
        assert_eq!(operation.is_mutation(), document.effect == Effect::Write, "{}", document.name);
        // What is deprecated goes away one day.
        for selected in operation.root_fields(&read) {
            assert!(!selected.definition.directives.has("deprecated"), "{}", selected.name);
        }
    }
}

#[test]
fn no_text_deletes_anything_but_a_variable() {
    for document in ALL.iter().filter(|document| document.effect == Effect::Write) {
        let text = document.text.to_lowercase();
        // Ending what runs destroys nothing: the deployment stays, and can be started again.
        let text = text.replace("variabledelete", "").replace("deploymentstopped", "");
        let text = text.replace("mutation stop", "").replace("mutation cancel", "");
        let text = text.replace("{ deploymentstop(", "").replace("{ deploymentcancel(", "");
        let is_harmless = !["delete", "remove", "wipe", "restore", "stop", "cancel", "transfer", "replace"]
            .iter()
            .any(|word| text.contains(word));
        assert!(is_harmless, "{}", document.text);
    }
}

#[test]
fn every_status_of_the_schema_means_something() {
    let Some(checker) = Checker::read() else { return };
    let statuses = checker.schema().get_enum("DeploymentStatus").unwrap();
    for status in statuses.values.keys() {
        assert_ne!(Phase::of(status), Phase::Unknown, "{status}");
    }
    assert_eq!(statuses.values.len(), 13);
    // A word of tomorrow is neither good nor over.
    let tomorrow = Phase::of("HIBERNATING");
    assert!(!tomorrow.is_live() && !tomorrow.is_over());
}

#[test]
fn what_does_not_fit_is_seen() {
    let Some(checker) = Checker::read() else { return };
    let text = "query Q($id: String!) { project(id: $id) { id name description } }";
    let call = |variables: Value, body: Value| {
        let asked = json!({ "operationName": "Q", "query": text, "variables": variables });
        let asked = Asked {
            method: "POST".to_owned(),
            path: "/graphql/v2".to_owned(),
            query: Vec::new(),
            headers: std::collections::BTreeMap::new(),
            body: asked.to_string().into_bytes(),
        };
        checker.faults(&[Recorded { asked, said: Some(Said::ok(body)) }]).join("\n")
    };
    let project =
        |name: Value| json!({ "data": { "project": { "id": "1", "name": name, "description": null } } });
    let id = json!({ "id": "1" });
    assert_eq!(call(id.clone(), project(json!("shop"))), "");
    assert!(call(json!({}), project(json!("shop"))).contains("missing value for non-null variable"));
    assert!(call(json!({ "id": 1 }), project(json!("shop"))).contains("String"));
    assert!(call(json!({ "id": "1", "more": 1 }), project(json!("shop"))).contains("more is not declared"));
    assert!(call(id.clone(), project(json!(null))).contains("data.project.name is null and String!"));
    assert!(call(id.clone(), project(json!(7))).contains("data.project.name is 7 and not String!"));
    assert!(
        call(id.clone(), json!({ "data": { "project": { "id": "1", "name": "x" } } }))
            .contains("description is missing")
    );
    assert!(call(id.clone(), json!({ "data": null })).contains("data is no object"));
    assert!(call(id, json!({ "data": null, "errors": [{}] })).contains("without a message"));
    assert!(checker.document("query Q { project(id: 1) { nothing } }").is_err());
}
