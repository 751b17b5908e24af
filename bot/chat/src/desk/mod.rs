//! The desk: takes what people say to the engine and brings the answer back as cards. Everything it must remember is in
//! the database, so another replica, or the same one after a crash, goes on with the talk.

mod about;
mod answers;
mod asides;
mod back;
mod because;
mod canary;
mod connect;
mod correct;
mod data;
mod edits;
mod elliptic;
mod environment;
mod files;
mod glass;
mod incident;
mod jobs;
mod length;
mod links;
mod meanwhile;
mod only;
mod orders;
mod plainly;
mod project;
mod question;
mod reply;
mod secret;
mod setup;
mod small;
mod speaker;
mod standing;
mod steer;
mod talk;
#[cfg(test)]
mod tests;
mod texts;
mod tree;
mod until;
mod waiting;
mod when;
mod whose;

use engine::control::{Engine, Refusal};
use engine::model::{Project, RunId};
use engine::store::{StoreError, Write};

use crate::intent::{Action, Command, Names, parse};
use crate::message::{Card, Inbound, Outbound};
use crate::spilled::holds_secret;
use crate::view;

pub use about::About;
pub(crate) use answers::run_id_in;
pub use asides::{Beside, Understood, parse_said};
pub(crate) use links::Links;
use project::Meant;
pub(crate) use question::Question;
pub use secret::{SecretForm, SecretWish};
pub(crate) use setup::Hindrance;
use speaker::Speaker;
pub use speaker::names_of;
use talk::Talk;
pub(crate) use tree::{Draft, Slot, Takes};

/// How orders begin that need no project.
const FIRST_ORDERS: [&str; 3] = ["set up", "help", "whoami"];
/// What is proposed where there is no project, and nothing else comes near.
const FIRST_SENTENCES: [&str; 2] = ["set up staging", "help"];
/// What can't be planned because of how it was said, and not because of how things are.
const MISUNDERSTOOD: [&str; 6] = [
    "bad-replicas",
    "bad-time",
    "other-environment",
    "unknown-environment",
    "unknown-run",
    "unknown-service",
];

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
    /// Runs of earlier orders that go on because of it: approved or resumed.
    pub goes_on: Vec<RunId>,
    /// Runs that are stopped because of it: whoever cancelled them waits until they are undone.
    pub stops: Vec<RunId>,
    /// Somebody asked whether they may, and the answer was no or not without others.
    pub said_no: bool,
}

/// What came of something heard, in one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A question was answered, or something small was done.
    Answered,
    /// Not understood or not allowed.
    Refused,
    /// Understood and allowed, and it could not be done as things are: there is no release to go back to, the database
    /// or a provider does not answer.
    Failed,
    /// Something must be said before it can go on.
    Asked,
    /// Runs were made, in this order.
    Requested(Vec<RunId>),
}

impl Heard {
    fn of(outcome: Outcome, outbound: Vec<Outbound>) -> Self {
        Self { outbound, outcome, goes_on: Vec::new(), stops: Vec::new(), said_no: false }
    }

    fn say(outcome: Outcome, card: Card) -> Self {
        Self::of(outcome, vec![Outbound::Say(card)])
    }

    /// What the engine does not do is an answer too.
    fn refused(refusal: &Refusal) -> Self {
        if let Refusal::Store(_) | Refusal::Bug(_) = refusal {
            tracing::error!(error = %view::causes(refusal), "an order could not be carried out");
        }
        let outcome = match refusal {
            Refusal::Problem(problem) if MISUNDERSTOOD.contains(&problem.code.as_str()) => Outcome::Refused,
            Refusal::Store(_) | Refusal::Bug(_) | Refusal::Port { .. } | Refusal::Problem(_) => {
                Outcome::Failed
            }
            Refusal::NotAllowed { .. } | Refusal::Standing { .. } | Refusal::NotFound { .. } => {
                Outcome::Refused
            }
        };
        Self::say(outcome, view::refusal(refusal))
    }

    fn nothing() -> Self {
        Self::of(Outcome::Answered, Vec::new())
    }

    /// Puts the canonical command onto cards that have none, so that people learn it.
    fn teach(&mut self, canonical: &str) {
        for outbound in &mut self.outbound {
            if let Outbound::Say(card) = outbound
                && card.command.is_empty()
            {
                canonical.clone_into(&mut card.command);
            }
        }
    }

