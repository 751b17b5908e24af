//! The typed command, and its one flat JSON form.
//!
//! A command carries only what was said: an empty list, `None` and `false` mean "not said" and are left out of the JSON.

pub use engine::model::{Channel, Reaction, Signal};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};

use super::actions::{Action, Key};
use super::problem::Problem;

/// The answer to one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parsed {
    /// What is to be done, in the order it is to run. Empty exactly when `problem` is set.
    pub commands: Vec<Command>,
    /// What no default exists for and nobody said.
    pub missing: Vec<Slot>,
    /// Why nothing is to be done.
    pub problem: Option<Problem>,
}

impl Command {
    /// The environments it changes: those it names, or the one that it is about as a whole.
    pub(crate) fn places(&self) -> &[String] {
        if self.environments.is_empty() { self.environment.as_slice() } else { &self.environments }
    }

    /// Whether a word stands in what holds a person's own words: a value, a reason, a name that is new.
    pub(super) fn holds(&self, word: &str) -> bool {
        let free = [
            &self.value,
            &self.name,
            &self.reason,
            &self.column,
            &self.topic,
            &self.actor,
            &self.at,
            &self.git_ref,
            &self.to,
            &self.environment,
            &self.run,
        ];
        free.into_iter().flatten().any(|held| held.contains(word))
    }
}

impl Parsed {
    /// Nothing is to be done, for this reason.
    pub(super) const fn of_problem(problem: Problem) -> Self {
        Self { commands: Vec::new(), missing: Vec::new(), problem: Some(problem) }
    }
}

/// Something that has to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the contract's own keys")]
pub enum Slot {
    Environments,
    Replicas,
    Component,
    Environment,
    Provider,
    Name,
    Value,
    Job,
}

/// How traffic moves to the new release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Canary {
    /// "no canary", "straight to 100%".
    Off,
    /// "with canary": the weights, rising to 100, where they were said.
    On {
        /// Percentages of traffic, rising and ending at 100; empty when not said.
        weights: Vec<u8>,
        /// How long each step is watched, in seconds.
        soak_s: Option<u64>,
    },
}

/// When migrations run, relative to the deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Migrate {
    /// Before the code.
    First,
    /// Not at all.
    Skip,
}

/// Which of a provider's two worlds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Play money.
    Test,
    /// Real money.
    Live,
}

/// A set of readiness checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Bundle {
    Health,
    Security,
    Backup,
    Deploy,
}

/// One typed command.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's own keys, described in the README")]
pub struct Command {
    pub action: Action,
    #[serde(default)]
    pub environments: Vec<String>,
    #[serde(default)]
    pub services: Vec<String>,
    #[serde(default, rename = "ref")]
    pub git_ref: Option<String>,
    #[serde(default)]
    pub canary: Option<Canary>,
    #[serde(default)]
    pub migrate: Option<Migrate>,
    #[serde(default)]
    pub at: Option<String>,
    #[serde(default)]
    pub dry_run: bool,
    #[serde(default)]
    pub rehearse: bool,
    #[serde(default)]
    pub to: Option<String>,
    #[serde(default)]
    pub run: Option<String>,
    #[serde(default)]
    pub job: Option<String>,
    #[serde(default)]
    pub batch_size: Option<u64>,
    #[serde(default)]
    pub rate_per_min: Option<u64>,
    #[serde(default)]
    pub max_runtime_s: Option<u64>,
    #[serde(default)]
    pub column: Option<String>,
    #[serde(default)]
    pub project: Option<String>,
    #[serde(default)]
    pub platform: Option<String>,
    #[serde(default)]
    pub edge: Option<String>,
    #[serde(default)]
    pub connections: Vec<String>,
    #[serde(default)]
    pub environment: Option<String>,
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub component: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub value: Option<String>,
    #[serde(default)]
    pub provider: Option<String>,
    #[serde(default)]
    pub mode: Option<Mode>,
    #[serde(default)]
    pub replicas: Option<u32>,
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub on: Vec<Signal>,
    #[serde(default)]
    pub by: Vec<Channel>,
    #[serde(default)]
    pub when: Vec<Signal>,
    #[serde(default)]
    pub then: Vec<Reaction>,
    #[serde(default)]
    pub providers: Vec<String>,
    #[serde(default)]
    pub bundle: Option<Bundle>,
    #[serde(default)]
    pub verb: Option<Action>,
    #[serde(default)]
    pub since_s: Option<u64>,
    #[serde(default)]
    pub actor: Option<String>,
    #[serde(default)]
    pub topic: Option<String>,
}

impl Command {
    /// A command that says nothing but its action.
    pub fn new(action: Action) -> Self {
        Self {
            action,
            environments: Vec::new(),
            services: Vec::new(),
            git_ref: None,
            canary: None,
            migrate: None,
            at: None,
            dry_run: false,
            rehearse: false,
            to: None,
            run: None,
            job: None,
            batch_size: None,
            rate_per_min: None,
            max_runtime_s: None,
            column: None,
            project: None,
            platform: None,
            edge: None,
            connections: Vec::new(),
            environment: None,
            from: None,
            component: None,
            name: None,
            value: None,
            provider: None,
            mode: None,
            replicas: None,
            reason: None,
            on: Vec::new(),
            by: Vec::new(),
            when: Vec::new(),
            then: Vec::new(),
            providers: Vec::new(),
            bundle: None,
            verb: None,
            since_s: None,
            actor: None,
            topic: None,
        }
    }

