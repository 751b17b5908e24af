//! The application's database on a PostgreSQL server: each migration once, on one direct connection that holds an advisory
//! lock, in a transaction with the note that it was applied.
//!
//! What PostgreSQL refuses in a transaction stands alone in its migration, and is noted after it is done; a second note says
//! that it was begun, so that whoever tries again knows an index left half built for its own.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use engine::clock::EpochMs;
use engine::model::Dialect;
use engine::plan::{Alone, statements};
use engine::ports::{AppliedMigration, Migration, Notes, PortError};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::database_notes;

/// What the server is told of connections for migrations.
const MIGRATIONS: &str = "infra-chat migrations";
/// How long a server may take to let us in.
const CONNECT_AT_MOST: Duration = Duration::from_secs(10);
/// How long a migration waits for another one, and for each lock on a table: whoever waits for one has everybody else wait
/// behind it.
const LOCK_WAIT: &str = "SET lock_timeout = '5s'";
/// The migrations of a database are applied by one at a time: the number is the first eight bytes of the SHA-256 of
/// `infra-chat migrations`. It is tried and not waited for: `CREATE INDEX CONCURRENTLY` of the holder would wait for the
/// transaction in which somebody waits.
const LOCK: &str = "SELECT pg_try_advisory_lock(2994459939093760791)";
/// How often the lock is tried, and how long it is waited between two times.
const LOCK_TRIES: usize = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(200);
/// What stands alone lets others through while it waits.
const LOCK_WAIT_LONG: &str = "SET lock_timeout = 0";

const NOTES_CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at_ms BIGINT NOT NULL
)";
const BEGUN_CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations_begun (
    version TEXT PRIMARY KEY NOT NULL,
    checksum TEXT NOT NULL
)";
const NOTES_PRESENT: &str = "SELECT to_regclass('schema_migrations') IS NOT NULL";
const NOTES_LIST: &str = "SELECT version, checksum, applied_at_ms FROM schema_migrations ORDER BY version";
const NOTE_FIND: &str = "SELECT checksum FROM schema_migrations WHERE version = $1";
const NOTE_ADD: &str =
    "INSERT INTO schema_migrations (version, name, checksum, applied_at_ms) VALUES ($1, $2, $3, $4)";
const BEGUN_FIND: &str = "SELECT count(*) FROM schema_migrations_begun WHERE version = $1 AND checksum = $2";
const BEGUN_ADD: &str = "INSERT INTO schema_migrations_begun (version, checksum) VALUES ($1, $2)
    ON CONFLICT (version) DO UPDATE SET checksum = EXCLUDED.checksum";
const BEGUN_REMOVE: &str = "DELETE FROM schema_migrations_begun WHERE version = $1";
const INDEX_VALID: &str = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)";

/// A database on a server, and the secret that says where.
pub(super) struct Server {
    options: PgConnectOptions,
    /// In words, without the secret: "the database db of shop/staging".
    title: String,
}

