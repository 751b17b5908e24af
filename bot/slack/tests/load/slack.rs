//! The simulated Slack under load.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use slack::sim::{APP_TOKEN, BOT_TOKEN, BOT_USER, Message, Sim};
use slack::{Mode, Settings, Slack};
use tokio_util::sync::CancellationToken;

use crate::load::{Click, Day, Limit, Platform, Program, Report, go_by, most_within};

/// A minute, in milliseconds.
const MINUTE_MS: i64 = 60_000;
/// What Slack takes of each method in a minute, in a workspace.
const METHODS: [(&str, usize); 4] =
    [("chat.postMessage", 400), ("chat.update", 50), ("chat.postEphemeral", 100), ("views.publish", 100)];

struct SlackUnderLoad(Sim);

fn channel_id(number: usize) -> String {
    format!("C{number:03}")
}

/// Lets a day go by on a simulated Slack.
pub(crate) async fn on_slack(day: Day) -> Report {
    let sim = Sim::start(Arc::new(engine::clock::SystemClock), true).await.unwrap();
    sim.forgets();
    let program = Program::open(&day, slack::FRONT, str::to_owned).await;
    let channels: Vec<String> = (0..day.channels).map(channel_id).collect();
    let settings = Settings {
        api_base: sim.api_base(),
        bot_token: BOT_TOKEN.into(),
        app_token: Some(APP_TOKEN.into()),
        signing_secret: None,
        mode: Mode::Socket,
        channels: slack::channels(&channels.join(",")).unwrap(),
        strangers: None,
    };
    let slack = Slack::open(&program.engine, settings).await.unwrap();
    let stop = CancellationToken::new();
    let engine = program.engine.clone();
    let (engine_stop, slack_stop) = (stop.clone(), stop.clone());
    let working = tokio::spawn(async move { engine.work(engine_stop).await });
    let talking = tokio::spawn(async move { slack.work(slack_stop).await });
    sim.until(|sim| sim.sockets() > 0).await;
    let report = go_by(day, &program, Arc::new(SlackUnderLoad(sim))).await;
    stop.cancel();
    talking.await.unwrap().unwrap();
    working.await.unwrap();
    report
}

impl SlackUnderLoad {
    fn of_bot(&self, channel: usize, holds: impl Fn(&Message) -> bool) -> Vec<String> {
        let channel = channel_id(channel);
        self.0.texts(|message| message.user == BOT_USER && message.channel == channel && holds(message))
    }
}

fn is_marked(message: &Message, mark: &str) -> bool {
    message.blocks.first().is_some_and(|block| block["block_id"] == mark)
}

#[async_trait]
impl Platform for SlackUnderLoad {
    fn front(&self) -> &'static str {
        slack::FRONT
    }

    fn channel(&self, conversation: &str) -> Option<usize> {
        conversation.strip_prefix("slack:C")?.parse().ok()
    }

    async fn says(
        &self,
        person: &str,
        channel: usize,
        text: &str,
        often: bool,
    ) -> (Option<Duration>, String) {
        let said = self.0.writes(person, &channel_id(channel), None, text);
        let message = said["event"]["ts"].as_str().unwrap_or_default().to_owned();
        let acked = self.0.deliver("events_api", &said, often).await;
        if often {
            // As a mention too, and once more.
            self.0.deliver("events_api", &self.0.as_mention(&said), false).await;
            self.0.deliver("events_api", &said, true).await;
        }
        (acked.map(|acked| acked.took), message)
    }

    async fn commands(&self, person: &str, channel: usize, text: &str) -> Option<Duration> {
        let command = self.0.commands(person, &channel_id(channel), text);
        self.0.deliver("slash_commands", &command, true).await.map(|acked| acked.took)
    }

    async fn clicks(&self, person: &str, channel: usize) -> Vec<Click> {
        let Some(press) = self.0.newest_button(person, &channel_id(channel)) else { return Vec::new() };
        let click = self.0.presses(person, &press);
        let took = self.0.deliver("interactive", &click, true).await.map(|acked| acked.took);
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (at, message) = (word(&click["actions"][0]["action_ts"]), &press.message);
        let says = word(&press.button["action_id"]).starts_with("say/");
        let event = says.then(|| format!("click/{}/{}/{person}/{at}", message.channel, message.ts));
        vec![Click { took, event, command: word(&press.button["value"]) }]
    }

    fn answers(&self, channel: usize, message: &str) -> usize {
        self.of_bot(channel, |one| one.thread.as_deref() == Some(message)).len()
    }

    fn whispers(&self, person: &str) -> Vec<String> {
        self.0.texts(|message| message.only_for.as_deref() == Some(person))
    }

    fn told_of(&self, channel: usize, run: &str) -> (Vec<String>, Vec<String>) {
        let card = self.of_bot(channel, |message| is_marked(message, &format!("card/{run}")));
        (card, self.of_bot(channel, |message| is_marked(message, &format!("end/{run}"))))
    }

    fn limits(&self) -> Vec<Limit> {
        let calls = self.0.calls();
        let mut limits = Vec::new();
        for (method, takes) in METHODS {
            let at_ms: Vec<i64> =
                calls.iter().filter(|call| call.method == method).map(|call| call.at_ms).collect();
            limits.push(Limit {
                name: format!("{method} in a minute"),
                most: most_within(&at_ms, MINUTE_MS),
                takes,
            });
        }
        let mut spoken: HashMap<&str, Vec<i64>> = HashMap::new();
        for call in calls.iter().filter(|call| call.method == "chat.postMessage") {
            spoken.entry(call.body["channel"].as_str().unwrap_or_default()).or_default().push(call.at_ms);
        }
        let most = spoken.values().map(|at_ms| most_within(at_ms, 1_000)).max().unwrap_or_default();
        limits.push(Limit { name: "messages in a channel in a second".to_owned(), most, takes: 1 });
        limits.push(Limit {
            name: "calls that Slack asked to wait for".to_owned(),
            most: self.0.limited(),
            takes: 0,
        });
        limits
    }
}
