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

use super::{Acked, BOT_USER, Inside, Message, Press, Sim, buttons_of};

/// The channel it begins in.
pub const CHANNEL: &str = "C0DEPLOYS";
/// The place that is somebody's App Home.
const HOME: &str = "home";
/// What people type for the bot's name.
const MENTION: &str = "@infra";
/// The command.
const COMMAND: &str = "/infra";
/// What people see when nobody answers.
const SILENT: &str = "infra did not answer within 3 seconds: is infra-chat connected?";

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
        .route("/window/file/{file}", get(file))
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
    let looking = Looking::of(asked, CHANNEL);
    let hint = format!("Message as {}: {MENTION} deploy staging, or {COMMAND} status", looking.who);
    let at_home = looking.place == HOME;
    if at_home {
        let opened = sim.opens_home(&looking.who);
        let sim = sim.clone();
        // The page shows it once it is there.
        tokio::spawn(async move { sim.deliver("events_api", &opened, false).await });
    }
    let frame = window::Frame {
        title: "Simulated Slack",
        class: "slack",
        hint: (!at_home).then_some(hint.as_str()),
        thread: looking.thread.is_some(),
    };
    Ok(Html(window::page(&frame, &sim.parts(&looking))))
}

/// What there is to see, as soon as it is anything else than what was seen.
async fn look(Shared(inside): Shared<Weak<Inside>>, Query(asked): Asked, headers: HeaderMap) -> Told {
    let sim = own(&inside, &headers)?;
    let looking = Looking::of(asked, CHANNEL);
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
    let (who, place) = (given.or("as", window::PEOPLE[0]), given.or("in", CHANNEL));
    let typed = given.or("text", "").trim();
    if typed.is_empty() {
        return Ok(told(""));
    }
    if let Some(text) = typed.strip_prefix(COMMAND) {
        let command = sim.commands(who, place, text.trim());
        return Ok(answered(sim.deliver("slash_commands", &command, false).await.as_ref()));
    }
    // Slack writes what people type with marks of its own.
    let text = typed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let text = text.replace(MENTION, &format!("<@{BOT_USER}>"));
    let thread = Some(given.or("thread", "")).filter(|thread| !thread.is_empty());
    let written = sim.writes(who, place, thread, &text);
    let heard = sim.deliver("events_api", &written, false).await;
    if typed.contains(MENTION) && !place.starts_with('D') {
        // What names the bot is told twice.
        let _ = sim.deliver("events_api", &sim.as_mention(&written), false).await;
    }
    // Nobody who writes a message sees whether anybody has heard it.
    Ok(told(if heard.is_some() { "" } else { "Nobody hears it now; infra-chat is told once it is back." }))
}

async fn click(Shared(inside): Shared<Weak<Inside>>, headers: HeaderMap, body: Bytes) -> Told {
    let sim = own(&inside, &headers)?;
    let given = given(&body);
    let (who, action) = (given.or("as", window::PEOPLE[0]), given.or("action", ""));
    let pressed = if given.or("in", CHANNEL) == HOME {
        sim.clicks_at_home_on(who, |button| button["action_id"] == action)
    } else {
        sim.press(who, given.or("ts", ""), action).map(|press| sim.presses(who, &press))
    };
    let Some(pressed) = pressed else { return Err(StatusCode::NOT_FOUND) };
    Ok(answered(sim.deliver("interactive", &pressed, false).await.as_ref()))
}

async fn fill(Shared(inside): Shared<Weak<Inside>>, headers: HeaderMap, body: Bytes) -> Told {
    let sim = own(&inside, &headers)?;
    let given = given(&body);
    let who = given.or("as", window::PEOPLE[0]);
    let filled: Vec<(&str, &str)> = given.all().collect();
    let Some((view, submitted)) = sim.modals(who).pop().zip(sim.submits(who, &filled)) else {
        return Err(StatusCode::NOT_FOUND);
    };
    let acked = sim.deliver("interactive", &submitted, false).await;
    if let Some(acked) = &acked {
        sim.form_answered(who, &view.0, &acked.payload);
    }
    Ok(answered(acked.as_ref()))
}

async fn close(Shared(inside): Shared<Weak<Inside>>, headers: HeaderMap, body: Bytes) -> Told {
    let sim = own(&inside, &headers)?;
    let given = given(&body);
    if let Some((view, _)) = sim.modals(given.or("as", window::PEOPLE[0])).pop() {
        sim.inside.state().modals.remove(&view);
        sim.inside.has_changed();
    }
    Ok(told(""))
}

async fn file(
    Shared(inside): Shared<Weak<Inside>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<String, StatusCode> {
    let sim = own(&inside, &headers)?;
    let state = sim.inside.state();
    state.files.get(&file).map(|file| file.content.clone()).ok_or(StatusCode::NOT_FOUND)
}

fn told(says: &str) -> axum::Json<Value> {
    axum::Json(window::told(says))
}

fn answered(acked: Option<&Acked>) -> axum::Json<Value> {
    told(if acked.is_some() { "" } else { SILENT })
}

impl Sim {
    /// What somebody sees of a place.
    fn parts(&self, looking: &Looking) -> Parts {
        draw::parts(&self.inside.state(), looking)
    }

    /// A button somebody sees, by its message and its identifier.
    fn press(&self, who: &str, ts: &str, action: &str) -> Option<Press> {
        let state = self.inside.state();
        let message = state.seen_by(who).find(|message| message.ts == ts)?;
        let button = buttons_of(&message.blocks).into_iter().find(|button| button["action_id"] == action)?;
        Some(Press { message: message.clone(), button })
    }

    /// What becomes of a form with the answer to it.
    fn form_answered(&self, who: &str, view: &str, answer: &Value) {
        let mut state = self.inside.state();
        state.form_faults.remove(view);
        match answer["response_action"].as_str() {
            Some("errors") => {
                state.form_faults.insert(view.to_owned(), answer["errors"].clone());
            }
            Some("update") => {
                state.modals.insert(view.to_owned(), (who.to_owned(), answer["view"].clone()));
            }
            _ => {
                state.modals.remove(view);
            }
        }
        drop(state);
        self.inside.has_changed();
    }
}

impl super::State {
    /// The messages somebody may see, those between them and the bot among them.
    fn seen_by<'s>(&'s self, who: &'s str) -> impl Iterator<Item = &'s Message> {
        let own = format!("D{who}");
        self.messages.iter().chain(&self.told).filter(move |message| {
            message.only_for.as_deref().is_none_or(|only| only == who)
                && (!message.channel.starts_with('D') || message.channel == own)
        })
    }
}
