//! Forms: one question to be filled in, and secrets, which never pass through a conversation.

use chat::Form;
use serde_json::{Value, json};

use crate::limits::{FORM_CHARS, OPTION_CHARS};
use crate::markdown::clip;

/// What the identifier of a form begins with whose answer is said in a conversation.
pub(crate) const SAY: &str = "say";
/// The identifier of the form for a secret.
pub(crate) const SECRET: &str = "secret";
/// The field of a form's answer.
pub(crate) const ANSWER: &str = "answer";
/// The field of a secret's environment.
pub(crate) const ENVIRONMENT: &str = "environment";
/// The field of a secret's name.
pub(crate) const NAME: &str = "name";
/// The field of a secret's value.
pub(crate) const VALUE: &str = "value";

/// Text inputs, as Discord numbers their styles.
const ONE_LINE: u8 = 1;
const PARAGRAPH: u8 = 2;

/// A form that asks for one thing. `custom_id` comes back with the answer.
pub(crate) fn question(form: &Form, custom_id: &str) -> Value {
    modal(custom_id, &form.title, &[input(ANSWER, ONE_LINE, &form.label, None, None)])
}

/// The form for a secret of one of these environments, with what is known of it filled in.
pub(crate) fn secret(environments: &[String], environment: Option<&str>, name: Option<&str>) -> Value {
    let only = (environments.len() == 1).then(|| environments.first()).flatten().map(String::as_str);
    let hint = environments.join(", ");
    modal(
        SECRET,
        "Set a secret",
        &[
            input(ENVIRONMENT, ONE_LINE, "Environment", environment.or(only), Some(&hint)),
            input(NAME, ONE_LINE, "Name", name, Some("STRIPE_SECRET_KEY")),
            input(VALUE, PARAGRAPH, "Value: sealed at once, shown nowhere", None, None),
        ],
    )
}

fn modal(custom_id: &str, title: &str, inputs: &[Value]) -> Value {
    let rows: Vec<Value> = inputs.iter().map(|one| json!({ "type": 1, "components": [one] })).collect();
    json!({ "custom_id": custom_id, "title": clip(title, FORM_CHARS).0, "components": rows })
}

fn input(custom_id: &str, style: u8, label: &str, value: Option<&str>, hint: Option<&str>) -> Value {
    let mut input = json!({
        "type": 4, "custom_id": custom_id, "style": style, "label": clip(label, FORM_CHARS).0,
        "required": true, "min_length": 1, "max_length": 4_000,
    });
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        input["value"] = json!(value);
    }
    if let Some(hint) = hint.filter(|hint| !hint.is_empty()) {
        input["placeholder"] = json!(clip(hint, OPTION_CHARS).0);
    }
    input
}
