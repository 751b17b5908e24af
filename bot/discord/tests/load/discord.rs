//! The simulated Discord under load.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use discord::sim::{BOT_USER, Message, Press, Sim, TOKEN, user_id};
use discord::{Discord, Settings};
use tokio_util::sync::CancellationToken;

use crate::load::{Click, Day, Limit, Platform, Program, Report, go_by, most_within};

/// The identifier of the first channel; the others follow.
const FIRST_CHANNEL: usize = 1_000_000_000_000_001_000;
/// What Discord takes in a channel within five seconds, of new messages and of edits each.
const IN_CHANNEL: (usize, i64) = (5, 5_000);
/// Calls Discord takes within a second, but for answers to interactions.
const CALLS: (usize, i64) = (50, 1_000);

struct DiscordUnderLoad(Sim);

fn channel_id(number: usize) -> String {
    (FIRST_CHANNEL + number).to_string()
}

/// Lets a day go by on a simulated Discord.
pub(crate) async fn on_discord(day: Day) -> Report {
    let sim = Sim::start(Arc::new(engine::clock::SystemClock), true).await.unwrap();
    sim.forgets();
    let program = Program::open(&day, discord::FRONT, user_id).await;
    let channels: Vec<String> = (0..day.channels).map(channel_id).collect();
    for channel in &channels {
        sim.opens(channel, channel);
    }
    let settings = Settings {
        api_base: sim.api_base(),
        token: TOKEN.into(),
        channels: discord::channels(&channels.join(",")).unwrap(),
        roles: discord::roles("").unwrap(),
        strangers: None,
    };
    let discord = Discord::open(&program.engine, settings).await.unwrap();
    let stop = CancellationToken::new();
    let engine = program.engine.clone();
    let (engine_stop, discord_stop) = (stop.clone(), stop.clone());
    let working = tokio::spawn(async move { engine.work(engine_stop).await });
    let talking = tokio::spawn(async move { Box::pin(discord.work(discord_stop)).await });
    sim.until(|sim| !sim.commands().is_empty()).await;
    let report = go_by(day, &program, Arc::new(DiscordUnderLoad(sim))).await;
    stop.cancel();
    talking.await.unwrap().unwrap();
    working.await.unwrap();
    report
}

impl DiscordUnderLoad {
    /// Somebody presses a button.
    async fn presses(&self, person: &str, press: &Press) -> Click {
        let click = self.0.presses(person, press);
        let acked = self.0.interact(&click).await;
        let id = press.component["custom_id"].as_str().unwrap_or_default();
        let says = ["say/", "yes/", "pick/"].iter().any(|kind| id.starts_with(kind));
        // `say/3/retry r-1`, `yes/THREAD/1/retry r-1`; of a menu, what was chosen.
        let parts = if id.starts_with("yes/") { 4 } else { 3 };
        let command = press.values.first().map(String::as_str).or_else(|| id.splitn(parts, '/').last());
        Click {
            took: acked.map(|acked| acked.took),
            event: says.then(|| format!("interaction/{}", click["id"].as_str().unwrap_or_default())),
            command: command.unwrap_or_default().to_owned(),
        }
    }

    /// The button that says yes, where somebody was asked whether they mean it.
    fn asked(&self, person: &str) -> Option<Press> {
        let user = user_id(person);
        let mine = self.0.found(|message| message.only_for.as_ref() == Some(&user) && message.instant);
        let message = mine.into_iter().next_back()?;
        let component = discord::sim::buttons_of(&message.components).into_iter().next()?;
        component["custom_id"].as_str()?.starts_with("yes/").then_some(Press {
            message,
            component,
            values: Vec::new(),
        })
    }

    fn of_bot(&self, channel: &str, holds: impl Fn(&Message) -> bool) -> Vec<Message> {
        self.0.found(|message| message.user == BOT_USER && message.channel == channel && holds(message))
    }
}

fn shows(message: &Message, run: &str) -> bool {
    message.embeds.iter().any(|embed| embed["footer"]["text"] == run)
}

