//! All SQL of the engine. One [`Store`] on SQLite or PostgreSQL; reading goes through a pool, writing through one
//! committer that groups the writes of everybody waiting into one transaction, each in a savepoint of its own.

mod backfills;
mod backup;
mod chats;
mod claim;
mod commit;
mod error;
mod fault;
mod lease;
mod listen;
mod open;
mod people;
mod presence;
mod read;
mod reserve;
mod restore;
mod room;
mod secrets;
mod server;
#[cfg(test)]
mod shared_tests;
mod sql;
#[cfg(test)]
mod tests;
mod texts;
#[cfg(test)]
mod upgrade_tests;
mod value;
mod write;

use std::sync::Arc;

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqlitePool;
use tokio::sync::{mpsc, oneshot, watch};

pub use backfills::BackfillWrite;
pub use backup::{BackupError, Contents};
pub use chats::{ChatWrite, Heard, Offered, Shown};
pub use claim::HostClaim;
pub use commit::{AuditEntry, Commit};
pub use error::StoreError;
pub use fault::Fault;
pub use lease::Leased;
pub use open::StoreAddress;
pub use read::{Conversation, OutboxMessage, ReceiptRecord, Versioned};
pub use restore::Staged;
pub use room::Room;
pub use secrets::{SealedSecret, SecretVersion, SecretWrite};
pub use texts::{PhoneText, TextWrite};
pub use write::Write;

use presence::Presence;
use server::Server;
use value::{Row, Value};

/// The database, whichever it is. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    database: Database,
    committer: mpsc::Sender<commit::Message>,
    /// Changes with every commit made here: watchers of this process look again at once.
    changed: Arc<watch::Sender<u64>>,
    /// Why nothing can be written, while its disk is full.
    full: watch::Receiver<Option<Room>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.database {
            Database::Sqlite(..) => "Store(SQLite)",
            Database::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

/// The pools behind a store.
#[derive(Debug, Clone)]
enum Database {
    Sqlite(SqlitePool, Presence),
    Postgres(Server),
}

impl Store {
    /// Whether several replicas may share it; SQLite belongs to one machine.
    pub fn is_shared(&self) -> bool {
        matches!(self.database, Database::Postgres(_))
    }

    /// Tells of every commit made through this store, and on PostgreSQL of those of other programs: the number grows.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Tells that the database's disk is full, from the first write that found no room to the first that found enough.
    pub fn full(&self) -> watch::Receiver<Option<Room>> {
        self.full.clone()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.rows(sql::HEAD_GET, vec!["audit".into()]).await.map(|_| ())
    }

    /// Writes a commit: all of it or nothing. [`StoreError::Conflict`] when a guard of it did not hold.
    pub async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        commit::send(&self.committer, commit).await
    }

    /// Ends it for all its clones: what was committed stands, nothing more is taken, and a SQLite file is left without its
    /// write-ahead log.
    pub async fn close(&self) {
        match &self.database {
            // The last connection to close must be the writer's: readers can't clear the log away.
            Database::Sqlite(readers, _) => readers.close().await,
            Database::Postgres(_) => {}
        }
        let (closing, closed) = oneshot::channel();
        if self.committer.send(commit::Message::Close(closing)).await.is_ok() {
            // A committer that is gone has closed.
            let _gone = closed.await;
        }
        if let Database::Postgres(server) = &self.database {
            server.pool().close().await;
        }
    }

    /// Runs a reading statement.
    async fn rows(&self, text: &'static str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let reading = StoreError::while_doing("be read");
        match &self.database {
            Database::Sqlite(pool, presence) => {
                presence.check().map_err(StoreError::while_doing("be read"))?;
                let mut query = sqlx::query(AssertSqlSafe(text));
                for value in values {
                    query = match value {
                        Value::Text(text) => query.bind(text),
                        Value::Int(number) => query.bind(number),
                    };
                }
                Ok(query.fetch_all(pool).await.map_err(reading)?.into_iter().map(Row::Sqlite).collect())
            }
            Database::Postgres(server) => {
                let mut connection = server.connection().await.map_err(StoreError::while_doing("be read"))?;
                let mut query = sqlx::query(AssertSqlSafe(text));
                for value in values {
                    query = match value {
                        Value::Text(text) => query.bind(text),
                        Value::Int(number) => query.bind(number),
                    };
                }
                Ok(query
                    .fetch_all(&mut *connection)
                    .await
                    .map_err(reading)?
                    .into_iter()
                    .map(Row::Postgres)
                    .collect())
            }
        }
    }
}
