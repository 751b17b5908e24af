//! Histories, builds, and how a release's instances turn out.

use adapters::sim::{Behaviour, World};
use engine::ports::BuildState;
use expect_test::expect;

use crate::story::{START_MS, Story, build, source, step};

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
    let done = BuildState::Done { took_ms: 5_000, at_ms: engine::clock::Clock::now_ms(&*story.clock) };
    assert_eq!(platform.build_look(&request.key).await.unwrap(), done);
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
    let failed =
        BuildState::Failed { exit_code: Some(1), tail: vec!["error: no rule".to_owned()], full: None };
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
