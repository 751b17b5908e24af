//! Slack as a stage: a simulated one, with its own clock, to which the real front connects over real sockets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chat::{Courier, Listener, Reporter};
use engine::clock::{Clock, ManualClock};
use engine::control::Engine;
use engine::model::{Identity, RunId};
use engine::store::{Commit, Write};
use serde_json::Value;
use slack::sim::{APP_TOKEN, BOT_TOKEN, BOT_USER, Message, Press, SIGNING_SECRET, Sim};
use slack::{Mode, Settings, Slack};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::edited::Told;
use crate::harness::{Room, START_MS, Shown, without_links};
use crate::spec;

/// The channel everybody talks in.
pub(crate) const CHANNEL: &str = "C0ROOM";
/// One in which nobody told it to listen.
pub(crate) const ELSEWHERE: &str = "C0OTHER";
/// Its conversation.
pub(crate) const CONVERSATION: &str = "slack:C0ROOM";
/// The front.
pub(crate) const FRONT: &str = "slack";
/// How the stories begin that are its own.
pub(crate) const OWN: &[&str] = &["slack_", "foreign", "edited", "odd"];
/// What is added to a story to find out whose turn it is among the databases.
pub(crate) const TURN: usize = 0;
/// Whether it brings files; elsewhere it is said where they are.
pub(crate) const BRINGS_FILES: bool = true;
/// Whether what was shown before a restart is shown after it.
pub(crate) const SHOWS_ON: bool = true;
/// Whether the bot can delete what people wrote.
pub(crate) const ERASES: bool = false;
/// The conversation in which the reporter remembers how far it is.
pub(crate) const REPORTED_IN: &str = FRONT;
/// How long a start takes on Slack's clock, in milliseconds: many of them in a minute would be too many calls.
const STARTING_MS: i64 = 60_000;
/// Passes before a front that never comes to rest is called endless.
const PASSES_MAX: usize = 2_000;
/// The people of the project.
const PEOPLE: [&str; 4] = ["vera", "ana", "ben", "zoe"];

/// Slack while no program is connected to it.
pub(crate) struct Stage {
    room: Arc<Room>,
    pub(crate) sim: Sim,
    /// Slack's own clock: its pace is not the story's matter.
    pub(crate) clock: Arc<ManualClock>,
    events: Mutex<HashMap<String, Value>>,
    seen: Mutex<usize>,
    channels: Mutex<String>,
}

/// A program connected to Slack.
pub(crate) struct Connected {
    pub(crate) slack: Arc<Slack>,
    listener: Listener,
    courier: Courier,
    engine: Engine,
    _stop: DropGuard,
}

pub(crate) fn settings(sim: &Sim) -> Settings {
    Settings {
        api_base: sim.api_base(),
        bot_token: BOT_TOKEN.into(),
        app_token: Some(APP_TOKEN.into()),
        signing_secret: Some(SIGNING_SECRET.into()),
        mode: Mode::Socket,
        channels: slack::channels(CHANNEL).unwrap(),
        strangers: None,
    }
}

impl Stage {
    pub(crate) async fn open(room: Arc<Room>) -> Self {
        let clock = Arc::new(ManualClock::at(START_MS));
        let sim = Sim::start(clock.clone(), true).await.unwrap();
        Self {
            room,
            sim,
            clock,
            events: Mutex::default(),
            seen: Mutex::new(0),
            channels: Mutex::new(CHANNEL.to_owned()),
        }
    }

    /// What its channel means to programs that connect from now on.
    pub(crate) fn means(&self, meaning: &str) {
        *self.channels.lock().unwrap() = format!("{CHANNEL}={meaning}");
    }

