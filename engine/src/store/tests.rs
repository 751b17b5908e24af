//! The store on both databases: what a commit keeps, what it refuses, and what happens when the database is older, newer,
//! shared or gone.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../../tests/world/database.rs"]
pub(super) mod database;

use std::time::Duration;

use database::{BOTH, Kind, TestDatabase};
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection, SqlStr, SqliteConnection};

use super::*;
use crate::audit::{GENESIS, link};
use crate::model::{Actor, EnvironmentKey, Identity, Role, RunId, User};
use crate::run::{Happening, Lock, LockHolder};

pub(super) const NOW_MS: i64 = 1_800_000_000_000;

pub(super) async fn open(database: &TestDatabase) -> Result<Store, StoreError> {
    Store::open(&StoreAddress::from_url(&database.url).unwrap()).await
}

pub(super) async fn fresh(kind: Kind) -> (TestDatabase, Store) {
    let database = TestDatabase::make(kind).await;
    let store = open(&database).await.unwrap();
    (database, store)
}

fn staging() -> EnvironmentKey {
    "shop/staging".parse().unwrap()
}

pub(super) fn run(number: usize) -> RunId {
    format!("r-{number:04x}").parse().unwrap()
}

fn lock(holder: &str) -> Write {
    Write::LockTake(Lock {
        environment: staging(),
        holder: LockHolder::Person(holder.to_owned()),
        reason: "a look".to_owned(),
        taken_ms: NOW_MS,
        expires_ms: None,
    })
}

pub(super) fn person(name: &str) -> Write {
    Write::UserPut { user: User { name: name.parse().unwrap(), role: Role::Viewer }, at_ms: NOW_MS }
}

pub(super) fn entry(subject: impl Into<String>) -> AuditEntry {
    AuditEntry {
        actor: Actor::system(),
        action: "test.done",
        subject: subject.into(),
        environment: Some(staging()),
        run: None,
        data: json!({ "number": 1.5, "text": "a \"quoted\" – word" }),
    }
}

fn said(text: &str) -> Happening {
    Happening::StepWaits { step: 0, note: text.to_owned() }
}

/// Walks the whole chain; its length.
pub(super) async fn chain_is_whole(store: &Store) -> usize {
    let events = store.audit_after(0, 1_000_000).await.unwrap();
    let mut last = GENESIS;
    for (place, (event, hash)) in events.iter().enumerate() {
        assert_eq!(event.seq, place as i64 + 1, "the chain has no gaps");
        last = link(&last, event);
        assert_eq!(last.to_string(), *hash, "event {} follows from the one before", event.seq);
    }
    let head = store.audit_head().await.unwrap();
    let hash = if events.is_empty() { String::new() } else { last.to_string() };
    assert_eq!(head, (events.len() as i64, hash));
    events.len()
}

