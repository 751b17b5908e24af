//! The order in which releases take turns. Pure.
//!
//! Smooth weighted round robin: at every turn each release gains its weight, the one that has most is taken and pays
//! the sum of all weights. After as many turns as the weights add up to, everybody has had exactly their weight and
//! the balance is where it began, so the order repeats: it is worked out once, and taking a turn is one atomic
//! addition. With weights that add up to 100, *any* 100 turns in a row are split exactly.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A release and its weight.
pub(crate) type Share = (u32, u8);

/// An endless order of turns.
#[derive(Debug, Default)]
pub(crate) struct Cycle {
    shares: Vec<Share>,
    order: Vec<u32>,
    turn: AtomicUsize,
}

impl Cycle {
    /// Works out the order for these shares; those without weight get no turn.
    pub(crate) fn new(shares: &[Share]) -> Self {
        let shares: Vec<Share> = shares.iter().copied().filter(|&(_, weight)| weight > 0).collect();
        let order = order(&shares);
        Self { shares, order, turn: AtomicUsize::new(0) }
    }

    /// Whether it was made for these shares, so that it can go on where it is instead of beginning anew.
    pub(crate) fn is_for(&self, shares: &[Share]) -> bool {
        self.shares == shares
    }

    /// The release whose turn it is; nobody's when there are no shares.
    pub(crate) fn next(&self) -> Option<u32> {
        if self.order.is_empty() {
            return None;
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.order.get(turn % self.order.len()).copied()
    }
}

fn order(shares: &[Share]) -> Vec<u32> {
    let divisor =
        shares.iter().fold(0, |so_far, &(_, weight)| greatest_common_divisor(so_far, i64::from(weight)));
    if divisor == 0 {
        return Vec::new();
    }
    let weights: Vec<i64> = shares.iter().map(|&(_, weight)| i64::from(weight) / divisor).collect();
    let sum: i64 = weights.iter().sum();
    let mut balance = vec![0; weights.len()];
    (0..sum)
        .filter_map(|_| {
            for (has, weight) in balance.iter_mut().zip(&weights) {
                *has += weight;
            }
            // The first of those that have most, so that the order does not depend on anything but the shares.
            let (richest, _) = balance.iter().enumerate().min_by_key(|&(_, has)| -has)?;
            balance[richest] -= sum;
            Some(shares[richest].0)
        })
        .collect()
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn turns(cycle: &Cycle, many: usize) -> Vec<u32> {
        std::iter::repeat_with(|| cycle.next()).take(many).flatten().collect()
    }

    fn tally(turns: &[u32]) -> BTreeMap<u32, usize> {
        turns.iter().fold(BTreeMap::new(), |mut so_far, release| {
            *so_far.entry(*release).or_default() += 1;
            so_far
        })
    }

    /// Every way to split 100 between two releases, and a thousand ways to split it between three.
    fn splits() -> impl Iterator<Item = Vec<Share>> {
        let two = (1..100).map(|a| vec![(1, a), (2, 100 - a)]);
        let three = (1..98_u8)
            .flat_map(|a| (1..(99 - a)).step_by(5).map(move |b| vec![(7, a), (8, b), (9, 100 - a - b)]));
        two.chain(three)
    }

    #[test]
    fn any_hundred_turns_in_a_row_are_split_exactly() {
        for shares in splits() {
            let turns = turns(&Cycle::new(&shares), 350);
            let wanted: BTreeMap<u32, usize> = shares.iter().map(|&(r, w)| (r, usize::from(w))).collect();
            for start in [0, 1, 37, 99, 100, 250] {
                assert_eq!(tally(&turns[start..start + 100]), wanted, "{shares:?} from turn {start}");
            }
        }
    }

    #[test]
    fn turns_are_spread_and_never_more_than_one_away_from_the_share() {
        for shares in splits() {
            let turns = turns(&Cycle::new(&shares), 100);
            for &(release, weight) in &shares {
                for length in 1..=100_usize {
                    let had = turns[..length].iter().filter(|&&taken| taken == release).count() as f64;
                    let due = length as f64 * f64::from(weight) / 100.0;
                    assert!(
                        (had - due).abs() <= 1.5,
                        "{shares:?}: {release} had {had} of {due} after {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn ninety_to_ten_reads_like_this() {
        let turns = turns(&Cycle::new(&[(12, 90), (13, 10)]), 20);
        expect_test::expect![[
            r"[12, 12, 12, 12, 12, 13, 12, 12, 12, 12, 12, 12, 12, 12, 12, 13, 12, 12, 12, 12]"
        ]]
        .assert_eq(&format!("{turns:?}"));
    }

    #[test]
    fn no_weight_is_no_turn() {
        assert_eq!(Cycle::new(&[]).next(), None);
        assert_eq!(Cycle::new(&[(1, 0)]).next(), None);
        assert_eq!(turns(&Cycle::new(&[(1, 0), (2, 100)]), 3), [2, 2, 2]);
    }

    #[test]
    fn many_threads_share_one_exact_split() {
        let cycle = Cycle::new(&[(1, 93), (2, 7)]);
        let all: Vec<u32> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| turns(&cycle, 2_500))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
        });
        assert_eq!(tally(&all), BTreeMap::from([(1, 9_300), (2, 700)]));
    }
}
