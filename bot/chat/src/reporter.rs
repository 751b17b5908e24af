//! The reporter: reads what happened after its cursor and draws each touched run's card anew. Cards and the moved cursor
//! are one commit (the cards wait in the outbox), and a card leaves the outbox when its front has taken it: a restart
//! draws nothing twice and misses nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use engine::control::{Engine, JUDGE, Refusal, RunDetail};
use engine::model::{Identity, RunId, UserName};
use engine::run::{Happening, RunState};
use engine::store::{Commit, StoreError, Write};
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::letter::{Letter, Place};
use crate::message::{Front, Outbound};
use crate::offered;
use crate::phones;
use crate::recurring::Recurring;
use crate::view;

/// Happenings read at once.
const BATCH: i64 = 200;
/// How often to look even when no commit of this program tells: other programs write too.
const POLL: Duration = Duration::from_millis(250);
/// Waiting runs whose cards are drawn anew when their line moves; those further back are told when they come nearer.
const LINE_REDRAWN_MAX: usize = 10;
/// Tries of going on when somebody speaks at the same time.
const TRIES: usize = 32;
/// The front that shows texts where no messenger is connected.
const TERMINAL: &str = "terminal";
/// Wait after the database or the front failed.
const TROUBLE: Duration = Duration::from_secs(1);
/// What fails then.
const REPORTING: &str = "can't report, trying again";

/// Which runs a conversation hears about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// All of them.
    Everything,
    /// Those asked for or steered in it.
    Conversation,
    /// Those asked for or steered in any conversation of the front, each shown there. A courier takes them on.
    Front,
}

/// Shows what happens to runs in one conversation.
pub struct Reporter {
    engine: Engine,
    desk: Desk,
    front: Arc<dyn Front>,
    conversation: String,
    follow: Follow,
    cursor: i64,
    /// When it was opened, until the questions that were open by then have been asked once more.
    opened_ms: Option<i64>,
}

impl Reporter {
    /// A reporter that goes on where the conversation's last one stopped; a new conversation starts from now.
    pub async fn open(
        engine: Engine,
        front: Arc<dyn Front>,
        conversation: String,
        follow: Follow,
    ) -> Result<Self, Refusal> {
        let stored = engine.store().conversation_get(&conversation).await?;
        let cursor = match stored {
            Some(stored) => stored.cursor,
            None => begin(&engine, &conversation, front.name()).await?,
        };
        if follow != Follow::Front && front.name() == TERMINAL {
            phones::begin(&engine, &conversation).await?;
        }
        let opened_ms = Some(engine.now_ms());
        Ok(Self { desk: Desk::new(engine.clone()), engine, front, conversation, follow, cursor, opened_ms })
    }

    /// Draws what is new and shows what waits; true when there was anything.
    pub async fn pass(&mut self) -> Result<bool, Refusal> {
        let expired = self.expire().await?;
        if let Some(opened_ms) = self.opened_ms {
            // A front with a history of its own still shows them, with buttons that work.
            if self.follow != Follow::Front {
                self.ask_again(opened_ms).await?;
                self.show_held().await?;
            }
            self.opened_ms = None;
        }
        let drawn = Box::pin(self.draw()).await?;
        let texted = self.follow != Follow::Front
            && self.front.name() == TERMINAL
            && phones::show(&self.engine, &self.conversation).await?;
        let shown = self.follow != Follow::Front && self.deliver().await?;
        Ok(expired || drawn || texted || shown)
    }

    /// The conversations with questions that expire by then.
    async fn questioned(&self, by_ms: i64) -> Result<Vec<String>, StoreError> {
        let store = self.engine.store();
        Ok(match self.follow {
            Follow::Front => store.question_conversations(self.front.name(), by_ms).await?,
            Follow::Everything | Follow::Conversation => {
                let due = store.question_is_due(&self.conversation, by_ms).await?;
                if due { vec![self.conversation.clone()] } else { Vec::new() }
            }
        })
    }

    /// Questions that have been open too long are closed, with a word.
    async fn expire(&self) -> Result<bool, Refusal> {
        let due = self.questioned(self.engine.now_ms()).await?;
        for conversation in &due {
            self.expire_in(conversation).await?;
        }
        Ok(!due.is_empty())
    }

