//! People who talk and click, one after the other or all at once.

use chat::Inbound;
use engine::model::Identity;

use super::{CONVERSATION, Chat, FRONT};

impl Chat {
    /// Somebody: `vera` (viewer), `ana` and `ben` (deployers), `zoe` (admin), or a stranger.
    pub(crate) fn user<'a>(&'a mut self, name: &'a str) -> Person<'a> {
        Person { chat: self, name }
    }

    async fn hears(&mut self, person: &str, text: &str, event: Option<&str>) {
        self.hears_under(person, text, event, None).await;
    }

    async fn hears_under(&mut self, person: &str, text: &str, event: Option<&str>, run: Option<usize>) {
        // Nobody says two things in the same millisecond, and what is sorted by time has an order.
        self.clock.advance(1);
        let inbound = Inbound {
            identity: Identity { front: FRONT.to_owned(), external_id: person.to_owned() },
            conversation: CONVERSATION.to_owned(),
            event: event.map(ToOwned::to_owned),
            text: self.room.with_real_ids(text),
        };
        let about = run.map(|number| self.room.run_id(number));
        let heard = self.program().desk.hear_under(&inbound, about.as_ref()).await;
        for outbound in &heard.outbound {
            self.room.shows(outbound, person);
        }
        self.reports().await;
    }

    /// Many people talk in the same moment: who, and what. Their answers are shown in that order.
    pub(crate) async fn at_once(&mut self, said: &[(&str, String)]) {
        let mut talking = Vec::new();
        for (person, text) in said {
            let inbound = Inbound {
                identity: Identity { front: FRONT.to_owned(), external_id: (*person).to_owned() },
                conversation: CONVERSATION.to_owned(),
                event: None,
                text: self.room.with_real_ids(text),
            };
            let desk = self.desk();
            let heard = tokio::spawn(async move { desk.hear(&inbound).await });
            talking.push(((*person).to_owned(), heard));
        }
        for (person, heard) in talking {
            for outbound in heard.await.unwrap().outbound {
                self.room.shows(&outbound, &person);
            }
        }
        self.reports().await;
    }
}

/// Somebody who talks and clicks.
pub(crate) struct Person<'a> {
    chat: &'a mut Chat,
    name: &'a str,
}

impl Person<'_> {
    /// Says something. Runs are called `r-1`, `r-2` in the order they were first shown.
    pub(crate) async fn says(self, text: &str) {
        self.chat.hears(self.name, text, None).await;
    }

    /// Says something in the thread under a run's card; runs count from 1.
    pub(crate) async fn says_under(self, run: usize, text: &str) {
        self.chat.hears_under(self.name, text, None, Some(run)).await;
    }

    /// The front delivers something under the identifier of its event.
    pub(crate) async fn says_in_event(self, event: &str, text: &str) {
        self.chat.hears(self.name, text, Some(event)).await;
    }

    /// Clicks the button on the newest message that has it.
    pub(crate) async fn clicks(self, label: &str) {
        let command = self.chat.room.command_of(label, false);
        self.chat.hears(self.name, &command, None).await;
    }

    /// Clicks the button on the oldest message that had it: somebody scrolled far up.
    pub(crate) async fn clicks_the_old(self, label: &str) {
        let command = self.chat.room.command_of(label, true);
        self.chat.hears(self.name, &command, None).await;
    }
}
