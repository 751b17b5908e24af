//! A database that several programs share: who hosts it, and who carries out which run.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::tests::database::{BOTH, Kind};
use super::tests::{NOW_MS, chain_is_whole, entry, fresh, open, person, run};
use super::*;

/// How long something that comes by itself may take.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn one_program_at_a_time_hosts_a_database() {
    for kind in BOTH {
        let (database, one) = fresh(kind).await;
        let two = open(&database).await.unwrap();
        let claim = one.host_claim().await.unwrap();
        assert!(claim.is_some(), "{kind:?}");
        assert!(two.host_claim().await.unwrap().is_none(), "{kind:?}");
        drop(claim);
        assert!(two.host_claim().await.unwrap().is_some(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_host_whose_connection_is_ended_notices_and_can_claim_again() {
    let (database, store) = fresh(Kind::Postgres).await;
    let mut claim = store.host_claim().await.unwrap().unwrap();
    // Whoever holds the lock is thrown out, as by a restarted server.
    on_server(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        &database.url,
    )
    .await;
    let lost = tokio::time::timeout(PATIENCE, claim.lost()).await.expect("it notices");
    assert!(lost.may_pass(), "{lost:?}");
    let again = store.host_claim().await.unwrap();
    assert!(again.is_some(), "nobody else has it");
    let other = open(&database).await.unwrap();
    assert!(other.host_claim().await.unwrap().is_none(), "it is held again");
}

#[tokio::test]
async fn a_commit_of_one_program_wakes_the_others_and_a_lost_connection_does_not_end_that() {
    let (database, one) = fresh(Kind::Postgres).await;
    let two = open(&database).await.unwrap();
    let mut watching = two.watch();
    let commit = |name: &'static str| {
        let mut commit = Commit::at(NOW_MS);
        commit.writes.push(person(name));
        one.commit(commit)
    };
    watching.mark_unchanged();
    commit("ana").await.unwrap();
    tokio::time::timeout(PATIENCE, watching.changed()).await.expect("it hears").unwrap();
    watching.mark_unchanged();
    on_server(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
         AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()",
        &database.url,
    )
    .await;
    // It listens again, and looks at once, for something may have been missed.
    tokio::time::timeout(PATIENCE, watching.changed()).await.expect("it listens again").unwrap();
    watching.mark_unchanged();
    commit("ben").await.unwrap();
    tokio::time::timeout(PATIENCE, watching.changed()).await.expect("it hears again").unwrap();
}

#[tokio::test]
async fn a_program_is_not_woken_by_its_own_commits_twice() {
    let (database, one) = fresh(Kind::Postgres).await;
    let two = open(&database).await.unwrap();
    let (mut own, mut other) = (one.watch(), two.watch());
    for name in ["ana", "ben", "zoe"] {
        let mut commit = Commit::at(NOW_MS);
        commit.writes.push(person(name));
        one.commit(commit).await.unwrap();
        tokio::time::timeout(PATIENCE, other.changed()).await.expect("it hears").unwrap();
    }
    // What the server told the one it told the other.
    assert_eq!(*own.borrow_and_update(), 3);
}

#[tokio::test]
async fn a_file_that_is_gone_is_noticed_and_one_that_is_back_is_used_again() {
    let (database, store) = fresh(Kind::Sqlite).await;
    let file = std::path::PathBuf::from(database.url.trim_start_matches("sqlite:"));
    let aside = file.with_extension("aside");
    let mut claim = store.host_claim().await.unwrap().unwrap();
    let write = |name: &'static str| {
        let mut commit = Commit::at(NOW_MS);
        commit.writes.push(person(name));
        store.commit(commit)
    };
    write("ana").await.unwrap();
    std::fs::rename(&file, &aside).unwrap();
    for lost in [
        write("ben").await.unwrap_err(),
        store.user_list().await.unwrap_err(),
        tokio::time::timeout(PATIENCE, claim.lost()).await.expect("it notices"),
    ] {
        let why = std::error::Error::source(&lost).unwrap().to_string();
        assert!(lost.may_pass() && why.contains("is not there any more"), "{lost:?}");
    }
    assert!(!file.exists(), "no empty one is made in its place");
    std::fs::write(&file, "").unwrap();
    let lost = store.ping().await.unwrap_err();
    assert!(std::error::Error::source(&lost).unwrap().to_string().contains("another file"), "{lost:?}");
    std::fs::rename(&aside, &file).unwrap();
    write("zoe").await.unwrap();
    let people = store.user_list().await.unwrap();
    assert_eq!(people.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["ana", "zoe"]);
    drop(claim);
    assert!(store.host_claim().await.unwrap().is_some());
}

#[tokio::test]
async fn a_closed_database_takes_nothing_more_and_leaves_no_log_behind() {
    for kind in BOTH {
        let (database, store) = fresh(kind).await;
        let commit = |name: &'static str| {
            let mut commit = Commit::at(NOW_MS);
            commit.writes.push(person(name));
            store.commit(commit)
        };
        commit("ana").await.unwrap();
        store.close().await;
        assert!(matches!(commit("ben").await, Err(StoreError::Closed)), "{kind:?}");
        assert!(store.ping().await.is_err(), "{kind:?}");
        if kind == Kind::Sqlite {
            let file = database.url.trim_start_matches("sqlite:");
            assert!(!std::path::Path::new(&format!("{file}-wal")).exists());
        }
        store.close().await;
        let again = open(&database).await.unwrap();
        assert_eq!(again.user_list().await.unwrap().len(), 1, "{kind:?}");
    }
}

