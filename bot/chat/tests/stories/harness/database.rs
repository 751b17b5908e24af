//! The database of one telling: a file, or a fresh database on a private server.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::store::StoreAddress;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use tempfile::TempDir;

/// Where stories find a PostgreSQL server on which they may create databases.
const POSTGRES: &str = "INFRA_CHAT_TEST_POSTGRES";

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A folder for one telling; in memory where the system offers that, because stories wait for the disk a lot.
pub(super) fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A database.
pub(crate) enum Database {
    Sqlite,
    Postgres { server: String, name: String },
}

impl Database {
    pub(super) fn sqlite() -> Self {
        Self::Sqlite
    }

    pub(super) fn postgres() -> Self {
        let Ok(server) = std::env::var(POSTGRES) else {
            panic!(
                "Stories are told on PostgreSQL too, and {POSTGRES} names no server: run `.ci/test`, or these alone \
                 with `.ci/postgres cargo test -p chat --test stories`."
            );
        };
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        Self::Postgres { server, name: format!("story_{}_{number}", std::process::id()) }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    pub(super) async fn create(&self) {
        if let Self::Postgres { server, name } = self {
            let mut connection = PgConnection::connect(server).await.expect("the test server answers");
            connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        }
    }

    pub(super) async fn remove(&self) {
        if let Self::Postgres { server, name } = self {
            let mut connection = PgConnection::connect(server).await.unwrap();
            connection.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
        }
    }

    pub(super) fn address(&self, folder: &Path) -> StoreAddress {
        match self {
            Self::Sqlite => StoreAddress::Sqlite(folder.join("story.sqlite")),
            Self::Postgres { .. } => StoreAddress::Postgres(self.url()),
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres { server, name } => {
                let (host, _) = server.rsplit_once('/').unwrap();
                // Stories lose no power: no need to wait for the disk at each commit.
                format!("{host}/{name}?options=-c%20synchronous_commit%3Doff")
            }
        }
    }

    /// Runs a statement behind the program's back.
    pub(crate) async fn run(&self, folder: &Path, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        match self {
            Self::Sqlite => {
                let path = format!("sqlite://{}", folder.join("story.sqlite").display());
                SqliteConnection::connect(&path).await.unwrap().execute(statement).await.unwrap();
            }
            Self::Postgres { .. } => {
                PgConnection::connect(&self.url()).await.unwrap().execute(statement).await.unwrap();
            }
        }
    }

    /// The server ends every connection to the database; a file has none to end.
    pub(crate) async fn hang_up(&self) {
        if let Self::Postgres { server, name } = self {
            let end = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
            );
            PgConnection::connect(server).await.unwrap().execute(AssertSqlSafe(end)).await.unwrap();
        }
    }
}
