//! Data jobs, and the columns they fill: one request, however many orders it was said as.

use engine::control::Refusal;

use super::question::Wanted;
use super::talk::Talk;
use super::tree::Draft;
use super::{Desk, Heard, Speaker};
use crate::intent::Command;

impl Desk {
    /// Puts a change of data together: asks for what nobody said, and last whether the whole is right.
    pub(super) async fn change_data(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        commands: Vec<Command>,
        left: &[Command],
    ) -> Result<Heard, Refusal> {
        speaker.project()?;
        let draft = Draft::of_change(commands, &speaker.inbound.text).told(&speaker.asides);
        let draft = draft.settled(speaker.project.as_ref());
        match draft.next() {
            Some(next) => self.ask(speaker, talk, draft, next, Wanted::default(), left).await,
            // Whether the whole is right is asked always, so there is something to ask for.
            None => Ok(Heard::nothing()),
        }
    }
}
