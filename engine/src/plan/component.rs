//! Add component and remove component: what an environment has beside its services, and the live release once more, told of it
//! or told of it no more. Nothing of what a component holds is ever deleted.

use std::collections::BTreeMap;

use super::again::{Beside, Work, running_with};
use super::deploy::{names, step};
use super::{DiffLine, Facts, Plan, PlanProblem, PlannedStep, RiskLevel};
use crate::model::{
    Component, ComponentKind, ComponentName, PLATFORM_LOCAL, PLATFORM_RAILWAY, RunRequest, ServiceName,
    Sticky, Variable,
};
use crate::ports::{ConfigSet, Shape};
use crate::project::{is_named, needed, needed_by};
use crate::step::{BringComponent, DesiredChange, EndComponent, EnsureShape, StepKind};

/// What services are told of: what each component is.
type Told = BTreeMap<ComponentName, ComponentKind>;

/// Brings a component there, and has every service told of it.
pub(super) fn add(request: &RunRequest, facts: &Facts, name: &ComponentName) -> Result<Plan, PlanProblem> {
    let environment = &facts.environment.environment;
    let platform = &facts.described()?.platform;
    let component = meant(facts, name)?;
    let (kind, what) = (component.kind, component.kind.said());
    if platform == PLATFORM_RAILWAY && kind.variable(platform).is_none() {
        return Err(PlanProblem::new(
            "not-at-railway",
            format!(
                "{what} is nothing Railway has: its services share no files, and mail ends nowhere there"
            ),
            format!("connect a provider for it: connect PROVIDER in {environment}"),
        ));
    }
    if let Some(secret) = component.url.as_ref().filter(|secret| !facts.secrets.contains_key(*secret)) {
        return Err(super::facts::no_url(name, secret, &facts.environment));
    }
    let untold = |config: &ConfigSet| facts.told(config).get(name) != Some(&kind);
    let running = running_with(facts, untold);
    let described = facts.components().get(name) == Some(&component);
    let there = facts.observed.components.get(name) == Some(&kind);
    if described && there && running.is_empty() {
        return Err(PlanProblem::new(
            "nothing-to-add",
            format!("{environment} has {name} already, {what}"),
            format!("status {environment}"),
        ));
    }
    let bring = BringComponent { component: name.clone(), shape: alone(name, &component), was_there: there };
    let ensured =
        step("reconcile shape", format!("{name} is there, {what}"), StepKind::BringComponent(bring));
    let mut shape = facts.shape()?;
    shape.components.insert(name.clone(), kind);
    if let Some(secret) = &component.url {
        shape.urls.insert(name.clone(), secret.clone());
    }
    let change = DesiredChange::Component { name: name.clone(), component: Some(component) };
    let own = (!described || !there).then(|| DiffLine::new(name.as_str(), None, Some(what.to_owned())));
    let mut work = Work {
        title: format!("Add {name} to {environment}"),
        subject: format!("with {name}"),
        with: format!("{name}, too"),
        running,
        diff: own.into_iter().collect(),
        notes: Vec::new(),
        beside: Beside { before: vec![ensured], after: Vec::new(), shape: Some(shape) },
        changes: vec![change],
        back: format!("remove {name} from {environment}"),
    };
    if !there || !work.running.is_empty() {
        work.notes.extend(found_in(facts, name, kind)?);
    }
    work.plan(request, facts, |config, number| {
        let mut told = facts.told(config);
        told.insert(name.clone(), kind);
        facts.with_components(config, number, told)
    })
}

