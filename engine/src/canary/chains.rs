//! How likely the errors of one version are if they come from clients that try again: a hidden Markov model of how many chains of retries are
//! going on.

use serde::{Deserialize, Serialize};

use super::counts::Side;

/// As many chains at once are told apart.
const CHAINS_MAX: usize = 24;
/// As many errors at once.
const ERRORS_MAX: usize = 20;
/// And as many more in lanes that failed already.
const MERGED_MAX: usize = 4;

/// How probable each number of chains is that will go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Chains {
    gap_s: f64,
    again: f64,
    going: Vec<f64>,
}

impl Chains {
    /// Clients try again after so many seconds on average, with this probability.
    pub(super) fn new(gap_s: f64, again: f64) -> Self {
        Self { gap_s, again, going: vec![1.0] }
    }

    /// Takes in a second, in which a lane would fail with this hazard if errors came singly. The answer is the logarithm of how likely that was.
    pub(super) fn see(&mut self, seen: &Side, hazard: f64, active: f64) -> f64 {
        let seen_errors = (seen.error_lanes as usize).min(ERRORS_MAX - MERGED_MAX);
        // Where every lane failed, some may have failed more than once.
        let merged = if seen.error_lanes > 0 && seen.error_lanes == seen.lanes { MERGED_MAX } else { 0 };
        let begins = (hazard * (1.0 - self.again) * seen.lanes as f64).max(1e-9);
        let fires = 1.0 - (-1.0 / self.gap_s).exp();
        let mut fresh = [0.0; ERRORS_MAX + 1];
        poisson(begins, &mut fresh[..=seen_errors + merged]);
        for (begun, mass) in fresh.iter_mut().enumerate() {
            *mass *= active.powi(begun as i32);
        }
        let mut next = vec![0.0; (self.going.len() + seen_errors + merged).min(CHAINS_MAX + 1)];
        for errors in seen_errors..=seen_errors + merged {
            self.with(errors, fires, &fresh, &mut next);
        }
        let all: f64 = next.iter().sum::<f64>().max(1e-300);
        for mass in &mut next {
            *mass /= all;
        }
        while next.len() > 1 && next.last().is_some_and(|mass| *mass < 1e-9) {
            next.pop();
        }
        self.going = next;
        all.ln()
    }

    /// Adds how probable each number of chains is after so many errors. `fresh` is how probable so many beginnings are.
    fn with(&self, errors: usize, fires: f64, fresh: &[f64], next: &mut [f64]) {
        // By how many chains wait on.
        let mut waiting = [0.0; CHAINS_MAX + 1];
        let mut terms = [0.0; CHAINS_MAX + 1];
        for (going, mass) in self.going.iter().enumerate() {
            let most = errors.min(going);
            binomial(going, fires, &mut terms[..=most]);
            for fired in 0..=most {
                waiting[going - fired] += mass * terms[fired] * fresh[errors - fired];
            }
        }
        binomial(errors, self.again, &mut terms[..=errors]);
        let last = next.len() - 1;
        for (going, mass) in waiting[..self.going.len()].iter().enumerate() {
            for (again, term) in terms[..=errors].iter().enumerate() {
                next[(going + again).min(last)] += mass * term;
            }
        }
    }
}

/// The first masses of the binomial law.
fn binomial(n: usize, p: f64, masses: &mut [f64]) {
    let mut mass = (1.0 - p).powi(n as i32);
    for (k, to) in masses.iter_mut().enumerate() {
        *to = mass;
        mass *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
    }
}

/// The first masses of Poisson's law.
fn poisson(mean: f64, masses: &mut [f64]) {
    let mut mass = (-mean).exp();
    for (k, to) in masses.iter_mut().enumerate() {
        *to = mass;
        mass *= mean / (k + 1) as f64;
    }
}
