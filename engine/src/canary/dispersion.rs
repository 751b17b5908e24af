//! By how much more errors vary than fair draws would, learnt from the stable version while it is compared.
//!
//! If an error brings `k` more of the same fault on average, counts vary `1 + 2k` times as much as single errors (the variance of a
//! clustered point process; Cox and Lewis 1966, chapter 4). `k` is estimated as the errors beyond the usual that come with the errors beyond
//! the usual of the seconds before, `Σ rₜ·zₜ / Σ vₜ`: `r` is a second's marked units less the expected ones, `v` their variance in a fair
//! draw, `z` a memory of `r` that fades. Each error says something at once, where counts of whole minutes would have to wait for some of those.

use serde::{Deserialize, Serialize};

use super::usual::Usual;

/// How long the memories last, in seconds: a client that tries again at once, and one that waits longer each time.
const MEMORIES_S: [f64; 2] = [3.0, 20.0];
/// A memory that fades sees about half of the errors of one fault.
const UNSEEN: f64 = 2.0;
/// What is left after a second of the stable version's usual share.
const USUAL_FADE: f64 = 0.995;
/// The share of the past that counts for it: as many seconds as that remembers.
const PAST_SHARE: f64 = 0.33;
/// The dispersion is believed to be smaller than assumed where so many standard errors above the estimate still are.
const STANDARD_ERRORS: f64 = 1.5;
/// One fault is not the mean of all: so much is added to a standard error, over the number of errors seen.
const FEW: f64 = 8.0;
/// Standard deviations of a fair draw by which a second or a memory may be beyond the usual, over what it may be anyway.
const BEYOND_DEVIATIONS: f64 = 3.0;
/// After an incident that hit both versions it would seem to be more; nothing that clients do disperses as much.
const FACTOR_MAX: f64 = 25.0;

/// What is known of how marked units vary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Dispersion {
    /// A second says no more than so many units beyond the usual, or an incident would be all that is remembered.
    beyond_max: f64,
    usual: Usual,
    memories: [Memory; MEMORIES_S.len()],
    /// Sums of the variances, of the squares of what was beyond the usual, and of marked units.
    variance: f64,
    squares: f64,
    marked: f64,
}

/// What came together with what was before.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Memory {
    /// Beyond the usual, and its variance in a fair draw, fading.
    before: (f64, f64),
    /// Sum of products with what came then, and its variance.
    together: (f64, f64),
}

impl Dispersion {
    /// With so many marked of all units before, and no more than `beyond_max` units beyond the usual in a second.
    pub(super) fn new(marked: u64, all: u64, beyond_max: f64) -> Self {
        Self {
            beyond_max,
            usual: Usual::new(marked as f64 * PAST_SHARE, all as f64 * PAST_SHARE),
            memories: Default::default(),
            variance: 0.0,
            squares: 0.0,
            marked: 0.0,
        }
    }

    /// Takes in so many seconds.
    pub(super) fn see(&mut self, marked: u64, all: u64, seconds: u32) {
        let (marked, all) = (marked as f64, all as f64);
        if all > 0.0 && self.usual.all() > 0.0 {
            self.compare(marked, all, seconds);
        }
        let kept = USUAL_FADE.powi(seconds as i32);
        if self.usual.see(marked, all, kept) {
            // Beyond what was usual until now says nothing about how errors clump.
            *self = Self { usual: self.usual, ..Self::new(0, 0, self.beyond_max) };
        }
    }

    fn compare(&mut self, marked: f64, all: f64, seconds: u32) {
        // Half an error more than there were: none so far is not never.
        let share = ((self.usual.marked() + 0.5) / (self.usual.all() + 1.0)).min(1.0);
        let variance = all * share * (1.0 - share);
        let most = self.beyond_max + BEYOND_DEVIATIONS * variance.sqrt();
        let beyond = (marked - all * share).clamp(-most, most);
        for (memory, lasts_s) in self.memories.iter_mut().zip(MEMORIES_S) {
            let kept = (-f64::from(seconds) / lasts_s).exp();
            let before = (memory.before.0 * kept, memory.before.1 * kept * kept);
            memory.together.0 += beyond * before.0;
            memory.together.1 += variance * before.1;
            let variance = before.1 + variance;
            let most = self.beyond_max + BEYOND_DEVIATIONS * variance.sqrt();
            memory.before = ((before.0 + beyond).clamp(-most, most), variance);
        }
        self.variance += variance;
        self.squares += beyond * beyond;
        self.marked += marked.min(most);
    }

    /// How much more they vary than fair draws, 1 to 25. `assumed` holds as long as so much is still possible.
    pub(super) fn factor(&self, assumed: f64) -> f64 {
        if self.variance <= 0.0 {
            return assumed.max(1.0);
        }
        let within = (self.squares / self.variance).max(1.0);
        // Where nothing fails there is nothing to learn from, however long it takes.
        let seen = self.variance.min(self.marked).max(0.1);
        let mut most: f64 = 1.0;
        for memory in &self.memories {
            let factor = within + 2.0 * UNSEEN * memory.together.0 / self.variance;
            let noise = 2.0 * UNSEEN * (memory.together.1 / self.variance / seen).sqrt();
            let possible = factor + STANDARD_ERRORS * (noise + FEW / seen);
            most = most.max(factor).max(possible.min(assumed));
        }
        most.min(FACTOR_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten minutes of nine lanes, an error every `each` seconds that comes back `times` times, `apart` seconds apart.
    fn after(each: u32, times: u32, apart: u32) -> Dispersion {
        let mut dispersion = Dispersion::new(0, 0, 3.0);
        // Not evenly: faults come by chance, here by the hash of the second.
        let begins = |at: u32| (at.wrapping_mul(2_654_435_761) >> 16).is_multiple_of(each);
        for at in 0..600_u32 {
            let marked = (0..=times).filter(|k| at >= k * apart && begins(at - k * apart)).count();
            dispersion.see(marked.min(9) as u64, 9, 1);
        }
        dispersion
    }

    #[test]
    fn single_errors_do_not_disperse_and_retries_do() {
        let (single, retried) = (after(8, 0, 1).factor(14.0), after(32, 3, 5).factor(14.0));
        assert!(single < 3.5, "{single}");
        assert!(retried > 5.0, "{retried}");
    }

    #[test]
    fn what_is_assumed_holds_until_errors_say_otherwise() {
        assert!((Dispersion::new(3, 5400, 3.0).factor(14.0) - 14.0).abs() < f64::EPSILON);
        let nothing = after(1_000_000, 0, 1).factor(14.0);
        assert!((nothing - 14.0).abs() < f64::EPSILON, "without errors nothing is learnt: {nothing}");
        assert!(after(8, 0, 1).factor(14.0) < 14.0);
    }

    #[test]
    fn an_incident_is_forgiven_and_forgotten() {
        let mut dispersion = Dispersion::new(300, 5400, 3.0);
        let mut factors = (0..600_u32).map(|at| {
            dispersion.see(if (100..160).contains(&at) { 9 } else { u64::from(at % 3 == 0) }, 9, 1);
            dispersion.factor(14.0)
        });
        assert!(factors.nth(159).is_some_and(|during| (during - FACTOR_MAX).abs() < f64::EPSILON));
        assert!(factors.last().is_some_and(|after| after <= 14.0));
    }
}
