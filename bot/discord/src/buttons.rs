//! Buttons and menus. Clicking says a command, which stands in the component's identifier: so it survives restarts. Discord
//! allows an identifier few characters; a longer command stands in the message, in a field that is named like its button.

use chat::{Button, Card, Emphasis, Form, emphasis, view};
use serde_json::{Value, json};

use crate::limits::{
    BUTTONS, CUSTOM_ID_CHARS, FIELD_VALUE_CHARS, FORM_CHARS, LABEL_CHARS, OPTION_CHARS, OPTIONS, ROW_BUTTONS,
    ROWS,
};
use crate::markdown::{chars, clip};
use crate::payload::id;

/// Long commands a message shows at most.
const LONG_MAX: usize = 5;
/// Characters of them together.
const LONG_CHARS: usize = 2_500;
/// The identifier of the button that opens the form for a secret.
const SECRET: &str = "secret";
/// Between the parts of a form's identifier.
const BETWEEN: char = '\u{1f}';

/// Styles, as Discord numbers them.
const PRIMARY: u8 = 1;
const SECONDARY: u8 = 2;
const DANGER: u8 = 4;

/// Rows of buttons and menus, and what stands in the message for them.
pub(crate) struct Controls {
    /// The rows.
    pub(crate) rows: Vec<Value>,
    /// Names and values of fields with commands that are too long for their buttons.
    pub(crate) long: Vec<(String, String)>,
}

/// Where a click belongs, carried through a second question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The message that was clicked, or the thread it stands in.
    pub(crate) thread: Option<String>,
    /// Answers go into that thread.
    pub(crate) inside: bool,
    /// They alone saw what was clicked on, and nobody else sees the answer.
    pub(crate) private: bool,
}

/// What stands for the absence of a thread.
const NOWHERE: &str = "-";
/// What a number says of an origin beside its thread.
const INSIDE: u8 = 1;
const PRIVATE: u8 = 2;

impl Origin {
    /// As it stands in an identifier, of two parts.
    pub(crate) fn written(&self) -> String {
        let thread = self.thread.as_deref().unwrap_or(NOWHERE);
        let how = u8::from(self.inside) * INSIDE + u8::from(self.private) * PRIVATE;
        format!("{thread}/{how}")
    }

    /// As it was written; nothing when it was not written like that.
    pub(crate) fn read(thread: &str, how: &str) -> Option<Self> {
        let how: u8 = how.parse().ok().filter(|how| *how <= INSIDE | PRIVATE)?;
        let thread = match thread {
            NOWHERE => None,
            thread => Some(id(&json!(thread))?),
        };
        Some(Self { thread, inside: how & INSIDE != 0, private: how & PRIVATE != 0 })
    }
}

/// What a click means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Press {
    /// It says this.
    Say(String),
    /// It says this, once it was asked again.
    Ask {
        /// The command.
        command: String,
        /// What stands on the button.
        label: String,
    },
    /// It was asked again, and is meant.
    Yes {
        /// The command.
        command: String,
        /// Where it was asked.
        origin: Origin,
    },
    /// It was asked again, and is not meant.
    No,
    /// It opens a form that says its answer.
    Form(Form),
    /// It opens the form for a secret, with what is said of it filled in.
    Secret(String),
}

