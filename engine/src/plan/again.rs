//! The live release once more, with another configuration: fresh processes of the same code beside the old, traffic to them once
//! they are healthy, verified, recorded. What the description says otherwise by now waits for the next deploy.

use super::deploy::{names, placeholder_run, retire, schedule_changes, shifts, step};
use super::drift::as_asked;
use super::operate::{Draft, finish, verification};
use super::rollback::builds;
use super::variables::variable_lines;
use super::{DiffLine, Facts, Plan, PlanProblem, PlannedStep, RiskLevel, way_back};
use crate::model::{Release, ReleaseId, ReleaseState, RunRequest, ServiceName, ServiceRelease};
use crate::ports::{BuildRequest, ConfigSet, Shape};
use crate::step::{
    DesiredChange, Finalize, Preflight, PutConfig, PutSchedules, Serve, ShiftTraffic, StepKind,
};

/// The number of the release that is made next.
pub(super) fn number_after(facts: &Facts) -> u32 {
    facts.releases.first().map_or(1, |newest| newest.id.number + 1)
}

/// The live release under the next number, where those services have another configuration.
pub(super) fn again(
    facts: &Facts,
    live: &Release,
    number: u32,
    changed: &[ServiceName],
    subject: String,
    config: impl Fn(&ConfigSet) -> ConfigSet,
) -> Release {
    let mut services = live.services.clone();
    for (service, part) in &mut services {
        if changed.contains(service) {
            *part = part_again(facts, service, part, number, config(&part.config));
        }
    }
    Release {
        id: ReleaseId { environment: facts.environment.clone(), number },
        reference: live.reference.clone(),
        commit: live.commit.clone(),
        subject,
        run: placeholder_run(),
        state: ReleaseState::Making,
        services,
        schema: None,
        made_ms: 0,
        live_ms: None,
    }
}

/// A service of a release under another number, with another configuration and as many instances as it has by now.
fn part_again(
    facts: &Facts,
    service: &ServiceName,
    part: &ServiceRelease,
    number: u32,
    config: ConfigSet,
) -> ServiceRelease {
    let mut part = ServiceRelease { origin: number, config, ..part.clone() };
    if let Some(set) = &mut part.set {
        set.release = number;
    }
    if let Some(schedule) = &mut part.schedule {
        schedule.release = number;
    }
    as_asked(&mut part, service, &facts.desired);
    part
}

/// The live release once more: what it was, what it becomes, whose configuration changes, and what that is called.
#[derive(Clone, Copy)]
pub(super) struct Fresh<'a> {
    pub(super) live: &'a Release,
    pub(super) release: &'a Release,
    pub(super) services: &'a [ServiceName],
    pub(super) with: &'a str,
}

/// Steps of its own that such a run has.
#[derive(Default)]
pub(super) struct Beside {
    /// Before the configuration is written.
    pub(super) before: Vec<PlannedStep>,
    /// Once the fresh release is verified.
    pub(super) after: Vec<PlannedStep>,
    /// What the environment should hold then, where that is not what the description says now.
    pub(super) shape: Option<Shape>,
}

impl Fresh<'_> {
    /// All of it: what goes before, the fresh release, what follows its verification, and the record of it.
    pub(super) fn steps(
        &self,
        facts: &Facts,
        beside: Beside,
        described: Vec<DesiredChange>,
    ) -> Result<Vec<PlannedStep>, PlanProblem> {
        let Self { live, release, services: running, with } = *self;
        let parts = &release.services;
        let served: Vec<&ServiceName> =
            running.iter().filter(|name| parts.get(*name).is_some_and(|part| part.set.is_some())).collect();
        let ready = ready(facts, beside.shape.clone(), builds(facts, parts, running))?;
        let mut changes = vec![DesiredChange::Live {
            release: release.id.number,
            took_back: false,
            schema: facts.schema_applied(live),
        }];
        changes.extend(described);
        let mut steps = vec![ready];
        steps.extend(beside.before);
        steps.push(step(
            "reconcile config",
            format!("variables of {}", names(running)),
            StepKind::PutConfig(PutConfig {
                configs: running.iter().filter_map(|name| Some(parts.get(name)?.config.clone())).collect(),
                of_earlier: false,
            }),
        ));
        if !served.is_empty() {
            steps.push(step(
                &served.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" and "),
                "started beside what runs, then waited for until healthy".to_owned(),
                StepKind::Serve(Serve {
                    sets: served.iter().filter_map(|name| parts.get(*name)?.set.clone()).collect(),
                    shifts: shifts(facts, parts, running),
                }),
            ));
            steps.push(step(
                "traffic",
                "all of it to the fresh processes, read back".to_owned(),
                StepKind::ShiftTraffic(ShiftTraffic { shifts: shifts(facts, parts, running) }),
            ));
        }
        let scheduled = schedule_changes(facts, parts, running);
        if !scheduled.is_empty() {
            steps.push(step(
                "cron",
                format!("schedules run with {with}"),
                StepKind::PutSchedules(PutSchedules { changes: scheduled }),
            ));
        }
        if !served.is_empty() {
            steps.push(verification(facts, release, running));
        }
        steps.extend(beside.after);
        steps.push(step(
            "finalize",
            "old processes drained and ended, release and description recorded".to_owned(),
            StepKind::Finalize(Finalize { retire: retire(facts, parts, running), changes }),
        ));
        Ok(steps)
    }
}

