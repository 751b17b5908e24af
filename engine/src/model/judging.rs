//! What an environment's policy says about how canaries are judged; where it says nothing, the judge's own numbers hold.

use serde::{Deserialize, Serialize};

/// How canaries are judged in an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Judging {
    /// Health checks in a row whose failure fails a canary at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_failures: Option<u32>,
    /// Ends of its processes within [`Judging::crash_window_s`] that fail a canary at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crashes: Option<u32>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crash_window_s: Option<u32>,
    /// Score, 1 to 100, below which a canary is low.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_min: Option<u32>,
    /// Seconds it must be low all along before [`Judging::when_low`] counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_low_s: Option<u32>,
    /// What follows then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_low: Option<WhenLow>,
    /// What nobody wants to read in a log, beside the usual.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log_patterns: Vec<LogPattern>,
}

/// What follows for a canary whose score has been low for long, though it is not failed by what it did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenLow {
    /// Nothing: only evidence counts.
    Nothing,
    /// It is held, and a person is asked whether it goes back.
    Ask,
    /// It goes back by itself.
    RollBack,
}

/// A pattern of log lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPattern {
    /// What people call it; one with the name of a usual pattern takes its place.
    pub name: String,
    /// The regular expression a line is recognised by.
    pub pattern: String,
    /// Whether it fails a canary at once when the stable version does not print it, too.
    pub critical: bool,
}

impl Judging {
    /// Whether it says nothing.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
