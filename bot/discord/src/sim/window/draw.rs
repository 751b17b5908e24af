//! Messages and forms as HTML, from the very embeds and components the bot sent.

use std::fmt::Write as _;

use chat::window::{Looking, MARKDOWN, Parts, Pointed, act, address, escape, side};
use serde_json::Value;

use super::{BOT_USER, CHANNELS, DIRECT, Kind, Message};
use crate::sim::State;
use crate::snowflake;

/// Kinds of components, as Discord numbers them.
const MENU: u64 = 3;
/// The style of a text field with many lines.
const PARAGRAPH: u64 = 2;

pub(super) fn parts(state: &State, looking: &Looking, user: &str, channel: &str) -> Parts {
    let who = looking.who.as_str();
    let places = places(state);
    let head = places.iter().find(|(id, _)| *id == looking.place).map_or("", |(_, label)| label.as_str());
    let seen = Seen { state, looking, user };
    let mut parts = vec![
        ("side", side("Simulated Discord", who, &places, &looking.place)),
        ("head", escape(head)),
        ("talk", seen.talk(channel)),
        ("over", over(state, user)),
    ];
    if let Some(thread) = &looking.thread {
        let name = state.channels.get(thread).map_or("", |(name, _)| name.as_str());
        let shut = escape(&address(who, &looking.place, None));
        parts.push(("thread-head", format!("{} <a href=\"{shut}\">\u{d7}</a>", escape(name))));
        parts.push(("thread", seen.talk(thread)));
    }
    parts
}

/// Where somebody can be: channels, and the conversation with the bot.
fn places(state: &State) -> Vec<(String, String)> {
    let mut places: Vec<(String, String)> = Vec::new();
    for (id, (name, kind)) in &state.channels {
        if *kind == Kind::Channel {
            places.push((id.clone(), format!("# {name}")));
        }
    }
    places.sort_by_key(|(id, _)| (*id != CHANNELS[0], id.clone()));
    places.push((DIRECT.to_owned(), "infra".to_owned()));
    places
}

/// What one person sees.
struct Seen<'a> {
    state: &'a State,
    looking: &'a Looking,
    user: &'a str,
}

impl Seen<'_> {
    /// What was said in a channel or thread.
    fn talk(&self, channel: &str) -> String {
        let here = self.state.seen_by(self.user).filter(|message| message.channel == channel);
        here.map(|message| self.message(message)).collect()
    }

    fn message(&self, message: &Message) -> String {
        let by_bot = message.user == BOT_USER;
        let name = if by_bot { "infra".to_owned() } else { self.state.name(&message.user) };
        let app = if by_bot { "<span class=\"app\">APP</span>" } else { "" };
        let private = message.only_for.is_some();
        let class = if private { " class=\"private\"" } else { "" };
        let mut html = format!("<article id=\"{}\"{class}>", escape(&message.id));
        if let Some(replied) = &message.reply_to
            && let Some(replied) = self.state.messages.iter().find(|one| one.id == *replied)
        {
            let name =
                if replied.user == BOT_USER { "infra".to_owned() } else { self.state.name(&replied.user) };
            let said: String = replied.content.chars().take(80).collect();
            let _ = write!(html, "<div class=\"only\">\u{21b1} {}: {}</div>", escape(&name), escape(&said));
        }
        let _ =
            write!(html, "<div class=\"who\">{}{app}<time>{}</time></div>", escape(&name), time(&message.id));
        html.push_str(&self.marked(&message.content));
        if message.edits > 0 && message.embeds.is_empty() {
            html.push_str("<span class=\"only\">(edited)</span>");
        }
        for embed in &message.embeds {
            html.push_str(&self.embed(embed));
        }
        for (number, content) in message.files.iter().enumerate() {
            let (id, bytes) = (escape(&message.id), content.len());
            let name = escape(message.file_names.get(number).map_or("a file", String::as_str));
            let _ = write!(
                html,
                "<a class=\"file\" href=\"/window/file/{id}/{number}\">\u{1f4c4} {name}, {bytes} bytes</a>"
            );
        }
        for row in &message.components {
            let inside: String =
                list(&row["components"]).iter().map(|one| component(one, &message.id)).collect();
            let _ = write!(html, "<div class=\"actions\">{inside}</div>");
        }
        if private {
            let close = act("close", &[("message", &message.id)], "class=\"small\"", "Dismiss message");
            let _ = write!(html, "<div class=\"only\">Only you can see this \u{b7} {close}</div>");
        }
        if let Some((name, Kind::Thread { .. })) = self.state.channels.get(&message.id) {
            let count = self.state.seen_by(self.user).filter(|one| one.channel == message.id).count();
            let href = escape(&address(&self.looking.who, &self.looking.place, Some(&message.id)));
            let _ = write!(
                html,
                "<a class=\"replies\" href=\"{href}\">\u{1f9f5} {}: {count} message{}</a>",
                escape(name),
                if count == 1 { "" } else { "s" }
            );
        }
        html.push_str("</article>");
        html
    }

    fn embed(&self, embed: &Value) -> String {
        let colour = embed["color"].as_u64().unwrap_or_default();
        let mut html = format!("<div class=\"embed\" style=\"border-left-color:#{colour:06x}\">");
        for (part, tag) in [("title", "h3"), ("description", "div")] {
            if let Some(text) = embed[part].as_str() {
                let _ = write!(html, "<{tag}>{}</{tag}>", self.marked(text));
            }
        }
        let cell = |field: &Value| {
            let text = |part: &str| self.marked(field[part].as_str().unwrap_or_default());
            format!("<div><b>{}</b>{}</div>", text("name"), text("value"))
        };
        let cells: Vec<String> = list(&embed["fields"]).iter().map(cell).collect();
        if !cells.is_empty() {
            let _ = write!(html, "<div class=\"fields\">{}</div>", cells.concat());
        }
        if let Some(text) = embed["footer"]["text"].as_str() {
            let _ = write!(html, "<footer>{}</footer>", escape(text));
        }
        html.push_str("</div>");
        html
    }

    fn marked(&self, text: &str) -> String {
        MARKDOWN.html(text, &|pointed| match pointed {
            Pointed::Person(user) if user == BOT_USER => "infra".to_owned(),
            Pointed::Person(user) => self.state.name(user),
            Pointed::Channel(id) => {
                self.state.channels.get(id).map_or(id, |(name, _)| name.as_str()).to_owned()
            }
            Pointed::Group(role) => role.to_owned(),
        })
    }
}

