//! The simulated world, told as the stories an engine's test would tell with it.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use adapters::sim::{Behaviour, Call, Fault, FaultKind, Seed, World};
use engine::clock::{Clock, ManualClock};
use engine::model::{
    ComponentKind, ComponentName, EnvironmentKey, Health, Limits, RunId, ServiceName, Source,
};
use engine::ports::testing::permit;
use engine::ports::{
    BuildKey, BuildRequest, BuildState, ConfigSet, InstanceSet, InstanceState, Migration, Permit, PortError,
    Ports, Replacement, Schedule, Shape, Weight,
};
use expect_test::expect;

const START_MS: i64 = 1_000_000;

/// A world, its clock, and what a test needs to talk to it.
struct Story {
    clock: Arc<ManualClock>,
    world: Arc<World>,
    ports: Ports,
    staging: EnvironmentKey,
    api: ServiceName,
    postgres: ComponentName,
}

impl Story {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(START_MS));
        let world = World::new(clock.clone());
        let ports = world.ports();
        Self {
            clock,
            world,
            ports,
            staging: "invoice-perfect/staging".parse().unwrap(),
            api: "api".parse().unwrap(),
            postgres: "postgres".parse().unwrap(),
        }
    }

    /// Commits, tags and builds `v{release}`, and starts so many instances of it.
    async fn starts(&self, release: u32, replicas: u32, behaviour: Behaviour) -> InstanceSet {
        let commit = self.world.release(&format!("v{release}"), "a release", behaviour);
        let request = build(release, &commit);
        self.ports.platform.build_start(&step(0), &request).await.unwrap();
        let set = self.set(release, replicas);
        self.ports.platform.instances_ensure(&step(5), &self.staging, &set).await.unwrap();
        set
    }

    fn set(&self, release: u32, replicas: u32) -> InstanceSet {
        InstanceSet {
            service: self.api.clone(),
            release,
            build: BuildKey(format!("build-{release}")),
            start: "./api".to_owned(),
            replicas,
            health: Some(Health { path: "/health".to_owned(), timeout_s: 30 }),
            limits: Limits::default(),
        }
    }

    /// One word an instance, release by release: `1: healthy healthy`.
    async fn instances(&self) -> String {
        let observed = self.ports.platform.observe(&self.staging).await.unwrap();
        let mut lines = Vec::new();
        for set in observed.services.get(&self.api).into_iter().flat_map(|service| &service.sets) {
            let words = set.instances.iter().map(|instance| match &instance.state {
                InstanceState::Starting { .. } => "starting".to_owned(),
                InstanceState::Healthy { .. } => "healthy".to_owned(),
                InstanceState::Unhealthy { .. } => "unhealthy".to_owned(),
                InstanceState::Exited { starts, .. } => format!("exited({starts})"),
            });
            lines.push(format!("{}: {}", set.release, words.collect::<Vec<_>>().join(" ")));
        }
        lines.join("; ")
    }

    async fn weights(&self, weights: &[Weight]) -> Result<(), PortError> {
        self.ports.edge.weights_set(&step(7), &self.staging, &self.api, weights).await.map(drop)
    }

    /// Statuses of so many probes, counted: `1:200` to how often.
    async fn probes(&self, count: u32) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for _ in 0..count {
            let probe = self.ports.edge.probe(&self.staging, &self.api, "/").await.unwrap();
            let release = probe.release.map_or_else(|| "-".to_owned(), |release| release.to_string());
            *counts.entry(format!("{release}:{}", probe.status)).or_default() += 1;
        }
        counts
    }

    async fn shaped(&self) {
        let shape = Shape {
            components: BTreeMap::from([(self.postgres.clone(), ComponentKind::Database)]),
            edge: BTreeMap::from([(self.api.clone(), "127.0.0.1:7401".to_owned())]),
        };
        self.ports.platform.shape_ensure(&step(2), &self.staging, &shape).await.unwrap();
    }

    async fn migrates(&self, version: &str) -> Result<(), PortError> {
        let migration = migration(version);
        let database = &self.ports.database;
        database.migration_apply(&step(4), &self.staging, &self.postgres, &migration).await.map(drop)
    }

    async fn applied(&self) -> Vec<String> {
        let applied = self.ports.database.migrations_applied(&self.staging, &self.postgres).await.unwrap();
        applied.into_iter().map(|it| it.version).collect()
    }
}

