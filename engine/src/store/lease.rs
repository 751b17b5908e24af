//! Leases: which replica carries out which run. A lease is an owner, an instant at which it runs out, and a fencing token
//! that grows each time the run is leased, so that what a former owner writes late is refused ([`super::Write::RunFenced`]).

use std::collections::HashSet;

use sqlx::AssertSqlSafe;

use super::{Database, Store, StoreError, sql};
use crate::clock::EpochMs;
use crate::model::RunId;

/// A run that was leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// The run.
    pub run: RunId,
    /// The lease's fencing token; absent where there is nobody to lose a lease to.
    pub fence: Option<i64>,
}

fn run_id(text: &str) -> Result<RunId, StoreError> {
    text.parse().map_err(|error| StoreError::corrupt("run", error))
}

impl Store {
    /// Leases live runs that nobody has, or had and let run out, to `owner` until `until_ms`, oldest first, at most
    /// `limit`; also those that this owner had in a former life, for one that was killed and is back need not wait for
    /// itself. `held` are those it has now.
    pub async fn run_lease(
        &self,
        owner: &str,
        held: &[RunId],
        now_ms: EpochMs,
        until_ms: EpochMs,
        limit: i64,
    ) -> Result<Vec<Leased>, StoreError> {
        let held: Vec<String> = held.iter().map(ToString::to_string).collect();
        let Database::Postgres(server) = &self.database else {
            let rows = self.rows(sql::SQLITE_RUN_LEASE, Vec::new()).await?;
            let runs: Result<Vec<String>, _> = rows.iter().map(|row| row.text("run")).collect();
            let free = runs?.into_iter().filter(|run| !held.contains(run));
            return free.map(|run| Ok(Leased { run: run_id(&run)?, fence: None })).collect();
        };
        let leasing = || StoreError::while_doing("lease runs");
        let mut connection = server.connection().await.map_err(leasing())?;
        let leased: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(sql::POSTGRES_RUN_LEASE))
            .bind(owner)
            .bind(now_ms)
            .bind(until_ms)
            .bind(held)
            .bind(limit)
            .fetch_all(&mut *connection)
            .await
            .map_err(leasing())?;
        leased.into_iter().map(|(run, fence)| Ok(Leased { run: run_id(&run)?, fence: Some(fence) })).collect()
    }

    /// Keeps leases; returns those that were kept. Others are somebody else's by now.
    pub async fn run_lease_renew(
        &self,
        owner: &str,
        held: &[(RunId, i64)],
        until_ms: EpochMs,
    ) -> Result<HashSet<RunId>, StoreError> {
        let Database::Postgres(server) = &self.database else {
            return Ok(held.iter().map(|(run, _)| run.clone()).collect());
        };
        let keeping = || StoreError::while_doing("keep the leases of runs");
        let mut connection = server.connection().await.map_err(keeping())?;
        let mut kept = HashSet::new();
        for (run, fence) in held {
            let renewed = sqlx::query(AssertSqlSafe(sql::POSTGRES_RUN_LEASE_RENEW))
                .bind(owner)
                .bind(until_ms)
                .bind(run.as_str())
                .bind(fence)
                .execute(&mut *connection)
                .await
                .map_err(keeping())?;
            if renewed.rows_affected() > 0 {
                kept.insert(run.clone());
            }
        }
        Ok(kept)
    }

    /// Whether a lease with this fencing token is the newest of a run.
    pub async fn run_fence_stands(&self, run: &RunId, fence: i64) -> Result<bool, StoreError> {
        let rows = self.rows(sql::RUN_FENCE, vec![run.as_str().into()]).await?;
        Ok(rows.first().map(|row| row.int("fence")).transpose()? == Some(fence))
    }

    /// Gives leases back; nothing happens to those that are not ours any more.
    pub async fn run_lease_release(&self, owner: &str, held: &[(RunId, i64)]) -> Result<(), StoreError> {
        let Database::Postgres(server) = &self.database else { return Ok(()) };
        let giving = || StoreError::while_doing("give the leases of runs back");
        let mut connection = server.connection().await.map_err(giving())?;
        for (run, fence) in held {
            sqlx::query(AssertSqlSafe(sql::POSTGRES_RUN_LEASE_RELEASE))
                .bind(owner)
                .bind(run.as_str())
                .bind(fence)
                .execute(&mut *connection)
                .await
                .map_err(giving())?;
        }
        Ok(())
    }
}
