//! Services that Railway runs at their times.

use std::time::Duration;

use adapters::hosted::Hosted;
use adapters::railway::sim::{DeploymentRow, World};
use engine::model::Limits;
use engine::ports::{BuildKey, ConfigSet, InstanceSet, Platform as _, PortError, Schedule};

use super::stage::{Deploy, Stage, api, commit, config, cron, key, may, set, shape};

pub(crate) fn schedule(release: u32, times: &str) -> Schedule {
    Schedule {
        service: cron(),
        release,
        build: BuildKey(format!("{}-0a1b2c", &commit(release)[..7])),
        commit: commit(release),
        command: "node cron.js".to_owned(),
        cron: times.to_owned(),
        enabled: true,
        limits: Limits::default(),
    }
}

/// As the engine's steps do: looks, and does what is missing.
pub(crate) async fn scheduled(hosted: &Hosted, wanted: Option<&Schedule>) -> Result<(), PortError> {
    let seen = async || {
        let observed = hosted.observe(&key()).await?;
        Ok::<_, PortError>(observed.services.get(&cron()).cloned().unwrap_or_default())
    };
    if let Some(schedule) = wanted {
        let config = ConfigSet { service: cron(), ..config(schedule.release) };
        if seen().await?.config.get(&schedule.release) != Some(&config.fingerprint) {
            hosted.config_put(&may(3), &key(), &cron(), schedule.release, Some(&config)).await?;
        }
    }
    if seen().await?.schedule.as_ref() != wanted {
        hosted.schedule_put(&may(4), &key(), &cron(), wanted).await?;
    }
    assert_eq!(seen().await?.schedule.as_ref(), wanted);
    Ok(())
}

async fn stage() -> Stage {
    let mut stage = Stage::start(false).await;
    stage.is_scheduled = true;
    stage
}

/// What Railway would run at the times of the scheduled service, its times, and how often it was deployed.
fn at_railway(stage: &Stage) -> (Option<String>, String, usize) {
    stage.world(|world| {
        let service = world.services.iter().find(|row| row.name == "cron").unwrap().id.clone();
        let rows: Vec<_> = world.deployments.iter().filter(|row| row.service == service).collect();
        let runs = rows.iter().rev().find(|row| {
            row.status == "SUCCESS" && row.instances.iter().all(|(_, status)| status != "STOPPED")
        });
        let runs = runs.map(|row| row.meta["commitHash"].as_str().unwrap()[..3].to_owned());
        let count = rows.len();
        let row = world.instances.iter().find(|row| row.service == service).unwrap();
        (runs, row.settings.get("cronSchedule").map(ToString::to_string).unwrap_or_default(), count)
    })
}

#[tokio::test]
async fn a_service_is_run_at_its_times_with_each_release_and_goes_back() {
    let stage = stage().await;
    let hosted = stage.hosted();
    hosted.shape_ensure(&may(2), &key(), &shape()).await.unwrap();
    let (first, second) = (schedule(1, "*/15 * * * *"), schedule(2, "*/30 * * * *"));
    scheduled(&hosted, Some(&first)).await.unwrap();
    let (runs, times, count) = at_railway(&stage);
    assert_eq!((runs.as_deref(), times.as_str()), (Some("111"), "\"*/15 * * * *\""));
    stage.world(|world| {
        let settings =
            &world.instances.iter().find(|row| row.settings.contains_key("cronSchedule")).unwrap().settings;
        assert_eq!(settings["startCommand"], "node cron.js");
        assert_eq!(settings["restartPolicyType"], "NEVER", "it is not begun anew before its time");
    });
    let observed = hosted.observe(&key()).await.unwrap();
    assert!(observed.services[&cron()].sets.is_empty(), "nothing of it is served");
    // A shape that is ensured again ends nothing of it.
    stage.hosted().shape_ensure(&may(2), &key(), &shape()).await.unwrap();
    assert_eq!(at_railway(&stage).2, count);
    scheduled(&hosted, Some(&second)).await.unwrap();
    assert_eq!(at_railway(&stage), (Some("222".to_owned()), "\"*/30 * * * *\"".to_owned(), count + 1));
    // Back with the image that is kept.
    scheduled(&hosted, Some(&first)).await.unwrap();
    assert_eq!(at_railway(&stage), (Some("111".to_owned()), "\"*/15 * * * *\"".to_owned(), count + 2));
    stage.world(|world| assert_eq!(world.deployments.last().unwrap().meta["reason"], "rollback"));
    stage.checked();
}

#[tokio::test]
async fn a_schedule_is_switched_off_and_on_and_taken_away() {
    let stage = stage().await;
    let hosted = stage.hosted();
    let on = schedule(1, "*/15 * * * *");
    let off = Schedule { enabled: false, ..on.clone() };
    hosted.shape_ensure(&may(2), &key(), &shape()).await.unwrap();
    // What was never on is off without anything being built.
    scheduled(&hosted, Some(&off)).await.unwrap();
    assert_eq!(at_railway(&stage).0, None);
    scheduled(&hosted, Some(&on)).await.unwrap();
    // Other times of the same release need no deployment.
    let count = at_railway(&stage).2;
    scheduled(&hosted, Some(&Schedule { cron: "0 5 * * *".to_owned(), ..on.clone() })).await.unwrap();
    assert_eq!(at_railway(&stage), (Some("111".to_owned()), "\"0 5 * * *\"".to_owned(), count));
    scheduled(&hosted, Some(&off)).await.unwrap();
    assert_eq!(at_railway(&stage), (None, "null".to_owned(), count));
    scheduled(&hosted, Some(&on)).await.unwrap();
    assert_eq!(at_railway(&stage), (Some("111".to_owned()), "\"*/15 * * * *\"".to_owned(), count + 1));
    scheduled(&hosted, None).await.unwrap();
    assert_eq!(at_railway(&stage), (None, "null".to_owned(), count + 1));
    stage.checked();
}

