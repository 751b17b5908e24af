//! What anybody sees in the plain counts. The judge's evidence is careful, since errors come in bursts of one client that tries
//! again; while it knows little of how the stable version's errors come, it stays calm where the counts do not. Nothing is taken
//! back by plain counts, but nothing passes against them either: a person is asked.

use super::counts::{Second, Side};

/// Counts that fewer than one of so many pairs of equal versions would show, if errors came singly, are in the way of a pass.
const CHANCE_MAX: f64 = 1.0 / 1_000.0;
/// The same of counts that are looked at every second, and of different times.
const CHANCE_MAX_WATCHED: f64 = 1.0 / 1_000_000.0;
/// Shares of failing lane-seconds that are closer than this are not worth a person's time, whatever their odds.
const MARGIN: f64 = 0.02;
/// Busier lanes fail more often without a release being worse: of its requests, too, the canary has to fail so many times the stable version's share.
const REQUESTS_TIMES_MIN: f64 = 1.5;
/// Where the stable version failed so many lane-seconds, the judge has seen how errors come here, and they are thought to vary so many times as much as if they came
/// singly: a client that tries again with probability 3/4 each time makes as much.
const KNOWN: u64 = 20;
/// See [`KNOWN`].
const CLUMPED: u64 = 7;
/// Who drifts drifts on: with all traffic it is worse from so many times the share of failed requests on that the stable version had beside it in the end.
const TIMES_MIN: f64 = 2.0;
/// The score of a canary of which nothing is known: as low as without any data.
pub(crate) const UNKNOWN_SCORE: u8 = 50;

/// The plain counts of a recorded canary, stage by stage: nothing passes against them, as when it runs.
#[derive(Debug, Default)]
pub struct PlainCounts {
    /// The stage at hand, while both versions have traffic.
    here: Second,
    /// The stable version in the stages so far.
    beside: Vec<Side>,
    /// What is against a pass, and of how many of the canary's lane-seconds that is known.
    against: Option<(String, u64)>,
    /// The canary in each second that it had all traffic.
    alone: Vec<Side>,
}

impl PlainCounts {
    /// Takes in a second; `is_compared` is false with all traffic.
    pub fn second(&mut self, second: &Second, is_compared: bool) {
        let second = second.sane();
        if is_compared {
            self.here = self.here.plus(second);
        } else {
            self.alone.push(second.canary);
        }
    }

    /// A stage ends. Where a canary that runs would soak on, a recorded one goes on to its next stage: that clears it as more of the same would.
    pub fn stage(&mut self) {
        let here = std::mem::take(&mut self.here);
        let lanes = here.canary.lanes;
        self.beside.push(here.stable);
        if let Some(say) = against_a_pass(&here) {
            self.against = Some((say, lanes));
        } else {
            self.against.take_if(|(_, known)| lanes >= *known);
        }
    }

    /// Why it does not pass. An incident that is over before half of the time with all traffic has passed is over.
    pub fn in_the_way(&self) -> Option<String> {
        if let Some((say, _)) = &self.against {
            return Some(say.clone());
        }
        let sum = |seconds: &[Side]| seconds.iter().fold(Side::default(), |sum, second| sum.plus(*second));
        let (all, lately) = (sum(&self.alone), sum(&self.alone[self.alone.len() / 2..]));
        if all.requests == 0 && !self.alone.is_empty() {
            return Some(nobody_came(self.alone.len() as u32));
        }
        let worse = |side| worse_alone(self.beside.iter().copied(), side);
        worse(all).filter(|_| lately.lanes == 0 || worse(lately).is_some())
    }
}

