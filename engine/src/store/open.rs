//! Opening the database: pools, tables brought up to date under a lock, the committer started.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, PgPool};
use tokio::sync::{mpsc, watch};

use super::commit::Told;
use super::presence::Presence;
use super::server::{Server, reach};
use super::{Database, Room, Store, StoreError, commit, listen, reserve, sql};

pub(super) static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");
pub(super) static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../migrations/postgres");

/// How long a writer waits for another program on the same SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers of the SQLite file: they never wait for the writer.
const SQLITE_READERS: u32 = 4;
/// Connections to PostgreSQL: the committer's, the one that listens, and those of readers.
const POSTGRES_CONNECTIONS: u32 = 9;

/// What to look at when a server does not answer.
const SERVER_HINT: &str =
    "see that the server runs and that user, password and database in DATABASE_URL are right";

/// Where the database is. Its `Debug` shows what people may see.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreAddress {
    /// A file of this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL URL.
    Postgres(String),
}

impl StoreAddress {
    /// Reads `postgres://…`, `postgresql://…` or `sqlite:PATH`.
    pub fn from_url(url: &str) -> Result<Self, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            PgConnectOptions::from_str(url).map_err(|error| format!("not a PostgreSQL address: {error}"))?;
            Ok(Self::Postgres(url.to_owned()))
        } else if let Some(path) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            Ok(Self::Sqlite(PathBuf::from(path)))
        } else {
            Err("use postgres://user:password@host/database, or sqlite:PATH".to_owned())
        }
    }

    /// For people: never a password, wherever the URL has it.
    pub fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(url) => {
                let body = url.split_once("://").map_or(url.as_str(), |(_, body)| body);
                // The query may hold a password, too.
                let body = body.split(['?', '#']).next().unwrap_or_default();
                let (hidden, host) = body.rsplit_once('@').map_or(("", body), |(_, host)| ("…@", host));
                format!("postgres://{hidden}{host}")
            }
        }
    }

    fn unopened(&self, hint: &str) -> impl FnOnce(sqlx::Error) -> StoreError {
        let (address, hint) = (self.shown(), hint.to_owned());
        move |error| StoreError::Open { address, hint, source: error.into() }
    }
}

impl std::fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoreAddress({})", self.shown())
    }
}

impl Store {
    /// Opens the database, brings its tables up to date and starts the committer.
    pub async fn open(address: &StoreAddress) -> Result<Self, StoreError> {
        Self::open_kept(address, false).await
    }

    /// The same; of one that is known to be `kept`, a file that is not there is a lost one, and no new one is made.
    pub async fn open_kept(address: &StoreAddress, kept: bool) -> Result<Self, StoreError> {
        match address {
            StoreAddress::Sqlite(path) => {
                reserve::give_up_if_full(path);
                let opened =
                    Self::open_sqlite(address, path, kept).await.map_err(|error| full(error, path))?;
                reserve::keep_if_plenty(path);
                Ok(opened)
            }
            StoreAddress::Postgres(url) => Self::open_postgres(address, url).await,
        }
    }

