//! People on the simulated Slack: what their typing and clicking makes Slack deliver.

use serde_json::{Value, json};

use super::{Acked, BOT_USER, Message, Sim};

/// A button somebody can press.
#[derive(Debug, Clone, PartialEq)]
pub struct Press {
    /// The message it stands on.
    pub message: Message,
    /// The button as the bot made it.
    pub button: Value,
}

impl Press {
    /// What stands on it.
    pub fn label(&self) -> &str {
        self.button["text"]["text"].as_str().unwrap_or_default()
    }
}

impl Sim {
    /// Somebody writes a message; what Slack would deliver of it. In a direct conversation, or where the bot is a member.
    pub fn writes(&self, user: &str, channel: &str, thread: Option<&str>, text: &str) -> Value {
        let now_ms = self.inside.clock.now_ms();
        let mut state = self.inside.state();
        let ts = state.ts(now_ms);
        state.messages.push(Message {
            channel: channel.to_owned(),
            ts: ts.clone(),
            thread: thread.map(ToOwned::to_owned),
            user: user.to_owned(),
            only_for: None,
            text: text.to_owned(),
            blocks: Vec::new(),
            edits: 0,
        });
        let kind = if channel.starts_with('D') { "im" } else { "channel" };
        let mut event = json!({
            "type": "message", "user": user, "text": text, "ts": ts, "event_ts": ts, "team": "T0SIM",
            "channel": channel, "channel_type": kind, "client_msg_id": format!("message-{}", state.number()),
            "blocks": [],
        });
        if let Some(thread) = thread {
            event["thread_ts"] = json!(thread);
        }
        let number = state.number();
        drop(state);
        self.inside.has_changed();
        wrapped(&event, number, now_ms)
    }

    /// Somebody edits a message of theirs; what Slack would deliver of it.
    pub fn edits(&self, payload: &Value, text: &str) -> Value {
        self.changes(payload, Some(text))
    }

    /// Slack shows what is behind a link in a message: that is delivered as an edit, and nobody edited anything.
    pub fn unfurls(&self, payload: &Value) -> Value {
        self.changes(payload, None)
    }

    fn changes(&self, payload: &Value, text: Option<&str>) -> Value {
        let (now_ms, event) = (self.inside.clock.now_ms(), &payload["event"]);
        let mut state = self.inside.state();
        let at = state.ts(now_ms);
        let mut before = event.clone();
        for key in ["channel", "channel_type", "event_ts"] {
            before.as_object_mut().map(|before| before.remove(key));
        }
        let message =
            state.messages.iter_mut().find(|it| it.channel == event["channel"] && it.ts == event["ts"]);
        if let Some(message) = message {
            before["text"] = json!(message.text);
            if message.edits > 0 {
                before["edited"] = json!({ "user": message.user, "ts": event["ts"] });
            }
            if let Some(text) = text {
                text.clone_into(&mut message.text);
                message.edits += 1;
            }
        }
        let mut now = before.clone();
        match text {
            Some(text) => {
                now["text"] = json!(text);
                now["edited"] = json!({ "user": event["user"], "ts": at });
            }
            None => now["attachments"] = json!([{ "id": 1, "from_url": "https://example.com" }]),
        }
        let changed = json!({
            "type": "message", "subtype": "message_changed", "hidden": true, "message": now,
            "previous_message": before, "channel": event["channel"], "channel_type": event["channel_type"],
            "ts": at, "event_ts": at,
        });
        let number = state.number();
        drop(state);
        self.inside.has_changed();
        wrapped(&changed, number, now_ms)
    }

    /// Somebody deletes a message of theirs; what Slack would deliver of it.
    pub fn deletes(&self, payload: &Value) -> Value {
        let (now_ms, event) = (self.inside.clock.now_ms(), &payload["event"]);
        let mut state = self.inside.state();
        let at = state.ts(now_ms);
        let is_it = |it: &Message| it.channel == event["channel"] && it.ts == event["ts"];
        let answered = state.messages.iter().any(|it| {
            it.channel == event["channel"]
                && it.thread.as_deref() == event["ts"].as_str()
                && it.only_for.is_none()
        });
        let mut before = event.clone();
        if let Some(message) = state.messages.iter().find(|it| is_it(it)) {
            before["text"] = json!(message.text);
        }
        let mut deleted = json!({
            "type": "message", "hidden": true, "previous_message": before, "channel": event["channel"],
            "channel_type": event["channel_type"], "ts": at, "event_ts": at,
        });
        if answered {
            // What is answered stays as the head of its thread.
            deleted["subtype"] = json!("message_changed");
            deleted["message"] = json!({
                "type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": true, "ts": event["ts"],
                "thread_ts": event["ts"], "text": "This message was deleted.",
            });
            for message in state.messages.iter_mut().filter(|it| is_it(it)) {
                "This message was deleted.".clone_into(&mut message.text);
            }
        } else {
            deleted["subtype"] = json!("message_deleted");
            deleted["deleted_ts"] = event["ts"].clone();
            state.messages.retain(|it| !is_it(it));
        }
        let number = state.number();
        drop(state);
        self.inside.has_changed();
        wrapped(&deleted, number, now_ms)
    }

