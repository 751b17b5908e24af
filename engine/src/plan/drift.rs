//! Drift: how what runs differs from the live release, as people asked for it since. What the description says otherwise by now is
//! none: it comes with the next deploy.

use std::collections::BTreeMap;

use super::DiffLine;
use super::facts::running_beside;
use crate::model::{ComponentName, Desired, EnvironmentName, Release, ServiceName, ServiceRelease};
use crate::ports::{ConfigSet, InstanceSet, ObservedEnvironment, ObservedSet, Schedule, Weight};
use crate::step::{ResizeOne, is_effective, shown};

/// What is wanted, and what was seen of it.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) live: &'a Release,
    pub(crate) desired: &'a Desired,
    pub(crate) observed: &'a ObservedEnvironment,
    /// By service, as the edge has them.
    pub(crate) weights: &'a BTreeMap<ServiceName, Vec<Weight>>,
}

/// What differs from the live release, and what is to be done about it.
#[derive(Default)]
pub(crate) struct Drift {
    pub(crate) diff: Vec<DiffLine>,
    /// How what was changed can be kept.
    pub(crate) notes: Vec<String>,
    pub(super) configs: Vec<ConfigSet>,
    pub(super) sets: Vec<InstanceSet>,
    pub(super) resized: Vec<ResizeOne>,
    /// Services whose traffic, instances or schedule differ.
    pub(super) services: Vec<ServiceName>,
}

impl Seen<'_> {
    /// The live release as it should run by now: with the number of instances and the schedules people asked for since.
    pub(super) fn wanted(&self) -> BTreeMap<ServiceName, ServiceRelease> {
        let mut parts = self.live.services.clone();
        for (name, part) in &mut parts {
            as_asked(part, name, self.desired);
        }
        parts
    }

    /// All that differs.
    pub(crate) fn drift(&self) -> Drift {
        let parts = self.wanted();
        let mut drift = Drift::default();
        drift.components(self.observed, &parts);
        for (name, part) in &parts {
            drift.service(self, name, part);
        }
        for name in running_beside(self.observed, self.weights, &parts) {
            let what = format!("{name}, which release {} does not have", self.live.id.number);
            drift.diff.push(DiffLine::new(what, Some("there".to_owned()), None));
            drift.services.push(name);
        }
        drift
    }

    fn environment(&self) -> &EnvironmentName {
        &self.live.id.environment.environment
    }
}

impl Drift {
    /// Components that services are told of, and that are not there.
    fn components(&mut self, observed: &ObservedEnvironment, parts: &BTreeMap<ServiceName, ServiceRelease>) {
        let told = parts.values().flat_map(|part| part.config.components.iter().flatten());
        let missing: BTreeMap<&ComponentName, _> =
            told.filter(|(name, kind)| observed.components.get(*name) != Some(*kind)).collect();
        for name in missing.keys() {
            self.diff.push(DiffLine::new(
                name.as_str(),
                Some("is not there".to_owned()),
                Some("there".to_owned()),
            ));
        }
    }

    fn service(&mut self, seen: &Seen<'_>, name: &ServiceName, part: &ServiceRelease) {
        let environment = seen.environment();
        let there = seen.observed.services.get(name);
        let before = self.diff.len();
        if there.and_then(|there| there.config.get(&part.origin)) != Some(&part.config.fingerprint) {
            self.differs(name, "variables", "otherwise", &format!("as in release {}", seen.live.id.number));
            self.configs.push(part.config.clone());
        }
        if let Some(set) = &part.set {
            let sets = there.map(|there| there.sets.as_slice()).unwrap_or_default();
            self.instances(environment, name, set, sets);
            let weights = seen.weights.get(name).map(Vec::as_slice).unwrap_or_default();
            let all = [Weight { release: set.release, percent: 100 }];
            if !is_effective(weights, &all) {
                self.differs(name, "traffic", &shown(weights), &shown(&all));
            }
        }
        let schedule = there.and_then(|there| there.schedule.as_ref());
        if schedule != part.schedule.as_ref() {
            self.differs(name, "schedule", &times(schedule), &times(part.schedule.as_ref()));
            let off = schedule.is_some_and(|schedule| !schedule.enabled);
            if off && part.schedule.as_ref().is_some_and(|schedule| schedule.enabled) {
                self.notes
                    .push(format!("to leave {name} switched off: `cron-disable {name} in {environment}`"));
            }
        }
        if self.diff.len() > before {
            self.services.push(name.clone());
        }
    }

    fn instances(
        &mut self,
        environment: &EnvironmentName,
        name: &ServiceName,
        set: &InstanceSet,
        sets: &[ObservedSet],
    ) {
        match sets.iter().find(|there| there.release == set.release) {
            None => {
                self.differs(name, "instances", "none", &set.replicas.to_string());
                self.sets.push(set.clone());
            }
            Some(there) if there.replicas != set.replicas => {
                self.differs(name, "replicas", &there.replicas.to_string(), &set.replicas.to_string());
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
}

/// Gives a part of a release as many instances as people asked for since, and switches its schedule as they did.
pub(super) fn as_asked(part: &mut ServiceRelease, name: &ServiceName, desired: &Desired) {
    if let (Some(set), Some(replicas)) = (part.set.as_mut(), desired.replicas.get(name)) {
        set.replicas = *replicas;
    }
    if let Some(schedule) = part.schedule.as_mut() {
        schedule.enabled = !desired.cron_disabled.contains(name);
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
