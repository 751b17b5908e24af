//! What Discord tells, as what happened. Read leniently: Discord adds fields and kinds all the time, and what is not known is
//! passed over.

use serde_json::Value;

/// Kinds of messages that people write: plain ones, and replies.
const WRITTEN: [i64; 2] = [0, 19];

/// The kind of an interaction with which somebody is typing a command.
const TYPING: i64 = 4;
/// The kind of commands that are typed.
const TYPED_COMMAND: i64 = 1;
/// Digits of the longest identifier.
const ID_CHARS: usize = 20;

/// What happened to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Somebody wrote it.
    Written,
    /// It is shown otherwise: edited, or with what is behind its links.
    Updated,
    /// It is gone, and maybe others with it.
    Deleted,
}

impl Told {
    /// By the name of the event.
    pub(crate) fn of(kind: &str) -> Option<Self> {
        match kind {
            "MESSAGE_CREATE" => Some(Self::Written),
            "MESSAGE_UPDATE" => Some(Self::Updated),
            "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => Some(Self::Deleted),
            _ => None,
        }
    }
}

/// The event of a message that was written: the same however often it is told.
pub(crate) fn heard_event(channel: &str, id: &str) -> String {
    format!("said/{channel}/{id}")
}

/// The event a message was heard as.
pub(crate) fn heard_as(message: &Value) -> String {
    heard_event(&text(message, "channel_id"), &text(message, "id"))
}

/// A message somebody wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) channel: String,
    /// The server; none between two.
    pub(crate) guild: Option<String>,
    /// The writer's roles on the server.
    pub(crate) roles: Vec<String>,
    pub(crate) text: String,
    /// The message it replies to.
    pub(crate) reply_to: Option<String>,
    /// The message that replied to, where the bot wrote the one it replies to.
    pub(crate) answered: Option<String>,
    /// Whom it wakes: a reply wakes who is replied to, and says so nowhere else.
    pub(crate) mentions: Vec<String>,
}

/// Somebody used a command, a component or a form. Its `Debug` shows nothing that was filled in.
pub(crate) struct Interacted {
    pub(crate) id: String,
    /// Whoever has it may answer.
    pub(crate) token: String,
    pub(crate) application: String,
    pub(crate) user: String,
    pub(crate) guild: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) channel: String,
    /// The channel as it came along.
    pub(crate) place: Value,
    pub(crate) what: What,
    /// The message whose question is answered by it.
    pub(crate) asked_in: Option<String>,
}

/// What somebody did.
pub(crate) enum What {
    /// Gave a command.
    Commanded(Commanded),
    /// Is typing a command.
    Typing {
        /// What is there by now.
        commanded: Commanded,
        /// The option that is being typed.
        option: String,
    },
    /// Clicked, or chose.
    Clicked { custom_id: String, values: Vec<String>, message: Value },
    /// Submitted a form.
    Submitted { custom_id: String, filled: Vec<(String, String)> },
}

/// A command with its options.
#[derive(Clone)]
pub(crate) struct Commanded {
    /// Empty where it is no command of the line people type in.
    pub(crate) name: String,
    pub(crate) options: Vec<(String, String)>,
    /// There are options that can't be read, or the same one twice.
    pub(crate) unread: bool,
}

impl Commanded {
    /// What was given for an option.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(option, _)| option == name).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Interacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match &self.what {
            What::Commanded(_) => "command",
            What::Typing { .. } => "typing",
            What::Clicked { .. } => "click",
            What::Submitted { .. } => "form",
        };
        f.debug_struct("Interacted").field("id", &self.id).field("what", &what).finish_non_exhaustive()
    }
}

/// An interaction that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// What can't.
    pub(crate) what: &'static str,
    /// Somebody is typing, and can only be answered with choices.
    pub(crate) typing: bool,
    /// Its identifier and token, where whoever did it can be told.
    pub(crate) right: Option<(String, String)>,
}

/// A message, from the body of a `MESSAGE_CREATE` or of a channel's history; nothing when no person wrote it.
pub(crate) fn said(message: &Value) -> Option<Said> {
    let author = &message["author"];
    let by_person = author["bot"] != true
        && message["webhook_id"].is_null()
        && message["type"].as_i64().is_none_or(|kind| WRITTEN.contains(&kind));
    let said = Said {
        id: text(message, "id"),
        user: text(author, "id"),
        channel: text(message, "channel_id"),
        guild: optional(message, "guild_id"),
        roles: roles(&message["member"]),
        text: text(message, "content"),
        reply_to: optional(&message["message_reference"], "message_id"),
        answered: answered(&message["referenced_message"]),
        mentions: list(&message["mentions"]).map(|user| text(user, "id")).collect(),
    };
    let whole = !said.id.is_empty() && !said.user.is_empty() && !said.channel.is_empty();
    (by_person && whole).then_some(said)
}