/// The permit of a step of the run.
fn step(number: u32) -> Permit {
    permit(&"r-3f2a".parse::<RunId>().unwrap(), number)
}

fn source() -> Source {
    Source { repository: "/srv/invoice-perfect".to_owned(), path: ".".to_owned() }
}

fn build(release: u32, commit: &str) -> BuildRequest {
    BuildRequest {
        key: BuildKey(format!("build-{release}")),
        source: source(),
        commit: commit.to_owned(),
        command: Some("make".to_owned()),
    }
}

fn migration(version: &str) -> Migration {
    Migration {
        version: version.to_owned(),
        name: "init".to_owned(),
        sql: "CREATE TABLE invoices (id INTEGER)".to_owned(),
        checksum: "c0ffee".to_owned(),
    }
}

fn share(release: u32, percent: u8) -> Weight {
    Weight { release, percent }
}

#[tokio::test]
async fn a_history_reads_as_it_was_written() {
    let story = Story::new();
    let code = &story.ports.code;
    let nothing = code.resolve(&source(), None).await.unwrap_err();
    expect!["the simulated repository has no commits, so `main` names none"].assert_eq(&nothing.to_string());

    story.world.file("migrations/0001_init.sql", "CREATE TABLE invoices ()");
    let first = story.world.commit("First light");
    story.world.tag("v1.0.0");
    story.world.file("./migrations/0002_total.sql", "ALTER TABLE invoices ADD total INTEGER");
    let second = story.world.commit("Totals");
    story.world.branch("try");
    let third = story.world.commit("An idea");

    assert_eq!(code.resolve(&source(), None).await.unwrap().id, second);
    assert_eq!(code.resolve(&source(), Some("v1.0.0")).await.unwrap().id, first);
    assert_eq!(code.resolve(&source(), Some("try")).await.unwrap().id, third);
    assert_eq!(code.resolve(&source(), Some(&second[..7])).await.unwrap().id, second);
    let unknown = code.resolve(&source(), Some("v9")).await.unwrap_err();
    expect!["the simulated repository has no branch, tag or commit `v9`"].assert_eq(&unknown.to_string());

    let newest = code.references(&source(), 2).await.unwrap();
    assert_eq!(newest, ["try", "main"]);
    let subjects = async |from: &str, to: &str| -> Vec<String> {
        let commits = code.compare(&source(), from, to, 10).await.unwrap();
        commits.into_iter().map(|commit| commit.subject).collect()
    };
    assert_eq!(subjects("v1.0.0", "try").await, ["An idea", "Totals"]);
    assert_eq!(subjects("try", "v1.0.0").await, [""; 0]);
    let files = code.files(&source(), &third, "migrations/").await.unwrap();
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["0001_init.sql", "0002_total.sql"]);
    assert!(code.files(&source(), &third, "elsewhere").await.unwrap().is_empty());

    let again = World::new(story.clock.clone());
    assert_eq!(again.commit("First light"), first, "ids are the same in each world");
}

#[tokio::test]
async fn a_build_takes_its_time_and_an_instance_too() {
    let story = Story::new();
    let platform = &story.ports.platform;
    let behaviour =
        Behaviour { healthy: adapters::sim::Healthy::AfterMs(2_000), ..Behaviour::builds_in(5_000) };
    let commit = story.world.release("v1", "Slow and steady", behaviour);
    let request = build(1, &commit);
    assert_eq!(platform.build_look(&request.key).await.unwrap(), BuildState::Absent);
    platform.build_start(&step(0), &request).await.unwrap();
    story.clock.advance(4_999);
    let running = platform.build_look(&request.key).await.unwrap();
    assert_eq!(running, BuildState::Running { last_line: "$ make".to_owned() });

    let early = platform.instances_ensure(&step(5), &story.staging, &story.set(1, 2)).await.unwrap_err();
    expect!["api, release 1, can't start: its build is not there"].assert_eq(&early.to_string());

    story.clock.advance(1);
    assert_eq!(platform.build_look(&request.key).await.unwrap(), BuildState::Done { took_ms: 5_000 });
    platform.instances_ensure(&step(5), &story.staging, &story.set(1, 2)).await.unwrap();
    expect!["1: starting starting"].assert_eq(&story.instances().await);
    story.clock.advance(2_000);
    expect!["1: healthy healthy"].assert_eq(&story.instances().await);

    story.clock.advance(-60_000);
    expect!["1: healthy healthy"].assert_eq(&story.instances().await);
    story.world.behaviour("v1", Behaviour::never_healthy()).unwrap();
    expect!["1: unhealthy unhealthy"].assert_eq(&story.instances().await);
}

