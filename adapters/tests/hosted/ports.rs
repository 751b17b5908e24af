//! The other calls of the ports.

use std::collections::BTreeMap;

use adapters::railway::sim::Behaviour;
use engine::model::{Check, CheckDoes, CheckStep, ComponentKind, Expect, Severity};
use engine::ports::{Edge as _, Finding, InstanceSet, Platform as _, PortError, Replacement, Signals as _};

use super::stage::{Deploy, Stage, api, commit, config, key, may, set, shape, told};

#[tokio::test]
async fn fresh_instances_come_once_for_each_step() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    let step = may(9);
    let of = step.idempotency_key().to_owned();
    let state = async || hosted.instances_replaced(&key(), &api(), 1, &of).await.unwrap();
    assert_eq!(state().await, Replacement::Absent);
    let before = stage.world(|world| world.deployments.len());
    hosted.instances_replace(&step, &key(), &api(), 1).await.unwrap();
    hosted.instances_replace(&step, &key(), &api(), 1).await.unwrap();
    while state().await != Replacement::Done {}
    // A program that knows nothing asks again for the same.
    stage.hosted().instances_replace(&step, &key(), &api(), 1).await.unwrap();
    assert_eq!(stage.world(|world| world.deployments.len()), before + 1);
    let observed = hosted.observe(&key()).await.unwrap();
    assert_eq!(told(&observed.services[&api()].sets), "1 of 2: healthy healthy");
    stage.checked();
}

#[tokio::test]
async fn another_number_of_replicas_runs_with_the_same_image() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    let three = InstanceSet { replicas: 3, ..set(1) };
    hosted.instances_ensure(&may(4), &key(), &three).await.unwrap();
    hosted.instances_ensure(&may(4), &key(), &three).await.unwrap();
    stage.world(adapters::railway::sim::World::settle);
    let observed = hosted.observe(&key()).await.unwrap();
    assert_eq!(told(&observed.services[&api()].sets), "1 of 3: healthy healthy healthy");
    stage.world(|world| assert_eq!(world.deployments.last().unwrap().meta["reason"], "redeploy"));
    let error = hosted.instances_ensure(&may(4), &key(), &InstanceSet { replicas: 99, ..set(1) }).await;
    assert_eq!(error.unwrap_err().to_string(), "Railway does not run 99 of api");
    stage.checked();
}

#[tokio::test]
async fn a_check_asks_the_release_itself_past_the_edge() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    let canary = Deploy::canary(2, 1);
    canary.prepare(&hosted).await.unwrap();
    canary.serve(&hosted).await.unwrap().unwrap();
    stage.world(|world| {
        world.behaviours.insert(commit(2), Behaviour { error_percent: 100, took_ms: 1 });
    });
    let expect = Expect { status: vec![200], ..Expect::default() };
    let step = CheckStep {
        method: "GET".to_owned(),
        path: "/orders".to_owned(),
        headers: BTreeMap::new(),
        body: None,
        expect,
        keep: BTreeMap::new(),
    };
    let check = Check {
        severity: Severity::Hard,
        every_s: 10,
        timeout_s: 20,
        probe: false,
        does: CheckDoes::Steps(vec![step]),
    };
    assert!(hosted.check(&may(5), &key(), &api(), 1, &check).await.unwrap().passed);
    let failed = hosted.check(&may(5), &key(), &api(), 2, &check).await.unwrap();
    assert!(!failed.passed && failed.says.starts_with("step 1, GET /orders"), "{failed:?}");
    let command = Check { does: CheckDoes::Command("bin/check".to_owned()), ..check };
    let error = hosted.check(&may(5), &key(), &api(), 1, &command).await.unwrap_err();
    assert_eq!(error.to_string(), "a check by a command can't be done on Railway from here");
    stage.checked();
}

