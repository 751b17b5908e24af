//! Seeding: makes an environment as it was observed somewhere else, so that a rehearsal starts from there.

use std::collections::BTreeMap;

use engine::clock::EpochMs;
use engine::model::{ComponentName, EnvironmentKey, ServiceName};
use engine::ports::{
    AppliedMigration, BuildKey, InstanceSet, InstanceState, ObservedEnvironment, ObservedSet, Weight,
};

use super::World;
use super::instances::{SimInstance, SimSet};
use super::world::State;

/// An environment as it is elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    /// What its platform shows.
    pub observed: ObservedEnvironment,
    /// How the observed sets were asked for; a set that is not among them behaves like a commit nothing was said of.
    pub sets: Vec<InstanceSet>,
    /// Finished builds, with the full ids of their commits.
    pub builds: BTreeMap<BuildKey, String>,
    /// What its edge splits.
    pub weights: BTreeMap<ServiceName, Vec<Weight>>,
    /// Where its edge listens.
    pub addresses: BTreeMap<ServiceName, String>,
    /// What its databases have had.
    pub migrations: BTreeMap<ComponentName, Vec<AppliedMigration>>,
}

impl World {
    /// Puts the environment there in place of what was; nothing of it reaches the ledger. Instances that are not
    /// healthy stay as they are until they are replaced.
    pub fn seed(&self, environment: &EnvironmentKey, seed: Seed) {
        let now = self.now_ms();
        self.with(|state| state.seed(environment, seed, now));
    }
}

impl State {
    fn seed(&mut self, environment: &EnvironmentKey, seed: Seed, now: EpochMs) {
        for (key, commit) in seed.builds {
            self.builds.seed(key, commit, now);
        }
        let there = self.environments.entry(environment.clone()).or_default();
        there.services.clear();
        there.components = seed.observed.components;
        there.urls = seed.observed.urls;
        there.addresses = seed.addresses;
        there.migrations = seed.migrations;
        for (name, observed) in seed.observed.services {
            let service = there.services.entry(name.clone()).or_default();
            service.schedule = observed.schedule;
            service.config = observed.config;
            for set in observed.sets {
                let wanted = |spec: &&InstanceSet| spec.service == name && spec.release == set.release;
                let spec = seed.sets.iter().find(wanted).cloned();
                service.sets.insert(set.release, seeded(set, spec));
            }
        }
        for (name, weights) in seed.weights {
            there.services.entry(name).or_default().weights = weights;
        }
        self.settle(now);
    }
}

fn seeded(observed: ObservedSet, spec: Option<InstanceSet>) -> SimSet {
    let instances = observed.instances.into_iter().map(|instance| {
        let healthy = matches!(instance.state, InstanceState::Healthy { .. });
        SimInstance {
            index: instance.index,
            handle: instance.handle,
            address: instance.address,
            started_ms: instance.started_ms,
            was_healthy: healthy,
            crashes: instance.crashes,
            forced: (!healthy).then_some(instance.state),
        }
    });
    SimSet { spec, replicas: observed.replicas, instances: instances.collect() }
}
