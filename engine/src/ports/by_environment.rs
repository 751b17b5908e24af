//! Ports that are somebody else's from environment to environment: this machine's, or a provider's.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Answered, BuildKey, BuildRequest, BuildState, Capabilities, Checked, ConfigSet, Edge, Finding,
    InstanceSet, JobCall, JobEnded, LogLine, MigrateCommand, MigrateState, ObservedEnvironment, Permit,
    Platform, PortError, Probe, Receipt, Replacement, Schedule, Seen, Shape, Signals, Weight,
};
use crate::clock::EpochMs;
use crate::model::{Check, ComponentName, EnvironmentKey, Queries, ServiceName, Sticky};

/// Those that serve one environment.
#[derive(Clone)]
pub struct EnvironmentPorts {
    /// Runs its services.
    pub platform: Arc<dyn Platform>,
    /// Splits its traffic.
    pub edge: Arc<dyn Edge>,
    /// Watches what its releases answer.
    pub signals: Arc<dyn Signals>,
}

/// Knows who serves an environment.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Those that serve it; `None` for what runs on this machine, and for environments nobody knows.
    async fn ports_of(&self, environment: &EnvironmentKey) -> Result<Option<EnvironmentPorts>, PortError>;
}

/// Passes each call on to those that serve its environment. What is about no environment is for this machine's.
pub struct ByEnvironment {
    here: EnvironmentPorts,
    directory: Arc<dyn Directory>,
}

impl ByEnvironment {
    /// `here` serves what no other does.
    pub fn new(here: EnvironmentPorts, directory: Arc<dyn Directory>) -> Self {
        Self { here, directory }
    }

    async fn of(&self, environment: &EnvironmentKey) -> Result<EnvironmentPorts, PortError> {
        Ok(self.directory.ports_of(environment).await?.unwrap_or_else(|| self.here.clone()))
    }
}

#[async_trait]
impl Platform for ByEnvironment {
    fn capabilities(&self) -> Capabilities {
        self.here.platform.capabilities()
    }

    async fn capabilities_of(&self, environment: &EnvironmentKey) -> Result<Capabilities, PortError> {
        self.of(environment).await?.platform.capabilities_of(environment).await
    }

    async fn observe(&self, environment: &EnvironmentKey) -> Result<ObservedEnvironment, PortError> {
        self.of(environment).await?.platform.observe(environment).await
    }

    async fn preflight(
        &self,
        environment: &EnvironmentKey,
        shape: &Shape,
    ) -> Result<Vec<Finding>, PortError> {
        self.of(environment).await?.platform.preflight(environment, shape).await
    }

    async fn shape_ensure(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        shape: &Shape,
    ) -> Result<Receipt, PortError> {
        self.of(environment).await?.platform.shape_ensure(permit, environment, shape).await
    }

    async fn component_end(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        component: &ComponentName,
    ) -> Result<Receipt, PortError> {
        self.of(environment).await?.platform.component_end(permit, environment, component).await
    }

    async fn service_end(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        drain_s: u32,
    ) -> Result<Receipt, PortError> {
        self.of(environment).await?.platform.service_end(permit, environment, service, drain_s).await
    }

    async fn build_look(&self, key: &BuildKey) -> Result<BuildState, PortError> {
        self.here.platform.build_look(key).await
    }

    async fn build_start(&self, permit: &Permit, request: &BuildRequest) -> Result<Receipt, PortError> {
        self.here.platform.build_start(permit, request).await
    }

    async fn build_stop(&self, permit: &Permit, key: &BuildKey) -> Result<Receipt, PortError> {
        self.here.platform.build_stop(permit, key).await
    }

    async fn config_put(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        config: Option<&ConfigSet>,
    ) -> Result<Receipt, PortError> {
        self.of(environment).await?.platform.config_put(permit, environment, service, release, config).await
    }

    async fn instances_ensure(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        set: &InstanceSet,
    ) -> Result<Receipt, PortError> {
        self.of(environment).await?.platform.instances_ensure(permit, environment, set).await
    }

    async fn instances_stop(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        drain_s: u32,
    ) -> Result<Receipt, PortError> {
        let ports = self.of(environment).await?;
        ports.platform.instances_stop(permit, environment, service, release, drain_s).await
    }

    async fn instances_replace(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
    ) -> Result<Receipt, PortError> {
        self.of(environment).await?.platform.instances_replace(permit, environment, service, release).await
    }

