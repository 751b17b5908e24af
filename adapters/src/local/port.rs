//! The `Platform` port: each call checks, writes down what is wanted, and lets the machine do it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::clock::EpochMs;
use engine::model::{Check, ComponentName, EnvironmentKey, ServiceName};
use engine::ports::{
    BuildKey, BuildRequest, BuildState, Capabilities, Checked, ConfigSet, Finding, InstanceSet, JobCall,
    JobEnded, LogLine, MigrateCommand, MigrateState, ObservedEnvironment, ObservedService, ObservedSet,
    Permit, Platform, PortError, Receipt, Replacement, Schedule, Shape,
};
use engine::project::limits::REPLICAS;

use super::config::{config_path, config_read, configs};
use super::environment::{Handle, instance_shown};
use super::files::{blocking, file_remove, json_write};
use super::job::next_due;
use super::platform::LocalPlatform;

/// How long open requests may go on when fewer replicas are wanted.
const SCALE_DOWN_DRAIN: Duration = Duration::from_secs(10);
/// The most replicas of one service on one machine: as many as can be described.
const REPLICAS_MAX: u32 = *REPLICAS.end();

#[async_trait]
impl Platform for LocalPlatform {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            keeps_builds: true,
            splits_traffic: true,
            builds_kept: self.machine.builds_kept,
            replicas_max: REPLICAS_MAX,
            builds_on_deploy: false,
        }
    }

    async fn observe(&self, key: &EnvironmentKey) -> Result<ObservedEnvironment, PortError> {
        let Some(environment) = self.machine.environment(key) else {
            return Ok(ObservedEnvironment::default());
        };
        let desired = environment.desired.lock().await.clone();
        // Configurations that are older may be removed at any moment: whoever needs one puts it anew, and then it stays.
        let oldest = desired.release_oldest().unwrap_or_default();
        let mut services: BTreeMap<ServiceName, ObservedService> = BTreeMap::new();
        let mut sets: BTreeMap<(ServiceName, u32), ObservedSet> = BTreeMap::new();
        for wanted in &desired.sets {
            let (service, release, replicas) =
                (wanted.set.service.clone(), wanted.set.release, wanted.set.replicas);
            sets.insert((service, release), ObservedSet { release, replicas, instances: Vec::new() });
        }
        for handle in environment.handles() {
            let release = handle.slot.release;
            let empty = || ObservedSet { release, replicas: 0, instances: Vec::new() };
            let set = sets.entry((handle.slot.service.clone(), release)).or_insert_with(empty);
            set.instances.push(instance_shown(&handle));
        }
        for ((service, _), set) in sets {
            services.entry(service).or_default().sets.push(set);
        }
        for (service, schedule) in desired.schedules {
            services.entry(service).or_default().schedule = Some(schedule);
        }
        let at = Arc::clone(&environment);
        let kept =
            blocking(move || configs(&at)).await?.into_iter().filter(|config| config.release >= oldest);
        for config in kept {
            services.entry(config.service).or_default().config.insert(config.release, config.fingerprint);
        }
        let mut urls = desired.urls;
        urls.retain(|name, _| desired.components.contains_key(name));
        let addresses = desired.edge;
        Ok(ObservedEnvironment { services, components: desired.components, urls, addresses })
    }

    async fn preflight(&self, key: &EnvironmentKey, shape: &Shape) -> Result<Vec<Finding>, PortError> {
        self.machine.preflight(key, shape).await
    }

    async fn shape_ensure(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        shape: &Shape,
    ) -> Result<Receipt, PortError> {
        self.machine.shape_apply(key, shape).await
    }

    async fn component_end(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        component: &ComponentName,
    ) -> Result<Receipt, PortError> {
        self.machine.component_forget(key, component).await
    }

    async fn service_end(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        drain_s: u32,
    ) -> Result<Receipt, PortError> {
        self.machine.service_ended(key, service, Duration::from_secs(drain_s.into())).await
    }

    async fn build_look(&self, key: &BuildKey) -> Result<BuildState, PortError> {
        self.machine.build_state(key)
    }

    async fn build_start(&self, _: &Permit, request: &BuildRequest) -> Result<Receipt, PortError> {
        self.machine.build_begin(request)
    }

    async fn build_stop(&self, _: &Permit, key: &BuildKey) -> Result<Receipt, PortError> {
        Ok(self.machine.build_end(key).await)
    }

    async fn config_put(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        config: Option<&ConfigSet>,
    ) -> Result<Receipt, PortError> {
        let environment = self.machine.environment_ensure(key)?;
        let path = config_path(&environment, service, release);
        match config {
            None => {
                environment
                    .change(|desired| {
                        desired.config_remove(service, release);
                        Ok(())
                    })
                    .await?;
                blocking(move || file_remove(&path)).await?;
                Ok(Receipt::new(format!("removed the configuration of {service}, release {release}")))
            }
            Some(config) => {
                // Remembered first: an old release's files may be removed at any moment.
                environment
                    .change(|desired| {
                        desired.config_put(service, release);
                        Ok(())
                    })
                    .await?;
                json_write(&path, config).await?;
                let summary =
                    format!("wrote {} variables of {service}, release {release}", config.variables.len());
                Ok(Receipt::new(summary).with("fingerprint", &config.fingerprint))
            }
        }
    }

    async fn instances_ensure(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        set: &InstanceSet,
    ) -> Result<Receipt, PortError> {
        let machine = &self.machine;
        let environment = machine.environment_ensure(key)?;
        let (service, release) = (&set.service, set.release);
        if set.replicas > REPLICAS_MAX {
            let what = format!("{} replicas of {service} are too many for one machine", set.replicas);
            return Err(PortError::fail(what, format!("Ask for at most {REPLICAS_MAX}.")));
        }
        // What would keep the processes from starting is told now, not later by their silence.
        machine.build_folder_check(&set.build)?;
        machine.variables(&environment, service, release).await?;
        let builds_kept = machine.builds_kept;
        let change = environment.change(|desired| Ok(desired.set_ensure(set, builds_kept))).await?;
        let (added, removed) = (change.added.len(), change.removed.len());
        {
            // Under the lock, so that a slot a replacement has just moved on from is not filled again.
            let desired = environment.desired.lock().await;
            for (set, slot) in desired.slots() {
                if slot.service == *service && slot.release == release {
                    machine.instance_begin(&environment, &set, slot, None);
                }
            }
        }
        let excess: Vec<Arc<Handle>> =
            change.removed.iter().filter_map(|slot| environment.handle(slot)).collect();
        machine.instances_end(&environment, excess, SCALE_DOWN_DRAIN).await;
        let summary = format!(
            "{} instances of {service}, release {release}: {added} new, {removed} ended",
            set.replicas
        );
        Ok(Receipt::new(summary).with("started", added).with("ended", removed))
    }

    async fn instances_stop(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        drain_s: u32,
    ) -> Result<Receipt, PortError> {
        let machine = &self.machine;
        machine.open_check()?;
        let Some(environment) = machine.environment(key) else {
            return Ok(Receipt::new(format!("nothing of {service}, release {release}, runs in {key}")));
        };
        environment
            .change(|desired| {
                desired.set_remove(service, release);
                Ok(())
            })
            .await?;
        let handles = environment.handles_of(service, release);
        let ended = handles.len();
        machine.instances_end(&environment, handles, Duration::from_secs(drain_s.into())).await;
        machine.backends_tell(&environment, service, release);
        Ok(Receipt::new(format!("ended {ended} instances of {service}, release {release}"))
            .with("ended", ended))
    }

    async fn instances_replace(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
    ) -> Result<Receipt, PortError> {
        self.machine.replacement_start(key, service, release, permit.idempotency_key()).await
    }

    async fn instances_replaced(
        &self,
        key: &EnvironmentKey,
        _: &ServiceName,
        _: u32,
        idempotency_key: &str,
    ) -> Result<Replacement, PortError> {
        let Some(environment) = self.machine.environment(key) else { return Ok(Replacement::Absent) };
        let desired = environment.desired.lock().await;
        Ok(desired.replacement(idempotency_key).map_or(Replacement::Absent, |record| record.state.clone()))
    }

    async fn schedule_put(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        schedule: Option<&Schedule>,
    ) -> Result<Receipt, PortError> {
        let machine = &self.machine;
        let environment = machine.environment_ensure(key)?;
        if let Some(schedule) = schedule {
            machine.build_folder_check(&schedule.build)?;
            next_due(&schedule.cron, machine.clock.now_ms())?;
            // Switching off must go even when there is nothing left to run with.
            if schedule.enabled {
                config_read(&environment, service, schedule.release)?;
            }
        }
        let builds_kept = machine.builds_kept;
        environment
            .change(|desired| {
                match schedule {
                    Some(schedule) => desired.schedule_put(schedule, builds_kept),
                    None => {
                        desired.schedules.remove(service);
                    }
                }
                Ok(())
            })
            .await?;
        Ok(Receipt::new(match schedule {
            None => format!("{service} is no longer scheduled"),
            Some(schedule) if schedule.enabled => format!("{service} runs at `{}`", schedule.cron),
            Some(_) => format!("{service} is switched off"),
        }))
    }

    async fn cache_clear(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        services: &[ServiceName],
    ) -> Result<Receipt, PortError> {
        self.machine.caches_empty(key, services).await
    }

    async fn check(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        check: &Check,
    ) -> Result<Checked, PortError> {
        self.machine.check_make(key, service, release, check).await
    }

    async fn job_batch(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        call: &JobCall,
    ) -> Result<JobEnded, PortError> {
        self.machine.batch_run(key, call, false).await
    }

    async fn job_try(&self, key: &EnvironmentKey, call: &JobCall) -> Result<JobEnded, PortError> {
        self.machine.batch_run(key, call, true).await
    }

    async fn migrate_start(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        command: &MigrateCommand,
    ) -> Result<Receipt, PortError> {
        self.machine.migrate_begin(key, permit.idempotency_key(), command).await
    }

    async fn migrate_look(
        &self,
        key: &EnvironmentKey,
        idempotency_key: &str,
    ) -> Result<MigrateState, PortError> {
        Ok(self.machine.migrate_state(key, idempotency_key))
    }

    async fn migrate_stop(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        idempotency_key: &str,
    ) -> Result<Receipt, PortError> {
        Ok(self.machine.migrate_end(key, idempotency_key).await)
    }

    async fn logs(
        &self,
        key: &EnvironmentKey,
        services: &[ServiceName],
        since_ms: EpochMs,
        limit: usize,
    ) -> Result<Vec<LogLine>, PortError> {
        match self.machine.environment(key) {
            Some(environment) => self.machine.log_lines(&environment, services, since_ms, limit).await,
            None => Ok(Vec::new()),
        }
    }
}
