//! Calls and their answers against what a vendor has published of its API (OpenAPI 3.0 and 3.1): path, parameters, body, status
//! and what is in the answer. Descriptions lie beside the checkout; where they are missing, tests fail in continuous
//! integration and say so elsewhere.

use std::collections::BTreeMap;
use std::path::PathBuf;

use adapters::http::sim::{Asked, Recorded, Said};
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// Where the descriptions lie beside the checkout.
const FOLDER: &str = "shared/specs";
/// Set where tests must not be skipped.
const CI: &str = "CI";
/// Faults told of one call: a body that fits none of ten forms says ten things.
const FAULTS_TOLD: usize = 6;

/// A file of the descriptions (`stripe/stripe.openapi.json`); nothing, said aloud, where it is not there.
pub(crate) fn text(name: &str) -> Option<String> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|folder| folder.join(FOLDER).join(name)).find(|path| path.exists());
    if let Some(path) = found {
        return Some(std::fs::read_to_string(path).unwrap());
    }
    assert!(std::env::var_os(CI).is_none(), "a vendor's description is not there: ../{FOLDER}/{name}");
    #[expect(clippy::print_stderr, reason = "says what is not checked")]
    {
        eprintln!("A vendor's description is not there (../{FOLDER}/{name}): nothing is checked against it.");
    }
    None
}

/// One or several descriptions of one vendor.
pub(crate) struct Spec {
    /// What stands before the described paths in addresses: `/client/v4`.
    prefix: &'static str,
    files: Vec<Value>,
    answers_checked: bool,
}

/// An operation as described, and the values of its path's parameters.
struct Operation<'s> {
    file: &'s Value,
    path: &'s str,
    here: &'s Value,
    around: &'s Value,
    captured: BTreeMap<String, String>,
}

impl Spec {
    /// Reads descriptions by name; nothing where one is missing.
    pub(crate) fn read(prefix: &'static str, names: &[&str]) -> Option<Self> {
        let files: Option<Vec<Value>> = names
            .iter()
            .map(|name| {
                let mut file: Value = serde_json::from_str(&text(name)?).unwrap();
                nullable_spelled_out(&mut file);
                Some(file)
            })
            .collect();
        Some(Self { prefix, files: files?, answers_checked: true })
    }

    /// Leaves answers out: where the description is of another version than the vendor answers in.
    #[allow(dead_code, reason = "not every vendor needs it")]
    pub(crate) fn of_calls_only(mut self) -> Self {
        self.answers_checked = false;
        self
    }

    /// What the description does not allow, in all these calls and answers.
    pub(crate) fn faults(&self, calls: &[Recorded]) -> Vec<String> {
        calls.iter().flat_map(|call| self.faults_of(&call.asked, call.said.as_ref())).collect()
    }

    fn operation(&self, asked: &Asked) -> Option<Operation<'_>> {
        let path = asked.path.strip_prefix(self.prefix)?;
        let segments: Vec<&str> = path.split('/').collect();
        let method = asked.method.to_lowercase();
        let all = self.files.iter().flat_map(|file| {
            file["paths"].as_object().into_iter().flatten().map(move |(path, around)| (file, path, around))
        });
        all.filter_map(|(file, path, around)| {
            let here = around.get(&method)?;
            let captured = captures(path, &segments)?;
            Some(Operation { file, path, here, around, captured })
        })
        // `/products/search` is no product.
        .min_by_key(|operation| operation.captured.len())
    }

    fn faults_of(&self, asked: &Asked, said: Option<&Said>) -> Vec<String> {
        let Some(operation) = self.operation(asked) else {
            return vec![format!("{} {} is not described", asked.method, asked.path)];
        };
        let mut faults = parameter_faults(&operation, asked);
        faults.extend(body_faults(&operation, asked));
        if let Some(said) = said
            && self.answers_checked
        {
            faults.extend(answer_faults(&operation, said));
        }
        faults.truncate(FAULTS_TOLD);
        let at = |fault| format!("{} {}: {fault}", asked.method, operation.path);
        faults.into_iter().map(at).collect()
    }
}

fn captures(template: &str, segments: &[&str]) -> Option<BTreeMap<String, String>> {
    let wanted: Vec<&str> = template.split('/').collect();
    if wanted.len() != segments.len() {
        return None;
    }
    let mut captured = BTreeMap::new();
    for (wanted, given) in wanted.iter().zip(segments) {
        // `{basehead}` is a whole segment everywhere in these descriptions.
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !given.is_empty() => captured.insert(name.to_owned(), (*given).to_owned()),
            _ if wanted == given => None,
            _ => return None,
        };
    }
    Some(captured)
}

