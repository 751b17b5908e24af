//! The desk: takes what people say to the engine and brings the answer back as cards. Everything it must remember is in
//! the database, so another replica, or the same one after a crash, goes on with the talk.

mod answers;
mod because;
mod glass;
mod orders;
mod question;
mod steer;
mod talk;
mod when;

use engine::control::{Engine, Refusal};
use engine::model::{Actor, Project, RunId};
use engine::run::RunState;
use engine::store::{Commit, StoreError, Write};

use crate::intent::{Command, Named, Names, PROVIDERS, parse};
use crate::message::{Card, Inbound, Outbound};
use crate::view;

pub(crate) use orders::is_staged;
pub(crate) use question::Question;
use talk::Talk;

/// How long events of fronts are remembered, so that a redelivery is recognised: a day.
const REMEMBERED_MS: i64 = 24 * 3_600_000;

/// Takes what people say to the engine. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Desk {
    engine: Engine,
}

/// What came of something heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What to show at once. Runs show themselves through the reporter.
    pub outbound: Vec<Outbound>,
    /// In one word.
    pub outcome: Outcome,
}

/// What came of something heard, in one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A question was answered, or something small was done.
    Answered,
    /// Not understood, not allowed, or not possible.
    Refused,
    /// Something must be said before it can go on.
    Asked,
    /// Runs were made, in this order.
    Requested(Vec<RunId>),
}

impl Heard {
    fn say(outcome: Outcome, card: Card) -> Self {
        Self { outbound: vec![Outbound::Say(card)], outcome }
    }

    /// What the engine does not do is an answer too.
    fn refused(refusal: &Refusal) -> Self {
        if let Refusal::Store(_) | Refusal::Bug(_) = refusal {
            tracing::error!(error = %view::causes(refusal), "an order could not be carried out");
        }
        Self::say(Outcome::Refused, view::refusal(refusal))
    }

    fn nothing() -> Self {
        Self { outbound: Vec::new(), outcome: Outcome::Answered }
    }

    /// Adds another command's result: the worse outcome stands, runs add up.
    fn and(mut self, other: Self) -> Self {
        self.outbound.extend(other.outbound);
        self.outcome = match (self.outcome, other.outcome) {
            (Outcome::Refused, _) | (_, Outcome::Refused) => Outcome::Refused,
            (Outcome::Asked, _) | (_, Outcome::Asked) => Outcome::Asked,
            (Outcome::Requested(mut runs), Outcome::Requested(more)) => {
                runs.extend(more);
                Outcome::Requested(runs)
            }
            (Outcome::Requested(runs), Outcome::Answered) | (Outcome::Answered, Outcome::Requested(runs)) => {
                Outcome::Requested(runs)
            }
            (Outcome::Answered, Outcome::Answered) => Outcome::Answered,
        };
        self
    }
}

/// Who speaks, where, about which project.
struct Speaker<'a> {
    inbound: &'a Inbound,
    actor: Actor,
    project: Project,
    glass: Option<String>,
}

impl Desk {
    /// A desk in front of an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// The names people may use: of the one project there is, or of nothing yet.
    pub async fn names(&self) -> Names {
        match self.engine.project_get(None).await {
            Ok(project) => names_of(&project.value),
            Err(_) => Names {
                project: String::new(),
                environments: Vec::new(),
                services: Vec::new(),
                components: Vec::new(),
                jobs: Vec::new(),
                providers: PROVIDERS.iter().copied().map(Named::new).collect(),
            },
        }
    }

    /// Hears something and answers. Always: what goes wrong is an answer too.
    pub async fn hear(&self, inbound: &Inbound) -> Heard {
        match self.hear_or_refuse(inbound).await {
            Ok(heard) => heard,
            Err(refusal) => Heard::refused(&refusal),
        }
    }

    async fn hear_or_refuse(&self, inbound: &Inbound) -> Result<Heard, Refusal> {
        if !self.is_first_time(inbound).await? {
            return Ok(Heard::nothing());
        }
        let actor = self.engine.actor(&inbound.identity).await?;
        let project = self.engine.project_get(None).await?.value;
        let mut talk = Talk::load(&self.engine, &inbound.conversation).await?;
        let (text, glass) = glass::split(&inbound.text);
        let speaker = Speaker { inbound, actor, project, glass };
        let names = names_of(&speaker.project);
        let (text, because) = because::split(text);
        let mut parsed = parse(text, &names);
        if let Some(because) = because {
            because::give(&mut parsed.commands, because);
        }
        if let Some(question) = talk.question_of(&inbound.identity).cloned()
            && let Some(heard) = self.answer(&speaker, &mut talk, question, text, &parsed).await?
        {
            return Ok(heard);
        }
        if let Some(problem) = &parsed.problem {
            return Ok(Heard::say(Outcome::Refused, view::problem(problem)));
        }
        self.carry_out(&speaker, &mut talk, parsed.commands).await
    }

