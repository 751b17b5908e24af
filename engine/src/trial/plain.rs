//! What anybody sees in the plain counts. The judge's evidence is careful, since errors come in bursts of one client that tries
//! again; while it knows little of how the stable version's errors come, it stays calm where the counts do not. Nothing is taken
//! back by plain counts, but nothing passes against them either: a person is asked.

use crate::canary::{Second, Side};

/// Counts that fewer than one of so many pairs of equal versions would show, if errors came singly, are in the way of a pass.
const CHANCE_MAX: f64 = 1.0 / 1_000.0;
/// The same of counts that are looked at every second, and of different times.
const CHANCE_MAX_WATCHED: f64 = 1.0 / 1_000_000.0;
/// Shares of failing lane-seconds that are closer than this are not worth a person's time, whatever their odds.
const MARGIN: f64 = 0.02;

/// Why a stage can't pass although nothing else speaks against it; nothing when its counts are close.
pub(super) fn against_a_pass(served: &Second) -> Option<String> {
    let Second { stable, canary } = served;
    apart(*stable, *canary, CHANCE_MAX).then(|| {
        format!(
            "Too far apart for a pass: the canary failed {}, the stable version {}; too little is known of how errors come here to \
             take it back for that.",
            failed(*canary),
            failed(*stable)
        )
    })
}

/// Why a release that has all traffic needs a person; nothing while it fails about as little as the stable version did `before`,
/// when both had traffic.
pub(super) fn worse_alone(before: Side, alone: Side) -> Option<String> {
    apart(before, alone, CHANCE_MAX_WATCHED).then(|| {
        format!(
            "With all traffic it failed {}; beside it, in the stages before, the stable version failed {}. Nothing runs in the same \
             seconds to compare it with, so a person has to say.",
            failed(alone),
            failed(before)
        )
    })
}

/// How a release does that has had all traffic for so many seconds.
pub(super) fn alone(side: Side, soaked_s: u32) -> String {
    format!("All traffic for {soaked_s} s: it failed {}, and no trigger was pulled.", failed(side))
}

/// Whether the canary fails so much more lane-seconds than the stable version that it is no chance.
fn apart(stable: Side, canary: Side, chance_max: f64) -> bool {
    if canary.lanes == 0 || stable.lanes == 0 {
        return false;
    }
    let share = |side: Side| side.error_lanes as f64 / side.lanes as f64;
    share(canary) - share(stable) >= MARGIN && chance(stable, canary) < chance_max
}

/// How probable it is that a fair draw gives the canary as many of the failing lane-seconds, or more: the one-sided test of Fisher
/// (hypergeometric).
fn chance(stable: Side, canary: Side) -> f64 {
    let (n, m, drawn) = (canary.lanes, stable.lanes, canary.error_lanes);
    let marked = drawn + stable.error_lanes;
    let ln = ln_choose(n, drawn) + ln_choose(m, stable.error_lanes) - ln_choose(n + m, marked);
    let (mut term, mut sum) = (ln.exp(), 0.0);
    for count in drawn..=marked.min(n) {
        sum += term;
        // One more of the canary's is one less of the stable version's.
        term *= (n - count) as f64 * (marked - count) as f64;
        term /= (count + 1) as f64 * (m + count + 1).saturating_sub(marked).max(1) as f64;
    }
    sum
}

/// The logarithm of how many ways there are to choose `k` of `n`.
fn ln_choose(n: u64, k: u64) -> f64 {
    let k = k.min(n - k.min(n));
    (1..=k).map(|i| ((n - k + i) as f64 / i as f64).ln()).sum()
}

/// "18 of 60 requests (30%)".
fn failed(side: Side) -> String {
    format!("{} of {} requests ({:.0}%)", side.errors, side.requests, side.error_share() * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(lanes: u64, error_lanes: u64) -> Side {
        Side { requests: lanes, errors: error_lanes, lanes, error_lanes }
    }

    #[test]
    fn the_chance_is_that_of_a_fair_draw() {
        // 3 of 3 in 30 of 300: C(30, 3) / C(300, 3).
        assert!((chance(side(270, 0), side(30, 3)) - 4_060.0 / 4_455_100.0).abs() < 1e-9);
        assert!((chance(side(90, 0), side(10, 0)) - 1.0).abs() < 1e-9);
        assert!((chance(side(2, 1), side(2, 1)) - 5.0 / 6.0).abs() < 1e-9, "one or both of two");
        assert!((chance(side(10, 10), side(10, 10)) - 1.0).abs() < 1e-9, "all fail");
    }

    #[test]
    fn only_counts_far_apart_are_in_the_way() {
        for (stable, canary, in_the_way) in [
            ((540, 0), (60, 18), true),
            ((351, 0), (39, 4), true),
            ((270, 0), (30, 3), true),
            ((270, 0), (30, 2), false),
            ((351, 30), (39, 4), false),
            ((9_000, 0), (1_000, 19), false), // below 2 points
            ((0, 0), (30, 30), false),        // nothing to compare with
            ((270, 270), (30, 30), false),
        ] {
            let served = Second { stable: side(stable.0, stable.1), canary: side(canary.0, canary.1) };
            assert_eq!(against_a_pass(&served).is_some(), in_the_way, "{stable:?} {canary:?}");
        }
    }

    #[test]
    fn alone_more_is_needed() {
        assert!(worse_alone(side(300, 0), side(60, 5)).is_none());
        assert!(worse_alone(side(300, 0), side(60, 12)).is_some());
        assert!(worse_alone(side(300, 60), side(60, 12)).is_none());
        assert!(worse_alone(side(0, 0), side(60, 60)).is_none(), "there is nothing to go by");
    }
}
