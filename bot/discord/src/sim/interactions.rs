//! Acknowledgements of interactions, and what follows them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::api::{Answered, Asked, refused};
use super::people::ACKNOWLEDGED_WITHIN;
use super::{Inside, State, check, messages};

/// How long whoever has the token may go on answering, in milliseconds.
const RIGHT_MS: i64 = 15 * 60_000;
/// A message that only its reader sees.
const EPHEMERAL: u64 = 64;

pub(super) fn callback(inside: &Arc<Inside>, id: &str, token: &str, body: &Value, now_ms: i64) -> Answered {
    let mut state = inside.state();
    let known = state.interactions.get(id).filter(|one| one.token == token);
    let Some(known) = known.filter(|one| one.began.elapsed() <= ACKNOWLEDGED_WITHIN) else {
        return refused(404, 10_062, "Unknown interaction");
    };
    if known.acked.is_some() {
        return refused(400, 40_060, "Interaction has already been acknowledged.");
    }
    let (user, channel, message) = (known.user.clone(), known.channel.clone(), known.message.clone());
    let data = &body["data"];
    let kind = body["type"].as_u64().unwrap_or(0);
    let fault = match kind {
        4 | 7 => check::message(data, 0),
        8 => check::choices(data),
        9 => check::form(data),
        5 | 6 => None,
        _ => Some("type".to_owned()),
    };
    let fault = fault
        .or_else(|| (matches!(kind, 6 | 7) && message.is_none()).then(|| "no message to edit".to_owned()));
    if let Some(fault) = fault {
        tracing::error!(fault, "the simulated Discord refuses an acknowledgement");
        return refused(400, 50_035, &format!("Invalid Form Body: {fault}"));
    }
    let ephemeral = data["flags"].as_u64().unwrap_or(0) & EPHEMERAL != 0;
    let mut original = None;
    match kind {
        4 => {
            let mut drawn = messages::drawn(data, &[])?;
            drawn.id = state.id(now_ms);
            drawn.channel = channel;
            drawn.only_for = ephemeral.then_some(user);
            drawn.instant = true;
            original = Some(drawn.id.clone());
            state.put(drawn);
        }
        5 => original = ephemeral.then(String::new),
        7 => {
            let mut drawn = messages::drawn(data, &[])?;
            drawn.instant = true;
            if let Some(at) = state.messages.iter().position(|one| Some(&one.id) == message.as_ref()) {
                state.put_again(at, drawn);
            }
        }
        9 => state.modals.push((user, channel, data.clone())),
        _ => {}
    }
    if let Some(interaction) = state.interactions.get_mut(id) {
        interaction.acked = Some(kind);
        interaction.original = original;
        if let Some(waiting) = interaction.waiting.take() {
            // Whoever waited may have gone.
            let _ = waiting.send(body.clone());
        }
    }
    Ok(Value::Null)
}

/// The interaction whose token this is, while it may be answered.
fn of_token(state: &State, token: &str, now_ms: i64) -> Option<String> {
    let found = state.interactions.iter().find(|(_, one)| one.token == token && one.acked.is_some());
    found.filter(|(_, one)| now_ms - one.at_ms <= RIGHT_MS).map(|(id, _)| id.clone())
}

pub(super) fn follow_up(inside: &Arc<Inside>, token: &str, asked: &Asked, now_ms: i64) -> Answered {
    let mut drawn = messages::drawn(&asked.body, &asked.files)?;
    let mut state = inside.state();
    let Some(id) = of_token(&state, token, now_ms) else {
        return refused(401, 50_027, "Invalid Webhook Token");
    };
    let (user, channel, waits) = {
        let interaction = &state.interactions[&id];
        let waits = interaction.acked == Some(5) && interaction.original.as_deref() == Some("");
        (interaction.user.clone(), interaction.channel.clone(), waits)
    };
    if waits {
        // Discord takes it for the answer that is waited for, and calls that deprecated.
        return refused(400, 0, "the answer that is waited for comes first");
    }
    drawn.id = state.id(now_ms);
    drawn.channel = channel;
    drawn.only_for = (asked.body["flags"].as_u64().unwrap_or(0) & EPHEMERAL != 0).then_some(user);
    Ok(state.put(drawn))
}

pub(super) fn finish(inside: &Arc<Inside>, token: &str, asked: &Asked, now_ms: i64) -> Answered {
    let mut drawn = messages::drawn(&asked.body, &asked.files)?;
    let mut state = inside.state();
    let Some(id) = of_token(&state, token, now_ms) else {
        return refused(401, 50_027, "Invalid Webhook Token");
    };
    let (user, channel) = (state.interactions[&id].user.clone(), state.interactions[&id].channel.clone());
    match state.interactions[&id].original.clone() {
        Some(original) if original.is_empty() => {
            drawn.id = state.id(now_ms);
            drawn.channel = channel;
            drawn.only_for = Some(user);
            if let Some(interaction) = state.interactions.get_mut(&id) {
                interaction.original = Some(drawn.id.clone());
            }
            Ok(state.put(drawn))
        }
        Some(original) => match state.messages.iter().position(|one| one.id == original) {
            Some(at) => Ok(state.put_again(at, drawn)),
            None => refused(404, 10_008, "Unknown Message"),
        },
        None => Ok(json!({})),
    }
}
