//! Drift: what other people and bad luck do behind the engine's back.

use engine::clock::EpochMs;
use engine::model::{ComponentName, EnvironmentKey, ServiceName};
use engine::ports::{BuildKey, Crashes, InstanceState, PortError, Weight};

use super::world::State;

/// The world, open for changes that no engine asked for. Those of things that may not be there say whether they were.
#[derive(Debug)]
pub struct Drift<'a> {
    pub(super) state: &'a mut State,
    pub(super) now: EpochMs,
}

impl Drift<'_> {
    /// Somebody sets the weights by hand.
    pub fn weights(&mut self, environment: &EnvironmentKey, service: &ServiceName, weights: &[Weight]) {
        weights.clone_into(&mut self.state.service_mut(environment, service).weights);
    }

    /// Nobody reaches a service at its address any more, for this reason; `None` lets people reach it again.
    pub fn unreached(&mut self, environment: &EnvironmentKey, service: &ServiceName, why: Option<&str>) {
        let there = &mut self.state.environment(environment).unreached;
        match why {
            Some(why) => there.insert(service.clone(), why.to_owned()),
            None => there.remove(service),
        };
    }

    /// An instance is gone, and the platform does not notice.
    pub fn instance_vanish(
        &mut self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        index: u32,
    ) -> bool {
        let Some(set) = self.state.service_mut(environment, service).sets.get_mut(&release) else {
            return false;
        };
        let before = set.instances.len();
        set.instances.retain(|instance| instance.index != index);
        set.instances.len() < before
    }

    /// An instance gets into a state and stays there until it is replaced; `None` lets it behave as its commit again.
    pub fn instance_state(
        &mut self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        index: u32,
        state: Option<InstanceState>,
    ) -> bool {
        let set = self.state.service_mut(environment, service).sets.get_mut(&release);
        let mut instances = set.into_iter().flat_map(|set| &mut set.instances);
        let found = instances.find(|instance| instance.index == index);
        found.map(|instance| instance.forced = state).is_some()
    }

    /// An instance has ended by itself so often; its state is as it was.
    pub fn instance_crashes(
        &mut self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        index: u32,
        crashes: Crashes,
    ) -> bool {
        let set = self.state.service_mut(environment, service).sets.get_mut(&release);
        let mut instances = set.into_iter().flat_map(|set| &mut set.instances);
        let found = instances.find(|instance| instance.index == index);
        found.map(|instance| instance.crashes = Some(crashes)).is_some()
    }

    /// All instances of a release are gone, and the set with them.
    pub fn set_vanish(&mut self, environment: &EnvironmentKey, service: &ServiceName, release: u32) -> bool {
        self.state.service_mut(environment, service).set_remove(release).is_some()
    }

    /// Somebody gives a set another number of instances, of which the platform has as many as before until it looks.
    pub fn replicas(
        &mut self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        replicas: u32,
    ) -> bool {
        let set = self.state.service_mut(environment, service).sets.get_mut(&release);
        set.map(|set| {
            set.instances.retain(|instance| instance.index < replicas);
            set.replicas = replicas;
        })
        .is_some()
    }

    /// Somebody changes a release's configuration: its fingerprint is another now.
    pub fn config(
        &mut self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        fingerprint: &str,
    ) {
        self.state.service_mut(environment, service).config.insert(release, fingerprint.to_owned());
    }

    /// A release's configuration is gone.
    pub fn config_vanish(
        &mut self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
    ) -> bool {
        self.state.service_mut(environment, service).config.remove(&release).is_some()
    }

    /// A schedule is gone.
    pub fn schedule_vanish(&mut self, environment: &EnvironmentKey, service: &ServiceName) -> bool {
        self.state.service_mut(environment, service).schedule.take().is_some()
    }

    /// A component is gone, and with a database what was applied to it.
    pub fn component_vanish(&mut self, environment: &EnvironmentKey, component: &ComponentName) -> bool {
        let there = self.state.environment(environment);
        there.migrations.remove(component);
        there.components.remove(component).is_some()
    }

    /// The platform was killed while the application's own command migrated, which was ended where it was.
    pub fn migrations_interrupt(&mut self, environment: &EnvironmentKey) {
        self.state.migrations_interrupt(environment);
    }

    /// A build is gone: cleaned up, or its builder died half-way.
    pub fn build_vanish(&mut self, build: &BuildKey) -> bool {
        self.state.builds.lose(build)
    }

    /// Somebody moves a tag to another commit, named by branch, tag or id.
    pub fn tag_move(&mut self, tag: &str, to: &str) -> Result<(), PortError> {
        let commit = self.state.code.resolve(Some(to))?;
        self.state.code.tag_at(tag, &commit.id);
        Ok(())
    }

    /// Somebody deletes a tag.
    pub fn tag_vanish(&mut self, tag: &str) -> bool {
        self.state.code.tag_remove(tag)
    }

    /// A service prints a line.
    pub fn log(&mut self, environment: &EnvironmentKey, service: &ServiceName, release: u32, text: &str) {
        self.state.log(environment, service, release, self.now, text.to_owned());
    }
}
