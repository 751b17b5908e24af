//! A project as the tree its YAML is written from, and its differences are read off.

use std::collections::BTreeMap;
use std::fmt::Display;

use indexmap::IndexMap;

use super::canary;
use super::components;
use super::describe_trial;
use super::environment::{PLATFORM_DEFAULT, approvals_default};
use super::freeze::{ZONE_DEFAULT, instant_text, weekly_text};
use super::judging;
use super::limits::HEALTH_TIMEOUT_DEFAULT_S;
use super::migrations;
use super::source::PATH_DEFAULT;
use super::texts;
use crate::model::{
    Connection, ConnectionName, Environment, EnvironmentPolicy, FreezeWhen, FreezeWindow, Health, Job,
    Limits, Override, Person, Project, Service, Source, Variable,
};

/// A value to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    /// Text, quoted where it must be.
    Text(String),
    /// A number or flag, never quoted.
    Word(String),
    /// A secret referred to by name.
    Secret(String),
    /// A sequence.
    List(Vec<Yaml>),
    /// A mapping, in one line where it fits.
    Map(Entries),
    /// A mapping that gets a line for each entry.
    Section(Entries),
}

/// What happens to values that equal their default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defaults {
    LeftOut,
    Shown,
}

/// Keys and values in the order they are written.
pub(super) type Entries = Vec<(String, Yaml)>;

/// Builds entries, leaving out what need not be said.
pub(super) struct Keys {
    defaults: Defaults,
    pub(super) entries: Entries,
}

impl Keys {
    pub(super) fn new(defaults: Defaults) -> Self {
        Self { defaults, entries: Vec::new() }
    }

    pub(super) fn put(&mut self, key: &str, value: Yaml) {
        self.entries.push((key.to_owned(), value));
    }

    pub(super) fn maybe(&mut self, key: &str, value: Option<Yaml>) {
        self.entries.extend(value.map(|value| (key.to_owned(), value)));
    }

    pub(super) fn text(&mut self, key: &str, value: &str, default: &str) {
        if value != default || self.defaults == Defaults::Shown {
            self.put(key, text(value));
        }
    }

    pub(super) fn word<T: Display + PartialEq + Copy>(&mut self, key: &str, value: T, default: T) {
        if value != default || self.defaults == Defaults::Shown {
            self.put(key, word(value));
        }
    }

    /// Collections that hold nothing are not written.
    pub(super) fn filled(&mut self, key: &str, value: Yaml) {
        let empty = match &value {
            Yaml::List(items) => items.is_empty(),
            Yaml::Map(entries) | Yaml::Section(entries) => entries.is_empty(),
            Yaml::Text(_) | Yaml::Word(_) | Yaml::Secret(_) => false,
        };
        if !empty {
            self.put(key, value);
        }
    }
}

pub(super) fn text(value: impl Display) -> Yaml {
    Yaml::Text(value.to_string())
}

pub(super) fn word(value: impl Display) -> Yaml {
    Yaml::Word(value.to_string())
}

