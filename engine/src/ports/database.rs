//! The application's databases.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Permit, PortError, Receipt};
use crate::backfill::{Batch, Cursor, Fill};
use crate::clock::EpochMs;
use crate::model::{ComponentName, EnvironmentKey, JobName, SecretName};

/// A migration: one SQL file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// The digits its file name starts with: they order it.
    pub version: String,
    /// The rest of its file name.
    pub name: String,
    /// Its statements.
    pub sql: String,
    /// SHA-256 of the statements, hexadecimal.
    pub checksum: String,
}

/// A migration that a database has had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedMigration {
    /// Its version.
    pub version: String,
    /// The checksum it had then.
    pub checksum: String,
    /// When it was applied.
    pub at_ms: EpochMs,
}

/// A database of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseAt {
    /// The component.
    pub component: ComponentName,
    /// The secret with its connection string; absent when it is the platform's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<SecretName>,
}

/// One batch of a job that is declared in SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillCall {
    /// The job.
    pub job: JobName,
    /// What a batch is noted under, so that it is done once: the same for all runs that go on with what one began, and
    /// never used again.
    pub noted_as: String,
    /// The database.
    pub database: DatabaseAt,
    /// What is filled.
    pub fill: Fill,
    /// Behind which row; absent at the beginning.
    pub cursor: Option<Cursor>,
    /// The most rows.
    pub batch: u32,
    /// Whether the rows behind are counted, which reads all of them.
    pub counts: bool,
}

/// The application's databases.
#[async_trait]
pub trait Database: Send + Sync {
    /// What has been applied, in order; empty when the database is not there yet.
    async fn migrations_applied(
        &self,
        environment: &EnvironmentKey,
        database: &DatabaseAt,
    ) -> Result<Vec<AppliedMigration>, PortError>;
    /// Applies one migration and records it, in one transaction where the database has them for it. It is done once, however many
    /// call at the same time.
    async fn migration_apply(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        database: &DatabaseAt,
        migration: &Migration,
    ) -> Result<Receipt, PortError>;
    /// Fills one batch, in one transaction with the note that it was: asked for a second time under the same run and behind the
    /// same row, the answer is what came of it the first time. A row that a constraint or the statement's own arithmetic refuses is
    /// left as it is and said with the database's code, whatever else is in its batch. A statement may take 30 seconds.
    async fn rows_fill(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        call: &FillCall,
    ) -> Result<Batch, PortError>;
    /// What the next batch would do: its first rows before and after, and all rows counted. Only reads; what a constraint would
    /// refuse is therefore not seen.
    async fn rows_try(&self, environment: &EnvironmentKey, call: &FillCall) -> Result<Batch, PortError>;
}
