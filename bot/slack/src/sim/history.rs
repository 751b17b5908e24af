//! What was said in channels and threads, page by page, as Slack gives it.

use serde_json::{Value, json};

use super::{BOT_USER, File, Inside, Message, State};

/// Messages of a page at most.
const PAGE: usize = 100;

/// A page of a channel, newest first, or of a thread, oldest first.
pub(super) fn history(inside: &Inside, body: &Value) -> Value {
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    let (channel, root) = (text("channel"), text("ts"));
    let bound = |key: &str, unbounded: f64| text(key).parse::<f64>().unwrap_or(unbounded);
    let (oldest, latest) = (bound("oldest", 0.0), bound("latest", f64::MAX));
    let state = inside.state();
    let fits = |message: &&Message| {
        message.channel == channel
            && message.only_for.is_none()
            && message.ts.parse::<f64>().is_ok_and(|ts| ts > oldest && ts < latest)
            && (root.is_empty() == message.thread.is_none() || message.ts == root)
            && (root.is_empty() || message.ts == root || message.thread.as_deref() == Some(root))
    };
    let mut found: Vec<&Message> = state.messages.iter().filter(fits).collect();
    if root.is_empty() {
        found.reverse();
    }
    let from: usize = text("cursor").parse().unwrap_or_default();
    let limit = text("limit").parse().unwrap_or(PAGE).min(PAGE);
    let page = found.iter().skip(from).take(limit).map(|message| described(&state, message));
    let mut messages: Vec<Value> = page.collect();
    let next = from + messages.len();
    let more = next < found.len();
    let cursor = if more { next.to_string() } else { String::new() };
    // Each shared file is a message of its own.
    let shared_here = |file: &&File| file.shared == Some((channel.to_owned(), root.to_owned()));
    let shared = state.files.iter().filter(|(_, file)| shared_here(file)).map(|(id, file)| {
        json!({ "type": "message", "user": BOT_USER, "bot_id": "B0SIM", "files": [{ "id": id, "name": file.name }] })
    });
    messages.extend(shared);
    json!({ "messages": messages, "has_more": more, "response_metadata": { "next_cursor": cursor } })
}

fn described(state: &State, message: &Message) -> Value {
    let mut one = json!({
        "type": "message", "user": message.user, "text": message.text, "ts": message.ts, "blocks": message.blocks,
    });
    if message.user == BOT_USER {
        one["bot_id"] = json!("B0SIM");
    }
    let mut replies = state.messages.iter().filter(|other| {
        other.channel == message.channel
            && other.thread.as_ref() == Some(&message.ts)
            && other.only_for.is_none()
    });
    if let Some(thread) = &message.thread {
        one["thread_ts"] = json!(thread);
    } else if let Some(latest) = replies.next_back() {
        one["thread_ts"] = json!(message.ts);
        one["reply_count"] = json!(replies.count() + 1);
        one["latest_reply"] = json!(latest.ts);
    }
    one
}
