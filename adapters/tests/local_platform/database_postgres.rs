//! Migrations on a real PostgreSQL: once, in a transaction where there is one, and told truly when something goes wrong.

use std::sync::Arc;

use adapters::local::LocalDatabase;
use async_trait::async_trait;
use engine::clock::ManualClock;
use engine::model::{EnvironmentKey, SecretName};
use engine::ports::{Database, DatabaseAt, Migration, PortError, SecretSource, testing};
use engine::redact::Redactor;
use futures_util::future::join_all;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// The variable with the address of a PostgreSQL server on which tests may make databases.
const SERVER: &str = "INFRA_CHAT_TEST_POSTGRES";

/// The test server's own address. There is no quiet way around it: what was tried on no database was not tried.
fn server() -> String {
    std::env::var(SERVER).unwrap_or_else(|_| panic!("{SERVER} is not set: run the tests with .ci/test"))
}

pub(crate) struct OneSecret(pub(crate) String);

#[async_trait]
impl SecretSource for OneSecret {
    async fn secret_read(
        &self,
        _: &EnvironmentKey,
        _: &SecretName,
        _: Option<u32>,
        _: &str,
    ) -> Result<SecretString, PortError> {
        Ok(SecretString::from(self.0.clone()))
    }
}

/// A database of a test's own, and what migrates it.
pub(crate) struct Books {
    name: String,
    pub(crate) url: String,
    pub(crate) database: LocalDatabase,
}

fn migrating(url: &str) -> LocalDatabase {
    let secrets = Arc::new(OneSecret(url.to_owned()));
    let redactor = Arc::new(Redactor::new().unwrap());
    LocalDatabase::new(std::path::Path::new("nowhere"), Arc::new(ManualClock::at(5)), secrets, redactor)
}

pub(crate) fn at() -> DatabaseAt {
    DatabaseAt { component: "db".parse().unwrap(), url: Some("database-url".parse().unwrap()), notes: None }
}

pub(crate) fn environment() -> EnvironmentKey {
    "shop/staging".parse().unwrap()
}

impl Books {
    async fn open() -> Self {
        let name = format!("books_{}", uuid::Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&server()).await.unwrap();
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        admin.close().await.unwrap();
        let mut url = url::Url::parse(&server()).unwrap();
        url.set_path(&name);
        Self { database: migrating(url.as_str()), url: url.into(), name }
    }

    /// Another process that reads and writes what the first does.
    pub(crate) fn reading(url: &str) -> LocalDatabase {
        migrating(url)
    }

    /// Does something with it, and takes it away whatever comes of that.
    pub(crate) async fn with(test: impl AsyncFn(&Self)) {
        let books = Self::open().await;
        test(&books).await;
        let mut admin = PgConnection::connect(&server()).await.unwrap();
        let drop = format!("DROP DATABASE {} WITH (FORCE)", books.name);
        admin.execute(AssertSqlSafe(drop)).await.unwrap();
        admin.close().await.unwrap();
    }

    async fn apply(&self, version: &str, sql: &str) -> Result<String, PortError> {
        let migration = Migration {
            version: version.to_owned(),
            name: "change".to_owned(),
            sql: sql.to_owned(),
            checksum: format!("sum of {sql}"),
            language: engine::ports::Language::Sql,
        };
        let permit = testing::permit(&"r-3f2a".parse().unwrap(), 0);
        let applied = self.database.migration_apply(&permit, &environment(), &at(), &migration).await;
        applied.map(|receipt| receipt.summary)
    }

    async fn versions(&self) -> Vec<String> {
        let applied = self.database.migrations_applied(&environment(), &at()).await.unwrap();
        applied.into_iter().map(|one| one.version).collect()
    }

    pub(crate) async fn ask(&self, sql: &str) -> i64 {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let answer =
            sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        answer
    }

    pub(crate) async fn run(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    }
}

const TABLES: &str = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = ";

