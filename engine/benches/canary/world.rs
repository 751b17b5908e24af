//! Worlds a judge must stand in: traffic in lanes, errors that clump, incidents, drift, cold starts, and canaries that are worse.

use engine::canary::{Past, Second, Side};

use crate::random::Random;

/// How errors come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Clumps {
    /// Each by itself.
    Single,
    /// So many on average in one lane in one second.
    Second(f64),
    /// So many requests of a lane in a row on average.
    Row(f64),
    /// A client tries again so often on average, so many seconds apart: requests that come on top.
    Retries(f64, u32),
}

/// One world. Shares are 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct World {
    pub(crate) name: &'static str,
    /// Canary requests per second in the first stage.
    pub(crate) rate: f64,
    pub(crate) stable_errors: f64,
    pub(crate) canary_errors: f64,
    pub(crate) clumps: Clumps,
    /// How many times slower the canary is.
    pub(crate) slower: f64,
    /// A share of the canary's requests, and how many times slower those are.
    pub(crate) tail: (f64, f64),
    /// Spread of the latencies' logarithm.
    pub(crate) sigma: f64,
    /// Both fail 30% and are three times slower for a minute.
    pub(crate) incident: bool,
    /// Both grow to five times the errors and one and a half times the latency.
    pub(crate) drift: bool,
    /// The canary is three times slower for its first 20 s.
    pub(crate) cold: bool,
    /// How unevenly clients are spread over lanes (deviation of the logarithm), anew in each trial.
    pub(crate) uneven: f64,
    /// Latency of both wanders together from second to second (deviation of the logarithm).
    pub(crate) wander: f64,
    /// The fault begins after so many seconds.
    pub(crate) from_s: u32,
    /// The stable version failed so much in the minutes before, and was mended just now; nothing where those were as the rest.
    pub(crate) before: Option<f64>,
}

pub(crate) const STAGES: [(u64, u32); 3] = [(10, 600), (50, 600), (100, 600)];
pub(crate) const PLANNED_S: u32 = 1800;
/// In these there is a stable version beside the canary.
pub(crate) const COMPARED_S: u32 = 1200;
pub(crate) const LANES: u64 = 10;
pub(crate) const PAST_S: u32 = 600;
/// Milliseconds.
pub(crate) const EDGES: [f64; 24] = [
    5., 10., 15., 20., 30., 40., 50., 60., 75., 90., 105., 125., 150., 175., 200., 250., 300., 400., 500.,
    650., 800., 1200., 2500., 5000.,
];
/// Half of the stable version's requests take longer.
pub(crate) const MEDIAN_MS: f64 = 80.0;

impl World {
    pub(crate) const fn good(name: &'static str, rate: f64, errors: f64) -> Self {
        Self {
            name,
            rate,
            stable_errors: errors,
            canary_errors: errors,
            clumps: Clumps::Single,
            slower: 1.0,
            tail: (0.0, 1.0),
            sigma: 0.6,
            incident: false,
            drift: false,
            cold: false,
            uneven: 0.0,
            wander: 0.0,
            from_s: 0,
            before: None,
        }
    }
}

/// What one second brings.
#[derive(Debug, Default)]
pub(crate) struct Tick {
    pub(crate) second: Second,
    /// Every tenth second: samples by bucket of the stable version and of the canary.
    pub(crate) row: Option<(Vec<u64>, Vec<u64>)>,
    /// A stage ends with this second.
    pub(crate) stage_ends: bool,
}

/// One run through a world.
pub(crate) struct Traffic {
    world: World,
    random: Random,
    at: u32,
    incident_at: u32,
    lane_share: Vec<f64>,
    /// For each lane, errors still to come in a row.
    owed: Vec<u64>,
    /// For each lane, the seconds at which a retry comes.
    retries: Vec<Vec<u32>>,
    mood: f64,
    stable_row: Vec<u64>,
    canary_row: Vec<u64>,
    pub(crate) past: Past,
}

impl Traffic {
    pub(crate) fn new(world: World, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut lane_share: Vec<f64> = (0..LANES).map(|_| (world.uneven * random.normal()).exp()).collect();
        let all: f64 = lane_share.iter().sum();
        for share in &mut lane_share {
            *share /= all;
        }
        let mut traffic = Self {
            world,
            incident_at: 60 + (random.unit() * 1200.0) as u32,
            random,
            at: 0,
            lane_share,
            owed: vec![0; LANES as usize],
            retries: vec![Vec::new(); LANES as usize],
            mood: 0.0,
            stable_row: vec![0; EDGES.len() + 1],
            canary_row: vec![0; EDGES.len() + 1],
            past: Past::default(),
        };
        // The time before is lived through, so that its counts hang together as those of the trial do.
        let mut past = Past { served: Side::default(), latency: vec![0; EDGES.len() + 1] };
        for _ in 0..PAST_S {
            for lane in 0..LANES {
                past.served = past
                    .served
                    .plus(traffic.lane(lane as usize, world.before.unwrap_or(world.stable_errors)));
            }
            traffic.retries.iter_mut().flatten().for_each(|at| *at = at.saturating_sub(1));
        }
        let n = past.served.requests as f64;
        traffic.latencies(n, 1.0, (0.0, 1.0), &mut past.latency);
        traffic.past = past;
        traffic
    }

