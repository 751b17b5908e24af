//! The asking end.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Call, NoAnswer, Way, read};
use crate::backfill::Batch;
use crate::clock::EpochMs;
use crate::model::{Check, ComponentName, EnvironmentKey, Queries, ServiceName, Source, Sticky};
use crate::ports::{
    Answered, AppliedMigration, BuildKey, BuildRequest, BuildState, Capabilities, Checked, CodeHost, Commit,
    ConfigSet, Database, DatabaseAt, Edge, FillCall, Finding, InstanceSet, JobCall, JobEnded, LogLine,
    MigrateCommand, MigrateState, Migration, ObservedEnvironment, Permit, Platform, PortError, Probe,
    Receipt, Replacement, Schedule, Seen, Shape, Signals, SourceFile, Weight,
};

/// All ports but the messenger, served by another program.
pub struct Far {
    way: Arc<dyn Way>,
    capabilities: Capabilities,
    latency_bounds_ms: Vec<u32>,
}

impl Far {
    /// The ports at the end of this way; asks what the platform there can do. The bounds are those of its edge's latency buckets.
    pub async fn open(way: Arc<dyn Way>, latency_bounds_ms: Vec<u32>) -> Result<Self, PortError> {
        let capabilities = ask(&*way, "capabilities", None, ()).await?;
        Ok(Self { way, capabilities, latency_bounds_ms })
    }

    async fn look<T: DeserializeOwned>(&self, name: &str, given: impl Serialize) -> Result<T, PortError> {
        ask(&*self.way, name, None, given).await
    }

    async fn act<T: DeserializeOwned>(
        &self,
        name: &str,
        permit: &Permit,
        given: impl Serialize,
    ) -> Result<T, PortError> {
        ask(&*self.way, name, Some(permit), given).await
    }
}

async fn ask<T: DeserializeOwned>(
    way: &dyn Way,
    name: &str,
    permit: Option<&Permit>,
    given: impl Serialize,
) -> Result<T, PortError> {
    match way.carry(Call::new(name, permit, given)?).await {
        Ok(answered) => read(name, answered?),
        // What only looks may look again; of what writes, the next look tells what came of it.
        Err(NoAnswer::Lost(what)) if permit.is_some() => Err(PortError::unknown(what)),
        Err(NoAnswer::NotTaken(what) | NoAnswer::Lost(what)) => Err(PortError::retry(what)),
    }
}

#[async_trait]
impl Platform for Far {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn capabilities_of(&self, environment: &EnvironmentKey) -> Result<Capabilities, PortError> {
        self.look("capabilities_of", (environment,)).await
    }

    async fn observe(&self, environment: &EnvironmentKey) -> Result<ObservedEnvironment, PortError> {
        self.look("observe", (environment,)).await
    }

    async fn preflight(
        &self,
        environment: &EnvironmentKey,
        shape: &Shape,
    ) -> Result<Vec<Finding>, PortError> {
        self.look("preflight", (environment, shape)).await
    }

    async fn shape_ensure(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        shape: &Shape,
    ) -> Result<Receipt, PortError> {
        self.act("shape_ensure", permit, (environment, shape)).await
    }

    async fn component_end(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        component: &ComponentName,
    ) -> Result<Receipt, PortError> {
        self.act("component_end", permit, (environment, component)).await
    }

    async fn service_end(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        drain_s: u32,
    ) -> Result<Receipt, PortError> {
        self.act("service_end", permit, (environment, service, drain_s)).await
    }

    async fn build_look(&self, key: &BuildKey) -> Result<BuildState, PortError> {
        self.look("build_look", (key,)).await
    }

    async fn build_start(&self, permit: &Permit, request: &BuildRequest) -> Result<Receipt, PortError> {
        self.act("build_start", permit, (request,)).await
    }

    async fn build_stop(&self, permit: &Permit, key: &BuildKey) -> Result<Receipt, PortError> {
        self.act("build_stop", permit, (key,)).await
    }

    async fn config_put(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        config: Option<&ConfigSet>,
    ) -> Result<Receipt, PortError> {
        self.act("config_put", permit, (environment, service, release, config)).await
    }

    async fn instances_ensure(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        set: &InstanceSet,
    ) -> Result<Receipt, PortError> {
        self.act("instances_ensure", permit, (environment, set)).await
    }

    async fn instances_stop(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        drain_s: u32,
    ) -> Result<Receipt, PortError> {
        self.act("instances_stop", permit, (environment, service, release, drain_s)).await
    }

    async fn instances_replace(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
    ) -> Result<Receipt, PortError> {
        self.act("instances_replace", permit, (environment, service, release)).await
    }

    async fn instances_replaced(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        idempotency_key: &str,
    ) -> Result<Replacement, PortError> {
        self.look("instances_replaced", (environment, service, release, idempotency_key)).await
    }

