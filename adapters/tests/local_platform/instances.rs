//! Instances: started, watched, restarted, replaced, ended.

use std::collections::BTreeSet;
use std::net::TcpListener;

use engine::model::{ComponentKind, ServiceName, Sticky};
use engine::ports::{
    CRASHES_APART_MS, ConfigSet, Crashes, InstanceState, ObservedEnvironment, Platform, PortError,
    Replacement, Shape,
};

use crate::stage::{DATABASE_URL, Stage, TOKEN, eventually, get};

fn api() -> ServiceName {
    "api".parse().unwrap()
}

#[tokio::test]
async fn two_replicas_become_healthy_and_are_drained_before_they_end() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 2, "well").await;
    let instances = stage.healthy("api", 1, 2).await;
    let addresses: BTreeSet<_> = instances.iter().map(|one| one.address.parse().unwrap()).collect();
    assert_eq!(stage.backends("api", 1), addresses);

    let stopped =
        stage.platform().instances_stop(&stage.permit(), &stage.environment, &api(), 1, 5).await.unwrap();
    assert_eq!(stopped.summary, "ended 2 instances of api, release 1");
    assert_eq!(stage.edge.drained.lock().unwrap().iter().copied().collect::<BTreeSet<_>>(), addresses);
    assert_eq!(stage.processes(), Vec::<u32>::new());
    assert!(stage.backends("api", 1).is_empty());
    let observed = stage.platform().observe(&stage.environment).await.unwrap();
    assert!(observed.services["api"].sets.is_empty());
    assert_eq!(observed.services["api"].config[&1], "well-1");
}

#[tokio::test]
async fn fewer_replicas_end_the_last_ones_and_asking_again_changes_nothing() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 3, "well").await;
    stage.healthy("api", 1, 3).await;
    for _ in 0..2 {
        let set = Stage::set("api", 1, 1);
        stage.platform().instances_ensure(&stage.permit(), &stage.environment, &set).await.unwrap();
        let left = stage.healthy("api", 1, 1).await;
        assert_eq!((left[0].index, stage.processes().len()), (0, 1));
    }
}

#[tokio::test]
async fn a_crashed_instance_is_started_again_and_a_taken_port_is_left_to_its_taker() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 1, "well").await;
    let before = stage.healthy("api", 1, 1).await.remove(0);
    get(&before.address, "/crash");
    let taker = eventually("the port is free", async || TcpListener::bind(&before.address).ok()).await;
    let after = eventually("a fresh process is healthy", async || {
        let instances = stage.instances("api", 1).await;
        let fresh = instances.into_iter().find(|one| one.handle != before.handle);
        fresh.filter(|one| matches!(one.state, InstanceState::Healthy { .. }))
    })
    .await;
    assert_ne!(after.address, before.address);
    assert_eq!(get(&after.address, "/"), after.handle);
    drop(taker);
}

#[tokio::test]
async fn a_crash_loop_tells_how_it_ended_and_what_it_said() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 1, "crashing").await;
    let (how, tail) = eventually("it was started twice", async || {
        match stage.instances("api", 1).await.into_iter().next()?.state {
            InstanceState::Exited { how, starts, tail } if starts >= 2 => Some((how, tail)),
            _ => None,
        }
    })
    .await;
    assert_eq!(how, "exit code 3");
    assert!(tail.contains(&"out of luck".to_owned()), "{tail:?}");
    assert!(!tail.concat().contains(TOKEN) && tail.concat().contains("[secret token]"), "{tail:?}");
    assert!(stage.backends("api", 1).is_empty());
    stage.platform().instances_stop(&stage.permit(), &stage.environment, &api(), 1, 0).await.unwrap();
}

