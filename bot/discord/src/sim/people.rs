//! People on the simulated Discord: what their typing and clicking makes Discord tell.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{APPLICATION, BOT_USER, GUILD, Inside, Interaction, Kind, Message, Sim};

/// How long Discord waits for an acknowledgement.
pub(super) const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(3);

/// How long the bot may take to write something down before it is asked again how far it has heard.
const HEARD_WITHIN: Duration = Duration::from_millis(500);

/// How long whoever writes something waits until the bot has heard it.
const NOTICED_WITHIN: Duration = Duration::from_secs(2);

/// A component somebody can use.
#[derive(Debug, Clone, PartialEq)]
pub struct Press {
    /// The message it stands on.
    pub message: Message,
    /// The component as the bot made it.
    pub component: Value,
    /// What was chosen, in a menu.
    pub values: Vec<String>,
}

/// An acknowledgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Acked {
    /// Its kind, as Discord numbers them.
    pub kind: u64,
    /// What came with it.
    pub data: Value,
    /// How long it took.
    pub took: Duration,
}

/// The identifier of somebody of this name.
pub fn user_id(name: &str) -> String {
    let number = name.bytes().fold(7_u64, |sum, byte| (sum * 131 + u64::from(byte)) % 1_000_000_000_000_000);
    (2_000_000_000_000_000_000 + number).to_string()
}

impl Sim {
    /// Somebody's identifier; they are known by it from now on.
    pub fn user(&self, name: &str) -> String {
        let id = user_id(name);
        self.inside.state().users.insert(id.clone(), name.to_owned());
        id
    }

    /// The name of somebody by their identifier.
    pub fn name(&self, user: &str) -> String {
        self.inside.state().name(user)
    }

    /// Everybody by their identifiers.
    pub fn everybody(&self) -> Vec<(String, String)> {
        let state = self.inside.state();
        state.users.iter().map(|(id, name)| (id.clone(), name.clone())).collect()
    }

    /// The conversation between the bot and somebody.
    pub fn direct(&self, name: &str) -> String {
        let user = self.user(name);
        self.inside.direct(&user)
    }

    /// Somebody writes a message, in a channel, a thread or to the bot; what Discord tells of it.
    pub fn writes(&self, name: &str, channel: &str, reply_to: Option<&str>, text: &str) -> Value {
        let user = self.user(name);
        let now_ms = self.inside.clock.now_ms();
        let body = {
            let mut state = self.inside.state();
            let id = state.id(now_ms);
            state.messages.push(Message {
                channel: channel.to_owned(),
                id: id.clone(),
                user: user.clone(),
                only_for: None,
                reply_to: reply_to.map(ToOwned::to_owned),
                content: text.to_owned(),
                embeds: Vec::new(),
                components: Vec::new(),
                files: Vec::new(),
                file_names: Vec::new(),
                instant: false,
                edits: 0,
            });
            let direct = matches!(state.channels.get(channel), Some((_, Kind::Direct { .. })));
            let roles = state.roles.get(&user).cloned().unwrap_or_default();
            let mut body = json!({
                "id": id, "channel_id": channel, "type": if reply_to.is_some() { 19 } else { 0 }, "content": text,
                "author": { "id": user, "username": name, "discriminator": "0" }, "tts": false, "mentions": [],
                "attachments": [], "embeds": [], "mention_everyone": false, "mention_roles": [], "pinned": false,
                "timestamp": "2026-11-18T12:00:00.000000+00:00", "edited_timestamp": null,
            });
            if !direct {
                body["guild_id"] = json!(GUILD);
                body["member"] = json!({ "roles": roles, "deaf": false, "mute": false, "flags": 0 });
            }
            if let Some(reply_to) = reply_to {
                body["message_reference"] = json!({ "message_id": reply_to, "channel_id": channel });
                // Null when it is deleted.
                let replied = state.messages.iter().find(|one| one.channel == channel && one.id == reply_to);
                body["referenced_message"] = replied.map(super::messages::shown).unwrap_or_default();
            }
            body
        };
        self.inside.has_changed();
        body
    }

    /// Somebody edits a message of theirs; what Discord tells of it.
    pub fn edits(&self, body: &Value, text: &str) -> Value {
        let mut state = self.inside.state();
        let mut edits = 0;
        for message in state.messages.iter_mut().filter(|it| body["id"] == it.id.as_str()) {
            text.clone_into(&mut message.content);
            message.edits += 1;
            edits = message.edits;
        }
        let mut edited = body.clone();
        edited["content"] = json!(text);
        edited["edited_timestamp"] = json!(format!("2026-11-18T12:00:{edits:02}.000000+00:00"));
        drop(state);
        self.inside.has_changed();
        edited
    }

    /// Discord shows what is behind a link in a message: it tells of that as of an edit, and not the whole message.
    pub fn unfurls(&self, body: &Value) -> Value {
        json!({
            "id": body["id"], "channel_id": body["channel_id"], "guild_id": body["guild_id"],
            "embeds": [{ "type": "link", "url": "https://example.com" }],
        })
    }

