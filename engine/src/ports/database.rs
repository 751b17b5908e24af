//! The application's databases.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Permit, PortError, Receipt};
use crate::clock::EpochMs;
use crate::model::{ComponentName, EnvironmentKey, SecretName};

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
}
