//! What a conversation remembers: open questions, commands held back behind a run. Kept in the database. Several people
//! may talk in one conversation at once, so what a command changes is written as changes, onto whatever is there by then.

use engine::control::{Engine, Refusal};
use engine::model::{Desired, Identity, ProjectName, Role, RunId, RunRequest};
use engine::run::Run;
use engine::store::{Commit, StoreError, Versioned, Write};
use serde::{Deserialize, Serialize};

use super::asides::Asides;
use super::project::{Choice, Waiting};
use super::question::Question;
use super::{About, Speaker};
use crate::intent::Command;
use crate::message::{Inbound, Outbound};

/// Tries of writing when others talk at the same time.
const TRIES: usize = 32;
/// How long events of fronts are remembered, so that a redelivery is recognised: a day.
const REMEMBERED_MS: i64 = 24 * 3_600_000;

/// Steered runs remembered: those before are over long since.
const STEERED_MAX: usize = 20;

/// A conversation's memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Talk {
    remembered: Remembered,
    /// What was changed since it was read.
    changes: Vec<Change>,
    /// As it was read; empty for a new conversation.
    stored: String,
    /// Where the reporter of a new conversation begins.
    cursor: i64,
    /// That the message was handled is in the database.
    noted: bool,
    /// The open question that the next one goes on with: it is put to the same person, and stands in its place.
    going_on_with: Option<Question>,
    /// Another delivery of the same message was quicker: what is left of it is that one's.
    pub(crate) handled_elsewhere: bool,
    /// The thread in which the answer is shown.
    thread: String,
    /// The threads whose questions are answered; any where there are none.
    asked_in: Vec<String>,
}

/// What makes a run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order<'a> {
    /// A request.
    New(&'a RunRequest),
    /// A request, as long as the environment it is for is as it was seen.
    Once(&'a RunRequest, &'a Versioned<Desired>),
    /// The same of what is tried again: also where it waits for nobody's approval.
    Retry(&'a RunRequest, &'a Versioned<Desired>),
}

/// The memory as the database has it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Remembered {
    /// Questions that wait for their answers. Of several to one person the newest is at hand; those before it wait for
    /// their turn.
    #[serde(default)]
    questions: Vec<Question>,
    /// Questions that somebody else has answered, with their name: the person asked may not know it yet.
    #[serde(default)]
    answered_for: Vec<(Question, String)>,
    /// Commands that wait for a run to succeed.
    #[serde(default)]
    held_back: Vec<HeldBack>,
    /// Runs that were steered here, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    steered: Vec<RunId>,
    /// The projects people chose here, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    projects: Vec<Choice>,
}

/// Commands that wait for a run to succeed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HeldBack {
    /// The run.
    pub(crate) after: RunId,
    /// The commands, in order.
    pub(crate) commands: Vec<Command>,
    /// Who said them.
    pub(crate) identity: Identity,
    /// The project they are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<ProjectName>,
    /// What their front let them do then, if nobody else knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Role>,
    /// What they said beside them.
    #[serde(default)]
    pub(super) asides: Asides,
}

#[derive(Debug, Clone)]
enum Change {
    Ask {
        question: Box<Question>,
        instead_of: Option<Box<Question>>,
    },
    Closed(Box<Question>),
    AnsweredBy(Box<Question>, String),
    Told(Identity),
    /// To whom, in which thread, and the threads of the questions that are meant.
    Shown(Identity, String, Vec<String>),
    Taken(RunId),
    Steered(RunId),
    Project(Choice),
}

impl Remembered {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Ask { question, instead_of } => {
                self.answered_for.retain(|(other, _)| other.asked != question.asked);
                self.questions.retain(|other| Some(other) != instead_of.as_deref());
                self.questions.push(*question);
            }
            Change::Closed(question) => self.questions.retain(|other| *other != *question),
            Change::AnsweredBy(question, name) => {
                self.questions.retain(|other| *other != *question);
                self.answered_for.retain(|(other, _)| other.asked != question.asked);
                self.answered_for.push((*question, name));
            }
            Change::Told(asked) => self.answered_for.retain(|(question, _)| question.asked != asked),
            Change::Shown(asked, thread, asked_in) => {
                for question in self.questions.iter_mut().filter(|question| question.asked == asked) {
                    if question.is_of_any(&asked_in) {
                        question.is_shown_in(&thread);
                    }
                }
            }
            Change::Taken(run) => self.held_back.retain(|held| held.after != run),
            Change::Project(choice) => {
                self.projects.retain(|other| other.person != choice.person);
                self.projects.push(choice);
            }
            Change::Steered(run) => {
                self.steered.retain(|other| *other != run);
                self.steered.push(run);
                let beyond = self.steered.len().saturating_sub(STEERED_MAX);
                self.steered.drain(..beyond);
            }
        }
    }
}

