//! Discord as a stage: a simulated one, with its own clock, to which the real front connects over real sockets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chat::{Courier, Listener, Reporter};
use discord::sim::{BOT_USER, CHANNELS, GUILD, Message, Press, Sim, TOKEN};
use discord::{Discord, Settings};
use engine::clock::{Clock, ManualClock};
use engine::control::Engine;
use engine::model::{Identity, RunId};
use engine::store::{Commit, Write};
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::edited::Told;
use crate::harness::{Chat, Room, START_MS, Shown, without_links};
use crate::{reading, spec};

/// The channel everybody talks in.
pub(crate) const CHANNEL: &str = CHANNELS[0];
/// One in which nobody told it to listen.
pub(crate) const ELSEWHERE: &str = CHANNELS[1];
/// Its conversation.
pub(crate) const CONVERSATION: &str = "discord:1000000000000000010";
/// The front.
pub(crate) const FRONT: &str = "discord";
/// How the stories begin that are its own.
pub(crate) const OWN: &[&str] = &["discord_", "foreign", "both", "commands", "edited", "odd"];
/// What is added to a story to find out whose turn it is among the databases.
pub(crate) const TURN: usize = 1;
/// Whether it brings files; elsewhere it is said where they are.
pub(crate) const BRINGS_FILES: bool = true;
/// Whether what was shown before a restart is shown after it.
pub(crate) const SHOWS_ON: bool = true;
/// Whether the bot can delete what people wrote.
pub(crate) const ERASES: bool = true;
/// The conversation in which the reporter remembers how far it is.
pub(crate) const REPORTED_IN: &str = FRONT;
/// How long a start takes on Discord's clock, in milliseconds.
const STARTING_MS: i64 = 1_000;
/// Passes before a front that never comes to rest is called endless.
const PASSES_MAX: usize = 2_000;
/// The people of the project.
const PEOPLE: [&str; 4] = ["vera", "ana", "ben", "zoe"];

/// Discord while no program is connected to it.
pub(crate) struct Stage {
    room: Arc<Room>,
    pub(crate) sim: Sim,
    /// Discord's own clock: its pace is not the story's matter.
    pub(crate) clock: Arc<ManualClock>,
    events: Mutex<HashMap<String, Value>>,
    seen: Mutex<usize>,
    channels: Mutex<String>,
}

/// A program connected to Discord.
pub(crate) struct Connected {
    pub(crate) discord: Arc<Discord>,
    listener: Listener,
    courier: Courier,
    _stop: DropGuard,
}

