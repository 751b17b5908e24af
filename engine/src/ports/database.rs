//! The application's databases.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Permit, PortError, Receipt};
use crate::clock::EpochMs;
use crate::model::{ComponentName, EnvironmentKey};

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

/// The application's databases.
#[async_trait]
pub trait Database: Send + Sync {
    /// What has been applied, in order; empty when the database is not there yet.
    async fn migrations_applied(
        &self,
        environment: &EnvironmentKey,
        component: &ComponentName,
    ) -> Result<Vec<AppliedMigration>, PortError>;
    /// Applies one migration and records it, in one transaction.
    async fn migration_apply(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        component: &ComponentName,
        migration: &Migration,
    ) -> Result<Receipt, PortError>;
}