    /// Somebody deletes a message; what Discord tells of it.
    pub fn deletes(&self, body: &Value) -> Value {
        self.inside.state().messages.retain(|it| body["id"] != it.id.as_str());
        self.inside.has_changed();
        json!({ "id": body["id"], "channel_id": body["channel_id"], "guild_id": body["guild_id"] })
    }

    /// Tells the bot an event and returns once it has heard it; false when it is not connected.
    pub async fn tell(&self, kind: &str, body: &Value) -> bool {
        let Some(seq) = self.inside.tell(kind, body) else { return false };
        if !self.is_connected() {
            return false;
        }
        // A heartbeat says at once what was heard by now, and a later one what took the bot a while.
        while !self.inside.has_heard(seq) {
            self.inside.push(json!({ "op": 1, "d": null }));
            let heard = self.until(|sim| sim.inside.has_heard(seq));
            let _ = tokio::time::timeout(HEARD_WITHIN, heard).await;
        }
        true
    }

    /// The same for whoever writes something and goes on: returns soon, whatever the bot does; false when it has not heard it
    /// by then, and may yet.
    pub async fn tell_patiently(&self, kind: &str, body: &Value) -> bool {
        tokio::time::timeout(NOTICED_WITHIN, self.tell(kind, body)).await.unwrap_or_default()
    }

    /// Tells the bot, and does not wait until it has heard.
    pub fn tell_soon(&self, kind: &str, body: &Value) {
        // A session that is not there is told when it resumes.
        let _ = self.inside.tell(kind, body);
    }

    /// Somebody writes a message, and the bot hears it.
    pub async fn says(&self, name: &str, channel: &str, text: &str) -> bool {
        let body = self.writes(name, channel, None, text);
        self.tell("MESSAGE_CREATE", &body).await
    }

    /// Somebody gives a command.
    pub fn command(&self, name: &str, channel: &str, command: &str, options: &[(&str, &str)]) -> Value {
        let options: Vec<Value> =
            options.iter().map(|(name, value)| json!({ "name": name, "type": 3, "value": value })).collect();
        let data = json!({ "id": "1000000000000000099", "name": command, "type": 1, "options": options });
        self.inside.interaction(2, &self.user(name), channel, None, &data)
    }

    /// Somebody is typing an option of a command.
    pub fn types(&self, name: &str, channel: &str, command: &str, option: &str, text: &str) -> Value {
        let options = json!([{ "name": option, "type": 3, "value": text, "focused": true }]);
        let data = json!({ "id": "1000000000000000099", "name": command, "type": 1, "options": options });
        self.inside.interaction(4, &self.user(name), channel, None, &data)
    }

    /// The buttons somebody sees or has seen, newest first: what stands on an old screen can still be pressed.
    pub fn buttons(&self, name: &str, label: &str) -> Vec<Press> {
        let user = self.user(name);
        let mut found = Vec::new();
        for message in self.versions().into_iter().rev().filter(|message| !message.instant) {
            let reader = message.only_for.clone().or_else(|| self.reader(&message.channel));
            if reader.is_some_and(|reader| reader != user) {
                continue;
            }
            found.extend(presses_of(&message).into_iter().filter(|press| press.label() == label));
        }
        found
    }

    /// The first button of the newest message in a channel that has one.
    pub fn newest_button(&self, name: &str, channel: &str) -> Option<Press> {
        let user = self.user(name);
        let state = self.inside.state();
        let seen = |message: &&Message| {
            message.channel == channel
                && !message.instant
                && message.only_for.as_ref().is_none_or(|only| *only == user)
        };
        state.messages.iter().rev().filter(seen).find_map(|message| presses_of(message).into_iter().next())
    }

    /// Somebody uses a component.
    pub fn presses(&self, name: &str, press: &Press) -> Value {
        let component = &press.component;
        let mut data = json!({ "custom_id": component["custom_id"], "component_type": component["type"] });
        if component["type"] == 3 {
            data["values"] = json!(press.values);
        }
        self.inside.interaction(3, &self.user(name), &press.message.channel, Some(&press.message), &data)
    }

    /// The form somebody sees.
    pub fn form(&self, name: &str) -> Option<Value> {
        let user = self.user(name);
        let state = self.inside.state();
        state.modals.iter().rev().find(|(who, _, _)| *who == user).map(|(_, _, form)| form.clone())
    }

