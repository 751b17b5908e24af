//! Reconcile: what runs is brought back to the live release, where somebody or something changed it behind the engine's back. What
//! the description says otherwise by now is no drift: it comes with the next deploy.

use std::collections::BTreeMap;

use super::component;
use super::deploy::{names, retire, schedule_changes, shifts, step};
use super::operate::{Draft, finish, live, verification};
use super::rollback::{builds, starts};
use super::{DiffLine, Facts, Plan, PlanProblem, PlannedStep};
use crate::model::{ComponentName, Release, RunRequest, ServiceName, ServiceRelease};
use crate::ports::{ConfigSet, InstanceSet, ObservedSet, Schedule};
use crate::step::{
    Finalize, Preflight, PutConfig, PutSchedules, Resize, ResizeOne, Serve, ShiftTraffic, StepKind,
    is_effective, shown,
};

/// The problem's code where nothing has drifted.
pub const NOTHING_DRIFTED: &str = "nothing-drifted";

/// What differs from the live release, and what is to be done about it.
#[derive(Default)]
struct Drift {
    diff: Vec<DiffLine>,
    notes: Vec<String>,
    configs: Vec<ConfigSet>,
    sets: Vec<InstanceSet>,
    resized: Vec<ResizeOne>,
    /// Services whose traffic, instances or schedule differ.
    services: Vec<ServiceName>,
}

pub(super) fn plan(request: &RunRequest, facts: &Facts) -> Result<Plan, PlanProblem> {
    let environment = &facts.environment.environment;
    let live = live(facts, "bring anything back to")?;
    let parts = wanted(facts, live);
    let mut drift = Drift::default();
    let told = parts.values().map(|part| &part.config);
    let shape = component::brought_back(facts, told);
    drift.components(facts, &parts);
    for (name, part) in &parts {
        drift.service(facts, live, name, part);
    }
    for name in facts.running_beside(&parts) {
        let what = format!("{name} is there, which release {} does not have", live.id.number);
        drift.diff.push(DiffLine::new(what, None, Some("ended".to_owned())));
        drift.services.push(name);
    }
    if drift.diff.is_empty() {
        return Err(PlanProblem::new(
            NOTHING_DRIFTED,
            format!(
                "nothing has drifted in {environment}: all of it is as release {} has it",
                live.id.number
            ),
            format!("status {environment}"),
        ));
    }
    let steps = drift.steps(facts, live, &parts, shape)?;
    let Drift { diff, notes, .. } = drift;
    let title = format!("Bring {environment} back to release {} ({})", live.id.number, live.reference);
    let way_back = "what was changed by hand does not come back by itself".to_owned();
    let mut plan = finish(request, facts, Draft { title, steps, diff, way_back, notes })?;
    plan.stays = true;
    Ok(plan)
}

/// The live release as it should run by now: with the number of instances and the schedules people asked for since.
fn wanted(facts: &Facts, live: &Release) -> BTreeMap<ServiceName, ServiceRelease> {
    let mut parts = live.services.clone();
    for (name, part) in &mut parts {
        if let (Some(set), Some(replicas)) = (part.set.as_mut(), facts.desired.replicas.get(name)) {
            set.replicas = *replicas;
        }
        if let Some(schedule) = part.schedule.as_mut() {
            schedule.enabled = !facts.desired.cron_disabled.contains(name);
        }
    }
    parts
}

impl Drift {
    /// Components that services are told of, and that are not there.
    fn components(&mut self, facts: &Facts, parts: &BTreeMap<ServiceName, ServiceRelease>) {
        let told = parts.values().flat_map(|part| part.config.components.iter().flatten());
        let missing: BTreeMap<&ComponentName, _> =
            told.filter(|(name, kind)| facts.observed.components.get(*name) != Some(*kind)).collect();
        for name in missing.keys() {
            self.diff.push(DiffLine::new(
                name.as_str(),
                Some("is not there".to_owned()),
                Some("there".to_owned()),
            ));
        }
    }

    fn service(&mut self, facts: &Facts, live: &Release, name: &ServiceName, part: &ServiceRelease) {
        let there = facts.observed.services.get(name);
        let before = self.diff.len();
        if there.and_then(|there| there.config.get(&part.origin)) != Some(&part.config.fingerprint) {
            self.differs(name, "variables", "otherwise", &format!("as in release {}", live.id.number));
            self.configs.push(part.config.clone());
        }
        if let Some(set) = &part.set {
            let sets = there.map(|there| there.sets.as_slice()).unwrap_or_default();
            self.instances(facts, name, set, sets);
            let weights = facts.weights.get(name).map(Vec::as_slice).unwrap_or_default();
            let all = [crate::ports::Weight { release: set.release, percent: 100 }];
            if !is_effective(weights, &all) {
                self.differs(name, "traffic", &shown(weights), &shown(&all));
            }
        }
        let schedule = there.and_then(|there| there.schedule.as_ref());
        if schedule != part.schedule.as_ref() {
            self.differs(name, "schedule", &times(schedule), &times(part.schedule.as_ref()));
            let off = schedule.is_some_and(|schedule| !schedule.enabled);
            if off && part.schedule.as_ref().is_some_and(|schedule| schedule.enabled) {
                let environment = &facts.environment.environment;
                self.notes
                    .push(format!("to leave {name} switched off: `cron-disable {name} in {environment}`"));
            }
        }
        if self.diff.len() > before {
            self.services.push(name.clone());
        }
    }

