//! Harsher worlds, made another way than the grid's, in which nothing is worse with the canary: a judge must stand what its author did not tune it
//! on. Lanes clump because few clients make most of the requests; traffic spikes and follows the day; latencies come in several shapes and resemble
//! those of the seconds before; clients back off; the stable version restarts.

use engine::canary::{Past, Second, Side};

use crate::random::Random;
use crate::world::{EDGES, LANES, PAST_S, PLANNED_S, STAGES, Tick};

/// How failed requests bring others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Echo {
    /// Not at all.
    None,
    /// One to so many in the same second.
    Burst(u64),
    /// So many times on average, after as many seconds on average each time.
    Again(f64, f64),
    /// Up to five times, after 1, 2, 4, 8 and 16 seconds.
    BackOff,
}

/// The shape of latencies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    /// Log-normal, with this deviation of the logarithm.
    Wide(f64),
    /// Cached at 20 ms, or not, at 250 ms.
    TwoHumps,
    /// Pareto's law with this exponent from 30 ms on.
    Tail(f64),
}

/// One harsh world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Harsh {
    pub(crate) name: &'static str,
    pub(crate) rate: f64,
    pub(crate) errors: f64,
    pub(crate) echo: Echo,
    pub(crate) shape: Shape,
    /// Exponent of Pareto's law of how much clients ask for; less is more uneven.
    pub(crate) clients: f64,
    /// Requests, errors and latency swing by this share over half an hour.
    pub(crate) day: f64,
    /// Traffic is four times as much for 90 s, and errors and latency are twice as much.
    pub(crate) spike: bool,
    /// Two incidents of half a minute to two minutes, one of a tenth and one of a third of all requests.
    pub(crate) incidents: bool,
    /// The stable version restarts twice: it fails half of its requests for 5 s and is slow for 20 s.
    pub(crate) restarts: bool,
    /// Each version's process stops for 1 to 5 s at random, so many seconds apart on average: a collection of garbage, a neighbour that takes the machine.
    /// What comes then waits until it goes on.
    pub(crate) stalls_s: Option<f64>,
    /// The canary is three times slower for 15 s, and what is left of that fades until 60 s.
    pub(crate) cold: bool,
    /// Latency wanders together, over half a minute (deviation of the logarithm).
    pub(crate) wander: f64,
    /// How many times as often the canary fails, how many times slower it is: 1 and 1 unless it is worse.
    pub(crate) worse: (f64, f64),
}

/// All of them.
pub(crate) fn worlds() -> Vec<Harsh> {
    let mut worlds = Vec::new();
    for rate in [0.02, 1.0, 10.0, 100.0] {
        for errors in [0.001, 0.005, 0.02] {
            let calm = Harsh {
                name: "calm",
                rate,
                errors,
                echo: Echo::None,
                shape: Shape::Wide(1.0),
                clients: 3.0,
                day: 0.0,
                spike: false,
                incidents: false,
                restarts: false,
                stalls_s: None,
                cold: false,
                wander: 0.0,
                worse: (1.0, 1.0),
            };
            worlds.extend([
                Harsh { name: "bursts of 1-7", echo: Echo::Burst(7), ..calm },
                Harsh { name: "bursts of 1-40", echo: Echo::Burst(40), ..calm },
                Harsh { name: "2 tries, 2 s", echo: Echo::Again(2.0, 2.0), ..calm },
                Harsh { name: "4 tries, 3 s", echo: Echo::Again(4.0, 3.0), ..calm },
                Harsh { name: "6 tries, 1 s", echo: Echo::Again(6.0, 1.0), ..calm },
                Harsh { name: "4 tries, 12 s", echo: Echo::Again(4.0, 12.0), ..calm },
                Harsh { name: "back-off", echo: Echo::BackOff, ..calm },
                Harsh { name: "few clients", clients: 1.2, shape: Shape::TwoHumps, ..calm },
                Harsh { name: "day", day: 0.8, shape: Shape::Tail(1.5), ..calm },
                Harsh { name: "spike", spike: true, shape: Shape::TwoHumps, ..calm },
                Harsh { name: "incidents", incidents: true, shape: Shape::Tail(1.1), ..calm },
                Harsh { name: "stable restarts", restarts: true, ..calm },
                Harsh { name: "stalls", stalls_s: Some(300.0), ..calm },
                Harsh { name: "many stalls", stalls_s: Some(60.0), ..calm },
                Harsh { name: "cold for 60 s", cold: true, ..calm },
                Harsh { name: "wandering", wander: 0.4, shape: Shape::TwoHumps, ..calm },
            ]);
            let all = Harsh {
                name: "everything",
                echo: Echo::Again(3.0, 2.0),
                clients: 1.8,
                day: 0.5,
                spike: true,
                incidents: true,
                restarts: true,
                wander: 0.2,
                ..calm
            };
            worlds.push(all);
            worlds.push(Harsh { name: "everything, 6 times the errors", worse: (6.0, 1.0), ..all });
            worlds.push(Harsh { name: "everything, 1.5 times slower", worse: (1.0, 1.5), ..all });
        }
    }
    worlds
}

