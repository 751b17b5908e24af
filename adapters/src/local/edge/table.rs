//! Who answers the next request of one service: weights, backends and the choice between them. No I/O, no clock.
//!
//! Choosing an instance and opening a request to it are one step under the table's lock. So once a change of the table
//! has returned, every request is either counted as open on the instance it was given, or follows the new table:
//! nothing can slip to an instance that is being drained.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use engine::ports::{Served, Weight};

use super::aside;
use super::backend::{Backend, Lease};
use super::counts::{ReleaseCounts, Tally};
use super::cycle::{Cycle, Share};
use super::lanes::Slots;
use super::seconds::Spans;
use crate::local::backends::Instances;

/// Releases whose counts are kept per service: those in use, and then those with the highest numbers.
const COUNTS_KEPT: usize = 64;

/// The answer to "who takes this request?".
#[derive(Debug)]
pub(crate) enum Choice {
    /// This instance; the request counts in this slot's lane.
    Instance(Lease, Arc<Tally>, u8),
    /// No release has weight.
    NoTraffic,
    /// Releases have weight, none has an instance; the one with most weight is named.
    NoInstance(u32, Arc<Tally>),
}

/// The instances of one release.
#[derive(Debug, Default)]
struct Group {
    instances: Vec<Arc<Backend>>,
    /// Who is looked at first, so that equals take turns.
    rotation: AtomicUsize,
    /// The path at which its health is asked.
    health: Option<String>,
    /// All of them fail their checks: they are a last resort.
    failing: bool,
}

/// The routing table of one service.
#[derive(Debug, Default)]
pub(crate) struct Table {
    weights: Vec<Weight>,
    /// By release; a release without instances is not there.
    backends: BTreeMap<u32, Group>,
    /// Taken out of `backends` while requests were open.
    leaving: Vec<Arc<Backend>>,
    /// Being drained: kept out even when somebody who has not heard of it names them again.
    drained: BTreeSet<(u32, SocketAddr)>,
    cycle: Cycle,
    /// The turns of what is no client's request, so that clients' are split exactly whatever else is asked.
    cycle_aside: Cycle,
    slots: Slots,
    tallies: BTreeMap<u32, Arc<Tally>>,
}

impl Table {
    /// The weights, by release.
    pub(crate) fn weights(&self) -> &[Weight] {
        &self.weights
    }

    /// Replaces the weights; they come in order of releases.
    pub(crate) fn weights_set(&mut self, weights: &[Weight]) {
        self.weights = weights.to_vec();
        self.settle();
    }

    /// Replaces the instances of a release. One that stays keeps its connections; one that goes finishes what is open.
    pub(crate) fn backends_set(&mut self, release: u32, told: &Instances, now: Instant) {
        let Group { instances: mut before, rotation, health, .. } =
            self.backends.remove(&release).unwrap_or_default();
        let usable = |addresses: &[SocketAddr]| -> BTreeSet<SocketAddr> {
            let in_use = |address: &SocketAddr| !self.drained.contains(&(release, *address));
            addresses.iter().copied().filter(in_use).collect()
        };
        let healthy = usable(&told.healthy);
        let failing = healthy.is_empty();
        let wanted = if failing { usable(&told.failing) } else { healthy };
        let after: Vec<_> = wanted
            .into_iter()
            .map(|address| match before.iter().position(|backend| backend.address == address) {
                Some(at) => before.swap_remove(at),
                None => Backend::new(release, address, now),
            })
            .collect();
        if !after.is_empty() {
            self.backends.insert(release, Group { instances: after, rotation, health, failing });
        }
        self.leave(before);
        self.settle();
    }

    /// Takes instances out for good and hands back all that requests may be open to under these addresses.
    pub(crate) fn drain_begin(&mut self, release: u32, addresses: &[SocketAddr]) -> Vec<Arc<Backend>> {
        self.drained.extend(addresses.iter().map(|address| (release, *address)));
        let Group { instances, rotation, health, failing } =
            self.backends.remove(&release).unwrap_or_default();
        let (going, staying): (Vec<_>, Vec<_>) =
            instances.into_iter().partition(|backend| addresses.contains(&backend.address));
        if !staying.is_empty() {
            self.backends.insert(release, Group { instances: staying, rotation, health, failing });
        }
        self.leave(going);
        self.settle();
        let is_meant = |backend: &Backend| backend.release == release && addresses.contains(&backend.address);
        self.leaving.iter().filter(|backend| is_meant(backend)).cloned().collect()
    }

    /// The drain is over: the addresses may be used again.
    pub(crate) fn drain_end(&mut self, release: u32, addresses: &[SocketAddr]) {
        for address in addresses {
            self.drained.remove(&(release, *address));
        }
        self.settle();
    }

    /// Opens a request to an instance: of the release a client's slot is on, or, for whoever is no client, of the one whose
    /// turn it is.
    pub(crate) fn choose(&self, slot: Option<u8>, now: Instant) -> Choice {
        let release = slot.map_or_else(|| self.cycle.next(), |slot| self.slots.release(slot));
        if let Some(release) = release
            && let Some(lease) = self.instance(release, None, now)
        {
            let tally = self.tally(release);
            let slot = slot.unwrap_or_else(|| self.slots.nth(release, tally.requests()));
            return Choice::Instance(lease, tally, slot);
        }
        match self.heaviest() {
            Some(heaviest) => Choice::NoInstance(heaviest, self.tally(heaviest)),
            None => Choice::NoTraffic,
        }
    }