fn resolved<'s>(file: &'s Value, value: &'s Value) -> &'s Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            let found = file.pointer(reference.trim_start_matches('#'));
            resolved(file, found.unwrap_or_else(|| panic!("{reference} leads nowhere")))
        }
        None => value,
    }
}

fn parameter_faults(operation: &Operation<'_>, asked: &Asked) -> Vec<String> {
    let of = |place: &Value| place["parameters"].as_array().cloned().unwrap_or_default();
    let described: Vec<Value> = of(operation.around)
        .iter()
        .chain(&of(operation.here))
        .map(|one| resolved(operation.file, one).clone())
        .collect();
    let mut faults = Vec::new();
    for (name, _) in &asked.query {
        // `expand[]`, `created[gte]`: the name before the brackets is the described one, or all of it.
        let short = name.split('[').next().unwrap_or_default();
        let is_it =
            |one: &&Value| one["in"] == "query" && (one["name"] == name.as_str() || one["name"] == short);
        if !described.iter().any(|one| is_it(&one)) {
            faults.push(format!("the query knows no {name}"));
        }
    }
    for one in &described {
        let name = one["name"].as_str().unwrap_or_default();
        let given = match one["in"].as_str() {
            Some("query") => asked.parameter(name).map(str::to_owned),
            Some("path") => operation.captured.get(name).cloned(),
            Some("header") => asked.headers.get(&name.to_lowercase()).cloned(),
            _ => continue,
        };
        match given {
            None if one["required"] == true => faults.push(format!("{name} is missing")),
            None => {}
            Some(given) => {
                let schema = &one["schema"];
                let kind = resolved(operation.file, schema);
                // Lists and trees are written in ways of their own in a query.
                if kind["type"] == "array" || kind["type"] == "object" {
                    continue;
                }
                let value = coerced(operation.file, kind, &given);
                faults.extend(misfits(operation.file, schema, &value, name));
            }
        }
    }
    faults
}

fn body_faults(operation: &Operation<'_>, asked: &Asked) -> Vec<String> {
    let body = resolved(operation.file, &operation.here["requestBody"]);
    if body.is_null() {
        return if asked.body.is_empty() { Vec::new() } else { vec!["no body is described".to_owned()] };
    }
    if asked.body.is_empty() {
        return if body["required"] == true { vec!["the body is missing".to_owned()] } else { Vec::new() };
    }
    let sent = asked.headers.get("content-type").map(String::as_str).unwrap_or_default();
    let kind = sent.split(';').next().unwrap_or_default();
    let Some(content) = body["content"].get(kind) else {
        return vec![format!("the body is {sent}, none of {}", names_of(&body["content"]))];
    };
    let schema = &content["schema"];
    let value = if kind == "application/x-www-form-urlencoded" {
        form_tree(operation.file, schema, &asked.form())
    } else {
        asked.json()
    };
    let mut faults = misfits(operation.file, schema, &value, "the body");
    faults.extend(unknown_fields(operation.file, schema, &value, "the body"));
    faults
}

fn answer_faults(operation: &Operation<'_>, said: &Said) -> Vec<String> {
    let responses = &operation.here["responses"];
    let class = format!("{}XX", said.status / 100);
    let found = [said.status.to_string(), class.clone(), class.to_lowercase(), "default".to_owned()];
    let Some(response) = found.iter().find_map(|key| responses.get(key)) else {
        // Few describe what they say of troubles.
        return if said.status < 400 {
            vec![format!("no answer {} is described", said.status)]
        } else {
            Vec::new()
        };
    };
    let response = resolved(operation.file, response);
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_null() {
        return if said.body.is_null() || said.status >= 400 {
            Vec::new()
        } else {
            vec![format!("an answer {} has no body", said.status)]
        };
    }
    misfits(operation.file, schema, &said.body, &format!("the answer {}", said.status))
}

/// Fields a description does not name: few say `additionalProperties: false`, and a misspelt field passes in silence.
fn unknown_fields(file: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(fields) = value.as_object() else { return Vec::new() };
    let Some(known) = known_fields(file, schema) else { return Vec::new() };
    let unknown = fields.keys().filter(|name| !known.contains_key(*name));
    unknown.map(|name| format!("{at} knows no field {name}")).collect()
}

/// The fields of a schema and all it is made of; nothing where it lets anything in.
fn known_fields(file: &Value, schema: &Value) -> Option<Map<String, Value>> {
    let schema = resolved(file, schema);
    let is_open = !matches!(schema.get("additionalProperties"), None | Some(Value::Bool(false)));
    if is_open {
        return None;
    }
    let mut known = schema["properties"].as_object().cloned().unwrap_or_default();
    for part in ["allOf", "oneOf", "anyOf"] {
        for one in schema[part].as_array().into_iter().flatten() {
            known.extend(known_fields(file, one)?);
        }
    }
    if known.is_empty() { None } else { Some(known) }
}

