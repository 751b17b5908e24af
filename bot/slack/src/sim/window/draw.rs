//! Messages, forms and App Homes as HTML, from the very blocks the bot sent.

use std::fmt::Write as _;

use chat::window::{Looking, MRKDWN, Parts, Pointed, act, address, escape, side};
use serde_json::Value;

use super::{BOT_USER, CHANNEL, HOME, Message};
use crate::sim::State;

pub(super) fn parts(state: &State, looking: &Looking) -> Parts {
    let who = looking.who.as_str();
    let at_home = looking.place == HOME;
    let head = places(state, who)
        .into_iter()
        .find(|(id, _)| *id == looking.place)
        .map_or_else(|| looking.place.clone(), |(_, label)| label);
    let talk = if at_home { home(state, who) } else { talk(state, looking, None) };
    let mut parts = vec![
        ("side", side("Simulated Slack", who, &places(state, who), &looking.place)),
        ("head", escape(&head)),
        ("talk", talk),
        ("over", over(state, who)),
    ];
    if let Some(thread) = &looking.thread {
        let shut = escape(&address(who, &looking.place, None));
        parts.push(("thread-head", format!("Thread <a href=\"{shut}\">\u{d7}</a>")));
        parts.push(("thread", self::talk(state, looking, Some(thread))));
    }
    parts
}

/// Where somebody can be: channels, the conversation with the bot, their App Home.
fn places(state: &State, who: &str) -> Vec<(String, String)> {
    let mut channels = vec![CHANNEL];
    for message in &state.messages {
        if !message.channel.starts_with('D') && !channels.contains(&message.channel.as_str()) {
            channels.push(&message.channel);
        }
    }
    let mut places: Vec<(String, String)> =
        channels.into_iter().map(|id| (id.to_owned(), format!("# {}", called(id)))).collect();
    places.push((format!("D{who}"), "infra".to_owned()));
    places.push((HOME.to_owned(), "infra: Home".to_owned()));
    places
}

/// What people call a channel.
fn called(channel: &str) -> String {
    channel.strip_prefix("C0").unwrap_or(channel).to_lowercase()
}

/// What was said in a place, or in a thread of it.
fn talk(state: &State, looking: &Looking, thread: Option<&String>) -> String {
    let fits = |message: &&Message| {
        message.channel == looking.place
            && match thread {
                Some(root) => message.ts == *root || message.thread.as_ref() == Some(root),
                None => message.thread.is_none(),
            }
    };
    let mut seen: Vec<&Message> = state.seen_by(&looking.who).filter(fits).collect();
    // A message of Slack's stands where its time is, however it came.
    seen.sort_by(|one, other| one.ts.cmp(&other.ts));
    seen.into_iter().map(|message| self::message(state, looking, message, thread.is_some())).collect()
}

fn message(state: &State, looking: &Looking, message: &Message, beside: bool) -> String {
    let by_bot = message.user == BOT_USER;
    let (name, app) =
        if by_bot { ("infra", "<span class=\"app\">APP</span>") } else { (message.user.as_str(), "") };
    let private = message.only_for.is_some();
    let mut html = format!(
        "<article id=\"{}\"{}>",
        escape(&message.ts),
        if private { " class=\"private\"" } else { "" }
    );
    if private {
        html.push_str("<div class=\"only\">Only visible to you</div>");
    }
    let edited = if message.edits > 0 { "<span class=\"edited\">(edited)</span>" } else { "" };
    let _ = write!(
        html,
        "<div class=\"who\">{}{app}<time>{}</time>{edited}</div>",
        escape(name),
        time(&message.ts)
    );
    if message.blocks.is_empty() {
        html.push_str(&marked(&message.text));
    }
    html.push_str(&blocks(&message.blocks, &message.ts, None));
    let shared = state.files.iter().filter(|(_, file)| {
        let root = message.thread.as_ref().unwrap_or(&message.ts);
        let whole =
            file.shared.as_ref().is_some_and(|(channel, at)| *channel == message.channel && at == root);
        // Slack shows it once, at the end of the thread.
        whole && (beside && is_last(state, looking, message))
    });
    for (id, file) in shared {
        let (id, name) = (escape(id), escape(&file.name));
        let _ = write!(
            html,
            "<a class=\"file\" href=\"/window/file/{id}\">\u{1f4c4} {name}, {} bytes</a>",
            file.content.len()
        );
    }
    if !beside && message.thread.is_none() && !private {
        html.push_str(&replies(state, looking, message));
    }
    html.push_str("</article>");
    html
}

