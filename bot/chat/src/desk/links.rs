//! Where people find runs: the addresses of their cards on the chat platforms.

use std::collections::BTreeMap;

use engine::control::Refusal;
use engine::model::RunId;

use super::Desk;

/// The addresses of runs' cards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Links(BTreeMap<RunId, String>);

impl Links {
    /// The address of a run's card.
    pub(crate) fn of(&self, run: &RunId) -> Option<&str> {
        self.0.get(run).map(String::as_str)
    }
}

impl Desk {
    /// The addresses of some runs' cards, for somebody who speaks in a conversation: there if it is shown there, else on the
    /// same front, else where it was shown first.
    pub(crate) async fn links(&self, runs: Vec<RunId>, conversation: &str) -> Result<Links, Refusal> {
        let front = |conversation: &str| conversation.split(':').next().map(ToOwned::to_owned);
        let mut links = BTreeMap::new();
        for run in runs {
            let mut shown = self.engine.store().shown_links(&run.to_string()).await?;
            // In the order they were shown, which stays among those equally near.
            shown.sort_by_key(|(other, _)| (other != conversation, front(other) != front(conversation)));
            links.extend(shown.into_iter().next().map(|(_, link)| (run, link)));
        }
        Ok(Links(links))
    }

    /// The address of a run's card, where it is not shown in the conversation itself.
    pub(super) async fn link_from(&self, run: &RunId, conversation: &str) -> Result<Option<String>, Refusal> {
        let shown = self.engine.store().shown_links(&run.to_string()).await?;
        if shown.iter().any(|(other, _)| other == conversation) {
            return Ok(None);
        }
        Ok(self.links(vec![run.clone()], conversation).await?.of(run).map(ToOwned::to_owned))
    }
}