/// The controls of a card. Those that find no room can still be typed.
pub(crate) fn rows(card: &Card) -> Controls {
    let mut long = Vec::new();
    let as_menu = card.buttons.len() > BUTTONS;
    let (listed, standing): (Vec<&Button>, Vec<&Button>) =
        card.buttons.iter().partition(|one| as_menu && !one.danger && fits_option(one));
    let menus: Vec<Value> = listed.chunks(OPTIONS).take(ROWS - 1).enumerate().map(menu).collect();
    let standing: Vec<Button> = standing.into_iter().cloned().collect();
    let emphasized = emphasis(&standing, card.form.is_some());
    let mut buttons = Vec::new();
    if let Some(form) = &card.form {
        buttons.push(button(PRIMARY, "Answer\u{2026}", &form_id(form)));
    }
    for (number, (one, emphasis)) in standing.iter().zip(emphasized).enumerate() {
        let style = style(emphasis);
        if view::opens_secret_form(&one.command) {
            let id = format!("{SECRET}/{}", one.command);
            let fits = chars(&id) <= CUSTOM_ID_CHARS && one.command != view::SECRET_FORM;
            buttons.push(button(style, &one.label, if fits { &id } else { SECRET }));
            continue;
        }
        let kind = if one.danger { "ask" } else { "say" };
        let id = format!("{kind}/{number}/{}", one.command);
        let label = clip(&one.label, LABEL_CHARS).0;
        if chars(&id) <= CUSTOM_ID_CHARS {
            buttons.push(button(style, &label, &id));
            continue;
        }
        let spent: usize =
            long.iter().map(|(name, value): &(String, String)| chars(name) + chars(value)).sum();
        let more = chars(&label) + chars(&one.command);
        let taken = long.iter().any(|(name, _)| *name == label);
        let fits = chars(&one.command) <= FIELD_VALUE_CHARS && spent + more <= LONG_CHARS;
        if fits && !taken && long.len() < LONG_MAX {
            buttons.push(button(style, &label, &format!("{kind}#{number}")));
            long.push((label, one.command.clone()));
        }
    }
    let mut rows: Vec<Value> = buttons.chunks(ROW_BUTTONS).take(ROWS - menus.len()).map(row).collect();
    rows.extend(menus);
    Controls { rows, long }
}

fn style(emphasis: Emphasis) -> u8 {
    match emphasis {
        Emphasis::Suggested => PRIMARY,
        Emphasis::Destructive => DANGER,
        Emphasis::Plain => SECONDARY,
    }
}

/// The two buttons of the second question, and its embeds.
pub(crate) fn confirm(label: &str, command: &str, origin: &Origin) -> (Vec<Value>, Vec<Value>) {
    let place = origin.written();
    let label = clip(label, LABEL_CHARS).0;
    let id = format!("yes/{place}/{command}");
    let id = if chars(&id) <= CUSTOM_ID_CHARS { id } else { format!("yes#{place}") };
    let said = Button { label: label.clone(), command: command.to_owned(), danger: true, asks: None };
    let style = emphasis(&[said], false).into_iter().next().map_or(SECONDARY, style);
    let buttons = [button(style, &label, &id), button(SECONDARY, "Not now", "no")];
    let embed = json!({ "fields": [{ "name": label, "value": clip(command, FIELD_VALUE_CHARS).0 }] });
    (vec![row(&buttons)], vec![embed])
}

/// What a click on a component of this message means; nothing when it is none of ours.
pub(crate) fn press(custom_id: &str, values: &[String], message: &Value) -> Option<Press> {
    let (kind, rest) = match custom_id.split_once(['/', '#']) {
        Some((kind, rest)) => (kind, rest),
        None => (custom_id, ""),
    };
    let label = label_of(message, custom_id);
    // A command that stands in the message and not in the identifier.
    let shown = custom_id.get(kind.len()..).is_some_and(|rest| rest.starts_with('#'));
    let said = |inline: &str| {
        if shown { field_of(message, &label) } else { Some(inline.to_owned()) }.filter(|it| !it.is_empty())
    };
    // The number before a command only tells buttons apart; anything else there is of another version.
    let after = |text: &str| {
        let numbered = text.split_once('/').filter(|(number, _)| number.parse::<usize>().is_ok());
        numbered.map(|(_, after)| after.to_owned()).unwrap_or_default()
    };
    match kind {
        "say" => Some(Press::Say(said(&after(rest))?)),
        "ask" if label.is_empty() => None,
        "ask" => Some(Press::Ask { command: said(&after(rest))?, label }),
        "pick" => match values {
            [only] if !only.is_empty() => Some(Press::Say(only.clone())),
            _ => None,
        },
        "yes" => {
            let mut parts = rest.splitn(3, '/');
            let mut part = || parts.next().unwrap_or_default();
            let origin = Origin::read(part(), part())?;
            Some(Press::Yes { command: said(part())?, origin })
        }
        "no" => Some(Press::No),
        "form" => {
            let (title, label) = rest.split_once(BETWEEN)?;
            if title.trim().is_empty() || label.trim().is_empty() {
                return None;
            }
            Some(Press::Form(Form { title: title.to_owned(), label: label.to_owned() }))
        }
        SECRET => Some(Press::Secret(if rest.is_empty() { SECRET } else { rest }.to_owned())),
        _ => None,
    }
}