#[tokio::test]
async fn a_build_that_fails_leaves_the_times_to_what_ran_before() {
    let stage = stage().await;
    let hosted = stage.hosted();
    let (first, second) = (schedule(1, "*/15 * * * *"), schedule(2, "*/15 * * * *"));
    scheduled(&hosted, Some(&first)).await.unwrap();
    stage.world(|world| world.ends.insert(commit(2), "FAILED".to_owned()));
    let error = scheduled(&hosted, Some(&second)).await.unwrap_err();
    assert!(error.to_string().starts_with("cron, release 2, does not come up: its build"), "{error}");
    scheduled(&hosted, Some(&first)).await.unwrap();
    assert_eq!(at_railway(&stage).0.as_deref(), Some("111"));
    // Somebody gives it other times at railway.com: these are told.
    stage.world(|world| {
        let row = world.instances.iter_mut().find(|row| row.settings.contains_key("cronSchedule")).unwrap();
        row.settings.insert("cronSchedule".to_owned(), serde_json::json!("0 0 * * *"));
    });
    let observed = stage.hosted().observe(&key()).await.unwrap();
    assert_eq!(observed.services[&cron()].schedule.as_ref().unwrap().cron, "0 0 * * *");
    stage.checked();
}

/// Of the deployments of the scheduled service, the newest.
fn newest(world: &mut World) -> &mut DeploymentRow {
    let service = world.services.iter().find(|row| row.name == "cron").unwrap().id.clone();
    world.deployments.iter_mut().rev().find(|row| row.service == service).unwrap()
}

#[tokio::test]
async fn what_somebody_removed_or_stopped_is_told_and_brought_back() {
    let stage = stage().await;
    let hosted = stage.hosted();
    let on = schedule(1, "*/15 * * * *");
    scheduled(&hosted, Some(&on)).await.unwrap();
    let times = async || {
        let observed = stage.hosted().observe(&key()).await.unwrap();
        observed.services[&cron()].schedule.clone().unwrap().cron
    };
    stage.world(|world| "REMOVED".clone_into(&mut newest(world).status));
    assert_eq!(times().await, "not deployed");
    scheduled(&stage.hosted(), Some(&on)).await.unwrap();
    stage.world(|world| {
        for (_, status) in &mut newest(world).instances {
            "STOPPED".clone_into(status);
        }
    });
    assert_eq!(times().await, "not deployed");
    scheduled(&stage.hosted(), Some(&on)).await.unwrap();
    assert_eq!(at_railway(&stage).0.as_deref(), Some("111"));
    stage.checked();
}

/// A first schedule that was asked for and is still being built is taken back all the same.
#[tokio::test]
async fn a_first_schedule_is_taken_back_while_it_is_built() {
    let stage = stage().await;
    let hosted = stage.hosted();
    hosted.shape_ensure(&may(2), &key(), &shape()).await.unwrap();
    stage.world(|world| world.is_lively = false);
    let on = schedule(1, "*/15 * * * *");
    let put = tokio::time::timeout(Duration::from_millis(300), scheduled(&hosted, Some(&on)));
    assert!(put.await.is_err(), "it waits for the build");
    let observed = stage.hosted().observe(&key()).await.unwrap();
    assert_eq!(observed.services[&cron()].schedule.as_ref().unwrap().cron, "not deployed");
    scheduled(&stage.hosted(), None).await.unwrap();
    stage.world(World::settle);
    assert_eq!((at_railway(&stage).0, at_railway(&stage).1.as_str()), (None, "null"));
}

#[tokio::test]
async fn a_service_does_not_change_between_served_and_scheduled_in_its_place() {
    let served = Stage::start(false).await;
    let hosted = served.hosted();
    Deploy::first().run(&hosted).await.unwrap();
    let nightly = Schedule { service: api(), ..schedule(1, "0 3 * * *") };
    let off = Schedule { enabled: false, ..nightly.clone() };
    for wanted in [nightly, off] {
        let error = hosted.schedule_put(&may(5), &key(), &api(), Some(&wanted)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "api is served at Railway, and can't become a scheduled service in its place"
        );
    }
    let stage = stage().await;
    let hosted = stage.hosted();
    scheduled(&hosted, Some(&schedule(1, "*/15 * * * *"))).await.unwrap();
    let wanted = InstanceSet { service: cron(), ..set(1) };
    let error = hosted.instances_ensure(&may(5), &key(), &wanted).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cron runs on a schedule at Railway, and can't become a served one in its place"
    );
}

/// A configuration is kept however old it is, where somebody goes back to it.
#[tokio::test]
async fn an_old_release_gets_its_configuration_back() {
    let stage = stage().await;
    let hosted = stage.hosted();
    for release in [1, 2, 3, 4, 5, 6, 1] {
        scheduled(&hosted, Some(&schedule(release, "*/15 * * * *"))).await.unwrap();
    }
    assert_eq!(at_railway(&stage).0.as_deref(), Some("111"));
    stage.checked();
}