#[tokio::test]
async fn a_migration_is_there_whole_or_not_at_all() {
    Books::with(async |books| {
        assert_eq!(books.versions().await, Vec::<String>::new());
        let first = "CREATE TABLE invoices (id INT); CREATE INDEX by_id ON invoices (id);";
        assert_eq!(books.apply("0001", first).await.unwrap(), "applied 0001 change");
        assert_eq!(books.apply("0001", first).await.unwrap(), "0001 change was applied before");
        assert_eq!(
            books.apply("0001", "SELECT 1").await.unwrap_err().to_string(),
            "migration 0001 change was changed after it was applied"
        );
        assert_eq!(
            books
                .apply("0002", "CREATE TABLE half (id INT); INSERT INTO nowhere VALUES (1);")
                .await
                .unwrap_err(),
            PortError::fail(
                "migration 0002 change failed: relation \"nowhere\" does not exist",
                "Nothing of this migration was kept. Mend its SQL and deploy again.",
            )
        );
        assert_eq!(books.ask(&format!("{TABLES} 'half'")).await, 0);
        let own = books.apply("0002", "CREATE TABLE half (id INT);\ncommit; SELECT 1").await.unwrap_err();
        assert_eq!(own.to_string(), "migration 0002 change says `COMMIT` itself");
        assert_eq!(books.ask(&format!("{TABLES} 'half'")).await, 0);
        assert_eq!(books.apply("0002", "CREATE TABLE half (id INT)").await.unwrap(), "applied 0002 change");
        assert_eq!(books.versions().await, ["0001", "0002"]);
    })
    .await;
}

#[tokio::test]
async fn what_runs_in_no_transaction_stands_alone_and_is_tried_again_safely() {
    Books::with(async |books| {
        books.apply("0001", "CREATE TABLE a (n INT); INSERT INTO a VALUES (1), (1)").await.unwrap();
        let among = "CREATE TABLE b (n INT); CREATE INDEX CONCURRENTLY by_n ON a (n)";
        assert_eq!(
            books.apply("0002", among).await.unwrap_err().to_string(),
            "migration 0002 change has a statement among others that PostgreSQL refuses in a transaction: CREATE INDEX \
             CONCURRENTLY"
        );
        assert_eq!(books.ask(&format!("{TABLES} 'b'")).await, 0);

        // It fails in the middle, and leaves an index that serves nobody.
        let alone = "-- every n once\nCREATE UNIQUE INDEX CONCURRENTLY by_n ON a (n);";
        let PortError::Fail { what, hint } = books.apply("0002", alone).await.unwrap_err() else { panic!() };
        assert_eq!(what, "migration 0002 change failed: could not create unique index \"by_n\"");
        assert!(hint.contains("what it left of by_n"), "{hint}");
        let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
        assert_eq!(books.ask(invalid).await, 1);
        assert_eq!(books.versions().await, ["0001"]);
        books.run("DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)").await;
        assert_eq!(books.apply("0002", alone).await.unwrap(), "applied 0002 change, outside a transaction");
        assert_eq!(books.ask(invalid).await, 0);

        // It was done, and whoever did it died before they could note it.
        books.run("DELETE FROM schema_migrations WHERE version = '0002'").await;
        books.run(&format!("INSERT INTO schema_migrations_begun VALUES ('0002', 'sum of {alone}')")).await;
        assert_eq!(
            books.apply("0002", alone).await.unwrap(),
            "0002 change was done already by an attempt before, and is noted now"
        );
        // An index nobody here has made is nobody's to take.
        books.run("CREATE INDEX foreign_one ON a (n)").await;
        let taken = books.apply("0003", "CREATE INDEX CONCURRENTLY foreign_one ON a (n)").await.unwrap_err();
        assert_eq!(taken.to_string(), "migration 0003 change failed: relation \"foreign_one\" already exists");
        assert_eq!(books.versions().await, ["0001", "0002"]);
    })
    .await;
}

