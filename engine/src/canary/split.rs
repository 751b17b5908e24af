//! Whether the canary really gets the share of traffic it was given. If not, the router is at fault and not the release: an
//! alarm, never a verdict. (Fabijan et al. 2019 call it the sample ratio check.)
//!
//! The share is watched with a confidence sequence, which holds at all times at once: Robbins' normal mixture
//! (Howard, Ramdas, McAuliffe and Sekhon 2021, eq. 14). Requests of one client follow it to one version, so they are no
//! independent draws, and clients are spread over lanes by a hash; only what is clearly wrong is told.

use serde::{Deserialize, Serialize};

/// The probability, at most, that a right split is ever called wrong.
const FALSE_ALARM: f64 = 0.001;
/// As many requests of one client count as one draw.
const CLIENT: f64 = 20.0;
/// The odds may be off by this factor: clients are not alike, and few lanes spread them unevenly.
const ODDS_SLACK: f64 = 2.0;
/// And the share by so much, for a weight of 100.
const SHARE_SLACK: f64 = 0.02;
/// The variance of a share between 0 and 1 is at most this.
const VARIANCE_MAX: f64 = 0.25;
/// The number of draws at which the sequence is tightest.
const TIGHTEST_AT: f64 = 100.0;

/// What the counts say about the split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "split", rename_all = "kebab-case")]
pub enum Split {
    /// It may be as it was told.
    Right,
    /// It is not.
    Wrong {
        /// The share the canary was given, in percent.
        told_pct: f64,
        /// The share it gets, in percent.
        got_pct: f64,
    },
}

/// Whether `canary` of `all` requests of a stage can be a split that was told to be `weight_pct` (0 to 100). May be asked after every request.
pub fn split(weight_pct: u8, canary: u64, all: u64) -> Split {
    let draws = all as f64 / CLIENT;
    if draws < 1.0 {
        return Split::Right;
    }
    let told = f64::from(weight_pct.min(100)) / 100.0;
    let got = canary.min(all) as f64 / all as f64;
    let variance = draws * VARIANCE_MAX;
    let mixing = TIGHTEST_AT * VARIANCE_MAX;
    let radius =
        ((variance + mixing) * ((variance + mixing) / (mixing * FALSE_ALARM.powi(2))).ln()).sqrt() / draws;
    let low = told / (told + ODDS_SLACK * (1.0 - told)) - SHARE_SLACK;
    let high = ODDS_SLACK * told / (1.0 - told + ODDS_SLACK * told) + SHARE_SLACK;
    if got + radius < low || got - radius > high {
        Split::Wrong { told_pct: told * 100.0, got_pct: got * 100.0 }
    } else {
        Split::Right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_split_is_told_and_a_right_one_is_not() {
        // All of the traffic on a canary that was given a tenth, and none on one that was given half.
        assert!(matches!(split(10, 1_500, 1_500), Split::Wrong { .. }));
        assert!(matches!(split(50, 0, 3_000), Split::Wrong { got_pct, .. } if got_pct == 0.0));
        assert!(matches!(split(100, 40_000, 80_000), Split::Wrong { .. }));
        assert!(matches!(split(10, 300_000, 1_000_000), Split::Wrong { .. }));
        for (weight, canary, all) in
            [(10, 0, 0), (10, 12, 15), (10, 90_000, 1_000_000), (50, 450, 1_000), (100, 500, 500)]
        {
            assert_eq!(split(weight, canary, all), Split::Right, "{canary} of {all} at {weight}%");
        }
    }

    #[test]
    fn a_canary_that_was_given_a_tenth_and_gets_nothing_is_told() {
        let told = (1..100_u64).any(|n| split(10, 0, n * 1_000) != Split::Right);
        assert!(told);
    }
}
