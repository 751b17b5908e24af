//! What a database driver says, in words for people.

use sqlx::error::DatabaseError;

/// What went wrong at the database, in its own words and once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(String);

impl From<&sqlx::Error> for Fault {
    fn from(error: &sqlx::Error) -> Self {
        Self(match error {
            // Without the line of the server's own source it comes from.
            sqlx::Error::Database(error) => DatabaseError::message(&**error).to_owned(),
            sqlx::Error::Io(error) => error.to_string(),
            sqlx::Error::PoolTimedOut => "all connections to it were busy for too long".to_owned(),
            other => other.to_string(),
        })
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::from(&error)
    }
}
