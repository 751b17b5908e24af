//! What was measured, as a table, and which bounds were broken.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use engine::control::Engine;
use engine::run::Run;

use super::{Day, Platform};

/// Longest acknowledgement of 99 in 100.
const ACKNOWLEDGED: Duration = Duration::from_secs(1);
/// Most the program's memory may grow from the middle of the day to its end, in KiB: the simulated platform is in it, and
/// keeps every message.
const GROWTH_KIB: i64 = 48 * 1024;

/// How orders begin that make a run.
const MAKE_RUNS: [&str; 3] = ["deploy ", "retry ", "rollback "];

/// What a platform counts.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    /// What is counted.
    pub(crate) name: String,
    /// The most there was in one stretch of time.
    pub(crate) most: usize,
    /// What the platform takes.
    pub(crate) takes: usize,
}

/// What must have come of what one person did.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) person: String,
    pub(crate) channel: usize,
    /// Messages with one answer each.
    pub(crate) answered: Vec<String>,
    /// Commands that are answered to them alone, with who they are.
    pub(crate) whispered: usize,
    /// Deploys they asked for.
    pub(crate) deployed: usize,
    /// Buttons they pressed that say something: the event, and what was said.
    pub(crate) clicked: Vec<(String, String)>,
}

/// The memory of the program at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    at: Duration,
    kib: i64,
}

/// What was measured.
#[derive(Debug)]
pub(crate) struct Report {
    day: Day,
    pub(crate) acks: Vec<Option<Duration>>,
    /// How long it took until all was shown; absent when it never was.
    pub(crate) drained: Option<Duration>,
    answers: usize,
    clicks: usize,
    lost: usize,
    doubled: usize,
    runs: usize,
    memory_kib: Option<(i64, i64)>,
    pub(crate) limits: Vec<Limit>,
}

impl Report {
    pub(crate) fn new(day: Day) -> Self {
        Self {
            day,
            acks: Vec::new(),
            drained: None,
            answers: 0,
            clicks: 0,
            lost: 0,
            doubled: 0,
            runs: 0,
            memory_kib: None,
            limits: Vec::new(),
        }
    }

    /// Prints what was measured and which bounds are broken; the program ends with 1 when one is.
    #[allow(dead_code, reason = "a test fails instead")]
    pub(crate) fn print(&self) -> ExitCode {
        let broken = self.broken();
        let mut out = std::io::stdout();
        write!(out, "{self}").unwrap();
        for bound in &broken {
            writeln!(out, "broken: {bound}").unwrap();
        }
        ExitCode::from(u8::from(!broken.is_empty()))
    }

