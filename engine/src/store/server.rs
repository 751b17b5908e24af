//! Connections to a PostgreSQL server. A pool waits for a server that refuses connections, and then says no more than that it
//! waited; here it is asked why, and once it is known to be away, nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, PgPool, Postgres};

/// After waiting so long for a connection, it is looked whether the server is there.
const LOOK_AFTER: Duration = Duration::from_secs(2);
/// A server that takes longer to answer is away.
const ANSWER: Duration = Duration::from_secs(2);

/// A server, as far as connections go. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pool: PgPool,
    /// It could not be reached the last time.
    away: Arc<AtomicBool>,
}

impl Server {
    /// The server at the other end of a pool.
    pub(super) fn of(pool: PgPool) -> Self {
        Self { pool, away: Arc::default() }
    }

    /// The pool, for what it does by itself.
    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A connection, or why there is none.
    pub(super) async fn connection(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        // On the heap: everything that asks the database holds this, and connecting needs much room.
        Box::pin(self.connected()).await
    }

    async fn connected(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        if self.away.load(Ordering::Relaxed) {
            reach(&self.pool.connect_options()).await?;
        }
        let got = self.acquire().await;
        self.away.store(matches!(&got, Err(error) if !is_busy(error)), Ordering::Relaxed);
        got
    }

    async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let mut acquiring = std::pin::pin!(self.pool.acquire());
        if let Ok(got) = tokio::time::timeout(LOOK_AFTER, &mut acquiring).await {
            return got;
        }
        reach(&self.pool.connect_options()).await?;
        // It is there: all connections are in use.
        acquiring.await
    }
}

/// It is there, and all connections are in use or closed for good.
fn is_busy(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
}

/// Tries to reach a server; the error says why it can't be.
pub(super) async fn reach(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    match tokio::time::timeout(ANSWER, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => {
            // It was only to see.
            let _ = connection.close().await;
            Ok(())
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(silent(ANSWER)),
    }
}

/// The server said nothing for so long.
pub(super) fn silent(waited: Duration) -> sqlx::Error {
    let why = format!("the database server has not answered for {} s", waited.as_secs());
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, why))
}
