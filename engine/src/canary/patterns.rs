//! Evidence from log patterns: a panic, an exhausted pool, a database error that one version prints and the other does not.
//!
//! A second in which a version printed a pattern counts once, however many lines it printed. If the versions are alike, which of
//! them it was follows the requests they served in that second; that is the fair draw of [`super::hypergeometric`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::clumping::Clumping;
use super::counts::{Second, Side};
use super::hypergeometric::Draw;
use super::mixture::Mixture;

/// Odds ratios that are thought of.
const ODDS: [f64; 3] = [4.0, 20.0, 100.0];
/// The wealth staked from the first second; the rest waits for faults that begin later.
const AT_START: f64 = 0.75;
/// As many patterns share the wealth; more are not told apart from the last.
const PATTERNS_MAX: usize = 16;

/// Evidence from log patterns, each by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PatternEvidence {
    planned_s: u32,
    elapsed_s: u32,
    known: BTreeMap<String, Pattern>,
    /// Seen in the second that has not ended: on the stable version, on the canary.
    now: (BTreeSet<String>, BTreeSet<String>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pattern {
    mixture: Mixture,
    clumping: Clumping,
    /// Seconds with the pattern: stable, canary.
    seconds: (u64, u64),
}

impl PatternEvidence {
    /// For a canary planned to take so many seconds.
    pub(super) fn new(planned_s: u32) -> Self {
        Self { planned_s, elapsed_s: 0, known: BTreeMap::new(), now: (BTreeSet::new(), BTreeSet::new()) }
    }

    /// A pattern was seen in the second that is going on.
    pub(super) fn see(&mut self, name: &str, stable: bool, canary: bool) {
        let name = if self.known.len() < PATTERNS_MAX || self.known.contains_key(name) {
            name
        } else {
            self.known.keys().next_back().map_or(name, String::as_str)
        };
        let name = name.to_owned();
        if !self.known.contains_key(&name) {
            // Until now it was on neither version, which is no evidence: starting now is as if it had been watched all along.
            let left = self.planned_s.saturating_sub(self.elapsed_s);
            let mixture = Mixture::new(ODDS.len(), AT_START, left);
            self.known.insert(
                name.clone(),
                Pattern { mixture, clumping: Clumping::new(&Side::default()), seconds: (0, 0) },
            );
        }
        if stable {
            self.now.0.insert(name.clone());
        }
        if canary {
            self.now.1.insert(name);
        }
    }

    /// The second ends; so many requests were served in it.
    pub(super) fn second(&mut self, served: &Second) {
        self.elapsed_s += 1;
        let (on_stable, on_canary) = std::mem::take(&mut self.now);
        if !served.comparable() {
            return;
        }
        for (name, pattern) in &mut self.known {
            let stable = u64::from(on_stable.contains(name));
            let canary = u64::from(on_canary.contains(name));
            pattern.see(stable, canary, served);
        }
    }

    /// The evidence against the canary, see [`Mixture::value`]: the mean over all patterns there can be.
    pub(super) fn value(&self) -> f64 {
        let unseen = PATTERNS_MAX.saturating_sub(self.known.len()) as f64;
        let seen: f64 = self.known.values().map(|pattern| pattern.mixture.value()).sum();
        (seen + unseen) / PATTERNS_MAX.max(self.known.len()) as f64
    }

    /// The pattern with the most evidence: its name and the seconds it was seen in (stable, canary).
    pub(super) fn worst(&self) -> Option<(&str, (u64, u64))> {
        let by_value = |a: &&Pattern, b: &&Pattern| a.mixture.value().total_cmp(&b.mixture.value());
        let worst = self.known.iter().max_by(|(_, a), (_, b)| by_value(a, b))?;
        Some((worst.0, worst.1.seconds))
    }
}

impl Pattern {
    fn see(&mut self, stable: u64, canary: u64, served: &Second) {
        self.mixture.wake();
        if stable + canary > 0 {
            let draw = Draw {
                canary: served.canary.requests,
                stable: served.stable.requests,
                canary_marked: canary,
                marked: stable + canary,
            };
            let mut ln = Vec::with_capacity(ODDS.len());
            draw.ln_e_values(1.0, &ODDS, &mut ln);
            let power = self.clumping.lane_power(1);
            self.mixture.see(ln.into_iter().map(|ln| ln * power));
            self.seconds = (self.seconds.0 + stable, self.seconds.1 + canary);
        }
        let one = |seen| Side { requests: 1, errors: seen, lanes: 1, error_lanes: seen };
        self.clumping.see(&Second { stable: one(stable), canary: one(canary) }, 1);
    }
}
