//! A number from 0 to 100 for people and for the soft trigger: how far a canary is from being failed, and what made it so.

use serde::{Deserialize, Serialize};

use super::judge::{Judge, WEIGHTS};

/// How a canary stands, 100 best, and the inputs, each on the same scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// All together. 0 once it is failed; at most 50 with no data at all, because nothing is known then.
    pub score: u8,
    /// Failed requests.
    pub errors: u8,
    /// Latency.
    pub latency: u8,
    /// Log patterns.
    pub patterns: u8,
    /// How much of the data is there that a pass needs.
    pub data: u8,
}

impl Judge {
    /// How it stands now.
    pub fn score(&self) -> Score {
        let limit = 1.0 / self.policy.false_alarm;
        let [errors, latency, patterns] = WEIGHTS;
        let data = self.data();
        let all = if self.triggers.pulled().is_some() { 0.0 } else { calm(self.evidence(), limit) };
        Score {
            score: hundred(all * (0.5 + 0.5 * data)),
            errors: hundred(calm(self.errors.value(), limit / errors)),
            latency: hundred(calm(self.latency.value(), limit / latency)),
            patterns: hundred(calm(self.patterns.value(), limit / patterns)),
            data: hundred(data),
        }
    }

    /// Whether the score has been too low for long enough: the time to propose a rollback.
    pub fn soft_trigger(&self) -> bool {
        self.low_s >= self.policy.score_low_s.max(1)
    }

    /// The share of the data a pass needs that is there, 0 to 1.
    fn data(&self) -> f64 {
        let needed = self.policy.lane_seconds_min.max(1) as f64;
        (self.errors.compared().canary.lanes as f64 / needed).min(1.0)
    }
}

/// 1 without evidence, 0 at the limit, even in between on the scale of odds.
fn calm(evidence: f64, limit: f64) -> f64 {
    (1.0 - evidence.max(1.0).ln() / limit.ln()).clamp(0.0, 1.0)
}

fn hundred(share: f64) -> u8 {
    (share * 100.0).round() as u8
}
