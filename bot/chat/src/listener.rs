//! The listener of a front that must acknowledge at once: what was heard is written down first and handled afterwards, in
//! order within each conversation. A second delivery of the same event is the same line in the inbox, or was handled
//! already; the answers wait in the outbox, in one commit with the end of the line.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::control::{Engine, Refusal};
use engine::model::Role;
use engine::store::{ChatWrite, Commit, StoreError, Write};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::desk::{About, Desk, Outcome};
use crate::doubles::{Doubles, Press};
use crate::edited::Edited;
use crate::hearing::{Hearing, secret_letter};
use crate::held::{Held, Holds};
use crate::intent::{Action, ProblemKind, Vocabulary, read_with};
use crate::letter::{Letter, Place, letter_of};
use crate::message::{Card, Inbound, Outbound};
use crate::recurring::Recurring;
use crate::shows::run_shown;
use crate::talks::Talks;
use crate::view;

/// Lines of the inbox taken at once.
const BATCH: i64 = 100;
/// How often to look even when no commit of this program tells.
const POLL: Duration = Duration::from_millis(250);
/// How long a commit may be behind when it is looked at.
const GLANCE: Duration = Duration::from_millis(10);
/// Wait after the database failed.
const TROUBLE: Duration = Duration::from_secs(1);
/// What fails then.
const ANSWERING: &str = "can't answer, trying again";
/// Panics over one line before it is given up.
const FALLS_MAX: u32 = 3;

/// Lines that ended in a panic, by event, with how often.
#[derive(Debug, Default)]
struct Falls(Mutex<HashMap<String, u32>>);

impl Falls {
    fn add(&self, event: &str) -> u32 {
        let mut falls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let falls = falls.entry(event.to_owned()).or_default();
        *falls += 1;
        *falls
    }

    fn forget(&self, event: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(event);
    }
}

/// Something heard, with where its answer belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// What was said, where and by whom. It has an event.
    pub inbound: Inbound,
    /// What the talk is about where nobody says it.
    #[serde(default)]
    pub about: About,
    /// Where answers belong.
    #[serde(default)]
    pub place: Place,
    /// It was said among people and not to the bot: where it is no order, nobody wants an answer.
    #[serde(default)]
    pub overheard: bool,
    /// What the front itself lets its speaker do, when nobody else knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// It was not said: somebody edited or deleted what they had said. The words in `inbound` are empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Edited>,
    /// It was said by a click, on a button of this message: a double click counts once.
    #[serde(skip)]
    pub pressed: Option<String>,
}

/// A secret that somebody wrote where it does not belong, without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pasted {
    /// Where.
    pub conversation: String,
    /// The event it was.
    pub event: String,
    /// Where its writer is told, and which message is deleted.
    pub place: Place,
}

/// Something a front takes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Something heard.
    Spoken(Box<Spoken>),
    /// A secret that somebody wrote.
    Pasted(Box<Pasted>),
}

/// Hears for one front.
#[derive(Debug, Clone)]
pub struct Listener {
    engine: Engine,
    desk: Desk,
    front: &'static str,
    hearing: Hearing,
    holds: Holds,
    doubles: Doubles,
    falls: Arc<Falls>,
    recurring: Recurring,
}

impl Listener {
    /// A listener of a front. The engine says what strangers may do there.
    pub fn new(engine: Engine, front: &'static str) -> Self {
        let hearing = Hearing::new(engine.clone(), front, Vec::new(), 0);
        Self {
            desk: Desk::new(engine.clone()),
            engine,
            front,
            hearing,
            holds: Holds::default(),
            doubles: Doubles::default(),
            falls: Arc::default(),
            recurring: Recurring::default(),
        }
    }

    /// The same, which tells until when everything was heard.
    #[must_use]
    pub fn with_hearing(mut self, hearing: Hearing) -> Self {
        self.hearing = hearing;
        self
    }

