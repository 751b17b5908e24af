//! The live release once more, with another configuration: fresh processes of the same code beside the old, traffic to them once
//! they are healthy, verified, recorded. What the description says otherwise by now waits for the next deploy.

use super::deploy::{names, placeholder_run, retire, schedule_changes, shifts, step};
use super::operate::{preflight, verification};
use super::rollback::builds;
use super::{Facts, PlanProblem, PlannedStep};
use crate::model::{Release, ReleaseId, ReleaseState, ServiceName, ServiceRelease};
use crate::ports::ConfigSet;
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
            *part = part_again(facts, part, number, config(&part.config));
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
fn part_again(facts: &Facts, part: &ServiceRelease, number: u32, config: ConfigSet) -> ServiceRelease {
    let mut part = ServiceRelease { origin: number, config, ..part.clone() };
    if let Some(set) = &mut part.set {
        set.release = number;
        if let Some(replicas) = facts.desired.replicas.get(&set.service) {
            set.replicas = *replicas;
        }
    }
    if let Some(schedule) = &mut part.schedule {
        schedule.release = number;
        schedule.enabled = !facts.desired.cron_disabled.contains(&schedule.service);
    }
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
        let ready = match builds(facts, parts, running) {
            builds if builds.is_empty() => preflight(facts)?,
            builds => step(
                "preflight",
                "tools, disk and ports are there; the build is".to_owned(),
                StepKind::Preflight(Preflight { shape: facts.shape()?, builds }),
            ),
        };
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