impl Server {
    /// The server a connection string names. What is wrong with one is said without it.
    pub(super) fn of(url: &SecretString, title: String) -> Result<Self, PortError> {
        let wrong = |what: &str| {
            let hint = "Set the secret to postgres://USER:PASSWORD@HOST:PORT/NAME.";
            PortError::fail(format!("the connection string of {title} {what}"), hint)
        };
        let url = url.expose_secret().trim();
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(wrong("is not one of PostgreSQL"));
        }
        let options = PgConnectOptions::from_str(url).map_err(|_| wrong("can't be read"))?;
        let options = options.disable_statement_logging();
        Ok(Self { options, title })
    }

    /// What it is, in words.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// Lets us in, under a name that the server shows to whoever looks.
    pub(super) async fn open(&self, name: &str) -> Result<PgConnection, PortError> {
        let options = self.options.clone().application_name(name);
        match tokio::time::timeout(CONNECT_AT_MOST, options.connect()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(cause)) => Err(self.closed(&cause)),
            Err(_) => Err(PortError::retry(format!("{} does not answer", self.title))),
        }
    }

    /// Why nobody is let in.
    fn closed(&self, cause: &sqlx::Error) -> PortError {
        let title = &self.title;
        match code(cause).as_deref() {
            Some("28P01" | "28000") => PortError::fail(
                format!("{title} does not accept the login of its connection string"),
                "Set the secret anew: infra-chat secret set.",
            ),
            Some("3D000") => PortError::fail(
                format!("{title} is not on the server its connection string names"),
                "Make the database there, or mend the secret.",
            ),
            _ => PortError::retry(format!("{title} can't be reached: {}", said(cause))),
        }
    }

    /// What went wrong while nothing was changed.
    fn looking(&self, cause: &sqlx::Error) -> PortError {
        let title = &self.title;
        match code(cause).as_deref() {
            Some("42703") => PortError::fail(
                format!("{title} has a table schema_migrations of another tool"),
                "Rename that table if its tool is not used any more; two tools can't share it.",
            ),
            Some("55P03") => PortError::retry(format!("{title} is locked by somebody else")),
            _ if is_lost(cause) => {
                PortError::retry(format!("the connection to {title} was lost: {}", said(cause)))
            }
            _ => PortError::fail(format!("{title} said: {}", said(cause)), ""),
        }
    }

    /// What has been applied, in order.
    pub(super) async fn applied(&self, notes: Option<&Notes>) -> Result<Vec<AppliedMigration>, PortError> {
        let mut connection = self.open(MIGRATIONS).await?;
        let read = match notes {
            Some(notes) => database_notes::of_server(&mut connection, notes).await,
            None => applied(&mut connection).await,
        };
        close(connection).await;
        read.map_err(|cause| match notes {
            Some(Notes { table, column }) if code(&cause).as_deref() == Some("42703") => PortError::fail(
                format!("{} has a table {table} without a column {column}", self.title),
                "Mend `table` and `column` of `migrations` in the description.",
            ),
            _ => self.looking(&cause),
        })
    }

    /// A connection that holds the lock of migrations.
    pub(super) async fn locked(&self) -> Result<PgConnection, PortError> {
        let mut connection = self.open(MIGRATIONS).await?;
        self.lock(&mut connection).await?;
        Ok(connection)
    }

    /// Applies a migration and notes it; the answer says how it went.
    pub(super) async fn apply(&self, migration: &Migration, now_ms: EpochMs) -> Result<String, PortError> {
        let title = format!("{} {}", migration.version, migration.name);
        let way = Way::of(migration)?;
        let mut connection = self.open(MIGRATIONS).await?;
        // With the connection its locks go, and a transaction that was not committed.
        let applied = self.apply_on(&mut connection, migration, &way, now_ms).await;
        close(connection).await;
        Ok(match applied? {
            Applied::Before => format!("{title} was applied before"),
            Applied::Now => format!("applied {title}"),
            Applied::Alone => format!("applied {title}, outside a transaction"),
            Applied::FoundDone => format!("{title} was done already by an attempt before, and is noted now"),
        })
    }

    async fn apply_on(
        &self,
        connection: &mut PgConnection,
        migration: &Migration,
        way: &Way,
        now_ms: EpochMs,
    ) -> Result<Applied, PortError> {
        let looking = |cause: sqlx::Error| self.looking(&cause);
        run(connection, LOCK_WAIT).await.map_err(looking)?;
        self.lock(connection).await?;
        run(connection, NOTES_CREATE).await.map_err(looking)?;
        let before: Option<String> = sqlx::query_scalar(NOTE_FIND)
            .bind(&migration.version)
            .fetch_optional(&mut *connection)
            .await
            .map_err(looking)?;
        if let Some(checksum) = before {
            if checksum == migration.checksum {
                return Ok(Applied::Before);
            }
            return Err(PortError::fail(
                format!(
                    "migration {} {} was changed after it was applied",
                    migration.version, migration.name
                ),
                "Put the file back as it was, and make the change in a new migration.",
            ));
        }
        match way {
            Way::Transaction => self.in_transaction(connection, migration, now_ms).await,
            Way::Alone(statement) => self.alone(connection, migration, statement, now_ms).await,
        }
    }

    /// Takes the lock of migrations; it goes with the connection.
    async fn lock(&self, connection: &mut PgConnection) -> Result<(), PortError> {
        for _ in 0..LOCK_TRIES {
            let taken: bool = sqlx::query_scalar(LOCK)
                .fetch_one(&mut *connection)
                .await
                .map_err(|cause| self.looking(&cause))?;
            if taken {
                return Ok(());
            }
            tokio::time::sleep(LOCK_PAUSE).await;
        }
        Err(PortError::retry(format!("somebody else migrates {} just now", self.title)))
    }

    async fn in_transaction(
        &self,
        connection: &mut PgConnection,
        migration: &Migration,
        now_ms: EpochMs,
    ) -> Result<Applied, PortError> {
        let looking = |cause: sqlx::Error| self.looking(&cause);
        run(connection, "BEGIN").await.map_err(looking)?;
        run(connection, &migration.sql).await.map_err(|cause| {
            self.refused(
                migration,
                &cause,
                "Nothing of this migration was kept. Mend its SQL and deploy again.",
            )
        })?;
        note(connection, migration, now_ms).await.map_err(looking)?;
        run(connection, "COMMIT").await.map_err(|cause| {
            // A deferred constraint speaks up only now.
            let hint = "Nothing of this migration was kept. Mend its SQL and deploy again.";
            self.refused(migration, &cause, hint)
        })?;
        Ok(Applied::Now)
    }

    async fn alone(
        &self,
        connection: &mut PgConnection,
        migration: &Migration,
        statement: &Alone,
        now_ms: EpochMs,
    ) -> Result<Applied, PortError> {
        let looking = |cause: sqlx::Error| self.looking(&cause);
        run(connection, BEGUN_CREATE).await.map_err(looking)?;
        let begun: i64 = sqlx::query_scalar(BEGUN_FIND)
            .bind(&migration.version)
            .bind(&migration.checksum)
            .fetch_one(&mut *connection)
            .await
            .map_err(looking)?;
        let mut found_done = false;
        if let Some(index) = statement.makes_index.as_deref().filter(|_| begun > 0) {
            let valid: Option<bool> = sqlx::query_scalar(INDEX_VALID)
                .bind(index)
                .fetch_optional(&mut *connection)
                .await
                .map_err(looking)?;
            found_done = valid == Some(true);
            if valid == Some(false) {
                // What an attempt before left half built serves nobody, and is in the way.
                run(connection, &format!("DROP INDEX CONCURRENTLY {index}")).await.map_err(looking)?;
            }
        }
        if !found_done {
            run(connection, LOCK_WAIT_LONG).await.map_err(looking)?;
            let begin = sqlx::query(BEGUN_ADD).bind(&migration.version).bind(&migration.checksum);
            begin.execute(&mut *connection).await.map_err(looking)?;
            run(connection, &statement.sql).await.map_err(|cause| {
                let hint = match &statement.makes_index {
                    Some(index) => format!(
                        "It runs in no transaction: what it left of {index} serves nobody, and is removed when it is tried \
                         again. Mend what it complains about and deploy again."
                    ),
                    None => "It runs in no transaction, so a part of it may be done. Look, mend it and deploy again.".to_owned(),
                };
                self.refused(migration, &cause, &hint)
            })?;
        }
        note(connection, migration, now_ms).await.map_err(|cause| self.refused(migration, &cause, ""))?;
        let done = sqlx::query(BEGUN_REMOVE).bind(&migration.version).execute(&mut *connection).await;
        // A note too many is only read again by a migration of this number, which is applied.
        drop(done);
        Ok(if found_done { Applied::FoundDone } else { Applied::Alone })
    }

    /// What went wrong with a migration itself.
    fn refused(&self, migration: &Migration, cause: &sqlx::Error, hint: &str) -> PortError {
        let title = format!("migration {} {}", migration.version, migration.name);
        if is_lost(cause) {
            return PortError::unknown(format!(
                "the connection to {} was lost while {title} was applied: {}",
                self.title,
                said(cause)
            ));
        }
        if code(cause).as_deref() == Some("55P03") {
            return PortError::retry(format!("{title} waited too long for a lock that somebody else holds"));
        }
        PortError::fail(format!("{title} failed: {}", said(cause)), hint)
    }
}

