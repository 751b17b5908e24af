//! Knows when nothing was heard from Slack, and reads afterwards what was said meanwhile: over sockets since one was lost,
//! and where Slack calls since the program ended. Slack repeats calls that were not taken; only what it has given up is missed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat::{Ear, Hearing, Overheard, Place, Said, Unread, holds_secret};
use engine::clock::EpochMs;
use serde_json::{Value, json};

use crate::carrier::channel_of;
use crate::intake::{Intake, without_mention};
use crate::payload::{self, Happened};
use crate::settings::Mode;
use crate::web::{History, Page, WebError, is_direct};
use crate::workspace::Home;

/// Shorter absences are none: Slack delivers again what it could not deliver.
pub(crate) const BORNE_MS: EpochMs = 5_000;
/// How far before a socket was given up a message may have been lost: as long as silence is borne, and a little.
const LOOK_BACK_MS: EpochMs = 40_000;
/// For how long Slack repeats a call: at once, after a minute and after five more. And a little.
const REPEATED_MS: EpochMs = 7 * 60_000;
/// Pages of a channel that are read, of a hundred messages each.
const PAGES_MAX: usize = 10;
/// Threads that are looked into: those something was said in last.
const THREADS_MAX: usize = 20;
/// Pages of a thread that are read.
const THREAD_PAGES_MAX: usize = 2;
/// Times Slack may ask to wait before all of it is tried again later.
const WAITS_MAX: usize = 10;
/// Wait when Slack asks for one and does not say how long.
const WAIT: Duration = Duration::from_secs(1);

/// Slack is heard while this lives.
pub(crate) struct Present(Hearing);

/// Slack is heard, over a socket that opened or because it can call. After an absence, what was missed is looked at.
pub(crate) fn present(intake: &Arc<Intake>) -> Present {
    if intake.hearing.opened(false) {
        catch_up(intake);
    }
    Present(intake.hearing.clone())
}

/// What was said then can't be written down. Slack delivers it again a few times, and gives it up after some minutes: what
/// was missed by the time it can is looked at.
pub(crate) fn unwritten(intake: &Arc<Intake>, at_ms: EpochMs) {
    if intake.hearing.unwritten(at_ms) {
        catch_up(intake);
    }
}

fn catch_up(intake: &Arc<Intake>) {
    let looking = Arc::clone(intake);
    intake.tasks.spawn(async move {
        looking.hearing.catch_up(&*looking, &looking.stop).await;
    });
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.closed();
    }
}

#[async_trait]
impl Ear for Intake {
    fn platform(&self) -> &'static str {
        "Slack"
    }

    fn look_back_ms(&self) -> EpochMs {
        LOOK_BACK_MS
    }

    fn delivers_again_ms(&self) -> EpochMs {
        match self.settings.mode {
            Mode::Socket => 0,
            Mode::Http => REPEATED_MS,
        }
    }

    async fn said_since(&self, conversation: &str, since_ms: EpochMs) -> Result<Said, Unread> {
        let reading = Reading { intake: self, channel: channel_of(conversation), since: stamp(since_ms) };
        reading.all().await.map_err(|error| unread(&error))
    }
}

/// An instant as Slack writes it.
pub(crate) fn stamp(at_ms: EpochMs) -> String {
    format!("{}.{:03}000", at_ms / 1_000, at_ms % 1_000)
}

fn unread(error: &WebError) -> Unread {
    let why = error.to_string();
    match *error {
        WebError::Limited { after_ms, .. } => Unread::Later { why, after: after_ms.map(waited) },
        WebError::Unanswered { .. } => Unread::Later { why, after: None },
        WebError::Refused { .. } => Unread::Never { why },
    }
}

fn waited(ms: i64) -> Duration {
    Duration::from_millis(ms.max(0) as u64)
}

/// One channel being read.
struct Reading<'a> {
    intake: &'a Intake,
    channel: &'a str,
    since: String,
}

