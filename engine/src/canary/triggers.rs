//! Hard triggers: what fails a canary at once, without statistics.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::policy::Policy;

/// Why a canary failed at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Trigger {
    /// A critical health check failed so many times in a row.
    Health {
        /// Its name.
        check: String,
        /// How often.
        times: u32,
    },
    /// Processes kept ending.
    CrashLoop {
        /// How often.
        restarts: u32,
        /// Within how many seconds.
        within_s: u32,
    },
    /// A critical pattern was in the canary's log, and not in the stable version's.
    Pattern {
        /// The pattern's name.
        name: String,
    },
}

/// What is counted for the triggers; the first that is pulled stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Triggers {
    pulled: Option<Trigger>,
    /// Failures in a row, by check.
    failing: BTreeMap<String, u32>,
    /// The seconds of the canary at which processes were started again, oldest first.
    restarts: Vec<u32>,
}

impl Triggers {
    /// The trigger that was pulled first.
    pub(super) fn pulled(&self) -> Option<&Trigger> {
        self.pulled.as_ref()
    }

    pub(super) fn pull(&mut self, trigger: Trigger) {
        self.pulled.get_or_insert(trigger);
    }

    pub(super) fn health(&mut self, check: &str, passed: bool, policy: &Policy) {
        if passed {
            self.failing.remove(check);
            return;
        }
        let times = self.failing.entry(check.to_owned()).or_default();
        *times += 1;
        if *times >= policy.health_failures.max(1) {
            let times = *times;
            self.pull(Trigger::Health { check: check.to_owned(), times });
        }
    }

    pub(super) fn restart(&mut self, now_s: u32, policy: &Policy) {
        self.restarts.push(now_s);
        self.restarts.retain(|at| now_s - at <= policy.crash_window_s);
        let restarts = self.restarts.len() as u32;
        if restarts >= policy.crashes.max(1) {
            self.pull(Trigger::CrashLoop { restarts, within_s: policy.crash_window_s });
        }
    }
}
