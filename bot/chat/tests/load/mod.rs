//! A working day in a minute: many people in many channels type and click while many runs move. The front brings its simulated
//! platform; what is asked of them, what is measured, and what must hold is the same for all.

#![expect(clippy::unwrap_used, reason = "a benchmark is a test")]

mod program;
mod report;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use engine::control::Engine;
use engine::run::{Run, RunState};

pub(crate) use program::Program;
use report::{Expected, Sample};
pub(crate) use report::{Limit, Report, most_within};

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day {
    /// People who type and click.
    pub(crate) people: usize,
    /// Channels they are in.
    pub(crate) channels: usize,
    /// Runs that move at a time, each in an environment of its own.
    pub(crate) runs: usize,
    /// How long they go on.
    pub(crate) lasts: Duration,
    /// How often each of them does something.
    pub(crate) every: Duration,
    /// How long all may take to be shown afterwards.
    pub(crate) drains: Duration,
}

impl Day {
    /// The whole of it, for so many seconds.
    #[allow(dead_code, reason = "what is run as a test is shorter")]
    pub(crate) fn whole(seconds: u64) -> Self {
        Self {
            people: 200,
            channels: 50,
            runs: 100,
            lasts: Duration::from_secs(seconds),
            every: Duration::from_secs(15),
            drains: Duration::from_mins(15),
        }
    }

    /// A few people, a few seconds.
    #[allow(dead_code, reason = "what is run as a benchmark is longer")]
    pub(crate) fn short() -> Self {
        Self {
            people: 20,
            channels: 10,
            runs: 8,
            lasts: Duration::from_secs(3),
            every: Duration::from_secs(1),
            drains: Duration::from_mins(1),
        }
    }
}

/// A button that was pressed.
#[derive(Debug)]
pub(crate) struct Click {
    /// How long its acknowledgement took; none when there was none.
    pub(crate) took: Option<Duration>,
    /// The event it is to the bot; none where pressing it says nothing yet.
    pub(crate) event: Option<String>,
    /// What it says.
    pub(crate) command: String,
}

/// A simulated platform under load.
#[async_trait]
pub(crate) trait Platform: Send + Sync + 'static {
    /// The front's name.
    fn front(&self) -> &'static str;

    /// The number of the channel that a conversation is.
    fn channel(&self, conversation: &str) -> Option<usize>;

    /// Somebody writes in a channel, and the platform delivers it, perhaps several times. How long the acknowledgement took
    /// (none when there was none), and the message's identifier.
    async fn says(&self, person: &str, channel: usize, text: &str, often: bool)
    -> (Option<Duration>, String);

    /// Somebody gives a command that is answered to them alone.
    async fn commands(&self, person: &str, channel: usize, text: &str) -> Option<Duration>;

    /// Somebody presses one of the newest buttons of a channel, and once more where they are asked whether they mean it; nothing
    /// when there is none.
    async fn clicks(&self, person: &str, channel: usize) -> Vec<Click>;

    /// Answers under a message.
    fn answers(&self, channel: usize, message: &str) -> usize;

    /// The texts of the answers to a person alone.
    fn whispers(&self, person: &str) -> Vec<String>;

    /// The texts of the messages that are a run's card, or say that it is over.
    fn told_of(&self, channel: usize, run: &str) -> (Vec<String>, Vec<String>);

    /// What the platform counts, as it was used.
    fn limits(&self) -> Vec<Limit>;
}

/// What somebody does.
enum Act {
    Chatter,
    Asks(String),
    Commands,
    Deploys,
    Clicks,
}

/// Person `number` does this, the `turn`th time.
fn act(day: &Day, number: usize, turn: usize) -> Act {
    match (number * 7 + turn * 11) % 20 {
        0..=8 => Act::Chatter,
        9..=11 => Act::Asks("whoami".to_owned()),
        12 | 13 => Act::Asks(format!("status {}", program::environment(number % day.runs))),
        14 => Act::Commands,
        15 => Act::Deploys,
        _ => Act::Clicks,
    }
}

