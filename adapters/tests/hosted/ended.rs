//! An environment that is to be no more: what runs is ended, what it holds is kept, and it can be deployed to again.

use adapters::hosted::Hosted;
use adapters::railway::sim::World;
use engine::ports::{Platform as _, PortError};

use super::schedules::{schedule, scheduled};
use super::stage::{Deploy, Stage, api, key, may, shape, told};

/// As the engine's steps do: looks, and ends what is there.
pub(crate) async fn ended(hosted: &Hosted) -> Result<(), PortError> {
    for _ in 0..2 {
        let observed = hosted.observe(&key()).await?;
        for (service, there) in &observed.services {
            if there.sets.is_empty() && there.schedule.is_none() && there.config.is_empty() {
                continue;
            }
            hosted.service_end(&may(1), &key(), service, 10).await?;
        }
        for component in observed.components.keys() {
            hosted.component_end(&may(2), &key(), component).await?;
        }
    }
    let observed = hosted.observe(&key()).await?;
    let is_over = observed
        .services
        .values()
        .all(|there| there.sets.is_empty() && there.schedule.is_none() && there.config.is_empty());
    assert!(is_over && observed.components.is_empty(), "{observed:?}");
    Ok(())
}

/// Deployments that run, and volumes.
fn at_railway(stage: &Stage) -> (usize, usize) {
    stage.world(|world| {
        let running = world.deployments.iter().filter(|row| {
            row.status == "SUCCESS" && row.instances.iter().any(|(_, status)| status == "RUNNING")
        });
        (running.count(), world.volumes.len())
    })
}

#[tokio::test]
async fn all_that_runs_is_ended_and_can_be_brought_back() {
    for splits in [true, false] {
        let stage = Stage::start(splits).await;
        let hosted = stage.hosted();
        Deploy::first().run(&hosted).await.unwrap();
        Deploy { release: 2, before: Some(1), stages: vec![100] }.run(&hosted).await.unwrap();
        stage.world(World::settle);
        let (before, volumes) = at_railway(&stage);
        assert!(before >= 2 && volumes == 1, "{before} {volumes}");
        ended(&hosted).await.unwrap();
        assert_eq!(at_railway(&stage), (0, volumes));
        // Once more changes nothing.
        let writes = stage.railway.writes() + stage.cloudflare.writes();
        ended(&stage.hosted()).await.unwrap();
        assert_eq!(stage.railway.writes() + stage.cloudflare.writes(), writes);

        let hosted = stage.hosted();
        hosted.shape_ensure(&may(2), &key(), &shape()).await.unwrap();
        Deploy { release: 3, before: None, stages: vec![] }.run(&hosted).await.unwrap();
        let observed = hosted.observe(&key()).await.unwrap();
        assert_eq!(told(&observed.services[&api()].sets), "3 of 2: healthy healthy");
        assert!(observed.components.contains_key("postgres"));
        stage.checked();
    }
}

#[tokio::test]
async fn a_schedule_ends_with_its_environment() {
    let mut stage = Stage::start(false).await;
    stage.is_scheduled = true;
    let hosted = stage.hosted();
    scheduled(&hosted, Some(&schedule(1, "*/15 * * * *"))).await.unwrap();
    ended(&hosted).await.unwrap();
    assert_eq!(at_railway(&stage).0, 0);
    scheduled(&hosted, Some(&schedule(2, "*/15 * * * *"))).await.unwrap();
    stage.checked();
}
