//! A canary: the new release beside the live one, its share in steps, and the return to the stable service.

use adapters::railway::sim::Behaviour;
use base64::Engine as _;
use engine::ports::{Edge as _, Platform as _};

use super::stage::{Deploy, HOST, SECRET, Stage, api, commit, key, may, told, weights};

fn where_runs(stage: &Stage) -> Vec<String> {
    stage.world(|world| {
        let running =
            world.deployments.iter().filter(|row| row.instances.iter().any(|one| one.1 == "RUNNING"));
        running
            .filter_map(|row| {
                let name = &world.services.iter().find(|one| one.id == row.service)?.name;
                Some(format!("{name} {}", &row.meta["commitHash"].as_str()?[..3]))
            })
            .collect()
    })
}

#[tokio::test]
async fn a_first_release_makes_everything_and_has_all_traffic() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    assert_eq!(hosted.address(&key(), &api()).await, None);
    assert!(hosted.observe(&key()).await.unwrap().services.is_empty());
    Deploy::first().run(&hosted).await.unwrap();
    assert_eq!(hosted.address(&key(), &api()).await.unwrap(), format!("https://{HOST}"));
    assert_eq!(hosted.weights(&key(), &api()).await.unwrap(), weights(&[(1, 100)]));
    assert_eq!(where_runs(&stage), ["api 111"]);
    assert_eq!(stage.visit(&hosted, 20).await, (20, 0));
    let probe = hosted.probe(&key(), &api(), "/health").await.unwrap();
    assert!(probe.body.contains(&commit(1)), "{probe:?}");
    // Its variables, with the values of secrets and addresses within Railway, and what was written down holds no secret.
    stage.world(|world| {
        let row = world.instances.iter().find(|row| row.variables.contains_key("NUMBER")).unwrap();
        let value = |name: &str| row.variables[name].as_str();
        assert_eq!(value("STRIPE_KEY"), SECRET);
        assert_eq!(value("SELF"), format!("https://{HOST}/v1"));
        assert_eq!(value("DATABASE_URL"), "${{postgres.DATABASE_URL}}");
        assert_eq!((value("INFRA_CHAT_RELEASE"), value("PORT")), ("1", "8080"));
        let ledger = base64::engine::general_purpose::STANDARD.decode(value("INFRA_CHAT_LEDGER")).unwrap();
        assert!(!String::from_utf8(ledger).unwrap().contains(SECRET));
    });
    stage.checked();
}

#[tokio::test]
async fn an_environment_beside_another_of_its_project_has_what_that_has_and_nothing_of_its_values() {
    let stage = Stage::start(true).await;
    let staging = stage.world(|world| {
        let (project, staging) = world.add_project("shop", "staging");
        for name in ["api", "api-canary", "postgres"] {
            let repo = (name != "postgres").then_some("acme/shop");
            let image = (name == "postgres").then_some("postgres:18");
            let service = world.add_service(&project, &staging, name, repo, image);
            world.add_deployment(&staging, &service, None);
            let row = world.instance(&staging, &service).unwrap();
            row.variables.insert("STRIPE_KEY".to_owned(), "sk_test_of_staging".to_owned());
        }
        world.settle();
        staging
    });
    let of_staging = || {
        stage.world(|world| {
            let rows = world.deployments.iter().filter(|row| row.environment == staging);
            let rows = rows.map(|row| format!("{row:?}")).collect::<Vec<_>>();
            let instances = world.instances.iter().filter(|row| row.environment == staging);
            (rows, instances.map(|row| format!("{row:?}")).collect::<Vec<_>>())
        })
    };
    let before = of_staging();
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    assert_eq!(hosted.weights(&key(), &api()).await.unwrap(), weights(&[(1, 100)]));
    assert_eq!(stage.visit(&hosted, 20).await, (20, 0));
    assert_eq!(of_staging(), before);
    stage.world(|world| {
        assert_eq!((world.projects.len(), world.environments.len(), world.services.len()), (1, 2, 3));
        let here = world.instances.iter().filter(|row| row.environment != staging);
        let values: Vec<&String> = here.flat_map(|row| row.variables.values()).collect();
        assert!(values.iter().all(|value| !value.contains("of_staging")), "{values:?}");
    });
    stage.checked();
}