async fn happenings(store: &Store) -> Vec<(i64, String)> {
    let all = store.happening_after(0, 1_000_000).await.unwrap();
    all.into_iter()
        .map(|one| match one.what {
            Happening::StepWaits { note, .. } => (one.seq, note),
            other => panic!("nobody wrote {other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn every_statement_prepares_on_sqlite() {
    let (database, _store) = fresh(Kind::Sqlite).await;
    let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
    for (name, text) in sql::ON_BOTH.iter().chain(sql::ON_SQLITE) {
        let prepared = connection.prepare(SqlStr::from_static(text)).await;
        assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
    }
}

#[tokio::test]
async fn every_statement_prepares_on_postgres() {
    let (database, _store) = fresh(Kind::Postgres).await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    for (name, text) in sql::ON_BOTH.iter().chain(sql::ON_POSTGRES) {
        let prepared = connection.prepare(SqlStr::from_static(text)).await;
        assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
    }
}

#[tokio::test]
async fn a_commit_whose_guard_fails_leaves_nothing_and_harms_no_other() {
    for kind in BOTH {
        let (_database, store) = fresh(kind).await;
        let mut first = Commit::at(NOW_MS);
        first.writes.push(lock("ana"));
        store.commit(first).await.unwrap();

        let mut losing = Commit::at(NOW_MS);
        losing.writes.extend([person("ben"), lock("ben"), person("zoe")]);
        losing.happenings.push((run(1), said("lost")));
        losing.audit.push(entry("lost"));
        let mut other = Commit::at(NOW_MS);
        other.writes.push(person("vera"));
        other.happenings.push((run(2), said("kept")));
        other.audit.push(entry("kept"));
        let (lost, kept) = tokio::join!(store.commit(losing), store.commit(other));

        assert!(matches!(lost, Err(StoreError::Conflict)), "{kind:?}: {lost:?}");
        kept.unwrap();
        let people = store.user_list().await.unwrap();
        assert_eq!(people.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["vera"], "{kind:?}");
        assert_eq!(happenings(&store).await, [(1, "kept".to_owned())], "{kind:?}");
        assert_eq!(chain_is_whole(&store).await, 1, "{kind:?}");
        let locks = store.lock_list(&staging()).await.unwrap();
        assert_eq!(locks.iter().map(|lock| lock.holder.name()).collect::<Vec<_>>(), ["ana"], "{kind:?}");
    }
}

#[tokio::test]
async fn revisions_make_one_of_two_writers_look_again() {
    for kind in BOTH {
        let (_database, store) = fresh(kind).await;
        let put = |revision| {
            let mut commit = Commit::at(NOW_MS);
            let desired = crate::model::Desired::default();
            commit.writes.push(Write::EnvironmentPut { environment: staging(), desired, revision });
            store.commit(commit)
        };
        let (one, two) = tokio::join!(put(1), put(1));
        assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{kind:?}");
        assert!(matches!(put(3).await, Err(StoreError::Conflict)), "{kind:?}: a revision is left out");
        put(2).await.unwrap();
        assert_eq!(store.environment_get(&staging()).await.unwrap().revision, 2, "{kind:?}");
    }
}

#[tokio::test]
async fn hundreds_of_commits_at_once_keep_one_order_and_one_chain() {
    const WRITERS: usize = 300;
    for kind in BOTH {
        let (_database, store) = fresh(kind).await;
        let writing = (0..WRITERS).map(|number| {
            let store = store.clone();
            async move {
                let mut commit = Commit::at(NOW_MS + number as i64);
                // Every third wants the same lock: one of them gets it.
                if number % 3 == 0 {
                    commit.writes.push(lock(&format!("p{number}")));
                }
                commit.happenings.push((run(number), said(&format!("{number} first"))));
                commit.happenings.push((run(number), said(&format!("{number} second"))));
                commit.audit.push(entry(number.to_string()));
                store.commit(commit).await.is_ok()
            }
        });
        let results = futures_util::future::join_all(writing).await;
        let written = results.iter().filter(|ok| **ok).count();
        assert_eq!(written, WRITERS - WRITERS / 3 + 1, "{kind:?}");
        assert_eq!(chain_is_whole(&store).await, written, "{kind:?}");
        let told = happenings(&store).await;
        assert_eq!(told.len(), 2 * written, "{kind:?}");
        for (place, pair) in told.chunks(2).enumerate() {
            let [(first_seq, first), (second_seq, second)] = pair else { panic!("an odd number") };
            assert_eq!((*first_seq, *second_seq), (2 * place as i64 + 1, 2 * place as i64 + 2), "{kind:?}");
            assert_eq!(first.strip_suffix(" first"), second.strip_suffix(" second"), "{kind:?}");
        }
        let head = store.happening_head().await.unwrap();
        let tail = store.happening_after(head - 3, 2).await.unwrap();
        assert_eq!(tail.iter().map(|one| one.seq).collect::<Vec<_>>(), [head - 2, head - 1], "{kind:?}");
    }
}

#[tokio::test]
async fn two_programs_on_one_database_continue_one_chain() {
    for kind in BOTH {
        let (database, one) = fresh(kind).await;
        let two = open(&database).await.unwrap();
        let writing = (0..60).map(|number| {
            let store = if number % 2 == 0 { one.clone() } else { two.clone() };
            async move {
                let mut commit = Commit::at(NOW_MS);
                commit.audit.push(entry(number.to_string()));
                commit.happenings.push((run(number), said("x")));
                store.commit(commit).await
            }
        });
        for written in futures_util::future::join_all(writing).await {
            written.unwrap();
        }
        assert_eq!(chain_is_whole(&one).await, 60, "{kind:?}");
        assert_eq!(two.happening_head().await.unwrap(), 60, "{kind:?}");
    }
}

#[tokio::test]
async fn watchers_hear_of_every_commit() {
    for kind in BOTH {
        let (_database, store) = fresh(kind).await;
        let mut watching = store.watch();
        watching.mark_unchanged();
        let mut commit = Commit::at(NOW_MS);
        commit.writes.push(person("ana"));
        store.commit(commit).await.unwrap();
        assert!(watching.has_changed().unwrap(), "{kind:?}");
    }
}

#[tokio::test]
async fn what_was_there_is_kept_when_the_database_is_opened_again() {
    for kind in BOTH {
        let (database, store) = fresh(kind).await;
        let mut commit = Commit::at(NOW_MS);
        commit.writes.push(person("ana"));
        let identity = Identity { front: "slack".to_owned(), external_id: "U1".to_owned() };
        commit.writes.push(Write::IdentityPut { identity: identity.clone(), person: "ana".parse().unwrap() });
        commit.audit.push(entry("kept"));
        store.commit(commit).await.unwrap();
        drop(store);
        let store = open(&database).await.unwrap();
        let found = store.identity_get(&identity).await.unwrap();
        assert_eq!(found.map(|name| name.to_string()).as_deref(), Some("ana"), "{kind:?}");
        let mut commit = Commit::at(NOW_MS);
        commit.audit.push(entry("goes on"));
        store.commit(commit).await.unwrap();
        assert_eq!(chain_is_whole(&store).await, 2, "{kind:?}");
    }
}

#[tokio::test]
async fn many_starts_at_once_bring_the_tables_up_once() {
    for kind in BOTH {
        let database = TestDatabase::make(kind).await;
        let opening = (0..6).map(|_| open(&database));
        for opened in futures_util::future::join_all(opening).await {
            opened.unwrap().ping().await.unwrap();
        }
    }
}

/// Runs a statement behind the store's back.
async fn behind_its_back(database: &TestDatabase, statement: &'static str) {
    match database.kind {
        Kind::Sqlite => {
            let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
            connection.execute(statement).await.unwrap();
            connection.close().await.unwrap();
        }
        Kind::Postgres => {
            let mut connection = PgConnection::connect(&database.url).await.unwrap();
            connection.execute(statement).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_with_what_to_do() {
    for kind in BOTH {
        let (database, store) = fresh(kind).await;
        drop(store);
        behind_its_back(
            &database,
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             SELECT 99990101000000, 'from the future', success, checksum, 0 FROM _sqlx_migrations LIMIT 1",
        )
        .await;
        let refused = open(&database).await.map(drop).expect_err("a newer database");
        assert!(
            matches!(refused, StoreError::Newer { found: 99_990_101_000_000, known } if known < 99_990_101_000_000),
            "{kind:?}: {refused:?}"
        );
        let said = refused.to_string();
        assert!(said.contains("newer infra-chat") && said.contains("start the newer program"), "{said}");
    }
}

#[tokio::test]
async fn a_database_that_is_older_is_brought_up_to_date() {
    for kind in BOTH {
        // The oldest there can be: a database somebody made and this program never saw.
        let database = TestDatabase::make(kind).await;
        if kind == Kind::Sqlite {
            drop(std::fs::File::create(database.url.trim_start_matches("sqlite:")).unwrap());
        }
        behind_its_back(&database, "CREATE TABLE something_else (a TEXT)").await;
        let store = open(&database).await.unwrap();
        store.ping().await.unwrap();
        assert!(store.project_list().await.unwrap().is_empty(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_record_whose_end_is_unreadable_takes_no_more_events() {
    for kind in BOTH {
        let (database, store) = fresh(kind).await;
        let write = || {
            let mut commit = Commit::at(NOW_MS);
            commit.audit.push(entry("x"));
            store.commit(commit)
        };
        write().await.unwrap();
        behind_its_back(&database, "UPDATE heads SET hash = 'nonsense' WHERE name = 'audit'").await;
        assert!(matches!(write().await, Err(StoreError::Unavailable { .. })), "{kind:?}");
        assert_eq!(store.audit_after(0, 10).await.unwrap().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_place_that_can_not_be_opened_is_named() {
    let address = StoreAddress::from_url("sqlite:/nowhere/at/all/infra-chat.db").unwrap();
    let refused = Store::open(&address).await.map(drop).expect_err("there is no such folder").to_string();
    assert!(refused.contains("/nowhere/at/all/infra-chat.db") && refused.contains("folder"), "{refused}");

    let address = StoreAddress::from_url("postgres://ana:s3cret-word@127.0.0.1:1/nothing").unwrap();
    let refused = Store::open(&address).await.map(drop).expect_err("nobody listens there");
    let why = std::error::Error::source(&refused).unwrap();
    assert!(why.to_string().contains("refused") && why.source().is_none(), "{refused:?}");
    let refused = refused.to_string();
    assert!(refused.contains("127.0.0.1:1/nothing") && refused.contains("DATABASE_URL"), "{refused}");
    assert!(!refused.contains("s3cret-word"), "{refused}");
    assert!(StoreAddress::from_url("mysql://x").is_err());
}

#[tokio::test]
async fn a_lost_database_says_so_and_works_again_when_it_is_back() {
    let (database, store) = fresh(Kind::Postgres).await;
    let write = |name: &'static str| {
        let mut commit = Commit::at(NOW_MS);
        commit.writes.push(person(name));
        commit.audit.push(entry(name));
        store.commit(commit)
    };
    write("ana").await.unwrap();
    database.lose().await;
    let lost = write("ben").await;
    assert!(matches!(&lost, Err(error) if error.may_pass()), "{lost:?}");
    let unread = store.user_list().await;
    assert!(matches!(&unread, Err(error) if error.may_pass()), "{unread:?}");
    // What the server says, once, and nothing of its source.
    let why = unread.unwrap_err();
    let why = std::error::Error::source(&why).unwrap();
    assert!(why.source().is_none(), "{why:?}");
    let why = why.to_string();
    assert!(why.contains("not currently accepting connections") && !why.contains(" at line "), "{why}");
    database.bring_back().await;
    write("zoe").await.unwrap();
    let people = store.user_list().await.unwrap();
    assert_eq!(people.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["ana", "zoe"]);
    assert_eq!(chain_is_whole(&store).await, 2);
}

#[tokio::test]
async fn a_file_somebody_else_keeps_locked_takes_no_write_until_it_is_free() {
    let (database, store) = fresh(Kind::Sqlite).await;
    let mut other = SqliteConnection::connect(&database.url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let mut commit = Commit::at(NOW_MS);
    commit.writes.push(person("ana"));
    let writing = tokio::spawn({
        let store = store.clone();
        async move { store.commit(commit).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(store.user_list().await.unwrap().is_empty(), "readers do not wait for a writer");
    other.execute("ROLLBACK").await.unwrap();
    writing.await.unwrap().unwrap();
    assert_eq!(store.user_list().await.unwrap().len(), 1);
}

#[test]
fn an_address_shows_no_password_to_anybody() {
    let shown = |url: &str| {
        let address = StoreAddress::from_url(url).unwrap();
        format!("{} {address:?}", address.shown())
    };
    let address = "postgres://…@host:1/db StoreAddress(postgres://…@host:1/db)";
    assert_eq!(shown("postgres://ana:s3cret@host:1/db"), address);
    assert_eq!(shown("postgres://ana:s3%40cret@host:1/db?sslmode=prefer&password=s3@cret"), address);
    assert_eq!(
        shown("postgresql://host/db?user=ana&password=s3cret"),
        "postgres://host/db StoreAddress(postgres://host/db)"
    );
}
