//! Modals: one question to be filled in, and secrets, which never pass through a conversation.

use chat::{Form, Place, SecretForm};
use engine::model::{EnvironmentKey, ProjectName};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::blocks::{clip, mrkdwn};
use crate::limits::{OPTION_CHARS, OPTIONS, TITLE_CHARS};

/// The callback of a form whose answer is said in a conversation.
pub(crate) const SAY: &str = "say";
/// The callback of the form for a secret.
pub(crate) const SECRET: &str = "secret";
/// The `action_id` of the button that opens the form for a secret.
pub(crate) const SECRET_BUTTON: &str = "secret";
/// The block of a form's answer.
pub(crate) const ANSWER: &str = "answer";
/// The block of a secret's environment.
pub(crate) const ENVIRONMENT: &str = "environment";
/// The block of a secret's name.
pub(crate) const NAME: &str = "name";
/// The block of a secret's value.
pub(crate) const VALUE: &str = "value";

/// Where the answer of a form is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// The channel.
    pub(crate) channel: String,
    /// Where answers belong.
    pub(crate) place: Place,
}

/// A modal that asks for one thing.
pub(crate) fn question(form: &Form, memory: &Memory) -> Value {
    let input = input(ANSWER, &form.label, &json!({ "type": "plain_text_input", "action_id": ANSWER }));
    let mut view = modal(SAY, &form.title, "Answer", &[input]);
    view["private_metadata"] = json!(serde_json::to_string(memory).unwrap_or_default());
    view
}

/// The modal for a secret: of the project in its title, or, where nobody said which, of the one that is chosen with the
/// environment.
pub(crate) fn secret(asked: &SecretForm) -> Value {
    let (options, initial) = (environments(asked), asked.environment.as_ref());
    let mut select = json!({ "type": "static_select", "action_id": ENVIRONMENT });
    match &asked.project {
        Some(_) => {
            select["options"] = json!(options.into_iter().map(|(_, option)| option).collect::<Vec<_>>());
        }
        None => select["option_groups"] = json!(by_project(options)),
    }
    if let Some(place) = initial {
        select["initial_option"] = option(place);
    }
    let mut name =
        json!({ "type": "plain_text_input", "action_id": NAME, "placeholder": plain("STRIPE_SECRET_KEY") });
    if let Some(said) = &asked.name {
        name["initial_value"] = json!(said.as_str());
    }
    let note = "It is sealed at once, shown nowhere, and each use of it is recorded.";
    let title = match &asked.project {
        Some(project) => format!("Secret: {project}"),
        None => "Set a secret".to_owned(),
    };
    modal(
        SECRET,
        &title,
        "Seal it",
        &[
            json!({ "type": "section", "text": mrkdwn(note) }),
            input(ENVIRONMENT, "Environment", &select),
            input(NAME, "Name", &name),
            // Keys may have many lines.
            input(
                VALUE,
                "Value",
                &json!({ "type": "plain_text_input", "action_id": VALUE, "multiline": true }),
            ),
        ],
    )
}

/// The environments to choose from, each with its project.
fn environments(asked: &SecretForm) -> Vec<(&ProjectName, Value)> {
    asked.places.iter().take(OPTIONS).map(|place| (&place.project, option(place))).collect()
}

fn option(place: &EnvironmentKey) -> Value {
    let label = clip(place.environment.as_str(), OPTION_CHARS).0;
    json!({ "text": plain(&label), "value": place.to_string() })
}

/// The same, under the names of their projects.
fn by_project(options: Vec<(&ProjectName, Value)>) -> Vec<Value> {
    let mut groups: Vec<(&ProjectName, Vec<Value>)> = Vec::new();
    for (project, option) in options {
        match groups.last_mut() {
            Some((last, theirs)) if *last == project => theirs.push(option),
            _ => groups.push((project, vec![option])),
        }
    }
    let group = |(project, options): (&ProjectName, Vec<Value>)| json!({ "label": plain(&clip(project.as_str(), OPTION_CHARS).0), "options": options });
    groups.into_iter().map(group).collect()
}

/// A value as it is meant: keys of many lines as they are, and one of a single line without what is pasted around it.
pub(crate) fn pasted(value: String) -> String {
    let one = value.trim();
    if one.contains('\n') { value } else { one.to_owned() }
}

/// What a modal becomes when all is done.
pub(crate) fn done(says: &str) -> Value {
    json!({
        "response_action": "update",
        "view": {
            "type": "modal",
            "title": plain("Done"),
            "close": plain("Close"),
            "blocks": [{ "type": "section", "text": mrkdwn(says) }],
        },
    })
}

/// A fault, shown at the block it is about.
pub(crate) fn fault(block: &str, says: &str) -> Value {
    json!({ "response_action": "errors", "errors": { block: says } })
}

fn modal(callback: &str, title: &str, submit: &str, blocks: &[Value]) -> Value {
    json!({
        "type": "modal",
        "callback_id": callback,
        "title": plain(&clip(title, TITLE_CHARS).0),
        "submit": plain(submit),
        "close": plain("Cancel"),
        "blocks": blocks,
    })
}

fn input(block: &str, label: &str, element: &Value) -> Value {
    json!({ "type": "input", "block_id": block, "label": plain(label), "element": element })
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_behind_a_key_of_one_line_is_none_of_it() {
        assert_eq!(pasted(" sk_1\n\n".to_owned()), "sk_1");
        let key = "-----BEGIN KEY-----\nabc\n-----END KEY-----\n";
        assert_eq!(pasted(key.to_owned()), key);
    }
}