/// Why a stage can't pass although nothing else speaks against it; nothing when its counts are close.
pub(crate) fn against_a_pass(served: &Second) -> Option<String> {
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

/// Why a release that has all traffic needs a person; nothing while it fails about as little as the stable version did in the stages
/// `before`, when both had traffic.
pub(crate) fn worse_alone(before: impl IntoIterator<Item = Side>, alone: Side) -> Option<String> {
    let (mut all, mut last) = (Side::default(), Side::default());
    for stable in before {
        all = all.plus(stable);
        last = if stable.lanes > 0 { stable } else { last };
    }
    let is_worse = alone.error_share() >= TIMES_MIN * last.error_share();
    (is_worse && apart(all, alone, CHANCE_MAX_WATCHED)).then(|| {
        format!(
            "With all traffic it failed {}; beside it, in the stages before, the stable version failed {}. Nothing runs in the same \
             seconds to compare it with, so a person has to say.",
            failed(alone),
            failed(all)
        )
    })
}

/// Why a release of which nobody wants anything can't pass, although it has had all traffic for so many seconds.
pub(crate) fn nobody_came(soaked_s: u32) -> String {
    format!(
        "Not enough data: the new release has had all traffic for {soaked_s} s, and not one request came."
    )
}

/// How a release does that has had all traffic for so many seconds.
pub(crate) fn alone(side: Side, soaked_s: u32) -> String {
    format!("All traffic for {soaked_s} s: it failed {}, and no trigger was pulled.", failed(side))
}

/// Whether the canary fails so much more lane-seconds than the stable version that it is no chance.
fn apart(stable: Side, canary: Side, chance_max: f64) -> bool {
    if canary.lanes == 0 || stable.lanes == 0 {
        return false;
    }
    let share = |side: Side| side.error_lanes as f64 / side.lanes as f64;
    let clump = if stable.error_lanes < KNOWN { 1 } else { CLUMPED };
    let faults = |side: Side| (side.lanes / clump, (side.error_lanes / clump).min(side.lanes / clump));
    share(canary) - share(stable) >= MARGIN
        && canary.error_share() >= REQUESTS_TIMES_MIN * stable.error_share()
        && chance(faults(stable), faults(canary)) < chance_max
}

/// How probable it is that a fair draw gives the canary as many of the failing units (all, failing), or more: the one-sided test of Fisher
/// (hypergeometric).
fn chance((m, others): (u64, u64), (n, drawn): (u64, u64)) -> f64 {
    let marked = drawn + others;
    let ln = ln_choose(n, drawn) + ln_choose(m, others) - ln_choose(n + m, marked);
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
        assert!((chance((270, 0), (30, 3)) - 4_060.0 / 4_455_100.0).abs() < 1e-9);
        assert!((chance((90, 0), (10, 0)) - 1.0).abs() < 1e-9);
        assert!((chance((2, 1), (2, 1)) - 5.0 / 6.0).abs() < 1e-9, "one or both of two");
        assert!((chance((10, 10), (10, 10)) - 1.0).abs() < 1e-9, "all fail");
    }

    #[test]
    fn busier_lanes_are_not_worse() {
        let stable = Side { requests: 54_000, errors: 1_080, lanes: 5_400, error_lanes: 980 };
        let busy = Side { requests: 9_000, errors: 180, lanes: 600, error_lanes: 155 };
        assert!(against_a_pass(&Second { stable, canary: busy }).is_none());
        let worse = Side { errors: 400, error_lanes: 300, ..busy };
        assert!(against_a_pass(&Second { stable, canary: worse }).is_some());
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
            ((3_400, 68), (380, 20), false),  // a few clients that tried again
            ((3_400, 68), (380, 60), true),
            ((270, 270), (30, 30), false),
        ] {
            let served = Second { stable: side(stable.0, stable.1), canary: side(canary.0, canary.1) };
            assert_eq!(against_a_pass(&served).is_some(), in_the_way, "{stable:?} {canary:?}");
        }
    }

    #[test]
    fn a_later_stage_clears_as_soaking_on_would() {
        let mut plain = PlainCounts::default();
        let mut stage = |canary: (u64, u64), stable: (u64, u64)| {
            plain
                .second(&Second { stable: side(stable.0, stable.1), canary: side(canary.0, canary.1) }, true);
            plain.stage();
            plain.in_the_way().is_some()
        };
        assert!(stage((60, 18), (540, 0)));
        assert!(stage((20, 0), (20, 0)), "too little to clear it");
        assert!(!stage((60, 0), (60, 0)));
        assert!(stage((60, 18), (60, 0)));
    }

    #[test]
    fn alone_more_is_needed() {
        let alone = |before: &[Side], alone| worse_alone(before.iter().copied(), alone).is_some();
        assert!(!alone(&[side(300, 0)], side(60, 5)));
        assert!(alone(&[side(300, 0)], side(60, 12)));
        assert!(!alone(&[side(300, 60)], side(60, 12)));
        assert!(!alone(&[side(0, 0)], side(60, 60)), "there is nothing to go by");
    }

    #[test]
    fn who_drifts_drifts_on() {
        let drifted = [side(5400, 180), side(3000, 180)];
        assert!(worse_alone(drifted, side(6000, 520)).is_none());
        assert!(worse_alone(drifted, side(6000, 1200)).is_some());
        assert!(
            worse_alone([side(5400, 18), side(0, 0)], side(6000, 520)).is_some(),
            "nobody was beside it in the end"
        );
    }
}
