//! Calls and their answers against Twilio's own description of its API.

use std::path::PathBuf;
use std::sync::LazyLock;

use adapters::twilio::sim::Call;
use serde_json::Value;

/// Where the descriptions lie beside the checkout.
const FOLDER: &str = "shared/specs/twilio";
/// Set where tests must not be skipped.
const CI: &str = "CI";

static SPEC: LazyLock<Option<Value>> = LazyLock::new(|| file("twilio.openapi.json"));

/// A file of the descriptions; nothing, said aloud, where they are not there.
pub(crate) fn file(name: &str) -> Option<Value> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|folder| folder.join(FOLDER).join(name)).find(|path| path.exists());
    if let Some(path) = found {
        return Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap());
    }
    assert!(std::env::var_os(CI).is_none(), "Twilio's description is not there: ../{FOLDER}/{name}");
    #[expect(clippy::print_stderr, reason = "says what is not checked")]
    {
        eprintln!("Twilio's description is not there (../{FOLDER}/{name}): nothing is checked against it.");
    }
    None
}

/// What the description does not allow.
pub(crate) fn faults(calls: &[Call]) -> Vec<String> {
    let Some(spec) = SPEC.as_ref() else { return Vec::new() };
    calls.iter().flat_map(|call| faults_of(spec, call)).collect()
}

fn faults_of(spec: &Value, call: &Call) -> Vec<String> {
    let is_one = call.path.contains("/Messages/");
    let path = if call.path.ends_with("/IncomingPhoneNumbers.json") {
        "/2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers.json"
    } else if !call.path.contains("/Messages") {
        "/2010-04-01/Accounts/{Sid}.json"
    } else if is_one {
        "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"
    } else {
        "/2010-04-01/Accounts/{AccountSid}/Messages.json"
    };
    let operation = &spec["paths"][path][call.method.to_lowercase()];
    assert!(operation.is_object(), "{} {path} is described", call.method);
    let mut faults = Vec::new();
    let form = &operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
    for (name, value) in &call.given {
        let parameter = parameters.iter().find(|it| it["name"] == name.as_str() && it["in"] == "query");
        let schema = form["properties"].get(name).or(parameter.map(|parameter| &parameter["schema"]));
        let Some(schema) = schema else {
            faults.push(format!("{} {path}: {name} is no field", call.method));
            continue;
        };
        let value = match schema["type"].as_str() {
            Some("integer" | "number") => value.parse::<i64>().map_or(Value::Null, Value::from),
            _ => Value::from(value.as_str()),
        };
        check(spec, schema, &value, &format!("{} {path} {name}", call.method), &mut faults);
    }
    for name in form["required"].as_array().into_iter().flatten() {
        if !call.given.iter().any(|(given, _)| name == given.as_str()) {
            faults.push(format!("{} {path}: {name} is missing", call.method));
        }
    }
    // Errors are not described.
    if call.status < 400 {
        let answer = &operation["responses"][call.status.to_string()];
        assert!(answer.is_object(), "{} {path} answers {}", call.method, call.status);
        let schema = &answer["content"]["application/json"]["schema"];
        check(spec, schema, &call.answer, &format!("{} {path} answers", call.method), &mut faults);
    }
    faults
}

/// The little of JSON Schema that the description uses.
fn check(spec: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = spec.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}"));
        return check(spec, schema, value, at, faults);
    }
    if value.is_null() {
        if schema["nullable"] != true {
            faults.push(format!("{at} is null"));
        }
        return;
    }
    let fits = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    if !fits {
        faults.push(format!("{at} is {value}, no {}", schema["type"]));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        faults.push(format!("{at} is {value}, none of {}", schema["enum"]));
    }
    if let Some(text) = value.as_str() {
        let length = text.chars().count() as u64;
        let too_short = schema["minLength"].as_u64().is_some_and(|least| length < least);
        let too_long = schema["maxLength"].as_u64().is_some_and(|most| length > most);
        if too_short || too_long {
            faults.push(format!("{at} is {length} characters long"));
        }
        if let Some(pattern) = schema["pattern"].as_str() {
            // All of them are two letters and 32 hexadecimal digits.
            let begins = pattern.trim_start_matches('^').split('[').next().unwrap();
            let begins: Vec<&str> = begins.trim_matches(['(', ')']).split('|').collect();
            let is_sid = begins.iter().any(|begin| {
                text.strip_prefix(begin).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()))
            });
            if !is_sid {
                faults.push(format!("{at} is {text}, not {pattern}"));
            }
        }
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => check(spec, schema, value, &format!("{at}.{name}"), faults),
            None if schema["properties"].is_object() => faults.push(format!("{at}.{name} is no field")),
            None => {}
        }
    }
    for value in value.as_array().into_iter().flatten() {
        check(spec, &schema["items"], value, &format!("{at}[]"), faults);
    }
}

#[test]
fn a_call_that_is_not_described_is_found() {
    if SPEC.is_none() {
        return;
    }
    let call = |given: &[(&str, &str)]| Call {
        method: "POST",
        path: "/2010-04-01/Accounts/AC/Messages.json".to_owned(),
        given: given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        status: 400,
        answer: Value::Null,
    };
    assert_eq!(faults(&[call(&[("To", "+491713920001"), ("Body", "hi")])]), Vec::<String>::new());
    for bad in [
        vec![("Body", "hi")],
        vec![("To", "+491713920001"), ("Text", "hi")],
        vec![("To", "+491713920001"), ("MessagingServiceSid", "MG1")],
        vec![("To", "+491713920001"), ("RiskCheck", "perhaps")],
    ] {
        assert_eq!(faults(&[call(&bad)]).len(), 1, "{bad:?}");
    }
}
