//! Incidents: what went wrong in an environment, kept so that people can look into it later.

mod excerpt;
mod metrics;
mod story;
mod time;

use serde::{Deserialize, Serialize};

pub use excerpt::EXCERPT_MAX_BYTES;
pub(crate) use excerpt::excerpt;
pub(crate) use metrics::{ATTEMPTS, metrics};
pub(crate) use story::{Excerpt, story};

use crate::clock::EpochMs;
use crate::model::{EnvironmentKey, RunId};

/// Something went wrong where users could have seen it, or was left in a way that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its identifier: `i-` and the run's digits.
    pub id: String,
    /// Where.
    pub environment: EnvironmentKey,
    /// The run it came out of.
    pub run: RunId,
    /// One sentence: what happened and what became of it.
    pub summary: String,
    /// When.
    pub opened_ms: EpochMs,
}
