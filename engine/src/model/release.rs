//! Releases: what an environment runs or ran, and the desired state that outlives them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{ReleaseId, RunId, ServiceName, Source};
use crate::clock::EpochMs;
use crate::ports::{BuildKey, ConfigSet, InstanceSet, Schedule};

/// Where a release stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseState {
    /// A run is bringing it up.
    Making,
    /// It has the environment's traffic.
    Live,
    /// It was live; a later one took its place.
    Superseded,
    /// It never became live, or was taken back.
    Failed,
    /// It was live once, in an environment that was destroyed since: nobody goes back to it.
    Ended,
}

impl ReleaseState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Making => "making",
            Self::Live => "live",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Ended => "ended",
        }
    }
}

/// What one service is in a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRelease {
    /// The full commit id of its code.
    pub commit: String,
    /// The number of the release that brought this code here: smaller than the release's own when the service was
    /// not part of it. Instances and configuration are known to the platform under this number.
    pub origin: u32,
    /// The built code.
    pub build: BuildKey,
    /// Where that code is kept; absent in releases made before this was.
    #[serde(default)]
    pub source: Option<Source>,
    /// What built it; absent when it needs no build.
    #[serde(default)]
    pub build_command: Option<String>,
    /// How it is served; absent for a service with a schedule.
    pub set: Option<InstanceSet>,
    /// How it is scheduled; absent for a served one.
    pub schedule: Option<Schedule>,
    /// Its configuration.
    pub config: ConfigSet,
}

/// Shortest beginning of a commit id, in characters, that names it.
const COMMIT_PREFIX_MIN: usize = 7;

/// A release of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its identity.
    pub id: ReleaseId,
    /// The ref as people said it: `v1.4.2`, `main`.
    pub reference: String,
    /// The full commit id.
    pub commit: String,
    /// The commit's first line.
    pub subject: String,
    /// The run that made it.
    pub run: RunId,
    /// Where it stands.
    pub state: ReleaseState,
    /// What each service is in it.
    pub services: BTreeMap<ServiceName, ServiceRelease>,
    /// The newest migration the database had when it went live; absent without migrations.
    pub schema: Option<String>,
    /// When it was made.
    pub made_ms: EpochMs,
    /// When it became live; absent if it never did.
    pub live_ms: Option<EpochMs>,
}

impl Release {
    /// Whether people mean this one by a ref: the words it was deployed by, or the beginning of its commit.
    pub fn is_called(&self, reference: &str) -> bool {
        self.reference == reference
            || (reference.len() >= COMMIT_PREFIX_MIN && self.commit.starts_with(reference))
    }

    /// Whether it has one of these services as another than `other` has it.
    pub fn differs_in(&self, other: &Self, services: &[ServiceName]) -> bool {
        self.compares_in(other, services, |ours, theirs| ours != theirs)
    }

    /// Whether it has one of these services as it was before what `other` has of it.
    pub fn is_older_in(&self, other: &Self, services: &[ServiceName]) -> bool {
        self.compares_in(other, services, |ours, theirs| ours < theirs)
    }

    fn compares_in(&self, other: &Self, services: &[ServiceName], so: impl Fn(u32, u32) -> bool) -> bool {
        services.iter().any(|name| match (self.services.get(name), other.services.get(name)) {
            (Some(ours), Some(theirs)) => so(ours.origin, theirs.origin),
            (ours, _) => ours.is_some(),
        })
    }
}

/// What should be true of an environment beyond its live release. Belongs to the database, not to Git.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// The live release's number.
    pub live: Option<u32>,
    /// Replicas people asked for with `scale`, over what the project says.
    pub replicas: BTreeMap<ServiceName, u32>,
    /// Scheduled services people switched off.
    pub cron_disabled: BTreeSet<ServiceName>,
    /// Automatic deploys are held (after a rollback) until a person deploys.
    pub held: Option<String>,
}
