//! An engine without a platform, for commands that only touch the database: people, projects, secrets, the record. They
//! work while another program runs the services, and start none themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapters::git::GitHost;
use adapters::local::LocalDatabase;
use async_trait::async_trait;
use engine::control::Engine;
use engine::model::{Check, ComponentName, EnvironmentKey, Queries, ServiceName};
use engine::notify::PhoneView;
use engine::ports::{
    Answered, BuildKey, BuildRequest, BuildState, Capabilities, Checked, ConfigSet, Edge, Finding,
    InstanceSet, JobCall, JobEnded, LogLine, MigrateCommand, MigrateState, ObservedEnvironment, Permit,
    Platform, PortError, Ports, Probe, Receipt, Replacement, Schedule, Seen, Shape, Signals, Weight,
};

use super::Parts;
use crate::config::Config;

/// An engine of these parts that can't see or change services.
pub(crate) fn engine_unplugged(config: &Config, parts: Parts) -> Engine {
    let unplugged = Arc::new(Unplugged);
    let database = LocalDatabase::new(
        &config.data_dir.join("local"),
        Arc::clone(&parts.clock),
        parts.vault.clone(),
        Arc::clone(&parts.redactor),
    );
    let ports = Ports {
        platform: unplugged.clone(),
        edge: unplugged.clone(),
        signals: unplugged,
        code: Arc::new(GitHost::new(&config.data_dir)),
        database: Arc::new(database),
        messenger: Arc::new(PhoneView::new(parts.store.clone(), Arc::clone(&parts.clock))),
        accounts: parts.accounts(config),
        ci: parts.ci(config),
    };
    parts.engine(ports)
}

/// No platform and no edge.
struct Unplugged;

fn absent<T>() -> Result<T, PortError> {
    Err(PortError::fail("this command works without the services", "use `infra-chat run` or the chat"))
}

#[async_trait]
impl Signals for Unplugged {
    async fn seen(
        &self,
        _: &EnvironmentKey,
        _: &ServiceName,
        _: Option<&Queries>,
        _: i64,
    ) -> Result<Seen, PortError> {
        absent()
    }
}

#[async_trait]
impl Edge for Unplugged {
    async fn weights(&self, _: &EnvironmentKey, _: &ServiceName) -> Result<Vec<Weight>, PortError> {
        absent()
    }

    async fn weights_set(
        &self,
        _: &Permit,
        _: &EnvironmentKey,
        _: &ServiceName,
        _: &[Weight],
    ) -> Result<Receipt, PortError> {
        absent()
    }

    async fn probe(&self, _: &EnvironmentKey, _: &ServiceName, _: &str) -> Result<Probe, PortError> {
        absent()
    }

    async fn answered(
        &self,
        _: &EnvironmentKey,
        _: &ServiceName,
    ) -> Result<BTreeMap<u32, Answered>, PortError> {
        absent()
    }

    async fn address(&self, _: &EnvironmentKey, _: &ServiceName) -> Option<String> {
        None
    }
}

#[async_trait]
impl Platform for Unplugged {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            keeps_builds: false,
            splits_traffic: false,
            builds_kept: 0,
            replicas_max: 0,
            builds_on_deploy: false,
        }
    }

    async fn observe(&self, _: &EnvironmentKey) -> Result<ObservedEnvironment, PortError> {
        absent()
    }

    async fn preflight(&self, _: &EnvironmentKey, _: &Shape) -> Result<Vec<Finding>, PortError> {
        absent()
    }

    async fn shape_ensure(&self, _: &Permit, _: &EnvironmentKey, _: &Shape) -> Result<Receipt, PortError> {
        absent()
    }

    async fn component_end(
        &self,
        _: &Permit,
        _: &EnvironmentKey,
        _: &ComponentName,
    ) -> Result<Receipt, PortError> {
        absent()
    }

    async fn service_end(
        &self,
        _: &Permit,
        _: &EnvironmentKey,
        _: &ServiceName,
        _: u32,
    ) -> Result<Receipt, PortError> {
        absent()
    }

    async fn build_look(&self, _: &BuildKey) -> Result<BuildState, PortError> {
        absent()
    }

    async fn build_start(&self, _: &Permit, _: &BuildRequest) -> Result<Receipt, PortError> {
        absent()
    }

    async fn build_stop(&self, _: &Permit, _: &BuildKey) -> Result<Receipt, PortError> {
        absent()
    }

    async fn config_put(
        &self,
        _: &Permit,
        _: &EnvironmentKey,
        _: &ServiceName,
        _: u32,
        _: Option<&ConfigSet>,
    ) -> Result<Receipt, PortError> {
        absent()
    }

    async fn instances_ensure(
        &self,
        _: &Permit,
        _: &EnvironmentKey,
        _: &InstanceSet,
    ) -> Result<Receipt, PortError> {
        absent()
    }

    async fn instances_stop(
        &self,
        _: &Permit,
        _: &EnvironmentKey,
        _: &ServiceName,
        _: u32,
        _: u32,
    ) -> Result<Receipt, PortError> {
        absent()
    }

    async fn instances_replace(
        &self,
        _: &Permit,
        _: &EnvironmentKey,
        _: &ServiceName,
        _: u32,
    ) -> Result<Receipt, PortError> {
        absent()
    }

    async fn instances_replaced(
        &self,
        _: &EnvironmentKey,
        _: &ServiceName,
        _: u32,
        _: &str,
    ) -> Result<Replacement, PortError> {
        absent()
    }

    async fn schedule_put(
        &self,
        _: &Permit,
        _: &EnvironmentKey,
        _: &ServiceName,
        _: Option<&Schedule>,
    ) -> Result<Receipt, PortError> {
        absent()
    }

    async fn cache_clear(
        &self,
        _: &Permit,
        _: &EnvironmentKey,
        _: &[ServiceName],
    ) -> Result<Receipt, PortError> {
        absent()
    }

    async fn check(
        &self,
        _: &Permit,
        _: &EnvironmentKey,
        _: &ServiceName,
        _: u32,
        _: &Check,
    ) -> Result<Checked, PortError> {
        absent()
    }

    async fn job_batch(&self, _: &Permit, _: &EnvironmentKey, _: &JobCall) -> Result<JobEnded, PortError> {
        absent()
    }

    async fn job_try(&self, _: &EnvironmentKey, _: &JobCall) -> Result<JobEnded, PortError> {
        absent()
    }

    async fn migrate_start(
        &self,
        _: &Permit,
        _: &EnvironmentKey,
        _: &MigrateCommand,
    ) -> Result<Receipt, PortError> {
        absent()
    }

    async fn migrate_look(&self, _: &EnvironmentKey, _: &str) -> Result<MigrateState, PortError> {
        absent()
    }

    async fn migrate_stop(&self, _: &Permit, _: &EnvironmentKey, _: &str) -> Result<Receipt, PortError> {
        absent()
    }

    async fn logs(
        &self,
        _: &EnvironmentKey,
        _: &[ServiceName],
        _: i64,
        _: usize,
    ) -> Result<Vec<LogLine>, PortError> {
        absent()
    }
}
