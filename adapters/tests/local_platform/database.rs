//! Migrations on the component's SQLite file, and SQL for programs without a library.

use std::sync::Arc;

use adapters::local::{LocalDatabase, sql_shell};
use engine::clock::ManualClock;
use engine::model::{ComponentKind, ComponentName, EnvironmentKey};
use engine::ports::{Database, DatabaseAt, Migration, Platform, PortError, Shape};
use engine::redact::Redactor;
use expect_test::expect;
use sqlx::{Connection, SqliteConnection};

use crate::stage::{FixedSecrets, Stage};

fn migration(version: &str, sql: &str) -> Migration {
    Migration {
        version: version.to_owned(),
        name: "change".to_owned(),
        sql: sql.to_owned(),
        checksum: format!("sum of {sql}"),
        language: engine::ports::Language::Sql,
    }
}

#[tokio::test]
async fn migrations_are_applied_once_in_a_transaction_each() {
    let stage = Stage::open().await;
    let database = LocalDatabase::new(
        &stage.folder.join("local"),
        Arc::new(ManualClock::at(5)),
        Arc::new(FixedSecrets),
        Arc::new(Redactor::new().unwrap()),
    );
    let (environment, name): (EnvironmentKey, ComponentName) =
        (stage.environment.clone(), "db".parse().unwrap());
    let db = DatabaseAt { component: name.clone(), url: None, notes: None };
    assert_eq!(database.migrations_applied(&environment, &db).await.unwrap(), []);
    let first = migration("0001", "CREATE TABLE invoices (id INTEGER); CREATE INDEX by_id ON invoices (id);");
    let lost = database.migration_apply(&stage.permit(), &environment, &db, &first).await.unwrap_err();
    assert!(lost.to_string().contains("the database db of shop/staging is not there"), "{lost}");

    let shape = Shape {
        urls: [].into(),
        components: [(name.clone(), ComponentKind::Database)].into(),
        edge: [].into(),
        sticky: [].into(),
    };
    stage.platform().shape_ensure(&stage.permit(), &environment, &shape).await.unwrap();
    let apply = async |migration: &Migration| {
        database
            .migration_apply(&stage.permit(), &environment, &db, migration)
            .await
            .map(|receipt| receipt.summary)
    };
    assert_eq!(apply(&first).await.unwrap(), "applied 0001 change");
    assert_eq!(apply(&first).await.unwrap(), "0001 change was applied before");

    let half = migration("0002", "CREATE TABLE kept_not (id INTEGER); INSERT INTO nowhere VALUES (1);");
    assert_eq!(
        apply(&half).await.unwrap_err(),
        PortError::fail(
            "migration 0002 change failed: no such table: nowhere",
            "Nothing of this migration was kept. Mend its SQL and deploy again.",
        )
    );
    assert_eq!(
        apply(&migration("0002", "CREATE TABLE kept_not (id INTEGER);")).await.unwrap(),
        "applied 0002 change"
    );
    let changed = apply(&Migration { checksum: "other".to_owned(), ..first }).await.unwrap_err();
    assert_eq!(changed.to_string(), "migration 0001 change was changed after it was applied");
    let versions: Vec<String> = database
        .migrations_applied(&environment, &db)
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.version)
        .collect();
    assert_eq!(versions, ["0001", "0002"]);

    let file = stage.folder.join("local/environments/shop/staging/components/db/app.db");
    // Looking leaves no trace: a file made beside it, even one that is gone again, would change the folder.
    let folder = || std::fs::metadata(file.parent().unwrap()).unwrap().modified().unwrap();
    let before = folder();
    database.migrations_applied(&environment, &db).await.unwrap();
    assert_eq!(folder(), before);
    // What a program that has it open has just written is seen.
    let mut program = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query("UPDATE schema_migrations SET checksum = 'new'").execute(&mut program).await.unwrap();
    assert!(file.with_file_name("app.db-wal").exists());
    let seen = database.migrations_applied(&environment, &db).await.unwrap();
    assert!(seen.iter().all(|one| one.checksum == "new"), "{seen:?}");
    program.close().await.unwrap();
    assert_eq!(database.migrations_applied(&environment, &db).await.unwrap(), seen);
    for extra in ["app.db-wal", "app.db-shm"] {
        let _ = std::fs::remove_file(file.with_file_name(extra));
    }
    std::fs::write(&file, "this was a database once, and now it is a poem about one".repeat(40)).unwrap();
    let damaged = database.migrations_applied(&environment, &db).await.unwrap_err();
    assert!(damaged.to_string().contains("is damaged"), "{damaged}");
}

#[tokio::test]
async fn programs_speak_sql_in_json_lines() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("a.db").display());
    let said = concat!(
        r#"{"id":1,"sql":"CREATE TABLE a (n INTEGER, t TEXT, b BLOB)"}"#,
        "\n",
        r#"{"id":2,"sql":"INSERT INTO a VALUES (?1, ?2, x'00ff'), (2.5, NULL, NULL)","params":[7,"é"]}"#,
        "\n",
        r#"{"id":3,"sql":"SELECT * FROM a WHERE n > ?1","params":[1]}"#,
        "\n",
        r#"{"id":4,"sql":"SELECT * FROM b"}"#,
        "\n",
        "nonsense\n",
        r#"{"id":5,"sql":"UPDATE a SET t = ?1 RETURNING n","params":["x"]}"#,
        "\n",
    );
    let mut answers = Vec::new();
    sql_shell(&url, said.as_bytes(), &mut answers).await.unwrap();
    expect![[r#"
        {"id":1,"columns":[],"rows":[],"changes":0}
        {"id":2,"columns":[],"rows":[],"changes":2}
        {"id":3,"columns":["n","t","b"],"rows":[[7,"é","00ff"],[2.5,null,null]],"changes":0}
        {"id":4,"error":"no such table: b"}
        {"id":null,"error":"not a request: expected ident at line 1 column 2"}
        {"id":5,"columns":["n"],"rows":[[7],[2.5]],"changes":2}
    "#]]
    .assert_eq(&String::from_utf8(answers).unwrap());
}