/// Has no service told of a component any more, and ends what runs of it.
pub(super) fn remove(request: &RunRequest, facts: &Facts, name: &ComponentName) -> Result<Plan, PlanProblem> {
    let environment = &facts.environment.environment;
    facts.described()?;
    let described = facts.components().swap_remove(name);
    let there = facts.observed.components.get(name).copied();
    let running = running_with(facts, |config| facts.told(config).contains_key(name));
    let Some(kind) = described.as_ref().map(|component| component.kind).or(there) else {
        let all: Vec<String> = facts.components().keys().map(ToString::to_string).collect();
        let has = if all.is_empty() { "no component at all".to_owned() } else { all.join(", ") };
        return Err(PlanProblem::new(
            "nothing-to-remove",
            format!("{environment} has no {name}; it has {has}"),
            format!("status {environment}"),
        ));
    };
    check_removable(facts, name, kind, &running)?;
    let component = described.unwrap_or(Component { kind, url: facts.observed.urls.get(name).cloned() });
    let elsewhere = component.url.is_some();
    let ended = there.is_some().then(|| {
        let says = if elsewhere {
            format!("{name} is elsewhere, and goes on there")
        } else {
            format!("what runs of {name} is ended; what it holds is kept")
        };
        let end = EndComponent { component: name.clone(), shape: alone(name, &component) };
        step("end component", says, StepKind::EndComponent(end))
    });
    let mut notes = Vec::new();
    if !elsewhere {
        notes.push(format!(
            "nothing it holds is deleted: `add {name} to {environment}` brings it back with that"
        ));
    }
    let mut shape = facts.shape()?;
    shape.components.remove(name);
    shape.urls.remove(name);
    let needs: Vec<ServiceName> =
        needed_by(&facts.project, name).into_iter().filter(|service| running.contains(service)).collect();
    if !needs.is_empty() {
        notes.push(format!("{} say they need {name}, and have to do without", names(&needs)));
    }
    let work = Work {
        title: format!("Remove {name} from {environment}"),
        subject: format!("without {name}"),
        with: format!("no {name}"),
        running,
        diff: vec![DiffLine::new(name.as_str(), Some(kind.said().to_owned()), None)],
        notes,
        beside: Beside { before: Vec::new(), after: ended.into_iter().collect(), shape: Some(shape) },
        changes: vec![DesiredChange::Component { name: name.clone(), component: None }],
        back: format!("add {name} to {environment}"),
    };
    let mut plan = work.plan(request, facts, |config, number| {
        let mut told = facts.told(config);
        told.remove(name);
        facts.with_components(config, number, told)
    })?;
    plan.risk.at_least(RiskLevel::Medium, format!("{name} is taken away"));
    if !needs.is_empty() {
        plan.risk.at_least(RiskLevel::High, format!("{} say they need it", names(&needs)));
    }
    Ok(plan)
}

/// Brings back what services of an earlier release are told of and is there no more, and the addresses they were reached at on this
/// machine, for a way back to it.
pub(super) fn brought_back<'a>(
    facts: &Facts,
    configs: impl Iterator<Item = &'a ConfigSet>,
) -> Option<PlannedStep> {
    let configs: Vec<&ConfigSet> = configs.collect();
    let (edge, sticky) = addresses_missing(facts, &configs);
    let configs = configs.into_iter();
    let told = configs.flat_map(|config| config.components.iter().flatten());
    let missing: Told = told
        .filter(|(name, kind)| facts.observed.components.get(*name) != Some(*kind))
        .map(|(name, kind)| (name.clone(), *kind))
        .collect();
    let url = |name: &ComponentName| Some((name.clone(), meant(facts, name).ok()?.url?));
    let mut says = Vec::new();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.keys().map(ComponentName::as_str).collect();
        says.push(format!("{} as it was left, which is told of there", names.join(", ")));
    }
    if !edge.is_empty() {
        says.push(format!("the addresses of {}", names(&edge.keys().cloned().collect::<Vec<_>>())));
    }
    let urls = missing.keys().filter_map(url).collect();
    let shape = Shape { components: missing, urls, edge, sticky };
    (!says.is_empty())
        .then(|| step("reconcile shape", says.join("; "), StepKind::EnsureShape(EnsureShape { shape })))
}

/// The described addresses of those services that the edge of this machine does not listen at: with an environment that was half
/// destroyed they went.
fn addresses_missing(
    facts: &Facts,
    configs: &[&ConfigSet],
) -> (BTreeMap<ServiceName, String>, BTreeMap<ServiceName, Sticky>) {
    let described = facts.project.environments.get(&facts.environment.environment);
    let here = described.filter(|it| it.platform == PLATFORM_LOCAL);
    let is_meant = |service: &ServiceName| configs.iter().any(|config| config.service == *service);
    let edge: BTreeMap<ServiceName, String> = here
        .into_iter()
        .flat_map(|it| &it.edge)
        .filter(|(service, _)| is_meant(service) && !facts.observed.addresses.contains_key(*service))
        .map(|(service, address)| (service.clone(), address.clone()))
        .collect();
    let sticky = |service: &ServiceName| facts.project.services.get(service)?.sticky.clone();
    let sticky = edge.keys().filter_map(|service| Some((service.clone(), sticky(service)?))).collect();
    (edge, sticky)
}