    /// The same as a mention: Slack delivers it under another kind and identifier.
    pub fn as_mention(&self, payload: &Value) -> Value {
        let number = self.inside.state().number();
        let mut mention = payload.clone();
        mention["event"]["type"] = json!("app_mention");
        mention["event_id"] = json!(format!("Ev{number:08}"));
        mention
    }

    /// Somebody opens the bot's App Home.
    pub fn opens_home(&self, user: &str) -> Value {
        let now_ms = self.inside.clock.now_ms();
        let number = self.inside.state().number();
        let event = json!({ "type": "app_home_opened", "user": user, "channel": format!("D{user}"), "tab": "home", "event_ts": "1.0" });
        wrapped(&event, number, now_ms)
    }

    /// Somebody gives the command.
    pub fn commands(&self, user: &str, channel: &str, text: &str) -> Value {
        let trigger = self.trigger(user);
        json!({
            "token": "simulated", "team_id": "T0SIM", "team_domain": "simulated", "channel_id": channel,
            "channel_name": "simulated", "user_id": user, "user_name": user, "command": "/infra", "text": text,
            "api_app_id": "A0SIM", "is_enterprise_install": "false", "trigger_id": trigger,
            "response_url": self.answers_at(user, channel),
        })
    }

    /// Where whoever was given a command or a click may answer to its speaker alone.
    fn answers_at(&self, user: &str, channel: &str) -> String {
        let who = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("user", user), ("channel", channel)])
            .finish();
        format!("http://{}/answers?{who}", self.inside.api)
    }

    /// The buttons somebody sees or has seen, newest first: what stands on an old screen can still be pressed.
    pub fn buttons(&self, user: &str, label: &str) -> Vec<Press> {
        let mut found = Vec::new();
        for message in self.versions().into_iter().rev() {
            if message.only_for.as_deref().is_some_and(|only| only != user) {
                continue;
            }
            for button in buttons_of(&message.blocks) {
                let press = Press { message: message.clone(), button };
                if press.label() == label {
                    found.push(press);
                }
            }
        }
        found
    }

    /// The first button of the newest message in a channel that has any.
    pub fn newest_button(&self, user: &str, channel: &str) -> Option<Press> {
        let state = self.inside.state();
        let seen = |message: &&Message| {
            message.channel == channel && message.only_for.as_deref().is_none_or(|only| only == user)
        };
        state.messages.iter().rev().filter(seen).find_map(|message| {
            let button = buttons_of(&message.blocks).into_iter().next()?;
            Some(Press { message: message.clone(), button })
        })
    }

    /// Somebody presses a button.
    pub fn presses(&self, user: &str, press: &Press) -> Value {
        let trigger = self.trigger(user);
        let now_ms = self.inside.clock.now_ms();
        let at = self.inside.state().ts(now_ms);
        let message = &press.message;
        let mut shown = json!({
            "type": "message", "user": BOT_USER, "bot_id": "B0SIM", "ts": message.ts, "text": message.text,
            "team": "T0SIM", "blocks": message.blocks,
        });
        if let Some(thread) = &message.thread {
            shown["thread_ts"] = json!(thread);
        }
        let mut action = press.button.clone();
        action["action_ts"] = json!(at);
        let mut payload = json!({
            "type": "block_actions", "user": { "id": user, "username": user, "name": user, "team_id": "T0SIM" },
            "api_app_id": "A0SIM", "token": "simulated", "team": { "id": "T0SIM", "domain": "simulated" },
            "container": {
                "type": "message", "message_ts": message.ts, "channel_id": message.channel,
                "is_ephemeral": message.only_for.is_some(),
            },
            "channel": { "id": message.channel, "name": "simulated" }, "message": shown, "trigger_id": trigger,
            "response_url": self.answers_at(user, &message.channel), "actions": [action],
            "state": { "values": {} }, "enterprise": null, "is_enterprise_install": false,
        });
        if message.only_for.is_some() {
            // Slack does not keep what one person alone sees: it can't say what stood there.
            payload["message"] = Value::Null;
            if let Some(thread) = &message.thread {
                payload["container"]["thread_ts"] = json!(thread);
            }
        }
        payload
    }

    /// Somebody presses a button of their App Home.
    pub fn clicks_at_home(&self, user: &str, label: &str) -> Option<Value> {
        self.clicks_at_home_on(user, |button| button["text"]["text"] == label)
    }

    /// The same, the first button of which this holds.
    pub fn clicks_at_home_on(&self, user: &str, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let view = self.home(user)?;
        let blocks = view["blocks"].as_array().cloned().unwrap_or_default();
        let mut action = buttons_of(&blocks).into_iter().find(wanted)?;
        action["action_ts"] = json!(self.inside.state().ts(self.inside.clock.now_ms()));
        Some(json!({
            "type": "block_actions", "user": { "id": user, "username": user, "name": user, "team_id": "T0SIM" },
            "api_app_id": "A0SIM", "token": "simulated", "team": { "id": "T0SIM", "domain": "simulated" },
            "container": { "type": "view", "view_id": "V0HOME" }, "view": view, "trigger_id": self.trigger(user),
            "actions": [action], "enterprise": null, "is_enterprise_install": false,
        }))
    }

    /// Somebody submits the modal they saw last, filled in like this: block and value.
    pub fn submits(&self, user: &str, filled: &[(&str, &str)]) -> Option<Value> {
        let (id, view) = self.modals(user).pop()?;
        let mut values = json!({});
        for block in view["blocks"].as_array().into_iter().flatten() {
            let (Some(name), element) = (block["block_id"].as_str(), &block["element"]) else { continue };
            let Some((_, value)) = filled.iter().find(|(block, _)| *block == name) else { continue };
            let action = element["action_id"].as_str().unwrap_or_default();
            let given = match element["type"].as_str() {
                Some("static_select") => json!({
                    "type": "static_select",
                    "selected_option": { "text": { "type": "plain_text", "text": value }, "value": value },
                }),
                _ => json!({ "type": "plain_text_input", "value": value }),
            };
            values[name] = json!({ action: given });
        }
        let mut view = view;
        view["id"] = json!(id);
        view["state"] = json!({ "values": values });
        Some(json!({
            "type": "view_submission", "team": { "id": "T0SIM", "domain": "simulated" }, "token": "simulated",
            "user": { "id": user, "username": user, "name": user, "team_id": "T0SIM" }, "api_app_id": "A0SIM",
            "trigger_id": self.trigger(user), "view": view, "response_urls": [],
            "is_enterprise_install": false, "enterprise": null,
        }))
    }

    /// Somebody writes a message, and it is delivered over a socket.
    pub async fn says(&self, user: &str, channel: &str, thread: Option<&str>, text: &str) -> Option<Acked> {
        let payload = self.writes(user, channel, thread, text);
        self.deliver("events_api", &payload, false).await
    }

    fn trigger(&self, user: &str) -> String {
        let now_ms = self.inside.clock.now_ms();
        let mut state = self.inside.state();
        let trigger = format!("{}.{}.simulated", state.number(), now_ms);
        state.triggers.insert(trigger.clone(), (user.to_owned(), now_ms));
        trigger
    }
}

fn wrapped(event: &Value, number: u64, now_ms: i64) -> Value {
    json!({
        "token": "simulated", "team_id": "T0SIM", "api_app_id": "A0SIM", "event": event, "type": "event_callback",
        "event_id": format!("Ev{number:08}"), "event_time": now_ms / 1_000, "is_ext_shared_channel": false,
        "authorizations": [{ "enterprise_id": null, "team_id": "T0SIM", "user_id": BOT_USER, "is_bot": true, "is_enterprise_install": false }],
        "event_context": "simulated",
    })
}

/// All buttons of some blocks.
pub fn buttons_of(blocks: &[Value]) -> Vec<Value> {
    let rows = blocks.iter().filter(|block| block["type"] == "actions");
    let mut buttons = Vec::new();
    for row in rows {
        for element in row["elements"].as_array().into_iter().flatten() {
            let mut button = element.clone();
            button["block_id"] = row["block_id"].clone();
            buttons.push(button);
        }
    }
    buttons
}
