//! The platform's port.

use async_trait::async_trait;
use engine::clock::EpochMs;
use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::{
    BuildKey, BuildRequest, BuildState, Capabilities, ConfigSet, Finding, InstanceSet, LogLine,
    ObservedEnvironment, Permit, Platform, PortError, Receipt, Replacement, Schedule, Shape,
};

use super::effects::Done;
use super::instances::{SimInstance, SimService};
use super::rolling::Roll;
use super::world::State;
use super::{Call, World};

/// Changed or not, with the same receipt.
pub(super) fn done(changed: bool, receipt: Receipt) -> Done {
    if changed { Done::Changed(receipt) } else { Done::Unchanged(receipt) }
}

/// What the ledger calls a set: `staging api@3`.
fn set_subject(environment: &EnvironmentKey, service: &ServiceName, release: u32) -> String {
    format!("{} {service}@{release}", environment.environment)
}

/// Words after the environment: `staging api web`.
fn services_subject(environment: &EnvironmentKey, services: &[ServiceName]) -> String {
    let mut subject = environment.environment.to_string();
    for service in services {
        subject.push(' ');
        subject.push_str(service.as_str());
    }
    subject
}

impl State {
    pub(super) fn service(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<&SimService> {
        self.environments.get(environment)?.services.get(service)
    }

    pub(super) fn service_mut(
        &mut self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> &mut SimService {
        self.environment(environment).services.entry(service.clone()).or_default()
    }

    fn observe(&self, environment: &EnvironmentKey, now: EpochMs) -> ObservedEnvironment {
        let Some(there) = self.environments.get(environment) else {
            return ObservedEnvironment::default();
        };
        let services = there.services.iter().filter(|(_, service)| service.is_there());
        let observed = |service: &SimService| service.observed(&self.code, &self.builds, now);
        ObservedEnvironment {
            services: services.map(|(name, service)| (name.clone(), observed(service))).collect(),
            components: there.components.clone(),
        }
    }

    fn shape_ensure(&mut self, environment: &EnvironmentKey, shape: &Shape) -> Done {
        let there = self.environment(environment);
        let mut added = 0;
        for (name, kind) in &shape.components {
            added += u32::from(there.components.insert(name.clone(), *kind) != Some(*kind));
        }
        for (service, address) in &shape.edge {
            added +=
                u32::from(there.addresses.insert(service.clone(), address.clone()).as_ref() != Some(address));
        }
        done(added > 0, Receipt::new(format!("{added} components and addresses added")).with("added", added))
    }

    fn instances_ensure(
        &mut self,
        environment: &EnvironmentKey,
        wanted: &InstanceSet,
        now: EpochMs,
    ) -> Result<Done, PortError> {
        let InstanceSet { service, release, replicas, .. } = wanted;
        if !matches!(self.builds.look(&wanted.build), BuildState::Done { .. }) {
            return Err(PortError::fail(
                format!("{service}, release {release}, can't start: its build is not there"),
                "Deploy it again, which builds it first.",
            ));
        }
        let mut number = self.started;
        let set = self.service_mut(environment, service).sets.entry(*release).or_default();
        if set.spec.as_ref().is_some_and(|spec| spec.build != wanted.build) {
            return Err(PortError::fail(
                format!("{service}, release {release}, already runs another build"),
                "A release's code never changes; make a new release.",
            ));
        }
        let before = set.instances.len();
        set.instances.retain(|instance| instance.index < *replicas);
        let ended = before - set.instances.len();
        let mut fresh = Vec::new();
        for index in 0..*replicas {
            if !set.instances.iter().any(|instance| instance.index == index) {
                fresh.push(SimInstance::start(index, now, &mut number));
            }
        }
        let started = fresh.len();
        set.instances.extend(fresh);
        set.instances.sort_by_key(|instance| instance.index);
        let changed = started > 0 || ended > 0 || set.replicas != *replicas;
        set.replicas = *replicas;
        set.spec = Some(wanted.clone());
        self.started = number;
        if started > 0 {
            let text = format!("started {started} with `{}`", wanted.start);
            self.log(environment, service, *release, now, text);
        }
        self.settle_instances(now);
        let summary =
            format!("{service}, release {release}: {started} started, {ended} ended, {replicas} there");
        Ok(done(changed, Receipt::new(summary).with("started", started).with("ended", ended)))
    }

    fn instances_stop(
        &mut self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        now: EpochMs,
    ) -> Done {
        let there = self.environments.get_mut(environment).and_then(|it| it.services.get_mut(service));
        let Some(set) = there.and_then(|there| there.set_remove(release)) else {
            return Done::Unchanged(Receipt::new(format!("{service}, release {release}, was not there")));
        };
        let ended = set.instances.len();
        self.log(environment, service, release, now, format!("ended {ended}"));
        Done::Changed(
            Receipt::new(format!("{service}, release {release}: {ended} ended")).with("ended", ended),
        )
    }

    fn instances_replace(
        &mut self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        now: EpochMs,
    ) -> Result<Done, PortError> {
        let subject = set_subject(environment, service, release);
        let again = self.ledger.has_from_run(permit, Call::InstancesReplace, &subject);
        let mut number = self.started;
        let there = self.service_mut(environment, service);
        if there.rolls.contains_key(permit.idempotency_key()) {
            return Ok(Done::Unchanged(Receipt::new(format!(
                "{service}, release {release}, is being replaced"
            ))));
        }
        let Some(set) = there.sets.get(&release) else {
            return Err(PortError::fail(
                format!("{service}, release {release}, has no instances to replace"),
                "Deploy it first.",
            ));
        };
        let of = set.instances.len();
        let roll = Roll::start(release, set, now, &mut number);
        there.rolls.insert(permit.idempotency_key().to_owned(), roll);
        self.started = number;
        self.log(environment, service, release, now, format!("replacing {of}"));
        self.settle_instances(now);
        let receipt = Receipt::new(format!("{service}, release {release}: replacing {of}")).with("of", of);
        Ok(if again { Done::Again(Ok(receipt)) } else { Done::Changed(receipt) })
    }

    fn logs(
        &self,
        environment: &EnvironmentKey,
        services: &[ServiceName],
        since_ms: EpochMs,
        limit: usize,
    ) -> Vec<LogLine> {
        let lines = self.environments.get(environment).into_iter().flat_map(|it| &it.logs);
        let mut lines: Vec<LogLine> = lines
            .filter(|line| {
                line.at_ms >= since_ms && (services.is_empty() || services.contains(&line.service))
            })
            .cloned()
            .collect();
        lines.drain(..lines.len().saturating_sub(limit));
        lines
    }
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