#[tokio::test]
async fn an_instance_that_ended_by_itself_says_how_often_since_when_and_its_last_words() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 2, "well").await;
    let before = stage.healthy("api", 1, 2).await;
    assert!(before.iter().all(|one| one.crashes.is_none()));
    let crashes = async |times: u32| {
        eventually("it ended and is healthy again", async || {
            let mut instances = stage.instances("api", 1).await;
            instances.retain(|one| matches!(one.state, InstanceState::Healthy { .. }));
            let both = (instances.len() == 2).then_some(instances)?;
            let sum = Crashes::of_all(&both)?;
            (sum.times == times).then_some((both, sum))
        })
        .await
    };
    get(&before[0].address, "/crash");
    let (instances, once) = crashes(1).await;
    assert_eq!((once.how.as_str(), once.since_ms, once.gave_up), ("exit code 3", 1_700_000_000_000, false));
    assert!(once.line.contains("token is [secret token]"), "{}", once.line);
    assert!(instances[1].crashes.is_none(), "the other one is another one");
    stage.clock.advance(60_000);
    get(&instances[0].address, "/crash");
    let (instances, twice) = crashes(2).await;
    assert_eq!((twice.since_ms, twice.last_ms), (1_700_000_000_000, 1_700_000_060_000));
    // Hours later it is counted anew.
    stage.clock.advance(2 * CRASHES_APART_MS);
    get(&instances[0].address, "/crash");
    let (_, anew) = crashes(1).await;
    assert_eq!(anew.since_ms, anew.last_ms);
}

#[tokio::test]
async fn a_process_gets_the_memory_its_size_allows_and_no_more() {
    for (memory_mb, says) in [(None, "2 GiB were granted"), (Some(1_024), "2 GiB were refused")] {
        let stage = Stage::open().await;
        stage.build("b1", None).await;
        stage.configure("api", 1, "greedy", &[]).await;
        let mut set = Stage::set("api", 1, 1);
        set.limits.memory_mb = memory_mb;
        stage.platform().instances_ensure(&stage.permit(), &stage.environment, &set).await.unwrap();
        stage.healthy("api", 1, 1).await;
        let lines = stage.platform().logs(&stage.environment, &[api()], 0, 100).await.unwrap();
        assert!(lines.iter().any(|line| line.text == says), "{says}: {lines:?}");
    }
}

#[tokio::test]
async fn a_sick_instance_gets_no_requests_and_says_what_is_wrong() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 1, "sick").await;
    let last = eventually("a check was answered", async || {
        match stage.instances("api", 1).await.into_iter().next()?.state {
            InstanceState::Starting { last } if last.contains("503") => Some(last),
            _ => None,
        }
    })
    .await;
    assert_eq!(last, "GET /health answered 503: database is down");
    assert!(stage.backends("api", 1).is_empty());
}

#[tokio::test]
async fn a_replacement_brings_fresh_instances_once_per_key_and_never_fewer() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 2, "well").await;
    let old: BTreeSet<String> = stage.healthy("api", 1, 2).await.into_iter().map(|one| one.handle).collect();
    let permit = stage.permit();
    let key = permit.idempotency_key().to_owned();
    let look =
        async || stage.platform().instances_replaced(&stage.environment, &api(), 1, &key).await.unwrap();
    assert_eq!(look().await, Replacement::Absent);
    stage.platform().instances_replace(&permit, &stage.environment, &api(), 1).await.unwrap();
    eventually("all are replaced", async || {
        assert!(
            stage.backends("api", 1).len() >= 2,
            "somebody was taken away before the fresh one was there"
        );
        (look().await == Replacement::Done).then_some(())
    })
    .await;
    let fresh: BTreeSet<String> =
        stage.healthy("api", 1, 2).await.into_iter().map(|one| one.handle).collect();
    assert!(fresh.is_disjoint(&old));

    let again = stage.platform().instances_replace(&permit, &stage.environment, &api(), 1).await.unwrap();
    assert!(again.summary.ends_with("were replaced under this key already"), "{}", again.summary);
    let after: BTreeSet<String> =
        stage.healthy("api", 1, 2).await.into_iter().map(|one| one.handle).collect();
    assert_eq!(after, fresh);
}

#[tokio::test]
async fn a_replacement_that_does_not_come_up_leaves_the_old_ones_serving() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 1, "well").await;
    let old = stage.healthy("api", 1, 1).await;
    stage.configure("api", 1, "crashing", &[]).await;
    let permit = stage.permit();
    stage.platform().instances_replace(&permit, &stage.environment, &api(), 1).await.unwrap();
    let why = eventually("it failed", async || {
        let key = permit.idempotency_key();
        match stage.platform().instances_replaced(&stage.environment, &api(), 1, key).await.unwrap() {
            Replacement::Failed { why } => Some(why),
            _ => None,
        }
    })
    .await;
    assert!(why.starts_with("a fresh instance ended (exit code 3)"), "{why}");
    assert_eq!(stage.healthy("api", 1, 1).await[0].handle, old[0].handle);
}

