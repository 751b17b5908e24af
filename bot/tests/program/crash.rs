//! Killed in the middle, started again.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::world::{World, http};

#[test]
fn a_deploy_goes_on_after_a_kill() {
    let world = World::with_sample();
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("deploy v1.0.0 to staging");
    let said = chat.wait_for("[done]");
    chat.signal("KILL");
    let killed = chat.end();
    assert_eq!(killed.code, None, "{}", killed.all());
    let told = world.chat(&["/wait", "status staging"]).ended(0);
    let run = killed.run();
    assert!(said.contains(&run));
    told.says(&run).says("succeeded").says("staging: release 1 (v1.0.0");
}

#[test]
fn a_rollback_goes_on_after_a_kill() {
    let world = World::with_sample();
    world.chat(&["deploy v1.0.0 to staging", "/wait", "deploy v1.1.0 to staging", "/wait"]).ended(0);
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("rollback staging");
    chat.wait_for("[done]");
    chat.signal("KILL");
    chat.end();
    world.chat(&["/wait", "status staging"]).ended(0).says("staging: release 1 (v1.0.0");
}

#[test]
fn after_a_kill_no_request_fails_from_the_moment_the_edge_listens() {
    let world = World::with_sample();
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("deploy v1.0.0 to staging");
    chat.wait_for("succeeded");
    let web = world.edge("staging", "web");
    for _ in 0..2 {
        chat.signal("KILL");
        chat.end();
        assert!(TcpStream::connect(&web).is_err(), "nobody listens");
        chat = world.start(&["--as", "ana", "chat"], &[]);
        while TcpStream::connect(&web).is_err() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(2) {
            let (status, body) = http(&web, "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            assert_eq!(status, 200, "after {:?}: {body}", began.elapsed());
        }
    }
    chat.say("/quit");
    chat.end().ended(0);
}

#[test]
fn told_to_end_it_ends_its_services() {
    let world = World::with_sample();
    world.program(&["--as", "ana", "run", "deploy v1.0.0 to staging"]).ended(0);
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("status staging");
    chat.wait_for("release 1");
    chat.signal("TERM");
    chat.end().ended(0);
    let folder = world.data().to_string_lossy().into_owned();
    let left: Vec<String> = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|process| std::fs::read_link(process.path().join("cwd")).ok())
        .map(|cwd| cwd.to_string_lossy().into_owned())
        .filter(|cwd| cwd.starts_with(&folder))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
