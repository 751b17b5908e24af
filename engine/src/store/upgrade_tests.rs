//! Databases that older programs filled, brought up to date.
#![expect(clippy::unwrap_used, reason = "tests")]

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use super::open::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};
use super::tests::database::{BOTH, Kind, TestDatabase};
use super::tests::open;
use crate::model::Identity;

/// A database as the program had it whose newest migration was this one, with these rows.
async fn older(kind: Kind, newest: i64, rows: &[&str]) -> TestDatabase {
    let database = TestDatabase::make(kind).await;
    let rows = rows.iter().map(|row| AssertSqlSafe((*row).to_owned()));
    match kind {
        Kind::Sqlite => {
            drop(std::fs::File::create(database.url.trim_start_matches("sqlite:")).unwrap());
            let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
            SQLITE_MIGRATIONS.run_to(newest, &mut connection).await.unwrap();
            for row in rows {
                connection.execute(row).await.unwrap();
            }
            connection.close().await.unwrap();
        }
        Kind::Postgres => {
            let mut connection = PgConnection::connect(&database.url).await.unwrap();
            POSTGRES_MIGRATIONS.run_to(newest, &mut connection).await.unwrap();
            for row in rows {
                connection.execute(row).await.unwrap();
            }
            connection.close().await.unwrap();
        }
    }
    database
}

#[tokio::test]
async fn who_was_known_on_the_command_line_is_known_in_the_terminal() {
    for kind in BOTH {
        let rows = [
            "INSERT INTO users (person, role, since_ms) VALUES ('ana', 'deployer', 1), ('ben', 'admin', 1)",
            "INSERT INTO identities (front, external_id, person) VALUES ('cli', 'ana', 'ana'), \
             ('cli', 'root', 'ben'), ('cli', 'both', 'ben'), ('terminal', 'both', 'ben'), \
             ('cli', 'taken', 'ben'), ('terminal', 'taken', 'ana'), ('slack', 'U1', 'ana')",
        ];
        let database = older(kind, 20_261_121_000_309, &rows).await;
        let store = open(&database).await.unwrap();
        let all: Vec<String> = store
            .identity_list()
            .await
            .unwrap()
            .into_iter()
            .map(|(identity, person)| format!("{person} {identity}"))
            .collect();
        let expected = [
            "ana slack:U1",
            "ana terminal:ana",
            "ana terminal:taken",
            // Somebody else has that name in the terminal: nobody is made somebody else unasked.
            "ben cli:taken",
            "ben terminal:both",
            "ben terminal:root",
        ];
        assert_eq!(all, expected, "{kind:?}");
        let root = Identity { front: "terminal".to_owned(), external_id: "root".to_owned() };
        assert_eq!(store.identity_get(&root).await.unwrap().unwrap().as_str(), "ben", "{kind:?}");
    }
}

#[tokio::test]
async fn secrets_from_before_say_what_the_record_knows_of_them() {
    for kind in BOTH {
        let put = |seq: i64, version: u32, at_ms: i64, actor: &str| {
            let body = format!(
                r#"{{"seq":{seq},"action":"secret.put","subject":"secretref://shop/staging/key","data":{{"version":{version}}}}}"#
            );
            format!(
                "INSERT INTO audit_events (seq, at_ms, actor, action, project, environment, run, body, hash) VALUES \
                 ({seq}, {at_ms}, '{actor}', 'secret.put', 'shop', 'staging', NULL, '{body}', 'h{seq}')"
            )
        };
        let (first, second) = (put(1, 1, 1_000, "ana"), put(2, 2, 2_000, "zoe"));
        let rows = [
            first.as_str(),
            &second,
            "INSERT INTO secrets (project, environment, name, version, body) VALUES \
             ('shop', 'staging', 'key', 1, 'a'), ('shop', 'staging', 'key', 2, 'b'), ('shop', 'staging', 'old', 1, 'c')",
        ];
        let database = older(kind, 20_261_121_000_309, &rows).await;
        let store = open(&database).await.unwrap();
        let listed = store.secret_list(&"shop/staging".parse().unwrap()).await.unwrap();
        let said: Vec<String> = listed
            .iter()
            .map(|it| format!("{} {} {:?} {:?}", it.name, it.version, it.made_ms, it.made_by.as_deref()))
            .collect();
        let expected =
            [r#"key 1 Some(1000) Some("ana")"#, r#"key 2 Some(2000) Some("zoe")"#, "old 1 None None"];
        assert_eq!(said, expected, "{kind:?}");
        assert_eq!(store.secret_all().await.unwrap().len(), 3, "{kind:?}");
    }
}