#[tokio::test]
async fn however_many_arrive_it_is_done_once() {
    Books::with(async |books| {
        for (version, sql) in [
            ("0001", "CREATE TABLE a (n INT); INSERT INTO a VALUES (1)"),
            ("0002", "CREATE INDEX CONCURRENTLY by_n ON a (n)"),
        ] {
            let all = join_all((0..6).map(|_| books.apply(version, sql))).await;
            let said: Vec<String> = all.into_iter().map(Result::unwrap).collect();
            let did = said.iter().filter(|said| said.starts_with("applied")).count();
            let before = said.iter().filter(|said| said.ends_with("was applied before")).count();
            assert_eq!((did, before), (1, 5), "{said:?}");
        }
        assert_eq!(books.ask("SELECT count(*) FROM a").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_is_lost_leaves_the_outcome_open_and_looking_tells() {
    Books::with(async |books| {
        let cut = "CREATE TABLE a (n INT); SELECT pg_terminate_backend(pg_backend_pid())";
        let lost = books.apply("0001", cut).await.unwrap_err();
        assert!(matches!(&lost, PortError::Unknown { .. }), "{lost:?}");
        assert!(
            lost.to_string().starts_with(
                "the connection to the database db of shop/staging was lost while migration 0001 change"
            ),
            "{lost}"
        );
        assert_eq!(books.versions().await, Vec::<String>::new());
        assert_eq!(books.ask(&format!("{TABLES} 'a'")).await, 0);
        assert_eq!(books.apply("0001", "CREATE TABLE a (n INT)").await.unwrap(), "applied 0001 change");
    })
    .await;
}

#[tokio::test]
async fn a_table_of_another_tool_and_a_locked_one_are_told() {
    Books::with(async |books| {
        books.run("CREATE TABLE a (n INT)").await;
        let mut holder = PgConnection::connect(&books.url).await.unwrap();
        holder.execute("BEGIN; LOCK TABLE a").await.unwrap();
        let waits =
            books.apply("0001", "SET LOCAL lock_timeout = '50ms'; ALTER TABLE a ADD COLUMN m INT").await;
        let waits = waits.unwrap_err();
        assert!(matches!(&waits, PortError::Retry { .. }), "{waits:?}");
        assert_eq!(
            waits.to_string(),
            "migration 0001 change waited too long for a lock that somebody else holds"
        );
        holder.close().await.unwrap();

        books.run("DROP TABLE schema_migrations; CREATE TABLE schema_migrations (version TEXT)").await;
        let foreign = books.database.migrations_applied(&environment(), &at()).await.unwrap_err();
        assert_eq!(
            foreign.to_string(),
            "the database db of shop/staging has a table schema_migrations of another tool"
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_string_is_told_without_it() {
    let told = async |url: &str| {
        let error = migrating(url).migrations_applied(&environment(), &at()).await.unwrap_err();
        assert!(!format!("{error:?} {error}").contains("h4ndshake"), "{error:?}");
        error
    };
    let not = told("mysql://app:h4ndshake@127.0.0.1/app").await;
    assert_eq!(
        not.to_string(),
        "the connection string of the database db of shop/staging is not one of PostgreSQL"
    );
    let odd = told("postgres://app:h4ndshake@127.0.0.1:port/app").await;
    assert_eq!(odd.to_string(), "the connection string of the database db of shop/staging can't be read");
    let nobody = told("postgres://app:h4ndshake@127.0.0.1:1/app").await;
    assert!(matches!(nobody, PortError::Retry { .. }), "{nobody:?}");
    let mut gone = url::Url::parse(&server()).unwrap();
    gone.set_path("h4s_no_such_database");
    assert_eq!(
        told(gone.as_str()).await.to_string(),
        "the database db of shop/staging is not on the server its connection string names"
    );
    let shown = format!("{:?}", migrating("postgres://app:h4ndshake@127.0.0.1:1/app"));
    assert!(!shown.contains("h4ndshake"), "{shown}");
}