#[tokio::test]
async fn logs_are_of_releases_and_without_secrets() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    stage.world(|world| {
        let live = world.deployments.iter().rfind(|row| row.meta["commitHash"] == commit(1)).unwrap();
        let id = live.id.clone();
        for line in ["one", "two", &format!("uses {}", super::stage::SECRET)] {
            world.add_line(&id, "deploymentLogs", line);
        }
    });
    let lines = hosted.logs(&key(), &[], 0, 2).await.unwrap();
    let told: Vec<(u32, &str)> = lines.iter().map(|line| (line.release, line.text.as_str())).collect();
    assert_eq!(told[0], (1, "two"));
    assert!(!told[1].1.contains(super::stage::SECRET) && told[1].1.starts_with("uses "), "{told:?}");
    stage.checked();
}

#[tokio::test]
async fn the_cache_of_a_host_is_emptied() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    let receipt = hosted.cache_clear(&may(5), &key(), &[api()]).await.unwrap();
    assert_eq!(receipt.summary, "Cloudflare forgets what it kept of api.acme.example");
    stage.cloudflare.with(|sim| assert_eq!(sim.purged.len(), 1));
    stage.checked();
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_what_to_do() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    let mut wanted = shape();
    wanted.components.insert("files".parse().unwrap(), ComponentKind::Storage);
    wanted.components.insert("api".parse().unwrap(), ComponentKind::Cache);
    let findings = hosted.preflight(&key(), &wanted).await.unwrap();
    let blocking: Vec<&str> =
        findings.iter().filter(|one: &&Finding| one.blocks).map(|one| one.says.as_str()).collect();
    assert_eq!(blocking.len(), 2, "{blocking:?}");
    assert!(hosted.preflight(&key(), &shape()).await.unwrap().is_empty());
    let error = hosted.shape_ensure(&may(2), &key(), &wanted).await.unwrap_err();
    assert!(matches!(error, PortError::Fail { .. }));
    assert_eq!(stage.railway.writes() + stage.cloudflare.writes(), 0);
    let elsewhere = engine::model::EnvironmentKey::new("shop".parse().unwrap(), "staging".parse().unwrap());
    assert!(hosted.observe(&elsewhere).await.is_err());
    assert!(hosted.seen(&elsewhere, &api(), None, 0).await.is_err());
    assert!(hosted.weights(&elsewhere, &api()).await.is_err());
    stage.checked();
}

#[tokio::test]
async fn what_is_there_by_its_name_is_taken_and_nothing_is_done_twice() {
    let stage = Stage::start(true).await;
    stage.world(|world| {
        let (project, environment) = world.add_project("shop", "production");
        world.add_service(&project, &environment, "api", Some("acme/shop"), None);
    });
    let hosted = stage.hosted();
    hosted.shape_ensure(&may(2), &key(), &shape()).await.unwrap();
    let writes = stage.railway.writes() + stage.cloudflare.writes();
    stage.hosted().shape_ensure(&may(2), &key(), &shape()).await.unwrap();
    assert_eq!(stage.railway.writes() + stage.cloudflare.writes(), writes);
    stage.world(|world| {
        let mut names: Vec<&str> = world.services.iter().map(|row| row.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["api", "api-canary", "postgres"]);
        assert_eq!((world.projects.len(), world.volumes.len()), (1, 1));
    });
    stage.checked();
}

/// One component and nothing else, as an order to add it has it.
fn redis() -> engine::ports::Shape {
    engine::ports::Shape {
        components: [("redis".parse().unwrap(), ComponentKind::Cache)].into(),
        urls: [].into(),
        edge: [].into(),
        sticky: [].into(),
    }
}