    /// Opens a request that is no client's: it counts for nobody.
    pub(crate) fn choose_aside(&self, now: Instant) -> Choice {
        let lease = self.cycle_aside.next().and_then(|release| self.instance(release, None, now));
        match (lease, self.heaviest()) {
            (Some(lease), _) => Choice::Instance(lease, Arc::default(), 0),
            (None, Some(heaviest)) => Choice::NoInstance(heaviest, Arc::default()),
            (None, None) => Choice::NoTraffic,
        }
    }

    /// Whether this is where the health of one of its releases is asked.
    pub(crate) fn is_health(&self, path: &str) -> bool {
        self.backends
            .values()
            .filter_map(|group| group.health.as_deref())
            .any(|health| aside::is_health(path, health))
    }

    /// The path at which a release's health is asked, as long as it has instances.
    pub(crate) fn health_set(&mut self, release: u32, path: Option<&str>) {
        if let Some(group) = self.backends.get_mut(&release) {
            group.health = path.map(ToOwned::to_owned);
        }
    }

    /// The release with most weight.
    fn heaviest(&self) -> Option<u32> {
        let weighty = self.weights.iter().filter(|weight| weight.percent > 0);
        weighty.max_by_key(|weight| weight.percent).map(|weight| weight.release)
    }

    /// Opens a request to an instance of a release, never to `avoid`: the one with the fewest open requests among those
    /// that did not just refuse a connection, taking turns among equals.
    pub(crate) fn instance(&self, release: u32, avoid: Option<SocketAddr>, now: Instant) -> Option<Lease> {
        let Group { instances, rotation, .. } = self.backends.get(&release)?;
        let start = rotation.fetch_add(1, Ordering::Relaxed) % instances.len().max(1);
        let (before, after) = instances.split_at(start);
        after
            .iter()
            .chain(before)
            .filter(|backend| Some(backend.address) != avoid)
            .min_by_key(|backend| (backend.rests(now), backend.open()))
            .map(Backend::lease)
    }

    /// What each release answered so far.
    pub(crate) fn counts(&self) -> BTreeMap<u32, ReleaseCounts> {
        self.tallies.iter().map(|(release, tally)| (*release, tally.snapshot())).collect()
    }

    /// What each release answered in the seconds after one, up to another.
    pub(crate) fn seconds(&self, after_s: i64, until_s: i64) -> BTreeMap<i64, BTreeMap<u32, Served>> {
        let mut seconds: BTreeMap<i64, BTreeMap<u32, Served>> = BTreeMap::new();
        for (release, tally) in &self.tallies {
            for (at_s, served) in tally.between(after_s, until_s) {
                seconds.entry(at_s).or_default().insert(*release, served);
            }
        }
        seconds
    }

    /// What each release answered in the spans that began after a second, with the seconds up to another; those from before this
    /// program began as well.
    pub(crate) fn spans(&self, after_s: i64, until_s: i64) -> BTreeMap<u32, Spans> {
        let spans = self.tallies.iter().map(|(release, tally)| (*release, tally.spans(after_s, until_s)));
        spans.filter(|(_, spans)| !spans.is_empty()).collect()
    }

    /// What was kept of the time before this program began.
    pub(crate) fn before_set(&mut self, before: BTreeMap<u32, Spans>) {
        for (release, spans) in before {
            self.tallies.entry(release).or_default().before_set(spans);
        }
    }

    /// Every instance that may have something open.
    pub(crate) fn all_backends(&self) -> impl Iterator<Item = &Arc<Backend>> {
        self.backends.values().flat_map(|group| &group.instances).chain(&self.leaving)
    }

    fn leave(&mut self, going: Vec<Arc<Backend>>) {
        for backend in going {
            backend.retire();
            self.leaving.push(backend);
        }
    }

    /// The releases with weight that have instances: healthy ones, or only such as fail their checks.
    fn shares(&self, failing: bool) -> Vec<Share> {
        let has = |release: u32| self.backends.get(&release).is_some_and(|group| group.failing == failing);
        let weighty = self.weights.iter().filter(|weight| weight.percent > 0 && has(weight.release));
        weighty.map(|weight| (weight.release, weight.percent)).collect()
    }

    /// Makes everything that follows from weights and backends fit them again.
    fn settle(&mut self) {
        self.leaving.retain(|backend| backend.open() > 0);
        let mut shares = self.shares(false);
        if shares.is_empty() {
            // A check that falls short is a bad reason to turn everybody away: an answer is tried for.
            shares = self.shares(true);
        }
        if !self.cycle.is_for(&shares) {
            self.cycle = Cycle::new(&shares);
            self.cycle_aside = Cycle::new(&shares);
            self.slots = Slots::new(&shares);
        }
        for release in self.weights.iter().map(|weight| weight.release).chain(self.backends.keys().copied()) {
            self.tallies.entry(release).or_default();
        }
        let (weights, backends) = (&self.weights, &self.backends);
        let in_use = |release: u32| {
            backends.contains_key(&release) || weights.iter().any(|weight| weight.release == release)
        };
        let mut too_many = self.tallies.len().saturating_sub(COUNTS_KEPT);
        self.tallies.retain(|release, _| {
            let goes = too_many > 0 && !in_use(*release);
            too_many -= usize::from(goes);
            !goes
        });
    }

    /// The counters of a release; of one so old that its counts are no longer kept, counters nobody will read.
    fn tally(&self, release: u32) -> Arc<Tally> {
        self.tallies.get(&release).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
