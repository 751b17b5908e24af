//! Scheduled services: at their times, one at a time, off when switched off.

use engine::model::Limits;
use engine::ports::{BuildKey, Platform, Schedule};

use crate::stage::{Stage, eventually};

fn every_minute(command: &str) -> Schedule {
    Schedule {
        service: "cron".parse().unwrap(),
        release: 1,
        build: BuildKey("b1".to_owned()),
        commit: String::new(),
        command: command.to_owned(),
        cron: "* * * * *".to_owned(),
        enabled: true,
        limits: Limits::default(),
    }
}

/// Lets the platform's clock watcher see the time as it is.
async fn a_moment() {
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
}

#[tokio::test]
async fn a_schedule_runs_when_due_one_at_a_time_and_not_when_off() {
    let stage = Stage::open().await;
    stage.build("b1", None).await;
    stage.configure("cron", 1, "none", &[]).await;
    let cron = "cron".parse().unwrap();
    let put = async |schedule: &Schedule| {
        stage.platform().schedule_put(&stage.permit(), &stage.environment, &cron, Some(schedule)).await
    };
    let runs = async || {
        let lines = stage.platform().logs(&stage.environment, &[], 0, 100).await.unwrap();
        lines.iter().filter(|line| line.text == "reminders sent").count()
    };
    let sending = every_minute("echo reminders sent; sleep 2; exit 4");
    put(&sending).await.unwrap();
    a_moment().await;
    assert_eq!(runs().await, 0);

    stage.clock.advance(60_000);
    eventually("it runs", async || (runs().await == 1).then_some(())).await;
    stage.clock.advance(60_000);
    a_moment().await;
    assert_eq!(runs().await, 1, "the first run is not over yet");
    let last =
        eventually("it is over", async || stage.platform().schedule_last(&stage.environment, &cron).unwrap())
            .await;
    assert_eq!((last.succeeded, last.how.as_str()), (false, "exit code 4"));

    put(&Schedule { enabled: false, ..sending }).await.unwrap();
    stage.clock.advance(120_000);
    a_moment().await;
    assert_eq!(runs().await, 1);
    let observed = stage.platform().observe(&stage.environment).await.unwrap();
    assert!(!observed.services["cron"].schedule.as_ref().unwrap().enabled);

    let unconfigured = Schedule { release: 2, ..every_minute("true") };
    let refused = put(&unconfigured).await.unwrap_err();
    assert!(refused.to_string().starts_with("the configuration of cron, release 2, is gone"), "{refused}");
    put(&Schedule { enabled: false, ..unconfigured }).await.unwrap();

    let wrong = put(&Schedule { cron: "whenever".to_owned(), ..every_minute("true") }).await.unwrap_err();
    assert!(wrong.to_string().contains("`whenever` is not a schedule"), "{wrong}");
}

#[tokio::test]
async fn a_run_under_way_ends_with_its_service() {
    let stage = Stage::open().await;
    stage.build("b1", None).await;
    stage.configure("cron", 1, "none", &[]).await;
    let cron = "cron".parse().unwrap();
    let sending = every_minute("echo sending; sleep 600");
    let (platform, environment) = (stage.platform(), &stage.environment);
    platform.schedule_put(&stage.permit(), environment, &cron, Some(&sending)).await.unwrap();
    a_moment().await;
    stage.clock.advance(60_000);
    let begun = async || {
        let lines = platform.logs(environment, &[], 0, 100).await.unwrap();
        lines.iter().any(|line| line.text == "sending").then_some(())
    };
    eventually("it runs", begun).await;
    platform.service_end(&stage.permit(), environment, &cron, 1).await.unwrap();
    let last = platform.schedule_last(environment, &cron).unwrap().unwrap();
    assert!(!last.succeeded && last.how.starts_with("ended with its service"), "{}", last.how);
    assert!(platform.observe(environment).await.unwrap().services.is_empty());
}

#[tokio::test]
async fn a_run_under_way_ends_with_the_platform() {
    let stage = Stage::open().await;
    stage.build("b1", None).await;
    stage.configure("cron", 1, "none", &[]).await;
    let cron = "cron".parse().unwrap();
    let schedule = every_minute("sleep 60");
    stage.platform().schedule_put(&stage.permit(), &stage.environment, &cron, Some(&schedule)).await.unwrap();
    a_moment().await;
    stage.clock.advance(60_000);
    eventually("it runs", async || (!stage.processes().is_empty()).then_some(())).await;
    stage.platform().close().await;
    assert_eq!(stage.processes(), Vec::<u32>::new());
    let last = stage.platform().schedule_last(&stage.environment, &cron).unwrap().unwrap();
    assert!(last.how.starts_with("ended because infra-chat stopped"), "{}", last.how);
}