#[tokio::test]
async fn services_find_each_other_and_their_components() {
    let stage = Stage::open().await;
    let shape = Shape {
        urls: [].into(),
        components: [
            ("cache".parse().unwrap(), ComponentKind::Cache),
            ("db".parse().unwrap(), ComponentKind::Database),
        ]
        .into(),
        edge: [(api(), "0.0.0.0:7499".to_owned())].into(),
        sticky: [(api(), Sticky { cookie: "sid".to_owned() })].into(),
    };
    stage.platform().shape_ensure(&stage.permit(), &stage.environment, &shape).await.unwrap();
    assert_eq!(stage.edge.listening.lock().unwrap()["api"], "0.0.0.0:7499");
    assert_eq!(stage.edge.sticky.lock().unwrap()["api"].as_deref(), Some("sid"));
    assert!(matches!(stage.build("b1", None).await, engine::ports::BuildState::Done { .. }));
    stage.configure("web", 1, "well", &[("API", "${service.api.url} ${component.db.url}")]).await;
    let set = Stage::set("web", 1, 1);
    stage.platform().instances_ensure(&stage.permit(), &stage.environment, &set).await.unwrap();
    let web = stage.healthy("web", 1, 1).await.remove(0);
    assert_eq!(stage.edge.health.lock().unwrap()["web"], "/health", "what asks there is no client");
    let told = get(&web.address, "/variable/API");
    assert!(
        told.starts_with("http://127.0.0.1:7499 sqlite:///") && told.ends_with("/components/db/app.db"),
        "{told}"
    );

    let cache = stage.folder.join("local/environments/shop/staging/components/cache/web");
    std::fs::write(cache.join("page"), "old").unwrap();
    let none = stage.platform().cache_clear(&stage.permit(), &stage.environment, &[api()]).await.unwrap();
    let cleared =
        stage.platform().cache_clear(&stage.permit(), &stage.environment, &["web".parse().unwrap()]).await;
    assert_eq!((none.facts["entries"].as_str(), cleared.unwrap().facts["entries"].as_str()), ("0", "1"));
    assert!(cache.is_dir() && !cache.join("page").exists());
}

#[tokio::test]
async fn a_database_elsewhere_is_where_its_secret_says() {
    let stage = Stage::open().await;
    let shape = Shape {
        components: [("db".parse().unwrap(), ComponentKind::Database)].into(),
        urls: [("db".parse().unwrap(), "database-url".parse().unwrap())].into(),
        edge: [].into(),
        sticky: [].into(),
    };
    stage.platform().shape_ensure(&stage.permit(), &stage.environment, &shape).await.unwrap();
    let there = stage.platform().observe(&stage.environment).await.unwrap();
    assert_eq!((there.components, there.urls), (shape.components, shape.urls));
    assert!(!stage.folder.join("local/environments/shop/staging/components/db").exists());
    assert!(matches!(stage.build("b1", None).await, engine::ports::BuildState::Done { .. }));
    stage.configure("web", 1, "well", &[("API", "${component.db.url}?a=1")]).await;
    let set = Stage::set("web", 1, 1);
    stage.platform().instances_ensure(&stage.permit(), &stage.environment, &set).await.unwrap();
    let web = stage.healthy("web", 1, 1).await.remove(0);
    assert_eq!(get(&web.address, "/variable/DATABASE_URL"), DATABASE_URL);
    assert_eq!(get(&web.address, "/variable/API"), format!("{DATABASE_URL}?a=1"));
    // Neither the whole nor the password alone is in any file the platform writes down.
    for file in ["desired.json", "config/web@1.json"] {
        let text =
            std::fs::read_to_string(stage.folder.join("local/environments/shop/staging").join(file)).unwrap();
        assert!(!text.contains("postgres://") && !text.contains("h%40ndshake"), "{file}: {text}");
    }
}