pub(crate) fn settings(sim: &Sim) -> Settings {
    Settings {
        api_base: sim.api_base(),
        token: TOKEN.into(),
        channels: discord::channels(CHANNEL).unwrap(),
        roles: discord::roles("501=viewer, 502=deployer").unwrap(),
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
            // By the name as well, for what the harness does on its own.
            for external_id in [self.sim.user(person), person.to_owned()] {
                let identity = Identity { front: FRONT.to_owned(), external_id };
                commit.writes.push(Write::IdentityPut { identity, person: person.parse().unwrap() });
            }
        }
        engine.store().commit(commit).await.unwrap();
        // A start takes a moment: many of them in one would be too many calls.
        self.clock.advance(STARTING_MS);
        let begun = self.sim.opened().1;
        let clock = self.clock.clone();
        let now = Arc::new(move || clock.now_ms());
        let channels = discord::channels(&self.channels.lock().unwrap()).unwrap();
        let settings = Settings { channels, ..settings(&self.sim) };
        let discord = Arc::new(Discord::open_at(engine, settings, now).await.unwrap());
        let stop = CancellationToken::new();
        let listening = (discord.clone(), stop.clone());
        tokio::spawn(async move { listening.0.listen(listening.1).await });
        self.sim.until(|sim| sim.opened().1 > begun && !sim.commands().is_empty()).await;
        // A start notes until when all was heard; a story begins behind that.
        while !discord.is_heard() {
            tokio::task::yield_now().await;
        }
        discord.rest().await;
        let reporter = discord.reporter().await.unwrap();
        let connected = Connected {
            listener: discord.listener(),
            courier: discord.courier(),
            discord,
            _stop: stop.drop_guard(),
        };
        (connected, reporter)
    }

    /// Requests that Discord's own description does not allow.
    pub(crate) fn faults(&self) -> Vec<String> {
        spec::faults(&self.sim.calls())
    }

    /// The versions of messages that nobody has put into the room yet.
    fn put_new(&self) -> bool {
        let versions = self.sim.versions();
        let mut seen = self.seen.lock().unwrap();
        let new = versions[*seen..].iter().filter(|message| !message.instant && !self.is_ending(message));
        for message in new {
            self.room.puts(self.shown(message));
        }
        let any = versions.len() > *seen;
        *seen = versions.len();
        any
    }

    /// How a run ended, said in its thread: its card says the same.
    pub(crate) fn is_ending(&self, message: &Message) -> bool {
        let in_thread = self.sim.channel(&message.channel).is_some_and(|(_, parent)| parent.is_some());
        let replied =
            message.reply_to.as_ref().and_then(|id| self.sim.messages().into_iter().find(|it| it.id == *id));
        let under_card = replied.is_some_and(|it| it.embeds.iter().any(|embed| !embed["footer"].is_null()));
        (in_thread || under_card) && message.embeds.is_empty() && message.content.contains(" · ")
    }

    fn shown(&self, message: &Message) -> Shown {
        let mut text = reading::read(message);
        // Who people are is said with the name of the front.
        for (id, name) in self.sim.everybody() {
            text = text.replace(&format!("discord:{id}"), &format!("terminal:{name}"));
        }
        // Where runs are shown is the front's own matter.
        let text = without_links(&text);
        let foot = message.embeds.iter().find_map(|embed| embed["footer"]["text"].as_str());
        let key = foot.unwrap_or_default().to_owned();
        let buttons = reading::buttons(message).into_iter().map(|(label, _, id)| (label, id));
        let reader = message.only_for.clone().or_else(|| self.sim.reader(&message.channel));
        Shown {
            update: !key.is_empty(),
            key,
            buttons: buttons.collect(),
            matters: text.starts_with(['?', '✗']),
            private: reader.is_some(),
            to: reader.map(|reader| self.sim.name(&reader)).unwrap_or_default(),
            seen: false,
            text,
        }
    }

    /// The message that is a run's card; its thread has the same identifier.
    fn root_of(&self, run: &RunId) -> String {
        let of_run = |message: &Message| {
            message.embeds.iter().any(|embed| embed["footer"]["text"] == run.to_string().as_str())
        };
        self.sim.messages().into_iter().find(of_run).expect("the run has a card").id
    }

    /// The address of a run's card.
    pub(crate) fn address_of(&self, run: &RunId) -> String {
        format!("https://discord.com/channels/{GUILD}/{CHANNEL}/{}", self.root_of(run))
    }

    /// The names of a run's files that the front has brought.
    pub(crate) fn files_brought(&self, run: &RunId) -> Vec<String> {
        let calls = self.sim.calls().into_iter();
        let described =
            calls.flat_map(|call| call.body["attachments"].as_array().cloned().unwrap_or_default());
        let names = described.map(|one| one["filename"].as_str().unwrap_or_default().to_owned());
        names.filter(|name| name.starts_with(run.as_str())).collect()
    }

    /// How many messages say this.
    pub(crate) fn times_said(&self, text: &str) -> usize {
        self.sim.found(|message| reading::read(message).contains(text)).len()
    }

    /// It tells something of a message.
    pub(crate) async fn tells(&self, what: Told, body: &Value) {
        let kind = match what {
            Told::Written => "MESSAGE_CREATE",
            Told::Edited => "MESSAGE_UPDATE",
            Told::Deleted => "MESSAGE_DELETE",
        };
        assert!(self.sim.tell(kind, body).await, "told to nobody: {body}");
    }

    /// What the bot says in a channel, as it stands there now.
    pub(crate) fn texts_of_bot(&self, channel: &str) -> Vec<String> {
        of_bot(self, channel).iter().map(reading::read).collect()
    }

    /// Whether what the bot says stands under a message.
    pub(crate) fn stands_under(&self, text: &str, said: &Value) -> bool {
        let answer = of_bot(self, CHANNEL).into_iter().find(|message| reading::read(message) == text);
        answer.is_some_and(|answer| answer.reply_to.as_deref() == said["id"].as_str())
    }

    /// A button as somebody finds it.
    pub(crate) fn button(&self, person: &str, label: &str, oldest: bool) -> Press {
        let mut found = self.sim.buttons(person, label);
        if !oldest {
            found.truncate(1);
        }
        found.pop().unwrap_or_else(|| panic!("no button [{label}] was ever shown to {person}"))
    }

    /// Somebody clicks, and clicks once more where they are asked whether they mean it.
    pub(crate) async fn click(&self, person: &str, press: &Press) {
        let acked = self.sim.interact(&self.sim.presses(person, press)).await;
        let acked = acked.unwrap_or_else(|| panic!("{person}'s click was not acknowledged"));
        if acked.kind == 4 {
            let asked = self.sim.messages().into_iter().rev().find(|message| message.instant).unwrap();
            assert_eq!(asked.only_for, Some(self.sim.user(person)), "nobody else is asked");
            let component = discord::sim::buttons_of(&asked.components).remove(0);
            let press = Press { message: asked, component, values: Vec::new() };
            let acked = self.sim.interact(&self.sim.presses(person, &press)).await;
            assert_eq!(acked.expect("the second click is acknowledged").kind, 7);
        }
    }
}

