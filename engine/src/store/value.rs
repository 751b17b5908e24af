//! Statements and rows in the one form that serves both databases.

use serde::Serialize;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::{StoreError, sql};

/// A value bound to a statement. `None` is the typed NULL that PostgreSQL wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Text.
    Text(Option<String>),
    /// A 64-bit integer.
    Int(Option<i64>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(Some(i64::from(number)))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

/// A statement with its values, and how many rows it must change for its commit to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// One of the constants of `store::sql`.
    pub(crate) sql: &'static str,
    /// `$1`, `$2`, …
    pub(crate) values: Vec<Value>,
    /// Anything else is a conflict; `None` accepts any number.
    pub(crate) must_change: Option<u64>,
}

impl Statement {
    /// What it means that it changed another number of rows than it must.
    pub(crate) fn unmet(&self) -> StoreError {
        if self.sql == sql::RUN_FENCED { StoreError::Fenced } else { StoreError::Conflict }
    }
}

/// A value as it is kept in a column of JSON.
pub(super) fn json(value: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_string(value).map(Value::from).map_err(|error| StoreError::corrupt("body", error))
}

/// A statement that must change one row for its commit to stand.
pub(super) fn guarded(sql: &'static str, values: Vec<Value>) -> Vec<Statement> {
    vec![Statement { sql, values, must_change: Some(1) }]
}

/// A statement that may change any number of rows.
pub(super) fn free(sql: &'static str, values: Vec<Value>) -> Vec<Statement> {
    vec![Statement { sql, values, must_change: None }]
}

/// A row of either database.
pub(crate) enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// A text column.
    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
        .map_err(|error| StoreError::corrupt(column, error))
    }

    /// An integer column.
    pub(crate) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
        .map_err(|error| StoreError::corrupt(column, error))
    }

    /// A JSON column as its typed value.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|error| StoreError::corrupt(column, error))
    }
}
