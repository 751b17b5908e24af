//! The window on the simulator: a page on which one sees a channel as people see it, and types, clicks and fills in as one of
//! them. What it shows is what the bot sent; what is done on it goes the way of everything people do.

mod draw;

use std::sync::Weak;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Html;
use axum::routing::{get, post};
use chat::window::{self, Given, Looking, Parts};
use serde_json::Value;

use super::{Acked, BOT_USER, CHANNELS, Inside, Kind, Message, Press, Sim, buttons_of, options_of, user_id};

/// The place that is the conversation with the bot.
const DIRECT: &str = "direct";
/// What people type for the bot's name.
const MENTION: &str = "@infra";
/// What people see when nobody answers.
const FAILED: &str =
    "This interaction failed: it was not answered within 3 seconds. Is infra-chat connected?";
/// The kind of an acknowledgement that proposes how to go on.
const CHOICES: u64 = 8;

type Asked = Query<Vec<(String, String)>>;
type Told = Result<axum::Json<Value>, StatusCode>;

pub(super) fn routes() -> Router<Weak<Inside>> {
    Router::new()
        .route("/", get(page))
        .route("/window/look", get(look))
        .route("/window/say", post(say))
        .route("/window/click", post(click))
        .route("/window/fill", post(fill))
        .route("/window/close", post(close))
        .route("/window/file/{message}/{number}", get(file))
}

/// The simulator, for a call that comes from its own page.
fn own(inside: &Weak<Inside>, headers: &HeaderMap) -> Result<Sim, StatusCode> {
    let inside = inside.upgrade().ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    let named = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if window::is_own(&inside.api.to_string(), named(header::HOST), named(header::ORIGIN)) {
        Ok(Sim { inside })
    } else {
        Err(StatusCode::FORBIDDEN)
    }
}

fn given(body: &[u8]) -> Given {
    Given::new(url::form_urlencoded::parse(body).into_owned().collect())
}

