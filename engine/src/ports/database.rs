//! The application's databases.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Permit, PortError, Receipt};
use crate::backfill::{Batch, Cursor, Fill};
use crate::clock::EpochMs;
use crate::model::{ComponentName, EnvironmentKey, JobName, SecretName};

/// A migration: one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// The digits its file name starts with: they order it. Of one that the application's own tool applies, the whole name
    /// of the file without its extension: what the tool notes.
    pub version: String,
    /// The rest of its file name; empty where the version is all of it.
    pub name: String,
    /// Its text: SQL, unless `language` says otherwise.
    pub sql: String,
    /// SHA-256 of the text, hexadecimal.
    pub checksum: String,
    /// What it is written in.
    #[serde(default, skip_serializing_if = "Language::is_sql")]
    pub language: Language,
}

/// What a migration is written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// SQL.
    #[default]
    Sql,
    /// JavaScript or TypeScript with Sequelize's query interface.
    Script,
    /// Something nobody here can read.
    Other,
}

impl Language {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
    fn is_sql(&self) -> bool {
        *self == Self::Sql
    }
}

impl Migration {
    /// What it is called: "0004 add_due_dates".
    pub fn title(&self) -> String {
        titled(&self.version, &self.name)
    }
}

/// A version with the name behind it, where there is one.
pub(crate) fn titled(version: &str, name: &str) -> String {
    if name.is_empty() { version.to_owned() } else { format!("{version} {name}") }
}

/// A migration that a database has had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedMigration {
    /// Its version.
    pub version: String,
    /// The checksum it had then; empty where the application's own tool noted it, which keeps none.
    pub checksum: String,
    /// When it was applied; 0 where nobody noted it.
    pub at_ms: EpochMs,
}

impl AppliedMigration {
    /// Whether the file is another one now than the one that was applied.
    pub fn differs_from(&self, migration: &Migration) -> bool {
        !self.checksum.is_empty() && self.checksum != migration.checksum
    }
}

/// Where the application's own tool notes the migrations it has applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// The table; `schema.table` where it has a schema.
    pub table: String,
    /// The column with the names of files.
    pub column: String,
}

impl Notes {
    /// The version a note stands for: the file's name without the extensions that migrations have.
    pub fn version_of(file: &str) -> &str {
        EXTENSIONS.iter().find_map(|extension| file.strip_suffix(extension)).unwrap_or(file)
    }
}

/// What names of migration files end with, longer ones first.
const EXTENSIONS: [&str; 12] =
    [".up.sql", ".sql", ".mjs", ".cjs", ".cts", ".mts", ".js", ".ts", ".py", ".rb", ".php", ".xml"];

/// A database of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseAt {
    /// The component.
    pub component: ComponentName,
    /// The secret with its connection string; absent when it is the platform's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<SecretName>,
    /// Where the application's own tool notes what it has applied; absent when migrations are applied from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Notes>,
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
