//! Components: databases, caches, storage and mail beside the services.

use serde::{Deserialize, Serialize};

use super::{ComponentName, PLATFORM_RAILWAY, SecretName};

/// What a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentKind {
    /// A SQL database.
    Database,
    /// A cache.
    Cache,
    /// Files.
    Storage,
    /// A place where mail ends up.
    Mail,
}

/// What SQL a database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB. No database of a project speaks it yet; migrations of theirs can be judged.
    Mysql,
    /// SQLite.
    Sqlite,
}

/// A component of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// What it is.
    pub kind: ComponentKind,
    /// Where it is, when it is not the platform's own: a secret of each environment with its connection string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<SecretName>,
}

impl ComponentKind {
    /// What one of each kind is called where nobody calls it otherwise.
    pub const USUAL: [(&'static str, Self); 4] = [
        ("postgres", Self::Database),
        ("redis", Self::Cache),
        ("storage", Self::Storage),
        ("mail", Self::Mail),
    ];

    /// Other names that say by themselves what a component is.
    pub const ALSO: [(&'static str, Self); 8] = [
        ("postgresql", Self::Database),
        ("database", Self::Database),
        ("db", Self::Database),
        ("valkey", Self::Cache),
        ("cache", Self::Cache),
        ("minio", Self::Storage),
        ("bucket", Self::Storage),
        ("mailpit", Self::Mail),
    ];

    /// What a component of that name is, where the name says it: `redis`, `redis-2`, `postgres-reports`.
    pub fn of_name(name: &ComponentName) -> Option<Self> {
        let first = name.as_str().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let same = |(usual, _): &&(&str, Self)| first.eq_ignore_ascii_case(usual);
        Self::USUAL.iter().chain(&Self::ALSO).find(same).map(|(_, kind)| *kind)
    }

    /// What one is called in a sentence: `a cache`, `storage`.
    pub fn said(self) -> &'static str {
        match self {
            Self::Database => "a database",
            Self::Cache => "a cache",
            Self::Storage => "storage",
            Self::Mail => "a mailbox",
        }
    }

    /// The variable in which the services of a platform are told of a component of that kind; none where they are not.
    pub fn variable(self, platform: &str) -> Option<&'static str> {
        match (self, platform) {
            (Self::Database, _) => Some("DATABASE_URL"),
            (Self::Cache, PLATFORM_RAILWAY) => Some("REDIS_URL"),
            (Self::Cache, _) => Some("CACHE_DIR"),
            (Self::Storage | Self::Mail, PLATFORM_RAILWAY) => None,
            (Self::Storage, _) => Some("STORAGE_DIR"),
            (Self::Mail, _) => Some("MAIL_DIR"),
        }
    }
}

impl Component {
    /// What SQL it speaks: the platform's own are SQLite, those elsewhere PostgreSQL.
    pub fn dialect(&self) -> Dialect {
        if self.url.is_some() { Dialect::Postgres } else { Dialect::Sqlite }
    }
}
