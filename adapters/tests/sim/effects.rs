//! What the engine does to the world: every effect is written down, and doing one twice is noticed.

use std::collections::BTreeMap;

use adapters::sim::{Behaviour, Call};
use engine::model::Limits;
use engine::ports::{BuildKey, ConfigSet, Migration, Replacement, Schedule};
use expect_test::expect;

use crate::story::{START_MS, Story, migration, share, step};

#[tokio::test]
async fn a_migration_sent_twice_is_noticed() {
    let story = Story::new();
    story.shaped().await;
    story.migrates("0001").await.unwrap();
    let again = story.migrates("0001").await.unwrap_err();
    assert!(again.to_string().contains("duplicate key value"), "{again}");
    let doubled: Vec<_> = story.world.doubled().iter().map(ToString::to_string).collect();
    assert_eq!(doubled, ["4/do    migration_apply   staging postgres 0001 (already so)"]);
    assert_eq!(story.applied().await, ["0001"]);
}

#[tokio::test]
async fn a_refused_migration_leaves_nothing_behind() {
    let story = Story::new();
    let nowhere = story.migrates("0001").await.unwrap_err();
    expect!["migration 0001 can't run: invoice-perfect/staging has no postgres"]
        .assert_eq(&nowhere.to_string());
    story.shaped().await;
    story.world.file("migrations/0002_init.sql", &migration("0002").sql);
    story.world.release("v2", "A bad migration", Behaviour::migration_fails("0002"));
    story.migrates("0001").await.unwrap();
    let refused = story.migrates("0002").await.unwrap_err();
    expect![[r#"migration 0002 init failed: ERROR 42601: syntax error at or near "CREATE"; the transaction was rolled back"#]]
        .assert_eq(&refused.to_string());
    assert_eq!(story.applied().await, ["0001"]);

    let mended = Migration { sql: "SELECT 1".to_owned(), ..migration("0002") };
    let database = &story.ports.database;
    database.migration_apply(&step(4), &story.staging, &story.database(), &mended).await.unwrap();
    assert_eq!(story.applied().await, ["0001", "0002"]);
}

#[tokio::test]
async fn every_effect_is_in_the_ledger_and_repeats_are_apart() {
    let story = Story::new();
    let platform = &story.ports.platform;
    story.shaped().await;
    story.shaped().await;
    let set = story.starts(1, 2, Behaviour::default()).await;
    platform.instances_ensure(&step(5), &story.staging, &set).await.unwrap();
    let config = ConfigSet {
        service: story.api.clone(),
        release: 1,
        variables: BTreeMap::new(),
        secrets: BTreeMap::new(),
        components: None,
        fingerprint: "f1".to_owned(),
    };
    platform.config_put(&step(3), &story.staging, &story.api, 1, Some(&config)).await.unwrap();
    let nightly = Schedule {
        service: story.api.clone(),
        release: 1,
        build: BuildKey("build-1".to_owned()),
        commit: String::new(),
        command: "./nightly".to_owned(),
        cron: "0 3 * * *".to_owned(),
        enabled: true,
        limits: Limits::default(),
    };
    platform.schedule_put(&step(6), &story.staging, &story.api, Some(&nightly)).await.unwrap();
    story.weights(&[share(1, 100)]).await.unwrap();
    platform.cache_clear(&step(8), &story.staging, std::slice::from_ref(&story.api)).await.unwrap();
    platform.instances_ensure(&step(9), &story.staging, &set).await.unwrap();
    platform.schedule_put(&step(10), &story.staging, &story.api, None).await.unwrap();
    platform.config_put(&step(11), &story.staging, &story.api, 1, None).await.unwrap();

    expect![[r#"
        2/do    shape_ensure      staging
        0/do    build_start       build-1
        5/do    instances_ensure  staging api@1
        3/do    config_put        staging api@1
        6/do    schedule_put      staging api@1 on
        7/do    weights_set       staging api @1=100%
        8/do    cache_clear       staging api
        9/do    instances_ensure  staging api@1 (already so)
        10/do   schedule_put      staging api none
        11/do   config_put        staging api@1 none
    "#]]
    .assert_eq(&story.world.effects());
    let repeats: Vec<_> = story.world.repeats().iter().map(ToString::to_string).collect();
    expect![[r#"
        2/do    shape_ensure      staging (already so)
        5/do    instances_ensure  staging api@1 (already so)"#]]
    .assert_eq(&repeats.join("\n"));
    assert!(story.world.doubled().is_empty());
    let last = story.world.ledger().pop().unwrap();
    assert_eq!((last.idempotency_key.as_str(), last.at_ms), ("r-3f2a/11/do", START_MS));
}

#[tokio::test]
async fn a_replacement_rolls_one_by_one_and_once_per_key() {
    let story = Story::new();
    let platform = &story.ports.platform;
    story.starts(1, 2, Behaviour::healthy_after(1_000)).await;
    story.clock.advance(1_000);
    let key = step(5).idempotency_key().to_owned();
    let look = async || platform.instances_replaced(&story.staging, &story.api, 1, &key).await.unwrap();
    let replace = async |number| {
        let permit = step(number);
        platform.instances_replace(&permit, &story.staging, &story.api, 1).await.unwrap();
    };
    assert_eq!(look().await, Replacement::Absent);
    replace(5).await;
    expect!["1: healthy healthy starting"].assert_eq(&story.instances().await);
    story.clock.advance(1_000);
    assert_eq!(look().await, Replacement::Running { done: 1, of: 2 });
    replace(5).await;
    story.clock.advance(1_000);
    assert_eq!(look().await, Replacement::Done);
    expect!["1: healthy healthy"].assert_eq(&story.instances().await);
    assert_eq!((story.world.repeats().len(), story.world.doubled().len()), (1, 0));

    replace(6).await;
    assert_eq!(story.world.doubled().len(), 1, "the same run replaced the same instances under another key");

    story.world.behaviour("v1", Behaviour::never_healthy()).unwrap();
    replace(5).await;
    story.clock.advance(30_000);
    let key = step(6).idempotency_key().to_owned();
    let failed = platform.instances_replaced(&story.staging, &story.api, 1, &key).await.unwrap();
    let why = "a fresh instance was not healthy within 30 s".to_owned();
    assert_eq!(failed, Replacement::Failed { why });
}

#[tokio::test]
async fn weights_split_exactly_and_errors_come_in_their_share() {
    let story = Story::new();
    story.shaped().await;
    assert_eq!(story.probes(1).await, BTreeMap::from([("-:503".to_owned(), 1)]));
    story.starts(1, 1, Behaviour::default()).await;
    story.starts(2, 1, Behaviour::fails_requests(20)).await;
    story.starts(3, 1, Behaviour::never_healthy()).await;
    let odd = story.weights(&[share(1, 90), share(2, 20)]).await.unwrap_err();
    expect!["the weights of api in invoice-perfect/staging add up to 110, not 100"]
        .assert_eq(&odd.to_string());

    story.weights(&[share(1, 70), share(2, 30)]).await.unwrap();
    let read_back = story.ports.edge.weights(&story.staging, &story.api).await.unwrap();
    assert_eq!(read_back, [share(1, 70), share(2, 30)]);
    let counts = story.probes(100).await;
    let told: Vec<_> = counts.iter().map(|(what, count)| format!("{what} x{count}")).collect();
    assert_eq!(told, ["1:200 x70", "2:200 x24", "2:500 x6"]);

    story.weights(&[share(3, 100)]).await.unwrap();
    assert_eq!(story.probes(3).await, BTreeMap::from([("-:503".to_owned(), 3)]));
    let address = story.ports.edge.address(&story.staging, &story.api).await;
    assert_eq!(address.as_deref(), Some("http://127.0.0.1:7401"));
}

#[test]
fn calls_have_the_names_of_their_methods() {
    let writes: Vec<_> = Call::ALL.iter().filter(|call| call.is_write()).map(|call| call.as_str()).collect();
    expect!["shape_ensure component_end service_end build_start build_stop config_put instances_ensure instances_stop instances_replace schedule_put cache_clear job_batch migrate_start migrate_stop weights_set migration_apply rows_fill"].assert_eq(&writes.join(" "));
}
