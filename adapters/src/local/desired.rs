//! What should be running in one environment: kept in `desired.json`, written before any process is started or ended.
//! Pure: what changes, and which slots that adds and removes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use engine::model::{ComponentKind, ComponentName, SecretName, ServiceName, Sticky};
use engine::ports::{BuildKey, InstanceSet, Replacement, Schedule};
use serde::{Deserialize, Serialize};

/// How many finished replacements are remembered, so that a repeated request is recognised.
const REPLACEMENTS_KEPT: usize = 50;

/// One place for an instance. Its generation is never used again, so an old process is never mistaken for a fresh one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) service: ServiceName,
    pub(super) release: u32,
    pub(super) index: u32,
    pub(super) generation: u32,
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}.{}.{}", self.service, self.release, self.index, self.generation)
    }
}

impl Slot {
    /// Reads what [`fmt::Display`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (service, rest) = text.split_once('@')?;
        let mut numbers = rest.split('.').map(|number| number.parse().ok());
        let (release, index, generation) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some(Self { service: service.parse().ok()?, release, index, generation })
    }
}

/// A wanted set of instances: slot `i` is to hold the instance of generation `slots[i]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DesiredSet {
    pub(super) set: InstanceSet,
    pub(super) slots: Vec<u32>,
}

impl DesiredSet {
    pub(super) fn slot(&self, index: usize, generation: u32) -> Slot {
        let service = self.set.service.clone();
        Slot { service, release: self.set.release, index: index as u32, generation }
    }

    fn all(&self) -> impl Iterator<Item = Slot> {
        self.slots.iter().enumerate().map(|(index, generation)| self.slot(index, *generation))
    }
}

/// A rolling replacement, asked for under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReplacementRecord {
    pub(super) key: String,
    pub(super) service: ServiceName,
    pub(super) release: u32,
    pub(super) generation: u32,
    pub(super) state: Replacement,
}

/// Everything wanted in one environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Desired {
    #[serde(default)]
    pub(super) components: BTreeMap<ComponentName, ComponentKind>,
    /// Those that are elsewhere, and the secret with the connection string.
    #[serde(default)]
    pub(super) urls: BTreeMap<ComponentName, SecretName>,
    #[serde(default)]
    pub(super) edge: BTreeMap<ServiceName, String>,
    #[serde(default)]
    pub(super) sticky: BTreeMap<ServiceName, Sticky>,
    #[serde(default)]
    pub(super) sets: Vec<DesiredSet>,
    #[serde(default)]
    pub(super) schedules: BTreeMap<ServiceName, Schedule>,
    #[serde(default)]
    pub(super) replacements: Vec<ReplacementRecord>,
    /// The generation that is given out next.
    #[serde(default)]
    pub(super) next_generation: u32,
    /// The builds of the newest releases, kept so that the way back to them needs no build.
    #[serde(default)]
    pub(super) recent: BTreeMap<u32, BTreeSet<BuildKey>>,
    /// Releases of services whose configuration was put and that are not brought up yet: a rollback may be between the two.
    #[serde(default)]
    pub(super) configured: BTreeSet<(ServiceName, u32)>,
}

/// Slots that a change adds and removes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SlotChange {
    pub(super) added: Vec<Slot>,
    pub(super) removed: Vec<Slot>,
}

impl Desired {
    /// The set of a service and release, when it is wanted.
    pub(super) fn set(&self, service: &ServiceName, release: u32) -> Option<&DesiredSet> {
        self.sets.iter().find(|wanted| wanted.set.service == *service && wanted.set.release == release)
    }

    fn set_mut(&mut self, service: &ServiceName, release: u32) -> Option<&mut DesiredSet> {
        self.sets.iter_mut().find(|wanted| wanted.set.service == *service && wanted.set.release == release)
    }

    /// Makes a set be wanted with that many replicas.
    pub(super) fn set_ensure(&mut self, set: &InstanceSet, builds_kept: u32) -> SlotChange {
        self.build_used(set.release, &set.build, builds_kept);
        self.configured_settle(&set.service);
        let generation = self.generation_take();
        if self.set(&set.service, set.release).is_none() {
            self.sets.push(DesiredSet { set: set.clone(), slots: Vec::new() });
        }
        let mut change = SlotChange::default();
        if let Some(wanted) = self.set_mut(&set.service, set.release) {
            wanted.set = set.clone();
            let replicas = set.replicas as usize;
            change.removed = wanted.all().skip(replicas).collect();
            change.added =
                (wanted.slots.len()..replicas).map(|index| wanted.slot(index, generation)).collect();
            wanted.slots.resize(replicas, generation);
        }
        change
    }

