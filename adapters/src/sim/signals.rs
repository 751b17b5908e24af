//! What releases answer second by second: as much traffic as was set, split by the weights of now, failing as commits behave.
//! A second is worked out from its number alone, so it is always told the same while weights are. Who asks and what fails is
//! irregular, as it is outside: errors at even distances look like one client's retries, and a judge may take them for that.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::canary::Side;
use engine::clock::EpochMs;
use engine::model::{EnvironmentKey, Queries, ServiceName};
use engine::ports::{PortError, Seen, Served, ServedSecond, Signals, Weight};

use super::edge::WHOLE;
use super::world::State;
use super::{Call, World};

/// Seconds that can be told of.
const KEPT_S: i64 = 660;
/// The lanes of an edge.
const LANES: u64 = 10;
/// The bucket all answers are in, of so many.
const LATENCY: (usize, usize) = (2, 4);
/// What the buckets hold, in milliseconds.
const LATENCY_BOUNDS_MS: [u32; 3] = [1, 2, 5];

impl State {
    fn seen(&self, environment: &EnvironmentKey, service: &ServiceName, after_s: i64, now: EpochMs) -> Seen {
        let until_s = now.div_euclid(1_000) - 1;
        let from_s = (after_s + 1).max(until_s - KEPT_S + 1);
        let mut seconds = Vec::new();
        for at_s in from_s..=until_s {
            let by = self.served(environment, service, at_s);
            if !by.is_empty() {
                seconds.push(ServedSecond { at_s, by });
            }
        }
        Seen { from_s, until_s, seconds }
    }

    fn served(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        at_s: i64,
    ) -> BTreeMap<u32, Served> {
        let mut by = BTreeMap::new();
        let Some(there) = self.environments.get(environment) else { return by };
        let Some(found) = there.services.get(service) else { return by };
        let mut weights: Vec<Weight> =
            found.weights.iter().filter(|weight| weight.percent > 0).cloned().collect();
        if there.misroutes {
            weights.truncate(1);
            for weight in &mut weights {
                weight.percent = WHOLE as u8;
            }
        }
        for weight in weights {
            let share =
                |until: u64| until * u64::from(there.traffic) * u64::from(weight.percent) / u64::from(WHOLE);
            let second = u64::try_from(at_s).unwrap_or_default();
            let (before, after) = (share(second), share(second + 1));
            let fails = found.sets.get(&weight.release).map_or(WHOLE, |set| {
                u32::from(set.behaviour(&self.code, &self.builds).error_rate_percent).min(WHOLE)
            });
            let requests = after - before;
            if requests == 0 {
                continue;
            }
            let mine = (u64::from(weight.percent) * LANES / u64::from(WHOLE)).max(1);
            let counts = answered(weight.release, second, requests, fails, mine);
            let mut latency = vec![0; LATENCY.1];
            latency[LATENCY.0] = requests;
            by.insert(weight.release, Served { counts, latency });
        }
        by
    }
}

/// What so many requests of a second come to: each is a client of one of the release's lanes, and so many of 100 fail.
fn answered(release: u32, second: u64, requests: u64, fails: u32, lanes: u64) -> Side {
    let (mut errors, mut active, mut failed) = (0, 0_u64, 0_u64);
    for request in 0..requests {
        let drawn = scattered((u64::from(release) << 48) ^ (second << 16) ^ request);
        let lane = 1 << (drawn % lanes);
        active |= lane;
        if (drawn >> 32) % u64::from(WHOLE) < u64::from(fails) {
            errors += 1;
            failed |= lane;
        }
    }
    Side { requests, errors, lanes: active.count_ones().into(), error_lanes: failed.count_ones().into() }
}

/// A number that has nothing to do with its neighbours': SplitMix64's (Steele, Lea and Flood, 2014).
fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[async_trait]
impl Signals for World {
    async fn seen(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        _: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        let subject = format!("{} {service}", environment.environment);
        self.call(Call::Seen, subject, |state, now| Ok(state.seen(environment, service, after_s, now))).await
    }

    fn can_see(&self, queries: Option<&Queries>) -> Result<(), PortError> {
        if queries.is_some() && self.with(|state| state.no_metrics) {
            return Err(PortError::Fail {
                what: "no metrics server is known that could be asked".to_owned(),
                hint: "name one".to_owned(),
            });
        }
        Ok(())
    }

    fn latency_bounds_ms(&self, _: &EnvironmentKey, _: &ServiceName) -> Vec<u32> {
        LATENCY_BOUNDS_MS.to_vec()
    }
}