    async fn schedule_put(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        schedule: Option<&Schedule>,
    ) -> Result<Receipt, PortError> {
        self.act("schedule_put", permit, (environment, service, schedule)).await
    }

    async fn cache_clear(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        services: &[ServiceName],
    ) -> Result<Receipt, PortError> {
        self.act("cache_clear", permit, (environment, services)).await
    }

    async fn check(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        check: &Check,
    ) -> Result<Checked, PortError> {
        self.act("check", permit, (environment, service, release, check)).await
    }

    async fn job_batch(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        call: &JobCall,
    ) -> Result<JobEnded, PortError> {
        self.act("job_batch", permit, (environment, call)).await
    }

    async fn job_try(&self, environment: &EnvironmentKey, call: &JobCall) -> Result<JobEnded, PortError> {
        self.look("job_try", (environment, call)).await
    }

    async fn migrate_start(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        command: &MigrateCommand,
    ) -> Result<Receipt, PortError> {
        self.act("migrate_start", permit, (environment, command)).await
    }

    async fn migrate_look(
        &self,
        environment: &EnvironmentKey,
        idempotency_key: &str,
    ) -> Result<MigrateState, PortError> {
        self.look("migrate_look", (environment, idempotency_key)).await
    }

    async fn migrate_stop(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        idempotency_key: &str,
    ) -> Result<Receipt, PortError> {
        self.act("migrate_stop", permit, (environment, idempotency_key)).await
    }

    async fn logs(
        &self,
        environment: &EnvironmentKey,
        services: &[ServiceName],
        since_ms: EpochMs,
        limit: usize,
    ) -> Result<Vec<LogLine>, PortError> {
        self.look("logs", (environment, services, since_ms, limit)).await
    }
}

#[async_trait]
impl Edge for Far {
    async fn weights(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<Vec<Weight>, PortError> {
        self.look("weights", (environment, service)).await
    }

    async fn weights_set(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        weights: &[Weight],
    ) -> Result<Receipt, PortError> {
        self.act("weights_set", permit, (environment, service, weights)).await
    }

    async fn probe(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        path: &str,
    ) -> Result<Probe, PortError> {
        self.look("probe", (environment, service, path)).await
    }

    async fn answered(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<BTreeMap<u32, Answered>, PortError> {
        self.look("answered", (environment, service)).await
    }

    async fn address(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<String> {
        self.look("address", (environment, service)).await.ok().flatten()
    }

    async fn sticky(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<Sticky> {
        self.look("sticky", (environment, service)).await.ok().flatten()
    }

    async fn is_free(&self, address: &str) -> bool {
        self.look("is_free", (address,)).await.unwrap_or(true)
    }

    async fn trouble(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<String> {
        self.look("trouble", (environment, service)).await.ok().flatten()
    }
}

#[async_trait]
impl Signals for Far {
    async fn seen(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        queries: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        self.look("seen", (environment, service, queries, after_s)).await
    }

    async fn past(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        queries: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        self.look("past", (environment, service, queries, after_s)).await
    }

    fn latency_bounds_ms(&self, _: &EnvironmentKey, _: &ServiceName) -> Vec<u32> {
        self.latency_bounds_ms.clone()
    }
}

#[async_trait]
impl CodeHost for Far {
    async fn resolve(&self, source: &Source, reference: Option<&str>) -> Result<Commit, PortError> {
        self.look("resolve", (source, reference)).await
    }

    async fn default_branch(&self, source: &Source) -> Result<Option<String>, PortError> {
        self.look("default_branch", (source,)).await
    }

    async fn references(&self, source: &Source, limit: usize) -> Result<Vec<String>, PortError> {
        self.look("references", (source, limit)).await
    }

    async fn compare(
        &self,
        source: &Source,
        from: &str,
        to: &str,
        limit: usize,
    ) -> Result<Vec<Commit>, PortError> {
        self.look("compare", (source, from, to, limit)).await
    }

    async fn files(&self, source: &Source, commit: &str, folder: &str) -> Result<Vec<SourceFile>, PortError> {
        self.look("files", (source, commit, folder)).await
    }
}

#[async_trait]
impl Database for Far {
    async fn migrations_applied(
        &self,
        environment: &EnvironmentKey,
        database: &DatabaseAt,
    ) -> Result<Vec<AppliedMigration>, PortError> {
        self.look("migrations_applied", (environment, database)).await
    }

    async fn migration_apply(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        database: &DatabaseAt,
        migration: &Migration,
    ) -> Result<Receipt, PortError> {
        self.act("migration_apply", permit, (environment, database, migration)).await
    }

    async fn rows_fill(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        call: &FillCall,
    ) -> Result<Batch, PortError> {
        self.act("rows_fill", permit, (environment, call)).await
    }

    async fn rows_try(&self, environment: &EnvironmentKey, call: &FillCall) -> Result<Batch, PortError> {
        self.look("rows_try", (environment, call)).await
    }
}
