//! A stage of a canary: the new release gets its share of traffic, the weights are read back, and then it soaks: the executor
//! has the judge watch both versions until it is good enough for the next stage, or goes back. Undo shifts traffic back to
//! the stable release, whichever stage it had come to; in a rollback this is the first thing that happens.

use async_trait::async_trait;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Look, ShiftTraffic, StepAct, StepContext, Undo};
use crate::model::{Check, Judging, Queries, ServiceName};
use crate::ports::{Permit, PortError, Receipt};

/// A service of which two versions are compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The service.
    pub service: ServiceName,
    /// The number of the release that is live.
    pub stable: u32,
    /// The number of the release on trial.
    pub canary: u32,
    /// Synthetic checks, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub checks: IndexMap<String, Check>,
    /// What Prometheus is asked about it; absent means that the edge tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signals: Option<Queries>,
}

/// One stage of a canary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryStage {
    /// Its number, from 1.
    pub stage: u32,
    /// How many there are.
    pub of: u32,
    /// The share of traffic the new release is to have, 1 to 100.
    pub weight_pct: u8,
    /// How long it soaks, in seconds.
    pub soak_s: u32,
    /// By how many seconds it soaks longer, at most, when there is not enough data.
    pub extend_s: u32,
    /// How long all stages together are planned to soak, in seconds.
    pub planned_s: u32,
    /// Canary lane-seconds that must have been compared before it passes; absent means as many as the judge wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane_seconds_min: Option<u32>,
    /// Before the next stage a person has to say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
    /// How it is judged, where that is not as usual.
    #[serde(default, skip_serializing_if = "Judging::is_usual")]
    pub judging: Judging,
    /// What is compared.
    pub judged: Vec<Judged>,
    /// Traffic as it was before the canary, and as it is in this stage.
    pub shift: ShiftTraffic,
}

impl CanaryStage {
    /// Whether the stable version has traffic beside it: without, there is nothing to be compared with.
    pub fn is_compared(&self) -> bool {
        self.weight_pct < 100
    }
}

#[async_trait]
impl StepAct for CanaryStage {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        self.shift.look(at).await
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        self.shift.act(at, permit).await
    }

    fn undo(&self) -> Undo {
        self.shift.undo()
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        self.shift.look_undo(at).await
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        self.shift.act_undo(at, permit).await
    }

    async fn left(&self, at: &StepContext<'_>) -> Result<Vec<String>, PortError> {
        self.shift.left(at).await
    }

    fn failure_code(&self) -> &'static str {
        self.shift.failure_code()
    }
}
