//! The judge: takes in what both versions do, second by second, and says at any moment what follows.

use serde::{Deserialize, Serialize};

use super::counts::{Past, Second};
use super::errors::ErrorEvidence;
use super::latency::LatencyEvidence;
use super::patterns::PatternEvidence;
use super::policy::Policy;
use super::stored::Form;
use super::triggers::{Trigger, Triggers};

/// How the wealth of the whole judge is divided: errors, latency, patterns. Their sum is 1, so the bound holds for all together.
pub(super) const WEIGHTS: [f64; 3] = [0.55, 0.4, 0.05];

/// Judges one canary from its first second to its last. It holds everything it knows, so that it may be stored after any second and go
/// on from there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judge {
    form: Form,
    pub(super) policy: Policy,
    pub(super) elapsed_s: u32,
    /// How long the canary was planned to take, in seconds.
    planned_s: u32,
    /// Its evidence began in the middle of the canary: that before was of another form.
    pub(super) is_anew: bool,
    /// Everything the versions served, compared or not.
    pub(super) served: Second,
    pub(super) errors: ErrorEvidence,
    pub(super) latency: LatencyEvidence,
    pub(super) patterns: PatternEvidence,
    pub(super) triggers: Triggers,
    /// Seconds that the score has been below the policy's.
    pub(super) low_s: u32,
}

impl Judge {
    /// A judge for a canary planned to take `planned_s` seconds in all. `past` is what the stable
    /// version did before.
    pub fn new(policy: Policy, planned_s: u32, past: Past) -> Self {
        Self {
            form: Form,
            policy,
            elapsed_s: 0,
            planned_s,
            is_anew: false,
            served: Second::default(),
            errors: ErrorEvidence::new(&past.served.sane(), planned_s),
            latency: LatencyEvidence::new(past.latency, planned_s),
            patterns: PatternEvidence::new(planned_s),
            triggers: Triggers::default(),
            low_s: 0,
        }
    }

    /// Takes in what both versions did in the second that ends now.
    pub fn second(&mut self, second: &Second) {
        let second = second.sane();
        self.elapsed_s += 1;
        self.served = self.served.plus(second);
        self.errors.see(&second);
        self.patterns.second(&second);
        self.low_s = if self.score().score < self.policy.score_min { self.low_s + 1 } else { 0 };
    }

    /// Takes in the latencies of the [`super::LATENCY_ROW_S`] seconds that end now: samples by bucket, the first `quick` of which ([`super::unnoticed`])
    /// count as one.
    pub fn latency(&mut self, stable: &[u64], canary: &[u64], quick: usize) {
        let warm = self.elapsed_s >= self.policy.warmup_s + super::LATENCY_ROW_S;
        self.latency.see(stable, canary, quick, warm);
    }

    /// A log pattern was seen by so many processes or requests of each version in the second that comes; a critical one on the canary fails it.
    pub fn pattern(&mut self, name: &str, critical: bool, stable: u64, canary: u64) {
        if critical && canary > 0 && stable == 0 {
            self.triggers.pull(Trigger::Pattern { name: name.to_owned() });
        }
        self.patterns.see(name, stable > 0, canary > 0);
    }

    /// A critical health check of the canary was made.
    pub fn health(&mut self, check: &str, passed: bool) {
        self.triggers.health(check, passed, &self.policy);
    }

    /// A process of the canary ended by itself and was started again.
    pub fn restart(&mut self) {
        self.triggers.restart(self.elapsed_s, &self.policy);
    }

    /// Shares of traffic change now: what waits for its counterpart is not compared across the change (Simpson's paradox).
    pub fn stage(&mut self) {
        self.errors.stage();
        self.latency.cut();
    }

    /// The evidence that the canary is worse: 1 at the start. The chance that it ever reaches `E` while both versions are alike is
    /// at most `1 / E`.
    pub fn evidence(&self) -> f64 {
        let [errors, latency, patterns] = WEIGHTS;
        errors * self.errors.value() + latency * self.latency.value() + patterns * self.patterns.value()
    }
}
