//! A database of a test's own, on either of the two, gone when the test ends, however it ends.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

/// The variable with the address of a PostgreSQL server on which tests may make databases.
const SERVER: &str = "INFRA_CHAT_TEST_POSTGRES";

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file.
    Sqlite,
    /// A database on the test server.
    Postgres,
}

/// Of what may go wrong with a call, every so many'th is played on PostgreSQL: what a call does to the world is the same on
/// both, and where a database commits, which may differ, is played in full on both. Prime to the kinds there are of each, so
/// that all of them come.
const POSTGRES_PLAYS: usize = 5;

impl Kind {
    /// Whether a trouble is played on this database, by its place in the list of them.
    #[allow(dead_code, reason = "not every test program plays troubles")]
    pub(crate) fn plays(self, trouble: usize) -> bool {
        self == Self::Sqlite || trouble.is_multiple_of(POSTGRES_PLAYS)
    }
}

/// Both, in the order tests run on them.
pub(crate) const BOTH: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// A fresh, empty database.
#[derive(Debug)]
pub(crate) struct TestDatabase {
    /// Which.
    pub(crate) kind: Kind,
    /// Its address: `sqlite:…` or `postgres://…`.
    pub(crate) url: String,
    name: String,
    _folder: tempfile::TempDir,
}

/// The test server's own address. There is no quiet way around it: a store that was tried on one database was not tried.
fn server() -> String {
    std::env::var(SERVER).unwrap_or_else(|_| {
        panic!(
            "{SERVER} is not set: run the tests with .ci/test, which starts a throw-away PostgreSQL for them, \
             or set it to the URL of a role that may create databases"
        )
    })
}

/// A folder of a test's own, in memory where the system has such a place: the tests make thousands of commits, and each
/// would wait for the disk.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder")
}

/// The same server, another database.
fn beside(server: &str, name: &str) -> String {
    let (address, options) = match server.split_once('?') {
        Some((address, options)) => (address, format!("?{options}")),
        None => (server, String::new()),
    };
    let host_end = address.find("://").map_or(0, |at| at + 3);
    let path = address[host_end..].find('/').map_or(address.len(), |at| host_end + at);
    format!("{}/{name}{options}", &address[..path])
}

/// Runs a statement on the test server, outside the test's database.
pub(crate) async fn on_server(statement: &str) {
    let mut server = PgConnection::connect(&server()).await.expect("the test server answers");
    server.execute(AssertSqlSafe(statement.to_owned())).await.expect(statement);
    server.close().await.expect("the test server closes the connection");
}

impl TestDatabase {
    /// Makes one.
    pub(crate) async fn make(kind: Kind) -> Self {
        let folder = folder();
        let name = format!("infra_chat_{}", uuid::Uuid::new_v4().simple());
        let url = match kind {
            Kind::Sqlite => format!("sqlite:{}", folder.path().join("infra-chat.db").display()),
            Kind::Postgres => {
                on_server(&format!("CREATE DATABASE {name}")).await;
                beside(&server(), &name)
            }
        };
        Self { kind, url, name, _folder: folder }
    }

    /// Empties every table: cheaper than a new database for a test that needs hundreds.
    #[allow(dead_code, reason = "not every test program needs hundreds of databases")]
    pub(crate) async fn empty(&self) {
        const TABLES: &str = "projects connections environments releases runs plans steps trials backfills backfill_rows receipts run_events approvals votes locks \
            incidents secrets audit_events checkpoints users identities conversations outbox inbound";
        let tables: Vec<&str> = TABLES.split_whitespace().collect();
        let statements =
            format!("DELETE FROM {};UPDATE heads SET seq = 0, hash = '';", tables.join(";DELETE FROM "));
        self.execute(statements).await;
    }

    /// Runs statements in it.
    #[allow(dead_code, reason = "not every test program changes its database behind the engine's back")]
    pub(crate) async fn execute(&self, statements: String) {
        match self.kind {
            Kind::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.expect("the file opens");
                connection.execute(AssertSqlSafe(statements)).await.expect("the statements are good");
                connection.close().await.expect("the file closes");
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("the database opens");
                connection.execute(AssertSqlSafe(statements)).await.expect("the statements are good");
                connection.close().await.expect("the database closes");
            }
        }
    }

    /// Cuts it off: nobody gets in any more, and those inside are thrown out.
    #[allow(dead_code, reason = "not every test program loses its database")]
    pub(crate) async fn lose(&self) {
        let name = &self.name;
        on_server(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
        on_server(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
    }

    /// Lets people in again.
    #[allow(dead_code, reason = "not every test program loses its database")]
    pub(crate) async fn bring_back(&self) {
        on_server(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name)).await;
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.kind == Kind::Sqlite {
            return;
        }
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The test's own runtime may be the one that is being taken down.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(on_server(&statement));
            }
        });
        // A database left behind goes with its throw-away server.
        let _left_behind = dropping.join();
    }
}