    pub(crate) async fn connect(&self, engine: &Engine) -> (Connected, Reporter) {
        let mut commit = Commit::at(engine.now_ms());
        for person in PEOPLE {
            let identity = Identity { front: FRONT.to_owned(), external_id: person.to_owned() };
            commit.writes.push(Write::IdentityPut { identity, person: person.parse().unwrap() });
        }
        engine.store().commit(commit).await.unwrap();
        self.clock.advance(STARTING_MS);
        let opened = self.sim.opened();
        let channels = slack::channels(&self.channels.lock().unwrap()).unwrap();
        let settings = Settings { channels, ..settings(&self.sim) };
        let clock = self.clock.clone();
        let now = Arc::new(move || clock.now_ms());
        let slack = Arc::new(Slack::open_at(engine, settings, now).await.unwrap());
        let stop = CancellationToken::new();
        let listening = (slack.clone(), stop.clone());
        tokio::spawn(async move { listening.0.listen(listening.1).await });
        self.sim.until(|sim| sim.opened() > opened).await;
        // A start notes until when all was heard; a story begins behind that.
        while !slack.is_heard() {
            tokio::task::yield_now().await;
        }
        slack.rest().await;
        let reporter = slack.reporter().await.unwrap();
        let connected = Connected {
            listener: slack.listener(),
            courier: slack.courier(),
            engine: engine.clone(),
            slack,
            _stop: stop.drop_guard(),
        };
        (connected, reporter)
    }

    /// What time it is on Slack.
    pub(crate) fn clock_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Requests that Slack's own description does not allow.
    pub(crate) fn faults(&self) -> Vec<String> {
        spec::faults(&self.sim.calls())
    }

    /// The versions of messages that nobody has put into the room yet.
    fn put_new(&self) -> bool {
        let versions = self.sim.versions();
        let mut seen = self.seen.lock().unwrap();
        let new = &versions[*seen..];
        for message in new.iter().filter(|message| !mark_of(message).starts_with("end/")) {
            self.room.puts(self.shown(message));
        }
        let any = !new.is_empty();
        *seen = versions.len();
        any
    }

    /// A message as people who can't see its blocks have it; what was cut is in the file in its thread.
    fn shown(&self, message: &Message) -> Shown {
        let read = message.text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let begin = read.trim_end_matches('\u{2026}');
        let thread = message.thread.as_ref().unwrap_or(&message.ts);
        let whole = self.sim.files().into_iter().find(|file| {
            file.shared.as_ref().is_some_and(|(_, shared)| shared == thread)
                && file.content.starts_with(begin)
        });
        let text = whole.map_or_else(|| read.clone(), |file| file.content);
        let mark = mark_of(message);
        let key = mark.strip_prefix("card/").unwrap_or_default().to_owned();
        let buttons = slack::sim::buttons_of(&message.blocks).into_iter().map(|button| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&button["text"]["text"]), text(&button["value"]))
        });
        Shown {
            update: !key.is_empty(),
            key,
            buttons: buttons.collect(),
            matters: text.starts_with(['?', '✗']),
            private: message.only_for.is_some(),
            to: message.only_for.clone().unwrap_or_default(),
            seen: false,
            // Who people are is said with the name of the front; where runs are shown is the front's own matter.
            text: without_links(&text.replace("slack:", "terminal:")),
        }
    }

    /// The message that is a run's card.
    fn root_of(&self, run: &RunId) -> String {
        let mark = format!("card/{run}");
        let of_run = |message: &Message| {
            message.blocks.first().is_some_and(|block| block["block_id"] == mark.as_str())
        };
        self.sim.messages().into_iter().find(of_run).expect("the run has a card").ts
    }

    /// The address of a run's card.
    pub(crate) fn address_of(&self, run: &RunId) -> String {
        format!("https://simulated.slack.com/archives/{CHANNEL}/p{}", self.root_of(run).replace('.', ""))
    }

    /// The names of a run's files that the front has brought.
    pub(crate) fn files_brought(&self, run: &RunId) -> Vec<String> {
        let files = self.sim.files().into_iter().filter(|file| file.shared.is_some()).map(|file| file.name);
        files.filter(|name| name.starts_with(run.as_str())).collect()
    }

    /// How many messages say this.
    pub(crate) fn times_said(&self, text: &str) -> usize {
        self.sim.texts(|message| message.text.contains(text)).len()
    }

    /// What it told, whatever that was, is acknowledged.
    pub(crate) async fn tells(&self, _: Told, payload: &Value) {
        assert!(
            self.sim.deliver("events_api", payload, false).await.is_some(),
            "not acknowledged: {payload}"
        );
    }

    /// What the bot says in a channel, as it stands there now.
    pub(crate) fn texts_of_bot(&self, channel: &str) -> Vec<String> {
        of_bot(self, channel).into_iter().map(|message| message.text).collect()
    }

    /// Whether what the bot says stands under a message.
    pub(crate) fn stands_under(&self, text: &str, said: &Value) -> bool {
        let answer = of_bot(self, CHANNEL).into_iter().find(|message| message.text == text);
        answer.is_some_and(|answer| answer.thread.as_deref() == said["event"]["ts"].as_str())
    }

    /// A button as somebody finds it.
    pub(crate) fn button(&self, person: &str, label: &str, oldest: bool) -> Press {
        let mut found = self.sim.buttons(person, label);
        if !oldest {
            found.truncate(1);
        }
        found.pop().unwrap_or_else(|| panic!("no button [{label}] was ever shown to {person}"))
    }
}

