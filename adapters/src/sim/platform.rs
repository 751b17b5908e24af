//! The platform's port.

use async_trait::async_trait;
use engine::clock::EpochMs;
use engine::model::{Check, ComponentName, EnvironmentKey, ServiceName};
use engine::ports::{
    BuildKey, BuildRequest, BuildState, Capabilities, Checked, ConfigSet, Finding, InstanceSet, JobCall,
    JobEnded, LogLine, MigrateCommand, MigrateState, ObservedEnvironment, Permit, Platform, PortError,
    Receipt, Replacement, Schedule, Shape,
};

use super::effects::done;
use super::jobs::SimJob;
use super::rolling::Roll;
use super::services::set_subject;
use super::{Call, World};

/// Words after the environment: `staging api web`.
fn services_subject(environment: &EnvironmentKey, services: &[ServiceName]) -> String {
    let mut subject = environment.environment.to_string();
    for service in services {
        subject.push(' ');
        subject.push_str(service.as_str());
    }
    subject
}

/// `staging backfillTimezone@500`: behind which row.
fn job_subject(environment: &EnvironmentKey, call: &JobCall) -> String {
    let from = call.cursor.as_ref().map_or("start", |cursor| cursor.as_str());
    format!("{} {}@{from}", environment.environment, call.job)
}

#[async_trait]
impl Platform for World {
    fn capabilities(&self) -> Capabilities {
        self.capabilities_now()
    }

    async fn observe(&self, environment: &EnvironmentKey) -> Result<ObservedEnvironment, PortError> {
        let subject = environment.environment.to_string();
        self.call(Call::Observe, subject, |state, now| Ok(state.observe(environment, now))).await
    }

    async fn preflight(&self, environment: &EnvironmentKey, _: &Shape) -> Result<Vec<Finding>, PortError> {
        let subject = environment.environment.to_string();
        self.call(Call::Preflight, subject, |state, _| {
            Ok(state.environments.get(environment).map_or_else(Vec::new, |it| it.findings.clone()))
        })
        .await
    }

    async fn shape_ensure(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        shape: &Shape,
    ) -> Result<Receipt, PortError> {
        let subject = environment.environment.to_string();
        self.write(permit, Call::ShapeEnsure, subject, |state, _| Ok(state.shape_ensure(environment, shape)))
            .await
    }

    async fn component_end(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        component: &ComponentName,
    ) -> Result<Receipt, PortError> {
        let subject = format!("{} {component}", environment.environment);
        self.write(permit, Call::ComponentEnd, subject, |state, _| {
            Ok(state.component_end(environment, component))
        })
        .await
    }

    async fn service_end(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        _: u32,
    ) -> Result<Receipt, PortError> {
        let subject = format!("{} {service}", environment.environment);
        self.write(permit, Call::ServiceEnd, subject, |state, _| Ok(state.service_end(environment, service)))
            .await
    }

    async fn build_look(&self, key: &BuildKey) -> Result<BuildState, PortError> {
        self.call(Call::BuildLook, key.0.clone(), |state, _| Ok(state.builds.look(key))).await
    }

    async fn build_start(&self, permit: &Permit, request: &BuildRequest) -> Result<Receipt, PortError> {
        self.write(permit, Call::BuildStart, request.key.0.clone(), |state, now| {
            let outcome = state.code.behaviour(&request.commit).build.clone();
            let started = state.builds.start(request, outcome, now);
            let summary = if started { "build started" } else { "the build was there already" };
            Ok(done(started, Receipt::new(summary).with("commit", &request.commit)))
        })
        .await
    }

    async fn build_stop(&self, permit: &Permit, key: &BuildKey) -> Result<Receipt, PortError> {
        self.write(permit, Call::BuildStop, key.0.clone(), |state, _| {
            let stopped = state.builds.stop(key);
            Ok(done(stopped, Receipt::new(if stopped { "build ended" } else { "no build was running" })))
        })
        .await
    }

    async fn config_put(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        config: Option<&ConfigSet>,
    ) -> Result<Receipt, PortError> {
        let mut subject = set_subject(environment, service, release);
        subject.push_str(if config.is_some() { "" } else { " none" });
        self.write(permit, Call::ConfigPut, subject, |state, _| {
            let there = &mut state.service_mut(environment, service).config;
            let before = match config {
                Some(config) => there.insert(release, config.fingerprint.clone()),
                None => there.remove(&release),
            };
            let changed = before.as_ref() != config.map(|config| &config.fingerprint);
            let count = config.map_or(0, |config| config.variables.len());
            let summary = format!("{service}, release {release}: {count} variables");
            Ok(done(changed, Receipt::new(summary).with("variables", count)))
        })
        .await
    }

    async fn instances_ensure(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        set: &InstanceSet,
    ) -> Result<Receipt, PortError> {
        let subject = set_subject(environment, &set.service, set.release);
        self.write(permit, Call::InstancesEnsure, subject, |state, now| {
            state.instances_ensure(environment, set, now)
        })
        .await
    }

    async fn instances_stop(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        _drain_s: u32,
    ) -> Result<Receipt, PortError> {
        // Nobody holds a connection to a simulated instance open, so there is nothing to drain.
        let subject = set_subject(environment, service, release);
        self.write(permit, Call::InstancesStop, subject, |state, now| {
            Ok(state.instances_stop(environment, service, release, now))
        })
        .await
    }

