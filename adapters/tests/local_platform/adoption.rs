//! After a kill: what is wanted is adopted, what isn't is ended, nothing runs twice.

use std::path::Path;
use std::process::{Command, Stdio};

use engine::ports::{InstanceState, Platform, Shape};

use crate::stage::{Stage, TOKEN, eventually, get};

#[tokio::test]
async fn instances_outlive_a_kill_and_are_adopted_as_they_are() {
    let mut stage = Stage::open().await;
    stage.deploy("api", 1, 2, "well").await;
    let before = stage.healthy("api", 1, 2).await;
    stage.crash();
    assert_eq!(stage.processes().len(), 2);
    stage.edge.backends.lock().unwrap().clear();
    stage.start().await;
    let after = stage.healthy("api", 1, 2).await;
    let shown = |all: &[engine::ports::Instance]| {
        all.iter().map(|i| (i.index, i.handle.clone(), i.address.clone())).collect::<Vec<_>>()
    };
    assert_eq!(shown(&after), shown(&before));
    assert_eq!(stage.processes().len(), 2);
    let lines = stage.platform().logs(&stage.environment, &[], 0, 100).await.unwrap();
    assert!(
        lines.iter().all(|line| !line.text.contains(TOKEN)),
        "secrets of adopted instances are known too"
    );

    let api = "api".parse().unwrap();
    stage.platform().instances_stop(&stage.permit(), &stage.environment, &api, 1, 1).await.unwrap();
    assert_eq!(stage.processes(), Vec::<u32>::new());
}

