//! Without Cloudflare: Railway itself moves all traffic from one deployment to the next.

use engine::ports::{Edge as _, Platform as _};

use super::stage::{Deploy, Stage, api, commit, key, may, told, weights};

#[tokio::test]
async fn all_traffic_moves_at_once_and_goes_back_with_the_image_that_is_kept() {
    let stage = Stage::start(false).await;
    let hosted = stage.hosted();
    assert!(!hosted.capabilities().splits_traffic);
    Deploy::first().run(&hosted).await.unwrap();
    assert_eq!(stage.visit(&hosted, 5).await, (5, 0));
    let next = Deploy { stages: vec![100], ..Deploy::canary(2, 1) };
    next.prepare(&hosted).await.unwrap();
    next.serve(&hosted).await.unwrap().unwrap();
    assert_eq!(hosted.weights(&key(), &api()).await.unwrap(), weights(&[(2, 100)]));
    let split = weights(&[(1, 50), (2, 50)]);
    let error = hosted.weights_set(&may(5), &key(), &api(), &split).await.unwrap_err();
    assert_eq!(error.to_string(), "Railway moves all traffic of api at once and can't split it");
    // Both are told until the old one is ended by name.
    let sets = |observed: engine::ports::ObservedEnvironment| told(&observed.services[&api()].sets);
    let observed = hosted.observe(&key()).await.unwrap();
    assert_eq!(sets(observed), "1 of 2: ; 2 of 2: healthy healthy");
    hosted.weights_set(&may(7), &key(), &api(), &weights(&[(1, 100)])).await.unwrap();
    hosted.instances_stop(&may(4), &key(), &api(), 2, 10).await.unwrap();
    let observed = hosted.observe(&key()).await.unwrap();
    assert_eq!(sets(observed), "1 of 2: healthy healthy");
    stage.world(|world| {
        let last = world.deployments.last().unwrap();
        assert_eq!(
            (last.meta["reason"].as_str(), last.meta["commitHash"].as_str()),
            (Some("rollback"), Some(commit(1).as_str()))
        );
    });
    stage.checked();
}

#[tokio::test]
async fn a_release_under_way_is_cancelled_and_the_live_one_stays() {
    let stage = Stage::start(false).await;
    let hosted = stage.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    Deploy::canary(2, 1).prepare(&hosted).await.unwrap();
    hosted.instances_ensure(&may(4), &key(), &super::stage::set(2)).await.unwrap();
    hosted.instances_stop(&may(4), &key(), &api(), 2, 10).await.unwrap();
    stage.world(adapters::railway::sim::World::settle);
    assert_eq!(hosted.weights(&key(), &api()).await.unwrap(), weights(&[(1, 100)]));
    let probe = hosted.probe(&key(), &api(), "/").await.unwrap();
    assert!(probe.body.contains(&commit(1)), "{probe:?}");
    stage.checked();
}
