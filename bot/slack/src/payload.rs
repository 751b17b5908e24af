//! What Slack delivers, whichever way it comes, as what happened. Read leniently: Slack adds fields and kinds all the time,
//! and what is not known is acknowledged and ignored.

use serde_json::Value;

use crate::web::is_direct;
use crate::workspace::Home;

/// Slack's own bot, which writes as if it were a person.
const SLACKBOT: &str = "USLACKBOT";
/// Kinds of messages people write that carry a subtype all the same.
const SPOKEN_SUBTYPES: [&str; 3] = ["file_share", "thread_broadcast", "me_message"];

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happened {
    /// Somebody wrote a message.
    Said(Said),
    /// Somebody edited or deleted a message.
    Edited(Edited),
    /// Somebody gave the command.
    Commanded(Commanded),
    /// Somebody clicked.
    Clicked(Clicked),
    /// Somebody submitted a modal.
    Submitted(Submitted),
    /// Somebody looks at the App Home.
    HomeOpened {
        /// Who.
        user: String,
    },
    /// Slack asks whether the address is ours.
    Challenged(String),
    /// Nothing this front cares about.
    Nothing,
}

/// What was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivered {
    /// What happened.
    pub(crate) happened: Happened,
    /// Where whoever did it is at home.
    pub(crate) home: Home,
}

impl Delivered {
    /// Something Slack tells in the body of an `event_callback`.
    pub(crate) fn event(payload: &Value) -> Self {
        Self { happened: event(payload), home: Home::of_event(payload) }
    }

    /// A slash command. `delivery` identifies this delivery where Slack gives nothing that is the same in all of them.
    pub(crate) fn command(payload: &Value, delivery: &str) -> Self {
        Self { happened: command(payload, delivery), home: Home::of_command(payload) }
    }

    /// A click or a submitted modal; `delivery` as with commands.
    pub(crate) fn interaction(payload: &Value, delivery: &str) -> Self {
        Self { happened: interaction(payload, delivery), home: Home::of_interaction(payload) }
    }

    /// Nothing this front cares about.
    pub(crate) fn nothing() -> Self {
        Self { happened: Happened::Nothing, home: Home::default() }
    }
}

impl Happened {
    /// The channel it happened in, in which things are to be heard in order.
    pub(crate) fn channel(&self) -> Option<&str> {
        match self {
            Self::Said(said) | Self::Edited(Edited { said, .. }) => Some(&said.channel),
            Self::Clicked(clicked) => clicked.channel.as_deref(),
            Self::Commanded(commanded) => Some(&commanded.channel),
            Self::Submitted(_) | Self::HomeOpened { .. } | Self::Challenged(_) | Self::Nothing => None,
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) user: String,
    pub(crate) channel: String,
    pub(crate) ts: String,
    /// The root of its thread, when it is in one.
    pub(crate) thread: Option<String>,
    pub(crate) text: String,
    /// When Slack tells of it, in its own epoch seconds; later than the message where somebody edited it.
    pub(crate) told_s: Option<i64>,
    /// It names the bot; Slack says so.
    pub(crate) mention: bool,
    /// It is between the bot and one person.
    pub(crate) direct: bool,
}

impl Said {
    /// Its event: the same however often it is delivered.
    pub(crate) fn event(&self) -> String {
        format!("said/{}/{}", self.channel, self.ts)
    }
}

/// A message that somebody edited or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edited {
    /// As it is now; of a deleted one, as it was.
    pub(crate) said: Said,
    /// What it said before, where Slack tells.
    pub(crate) before: Option<String>,
    pub(crate) deleted: bool,
    /// Tells one edit from the next.
    at: String,
}

impl Edited {
    /// Its event: the same however often it is delivered, and under whichever kind.
    pub(crate) fn event(&self) -> String {
        format!("edited/{}/{}/{}", self.said.channel, self.said.ts, self.at)
    }
}

