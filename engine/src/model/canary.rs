//! What a deploy does about a canary: what was said, and what the environment's policy says when nothing was.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// Seconds a stage of a canary may soak: up to a day.
pub const SOAK_S: RangeInclusive<u32> = 5..=86_400;

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

/// Whether a canary can have these stages: percentages that rise from above nothing to all. One of 100% alone has no stable
/// version beside it to be judged against.
pub fn are_stages(weights: &[u8]) -> bool {
    weights.len() > 1
        && weights.first().is_some_and(|first| *first > 0)
        && weights.last() == Some(&100)
        && weights.windows(2).all(|pair| pair[0] < pair[1])
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