/// One run through a harsh world.
pub(crate) struct Weather {
    world: Harsh,
    random: Random,
    at: i64,
    lane_share: Vec<f64>,
    /// For each lane, when requests fail that are still to come.
    due: Vec<Vec<f64>>,
    phase: f64,
    spike_at: i64,
    incidents: [(i64, i64, f64); 2],
    restarts: [i64; 2],
    /// Until when the stable version, and the canary, stand still.
    stalled_until: [f64; 2],
    mood: f64,
    rows: (Vec<u64>, Vec<u64>),
    pub(crate) past: Past,
}

impl Weather {
    pub(crate) fn new(world: Harsh, seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x5EED);
        let mut lane_share = vec![0.0; LANES as usize];
        for client in 0..300 {
            lane_share[client % LANES as usize] += random.unit().powf(-1.0 / world.clients);
        }
        let all: f64 = lane_share.iter().sum();
        for share in &mut lane_share {
            *share /= all;
        }
        let mut moment = || (random.unit() * 1100.0) as i64;
        let spike_at = moment();
        let incidents = [(moment(), 30, 0.1), (moment(), 120, 0.33)];
        let restarts = [moment(), moment()];
        let empty = || vec![0; EDGES.len() + 1];
        let mut weather = Self {
            world,
            at: -i64::from(PAST_S),
            lane_share,
            due: vec![Vec::new(); LANES as usize],
            phase: random.unit(),
            spike_at,
            incidents,
            restarts,
            stalled_until: [f64::MIN; 2],
            mood: 0.0,
            rows: (empty(), empty()),
            past: Past::default(),
            random,
        };
        let mut served = Side::default();
        while weather.at < 0 {
            served = served.plus(weather.live(0).stable);
        }
        weather.past = Past { served, latency: std::mem::replace(&mut weather.rows.0, empty()) };
        weather
    }

    /// One second with so many lanes on the canary.
    fn live(&mut self, canary_lanes: u64) -> Second {
        let world = self.world;
        let within = |from: i64, lasts: i64| (from..from + lasts).contains(&self.at);
        let swing = 1.0 + world.day * (std::f64::consts::TAU * (self.at as f64 / 1800.0 + self.phase)).sin();
        let spike = if world.spike && within(self.spike_at, 90) { (4.0, 2.0) } else { (1.0, 1.0) };
        let incident = if world.incidents {
            self.incidents
                .iter()
                .filter(|(from, lasts, _)| within(*from, *lasts))
                .map(|(_, _, share)| *share)
                .fold(0.0, f64::max)
        } else {
            0.0
        };
        let restart = |lasts| world.restarts && self.restarts.iter().any(|from| within(*from, lasts));
        let (stable_fails, stable_slow) = (restart(5), restart(20));
        self.mood = 0.967 * self.mood + world.wander * 0.255 * self.random.normal();
        let usual = self.mood.exp() * spike.1 * (0.5 + 0.5 * swing) * if incident > 0.0 { 2.0 } else { 1.0 };
        if let Some(apart_s) = world.stalls_s {
            for until in &mut self.stalled_until {
                if self.random.chance(1.0 / apart_s) {
                    *until = until.max(self.at as f64 + 1.0 + 4.0 * self.random.unit());
                }
            }
        }
        let mut second = Second::default();
        for lane in 0..LANES {
            let canary = lane < canary_lanes;
            let mut errors = (world.errors * swing * spike.1).max(incident);
            let mut times = usual;
            if canary {
                errors = (errors * world.worse.0).min(1.0);
                times *= world.worse.1;
                if world.cold {
                    times *= 1.0 + 2.0 * (-((self.at - 15).max(0) as f64) / 12.0).exp();
                }
            } else {
                errors = if stable_fails { 0.5 } else { errors };
                times *= if stable_slow { 3.0 } else { 1.0 };
            }
            let requests = world.rate * 10.0 * self.lane_share[lane as usize] * swing * spike.0;
            let seen = self.lane(lane as usize, requests, errors);
            self.latencies(seen.requests, times, canary);
            let side = if canary { &mut second.canary } else { &mut second.stable };
            *side = side.plus(seen);
        }
        self.at += 1;
        second
    }

    fn lane(&mut self, lane: usize, requests: f64, errors: f64) -> Side {
        let now = self.at as f64 + 1.0;
        let fresh = self.random.poisson(requests);
        let before = self.due[lane].len();
        self.due[lane].retain(|at| *at >= now);
        let due = (before - self.due[lane].len()) as u64;
        let mean = match self.world.echo {
            Echo::None => 1.0,
            Echo::Burst(most) => (1 + most) as f64 / 2.0,
            Echo::Again(times, _) => times,
            Echo::BackOff => 3.0,
        };
        // Where nearly everything fails, bursts are what fails.
        let begun = self.random.binomial(fresh, if errors > 0.3 { errors } else { errors / mean });
        let mut failed = begun;
        for _ in 0..begun {
            let mut at = now;
            match self.world.echo {
                Echo::None => {}
                Echo::Burst(most) => failed += (self.random.unit() * most as f64) as u64,
                Echo::Again(times, apart) => {
                    for _ in 1..self.random.geometric(times) {
                        at -= apart * self.random.unit().ln();
                        self.due[lane].push(at);
                    }
                }
                Echo::BackOff => {
                    for apart in [1.0, 2.0, 4.0, 8.0, 16.0] {
                        at += apart;
                        if self.random.chance(0.32) {
                            break;
                        }
                        self.due[lane].push(at);
                    }
                }
            }
        }
        let (requests, errors) = (fresh + due, failed.min(fresh) + due);
        Side { requests, errors, lanes: u64::from(requests > 0), error_lanes: u64::from(errors > 0) }
    }

    fn latencies(&mut self, n: u64, times: f64, canary: bool) {
        let world_stalls = self.world.stalls_s.is_some();
        for _ in 0..n {
            let ms = match self.world.shape {
                Shape::Wide(sigma) => 60.0 * (sigma * self.random.normal()).exp() * times,
                Shape::TwoHumps => {
                    // A slow moment is one with fewer hits.
                    let missed = self.random.chance((0.2 * times).min(0.95));
                    (if missed { 250.0 } else { 20.0 }) * (0.25 * self.random.normal()).exp() * times.sqrt()
                }
                Shape::Tail(exponent) => 30.0 * self.random.unit().powf(-1.0 / exponent) * times,
            };
            let come = self.at as f64 + if world_stalls { self.random.unit() } else { 0.0 };
            let ms = ms + (self.stalled_until[usize::from(canary)] - come).max(0.0) * 1_000.0;
            let row = if canary { &mut self.rows.1 } else { &mut self.rows.0 };
            row[EDGES.partition_point(|edge| *edge <= ms)] += 1;
        }
    }
}

impl Iterator for Weather {
    type Item = Tick;

    fn next(&mut self) -> Option<Tick> {
        let mut end = 0;
        let at = self.at;
        let (share, end) = STAGES.into_iter().find_map(|(share, seconds)| {
            end += i64::from(seconds);
            (at < end).then_some((share, end))
        })?;
        let second = self.live(share * LANES / 100);
        let empty = || vec![0; EDGES.len() + 1];
        let row = (self.at % 10 == 0).then(|| std::mem::replace(&mut self.rows, (empty(), empty())));
        Some(Tick { second, row, stage_ends: self.at == end && end <= i64::from(PLANNED_S) })
    }
}