fn component(one: &Value, message: &str) -> String {
    let action = one["custom_id"].as_str().unwrap_or_default();
    if one["type"].as_u64() == Some(MENU) {
        let options: String = list(&one["options"]).iter().map(option).collect();
        let hint = escape(one["placeholder"].as_str().unwrap_or("Choose"));
        return format!(
            "<form action=\"/window/click\"><input type=\"hidden\" name=\"message\" value=\"{}\">\
             <input type=\"hidden\" name=\"action\" value=\"{}\"><select name=\"value\" data-sends=\"1\" \
             aria-label=\"{hint}\"><option value=\"\">{hint}</option>{options}</select></form>",
            escape(message),
            escape(action),
        );
    }
    let style = format!("class=\"style{}\"", one["style"].as_u64().unwrap_or_default());
    let label = one["label"].as_str().unwrap_or_default();
    act("click", &[("message", message), ("action", action)], &style, label)
}

fn option(option: &Value) -> String {
    let text = |part: &str| escape(option[part].as_str().unwrap_or_default());
    format!("<option value=\"{}\">{}</option>", text("value"), text("label"))
}

/// The form that is open.
fn over(state: &State, user: &str) -> String {
    let Some((_, _, form)) = state.modals.iter().rev().find(|(whose, _, _)| whose == user) else {
        return String::new();
    };
    let fields: String =
        list(&form["components"]).iter().flat_map(|row| list(&row["components"])).map(field).collect();
    format!(
        "<div class=\"modal\"><h3>{}</h3><form id=\"filled\" action=\"/window/fill\">{fields}</form>\
         <div class=\"end\">{}<button type=\"submit\" form=\"filled\">Submit</button></div></div>",
        escape(form["title"].as_str().unwrap_or_default()),
        act("close", &[], "", "Cancel"),
    )
}

fn field(field: &Value) -> String {
    let text = |part: &str| escape(field[part].as_str().unwrap_or_default());
    let named =
        format!("id=\"f-{0}\" name=\"{0}\" placeholder=\"{1}\"", text("custom_id"), text("placeholder"));
    let input = if field["style"].as_u64() == Some(PARAGRAPH) {
        format!("<textarea {named} rows=\"3\">{}</textarea>", text("value"))
    } else {
        format!("<input {named} value=\"{}\">", text("value"))
    };
    format!("<label for=\"f-{}\">{}</label>{input}", text("custom_id"), text("label"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The time of day of a message, in UTC: its identifier holds it.
fn time(id: &str) -> String {
    let seconds = snowflake::time_of(id) / 1_000;
    format!("{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60)
}
