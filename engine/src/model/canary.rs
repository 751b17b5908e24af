//! What a deploy does about a canary: what was said, and what the environment's policy says when nothing was.

use serde::{Deserialize, Serialize};

/// What was said about a deploy's canary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "said")]
pub enum CanaryChoice {
    /// Nothing: the environment's policy decides.
    #[default]
    Nothing,
    /// No canary: all traffic at once.
    Off,
    /// A canary in stages.
    Stages {
        /// Percentages of traffic, rising and ending at 100; empty means those of the policy, or else the usual ones.
        weights: Vec<u8>,
        /// Seconds each stage soaks; absent means those of the policy, or else the usual ones.
        soak_s: Option<u32>,
    },
}

impl CanaryChoice {
    /// Whether nothing was said.
    pub fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }
}

/// What a deploy means that says nothing about a canary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CanaryUnsaid {
    /// Whoever orders it is asked.
    Ask,
    /// No canary: all traffic at once.
    Off,
    /// A canary of these percentages, rising and ending at 100.
    Stages(Vec<u8>),
}