    /// Adds another command's result: the worse outcome stands, runs add up.
    fn and(mut self, other: Self) -> Self {
        self.outbound.extend(other.outbound);
        self.goes_on.extend(other.goes_on);
        self.stops.extend(other.stops);
        self.said_no |= other.said_no;
        self.outcome = match (self.outcome, other.outcome) {
            (Outcome::Refused, _) | (_, Outcome::Refused) => Outcome::Refused,
            (Outcome::Failed, _) | (_, Outcome::Failed) => Outcome::Failed,
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

impl Desk {
    /// A desk in front of an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// The names people may use: of the one project there is, of all of several, or of nothing yet.
    pub async fn names(&self) -> Names {
        match self.projects().await.unwrap_or_default().as_slice() {
            [only] => names_of(only),
            projects => project::names_of_all(projects),
        }
    }

    /// Hears something and answers. Always: what goes wrong is an answer too.
    pub async fn hear(&self, inbound: &Inbound) -> Heard {
        self.hear_about(inbound, &About::default()).await
    }

    /// Hears something said under a run's card: "rollback", "approve" and the like are about that run.
    pub async fn hear_under(&self, inbound: &Inbound, about: Option<&RunId>) -> Heard {
        self.hear_about(inbound, &About { run: about.cloned(), ..About::default() }).await
    }

    /// Hears something said where the talk is about something: what a command does not say is taken from there.
    pub async fn hear_about(&self, inbound: &Inbound, about: &About) -> Heard {
        let mut heard = match Box::pin(self.hear_or_refuse(inbound, about)).await {
            Ok(heard) => heard,
            Err(refusal) => help_asked(inbound, &refusal).unwrap_or_else(|| Heard::refused(&refusal)),
        };
        heard.outbound = heard.outbound.into_iter().map(Outbound::in_plain_sight).collect();
        heard
    }

    async fn hear_or_refuse(&self, inbound: &Inbound, about: &About) -> Result<Heard, Refusal> {
        if let Some(said) = texts::typed(inbound) {
            return Box::pin(self.typed_text(inbound, said)).await;
        }
        // Fronts that others read have looked before it came here; a terminal has not.
        if holds_secret(self.engine.redactor(), &inbound.text) {
            return Ok(Heard::say(Outcome::Refused, view::secret_typed()));
        }
        if talk::was_handled(&self.engine, inbound).await? {
            return Ok(Heard::nothing());
        }
        let mut talk = Talk::load(&self.engine, &inbound.conversation).await?;
        talk.stands(about);
        let before: Vec<Question> = talk.questions_of(&inbound.identity).cloned().collect();
        let meant = self.meant(inbound, about, &mut talk).await?;
        let heard = match Box::pin(self.take_in(inbound, &meant, &mut talk)).await {
            Err(refusal) if !is_passing(&refusal) => Heard::refused(&refusal),
            other => other?,
        };
        let mut heard = project::qualified(heard, &meant);
        // A question that had to wait for another one has its turn now.
        if let Some(next) = talk.question_of(&inbound.identity)
            && before.iter().skip(1).any(|waited| waited == next)
            && next.due_ms() > self.engine.now_ms()
        {
            let next = self.of_question(Outbound::Say(view::still_open(next)), next).await?;
            heard.outbound.push(next);
        }
        talk.shows(&heard.outbound, &inbound.identity);
        // That a message was handled is written with the run it makes, and last where it makes none: a crash before that
        // answers a redelivery twice rather than never.
        talk.save(&self.engine, inbound).await?;
        Ok(if talk.handled_elsewhere { Heard::nothing() } else { heard })
    }

    async fn take_in(&self, inbound: &Inbound, meant: &Meant, talk: &mut Talk) -> Result<Heard, Refusal> {
        let actor = self.engine.actor(&inbound.identity).await?;
        if let (Some(project), true) = (meant.name(), meant.chosen) {
            return Ok(Heard::say(Outcome::Answered, view::project_chosen(project)));
        }
        let inbound = &Inbound { text: meant.text.clone(), ..inbound.clone() };
        let (text, asides) = asides::split(&inbound.text);
        let speaker = Speaker {
            inbound,
            actor,
            project: meant.project.clone(),
            about: meant.about.run.clone(),
            asides,
        };
        // A bare word may be the answer to what is asked; an order is none.
        if let Some(wish) = secret::SecretWish::read(&inbound.text)
            && (wish.is_order || talk.question_of(&inbound.identity).is_none())
        {
            return match self.secret_form(&wish.of(meant.name()), &speaker.actor).await {
                Ok(_) => Ok(secret::offered(&wish)),
                Err(refusal) => Err(refusal),
            };
        }
        let names = meant.names();
        let (text, because) = because::split(&text);
        let mut parsed = parse(text, &names);
        if let Some(because) = because {
            because::give(&mut parsed.commands, because);
        }
        about::fill(&mut parsed.commands, &meant.about);
        if let Some(heard) = self.which_project(&speaker, talk, meant, &parsed).await? {
            return Ok(heard);
        }
        // A question about another project stays open.
        let of_it = |question: &&Question| question.project.as_ref() == meant.name() || !meant.among;
        let question = talk.question_of(&inbound.identity).filter(of_it).cloned();
        let answers =
            question.as_ref().is_some_and(|question| question.is_answered_by(text, &names.environments));
        if let Some(about) = standing::about(text).filter(|_| !answers) {
            let mut heard = match self.about_standing(&speaker, about).await {
                Err(refusal) if !is_passing(&refusal) => Heard::refused(&refusal),
                other => other?,
            };
            heard.teach(text.trim());
            heard.outbound.extend(question.map(|question| Outbound::Say(view::left_open(&question))));
            return Ok(heard);
        }
        if let Some(id) = incident::named(text).filter(|_| !answers) {
            let mut heard = self.incident(&speaker, &id).await?;
            heard.outbound.extend(question.map(|question| Outbound::Say(view::left_open(&question))));
            return Ok(heard);
        }
        if let Some(asked) =
            files::asked(text).filter(|asked| !answers && asked.is_meant(speaker.about.as_ref()))
        {
            let mut heard = self.files_of_run(&speaker, asked).await?;
            heard.outbound.extend(question.map(|question| Outbound::Say(view::left_open(&question))));
            return Ok(heard);
        }
        let answered = match question {
            Some(question) => Box::pin(self.answer(&speaker, talk, question, text, &parsed)).await?,
            None => Box::pin(self.answer_for(&speaker, talk, text, &parsed)).await?,
        };
        if let Some(heard) = answered {
            return Ok(heard);
        }
        if let Some(heard) = self.praised(&speaker, text).await? {
            return Ok(heard);
        }
        if let Some(problem) = &parsed.problem {
            if let Some(heard) = self.about_others(&speaker, talk, text).await? {
                return Ok(heard);
            }
            return Box::pin(self.not_understood(&speaker, meant, text, problem)).await;
        }
        self.carry_out(&speaker, talk, parsed.commands).await
    }

    /// Carries commands out in their order. One that makes a run holds the rest back until that run has succeeded.
    async fn carry_out(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        commands: Vec<Command>,
    ) -> Result<Heard, Refusal> {
        let mut heard = Heard::nothing();
        let mut rest = orders::one_by_one(commands).into_iter();
        let mut refused = false;
        while let Some(command) = rest.next() {
            let mut change = vec![command.clone()];
            let belonging = tree::change_of_data(&command, rest.as_slice());
            change.extend(rest.by_ref().take(belonging));
            let left = rest.as_slice();
            // A refusal is this command's answer, and the end of those behind it.
            let canonical = command.canonical();
            let built = command.action.is_built();
            // A lock hangs on no other: one that is not there is no reason to leave the next. Nor does a connection.
            let is_connection = command.action == Action::Connect;
            let apart = (is_connection || matches!(command.action, Action::Lock | Action::Unlock))
                && left.first().is_some_and(|next| next.action == command.action);
            let carried_out = match change.as_slice() {
                [_] => Box::pin(self.carry_out_one(speaker, talk, command, left)).await,
                _ => Box::pin(self.change_data(speaker, talk, change, left)).await,
            };
            let mut one = match carried_out {
                Err(refusal) if !is_passing(&refusal) => Heard::refused(&refusal),
                other => other?,
            };
            one.teach(&canonical);
            if talk.handled_elsewhere {
                return Ok(Heard::nothing());
            }
            let waits_for = match &one.outcome {
                Outcome::Requested(runs) => runs.last().cloned(),
                _ => None,
            };
            refused |= one.outcome == Outcome::Refused;
            let untaken = is_connection && one.outcome == Outcome::Failed;
            let halts = matches!(one.outcome, Outcome::Failed | Outcome::Asked);
            heard = heard.and(one);
            if apart && (untaken || refused && !halts) {
                continue;
            }
            let stops = refused || halts;
            if left.is_empty() {
                break;
            }
            if let Some(run) = waits_for {
                heard.outbound.push(Outbound::Say(view::held_back(left, &run)));
                break;
            }
            // What waits behind a question is done after its answer, wherever that is asked.
            let waits = talk.newest_of(&speaker.inbound.identity).is_some_and(|it| it.rest == left);
            if stops && !built && !waits {
                heard
                    .outbound
                    .extend(not_there_yet(left, speaker.project.as_ref()).into_iter().map(Outbound::Say));
                break;
            }
            if stops {
                if !(waits && heard.outcome == Outcome::Asked) {
                    heard.outbound.push(Outbound::Say(view::not_begun(left)));
                }
                break;
            }
        }
        Ok(heard)
    }

    /// Called when a run is over: carries out what was held back behind it in a conversation, or says that it will not
    /// be. Whatever makes a further run has been written with it; the rest is for the caller to write, in one commit with
    /// what is shown.
    pub(crate) async fn go_on_after(
        &self,
        conversation: &str,
        run: &RunId,
        succeeded: bool,
    ) -> Result<WentOn, Refusal> {
        let mut talk = Talk::load(&self.engine, conversation).await?;
        let Some(held) = talk.take_held_back(run) else { return Ok(WentOn::default()) };
        let inbound = Inbound {
            identity: held.identity.clone(),
            conversation: conversation.to_owned(),
            event: Some(format!("after {run} in {conversation}")),
            text: String::new(),
        };
        if talk::was_handled(&self.engine, &inbound).await? {
            return Ok(WentOn::default());
        }
        let meant = self.meant_before(held.project.as_ref()).await?;
        let heard = if succeeded {
            // Whom nobody knows by name has the role their front gave them when they spoke.
            let desk = Self::new(self.engine.with_strangers(held.role.or(self.engine.strangers())));
            let actor = desk.engine.actor(&held.identity).await?;
            let project = meant.project.clone();
            let speaker = Speaker { inbound: &inbound, actor, project, about: None, asides: held.asides };
            desk.carry_out(&speaker, &mut talk, held.commands).await?
        } else {
            Heard::say(Outcome::Refused, view::not_begun(&held.commands))
        };
        let heard = project::qualified(heard, &meant);
        Ok(WentOn { outbound: heard.outbound, writes: talk.writes(&inbound, None, self.engine.now_ms())? })
    }
}

/// What is said about the rest behind a command that can't be done yet: of each that can't be either, what it would do.
fn not_there_yet(left: &[Command], project: Option<&Project>) -> Vec<Card> {
    let (built, later): (Vec<&Command>, Vec<&Command>) = left.iter().partition(|it| it.action.is_built());
    let mut cards: Vec<Card> = later.into_iter().map(|command| view::not_yet(command, project)).collect();
    if !built.is_empty() {
        cards.push(view::not_begun(&built.into_iter().cloned().collect::<Vec<_>>()));
    }
    cards
}

/// What came of commands that were held back.
#[derive(Debug, Default)]
pub(crate) struct WentOn {
    /// What to show.
    pub(crate) outbound: Vec<Outbound>,
    /// What is still to be written.
    pub(crate) writes: Vec<Write>,
}

/// Help needs no database: while it is away, help speaks of no project.
fn help_asked(inbound: &Inbound, refusal: &Refusal) -> Option<Heard> {
    if !refusal.may_pass() {
        return None;
    }
    let names = speaker::names_of_nothing();
    let parsed = parse(&inbound.text, &names);
    match parsed.commands.as_slice() {
        [command] if command.action == Action::Help && parsed.problem.is_none() => {
            Some(Heard::say(Outcome::Answered, answers::help_card(command.topic.as_deref(), &names)))
        }
        _ => None,
    }
}

/// Whether the same may work a moment later: then nothing of it is over yet.
fn is_passing(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Store(
            StoreError::Conflict
                | StoreError::Unavailable { .. }
                | StoreError::Crossed { .. }
                | StoreError::Full { .. }
                | StoreError::Closed
        )
    )
}