impl Remembered {
    /// When each person's next question expires, for those who look after that.
    fn dues(&self, conversation: &str) -> Write {
        let mut dues: Vec<(Identity, i64)> = Vec::new();
        for question in &self.questions {
            match dues.iter_mut().find(|(asked, _)| *asked == question.asked) {
                Some((_, due_ms)) => *due_ms = question.due_ms().min(*due_ms),
                None => dues.push((question.asked.clone(), question.due_ms())),
            }
        }
        Write::QuestionDues { conversation: conversation.to_owned(), dues }
    }
}

impl Talk {
    /// As the database has it; fresh for a new conversation.
    pub(crate) async fn load(engine: &Engine, conversation: &str) -> Result<Self, Refusal> {
        let Some(stored) = engine.store().conversation_get(conversation).await? else {
            return Ok(Self { cursor: engine.store().happening_head().await?, ..Self::default() });
        };
        let remembered = serde_json::from_str(&stored.body)
            .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
        Ok(Self { remembered, stored: stored.body, cursor: stored.cursor, ..Self::default() })
    }

    /// Writes what was changed, and that the message was handled.
    pub(crate) async fn save(&mut self, engine: &Engine, inbound: &Inbound) -> Result<(), Refusal> {
        for _ in 0..TRIES {
            let mut commit = Commit::at(engine.now_ms());
            commit.writes = self.writes(inbound, None, commit.now_ms)?;
            if commit.writes.is_empty() {
                return Ok(());
            }
            match engine.store().commit(commit).await {
                Ok(()) => {
                    self.noted = true;
                    self.changes.clear();
                    return Ok(());
                }
                Err(StoreError::Conflict) => {
                    if !self.catch_up(engine, inbound).await? {
                        return Ok(());
                    }
                }
                // What was read is told also where nothing can be written: a redelivery is answered twice rather than never.
                Err(StoreError::Full { .. }) if self.changes.is_empty() => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// Makes a run, in one commit with what is held back behind it, what was changed before, and that the message was
    /// handled: whatever happens to the program, all of it is there or nothing. `None` when the message was handled
    /// meanwhile.
    pub(crate) async fn make_run(
        &mut self,
        engine: &Engine,
        speaker: &Speaker<'_>,
        order: Order<'_>,
        left: &[Command],
    ) -> Result<Option<Run>, Refusal> {
        let (inbound, actor) = (speaker.inbound, &speaker.actor);
        for _ in 0..TRIES {
            let now_ms = engine.now_ms();
            let with = |run: &RunId| {
                let held = (!left.is_empty()).then(|| HeldBack {
                    after: run.clone(),
                    commands: left.to_vec(),
                    identity: inbound.identity.clone(),
                    project: speaker.project.as_ref().map(|project| project.project.clone()),
                    role: engine.strangers(),
                    asides: speaker.asides.clone(),
                });
                self.writes(inbound, held, now_ms)
            };
            let made = match order {
                Order::New(request) => engine.request_with(request, actor, with).await,
                Order::Once(request, seen) => engine.request_as_seen(request, actor, seen, false, with).await,
                Order::Retry(request, seen) => engine.request_as_seen(request, actor, seen, true, with).await,
            };
            match made {
                Ok(run) => {
                    self.noted = true;
                    self.changes.clear();
                    return Ok(Some(run));
                }
                Err(refusal) if refusal.is_conflict() => {
                    if !self.catch_up(engine, inbound).await? {
                        return Ok(None);
                    }
                    if let Order::Once(request, seen) | Order::Retry(request, seen) = order
                        && engine.store().environment_get(&request.environment).await?.revision
                            != seen.revision
                    {
                        return Err(refusal);
                    }
                }
                Err(refusal) => return Err(refusal),
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// What is to be written: what was changed, what is held back besides, and that the message was handled.
    pub(crate) fn writes(
        &self,
        inbound: &Inbound,
        held: Option<HeldBack>,
        now_ms: i64,
    ) -> Result<Vec<Write>, StoreError> {
        let mut writes = Vec::new();
        if held.is_some() || !self.changes.is_empty() {
            let mut remembered = self.remembered.clone();
            remembered.held_back.extend(held);
            let body = serde_json::to_string(&remembered)
                .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
            writes.push(Write::ConversationPut {
                conversation: inbound.conversation.clone(),
                front: inbound.identity.front.clone(),
                before: self.stored.clone(),
                body,
                cursor: self.cursor,
            });
            writes.push(remembered.dues(&inbound.conversation));
        }
        if let Some(event) = inbound.event.as_ref().filter(|_| !self.noted) {
            writes.push(Write::InboundForget { before_ms: now_ms - REMEMBERED_MS });
            writes.push(Write::InboundPut {
                front: inbound.identity.front.clone(),
                event: event.clone(),
                at_ms: now_ms,
            });
        }
        Ok(writes)
    }

    /// What is to be written when nobody said anything: what was changed, in a conversation that is there.
    pub(crate) fn writes_alone(&self, conversation: &str) -> Result<Vec<Write>, StoreError> {
        if self.changes.is_empty() {
            return Ok(Vec::new());
        }
        let body = serde_json::to_string(&self.remembered)
            .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
        let put = Write::ConversationPut {
            conversation: conversation.to_owned(),
            front: String::new(),
            before: self.stored.clone(),
            body,
            cursor: self.cursor,
        };
        Ok(vec![put, self.remembered.dues(conversation)])
    }

    /// Somebody else's change came first: reads it, and puts one's own on top. False when the message itself was handled
    /// meanwhile; then nothing of it is left to be written.
    async fn catch_up(&mut self, engine: &Engine, inbound: &Inbound) -> Result<bool, Refusal> {
        if !self.noted && was_handled(engine, inbound).await? {
            self.noted = true;
            self.handled_elsewhere = true;
            self.changes.clear();
            return Ok(false);
        }
        let mut fresh = Self::load(engine, &inbound.conversation).await?;
        fresh.noted = self.noted;
        fresh.thread.clone_from(&self.thread);
        fresh.asked_in.clone_from(&self.asked_in);
        for change in std::mem::take(&mut self.changes) {
            fresh.change(change);
        }
        *self = fresh;
        Ok(true)
    }

    /// All open questions.
    pub(crate) fn questions(&self) -> &[Question] {
        &self.remembered.questions
    }

    /// Where something is said: what was asked in another thread is not answered by it.
    pub(crate) fn stands(&mut self, about: &About) {
        self.thread.clone_from(&about.thread);
        self.asked_in.clone_from(&about.asked_in);
    }

    /// Whether a question can be answered where something is said.
    pub(crate) fn is_asked_here(&self, question: &Question) -> bool {
        question.is_of_any(&self.asked_in)
    }

    /// The questions that can be answered where something is said.
    pub(crate) fn questions_here(&self) -> impl Iterator<Item = &Question> {
        self.questions().iter().filter(|question| self.is_asked_here(question))
    }

    /// The threads of the next question: those of the one it goes on with, and that of its answer.
    pub(crate) fn threads_of_next(&self) -> Vec<String> {
        let mut threads =
            self.going_on_with.as_ref().map(|question| question.threads.clone()).unwrap_or_default();
        if !threads.contains(&self.thread) {
            threads.push(self.thread.clone());
        }
        threads
    }

    /// What is shown to somebody repeats a question of theirs: it is answered there too.
    pub(crate) fn shows(&mut self, outbound: &[Outbound], asked: &Identity) {
        let repeats = outbound.iter().any(|outbound| !outbound.card().asks.is_empty());
        if repeats && self.questions_of(asked).any(|question| !question.threads.contains(&self.thread)) {
            self.change(Change::Shown(asked.clone(), self.thread.clone(), self.asked_in.clone()));
        }
    }

    /// The next question goes on with this one.
    pub(crate) fn going_on_with(&mut self, question: &Question) {
        self.going_on_with = Some(question.clone());
    }

    /// The open question that the next one goes on with.
    pub(crate) fn goes_on_with(&self) -> Option<&Question> {
        self.going_on_with.as_ref()
    }

    /// For whom the next question is: whoever speaks, unless it goes on with somebody's.
    pub(crate) fn asks_for(&self, speaking: &Identity) -> Identity {
        self.going_on_with.as_ref().map_or(speaking, |question| &question.asked).clone()
    }

    /// The question somebody is to answer next.
    pub(crate) fn question_of(&self, asked: &Identity) -> Option<&Question> {
        let theirs = |question: &&Question| question.asked == *asked && self.is_asked_here(question);
        self.remembered.questions.iter().rev().find(theirs)
    }

    /// The newest question somebody has not answered yet, wherever it is asked.
    pub(crate) fn newest_of(&self, asked: &Identity) -> Option<&Question> {
        self.questions().iter().rev().find(|question| question.asked == *asked)
    }

    /// All questions somebody has not answered yet and can answer here, the one at hand first.
    pub(crate) fn questions_of<'a>(&'a self, asked: &'a Identity) -> impl Iterator<Item = &'a Question> {
        let theirs = move |question: &&Question| question.asked == *asked && self.is_asked_here(question);
        self.remembered.questions.iter().rev().filter(theirs)
    }

    /// Asks somebody, and tells which question of theirs has to wait for it.
    pub(crate) fn ask(&mut self, question: Question) -> Option<Question> {
        let instead_of = self.going_on_with.take();
        let waits =
            self.questions_of(&question.asked).find(|other| Some(*other) != instead_of.as_ref()).cloned();
        self.change(Change::Ask { question: Box::new(question), instead_of: instead_of.map(Box::new) });
        waits
    }

    /// Closes a question.
    pub(crate) fn close(&mut self, question: &Question) {
        self.change(Change::Closed(Box::new(question.clone())));
    }

    /// Closes somebody's question with another person's answer.
    pub(crate) fn answered_by(&mut self, question: &Question, name: &str) {
        self.change(Change::AnsweredBy(Box::new(question.clone()), name.to_owned()));
    }

    /// The question of somebody that another person has answered, and who.
    pub(crate) fn answered_for(&self, asked: &Identity) -> Option<&(Question, String)> {
        self.remembered.answered_for.iter().find(|(question, _)| question.asked == *asked)
    }

    /// The person knows that another one has answered.
    pub(crate) fn told(&mut self, asked: &Identity) {
        self.change(Change::Told(asked.clone()));
    }

    pub(crate) fn take_held_back(&mut self, run: &RunId) -> Option<HeldBack> {
        let held = self.remembered.held_back.iter().find(|held| held.after == *run).cloned()?;
        self.change(Change::Taken(run.clone()));
        Some(held)
    }

    /// A run was steered here: what comes of it is shown here too.
    pub(crate) fn steered(&mut self, run: &RunId) {
        if self.remembered.steered.last() != Some(run) {
            self.change(Change::Steered(run.clone()));
        }
    }

    /// The runs that were steered here.
    pub(crate) fn runs_steered(&self) -> &[RunId] {
        &self.remembered.steered
    }

    /// The project somebody chose here.
    pub(super) fn project_chosen(&self, person: &Identity) -> Option<&ProjectName> {
        self.choice_of(person)?.project.as_ref()
    }

    /// What somebody said since an instant that waits until they have said which project is meant.
    pub(super) fn project_asked(&self, person: &Identity, since_ms: i64) -> Option<&str> {
        let waits = self.choice_of(person)?.waits.as_ref().filter(|waits| waits.since_ms > since_ms);
        waits.map(|waits| waits.text.as_str())
    }

    /// Somebody chooses a project.
    pub(super) fn project_choose(&mut self, person: &Identity, project: &ProjectName) {
        let choice = Choice { person: person.clone(), project: Some(project.clone()), waits: None };
        if self.choice_of(person) != Some(&choice) {
            self.change(Change::Project(choice));
        }
    }

    /// What somebody said waits until they have said which project is meant.
    pub(super) fn project_ask(&mut self, person: &Identity, text: &str, since_ms: i64) {
        let waits = Some(Waiting { text: text.to_owned(), since_ms });
        self.change(Change::Project(Choice { person: person.clone(), project: None, waits }));
    }

    fn choice_of(&self, person: &Identity) -> Option<&Choice> {
        self.remembered.projects.iter().find(|choice| choice.person == *person)
    }

    fn change(&mut self, change: Change) {
        self.changes.push(change.clone());
        self.remembered.apply(change);
    }
}

/// A front may deliver an event twice; the second time there is nothing to do.
pub(crate) async fn was_handled(engine: &Engine, inbound: &Inbound) -> Result<bool, Refusal> {
    let Some(event) = &inbound.event else { return Ok(false) };
    Ok(engine.store().inbound_is_known(&inbound.identity.front, event).await?)
}
