//! Words, or a click, that would answer a question somebody else was asked: whoever says them and may not answer it, or can't be
//! told which one they mean, is told whose it is. Nothing changes.

use engine::control::Refusal;

use super::question::Question;
use super::reply::{closes, is_yes_or_no, takes_back};
use super::talk::Talk;
use super::tree::{self, Takes};
use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::Named;
use crate::view;

impl Desk {
    /// What words that are no order are about all the same: a run that goes on, or a question somebody else was asked.
    pub(super) async fn about_others(
        &self,
        speaker: &Speaker<'_>,
        talk: &Talk,
        said: &str,
    ) -> Result<Option<Heard>, Refusal> {
        if let Some(heard) = self.correct_run(speaker, said).await? {
            return Ok(Some(heard));
        }
        // What somebody takes back is their own order first.
        if takes_back(said)
            && let Some(heard) = self.taken_back(speaker, said).await?
        {
            return Ok(Some(heard));
        }
        if let Some(heard) = self.asked_elsewhere(speaker, talk, said) {
            return Ok(Some(heard));
        }
        match self.whose_question(speaker, talk, said).await? {
            Some(heard) => Ok(Some(heard)),
            None => self.taken_back(speaker, said).await,
        }
    }

    /// What would answer a question that was put to them in another thread: it is none here.
    fn asked_elsewhere(&self, speaker: &Speaker<'_>, talk: &Talk, said: &str) -> Option<Heard> {
        let (now_ms, environments) = (self.engine.now_ms(), speaker.environments());
        let meant = |question: &&Question| {
            question.asked == speaker.inbound.identity
                && question.due_ms() > now_ms
                && !talk.is_asked_here(question)
                && (closes(said) || is_about(question, said, &environments))
        };
        let open: Vec<&Question> = talk.questions().iter().filter(meant).collect();
        let first = open.first()?;
        // A yes and a no people say to each other all day: where nobody spoke to the bot, it does not speak up.
        let common = closes(said) || is_yes_or_no(first, said);
        let outcome = if common { Outcome::Refused } else { Outcome::Asked };
        Some(Heard::say(outcome, view::asked_elsewhere(&open)))
    }

    async fn whose_question(
        &self,
        speaker: &Speaker<'_>,
        talk: &Talk,
        said: &str,
    ) -> Result<Option<Heard>, Refusal> {
        let (now_ms, environments) = (self.engine.now_ms(), speaker.environments());
        let theirs =
            |question: &&Question| question.asked != speaker.inbound.identity && question.due_ms() > now_ms;
        let meant = |question: &&Question| closes(said) || is_about(question, said, &environments);
        let mut asked = Vec::new();
        for question in talk.questions().iter().filter(theirs).filter(meant) {
            asked.push((question, self.engine.actor(&question.asked).await?.name));
        }
        let card = match asked.as_slice() {
            [] => return Ok(None),
            [(question, whom)] => view::asked_of_them(question, whom, closes(said)),
            several => view::asked_of_others(several),
        };
        Ok(Some(Heard::say(Outcome::Refused, card)))
    }
}

/// Whether words could be meant for a question: they are what one of its buttons says, or a value it takes.
fn is_about(question: &Question, said: &str, environments: &[Named]) -> bool {
    let reader = question.reader(environments);
    // Nearly anything is a name or a command.
    let any = matches!(reader.row.takes, Takes::Words(_) | Takes::Loose(_));
    let is_none = question.takes_none() && tree::plain(said).eq_ignore_ascii_case("none");
    tree::is_exact(&reader, said)
        || is_yes_or_no(question, said)
        || is_none
        || question.choices.iter().any(|choice| choice == said)
        || (question.draft.is_collected() && tree::asks_for_the_whole(said))
        || (!any && tree::take(&reader, said, true).is_ok())
}