    /// Whether a value was said for this key.
    pub fn says(&self, key: Key) -> bool {
        match key {
            Key::Environments => !self.environments.is_empty(),
            Key::Services => !self.services.is_empty(),
            Key::Ref => self.git_ref.is_some(),
            Key::Canary => self.canary.is_some(),
            Key::Migrate => self.migrate.is_some(),
            Key::At => self.at.is_some(),
            Key::DryRun => self.dry_run,
            Key::Rehearse => self.rehearse,
            Key::To => self.to.is_some(),
            Key::Run => self.run.is_some(),
            Key::Job => self.job.is_some(),
            Key::BatchSize => self.batch_size.is_some(),
            Key::RatePerMin => self.rate_per_min.is_some(),
            Key::MaxRuntime => self.max_runtime_s.is_some(),
            Key::Column => self.column.is_some(),
            Key::Project => self.project.is_some(),
            Key::Platform => self.platform.is_some(),
            Key::Edge => self.edge.is_some(),
            Key::Connections => !self.connections.is_empty(),
            Key::Environment => self.environment.is_some(),
            Key::From => self.from.is_some(),
            Key::Component => self.component.is_some(),
            Key::Name => self.name.is_some(),
            Key::Value => self.value.is_some(),
            Key::Provider => self.provider.is_some(),
            Key::Mode => self.mode.is_some(),
            Key::Replicas => self.replicas.is_some(),
            Key::Reason => self.reason.is_some(),
            Key::On => !self.on.is_empty(),
            Key::By => !self.by.is_empty(),
            Key::When => !self.when.is_empty(),
            Key::Then => !self.then.is_empty(),
            Key::Providers => !self.providers.is_empty(),
            Key::Bundle => self.bundle.is_some(),
            Key::Verb => self.verb.is_some(),
            Key::Since => self.since_s.is_some(),
            Key::Actor => self.actor.is_some(),
            Key::Topic => self.topic.is_some(),
        }
    }

    /// What is missing from this command, in the order it is asked for.
    pub fn missing(&self) -> impl Iterator<Item = Slot> + '_ {
        self.action.row().needs.iter().filter(|key| !self.says(**key)).filter_map(|key| Slot::of(*key))
    }
}

impl Slot {
    /// The slot that asks for this key, if it is one that can be asked for.
    pub fn of(key: Key) -> Option<Self> {
        Some(match key {
            Key::Environments => Self::Environments,
            Key::Replicas => Self::Replicas,
            Key::Component => Self::Component,
            Key::Environment => Self::Environment,
            Key::Provider => Self::Provider,
            Key::Name => Self::Name,
            Key::Value => Self::Value,
            Key::Job => Self::Job,
            _ => return None,
        })
    }
}

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("action", &self.action)?;
        for key in self.action.row().keys.iter().copied().filter(|key| self.says(*key)) {
            let name = key.name();
            match key {
                Key::Environments => map.serialize_entry(name, &self.environments),
                Key::Services => map.serialize_entry(name, &self.services),
                Key::Ref => map.serialize_entry(name, &self.git_ref),
                Key::Canary => map.serialize_entry(name, &self.canary),
                Key::Migrate => map.serialize_entry(name, &self.migrate),
                Key::At => map.serialize_entry(name, &self.at),
                Key::DryRun => map.serialize_entry(name, &self.dry_run),
                Key::Rehearse => map.serialize_entry(name, &self.rehearse),
                Key::To => map.serialize_entry(name, &self.to),
                Key::Run => map.serialize_entry(name, &self.run),
                Key::Job => map.serialize_entry(name, &self.job),
                Key::BatchSize => map.serialize_entry(name, &self.batch_size),
                Key::RatePerMin => map.serialize_entry(name, &self.rate_per_min),
                Key::MaxRuntime => map.serialize_entry(name, &self.max_runtime_s),
                Key::Column => map.serialize_entry(name, &self.column),
                Key::Project => map.serialize_entry(name, &self.project),
                Key::Platform => map.serialize_entry(name, &self.platform),
                Key::Edge => map.serialize_entry(name, &self.edge),
                Key::Connections => map.serialize_entry(name, &self.connections),
                Key::Environment => map.serialize_entry(name, &self.environment),
                Key::From => map.serialize_entry(name, &self.from),
                Key::Component => map.serialize_entry(name, &self.component),
                Key::Name => map.serialize_entry(name, &self.name),
                Key::Value => map.serialize_entry(name, &self.value),
                Key::Provider => map.serialize_entry(name, &self.provider),
                Key::Mode => map.serialize_entry(name, &self.mode),
                Key::Replicas => map.serialize_entry(name, &self.replicas),
                Key::Reason => map.serialize_entry(name, &self.reason),
                Key::On => map.serialize_entry(name, &self.on),
                Key::By => map.serialize_entry(name, &self.by),
                Key::When => map.serialize_entry(name, &self.when),
                Key::Then => map.serialize_entry(name, &self.then),
                Key::Providers => map.serialize_entry(name, &self.providers),
                Key::Bundle => map.serialize_entry(name, &self.bundle),
                Key::Verb => map.serialize_entry(name, &self.verb),
                Key::Since => map.serialize_entry(name, &self.since_s),
                Key::Actor => map.serialize_entry(name, &self.actor),
                Key::Topic => map.serialize_entry(name, &self.topic),
            }?;
        }
        map.end()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum CanaryForm {
    Switch(bool),
    Policy {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        weights: Vec<u8>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        soak_s: Option<u64>,
    },
}

impl Serialize for Canary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.clone() {
            Self::Off => CanaryForm::Switch(false),
            Self::On { weights, soak_s } => CanaryForm::Policy { weights, soak_s },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Canary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match CanaryForm::deserialize(deserializer)? {
            CanaryForm::Switch(false) => Self::Off,
            CanaryForm::Switch(true) => Self::On { weights: Vec::new(), soak_s: None },
            CanaryForm::Policy { weights, soak_s } => Self::On { weights, soak_s },
        })
    }
}
