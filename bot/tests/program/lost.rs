//! The database is gone for a while, or is not this host's any more: runs wait, services stay, and all goes on by itself.

use std::time::{Duration, Instant};

use crate::postgres::{hold_claim, on_server};
use crate::world::{Running, World, http};

/// How long something may take that takes a moment.
const PATIENCE: Duration = Duration::from_mins(2);

/// The addresses of the project's edge at which a service says that it is well.
fn well(world: &World) -> Vec<String> {
    let yaml = std::fs::read_to_string(world.path("sample/infra-chat.project.yaml")).unwrap();
    let mut addresses: Vec<String> = yaml
        .match_indices("127.0.0.1:")
        .map(|(at, _)| yaml[at..].chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect())
        .collect();
    addresses.sort();
    addresses.dedup();
    addresses.retain(|address| {
        std::net::TcpStream::connect(address).is_ok()
            && http(address, "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").0 == 200
    });
    addresses
}

/// How often something has been said.
fn times(running: &Running, what: &str) -> usize {
    running.said().matches(what).count()
}

/// A run moves, the database goes, and comes back.
fn lost_and_found(world: &World, variables: &[(&str, &str)], lose: impl Fn(), bring_back: impl Fn()) {
    let mut chat = world.start(&["--as", "ana", "chat"], variables);
    chat.say("deploy v1.0.0 to staging");
    chat.say("/wait");
    chat.wait_for("succeeded");
    let before = well(world);
    assert!(!before.is_empty(), "{}", chat.said());
    chat.say("deploy v1.1.0 to staging");
    let began = Instant::now();
    while times(&chat, "[done]") < 12 {
        assert!(began.elapsed() < PATIENCE, "{}", chat.said());
        std::thread::yield_now();
    }
    let ended = times(&chat, "succeeded");
    lose();
    chat.say("/wait");
    chat.wait_for("Runs wait and services stay as they are");
    chat.wait_for("Waiting goes on.");
    assert_eq!(well(world), before, "services stay");
    assert_eq!(times(&chat, "succeeded"), ended, "the run is under way");
    bring_back();
    chat.wait_for("The database is back: runs go on.");
    chat.wait_for("No run is under way.");
    chat.say("status staging");
    chat.wait_for("staging: release 2 (v1.1.0");
    assert_eq!(well(world), before);
    assert_eq!(times(&chat, "Runs wait"), 1, "it says so once");
    assert_eq!(times(&chat, "Waiting goes on."), 1, "it says so once");
    // As long as was said, and no longer; what is typed then is answered.
    lose();
    chat.wait_until(|chat| times(chat, "Runs wait").to_string(), |times| times == "2");
    chat.say("/wait 1");
    chat.wait_for("Not waiting any longer: the database does not answer.");
    // Neither needs the database.
    chat.say("help lock");
    chat.wait_for("Keep everybody from changing an environment.");
    chat.say("/as ben");
    chat.wait_for("You speak as ben now.");
    bring_back();
    chat.wait_until(|chat| times(chat, "The database is back").to_string(), |times| times == "2");
    assert_eq!(well(world), before);
    chat.say("/quit");
    chat.end().ended(0).says_not("uid-");
}

#[test]
fn a_file_that_is_moved_away_and_back_while_a_run_moves() {
    let world = World::with_sample();
    let file = world.data().join("infra-chat.db");
    let aside = world.data().join("aside.db");
    lost_and_found(
        &world,
        &[],
        || std::fs::rename(&file, &aside).unwrap(),
        || std::fs::rename(&aside, &file).unwrap(),
    );
    assert!(!world.data().join("infra-chat.db-wal").exists(), "a clean end leaves no log behind");
}

#[test]
fn who_waits_for_a_run_goes_on_waiting_while_the_database_is_away() {
    let world = World::with_sample();
    let file = world.data().join("infra-chat.db");
    let aside = world.data().join("aside.db");
    // Ana says it as the host for the while, then as a guest; then a script ends.
    let mut run = world.start(&["--as", "ana", "run", "deploy v1.0.0 to staging"], &[]);
    run.wait_for("[done] preflight");
    std::fs::rename(&file, &aside).unwrap();
    run.wait_for("Runs wait and services stay as they are");
    run.wait_for("Waiting goes on.");
    std::fs::rename(&aside, &file).unwrap();
    run.end().ended(0).says("succeeded").says("The database is back: runs go on.");

    let mut serve = world.start(&["serve"], &[("INFRA_CHAT_LISTEN", "127.0.0.1:0")]);
    serve.wait_for("listens on http://");
    let mut run = world.start(&["--as", "ana", "run", "deploy v1.1.0 to staging"], &[]);
    run.wait_for("[done] preflight");
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("/wait 0");
    chat.wait_for("is still");
    std::fs::rename(&file, &aside).unwrap();
    run.wait_for("Waiting goes on.");
    chat.end_input();
    chat.wait_for("Waiting goes on.");
    std::fs::rename(&aside, &file).unwrap();
    run.end().ended(0).says("succeeded");
    chat.end().ended(0).says("No run is under way.");
    serve.signal("TERM");
    serve.end().ended(0);
}

