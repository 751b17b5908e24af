//! A new environment like one there is: the same shape, and nothing that is only that one's own.

use std::collections::{BTreeMap, BTreeSet};

use super::environment::approvals_default;
use crate::model::{
    Component, ComponentName, Environment, EnvironmentName, EnvironmentPolicy, PLATFORM_LOCAL, Project,
    SecretName, ServiceName, Variable,
};

/// What is known of an environment that is to be made.
#[derive(Debug, Clone)]
pub struct Likened {
    /// Its name.
    pub name: EnvironmentName,
    /// The one it is to be like.
    pub from: EnvironmentName,
    /// Whether production's rules hold there.
    pub production: bool,
    /// Where it is reached, by service. The other one's addresses are that one's.
    pub edge: BTreeMap<ServiceName, String>,
}

/// A project with one environment more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The project.
    pub project: Project,
    /// What of the other one did not come along, a line each.
    pub left: Vec<String>,
    /// What came along and speaks of the other one, a line each: `api: APP_URL=https://staging.example.com`.
    pub doubtful: Vec<String>,
}

/// The project with an environment like another: its platform, components, overrides and the names of its secrets and connections. Not
/// its addresses, other words for it, the people who are texted, or the values of secrets; its policy only where both are production or
/// neither is. `local` is on this machine, whatever it is like.
///
/// Nothing when there is none to be like, or one of that name.
pub fn like(project: &Project, likened: &Likened) -> Option<Made> {
    let Likened { name, from, production, edge } = likened;
    let there = project.environments.get(from)?;
    if project.environments.contains_key(name) {
        return None;
    }
    let usual =
        EnvironmentPolicy { approvals: approvals_default(*production), ..EnvironmentPolicy::default() };
    let same_rules = there.production == *production;
    let mut connections = there.connections.clone();
    if !same_rules {
        // Without a word of its own, production works with live keys and nothing else does.
        for connection in connections.values_mut() {
            connection.mode = None;
        }
    }
    let platform = if name.as_str() == PLATFORM_LOCAL { PLATFORM_LOCAL } else { there.platform.as_str() };
    let here = Environment {
        platform: platform.to_owned(),
        production: *production,
        aliases: Vec::new(),
        edge: edge.clone(),
        connections,
        components: there.components.clone(),
        without: there.without.clone(),
        services: there.services.clone(),
        policy: if same_rules { there.policy.clone() } else { usual.clone() },
        texts: None,
    };
    let mut left = Vec::new();
    if !there.edge.is_empty() {
        left.push(format!("{from}'s addresses"));
    }
    if !there.aliases.is_empty() {
        left.push(format!("other words for {from}: {}", there.aliases.join(", ")));
    }
    let was_usual =
        EnvironmentPolicy { approvals: approvals_default(there.production), ..EnvironmentPolicy::default() };
    if !same_rules && there.policy != was_usual {
        let whose = if *production { "production's" } else { "the" };
        left.push(format!("{from}'s policy: {name} has {whose} usual one"));
    }
    if there.texts.is_some() {
        left.push(format!("who is texted about {from}"));
    }
    left.push(format!("the values of {from}'s secrets, its data and its releases"));
    let doubtful = doubtful(there, from);
    let mut project = project.clone();
    match before_production(&project).filter(|_| !production) {
        Some(at) => drop(project.environments.shift_insert(at, name.clone(), here)),
        None => drop(project.environments.insert(name.clone(), here)),
    }
    Some(Made { project, left, doubtful })
}

/// The place of a new environment that what goes to production has to work in first: right before it, where there is none yet but
/// somebody's own machine.
fn before_production(project: &Project) -> Option<usize> {
    let at = project.environments.values().position(|it| it.production)?;
    let is_own = |name: &EnvironmentName| name.as_str() == PLATFORM_LOCAL;
    project.environments.keys().take(at).all(is_own).then_some(at)
}

/// The environment that a new one is like when nobody says: the one before production in the order releases move through them, which is
/// the likest to it. One on this machine only where there is no other, and production only where there is nothing else.
pub fn nearest(project: &Project) -> Option<&EnvironmentName> {
    let production = project.environments.values().position(|it| it.production);
    let before = production.filter(|at| *at > 0).unwrap_or(project.environments.len());
    let others = || project.environments.iter().take(before).rev().filter(|(_, it)| !it.production);
    let elsewhere = others().find(|(_, it)| it.platform != PLATFORM_LOCAL);
    let any = || project.environments.iter().min_by_key(|(_, it)| it.production);
    elsewhere.or_else(|| others().next()).or_else(any).map(|(name, _)| name)
}

/// The secrets that an environment's services and databases need, by name.
pub fn secrets_of(project: &Project, environment: &EnvironmentName) -> BTreeSet<SecretName> {
    let services = project.services.keys().filter_map(|name| project.service_in(environment, name));
    let mut names: BTreeSet<SecretName> = BTreeSet::new();
    for value in services.flat_map(|service| service.variables.into_values()) {
        if let Variable::Secret(name) = value {
            names.insert(name);
        }
    }
    let components: indexmap::IndexMap<ComponentName, Component> = project.components_in(environment);
    names.extend(components.into_values().filter_map(|component| component.url));
    names
}

/// Variables only that environment has whose values name it, or one of its addresses.
fn doubtful(there: &Environment, from: &EnvironmentName) -> Vec<String> {
    let mut own: Vec<&str> = there.edge.values().map(String::as_str).collect();
    own.push(from.as_str());
    own.extend(there.aliases.iter().map(String::as_str));
    let mut found = Vec::new();
    for (service, over) in &there.services {
        for (name, value) in &over.variables {
            let Variable::Plain(value) = value else { continue };
            if own.iter().any(|word| holds(value, word)) {
                found.push(format!("{service}: {name}={value}"));
            }
        }
    }
    found
}

/// Whether a text holds another as a word of its own: `staging` in `https://staging.example.com`, and not in `stagings`.
fn holds(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    let word = word.to_lowercase();
    text.match_indices(&word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
    })
}
