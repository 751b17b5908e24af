//! Set variable: the live release once more, with the same code and another configuration. What else the description says
//! differently by now waits for the next deploy: nobody asked for it. The description has the new value from the moment the
//! release is live.

use std::collections::BTreeMap;

use super::again::{Beside, Fresh, again, number_after};
use super::deploy::{names, step};
use super::operate::{Draft, finish};
use super::variables::variable_lines;
use super::{DiffLine, Facts, Plan, PlanProblem, RiskLevel, way_back};
use crate::model::{Release, RunRequest, ServiceName, Variable};
use crate::project::{is_named, variable_fault};
use crate::step::{DesiredChange, Finalize, StepKind};

/// The longest value that is shown in a line, in characters.
const SHOWN_MAX: usize = 60;

pub(super) fn plan(
    request: &RunRequest,
    facts: &Facts,
    named: &[ServiceName],
    name: &str,
    value: &str,
) -> Result<Plan, PlanProblem> {
    let environment = &facts.environment.environment;
    facts.described()?;
    if let Some(fault) = variable_fault(&facts.project, environment, name, value) {
        return Err(PlanProblem::new("bad-variable", fault, format!("set NAME=value in {environment}")));
    }
    let meant = meant(facts, named, name);
    if let Some(untold) = untold(facts, &meant, value) {
        return Err(untold);
    }
    if let Some((service, secret)) =
        meant.iter().find_map(|service| Some((service, secret(facts, service, name)?)))
    {
        return Err(PlanProblem::new(
            "secret-variable",
            format!("{name} of {service} is the secret `{secret}`, and what is said here stays to be read"),
            format!("infra-chat secret set {}/{secret}", facts.environment),
        ));
    }
    let (chosen, have): (Vec<ServiceName>, Vec<ServiceName>) =
        meant.into_iter().partition(|service| !has(facts, service, name, value));
    if chosen.is_empty() {
        return Err(PlanProblem::new(
            "nothing-to-set",
            format!("{name} is `{}` for {} in {environment} already", shown(value), names(&have)),
            format!("status {environment}"),
        ));
    }
    let mut notes = Vec::new();
    if !have.is_empty() {
        notes.push(format!("{} has that value already, and stays as it is", names(&have)));
    }
    if named.is_empty() {
        notes.extend(those_without(facts, &chosen, &have, name));
    }
    let described = chosen.iter().map(|service| DesiredChange::Variable {
        service: service.clone(),
        name: name.to_owned(),
        value: value.to_owned(),
    });
    let title = format!("Set {name} of {} in {environment} to `{}`", names(&chosen), shown(value));
    let running: Vec<ServiceName> = chosen
        .iter()
        .filter(|service| facts.live().is_some_and(|live| live.services.contains_key(*service)))
        .cloned()
        .collect();
    let Some(live) = facts.live().filter(|_| !running.is_empty()) else {
        notes.push(format!("{} is not deployed here: the next deploy takes it along", names(&chosen)));
        let record = step(
            "finalize",
            "the description is changed".to_owned(),
            StepKind::Finalize(Finalize { retire: Vec::new(), changes: described.collect() }),
        );
        let diff = chosen.iter().map(|service| description_line(facts, service, name, value)).collect();
        let way_back = back(facts, &chosen, name);
        return finish(request, facts, Draft { title, steps: vec![record], diff, way_back, notes });
    };
    let number = number_after(facts);
    let release = release(facts, live, &running, number, name, value);
    let mut diff = Vec::new();
    for service in &chosen {
        match (live.services.get(service), release.services.get(service)) {
            (Some(before), Some(after)) => {
                let lines = variable_lines(service, &before.config, &after.config);
                // What runs may have it already, where only the description does not.
                let is_told = lines.iter().any(|line| line.what == format!("{service} {name}"));
                diff.extend(lines);
                diff.extend((!is_told).then(|| description_line(facts, service, name, value)));
            }
            _ => diff.push(description_line(facts, service, name, value)),
        }
    }
    let fresh = Fresh { live, release: &release, services: &running, with: "the new variables" };
    let steps = fresh.steps(facts, Beside::default(), described.collect())?;
    let mut plan = finish(request, facts, Draft { title, steps, diff, way_back: String::new(), notes })?;
    plan.way_back = way_back::of_deploy(facts, None);
    plan.way_back.say =
        format!("{}; for the deploys after it: {}", plan.way_back.say, back(facts, &chosen, name));
    if facts.described()?.production && !plan.way_back.proved {
        plan.risk.at_least(RiskLevel::High, "the way back is not proved");
    }
    plan.release = Some(release);
    Ok(plan)
}

