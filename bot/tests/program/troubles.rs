//! What the machine lacks: said in words, nothing half done, and once it is mended the same goes through.

use std::net::TcpListener;

use crate::world::World;

#[test]
fn an_address_that_is_taken_stops_a_deploy_until_it_is_free() {
    let world = World::with_sample();
    let address = world.edge("staging", "web");
    let taken = TcpListener::bind(&address).unwrap();
    let told = world.program(&["--as", "ana", "run", "deploy v1.0.0 to staging"]).ended(1);
    told.says(&format!("{address}, wanted for web, is taken by another program."))
        .says("End it, or give web another edge address")
        .says("Next: retry")
        .says("staging is as it was before");
    assert!(!world.data().join("local/builds").exists(), "nothing was built for it");
    drop(taken);
    world.program(&["--as", "ana", "run", "retry"]).ended(0).says("succeeded");
    world.program(&["status", "staging"]).ended(0).says("(v1.0.0");
}

#[test]
fn an_address_that_is_taken_at_the_start_is_told_until_it_is_free_again() {
    let world = World::with_sample();
    world.program(&["--as", "ana", "run", "deploy v1.0.0 to staging"]).ended(0).says("succeeded");
    let address = world.edge("staging", "web");
    let taken = TcpListener::bind(&address).unwrap();
    let trouble = format!("The edge can't listen on {address} for `web`");
    let again = "The edge listens for web of staging again.";
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    let mut guest = world.start(&["--as", "ana", "chat"], &[]);
    let said = chat.wait_for("It is tried again by itself");
    assert!(said.contains(&trouble) && said.contains("another program has that port"), "{said}");
    world.program(&["status", "staging"]).ended(0).says(&trouble);
    world.program(&["doctor"]).ended(0).says(&trouble);
    drop(taken);
    let said = chat.wait_for(again);
    assert_eq!(said.matches(&trouble).count(), 1, "{said}");
    guest.wait_for(again);
    guest.end().ended(0);
    world.program(&["status", "staging"]).ended(0).says_not("can't listen").says(&address);
    world.program(&["doctor"]).ended(0).says_not("can't listen");
    chat.say("/quit");
    chat.end().ended(0);
}

#[test]
fn without_git_a_deploy_is_refused_until_it_is_installed() {
    let world = World::with_sample();
    let tools = world.path("tools");
    std::fs::create_dir(&tools).unwrap();
    let path = [("PATH", tools.to_str().unwrap())];
    let told = world.program_with(&["--as", "ana", "run", "deploy v1.0.0 to staging"], "", &path);
    assert_ne!(told.code, Some(0), "{}", told.all());
    told.says("Git is not installed, or not on the PATH").says("apt-get install git");
    world.program(&["status", "staging"]).ended(0).says("nothing is deployed");
    world.program(&["--as", "ana", "run", "deploy v1.0.0 to staging"]).ended(0).says("succeeded");
}

#[test]
fn a_build_that_fails_shows_its_last_words_and_a_mended_one_goes_through() {
    let world = World::with_sample();
    let file = world.path("sample/infra-chat.project.yaml");
    let good = std::fs::read_to_string(&file).unwrap();
    let rustc = "rustc --edition 2021 -C opt-level=0 -o bin/invoice-perfect src/main.rs";
    assert!(good.contains(rustc));
    std::fs::write(&file, good.replace(rustc, "echo compiling; echo 'error: no such crate' >&2; exit 7"))
        .unwrap();
    let import = ["--as", "zoe", "project", "import", "sample/infra-chat.project.yaml"];
    world.program(&import).ended(0);
    let told = world.program(&["--as", "ana", "run", "deploy v1.0.0 to staging"]).ended(1);
    told.says("ended with exit code 7").says("error: no such crate").says("staging is as it was before");
    std::fs::write(&file, good).unwrap();
    world.program(&import).ended(0);
    world.program(&["--as", "ana", "run", "deploy v1.0.0 to staging"]).ended(0).says("succeeded");
}

#[test]
fn a_service_that_can_not_have_its_port_fails_with_its_own_words_and_a_mended_one_goes_through() {
    let world = World::with_sample();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let file = world.path("sample/infra-chat.project.yaml");
    let good = std::fs::read_to_string(&file).unwrap();
    let start = "start: \"./bin/invoice-perfect api\"\n    health: { path: /health, timeout_s: 30 }";
    assert!(good.contains(start));
    let stubborn = format!(
        "start: \"PORT={port} ./bin/invoice-perfect api\"\n    health: {{ path: /health, timeout_s: 5 }}"
    );
    std::fs::write(&file, good.replace(start, &stubborn)).unwrap();
    let import = ["--as", "zoe", "project", "import", "sample/infra-chat.project.yaml"];
    world.program(&import).ended(0);
    let told = world.program(&["--as", "ana", "run", "deploy v1.0.0 to staging"]).ended(1);
    told.says("ddress already in use").says("staging is as it was before");
    std::fs::write(&file, good).unwrap();
    world.program(&import).ended(0);
    world.program(&["--as", "ana", "run", "deploy v1.0.0 to staging"]).ended(0).says("succeeded");
}
