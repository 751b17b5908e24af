//! A full disk, for real: the program's folder is a file system in memory whose size the test changes while it runs.
//!
//! It is mounted in a namespace of the test's own, so nobody else sees it and it is gone with the test's last process,
//! however that ends.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::{Running, World, http};

/// Tells the test inside the namespace where its file system is.
const PLACE: &str = "FULL_DISK_PLACE";
/// Room for everything, in kilobytes: preflight wants 200 MB.
const PLENTY_KB: u64 = 300 * 1024;
/// The capability that mounting needs, by its number in `linux/capability.h`.
const CAP_SYS_ADMIN: u32 = 21;
/// What is said while nothing can be written, and when it can again.
const NO_ROOM: &str = "): runs wait and services stay as they are. Free some space";
const ROOM_AGAIN: &str = "The disk of the database has room again: runs go on.";
/// How long something may take to come true by itself.
const PATIENCE: Duration = Duration::from_mins(4);

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let own = tempfile::tempdir().unwrap();
    // Root needs no namespace of users; everybody else becomes root in one of their own.
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let namespace: &[&str] = if root { &["-m"] } else { &["-rm"] };
    let inside = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(namespace).args(["--propagation", "private", "sh", "-ec"]);
        command
            .arg(format!("mount -t tmpfs -o size={PLENTY_KB}k,mode=700 none \"$0\"\n{script}"))
            .arg(own.path());
        command
    };
    let probe = inside("umount \"$0\"").stdin(Stdio::null()).output();
    if !probe.as_ref().is_ok_and(|probe| probe.status.success()) {
        let says = format!(
            "NOT CHECKED HERE: a full disk. No file system can be mounted in a namespace of our own: {probe:?}"
        );
        // CI runs it wherever it may mount. A container that lets nobody mount is no fault of ours.
        assert!(std::env::var_os("CI").is_none() || !may_mount(), "{says}");
        // Not through the test's own output, which is only shown when it fails.
        let _ = writeln!(std::io::stderr(), "\n{says}\n");
        return;
    }
    let told = inside("exec \"$@\"")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "full_disk::inside_the_namespace", "--nocapture"])
        .env(PLACE, own.path())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(told.status.success() && said.contains("1 passed"), "{said}");
}

/// Whether this process may mount file systems as it is: root may, save where its container took that away.
fn may_mount() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or_default();
    effective >> CAP_SYS_ADMIN & 1 == 1
}

