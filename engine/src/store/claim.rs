//! One host of the embedded platform at a time on a database: services belong to the machine whose program started them.
//! On PostgreSQL it is the one that holds the server's lock, which the server frees when the host's connection ends, however
//! it ends; on SQLite the one that holds a lock file beside the database, which the system frees.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::presence::Presence;
use super::server::silent;
use super::{Database, Store, StoreError, sql};

/// The lock's number on the server: "infrchat" as bytes.
const LOCK_KEY: i64 = 0x696e_6672_6368_6174;
/// The extension of the lock file beside a SQLite database.
const LOCK_EXTENSION: &str = "hosting";
/// Tries before another host is believed to be alive: a server may take a moment to notice that one was killed.
const TRIES: usize = 25;
/// Between two tries.
const RETRY: Duration = Duration::from_millis(200);
/// How often a claim is looked after.
const LOOKED_AFTER: Duration = Duration::from_secs(1);
/// A server that takes longer to answer has cut us off.
const ANSWER: Duration = Duration::from_secs(10);

/// The right to run services on this database; given back when dropped.
#[derive(Debug)]
pub struct HostClaim(Held);

#[derive(Debug)]
enum Held {
    Session(Box<PgConnection>),
    File { _lock: File, presence: Presence },
}

impl HostClaim {
    /// Returns when the claim is lost, with what happened: the connection ended, the server was restarted, the file is gone.
    /// Somebody else may have it from then on.
    pub async fn lost(&mut self) -> StoreError {
        let losing = StoreError::while_doing("be kept for this host");
        loop {
            tokio::time::sleep(LOOKED_AFTER).await;
            let looked = match &mut self.0 {
                Held::File { presence, .. } => presence.check(),
                Held::Session(connection) => match tokio::time::timeout(ANSWER, connection.ping()).await {
                    Ok(answered) => answered,
                    Err(_) => Err(silent(ANSWER)),
                },
            };
            if let Err(error) = looked {
                return losing(error);
            }
        }
    }
}

impl Store {
    /// Claims the database for this program's services. `None` when another program has done so and is alive.
    pub async fn host_claim(&self) -> Result<Option<HostClaim>, StoreError> {
        let asking = || StoreError::while_doing("be asked who runs its services");
        let server = match &self.database {
            Database::Postgres(server) => server,
            Database::Sqlite(_, presence) => return file_claim(presence).map_err(asking()),
        };
        // A connection of its own: the pool's come and go.
        let mut connection = server.connection().await.map_err(asking())?.detach();
        let keepalive = sqlx::query(AssertSqlSafe(sql::POSTGRES_HOST_KEEPALIVE));
        keepalive.execute(&mut connection).await.map_err(asking())?;
        for _ in 0..TRIES {
            let taken: bool = sqlx::query_scalar(AssertSqlSafe(sql::POSTGRES_HOST_CLAIM))
                .bind(LOCK_KEY)
                .fetch_one(&mut connection)
                .await
                .map_err(asking())?;
            if taken {
                return Ok(Some(HostClaim(Held::Session(Box::new(connection)))));
            }
            tokio::time::sleep(RETRY).await;
        }
        Ok(None)
    }
}

fn file_claim(presence: &Presence) -> Result<Option<HostClaim>, sqlx::Error> {
    presence.check()?;
    let lock = lock_beside(presence.path())?;
    Ok(lock.map(|lock| HostClaim(Held::File { _lock: lock, presence: presence.clone() })))
}

/// The lock of a SQLite database, which need not be there; nothing when a host has it.
pub(super) fn lock_beside(database: &Path) -> io::Result<Option<File>> {
    let path = database.with_extension(LOCK_EXTENSION);
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