/// A slash command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commanded {
    pub(crate) user: String,
    pub(crate) channel: String,
    pub(crate) text: String,
    pub(crate) trigger: String,
    /// Tells one command from the next.
    pub(crate) at: String,
    pub(crate) answer_at: Option<String>,
}

/// A click on a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clicked {
    pub(crate) user: String,
    /// Absent in the App Home.
    pub(crate) channel: Option<String>,
    pub(crate) message: Option<String>,
    /// The root of the message's thread, when it is in one.
    pub(crate) thread: Option<String>,
    /// They alone see the message, and nothing can be said in a thread of it.
    pub(crate) private: bool,
    pub(crate) action: String,
    pub(crate) value: String,
    pub(crate) trigger: String,
    /// When, as Slack writes it: tells one click from the next.
    pub(crate) at: String,
    pub(crate) answer_at: Option<String>,
}

/// A submitted modal.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Submitted {
    pub(crate) user: String,
    pub(crate) callback: String,
    /// What we gave the modal to remember.
    pub(crate) memory: String,
    /// The modal's own identifier, as Slack gave it.
    pub(crate) view: String,
    values: Value,
}

impl std::fmt::Debug for Submitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What was filled in may be a secret.
        f.debug_struct("Submitted")
            .field("user", &self.user)
            .field("callback", &self.callback)
            .finish_non_exhaustive()
    }
}

impl Submitted {
    /// What was filled in or chosen in a block.
    pub(crate) fn value(&self, block: &str) -> String {
        let Some(elements) = self.values[block].as_object() else { return String::new() };
        let one = elements.values().next().unwrap_or(&Value::Null);
        let chosen = one["value"].as_str().or_else(|| one["selected_option"]["value"].as_str());
        chosen.unwrap_or_default().to_owned()
    }
}

/// An event, as in the body of an `event_callback`.
pub(crate) fn event(payload: &Value) -> Happened {
    if payload["type"] == "url_verification" {
        return Happened::Challenged(text(payload, "challenge"));
    }
    let event = &payload["event"];
    match event["type"].as_str().unwrap_or_default() {
        "message" if event["subtype"] == "message_changed" => changed(event),
        "message" if event["subtype"] == "message_deleted" => deleted(event),
        kind @ ("message" | "app_mention") => match said(event, kind == "app_mention") {
            // A mention is delivered once more when its message is edited, as it is then.
            Happened::Said(said) if event["edited"].is_object() => {
                Happened::Edited(Edited { at: edited_at(event), said, before: None, deleted: false })
            }
            said => said,
        },
        "app_home_opened" if event["tab"].as_str().is_none_or(|tab| tab == "home") => {
            Happened::HomeOpened { user: text(event, "user") }
        }
        _ => Happened::Nothing,
    }
}

fn said(event: &Value, mention: bool) -> Happened {
    let subtype = event["subtype"].as_str();
    let by_person = event["bot_id"].as_str().is_none()
        && event["bot_profile"].is_null()
        && subtype.is_none_or(|subtype| SPOKEN_SUBTYPES.contains(&subtype));
    let (user, channel, ts) = (text(event, "user"), text(event, "channel"), text(event, "ts"));
    if !by_person || user == SLACKBOT || user.is_empty() || channel.is_empty() || ts.is_empty() {
        return Happened::Nothing;
    }
    let thread = event["thread_ts"].as_str().filter(|thread| *thread != ts).map(ToOwned::to_owned);
    let direct = event["channel_type"] == "im" || is_direct(&channel);
    let times = [&event["edited"]["ts"], &event["event_ts"]];
    let told_s = times.into_iter().filter_map(|ts| seconds(ts.as_str()?)).max();
    Happened::Said(Said { user, channel, ts, thread, text: text(event, "text"), told_s, mention, direct })
}

/// An edit. Slack delivers one too when it shows what is behind a link: then nobody edited anything.
fn changed(event: &Value) -> Happened {
    let (now, before) = (&event["message"], &event["previous_message"]);
    // A deleted message with answers under it leaves something in its place.
    if now["subtype"] == "tombstone" {
        return deleted(event);
    }
    let at = edited_at(now);
    match said(&inside(event, now), false) {
        Happened::Said(said) if !at.is_empty() && at != edited_at(before) => {
            let before = before["text"].as_str().map(ToOwned::to_owned);
            Happened::Edited(Edited { said, before, deleted: false, at })
        }
        _ => Happened::Nothing,
    }
}