/// Lets a day go by and measures it.
pub(crate) async fn go_by(day: Day, program: &Program, platform: Arc<dyn Platform>) -> Report {
    let began = Instant::now();
    let mut report = Report::new(day);
    let sampling = tokio::spawn(report::sample(began, day.lasts));
    let mut people = tokio::task::JoinSet::new();
    for number in 0..day.people {
        people.spawn(person(day, number, began, Arc::clone(&platform)));
    }
    let mut expected = Vec::new();
    while let Some(joined) = people.join_next().await {
        let (acks, theirs) = joined.unwrap();
        report.acks.extend(acks);
        expected.push(theirs);
    }
    let samples: Vec<Sample> = sampling.await.unwrap();
    let (engine, ended) = (program.engine.clone(), Instant::now());
    report.drained = is_shown(&engine, platform.as_ref(), day).await.then(|| ended.elapsed());
    report.memory(&samples);
    report.people(&expected, platform.as_ref());
    report.runs(&engine.store().run_recent(i64::MAX).await.unwrap(), platform.as_ref());
    report.clicks(&expected, &engine, platform.front()).await;
    report.limits = platform.limits();
    report
}

/// What one person does all day; how long each acknowledgement took, and what must have come of it.
async fn person(
    day: Day,
    number: usize,
    began: Instant,
    platform: Arc<dyn Platform>,
) -> (Vec<Option<Duration>>, Expected) {
    let (name, channel) = (program::person(number), number % day.channels);
    let mut expected = Expected { person: name.clone(), channel, ..Expected::default() };
    let mut acks = Vec::new();
    // They don't all begin in the same moment.
    let mut next = began + day.every.mul_f64(number as f64 / day.people as f64);
    let mut turn = 0;
    if number < day.runs {
        let deploy = format!("deploy {} ref {}", program::environment(number), program::REFERENCES[0]);
        acks.push(platform.says(&name, channel, &deploy, false).await.0);
        expected.deployed += 1;
    }
    while next < began + day.lasts {
        tokio::time::sleep_until(next.into()).await;
        match act(&day, number, turn) {
            Act::Chatter => acks.push(platform.says(&name, channel, "lunch, anybody?", false).await.0),
            Act::Asks(text) => {
                let (ack, message) = platform.says(&name, channel, &text, turn % 2 == 0).await;
                acks.push(ack);
                expected.answered.push(message);
            }
            Act::Commands => {
                acks.push(platform.commands(&name, channel, "whoami").await);
                expected.whispered += 1;
            }
            Act::Deploys => {
                let (place, reference) = (number % day.runs, program::REFERENCES[1 + turn % 2]);
                let text = format!("deploy {} ref {reference}", program::environment(place));
                acks.push(platform.says(&name, channel, &text, true).await.0);
                expected.deployed += 1;
            }
            Act::Clicks => {
                let clicks = platform.clicks(&name, channel).await;
                acks.extend(clicks.iter().map(|click| click.took));
                let acknowledged = clicks.into_iter().filter(|click| click.took.is_some());
                expected.clicked.extend(acknowledged.filter_map(|one| Some((one.event?, one.command))));
            }
        }
        turn += 1;
        next += day.every;
    }
    (acks, expected)
}

/// Waits until nothing is left to be handled or shown, and every run is over.
async fn is_shown(engine: &Engine, platform: &dyn Platform, day: Day) -> bool {
    let until = Instant::now() + day.drains;
    let mut quiet = 0;
    while Instant::now() < until {
        let store = engine.store();
        let front = platform.front();
        let live = store.run_live().await.unwrap();
        let moves = live.iter().any(|run| moves(run, &live));
        let waits = store.inbox_list(front, 1).await.unwrap().len()
            + store.outbox_conversations(front).await.unwrap().len();
        quiet = if moves || waits > 0 { 0 } else { quiet + 1 };
        if quiet >= 3 {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    false
}

/// Whether a run goes on without anybody: who stands in line behind one that somebody paused does not.
fn moves(run: &Run, live: &[Run]) -> bool {
    let paused = |other: &Run| {
        matches!(other.state, RunState::Paused { .. }) && other.environment() == run.environment()
    };
    let waits = matches!(run.state, RunState::Queued { .. }) && live.iter().any(paused);
    run.state.moves_by_itself() && !waits
}
