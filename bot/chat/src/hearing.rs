//! Until when a front heard what is said in the channels it listens in. That is kept in the database, so that after an
//! absence, a stop and a kill each of them is told what was said meanwhile: what was missed, that it is known now, and the
//! notice that waits in the outbox are one commit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::clock::EpochMs;
use engine::control::Engine;
use engine::store::{ChatWrite, Commit, StoreError, Write};
use tokio_util::sync::CancellationToken;

use crate::ear::{Ear, Said, Unread};
use crate::letter::{Letter, Place};
use crate::message::{Outbound, Quote};
use crate::recurring::Recurring;
use crate::spilled::holds_secret;
use crate::view;

/// Shorter absences nobody needs to hear of in which nothing was said.
const WORTH_SAYING_MS: EpochMs = 5_000;
/// How often it is written down that all is heard.
const MARK_EVERY: Duration = Duration::from_secs(10);
/// Events are remembered for a day: of what was said before, only what came after the last thing heard can be told from
/// what was heard.
const REMEMBERED_MS: EpochMs = 23 * 3_600_000;
/// What was said at most so long before a connection was open again may be told over it all the same, in milliseconds.
const JUST_NOW_MS: EpochMs = 10_000;
/// How long that is waited for.
const GRACE: Duration = Duration::from_secs(2);
/// Wait before it is looked again what the platform has not delivered by itself yet.
const AGAIN: Duration = Duration::from_secs(30);
/// First wait after what was missed could not be looked at; it doubles with each further one.
const RETRY: Duration = Duration::from_secs(1);
/// Longest such wait.
const RETRY_MAX: Duration = Duration::from_mins(1);

/// Conversations looked at besides those that are listened in: each is a few calls.
const BESIDES_MAX: usize = 20;
/// How long one is remembered in which nobody speaks to the bot any more, in milliseconds.
const BESIDES_MS: EpochMs = 30 * 24 * 3_600_000;
/// What fails where the database is away.
const NOTING: &str = "what was missed can't be noted, trying again";

/// Until when everything was heard. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hearing(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    engine: Engine,
    front: &'static str,
    conversations: Vec<String>,
    borne_ms: EpochMs,
    state: Mutex<State>,
    recurring: Recurring,
}

#[derive(Debug, Default)]
struct State {
    /// Connections that are open.
    open: u32,
    /// Since when nothing is heard; absent before the first connection.
    since_ms: Option<EpochMs>,
    /// What the database knows from former lives was read.
    is_read: bool,
    /// Since when what is told can't be written down.
    unwritten_ms: Option<EpochMs>,
    /// Where somebody spoke to the bot besides, and when: between two, and by its name.
    spoken_in: BTreeMap<String, EpochMs>,
    /// What is still to be looked at.
    behind: BTreeMap<String, Gap>,
    /// Somebody is looking.
    looking: bool,
}

/// A time in which nothing was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gap {
    since_ms: EpochMs,
    until_ms: EpochMs,
    /// It is said also when nothing was missed. A start says nothing then: it would be said at each.
    said_anyway: bool,
}

impl State {
    /// What was said to the bot in this time where nobody told it to listen is looked at too, where it was spoken to last; it is
    /// said only where something was missed.
    fn looks_besides(&mut self, since_ms: impl Fn(EpochMs) -> EpochMs, until_ms: EpochMs) {
        let mut spoken_in: Vec<(&String, EpochMs)> =
            self.spoken_in.iter().map(|(one, at_ms)| (one, *at_ms)).collect();
        spoken_in.sort_by_key(|(_, at_ms)| std::cmp::Reverse(*at_ms));
        for (conversation, at_ms) in spoken_in.into_iter().take(BESIDES_MAX) {
            let gap = Gap { since_ms: since_ms(at_ms), until_ms, said_anyway: false };
            let behind = self.behind.entry(conversation.clone()).or_insert(gap);
            behind.since_ms = behind.since_ms.min(gap.since_ms);
            behind.until_ms = until_ms;
        }
    }
}