enum Applied {
    Before,
    Now,
    Alone,
    FoundDone,
}

/// How a migration can be run.
enum Way {
    Transaction,
    Alone(Alone),
}

impl Way {
    fn of(migration: &Migration) -> Result<Self, PortError> {
        let title = format!("migration {} {}", migration.version, migration.name);
        // What can't be told apart, the server will complain about.
        let Ok(statements) = statements(&migration.sql, Dialect::Postgres) else {
            return Ok(Self::Transaction);
        };
        for statement in &statements {
            let first = statement.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            if matches!(first.as_str(), "BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT") {
                return Err(PortError::fail(
                    format!("{title} says `{first}` itself"),
                    "Leave that out: each migration runs in a transaction of its own.",
                ));
            }
        }
        match statements.iter().find_map(|statement| Alone::of(statement)) {
            None => Ok(Self::Transaction),
            Some(alone) if statements.len() == 1 => Ok(Self::Alone(alone)),
            Some(alone) => Err(PortError::fail(
                format!(
                    "{title} has a statement among others that PostgreSQL refuses in a transaction: {}",
                    alone.what
                ),
                "Put it alone in a migration of its own: then it is run outside a transaction, and noted afterwards.",
            )),
        }
    }
}

/// Runs a script whose answers nobody needs.
pub(super) async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.map(drop)
}

async fn note(
    connection: &mut PgConnection,
    migration: &Migration,
    now_ms: EpochMs,
) -> Result<(), sqlx::Error> {
    sqlx::query(NOTE_ADD)
        .bind(&migration.version)
        .bind(&migration.name)
        .bind(&migration.checksum)
        .bind(now_ms)
        .execute(connection)
        .await
        .map(drop)
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<AppliedMigration>, sqlx::Error> {
    let present: bool = sqlx::query_scalar(NOTES_PRESENT).fetch_one(&mut *connection).await?;
    if !present {
        return Ok(Vec::new());
    }
    let rows: Vec<(String, String, i64)> = sqlx::query_as(NOTES_LIST).fetch_all(connection).await?;
    let note = |(version, checksum, at_ms)| AppliedMigration { version, checksum, at_ms };
    Ok(rows.into_iter().map(note).collect())
}

async fn close(connection: PgConnection) {
    // Everything that matters is committed; a connection that doesn't close well is dropped.
    let _ = connection.close().await;
}

/// The SQLSTATE a server answered with.
pub(super) fn code(cause: &sqlx::Error) -> Option<String> {
    cause.as_database_error()?.code().map(Cow::into_owned)
}

/// Nobody knows what became of what was asked last: the connection broke, or the server threw us out.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
pub(super) fn is_lost(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("08") || matches!(code.as_ref(), "57P01" | "57P02" | "57P03" | "57P05")
        }),
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        _ => false,
    }
}

pub(super) fn said(cause: &sqlx::Error) -> String {
    match cause {
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}