    /// Opens the database to read in it: its tables stay as they are, nothing is made, and nothing can be written. Tables
    /// of an older or newer program may not be readable.
    pub async fn open_reading(address: &StoreAddress) -> Result<Self, StoreError> {
        let database = match address {
            StoreAddress::Sqlite(path) => {
                let hint = "see that the file is there, is a database and may be read";
                let options =
                    SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_TIMEOUT);
                // Without a log nobody has it open, and reading needs no files beside it.
                let alone = !log_of(path).exists();
                let readers = SqlitePoolOptions::new()
                    .max_connections(1)
                    .connect_with(options.immutable(alone))
                    .await
                    .map_err(address.unopened(hint))?;
                let presence = Presence::of(path).map_err(|error| address.unopened(hint)(error.into()))?;
                Database::Sqlite(readers, presence)
            }
            StoreAddress::Postgres(url) => {
                let options = PgConnectOptions::from_str(url).map_err(address.unopened(SERVER_HINT))?;
                let pool = postgres_pool(options.application_name("infra-chat"), 1)
                    .await
                    .map_err(address.unopened(SERVER_HINT))?;
                Database::Postgres(Server::of(pool))
            }
        };
        // Nobody takes anything out at the other end: every write is refused as closed.
        let (committer, _) = mpsc::channel(1);
        let (_, changed, full) = watched();
        Ok(Self { database, committer, changed, full })
    }

    async fn open_sqlite(address: &StoreAddress, path: &Path, kept: bool) -> Result<Self, StoreError> {
        let hint = if kept {
            "it was there a moment ago; see that the file is put back"
        } else {
            "see that the folder exists, is yours and has room"
        };
        let guard = MigrationGuard::take(path.to_owned())
            .await
            .map_err(|error| address.unopened(hint)(sqlx::Error::Io(error)))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(!kept)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let mut writer =
            sqlx::SqliteConnection::connect_with(&options).await.map_err(address.unopened(hint))?;
        SQLITE_MIGRATIONS.run(&mut writer).await.map_err(|error| told(error, &SQLITE_MIGRATIONS))?;
        drop(guard);
        let readers = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A file does not hang up: asking a connection whether it is alive only doubles the way of every read.
            .test_before_acquire(false)
            .connect_with(options.clone().read_only(true))
            .await
            .map_err(address.unopened(hint))?;
        let presence = Presence::of(path).map_err(|error| address.unopened(hint)(error.into()))?;
        // From now on a missing file is a lost one, not a new one.
        let options = options.create_if_missing(false);
        let (committer, jobs) = mpsc::channel(commit::QUEUE_MAX);
        let (told, changed, full) = watched();
        tokio::spawn(commit::run_sqlite(writer, options, presence.clone(), jobs, told));
        Ok(Self { database: Database::Sqlite(readers, presence), committer, changed, full })
    }

    async fn open_postgres(address: &StoreAddress, url: &str) -> Result<Self, StoreError> {
        let hint = SERVER_HINT;
        let options =
            PgConnectOptions::from_str(url).map_err(address.unopened(hint))?.application_name("infra-chat");
        let pool = postgres_pool(options, POSTGRES_CONNECTIONS).await.map_err(address.unopened(hint))?;
        POSTGRES_MIGRATIONS.run(&pool).await.map_err(|error| told(error, &POSTGRES_MIGRATIONS))?;
        let listener = listen::listen(&pool).await.map_err(address.unopened(hint))?;
        let (committer, jobs) = mpsc::channel(commit::QUEUE_MAX);
        let (told, changed, full) = watched();
        // Two programs that draw the same mark would not wake each other, and find out by looking.
        let origin = format!("{:016x}", getrandom::u64().unwrap_or_default());
        let server = Server::of(pool);
        tokio::spawn(commit::run_postgres(server.clone(), listener, origin, jobs, told));
        Ok(Self { database: Database::Postgres(server), committer, changed, full })
    }
}

/// Connections to a server, at most so many; the first is there.
async fn postgres_pool(options: PgConnectOptions, connections_max: u32) -> Result<PgPool, sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(connections_max).acquire_timeout(ACQUIRE_TIMEOUT);
    let pool = pool.after_connect(|connection, _| {
        Box::pin(async move {
            sqlx::query(AssertSqlSafe(sql::POSTGRES_STALLED)).execute(connection).await.map(drop)
        })
    });
    match pool.connect_with(options.clone()).await {
        // It waited in vain and does not say what for.
        Err(sqlx::Error::PoolTimedOut) => {
            reach(&options).await?;
            Err(sqlx::Error::PoolTimedOut)
        }
        opened => opened,
    }
}

/// What is told of commits, and the ends at which it is heard.
fn watched() -> (Told, Arc<watch::Sender<u64>>, watch::Receiver<Option<Room>>) {
    let changed = Arc::new(watch::Sender::new(0));
    let (full, hears) = watch::channel(None);
    (Told { changed: Arc::clone(&changed), full: Arc::new(full) }, changed, hears)
}

/// Says that a file can't be opened because its disk is full, where that is so.
fn full(error: StoreError, path: &Path) -> StoreError {
    let room = Room::beside(path);
    match error {
        StoreError::Open { address, source, .. } if !room.is_enough() => {
            let hint = format!(
                "its disk is full ({room}); free some space, then do the same again: nothing is lost"
            );
            StoreError::Open { address, hint, source }
        }
        other => other,
    }
}

/// A migration the database has and this program has not means that a newer program was here.
fn told(error: MigrateError, ours: &Migrator) -> StoreError {
    let known = ours.iter().map(|migration| migration.version).max().unwrap_or_default();
    match error {
        MigrateError::VersionMissing(found) if found > known => StoreError::Newer { found, known },
        other => StoreError::Migrate(other),
    }
}

/// The write-ahead log beside a SQLite file: there while somebody has it open, and after one who was killed.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// Keeps two programs from changing the tables of one SQLite file at once; freed when dropped, or by the system when
/// the program dies. PostgreSQL has its own advisory lock for this.
struct MigrationGuard(#[expect(dead_code, reason = "held for its lock")] std::fs::File);

impl MigrationGuard {
    /// Waits for the lock on a thread of its own: whoever has it may be another task of this very runtime.
    async fn take(database: PathBuf) -> std::io::Result<Self> {
        let taking = tokio::task::spawn_blocking(move || {
            let file = std::fs::OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(database.with_extension("migrating"))?;
            file.lock()?;
            Ok(Self(file))
        });
        taking.await.map_err(std::io::Error::other)?
    }
}
