//! Pass, fail, or not enough data.

use serde::{Deserialize, Serialize};

use super::judge::{Judge, WEIGHTS};
use super::score::Score;
use super::triggers::Trigger;

/// What may be done now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// There was enough data, and nothing in it says that the canary is worse.
    Pass,
    /// It is worse.
    Fail {
        /// What says so.
        cause: Cause,
    },
    /// Nobody can tell yet.
    NotEnoughData {
        /// Why.
        lack: Lack,
        /// How many more canary requests it takes, about.
        more_requests: u64,
        /// How long that takes at the rate there has been, in seconds; `None` without canary traffic to go by.
        more_s: Option<u64>,
    },
}

/// What says that a canary is worse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Cause {
    /// A hard trigger.
    Trigger {
        /// Which.
        trigger: Trigger,
    },
    /// It fails more requests.
    Errors,
    /// It is slower.
    Latency,
    /// It logs what the stable version does not.
    Patterns,
}

/// What there is too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lack {
    /// Traffic that can be compared.
    Traffic,
    /// Certainty: something speaks against the canary, but not enough to fail it.
    Certainty,
}

/// A verdict with all that explains it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ruling {
    /// What may be done.
    pub verdict: Verdict,
    /// How it stands, with the inputs.
    pub score: Score,
    /// One sentence with the numbers.
    pub because: String,
    /// Odds to one that the canary is worse; see [`Judge::evidence`].
    pub evidence: f64,
    /// Whether the score has been low for long: a rollback may be proposed.
    pub soft_trigger: bool,
}

impl Judge {
    /// The verdict now, explained. A pass counts at the end of a stage; a fail counts at once.
    pub fn ruling(&self) -> Ruling {
        let verdict = self.verdict();
        Ruling {
            because: self.sentence(&verdict),
            verdict,
            score: self.score(),
            evidence: self.evidence(),
            soft_trigger: self.soft_trigger(),
        }
    }

    /// The verdict now.
    pub fn verdict(&self) -> Verdict {
        if let Some(trigger) = self.triggers.pulled() {
            return Verdict::Fail { cause: Cause::Trigger { trigger: trigger.clone() } };
        }
        let evidence = self.evidence();
        if evidence * self.policy.false_alarm >= 1.0 {
            return Verdict::Fail { cause: self.cause() };
        }
        let compared = self.errors.compared().canary;
        if compared.lanes < self.policy.lane_seconds_min {
            return self.lacking(Lack::Traffic, compared.lanes as f64, self.policy.lane_seconds_min as f64);
        }
        if evidence > self.policy.doubt && !self.doubts_slight_latency() {
            // Evidence grows by the same factor with each request, so its logarithm grows evenly.
            return self.lacking(Lack::Certainty, evidence.ln(), -self.policy.false_alarm.ln());
        }
        Verdict::Pass
    }

    /// Whether all that is in doubt is latency nobody would notice.
    fn doubts_slight_latency(&self) -> bool {
        let latency = self.latency.value();
        let without = self.evidence() - WEIGHTS[1] * (latency - 1.0).max(0.0);
        without <= self.policy.doubt && self.latency.is_slight()
    }

    /// What weighs most.
    fn cause(&self) -> Cause {
        let [errors, latency, patterns] = WEIGHTS;
        let (errors, latency, patterns) =
            (errors * self.errors.value(), latency * self.latency.value(), patterns * self.patterns.value());
        if errors >= latency && errors >= patterns {
            Cause::Errors
        } else if latency >= patterns {
            Cause::Latency
        } else {
            Cause::Patterns
        }
    }

    /// How much more it takes, when `there` of `needed` came of what was seen so far.
    fn lacking(&self, lack: Lack, there: f64, needed: f64) -> Verdict {
        let left = (needed - there).max(0.0);
        let compared = self.errors.compared().canary;
        if there <= 0.0 || compared.lanes == 0 {
            // A lane-second takes at least one request.
            return Verdict::NotEnoughData { lack, more_requests: left.ceil() as u64, more_s: None };
        }
        let more = |so_far: f64| (so_far * left / there).ceil() as u64;
        Verdict::NotEnoughData {
            lack,
            more_requests: more(compared.requests as f64).max(1),
            more_s: Some(more(f64::from(self.elapsed_s)).max(1)),
        }
    }
}
