//! Where code is kept.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::PortError;
use crate::clock::EpochMs;
use crate::model::Source;

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Full hexadecimal id.
    pub id: String,
    /// First line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at_ms: EpochMs,
}

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its name, without folders.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// Where code is kept.
#[async_trait]
pub trait CodeHost: Send + Sync {
    /// What a branch, tag or commit id (7 digits or more) stands for now. `None` asks for the default branch.
    async fn resolve(&self, source: &Source, reference: Option<&str>) -> Result<Commit, PortError>;
    /// The name of the default branch: what `resolve` without a reference follows. Absent when the repository stands
    /// on a bare commit.
    async fn default_branch(&self, source: &Source) -> Result<Option<String>, PortError>;
    /// The newest tags and branches, newest first, at most `limit`: for suggestions.
    async fn references(&self, source: &Source, limit: usize) -> Result<Vec<String>, PortError>;
    /// The commits that `to` has and `from` has not, newest first, at most `limit`.
    async fn compare(
        &self,
        source: &Source,
        from: &str,
        to: &str,
        limit: usize,
    ) -> Result<Vec<Commit>, PortError>;
    /// The files directly in a folder of a commit, by name; a missing folder is empty.
    async fn files(&self, source: &Source, commit: &str, folder: &str) -> Result<Vec<SourceFile>, PortError>;
}
