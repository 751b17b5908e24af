//! Whether the canary really gets the share of traffic it was given. If not, the router is at fault and not the release: an
//! alarm, never a verdict. (Fabijan et al. 2019 call it the sample ratio check.)
//!
//! The bets are likelihood ratios of the share received against the outermost share that a right router may make, mixed over several
//! shares beyond it; Ville's inequality holds for them at all times at once, as for the judge's. Two things make a right split look wrong:
//!
//! - *Clients are not alike.* They stay with their release, so one that asks a lot moves the share for good. No count shows that, so the odds may be off by a factor.
//! - *Requests of one client come together.* As many of them are one draw as [`super::dispersion`] learns from how the share varies from second
//!   to second and over half a minute; until it has, a lot of them are.
//!
//! So a share is told only where it is off by more than that factor, and after as many requests as it takes draws: 2.5% in place of 10% takes about 1,300
//! of them, which is 43 s at 100 requests a second that come singly, two minutes at 30, and more than half an hour at 10. Nothing in place of 10%
//! takes 36 s at 100 a second and six minutes at 10.

use serde::{Deserialize, Serialize};

use super::counts::Second;
use super::dispersion::Dispersion;

/// The probability, at most, that a right split is called wrong in a stage by one of the two bets (too little, too much): three stages of two services
/// stay below one in a thousand runs.
const FALSE_ALARM: f64 = 0.000_08;
/// As many requests count as one draw, until they are seen to come singly.
const CLIENT: f64 = 12.0;
/// Who stays for minutes is seen in part by a memory of half a minute: of draws of this many requests, twice as many are one.
const LONG: f64 = 25.0;
/// Where fewer requests come in a second, a handful of clients may be all there are for minutes: they are not believed to come singly.
const MANY: u64 = 20;
/// A second is beyond the usual by no more requests than this, over what chance makes, or one moment would be all that is remembered.
const BEYOND_MAX: f64 = 20.0;
/// The odds may be off by this factor: clients are not alike, and few lanes spread them unevenly.
const ODDS_SLACK: f64 = 2.0;
/// And the share may be less by this share of it: a request in flight, a health check.
const SHARE_SLACK: f64 = 0.02;
/// By how much odds are thought to be beyond what they may be.
const BEYOND: [f64; 4] = [1.4, 2.5, 8.0, 100.0];

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

/// What was received in one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// Requests of the stable version and of the canary.
    served: (u64, u64),
    seconds: u32,
    clumps: Dispersion,
}

impl Default for Received {
    fn default() -> Self {
        Self { served: (0, 0), seconds: 0, clumps: Dispersion::new(0, 0, BEYOND_MAX) }
    }
}

impl Received {
    /// Takes in a second of the stage.
    pub fn second(&mut self, second: &Second) {
        let (stable, canary) = (second.stable.requests, second.canary.requests);
        let all = stable.saturating_add(canary);
        self.served = (self.served.0.saturating_add(stable), self.served.1.saturating_add(canary));
        self.seconds = self.seconds.saturating_add(1);
        self.clumps.see(canary, all, 1);
    }

    /// Requests of the canary, and of both.
    pub fn of_all(&self) -> (u64, u64) {
        (self.served.1, self.served.0.saturating_add(self.served.1))
    }

    /// Whether that can be a split that was told to be `weight_pct` (0 to 100). May be asked after every second.
    pub fn split(&self, weight_pct: u8) -> Split {
        let (canary, all) = self.of_all();
        if all == 0 {
            return Split::Right;
        }
        let told = f64::from(weight_pct.min(100)) / 100.0;
        let got = canary as f64 / all as f64;
        let learnt = self.clumps.factor(CLIENT);
        let together = if all < MANY * u64::from(self.seconds) { learnt.max(CLIENT) } else { learnt };
        let draws = all as f64 / (together * (1.0 + together / LONG));
        let low = told / (told + ODDS_SLACK * (1.0 - told)) * (1.0 - SHARE_SLACK);
        let high = ODDS_SLACK * told / (1.0 - told + ODDS_SLACK * told);
        let too_little = got < low && bet(got, low, draws, |odds, beyond| odds / beyond) >= 1.0 / FALSE_ALARM;
        let too_much = got > high && bet(got, high, draws, |odds, beyond| odds * beyond) >= 1.0 / FALSE_ALARM;
        if too_little || too_much {
            Split::Wrong { told_pct: told * 100.0, got_pct: got * 100.0 }
        } else {
            Split::Right
        }
    }
}