/// Says something to a database behind the store's back.
async fn on_server(statement: &'static str, url: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(statement).await.unwrap();
    connection.close().await.unwrap();
}

/// The next so many writes of a person are given up by the server, with the state it has for that.
async fn gives_up(url: &str, times: u32, state: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    // A sequence is not put back with the transaction, so it counts the tries.
    let statements = format!(
        "DROP SEQUENCE IF EXISTS tries; CREATE SEQUENCE tries; \
         CREATE OR REPLACE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'given up' USING ERRCODE = '{state}'; END IF; \
         RETURN NEW; END $$; \
         CREATE OR REPLACE TRIGGER give_up BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION give_up()"
    );
    connection.execute(AssertSqlSafe(statements)).await.unwrap();
    connection.close().await.unwrap();
}

/// How often a person was tried to be written since.
async fn tries(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let tries = sqlx::query_scalar("SELECT last_value FROM tries").fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    tries
}

#[tokio::test]
async fn a_group_the_server_gives_up_is_written_again_and_not_for_ever() {
    let (database, store) = fresh(Kind::Postgres).await;
    let write = |name: &'static str| {
        let mut commit = Commit::at(NOW_MS);
        commit.writes.push(person(name));
        commit.audit.push(entry(name));
        store.commit(commit)
    };
    for (name, state) in [("ana", "40P01"), ("ben", "40001")] {
        gives_up(&database.url, 3, state).await;
        write(name).await.unwrap();
        assert_eq!(tries(&database.url).await, 4, "{state}");
    }
    gives_up(&database.url, 100, "40P01").await;
    let refused = write("zoe").await.unwrap_err();
    assert_eq!(tries(&database.url).await, 4);
    assert!(matches!(refused, StoreError::Crossed { tries: 4, .. }) && refused.may_pass(), "{refused:?}");
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(refused.to_string().contains("4 times") && why.contains("given up"), "{refused}: {why}");
    // What is wrong with the write itself is not tried again.
    gives_up(&database.url, 100, "22000").await;
    assert!(matches!(write("zoe").await, Err(StoreError::Unavailable { .. })));
    assert_eq!(tries(&database.url).await, 1);
    // Once, however often it was tried.
    let people = store.user_list().await.unwrap();
    assert_eq!(people.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["ana", "ben"]);
    assert_eq!(chain_is_whole(&store).await, 2);
}

#[tokio::test]
async fn two_programs_that_lock_each_other_out_both_write() {
    let (database, store) = fresh(Kind::Postgres).await;
    let mut commit = Commit::at(NOW_MS);
    commit.writes.push(person("ana"));
    store.commit(commit).await.unwrap();
    // One holds what the commit needs, and then wants what the commit holds.
    let mut other = PgConnection::connect(&database.url).await.unwrap();
    other.execute("BEGIN; SELECT * FROM users FOR UPDATE").await.unwrap();
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            let mut commit = Commit::at(NOW_MS);
            commit.writes.push(person("ana"));
            store.commit(commit).await
        }
    });
    let mut watching = PgConnection::connect(&database.url).await.unwrap();
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity \
                 WHERE datname = current_database())";
    let begun = std::time::Instant::now();
    while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut watching).await.unwrap() == 0 {
        assert!(begun.elapsed() < PATIENCE, "the commit never waited");
    }
    // Whichever of the two the server gives up, the commit is written.
    let _given_up = other.execute("UPDATE heads SET seq = seq WHERE name = 'audit'").await;
    let _over = other.execute("ROLLBACK").await;
    tokio::time::timeout(PATIENCE, writing).await.expect("it is written").unwrap().unwrap();
}