#[tokio::test]
async fn a_component_that_is_ended_keeps_what_it_holds_and_is_told_to_nobody_who_begins() {
    let stage = Stage::open().await;
    let cache: Shape = Shape {
        components: [("cache".parse().unwrap(), ComponentKind::Cache)].into(),
        urls: [].into(),
        edge: [].into(),
        sticky: [].into(),
    };
    let platform = stage.platform();
    platform.shape_ensure(&stage.permit(), &stage.environment, &cache).await.unwrap();
    stage.deploy("web", 1, 1, "well").await;
    let before = stage.healthy("web", 1, 1).await.remove(0);
    let folder = stage.folder.join("local/environments/shop/staging/components/cache/web");
    assert_eq!(get(&before.address, "/variable/CACHE_DIR"), folder.to_str().unwrap());
    std::fs::write(folder.join("page"), "kept").unwrap();

    for _ in 0..2 {
        let ended =
            platform.component_end(&stage.permit(), &stage.environment, &"cache".parse().unwrap()).await;
        assert!(ended.unwrap().summary.starts_with("cache is there no more"));
    }
    assert!(platform.observe(&stage.environment).await.unwrap().components.is_empty());
    assert_eq!(std::fs::read_to_string(folder.join("page")).unwrap(), "kept");
    stage.deploy("web", 2, 1, "well").await;
    let after = stage.healthy("web", 2, 1).await.remove(0);
    assert_eq!(get(&after.address, "/variable/CACHE_DIR"), "");
    platform.shape_ensure(&stage.permit(), &stage.environment, &cache).await.unwrap();
    assert_eq!(std::fs::read_to_string(folder.join("page")).unwrap(), "kept");
}

#[tokio::test]
async fn nothing_of_a_service_that_is_ended_runs_or_is_kept_ready() {
    let mut stage = Stage::open().await;
    let web: ServiceName = "web".parse().unwrap();
    let shape = Shape {
        components: [].into(),
        urls: [].into(),
        edge: [(web.clone(), "127.0.0.1:7499".to_owned())].into(),
        sticky: [].into(),
    };
    let platform = stage.platform();
    platform.shape_ensure(&stage.permit(), &stage.environment, &shape).await.unwrap();
    stage.deploy("web", 1, 1, "well").await;
    stage.healthy("web", 1, 1).await;
    let observed = platform.observe(&stage.environment).await.unwrap();
    assert_eq!((observed.addresses.len(), observed.services[&web].config.len()), (1, 1));
    for _ in 0..2 {
        platform.service_end(&stage.permit(), &stage.environment, &web, 1).await.unwrap();
    }
    assert_eq!(platform.observe(&stage.environment).await.unwrap(), ObservedEnvironment::default());
    assert!(stage.edge.listening.lock().unwrap().is_empty());
    // Nor does it come back with the next start.
    stage.crash();
    stage.start().await;
    assert_eq!(stage.platform().observe(&stage.environment).await.unwrap(), ObservedEnvironment::default());
    assert!(stage.edge.listening.lock().unwrap().is_empty());
}

