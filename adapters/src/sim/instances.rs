//! Services and their instances: what they are at an instant, out of when they started and how their commit behaves.

use std::collections::BTreeMap;

use engine::clock::EpochMs;
use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::{
    Answered, Crashes, Instance, InstanceSet, InstanceState, LogLine, ObservedService, ObservedSet, Schedule,
    Weight,
};

use super::builds::Builds;
use super::repository::Repository;
use super::rolling::Roll;
use super::world::State;
use super::{Behaviour, Healthy};

/// How long a health check of a healthy instance takes, in milliseconds.
const HEALTH_LATENCY_MS: u32 = 3;
/// How long the platform waits before it starts an ended instance again, in milliseconds.
pub(super) const RESTART_AFTER_MS: i64 = 1_000;
/// How often the platform starts an instance before it gives up.
pub(super) const STARTS_MAX: u32 = 5;
/// Where the simulated instances listen: this port and those above.
const FIRST_PORT: u32 = 20_000;
/// Lines of output kept for an environment.
const LOG_LINES_MAX: usize = 10_000;

/// One service of an environment.
#[derive(Debug, Default)]
pub(super) struct SimService {
    pub(super) sets: BTreeMap<u32, SimSet>,
    pub(super) schedule: Option<Schedule>,
    /// Fingerprints by release.
    pub(super) config: BTreeMap<u32, String>,
    pub(super) weights: Vec<Weight>,
    /// By idempotency key.
    pub(super) rolls: BTreeMap<String, Roll>,
    /// Requests the edge got.
    pub(super) requests: u64,
    /// Those that a release answered, by release.
    pub(super) answered: BTreeMap<u32, Answered>,
}

/// The instances of one release.
#[derive(Debug, Default)]
pub(super) struct SimSet {
    /// As it was asked for; absent for a set that was seeded without.
    pub(super) spec: Option<InstanceSet>,
    pub(super) replicas: u32,
    pub(super) instances: Vec<SimInstance>,
}

/// One instance.
#[derive(Debug, Clone)]
pub(super) struct SimInstance {
    pub(super) index: u32,
    pub(super) handle: String,
    pub(super) address: String,
    pub(super) started_ms: EpochMs,
    /// It was healthy at some time.
    pub(super) was_healthy: bool,
    /// A state put there by hand, whatever the commit's behaviour.
    pub(super) forced: Option<InstanceState>,
    /// How often it ended by itself, as told by hand.
    pub(super) crashes: Option<Crashes>,
}

impl SimInstance {
    /// A fresh one; `number` counts all that were ever started.
    pub(super) fn start(index: u32, started_ms: EpochMs, number: &mut u32) -> Self {
        *number += 1;
        Self {
            index,
            handle: format!("sim-{number}"),
            address: format!("127.0.0.1:{}", FIRST_PORT + *number),
            started_ms,
            was_healthy: false,
            forced: None,
            crashes: None,
        }
    }

    pub(super) fn state(&self, behaviour: &Behaviour, now: EpochMs) -> InstanceState {
        if let Some(forced) = &self.forced {
            return forced.clone();
        }
        let elapsed = now.saturating_sub(self.started_ms);
        let unhealthy = "503 Service Unavailable".to_owned();
        match behaviour.healthy {
            Healthy::Healthy => InstanceState::Healthy { latency_ms: HEALTH_LATENCY_MS },
            Healthy::AfterMs(ms) if elapsed >= ms || self.was_healthy => {
                InstanceState::Healthy { latency_ms: HEALTH_LATENCY_MS }
            }
            Healthy::AfterMs(_) => InstanceState::Starting { last: "connection refused".to_owned() },
            Healthy::Never if self.was_healthy => InstanceState::Unhealthy { last: unhealthy },
            Healthy::Never => InstanceState::Starting { last: unhealthy },
            Healthy::CrashLoop => {
                let again = u32::try_from(elapsed / RESTART_AFTER_MS).unwrap_or(0);
                InstanceState::Exited {
                    how: "exit code 1".to_owned(),
                    starts: again.saturating_add(1).min(STARTS_MAX),
                    tail: vec!["fatal: cannot start".to_owned()],
                }
            }
        }
    }