    /// Adds about `n` latencies, `times` as long as usual.
    fn latencies(&mut self, n: f64, times: f64, tail: (f64, f64), to: &mut [u64]) {
        let below = |ms: f64, times: f64| 1.0 - above((ms / (MEDIAN_MS * times)).ln() / self.world.sigma);
        let mut before = 0.0;
        let random = &mut self.random;
        for (at, count) in to.iter_mut().enumerate() {
            let until = EDGES.get(at).map_or(1.0, |edge| {
                (1.0 - tail.0) * below(*edge, times) + tail.0 * below(*edge, times * tail.1)
            });
            *count += random.poisson(n * (until - before));
            before = until;
        }
    }

    fn stage(&self) -> (u64, bool) {
        let mut end = 0;
        for (share, seconds) in STAGES {
            end += seconds;
            if self.at < end {
                return (share, self.at + 1 == end);
            }
        }
        (100, true)
    }

    fn samples(&mut self, n: f64, times: f64, tail: (f64, f64), to: &mut [u64]) {
        if n > 60.0 {
            self.latencies(n, times, tail, to);
            return;
        }
        for _ in 0..n as u64 {
            let slow = if tail.0 > 0.0 && self.random.chance(tail.0) { tail.1 } else { 1.0 };
            let ms = MEDIAN_MS * times * slow * (self.world.sigma * self.random.normal()).exp();
            to[EDGES.partition_point(|edge| *edge <= ms)] += 1;
        }
    }

    fn lane(&mut self, lane: usize, errors: f64) -> Side {
        let fresh = self.random.poisson(self.world.rate * 10.0 * self.lane_share[lane]);
        let due = self.retries[lane].iter().filter(|at| **at == self.at).count() as u64;
        self.retries[lane].retain(|at| *at > self.at);
        let failed = match self.world.clumps {
            Clumps::Single => self.random.binomial(fresh, errors),
            Clumps::Second(mean) => {
                let begun = self.random.binomial(fresh, errors / mean);
                (0..begun).map(|_| self.random.geometric(mean)).sum::<u64>().min(fresh)
            }
            Clumps::Row(mean) => {
                let paid = self.owed[lane].min(fresh);
                self.owed[lane] -= paid;
                let begun = self.random.binomial(fresh - paid, errors / mean);
                let more: u64 = (0..begun).map(|_| self.random.geometric(mean) - 1).sum();
                let now = more.min(fresh - paid - begun);
                self.owed[lane] += more - now;
                paid + begun + now
            }
            Clumps::Retries(mean, apart) => {
                let begun = self.random.binomial(fresh, errors / mean);
                for _ in 0..begun {
                    let more = self.random.geometric(mean) - 1;
                    for retry in 1..=more as u32 {
                        let later = self.random.unit() * f64::from(apart);
                        let at = self.at + (retry - 1) * apart + later as u32;
                        self.retries[lane].push(at.max(self.at + 1));
                    }
                }
                begun
            }
        };
        let (requests, errors) = (fresh + due, failed + due);
        Side { requests, errors, lanes: u64::from(requests > 0), error_lanes: u64::from(errors > 0) }
    }
}

impl Iterator for Traffic {
    type Item = Tick;

    fn next(&mut self) -> Option<Tick> {
        if self.at >= PLANNED_S {
            return None;
        }
        let world = self.world;
        let (share, stage_ends) = self.stage();
        let grown = f64::from(self.at) / f64::from(PLANNED_S);
        let incident = world.incident && (self.incident_at..self.incident_at + 60).contains(&self.at);
        self.mood = 0.9 * self.mood + world.wander * self.random.normal() * 0.436;
        let mut times = self.mood.exp();
        if world.drift {
            times *= 1.0 + 0.5 * grown;
        }
        if incident {
            times *= 3.0;
        }
        let mut second = Second::default();
        for lane in 0..LANES {
            let canary = lane < share * LANES / 100;
            let faulty = canary && self.at >= world.from_s;
            let mut errors = if faulty { world.canary_errors } else { world.stable_errors };
            if world.drift {
                errors = (errors * (1.0 + 4.0 * grown)).min(1.0);
            }
            if incident {
                errors = errors.max(0.3);
            }
            let seen = self.lane(lane as usize, errors);
            let side = if canary { &mut second.canary } else { &mut second.stable };
            *side = side.plus(seen);
        }
        let (stable, canary) = (second.stable.requests as f64, second.canary.requests as f64);
        let mut row = std::mem::take(&mut self.stable_row);
        self.samples(stable, times, (0.0, 1.0), &mut row);
        self.stable_row = row;
        let faulty = self.at >= world.from_s;
        let cold = if world.cold && self.at < 20 { 3.0 } else { 1.0 };
        let slower = if faulty { world.slower } else { 1.0 };
        let mut row = std::mem::take(&mut self.canary_row);
        self.samples(canary, times * cold * slower, if faulty { world.tail } else { (0.0, 1.0) }, &mut row);
        self.canary_row = row;
        let row = (self.at % 10 == 9).then(|| {
            let empty = || vec![0; EDGES.len() + 1];
            (
                std::mem::replace(&mut self.stable_row, empty()),
                std::mem::replace(&mut self.canary_row, empty()),
            )
        });
        self.at += 1;
        Some(Tick { second, row, stage_ends })
    }
}

/// The share of a standard normal above `z` (Abramowitz and Stegun 7.1.26).
pub(crate) fn above(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = t
        * (0.254_829_592
            + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let upper = 0.5 * series * (-x * x).exp();
    if z >= 0.0 { upper } else { 1.0 - upper }
}
