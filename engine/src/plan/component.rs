//! Add component and remove component: what an environment has beside its services, and the live release once more, told of it
//! or told of it no more. Nothing of what a component holds is ever deleted.

use std::collections::BTreeMap;

use super::again::{Beside, Fresh, again, number_after};
use super::deploy::{names, step};
use super::operate::{Draft, finish, preflight};
use super::variables::variable_lines;
use super::{DiffLine, Facts, Plan, PlanProblem, PlannedStep, RiskLevel, way_back};
use crate::model::{
    Component, ComponentKind, ComponentName, PLATFORM_RAILWAY, Release, RunRequest, ServiceName,
};
use crate::ports::{ConfigSet, Shape};
use crate::project::{needed, needed_by};
use crate::step::{DesiredChange, EndComponent, EnsureShape, Finalize, StepKind};

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
    let untold = |config: &ConfigSet| told(facts, config).get(name) != Some(&kind);
    let running = running(facts, untold);
    let described = facts.components().get(name) == Some(&component);
    let there = facts.observed.components.get(name) == Some(&kind);
    if described && there && running.is_empty() {
        return Err(PlanProblem::new(
            "nothing-to-add",
            format!("{environment} has {name} already, {what}"),
            format!("status {environment}"),
        ));
    }
    let shape = alone(name, &component);
    let ensured = step(
        "reconcile shape",
        format!("{name} is there, {what}"),
        StepKind::EnsureShape(EnsureShape { shape }),
    );
    let change = DesiredChange::Component { name: name.clone(), component: Some(component) };
    let own = (!described || !there).then(|| DiffLine::new(name.as_str(), None, Some(what.to_owned())));
    let mut work = Work {
        title: format!("Add {name} to {environment}"),
        subject: format!("with {name}"),
        with: format!("{name}, too"),
        running,
        diff: own.into_iter().collect(),
        notes: Vec::new(),
        beside: Beside { before: vec![ensured], after: Vec::new() },
        change,
        back: format!("remove {name} from {environment}"),
    };
    if let Some(live) = facts.live() {
        let before = live.services.values().next().map(|part| told(facts, &part.config)).unwrap_or_default();
        work.notes.extend(found_in(facts, name, kind, &before)?);
    }
    work.plan(request, facts, |mut told| {
        told.insert(name.clone(), kind);
        told
    })
}

/// Has no service told of a component any more, and ends what runs of it.
pub(super) fn remove(request: &RunRequest, facts: &Facts, name: &ComponentName) -> Result<Plan, PlanProblem> {
    let environment = &facts.environment.environment;
    facts.described()?;
    let described = facts.components().swap_remove(name);
    let there = facts.observed.components.get(name).copied();
    let running = running(facts, |config| told(facts, config).contains_key(name));
    let Some(kind) = described.as_ref().map(|component| component.kind).or(there) else {
        let all: Vec<String> = facts.components().keys().map(ToString::to_string).collect();
        let has = if all.is_empty() { "no component at all".to_owned() } else { all.join(", ") };
        return Err(PlanProblem::new(
            "nothing-to-remove",
            format!("{environment} has no {name}; it has {has}"),
            format!("status {environment}"),
        ));
    };
    if let Some(why) = needed(&facts.project, environment, name) {
        return Err(PlanProblem::new(
            "component-needed",
            format!("{name} can't be taken from {environment}: {why}"),
            "change that in the project's file first, and import it",
        ));
    }
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
        beside: Beside { before: Vec::new(), after: ended.into_iter().collect() },
        change: DesiredChange::Component { name: name.clone(), component: None },
        back: format!("add {name} to {environment}"),
    };
    let mut plan = work.plan(request, facts, |mut told| {
        told.remove(name);
        told
    })?;
    plan.risk.at_least(RiskLevel::Medium, format!("{name} is taken away"));
    if !needs.is_empty() {
        plan.risk.at_least(RiskLevel::High, format!("{} say they need it", names(&needs)));
    }
    Ok(plan)
}

/// Brings back what services of an earlier release are told of and is there no more, for a way back to it.
pub(super) fn brought_back<'a>(
    facts: &Facts,
    configs: impl Iterator<Item = &'a ConfigSet>,
) -> Option<PlannedStep> {
    let told = configs.flat_map(|config| config.components.iter().flatten());
    let missing: Told = told
        .filter(|(name, kind)| facts.observed.components.get(*name) != Some(*kind))
        .map(|(name, kind)| (name.clone(), *kind))
        .collect();
    let url = |name: &ComponentName| Some((name.clone(), meant(facts, name).ok()?.url?));
    let says: Vec<&str> = missing.keys().map(ComponentName::as_str).collect();
    let says = format!("{} as it was left, which is told of there", says.join(", "));
    let urls = missing.keys().filter_map(url).collect();
    let shape = Shape { components: missing, urls, edge: BTreeMap::new(), sticky: BTreeMap::new() };
    (!shape.components.is_empty())
        .then(|| step("reconcile shape", says, StepKind::EnsureShape(EnsureShape { shape })))
}

