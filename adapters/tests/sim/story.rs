//! A world, its clock, and the words a test says to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapters::sim::{Behaviour, World};
use engine::clock::ManualClock;
use engine::model::{
    ComponentKind, ComponentName, EnvironmentKey, Health, Limits, RunId, ServiceName, Source,
};
use engine::ports::testing::permit;
use engine::ports::{
    BuildKey, BuildRequest, DatabaseAt, InstanceSet, InstanceState, Migration, Permit, PortError, Ports,
    Shape, Weight,
};

pub(crate) const START_MS: i64 = 1_000_000;

/// A world, its clock, and what a test needs to talk to it.
pub(crate) struct Story {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) world: Arc<World>,
    pub(crate) ports: Ports,
    pub(crate) staging: EnvironmentKey,
    pub(crate) api: ServiceName,
    pub(crate) postgres: ComponentName,
}

impl Story {
    /// Its database, as the port calls it.
    pub(crate) fn database(&self) -> DatabaseAt {
        DatabaseAt { component: self.postgres.clone(), url: None }
    }

    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(START_MS));
        let world = World::new(clock.clone());
        let ports = world.ports();
        Self {
            clock,
            world,
            ports,
            staging: "invoice-perfect/staging".parse().unwrap(),
            api: "api".parse().unwrap(),
            postgres: "postgres".parse().unwrap(),
        }
    }

    /// Commits, tags and builds `v{release}`, and starts so many instances of it.
    pub(crate) async fn starts(&self, release: u32, replicas: u32, behaviour: Behaviour) -> InstanceSet {
        let commit = self.world.release(&format!("v{release}"), "a release", behaviour);
        let request = build(release, &commit);
        self.ports.platform.build_start(&step(0), &request).await.unwrap();
        let set = self.set(release, replicas);
        self.ports.platform.instances_ensure(&step(5), &self.staging, &set).await.unwrap();
        set
    }

    pub(crate) fn set(&self, release: u32, replicas: u32) -> InstanceSet {
        InstanceSet {
            service: self.api.clone(),
            release,
            build: BuildKey(format!("build-{release}")),
            commit: String::new(),
            start: "./api".to_owned(),
            replicas,
            health: Some(Health { path: "/health".to_owned(), timeout_s: 30 }),
            limits: Limits::default(),
        }
    }

    /// One word an instance, release by release: `1: healthy healthy`.
    pub(crate) async fn instances(&self) -> String {
        let observed = self.ports.platform.observe(&self.staging).await.unwrap();
        let mut lines = Vec::new();
        for set in observed.services.get(&self.api).into_iter().flat_map(|service| &service.sets) {
            let words = set.instances.iter().map(|instance| match &instance.state {
                InstanceState::Starting { .. } => "starting".to_owned(),
                InstanceState::Healthy { .. } => "healthy".to_owned(),
                InstanceState::Unhealthy { .. } => "unhealthy".to_owned(),
                InstanceState::Exited { starts, .. } => format!("exited({starts})"),
                other => format!("{other:?}"),
            });
            lines.push(format!("{}: {}", set.release, words.collect::<Vec<_>>().join(" ")));
        }
        lines.join("; ")
    }

    pub(crate) async fn weights(&self, weights: &[Weight]) -> Result<(), PortError> {
        self.ports.edge.weights_set(&step(7), &self.staging, &self.api, weights).await.map(drop)
    }

    /// Statuses of so many probes, counted: `1:200` to how often.
    pub(crate) async fn probes(&self, count: u32) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for _ in 0..count {
            let probe = self.ports.edge.probe(&self.staging, &self.api, "/").await.unwrap();
            let release = probe.release.map_or_else(|| "-".to_owned(), |release| release.to_string());
            *counts.entry(format!("{release}:{}", probe.status)).or_default() += 1;
        }
        counts
    }

    pub(crate) async fn shaped(&self) {
        let shape = Shape {
            urls: [].into(),
            components: BTreeMap::from([(self.postgres.clone(), ComponentKind::Database)]),
            edge: BTreeMap::from([(self.api.clone(), "127.0.0.1:7401".to_owned())]),
            sticky: BTreeMap::new(),
        };
        self.ports.platform.shape_ensure(&step(2), &self.staging, &shape).await.unwrap();
    }

    pub(crate) async fn migrates(&self, version: &str) -> Result<(), PortError> {
        let migration = migration(version);
        let database = &self.ports.database;
        database.migration_apply(&step(4), &self.staging, &self.database(), &migration).await.map(drop)
    }

    pub(crate) async fn applied(&self) -> Vec<String> {
        let applied = self.ports.database.migrations_applied(&self.staging, &self.database()).await.unwrap();
        applied.into_iter().map(|it| it.version).collect()
    }
}

/// The permit of a step of the run.
pub(crate) fn step(number: u32) -> Permit {
    permit(&"r-3f2a".parse::<RunId>().unwrap(), number)
}

pub(crate) fn source() -> Source {
    Source { repository: "/srv/invoice-perfect".to_owned(), path: ".".to_owned(), credentials: None }
}

pub(crate) fn build(release: u32, commit: &str) -> BuildRequest {
    BuildRequest {
        key: BuildKey(format!("build-{release}")),
        source: source(),
        commit: commit.to_owned(),
        command: Some("make".to_owned()),
    }
}

pub(crate) fn migration(version: &str) -> Migration {
    Migration {
        version: version.to_owned(),
        name: "init".to_owned(),
        sql: "CREATE TABLE invoices (id INTEGER)".to_owned(),
        checksum: "c0ffee".to_owned(),
    }
}

pub(crate) fn share(release: u32, percent: u8) -> Weight {
    Weight { release, percent }
}
