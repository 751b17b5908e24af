//! The application's databases: a component's SQLite file on this machine, to which migrations are applied each in one
//! transaction with the note that it was, or a PostgreSQL server that a secret names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use engine::backfill::Batch;
use engine::clock::Clock;
use engine::model::{ComponentName, EnvironmentKey, JobName, SecretName};
use engine::ports::{
    AppliedMigration, Database, DatabaseAt, FillCall, Migration, Notes, Permit, PortError, Receipt,
    SecretSource,
};
use engine::redact::Redactor;
use secrecy::SecretString;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::components::DATABASE_FILE;
use super::config::password_of;
use super::database_notes;
use super::database_postgres::Server;
use super::environment::{folder_of, locked};
use super::{fill_postgres, fill_sqlite};

/// What secrets are read for.
const MIGRATIONS: &str = "migrations";
const JOBS: &str = "jobs";

/// How long a locked database is waited for.
pub(super) const BUSY_AT_MOST: Duration = Duration::from_secs(5);

/// How often a file is read that somebody changes at the same moment, before it is read as one that is in use.
const LOOKS_MAX: usize = 3;

const NOTES_CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at_ms INTEGER NOT NULL
)";
const NOTES_PRESENT: &str =
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'";
const NOTES_LIST: &str = "SELECT version, checksum, applied_at_ms FROM schema_migrations ORDER BY version";
const NOTE_FIND: &str = "SELECT checksum FROM schema_migrations WHERE version = ?1";
const NOTE_ADD: &str =
    "INSERT INTO schema_migrations (version, name, checksum, applied_at_ms) VALUES (?1, ?2, ?3, ?4)";

/// The databases of the embedded platform.
pub struct LocalDatabase {
    root: PathBuf,
    clock: Arc<dyn Clock>,
    secrets: Arc<dyn SecretSource>,
    redactor: Arc<Redactor>,
    /// Connections of jobs between two batches.
    fillers: Mutex<BTreeMap<(EnvironmentKey, JobName), fill_postgres::Filler>>,
}

impl std::fmt::Debug for LocalDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalDatabase").field("root", &self.root).finish_non_exhaustive()
    }
}

impl LocalDatabase {
    /// The databases of the platform whose folder is `root`. Connection strings are read from `secrets`, and what is secret
    /// in them is told to `redactor`.
    pub fn new(
        root: &Path,
        clock: Arc<dyn Clock>,
        secrets: Arc<dyn SecretSource>,
        redactor: Arc<Redactor>,
    ) -> Self {
        let fillers = Mutex::default();
        Self { root: root.to_owned(), clock, secrets, redactor, fillers }
    }

    /// The server a secret names, and the secret.
    async fn server(
        &self,
        environment: &EnvironmentKey,
        component: &ComponentName,
        secret: &SecretName,
        purpose: &str,
    ) -> Result<(Server, SecretString), PortError> {
        let url = self.secrets.secret_read(environment, secret, None, purpose).await?;
        let known = std::iter::once((secret.to_string(), url.clone())).chain(password_of(secret, &url));
        self.redactor.learn(known).map_err(|error| {
            PortError::fail(format!("the secret {secret} can't be kept out of logs: {error}"), "")
        })?;
        Ok((Server::of(&url, format!("the database {component} of {environment}"))?, url))
    }

    /// Takes the lock of a server's migrations, which goes with the connection; none where the database is a file.
    pub(super) async fn lock(
        &self,
        environment: &EnvironmentKey,
        database: &DatabaseAt,
    ) -> Result<Option<PgConnection>, PortError> {
        let Some(secret) = &database.url else { return Ok(None) };
        let (server, _) = self.server(environment, &database.component, secret, MIGRATIONS).await?;
        server.locked().await.map(Some)
    }

    fn file(&self, environment: &EnvironmentKey, component: &ComponentName) -> PathBuf {
        folder_of(&self.root, environment).join("components").join(component.as_str()).join(DATABASE_FILE)
    }

    async fn open(&self, file: &Path) -> Result<SqliteConnection, PortError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(BUSY_AT_MOST)
            .disable_statement_logging();
        options.connect().await.map_err(|cause| explain(file, &cause))
    }
}

#[async_trait]
impl Database for LocalDatabase {
    async fn migrations_applied(
        &self,
        environment: &EnvironmentKey,
        database: &DatabaseAt,
    ) -> Result<Vec<AppliedMigration>, PortError> {
        if let Some(secret) = &database.url {
            let (server, _) = self.server(environment, &database.component, secret, MIGRATIONS).await?;
            return server.applied(database.notes.as_ref()).await;
        }
        let file = self.file(environment, &database.component);
        if !file.is_file() {
            return Ok(Vec::new());
        }
        look(&file, database.notes.as_ref()).await.map_err(|cause| explain(&file, &cause))
    }

