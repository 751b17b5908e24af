//! Migrations by the application's own command.

use serde::{Deserialize, Serialize};

use super::{BuildKey, DatabaseAt};
use crate::model::{Limits, ServiceName};

/// The application's own command that applies its migrations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrateCommand {
    /// The service in whose built code it runs.
    pub service: ServiceName,
    /// The release whose configuration it gets.
    pub release: u32,
    /// The built code.
    pub build: BuildKey,
    /// It applies every pending migration, in order.
    pub command: String,
    /// How long it may take, in seconds; what it waits for others before counts, too.
    pub timeout_s: u32,
    /// Limits of its process.
    pub limits: Limits,
    /// The database it changes, with where the tool notes what it has applied.
    pub database: DatabaseAt,
    /// The versions that are missing. Where the database has had them all, nothing is run.
    pub versions: Vec<String>,
}

/// How far such a command is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum MigrateState {
    /// Nobody asked for it under that key.
    Absent,
    /// It ran when the platform was killed, and was ended: what the database notes says how far it came.
    Interrupted,
    /// It runs, or waits for its turn.
    Running {
        /// The last line it printed, redacted.
        last_line: String,
    },
    /// It is over.
    Ended {
        /// It ended by itself with exit code 0, or did not have to run.
        well: bool,
        /// How, in words: `exit code 1`.
        how: String,
        /// The last lines it printed, redacted.
        tail: Vec<String>,
    },
}