    /// No longer wants a set. Its replacements end with it.
    pub(super) fn set_remove(&mut self, service: &ServiceName, release: u32) {
        self.sets.retain(|wanted| !(wanted.set.service == *service && wanted.set.release == release));
        for record in &mut self.replacements {
            let same = record.service == *service && record.release == release;
            if same && matches!(record.state, Replacement::Running { .. }) {
                record.state = Replacement::Failed { why: "the release was stopped meanwhile".to_owned() };
            }
        }
    }

    /// Makes a service run at its times.
    pub(super) fn schedule_put(&mut self, schedule: &Schedule, builds_kept: u32) {
        self.build_used(schedule.release, &schedule.build, builds_kept);
        self.configured_settle(&schedule.service);
        self.schedules.insert(schedule.service.clone(), schedule.clone());
    }

    /// Remembers that a configuration was put, until its release is served or scheduled.
    pub(super) fn config_put(&mut self, service: &ServiceName, release: u32) {
        let scheduled = self.schedules.get(service).is_some_and(|schedule| schedule.release == release);
        if !scheduled && self.set(service, release).is_none() {
            self.configured.insert((service.clone(), release));
        }
    }

    /// A release of the service is brought up, by the one change there is at a time: what others had put for it will not
    /// be.
    fn configured_settle(&mut self, service: &ServiceName) {
        self.configured.retain(|(other, _)| other != service);
    }

    /// Forgets a configuration that was put.
    pub(super) fn config_remove(&mut self, service: &ServiceName, release: u32) {
        self.configured.remove(&(service.clone(), release));
    }

    /// Wants nothing of a service any more, nor an address for it, nor builds once that is true of all; the releases it ran.
    pub(super) fn service_end(&mut self, service: &ServiceName) -> Vec<u32> {
        let its = self.sets.iter().filter(|wanted| wanted.set.service == *service);
        let releases: Vec<u32> = its.map(|wanted| wanted.set.release).collect();
        for release in &releases {
            self.set_remove(service, *release);
        }
        self.schedules.remove(service);
        self.edge.remove(service);
        self.sticky.remove(service);
        self.configured_settle(service);
        if self.sets.is_empty() && self.schedules.is_empty() {
            self.recent.clear();
        }
        releases
    }

    /// Whether a process in this slot is to be kept: it is wanted, or a replacement under way is bringing it up.
    pub(super) fn wants(&self, slot: &Slot) -> bool {
        let Some(wanted) = self.set(&slot.service, slot.release) else { return false };
        let replacing = self.replacements.iter().any(|record| {
            matches!(record.state, Replacement::Running { .. })
                && record.service == slot.service
                && record.release == slot.release
                && record.generation == slot.generation
        });
        match wanted.slots.get(slot.index as usize) {
            Some(generation) => *generation == slot.generation || replacing,
            None => false,
        }
    }

    /// All slots that are to hold an instance.
    pub(super) fn slots(&self) -> Vec<(InstanceSet, Slot)> {
        self.sets.iter().flat_map(|wanted| wanted.all().map(|slot| (wanted.set.clone(), slot))).collect()
    }

    /// The replacement asked for under a key.
    pub(super) fn replacement(&self, key: &str) -> Option<&ReplacementRecord> {
        self.replacements.iter().find(|record| record.key == key)
    }

    /// Records a replacement as asked for; nothing happens when the key is known.
    pub(super) fn replacement_begin(&mut self, key: &str, service: &ServiceName, release: u32) -> bool {
        if self.replacement(key).is_some() {
            return false;
        }
        let of = self.set(service, release).map_or(0, |wanted| wanted.slots.len() as u32);
        let generation = self.generation_take();
        let (key, service) = (key.to_owned(), service.clone());
        let state = Replacement::Running { done: 0, of };
        self.replacements.push(ReplacementRecord { key, service, release, generation, state });
        let excess = self.replacements.len().saturating_sub(REPLACEMENTS_KEPT);
        let mut finished = 0;
        self.replacements.retain(|record| {
            let drop = !matches!(record.state, Replacement::Running { .. }) && finished < excess;
            finished += usize::from(drop);
            !drop
        });
        true
    }

    /// A slot's fresh instance is healthy: from here on it is the wanted one. False when the slot or the whole
    /// replacement is no longer wanted.
    pub(super) fn replacement_advance(&mut self, key: &str, index: usize) -> bool {
        let Some(record) = self.replacements.iter_mut().find(|record| record.key == key) else {
            return false;
        };
        let Replacement::Running { done, .. } = &mut record.state else { return false };
        *done += 1;
        let (service, release, generation) = (record.service.clone(), record.release, record.generation);
        let slot = self.set_mut(&service, release).and_then(|wanted| wanted.slots.get_mut(index));
        let wanted = slot.is_some();
        if let Some(slot) = slot {
            *slot = generation;
        }
        wanted
    }

    /// A replacement is over, one way or the other.
    pub(super) fn replacement_finish(&mut self, key: &str, state: Replacement) {
        if let Some(record) = self.replacements.iter_mut().find(|record| record.key == key) {
            record.state = state;
        }
    }

