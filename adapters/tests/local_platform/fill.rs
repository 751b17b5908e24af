//! Jobs that are declared in SQL, on a real PostgreSQL and on a component's SQLite file: batch by batch, once each, and never held up by
//! a row.

use std::sync::Arc;

use adapters::local::LocalDatabase;
use engine::backfill::{Batch, Fill, Quarantined};
use engine::clock::ManualClock;
use engine::model::{ComponentKind, Dialect, EnvironmentKey, SqlJob};
use engine::ports::{Database, DatabaseAt, FillCall, Platform, PortError, Shape, testing};
use engine::redact::Redactor;
use expect_test::expect;
use sqlx::{AssertSqlSafe, Connection, Executor, Row, SqliteConnection};

use crate::database_postgres::{Books, at, environment};
use crate::stage::{FixedSecrets, Stage};

fn job(rows: &str, key: &str, set: &str) -> SqlJob {
    SqlJob {
        database: "db".parse().unwrap(),
        rows: rows.to_owned(),
        key: key.to_owned(),
        set: set.to_owned(),
    }
}

/// A database with rows, and where a job is run on it.
struct Rows<'a> {
    database: &'a LocalDatabase,
    environment: EnvironmentKey,
    at: DatabaseAt,
    dialect: Dialect,
}

impl Rows<'_> {
    fn call(&self, job: &SqlJob, batch: u32) -> FillCall {
        FillCall {
            job: "timezone".parse().unwrap(),
            noted_as: "r-1@5".to_owned(),
            database: self.at.clone(),
            fill: Fill::read(job, self.dialect).unwrap(),
            cursor: None,
            batch,
            counts: true,
        }
    }

    async fn batch(&self, call: &FillCall) -> Result<Batch, PortError> {
        let permit = testing::permit(&"r-3f2a".parse().unwrap(), 0);
        self.database.rows_fill(&permit, &self.environment, call).await
    }

    /// Batch after batch to the end: how many there were, rows handled well, and those that were not.
    async fn whole(&self, mut call: FillCall) -> (u32, u32, Vec<Quarantined>) {
        let (mut batches, mut rows, mut bad) = (0, 0, Vec::new());
        loop {
            let batch = self.batch(&call).await.unwrap();
            (batches, rows) = (batches + 1, rows + batch.rows);
            bad.extend(batch.quarantined);
            if batch.done {
                return (batches, rows, bad);
            }
            (call.cursor, call.counts) = (batch.cursor, false);
        }
    }

    async fn tried(&self, call: &FillCall) -> Result<Batch, PortError> {
        self.database.rows_try(&self.environment, call).await
    }
}

/// What a dry run shows, a line each.
fn shown(batch: &Batch) -> String {
    let bad = batch.quarantined.iter().map(|row| format!("{}: {}\n", row.key, row.code));
    let samples = batch.samples.iter().map(|it| format!("{}: {} → {}\n", it.key, it.before, it.after));
    let all = format!("{} and {:?} more\n", batch.handled(), batch.remaining);
    bad.chain(samples).chain([all]).collect()
}

async fn postgres(setup: &str, test: impl AsyncFn(&Rows<'_>, &Books)) {
    Books::with(async |books| {
        books.run(setup).await;
        let rows = Rows {
            database: &books.database,
            environment: environment(),
            at: at(),
            dialect: Dialect::Postgres,
        };
        test(&rows, books).await;
    })
    .await;
}

/// 200,000 users, every 5,000th of a country whose zone is too long for the column.
const USERS: &str = "CREATE TABLE users (id BIGINT PRIMARY KEY, country TEXT NOT NULL, timezone VARCHAR(20),
    CHECK (timezone <> 'Mars/Olympus'));
    INSERT INTO users SELECT i, CASE WHEN i % 5000 = 0 THEN 'XX' WHEN i = 77 THEN 'MA' ELSE 'DE' END FROM generate_series(1, 200000) i";
