//! Evidence from checks that are made of both versions in the same moment. Pure.
//!
//! Only pairs that come out differently say anything, and while the versions are alike each is as likely to be the canary's failure as
//! the stable version's (McNemar 1947). A bet on the canary's, at several odds at once, is a fair game then: its wealth ever reaches `E` with a
//! chance of at most `1 / E` (Ville 1939), however often anybody looks.

use serde::{Deserialize, Serialize};

/// Chances that the canary is the one that failed, on which the wealth is bet in equal parts.
const CHANCES: [f64; 4] = [0.6, 0.75, 0.9, 0.99];

/// What pairs have shown so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct PairEvidence {
    /// Pairs.
    pub(super) made: u64,
    /// Pairs in which the canary alone failed.
    pub(super) canary_alone: u64,
    /// Pairs in which the stable version alone failed.
    pub(super) stable_alone: u64,
}

impl PairEvidence {
    /// Takes in a pair.
    pub(super) fn see(&mut self, stable_passed: bool, canary_passed: bool) {
        self.made += 1;
        self.canary_alone += u64::from(stable_passed && !canary_passed);
        self.stable_alone += u64::from(!stable_passed && canary_passed);
    }

    /// The evidence that the canary is worse: 1 at the start.
    pub(super) fn value(&self) -> f64 {
        let (canary, stable) = (self.canary_alone as f64, self.stable_alone as f64);
        let wealth = |chance: f64| (canary * (2.0 * chance).ln() + stable * (2.0 - 2.0 * chance).ln()).exp();
        CHANCES.map(wealth).iter().sum::<f64>() / CHANCES.len() as f64
    }

    /// Why the canary is worse, with the numbers.
    pub(super) fn sentence(&self, limit: f64) -> String {
        format!(
            "Of {} synthetic checks of both versions {} failed for the canary alone and {} for the stable version alone; equal versions \
             would get this far apart less than once in {:.0} canaries (limit: {limit:.0}).",
            self.made,
            self.canary_alone,
            self.stable_alone,
            self.value().min(1e6)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(canary_alone: u64, stable_alone: u64) -> f64 {
        PairEvidence { made: 100, canary_alone, stable_alone }.value()
    }

    #[test]
    fn only_pairs_that_differ_count_and_a_few_are_not_enough() {
        let mut pairs = PairEvidence::default();
        for both in [true, false].repeat(50) {
            pairs.see(both, both);
        }
        assert!((pairs.value() - 1.0).abs() < 1e-9 && pairs.made == 100);
        assert!(after(5, 0) < 100.0 && after(12, 0) > 1_000.0);
        assert!(after(6, 6) < 1.0 && after(0, 12) < 0.1 && after(40, 10) > 1_000.0);
    }

    #[test]
    fn a_fair_game_has_no_expected_gain() {
        // Every order of so many fair draws, each as likely as any other.
        let draws: u32 = 14;
        let mean: f64 = (0..1_u32 << draws)
            .map(|order| after(order.count_ones().into(), (draws - order.count_ones()).into()))
            .sum::<f64>()
            / f64::from(1_u32 << draws);
        assert!((mean - 1.0).abs() < 1e-9, "{mean}");
    }
}
