//! One host at a time on a database that several machines reach: the one that holds the server's lock. The server frees it
//! when the host's connection ends, however it ends.

use std::time::Duration;

use sqlx::PgConnection;

use super::{Database, Store, StoreError};

/// The lock's number on the server: "infrchat" as bytes.
const LOCK_KEY: i64 = 0x696e_6672_6368_6174;
/// Tries before another host is believed to be alive: a server may take a moment to notice that one was killed.
const TRIES: usize = 25;
/// Between two tries.
const RETRY: Duration = Duration::from_millis(200);

/// The right to run services on this database; given back when dropped.
#[derive(Debug)]
pub struct HostClaim(#[expect(dead_code, reason = "held for its lock")] Option<PgConnection>);

impl Store {
    /// Claims the database for this program's services. `None` when another program has done so and is alive. A SQLite
    /// file belongs to one data folder, whose own lock says the same.
    pub async fn host_claim(&self) -> Result<Option<HostClaim>, StoreError> {
        let Database::Postgres(pool) = &self.database else { return Ok(Some(HostClaim(None))) };
        let asking = || StoreError::while_doing("be asked who runs its services");
        // A connection of its own: the pool's come and go.
        let mut connection = pool.acquire().await.map_err(asking())?.detach();
        for _ in 0..TRIES {
            let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
                .bind(LOCK_KEY)
                .fetch_one(&mut connection)
                .await
                .map_err(asking())?;
            if taken {
                return Ok(Some(HostClaim(Some(connection))));
            }
            tokio::time::sleep(RETRY).await;
        }
        Ok(None)
    }
}