/// Whether nothing in its thread comes after it.
fn is_last(state: &State, looking: &Looking, message: &Message) -> bool {
    let root = message.thread.as_ref().unwrap_or(&message.ts);
    let of_thread =
        |other: &&Message| other.channel == message.channel && other.thread.as_ref() == Some(root);
    state.seen_by(&looking.who).filter(of_thread).all(|other| other.ts <= message.ts)
}

fn replies(state: &State, looking: &Looking, message: &Message) -> String {
    let of_it =
        |other: &&Message| other.channel == message.channel && other.thread.as_ref() == Some(&message.ts);
    let files = state.files.values().filter(|file| {
        file.shared.as_ref().is_some_and(|(channel, at)| *channel == message.channel && *at == message.ts)
    });
    let count = state.seen_by(&looking.who).filter(of_it).count() + files.count();
    let href = escape(&address(&looking.who, &looking.place, Some(&message.ts)));
    let label = match count {
        0 => "Reply in thread".to_owned(),
        1 => "1 reply".to_owned(),
        many => format!("{many} replies"),
    };
    format!("<a class=\"replies\" href=\"{href}\">{label}</a>")
}

fn home(state: &State, who: &str) -> String {
    match state.homes.get(who) {
        Some(view) => blocks(list(&view["blocks"]), "", None),
        None => "<p>Nothing is shown here yet: is infra-chat connected?</p>".to_owned(),
    }
}

/// The form that is open.
fn over(state: &State, who: &str) -> String {
    let open = state.modals.iter().rev().find(|(_, (whose, _))| whose == who);
    let Some((id, (_, view))) = open else { return String::new() };
    let text = |part: &str| escape(view[part]["text"].as_str().unwrap_or_default());
    let close = view["close"]["text"].as_str().unwrap_or("Close");
    let end = act("close", &[], "", close);
    let submit = text("submit");
    let fields = blocks(list(&view["blocks"]), "", Some(state.form_faults.get(id).unwrap_or(&Value::Null)));
    let form = if submit.is_empty() {
        fields
    } else {
        format!("<form id=\"filled\" action=\"/window/fill\">{fields}</form>")
    };
    let send = if submit.is_empty() {
        String::new()
    } else {
        format!("<button type=\"submit\" form=\"filled\">{submit}</button>")
    };
    format!("<div class=\"modal\"><h3>{}</h3>{form}<div class=\"end\">{end}{send}</div></div>", text("title"))
}

/// Blocks; `faults` when they are a form's.
fn blocks(blocks: &[Value], ts: &str, faults: Option<&Value>) -> String {
    let mut html = String::new();
    for block in blocks {
        let inside = self::block(block, ts, faults.unwrap_or(&Value::Null));
        let _ = write!(html, "<div class=\"block\">{inside}</div>");
    }
    html
}

