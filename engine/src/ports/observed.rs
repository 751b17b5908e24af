//! What a platform says there is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Crashes, Schedule};
use crate::clock::EpochMs;
use crate::model::{ComponentKind, ComponentName, SecretName, ServiceName};

/// What one instance is up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum InstanceState {
    /// Its code is being built by the platform; it is not started yet, and its time to become healthy has not begun.
    Building {
        /// The last line the build printed; empty when that is not known.
        last: String,
    },
    /// Started, not healthy yet.
    Starting {
        /// What the last health check said.
        last: String,
    },
    /// Healthy.
    Healthy {
        /// How long the last health check took, in milliseconds.
        latency_ms: u32,
    },
    /// Was healthy, is not any more.
    Unhealthy {
        /// What the last health check said.
        last: String,
    },
    /// Ended; the platform starts it again after a while, up to a limit.
    Exited {
        /// Exit code or signal, in words.
        how: String,
        /// How often it was started.
        starts: u32,
        /// The last lines it printed.
        tail: Vec<String>,
    },
    /// The platform has given it up: its build failed, or it never became healthy. It is not started again.
    Failed {
        /// Why, in words: `its build failed`.
        why: String,
        /// The last lines it, or its build, printed.
        tail: Vec<String>,
    },
}

/// One running copy of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its number within the set, from 0.
    pub index: u32,
    /// What the platform calls it: a process id, a container id.
    pub handle: String,
    /// Where it listens.
    pub address: String,
    /// What it is up to.
    pub state: InstanceState,
    /// When it was started.
    pub started_ms: EpochMs,
    /// When its build ended, where the platform builds what is deployed to it: its time to become healthy begins then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_ms: Option<EpochMs>,
    /// How often it ended by itself before that; absent when it never did, or the platform does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crashes: Option<Crashes>,
}

/// One set of instances as observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedSet {
    /// The number of the release.
    pub release: u32,
    /// How many there should be, as far as the platform knows.
    pub replicas: u32,
    /// Those that are.
    pub instances: Vec<Instance>,
}

/// One service as observed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedService {
    /// Its sets of instances, by release.
    pub sets: Vec<ObservedSet>,
    /// Its schedule, when it has one.
    pub schedule: Option<Schedule>,
    /// Fingerprints of its configuration, by release.
    pub config: BTreeMap<u32, String>,
    /// Full ids of the commits it can go back to without a build, where the platform builds what is deployed to it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kept: BTreeSet<String>,
}

/// An environment as the platform has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedEnvironment {
    /// By service.
    pub services: BTreeMap<ServiceName, ObservedService>,
    /// The components that are there.
    pub components: BTreeMap<ComponentName, ComponentKind>,
    /// Those that are elsewhere, and the secret that says where.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub urls: BTreeMap<ComponentName, SecretName>,
    /// Addresses the edge listens at for services, and that others can have once it does no more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub addresses: BTreeMap<ServiceName, String>,
}