impl Reading<'_> {
    /// What was said in the channel, and in threads under what was said there lately.
    async fn all(&self) -> Result<Said, WebError> {
        let since = History { oldest: Some(self.since.clone()), ..History::default() };
        let (mut messages, mut whole) = self.pages(since, PAGES_MAX).await?;
        let before = History { latest: Some(self.since.clone()), ..History::default() };
        let (earlier, _) = self.pages(before, 1).await?;
        let mut roots: Vec<(String, String)> = messages
            .iter()
            .chain(&earlier)
            .filter_map(|root| Some((root["latest_reply"].as_str()?.to_owned(), text(root, "ts"))))
            .filter(|(latest, _)| later(latest, &self.since))
            .collect();
        roots.sort_by(|one, other| seconds(&other.0).total_cmp(&seconds(&one.0)));
        roots.dedup();
        whole &= roots.len() <= THREADS_MAX;
        for (_, root) in roots.into_iter().take(THREADS_MAX) {
            let oldest = Some(self.since.clone());
            let thread = History { oldest, thread: Some(root), ..History::default() };
            match self.pages(thread, THREAD_PAGES_MAX).await {
                Ok((replies, all)) => {
                    messages.extend(replies);
                    whole &= all;
                }
                // Somebody has deleted it.
                Err(WebError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        messages.retain(|message| later(&text(message, "ts"), &self.since));
        messages.sort_by(|one, other| seconds(&text(one, "ts")).total_cmp(&seconds(&text(other, "ts"))));
        messages.dedup_by_key(|message| text(message, "ts"));
        Ok(Said { messages: messages.into_iter().filter_map(|one| self.overheard(one)).collect(), whole })
    }

    /// So many pages of something; whether that was all of it.
    async fn pages(&self, mut history: History, most: usize) -> Result<(Vec<Value>, bool), WebError> {
        let mut found = Vec::new();
        for _ in 0..most {
            let page = self.page(&history).await?;
            found.extend(page.messages);
            match page.next {
                Some(next) => history.cursor = Some(next),
                None => return Ok((found, true)),
            }
        }
        Ok((found, false))
    }

    /// One page, with the patience Slack asks for.
    async fn page(&self, history: &History) -> Result<Page, WebError> {
        let mut waits = 0;
        loop {
            match self.intake.web.messages(self.channel, history).await {
                Err(WebError::Limited { after_ms, .. }) if waits < WAITS_MAX => {
                    waits += 1;
                    tokio::time::sleep(after_ms.map_or(WAIT, waited)).await;
                }
                other => return other,
            }
        }
    }

    fn overheard(&self, mut message: Value) -> Option<Overheard> {
        if !message.is_object() {
            return None;
        }
        message["type"] = Value::from("message");
        message["channel"] = Value::from(self.channel);
        let home = Home::of_message(&message);
        let Happened::Said(said) = payload::event(&json!({ "event": message })) else { return None };
        let bot = self.intake.bot.get().map(|bot| bot.user.as_str()).unwrap_or_default();
        // Where nobody told it to listen it is spoken to by its name, or alone.
        let meant = self.intake.settings.channels.listens(self.channel)
            || is_direct(self.channel)
            || without_mention(&said.text, bot).1;
        if bot == said.user || !meant {
            return None;
        }
        // Nobody of another workspace was missed; a secret of theirs was.
        if !(self.intake.is_ours(&home) || holds_secret(self.intake.engine.redactor(), &said.text)) {
            return None;
        }
        let place = Place {
            to: Some(said.user.clone()),
            inside: said.thread.is_some(),
            thread: said.thread.clone(),
            erases: Some(said.ts.clone()),
            ..Place::default()
        };
        let at_ms = (seconds(&said.ts) * 1_000.0) as EpochMs;
        Some(Overheard { event: said.event(), who: said.user, text: said.text, at_ms, place })
    }
}

/// Whether one instant of Slack's comes after another.
fn later(one: &str, other: &str) -> bool {
    seconds(one) > seconds(other)
}

fn seconds(ts: &str) -> f64 {
    ts.parse().unwrap_or_default()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}