#[test]
fn a_server_that_is_lost_while_a_run_moves() {
    let Ok(server) = std::env::var("INFRA_CHAT_TEST_POSTGRES") else { return };
    let name = format!("infra_chat_lost_{}", std::process::id());
    on_server(&server, format!("CREATE DATABASE {name}"));
    let (address, _) = server.rsplit_once('/').unwrap();
    let url = format!("{address}/{name}");
    let variables = [("DATABASE_URL", url.as_str())];
    let world = World::with_sample_on(&variables);
    let lose = || {
        on_server(&server, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
        let all = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        on_server(&server, all);
    };
    let bring_back = || on_server(&server, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    lost_and_found(&world, &variables, lose, bring_back);
    on_server(&server, format!("DROP DATABASE {name} WITH (FORCE)"));
}

/// Its host was killed while the database was away: it says so once, waits, and loses nothing that was typed meanwhile.
fn takes_the_place_later(world: &World, variables: &[(&str, &str)], lose: impl Fn(), bring_back: impl Fn()) {
    let mut settings = variables.to_vec();
    settings.push(("INFRA_CHAT_LISTEN", "127.0.0.1:0"));
    let mut serve = world.start(&["serve"], &settings);
    serve.wait_for("listens on http://");
    let mut chat = world.start(&["--as", "ana", "chat"], variables);
    chat.wait_for("as a guest");
    // Not while it still starts: without its database nothing does.
    chat.say("/wait 0");
    chat.wait_for("No run is under way.");
    lose();
    serve.signal("KILL");
    serve.end();
    let said = chat.wait_for("this one can't take its place yet");
    assert!(said.contains("can't open the database"), "{said}");
    chat.say("status staging");
    std::thread::sleep(Duration::from_secs(3));
    assert!(!chat.said().contains("nothing is deployed"), "{}", chat.said());
    bring_back();
    chat.wait_for("has ended: this one runs them now.");
    chat.wait_for("staging: nothing is deployed");
    let told = chat.end().ended(0);
    assert_eq!(told.out.matches("can't take its place yet").count(), 1, "{}", told.all());
}

#[test]
fn a_guest_takes_the_place_of_its_host_once_the_file_is_back() {
    let world = World::with_sample();
    let (file, aside) = (world.data().join("infra-chat.db"), world.data().join("aside.db"));
    let bring_back = || {
        assert!(!file.exists(), "no new database was made in place of the lost one");
        std::fs::rename(&aside, &file).unwrap();
    };
    takes_the_place_later(&world, &[], || std::fs::rename(&file, &aside).unwrap(), bring_back);
}

#[test]
fn a_guest_takes_the_place_of_its_host_once_the_server_is_back() {
    let Ok(server) = std::env::var("INFRA_CHAT_TEST_POSTGRES") else { return };
    let name = format!("infra_chat_succeeded_{}", std::process::id());
    on_server(&server, format!("CREATE DATABASE {name}"));
    let (address, _) = server.rsplit_once('/').unwrap();
    let url = format!("{address}/{name}");
    let variables = [("DATABASE_URL", url.as_str())];
    let world = World::with_sample_on(&variables);
    let lose = || {
        on_server(&server, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
        let all = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        on_server(&server, all);
    };
    let bring_back = || on_server(&server, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    takes_the_place_later(&world, &variables, lose, bring_back);
    on_server(&server, format!("DROP DATABASE {name} WITH (FORCE)"));
}

#[test]
fn a_host_whose_claim_goes_to_another_waits_and_goes_on_when_it_has_it_back() {
    let Ok(server) = std::env::var("INFRA_CHAT_TEST_POSTGRES") else { return };
    let name = format!("infra_chat_claimed_{}", std::process::id());
    on_server(&server, format!("CREATE DATABASE {name}"));
    let (address, _) = server.rsplit_once('/').unwrap();
    let url = format!("{address}/{name}");
    let variables = [("DATABASE_URL", url.as_str()), ("INFRA_CHAT_LISTEN", "127.0.0.1:0")];
    let world = World::with_sample_on(&variables);
    let mut first = world.start(&["serve"], &variables);
    let said = first.wait_for("listens on http://");
    let at = said.split("http://").nth(1).unwrap().split(';').next().unwrap().to_owned();
    let ready = || http(&at, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").0;
    assert_eq!(ready(), 200);

    // Whoever takes the lock in the same breath in which the host loses it is the host.
    let (taken, has_taken) = std::sync::mpsc::channel();
    let (free, freed) = std::sync::mpsc::channel();
    let holding = std::thread::spawn({
        let url = url.clone();
        move || hold_claim(&url, &taken, &freed)
    });
    has_taken.recv().unwrap();
    first.wait_for("another infra-chat hosts this database now");
    assert_eq!(ready(), 503);
    free.send(()).unwrap();
    holding.join().unwrap();
    first.wait_for("runs go on");
    assert_eq!(ready(), 200);
    world.program_with(&["--as", "ana", "run", "deploy v1.0.0 to staging"], "", &variables).ended(0);
    first.signal("TERM");
    first.end().ended(0);
    on_server(&server, format!("DROP DATABASE {name} WITH (FORCE)"));
}

#[test]
fn two_first_starts_at_once_speak_as_the_same_person() {
    let world = World::empty();
    let mut both = [world.start(&["chat"], &[]), world.start(&["chat"], &[])];
    for chat in &mut both {
        chat.wait_for("You speak as ana;");
    }
    // The guest goes first, so that the host is there to the end; either may have become it.
    both.sort_by_key(|chat| !chat.said().contains("as a guest"));
    for chat in both {
        chat.signal("TERM");
        chat.end().ended(0);
    }
}