/// The whole description, in the order people read one.
pub(super) fn project(project: &Project, defaults: Defaults) -> Entries {
    let mut keys = Keys::new(defaults);
    keys.put("project", text(&project.project));
    keys.text("title", &project.title, project.project.as_str());
    keys.put("source", source(&project.source, defaults));
    keys.maybe("migrations", project.migrations.as_ref().map(|it| migrations::describe(it, defaults)));
    keys.filled("services", section(&project.services, |it| service(it, defaults)));
    keys.filled("components", components::describe(&project.components));
    keys.filled("connections", connections(&project.connections));
    keys.filled("environments", section(&project.environments, |it| environment(it, defaults)));
    keys.filled(
        "jobs",
        section(&project.jobs, |it| {
            let keys = match it {
                Job::Command(it) => vec![("service", text(&it.service)), ("command", text(&it.command))],
                Job::Sql(it) => vec![
                    ("database", text(&it.database)),
                    ("rows", text(&it.rows)),
                    ("key", text(&it.key)),
                    ("set", text(&it.set)),
                ],
            };
            Yaml::Map(keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        }),
    );
    keys.filled("people", Yaml::List(project.people.iter().map(person).collect()));
    keys.entries
}

pub(super) fn section<'a, N: Display + 'a, T: 'a>(
    things: impl IntoIterator<Item = (&'a N, &'a T)>,
    describe: impl Fn(&'a T) -> Yaml,
) -> Yaml {
    Yaml::Section(things.into_iter().map(|(name, thing)| (name.to_string(), describe(thing))).collect())
}

fn connections(connections: &IndexMap<ConnectionName, Connection>) -> Yaml {
    section(connections, |it| {
        let mut keys = Keys::new(Defaults::LeftOut);
        keys.put("provider", text(it.provider));
        keys.maybe("mode", it.mode.map(text));
        keys.put("secret", text(&it.secret));
        Yaml::Map(keys.entries)
    })
}

fn person(person: &Person) -> Yaml {
    let mut keys = Keys::new(Defaults::LeftOut);
    keys.put("name", text(&person.name));
    keys.put("role", text(person.role));
    keys.maybe("phone", person.phone.as_ref().map(text));
    Yaml::Map(keys.entries)
}

fn source(source: &Source, defaults: Defaults) -> Yaml {
    let mut keys = Keys::new(defaults);
    keys.put("repository", text(&source.repository));
    keys.text("path", &source.path, PATH_DEFAULT);
    keys.maybe("credentials", source.credentials.as_ref().map(text));
    Yaml::Map(keys.entries)
}

fn service(service: &Service, defaults: Defaults) -> Yaml {
    let mut keys = Keys::new(defaults);
    keys.maybe("source", service.source.as_ref().map(|it| source(it, defaults)));
    keys.maybe("schedule", service.schedule.as_ref().map(text));
    keys.maybe("build", service.build.as_ref().map(text));
    keys.put("start", text(&service.start));
    keys.maybe("health", service.health.as_ref().map(|it| health(it, defaults)));
    keys.filled("variables", variables(&service.variables));
    keys.filled("needs", Yaml::List(service.needs.iter().map(text).collect()));
    if service.schedule.is_none() {
        keys.word("replicas", service.replicas, 1);
    }
    keys.maybe("size", service.size.map(text));
    keys.filled("limits", limits(&service.limits));
    keys.maybe("sticky", service.sticky.as_ref().map(describe_trial::sticky));
    keys.filled("checks", section(&service.checks, |it| describe_trial::check(it, defaults)));
    keys.maybe("signals", service.signals.as_ref().map(|it| describe_trial::signals(it, defaults)));
    Yaml::Section(keys.entries)
}

fn health(health: &Health, defaults: Defaults) -> Yaml {
    let mut keys = Keys::new(defaults);
    keys.put("path", text(&health.path));
    keys.word("timeout_s", health.timeout_s, HEALTH_TIMEOUT_DEFAULT_S);
    Yaml::Map(keys.entries)
}

fn variables(variables: &BTreeMap<String, Variable>) -> Yaml {
    let value = |variable: &Variable| match variable {
        Variable::Plain(value) => text(value),
        Variable::Secret(name) => Yaml::Secret(name.to_string()),
    };
    Yaml::Map(variables.iter().map(|(name, variable)| (name.clone(), value(variable))).collect())
}

fn limits(limits: &Limits) -> Yaml {
    let mut keys = Keys::new(Defaults::LeftOut);
    keys.maybe("memory_mb", limits.memory_mb.map(word));
    keys.maybe("open_files", limits.open_files.map(word));
    Yaml::Map(keys.entries)
}

fn environment(environment: &Environment, defaults: Defaults) -> Yaml {
    let mut keys = Keys::new(defaults);
    keys.text("platform", &environment.platform, PLATFORM_DEFAULT);
    keys.word("production", environment.production, false);
    keys.filled("aliases", Yaml::List(environment.aliases.iter().map(text).collect()));
    keys.filled(
        "edge",
        Yaml::Map(environment.edge.iter().map(|(name, at)| (name.to_string(), text(at))).collect()),
    );
    keys.filled("connections", connections(&environment.connections));
    keys.filled("components", components::describe(&environment.components));
    keys.filled("without", Yaml::List(environment.without.iter().map(text).collect()));
    keys.filled("services", section(&environment.services, overriding));
    keys.maybe("texts", environment.texts.as_ref().map(|it| texts::describe(it, defaults)));
    keys.filled("policy", policy(&environment.policy, approvals_default(environment.production), defaults));
    Yaml::Section(keys.entries)
}

fn overriding(over: &Override) -> Yaml {
    let mut keys = Keys::new(Defaults::LeftOut);
    keys.maybe("replicas", over.replicas.map(word));
    keys.filled("variables", variables(&over.variables));
    keys.maybe("size", over.size.map(text));
    keys.maybe("limits", over.limits.as_ref().map(limits));
    keys.maybe("schedule", over.schedule.as_ref().map(text));
    Yaml::Map(keys.entries)
}

fn policy(policy: &EnvironmentPolicy, approvals: u32, defaults: Defaults) -> Yaml {
    let mut keys = Keys::new(defaults);
    keys.word("approvals", policy.approvals, approvals);
    keys.filled("allowed_refs", Yaml::List(policy.allowed_refs.iter().map(text).collect()));
    keys.word("requires_ci", policy.requires_ci, false);
    keys.maybe("runs_per_hour", policy.runs_per_hour.map(word));
    keys.maybe("max_replicas", policy.max_replicas.map(word));
    keys.filled("allowed_sizes", Yaml::List(policy.allowed_sizes.iter().map(text).collect()));
    keys.word("one_person_team", policy.one_person_team, false);
    keys.maybe("approval_minutes", policy.approval_minutes.map(word));
    keys.maybe("canary", policy.canary.as_ref().map(|unsaid| text(canary::word(unsaid))));
    keys.maybe("soak_s", policy.soak_s.map(word));
    keys.word("ask_between_stages", policy.ask_between_stages, false);
    keys.maybe("lane_seconds_min", policy.lane_seconds_min.map(word));
    keys.filled("judging", Yaml::Map(judging::describe(&policy.judging)));
    keys.filled("freeze", Yaml::List(policy.freeze.iter().map(|window| freeze(window, defaults)).collect()));
    Yaml::Map(keys.entries)
}

fn freeze(window: &FreezeWindow, defaults: Defaults) -> Yaml {
    let mut keys = Keys::new(defaults);
    keys.put("name", text(&window.name));
    keys.put("reason", text(&window.reason));
    match &window.when {
        FreezeWhen::Between { from_ms, until_ms } => {
            keys.put("from", text(instant_text(*from_ms)));
            keys.put("until", text(instant_text(*until_ms)));
        }
        FreezeWhen::Weekly { from_minute, until_minute, zone } => {
            keys.put("weekly", text(weekly_text(*from_minute, *until_minute)));
            keys.text("zone", zone, ZONE_DEFAULT);
        }
    }
    Yaml::Map(keys.entries)
}
