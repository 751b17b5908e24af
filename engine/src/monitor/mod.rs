//! Incidents: what went wrong in an environment, kept so that people can look into it later.

mod decisions;
mod excerpt;
mod live_story;
mod metrics;
mod server_errors;
mod story;
mod time;

use serde::{Deserialize, Serialize};

pub(crate) use decisions::decisions;
pub use excerpt::EXCERPT_MAX_BYTES;
pub(crate) use excerpt::excerpt;
pub(crate) use live_story::{ToldLive, live_story};
pub(crate) use metrics::{ATTEMPTS, metrics};
pub(crate) use server_errors::{LOOKED_BACK_S, ServerErrors};
pub(crate) use story::{Excerpt, Told, story};

use crate::clock::EpochMs;
use crate::model::{EnvironmentKey, RunId, ServiceName};

/// Something went wrong where users could have seen it, or was left in a way that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its identifier: `i-` and the run's digits, and the service when it is about one.
    pub id: String,
    /// Where.
    pub environment: EnvironmentKey,
    /// The run it came out of; of a service that keeps ending, the one that made the live release.
    pub run: RunId,
    /// One sentence: what happened and what became of it.
    pub summary: String,
    /// When.
    pub opened_ms: EpochMs,
    /// The service that keeps ending by itself, when it is about that and not about a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crashing: Option<CrashingService>,
    /// The folder of its files among those of runs, when it is about something live and not about a run: one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<RunId>,
}

impl Incident {
    /// Where its files are among the artifacts; nothing for what was opened before such incidents had files.
    pub fn files_in(&self) -> Option<&RunId> {
        match (&self.folder, &self.crashing) {
            (Some(folder), _) => Some(folder),
            (None, None) => Some(&self.run),
            (None, Some(_)) => None,
        }
    }

    /// Whether it is about something live, and not about a run.
    pub fn is_live(&self) -> bool {
        self.folder.is_some() || self.crashing.is_some()
    }
}

/// A service of a release that keeps ending by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrashingService {
    /// The service.
    pub service: ServiceName,
    /// The number of the release whose code it runs.
    pub release: u32,
}