    /// Somebody submits the form they saw last, filled in like this: field and value.
    pub fn submits(&self, name: &str, filled: &[(&str, &str)]) -> Option<Value> {
        let user = self.user(name);
        let (channel, form) = {
            let mut state = self.inside.state();
            let at = state.modals.iter().rposition(|(who, _, _)| *who == user)?;
            let (_, channel, form) = state.modals.remove(at);
            (channel, form)
        };
        let mut rows = Vec::new();
        for row in form["components"].as_array().into_iter().flatten() {
            let field = &row["components"][0];
            let given = filled.iter().find(|(name, _)| field["custom_id"] == *name).map(|(_, value)| *value);
            let value = given.or(field["value"].as_str()).unwrap_or_default();
            let field = json!({ "type": 4, "custom_id": field["custom_id"], "value": value });
            rows.push(json!({ "type": 1, "components": [field] }));
        }
        let data = json!({ "custom_id": form["custom_id"], "components": rows });
        Some(self.inside.interaction(5, &user, &channel, None, &data))
    }

    /// The time in which an interaction can be acknowledged is over: its speaker saw it fail.
    pub fn expire(&self, body: &Value) {
        let mut state = self.inside.state();
        if let Some(id) = body["id"].as_str() {
            state.interactions.remove(id);
        }
    }

    /// Tells the bot of an interaction; `None` when it was not acknowledged in time: then its speaker saw it fail.
    pub async fn interact(&self, body: &Value) -> Option<Acked> {
        let began = Instant::now();
        let (waiting, acknowledged) = oneshot::channel();
        {
            let mut state = self.inside.state();
            let interaction = state.interactions.get_mut(body["id"].as_str()?)?;
            interaction.waiting = Some(waiting);
            interaction.began = began;
        }
        self.inside.tell("INTERACTION_CREATE", body)?;
        let answer = tokio::time::timeout(ACKNOWLEDGED_WITHIN, acknowledged).await.ok()?.ok()?;
        Some(Acked { kind: answer["type"].as_u64()?, data: answer["data"].clone(), took: began.elapsed() })
    }
}

impl Press {
    /// What stands on it.
    pub fn label(&self) -> String {
        let chosen = self.values.first().and_then(|value| {
            let options = self.component["options"].as_array()?;
            options.iter().find(|option| option["value"] == value.as_str())
        });
        chosen.unwrap_or(&self.component)["label"].as_str().unwrap_or_default().to_owned()
    }
}

/// All that can be pressed on a message, the options of menus among it.
fn presses_of(message: &Message) -> Vec<Press> {
    let press =
        |component: &Value, values| Press { message: message.clone(), component: component.clone(), values };
    let mut found = Vec::new();
    for component in buttons_of(&message.components) {
        match component["options"].as_array() {
            Some(options) => {
                let values = options.iter().filter_map(|option| option["value"].as_str());
                found.extend(values.map(|value| press(&component, vec![value.to_owned()])));
            }
            None => found.push(press(&component, Vec::new())),
        }
    }
    found
}

/// All buttons and menus of some rows.
pub fn buttons_of(rows: &[Value]) -> Vec<Value> {
    let components = rows.iter().flat_map(|row| row["components"].as_array().into_iter().flatten());
    components.cloned().collect()
}

impl Inside {
    /// The channel between the bot and somebody.
    pub(super) fn direct(&self, user: &str) -> String {
        let now_ms = self.clock.now_ms();
        let mut state = self.state();
        let is_theirs = |kind: &Kind| matches!(kind, Kind::Direct { user: theirs } if theirs == user);
        if let Some((id, _)) = state.channels.iter().find(|(_, (_, kind))| is_theirs(kind)) {
            return id.clone();
        }
        let id = state.id(now_ms);
        state.channels.insert(id.clone(), (String::new(), Kind::Direct { user: user.to_owned() }));
        id
    }

    fn interaction(
        &self,
        kind: u8,
        user: &str,
        channel: &str,
        message: Option<&Message>,
        data: &Value,
    ) -> Value {
        let now_ms = self.clock.now_ms();
        let mut state = self.state();
        let id = state.id(now_ms);
        let token = format!("simulated-right-{id}");
        state.interactions.insert(
            id.clone(),
            Interaction {
                token: token.clone(),
                user: user.to_owned(),
                channel: channel.to_owned(),
                message: message.map(|message| message.id.clone()),
                began: Instant::now(),
                at_ms: now_ms,
                acked: None,
                original: None,
                waiting: None,
            },
        );
        let who = json!({ "id": user, "username": state.name(user), "discriminator": "0" });
        let mut body = json!({
            "id": id, "application_id": APPLICATION, "type": kind, "token": token, "version": 1, "data": data,
            "channel_id": channel, "channel": state.described(channel), "locale": "en-US", "context": 0,
        });
        if matches!(state.channels.get(channel), Some((_, Kind::Direct { .. }))) {
            body["user"] = who;
            body["context"] = json!(1);
        } else {
            let roles = state.roles.get(user).cloned().unwrap_or_default();
            body["guild_id"] = json!(GUILD);
            body["member"] = json!({ "user": who, "roles": roles, "permissions": "2147483647" });
        }
        if let Some(message) = message {
            body["message"] = super::messages::shown(message);
            body["message"]["author"] = json!({ "id": BOT_USER, "username": "infra", "bot": true });
        }
        body
    }
}
