//! A request as far as it is known: the command as it was said, and the answers given since, the later over the earlier.

use engine::model::{PLATFORM_LOCAL, PLATFORM_RAILWAY, Project};
use serde::{Deserialize, Serialize};

use super::amounts::per_minute;
use super::likeness::Likeness;
use super::takes::{canary_of, canary_words};
use super::{Slot, slots_of};
use crate::intent::{Action, Command, Signal};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// What was asked for.
    pub(crate) slot: Slot,
    /// The service or environment it was about.
    #[serde(default)]
    pub(crate) of: Option<String>,
    /// The value, in the slot's form; a list is joined by commas.
    pub(crate) value: String,
}

/// A request that may not be whole yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// As it was said.
    pub(crate) command: Command,
    /// In the order given.
    #[serde(default)]
    pub(crate) answers: Vec<Answer>,
    /// The orders it was said as, where it is a change of data that was said as several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<Command>,
    /// Somebody has answered something.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    answered: bool,
    /// What somebody was asked for and has answered, in that order: the way back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    given: Vec<(Slot, Option<String>)>,
    /// What was answered last, where it was not corrected since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    newest: Option<(Slot, Option<String>)>,
    /// The environments that a new one may be like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) likenesses: Vec<Likeness>,
}

/// What an alert can wait for, in words and as a signal.
pub(super) const SIGNALS: [(&str, Signal); 5] = [
    ("the canary looks weird", Signal::CanaryAnomaly),
    ("a rollback triggers", Signal::Rollback),
    ("a deploy fails", Signal::DeployFailed),
    ("repeated 500s", Signal::Repeated5xx),
    ("something is unhealthy", Signal::Unhealthy),
];
/// The platform that is part of the product.
pub(crate) const EMBEDDED: &str = PLATFORM_LOCAL;
/// More questions than this are not counted.
const COUNTED_MAX: usize = 99;
/// How a service in an environment is called where its port is meant.
pub(super) fn served_at(service: &str, environment: &str) -> String {
    format!("{service} in {environment}")
}

/// The parts of a value that is a list.
pub(crate) fn list_of(value: &str) -> Vec<String> {
    let none = value.is_empty() || value == "none";
    if none { Vec::new() } else { value.split(", ").map(ToOwned::to_owned).collect() }
}

impl Draft {
    /// Nothing answered yet.
    pub(crate) fn of(command: Command) -> Self {
        Self {
            command,
            answers: Vec::new(),
            parts: Vec::new(),
            answered: false,
            given: Vec::new(),
            newest: None,
            likenesses: Vec::new(),
        }
    }

    /// The same request said in full once more: what it says itself stands, and of the answers all the others.
    pub(crate) fn said_as(&self, command: Command) -> Self {
        let mut again = Self {
            parts: self.parts.clone(),
            given: self.given.clone(),
            likenesses: self.likenesses.clone(),
            ..Self::of(command)
        };
        // What follows from something else was not said.
        let says = |slot: Slot| match (again.command.action, slot) {
            (Action::CreateEnvironment, Slot::Environment) => again.command.environment.is_some(),
            (Action::CreateEnvironment, Slot::From) => again.command.from.is_some(),
            (Action::CreateEnvironment, _) => false,
            _ => again.said(slot, None).is_some(),
        };
        let others = self.answers.iter().filter(|it| !says(it.slot));
        again.answers = others.cloned().collect();
        again
    }

    /// Takes an answer in, over what was known.
    pub(crate) fn put(&mut self, slot: Slot, of: Option<String>, value: String) {
        self.answered = true;
        self.newest = Some((slot, of.clone()));
        self.given.retain(|other| *other != (slot, of.clone()));
        self.given.push((slot, of.clone()));
        self.know(slot, of, value);
    }

    /// Takes the newest answer out, so that it is asked for once more, and says what it was about; nothing when there is
    /// none.
    pub(crate) fn back(&mut self) -> Option<String> {
        while let Some((slot, of)) = self.given.pop() {
            let before = self.answers.len();
            self.answers.retain(|answer| (answer.slot, &answer.of) != (slot, &of));
            self.answered = !self.given.is_empty();
            self.newest = None;
            if self.answers.len() < before {
                return Some(slot.called(of.as_deref()));
            }
        }
        None
    }

    /// Takes something in that nobody was asked for: it was said with the order, or nothing else can be meant.
    pub(crate) fn know(&mut self, slot: Slot, of: Option<String>, value: String) {
        self.answers.retain(|answer| (answer.slot, &answer.of) != (slot, &of));
        self.answers.push(Answer { slot, of, value });
    }

    /// Gives an earlier answer another value, in its place among the others.
    pub(crate) fn correct(&mut self, slot: Slot, of: Option<&str>, value: String) {
        match self.answers.iter_mut().find(|answer| answer.slot == slot && answer.of.as_deref() == of) {
            Some(answer) => answer.value = value,
            None => self.know(slot, of.map(ToOwned::to_owned), value),
        }
        // What was answered before that is no news any more.
        self.newest = None;
    }