    /// Writes down what was heard; true when it is new. After this it may be acknowledged.
    pub async fn take(&self, spoken: &Spoken) -> Result<bool, StoreError> {
        let mut commit = Commit::at(self.engine.now_ms());
        if !self.note_spoken(spoken, &mut commit).await? {
            return Ok(false);
        }
        let press = match Press::of(spoken) {
            Some(press) if self.is_order(&spoken.inbound.text).await => Some(press),
            _ => None,
        };
        let Some(press) = press else { return self.engine.store().commit(commit).await.map(|()| true) };
        let event = spoken.inbound.event.clone().unwrap_or_default();
        if self.doubles.is_second(&press, &event, commit.now_ms) {
            // Known from now on, so that a redelivery is not taken for a third.
            let front = self.front.to_owned();
            commit.writes = vec![Write::InboundPut { front, event, at_ms: commit.now_ms }];
            self.engine.store().commit(commit).await?;
            return Ok(false);
        }
        let taken = self.engine.store().commit(commit).await;
        if taken.is_err() {
            self.doubles.forget(&press);
        }
        taken.map(|()| true)
    }

    /// Writes down what was heard, and handles it once what comes back is dropped: what is acknowledged survives a kill, and
    /// what its speaker saw fail is not done.
    pub async fn hold(&self, spoken: &Spoken) -> Result<Held, StoreError> {
        let hold = self.holds.hold(spoken.inbound.event.clone().unwrap_or_default());
        let is_new = self.take(spoken).await?;
        Ok(Held { hold, is_new, press: Press::of(spoken), listener: self.clone() })
    }

    /// Its speaker saw a press fail.
    pub(crate) fn failed(&self, press: &Press) {
        self.doubles.forget(press);
    }

    /// Takes a line out of the inbox that nobody has handled.
    pub(crate) async fn unheard(&self, event: &str) -> Result<(), StoreError> {
        let mut commit = Commit::at(self.engine.now_ms());
        commit.writes.push(self.done(event));
        self.engine.store().commit(commit).await
    }