    async fn migration_apply(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        database: &DatabaseAt,
        migration: &Migration,
    ) -> Result<Receipt, PortError> {
        let component = &database.component;
        if let Some(secret) = &database.url {
            let (server, _) = self.server(environment, component, secret, MIGRATIONS).await?;
            let summary = server.apply(migration, self.clock.now_ms()).await?;
            return Ok(receipt(summary, migration, permit));
        }
        let file = self.file(environment, component);
        if !file.is_file() {
            return Err(not_there(environment, component, &file));
        }
        if let Some(statement) = own_transaction(&migration.sql) {
            let what =
                format!("migration {} {} says `{statement}` itself", migration.version, migration.name);
            return Err(PortError::fail(
                what,
                "Leave that out: each migration runs in a transaction of its own.",
            ));
        }
        let mut connection = self.open(&file).await?;
        let outcome = apply(&mut connection, &file, migration, self.clock.now_ms()).await;
        if outcome.is_err() {
            // Outside a transaction this fails, and there is nothing to take back.
            let _ = sqlx::query("ROLLBACK").execute(&mut connection).await;
        }
        close(connection).await;
        let title = format!("{} {}", migration.version, migration.name);
        let summary =
            if outcome? { format!("applied {title}") } else { format!("{title} was applied before") };
        Ok(receipt(summary, migration, permit))
    }

    async fn rows_fill(
        &self,
        _: &Permit,
        environment: &EnvironmentKey,
        call: &FillCall,
    ) -> Result<Batch, PortError> {
        let component = &call.database.component;
        let now_ms = self.clock.now_ms();
        if let Some(secret) = &call.database.url {
            let (server, url) = self.server(environment, component, secret, JOBS).await?;
            let at = (environment.clone(), call.job.clone());
            let kept = locked(&self.fillers).remove(&at).filter(|kept| kept.serves(&url, call));
            let mut filler = match kept {
                Some(kept) => kept,
                None => fill_postgres::Filler::open(&server, &url, call).await?,
            };
            let filled = filler.fill(&server, call, now_ms).await;
            match &filled {
                Ok(batch) if !batch.done => drop(locked(&self.fillers).insert(at, filler)),
                _ => filler.close().await,
            }
            return filled;
        }
        let file = self.file(environment, component);
        if !file.is_file() {
            return Err(not_there(environment, component, &file));
        }
        let mut connection = self.open(&file).await?;
        let filled = match fill_sqlite::Filler::of(&mut connection, &file, call).await {
            Ok(filler) => filler.fill(now_ms).await,
            Err(error) => Err(error),
        };
        // With the connection a transaction goes that was not committed.
        close(connection).await;
        filled
    }

    async fn rows_try(&self, environment: &EnvironmentKey, call: &FillCall) -> Result<Batch, PortError> {
        let component = &call.database.component;
        if let Some(secret) = &call.database.url {
            let (server, url) = self.server(environment, component, secret, JOBS).await?;
            let mut filler = fill_postgres::Filler::open(&server, &url, call).await?;
            let tried = filler.tried(&server, call).await;
            filler.close().await;
            return tried;
        }
        let file = self.file(environment, component);
        if !file.is_file() {
            return Err(not_there(environment, component, &file));
        }
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .read_only(true)
            .busy_timeout(BUSY_AT_MOST)
            .disable_statement_logging();
        let mut connection = options.connect().await.map_err(|cause| explain(&file, &cause))?;
        let tried = match fill_sqlite::Filler::of(&mut connection, &file, call).await {
            Ok(filler) => filler.tried().await,
            Err(error) => Err(error),
        };
        close(connection).await;
        tried
    }
}

fn not_there(environment: &EnvironmentKey, component: &ComponentName, file: &Path) -> PortError {
    PortError::fail(
        format!("the database {component} of {environment} is not there ({})", file.display()),
        "Deploy makes it; if it was there before, restore the file from a backup.",
    )
}

fn receipt(summary: String, migration: &Migration, permit: &Permit) -> Receipt {
    Receipt::new(summary).with("checksum", &migration.checksum).with("key", permit.idempotency_key())
}

/// Reads which migrations are applied, without a trace in the folder.
///
/// Whoever opens a file whose log is written ahead makes that log and an index beside it, even to read. Where no log is,
/// nobody has the file open, and it is read as if nothing could change it; what changed all the same is read again.
async fn look(file: &Path, notes: Option<&Notes>) -> Result<Vec<AppliedMigration>, sqlx::Error> {
    for _ in 0..LOOKS_MAX {
        let before = Rest::of(file)?;
        let read = read_once(file, notes, before.is_some()).await;
        if before.is_none() || before == Rest::of(file)? {
            return read;
        }
    }
    read_once(file, notes, false).await
}

async fn read_once(
    file: &Path,
    notes: Option<&Notes>,
    at_rest: bool,
) -> Result<Vec<AppliedMigration>, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .immutable(at_rest)
        .busy_timeout(BUSY_AT_MOST)
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    let read = match notes {
        Some(notes) => database_notes::of_file(&mut connection, notes).await,
        None => applied(&mut connection).await,
    };
    close(connection).await;
    read
}

