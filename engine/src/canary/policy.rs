//! What a verdict needs, and the stages it is about.

use serde::{Deserialize, Serialize};

/// The thresholds of the judge. [`Policy::default`] is what runs unless an environment says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// The probability, at most, that a release which is no worse than the stable one is ever failed by its counts, however
    /// often anybody looks (0 to 1).
    pub false_alarm: f64,
    /// Compared canary lane-seconds without which nothing passes.
    pub lane_seconds_min: u64,
    /// Evidence at which a canary that ought to pass is held instead: `E` odds to one that it is worse.
    pub doubt: f64,
    /// Seconds from its start in which a canary may be cold: its latency doesn't count.
    pub warmup_s: u32,
    /// Failures in a row of a critical health check that fail the canary at once.
    pub health_failures: u32,
    /// Restarts of the canary's processes within [`Policy::crash_window_s`] that are a crash loop.
    pub crashes: u32,
    /// Seconds.
    pub crash_window_s: u32,
    /// Score (0 to 100) below which the soft trigger counts.
    pub score_min: u8,
    /// Seconds that the score must stay below [`Policy::score_min`] for the soft trigger.
    pub score_low_s: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            false_alarm: 0.01,
            lane_seconds_min: 300,
            doubt: 2.0,
            warmup_s: 20,
            health_failures: 3,
            crashes: 3,
            crash_window_s: 120,
            score_min: 50,
            score_low_s: 60,
        }
    }
}

/// One stage of a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The share of traffic the canary is to have, 1 to 100.
    pub weight_pct: u8,
    /// How long it soaks, in seconds.
    pub soak_s: u32,
}

/// The stages of production where nothing else is said.
pub const STAGES: [Stage; 3] = [
    Stage { weight_pct: 10, soak_s: 600 },
    Stage { weight_pct: 50, soak_s: 600 },
    Stage { weight_pct: 100, soak_s: 600 },
];
