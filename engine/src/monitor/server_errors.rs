//! Server errors of what is live, outside of canaries: whether they are many enough to be told of, and whether they are over.
//! Pure: seconds go in.

use crate::ports::Seen;

/// How far back is looked, in seconds.
pub(crate) const LOOKED_BACK_S: i64 = 120;
/// Answers with a status of 500 or more in that time before they are repeated: one or two happen to everybody …
const ERRORS_MIN: u64 = 5;
/// … in so many different seconds: one hiccup is none …
const SECONDS_MIN: u64 = 3;
/// … and so many in 100 requests.
const SHARE_MIN_PCT: u64 = 2;
/// They are over when there are fewer than this in that time …
const CALM_ERRORS: u64 = 2;
/// … or fewer than this in 1,000 requests: well below where they begin, so that nothing is told to and fro.
const CALM_SHARE_PER_MILLE: u64 = 5;

/// What a release answered in the time that is looked back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ServerErrors {
    /// Requests.
    pub(crate) requests: u64,
    /// Those answered with a status of 500 or more.
    pub(crate) errors: u64,
    /// Seconds with at least one of those.
    seconds: u64,
}

impl ServerErrors {
    /// What a release answered in the seconds after one.
    pub(crate) fn of(seen: &Seen, release: u32, after_s: i64) -> Self {
        let mut all = Self::default();
        for counts in seen
            .seconds
            .iter()
            .filter(|second| second.at_s > after_s)
            .filter_map(|second| second.by.get(&release))
            .map(|served| served.counts)
        {
            all.requests += counts.requests;
            all.errors += counts.errors;
            all.seconds += u64::from(counts.errors > 0);
        }
        all
    }

    /// The same again and again.
    pub(crate) fn are_repeated(self) -> bool {
        self.errors >= ERRORS_MIN
            && self.seconds >= SECONDS_MIN
            && self.errors * 100 >= self.requests * SHARE_MIN_PCT
    }

    /// Hardly any.
    pub(crate) fn are_over(self) -> bool {
        self.errors < CALM_ERRORS || self.errors * 1_000 < self.requests * CALM_SHARE_PER_MILLE
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::canary::Side;
    use crate::ports::{Served, ServedSecond};

    fn seen(seconds: &[(i64, u64, u64)]) -> Seen {
        let second = |&(at_s, requests, errors): &(i64, u64, u64)| ServedSecond {
            at_s,
            by: BTreeMap::from([(
                2,
                Served { counts: Side { requests, errors, ..Side::default() }, latency: Vec::new() },
            )]),
        };
        Seen { from_s: 0, until_s: 200, seconds: seconds.iter().map(second).collect() }
    }

    fn of(seconds: &[(i64, u64, u64)]) -> ServerErrors {
        ServerErrors::of(&seen(seconds), 2, 10)
    }

    #[test]
    fn repeated_errors_are_several_in_several_seconds() {
        assert!(of(&[(11, 10, 2), (12, 10, 2), (13, 10, 1)]).are_repeated());
        // A hiccup, two unlucky ones, one in a thousand, and what another release answered or was answered before.
        assert!(!of(&[(11, 10, 10)]).are_repeated());
        assert!(!of(&[(11, 1, 1), (12, 1, 1), (13, 1, 1), (14, 1, 1)]).are_repeated());
        assert!(!of(&[(11, 2_000, 2), (12, 2_000, 2), (13, 2_000, 2)]).are_repeated());
        assert!(!of(&[(8, 10, 2), (9, 10, 2), (10, 10, 2)]).are_repeated());
        let others = ServerErrors::of(&seen(&[(11, 10, 9), (12, 10, 9), (13, 10, 9)]), 1, 10);
        assert_eq!(others, ServerErrors::default());
    }

    #[test]
    fn they_are_over_well_below_where_they_begin() {
        assert!(of(&[]).are_over());
        assert!(of(&[(11, 4, 1)]).are_over());
        assert!(of(&[(11, 10_000, 20)]).are_over());
        let few = of(&[(11, 100, 1), (12, 100, 1)]);
        assert!(!few.are_over() && !few.are_repeated());
    }
}