const ZONE: &str = "timezone = CASE country WHEN 'DE' THEN 'Europe/Berlin' WHEN 'MA' THEN 'Mars/Olympus' \
     ELSE 'Nowhere/That/Anybody/Knows' END";

#[tokio::test]
async fn two_hundred_thousand_users_on_postgresql() {
    postgres(USERS, async |rows, books| {
        let timezone = job("users WHERE timezone IS NULL", "id", ZONE);
        let (batches, filled, bad) = rows.whole(rows.call(&timezone, 1_000)).await;
        assert_eq!((batches, filled), (201, 200_000 - 41));
        let said: Vec<String> = bad[..3].iter().map(|row| format!("{} {}", row.key, row.code)).collect();
        assert_eq!(said, ["77 23514-check", "5000 22001-too-long", "10000 22001-too-long"]);
        assert_eq!(bad.len(), 41);
        assert_eq!(books.ask("SELECT count(*) FROM users WHERE timezone = 'Europe/Berlin'").await, 199_959);
        // All that was asked was noted in one row.
        assert_eq!(books.ask("SELECT count(*) FROM ops_job_runs").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_batch_whose_answer_was_lost_is_not_made_again() {
    let setup = "CREATE TABLE users (id INT PRIMARY KEY, points INT NOT NULL);
        INSERT INTO users SELECT i, i FROM generate_series(1, 10) i";
    // Not one that could be run twice.
    let double = job("users", "id", "points = points * 2");
    postgres(setup, async |rows, books| {
        let first = rows.batch(&rows.call(&double, 4)).await.unwrap();
        // From another process: what it knows is in the database.
        let again = Books::reading(&books.url);
        let second = Rows { database: &again, environment: environment(), at: at(), ..*rows };
        assert_eq!(second.batch(&rows.call(&double, 4)).await.unwrap(), first);
        assert_eq!(books.ask("SELECT sum(points)::bigint FROM users").await, 55 + 10);
        let (_, filled, _) = second.whole(rows.call(&double, 4)).await;
        assert_eq!((filled, books.ask("SELECT sum(points)::bigint FROM users").await), (10, 110));
        // Begun anew by another run, it is done anew.
        let anew = FillCall { noted_as: "r-2@6".to_owned(), ..rows.call(&double, 100) };
        assert_eq!(rows.batch(&anew).await.unwrap().rows, 10);
        assert_eq!(books.ask("SELECT sum(points)::bigint FROM users").await, 220);
    })
    .await;
}

#[tokio::test]
async fn two_that_ask_for_the_same_batch_make_it_once() {
    let setup = "CREATE TABLE users (id INT PRIMARY KEY, points INT NOT NULL);
        INSERT INTO users SELECT i, 1 FROM generate_series(1, 1000) i";
    let double = job("users", "id", "points = points * 2");
    postgres(setup, async |rows, books| {
        // The table of notes is there from the batch before.
        rows.batch(&FillCall {
            noted_as: "r-0@1".to_owned(),
            ..rows.call(&job("users WHERE false", "id", "points = 0"), 1)
        })
        .await
        .unwrap();
        let others: Vec<LocalDatabase> = (0..8).map(|_| Books::reading(&books.url)).collect();
        let call = rows.call(&double, 500);
        let asked = others.iter().map(|database| async {
            let rows = Rows { database, environment: environment(), at: at(), ..*rows };
            rows.batch(&call).await.unwrap()
        });
        let answers = futures_util::future::join_all(asked).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(books.ask("SELECT sum(points)::bigint FROM users").await, 1_500);
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_shows_what_would_be_and_leaves_no_trace() {
    postgres(USERS, async |rows, books| {
        let timezone = job("users WHERE timezone IS NULL AND id > 74", "id", ZONE);
        expect![[r#"
            75: null → "Europe/Berlin"
            76: null → "Europe/Berlin"
            77: null → "Mars/Olympus"
            3 and Some(199923) more
        "#]]
        .assert_eq(&shown(&rows.tried(&rows.call(&timezone, 3)).await.unwrap()));
        let broken =
            job("users WHERE id < 4", "id", "timezone = 1 / (id - 2), country = upper(country || 'x')");
        expect![[r#"
            2: 22012-division-by-zero
            1: {"country":"DE","timezone":null} → {"country":"DEX","timezone":"-1"}
            3: {"country":"DE","timezone":null} → {"country":"DEX","timezone":"1"}
            3 and Some(0) more
        "#]]
        .assert_eq(&shown(&rows.tried(&rows.call(&broken, 50)).await.unwrap()));
        let counts = rows.tried(&rows.call(&job("users", "id", "timezone = nextval('s')"), 1)).await;
        assert!(counts.unwrap_err().to_string().contains("\"s\" does not exist"));
        assert_eq!(books.ask("SELECT count(*) FROM users WHERE timezone IS NOT NULL").await, 0);
        assert_eq!(books.ask("SELECT count(*) FROM pg_tables WHERE tablename = 'ops_job_runs'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn keys_of_other_types_are_walked_and_those_that_repeat_refused() {
    let setup = "CREATE TABLE names (name TEXT PRIMARY KEY, mark INT);
        INSERT INTO names SELECT 'n' || i || '''\"', 0 FROM generate_series(1, 100) i;
        CREATE TABLE things (id UUID NOT NULL UNIQUE, mark INT, \"Odd Key\" INT, kind TEXT);
        INSERT INTO things SELECT md5(i::text)::uuid, 0, i, 'k' FROM generate_series(1, 100) i";
    postgres(setup, async |rows, books| {
        for (table, key) in [("names", "name"), ("things", "id")] {
            let (batches, filled, bad) = rows.whole(rows.call(&job(table, key, "mark = mark + 1"), 7)).await;
            assert_eq!((batches, filled, bad.len()), (15, 100, 0));
            assert_eq!(books.ask(&format!("SELECT count(*) FROM {table} WHERE mark = 1")).await, 100);
        }
        let refused = async |table: &str, key: &str| {
            rows.batch(&rows.call(&job(table, key, "mark = 2"), 7)).await.unwrap_err().to_string()
        };
        expect!["\"Odd Key\" of things can't be the job's key: it is not unique, or may be empty"]
            .assert_eq(&refused("things", "\"Odd Key\"").await);
        expect!["gone of things can't be the job's key: there is no such column, or no such table"]
            .assert_eq(&refused("things", "gone").await);
        let unknown = rows.batch(&rows.call(&job("things", "id", "nothing = 2"), 7)).await.unwrap_err();
        expect![[r#"the job timezone can't be run on the database db of shop/staging: column "nothing" of relation "things" does not exist"#]]
            .assert_eq(&unknown.to_string());
    })
    .await;
}

#[tokio::test]
async fn a_row_that_somebody_holds_is_waited_for_and_told() {
    let setup = "CREATE TABLE users (id INT PRIMARY KEY, mark INT); INSERT INTO users VALUES (1, 0)";
    postgres(setup, async |rows, books| {
        let mut holder = sqlx::PgConnection::connect(&books.url).await.unwrap();
        holder.execute("BEGIN; UPDATE users SET mark = 9").await.unwrap();
        let held = rows.batch(&rows.call(&job("users", "id", "mark = 1"), 7)).await.unwrap_err();
        assert!(matches!(held, PortError::Retry { .. }), "{held:?}");
        expect!["rows of the job timezone on the database db of shop/staging are locked by somebody else"]
            .assert_eq(&held.to_string());
        holder.execute("ROLLBACK").await.unwrap();
        assert_eq!(rows.batch(&rows.call(&job("users", "id", "mark = 1"), 7)).await.unwrap().rows, 1);
    })
    .await;
}

/// A component's file with such tables, and a job's rows in it.
async fn sqlite(setup: &str, test: impl AsyncFn(&Rows<'_>, &mut SqliteConnection)) {
    let stage = Stage::open().await;
    let root = stage.folder.join("local");
    let database = LocalDatabase::new(
        &root,
        Arc::new(ManualClock::at(5)),
        Arc::new(FixedSecrets),
        Arc::new(Redactor::new().unwrap()),
    );
    let shape = Shape {
        components: [("db".parse().unwrap(), ComponentKind::Database)].into(),
        urls: [].into(),
        edge: [].into(),
        sticky: [].into(),
    };
    stage.platform().shape_ensure(&stage.permit(), &stage.environment, &shape).await.unwrap();
    let file = root.join("environments/shop/staging/components/db/app.db");
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    connection.execute(AssertSqlSafe(setup.to_owned())).await.unwrap();
    let at = DatabaseAt { component: "db".parse().unwrap(), url: None, notes: None };
    let environment = stage.environment.clone();
    test(&Rows { database: &database, environment, at, dialect: Dialect::Sqlite }, &mut connection).await;
}

async fn number(connection: &mut SqliteConnection, sql: &str) -> i64 {
    connection.fetch_one(AssertSqlSafe(sql.to_owned())).await.unwrap().get(0)
}

const CUSTOMERS: &str = "CREATE TABLE customers (id INTEGER PRIMARY KEY, country TEXT NOT NULL, timezone TEXT UNIQUE ON CONFLICT REPLACE,
        CHECK (length(timezone) < 30));
    INSERT INTO customers WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
        SELECT i, 'C' || i, NULL FROM n;
    UPDATE customers SET country = 'a country whose name is far too long for it' WHERE id = 50;
    UPDATE customers SET country = 'C3' WHERE id = 200";

#[tokio::test]
async fn a_file_is_filled_too_and_no_row_is_replaced() {
    sqlite(CUSTOMERS, async |rows, file| {
        let timezone = job("customers WHERE timezone IS NULL", "id", "timezone = 'zone of ' || country");
        expect![[r#"
            1: null → "zone of C1"
            2: null → "zone of C2"
            2 and Some(498) more
        "#]]
        .assert_eq(&shown(&rows.tried(&rows.call(&timezone, 2)).await.unwrap()));
        assert_eq!(number(file, "SELECT count(*) FROM sqlite_master WHERE name = 'ops_job_runs'").await, 0);
        let (batches, filled, bad) = rows.whole(rows.call(&timezone, 60)).await;
        assert_eq!((batches, filled), (9, 498));
        let said: Vec<String> = bad.iter().map(|row| format!("{} {}", row.key, row.code)).collect();
        assert_eq!(said, ["50 275-check", "200 2067-unique"]);
        assert_eq!(number(file, "SELECT count(*) FROM customers").await, 500);
        assert_eq!(number(file, "SELECT count(*) FROM customers WHERE timezone IS NULL").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_file_remembers_its_last_batch_and_refuses_what_it_can_not_walk() {
    let setup = "CREATE TABLE names (name TEXT PRIMARY KEY, mark INT, twice INT NOT NULL);
        INSERT INTO names VALUES ('007', 1, 1), ('10', 1, 1), ('9', 1, 1), ('x''', 1, 1)";
    sqlite(setup, async |rows, file| {
        let double = job("names", "name", "mark = mark * 2");
        let first = rows.batch(&rows.call(&double, 2)).await.unwrap();
        assert_eq!(rows.batch(&rows.call(&double, 2)).await.unwrap(), first);
        assert_eq!(number(file, "SELECT sum(mark) FROM names").await, 6);
        let (batches, filled, _) = rows.whole(rows.call(&double, 2)).await;
        assert_eq!((batches, filled, number(file, "SELECT sum(mark) FROM names").await), (3, 4, 8));
        let refused = async |key: &str, set: &str| {
            let call = FillCall { noted_as: "r-2@7".to_owned(), ..rows.call(&job("names", key, set), 2) };
            rows.batch(&call).await.unwrap_err().to_string()
        };
        expect!["twice of names can't be the job's key: it is not unique, or may be empty"]
            .assert_eq(&refused("twice", "mark = 2").await);
        let unknown = refused("name", "unheard = 2").await;
        assert!(unknown.contains("no such column: unheard"), "{unknown}");
    })
    .await;
}