    async fn instances_replace(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
    ) -> Result<Receipt, PortError> {
        let subject = set_subject(environment, service, release);
        self.write(permit, Call::InstancesReplace, subject, |state, now| {
            state.instances_replace(permit, environment, service, release, now)
        })
        .await
    }

    async fn instances_replaced(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        idempotency_key: &str,
    ) -> Result<Replacement, PortError> {
        let subject = set_subject(environment, service, release);
        self.call(Call::InstancesReplaced, subject, |state, _| {
            let roll = state.service(environment, service).and_then(|it| it.rolls.get(idempotency_key));
            let roll = roll.filter(|roll| roll.release == release);
            Ok(roll.map_or(Replacement::Absent, Roll::look))
        })
        .await
    }

    async fn schedule_put(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        schedule: Option<&Schedule>,
    ) -> Result<Receipt, PortError> {
        let subject = match schedule {
            Some(Schedule { release, enabled, .. }) => {
                format!(
                    "{} {}",
                    set_subject(environment, service, *release),
                    if *enabled { "on" } else { "off" }
                )
            }
            None => format!("{} {service} none", environment.environment),
        };
        self.write(permit, Call::SchedulePut, subject, |state, _| {
            let there = &mut state.service_mut(environment, service).schedule;
            let before = std::mem::replace(there, schedule.cloned());
            let summary = schedule.map_or_else(
                || format!("{service} has no schedule"),
                |schedule| format!("{service} runs at `{}`, release {}", schedule.cron, schedule.release),
            );
            Ok(done(before.as_ref() != schedule, Receipt::new(summary)))
        })
        .await
    }

    async fn cache_clear(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        services: &[ServiceName],
    ) -> Result<Receipt, PortError> {
        let subject = services_subject(environment, services);
        let said = subject.clone();
        self.write(permit, Call::CacheClear, subject, move |state, _| {
            let again = state.ledger.has_from_run(permit, Call::CacheClear, &said);
            let receipt = Receipt::new(format!("cleared the caches of {} services", services.len()));
            Ok(done(!again, receipt))
        })
        .await
    }

    async fn check(
        &self,
        _: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        check: &Check,
    ) -> Result<Checked, PortError> {
        let subject = set_subject(environment, service, release);
        self.call(Call::Check, subject, |state, now| {
            Ok(state.check(environment, service, release, check, now))
        })
        .await
    }

    async fn job_batch(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        call: &JobCall,
    ) -> Result<JobEnded, PortError> {
        let subject = job_subject(environment, call);
        let entry = subject.clone();
        self.call(Call::JobBatch, subject, |state, now| {
            let ended = state
                .environment(environment)
                .jobs
                .entry(call.job.clone())
                .or_default()
                .run(call.cursor.as_ref(), call.batch);
            let receipt = Receipt::new(format!("{} ended: {}", call.job, ended.how));
            state.ledger.record(permit, Call::JobBatch, entry, now, done(true, receipt))?;
            Ok(ended)
        })
        .await
    }

    async fn job_try(&self, environment: &EnvironmentKey, call: &JobCall) -> Result<JobEnded, PortError> {
        self.call(Call::JobTry, job_subject(environment, call), |state, _| {
            let job = state.environments.get(environment).and_then(|it| it.jobs.get(&call.job));
            Ok(job.map_or_else(SimJob::default, SimJob::clone).dry_run(call.cursor.as_ref(), call.batch))
        })
        .await
    }

    async fn migrate_start(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        command: &MigrateCommand,
    ) -> Result<Receipt, PortError> {
        let subject = format!("{} {}", environment.environment, command.versions.join(" "));
        self.write(permit, Call::MigrateStart, subject, |state, now| {
            let started = state.migrate_start(environment, permit.idempotency_key(), command, now);
            let summary = if started { "started the migrations" } else { "the migrations run already" };
            Ok(done(started, Receipt::new(summary)))
        })
        .await
    }

    async fn migrate_look(
        &self,
        environment: &EnvironmentKey,
        idempotency_key: &str,
    ) -> Result<MigrateState, PortError> {
        self.call(Call::MigrateLook, environment.environment.to_string(), |state, _| {
            Ok(state.migrate_look(environment, idempotency_key))
        })
        .await
    }

    async fn migrate_stop(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        idempotency_key: &str,
    ) -> Result<Receipt, PortError> {
        self.write(permit, Call::MigrateStop, environment.environment.to_string(), |state, _| {
            let stopped = state.migrate_stop(environment, idempotency_key);
            Ok(done(
                stopped,
                Receipt::new(if stopped { "ended the migrations" } else { "no migrations ran" }),
            ))
        })
        .await
    }

    async fn logs(
        &self,
        environment: &EnvironmentKey,
        services: &[ServiceName],
        since_ms: EpochMs,
        limit: usize,
    ) -> Result<Vec<LogLine>, PortError> {
        let subject = services_subject(environment, services);
        self.call(Call::Logs, subject, |state, _| Ok(state.logs(environment, services, since_ms, limit)))
            .await
    }
}
