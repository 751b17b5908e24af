//! How far backfills have come, and the rows their jobs could not handle.

use super::read::parsed;
use super::value::{Statement, Value, free, json};
use super::{Store, StoreError, sql};
use crate::backfill::{Checkpoint, Quarantined};
use crate::model::{EnvironmentKey, JobName, RunId};

/// How far a run's backfill has come, with the rows of its last batch that could not be handled.
#[derive(Debug, Clone)]
pub struct BackfillWrite {
    /// The run.
    pub run: RunId,
    /// Its environment.
    pub environment: EnvironmentKey,
    /// How far.
    pub checkpoint: Checkpoint,
    /// The rows.
    pub quarantined: Vec<Quarantined>,
}

impl BackfillWrite {
    pub(super) fn statements(&self) -> Result<Vec<Statement>, StoreError> {
        let Self { run, environment, checkpoint, quarantined } = self;
        let mut values: Vec<Value> = vec![run.as_str().into()];
        values.extend(job_values(environment, &checkpoint.job));
        values.extend([json(checkpoint)?, checkpoint.at_ms.into()]);
        let mut all = free(sql::BACKFILL_PUT, values);
        let origin = checkpoint.place.origin.as_str();
        for row in quarantined {
            let values = vec![
                origin.into(),
                row.key.as_str().into(),
                row.code.as_str().into(),
                checkpoint.at_ms.into(),
            ];
            all.extend(free(sql::BACKFILL_ROW_PUT, values));
        }
        Ok(all)
    }
}

fn job_values(environment: &EnvironmentKey, job: &JobName) -> Vec<Value> {
    vec![environment.project.as_str().into(), environment.environment.as_str().into(), job.as_str().into()]
}

impl Store {
    /// How far a run's backfill has come, if it has begun.
    pub async fn backfill_get(&self, run: &RunId) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self.bodies(sql::BACKFILL_GET, vec![run.as_str().into()]).await?.pop())
    }

    /// The last run that worked on a job in an environment, and how far it came.
    pub async fn backfill_last(
        &self,
        environment: &EnvironmentKey,
        job: &JobName,
    ) -> Result<Option<(RunId, Checkpoint)>, StoreError> {
        let rows = self.rows(sql::BACKFILL_LAST, job_values(environment, job)).await?;
        rows.first().map(|row| Ok((parsed(row, "run")?, row.json("body")?))).transpose()
    }

    /// Rows a job could not handle with their reason codes, by the run that began it, oldest first, at most `limit`.
    pub async fn backfill_rows(
        &self,
        origin: &RunId,
        limit: i64,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.rows(sql::BACKFILL_ROW_LIST, vec![origin.as_str().into(), limit.into()]).await?;
        rows.iter().map(|row| Ok((row.text("row_key")?, row.text("code")?))).collect()
    }
}