impl Connected {
    pub(crate) async fn hears(
        &mut self,
        stage: &Stage,
        person: &str,
        text: &str,
        event: Option<&str>,
        about: Option<&RunId>,
    ) {
        let thread = about.map(|run| stage.root_of(run));
        let channel = thread.as_deref().unwrap_or(CHANNEL);
        let write = || stage.sim.writes(person, channel, None, &format!("<@{BOT_USER}> {text}"));
        let body = match event {
            None => write(),
            // A second delivery is the same.
            Some(event) => stage.events.lock().unwrap().entry(event.to_owned()).or_insert_with(write).clone(),
        };
        assert!(stage.sim.tell("MESSAGE_CREATE", &body).await, "{person} said {text:?} to nobody");
    }

    pub(crate) async fn clicks(&mut self, stage: &Stage, person: &str, label: &str, oldest: bool) {
        stage.click(person, &stage.button(person, label, oldest)).await;
    }

    pub(crate) async fn hears_at_once(&mut self, stage: &Stage, said: &[(String, String)]) {
        let mut talking = Vec::new();
        for (person, text) in said {
            let body = stage.sim.writes(person, CHANNEL, None, text);
            let sim = stage.sim.clone();
            talking.push(tokio::spawn(async move { sim.tell("MESSAGE_CREATE", &body).await }));
        }
        for heard in talking {
            assert!(heard.await.unwrap(), "not heard");
        }
    }

    pub(crate) async fn shows(&mut self, stage: &Stage) -> bool {
        let mut any = false;
        for _ in 0..PASSES_MAX {
            self.discord.rest().await;
            let heard = self.listener.pass().await.expect("the listener answers");
            let carried = self.courier.pass(stage.clock.now_ms()).await.expect("the courier delivers");
            any |= heard || stage.put_new();
            match carried.due_ms {
                Some(due_ms) => stage.clock.advance_to(due_ms),
                None if !heard && carried.delivered == 0 => return any,
                None => {}
            }
        }
        panic!("Discord does not come to rest; it was asked:\n{:#?}", stage.sim.calls());
    }
}

/// The conversation between the bot and somebody.
pub(crate) fn between(stage: &Stage, person: &str) -> String {
    stage.sim.direct(person)
}

/// How people name the bot.
pub(crate) fn mention() -> String {
    format!("<@{BOT_USER}>")
}

/// The bot's own messages in a channel or thread, as they are now.
pub(crate) fn of_bot(stage: &Stage, channel: &str) -> Vec<Message> {
    let messages = stage.sim.messages().into_iter();
    messages.filter(|message| message.user == BOT_USER && message.channel == channel).collect()
}

/// The newest message for one person alone, on the server or between the two.
pub(crate) fn last_whisper(t: &Chat, person: &str) -> Message {
    let (user, direct) = (t.stage.sim.user(person), t.stage.sim.direct(person));
    let theirs = |it: &Message| it.only_for.as_ref() == Some(&user) || it.channel == direct;
    t.stage.sim.messages().into_iter().rev().find(theirs).unwrap()
}

pub(crate) fn cards(t: &Chat) -> Vec<Message> {
    let is_card = |it: &Message| it.embeds.iter().any(|embed| !embed["footer"].is_null());
    of_bot(&t.stage, CHANNEL).into_iter().filter(is_card).collect()
}