/// The mean likelihood ratio of shares beyond `limit` (between 0 and 1, exclusive), after so many draws of which `got` were the canary's.
fn bet(got: f64, limit: f64, draws: f64, beyond: impl Fn(f64, f64) -> f64) -> f64 {
    let odds = limit / (1.0 - limit);
    let ratios = BEYOND.map(|by| {
        let odds = beyond(odds, by);
        let share = odds / (1.0 + odds);
        (draws * (got * (share / limit).ln() + (1.0 - got) * ((1.0 - share) / (1.0 - limit)).ln())).exp()
    });
    ratios.iter().sum::<f64>() / BEYOND.len() as f64
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::canary::Side;

    /// SplitMix64 (Steele, Lea and Flood 2014): strictly between 0 and 1.
    struct Chance(u64);

    impl Chance {
        fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        }

        fn poisson(&mut self, mean: f64) -> u64 {
            let (mut count, mut left, end) = (0, self.unit(), (-mean).exp());
            while left > end {
                count += 1;
                left *= self.unit();
            }
            count
        }
    }

    /// The second at which a stage of 600 s raises the alarm: so many requests a second of clients that ask `times` on average, every five seconds on
    /// average, and of whom the router gives `got` to the canary.
    fn alarm(seed: u64, rate: f64, times: f64, told_pct: u8, got: f64) -> Option<u32> {
        let mut chance = Chance(seed);
        let mut received = Received::default();
        // The canary's clients and the stable version's that are there at the time, as usual from the beginning.
        let there = rate * 5.0 * (1.0 - 1.0 / times);
        let mut clients = [chance.poisson(there * (1.0 - got)), chance.poisson(there * got)];
        (1..=600).find(|_| {
            let mut counts = [0; 2];
            for (side, share) in [(0, 1.0 - got), (1, got)] {
                let asks = (0..clients[side]).filter(|_| chance.unit() < 0.2).count() as u64;
                let leave = (0..asks).filter(|_| chance.unit() < 1.0 / times).count() as u64;
                let fresh = chance.poisson(rate / times * share);
                let stay = (0..fresh).filter(|_| chance.unit() > 1.0 / times).count() as u64;
                counts[side] = asks + fresh;
                clients[side] = clients[side] + stay - leave;
            }
            let side = |requests| Side { requests, ..Side::default() };
            received.second(&Second { stable: side(counts[0]), canary: side(counts[1]) });
            received.split(told_pct) != Split::Right
        })
    }

    fn median(rate: f64, times: f64, told_pct: u8, got: f64) -> u32 {
        let mut at: Vec<u32> =
            (0..21).map(|seed| alarm(seed, rate, times, told_pct, got).unwrap_or(u32::MAX)).collect();
        at.sort_unstable();
        at[10]
    }

    /// Single requests, sessions of a few and of many, at little traffic and at much: none in as many stages as a thousand runs would show one in.
    #[test]
    fn a_right_split_raises_no_alarm() {
        for (rate, times) in [(1.0, 1.0), (10.0, 1.0), (10.0, 8.0), (3.0, 20.0), (30.0, 20.0), (60.0, 3.0)] {
            for told_pct in [10, 50] {
                let wrong = (0..150)
                    .filter(|seed| {
                        alarm(1_000 + seed, rate, times, told_pct, f64::from(told_pct) / 100.0).is_some()
                    })
                    .count();
                assert_eq!(wrong, 0, "{rate} a second, {times} each, {told_pct}%");
            }
        }
    }

    #[test]
    fn a_quarter_of_the_share_is_told_within_a_minute_and_nothing_at_all_within_seconds() {
        let quarter =
            [median(100.0, 1.0, 10, 0.025), median(30.0, 1.0, 10, 0.025), median(100.0, 4.0, 10, 0.025)];
        expect!["[43, 125, 52]"].assert_eq(&format!("{quarter:?}"));
        let nothing = [median(100.0, 1.0, 10, 0.0), median(10.0, 1.0, 10, 0.0), median(10.0, 1.0, 50, 0.0)];
        expect!["[36, 360, 49]"].assert_eq(&format!("{nothing:?}"));
        let more = [median(100.0, 1.0, 10, 0.3), median(100.0, 1.0, 10, 1.0), median(100.0, 1.0, 100, 0.5)];
        expect!["[13, 2, 2]"].assert_eq(&format!("{more:?}"));
    }

    #[test]
    fn what_odds_of_two_explain_is_no_alarm() {
        for (told_pct, got) in [(10, 0.06), (10, 0.17), (50, 0.36), (100, 0.99)] {
            assert_eq!(median(60.0, 1.0, told_pct, got), u32::MAX, "{got} at {told_pct}%");
        }
        assert_eq!(Received::default().split(10), Split::Right);
    }
}
