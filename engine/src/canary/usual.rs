//! The usual share of marked units (failed lanes, failed requests): of what was before a canary, and of what is seen beside it.
//!
//! Who mends an incident deploys right after it, and then the minutes before say that a tenth of all fails. By that a release that fails a twentieth is fine.
//! So what was before counts only as long as the stable version goes on like that.

use serde::{Deserialize, Serialize};

/// So many standard deviations fewer than before are no chance.
const FEWER_DEVIATIONS: f64 = 3.0;
/// The variance of marked units over that of single ones: a client that tries again with probability 3/4 each time makes as much.
const CLUMPED: f64 = 7.0;

/// Marked and all units, fading.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Usual {
    before: (f64, f64),
    now: (f64, f64),
}

impl Usual {
    /// With so many marked of all units before.
    pub(super) fn new(marked: f64, all: f64) -> Self {
        Self { before: (marked, all), now: (0.0, 0.0) }
    }

    /// Takes in units; `kept` is what is left of those before. Whether what was before the canary is let go by that.
    pub(super) fn see(&mut self, marked: f64, all: f64, kept: f64) -> bool {
        self.before = (self.before.0 * kept, self.before.1 * kept);
        self.now = (self.now.0 * kept + marked, self.now.1 * kept + all);
        let (marked, all) = self.before;
        if all <= 0.0 {
            return false;
        }
        let expected = marked / all * self.now.1;
        let fewer = expected - self.now.0;
        let gone = fewer > FEWER_DEVIATIONS * (CLUMPED * expected).sqrt();
        if gone {
            self.before = (0.0, 0.0);
        }
        gone
    }

    /// Marked units.
    pub(super) fn marked(&self) -> f64 {
        self.before.0 + self.now.0
    }

    /// All units.
    pub(super) fn all(&self) -> f64 {
        self.before.1 + self.now.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After an incident, so many of nine lanes fail in each of so many seconds.
    fn after(seconds: u32, failed: f64) -> Usual {
        let mut usual = Usual::new(540.0, 5400.0);
        for _ in 0..seconds {
            usual.see(failed, 9.0, 0.998);
        }
        usual
    }

    #[test]
    fn what_was_before_counts_as_long_as_it_goes_on_like_that() {
        assert!(after(300, 0.9).all() > 4000.0, "as usual");
        assert!(after(300, 0.7).all() > 4000.0, "about as usual");
        assert!(after(300, 2.0).all() > 4000.0, "worse");
        assert!(after(30, 0.0).all() > 5000.0, "a quiet half minute");
    }

    #[test]
    fn an_incident_that_is_over_is_forgotten() {
        let usual = after(90, 0.01);
        assert!(usual.marked() / usual.all() < 0.02, "{usual:?}");
    }
}