#[tokio::test]
async fn a_build_can_fail_and_be_ended() {
    let story = Story::new();
    let platform = &story.ports.platform;
    let broken = build(1, &story.world.release("v1", "Broken", Behaviour::build_fails(&["error: no rule"])));
    platform.build_start(&step(0), &broken).await.unwrap();
    let failed = BuildState::Failed { exit_code: Some(1), tail: vec!["error: no rule".to_owned()] };
    assert_eq!(platform.build_look(&broken.key).await.unwrap(), failed);

    let slow = build(2, &story.world.release("v2", "Slow", Behaviour::builds_in(5_000)));
    platform.build_start(&step(0), &slow).await.unwrap();
    platform.build_stop(&step(1), &slow.key).await.unwrap();
    assert_eq!(platform.build_look(&slow.key).await.unwrap(), BuildState::Absent);
}

#[tokio::test]
async fn bad_releases_look_bad() {
    let story = Story::new();
    story.starts(1, 1, Behaviour::never_healthy()).await;
    story.starts(2, 2, Behaviour::crash_loop()).await;
    story.clock.advance(2_500);
    expect!["1: starting; 2: exited(3) exited(3)"].assert_eq(&story.instances().await);
    story.clock.advance(60_000);
    expect!["1: starting; 2: exited(5) exited(5)"].assert_eq(&story.instances().await);
    let platform = &story.ports.platform;
    platform.instances_stop(&step(9), &story.staging, &story.api, 2, 30).await.unwrap();
    expect!["1: starting"].assert_eq(&story.instances().await);
    let lines = platform.logs(&story.staging, &[], START_MS, 2).await.unwrap();
    let lines: Vec<_> = lines.iter().map(|line| format!("{} {}", line.release, line.text)).collect();
    assert_eq!(lines, ["2 started 2 with `./api`", "2 ended 2"]);
}