    async fn expire_in(&self, conversation: &str) -> Result<(), Refusal> {
        for _ in 0..TRIES {
            let now_ms = self.engine.now_ms();
            let expired = self.desk.expire(conversation).await?;
            let mut commit = Commit::at(now_ms);
            commit.writes = expired.writes;
            for (place, message) in expired.outbound.into_iter().enumerate() {
                let order = format!("{now_ms:016}/{:016}/expired/{place:04}", self.cursor);
                commit.writes.push(Letter::open(message).put(conversation, &order, now_ms)?);
            }
            match self.engine.store().commit(commit).await {
                // Somebody spoke here in the same moment: perhaps it is answered by now.
                Err(StoreError::Conflict) => {}
                committed => return Ok(committed?),
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// Asks open questions once more after a start: nobody knows whether they are seen still.
    async fn ask_again(&self, opened_ms: i64) -> Result<(), Refusal> {
        let now_ms = self.engine.now_ms();
        let mut commit = Commit::at(now_ms);
        for conversation in self.questioned(i64::MAX).await? {
            let open = self.desk.ask_again(&conversation, opened_ms, None).await?;
            for (place, message) in open.into_iter().enumerate() {
                let order = format!("{now_ms:016}/{:016}/again/{place:04}", self.cursor);
                commit.writes.push(Letter::open(message).put(&conversation, &order, now_ms)?);
            }
        }
        if commit.writes.is_empty() {
            return Ok(());
        }
        Ok(self.engine.store().commit(commit).await?)
    }

    /// Shows canaries that wait for a person once more after a start: what stood on the screen is gone.
    async fn show_held(&self) -> Result<(), Refusal> {
        let now_ms = self.engine.now_ms();
        let steered = self.desk.steered_in(&self.conversation).await?;
        let among = self.desk.has_several_projects().await?;
        let mut commit = Commit::at(now_ms);
        for run in self.engine.store().run_live().await? {
            let is_held = matches!(&run.state, RunState::Paused { by, .. } if by == JUDGE);
            let is_shown = self.shown_in(run.request.conversation.as_deref()).is_some();
            if is_held && (is_shown || steered.contains(&run.id)) {
                let detail = self.engine.run_detail(&run.id).await?;
                let order = format!("{now_ms:016}/{:016}/held/{}", self.cursor, run.id);
                commit.writes.push(card_of(&detail, now_ms, among).put(
                    &self.conversation,
                    &order,
                    now_ms,
                )?);
            }
        }
        if commit.writes.is_empty() {
            return Ok(());
        }
        Ok(self.engine.store().commit(commit).await?)
    }

    /// Puts the cards of runs that something happened to into the outbox.
    async fn draw(&mut self) -> Result<bool, Refusal> {
        let happened = self.engine.store().happening_after(self.cursor, BATCH).await?;
        let Some(last) = happened.last().map(|one| one.seq) else { return Ok(false) };
        let mut touched: Vec<RunId> = Vec::new();
        let mut over: Vec<(RunId, bool)> = Vec::new();
        let mut later: Vec<(RunId, Happening)> = Vec::new();
        let mut held: Vec<RunId> = Vec::new();
        let mut verdicts: Vec<(RunId, Happening)> = Vec::new();
        let mut passed: Vec<RunId> = Vec::new();
        for one in happened {
            if view::is_later(&one.what) {
                // It is long after the run that made the release; its card stays as it is.
                later.push((one.run, one.what));
                continue;
            }
            if let Happening::Moved { to } = &one.what {
                if to.is_over() {
                    over.push((one.run.clone(), matches!(to, RunState::Succeeded { .. })));
                }
                if (to.is_over() || matches!(to, RunState::Running { .. })) && !passed.contains(&one.run) {
                    passed.push(one.run.clone());
                }
            }
            if matches!(&one.what, Happening::Moved { to: RunState::Paused { by, .. } } if by == JUDGE) {
                held.push(one.run.clone());
            }
            if view::may_be_verdict(&one.what) {
                verdicts.push((one.run.clone(), one.what));
            }
            if !touched.contains(&one.run) {
                touched.push(one.run);
            }
        }
        for run in self.behind(&passed).await? {
            if !touched.contains(&run) {
                touched.push(run);
            }
        }
        let now_ms = self.engine.now_ms();
        let among = self.desk.has_several_projects().await?;
        let card_of = |detail: &RunDetail| card_of(detail, now_ms, among);
        let mut messages = Vec::new();
        let mut writes = Vec::new();
        let mut asked_in = HashMap::new();
        let steered = match self.follow {
            Follow::Conversation => self.desk.steered_in(&self.conversation).await?,
            Follow::Everything | Follow::Front => Vec::new(),
        };
        for id in touched {
            let detail = self.engine.run_detail(&id).await?;
            let asked = detail.run.request.conversation.clone();
            let here = || steered.contains(&id).then(|| self.conversation.clone());
            if let Some(conversation) = self.shown_in(asked.as_deref()).or_else(here) {
                messages.push((conversation.clone(), card_of(&detail)));
                let of_run = verdicts.iter().filter(|(run, _)| *run == id);
                let said = of_run.filter_map(|(_, what)| self.verdict(&detail, what));
                messages.extend(said.map(|letter| (conversation.clone(), letter)));
                let is_told = held.contains(&id) || over.iter().any(|(over, _)| *over == id);
                if self.follow == Follow::Front && is_told {
                    messages.push((conversation, self.ended(&detail, now_ms).await?));
                }
            }
            for conversation in self.shown_too(&id, asked.as_deref()).await? {
                messages.push((conversation, card_of(&detail)));
            }
            if self.follow == Follow::Front {
                writes.extend(offered::redrawn(&self.engine, self.front.name(), &id).await?);
            }
            asked_in.insert(id, asked);
        }
        for (id, what) in later {
            let Some(run) = self.engine.store().run_get(&id).await? else { continue };
            if let Some(conversation) = self.shown_in(run.request.conversation.as_deref())
                && let Some(card) = view::later_card(&run, &what)
            {
                messages.push((conversation, Letter::open(Outbound::Say(card))));
            }
        }
        for (id, succeeded) in over {
            let conversation = match self.follow {
                Follow::Front => self.shown_in(asked_in.remove(&id).flatten().as_deref()),
                Follow::Everything | Follow::Conversation => Some(self.conversation.clone()),
            };
            if let Some(conversation) = conversation {
                self.go_on_after(&conversation, &id, succeeded, last).await?;
            }
        }
        let mut commit = Commit::at(now_ms);
        commit.writes = writes;
        for (place, (conversation, message)) in messages.into_iter().enumerate() {
            // In order, and the same however often this commit is tried.
            let order = format!("{now_ms:016}/{last:016}/{place:04}");
            commit.writes.push(message.put(&conversation, &order, now_ms)?);
        }
        commit
            .writes
            .push(Write::ConversationCursor { conversation: self.conversation.clone(), cursor: last });
        self.engine.store().commit(commit).await?;
        self.cursor = last;
        Ok(true)
    }

    /// The runs that wait where one of these has begun or ended: each has another place now, or waits for something else.
    async fn behind(&self, passed: &[RunId]) -> Result<Vec<RunId>, StoreError> {
        let store = self.engine.store();
        let mut environments = Vec::new();
        for run in passed {
            if let Some(run) = store.run_get(run).await?
                && !environments.contains(run.environment())
            {
                environments.push(run.environment().clone());
            }
        }
        let mut waiting = Vec::new();
        for environment in &environments {
            waiting.extend(store.run_queue(environment).await?.into_iter().take(LINE_REDRAWN_MAX));
        }
        Ok(waiting)
    }

    /// A verdict about a run's canary with its picture, under the run's card where there are threads.
    fn verdict(&self, detail: &RunDetail, what: &Happening) -> Option<Letter> {
        let card = view::verdict(detail, view::judged(detail, what)?, what)?;
        let under = (self.follow == Follow::Front).then(|| detail.run.id.to_string());
        Some(Letter { outbound: Outbound::Say(card), place: Place { under, ..Place::default() } })
    }

    /// How a run ended, or that its canary waits for a person, said under its card to who asked for it: nobody is told of an
    /// edit.
    async fn ended(&self, detail: &RunDetail, now_ms: i64) -> Result<Letter, Refusal> {
        let people = self.engine.store().identity_list().await?;
        let asked = &detail.run.requester.name;
        let here = |(identity, person): &(Identity, UserName)| {
            identity.front == self.front.name() && person.as_str() == asked.as_str()
        };
        let mention = people.into_iter().find(here).map(|(identity, _)| identity.external_id);
        let place = Place { under: Some(detail.run.id.to_string()), mention, ..Place::default() };
        Ok(Letter { outbound: Outbound::Say(view::ended(detail, now_ms)), place })
    }

    /// Goes on with what was held back behind a run, with its answers in the outbox behind the cards of this pass.
    async fn go_on_after(
        &self,
        conversation: &str,
        run: &RunId,
        succeeded: bool,
        last: i64,
    ) -> Result<(), Refusal> {
        for _ in 0..TRIES {
            let went_on = Box::pin(self.desk.go_on_after(conversation, run, succeeded)).await?;
            let mut commit = Commit::at(self.engine.now_ms());
            commit.writes = went_on.writes;
            let now_ms = commit.now_ms;
            for (place, message) in went_on.outbound.into_iter().enumerate() {
                let order = format!("{now_ms:016}/{last:016}/after-{run}/{place:04}");
                commit.writes.push(Letter::open(message).put(conversation, &order, now_ms)?);
            }
            if commit.writes.is_empty() {
                return Ok(());
            }
            match self.engine.store().commit(commit).await {
                // Somebody spoke here in the same moment: it is worked out anew.
                Err(StoreError::Conflict) => {}
                committed => return Ok(committed?),
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// Where a run that was asked for in a conversation is shown, if this reporter shows it.
    fn shown_in(&self, asked: Option<&str>) -> Option<String> {
        let shown = match self.follow {
            Follow::Everything => Some(self.conversation.as_str()),
            Follow::Conversation => asked.filter(|asked| *asked == self.conversation),
            Follow::Front => asked
                .filter(|asked| asked.split_once(':').is_some_and(|(front, _)| front == self.front.name())),
        };
        shown.map(ToOwned::to_owned)
    }

    /// Where on this front a run is shown that was not asked for there: somebody steered it there.
    async fn shown_too(&self, run: &RunId, asked: Option<&str>) -> Result<Vec<String>, StoreError> {
        if self.follow != Follow::Front {
            return Ok(Vec::new());
        }
        let mut shown = self.engine.store().shown_in(self.front.name(), &run.to_string()).await?;
        shown.retain(|conversation| Some(conversation.as_str()) != asked);
        Ok(shown)
    }

    /// Shows what waits in the outbox, in order; of several drawings of one card only the newest.
    async fn deliver(&self) -> Result<bool, Refusal> {
        let waiting = self.engine.store().outbox_list(&self.conversation, BATCH).await?;
        for (place, message) in waiting.iter().enumerate() {
            let outdated = !message.card.is_empty()
                && waiting[place + 1..].iter().any(|later| later.card == message.card);
            if !outdated {
                let letter: Letter = serde_json::from_str(&message.body)
                    .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
                self.show(&letter.outbound).await?;
            }
            let mut commit = Commit::at(self.engine.now_ms());
            commit.writes.push(Write::OutboxDelete(message.message.clone()));
            self.engine.store().commit(commit).await?;
        }
        Ok(!waiting.is_empty())
    }

    /// Shows what is new as it comes, until told to stop; what is there by then is shown first.
    pub async fn work(mut self, stop: CancellationToken) {
        let (mut commits, recurring) = (self.engine.store().watch(), Recurring::default());
        loop {
            let stopping = stop.is_cancelled();
            commits.mark_unchanged();
            match self.pass().await {
                Ok(true) => recurring.works(&self.conversation, REPORTING, self.engine.now_ms()),
                Ok(false) if stopping => return,
                Ok(false) => {
                    recurring.works(&self.conversation, REPORTING, self.engine.now_ms());
                    tokio::select! {
                        _ = tokio::time::timeout(POLL, commits.changed()) => {}
                        () = stop.cancelled() => {}
                    }
                }
                Err(refusal) => {
                    let (why, now_ms) = (view::causes(&refusal), self.engine.now_ms());
                    recurring.fails(&self.conversation, REPORTING, &why, now_ms);
                    if stopping {
                        return;
                    }
                    tokio::time::sleep(TROUBLE).await;
                }
            }
        }
    }

    async fn show(&self, outbound: &Outbound) -> Result<(), Refusal> {
        self.front.show(&self.conversation, outbound).await.map_err(|error| Refusal::Port {
            doing: "showing a message".to_owned(),
            error: engine::ports::PortError::retry(error.to_string()),
        })
    }
}

/// A run's card; `among` several projects it says of which it is.
fn card_of(detail: &RunDetail, now_ms: i64, among: bool) -> Letter {
    let card = view::run(detail, now_ms);
    let card = if among { view::of_project(card, &detail.run.environment().project) } else { card };
    Letter::open(Outbound::Update(card))
}

/// Begins a new conversation from now, and gives its cursor.
async fn begin(engine: &Engine, conversation: &str, front: &str) -> Result<i64, Refusal> {
    let cursor = engine.store().happening_head().await?;
    let mut commit = Commit::at(engine.now_ms());
    commit.writes.push(Write::ConversationPut {
        conversation: conversation.to_owned(),
        front: front.to_owned(),
        before: String::new(),
        body: "{}".to_owned(),
        cursor,
    });
    match engine.store().commit(commit).await {
        Ok(()) => Ok(cursor),
        // Somebody spoke there in the meantime: it goes on from where that began.
        Err(StoreError::Conflict) => {
            Ok(engine.store().conversation_get(conversation).await?.map_or(cursor, |stored| stored.cursor))
        }
        Err(error) => Err(error.into()),
    }
}
