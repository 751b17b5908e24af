//! Messages that were edited or deleted. An edit orders nothing, and takes nothing back: who looks at the message later sees
//! other words than those that counted, so whoever edits is told, once, where that makes a difference.

use engine::control::Refusal;
use engine::run::Run;

use super::about;
use super::meanwhile::is_talk;
use super::orders::one_by_one;
use super::talk::Talk;
use super::{About, Desk, Heard, Outcome, parse_said};
use crate::edited::Edited;
use crate::intent::{Command, Vocabulary};
use crate::message::Inbound;
use crate::view;

/// What a text says to the bot.
struct Reading {
    /// The orders and looks in it, each for one place.
    commands: Vec<Command>,
    /// Their sentences; none where something stands beside them that has no place in one.
    sentences: Vec<String>,
    /// One of them changes something.
    orders: bool,
}

impl Desk {
    /// Hears that a message was edited or deleted. `addressed` when it is said to the bot.
    pub(crate) async fn hear_edit(
        &self,
        inbound: &Inbound,
        about: &About,
        edited: &Edited,
        addressed: bool,
    ) -> Result<Heard, Refusal> {
        let actor = self.engine.actor(&inbound.identity).await?;
        if actor.role.is_none() || edited.is_nothing() {
            return Ok(Heard::nothing());
        }
        let vocabulary = Vocabulary::new(&self.names().await);
        let reading = |text: &str| -> Reading {
            let understood = parse_said(text, &vocabulary);
            let mut commands = understood.parsed.commands;
            about::fill(&mut commands, about);
            let commands = one_by_one(commands);
            let orders = commands.iter().any(|command| command.action.row().changes);
            let whole = understood.parsed.problem.is_none() && understood.beside.is_none();
            let sentences =
                commands.iter().map(Command::canonical).filter(|_| whole).collect::<Vec<String>>();
            Reading { commands, sentences, orders }
        };
        let before = edited.before.as_deref().map(&reading);
        let runs = match &before {
            Some(before) if before.orders => self.runs_ordered(inbound, &actor.name, before).await?,
            _ => Vec::new(),
        };
        let ids = runs.iter().map(|run| run.id.clone()).collect();
        let links = self.links(ids, &inbound.conversation).await?;
        let Some(now) = &edited.now else {
            // A deleted word is no order either, and what it began goes on.
            return Ok(match runs.as_slice() {
                [] => Heard::nothing(),
                some => Heard::say(Outcome::Asked, view::deleted_all_the_same(some, &links)),
            });
        };
        let reads = reading(now);
        if let Some(before) = &before
            && !before.sentences.is_empty()
            && before.sentences == reads.sentences
        {
            return Ok(Heard::nothing());
        }
        let orders = reads.orders || before.as_ref().is_some_and(|before| before.orders);
        let small_talk = is_talk(now) && edited.before.as_deref().is_none_or(is_talk);
        let other_words = edited.before.is_some() && !small_talk;
        let meant = orders || other_words && (addressed || self.is_asked(inbound, about).await?);
        if !meant {
            return Ok(Heard::nothing());
        }
        let first = before.map(|before| before.sentences).unwrap_or_default();
        let card = view::edited(&first, &reads.sentences, &runs, &links);
        Ok(Heard::say(Outcome::Asked, card))
    }

    /// The runs somebody's message began that are not over.
    async fn runs_ordered(&self, inbound: &Inbound, name: &str, said: &Reading) -> Result<Vec<Run>, Refusal> {
        let sentences: Vec<String> = said.commands.iter().map(Command::canonical).collect();
        let mut runs = self.engine.store().run_live().await?;
        runs.retain(|run| {
            run.requester.name == name
                && run.request.conversation.as_ref() == Some(&inbound.conversation)
                && sentences.contains(&run.request.command)
        });
        Ok(runs)
    }

    /// Whether somebody has a question open where they speak: they may think that they have answered it now.
    async fn is_asked(&self, inbound: &Inbound, about: &About) -> Result<bool, Refusal> {
        let mut talk = Talk::load(&self.engine, &inbound.conversation).await?;
        talk.stands(about);
        let now_ms = self.engine.now_ms();
        Ok(talk.question_of(&inbound.identity).is_some_and(|question| question.due_ms() > now_ms))
    }
}