impl Connected {
    /// Slack's clock is its own, but it does not stay behind by days.
    fn same_day(&self, stage: &Stage) {
        stage.clock.advance_to(self.engine.now_ms());
    }

    pub(crate) async fn hears(
        &mut self,
        stage: &Stage,
        person: &str,
        text: &str,
        event: Option<&str>,
        about: Option<&RunId>,
    ) {
        self.same_day(stage);
        let thread = about.map(|run| stage.root_of(run));
        let addressed = format!("<@{BOT_USER}> {text}");
        let write =
            || stage.sim.as_mention(&stage.sim.writes(person, CHANNEL, thread.as_deref(), &addressed));
        let payload = match event {
            None => write(),
            // A second delivery is the same, byte for byte.
            Some(event) => stage.events.lock().unwrap().entry(event.to_owned()).or_insert_with(write).clone(),
        };
        let acked = stage.sim.deliver("events_api", &payload, false).await;
        assert!(acked.is_some(), "{person} said {text:?}, and it was not acknowledged");
    }

    pub(crate) async fn clicks(&mut self, stage: &Stage, person: &str, label: &str, oldest: bool) {
        self.same_day(stage);
        let press = stage.button(person, label, oldest);
        let payload = stage.sim.presses(person, &press);
        let acked = stage.sim.deliver("interactive", &payload, false).await;
        assert!(acked.is_some(), "{person} clicked {label:?}, and it was not acknowledged");
    }

    pub(crate) async fn hears_at_once(&mut self, stage: &Stage, said: &[(String, String)]) {
        self.same_day(stage);
        let mut talking = Vec::new();
        for (person, text) in said {
            let payload = stage.sim.writes(person, CHANNEL, None, text);
            let sim = stage.sim.clone();
            talking.push(tokio::spawn(async move { sim.deliver("events_api", &payload, false).await }));
        }
        for acked in talking {
            assert!(acked.await.unwrap().is_some(), "not acknowledged");
        }
    }

    pub(crate) async fn shows(&mut self, stage: &Stage) -> bool {
        let mut any = false;
        for _ in 0..PASSES_MAX {
            self.slack.rest().await;
            let heard = self.listener.pass().await.expect("the listener answers");
            let carried = self.courier.pass(stage.clock.now_ms()).await.expect("the courier delivers");
            any |= heard || stage.put_new();
            match carried.due_ms {
                Some(due_ms) => stage.clock.advance_to(due_ms),
                None if !heard && carried.delivered == 0 => return any,
                None => {}
            }
        }
        panic!("Slack does not come to rest; it was asked:\n{:#?}", stage.sim.calls());
    }
}

/// The conversation between the bot and somebody.
pub(crate) fn between(_: &Stage, person: &str) -> String {
    format!("D{person}")
}

/// How people name the bot.
pub(crate) fn mention() -> String {
    format!("<@{BOT_USER}>")
}

/// What a message of the bot is marked with: `card/RUN`, `end/RUN`, `say/…`.
pub(crate) fn mark_of(message: &Message) -> &str {
    message.blocks.first().and_then(|block| block["block_id"].as_str()).unwrap_or_default()
}

/// The bot's own messages in a channel, as they are now.
pub(crate) fn of_bot(stage: &Stage, channel: &str) -> Vec<Message> {
    let messages = stage.sim.messages().into_iter();
    messages.filter(|message| message.user == BOT_USER && message.channel == channel).collect()
}