fn deleted(event: &Value) -> Happened {
    let before = &event["previous_message"];
    match said(&inside(event, before), false) {
        Happened::Said(said) => {
            let before = Some(said.text.clone());
            Happened::Edited(Edited { said, before, deleted: true, at: "deleted".to_owned() })
        }
        _ => Happened::Nothing,
    }
}

/// A message that came inside of an event, with where it is.
fn inside(event: &Value, message: &Value) -> Value {
    let mut message = message.clone();
    if message.is_object() {
        for key in ["channel", "channel_type", "event_ts"] {
            message[key] = event[key].clone();
        }
    }
    message
}

/// When a message was edited last; empty when it never was.
fn edited_at(message: &Value) -> String {
    text(&message["edited"], "ts")
}

/// The whole seconds of an instant as Slack writes it.
pub(crate) fn seconds(ts: &str) -> Option<i64> {
    ts.split('.').next()?.parse().ok()
}

/// A slash command, as its fields.
fn command(payload: &Value, delivery: &str) -> Happened {
    let commanded = Commanded {
        user: text(payload, "user_id"),
        channel: text(payload, "channel_id"),
        text: text(payload, "text"),
        trigger: text(payload, "trigger_id"),
        at: first(&[&payload["trigger_id"]]).unwrap_or_else(|| delivery.to_owned()),
        answer_at: first(&[&payload["response_url"]]),
    };
    if commanded.user.is_empty() || commanded.channel.is_empty() {
        return Happened::Nothing;
    }
    Happened::Commanded(commanded)
}

/// A click or a submitted modal.
fn interaction(payload: &Value, delivery: &str) -> Happened {
    match payload["type"].as_str().unwrap_or_default() {
        "block_actions" => clicked(payload, delivery),
        "view_submission" => Happened::Submitted(Submitted {
            user: text(&payload["user"], "id"),
            callback: text(&payload["view"], "callback_id"),
            memory: text(&payload["view"], "private_metadata"),
            view: first(&[&payload["view"]["id"]]).unwrap_or_else(|| delivery.to_owned()),
            values: payload["view"]["state"]["values"].clone(),
        }),
        _ => Happened::Nothing,
    }
}

fn clicked(payload: &Value, delivery: &str) -> Happened {
    let Some(action) = payload["actions"].as_array().and_then(|actions| actions.first()) else {
        return Happened::Nothing;
    };
    let container = &payload["container"];
    let message = first(&[&container["message_ts"], &payload["message"]["ts"]]);
    let thread = first(&[&payload["message"]["thread_ts"], &container["thread_ts"]])
        .filter(|thread| Some(thread) != message.as_ref());
    let clicked = Clicked {
        user: text(&payload["user"], "id"),
        channel: first(&[&payload["channel"]["id"], &container["channel_id"]]),
        message,
        thread,
        private: container["is_ephemeral"] == true || payload["message"]["is_ephemeral"] == true,
        action: text(action, "action_id"),
        value: first(&[&action["value"], &action["selected_option"]["value"]]).unwrap_or_default(),
        trigger: text(payload, "trigger_id"),
        at: first(&[&action["action_ts"], &payload["trigger_id"]]).unwrap_or_else(|| delivery.to_owned()),
        answer_at: first(&[&payload["response_url"]]),
    };
    if clicked.user.is_empty() || clicked.action.is_empty() {
        Happened::Nothing
    } else {
        Happened::Clicked(clicked)
    }
}

/// The first of these that is a text with something in it.
pub(crate) fn first(values: &[&Value]) -> Option<String> {
    let mut texts = values.iter().filter_map(|value| value.as_str());
    texts.find(|text| !text.is_empty()).map(ToOwned::to_owned)
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}