/// A file that nobody has open, as it lies there.
#[derive(Debug, PartialEq, Eq)]
struct Rest {
    length: u64,
    changed: SystemTime,
}

impl Rest {
    /// Absent when somebody has it open, or was killed while they had.
    fn of(file: &Path) -> std::io::Result<Option<Self>> {
        let open = |suffix: &str| {
            let mut beside = file.as_os_str().to_owned();
            beside.push(suffix);
            Path::new(&beside).exists()
        };
        if open("-wal") || open("-journal") {
            return Ok(None);
        }
        let metadata = std::fs::metadata(file)?;
        Ok(Some(Self { length: metadata.len(), changed: metadata.modified()? }))
    }
}

async fn applied(connection: &mut SqliteConnection) -> Result<Vec<AppliedMigration>, sqlx::Error> {
    let present: i64 = sqlx::query_scalar(NOTES_PRESENT).fetch_one(&mut *connection).await?;
    if present == 0 {
        return Ok(Vec::new());
    }
    let rows: Vec<(String, String, i64)> = sqlx::query_as(NOTES_LIST).fetch_all(connection).await?;
    let note = |(version, checksum, at_ms)| AppliedMigration { version, checksum, at_ms };
    Ok(rows.into_iter().map(note).collect())
}

/// Applies a migration and notes it; false when it was applied before.
async fn apply(
    connection: &mut SqliteConnection,
    file: &Path,
    migration: &Migration,
    now_ms: i64,
) -> Result<bool, PortError> {
    let told = |cause: sqlx::Error| explain(file, &cause);
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(told)?;
    sqlx::query(NOTES_CREATE).execute(&mut *connection).await.map_err(told)?;
    let before: Option<String> = sqlx::query_scalar(NOTE_FIND)
        .bind(&migration.version)
        .fetch_optional(&mut *connection)
        .await
        .map_err(told)?;
    if let Some(checksum) = before {
        sqlx::query("COMMIT").execute(&mut *connection).await.map_err(told)?;
        if checksum == migration.checksum {
            return Ok(false);
        }
        let what =
            format!("migration {} {} was changed after it was applied", migration.version, migration.name);
        return Err(PortError::fail(
            what,
            "Put the file back as it was, and make the change in a new migration.",
        ));
    }
    let script = sqlx::raw_sql(AssertSqlSafe(migration.sql.clone()));
    script.execute(&mut *connection).await.map_err(|cause| {
        let what = format!("migration {} {} failed: {}", migration.version, migration.name, said(&cause));
        PortError::fail(what, "Nothing of this migration was kept. Mend its SQL and deploy again.")
    })?;
    sqlx::query(NOTE_ADD)
        .bind(&migration.version)
        .bind(&migration.name)
        .bind(&migration.checksum)
        .bind(now_ms)
        .execute(&mut *connection)
        .await
        .map_err(told)?;
    sqlx::query("COMMIT").execute(&mut *connection).await.map_err(told)?;
    Ok(true)
}

async fn close(connection: SqliteConnection) {
    // Everything that matters is committed; a connection that doesn't close well is dropped.
    let _ = connection.close().await;
}

pub(super) fn said(cause: &sqlx::Error) -> String {
    match cause {
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}

pub(super) fn explain(file: &Path, cause: &sqlx::Error) -> PortError {
    let (said, file) = (said(cause), file.display());
    if said.contains("locked") || said.contains("busy") {
        PortError::retry(format!("the database {file} is locked by another program"))
    } else if said.contains("disk is full") || said.contains("disk I/O") {
        PortError::fail(
            format!("the disk can't take more of the database {file}: {said}"),
            "Free some space, then retry.",
        )
    } else if said.contains("not a database") || said.contains("malformed") {
        PortError::fail(format!("{file} is damaged: {said}"), "Restore the file from a backup.")
    } else {
        PortError::fail(format!("the database {file} said: {said}"), "")
    }
}

/// The statement with which a migration would end our transaction. `BEGIN` and `END` inside a trigger are not meant.
fn own_transaction(sql: &str) -> Option<&'static str> {
    sql.lines().find_map(|line| {
        let line = line.trim().trim_end_matches(';').trim_end().to_ascii_uppercase();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["COMMIT", ..] => Some("COMMIT"),
            ["ROLLBACK", ..] => Some("ROLLBACK"),
            ["BEGIN", "TRANSACTION" | "IMMEDIATE" | "EXCLUSIVE" | "DEFERRED", ..] => Some("BEGIN"),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::own_transaction;

    #[test]
    fn transactions_of_its_own_are_seen_and_triggers_are_not() {
        assert_eq!(own_transaction("CREATE TABLE a (b);\ncommit;"), Some("COMMIT"));
        assert_eq!(own_transaction("begin transaction;"), Some("BEGIN"));
        assert_eq!(
            own_transaction("CREATE TRIGGER t AFTER INSERT ON a\nBEGIN\n  DELETE FROM b;\nEND;"),
            None
        );
    }
}