/// What both kinds of run are made of.
struct Work {
    title: String,
    /// What the release is called behind the live one's commit.
    subject: String,
    /// What schedules run with from then on.
    with: String,
    /// The services whose live part is told something else.
    running: Vec<ServiceName>,
    diff: Vec<DiffLine>,
    notes: Vec<String>,
    beside: Beside,
    change: DesiredChange,
    /// What takes it back.
    back: String,
}

impl Work {
    fn plan(
        self,
        request: &RunRequest,
        facts: &Facts,
        told_now: impl Fn(Told) -> Told,
    ) -> Result<Plan, PlanProblem> {
        let Self { title, subject, with, running, mut diff, notes, beside, change, back } = self;
        let Some(live) = facts.live().filter(|_| !running.is_empty()) else {
            let mut steps = vec![preflight(facts)?];
            steps.extend(beside.before);
            steps.extend(beside.after);
            steps.push(recorded(change));
            return finish(request, facts, Draft { title, steps, diff, way_back: back, notes });
        };
        let number = number_after(facts);
        let release = again(facts, live, number, &running, subject, |config| {
            facts.with_components(config, number, told_now(told(facts, config)))
        });
        diff.extend(changed(facts, live, &release, &running));
        let fresh = Fresh { live, release: &release, services: &running, with: &with };
        let steps = fresh.steps(facts, beside, vec![change])?;
        let draft = Draft { title, steps, diff, way_back: String::new(), notes };
        let mut plan = finish(request, facts, draft)?;
        plan.way_back = way_back::of_deploy(facts, None);
        plan.way_back.say = format!("{}; for the deploys after it: {back}", plan.way_back.say);
        if facts.described()?.production && !plan.way_back.proved {
            plan.risk.at_least(RiskLevel::High, "the way back is not proved");
        }
        plan.release = Some(release);
        Ok(plan)
    }
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
    let here = facts.components().swap_remove(name);
    let usual = || project.components.get(name).cloned();
    let elsewhere = || project.environments.values().find_map(|it| it.components.get(name).cloned());
    let by_name = || ComponentKind::of_name(name).map(|kind| Component { kind, url: None });
    here.or_else(usual).or_else(elsewhere).or_else(by_name).ok_or_else(|| {
        let known: Vec<&str> = ComponentKind::USUAL.iter().map(|(name, _)| *name).collect();
        PlanProblem::new(
            "unknown-component",
            format!("I can't tell what {name} is; I know {} by their names", known.join(", ")),
            "name its kind under `components` in the project's file, and import it",
        )
    })
}

/// What a configuration's service is told of.
fn told(facts: &Facts, config: &ConfigSet) -> Told {
    config.components.clone().unwrap_or_else(|| facts.observed.components.clone())
}

/// Services of the live release whose configuration is such.
fn running(facts: &Facts, is_such: impl Fn(&ConfigSet) -> bool) -> Vec<ServiceName> {
    let Some(live) = facts.live() else { return Vec::new() };
    let is_such = |name: &ServiceName| live.services.get(name).is_some_and(|part| is_such(&part.config));
    facts.chosen(&[]).into_iter().filter(is_such).collect()
}

/// A component and nothing else.
fn alone(name: &ComponentName, component: &Component) -> Shape {
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
fn found_in(
    facts: &Facts,
    name: &ComponentName,
    kind: ComponentKind,
    before: &Told,
) -> Result<Option<String>, PlanProblem> {
    let Some(variable) = kind.variable(&facts.described()?.platform) else { return Ok(None) };
    match before.iter().find(|(other, same)| **same == kind && *other != name) {
        None => Ok(Some(format!("services find it in {variable}"))),
        Some((other, _)) if other < name => Ok(Some(format!(
            "{variable} goes on leading to {other}: services find {name} where they say `${{component.{name}.url}}`"
        ))),
        Some((other, _)) => Err(PlanProblem::new(
            "takes-over",
            format!("{variable} would lead to {name}, and no more to {other}: it leads to the first by name"),
            "give it a name behind that one in the project's file, and import it",
        )),
    }
}

fn changed(facts: &Facts, live: &Release, release: &Release, running: &[ServiceName]) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    for service in running {
        let (Some(before), Some(after)) = (live.services.get(service), release.services.get(service)) else {
            continue;
        };
        let mut was = before.config.clone();
        // One from before that was kept was told of all there was.
        was.components = Some(told(facts, &was));
        lines.extend(variable_lines(service, &was, &after.config));
    }
    lines
}

fn recorded(change: DesiredChange) -> PlannedStep {
    step(
        "finalize",
        "the description is changed".to_owned(),
        StepKind::Finalize(Finalize { retire: Vec::new(), changes: vec![change] }),
    )
}
