//! People who talk and click, one after the other or all at once.

use super::Chat;

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
        let text = self.room.with_real_ids(text);
        let about = run.map(|number| self.room.run_id(number));
        let program = self.program.as_mut().unwrap();
        program.connected.hears(&self.stage, person, &text, event, about.as_ref()).await;
        self.reports().await;
    }

    async fn clicks(&mut self, person: &str, label: &str, oldest: bool) {
        self.clock.advance(1);
        let label = self.room.with_real_ids(label);
        let program = self.program.as_mut().unwrap();
        program.connected.clicks(&self.stage, person, &label, oldest).await;
        self.reports().await;
    }

    /// Many people talk in the same moment: who, and what. Their answers are shown in that order.
    pub(crate) async fn at_once(&mut self, said: &[(&str, String)]) {
        let said = said.iter().map(|(person, text)| ((*person).to_owned(), self.room.with_real_ids(text)));
        let said: Vec<(String, String)> = said.collect();
        let program = self.program.as_mut().unwrap();
        program.connected.hears_at_once(&self.stage, &said).await;
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
        self.chat.clicks(self.name, label, false).await;
    }

    /// Clicks the button on the oldest message that had it: somebody scrolled far up.
    pub(crate) async fn clicks_the_old(self, label: &str) {
        self.chat.clicks(self.name, label, true).await;
    }
}
