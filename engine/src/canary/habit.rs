//! How many of a version's lanes fail in a second, foretold from how many did in the seconds before.
//!
//! A fault that counts (every fifth request, a slot of five) fails more evenly than any chance: one lane in each second. Beside a share of lanes that fail by
//! chance, a client that tries again foretells that better, so such a fault would seem to be one. Any forecast made before the second it is
//! about may stand against what versions that are alike do (prequential; Dawid 1984), so this one needs to know nothing of the fault.

use serde::{Deserialize, Serialize};

/// Lanes beyond so many are all the same to it.
const LANES_MAX: u64 = 16;
/// What is left after a second of what was seen: it remembers a minute, about.
const FADE: f64 = 0.98;
/// Before anything was seen, each further error lane is thought to be so much rarer.
const RARER: f64 = 0.5;

/// How often so many of so many lanes failed: by lanes, then by error lanes, fading.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Habit {
    seen: Vec<Vec<f64>>,
}

impl Habit {
    /// Takes in a second in which `failed` of `lanes` failed. The answer is the logarithm of how likely that was, as of the second before.
    pub(super) fn see(&mut self, failed: u64, lanes: u64) -> f64 {
        if lanes == 0 {
            return 0.0;
        }
        let (row, column) = (lanes.min(LANES_MAX), failed.min(lanes).min(LANES_MAX));
        let (at, of) = (column as usize, row as usize);
        if self.seen.len() <= of {
            self.seen.resize(of + 1, Vec::new());
        }
        let seen = &mut self.seen[of];
        seen.resize(of + 1, 0.0);
        let thought = |failed: usize| RARER.powi(failed as i32);
        let all: f64 = seen.iter().sum::<f64>() + (0..=of).map(thought).sum::<f64>();
        let likely = (seen[at] + thought(at)) / all;
        for seen in seen.iter_mut() {
            *seen *= FADE;
        }
        seen[at] += 1.0;
        // What is all the same shares what is thought of it.
        let same = if column == LANES_MAX { lanes - LANES_MAX + 1 } else { 1 };
        (likely / same as f64).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forecasts_of_all_there_can_be_add_up_to_one() {
        for lanes in [1, 4, 16, 40] {
            let mut habit = Habit::default();
            for second in 0..50_u64 {
                let sum: f64 = (0..=lanes).map(|failed| habit.clone().see(failed, lanes).exp()).sum();
                assert!((sum - 1.0).abs() < 1e-9, "{lanes} lanes after {second} s: {sum}");
                habit.see(second * 7 % (lanes + 1), lanes);
            }
        }
    }

    #[test]
    fn what_happens_in_each_second_is_soon_expected() {
        let mut habit = Habit::default();
        let likely: Vec<f64> = (0..30).map(|_| habit.see(1, 4).exp()).collect();
        assert!(likely[0] < 0.3 && likely[29] > 0.9, "{likely:?}");
    }

    #[test]
    fn without_lanes_there_is_nothing_to_foretell() {
        assert!(Habit::default().see(0, 0).abs() < f64::EPSILON);
    }
}