#[tokio::test]
async fn logs_are_told_without_secrets() {
    let stage = Stage::open().await;
    stage.deploy("api", 4, 1, "well").await;
    stage.healthy("api", 4, 1).await;
    let lines = stage.platform().logs(&stage.environment, &[api()], 0, 100).await.unwrap();
    let line = lines.iter().find(|line| line.text.contains("begins")).unwrap();
    assert_eq!(line.text, "release 4 begins as well, token is [secret token]");
    assert_eq!((line.release, line.at_ms), (4, 1_700_000_000_000));
    assert!(
        stage.platform().logs(&stage.environment, &["web".parse().unwrap()], 0, 9).await.unwrap().is_empty()
    );
    assert!(stage.platform().logs(&stage.environment, &[], 1_700_000_000_001, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn logs_and_last_words_hold_no_secret_in_any_form_it_travels_in() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 1, "leaky").await;
    let tail =
        eventually("it ended", async || match stage.instances("api", 1).await.into_iter().next()?.state {
            InstanceState::Exited { tail, .. } => Some(tail),
            _ => None,
        })
        .await;
    let lines = stage.platform().logs(&stage.environment, &[api()], 0, 100).await.unwrap();
    let logged: Vec<String> = lines.into_iter().map(|line| line.text).collect();
    for told in [&tail, &logged] {
        let at = told
            .iter()
            .position(|line| line == "as hex: [secret token]")
            .unwrap_or_else(|| panic!("{told:?}"));
        assert_eq!(
            told[at + 1..at + 4],
            ["[secret private-key]", "[secret private-key]", "[secret private-key]"]
        );
        let long = &told[at + 4];
        assert!(long.len() == 4_000 && long.ends_with("x[secret to"), "{long}");
    }
    stage.platform().instances_stop(&stage.permit(), &stage.environment, &api(), 1, 0).await.unwrap();
}

#[tokio::test]
async fn what_would_keep_instances_from_starting_is_told_at_once() {
    let stage = Stage::open().await;
    let missing = stage
        .platform()
        .instances_ensure(&stage.permit(), &stage.environment, &Stage::set("api", 1, 1))
        .await;
    assert_eq!(missing.unwrap_err().to_string(), "the build b1 is not there");
    stage.build("b1", None).await;
    stage.configure("api", 1, "well", &[("API", "${service.ghost.url}")]).await;
    let unknown = stage
        .platform()
        .instances_ensure(&stage.permit(), &stage.environment, &Stage::set("api", 1, 1))
        .await;
    let PortError::Fail { what, .. } = unknown.unwrap_err() else { panic!("it must fail for good") };
    assert_eq!(what, "the variable API asks for the address of service `ghost`, which has none");
    std::fs::remove_dir_all(stage.folder.join("local/builds/b1/code")).unwrap();
    stage.configure("api", 1, "well", &[]).await;
    let gone = stage
        .platform()
        .instances_ensure(&stage.permit(), &stage.environment, &Stage::set("api", 1, 1))
        .await;
    assert!(gone.unwrap_err().to_string().ends_with("is gone"));
}

#[tokio::test]
async fn nothing_is_started_without_its_configuration_and_an_empty_one_is_one() {
    let stage = Stage::open().await;
    stage.build("b1", None).await;
    stage.configure("api", 1, "well", &[]).await;
    let path = stage.folder.join("local/environments/shop/staging/config/api@1.json");
    std::fs::remove_file(&path).unwrap();
    let refused = stage
        .platform()
        .instances_ensure(&stage.permit(), &stage.environment, &Stage::set("api", 1, 1))
        .await;
    let gone = format!("the configuration of api, release 1, is gone: no {}", path.display());
    let hint = "Deploy or roll back again: it is written anew.";
    assert_eq!(refused.unwrap_err(), PortError::fail(gone, hint));
    assert!(stage.instances("api", 1).await.is_empty());

    let empty = ConfigSet {
        service: api(),
        release: 1,
        variables: [].into(),
        secrets: [].into(),
        components: None,
        fingerprint: "empty".to_owned(),
    };
    let permit = stage.permit();
    stage.platform().config_put(&permit, &stage.environment, &api(), 1, Some(&empty)).await.unwrap();
    let mut set = Stage::set("api", 1, 1);
    set.start = format!("export TEST_SERVICE=well; {}", set.start);
    stage.platform().instances_ensure(&stage.permit(), &stage.environment, &set).await.unwrap();
    stage.healthy("api", 1, 1).await;
    stage.platform().instances_stop(&stage.permit(), &stage.environment, &api(), 1, 0).await.unwrap();
}

#[tokio::test]
async fn preflight_names_who_is_in_the_way() {
    let stage = Stage::open().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let shape = Shape {
        components: [].into(),
        urls: [].into(),
        edge: [(api(), address.clone())].into(),
        sticky: [].into(),
    };
    let findings = stage.platform().preflight(&stage.environment, &shape).await.unwrap();
    let says: Vec<&str> = findings.iter().map(|finding| finding.says.as_str()).collect();
    let wanted = format!(
        "{address}, wanted for api, is taken by another program. End it, or give api another edge address."
    );
    assert_eq!(says, [wanted]);
    drop(taken);
    assert_eq!(stage.platform().preflight(&stage.environment, &shape).await.unwrap(), []);
}