    fn instances(&mut self, facts: &Facts, name: &ServiceName, set: &InstanceSet, sets: &[ObservedSet]) {
        match sets.iter().find(|there| there.release == set.release) {
            None => {
                self.differs(name, "instances", "none", &set.replicas.to_string());
                self.sets.push(set.clone());
            }
            Some(there) if there.replicas != set.replicas => {
                self.differs(name, "replicas", &there.replicas.to_string(), &set.replicas.to_string());
                let environment = &facts.environment.environment;
                self.notes.push(format!(
                    "to keep {} of {name}: `scale {environment} {name} to {}`",
                    there.replicas, there.replicas
                ));
                let before = InstanceSet { replicas: there.replicas, ..set.clone() };
                self.resized.push(ResizeOne { before, after: set.clone() });
            }
            Some(_) => {}
        }
        for other in sets.iter().filter(|there| there.release != set.release) {
            self.diff.push(DiffLine::new(
                format!("{name} of release {}", other.release),
                Some(format!("{} there", other.replicas)),
                None,
            ));
        }
    }

    fn differs(&mut self, name: &ServiceName, of: &str, is: &str, wanted: &str) {
        self.diff.push(DiffLine::new(format!("{name} {of}"), Some(is.to_owned()), Some(wanted.to_owned())));
    }

    fn steps(
        &mut self,
        facts: &Facts,
        live: &Release,
        parts: &BTreeMap<ServiceName, ServiceRelease>,
        shape: Option<PlannedStep>,
    ) -> Result<Vec<PlannedStep>, PlanProblem> {
        let services = &self.services;
        let built: Vec<ServiceName> = services
            .iter()
            .filter(|name| parts.get(*name).is_some_and(|part| starts(facts, name, part)))
            .cloned()
            .collect();
        let mut steps = vec![step(
            "preflight",
            "the platform is there and ready".to_owned(),
            StepKind::Preflight(Preflight { shape: facts.shape()?, builds: builds(facts, parts, &built) }),
        )];
        steps.extend(shape);
        if !self.configs.is_empty() {
            let configs = std::mem::take(&mut self.configs);
            let says = format!("as it is in release {}", live.id.number);
            steps.push(step("config", says, StepKind::PutConfig(PutConfig { configs, of_earlier: true })));
        }
        let shifts = shifts(facts, parts, services);
        if !self.sets.is_empty() {
            let sets = std::mem::take(&mut self.sets);
            let whose: Vec<ServiceName> = sets.iter().map(|set| set.service.clone()).collect();
            let says = format!("{} of release {}, until healthy", names(&whose), live.id.number);
            let of = |shift: &&crate::step::Shift| whose.contains(&shift.service);
            let shifts = shifts.iter().filter(of).cloned().collect();
            steps.push(step("bring up", says, StepKind::Serve(Serve { sets, shifts })));
        }
        if !self.resized.is_empty() {
            let changes = std::mem::take(&mut self.resized);
            let says = "as many processes as were asked for".to_owned();
            steps.push(step("resize", says, StepKind::Resize(Resize { changes })));
        }
        if !shifts.is_empty() {
            let says = format!("all of it to release {}, read back", live.id.number);
            steps.push(step("traffic", says, StepKind::ShiftTraffic(ShiftTraffic { shifts })));
        }
        let scheduled = schedule_changes(facts, parts, services);
        if !scheduled.is_empty() {
            let says = format!("schedules run release {}", live.id.number);
            steps.push(step("cron", says, StepKind::PutSchedules(PutSchedules { changes: scheduled })));
        }
        let served: Vec<ServiceName> = services
            .iter()
            .filter(|name| parts.get(*name).is_some_and(|part| part.set.is_some()))
            .cloned()
            .collect();
        if !served.is_empty() {
            steps.push(verification(facts, live, &served));
        }
        steps.push(step(
            "finalize",
            "what does not belong there ended, and recorded".to_owned(),
            StepKind::Finalize(Finalize { retire: retire(facts, parts, services), changes: Vec::new() }),
        ));
        Ok(steps)
    }
}

/// When a service runs, of which release, in words.
fn times(schedule: Option<&Schedule>) -> String {
    match schedule {
        None => "none".to_owned(),
        Some(schedule) => {
            let on = if schedule.enabled { "on" } else { "off" };
            format!("`{}` with release {}, {on}", schedule.cron, schedule.release)
        }
    }
}
