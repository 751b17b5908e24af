//! Every request of the bot against Slack's own description of its Web API. It describes bodies as forms; in JSON the same
//! fields stand as values instead of texts of values.

use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;
use slack::sim::Call;

/// Where the description lies beside the checkout.
const DESCRIPTION: &str = "shared/specs/slack/slack_web.openapi.json";
/// Set where tests must not be skipped.
const CI: &str = "CI";
/// Methods the description is too old for.
const UNDESCRIBED: [&str; 3] =
    ["apps.connections.open", "files.getUploadURLExternal", "files.completeUploadExternal"];

static SPEC: LazyLock<Option<Value>> = LazyLock::new(|| {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|folder| folder.join(DESCRIPTION)).find(|path| path.exists());
    if let Some(path) = found {
        return Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap());
    }
    assert!(std::env::var_os(CI).is_none(), "Slack's description of its API is not there: ../{DESCRIPTION}");
    #[expect(clippy::print_stderr, reason = "says what is not checked")]
    {
        eprintln!(
            "Slack's description of its API is not there (../{DESCRIPTION}): requests are not checked."
        );
    }
    None
});

/// What the description does not allow.
pub(crate) fn faults(calls: &[Call]) -> Vec<String> {
    let Some(spec) = SPEC.as_ref() else { return Vec::new() };
    calls.iter().filter_map(|call| fault(spec, call)).collect()
}

fn fault(spec: &Value, call: &Call) -> Option<String> {
    if UNDESCRIBED.contains(&call.method.as_str()) {
        return None;
    }
    let path = &spec["paths"][format!("/{}", call.method)];
    let Some(operation) = path.get("post").or_else(|| path.get("get")) else {
        return Some(format!("{}: no such method", call.method));
    };
    let form = &operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    let mut known: Vec<(String, &Value, bool)> = Vec::new();
    for (name, schema) in form["properties"].as_object().into_iter().flatten() {
        let required = form["required"].as_array().is_some_and(|names| names.contains(&name.as_str().into()));
        known.push((name.clone(), schema, required));
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        let in_header = parameter["in"] == "header";
        known.push((name, &parameter["schema"], parameter["required"] == true && !in_header));
    }
    for (name, _, required) in &known {
        if *required && name != "token" && call.body[name].is_null() {
            return Some(format!("{}: {name} is missing", call.method));
        }
    }
    for (name, value) in call.body.as_object().into_iter().flatten() {
        let Some((_, schema, _)) = known.iter().find(|(known, _, _)| known == name) else {
            return Some(format!("{}: {name} is no field", call.method));
        };
        let fits = match schema["type"].as_str() {
            Some("boolean") => value.is_boolean() || value == "true" || value == "false",
            Some("integer" | "number") => {
                value.is_number() || value.as_str().is_some_and(|text| text.parse::<f64>().is_ok())
            }
            // Lists and objects are texts with JSON in them where the body is a form.
            _ => value.is_string() || value.is_array() || value.is_object(),
        };
        if !fits {
            return Some(format!("{}: {name} is {value}", call.method));
        }
    }
    None
}

#[test]
fn a_request_that_is_not_described_is_found() {
    let call = |method: &str, body: Value| Call { method: method.to_owned(), body, at_ms: 0 };
    if SPEC.is_none() {
        return;
    }
    let good = call("chat.postMessage", serde_json::json!({ "channel": "C1", "text": "x" }));
    assert_eq!(faults(&[good]), Vec::<String>::new());
    let bad = [
        call("chat.postMessage", serde_json::json!({ "text": "x" })),
        call("chat.postMessage", serde_json::json!({ "channel": "C1", "colour": "red" })),
        call("chat.postMessage", serde_json::json!({ "channel": "C1", "unfurl_links": "perhaps" })),
        call("chat.shout", serde_json::json!({})),
    ];
    assert_eq!(faults(&bad).len(), bad.len());
}