fn form_id(form: &Form) -> String {
    let (title, label) = (clip(&form.title, FORM_CHARS).0, clip(&form.label, FORM_CHARS).0);
    format!("form/{title}{BETWEEN}{label}")
}

fn fits_option(button: &Button) -> bool {
    !button.command.is_empty() && chars(&button.command) <= OPTION_CHARS
}

fn menu((number, some): (usize, &[&Button])) -> Value {
    let mut options: Vec<Value> = Vec::new();
    for one in some {
        // No two options of a menu may have the same value.
        if options.iter().any(|option| option["value"] == one.command.as_str()) {
            continue;
        }
        options.push(json!({ "label": clip(&one.label, OPTION_CHARS).0, "value": one.command }));
    }
    let menu = json!({ "type": 3, "custom_id": format!("pick/{number}"), "placeholder": "Choose\u{2026}", "options": options });
    row(&[menu])
}

fn row(components: &[Value]) -> Value {
    json!({ "type": 1, "components": components })
}

fn button(style: u8, label: &str, custom_id: &str) -> Value {
    json!({ "type": 2, "style": style, "label": label, "custom_id": custom_id })
}

/// What stands on a component of a message.
fn label_of(message: &Value, custom_id: &str) -> String {
    let rows = message["components"].as_array().into_iter().flatten();
    let mut components = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    let found = components.find(|one| one["custom_id"] == custom_id);
    found.and_then(|one| one["label"].as_str()).unwrap_or_default().to_owned()
}

/// What a field of a message's embeds says.
fn field_of(message: &Value, name: &str) -> Option<String> {
    let embeds = message["embeds"].as_array()?.iter().rev();
    let mut fields = embeds.flat_map(|embed| embed["fields"].as_array().into_iter().flatten());
    fields.find(|field| field["name"] == name)?["value"].as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use chat::Tone;

    use super::*;

    /// What the n-th component of a card means once it is clicked.
    fn clicked(card: &Card, label: &str) -> Option<Press> {
        let shown = crate::embeds::render(card);
        let message = json!({ "components": shown.components, "embeds": shown.embeds });
        let rows = shown.components.iter().flat_map(|row| row["components"].as_array().unwrap());
        let found = rows.clone().find(|one| one["label"] == label);
        let id = found.unwrap()["custom_id"].as_str().unwrap();
        assert!(chars(id) <= CUSTOM_ID_CHARS);
        press(id, &[], &message)
    }

    #[test]
    fn a_command_of_any_length_survives() {
        for length in [1, 80, 92, 93, 500, 1_000] {
            let command = "x".repeat(length);
            let card =
                Card::new(Tone::Ask, "?").button("Go", &command, false).button("Go on", &command, true);
            assert_eq!(clicked(&card, "Go"), Some(Press::Say(command.clone())));
            assert_eq!(clicked(&card, "Go on"), Some(Press::Ask { command, label: "Go on".to_owned() }));
        }
    }

    #[test]
    fn a_second_question_knows_where_it_was_asked() {
        let long = "y".repeat(300);
        for (command, thread, private) in [
            ("approve r-1", Some("123"), false),
            (&long, None, false),
            ("approve r-1", Some("123"), true),
            (&long, None, true),
        ] {
            let origin = Origin { thread: thread.map(ToOwned::to_owned), inside: thread.is_some(), private };
            let (rows, embeds) = confirm("Approve", command, &origin);
            let id = rows[0]["components"][0]["custom_id"].as_str().unwrap().to_owned();
            let message = json!({ "components": rows, "embeds": embeds });
            let meant = Press::Yes { command: command.to_owned(), origin };
            assert_eq!(press(&id, &[], &message), Some(meant));
        }
    }

    #[test]
    fn what_is_not_ours_means_nothing() {
        for id in [
            "",
            "poll/1",
            "say",
            "say/1/",
            "say/x/status",
            "pick/0",
            "form/x",
            "yes/x/0/status",
            "yes/-/9/status",
        ] {
            assert_eq!(press(id, &[], &json!({})), None, "{id}");
        }
    }
}
