//! What others do, in their defaults: a threshold judge like Flagger's, one like Argo Rollouts', and a rank test like Kayenta's.

use std::cmp::Ordering;

use engine::canary::Second;

use crate::world::{EDGES, Tick};

const MINUTE_S: u32 = 60;
/// The rank judge looks every five minutes.
const RANK_LOOK_MINUTES: usize = 5;
/// The quantile of the normal law for its 98%, two-sided.
const RANK_Z: f64 = 2.326;

/// One version's minute.
#[derive(Debug, Clone, Default)]
struct Minute {
    requests: u64,
    errors: u64,
    latency: Vec<u64>,
}

impl Minute {
    fn error_share(&self) -> f64 {
        self.errors as f64 / self.requests.max(1) as f64
    }

    /// The upper edge of the bucket that holds the quantile, in milliseconds.
    fn quantile_ms(&self, quantile: f64) -> f64 {
        let all: u64 = self.latency.iter().sum();
        let mut below = 0;
        for (bucket, count) in self.latency.iter().enumerate() {
            below += count;
            if all > 0 && below as f64 >= quantile * all as f64 {
                return EDGES.get(bucket).copied().unwrap_or(EDGES[EDGES.len() - 1] * 2.0);
            }
        }
        0.0
    }
}

/// All three, on the same traffic: when each of them would have rolled back, and what the canary had served by then.
#[derive(Debug, Default)]
pub(crate) struct Rivals {
    at: u32,
    requests: u64,
    now: (Minute, Minute),
    minutes: Vec<(Minute, Minute)>,
    flagger_failed: u32,
    argo_failed: u32,
    /// Seconds and canary requests at the rollback of each: Flagger-like, Argo-like, Kayenta-like.
    pub(crate) rolled_back: [Option<(u32, u64)>; 3],
}

impl Rivals {
    pub(crate) fn see(&mut self, tick: &Tick) {
        let Second { stable, canary } = tick.second;
        self.at += 1;
        self.requests += canary.requests;
        for (minute, side) in [(&mut self.now.0, stable), (&mut self.now.1, canary)] {
            minute.requests += side.requests;
            minute.errors += side.errors;
            minute.latency.resize(EDGES.len() + 1, 0);
        }
        if let Some((stable, canary)) = &tick.row {
            for (minute, row) in [(&mut self.now.0, stable), (&mut self.now.1, canary)] {
                minute.latency.iter_mut().zip(row).for_each(|(to, more)| *to += more);
            }
        }
        if self.at.is_multiple_of(MINUTE_S) {
            let minute = std::mem::take(&mut self.now);
            self.thresholds(&minute.1);
            self.minutes.push(minute);
            if self.minutes.len().is_multiple_of(RANK_LOOK_MINUTES) {
                self.ranks();
            }
        }
    }

    fn roll_back(&mut self, who: usize) {
        self.rolled_back[who].get_or_insert((self.at, self.requests));
    }

    fn thresholds(&mut self, canary: &Minute) {
        // A minute without traffic is no measurement to either.
        if canary.requests == 0 {
            return;
        }
        if canary.error_share() > 0.01 || canary.quantile_ms(0.99) > 500.0 {
            self.flagger_failed += 1;
        }
        if canary.error_share() > 0.05 {
            self.argo_failed += 1;
        }
        if self.flagger_failed >= 5 {
            self.roll_back(0);
        }
        if self.argo_failed > 3 {
            self.roll_back(1);
        }
    }

    fn ranks(&mut self) {
        let both =
            || self.minutes.iter().filter(|(stable, canary)| stable.requests > 0 && canary.requests > 0);
        let measures: [fn(&Minute) -> f64; 3] =
            [Minute::error_share, |minute| minute.quantile_ms(0.5), |minute| minute.quantile_ms(0.99)];
        let higher = measures.into_iter().any(|measure| {
            let stable: Vec<f64> = both().map(|(stable, _)| measure(stable)).collect();
            let canary: Vec<f64> = both().map(|(_, canary)| measure(canary)).collect();
            rank_z(&canary, &stable) > RANK_Z
        });
        if higher {
            self.roll_back(2);
        }
    }
}

/// Mann and Whitney's U of the canary over the stable version as a normal deviate, with corrections for ties and continuity.
fn rank_z(canary: &[f64], stable: &[f64]) -> f64 {
    let (n, m) = (canary.len() as f64, stable.len() as f64);
    if canary.is_empty() || stable.is_empty() {
        return 0.0;
    }
    let wins = |own: &f64| -> f64 {
        let against = |other: &f64| match own.total_cmp(other) {
            Ordering::Greater => 1.0,
            Ordering::Equal => 0.5,
            Ordering::Less => 0.0,
        };
        stable.iter().map(against).sum()
    };
    let won: f64 = canary.iter().map(wins).sum();
    let mut all: Vec<f64> = canary.iter().chain(stable).copied().collect();
    all.sort_by(f64::total_cmp);
    let ties: f64 = all
        .chunk_by(|one, next| one.total_cmp(next).is_eq())
        .map(|tied| (tied.len() as f64).powi(3) - tied.len() as f64)
        .sum();
    let total = n + m;
    let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    if variance <= 0.0 { 0.0 } else { (won - n * m / 2.0 - 0.5) / variance.sqrt() }
}
