//! Forms: one question to be filled in, and secrets, which never pass through a conversation.

use chat::{Form, SecretForm};
use engine::model::{EnvironmentKey, SecretName};
use serde_json::{Value, json};

use crate::limits::{FORM_CHARS, OPTION_CHARS};
use crate::markdown::clip;

/// What the identifier of a form begins with whose answer is said in a conversation.
pub(crate) const SAY: &str = "say";
/// What the identifier of the form for a secret begins with; its project may stand behind it.
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

/// The form for a secret: of the project in its title, or, where nobody said which, of the one that is written before the
/// environment.
pub(crate) fn secret(asked: &SecretForm) -> Value {
    let said = |place: &EnvironmentKey| match asked.project {
        Some(_) => place.environment.to_string(),
        None => place.to_string(),
    };
    let only = match asked.places.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    let environment = asked.environment.as_ref().or(only).map(said);
    let hint = asked.places.iter().map(said).collect::<Vec<_>>().join(", ");
    let (id, title, label) = match &asked.project {
        Some(project) => (format!("{SECRET}/{project}"), format!("Set a secret: {project}"), "Environment"),
        None => (SECRET.to_owned(), "Set a secret".to_owned(), "Project/Environment"),
    };
    modal(
        &id,
        &title,
        &[
            input(ENVIRONMENT, ONE_LINE, label, environment.as_deref(), Some(&hint)),
            input(
                NAME,
                ONE_LINE,
                "Name",
                asked.name.as_ref().map(SecretName::as_str),
                Some("STRIPE_SECRET_KEY"),
            ),
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