    /// Somebody wrote a secret: that they did is written down with what they are told, and nothing else of it; true when it
    /// is new.
    pub async fn take_secret(&self, pasted: &Pasted) -> Result<bool, StoreError> {
        let mut commit = Commit::at(self.engine.now_ms());
        if !self.note_pasted(pasted, &mut commit).await? {
            return Ok(false);
        }
        match self.engine.store().commit(commit).await {
            Ok(()) => Ok(true),
            // Another delivery of it was quicker.
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes down what was heard one after the other, in one commit: a channel that talks fast waits for the database once.
    pub async fn take_all(&self, taken: &[Taken]) -> Result<(), StoreError> {
        let mut commit = Commit::at(self.engine.now_ms());
        for one in taken {
            match one {
                Taken::Spoken(spoken) => self.note_spoken(spoken, &mut commit).await?,
                Taken::Pasted(pasted) => self.note_pasted(pasted, &mut commit).await?,
            };
        }
        if commit.writes.is_empty() {
            return Ok(());
        }
        match self.engine.store().commit(commit).await {
            // Another delivery of one of them was quicker; the others are new.
            Err(StoreError::Conflict) => {}
            committed => return committed,
        }
        for one in taken {
            match one {
                Taken::Spoken(spoken) => self.take(spoken).await?,
                Taken::Pasted(pasted) => self.take_secret(pasted).await?,
            };
        }
        Ok(())
    }

    /// Puts what was heard into a commit; true when it is new.
    async fn note_spoken(&self, spoken: &Spoken, commit: &mut Commit) -> Result<bool, StoreError> {
        let Some(event) = spoken.inbound.event.clone() else {
            return Err(StoreError::Corrupt { column: "event", source: "it has none".into() });
        };
        if self.engine.store().inbox_is_known(self.front, &event).await? {
            return Ok(false);
        }
        let body = serde_json::to_string(spoken)
            .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
        let at_ms = commit.now_ms;
        let heard = ChatWrite::InboxPut { front: self.front.to_owned(), event, body, at_ms };
        commit.writes.push(Write::Chat(heard));
        commit.writes.extend(self.hearing.mark(&spoken.inbound.conversation, at_ms));
        Ok(true)
    }

    async fn note_pasted(&self, pasted: &Pasted, commit: &mut Commit) -> Result<bool, StoreError> {
        let Pasted { conversation, event, place } = pasted;
        if self.engine.store().inbound_is_known(self.front, event).await? {
            return Ok(false);
        }
        let at_ms = commit.now_ms;
        let known = Write::InboundPut { front: self.front.to_owned(), event: event.clone(), at_ms };
        commit.writes.extend([known, secret_letter(place, conversation, event, at_ms)?]);
        commit.writes.extend(self.hearing.mark(conversation, at_ms));
        Ok(true)
    }

    /// Tells somebody what is not the desk's answer. `event` is what they did.
    pub async fn tell(
        &self,
        conversation: &str,
        event: &str,
        place: Place,
        card: Card,
    ) -> Result<(), StoreError> {
        let mut commit = Commit::at(self.engine.now_ms());
        let at_ms = commit.now_ms;
        let letter = Letter { outbound: Outbound::Say(card), place };
        commit.writes.push(letter.put(conversation, &format!("{at_ms:016}/{event}/0000"), at_ms)?);
        self.engine.store().commit(commit).await
    }

    /// Handles what waits; true when there was anything.
    pub async fn pass(&self) -> Result<bool, Refusal> {
        let mut talks = Talks::default();
        let any = self.begin(&mut talks).await?;
        // What is wrong in one conversation does not cut the others short.
        let mut all = Ok(any);
        while let Some(ended) = talks.ended().await {
            if let Err(refusal) = ended {
                all = Err(refusal);
            }
        }
        all
    }

    /// Begins to handle what waits in conversations where nothing is being handled; true when there was anything.
    async fn begin(&self, talks: &mut Talks) -> Result<bool, Refusal> {
        let mut any = false;
        // Whoever has waited longest comes first.
        let mut waiting: Vec<(String, Vec<(String, Spoken)>)> = Vec::new();
        for heard in self.engine.store().inbox_list(self.front, BATCH).await? {
            if self.holds.holds(&heard.event) {
                continue;
            }
            match serde_json::from_str::<Spoken>(&heard.body) {
                Ok(spoken) if talks.goes_on(&spoken.inbound.conversation) => {}
                Ok(spoken) => {
                    let conversation = &spoken.inbound.conversation;
                    match waiting.iter_mut().find(|(one, _)| one == conversation) {
                        Some((_, lines)) => lines.push((heard.event, spoken)),
                        None => waiting.push((conversation.clone(), vec![(heard.event, spoken)])),
                    }
                }
                Err(error) => {
                    tracing::error!(event = heard.event, %error, "a line of the inbox can't be read and is dropped");
                    self.unheard(&heard.event).await?;
                    any = true;
                }
            }
        }
        any |= !waiting.is_empty();
        for (conversation, lines) in waiting {
            if talks.is_full() {
                break;
            }
            let listener = self.clone();
            talks.begin(conversation, async move {
                for (event, spoken) in lines {
                    listener.handle_or_fall(&event, spoken).await?;
                }
                Ok(())
            });
        }
        Ok(any)
    }

    /// Handles a line. One that ends in a panic of ours waits and is tried again, and those behind it with it; in the end its
    /// speaker is told, and it is done with.
    async fn handle_or_fall(&self, event: &str, spoken: Spoken) -> Result<(), Refusal> {
        let listener = self.clone();
        let (line, words) = (event.to_owned(), spoken.clone());
        // It ends with whoever waits for it here.
        let mut handling = tokio::task::JoinSet::new();
        handling.spawn(async move { listener.handle(&line, words).await });
        match handling.join_next().await {
            Some(Ok(handled)) => {
                self.falls.forget(event);
                handled
            }
            Some(Err(fallen)) if fallen.is_panic() => {
                let falls = self.falls.add(event);
                tracing::error!(
                    event,
                    falls,
                    "a line of the inbox ends in a panic, which is a fault of infra-chat"
                );
                if falls < FALLS_MAX {
                    return Err(Refusal::Port {
                        doing: "answering".to_owned(),
                        error: engine::ports::PortError::retry("a panic ended it"),
                    });
                }
                self.falls.forget(event);
                self.give_up(event, spoken).await
            }
            // The program ends.
            Some(Err(_)) | None => Ok(()),
        }
    }

    /// Says that a line can't be handled, and takes it out of the inbox.
    async fn give_up(&self, event: &str, spoken: Spoken) -> Result<(), Refusal> {
        let Spoken { inbound, place, overheard, .. } = spoken;
        let mut commit = Commit::at(self.engine.now_ms());
        let at_ms = commit.now_ms;
        if !overheard {
            let outbound = Outbound::Say(view::stumbled(&inbound.text));
            let letter = letter_of(outbound, &inbound, &place);
            commit.writes.push(letter.put(
                &inbound.conversation,
                &format!("{at_ms:016}/{event}/0000"),
                at_ms,
            )?);
        }
        commit.writes.push(self.done(event));
        Ok(self.engine.store().commit(commit).await?)
    }

    /// Handles as it comes, until told to stop. A conversation that takes long holds no other up.
    pub async fn work(self, stop: CancellationToken) {
        let mut commits = self.engine.store().watch();
        let mut talks = Talks::default();
        while !stop.is_cancelled() {
            commits.mark_unchanged();
            let nap = match self.begin(&mut talks).await {
                Ok(_) => {
                    self.recurring.works(self.front, ANSWERING, self.engine.now_ms());
                    POLL
                }
                Err(refusal) => self.troubled(&refusal),
            };
            // Many commits in a row are looked at once.
            let more = async {
                if commits.changed().await.is_ok() {
                    tokio::time::sleep(GLANCE).await;
                }
            };
            tokio::select! {
                _ = tokio::time::timeout(nap, more) => {}
                () = self.holds.released() => {}
                Some(ended) = talks.ended() => if let Err(refusal) = ended {
                    tokio::time::sleep(self.troubled(&refusal)).await;
                },
                () = stop.cancelled() => {}
            }
        }
        // What was begun is brought to its end; the rest waits for the next start.
        while talks.ended().await.is_some() {}
    }

    /// Says why something can't be answered now; how long to wait before it is tried again.
    fn troubled(&self, refusal: &Refusal) -> Duration {
        self.recurring.fails(self.front, ANSWERING, &view::causes(refusal), self.engine.now_ms());
        TROUBLE
    }

    async fn handle(&self, event: &str, spoken: Spoken) -> Result<(), Refusal> {
        let Spoken { inbound, mut about, mut place, overheard, role, edited, .. } = spoken;
        if let (None, Some(thread)) = (&about.run, &place.thread) {
            let card = self.engine.store().shown_card(&inbound.conversation, thread).await?;
            about.run = card.and_then(|card| run_shown(&card));
        }
        about.asks_in(&place);
        let known_here = role.map(|role| Desk::new(self.engine.with_strangers(Some(role))));
        let desk = known_here.as_ref().unwrap_or(&self.desk);
        let handled = self.engine.store().inbound_is_known(self.front, event).await?;
        let mut heard = match &edited {
            Some(edited) => desk.hear_edit(&inbound, &about, edited, !overheard).await?,
            None => desk.hear_about(&inbound, &about).await,
        };
        if handled && edited.is_none() {
            // The program died between handling it and writing its answer down: a question in it was never seen.
            let now_ms = self.engine.now_ms();
            heard.outbound = desk.ask_again(&inbound.conversation, now_ms, Some(&inbound.identity)).await?;
        }
        if overheard && heard.outcome == Outcome::Refused && self.is_chatter(&inbound.text).await {
            heard.outbound.clear();
        }
        let mut commit = Commit::at(self.engine.now_ms());
        let at_ms = commit.now_ms;
        // The desk has noted what was said.
        commit.writes.extend(edited.is_some().then(|| Write::InboundPut {
            front: self.front.to_owned(),
            event: event.to_owned(),
            at_ms,
        }));
        let answered = heard.outbound.iter().any(|outbound| matches!(outbound, Outbound::Say(_)));
        if place.awaited && !answered {
            heard.outbound.push(Outbound::Say(view::goes_on_above(heard.outbound.is_empty())));
        }
        for (number, outbound) in heard.outbound.into_iter().enumerate() {
            let letter = letter_of(outbound, &inbound, &place);
            // The first answer takes the place of the sign that one comes.
            place.awaited &= !matches!(letter.outbound, Outbound::Say(_));
            commit.writes.push(letter.put(
                &inbound.conversation,
                &format!("{at_ms:016}/{event}/{number:04}"),
                at_ms,
            )?);
        }
        commit.writes.push(self.done(event));
        Ok(self.engine.store().commit(commit).await?)
    }

    /// Carrying it out once more would do something once more: of two approvals the second says that the first counts.
    async fn is_order(&self, text: &str) -> bool {
        read_with(text, &Vocabulary::new(&self.desk.names().await)).commands().iter().any(|command| {
            command.action.row().changes && !matches!(command.action, Action::Approve | Action::Reject)
        })
    }

    /// Neither an order nor a question the bot answers.
    async fn is_chatter(&self, text: &str) -> bool {
        let vocabulary = Vocabulary::new(&self.desk.names().await);
        read_with(text, &vocabulary).problem() == Some(ProblemKind::NotACommand)
    }

    fn done(&self, event: &str) -> Write {
        Write::Chat(ChatWrite::InboxDelete { front: self.front.to_owned(), event: event.to_owned() })
    }
}
