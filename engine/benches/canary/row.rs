//! What came of one cell, and the line of the table about it.

use std::ops::Range;

use engine::canary::{Lack, Policy, Verdict};

use crate::cells;
use crate::oracle::Oracle;
use crate::rivals::Rivals;
use crate::trial::{self, Ended};
use crate::world::{Traffic, World};

/// Both catch a cell in which both roll back in at least this share of trials.
const CAUGHT: f64 = 0.5;

/// Where each judge's rollbacks are.
pub(crate) const OWN: usize = 0;
const FLAGGER: usize = 1;
const ARGO: usize = 2;
const RANK: usize = 3;
pub(crate) const ORACLE: usize = 4;

/// How this judge's trials ended.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    trials: u64,
    passed: u64,
    held: u64,
    /// Seconds and canary requests of each rollback, in order.
    caught: Vec<(u32, u64)>,
}

impl Counted {
    pub(crate) fn count(&mut self, ended: &Ended) {
        self.trials += 1;
        match ended.ruling.verdict {
            Verdict::Fail { .. } => {
                let place = self.caught.partition_point(|at| *at < ended.at);
                self.caught.insert(place, ended.at);
            }
            Verdict::Pass => self.passed += 1,
            Verdict::NotEnoughData { lack: Lack::Certainty | Lack::Traffic, .. } => self.held += 1,
        }
    }

    /// Rolled back, passed, held, and when.
    pub(crate) fn shown(&self) -> String {
        let share = |count: u64| percent(count as f64 / self.trials.max(1) as f64);
        let when =
            median(&self.caught).map_or_else(|| "–".to_owned(), |(s, requests)| format!("{s} / {requests}"));
        format!(
            "{} | {} | {} | {when}",
            share(self.caught.len() as u64),
            share(self.passed),
            share(self.held)
        )
    }
}

/// One cell.
pub(crate) struct Row {
    world: World,
    own: Counted,
    /// Seconds and canary requests of each rollback of the rivals, then of the oracle.
    others: [Vec<(u32, u64)>; 4],
}

impl Row {
    pub(crate) fn of(world: World, trials: Range<u64>, with_rivals: bool) -> Self {
        let mut row = Self { world, own: Counted::default(), others: Default::default() };
        for seed in trials {
            let mut rivals = Rivals::default();
            let mut oracle = Oracle::new(&world);
            let traffic = Traffic::new(world, seed * 7919 + 17);
            row.own.count(&trial::trial(Policy::default(), traffic.past.clone(), traffic, |tick| {
                if with_rivals {
                    rivals.see(tick);
                    oracle.see(tick);
                }
                !with_rivals
                    || (oracle.rolled_back.is_some() && rivals.rolled_back.iter().all(Option::is_some))
            }));
            for (caught, at) in
                row.others.iter_mut().zip(rivals.rolled_back.into_iter().chain([oracle.rolled_back]))
            {
                caught.extend(at);
            }
        }
        row.others.iter_mut().for_each(|caught| caught.sort_unstable());
        row
    }

    fn caught(&self, judge: usize) -> &[(u32, u64)] {
        judge.checked_sub(1).and_then(|other| self.others.get(other)).unwrap_or(&self.own.caught)
    }

    fn share(&self, judge: usize) -> f64 {
        self.caught(judge).len() as f64 / self.own.trials.max(1) as f64
    }

    /// How many times the canary requests of a judge the rank test needs, in the median, where both the rank test and our judge
    /// catch the fault.
    pub(crate) fn ratio(&self, judge: usize) -> Option<f64> {
        let both = cells::bad(&self.world) && self.share(OWN) >= CAUGHT && self.share(RANK) >= CAUGHT;
        let (judge, rank) = (median(self.caught(judge))?, median(self.caught(RANK))?);
        both.then(|| rank.1 as f64 / judge.1.max(1) as f64)
    }

    /// The first columns.
    pub(crate) fn named(world: &World) -> String {
        let errors = if world.canary_errors > world.stable_errors {
            format!("{}→{}%", world.stable_errors * 100.0, world.canary_errors * 100.0)
        } else {
            format!("{}%", world.stable_errors * 100.0)
        };
        let name = if world.slower > 1.0 {
            format!("**latency +{:.0}%**", (world.slower - 1.0) * 100.0)
        } else if cells::bad(world) {
            format!("**{}**", world.name)
        } else {
            world.name.to_owned()
        };
        format!("| {} | {name} | {errors}", world.rate)
    }

    pub(crate) fn shown(&self) -> String {
        let rival = |judge: usize| match median(self.caught(judge)) {
            Some((seconds, requests)) => format!("{} ({seconds} / {requests})", percent(self.share(judge))),
            None => "0%".to_owned(),
        };
        format!(
            "{} | {} | {} | {} | {} |",
            Self::named(&self.world),
            self.own.shown(),
            rival(FLAGGER),
            rival(ARGO),
            rival(RANK)
        )
    }

    /// Where the requests go: the medians of a cell that counts for the mean.
    pub(crate) fn shown_losses(&self) -> Option<String> {
        let ratio = self.ratio(OWN)?;
        let [own, oracle, rank] =
            [OWN, ORACLE, RANK].map(|judge| median(self.caught(judge)).unwrap_or_default().1);
        let lost = own as f64 / oracle.max(1) as f64;
        Some(format!("{} | {own} | {oracle} | {rank} | {ratio:.1} | {lost:.1} |", Self::named(&self.world)))
    }
}

fn median(caught: &[(u32, u64)]) -> Option<(u32, u64)> {
    caught.get(caught.len() / 2).copied()
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}