#[tokio::test]
async fn what_was_healthy_gets_requests_before_the_edge_listens_and_what_was_not_is_asked_first() {
    let mut stage = Stage::open().await;
    let edge = [("api".parse().unwrap(), "127.0.0.1:7401".to_owned())].into();
    let shape = Shape { components: [].into(), urls: [].into(), edge, sticky: [].into() };
    stage.platform().shape_ensure(&stage.permit(), &stage.environment, &shape).await.unwrap();
    stage.deploy("api", 1, 1, "well").await;
    stage.healthy("api", 1, 1).await;
    let api = stage.edge.backends.lock().unwrap()[&("api".to_owned(), 1)].clone();
    stage.crash();
    stage.edge.backends.lock().unwrap().clear();
    stage.start().await;
    assert_eq!(stage.edge.at_listen("api"), Some(api.clone()));

    // The note is of a process that was not healthy.
    stage.crash();
    let notes = stage.folder.join("local/environments/shop/staging/pids");
    let note = std::fs::read_dir(notes).unwrap().next().unwrap().unwrap().path();
    let mut said: serde_json::Value = serde_json::from_slice(&std::fs::read(&note).unwrap()).unwrap();
    assert!(said["healthy_ms"].is_u64(), "{said}");
    said["healthy_ms"] = serde_json::Value::Null;
    std::fs::write(&note, said.to_string()).unwrap();
    stage.edge.backends.lock().unwrap().clear();
    // While it is stopped it can't answer before the edge listens.
    let signal = |name: &str| {
        let pid = said["pid"].to_string();
        assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
    };
    signal("-STOP");
    stage.start().await;
    let at_listen = stage.edge.at_listen("api");
    signal("-CONT");
    assert_eq!(at_listen, None);
    eventually("it is asked and gets requests", async || {
        (stage.edge.backends.lock().unwrap().get(&("api".to_owned(), 1)) == Some(&api)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_adopted_instance_is_not_unhealthy_before_it_had_time_for_its_first_answer() {
    let mut stage = Stage::open().await;
    stage.deploy("api", 1, 1, "well").await;
    let api = stage.healthy("api", 1, 1).await.remove(0);
    let signal = |name: &str| {
        assert!(Command::new("kill").args([name, &api.handle]).status().unwrap().success());
    };
    stage.crash();
    // The whole machine was asleep, and this one wakes late.
    signal("-STOP");
    stage.start().await;
    let seen = eventually("it is noticed that it does not answer", async || {
        let one = stage.instances("api", 1).await.into_iter().next()?;
        (!matches!(one.state, InstanceState::Healthy { .. })).then_some(one.state)
    })
    .await;
    let told = |of: &std::sync::Mutex<std::collections::BTreeMap<_, std::collections::BTreeSet<_>>>| {
        of.lock().unwrap()[&("api".to_owned(), 1)].iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    assert_eq!((told(&stage.edge.backends), told(&stage.edge.failing)), (vec![], vec![api.address.clone()]));
    signal("-CONT");
    assert!(matches!(&seen, InstanceState::Starting { last } if last.contains("no answer")), "{seen:?}");
    let after = stage.healthy("api", 1, 1).await.remove(0);
    assert_eq!(after.handle, api.handle, "it is the same process");
    assert_eq!((told(&stage.edge.backends), told(&stage.edge.failing)), (vec![api.address], vec![]));
}

#[tokio::test]
async fn an_adopted_instance_that_dies_is_started_again() {
    let mut stage = Stage::open().await;
    stage.deploy("api", 1, 1, "well").await;
    let before = stage.healthy("api", 1, 1).await.remove(0);
    stage.crash();
    stage.start().await;
    stage.healthy("api", 1, 1).await;
    let _ = Command::new("kill").args(["-9", &before.handle]).status();
    eventually("another process is healthy", async || {
        let one = stage.instances("api", 1).await.into_iter().next()?;
        (one.handle != before.handle && matches!(one.state, InstanceState::Healthy { .. })).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_nobody_wants_any_more_is_ended_and_what_is_missing_is_started() {
    let mut stage = Stage::open().await;
    stage.deploy("api", 1, 1, "well").await;
    stage.deploy("web", 1, 1, "well").await;
    let api = stage.healthy("api", 1, 1).await.remove(0);
    let web = stage.healthy("web", 1, 1).await.remove(0);
    stage.crash();
    // The kill came after `api` was written off and before its process was ended; `web` died meanwhile.
    let path = stage.folder.join("local/environments/shop/staging/desired.json");
    let mut desired: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    desired["sets"].as_array_mut().unwrap().retain(|set| set["set"]["service"] != "api");
    std::fs::write(&path, desired.to_string()).unwrap();
    let _ = Command::new("kill").args(["-9", &web.handle]).status();
    stage.start().await;
    let fresh = stage.healthy("web", 1, 1).await.remove(0);
    assert_ne!(fresh.handle, web.handle);
    let left = stage.processes();
    assert!(!left.contains(&api.handle.parse().unwrap()) && left.len() == 1, "{left:?}");
}

#[tokio::test]
async fn closing_ends_everything_and_the_next_start_brings_it_back() {
    let mut stage = Stage::open().await;
    stage.deploy("api", 1, 2, "well").await;
    stage.healthy("api", 1, 2).await;
    stage.platform().close().await;
    assert_eq!(stage.processes(), Vec::<u32>::new());
    let late = stage
        .platform()
        .instances_ensure(&stage.permit(), &stage.environment, &Stage::set("api", 2, 1))
        .await;
    assert!(late.unwrap_err().to_string().contains("shutting down"));
    stage.crash();
    stage.start().await;
    stage.healthy("api", 1, 2).await;
}

/// Kills the program, starts it again, and waits until it has removed the files of old releases.
async fn killed_started_and_tidied(stage: &mut Stage) {
    stage.crash();
    // Older than any release; the last of them that goes.
    let stray = stage.folder.join("local/environments/shop/staging/config/zzz@1.json");
    std::fs::write(&stray, "{").unwrap();
    stage.start().await;
    eventually("files of old releases are gone", async || (!stray.exists()).then_some(())).await;
}

#[tokio::test]
async fn the_configuration_of_a_rollback_outlives_a_kill_before_its_instances_are_started() {
    let mut stage = Stage::open().await;
    let api = "api".parse().unwrap();
    let old = stage.folder.join("local/environments/shop/staging/config/api@3.json");
    for release in 3..=7 {
        stage.deploy("api", release, 1, "well").await;
        if release < 7 {
            stage
                .platform()
                .instances_stop(&stage.permit(), &stage.environment, &api, release, 0)
                .await
                .unwrap();
        }
    }
    let configured = async |stage: &Stage| {
        let observed = stage.platform().observe(&stage.environment).await.unwrap();
        observed.services["api"].config.keys().copied().collect::<Vec<_>>()
    };
    // What may go at any moment is not there for whoever plans with it.
    assert!(old.exists() && configured(&stage).await == [6, 7]);
    killed_started_and_tidied(&mut stage).await;
    assert!(!old.exists(), "nobody needs release 3");

    stage.configure("api", 3, "well", &[("API", "as it was")]).await;
    killed_started_and_tidied(&mut stage).await;
    assert!(old.exists() && configured(&stage).await == [3, 6, 7], "release 3 is about to be brought up");
    stage
        .platform()
        .instances_ensure(&stage.permit(), &stage.environment, &Stage::set("api", 3, 1))
        .await
        .unwrap();
    let back = stage.healthy("api", 3, 1).await.remove(0);
    assert_eq!(get(&back.address, "/variable/API"), "as it was");

    // It ran and was ended, or was put and taken back: then its files go like others.
    stage.platform().instances_stop(&stage.permit(), &stage.environment, &api, 3, 0).await.unwrap();
    stage.configure("cron", 4, "none", &[]).await;
    let cron = "cron".parse().unwrap();
    stage.platform().config_put(&stage.permit(), &stage.environment, &cron, 4, None).await.unwrap();
    killed_started_and_tidied(&mut stage).await;
    assert!(!old.exists(), "nobody needs release 3 any more");
}

#[tokio::test]
async fn a_replacement_goes_on_after_a_kill() {
    let mut stage = Stage::open().await;
    stage.deploy("api", 1, 2, "well").await;
    let old = stage.healthy("api", 1, 2).await;
    let (permit, api) = (stage.permit(), "api".parse().unwrap());
    stage.platform().instances_replace(&permit, &stage.environment, &api, 1).await.unwrap();
    stage.crash();
    stage.start().await;
    eventually("all are replaced", async || {
        let key = permit.idempotency_key();
        let state = stage.platform().instances_replaced(&stage.environment, &api, 1, key).await.unwrap();
        (state == engine::ports::Replacement::Done).then_some(())
    })
    .await;
    let fresh = stage.healthy("api", 1, 2).await;
    assert!(fresh.iter().all(|one| old.iter().all(|before| before.handle != one.handle)));
    assert_eq!(stage.processes().len(), 2);
}

#[tokio::test]
async fn children_go_with_their_instance_and_orphans_with_the_next_start() {
    let mut stage = Stage::open().await;
    stage.build("b1", None).await;
    stage.configure("api", 1, "well", &[]).await;
    let api = "api".parse().unwrap();
    let mut set = Stage::set("api", 1, 1);
    set.start = format!("sleep 300 & {}", set.start);
    stage.platform().instances_ensure(&stage.permit(), &stage.environment, &set).await.unwrap();
    let leader = stage.healthy("api", 1, 1).await.remove(0).handle;
    let before = stage.processes();
    assert_eq!(before.len(), 2);
    stage.crash();
    let _ = Command::new("kill").args(["-9", &leader]).status();
    stage.start().await;
    stage.healthy("api", 1, 1).await;
    let after = stage.processes();
    assert!(after.len() == 2 && after.iter().all(|pid| !before.contains(pid)), "{before:?} {after:?}");
    stage.platform().instances_stop(&stage.permit(), &stage.environment, &api, 1, 1).await.unwrap();
    assert_eq!(stage.processes(), Vec::<u32>::new());
}

#[tokio::test]
async fn a_second_program_on_the_same_folder_is_refused() {
    let stage = Stage::open().await;
    let refused = stage.open_again().await.unwrap_err();
    assert!(refused.to_string().starts_with("another infra-chat is using "), "{refused}");
}

/// The program that is killed in the test below.
#[tokio::test]
async fn acts_as_platform() {
    let Ok(folder) = std::env::var("TEST_PLATFORM") else { return };
    let mut stage = Stage::at(Path::new(&folder));
    stage.start().await;
    stage.deploy("api", 1, 2, "well").await;
    stage.healthy("api", 1, 2).await;
    std::fs::write(Path::new(&folder).join("ready"), "").unwrap();
    tokio::time::sleep(std::time::Duration::from_mins(1)).await;
}

#[tokio::test]
async fn a_program_killed_for_real_leaves_its_services_to_the_next() {
    let own = tempfile::tempdir().unwrap();
    let mut program = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "adoption::acts_as_platform"])
        .env("TEST_PLATFORM", own.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    eventually("it is ready", async || own.path().join("ready").exists().then_some(())).await;
    program.kill().unwrap();
    program.wait().unwrap();
    let mut stage = Stage::at(own.path());
    let before = stage.processes();
    stage.start().await;
    let adopted = stage.healthy("api", 1, 2).await;
    assert_eq!((before.len(), stage.processes()), (2, before));
    stage.platform().close().await;
    assert_eq!(stage.processes(), Vec::<u32>::new());
    assert_eq!(adopted.len(), 2);
}