    /// Which bounds are broken.
    pub(crate) fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let unacknowledged = self.acks.iter().filter(|ack| ack.is_none()).count();
        if unacknowledged > 0 {
            broken.push(format!("{unacknowledged} deliveries were not acknowledged"));
        }
        if self.percentile(99) > ACKNOWLEDGED {
            broken.push(format!("acknowledgements took {:?} at p99", self.percentile(99)));
        }
        if self.drained.is_none() {
            broken.push(format!("not all was shown within {:?}", self.day.drains));
        }
        if self.lost + self.doubled > 0 {
            broken.push(format!("{} messages were lost and {} doubled", self.lost, self.doubled));
        }
        if self.clicks == 0 {
            broken.push("nobody pressed a button".to_owned());
        }
        if self.runs < self.day.runs {
            broken.push(format!("there were {} runs", self.runs));
        }
        if self.memory_kib.is_some_and(|(middle, end)| end - middle > GROWTH_KIB) {
            broken.push("the memory grew".to_owned());
        }
        let over = self.limits.iter().filter(|limit| limit.most > limit.takes);
        broken.extend(over.map(|limit| format!("{}: {} of {}", limit.name, limit.most, limit.takes)));
        broken
    }

    fn percentile(&self, percent: usize) -> Duration {
        let mut took: Vec<Duration> = self.acks.iter().copied().flatten().collect();
        took.sort_unstable();
        took.get((took.len() * percent / 100).min(took.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    pub(super) fn memory(&mut self, samples: &[Sample]) {
        let about = |part: f64| {
            let near: Vec<i64> = samples
                .iter()
                .filter(|sample| (sample.at.as_secs_f64() / self.day.lasts.as_secs_f64() - part).abs() < 0.1)
                .map(|sample| sample.kib)
                .collect();
            (!near.is_empty()).then(|| near.iter().sum::<i64>() / near.len() as i64)
        };
        self.memory_kib = about(0.5).zip(about(0.95));
    }

    fn counts(&mut self, expected: usize, found: usize) {
        self.answers += found;
        self.lost += expected.saturating_sub(found);
        self.doubled += found.saturating_sub(expected);
    }

    pub(super) fn people(&mut self, expected: &[Expected], platform: &dyn Platform) {
        for theirs in expected {
            for message in &theirs.answered {
                self.counts(1, platform.answers(theirs.channel, message));
            }
            let whispers = platform.whispers(&theirs.person);
            let (told, others): (Vec<_>, Vec<_>) =
                whispers.iter().partition(|text| text.contains(&format!("You are {}", theirs.person)));
            self.counts(theirs.whispered, told.len());
            // What they may not do, or came too late with: once for each thing they did.
            self.doubled += others.len().saturating_sub(theirs.clicked.len() + theirs.deployed);
        }
    }

    /// Each button that was pressed and acknowledged is handled, and what it says is done once at most.
    pub(super) async fn clicks(&mut self, expected: &[Expected], engine: &Engine, front: &str) {
        let store = engine.store();
        let record = store.audit_after(0, i64::MAX).await.unwrap();
        for theirs in expected {
            let mut orders: HashMap<&str, usize> = HashMap::new();
            for (event, command) in &theirs.clicked {
                self.clicks += 1;
                self.lost += usize::from(!store.inbound_is_known(front, event).await.unwrap());
                *orders.entry(command).or_default() += 1;
            }
            let mut steered: HashMap<String, usize> = HashMap::new();
            let mut requested = 0_usize;
            for (done, _) in record.iter().filter(|(done, _)| done.actor.name == theirs.person) {
                let run = done.run.as_ref().map(ToString::to_string).unwrap_or_default();
                match done.action.as_str() {
                    "run.requested" => requested += 1,
                    "run.steered" => {
                        let verb = done.data["verb"].as_str().unwrap_or_default();
                        *steered.entry(format!("{verb} {run}")).or_default() += 1;
                    }
                    _ => {}
                }
            }
            for (order, times) in steered {
                self.doubled += times.saturating_sub(orders.get(order.as_str()).copied().unwrap_or_default());
            }
            let makes_run = |order: &&&str| MAKE_RUNS.iter().any(|verb| order.starts_with(verb));
            let asked: usize =
                orders.keys().filter(makes_run).map(|order| orders[*order]).sum::<usize>() + theirs.deployed;
            self.doubled += requested.saturating_sub(asked);
        }
    }

    pub(super) fn runs(&mut self, runs: &[Run], platform: &dyn Platform) {
        let mut seen = HashSet::new();
        for run in runs {
            self.runs += 1;
            assert!(seen.insert(run.id.clone()));
            let asked = run.request.conversation.as_deref().unwrap_or_default();
            let Some(channel) = platform.channel(asked) else { continue };
            let (cards, ends) = platform.told_of(channel, &run.id.to_string());
            self.counts(1, cards.len());
            if run.state.is_over() {
                self.counts(1, ends.len());
                // The last state is what is shown.
                let said = run.state.as_str().replace('-', " ");
                self.lost += usize::from(!cards.iter().any(|card| card.contains(&said)));
            }
        }
    }
}

/// The most of these instants that are within one stretch of time. They are in order.
pub(crate) fn most_within(at_ms: &[i64], stretch_ms: i64) -> usize {
    let mut begin = 0;
    let mut most = 0;
    for (end, now_ms) in at_ms.iter().enumerate() {
        while now_ms - at_ms[begin] >= stretch_ms {
            begin += 1;
        }
        most = most.max(end + 1 - begin);
    }
    most
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Day { people, channels, lasts, .. } = self.day;
        writeln!(f, "{people} people in {channels} channels for {} s", lasts.as_secs())?;
        let mut row = |name: &str, value: String| writeln!(f, "  {name:<34} {value}");
        row("deliveries", self.acks.len().to_string())?;
        let (half, most) = (self.percentile(50), self.percentile(100));
        row(
            "acknowledged: p50, p99, longest",
            format!("{half:.1?}, {:.1?}, {most:.1?}", self.percentile(99)),
        )?;
        row("runs", self.runs.to_string())?;
        row("buttons pressed", self.clicks.to_string())?;
        row("answers, cards and ends", self.answers.to_string())?;
        row("lost, doubled", format!("{}, {}", self.lost, self.doubled))?;
        row(
            "all shown after the end",
            self.drained.map_or("never".to_owned(), |took| format!("{took:.1?}")),
        )?;
        let memory = self.memory_kib.map_or("not measured here".to_owned(), |(middle, end)| {
            format!("{} MiB, {} MiB", middle / 1024, end / 1024)
        });
        row("memory in the middle, at the end", memory)?;
        for limit in &self.limits {
            row(&limit.name, format!("{} of {}", limit.most, limit.takes))?;
        }
        Ok(())
    }
}

/// Looks at the program's memory until the day is over.
pub(super) async fn sample(began: Instant, lasts: Duration) -> Vec<Sample> {
    let mut samples = Vec::new();
    while began.elapsed() < lasts {
        if let Some(kib) = resident_kib() {
            samples.push(Sample { at: began.elapsed(), kib });
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    samples
}

/// What Linux says about this process; other systems say it elsewhere.
fn resident_kib() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