fn names_of(value: &Value) -> String {
    value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// A form's text as the kind its schema wants.
fn coerced(file: &Value, schema: &Value, text: &str) -> Value {
    let schema = resolved(file, schema);
    let wants = |kind: &str| match &schema["type"] {
        Value::String(one) => one == kind,
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => schema["anyOf"].as_array().into_iter().flatten().any(|one| one["type"] == kind),
    };
    if (wants("integer") || wants("number"))
        && let Ok(number) = text.parse::<i64>()
    {
        return json!(number);
    }
    if wants("boolean")
        && let Ok(yes) = text.parse::<bool>()
    {
        return json!(yes);
    }
    json!(text)
}

/// A form with bracketed names as the tree it stands for: `items[0][price]`, `metadata[run]`, `enabled_events[]`.
pub(crate) fn form_tree(file: &Value, schema: &Value, pairs: &[(String, String)]) -> Value {
    let mut tree = json!({});
    for (name, text) in pairs {
        let parts: Vec<&str> = name.split('[').map(|part| part.trim_end_matches(']')).collect();
        put(file, resolved(file, schema), &mut tree, &parts, text);
    }
    tree
}

fn put(file: &Value, schema: &Value, at: &mut Value, parts: &[&str], text: &str) {
    let schema = resolved(file, schema);
    let Some((part, rest)) = parts.split_first() else {
        *at = coerced(file, schema, text);
        return;
    };
    if part.is_empty() || part.bytes().all(|b| b.is_ascii_digit()) {
        if !at.is_array() {
            *at = json!([]);
        }
        let list = at.as_array_mut().unwrap();
        let index = part.parse().unwrap_or(list.len());
        while list.len() <= index {
            list.push(Value::Null);
        }
        return put(file, &array_of(file, schema)["items"], &mut list[index], rest, text);
    }
    if !at.is_object() {
        *at = json!({});
    }
    let inner = inner_of(file, schema, part);
    put(file, inner, at.as_object_mut().unwrap().entry(*part).or_insert(Value::Null), rest, text);
}

/// Of several forms the one that is a list.
fn array_of<'s>(file: &'s Value, schema: &'s Value) -> &'s Value {
    let forms = schema["anyOf"].as_array().into_iter().flatten();
    forms.map(|one| resolved(file, one)).find(|one| one["items"].is_object()).unwrap_or(schema)
}

fn inner_of<'s>(file: &'s Value, schema: &'s Value, name: &str) -> &'s Value {
    let forms = schema["anyOf"].as_array().into_iter().flatten().map(|one| resolved(file, one));
    std::iter::once(schema)
        .chain(forms)
        .find_map(|one| {
            one["properties"]
                .get(name)
                .or_else(|| one.get("additionalProperties").filter(|it| it.is_object()))
        })
        .unwrap_or(&Value::Null)
}

/// What of a value its schema does not allow.
fn misfits(file: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if schema.is_null() {
        return Vec::new();
    }
    let validator = validator(file, schema);
    let told = |error: jsonschema::ValidationError<'_>| format!("{at}{}: {error}", error.instance_path);
    validator.iter_errors(value).map(told).collect()
}

fn validator(file: &Value, schema: &Value) -> Validator {
    // References lead to the description's parts, so they stand beside the schema.
    let mut whole = json!({ "components": file["components"], "allOf": [schema] });
    if let Some(definitions) = file.get("definitions") {
        whole["definitions"] = definitions.clone();
    }
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .build(&whole)
        .unwrap_or_else(|error| panic!("the description can't be read: {error}"))
}

/// OpenAPI 3.0 says `nullable: true` and `exclusiveMinimum: true` where JSON Schema has types and numbers.
fn nullable_spelled_out(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(nullable_spelled_out),
        Value::Object(fields) => {
            fields.values_mut().for_each(nullable_spelled_out);
            // A property may have these names too: then it is a schema and no flag.
            for (bound, flag) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
                if fields.get(flag).is_some_and(Value::is_boolean) {
                    let is_set = fields.remove(flag) == Some(json!(true));
                    if is_set && let Some(number) = fields.remove(bound) {
                        fields.insert(flag.to_owned(), number);
                    }
                }
            }
            if fields.get("nullable") == Some(&json!(true)) {
                fields.remove("nullable");
                let schema = Value::Object(std::mem::take(fields));
                fields.insert("anyOf".to_owned(), json!([{ "type": "null" }, schema]));
            }
        }
        _ => {}
    }
}