    async fn instances_replaced(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        idempotency_key: &str,
    ) -> Result<Replacement, PortError> {
        let ports = self.of(environment).await?;
        ports.platform.instances_replaced(environment, service, release, idempotency_key).await
    }

    async fn schedule_put(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        schedule: Option<&Schedule>,
    ) -> Result<Receipt, PortError> {
        self.of(environment).await?.platform.schedule_put(permit, environment, service, schedule).await
    }

    async fn cache_clear(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        services: &[ServiceName],
    ) -> Result<Receipt, PortError> {
        self.of(environment).await?.platform.cache_clear(permit, environment, services).await
    }

    async fn check(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        check: &Check,
    ) -> Result<Checked, PortError> {
        self.of(environment).await?.platform.check(permit, environment, service, release, check).await
    }

    async fn job_batch(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        call: &JobCall,
    ) -> Result<JobEnded, PortError> {
        self.of(environment).await?.platform.job_batch(permit, environment, call).await
    }

    async fn job_try(&self, environment: &EnvironmentKey, call: &JobCall) -> Result<JobEnded, PortError> {
        self.of(environment).await?.platform.job_try(environment, call).await
    }

    async fn migrate_start(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        command: &MigrateCommand,
    ) -> Result<Receipt, PortError> {
        self.of(environment).await?.platform.migrate_start(permit, environment, command).await
    }

    async fn migrate_look(
        &self,
        environment: &EnvironmentKey,
        idempotency_key: &str,
    ) -> Result<MigrateState, PortError> {
        self.of(environment).await?.platform.migrate_look(environment, idempotency_key).await
    }

    async fn migrate_stop(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        idempotency_key: &str,
    ) -> Result<Receipt, PortError> {
        self.of(environment).await?.platform.migrate_stop(permit, environment, idempotency_key).await
    }

    async fn logs(
        &self,
        environment: &EnvironmentKey,
        services: &[ServiceName],
        since_ms: EpochMs,
        limit: usize,
    ) -> Result<Vec<LogLine>, PortError> {
        self.of(environment).await?.platform.logs(environment, services, since_ms, limit).await
    }
}

#[async_trait]
impl Edge for ByEnvironment {
    async fn weights(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<Vec<Weight>, PortError> {
        self.of(environment).await?.edge.weights(environment, service).await
    }

    async fn weights_set(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        weights: &[Weight],
    ) -> Result<Receipt, PortError> {
        self.of(environment).await?.edge.weights_set(permit, environment, service, weights).await
    }

    async fn probe(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        path: &str,
    ) -> Result<Probe, PortError> {
        self.of(environment).await?.edge.probe(environment, service, path).await
    }

    async fn answered(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<BTreeMap<u32, Answered>, PortError> {
        self.of(environment).await?.edge.answered(environment, service).await
    }

    async fn address(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<String> {
        self.of(environment).await.ok()?.edge.address(environment, service).await
    }

    async fn sticky(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<Sticky> {
        self.of(environment).await.ok()?.edge.sticky(environment, service).await
    }

    async fn is_free(&self, address: &str) -> bool {
        self.here.edge.is_free(address).await
    }

    async fn trouble(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<String> {
        match self.of(environment).await {
            Ok(ports) => ports.edge.trouble(environment, service).await,
            Err(error) => Some(error.to_string()),
        }
    }
}

#[async_trait]
impl Signals for ByEnvironment {
    async fn seen(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        queries: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        self.watching(environment, queries).await?.seen(environment, service, queries, after_s).await
    }

    async fn past(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        queries: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        self.watching(environment, queries).await?.past(environment, service, queries, after_s).await
    }

    fn can_see(&self, queries: Option<&Queries>) -> Result<(), PortError> {
        self.here.signals.can_see(queries)
    }

    fn latency_bounds_ms(&self, environment: &EnvironmentKey, service: &ServiceName) -> Vec<u32> {
        self.here.signals.latency_bounds_ms(environment, service)
    }
}

impl ByEnvironment {
    /// A metrics server is asked from this machine, whoever runs what it watches.
    async fn watching(
        &self,
        environment: &EnvironmentKey,
        queries: Option<&Queries>,
    ) -> Result<Arc<dyn Signals>, PortError> {
        if queries.is_some() {
            return Ok(Arc::clone(&self.here.signals));
        }
        Ok(self.of(environment).await?.signals)
    }
}
