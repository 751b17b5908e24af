//! Every request of the bot against Discord's own description of its interface: path, query and body. A field the
//! description does not know is a fault too, although Discord itself passes over it.

use std::path::PathBuf;
use std::sync::LazyLock;

use discord::sim::Call;
use serde_json::Value;

/// Where the description lies beside the checkout.
const DESCRIPTION: &str = "shared/specs/discord/discord.openapi.json";
/// Set where tests must not be skipped.
const CI: &str = "CI";

static SPEC: LazyLock<Option<Value>> = LazyLock::new(|| {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|folder| folder.join(DESCRIPTION)).find(|path| path.exists());
    if let Some(path) = found {
        return Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap());
    }
    assert!(
        std::env::var_os(CI).is_none(),
        "Discord's description of its interface is not there: ../{DESCRIPTION}"
    );
    #[expect(clippy::print_stderr, reason = "says what is not checked")]
    {
        eprintln!("Discord's description is not there (../{DESCRIPTION}): requests are not checked.");
    }
    None
});

/// What the description does not allow.
pub(crate) fn faults(calls: &[Call]) -> Vec<String> {
    let Some(spec) = SPEC.as_ref() else { return Vec::new() };
    calls.iter().filter_map(|call| fault(spec, call)).collect()
}

fn fault(spec: &Value, call: &Call) -> Option<String> {
    let says = |what: String| Some(format!("{} {}: {what}", call.method, call.path));
    let Some(operation) = operation(spec, call) else { return says("no such call".to_owned()) };
    for (name, value) in &call.query {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let Some(parameter) = parameters.clone().find(|one| one["name"] == name.as_str()) else {
            return says(format!("{name} is no parameter"));
        };
        let number = value.parse::<i64>().ok().filter(|_| parameter["schema"]["type"] == "integer");
        let value = number.map_or_else(|| Value::from(value.as_str()), Value::from);
        if let Err(what) = fits(spec, &parameter["schema"], &value, name) {
            return says(what);
        }
    }
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    if schema.is_null() {
        return if call.body.is_null() { None } else { says("it takes no body".to_owned()) };
    }
    fits(spec, schema, &call.body, "body").err().and_then(says)
}

/// The operation of a path, with what stands in its place.
fn operation<'s>(spec: &'s Value, call: &Call) -> Option<&'s Value> {
    let given: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    let mut found: Vec<(usize, &Value)> = Vec::new();
    for (path, operations) in spec["paths"].as_object()? {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let fits = |(part, given): (&&str, &&str)| {
            part == given || part.starts_with('{') && !given.is_empty() && !given.starts_with('@')
        };
        if parts.len() == given.len() && parts.iter().zip(&given).all(fits) {
            let open = parts.iter().filter(|part| part.starts_with('{')).count();
            found.extend(operations.get(call.method.to_lowercase()).map(|operation| (open, operation)));
        }
    }
    found.into_iter().min_by_key(|(open, _)| *open).map(|(_, operation)| operation)
}

fn fits(spec: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(spec, spec.pointer(reference.trim_start_matches('#')).unwrap(), value, at);
    }
    for one in list(&schema["allOf"]) {
        fits(spec, one, value, at)?;
    }
    for key in ["oneOf", "anyOf"] {
        let faults: Vec<_> =
            list(&schema[key]).map(|one| fits(spec, one, value, at)).filter_map(Result::err).collect();
        let all = list(&schema[key]).count();
        if all > 0 && faults.len() == all {
            return Err(faults.into_iter().max_by_key(String::len).unwrap_or_default());
        }
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        kinds => list(kinds).filter_map(Value::as_str).collect(),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let whole_number = kind == "integer" && kinds.contains(&"number");
    if !(kinds.is_empty() || kinds.contains(&kind) || whole_number) {
        return Err(format!("{at} is {kind} instead of {kinds:?}"));
    }
    if !schema["const"].is_null() && schema["const"] != *value
        || list(&schema["enum"]).count() > 0 && !list(&schema["enum"]).any(|one| one == value)
    {
        return Err(format!("{at} is {value}"));
    }
    let within = |least: &str, most: &str, size: i64| {
        let fits = schema[least].as_i64().is_none_or(|least| size >= least)
            && schema[most].as_i64().is_none_or(|most| size <= most);
        if fits { Ok(()) } else { Err(format!("{at} is of size {size}")) }
    };
    match value {
        Value::String(text) => {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if schema["format"] == "snowflake" && !digits {
                return Err(format!("{at} is no identifier: {text}"));
            }
            within("minLength", "maxLength", text.encode_utf16().count() as i64)
        }
        Value::Number(number) => within("minimum", "maximum", number.as_i64().unwrap_or(0)),
        Value::Array(values) => {
            within("minItems", "maxItems", values.len() as i64)?;
            let each = |(number, one)| fits(spec, &schema["items"], one, &format!("{at}[{number}]"));
            if schema["items"].is_null() { Ok(()) } else { values.iter().enumerate().try_for_each(each) }
        }
        Value::Object(fields) => object(spec, schema, fields, at),
        Value::Null | Value::Bool(_) => Ok(()),
    }
}

fn object(
    spec: &Value,
    schema: &Value,
    fields: &serde_json::Map<String, Value>,
    at: &str,
) -> Result<(), String> {
    let missing =
        list(&schema["required"]).filter_map(Value::as_str).find(|name| !fields.contains_key(*name));
    if let Some(missing) = missing {
        return Err(format!("{at} lacks {missing}"));
    }
    let Some(known) = schema["properties"].as_object() else { return Ok(()) };
    for (name, value) in fields {
        let at = format!("{at}.{name}");
        match known.get(name) {
            Some(schema) => fits(spec, schema, value, &at)?,
            None if schema["additionalProperties"].is_null() => return Err(format!("{at} is no field")),
            None => {}
        }
    }
    Ok(())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> + Clone {
    value.as_array().into_iter().flatten()
}

#[test]
fn a_request_that_is_not_described_is_found() {
    let call = |method: &str, path: &str, body: Value| Call {
        method: method.to_owned(),
        path: path.to_owned(),
        query: Vec::new(),
        body,
        files: false,
        at_ms: 0,
    };
    if SPEC.is_none() {
        return;
    }
    let good = call("POST", "/channels/1/messages", serde_json::json!({ "content": "x" }));
    assert_eq!(faults(&[good]), Vec::<String>::new());
    let button = |id: &str| serde_json::json!({ "components": [{ "type": 1, "components": [{ "type": 2, "style": 1, "custom_id": id }] }] });
    let bad = [
        call("POST", "/channels/1/messages", serde_json::json!({ "text": "x" })),
        call("POST", "/channels/1/messages", serde_json::json!({ "content": 1 })),
        call("POST", "/channels/1/messages", button(&"x".repeat(101))),
        call("POST", "/users/@me/channels", serde_json::json!({ "recipient_id": "ana" })),
        call("POST", "/users/@me/friends", serde_json::json!({})),
        call("POST", "/interactions/1/x/callback", serde_json::json!({ "type": 99 })),
        call("PUT", "/applications/1/commands", serde_json::json!([{ "description": "nameless" }])),
    ];
    assert_eq!(faults(&bad).len(), bad.len(), "{:#?}", faults(&bad));
}