    pub(super) fn is_healthy(&self, behaviour: &Behaviour, now: EpochMs) -> bool {
        matches!(self.state(behaviour, now), InstanceState::Healthy { .. })
    }

    fn observed(&self, behaviour: &Behaviour, now: EpochMs) -> Instance {
        Instance {
            index: self.index,
            handle: self.handle.clone(),
            address: self.address.clone(),
            state: self.state(behaviour, now),
            started_ms: self.started_ms,
            built_ms: None,
            crashes: self.crashes.clone().or_else(|| self.crashes_of(&self.state(behaviour, now))),
        }
    }

    /// What an instance that has ended again and again comes to.
    fn crashes_of(&self, state: &InstanceState) -> Option<Crashes> {
        let InstanceState::Exited { how, starts, tail } = state else { return None };
        Some(Crashes {
            times: *starts,
            since_ms: self.started_ms,
            last_ms: self.started_ms + i64::from(starts.saturating_sub(1)) * RESTART_AFTER_MS,
            how: how.clone(),
            line: tail.last().cloned().unwrap_or_default(),
            gave_up: *starts >= STARTS_MAX,
        })
    }
}

impl SimSet {
    /// How its commit behaves.
    pub(super) fn behaviour<'a>(&self, code: &'a Repository, builds: &Builds) -> &'a Behaviour {
        let commit = self.spec.as_ref().and_then(|spec| builds.commit_of(&spec.build));
        commit.map_or(&code.otherwise, |commit| code.behaviour(commit))
    }
}

impl SimService {
    /// Takes a set away; a replacement of its instances has nothing left to do.
    pub(super) fn set_remove(&mut self, release: u32) -> Option<SimSet> {
        self.rolls.values_mut().filter(|roll| roll.release == release).for_each(Roll::abandon);
        self.sets.remove(&release)
    }

    /// Whether the platform knows anything of it.
    pub(super) fn is_there(&self) -> bool {
        !self.sets.is_empty() || self.schedule.is_some() || !self.config.is_empty()
    }

    /// As the platform shows it. The fresh instance of a running replacement comes last, with an index of its own.
    pub(super) fn observed(&self, code: &Repository, builds: &Builds, now: EpochMs) -> ObservedService {
        let sets = self.sets.iter().map(|(&release, set)| {
            let behaviour = set.behaviour(code, builds);
            let fresh = self.rolls.values().filter_map(|roll| roll.fresh_of(release));
            let instances = set.instances.iter().chain(fresh);
            ObservedSet {
                release,
                replicas: set.replicas,
                instances: instances.map(|instance| instance.observed(behaviour, now)).collect(),
            }
        });
        ObservedService {
            sets: sets.collect(),
            schedule: self.schedule.clone(),
            config: self.config.clone(),
            ..ObservedService::default()
        }
    }
}

impl State {
    pub(super) fn settle_instances(&mut self, now: EpochMs) {
        let Self { environments, code, builds, started, .. } = self;
        for service in environments.values_mut().flat_map(|environment| environment.services.values_mut()) {
            let SimService { sets, rolls, .. } = service;
            for set in sets.values_mut() {
                let behaviour = set.behaviour(code, builds);
                for instance in &mut set.instances {
                    instance.was_healthy |= instance.is_healthy(behaviour, now);
                }
            }
            for roll in rolls.values_mut() {
                if let Some(set) = sets.get_mut(&roll.release) {
                    let behaviour = set.behaviour(code, builds);
                    roll.settle(set, behaviour, now, started);
                }
            }
        }
    }

    /// Adds a line of output.
    pub(super) fn log(
        &mut self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        at_ms: EpochMs,
        text: String,
    ) {
        let logs = &mut self.environment(environment).logs;
        if logs.len() == LOG_LINES_MAX {
            logs.pop_front();
        }
        logs.push_back(LogLine { at_ms, service: service.clone(), release, text });
    }
}