    /// The same request, without the ref: nobody knows it.
    pub(crate) fn without_ref(mut self) -> Self {
        self.command.git_ref = None;
        self.answers.retain(|answer| answer.slot != Slot::Ref);
        self.given.retain(|(slot, _)| *slot != Slot::Ref);
        self.newest = None;
        self
    }

    /// Gives a service another name, with all that was said of it.
    pub(crate) fn rename(&mut self, wrong: &str, name: &str) {
        for answer in &mut self.answers {
            if answer.slot == Slot::Services {
                let names = list_of(&answer.value);
                let named = names.into_iter().map(|it| if it == wrong { name.to_owned() } else { it });
                answer.value = named.collect::<Vec<_>>().join(", ");
            } else if answer.of.as_deref() == Some(wrong) {
                answer.of = Some(name.to_owned());
            }
        }
        for (_, of) in &mut self.given {
            if of.as_deref() == Some(wrong) {
                *of = Some(name.to_owned());
            }
        }
        self.newest = None;
    }

    /// Whether anything was answered yet.
    pub(crate) fn is_answered(&self) -> bool {
        self.answered
    }

    /// The newest answer, by the name it has on cards.
    pub(crate) fn newest(&self) -> Option<(String, String)> {
        let (slot, of) = self.newest.as_ref()?;
        Some((slot.called(of.as_deref()), self.said(*slot, of.as_deref())?))
    }

    /// The newest answer about something.
    pub(crate) fn answer(&self, slot: Slot, of: Option<&str>) -> Option<&str> {
        let found =
            self.answers.iter().rev().find(|answer| answer.slot == slot && answer.of.as_deref() == of);
        found.map(|answer| answer.value.as_str())
    }

    /// The command with the answers that have a place in it.
    pub(crate) fn filled(&self) -> Command {
        let mut command = self.command.clone();
        for Answer { slot, of, value } in &self.answers {
            match slot {
                Slot::Environments => command.environments = list_of(value),
                Slot::Ref => command.git_ref = Some(value.clone()),
                Slot::Replicas => command.replicas = value.parse().ok(),
                Slot::Name | Slot::Secret => command.name = Some(value.clone()),
                Slot::Value => command.value = Some(value.clone()),
                Slot::Component => command.component = Some(value.clone()),
                Slot::Environment | Slot::Destroyed => command.environment = Some(value.clone()),
                Slot::From => command.from = Some(value.clone()),
                Slot::Provider => command.provider = Some(value.clone()),
                Slot::Job => command.job = Some(value.clone()),
                Slot::BatchSize => command.batch_size = value.parse().ok(),
                Slot::Rate if of.is_none() => command.rate_per_min = per_minute(value),
                Slot::Project => command.project = Some(value.clone()),
                Slot::Platform => command.platform = Some(value.clone()),
                Slot::Connections => command.connections = list_of(value),
                Slot::Edge => command.edge = Some(value.clone()).filter(|edge| edge != "none"),
                Slot::Canary => command.canary = canary_of(value),
                Slot::Signals => {
                    let words = list_of(value);
                    let said = SIGNALS.iter().filter(|(word, _)| words.iter().any(|other| other == word));
                    command.on = said.map(|(_, signal)| *signal).collect();
                }
                _ => {}
            }
        }
        command
    }

    /// What was said for a slot, in the command or as an answer, as people read it.
    pub(crate) fn said(&self, slot: Slot, of: Option<&str>) -> Option<String> {
        if let Some(answer) = self.answer(slot, of) {
            return Some(answer.to_owned());
        }
        if self.command.action == Action::CreateEnvironment {
            return self.said_of_new(slot);
        }
        let command = &self.command;
        let list = |values: &[String]| (!values.is_empty()).then(|| values.join(", "));
        match slot {
            Slot::Environments => list(&command.environments),
            Slot::Ref => command.git_ref.clone(),
            Slot::Replicas => command.replicas.map(|count| count.to_string()),
            Slot::Name | Slot::Secret => command.name.clone(),
            Slot::Value => command.value.clone(),
            Slot::Component => command.component.clone(),
            Slot::Destroyed => command.environment.clone(),
            Slot::Provider => command.provider.clone(),
            Slot::Job => command.job.clone(),
            Slot::BatchSize => command.batch_size.map(|count| count.to_string()),
            Slot::Rate => command.rate_per_min.map(|count| format!("{count}/min")),
            Slot::DryRunFirst => command.dry_run.then(|| "only a dry run".to_owned()),
            Slot::Window => command.at.as_ref().map(|at| format!("once, {at}")),
            Slot::Project => command.project.clone(),
            Slot::Platform => command.platform.clone(),
            Slot::Connections => list(&command.connections),
            Slot::Edge => command.edge.clone(),
            Slot::Canary => command.canary.as_ref().map(canary_words),
            Slot::Signals => (!command.on.is_empty()).then(|| "said".to_owned()),
            _ => None,
        }
    }