/// What a component of that name is: what the description says here, for the project, or of another environment; else what
/// its name says.
fn meant(facts: &Facts, name: &ComponentName) -> Result<Component, PlanProblem> {
    let project = &facts.project;
    if project.services.keys().any(|service| service.as_str() == name.as_str()) {
        return Err(PlanProblem::new(
            "is-a-service",
            format!("{name} is a service of {}", project.project),
            format!("deploy {name} to {}", facts.environment.environment),
        ));
    }
    let known = project.component_known(&facts.environment.environment, name).cloned();
    let by_name = || ComponentKind::of_name(name).map(|kind| Component { kind, url: None });
    known.or_else(by_name).ok_or_else(|| {
        let known: Vec<&str> = ComponentKind::USUAL.iter().map(|(name, _)| *name).collect();
        PlanProblem::new(
            "unknown-component",
            format!("I can't tell what {name} is; I know {} by their names", known.join(", ")),
            "name its kind under `components` in the project's file, and import it",
        )
    })
}

/// A component and nothing else.
pub(super) fn alone(name: &ComponentName, component: &Component) -> Shape {
    Shape {
        components: BTreeMap::from([(name.clone(), component.kind)]),
        urls: component.url.iter().map(|secret| (name.clone(), secret.clone())).collect(),
        edge: BTreeMap::new(),
        sticky: BTreeMap::new(),
    }
}

/// Where services find a component.
///
/// # Errors
/// When it would take the place of one that is there: the first by name has the variable of its kind.
fn found_in(facts: &Facts, name: &ComponentName, kind: ComponentKind) -> Result<Option<String>, PlanProblem> {
    let Some(variable) = kind.variable(&facts.described()?.platform) else { return Ok(None) };
    let mut first = None;
    for before in told_anywhere(facts) {
        match before.iter().find(|(other, same)| **same == kind && *other != name) {
            None => {}
            Some((other, _)) if other < name => first = Some(other.clone()),
            Some((other, _)) => {
                return Err(takes_over(variable, name, other, "give it a name behind that one"));
            }
        }
    }
    Ok(Some(match first {
        None => format!("services find it in {variable}"),
        Some(other) => format!(
            "{variable} goes on leading to {other}: services find {name} where they say `${{component.{name}.url}}`"
        ),
    }))
}

/// What services are told of, each set once: those of what is live, and what the next deploy tells them.
fn told_anywhere(facts: &Facts) -> Vec<Told> {
    let live = facts.live().into_iter().flat_map(|live| live.services.values());
    let mut all: Vec<Told> = live.map(|part| facts.told(&part.config)).collect();
    all.push(facts.component_kinds());
    all.dedup();
    all
}

/// A component's variable would lead elsewhere, and its services would not notice.
fn takes_over(variable: &str, to: &ComponentName, from: &ComponentName, what: &str) -> PlanProblem {
    PlanProblem::new(
        "takes-over",
        format!("{variable} would lead to {to}, and no more to {from}: it leads to the first by name"),
        format!("{what} in the project's file, and import it"),
    )
}

/// What keeps a component from being taken from services.
fn check_removable(
    facts: &Facts,
    name: &ComponentName,
    kind: ComponentKind,
    running: &[ServiceName],
) -> Result<(), PlanProblem> {
    let environment = &facts.environment.environment;
    if let Some(why) = needed(&facts.project, environment, name) {
        return Err(PlanProblem::new(
            "component-needed",
            format!("{name} can't be taken from {environment}: {why}"),
            "change that in the project's file first, and import it",
        ));
    }
    let live = facts.live().into_iter().flat_map(|live| &live.services);
    for (service, part) in live.filter(|(service, _)| running.contains(service)) {
        let asks = |(_, value): &(&String, &Variable)| matches!(value, Variable::Plain(text) if is_named(text, name));
        if let Some((variable, _)) = part.config.variables.iter().find(asks) {
            return Err(PlanProblem::new(
                "component-needed",
                format!(
                    "{name} can't be taken from {environment}: `{variable}` of {service}, as it is live, asks for its address"
                ),
                format!("deploy {environment}"),
            ));
        }
    }
    let Some(variable) = kind.variable(&facts.described()?.platform) else { return Ok(()) };
    for before in told_anywhere(facts) {
        let mut same = before.iter().filter(|(_, other)| **other == kind).map(|(other, _)| other);
        if let (Some(first), Some(next)) = (same.next(), same.next())
            && first == name
        {
            return Err(takes_over(
                variable,
                next,
                name,
                "say which one services use, by `${component.NAME.url}`,",
            ));
        }
    }
    Ok(())
}