    /// Remembers that a release uses a build; forgets the oldest releases beyond `builds_kept`.
    pub(super) fn build_used(&mut self, release: u32, build: &BuildKey, builds_kept: u32) {
        self.recent.entry(release).or_default().insert(build.clone());
        while self.recent.len() > builds_kept.max(1) as usize {
            self.recent.pop_first();
        }
    }

    /// All builds that must not be removed.
    pub(super) fn builds(&self) -> impl Iterator<Item = &BuildKey> {
        let served = self.sets.iter().map(|wanted| &wanted.set.build);
        served
            .chain(self.schedules.values().map(|schedule| &schedule.build))
            .chain(self.recent.values().flatten())
    }

    /// The oldest release whose files are kept: no older one is served, scheduled, about to be, or has its builds kept.
    /// Newer ones may be in the making. Nothing, before the first release.
    pub(super) fn release_oldest(&self) -> Option<u32> {
        let served = self.sets.iter().map(|wanted| wanted.set.release);
        let scheduled = self.schedules.values().map(|schedule| schedule.release);
        let configured = self.configured.iter().map(|(_, release)| *release);
        served.chain(scheduled).chain(configured).chain(self.recent.keys().copied()).min()
    }

    fn generation_take(&mut self) -> u32 {
        self.next_generation = self.next_generation.wrapping_add(1);
        self.next_generation
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use engine::model::Limits;

    fn set(release: u32, replicas: u32) -> InstanceSet {
        InstanceSet {
            service: "api".parse().unwrap(),
            release,
            build: BuildKey(format!("b{release}")),
            commit: String::new(),
            start: "./serve".to_owned(),
            replicas,
            health: None,
            limits: Limits::default(),
        }
    }

    #[test]
    fn scaling_down_and_up_again_gives_out_new_generations() {
        let mut desired = Desired::default();
        let first = desired.set_ensure(&set(1, 2), 5);
        assert_eq!(first.added.len(), 2);
        let down = desired.set_ensure(&set(1, 1), 5);
        assert_eq!(down.removed, vec![first.added[1].clone()]);
        let up = desired.set_ensure(&set(1, 2), 5);
        assert_ne!(up.added[0].generation, first.added[1].generation);
        assert!(!desired.wants(&first.added[1]) && desired.wants(&up.added[0]));
    }

    #[test]
    fn a_replacement_is_begun_once_and_moves_slot_by_slot() {
        let mut desired = Desired::default();
        let old = desired.set_ensure(&set(1, 2), 5).added;
        let api = "api".parse().unwrap();
        assert!(desired.replacement_begin("r-1/3/do", &api, 1));
        assert!(!desired.replacement_begin("r-1/3/do", &api, 1));
        desired.replacement_advance("r-1/3/do", 0);
        assert!(!desired.wants(&old[0]) && desired.wants(&old[1]));
        assert_eq!(desired.replacement("r-1/3/do").unwrap().state, Replacement::Running { done: 1, of: 2 });
        desired.set_remove(&api, 1);
        assert!(matches!(desired.replacement("r-1/3/do").unwrap().state, Replacement::Failed { .. }));
    }

    #[test]
    fn builds_of_the_newest_releases_stay() {
        let mut desired = Desired::default();
        for release in 1..=4 {
            desired.set_ensure(&set(release, 1), 2);
            desired.set_remove(&"api".parse().unwrap(), release);
        }
        assert_eq!(desired.builds().map(|build| build.0.as_str()).collect::<Vec<_>>(), ["b3", "b4"]);
    }

    #[test]
    fn files_of_a_release_stay_from_its_configuration_on() {
        let (mut desired, api) = (Desired::default(), "api".parse().unwrap());
        assert_eq!(desired.release_oldest(), None);
        desired.set_ensure(&set(8, 1), 1);
        desired.config_put(&api, 3);
        assert_eq!(desired.release_oldest(), Some(3));
        desired.set_ensure(&set(3, 1), 1);
        desired.config_put(&api, 3);
        assert_eq!((desired.release_oldest(), desired.configured.len()), (Some(3), 0));
        desired.set_remove(&api, 3);
        assert_eq!(desired.release_oldest(), Some(8));
        desired.config_put(&api, 4);
        desired.config_remove(&api, 4);
        assert_eq!(desired.release_oldest(), Some(8));
        // A rollback that put one and came no further holds nothing up once something else is brought up.
        desired.config_put(&api, 4);
        desired.set_ensure(&set(9, 1), 1);
        assert_eq!(desired.release_oldest(), Some(8));
    }

    #[test]
    fn a_slot_is_read_back_as_written() {
        let slot = Slot { service: "api".parse().unwrap(), release: 12, index: 1, generation: 7 };
        assert_eq!(Slot::parse(&slot.to_string()), Some(slot));
        assert_eq!(Slot::parse("api@x"), None);
    }
}