#[tokio::test]
async fn a_run_is_leased_to_one_replica_and_a_stale_one_can_not_write() {
    let (_database, store) = fresh(Kind::Postgres).await;
    let Database::Postgres(server) = &store.database else { panic!("this is PostgreSQL") };
    let pool = server.pool();
    pool.execute(
        "INSERT INTO runs (run, project, environment, run_type, requester, state, body, version, created_ms, fence) \
         VALUES ('r-0001', 'shop', 'staging', 'deploy', 'ana', 'queued', '{}', 1, 0, 0)",
    )
    .await
    .unwrap();
    let lease = |owner: &'static str, now_ms| {
        let store = store.clone();
        async move {
            let leased = store.run_lease(owner, &[], now_ms, now_ms + 100, 10).await.unwrap();
            leased.first().map(|leased| leased.fence.unwrap())
        }
    };
    let renew = |owner: &'static str, fence, until_ms| {
        let store = store.clone();
        async move { !store.run_lease_renew(owner, &[(run(1), fence)], until_ms).await.unwrap().is_empty() }
    };
    let first = lease("one", NOW_MS).await.unwrap();
    assert_eq!(lease("two", NOW_MS + 50).await, None);
    assert_eq!(store.run_lease("one", &[run(1)], NOW_MS, NOW_MS + 100, 10).await.unwrap(), []);
    assert!(renew("one", first, NOW_MS + 120).await);
    let second = lease("two", NOW_MS + 130).await.unwrap();
    assert!(second > first);
    assert!(!renew("one", first, NOW_MS + 300).await);

    let fenced = |fence| {
        let mut commit = Commit::at(NOW_MS);
        commit.writes.extend([Write::RunFenced { run: run(1), fence }, person("ana")]);
        store.commit(commit)
    };
    assert!(matches!(fenced(first).await, Err(StoreError::Fenced)));
    fenced(second).await.unwrap();

    // A replica that died and is back has its own lease again at once; its former life is fenced off.
    let again = lease("two", NOW_MS + 140).await.unwrap();
    assert!(again > second);
    store.run_lease_release("two", &[(run(1), second)]).await.unwrap();
    assert_eq!(lease("one", NOW_MS + 150).await, None);
    store.run_lease_release("two", &[(run(1), again)]).await.unwrap();
    assert!(lease("one", NOW_MS + 150).await.is_some());
}

#[tokio::test]
async fn a_run_that_is_being_leased_is_passed_over_and_not_waited_for() {
    let (_database, store) = fresh(Kind::Postgres).await;
    let Database::Postgres(server) = &store.database else { panic!("this is PostgreSQL") };
    let pool = server.pool();
    pool.execute(
        "INSERT INTO runs (run, project, environment, run_type, requester, state, body, version, created_ms, fence) \
         SELECT 'r-000' || n, 'shop', 'staging', 'deploy', 'ana', 'queued', '{}', 1, n, 0 FROM generate_series(1, 2) n",
    )
    .await
    .unwrap();
    let mut elsewhere = pool.begin().await.unwrap();
    elsewhere.execute("SELECT 1 FROM runs WHERE run = 'r-0001' FOR UPDATE").await.unwrap();
    let leased = store.run_lease("one", &[], NOW_MS, NOW_MS + 100, 10).await.unwrap();
    assert_eq!(leased.iter().map(|leased| leased.run.as_str()).collect::<Vec<_>>(), ["r-0002"]);
}

#[tokio::test]
async fn a_server_known_to_be_away_is_not_waited_for_and_one_that_is_back_is_used() {
    // Through a door that can be closed: behind it nobody listens, as when a server is stopped.
    let (database, _store) = fresh(Kind::Postgres).await;
    let (address, name) = database.url.rsplit_once('/').unwrap();
    let (user, server) = address.rsplit_once('@').unwrap_or((address, ""));
    let server = if server.is_empty() { address.trim_start_matches("postgres://") } else { server };
    let user = if user == address { String::from("postgres://") } else { format!("{user}@") };
    let door = Door::open(server).await;
    let store =
        Store::open(&StoreAddress::from_url(&format!("{user}{}/{name}", door.at)).unwrap()).await.unwrap();
    store.ping().await.unwrap();
    let door = door.close().await;
    assert!(store.ping().await.unwrap_err().may_pass());
    let began = std::time::Instant::now();
    for _ in 0..10 {
        let lost = store.ping().await.unwrap_err();
        assert!(std::error::Error::source(&lost).unwrap().to_string().contains("refused"), "{lost:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let _door = door.open_again().await;
    store.ping().await.unwrap();
}

/// Connections go through it to a server.
struct Door {
    at: std::net::SocketAddr,
    server: String,
    through: tokio::task::JoinHandle<()>,
}

impl Door {
    async fn open(server: &str) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), server.to_owned()).await
    }

    async fn at(at: std::net::SocketAddr, server: String) -> Self {
        let listener = tokio::net::TcpListener::bind(at).await.unwrap();
        let (at, to) = (listener.local_addr().unwrap(), server.clone());
        let through = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((mut inside, _)) = listener.accept().await {
                let to = to.clone();
                open.spawn(async move {
                    let mut outside = tokio::net::TcpStream::connect(to).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
                });
            }
        });
        Self { at, server, through }
    }

    async fn close(mut self) -> Self {
        self.through.abort();
        let _ = (&mut self.through).await;
        self
    }

    async fn open_again(self) -> Self {
        Self::at(self.at, self.server).await
    }
}
