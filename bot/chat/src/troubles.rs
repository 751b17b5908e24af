//! What keeps a front from hearing or speaking, as long as it does, and as whom it is connected while nothing does: said once
//! in the log, and to whoever asks how it stands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::clock::EpochMs;
use engine::control::{Engine, Notice};

use crate::view;

/// What a trouble in single channels hinders.
const CHANNELS: &str = "channels";
/// Channels named when several are shut.
const CHANNELS_NAMED: usize = 5;
/// How long something that passes by itself most times goes on before it is a trouble, in milliseconds.
const LASTS_MS: EpochMs = 30_000;

/// Least time between two lines of the log about one thing, in milliseconds.
const AGAIN_MS: EpochMs = 60_000;

/// The troubles of one front, each by what it hinders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Troubles {
    engine: Engine,
    front: &'static str,
    /// Channels that can't be spoken in, each with why and what to do.
    shut: Arc<Mutex<BTreeMap<String, String>>>,
    /// Since when that fails which is tried again, by what it hinders.
    failing: Arc<Mutex<BTreeMap<&'static str, EpochMs>>>,
    /// What the log says, by what is hindered.
    logged: Arc<Mutex<BTreeMap<&'static str, Logged>>>,
}

/// A trouble in the log.
#[derive(Debug, Default)]
struct Logged {
    says: String,
    /// That it is over is still to be said.
    is_open: bool,
    /// From when another line may follow.
    next_ms: EpochMs,
}

impl Troubles {
    /// The troubles of a front.
    pub fn new(engine: Engine, front: &'static str) -> Self {
        Self { engine, front, shut: Arc::default(), failing: Arc::default(), logged: Arc::default() }
    }

    /// Something is hindered, in words that say what to do; logged when it is news.
    pub fn begin(&self, hinders: &'static str, why: &str) {
        let now_ms = self.engine.now_ms();
        self.engine.notices().begin(self.front, hinders, why, now_ms);
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let line = logged.entry(hinders).or_default();
        // What comes and goes, and what is said now so and now so, fills no log.
        let news = !line.is_open || line.says != why;
        if news && now_ms >= line.next_ms {
            tracing::error!("{why}");
            *line = Logged { says: why.to_owned(), is_open: true, next_ms: now_ms + AGAIN_MS };
        }
    }

    /// Something failed and is tried again. It is a trouble once it has failed for a while without working in between.
    pub fn fails(&self, hinders: &'static str, why: &str) {
        let now_ms = self.engine.now_ms();
        let since_ms = *self.failing().entry(hinders).or_insert(now_ms);
        if now_ms - since_ms >= LASTS_MS {
            self.begin(hinders, why);
        }
    }

    /// It is not hindered any more; logged when it was.
    pub fn end(&self, hinders: &'static str) {
        self.failing().remove(hinders);
        let Some(Notice { says, .. }) = self.engine.notices().end(self.front, hinders) else { return };
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = logged.get_mut(hinders).filter(|line| line.is_open) {
            line.is_open = false;
            tracing::info!(was = says, "that is over");
        }
    }

    /// A channel can't be spoken in, or not as it must be, in words that say what to do.
    pub fn shut(&self, channel: &str, why: String) {
        self.channels().insert(channel.to_owned(), why);
        self.tell_channels();
    }

    /// A channel was spoken in.
    pub fn open(&self, channel: &str) {
        if self.channels().remove(channel).is_some() {
            self.tell_channels();
        }
    }

    fn tell_channels(&self) {
        let shut = self.channels().clone();
        if shut.is_empty() {
            return self.end(CHANNELS);
        }
        let mut says: Vec<String> = shut.into_values().collect();
        let more = says.len().saturating_sub(CHANNELS_NAMED);
        says.truncate(CHANNELS_NAMED);
        if more > 0 {
            says.push(format!("and {more} channels more"));
        }
        self.begin(CHANNELS, &says.join("; "));
    }

    fn channels(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.shut.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failing(&self) -> MutexGuard<'_, BTreeMap<&'static str, EpochMs>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is connected, as whom and where; logged when it was not.
    pub fn connected(&self, says: &str) {
        if self.engine.notices().connected(self.front, says) {
            tracing::info!("{} is connected: {says}", self.front);
        }
    }

    /// It is connected no more; logged when it was.
    pub fn lost(&self) {
        if self.engine.notices().lost(self.front) {
            tracing::warn!("the connection to {} is lost, connecting again", self.front);
        }
    }

    /// All there are now, in words.
    pub fn all(&self) -> Vec<String> {
        let notices = self.engine.notices().all();
        notices.into_iter().filter(|notice| notice.who == self.front).map(|notice| notice.says).collect()
    }
}

/// What keeps the fronts of a program from hearing or speaking, each in words and with since when.
pub fn front_troubles(engine: &Engine) -> Vec<String> {
    let said = |notice: Notice| format!("{} (since {})", notice.says, view::clock(notice.since_ms));
    engine.notices().all().into_iter().map(said).collect()
}

/// The fronts of a program that are connected, each with as whom and where.
pub fn fronts_connected(engine: &Engine) -> Vec<(&'static str, String)> {
    engine.notices().all_connected()
}
