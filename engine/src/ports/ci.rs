//! What continuous integration says of a commit.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::PortError;
use crate::model::{EnvironmentKey, Source};

/// What is said of a commit, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CiState {
    /// Something failed.
    Failing,
    /// Something says what nobody here knows, or nothing was checked at all.
    Unknown,
    /// Something is not done.
    Pending,
    /// At least one thing succeeded, and nothing else is of the kinds above.
    Passing,
}

impl fmt::Display for CiState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failing => "failing",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Passing => "passing",
        })
    }
}

/// What continuous integration says of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CiReport {
    /// All of it in one word.
    pub state: CiState,
    /// In a clause that begins with the word, with the names of what holds it up: `failing: build (failure)`.
    pub says: String,
}

/// Asks continuous integration about commits. Only reads, so it takes no permit.
#[async_trait]
pub trait Ci: Send + Sync {
    /// What it says of a commit, by its whole hash, asked with the environment's connection. [`PortError::Fail`] when there is no
    /// connection to ask with, or it may not be asked.
    async fn of_commit(
        &self,
        environment: &EnvironmentKey,
        source: &Source,
        commit: &str,
    ) -> Result<CiReport, PortError>;
}
