//! Configuration and doctor.

use std::net::TcpListener;

use expect_test::expect;

use crate::world::World;

#[test]
fn every_fault_of_the_configuration_is_named_at_once() {
    let world = World::empty();
    std::fs::write(world.path("infra-chat.toml"), "lisen = \"127.0.0.1:1\"\nbuilds_kept = -1\n").unwrap();
    let told = world.program_with(&["status"], "", &[("INFRA_CHAT_LOG_FORMAT", "xml")]).ended(1);
    expect![[r#"
        infra-chat: the configuration has 3 faults
          infra-chat.toml:1:1: lisen is no key: did you mean `listen`?
          infra-chat.toml:2:15: builds_kept `-1` is no number of builds: give a whole number from 1 to 1000
          environment variable INFRA_CHAT_LOG_FORMAT: log_format `xml` is no log format: write `text` or `json`
    "#]].assert_eq(&told.err);
    assert!(!world.data().exists(), "nothing is begun with a faulty configuration");
}

#[test]
fn own_rules_are_refused_whole_with_the_place_of_the_fault() {
    let world = World::empty();
    std::fs::create_dir(world.path("rules")).unwrap();
    std::fs::write(world.path("rules/ours.cedar"), "forbid (principal, action, resource) when { nonsense };")
        .unwrap();
    std::fs::write(world.path("infra-chat.toml"), "rules_dir = \"rules\"\n").unwrap();
    world.program(&["user", "list"]).ended(1).says("ours.cedar:1:").says("none of the files is in force");
}

#[test]
fn a_wider_address_needs_a_token() {
    World::empty()
        .program_with(&["serve"], "", &[("INFRA_CHAT_LISTEN", "0.0.0.0:0")])
        .ended(1)
        .says("INFRA_CHAT_API_TOKEN");
}

#[test]
fn the_doctor_looks_at_everything() {
    let world = World::with_sample();
    let told = world.program(&["doctor"]).ended(0);
    for what in ["git", "data folder", "master.key", "rules", "database", "addresses", "rustc"] {
        assert!(told.out.contains(what), "{}", told.all());
    }
}

#[test]
fn the_doctor_names_a_key_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::with_sample();
    let key = world.data().join("master.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    world.program(&["doctor"]).ended(1).says("FAIL").says("chmod 600");
}

#[test]
fn the_doctor_names_what_is_missing_and_what_is_taken() {
    let world = World::with_sample();
    let address = world.edge("staging", "web");
    let taken = TcpListener::bind(&address).unwrap();
    let listens = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = listens.local_addr().unwrap().to_string();
    std::fs::remove_file(world.data().join("signing.key")).unwrap();
    let told = world.program_with(&["doctor"], "", &[("INFRA_CHAT_LISTEN", &listen)]).ended(0);
    told.says(&format!("other programs have {address} (web of staging): end them, or change `edge`"))
        .says(&format!("`serve` can't have {listen}"))
        .says("warn  signing.key    gone: put your copy back")
        .says("It works; 3 to look at.");
    assert!(!world.data().join("signing.key").exists(), "nothing is made anew behind one's back");
    drop((taken, listens));

    std::fs::remove_file(world.data().join("master.key")).unwrap();
    let told = world.program(&["doctor"]).ended(1);
    told.says("FAIL  master.key     gone: put your copy back before you start anything");
}

#[test]
fn the_doctor_misses_git() {
    let world = World::with_sample();
    std::fs::create_dir(world.path("tools")).unwrap();
    let told = world.program_with(&["doctor"], "", &[("PATH", world.path("tools").to_str().unwrap())]);
    told.ended(1)
        .says("FAIL  git            git is not installed, or not on the PATH")
        .says("apt-get install git");
}
