//! Run a job: batch after batch of a backfill. The executor makes the batches and keeps the place (`control/executor/batches.rs`);
//! what is filled stays filled, and there is nothing to undo it with.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::backfill::{Hours, Place};
use crate::ports::{JobCall, Permit, PortError, Receipt};

/// Runs a job to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunJob {
    /// A batch of it; where it begins is in the checkpoint.
    pub call: JobCall,
    /// The most rows in a minute.
    pub rate_per_min: u32,
    /// It stops after so many seconds.
    pub max_runtime_s: Option<u64>,
    /// The hours at which it works; absent means at any time.
    pub hours: Option<Hours>,
    /// Where it goes on; absent means from the beginning.
    pub from: Option<Place>,
}

#[async_trait]
impl StepAct for RunJob {
    async fn look(&self, _: &StepContext<'_>) -> Result<Look, PortError> {
        Ok(Look::going("filling"))
    }

    async fn act(&self, _: &StepContext<'_>, _: &Permit) -> Result<Receipt, PortError> {
        Ok(Receipt::new("batches are made one by one"))
    }

    fn undo(&self) -> Undo {
        Undo::Can
    }

    async fn look_undo(&self, _: &StepContext<'_>) -> Result<Look, PortError> {
        Ok(Look::Stays(format!("what {} has filled so far, and its place", self.call.job)))
    }

    fn failure_code(&self) -> &'static str {
        "job-failed"
    }
}