#[tokio::test]
async fn a_canary_gets_its_share_and_returns_to_the_stable_service() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    let canary = Deploy::canary(2, 1);
    canary.prepare(&hosted).await.unwrap();
    canary.serve(&hosted).await.unwrap().unwrap();
    assert_eq!(where_runs(&stage), ["api 111", "api-canary 222"]);
    assert_eq!(hosted.weights(&key(), &api()).await.unwrap(), weights(&[(1, 100)]));
    stage.world(|world| {
        world.behaviours.insert(commit(2), Behaviour { error_percent: 100, took_ms: 5 });
    });
    for (percent, failed) in [(10, 10), (50, 50), (100, 100)] {
        canary.shift(&hosted, percent).await.unwrap();
        assert_eq!(stage.visit(&hosted, 100).await, (100 - failed, failed), "at {percent}%");
    }
    canary.finish(&hosted).await.unwrap();
    assert_eq!(where_runs(&stage), ["api 222"]);
    assert_eq!(hosted.weights(&key(), &api()).await.unwrap(), weights(&[(2, 100)]));
    let observed = hosted.observe(&key()).await.unwrap();
    assert_eq!(told(&observed.services[&api()].sets), "2 of 2: healthy healthy");
    // What only release 1 had is empty in the stable service now: to remove it, Railway would have deployed by itself.
    stage.world(|world| {
        let stable = world.services.iter().find(|row| row.name == "api").unwrap().id.clone();
        let row = world.instances.iter().find(|row| row.service == stable).unwrap();
        let value = |name: &str| row.variables[name].as_str();
        assert_eq!((value("ONLY_1"), value("ONLY_2"), value("NUMBER")), ("", "yes", "2"));
    });
    // The next one goes the same way.
    Deploy::canary(3, 2).run(&hosted).await.unwrap();
    assert_eq!(where_runs(&stage), ["api 333"]);
    stage.checked();
}

#[tokio::test]
async fn a_way_back_at_half_moves_the_traffic_first() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    let canary = Deploy::canary(2, 1);
    canary.prepare(&hosted).await.unwrap();
    canary.serve(&hosted).await.unwrap().unwrap();
    canary.shift(&hosted, 50).await.unwrap();
    // As long as it has traffic, and somebody else could have it, it is not ended.
    let error = hosted.instances_stop(&may(4), &key(), &api(), 2, 10).await.unwrap_err();
    assert_eq!(error.to_string(), "api, release 2, still has 50% of its traffic");
    hosted.weights_set(&may(5), &key(), &api(), &weights(&[(1, 100)])).await.unwrap();
    hosted.instances_stop(&may(4), &key(), &api(), 2, 10).await.unwrap();
    assert_eq!(hosted.weights(&key(), &api()).await.unwrap(), weights(&[(1, 100)]));
    assert_eq!(where_runs(&stage), ["api 111"]);
    let observed = hosted.observe(&key()).await.unwrap();
    assert_eq!(told(&observed.services[&api()].sets), "1 of 2: healthy healthy");
    stage.checked();
}

#[tokio::test]
async fn a_build_that_fails_says_why_at_once() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    for (release, end, words) in [
        (2, "FAILED", "its build or its start failed at Railway"),
        (3, "CRASHED", "it crashed, and Railway does not start it again"),
    ] {
        stage.world(|world| world.ends.insert(commit(release), end.to_owned()));
        let canary = Deploy::canary(release, 1);
        canary.prepare(&hosted).await.unwrap();
        hosted.instances_ensure(&may(4), &key(), &super::stage::set(release)).await.unwrap();
        stage.world(|world| {
            let id = world.deployments.last().unwrap().id.clone();
            world.add_line(&id, "buildLogs", "npm ERR! missing script: build");
            world.add_line(&id, "deploymentLogs", &format!("Error: {SECRET} is no key"));
        });
        let (how, tail) = canary.serve(&hosted).await.unwrap().unwrap_err();
        assert_eq!(how, words);
        let last = if end == "FAILED" { "npm ERR! missing script: build" } else { "is no key" };
        assert!(tail[0].contains(last) && !tail[0].contains(SECRET), "{tail:?}");
        hosted.instances_stop(&may(4), &key(), &api(), release, 10).await.unwrap();
        assert_eq!(hosted.weights(&key(), &api()).await.unwrap(), weights(&[(1, 100)]));
        let observed = hosted.observe(&key()).await.unwrap();
        assert_eq!(told(&observed.services[&api()].sets), "1 of 2: healthy healthy");
    }
    // A good one goes up after them.
    Deploy::canary(4, 1).run(&hosted).await.unwrap();
    assert_eq!(where_runs(&stage), ["api 444"]);
    stage.checked();
}

#[tokio::test]
async fn a_stable_service_that_cannot_take_the_release_leaves_it_with_the_canary() {
    let stage = Stage::start(true).await;
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    let canary = Deploy::canary(2, 1);
    canary.prepare(&hosted).await.unwrap();
    canary.serve(&hosted).await.unwrap().unwrap();
    canary.shift(&hosted, 100).await.unwrap();
    stage.world(|world| world.ends.insert(commit(2), "FAILED".to_owned()));
    let error = canary.finish(&hosted).await.unwrap_err();
    assert!(error.to_string().contains("release 2, does not come up"), "{error}");
    assert_eq!(where_runs(&stage), ["api 111", "api-canary 222"]);
    assert_eq!(hosted.weights(&key(), &api()).await.unwrap(), weights(&[(2, 100)]));
    // The next release goes to the stable service, as the canary is in use.
    Deploy::canary(3, 2).run(&hosted).await.unwrap();
    assert_eq!(where_runs(&stage), ["api 333"]);
    assert_eq!(hosted.weights(&key(), &api()).await.unwrap(), weights(&[(3, 100)]));
    stage.checked();
}