    /// What a slot is asked about, in turn: each service, each environment, or only once.
    pub(crate) fn each(&self, slot: Slot) -> Vec<Option<String>> {
        match slot {
            Slot::Build | Slot::Start => {
                list_of(self.answer(Slot::Services, None).unwrap_or_default()).into_iter().map(Some).collect()
            }
            Slot::Domain => {
                // What runs on somebody's own machine has addresses there, and no domain.
                let mut environments = self.places();
                environments.retain(|name| !self.is_embedded(name));
                if self.is_on_railway() {
                    self.served_in(environments)
                } else {
                    environments.into_iter().map(Some).collect()
                }
            }
            Slot::Port => {
                let mut environments = self.places();
                environments.retain(|name| self.is_embedded(name));
                self.served_in(environments)
            }
            Slot::Retype => {
                let filled = self.filled();
                let destroys = filled.action == Action::DestroyEnvironment;
                vec![if destroys { filled.environment } else { filled.component }]
            }
            Slot::Rate if self.rates_differ() => self.filled().environments.into_iter().map(Some).collect(),
            _ => vec![None],
        }
    }

    /// Each service in each of these environments.
    fn served_in(&self, environments: Vec<String>) -> Vec<Option<String>> {
        let services = self.served();
        let served = |name: String| {
            services.iter().map(move |service| Some(served_at(service, &name))).collect::<Vec<_>>()
        };
        environments.into_iter().flat_map(served).collect()
    }

    /// Whether environments that are not this machine's run at Railway.
    pub(crate) fn is_on_railway(&self) -> bool {
        self.said(Slot::Platform, None).as_deref() == Some(PLATFORM_RAILWAY)
    }

    /// What is to be asked for next; nothing when the request is whole.
    pub(crate) fn next(&self) -> Option<(Slot, Option<String>)> {
        for slot in slots_of(self.command.action) {
            // Services are asked about one after the other, each with all there is to know of it.
            let both = [Slot::Build, Slot::Start];
            let slots: &[Slot] = match slot {
                Slot::Build => &both,
                // Nobody is asked for who does DNS, at which port, or what fills a column: the job knows; it can be said.
                Slot::Start | Slot::Edge | Slot::Port | Slot::Source => continue,
                _ => std::slice::from_ref(&slot),
            };
            for of in self.each(slot) {
                if let Some(open) = slots.iter().find(|slot| self.said(**slot, of.as_deref()).is_none()) {
                    return Some((*open, of));
                }
            }
        }
        None
    }

    /// How many questions follow the one at hand before the whole is shown, as far as that is known.
    pub(crate) fn more(&self) -> usize {
        let mut draft = self.clone();
        let mut more = 0;
        while let Some((slot, of)) = draft.next().filter(|(slot, _)| *slot != Slot::Confirm) {
            if more > COUNTED_MAX {
                break;
            }
            more += 1;
            let likely = match slot {
                Slot::Services => "service",
                Slot::Platform => EMBEDDED,
                _ => "none",
            };
            draft.know(slot, of, likely.to_owned());
        }
        more.saturating_sub(1)
    }

    /// Whether an environment is one of processes on this machine.
    pub(super) fn is_embedded(&self, environment: &str) -> bool {
        environment == EMBEDDED || self.said(Slot::Platform, None).as_deref() == Some(EMBEDDED)
    }

    /// With what only one thing can be meant by; production is not, it is asked for.
    pub(crate) fn settled(mut self, project: Option<&Project>) -> Self {
        if let Some(project) = project.filter(|_| self.command.action == Action::CreateEnvironment) {
            self.likenesses = Likeness::all(project);
        }
        while let Some((slot @ (Slot::Environments | Slot::Job), of)) = self.next() {
            let is_production = |name: &String| {
                project.and_then(|it| it.environments.get(name.as_str())).is_some_and(|it| it.production)
            };
            match self.choices(slot, None, project, None).as_slice() {
                [only] if slot == Slot::Job || !is_production(only) => self.know(slot, of, only.clone()),
                _ => break,
            }
        }
        self
    }

    /// The project there is, when the request is about that one.
    pub(crate) fn same<'p>(&self, project: Option<&'p Project>) -> Option<&'p Project> {
        let name = self.said(Slot::Project, None)?;
        project.filter(|project| project.project.as_str() == name)
    }

    /// The whole as people read it: names and values in the order they are asked for.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        for slot in slots_of(self.command.action).filter(|slot| *slot != Slot::Confirm) {
            for of in self.each(slot) {
                if let Some(value) = self.said(slot, of.as_deref()) {
                    fields.push((slot.called(of.as_deref()), value));
                }
            }
        }
        fields
    }

    /// Whether answers are collected and shown as a whole before anything is done with them.
    pub(crate) fn is_collected(&self) -> bool {
        self.command.action == Action::Backfill || self.is_described()
    }

    /// Whether it ends with another description of the project.
    pub(crate) fn is_described(&self) -> bool {
        matches!(self.command.action, Action::Setup | Action::CreateEnvironment)
    }
}