#[tokio::test]
async fn a_lost_answer_is_found_by_looking() {
    let story = Story::new();
    story.shaped().await;
    story.world.fault(Fault::of(Call::MigrationApply, FaultKind::LostAnswer).about("staging postgres"));
    let lost = story.migrates("0001").await.unwrap_err();
    expect!["migration_apply of staging postgres 0001 was sent and no answer came"]
        .assert_eq(&lost.to_string());
    assert!(matches!(lost, PortError::Unknown { .. }));
    assert_eq!(story.applied().await, ["0001"]);

    story.world.faults_clear();
    story.world.fault(Fault::of(Call::MigrationApply, FaultKind::UnknownBefore));
    assert!(matches!(story.migrates("0002").await, Err(PortError::Unknown { .. })));
    assert_eq!(story.applied().await, ["0001"], "this one never arrived");
    assert!(story.world.doubled().is_empty());
}

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
    database.migration_apply(&step(4), &story.staging, &story.postgres, &mended).await.unwrap();
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
        fingerprint: "f1".to_owned(),
    };
    platform.config_put(&step(3), &story.staging, &story.api, 1, Some(&config)).await.unwrap();
    let nightly = Schedule {
        service: story.api.clone(),
        release: 1,
        build: BuildKey("build-1".to_owned()),
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

#[tokio::test]
async fn faults_strike_the_nth_call_they_match() {
    let story = Story::new();
    story.shaped().await;
    story.world.fault(Fault::of(Call::MigrationApply, FaultKind::FailBefore).about("0002"));
    story.world.fault(Fault::of(Call::WeightsSet, FaultKind::RetryBefore { after_ms: 500 }).nth(2));
    story.world.fault(Fault::of(Call::Observe, FaultKind::FailBefore).about("production"));
    let whole = [share(1, 100)];
    story.weights(&whole).await.unwrap();
    let busy = story.weights(&whole).await.unwrap_err();
    assert!(matches!(busy, PortError::Retry { after_ms: Some(500), .. }));
    story.weights(&whole).await.unwrap();
    story.migrates("0001").await.unwrap();
    let refused = story.migrates("0002").await.unwrap_err();
    expect!["migration_apply of staging postgres 0002 was refused"].assert_eq(&refused.to_string());
    story.ports.platform.observe(&story.staging).await.unwrap();
    let unstruck: Vec<_> = story.world.faults_unstruck().into_iter().map(|fault| fault.call.call).collect();
    assert_eq!(unstruck, [Call::Observe], "nobody asked about production");
}

#[tokio::test]
async fn a_slow_call_answers_when_the_clock_has_moved() {
    let story = Story::new();
    story.world.fault(Fault::of(Call::WeightsSet, FaultKind::SlowMs(3_000)).nth(1));
    let whole = [share(1, 100)];
    let slow = story.weights(&whole);
    tokio::pin!(slow);
    tokio::select! {
        _ = &mut slow => unreachable!("the clock stands still"),
        () = tokio::time::sleep(Duration::from_millis(10)) => {}
    }
    let meanwhile = story.ports.edge.weights(&story.staging, &story.api).await.unwrap();
    assert_eq!(meanwhile, whole, "it happened; only its answer is late");
    story.clock.advance(3_000);
    slow.await.unwrap();
}

#[tokio::test]
async fn a_crash_is_silence_until_a_new_engine_asks_for_ports() {
    let mut story = Story::new();
    story.shaped().await;
    for (version, kind) in [("0001", FaultKind::Crash), ("0002", FaultKind::CrashBefore)] {
        story.world.faults_clear();
        story.world.fault(Fault::of(Call::MigrationApply, kind));
        tokio::select! {
            _ = story.migrates(version) => unreachable!("the process died"),
            () = story.world.crashed() => {}
        }
        let silent = tokio::time::timeout(Duration::from_millis(5), story.applied()).await;
        assert!(silent.is_err(), "the dead process hears nothing");
        story.ports = story.world.ports();
        assert_eq!(story.applied().await, ["0001"]);
    }
    assert_eq!(story.world.crashes(), 2);
    assert_eq!(story.clock.now_ms(), START_MS);
}

#[tokio::test]
async fn things_change_behind_the_engines_back() {
    let story = Story::new();
    let set = story.starts(1, 2, Behaviour::default()).await;
    let other = story.world.commit("Something else");
    story.weights(&[share(1, 100)]).await.unwrap();
    let before = story.world.ledger();
    story.world.drift(|it| {
        it.weights(&story.staging, &story.api, &[share(2, 100)]);
        assert!(it.instance_vanish(&story.staging, &story.api, 1, 0));
        assert!(!it.instance_vanish(&story.staging, &story.api, 9, 0));
        it.tag_move("v1", &other).unwrap();
    });
    assert_eq!(story.world.ledger(), before);
    expect!["1: healthy"].assert_eq(&story.instances().await);
    assert_eq!(story.ports.code.resolve(&source(), Some("v1")).await.unwrap().id, other);
    let weights = story.ports.edge.weights(&story.staging, &story.api).await.unwrap();
    assert_eq!(weights, [share(2, 100)]);

    story.ports.platform.instances_ensure(&step(5), &story.staging, &set).await.unwrap();
    expect!["1: healthy healthy"].assert_eq(&story.instances().await);
    assert!(story.world.repeats().is_empty(), "mending what vanished is no repeat");
}

#[tokio::test]
async fn a_rehearsal_starts_from_what_was_observed() {
    let real = Story::new();
    let set = real.starts(4, 2, Behaviour::default()).await;
    real.starts(5, 1, Behaviour::never_healthy()).await;
    let observed = real.ports.platform.observe(&real.staging).await.unwrap();

    let rehearsal = Story::new();
    let seed = Seed {
        observed: observed.clone(),
        sets: vec![set],
        builds: BTreeMap::from([(BuildKey("build-4".to_owned()), "0".repeat(40))]),
        weights: BTreeMap::from([(real.api.clone(), vec![share(4, 100)])]),
        ..Seed::default()
    };
    rehearsal.world.seed(&real.staging, seed);
    assert_eq!(rehearsal.ports.platform.observe(&real.staging).await.unwrap(), observed);
    assert_eq!(rehearsal.probes(1).await, BTreeMap::from([("4:200".to_owned(), 1)]));
    assert_eq!(rehearsal.world.effects(), "");
}

#[test]
fn calls_have_the_names_of_their_methods() {
    let writes: Vec<_> = Call::ALL.iter().filter(|call| call.is_write()).map(|call| call.as_str()).collect();
    expect!["shape_ensure build_start build_stop config_put instances_ensure instances_stop instances_replace schedule_put cache_clear weights_set migration_apply"].assert_eq(&writes.join(" "));
}
