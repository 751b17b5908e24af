//! A database that several programs share: who hosts it, and who carries out which run.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use sqlx::Executor;

use super::tests::database::Kind;
use super::tests::{NOW_MS, fresh, open, person, run};
use super::*;

#[tokio::test]
async fn one_program_at_a_time_hosts_a_shared_database() {
    let (database, one) = fresh(Kind::Postgres).await;
    let two = open(&database).await.unwrap();
    let claim = one.host_claim().await.unwrap();
    assert!(claim.is_some());
    assert!(two.host_claim().await.unwrap().is_none());
    drop(claim);
    assert!(two.host_claim().await.unwrap().is_some());
}

#[tokio::test]
async fn a_run_is_leased_to_one_replica_and_a_stale_one_can_not_write() {
    let (_database, store) = fresh(Kind::Postgres).await;
    let Database::Postgres(pool) = &store.database else { panic!("this is PostgreSQL") };
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
    let Database::Postgres(pool) = &store.database else { panic!("this is PostgreSQL") };
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