fn block(block: &Value, ts: &str, faults: &Value) -> String {
    match block["type"].as_str().unwrap_or_default() {
        "header" => format!("<h3>{}</h3>", shown(&block["text"])),
        "divider" => "<hr>".to_owned(),
        "section" => {
            let mut html = if block["text"].is_null() { String::new() } else { shown(&block["text"]) };
            let fields = list(&block["fields"]);
            if !fields.is_empty() {
                let cells: Vec<String> = fields.iter().map(shown).collect();
                let _ = write!(html, "<div class=\"fields\"><div>{}</div></div>", cells.join("</div><div>"));
            }
            html
        }
        "context" => {
            let elements: String = list(&block["elements"]).iter().map(shown).collect();
            format!("<div class=\"context\">{elements}</div>")
        }
        "actions" => {
            let buttons: String = list(&block["elements"]).iter().map(|one| button(one, ts)).collect();
            format!("<div class=\"actions\">{buttons}</div>")
        }
        "input" => input(block, faults),
        // Whatever else the bot sends is not hidden.
        _ => format!("<pre>{}</pre>", escape(&format!("{block:#}"))),
    }
}

fn button(one: &Value, ts: &str) -> String {
    let style = one["style"].as_str().unwrap_or_default();
    let mut attributes = format!("class=\"{}\"", escape(style));
    let confirm = &one["confirm"];
    for (name, part) in [("title", "title"), ("says", "text"), ("yes", "confirm"), ("no", "deny")] {
        if let Some(text) = confirm[part]["text"].as_str() {
            let _ = write!(attributes, " data-{name}=\"{}\"", escape(text));
        }
    }
    let fields = [("ts", ts), ("action", one["action_id"].as_str().unwrap_or_default())];
    act("click", &fields, &attributes, one["text"]["text"].as_str().unwrap_or_default())
}

fn input(block: &Value, faults: &Value) -> String {
    let (name, element) = (block["block_id"].as_str().unwrap_or_default(), &block["element"]);
    let hint = element["placeholder"]["text"].as_str().unwrap_or_default();
    let named = format!("id=\"f-{0}\" name=\"{0}\"", escape(name));
    let given = escape(element["initial_value"].as_str().unwrap_or_default());
    let field = match element["type"].as_str().unwrap_or_default() {
        "static_select" => {
            let chosen = &element["initial_option"]["value"];
            let option = |option: &Value| {
                let selected = if option["value"] == *chosen { " selected" } else { "" };
                let value = escape(option["value"].as_str().unwrap_or_default());
                let label = escape(option["text"]["text"].as_str().unwrap_or_default());
                format!("<option value=\"{value}\"{selected}>{label}</option>")
            };
            let groups = list(&element["option_groups"]).iter().map(|group| {
                let label = escape(group["label"]["text"].as_str().unwrap_or_default());
                let options: String = list(&group["options"]).iter().map(option).collect();
                format!("<optgroup label=\"{label}\">{options}</optgroup>")
            });
            let options: String = list(&element["options"]).iter().map(option).chain(groups).collect();
            format!("<select {named}>{options}</select>")
        }
        _ if element["multiline"] == true => {
            format!("<textarea {named} rows=\"3\" placeholder=\"{}\">{given}</textarea>", escape(hint))
        }
        _ => format!("<input {named} value=\"{given}\" placeholder=\"{}\">", escape(hint)),
    };
    let fault = match faults[name].as_str() {
        Some(fault) => format!("<div class=\"fault\">{}</div>", escape(fault)),
        None => String::new(),
    };
    let label = escape(block["label"]["text"].as_str().unwrap_or_default());
    format!("<label for=\"f-{}\">{label}</label>{field}{fault}", escape(name))
}

/// A text object.
fn shown(text: &Value) -> String {
    let says = text["text"].as_str().unwrap_or_default();
    if text["type"] == "mrkdwn" { marked(says) } else { escape(says) }
}

fn marked(text: &str) -> String {
    MRKDWN.html(text, &|pointed| match pointed {
        Pointed::Person(user) if user == BOT_USER => "infra".to_owned(),
        Pointed::Person(other) | Pointed::Group(other) => other.to_owned(),
        Pointed::Channel(channel) => called(channel),
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The time of day of a message, in UTC.
fn time(ts: &str) -> String {
    let seconds: i64 = ts.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or_default();
    format!("{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60)
}