/// A component whose address is asked for, and that a service which runs is not told of.
fn untold(facts: &Facts, meant: &[ServiceName], value: &str) -> Option<PlanProblem> {
    let (environment, live) = (&facts.environment.environment, facts.live()?);
    let parts = meant.iter().filter_map(|service| Some((service, live.services.get(service)?)));
    for (service, part) in parts {
        let told = facts.told(&part.config);
        if let Some(name) =
            facts.components().keys().find(|name| is_named(value, name) && !told.contains_key(*name))
        {
            return Some(PlanProblem::new(
                "untold-component",
                format!("{service}, as it is live in {environment}, is not told of {name}"),
                format!("add {name} to {environment}"),
            ));
        }
    }
    None
}

/// Those named; else those that have the variable; where none has it, all.
fn meant(facts: &Facts, named: &[ServiceName], name: &str) -> Vec<ServiceName> {
    let all = facts.chosen(named);
    if !named.is_empty() {
        return all;
    }
    let with: Vec<ServiceName> =
        all.iter().filter(|service| is_known(facts, service, name)).cloned().collect();
    if with.is_empty() { all } else { with }
}

/// Says of a variable that some services have who is left out, and how they are meant; nothing where all have it.
fn those_without(facts: &Facts, chosen: &[ServiceName], have: &[ServiceName], name: &str) -> Option<String> {
    let others: Vec<ServiceName> = facts
        .chosen(&[])
        .into_iter()
        .filter(|service| !chosen.contains(service) && !have.contains(service))
        .collect();
    (!others.is_empty()).then(|| {
        format!("{} had no {name} and gets none; name the services to give it to others", names(&others))
    })
}

fn variable_described(facts: &Facts, service: &ServiceName, name: &str) -> Option<Variable> {
    facts.project.service_in(&facts.environment.environment, service)?.variables.get(name).cloned()
}

fn variable_live<'a>(facts: &'a Facts, service: &ServiceName, name: &str) -> Option<&'a Variable> {
    facts.live()?.services.get(service)?.config.variables.get(name)
}

fn is_known(facts: &Facts, service: &ServiceName, name: &str) -> bool {
    variable_described(facts, service, name).is_some() || variable_live(facts, service, name).is_some()
}

/// Whether description and what runs agree on that value.
fn has(facts: &Facts, service: &ServiceName, name: &str, value: &str) -> bool {
    let is = |variable: &Variable| matches!(variable, Variable::Plain(text) if text == value);
    let runs = facts.live().and_then(|live| live.services.get(service));
    let live = runs.is_none_or(|part| part.config.variables.get(name).is_some_and(is));
    live && variable_described(facts, service, name).is_some_and(|variable| is(&variable))
}

/// The secret a variable stands for, where it stands for one.
fn secret(facts: &Facts, service: &ServiceName, name: &str) -> Option<String> {
    let described = variable_described(facts, service, name);
    match described.as_ref().or(variable_live(facts, service, name)) {
        Some(Variable::Secret(secret)) => Some(secret.to_string()),
        _ => None,
    }
}

fn plain(variable: Option<&Variable>) -> Option<String> {
    match variable? {
        Variable::Plain(text) => Some(format!("`{}`", shown(text))),
        Variable::Secret(secret) => Some(format!("secret {secret}")),
    }
}

fn description_line(facts: &Facts, service: &ServiceName, name: &str, value: &str) -> DiffLine {
    let before = variable_described(facts, service, name);
    DiffLine::new(
        format!("{service} {name} (description)"),
        plain(before.as_ref()),
        Some(format!("`{}`", shown(value))),
    )
}

/// What to say to have the values of before in the description again.
fn back(facts: &Facts, chosen: &[ServiceName], name: &str) -> String {
    let environment = &facts.environment.environment;
    let mut ways: BTreeMap<Option<String>, Vec<ServiceName>> = BTreeMap::new();
    for service in chosen {
        let before = match variable_described(facts, service, name) {
            Some(Variable::Plain(text)) => Some(text),
            _ => None,
        };
        ways.entry(before).or_default().push(service.clone());
    }
    let one = |(before, services): (&Option<String>, &Vec<ServiceName>)| match before {
        Some(text) => format!("set {name}={} for {} in {environment}", quoted(text), names(services)),
        None => {
            format!(
                "{name} is new for {}, and stays until a description is imported without it",
                names(services)
            )
        }
    };
    ways.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A value as it is said in an order.
fn quoted(text: &str) -> String {
    let plain =
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/:".contains(&byte));
    let mark = if text.contains('"') { '\'' } else { '"' };
    if plain { text.to_owned() } else { format!("{mark}{text}{mark}") }
}

/// A value in a line: cut where it is long.
fn shown(text: &str) -> String {
    if text.chars().count() <= SHOWN_MAX {
        return text.to_owned();
    }
    let begin: String = text.chars().take(SHOWN_MAX).collect();
    format!("{begin}\u{2026}")
}

/// The live release with that variable for those services.
fn release(
    facts: &Facts,
    live: &Release,
    running: &[ServiceName],
    number: u32,
    name: &str,
    value: &str,
) -> Release {
    let subject = format!("{name}={} for {}", shown(value), names(running));
    again(facts, live, number, running, subject, |config| facts.with_variable(config, number, name, value))
}
