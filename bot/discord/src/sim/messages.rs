//! Messages, their channels and threads.

use std::sync::Arc;

use engine::clock::EpochMs;
use serde_json::{Value, json};

use super::api::{Answered, Asked, refused};
use super::{BOT_USER, GUILD, Inside, Kind, Message, State, check};
use crate::failure::WORN;
use crate::limits::THREAD_NAME_CHARS;
use crate::snowflake;

/// From when on a message is old, in milliseconds.
const OLD_MS: EpochMs = 3_600_000;

/// A message as Discord describes it.
pub(super) fn shown(message: &Message) -> Value {
    let mut shown = json!({
        "id": message.id, "channel_id": message.channel, "type": if message.reply_to.is_some() { 19 } else { 0 },
        "content": message.content, "embeds": message.embeds, "components": message.components,
        "author": { "id": message.user, "bot": message.user == BOT_USER }, "attachments": [], "mentions": [],
        "flags": if message.only_for.is_some() { 64 } else { 0 },
    });
    if let Some(reply_to) = &message.reply_to {
        shown["message_reference"] = json!({ "message_id": reply_to, "channel_id": message.channel });
    }
    shown
}

/// A message of the bot from what it sent; a fault when Discord would refuse it.
pub(super) fn drawn(body: &Value, files: &[String]) -> Result<Message, (u16, i64, String)> {
    if let Some(fault) = check::message(body, files.len()) {
        tracing::error!(fault, "the simulated Discord refuses a message");
        return refused(400, 50_035, &format!("Invalid Form Body: {fault}"));
    }
    let list = |key: &str| body[key].as_array().cloned().unwrap_or_default();
    Ok(Message {
        channel: String::new(),
        id: String::new(),
        user: BOT_USER.to_owned(),
        only_for: None,
        reply_to: body["message_reference"]["message_id"].as_str().map(ToOwned::to_owned),
        content: body["content"].as_str().unwrap_or_default().to_owned(),
        embeds: list("embeds"),
        components: list("components"),
        files: files.to_vec(),
        file_names: list("attachments")
            .iter()
            .map(|file| file["filename"].as_str().unwrap_or_default().to_owned())
            .collect(),
        instant: false,
        edits: 0,
    })
}

impl State {
    /// Shows a new message.
    pub(super) fn put(&mut self, message: Message) -> Value {
        let described = shown(&message);
        self.version(&message);
        self.messages.push(message);
        described
    }

    /// A message looks like this now.
    fn version(&mut self, message: &Message) {
        if !self.forgets {
            self.versions.push(message.clone());
        }
    }

    /// Shows another version of a message.
    pub(super) fn put_again(&mut self, at: usize, drawn: Message) -> Value {
        let message = &mut self.messages[at];
        message.content = drawn.content;
        message.embeds = drawn.embeds;
        message.components = drawn.components;
        (message.files, message.file_names) = (drawn.files, drawn.file_names);
        message.edits += 1;
        let version = message.clone();
        let described = shown(&version);
        self.version(&version);
        described
    }
}

pub(super) fn post(inside: &Arc<Inside>, channel: &str, asked: &Asked, now_ms: i64) -> Answered {
    let mut message = drawn(&asked.body, &asked.files)?;
    let mut state = inside.state();
    match state.channels.get(channel) {
        None => return refused(404, 10_003, "Unknown Channel"),
        Some((_, Kind::Direct { user })) if state.closed_to.contains(user) => {
            return refused(403, 50_007, "Cannot send messages to this user");
        }
        Some(_) => {}
    }
    let is_there = |id: &String| state.messages.iter().any(|one| one.channel == channel && one.id == *id);
    if message.reply_to.as_ref().is_some_and(|id| !is_there(id)) {
        if asked.body["message_reference"]["fail_if_not_exists"] != false {
            return refused(400, 50_035, "Invalid Form Body: message_reference");
        }
        message.reply_to = None;
    }
    message.id = state.id(now_ms);
    channel.clone_into(&mut message.channel);
    Ok(state.put(message))
}

