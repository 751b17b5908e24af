//! What the platform's calls do to the services of an environment.

use engine::clock::EpochMs;
use engine::model::{Check, CheckDoes, ComponentName, EnvironmentKey, ServiceName};
use engine::ports::{
    BuildState, Checked, InstanceSet, LogLine, ObservedEnvironment, Permit, PortError, Receipt, Shape,
};

use super::Call;
use super::effects::{Done, done};
use super::instances::{SimInstance, SimService};
use super::rolling::Roll;
use super::world::State;

/// What the ledger calls a set: `staging api@3`.
pub(super) fn set_subject(environment: &EnvironmentKey, service: &ServiceName, release: u32) -> String {
    format!("{} {service}@{release}", environment.environment)
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

    pub(super) fn observe(&self, environment: &EnvironmentKey, now: EpochMs) -> ObservedEnvironment {
        let Some(there) = self.environments.get(environment) else {
            return ObservedEnvironment::default();
        };
        let services = there.services.iter().filter(|(_, service)| service.is_there());
        let observed = |service: &SimService| service.observed(&self.code, &self.builds, now);
        ObservedEnvironment {
            services: services.map(|(name, service)| (name.clone(), observed(service))).collect(),
            components: there.components.clone(),
            urls: there.urls.clone(),
            addresses: there.addresses.clone(),
        }
    }

    pub(super) fn shape_ensure(&mut self, environment: &EnvironmentKey, shape: &Shape) -> Done {
        let there = self.environment(environment);
        let mut added = 0;
        for (name, kind) in &shape.components {
            added += u32::from(there.components.insert(name.clone(), *kind) != Some(*kind));
            let was = match shape.urls.get(name) {
                Some(secret) => there.urls.insert(name.clone(), secret.clone()),
                None => there.urls.remove(name),
            };
            added += u32::from(was.as_ref() != shape.urls.get(name));
        }
        for (service, address) in &shape.edge {
            let sticky = shape.sticky.get(service);
            added += u32::from(there.sticky.get(service) != sticky);
            match sticky {
                Some(sticky) => drop(there.sticky.insert(service.clone(), sticky.clone())),
                None => drop(there.sticky.remove(service)),
            }
            added +=
                u32::from(there.addresses.insert(service.clone(), address.clone()).as_ref() != Some(address));
        }
        done(added > 0, Receipt::new(format!("{added} components and addresses added")).with("added", added))
    }

    pub(super) fn component_end(&mut self, environment: &EnvironmentKey, component: &ComponentName) -> Done {
        let there = self.environment(environment);
        let ended = there.components.remove(component).is_some();
        there.urls.remove(component);
        done(ended, Receipt::new(format!("{component} is there no more")))
    }

    pub(super) fn service_end(&mut self, environment: &EnvironmentKey, service: &ServiceName) -> Done {
        let there = self.environment(environment);
        let kept = there.addresses.remove(service).is_some();
        there.sticky.remove(service);
        let mut ended = kept;
        if let Some(its) = there.services.get_mut(service) {
            ended |= !its.sets.is_empty() || its.schedule.is_some() || !its.config.is_empty();
            its.sets.clear();
            its.schedule = None;
            its.config.clear();
        }
        done(ended, Receipt::new(format!("ended all of {service}")))
    }

    pub(super) fn instances_ensure(
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

    pub(super) fn instances_stop(
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

    pub(super) fn instances_replace(
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

    /// A check fails when its release has no healthy instance, or behaves so.
    pub(super) fn check(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        check: &Check,
        now: EpochMs,
    ) -> Checked {
        let begins = match &check.does {
            CheckDoes::Steps(steps) => steps.first().map_or("", |step| step.path.as_str()),
            CheckDoes::Command(command) => command.as_str(),
        };
        let Some(set) = self.service(environment, service).and_then(|there| there.sets.get(&release)) else {
            return Checked::failed("no instance is healthy");
        };
        let behaviour = set.behaviour(&self.code, &self.builds);
        if !set.instances.iter().any(|instance| instance.is_healthy(behaviour, now)) {
            return Checked::failed("no instance is healthy");
        }
        match &behaviour.fails_check {
            Some(fails) if begins.starts_with(fails.as_str()) => Checked::failed(format!("{begins} failed")),
            _ => Checked::passed(),
        }
    }

    pub(super) fn logs(
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
