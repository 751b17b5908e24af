//! Destroy environment: all that runs of it is ended, and the description has it no more. Nothing that it holds is deleted: not what
//! its components keep, nor its secrets, releases and record.

use super::component::alone;
use super::deploy::{names, step};
use super::operate::{Draft, finish};
use super::{DiffLine, Facts, Plan, PlanProblem, PlannedStep, RiskLevel};
use crate::model::{Component, ComponentName, PLATFORM_LOCAL, PLATFORM_RAILWAY, RunRequest, ServiceName};
use crate::ports::ObservedService;
use crate::project::without;
use crate::step::{DesiredChange, EndComponent, EndServices, Finalize, StepKind};

pub(super) fn plan(request: &RunRequest, facts: &Facts) -> Result<Plan, PlanProblem> {
    let environment = &facts.environment.environment;
    check_destroyable(facts)?;
    let running = running(facts);
    let components = components(facts);
    let mut diff: Vec<DiffLine> = running.iter().filter_map(|service| service_line(facts, service)).collect();
    diff.extend(
        components.iter().map(|(name, component)| {
            DiffLine::new(name.as_str(), Some(component.kind.said().to_owned()), None)
        }),
    );
    diff.push(DiffLine::new(environment.as_str(), Some("in the project's description".to_owned()), None));
    let mut steps = vec![step(
        "end services",
        if running.is_empty() {
            "nothing runs; what is kept ready is given up".to_owned()
        } else {
            format!("no traffic to {}, then drained and ended", names(&running))
        },
        StepKind::EndServices(EndServices { services: running.clone() }),
    )];
    steps.extend(components.iter().map(|(name, component)| end_of(name, component)));
    steps.push(step(
        "finalize",
        format!("{} is described without {environment}", facts.project.project),
        StepKind::Finalize(Finalize { retire: Vec::new(), changes: vec![DesiredChange::Gone] }),
    ));
    let title = format!("Destroy {environment}");
    let way_back = format!(
        "`create environment {environment}`, then a deploy: it finds what is kept of the one before; no release comes back by itself"
    );
    let mut plan =
        finish(request, facts, Draft { title, steps, diff, way_back, notes: kept(facts, &components)? })?;
    plan.way_back.release = None;
    plan.way_back.proof = Vec::new();
    plan.way_back.proved = false;
    if running.is_empty() {
        plan.risk.at_least(RiskLevel::Medium, "it is taken away");
    } else {
        plan.risk.at_least(RiskLevel::High, format!("{} end for everybody", names(&running)));
    }
    plan.destructive = true;
    plan.stays = true;
    Ok(plan)
}

/// What is protected has to be released from that first, in the file, where everybody sees it.
fn check_destroyable(facts: &Facts) -> Result<(), PlanProblem> {
    let environment = &facts.environment.environment;
    if facts.described()?.production {
        return Err(PlanProblem::new(
            "production-kept",
            format!("{environment} is marked as production, which is not destroyed by a sentence"),
            format!("say `production: false` for {environment} in the project's file first, and import it"),
        ));
    }
    without(&facts.project, environment).map(drop).map_err(|why| {
        PlanProblem::new(
            "environment-needed",
            format!(
                "{environment} can't be taken out of the description of {}: {why}",
                facts.project.project
            ),
            "change that in the project's file first, and import it",
        )
    })
}

/// Services of which something is there: known to the description or not.
fn running(facts: &Facts) -> Vec<ServiceName> {
    let is_there = |service: &ServiceName| {
        let there = facts.observed.services.get(service);
        there.is_some_and(|it| !it.sets.is_empty() || it.schedule.is_some())
    };
    let described = facts.chosen(&[]);
    let others = facts.observed.services.keys().filter(|service| !described.contains(service)).cloned();
    let others: Vec<ServiceName> = others.collect();
    described.into_iter().chain(others).filter(is_there).collect()
}

fn service_line(facts: &Facts, service: &ServiceName) -> Option<DiffLine> {
    let there = facts.observed.services.get(service)?;
    Some(DiffLine::new(service.as_str(), Some(what_runs(there)), None))
}

/// "release 3, 2 processes", "release 3 at `0 3 * * *`".
fn what_runs(there: &ObservedService) -> String {
    let sets = there.sets.iter().map(|set| {
        let processes = if set.replicas == 1 { "process" } else { "processes" };
        format!("release {}, {} {processes}", set.release, set.replicas)
    });
    let schedule = there.schedule.iter().map(|schedule| {
        let off = if schedule.enabled { "" } else { ", switched off" };
        format!("release {} at `{}`{off}", schedule.release, schedule.cron)
    });
    sets.chain(schedule).collect::<Vec<_>>().join(", ")
}

/// The components that are there, as they are described or seen.
fn components(facts: &Facts) -> Vec<(ComponentName, Component)> {
    let described = facts.components();
    let seen = facts.observed.components.iter();
    seen.map(|(name, kind)| {
        let url = facts.observed.urls.get(name).cloned();
        let component = described.get(name).cloned().unwrap_or(Component { kind: *kind, url });
        (name.clone(), component)
    })
    .collect()
}

fn end_of(name: &ComponentName, component: &Component) -> PlannedStep {
    let says = if component.url.is_some() {
        format!("{name} is elsewhere, and goes on there")
    } else {
        format!("what runs of {name} is ended; what it holds is kept")
    };
    let end = EndComponent { component: name.clone(), shape: alone(name, component) };
    step(&format!("end {name}"), says, StepKind::EndComponent(end))
}

/// Whether production's deploys go by what runs here: it is the last before it.
fn proves_for_others(facts: &Facts) -> bool {
    let environments = &facts.project.environments;
    let production = environments.values().position(|it| it.production);
    let here = environments.get_index_of(&facts.environment.environment);
    production.is_some_and(|at| at > 0 && here == Some(at - 1))
}

/// What stays of it, and where.
fn kept(facts: &Facts, components: &[(ComponentName, Component)]) -> Result<Vec<String>, PlanProblem> {
    let environment = &facts.environment.environment;
    let described = facts.described()?;
    let held = components.iter().filter(|(_, component)| component.url.is_none());
    let held: Vec<&str> = held.map(|(name, _)| name.as_str()).collect();
    let mut notes = Vec::new();
    if !held.is_empty() {
        notes.push(format!("nothing is deleted of what they hold: {}", held.join(", ")));
    }
    notes.push(format!("the secrets, releases and record of {environment} are kept"));
    if described.platform != PLATFORM_LOCAL {
        let mut what = "its services, volumes and domains".to_owned();
        if facts.capabilities.splits_traffic && described.platform == PLATFORM_RAILWAY {
            what.push_str(", and what Cloudflare leads there,");
        }
        notes.push(format!(
            "{what} stay with the provider and may cost: whoever is sure deletes them there; until then a push that it deploys by itself runs there again"
        ));
    }
    if proves_for_others(facts) {
        notes.push(format!(
            "a deploy to production that names no ref takes what {environment} runs now; without {environment} it takes another's, or the newest"
        ));
    }
    Ok(notes)
}