pub(super) fn edit(inside: &Arc<Inside>, channel: &str, id: &str, asked: &Asked) -> Answered {
    let drawn = drawn(&asked.body, &asked.files)?;
    let mut state = inside.state();
    let at = state.messages.iter().position(|one| one.channel == channel && one.id == id);
    match at.filter(|at| state.messages[*at].only_for.is_none()) {
        None => refused(404, 10_008, "Unknown Message"),
        Some(at) if state.messages[at].user != BOT_USER => {
            refused(403, 50_005, "Cannot edit a message authored by another user")
        }
        Some(at) if is_worn(&state, &state.messages[at], inside.clock.now_ms()) => refused(
            429,
            WORN,
            "Maximum number of edits to messages older than 1 hour reached. Try again later",
        ),
        Some(at) => Ok(state.put_again(at, drawn)),
    }
}

/// Whether a message is old and was edited as often as that is taken.
fn is_worn(state: &State, message: &Message, now_ms: EpochMs) -> bool {
    let old = now_ms - snowflake::time_of(&message.id) > OLD_MS;
    old && state.edits_of_old.is_some_and(|most| message.edits >= most)
}

/// The bot may delete others' messages: it has the permission *Manage Messages*; not between two.
pub(super) fn delete(inside: &Arc<Inside>, channel: &str, id: &str) -> Answered {
    let mut state = inside.state();
    let direct = matches!(state.channels.get(channel), Some((_, Kind::Direct { .. })));
    let at = state.messages.iter().position(|one| one.channel == channel && one.id == id);
    match at {
        None => refused(404, 10_008, "Unknown Message"),
        Some(at) if direct && state.messages[at].user != BOT_USER => {
            refused(403, 50_003, "Cannot execute action on a DM channel")
        }
        Some(at) => {
            state.messages.remove(at);
            Ok(Value::Null)
        }
    }
}

pub(super) fn history(inside: &Arc<Inside>, channel: &str, query: &[(String, String)]) -> Answered {
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let number = |name: &str| value(name).and_then(|id| id.parse::<u64>().ok());
    let (after, before) = (number("after").unwrap_or(0), number("before"));
    let limit: usize = value("limit").and_then(|limit| limit.parse().ok()).unwrap_or(50);
    let state = inside.state();
    if !state.channels.contains_key(channel) {
        return refused(404, 10_003, "Unknown Channel");
    }
    let fits = |one: &&Message| {
        one.channel == channel
            && one.only_for.is_none()
            && one.id.parse::<u64>().is_ok_and(|id| id > after && before.is_none_or(|before| id < before))
    };
    let described = |one: &Message| {
        let mut shown = shown(one);
        if let Some(mut thread) = state.described(&one.id) {
            let last = state.messages.iter().rev().find(|other| other.channel == one.id);
            thread["last_message_id"] = json!(last.map(|last| &last.id));
            shown["thread"] = thread;
        }
        shown
    };
    let mut fitting: Vec<&Message> = state.messages.iter().filter(fits).collect();
    if before.is_some() {
        fitting.drain(..fitting.len().saturating_sub(limit));
    }
    // The ones right next to it; newest first.
    let mut found: Vec<Value> = fitting.into_iter().take(limit.min(100)).map(described).collect();
    found.reverse();
    Ok(Value::Array(found))
}

pub(super) fn thread(inside: &Arc<Inside>, channel: &str, id: &str, body: &Value) -> Answered {
    let name = body["name"].as_str().unwrap_or_default();
    if !(1..=THREAD_NAME_CHARS).contains(&name.encode_utf16().count()) {
        return refused(400, 50_035, "Invalid Form Body: name");
    }
    let described = {
        let mut state = inside.state();
        match state.channels.get(channel) {
            Some((_, Kind::Channel)) => {}
            Some(_) => return refused(400, 50_024, "Cannot execute action on this channel type"),
            None => return refused(404, 10_003, "Unknown Channel"),
        }
        if !state.messages.iter().any(|one| one.channel == channel && one.id == id) {
            return refused(404, 10_008, "Unknown Message");
        }
        if state.channels.contains_key(id) {
            return refused(400, 160_004, "A thread has already been created for this message");
        }
        let kind = Kind::Thread { parent: channel.to_owned() };
        state.channels.insert(id.to_owned(), (name.to_owned(), kind));
        state.described(id).unwrap_or_default()
    };
    let mut begun = described.clone();
    begun["newly_created"] = json!(true);
    begun["guild_id"] = json!(GUILD);
    inside.tell("THREAD_CREATE", &begun);
    Ok(described)
}