/// The message that a message of a bot answers.
pub(crate) fn answered(message: &Value) -> Option<String> {
    let by_bot = message["author"]["bot"] == true;
    optional(&message["message_reference"], "message_id").filter(|_| by_bot)
}

/// The body of an `INTERACTION_CREATE`. What it is about and who did it is read strictly: an identifier that is none would stand in
/// the path of a call, and a server that can't be read is not a conversation between two.
pub(crate) fn interacted(body: &Value) -> Result<Interacted, Unreadable> {
    let token = text(body, "token");
    let right = id(&body["id"]).filter(|_| is_token(&token)).map(|id| (id, token.clone()));
    let unreadable = |what| Unreadable { what, typing: body["type"] == TYPING, right: right.clone() };
    let (id_told, token) = right.clone().ok_or_else(|| unreadable("its right"))?;
    let data = &body["data"];
    let custom_id = || text(data, "custom_id");
    let what = match body["type"].as_i64() {
        Some(2) => What::Commanded(commanded(data)),
        Some(3) => What::Clicked {
            custom_id: custom_id(),
            values: texts(&data["values"]),
            message: body["message"].clone(),
        },
        Some(TYPING) => {
            let focused = list(&data["options"]).find(|option| option["focused"] == true);
            let option = focused.map(|option| text(option, "name")).unwrap_or_default();
            What::Typing { commanded: commanded(data), option }
        }
        Some(5) => What::Submitted { custom_id: custom_id(), filled: filled(data) },
        _ => return Err(unreadable("its kind")),
    };
    let member = &body["member"];
    let user = if member.is_null() { &body["user"] } else { &member["user"] };
    let guild = match &body["guild_id"] {
        Value::Null => None,
        told => Some(id(told).ok_or_else(|| unreadable("its server"))?),
    };
    let channel = if body["channel_id"].is_null() { &body["channel"]["id"] } else { &body["channel_id"] };
    Ok(Interacted {
        id: id_told,
        token,
        application: id(&body["application_id"]).ok_or_else(|| unreadable("its application"))?,
        user: id(&user["id"]).ok_or_else(|| unreadable("who did it"))?,
        guild,
        roles: roles(member),
        channel: id(channel).ok_or_else(|| unreadable("its channel"))?,
        place: body["channel"].clone(),
        what,
        asked_in: None,
    })
}

fn commanded(data: &Value) -> Commanded {
    // Commands in the menus of people and messages have names of the same kind.
    let is_typed = data["type"].is_null() || data["type"] == TYPED_COMMAND;
    let mut options: Vec<(String, String)> = Vec::new();
    let mut unread = !(data["options"].is_null() || data["options"].is_array());
    for option in list(&data["options"]) {
        let name = text(option, "name");
        let value = match &option["value"] {
            Value::String(value) => value.clone(),
            value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
            _ => {
                unread = true;
                String::new()
            }
        };
        unread |= name.is_empty() || options.iter().any(|(known, _)| *known == name);
        options.push((name, value));
    }
    Commanded { name: if is_typed { text(data, "name") } else { String::new() }, options, unread }
}

/// What was filled in, whether fields stand in rows or under labels.
fn filled(data: &Value) -> Vec<(String, String)> {
    let mut filled = Vec::new();
    for outer in list(&data["components"]) {
        let label = std::iter::once(&outer["component"]).filter(|one| !one.is_null());
        for field in list(&outer["components"]).chain(label) {
            let chosen = texts(&field["values"]).into_iter().next();
            filled.push((text(field, "custom_id"), chosen.unwrap_or_else(|| text(field, "value"))));
        }
    }
    filled
}

/// The roles of a member of a server.
pub(crate) fn roles(member: &Value) -> Vec<String> {
    texts(&member["roles"])
}

/// One of Discord's identifiers.
pub(crate) fn id(value: &Value) -> Option<String> {
    let is_id =
        |id: &&str| (1..=ID_CHARS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    value.as_str().filter(is_id).map(ToOwned::to_owned)
}

/// Whether it can stand in a path as it is.
fn is_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic() && !b"/\\?#%".contains(&byte))
}

pub(crate) fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn optional(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    list(value).filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}