impl Hearing {
    /// What is known of a front that listens in these conversations. Absences shorter than `borne_ms`, in milliseconds, the
    /// platform makes good by itself.
    pub fn new(engine: Engine, front: &'static str, conversations: Vec<String>, borne_ms: EpochMs) -> Self {
        Self(Arc::new(Inside {
            engine,
            front,
            conversations,
            borne_ms,
            state: Mutex::default(),
            recurring: Recurring::default(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a connection is open.
    pub fn is_present(&self) -> bool {
        self.state().open > 0
    }

    /// Whether it is heard what is said: a connection is open, and what comes over it can be written down.
    pub fn is_heard(&self) -> bool {
        let state = self.state();
        state.open > 0 && state.unwritten_ms.is_none()
    }

    /// Whether a conversation is listened in: what is missed there is told afterwards.
    pub fn listens(&self, conversation: &str) -> bool {
        self.0.conversations.iter().any(|one| one == conversation)
    }

    /// A connection is open. `resumed` when the platform tells by itself what happened meanwhile. True when
    /// [`Hearing::catch_up`] is to be called.
    pub fn opened(&self, resumed: bool) -> bool {
        let now_ms = self.0.engine.now_ms();
        let mut state = self.state();
        state.open += 1;
        let was_read = state.is_read;
        let missed = state.since_ms.take().filter(|_| !resumed && was_read);
        if let Some(since_ms) = missed {
            self.is_behind(&mut state, since_ms, now_ms);
            if now_ms - since_ms >= self.0.borne_ms {
                state.looks_besides(|_| since_ms, now_ms);
            }
        }
        let any = !state.is_read || !state.behind.is_empty();
        any && !std::mem::replace(&mut state.looking, true)
    }

    /// Nothing was heard in this time.
    fn is_behind(&self, state: &mut State, since_ms: EpochMs, until_ms: EpochMs) {
        if until_ms - since_ms < self.0.borne_ms {
            return;
        }
        let gap = Gap { since_ms, until_ms, said_anyway: until_ms - since_ms >= WORTH_SAYING_MS };
        for conversation in &self.0.conversations {
            let behind = state.behind.entry(conversation.clone()).or_insert(gap);
            behind.since_ms = behind.since_ms.min(since_ms);
            behind.until_ms = until_ms;
            behind.said_anyway |= gap.said_anyway;
        }
    }

    /// What was told then can't be written down: the database is away. What is told until it is back counts as not heard,
    /// and nothing that was not heard is done late. True when [`Hearing::catch_up`] is to be called.
    pub fn unwritten(&self, at_ms: EpochMs) -> bool {
        let mut state = self.state();
        let since_ms = state.unwritten_ms.get_or_insert(at_ms);
        *since_ms = at_ms.min(*since_ms);
        !std::mem::replace(&mut state.looking, true)
    }

    /// A connection ended.
    pub fn closed(&self) {
        let mut state = self.state();
        state.open = state.open.saturating_sub(1);
        if state.open == 0 {
            state.since_ms = Some(self.0.engine.now_ms());
        }
    }

    /// That a conversation is heard up to now, to be written with what was heard there.
    pub(crate) fn mark(&self, conversation: &str, now_ms: EpochMs) -> Vec<Write> {
        let mut state = self.state();
        let is_heard = state.open > 0
            && state.is_read
            && state.unwritten_ms.is_none()
            && !state.behind.contains_key(conversation);
        if !is_heard {
            return Vec::new();
        }
        if !self.listens(conversation) {
            state.spoken_in.insert(conversation.to_owned(), now_ms);
        }
        let mut marks = vec![listened(conversation, now_ms)];
        marks.extend(self.mark_alive(&state, now_ms));
        marks
    }

    /// That the front as a whole is heard up to now: nothing is left to be looked at.
    fn mark_alive(&self, state: &State, now_ms: EpochMs) -> Option<Write> {
        let all = state.open > 0 && state.is_read && state.unwritten_ms.is_none() && state.behind.is_empty();
        all.then(|| listened(&alive(self.0.front), now_ms))
    }

    /// Writes down now and then that all is heard, until told to stop.
    pub async fn keep(&self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(MARK_EVERY) => {}
                () = stop.cancelled() => return,
            }
            let mut commit = Commit::at(self.0.engine.now_ms());
            let conversations = self.0.conversations.iter();
            commit.writes = conversations.flat_map(|one| self.mark(one, commit.now_ms)).collect();
            let alive = self.mark_alive(&self.state(), commit.now_ms);
            commit.writes.extend(alive);
            if commit.writes.is_empty() {
                continue;
            }
            if let Err(error) = self.0.engine.store().commit(commit).await {
                tracing::debug!(error = %view::causes(&error), "that all is heard can't be written down");
            }
        }
    }

    /// Looks at what was missed and leaves notices of it in the outbox, until nothing is left or told to stop.
    pub async fn catch_up(&self, ear: &dyn Ear, stop: &CancellationToken) {
        tokio::select! {
            () = self.all(ear) => {}
            // What is left is looked at by the next start.
            () = stop.cancelled() => self.state().looking = false,
        }
    }

    async fn all(&self, ear: &dyn Ear) {
        let mut retry = RETRY;
        loop {
            match self.next(ear).await {
                Ok(true) => retry = RETRY,
                Ok(false) => {
                    self.0.recurring.works(self.0.front, NOTING, self.0.engine.now_ms());
                    return;
                }
                Err(wait) => {
                    tokio::time::sleep(wait.unwrap_or(retry)).await;
                    retry = (retry * 2).min(RETRY_MAX);
                }
            }
        }
    }

    /// One thing to be done; false when there is none left. An error holds how long to wait.
    async fn next(&self, ear: &dyn Ear) -> Result<bool, Option<Duration>> {
        let failed = |error: &StoreError| {
            let now_ms = self.0.engine.now_ms();
            self.0.recurring.fails(self.0.front, NOTING, &view::causes(error), now_ms);
            // Whoever spoke in vain is to hear of it as soon as the database is back.
            Some(RETRY)
        };
        let is_read = self.state().is_read;
        if !is_read {
            return self.read().await.map(|()| true).map_err(|error| failed(&error));
        }
        if !self.is_heard_again().await {
            return Err(Some(RETRY));
        }
        let (next, looking) = {
            let mut state = self.state();
            let next = state.behind.iter().next().map(|(conversation, gap)| (conversation.clone(), *gap));
            state.looking = next.is_some() || state.unwritten_ms.is_some();
            (next, state.looking)
        };
        let Some((conversation, gap)) = next else { return Ok(looking) };
        let is_long = gap.until_ms - gap.since_ms > REMEMBERED_MS;
        let since_ms = if is_long { gap.since_ms } else { gap.since_ms - ear.look_back_ms() };
        let said = match ear.said_since(&conversation, since_ms).await {
            Ok(said) => Some(said),
            Err(Unread::Later { why, after }) => {
                tracing::info!(conversation, why, "what was said meanwhile can't be read yet");
                return Err(after);
            }
            Err(Unread::Never { why }) if self.listens(&conversation) => {
                tracing::warn!(conversation, why, "what was said meanwhile can't be read");
                None
            }
            // A command is given also where the bot is no member.
            Err(Unread::Never { why }) => {
                tracing::debug!(conversation, why, "what was said meanwhile can't be read");
                None
            }
        };
        if let Some(said) = &said {
            let now_ms = self.0.engine.now_ms();
            let again_ms = ear.delivers_again_ms();
            let repeated = |at_ms: EpochMs| at_ms <= gap.until_ms && now_ms - at_ms < again_ms;
            if self.any_unknown(said, repeated).await.map_err(|error| failed(&error))? {
                // Until then it may be delivered after all, and is done like anything else that comes late.
                return Err(Some(AGAIN));
            }
            // Something of it may be on its way over the connection that is open again.
            let just_now = |at_ms: EpochMs| at_ms > gap.until_ms - JUST_NOW_MS;
            if self.any_unknown(said, just_now).await.map_err(|error| failed(&error))? {
                tokio::time::sleep(GRACE).await;
            }
        }
        match self.note(ear.platform(), &conversation, gap, said).await {
            Ok(()) => {
                let mut state = self.state();
                if state.behind.get(&conversation) == Some(&gap) {
                    state.behind.remove(&conversation);
                }
                Ok(true)
            }
            // Something of it was delivered in this very moment: it is looked at anew.
            Err(StoreError::Conflict) => Ok(true),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Whether what is told can be written down. Where it could not before, what was told meanwhile is to be looked at.
    async fn is_heard_again(&self) -> bool {
        if self.state().unwritten_ms.is_none() {
            return true;
        }
        if let Err(error) = self.0.engine.store().ping().await {
            tracing::debug!(front = self.0.front, error = %view::causes(&error), "nothing can be written down yet");
            return false;
        }
        let now_ms = self.0.engine.now_ms();
        let mut state = self.state();
        if let Some(since_ms) = state.unwritten_ms.take() {
            self.is_behind(&mut state, since_ms, now_ms);
        }
        true
    }

    /// Whether something that was said at such a time has not been delivered.
    async fn any_unknown(&self, said: &Said, is_meant: impl Fn(EpochMs) -> bool) -> Result<bool, StoreError> {
        let (store, front) = (self.0.engine.store(), self.0.front);
        for said in said.messages.iter().filter(|said| is_meant(said.at_ms)) {
            if !store.inbound_is_known(front, &said.event).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the database knows from former lives.
    async fn read(&self) -> Result<(), StoreError> {
        let Inside { engine, front, conversations, .. } = &*self.0;
        let known: BTreeMap<String, EpochMs> =
            engine.store().listened_list(front).await?.into_iter().collect();
        let now_ms = engine.now_ms();
        let mut commit = Commit::at(now_ms);
        let new = conversations.iter().filter(|one| !known.contains_key(*one));
        commit.writes.extend(new.map(|one| listened(one, now_ms)));
        let alive_ms = known.get(&alive(front)).copied();
        let besides = known.iter().filter(|(one, _)| !conversations.contains(one) && **one != alive(front));
        let (besides, gone): (Vec<_>, Vec<_>) =
            besides.partition(|(_, at_ms)| now_ms - **at_ms < BESIDES_MS && alive_ms.is_some());
        let forgotten = |one: &String| ChatWrite::ListenedDelete { conversation: one.clone() };
        commit.writes.extend(gone.into_iter().map(|(one, _)| Write::Chat(forgotten(one))));
        if !commit.writes.is_empty() {
            engine.store().commit(commit).await?;
        }
        let mut state = self.state();
        for conversation in conversations {
            if let Some(since_ms) = known.get(conversation) {
                let gap = Gap { since_ms: *since_ms, until_ms: now_ms, said_anyway: false };
                state.behind.insert(conversation.clone(), gap);
            }
        }
        state.spoken_in = besides.into_iter().map(|(one, at_ms)| (one.clone(), *at_ms)).collect();
        if let Some(alive_ms) = alive_ms {
            state.looks_besides(|spoken_ms| spoken_ms.max(alive_ms), now_ms);
        }
        state.is_read = true;
        Ok(())
    }

    /// Notes what was missed in a conversation, with the notice of it and what is said to those who wrote a secret.
    async fn note(
        &self,
        platform: &str,
        conversation: &str,
        gap: Gap,
        said: Option<Said>,
    ) -> Result<(), StoreError> {
        let Inside { engine, front, .. } = &*self.0;
        let (store, was_read) = (engine.store(), said.is_some());
        let Said { messages, whole } = said.unwrap_or_default();
        let waiting = store.inbox_list(front, i64::MAX).await?;
        let mut commit = Commit::at(engine.now_ms());
        let at_ms = commit.now_ms;
        let mut quotes = Vec::new();
        for said in messages {
            let waits = waiting.iter().any(|heard| heard.event == said.event);
            if waits || store.inbound_is_known(front, &said.event).await? {
                continue;
            }
            if holds_secret(engine.redactor(), &said.text) {
                commit.writes.push(secret_letter(&said.place, conversation, &said.event, at_ms)?);
            } else if let Some(line) = said.text.lines().map(str::trim).find(|line| !line.is_empty()) {
                quotes.push(Quote { who: said.who, text: clip(line) });
            }
            commit.writes.push(Write::InboundPut { front: (*front).to_owned(), event: said.event, at_ms });
        }
        tracing::info!(conversation, missed = quotes.len(), whole, "back after an absence");
        if !quotes.is_empty() || gap.said_anyway || (was_read && !whole) {
            let card = view::missed(platform, gap.since_ms, gap.until_ms, quotes, whole);
            let order = format!("{at_ms:016}/missed/{:016}", gap.since_ms);
            commit.writes.push(Letter::open(Outbound::Say(card)).put(conversation, &order, at_ms)?);
        }
        commit.writes.push(listened(conversation, gap.until_ms));
        store.commit(commit).await
    }
}

/// Characters quoted of each message.
const QUOTE_CHARS: usize = 120;

fn clip(line: &str) -> String {
    let mut short: String = line.chars().take(QUOTE_CHARS).collect();
    if short.len() < line.len() {
        short.push('\u{2026}');
    }
    short
}

/// Stands for the front as a whole: until when it was heard at all.
fn alive(front: &str) -> String {
    format!("{front}:")
}

fn listened(conversation: &str, heard_ms: EpochMs) -> Write {
    Write::Chat(ChatWrite::ListenedPut { conversation: conversation.to_owned(), heard_ms })
}

/// What somebody is told who wrote a secret.
pub(crate) fn secret_letter(
    place: &Place,
    conversation: &str,
    event: &str,
    at_ms: EpochMs,
) -> Result<Write, StoreError> {
    let card = view::secret_noticed(place.erases.is_some());
    let letter = Letter { outbound: Outbound::Say(card), place: place.clone() };
    letter.put(conversation, &format!("{at_ms:016}/{event}/secret"), at_ms)
}