#[async_trait]
impl Platform for DiscordUnderLoad {
    fn front(&self) -> &'static str {
        discord::FRONT
    }

    fn channel(&self, conversation: &str) -> Option<usize> {
        conversation.strip_prefix("discord:")?.parse::<usize>().ok()?.checked_sub(FIRST_CHANNEL)
    }

    async fn says(
        &self,
        person: &str,
        channel: usize,
        text: &str,
        often: bool,
    ) -> (Option<Duration>, String) {
        let said = self.0.writes(person, &channel_id(channel), None, text);
        let message = said["id"].as_str().unwrap_or_default().to_owned();
        let began = std::time::Instant::now();
        let heard = self.0.tell("MESSAGE_CREATE", &said).await;
        let took = heard.then(|| began.elapsed());
        if often {
            // Told again, as after a lost socket.
            self.0.tell("MESSAGE_CREATE", &said).await;
            self.0.tell("MESSAGE_CREATE", &said).await;
        }
        (took, message)
    }

    async fn commands(&self, person: &str, channel: usize, text: &str) -> Option<Duration> {
        let command = self.0.command(person, &channel_id(channel), text, &[]);
        self.0.interact(&command).await.map(|acked| acked.took)
    }

    async fn clicks(&self, person: &str, channel: usize) -> Vec<Click> {
        let Some(press) = self.0.newest_button(person, &channel_id(channel)) else { return Vec::new() };
        let first = self.presses(person, &press).await;
        let asked = first.event.is_none().then(|| self.asked(person)).flatten();
        match asked {
            None => vec![first],
            Some(yes) => vec![first, self.presses(person, &yes).await],
        }
    }

    fn answers(&self, channel: usize, message: &str) -> usize {
        self.of_bot(&channel_id(channel), |one| one.reply_to.as_deref() == Some(message)).len()
    }

    fn whispers(&self, person: &str) -> Vec<String> {
        let user = user_id(person);
        let direct = self.0.direct(person);
        let theirs = |it: &Message| it.only_for.as_ref() == Some(&user) || it.channel == direct;
        let found = self.0.found(|message| message.user == BOT_USER && theirs(message) && !message.instant);
        found.into_iter().map(|message| message.content).collect()
    }

    fn told_of(&self, channel: usize, run: &str) -> (Vec<String>, Vec<String>) {
        let cards = self.of_bot(&channel_id(channel), |message| shows(message, run));
        // A card's thread has the identifier of its message, and how the run ended is said in it.
        let ends = cards.iter().flat_map(|card| self.of_bot(&card.id, |message| message.embeds.is_empty()));
        let ends = ends.map(|end| end.content).collect();
        (cards.into_iter().map(|card| card.content).collect(), ends)
    }

    fn limits(&self) -> Vec<Limit> {
        let (mut counted, mut posted, mut edited) = (Vec::new(), HashMap::new(), HashMap::new());
        for call in self.0.calls() {
            let path: Vec<&str> = call.path.split('/').skip(1).collect();
            if !matches!(path[0], "interactions" | "webhooks") {
                counted.push(call.at_ms);
            }
            let times: &mut HashMap<String, Vec<i64>> = match (call.method.as_str(), path.as_slice()) {
                ("POST", ["channels", _, "messages"]) => &mut posted,
                ("PATCH", ["channels", _, "messages", _]) => &mut edited,
                _ => continue,
            };
            times.entry(path[1].to_owned()).or_default().push(call.at_ms);
        }
        let most_of = |times: HashMap<String, Vec<i64>>| {
            times.values().map(|at_ms| most_within(at_ms, IN_CHANNEL.1)).max().unwrap_or_default()
        };
        let limit = |name: &str, most, takes| Limit { name: name.to_owned(), most, takes };
        vec![
            limit("calls in a second", most_within(&counted, CALLS.1), CALLS.0),
            limit("messages in a channel in 5 s", most_of(posted), IN_CHANNEL.0),
            limit("edits in a channel in 5 s", most_of(edited), IN_CHANNEL.0),
            limit("calls that Discord asked to wait for", self.0.limited(), 0),
        ]
    }
}