    /// Carries commands out in their order. One that makes a run holds the rest back until that run has succeeded.
    async fn carry_out(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        commands: Vec<Command>,
    ) -> Result<Heard, Refusal> {
        let mut heard = Heard::nothing();
        let mut held_behind = None;
        let mut rest = orders::one_by_one(commands).into_iter();
        while let Some(command) = rest.next() {
            // A refusal is this command's answer, and the end of those behind it.
            let one = match self.carry_out_one(speaker, talk, command).await {
                Ok(one) => one,
                Err(refusal) => Heard::refused(&refusal),
            };
            let waits_for = match &one.outcome {
                Outcome::Requested(runs) => runs.last().cloned(),
                _ => None,
            };
            let stops = matches!(one.outcome, Outcome::Refused | Outcome::Asked);
            heard = heard.and(one);
            let left: Vec<Command> = rest.clone().collect();
            if left.is_empty() {
                break;
            }
            if let Some(run) = waits_for {
                heard.outbound.push(Outbound::Say(view::held_back(&left, &run)));
                talk.hold_back(run.clone(), left, &speaker.inbound.identity);
                held_behind = Some(run);
                break;
            }
            if stops {
                heard.outbound.push(Outbound::Say(view::not_begun(&left)));
                break;
            }
        }
        talk.save(&self.engine, speaker.inbound).await?;
        if let Some(run) = held_behind {
            heard = heard.and(self.go_on_if_over(&speaker.inbound.conversation, &run).await?);
        }
        Ok(heard)
    }

    /// A quick run may have been over before its followers were written down: then nobody tells them any more.
    async fn go_on_if_over(&self, conversation: &str, id: &RunId) -> Result<Heard, Refusal> {
        match self.engine.store().run_get(id).await? {
            Some(run) if run.state.is_over() => {
                let succeeded = matches!(run.state, RunState::Succeeded { .. });
                // Boxed because what goes on may again be followed by something.
                Box::pin(self.go_on_after(conversation, id, succeeded)).await
            }
            _ => Ok(Heard::nothing()),
        }
    }

    /// Called when a run is over: carries out what was held back behind it in a conversation, once, or says that it
    /// will not be.
    pub async fn go_on_after(
        &self,
        conversation: &str,
        run: &RunId,
        succeeded: bool,
    ) -> Result<Heard, Refusal> {
        let mut talk = Talk::load(&self.engine, conversation).await?;
        let Some(held) = talk.take_held_back(run) else { return Ok(Heard::nothing()) };
        let inbound = Inbound {
            identity: held.identity.clone(),
            conversation: conversation.to_owned(),
            event: Some(format!("after {run} in {conversation}")),
            text: String::new(),
        };
        if !self.is_first_time(&inbound).await? {
            return Ok(Heard::nothing());
        }
        if !succeeded {
            talk.save(&self.engine, &inbound).await?;
            return Ok(Heard::say(Outcome::Refused, view::not_begun(&held.commands)));
        }
        let actor = self.engine.actor(&held.identity).await?;
        let project = self.engine.project_get(None).await?.value;
        let speaker = Speaker { inbound: &inbound, actor, project, glass: None };
        self.carry_out(&speaker, &mut talk, held.commands).await
    }

    /// A front may deliver an event twice; the second time there is nothing to do.
    async fn is_first_time(&self, inbound: &Inbound) -> Result<bool, Refusal> {
        let Some(event) = &inbound.event else { return Ok(true) };
        let now_ms = self.engine.now_ms();
        let mut commit = Commit::at(now_ms);
        commit.writes.push(Write::InboundForget { before_ms: now_ms - REMEMBERED_MS });
        commit.writes.push(Write::InboundPut {
            front: inbound.identity.front.clone(),
            event: event.clone(),
            at_ms: now_ms,
        });
        match self.engine.store().commit(commit).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// The names of a project, for reading what people say about it.
pub fn names_of(project: &Project) -> Names {
    Names {
        project: project.project.to_string(),
        environments: project
            .environments
            .iter()
            .map(|(name, environment)| {
                let mut named = Named::environment(name.as_str());
                named.aliases.extend(environment.aliases.iter().cloned());
                named
            })
            .collect(),
        services: project.services.keys().map(|name| Named::new(name.as_str())).collect(),
        components: project.components.keys().map(|name| Named::new(name.as_str())).collect(),
        jobs: project.jobs.keys().map(|name| Named::new(name.as_str())).collect(),
        providers: PROVIDERS.iter().copied().map(Named::new).collect(),
    }
}
