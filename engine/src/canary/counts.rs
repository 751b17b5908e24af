//! What is counted: requests, failures and lanes of both versions in the same second, and their latencies.

use serde::{Deserialize, Serialize};

/// What one version served in some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Requests it answered, well or not.
    pub requests: u64,
    /// Those it failed (5xx, or no answer).
    pub errors: u64,
    /// Lane-seconds with at least one request. The edge hashes clients into lanes, each wholly on one version.
    pub lanes: u64,
    /// Lane-seconds with at least one failed request.
    pub error_lanes: u64,
}

impl Side {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            errors: self.errors.saturating_add(other.errors),
            lanes: self.lanes.saturating_add(other.lanes),
            error_lanes: self.error_lanes.saturating_add(other.error_lanes),
        }
    }

    /// The share of its requests that failed, 0 to 1; 0 without requests.
    pub fn error_share(&self) -> f64 {
        share(self.errors, self.requests)
    }

    /// With counts that can be: no more failures than requests, no more lanes than requests, and a lane wherever there is a request or a
    /// failure. What counts has been measured by somebody else, and the mathematics below rests on this.
    #[must_use]
    pub fn sane(self) -> Self {
        let errors = self.errors.min(self.requests);
        let lanes = self.lanes.clamp(self.requests.min(1), self.requests);
        Self {
            requests: self.requests,
            errors,
            lanes,
            error_lanes: self.error_lanes.clamp(errors.min(1), errors.min(lanes)),
        }
    }
}

/// What both versions served in one second, or in several taken together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Second {
    /// The version that is live.
    pub stable: Side,
    /// The version on trial.
    pub canary: Side,
}

impl Second {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { stable: self.stable.plus(other.stable), canary: self.canary.plus(other.canary) }
    }

    /// With counts that can be.
    #[must_use]
    pub fn sane(self) -> Self {
        Self { stable: self.stable.sane(), canary: self.canary.sane() }
    }

    /// Whether both versions had a request: only then do they say anything about each other.
    pub fn comparable(&self) -> bool {
        self.stable.lanes > 0 && self.canary.lanes > 0
    }
}

/// What the stable version did in the minutes before the canary. Empty where nothing is known: it only makes the judge slower.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// What it served.
    pub served: Side,
    /// Its latencies: samples by bucket.
    pub latency: Vec<u64>,
}

/// `part` of `whole`, 0 to 1; 0 of nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
