//! Lanes: clients are spread over 100 slots by a hash, ten slots are a lane, and each slot is on one release at a time. So a
//! client stays with its release while a canary soaks, and whatever goes wrong for one client, however often it tries again, is
//! one lane's trouble.
//!
//! Whoever can't be told apart from others (a process on this machine that names nobody) is no client: such requests take
//! turns, which splits them exactly, and each counts in a lane of the release whose turn it is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use hyper::HeaderMap;

use super::cycle::Share;
use super::headers::FORWARDED_FOR;

/// Slots that clients are spread over: one for each percent.
pub(crate) const SLOTS: u8 = 100;
/// Slots that are one lane.
const SLOTS_A_LANE: u8 = 10;

/// A lane, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lane(u8);

impl Lane {
    /// The lane a slot is in.
    pub(crate) fn of_slot(slot: u8) -> Self {
        Self(slot.min(SLOTS - 1) / SLOTS_A_LANE)
    }

    /// Its bit among all lanes.
    pub(crate) fn bit(self) -> u16 {
        1 << self.0
    }
}

/// The slot of whoever asks, when the edge can tell: behind a proxy on this machine, the first address that names; else the
/// peer's, unless it is this machine itself.
pub(crate) fn slot(headers: &HeaderMap, peer: IpAddr) -> Option<u8> {
    let peer = peer.to_canonical();
    let mut hasher = DefaultHasher::new();
    if peer.is_loopback() {
        let chain = headers.get(FORWARDED_FOR)?.to_str().ok()?;
        let client = chain.split(',').next().map(str::trim).filter(|client| !client.is_empty())?;
        client.hash(&mut hasher);
    } else {
        peer.hash(&mut hasher);
    }
    u8::try_from(hasher.finish() % u64::from(SLOTS)).ok()
}

/// Which slots are on which release: the newest release has the first ones, so that a canary that gets more keeps those it had.
#[derive(Debug, Default)]
pub(crate) struct Slots(Vec<(u32, std::ops::Range<u8>)>);

impl Slots {
    /// Divides the slots by weight. Releases without an instance have left their slots to the others.
    pub(crate) fn new(shares: &[Share]) -> Self {
        let all: u32 = shares.iter().map(|(_, weight)| u32::from(*weight)).sum();
        let mut newest_first: Vec<Share> = shares.to_vec();
        newest_first.sort_by_key(|(release, _)| std::cmp::Reverse(*release));
        let (mut ranges, mut so_far, mut start) = (Vec::new(), 0, 0);
        for (release, weight) in newest_first {
            so_far += u32::from(weight);
            let end = u8::try_from(so_far * u32::from(SLOTS) / all.max(1)).unwrap_or(SLOTS);
            ranges.push((release, start..end));
            start = end;
        }
        Self(ranges)
    }

    /// The release of a slot.
    pub(crate) fn release(&self, slot: u8) -> Option<u32> {
        self.0.iter().find(|(_, range)| range.contains(&slot)).map(|(release, _)| *release)
    }

    /// The slot of a release's n-th request that has no client: its slots in turn.
    pub(crate) fn nth(&self, release: u32, nth: u64) -> u8 {
        let range = self.0.iter().find(|(other, _)| *other == release).map(|(_, range)| range.clone());
        let range = range.unwrap_or_default();
        let turn = nth % u64::from(range.end - range.start).max(1);
        range.start.saturating_add(u8::try_from(turn).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn of(peer: &str, chain: Option<&str>) -> Option<u8> {
        let mut headers = HeaderMap::new();
        if let Some(chain) = chain {
            headers.insert(FORWARDED_FOR, chain.parse().unwrap());
        }
        slot(&headers, peer.parse().unwrap())
    }

    #[test]
    fn a_client_is_who_a_proxy_here_names_or_who_comes_from_elsewhere() {
        assert_eq!(of("127.0.0.1", None), None);
        assert_eq!(of("127.0.0.1", Some("")), None);
        let client = of("127.0.0.1", Some("203.0.113.9"));
        assert!(client.is_some());
        assert_eq!(of("::ffff:127.0.0.1", Some("203.0.113.9, 10.0.0.1")), client);
        assert_eq!(of("198.51.100.7", Some("203.0.113.9")), of("198.51.100.7", None));
    }

    #[test]
    fn a_canary_that_gets_more_keeps_the_clients_it_had() {
        let at = |weight: u8| Slots::new(&[(3, SLOTS - weight), (4, weight)]);
        for slot in 0..SLOTS {
            assert_eq!(at(10).release(slot), Some(if slot < 10 { 4 } else { 3 }));
            assert!(at(10).release(slot) != Some(4) || at(50).release(slot) == Some(4));
            assert_eq!(Slots::new(&[(3, 90)]).release(slot), Some(3), "the other has no instance");
        }
        assert_eq!(Slots::new(&[]).release(0), None);
    }

    #[test]
    fn requests_of_nobody_count_in_lanes_of_their_release() {
        let slots = Slots::new(&[(3, 90), (4, 10)]);
        let lanes = |release: u32| {
            (0..100)
                .fold(0_u16, |lanes, nth| lanes | Lane::of_slot(slots.nth(release, nth)).bit())
                .count_ones()
        };
        assert_eq!((lanes(3), lanes(4)), (9, 1));
    }

    #[test]
    fn clients_are_spread_over_all_lanes() {
        let mut lanes = 0_u16;
        for client in 0..200 {
            let slot = of("127.0.0.1", Some(&format!("203.0.113.{client}"))).unwrap();
            lanes |= Lane::of_slot(slot).bit();
        }
        assert_eq!(lanes.count_ones(), 10);
    }
}
