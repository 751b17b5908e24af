//! Hearing of what other programs commit to a PostgreSQL database, so that whoever waits looks at once. What is not heard,
//! because the connection was lost, is found by looking again: nothing depends on it but speed.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;

/// What commits are told on; `sql::POSTGRES_NOTIFY` has it too.
const CHANNEL: &str = "infra_chat";
/// Between two tries to listen again.
const RETRY: Duration = Duration::from_secs(1);

/// Begins to listen.
pub(super) async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Tells watchers of what others commit, for ever. `origin` is what this program's own commits are marked with.
pub(super) async fn run(
    mut listener: PgListener,
    pool: PgPool,
    origin: String,
    changed: Arc<watch::Sender<u64>>,
) {
    loop {
        // An error and the end of the connection come to the same.
        while let Ok(Some(told)) = listener.try_recv().await {
            if told.payload() != origin {
                changed.send_modify(|count| *count += 1);
            }
        }
        tracing::debug!("the database tells no more of others' commits; listening again");
        listener = loop {
            tokio::time::sleep(RETRY).await;
            if let Ok(listener) = listen(&pool).await {
                break listener;
            }
        };
        // Something may have been committed while nobody listened.
        changed.send_modify(|count| *count += 1);
    }
}