#[test]
fn inside_the_namespace() {
    let Some(place) = std::env::var_os(PLACE).map(PathBuf::from) else { return };
    let world = World::with_sample_in(&place);
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("deploy v1.0.0 to staging");
    chat.wait_for("succeeded");
    let web = world.edge("staging", "web");
    // What the application says of itself, which is that its cache can't be written, is its own affair: it is asked.
    let serves = || {
        let (status, body) = http(&web, "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        assert!(
            status == 200
                || body.contains(r#""api":{"status":"down""#)
                || body.contains("no instance is healthy"),
            "{status}: {body}"
        );
    };

    a_build_finds_no_room(&place, &world, &mut chat, &serves);
    chat.end().ended(0);
    the_journal_finds_no_room(&place, &world);
    a_start_finds_no_room(&place, &world);
    artifacts_find_no_room(&place, &world);
    the_doctor_finds_no_room(&place, &world);
}

/// The disk fills up while a release is being built.
fn a_build_finds_no_room(place: &Path, world: &World, chat: &mut Running, serves: &dyn Fn()) {
    let builds = world.data().join("local/builds");
    let before = std::fs::read_dir(&builds).unwrap().count();
    chat.say("deploy v1.1.0 to staging");
    eventually("it is checked out", || {
        let folders = std::fs::read_dir(&builds).unwrap().flatten();
        let whole = folders.filter(|folder| folder.path().join("code/src").is_dir()).count();
        whole > before
    });
    room(place, 256);
    let said = chat.wait_for("the disk is full (");
    assert!(said.contains("free some space, then retry"), "{said}");
    // Who is served stays served.
    serves();
    room(place, PLENTY_KB);
    // What it failed for is told before it has gone back, for which it may need room.
    chat.wait_for("disk-full");
    let before = chat.said().matches("succeeded").count();
    chat.say("retry");
    chat.wait_for_more("succeeded", before);
    serves();
}

/// There is no room for the database to grow.
fn the_journal_finds_no_room(place: &Path, world: &World) {
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("status staging");
    chat.wait_for("(v1.1.0");
    room(place, 0);
    chat.say("lock staging for 1h because of a trial");
    let said = chat.wait_for("); nothing was done");
    assert!(said.contains("The disk of the database is full (0 KB free at "), "{said}");
    assert!(said.contains("Next: free some space, then say it again"), "{said}");
    // Not allowed is another thing than not possible.
    let lock = "lock staging for 1h because of a trial";
    world.program(&["--as", "ana", "run", lock]).ended(1).says("he disk of the database is full");
    // What was there can be read all the same.
    let before = chat.said().matches("(v1.1.0").count();
    chat.say("status staging");
    chat.wait_for_more("(v1.1.0", before);
    room(place, PLENTY_KB);
    chat.wait_for(ROOM_AGAIN);
    chat.say("deploy v1.0.0 to staging");
    // In the middle of a run.
    chat.wait_for_more("[done]", 3);
    room(place, 0);
    chat.wait_for_more(NO_ROOM, 1);
    room(place, PLENTY_KB);
    chat.wait_for_more(ROOM_AGAIN, 1);
    chat.wait_for("succeeded");
    chat.say("/wait");
    chat.say("status staging");
    let said = chat.wait_for("(v1.0.0");
    assert_eq!(
        (said.matches(NO_ROOM).count(), said.matches(ROOM_AGAIN).count()),
        (2, 2),
        "each once: {said}"
    );
    chat.end().ended(0).says_not("[tracing-subscriber]");
    world.program(&["--as", "zoe", "audit", "export", "record.jsonl"]).ended(0);
    world.program(&["audit", "verify", "record.jsonl"]).ended(0);
}

/// Nothing runs, and the disk is full: how things stand can be read all the same.
fn a_start_finds_no_room(place: &Path, world: &World) {
    room(place, 0);
    for reading in [
        "status staging",
        "releases staging",
        "logs staging",
        "audit",
        "incidents",
        "help",
        "can I deploy staging?",
    ] {
        world.program(&["--as", "ana", "run", reading]).ended(0);
    }
    world.program(&["--as", "ana", "status"]).ended(0).says("staging: release");
    world.program(&["--as", "zoe", "audit", "list"]).ended(0);
    world
        .program_with(&["--as", "ana", "chat"], "whoami\nstatus staging\n", &[])
        .ended(0)
        .says("You are ana");
    let order = ["--as", "ana", "run", "deploy v1.1.0 to staging"];
    world.program(&order).ended(1).says("MB are needed. Free some space, then retry");
    // Somebody else took what had been kept back, too.
    let kept = world.data().join("infra-chat.reserve");
    assert!(!kept.exists(), "it was given up");
    room(place, 0);
    let lock = ["--as", "ana", "run", "lock staging for 1h because of a trial"];
    world.program(&lock).ended(1).says("its disk is full (0 KB free at ").says("nothing is lost");
    room(place, PLENTY_KB);
    world.program(&lock).ended(0);
    world.program(&["--as", "ana", "run", "unlock staging"]).ended(0);
    assert!(kept.exists(), "there is plenty again");
}

/// The run is done, and what is kept of it can't be written: it is written once there is room.
fn artifacts_find_no_room(place: &Path, world: &World) {
    let kept = place.join("kept");
    std::fs::create_dir(&kept).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4k", "none"]).arg(&kept).status();
    assert!(mounted.unwrap().success());
    std::fs::write(kept.join("filler"), [b'x'; 4096]).unwrap();
    let settings = [("INFRA_CHAT_ARTIFACTS", kept.to_str().unwrap())];
    let mut chat = world.start(&["--as", "ana", "chat"], &settings);
    chat.say("deploy v1.1.0 to staging");
    let said = chat.wait_for("succeeded");
    let run = said.lines().rev().find(|line| line.contains("succeeded")).unwrap();
    let run = run
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .find(|word| word.starts_with("r-"))
        .unwrap();
    let last = kept.join("runs").join(run).join("run.json");
    assert!(!last.exists());
    let grown = Command::new("mount").args(["-o", "remount,size=16m"]).arg(&kept).status();
    assert!(grown.unwrap().success());
    eventually("what is kept of the run is there", || last.exists());
    chat.end().ended(0);
    assert!(Command::new("umount").arg(&kept).status().unwrap().success());
}

fn the_doctor_finds_no_room(place: &Path, world: &World) {
    room(place, 100 * 1024);
    world.program(&["doctor"]).ended(1).says("MiB free: make room, or give another --data-dir");
    room(place, 250 * 1024);
    world.program(&["doctor"]).ended(0).says("MiB free: builds may not fit, make room");
}

/// Makes the file system so large that just this much is free.
fn room(place: &Path, free_kb: u64) {
    eventually("the file system has another size", || {
        let df = Command::new("df").arg("-Pk").arg(place).output().unwrap();
        let df = String::from_utf8(df.stdout).unwrap();
        let used: u64 = df.lines().last().unwrap().split_whitespace().nth(2).unwrap().parse().unwrap();
        let size = format!("remount,size={}k", (used + free_kb).max(4));
        // Refused when more has been written meanwhile than that would hold.
        Command::new("mount").args(["-o", &size]).arg(place).output().unwrap().status.success()
    });
}

#[track_caller]
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "waited {} s until {what}", PATIENCE.as_secs());
        std::thread::sleep(Duration::from_millis(10));
    }
}
