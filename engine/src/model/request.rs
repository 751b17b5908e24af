//! A run's request: typed, complete, and the same whichever front it came from.

use serde::{Deserialize, Serialize};

use super::{CanaryChoice, ComponentName, EnvironmentKey, JobName, ReleaseId, ServiceName};
use crate::backfill::Hours;
use crate::clock::EpochMs;

/// What a deploy does about migrations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MigrateChoice {
    /// Pending migrations run before the new release starts: the default, and what "migrations first" asks for.
    #[default]
    First,
    /// Pending migrations are left alone.
    Skip,
}

/// Where a rollback goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackTarget {
    /// The last stable release before the live one.
    Previous,
    /// A release by its number.
    Release(u32),
    /// The newest good release of a ref.
    Reference(String),
}

/// What a run changes: one variant per run type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum Change {
    /// A new release.
    Deploy {
        /// Which services; empty means all.
        services: Vec<ServiceName>,
        /// Which ref; absent means the default branch's newest commit.
        reference: Option<String>,
        /// The release of another environment whose very commits are taken: what was proved there. The ref is then the
        /// one that release was made from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proved: Option<ReleaseId>,
        /// What about migrations.
        migrate: MigrateChoice,
        /// What about a canary.
        #[serde(default, skip_serializing_if = "CanaryChoice::is_nothing")]
        canary: CanaryChoice,
    },
    /// Back to an earlier release.
    Rollback {
        /// Which services; empty means all.
        services: Vec<ServiceName>,
        /// Where to.
        to: RollbackTarget,
        /// The release it takes back: it is not carried out once another one is live. Absent when it is about whatever is
        /// live.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taking_back: Option<u32>,
    },
    /// Pending migrations only.
    Migrate {
        /// The ref whose migrations are meant; absent means the live release's.
        reference: Option<String>,
    },
    /// Another number of processes.
    Scale {
        /// Which services; empty means all served ones.
        services: Vec<ServiceName>,
        /// How many of each.
        replicas: u32,
    },
    /// Fresh processes of the same release.
    Restart {
        /// Which services; empty means all served ones.
        services: Vec<ServiceName>,
    },
    /// Scheduled services off.
    CronDisable {
        /// Which; empty means all scheduled ones.
        services: Vec<ServiceName>,
    },
    /// Scheduled services on again.
    CronEnable {
        /// Which; empty means all scheduled ones.
        services: Vec<ServiceName>,
    },
    /// Caches emptied.
    ClearCache {
        /// Which; empty means all.
        services: Vec<ServiceName>,
    },
    /// What runs as the live release has it, where somebody changed it behind the engine's back.
    Reconcile,
    /// A variable with another value, in the description and in what runs.
    SetVariable {
        /// Which services; empty means those that have it, and all where none has.
        services: Vec<ServiceName>,
        /// The variable.
        name: String,
        /// What it is set to: plain text, never a secret.
        value: String,
    },
    /// A component there, and every service told of it.
    AddComponent {
        /// Which.
        component: ComponentName,
    },
    /// No service told of a component any more, and what runs of it ended.
    RemoveComponent {
        /// Which.
        component: ComponentName,
    },
    /// All that runs of the environment ended, and the description without it.
    DestroyEnvironment,
    /// A secret with a new value, in what runs, too.
    RotateSecret {
        /// Which: its name, or that of a variable that stands for it.
        secret: String,
    },
    /// A job of the application, batch after batch.
    Backfill {
        /// The job.
        job: JobName,
        /// The most rows in a batch.
        batch_size: u32,
        /// The most rows in a minute.
        rate_per_min: u32,
        /// It stops after so many seconds, and can be resumed.
        max_runtime_s: Option<u64>,
        /// The hours at which it works; absent means at any time.
        hours: Option<Hours>,
        /// It goes on from where the last one of this job stopped here, instead of from the beginning.
        resume: bool,
    },
}

impl Change {
    /// The run type's word, as in intents and tables.
    pub fn run_type(&self) -> &'static str {
        match self {
            Self::Deploy { .. } => "deploy",
            Self::Rollback { .. } => "rollback",
            Self::Migrate { .. } => "migrate",
            Self::Scale { .. } => "scale",
            Self::Restart { .. } => "restart",
            Self::CronDisable { .. } => "cron-disable",
            Self::CronEnable { .. } => "cron-enable",
            Self::ClearCache { .. } => "clear-cache",
            Self::Reconcile => "reconcile",
            Self::SetVariable { .. } => "set-variable",
            Self::AddComponent { .. } => "add-component",
            Self::RemoveComponent { .. } => "remove-component",
            Self::DestroyEnvironment => "destroy-environment",
            Self::RotateSecret { .. } => "rotate-secret",
            Self::Backfill { .. } => "backfill",
        }
    }

    /// The services named; empty means all it can mean.
    pub fn services(&self) -> &[ServiceName] {
        match self {
            Self::Deploy { services, .. }
            | Self::Rollback { services, .. }
            | Self::Scale { services, .. }
            | Self::Restart { services }
            | Self::CronDisable { services }
            | Self::CronEnable { services }
            | Self::ClearCache { services }
            | Self::SetVariable { services, .. } => services,
            Self::Migrate { .. }
            | Self::Reconcile
            | Self::AddComponent { .. }
            | Self::RemoveComponent { .. }
            | Self::DestroyEnvironment
            | Self::RotateSecret { .. }
            | Self::Backfill { .. } => &[],
        }
    }
}

/// A complete request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRequest {
    /// Where.
    pub environment: EnvironmentKey,
    /// What.
    pub change: Change,
    /// Plan, show, write nothing.
    pub dry_run: bool,
    /// Start no earlier than this.
    pub not_before_ms: Option<EpochMs>,
    /// The reason for breaking the glass, when somebody does.
    pub break_glass: Option<String>,
    /// The canonical command: what people learn and what the record quotes.
    pub command: String,
    /// The conversation that hears about it; absent when nobody asked to.
    pub conversation: Option<String>,
}
