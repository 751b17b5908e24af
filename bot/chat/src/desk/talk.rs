//! What a conversation remembers: open questions, commands held back behind a run. Kept in the database.

use engine::control::{Engine, Refusal};
use engine::model::{Identity, RunId};
use engine::store::{Commit, StoreError, Write};
use serde::{Deserialize, Serialize};

use super::question::Question;
use crate::intent::Command;
use crate::message::Inbound;

/// A conversation's memory.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Talk {
    /// Questions that wait for their answers, one a person at most.
    #[serde(default)]
    questions: Vec<Question>,
    /// Commands that wait for a run to succeed.
    #[serde(default)]
    held_back: Vec<HeldBack>,
    /// The reporter's cursor, kept beside; not part of the memory.
    #[serde(skip)]
    cursor: i64,
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

impl Talk {
    /// As the database has it; fresh for a new conversation.
    pub(crate) async fn load(engine: &Engine, conversation: &str) -> Result<Self, Refusal> {
        match engine.store().conversation_get(conversation).await? {
            None => Ok(Self { cursor: engine.store().happening_head().await?, ..Self::default() }),
            Some(stored) => {
                let mut talk: Self = serde_json::from_str(&stored.body)
                    .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
                talk.cursor = stored.cursor;
                Ok(talk)
            }
        }
    }

    /// Writes it.
    pub(crate) async fn save(&self, engine: &Engine, inbound: &Inbound) -> Result<(), Refusal> {
        save(engine, &inbound.conversation, &inbound.identity.front, self, self.cursor).await
    }

    /// The question somebody has not answered yet.
    pub(crate) fn question_of(&self, asked: &Identity) -> Option<&Question> {
        self.questions.iter().find(|question| question.asked == *asked)
    }

    /// Asks somebody; a question they had not answered is dropped for it.
    pub(crate) fn ask(&mut self, question: Question) {
        self.answered(&question.asked);
        self.questions.push(question);
    }

    /// Closes somebody's question.
    pub(crate) fn answered(&mut self, asked: &Identity) {
        self.questions.retain(|question| question.asked != *asked);
    }

    pub(crate) fn hold_back(&mut self, after: RunId, commands: Vec<Command>, identity: &Identity) {
        self.held_back.push(HeldBack { after, commands, identity: identity.clone() });
    }

    pub(crate) fn take_held_back(&mut self, run: &RunId) -> Option<HeldBack> {
        let at = self.held_back.iter().position(|held| held.after == *run)?;
        Some(self.held_back.remove(at))
    }
}

async fn save(
    engine: &Engine,
    conversation: &str,
    front: &str,
    talk: &Talk,
    cursor: i64,
) -> Result<(), Refusal> {
    let body = serde_json::to_string(talk)
        .map_err(|error| StoreError::Corrupt { column: "body", source: error.into() })?;
    let mut commit = Commit::at(engine.now_ms());
    commit.writes.push(Write::ConversationPut {
        conversation: conversation.to_owned(),
        front: front.to_owned(),
        body,
        cursor,
    });
    Ok(engine.store().commit(commit).await?)
}