async fn page(
    Shared(inside): Shared<Weak<Inside>>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Result<Html<String>, StatusCode> {
    let sim = own(&inside, &headers)?;
    let looking = Looking::of(asked, CHANNELS[0]);
    let hint =
        format!("Message as {}: {MENTION} deploy staging, or /status environment=staging", looking.who);
    let frame = window::Frame {
        title: "Simulated Discord",
        class: "discord",
        hint: Some(&hint),
        thread: looking.thread.is_some(),
    };
    Ok(Html(window::page(&frame, &sim.parts(&looking))))
}

/// What there is to see, as soon as it is anything else than what was seen.
async fn look(Shared(inside): Shared<Weak<Inside>>, Query(asked): Asked, headers: HeaderMap) -> Told {
    let sim = own(&inside, &headers)?;
    let looking = Looking::of(asked, CHANNELS[0]);
    let mut changed = sim.inside.changed.subscribe();
    // A page that waits keeps no simulator that has come to its end.
    let stop = sim.inside.stop.clone();
    drop(sim);
    looking.waits(&mut changed, &stop).await;
    let sim = own(&inside, &headers)?;
    let count = *changed.borrow();
    Ok(axum::Json(window::look(count, &sim.parts(&looking))))
}

async fn say(Shared(inside): Shared<Weak<Inside>>, headers: HeaderMap, body: Bytes) -> Told {
    let sim = own(&inside, &headers)?;
    let given = given(&body);
    let who = given.or("as", window::PEOPLE[0]);
    let place = sim.place(who, given.or("in", CHANNELS[0]));
    // A thread is a channel of its own.
    let channel = given.or("thread", &place);
    let typed = given.or("text", "").trim();
    if typed.is_empty() {
        return Ok(told(""));
    }
    if let Some(command) = typed.strip_prefix('/') {
        let (command, options) = command.split_once(' ').unwrap_or((command, ""));
        let body = sim.command(who, channel, command, &options_of(options));
        return Ok(answered(sim.interact(&body).await.as_ref()));
    }
    let written = sim.writes(who, channel, None, &typed.replace(MENTION, &format!("<@{BOT_USER}>")));
    let heard = sim.tell_patiently("MESSAGE_CREATE", &written).await;
    // Nobody who writes a message sees whether anybody has heard it.
    Ok(told(if heard { "" } else { "Nobody has heard it yet; infra-chat is told as soon as it can be." }))
}

async fn click(Shared(inside): Shared<Weak<Inside>>, headers: HeaderMap, body: Bytes) -> Told {
    let sim = own(&inside, &headers)?;
    let given = given(&body);
    let who = given.or("as", window::PEOPLE[0]);
    let chosen = given.or("value", "");
    let Some(mut press) = sim.press(who, given.or("message", ""), given.or("action", "")) else {
        return Err(StatusCode::NOT_FOUND);
    };
    press.values.extend(Some(chosen.to_owned()).filter(|chosen| !chosen.is_empty()));
    Ok(answered(sim.interact(&sim.presses(who, &press)).await.as_ref()))
}

async fn fill(Shared(inside): Shared<Weak<Inside>>, headers: HeaderMap, body: Bytes) -> Told {
    let sim = own(&inside, &headers)?;
    let given = given(&body);
    let filled: Vec<(&str, &str)> = given.all().collect();
    let Some(submitted) = sim.submits(given.or("as", window::PEOPLE[0]), &filled) else {
        return Err(StatusCode::NOT_FOUND);
    };
    Ok(answered(sim.interact(&submitted).await.as_ref()))
}

/// Closes the form that is open, or, with a message, one that its reader alone sees.
async fn close(Shared(inside): Shared<Weak<Inside>>, headers: HeaderMap, body: Bytes) -> Told {
    let sim = own(&inside, &headers)?;
    let given = given(&body);
    let user = user_id(given.or("as", window::PEOPLE[0]));
    {
        let mut state = sim.inside.state();
        let message = given.or("message", "");
        if message.is_empty() {
            state.modals.retain(|(whose, _, _)| *whose != user);
        } else {
            state.messages.retain(|one| one.id != message || one.only_for.as_ref() != Some(&user));
        }
    }
    sim.inside.has_changed();
    Ok(told(""))
}

async fn file(
    Shared(inside): Shared<Weak<Inside>>,
    Path((message, number)): Path<(String, usize)>,
    headers: HeaderMap,
) -> Result<String, StatusCode> {
    let sim = own(&inside, &headers)?;
    let state = sim.inside.state();
    let found = state.messages.iter().find(|one| one.id == message).and_then(|one| one.files.get(number));
    found.cloned().ok_or(StatusCode::NOT_FOUND)
}

fn told(says: &str) -> axum::Json<Value> {
    axum::Json(window::told(says))
}

fn answered(acked: Option<&Acked>) -> axum::Json<Value> {
    match acked {
        Some(acked) if acked.kind == CHOICES => told(&acked.data["choices"].to_string()),
        Some(_) => told(""),
        None => told(FAILED),
    }
}

impl Sim {
    /// The channel that a place is for somebody.
    fn place(&self, who: &str, place: &str) -> String {
        if place == DIRECT { self.direct(who) } else { place.to_owned() }
    }

    /// What somebody sees of a place.
    fn parts(&self, looking: &Looking) -> Parts {
        let user = self.user(&looking.who);
        let channel = self.place(&looking.who, &looking.place);
        draw::parts(&self.inside.state(), looking, &user, &channel)
    }

    /// A button or menu somebody sees, by its message and its identifier.
    fn press(&self, who: &str, message: &str, action: &str) -> Option<Press> {
        let user = user_id(who);
        let state = self.inside.state();
        let message = state.seen_by(&user).find(|one| one.id == message)?;
        let component = buttons_of(&message.components).into_iter().find(|one| one["custom_id"] == action)?;
        Some(Press { message: message.clone(), component, values: Vec::new() })
    }
}

impl super::State {
    /// The messages somebody may see, those between them and the bot among them.
    fn seen_by<'s>(&'s self, user: &'s str) -> impl Iterator<Item = &'s Message> {
        self.messages.iter().filter(move |message| {
            let between = match self.channels.get(&message.channel) {
                Some((_, Kind::Direct { user })) => Some(user.as_str()),
                _ => None,
            };
            message.only_for.as_deref().is_none_or(|only| only == user)
                && between.is_none_or(|only| only == user)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_as_they_are_typed() {
        assert_eq!(
            options_of("environment=staging text=back in a day"),
            [("environment", "staging"), ("text", "back in a day")]
        );
        assert_eq!(options_of("nothing"), []);
    }
}
