//! Reads, after a time in which nothing was heard from Discord, what was said meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat::{Ear, Overheard, Place, Said, Unread};
use engine::clock::EpochMs;
use engine::store::StoreError;
use serde_json::Value;

use crate::intake::{Intake, channel_of, whereabouts};
use crate::payload::{self, Told, text};
use crate::snowflake;
use crate::web::{Bound, PAGE, WebError};

/// Every absence counts: of a session that goes on Discord tells everything, of a new one nothing that was before.
pub(crate) const BORNE_MS: EpochMs = 0;
/// How long it is tried to write down what was told, in milliseconds: a database that changes its place is back by then.
const PATIENCE_MS: EpochMs = 5_000;
/// Wait before it is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// How far before a socket was given up a message may have been lost: about as long as silence is borne.
const LOOK_BACK_MS: EpochMs = 90_000;
/// Pages of a channel that are read, of a hundred messages each.
const PAGES_MAX: usize = 10;
/// Threads that are looked into: those something was said in last.
const THREADS_MAX: usize = 20;
/// Pages of a thread that are read.
const THREAD_PAGES_MAX: usize = 2;
/// Times Discord may ask to wait before all of it is tried again later.
const WAITS_MAX: usize = 20;

/// It is heard. Of a session that goes on everything is told that happened meanwhile; before a new one something may have
/// been missed, and that is looked at.
pub(crate) fn present(intake: &Arc<Intake>, resumed: bool) {
    if intake.hearing.opened(resumed) {
        catch_up(intake);
    }
}

fn catch_up(intake: &Arc<Intake>) {
    let looking = Arc::clone(intake);
    intake.tasks.spawn(async move {
        looking.hearing.catch_up(&*looking, &looking.stop).await;
    });
}

#[async_trait]
impl Ear for Intake {
    fn platform(&self) -> &'static str {
        "Discord"
    }

    fn look_back_ms(&self) -> EpochMs {
        LOOK_BACK_MS
    }

    async fn said_since(&self, conversation: &str, since_ms: EpochMs) -> Result<Said, Unread> {
        let (channel, direct) = channel_of(conversation);
        let since = snowflake::at(since_ms);
        // Where nobody told it to listen it is spoken to by its name, or alone.
        let all = direct || self.settings.channels.listens(channel);
        self.all_since(channel, &since, all).await.map_err(|error| unread(&error))
    }
}

fn unread(error: &WebError) -> Unread {
    let why = error.to_string();
    match *error {
        WebError::Limited { after_ms, .. } => Unread::Later { why, after: Some(waited(after_ms)) },
        WebError::Unanswered { .. } => Unread::Later { why, after: None },
        WebError::Refused { .. } => Unread::Never { why },
    }
}

fn waited(ms: i64) -> Duration {
    Duration::from_millis(ms.max(0) as u64)
}

impl Intake {
    /// Takes in what was told of one channel, with patience for a database that is away for a moment. Where the bot listens,
    /// what can't be written down for longer counts as missed: it is told once it can, and not done late. Elsewhere nobody
    /// would tell it, and it waits.
    pub(crate) async fn take_in(
        self: &Arc<Self>,
        channel: &str,
        messages: &[(Told, Value)],
    ) -> Result<(), StoreError> {
        // Over a socket that was resumed it may be told late.
        let written = messages.iter().filter(|(told, _)| *told == Told::Written);
        let said_ms = written.map(|(_, it)| snowflake::time_of(&text(it, "id"))).min();
        let at_ms = said_ms.unwrap_or(EpochMs::MAX).min(self.engine.now_ms());
        loop {
            match self.writes(self.take(messages).await) {
                Err(error) if error.may_pass() => {}
                taken => return taken,
            }
            let place = whereabouts(channel, self.places.get(channel));
            let is_long = self.engine.now_ms() - at_ms >= PATIENCE_MS;
            if is_long && self.hearing.listens(&place.conversation()) {
                if self.hearing.unwritten(at_ms) {
                    catch_up(self);
                }
                return Ok(());
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// What was said in a channel, in threads under what was said there lately, and in those known to be open.
    async fn all_since(&self, channel: &str, since: &str, all: bool) -> Result<Said, WebError> {
        let (mut messages, mut whole) = self.pages(channel, since, PAGES_MAX).await?;
        let earlier = self.page(channel, Bound::Before, since).await?;
        let mut threads = BTreeMap::new();
        for thread in messages.iter().chain(&earlier).map(|message| &message["thread"]) {
            let last = text(thread, "last_message_id");
            // Where nobody says what was said last in it, one has to look.
            if thread.is_object() && (last.is_empty() || number(&last) > number(since)) {
                self.places.learn(thread);
                threads.insert(number(&text(thread, "id")), text(thread, "id"));
            }
        }
        whole &= threads.len() <= THREADS_MAX;
        threads.extend(self.places.threads_of(channel).into_iter().map(|id| (number(&id), id)));
        for thread in threads.values().rev().take(THREADS_MAX) {
            match self.pages(thread, since, THREAD_PAGES_MAX).await {
                Ok((said, all)) => {
                    messages.extend(said);
                    whole &= all;
                }
                // Somebody has deleted it, or closed it to the bot.
                Err(WebError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        messages.sort_by_key(|message| number(&text(message, "id")));
        let said = messages.iter().filter_map(payload::said);
        let meant = said.filter(|said| said.user != self.names.user() && (all || self.names.without(said).1));
        let overheard = meant.map(|said| overheard(channel, said));
        Ok(Said { messages: overheard.collect(), whole })
    }

    /// So many pages of a channel or thread, oldest first; whether that was all of it.
    async fn pages(&self, channel: &str, since: &str, most: usize) -> Result<(Vec<Value>, bool), WebError> {
        let (mut found, mut since) = (Vec::new(), since.to_owned());
        for _ in 0..most {
            let page = self.page(channel, Bound::After, &since).await?;
            let is_last = page.len() < PAGE;
            if let Some(last) = page.last() {
                since = text(last, "id");
            }
            found.extend(page);
            if is_last {
                return Ok((found, true));
            }
        }
        Ok((found, false))
    }

    /// One page, with the patience Discord asks for.
    async fn page(&self, channel: &str, bound: Bound, id: &str) -> Result<Vec<Value>, WebError> {
        let mut waits = 0;
        loop {
            match self.web.messages(channel, bound, id).await {
                Err(WebError::Limited { after_ms, .. }) if waits < WAITS_MAX => {
                    waits += 1;
                    tokio::time::sleep(waited(after_ms)).await;
                }
                other => return other,
            }
        }
    }
}

fn overheard(channel: &str, said: payload::Said) -> Overheard {
    let inside = said.channel != channel;
    let place = Place {
        mention: Some(said.user.clone()),
        thread: inside.then(|| said.channel.clone()),
        inside,
        erases: Some(said.id.clone()),
        ..Place::default()
    };
    let at_ms = snowflake::time_of(&said.id);
    Overheard { event: said.event(), who: said.user, text: said.text, at_ms, place }
}

fn number(id: &str) -> u64 {
    id.parse().unwrap_or_default()
}
