//! Asking for what is missing: one thing at a time, with choices, and only when no default is safe. The open question is
//! part of the conversation in the database; a restart asks it no second time and forgets it no more than the person does.

use engine::control::Refusal;
use engine::model::Identity;
use serde::{Deserialize, Serialize};

use super::asides::Asides;
use super::talk::Talk;
use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::{Command, Parsed, Slot};
use crate::message::Outbound;
use crate::view;

/// How long a question stays open, in milliseconds.
const OPEN_MS: i64 = 30 * 60_000;
/// Words that close a question without an answer.
const NEVER_MIND: [&str; 7] = ["cancel", "never mind", "nevermind", "stop", "forget it", "no", "abort"];
/// Most replicas anybody can mean.
const REPLICAS_MAX: u32 = 1_000;

/// A question that waits for its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Question {
    /// The command as far as it is known.
    pub(crate) command: Command,
    /// What is asked for.
    pub(crate) slot: Slot,
    /// What can be chosen; empty when anything can be typed.
    pub(crate) choices: Vec<String>,
    /// Who was asked: others are not heard.
    pub(super) asked: Identity,
    /// Since when.
    since_ms: i64,
    /// What was said beside the command.
    #[serde(default)]
    asides: Asides,
}

impl Question {
    pub(super) fn about(command: Command, slot: Slot, speaker: &Speaker<'_>, now_ms: i64) -> Self {
        let project = &speaker.project;
        let choices = match slot {
            Slot::Environments | Slot::Environment => {
                project.environments.keys().map(ToString::to_string).collect()
            }
            Slot::Component => project.components.keys().map(ToString::to_string).collect(),
            Slot::Job => project.jobs.keys().map(ToString::to_string).collect(),
            Slot::Replicas | Slot::Provider | Slot::Name | Slot::Value => Vec::new(),
        };
        let (asked, asides) = (speaker.inbound.identity.clone(), speaker.asides.clone());
        Self { command, slot, choices, asked, since_ms: now_ms, asides }
    }

    /// The choice somebody made: its number, its name, or the beginning of its name when only one begins so.
    fn chosen(&self, said: &str) -> Option<String> {
        let said = said.trim().trim_end_matches(['.', '!', ')']).to_lowercase();
        if self.slot == Slot::Replicas {
            let count: u32 = said.split_whitespace().next()?.parse().ok()?;
            return (1..=REPLICAS_MAX).contains(&count).then(|| count.to_string());
        }
        if let Ok(number) = said.parse::<usize>() {
            return self.choices.get(number.checked_sub(1)?).cloned();
        }
        let mut beginning = self.choices.iter().filter(|choice| choice.to_lowercase().starts_with(&said));
        let exact = self.choices.iter().find(|choice| choice.to_lowercase() == said);
        exact.or_else(|| beginning.next().filter(|_| !said.is_empty() && beginning.next().is_none())).cloned()
    }

    /// The command, when there is one answer only.
    pub(super) fn only_choice(&self) -> Option<Command> {
        match self.choices.as_slice() {
            [only] => Some(self.fill(only.clone())),
            _ => None,
        }
    }

    fn fill(&self, choice: String) -> Command {
        let mut command = self.command.clone();
        match self.slot {
            Slot::Environments => command.environments = vec![choice],
            Slot::Environment => command.environment = Some(choice),
            Slot::Replicas => command.replicas = choice.parse().ok(),
            Slot::Component => command.component = Some(choice),
            Slot::Provider => command.provider = Some(choice),
            Slot::Name => command.name = Some(choice),
            Slot::Value => command.value = Some(choice),
            Slot::Job => command.job = Some(choice),
        }
        command
    }
}

impl Desk {
    /// Takes what was said as the answer to the open question. `None` when it is none and should be read by itself.
    pub(super) async fn answer(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        question: Question,
        said: &str,
        parsed: &Parsed,
    ) -> Result<Option<Heard>, Refusal> {
        let now_ms = self.engine.now_ms();
        if now_ms - question.since_ms > OPEN_MS {
            talk.answered(&question.asked);
            if question.chosen(said).is_none() {
                return Ok(None);
            }
            return Ok(Some(Heard::say(Outcome::Refused, view::question_expired(&question))));
        }
        if let Some(choice) = question.chosen(said) {
            talk.answered(&question.asked);
            let speaker = Speaker {
                inbound: speaker.inbound,
                actor: speaker.actor.clone(),
                project: speaker.project.clone(),
                asides: question.asides.clone(),
            };
            return self.carry_out(&speaker, talk, vec![question.fill(choice)]).await.map(Some);
        }
        if NEVER_MIND.contains(&said.trim().trim_end_matches(['.', '!']).to_lowercase().as_str()) {
            talk.answered(&question.asked);
            return Ok(Some(Heard::say(Outcome::Answered, view::question_closed(&question))));
        }
        if parsed.problem.is_some() || parsed.commands.is_empty() {
            return Ok(Some(Heard::say(Outcome::Asked, view::question_again(&question, said))));
        }
        // A whole new command. The same one, said in full, is the answer; after another one the question stays open.
        if parsed.commands.iter().any(|command| command.action == question.command.action) {
            talk.answered(&question.asked);
            return Ok(None);
        }
        let mut heard = self.carry_out(speaker, talk, parsed.commands.clone()).await?;
        let open = talk.question_of(&question.asked);
        if open.is_some_and(|open| open.since_ms == question.since_ms && open.command == question.command) {
            heard.outbound.push(Outbound::Say(view::still_open(&question)));
        }
        Ok(Some(heard))
    }
}
