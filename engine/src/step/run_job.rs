//! Run a job: batch after batch of a backfill. The executor makes the batches and keeps the place (`control/executor/batches.rs`);
//! what is filled stays filled, and there is nothing to undo it with.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::backfill::{Fill, Hours, Place};
use crate::model::JobName;
use crate::ports::{DatabaseAt, JobCall, Permit, PortError, Receipt};

/// What a job's batches are made by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum JobWork {
    /// A command of the application.
    Command(JobCall),
    /// Statements on a database.
    Sql(SqlWork),
}

/// A job that is declared in SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlWork {
    /// The job.
    pub job: JobName,
    /// The database.
    pub database: DatabaseAt,
    /// What is filled.
    pub fill: Fill,
    /// The most rows of a batch.
    pub batch: u32,
}

impl JobWork {
    /// The job.
    pub fn job(&self) -> &JobName {
        match self {
            Self::Command(call) => &call.job,
            Self::Sql(work) => &work.job,
        }
    }

    /// The most rows of a batch.
    pub fn batch(&self) -> u32 {
        match self {
            Self::Command(call) => call.batch,
            Self::Sql(work) => work.batch,
        }
    }

    /// What mends it when it does not do what it should.
    pub fn mended(&self) -> String {
        match self {
            Self::Command(call) => format!("mend {} in the application, deploy it", call.job),
            Self::Sql(work) => format!("mend {} in the project's file, import it", work.job),
        }
    }
}

/// Runs a job to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunJob {
    /// A batch of it; where it begins is in the checkpoint.
    pub call: JobWork,
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
        Ok(Look::Stays(format!("what {} has filled so far, and its place", self.call.job())))
    }

    fn failure_code(&self) -> &'static str {
        "job-failed"
    }
}