#[tokio::test]
async fn a_component_that_is_ended_keeps_its_volume_and_comes_back_with_it() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    hosted.shape_ensure(&may(2), &key(), &shape()).await.unwrap();
    hosted.shape_ensure(&may(2), &key(), &redis()).await.unwrap();
    let names = async |hosted: &adapters::hosted::Hosted| {
        let there = hosted.observe(&key()).await.unwrap().components;
        there.keys().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&hosted).await, "postgres redis");
    let runs = |stage: &Stage| {
        stage.world(|world| {
            let service = world.services.iter().find(|row| row.name == "redis").unwrap().id.clone();
            let all: Vec<_> = world.deployments.iter().filter(|row| row.service == service).collect();
            let running = |row: &&&adapters::railway::sim::DeploymentRow| {
                row.instances.iter().any(|(_, status)| status == "RUNNING")
            };
            (all.len(), all.iter().filter(running).count(), world.volumes.len())
        })
    };
    stage.world(adapters::railway::sim::World::settle);
    assert_eq!(runs(&stage), (1, 1, 2));

    let receipt = hosted.component_end(&may(7), &key(), &"redis".parse().unwrap()).await.unwrap();
    assert_eq!(receipt.summary, "redis runs no more; its volume is kept at Railway");
    assert_eq!((runs(&stage), names(&hosted).await.as_str()), ((1, 0, 2), "postgres"));
    let writes = stage.railway.writes() + stage.cloudflare.writes();
    for nothing in ["redis", "unheard-of"] {
        hosted.component_end(&may(7), &key(), &nothing.parse().unwrap()).await.unwrap();
    }
    assert_eq!(stage.railway.writes() + stage.cloudflare.writes(), writes);

    // The same service, started once more and no further time, with the volume it had.
    hosted.shape_ensure(&may(2), &key(), &redis()).await.unwrap();
    stage.world(adapters::railway::sim::World::settle);
    hosted.shape_ensure(&may(2), &key(), &redis()).await.unwrap();
    assert_eq!((runs(&stage), names(&hosted).await.as_str()), ((2, 1, 2), "postgres redis"));

    // Stopped and not crossed out, as after a kill between the two: it is not there, and comes back when it is wanted.
    stage.world(|world| {
        let running = world.deployments.iter_mut().flat_map(|row| &mut row.instances);
        running.for_each(|(_, status)| "STOPPED".clone_into(status));
    });
    assert_eq!(stage.hosted().observe(&key()).await.unwrap().components.len(), 0);
    stage.hosted().shape_ensure(&may(2), &key(), &redis()).await.unwrap();
    stage.world(adapters::railway::sim::World::settle);
    assert_eq!((runs(&stage).1, names(&stage.hosted()).await.as_str()), (1, "redis"));
    stage.checked();
}

#[tokio::test]
async fn a_release_finds_the_components_it_is_told_of_and_no_others() {
    let stage = Stage::start(false).await;
    let hosted = stage.hosted();
    hosted.shape_ensure(&may(2), &key(), &shape()).await.unwrap();
    hosted.shape_ensure(&may(2), &key(), &redis()).await.unwrap();
    let postgres = ("postgres".parse().unwrap(), ComponentKind::Database);
    let told = |components: &[(engine::model::ComponentName, ComponentKind)], release: u32| {
        engine::ports::ConfigSet { components: Some(components.iter().cloned().collect()), ..config(release) }
    };
    let address = |stage: &Stage| {
        stage.world(|world| {
            let row = world.instances.iter().find(|row| row.variables.contains_key("NUMBER")).unwrap();
            (row.variables["DATABASE_URL"].clone(), row.variables["REDIS_URL"].clone())
        })
    };
    let database = "${{postgres.DATABASE_URL}}".to_owned();
    // One from before that was kept is told of all there are.
    hosted.config_put(&may(3), &key(), &api(), 1, Some(&config(1))).await.unwrap();
    Deploy::first().run(&hosted).await.unwrap();
    assert_eq!(address(&stage), (database.clone(), "${{redis.REDIS_URL}}".to_owned()));
    hosted.config_put(&may(3), &key(), &api(), 2, Some(&told(&[postgres], 2))).await.unwrap();
    Deploy { release: 2, before: Some(1), stages: vec![100] }.run(&hosted).await.unwrap();
    // To remove a variable, Railway would deploy by itself.
    assert_eq!(address(&stage), (database, String::new()));
    stage.checked();
}
