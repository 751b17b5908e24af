//! What a database driver says, in words for people.

use sqlx::error::DatabaseError;

/// What to do about a SQLite file that is not what SQLite wrote.
const DAMAGED: &str = "its file is damaged. End infra-chat, and put the last backup back: infra-chat restore FILE; what is there is kept beside it";
/// `SQLITE_CORRUPT` and `SQLITE_NOTADB`, <https://www.sqlite.org/rescode.html>; what stands above the lowest byte says where.
const DAMAGES: [i32; 2] = [11, 26];

/// What went wrong at the database, in its own words and once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(String);

impl From<&sqlx::Error> for Fault {
    fn from(error: &sqlx::Error) -> Self {
        Self(match error {
            // Without the line of the server's own source it comes from.
            sqlx::Error::Database(error) if is_damaged(&**error) => {
                format!("{}: {DAMAGED}", DatabaseError::message(&**error))
            }
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

/// Whether SQLite found a page that is none of its own. PostgreSQL's codes are of five characters.
fn is_damaged(error: &dyn DatabaseError) -> bool {
    let code = error.code().filter(|code| code.len() < 5).and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| DAMAGES.contains(&(code & 0xff)))
}
