//! The stage of these stories: a front of the simplest kind, which shows what it is given. Other fronts tell the same stories
//! on stages of their own, with the same functions.

#![expect(clippy::unused_async, clippy::unused_self, reason = "other stages wait and look")]

use std::sync::Arc;

use chat::{Desk, Follow, Front, FrontError, Inbound, Outbound, Reporter};
use engine::control::Engine;
use engine::model::{Identity, RunId};

use crate::harness::Room;

/// Where everybody talks.
pub(crate) const CONVERSATION: &str = "room";
/// Their front.
pub(crate) const FRONT: &str = "terminal";
/// How the stories begin that are its own; these are all.
pub(crate) const OWN: &[&str] = &[""];
/// What is added to a story to find out whose turn it is among the databases.
pub(crate) const TURN: usize = 0;
/// Whether it brings files; elsewhere it is said where they are.
pub(crate) const BRINGS_FILES: bool = false;
/// Whether what was shown before a restart is shown after it.
pub(crate) const SHOWS_ON: bool = false;
/// The conversation in which the reporter remembers how far it is.
pub(crate) const REPORTED_IN: &str = CONVERSATION;

/// The front while no program is connected to it.
pub(crate) struct Stage {
    room: Arc<Room>,
}

/// A program connected to the front.
pub(crate) struct Connected {
    desk: Desk,
}

impl Stage {
    pub(crate) async fn open(room: Arc<Room>) -> Self {
        Self { room }
    }

    /// The names of a run's files that the front has brought.
    pub(crate) fn files_brought(&self, _: &RunId) -> Vec<String> {
        Vec::new()
    }

    /// What went wrong on it that no story sees.
    pub(crate) fn faults(&self) -> Vec<String> {
        Vec::new()
    }

    pub(crate) async fn connect(&self, engine: &Engine) -> (Connected, Reporter) {
        let follow = Follow::Conversation;
        let reporter = Reporter::open(engine.clone(), self.room.clone(), CONVERSATION.to_owned(), follow);
        (Connected { desk: Desk::new(engine.clone()) }, reporter.await.unwrap())
    }
}

impl Connected {
    /// Somebody says something, under the identifier of an event when the front delivers things twice, and under the card
    /// of a run.
    pub(crate) async fn hears(
        &mut self,
        stage: &Stage,
        person: &str,
        text: &str,
        event: Option<&str>,
        about: Option<&RunId>,
    ) {
        let inbound = inbound(person, text, event);
        for outbound in &self.desk.hear_under(&inbound, about).await.outbound {
            stage.room.shows(outbound, person);
        }
    }

    /// Somebody clicks a button, on the newest message that has it or the oldest.
    pub(crate) async fn clicks(&mut self, stage: &Stage, person: &str, label: &str, oldest: bool) {
        let command = stage.room.command_of(label, oldest);
        self.hears(stage, person, &command, None, None).await;
    }

    /// Many people talk in the same moment. Their answers are shown in that order.
    pub(crate) async fn hears_at_once(&mut self, stage: &Stage, said: &[(String, String)]) {
        let mut talking = Vec::new();
        for (person, text) in said {
            let (desk, inbound) = (self.desk.clone(), inbound(person, text, None));
            talking.push((person, tokio::spawn(async move { desk.hear(&inbound).await })));
        }
        for (person, heard) in talking {
            for outbound in heard.await.unwrap().outbound {
                stage.room.shows(&outbound, person);
            }
        }
    }

    /// Shows what waits to be shown beside what the reporter shows; true when there was anything.
    pub(crate) async fn shows(&mut self, _: &Stage) -> bool {
        false
    }
}

fn inbound(person: &str, text: &str, event: Option<&str>) -> Inbound {
    Inbound {
        identity: Identity { front: FRONT.to_owned(), external_id: person.to_owned() },
        conversation: CONVERSATION.to_owned(),
        event: event.map(ToOwned::to_owned),
        text: text.to_owned(),
    }
}

#[async_trait::async_trait]
impl Front for Room {
    fn name(&self) -> &str {
        FRONT
    }

    async fn show(&self, conversation: &str, outbound: &Outbound) -> Result<(), FrontError> {
        assert_eq!(conversation, CONVERSATION);
        self.shows(outbound, "");
        Ok(())
    }
}
