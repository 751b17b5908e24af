//! An e-process: evidence that may be looked at after every second, and acted on at any of them.
//!
//! It starts at 1 and is multiplied by e-values. While both versions are alike it is a non-negative martingale (a
//! supermartingale where an e-value was tempered or capped), so the probability that it *ever* reaches `1/α` is at most `α`
//! (Ville 1939). Which effect there is and when it begins is not known, so wealth is spread over effects (Robbins' method of mixtures,
//! 1970) and over the seconds at which it may begin; a mean of e-processes is an e-process.

use serde::{Deserialize, Serialize};

/// No wealth grows beyond this: the verdict fell long ago, and the numbers must stay finite.
const WEALTH_MAX: f64 = 1e100;

/// Wealth spread over effects and over the times at which they may begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Mixture {
    /// What is at stake on each effect.
    staked: Vec<f64>,
    /// What waits for effects that begin later.
    waiting: f64,
    /// How much of what waits is staked at each chance.
    each: f64,
}

impl Mixture {
    /// `effects` of equal weight. `at_start` (0 to 1) of the wealth is staked now, the rest evenly over `chances` later ones.
    pub(super) fn new(effects: usize, at_start: f64, chances: u32) -> Self {
        let each = (1.0 - at_start) / f64::from(chances.max(1));
        Self { staked: vec![at_start / effects.max(1) as f64; effects], waiting: 1.0 - at_start, each }
    }

    /// With only a part (0 to 1) of what was staked at the start left on the last effect. The rest is lost, so this can only make evidence less.
    pub(super) fn less_on_last(mut self, part: f64) -> Self {
        if let Some(staked) = self.staked.last_mut() {
            *staked *= part;
        }
        self
    }

    /// A chance has passed: some of what waited is staked.
    pub(super) fn wake(&mut self) {
        let woken = self.each.min(self.waiting);
        self.waiting -= woken;
        let part = woken / self.staked.len().max(1) as f64;
        for staked in &mut self.staked {
            *staked += part;
        }
    }

    /// Multiplies by the e-values of what was seen, given as logarithms, one for each effect.
    pub(super) fn see(&mut self, ln_e_values: impl IntoIterator<Item = f64>) {
        for (staked, ln) in self.staked.iter_mut().zip(ln_e_values) {
            *staked = (*staked * ln.exp()).min(WEALTH_MAX);
        }
    }

    /// The evidence: 1 at the start; its reciprocal bounds the chance of so much if both versions are alike.
    pub(super) fn value(&self) -> f64 {
        self.staked.iter().sum::<f64>() + self.waiting
    }
}
