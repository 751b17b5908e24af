//! A process that stands still for some seconds: a collection of garbage, a neighbour that takes the machine. All that comes meanwhile waits, so the slow
//! requests of such a row are one piece of evidence and not many, and it happens to either version. That is another way in which versions can be
//! alike (see [`super::chains`] for errors), and what speaks against the canary has to speak against it as well.

use serde::{Deserialize, Serialize};

/// Shares of a row's requests that wait: up to a stall of five seconds.
const SHARES: [f64; 6] = [0.03, 0.07, 0.14, 0.25, 0.37, 0.5];
/// A row has a stall with this probability at least.
const CHANCE_MIN: f64 = 0.1;
/// The stable version stood still where so many times the usual share of its requests is slow, and twice that of the canary's.
const TIMES_MIN: f64 = 3.0;
/// The chance is thought to be [`CHANCE_MIN`] until about so many rows have shown it.
const WORTH_ROWS: f64 = 10.0;

/// How often processes stand still, as the stable version's have shown so far.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Stalls {
    rows: f64,
    stalled: f64,
}

impl Stalls {
    /// The odds ratios that stalls give a row's requests, when a share `above` of them takes longer than a limit otherwise: whatever waits takes longer.
    pub(super) fn odds(above: f64) -> [f64; SHARES.len()] {
        SHARES.map(|share| (above + share * (1.0 - above)) / ((1.0 - share) * above))
    }

    /// The logarithm of the e-value of a row that is so much likelier than of versions that are alike (`ln`), and than of a canary that stood still in it
    /// (`ln_stalled`): the likelihood ratio against a row that is either.
    pub(super) fn ln_e_value(&self, ln: f64, ln_stalled: f64) -> f64 {
        let chance = self.chance();
        -((1.0 - chance) * (-ln).exp() + chance * (-ln_stalled.max(0.0)).exp()).ln()
    }

    /// Takes in a row: the shares of slow requests of the stable version and of the canary, and the usual one.
    pub(super) fn see(&mut self, stable: f64, canary: f64, usual: f64) {
        self.rows += 1.0;
        if stable >= TIMES_MIN * usual && stable >= 2.0 * canary {
            self.stalled += 1.0;
        }
    }

    fn chance(&self) -> f64 {
        let seen = (self.stalled + CHANCE_MIN * WORTH_ROWS) / (self.rows + WORTH_ROWS);
        seen.clamp(CHANCE_MIN, 0.9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_a_stall_explains_says_as_much_as_stalls_are_rare() {
        let stalls = Stalls::default();
        assert!(stalls.ln_e_value(8.0, 0.0) < 10f64.ln() + 0.01);
        assert!(stalls.ln_e_value(8.0, -3.0) < 10f64.ln() + 0.01, "no more where it explains it better");
        assert!(stalls.ln_e_value(8.0, 8.0) > 7.9);
        let against = stalls.ln_e_value(-3.0, 0.0);
        assert!((-3.0..-2.9).contains(&against), "{against}");
    }

    #[test]
    fn the_stable_version_shows_how_often() {
        let mut stalls = Stalls::default();
        let known = |stalls: &Stalls| stalls.ln_e_value(8.0, 0.0);
        for _ in 0..20 {
            stalls.see(0.05, 0.05, 0.05);
        }
        assert!(known(&stalls) > 2.2, "rare or not yet seen");
        for _ in 0..20 {
            stalls.see(0.4, 0.4, 0.05);
        }
        assert!(known(&stalls) > 2.2, "an incident that hits both is none");
        for _ in 0..20 {
            stalls.see(0.4, 0.05, 0.05);
        }
        assert!(known(&stalls) < 1.3, "{}", known(&stalls));
    }

    #[test]
    fn half_of_all_wait_at_most() {
        // Of 100, 5 take longer than the limit; of the 95 others half waits: 52.5 to 47.5 in place of 5 to 95.
        let [.., most] = Stalls::odds(0.05);
        assert!((most - (52.5 / 47.5) / (5.0 / 95.0)).abs() < 1e-9);
    }
}