/// A run that is the live release once more, and whatever goes with it: what a plan of it is made of.
pub(super) struct Work {
    pub(super) title: String,
    /// What the release is called behind the live one's commit.
    pub(super) subject: String,
    /// What schedules run with from then on.
    pub(super) with: String,
    /// The services whose live part gets another configuration.
    pub(super) running: Vec<ServiceName>,
    pub(super) diff: Vec<DiffLine>,
    pub(super) notes: Vec<String>,
    pub(super) beside: Beside,
    pub(super) changes: Vec<DesiredChange>,
    /// What takes it back in the description, or what does not come back.
    pub(super) back: String,
}

impl Work {
    /// The plan; where nothing of it runs, only what goes beside it, and the record. `config` makes a configuration for the
    /// release of that number out of the live one.
    pub(super) fn plan(
        self,
        request: &RunRequest,
        facts: &Facts,
        config: impl Fn(&ConfigSet, u32) -> ConfigSet,
    ) -> Result<Plan, PlanProblem> {
        let Self { title, subject, with, running, mut diff, notes, beside, changes, back } = self;
        let Some(live) = facts.live().filter(|_| !running.is_empty()) else {
            let mut steps = vec![ready(facts, beside.shape, Vec::new())?];
            steps.extend(beside.before);
            steps.extend(beside.after);
            steps.push(step(
                "finalize",
                "what is wanted here is recorded".to_owned(),
                StepKind::Finalize(Finalize { retire: Vec::new(), changes }),
            ));
            return finish(request, facts, Draft { title, steps, diff, way_back: back, notes });
        };
        let is_described = changes.iter().any(DesiredChange::is_described);
        let number = number_after(facts);
        let release = again(facts, live, number, &running, subject, |now| config(now, number));
        diff.extend(changed(facts, live, &release, &running));
        let fresh = Fresh { live, release: &release, services: &running, with: &with };
        let steps = fresh.steps(facts, beside, changes)?;
        let draft = Draft { title, steps, diff, way_back: String::new(), notes };
        let mut plan = finish(request, facts, draft)?;
        plan.way_back = way_back::of_deploy(facts, None);
        // A rollback leaves the description alone: what it says is taken back by an order of its own.
        let back = if is_described { format!("for the deploys after it: {back}") } else { back };
        plan.way_back.say = format!("{}; {back}", plan.way_back.say);
        if facts.described()?.production && !plan.way_back.proved {
            plan.risk.at_least(RiskLevel::High, "the way back is not proved");
        }
        plan.release = Some(release);
        Ok(plan)
    }
}

fn ready(facts: &Facts, shape: Option<Shape>, builds: Vec<BuildRequest>) -> Result<PlannedStep, PlanProblem> {
    let says = if builds.is_empty() {
        "the platform is there and ready"
    } else {
        "tools, disk and ports are there; the build is"
    };
    let shape = shape.map_or_else(|| facts.shape(), Ok)?;
    Ok(step("preflight", says.to_owned(), StepKind::Preflight(Preflight { shape, builds })))
}

/// Services of the live release whose configuration is such.
pub(super) fn running_with(facts: &Facts, is_such: impl Fn(&ConfigSet) -> bool) -> Vec<ServiceName> {
    let Some(live) = facts.live() else { return Vec::new() };
    let is_such = |name: &ServiceName| live.services.get(name).is_some_and(|part| is_such(&part.config));
    facts.chosen(&[]).into_iter().filter(is_such).collect()
}

fn changed(facts: &Facts, live: &Release, release: &Release, running: &[ServiceName]) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    for service in running {
        let (Some(before), Some(after)) = (live.services.get(service), release.services.get(service)) else {
            continue;
        };
        let mut was = before.config.clone();
        // One from before that was kept was told of all there was.
        was.components = after.config.components.is_some().then(|| facts.told(&was));
        lines.extend(variable_lines(service, &was, &after.config));
    }
    lines
}
