//! What a conversation remembers: open questions, commands held back behind a run. Kept in the database. Several people
//! may talk in one conversation at once, so what a command changes is written as changes, onto whatever is there by then.

use engine::control::{Engine, Refusal};
use engine::model::{Identity, RunId};
use engine::store::{Commit, StoreError, Write};
use serde::{Deserialize, Serialize};

use super::question::Question;
use crate::intent::Command;
use crate::message::Inbound;

/// Tries of writing when others talk at the same time.
const TRIES: usize = 32;

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
}

/// The memory as the database has it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Remembered {
    /// Questions that wait for their answers, one a person at most.
    #[serde(default)]
    questions: Vec<Question>,
    /// Commands that wait for a run to succeed.
    #[serde(default)]
    held_back: Vec<HeldBack>,
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
}

#[derive(Debug, Clone)]
enum Change {
    Ask(Box<Question>),
    Answered(Identity),
    HoldBack(HeldBack),
    Taken(RunId),
}

impl Remembered {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Ask(question) => {
                self.questions.retain(|other| other.asked != question.asked);
                self.questions.push(*question);
            }
            Change::Answered(asked) => self.questions.retain(|question| question.asked != asked),
            Change::HoldBack(held) => self.held_back.push(held),
            Change::Taken(run) => self.held_back.retain(|held| held.after != run),
        }
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
        Ok(Self { remembered, changes: Vec::new(), stored: stored.body, cursor: stored.cursor })
    }

    /// Writes what was changed.
    pub(crate) async fn save(&mut self, engine: &Engine, inbound: &Inbound) -> Result<(), Refusal> {
        if self.changes.is_empty() {
            return Ok(());
        }
        for _ in 0..TRIES {
            let body = serde_json::to_string(&self.remembered)
                .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
            let mut commit = Commit::at(engine.now_ms());
            commit.writes.push(Write::ConversationPut {
                conversation: inbound.conversation.clone(),
                front: inbound.identity.front.clone(),
                before: self.stored.clone(),
                body: body.clone(),
                cursor: self.cursor,
            });
            match engine.store().commit(commit).await {
                Ok(()) => {
                    self.stored = body;
                    self.changes.clear();
                    return Ok(());
                }
                Err(StoreError::Conflict) => {
                    let mut fresh = Self::load(engine, &inbound.conversation).await?;
                    for change in std::mem::take(&mut self.changes) {
                        fresh.change(change);
                    }
                    *self = fresh;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// The question somebody has not answered yet.
    pub(crate) fn question_of(&self, asked: &Identity) -> Option<&Question> {
        self.remembered.questions.iter().find(|question| question.asked == *asked)
    }

    /// Asks somebody; a question they had not answered is dropped for it.
    pub(crate) fn ask(&mut self, question: Question) {
        self.change(Change::Ask(Box::new(question)));
    }

    /// Closes somebody's question.
    pub(crate) fn answered(&mut self, asked: &Identity) {
        self.change(Change::Answered(asked.clone()));
    }

    pub(crate) fn hold_back(&mut self, after: RunId, commands: Vec<Command>, identity: &Identity) {
        self.change(Change::HoldBack(HeldBack { after, commands, identity: identity.clone() }));
    }

    pub(crate) fn take_held_back(&mut self, run: &RunId) -> Option<HeldBack> {
        let held = self.remembered.held_back.iter().find(|held| held.after == *run).cloned()?;
        self.change(Change::Taken(run.clone()));
        Some(held)
    }

    fn change(&mut self, change: Change) {
        self.changes.push(change.clone());
        self.remembered.apply(change);
    }
}
