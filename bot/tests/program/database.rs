//! What only touches the database: projects, people, secrets, the record.

use crate::world::{World, is_private};

#[test]
fn a_faulty_description_is_refused_with_line_and_column() {
    let world = World::empty();
    std::fs::write(world.path("p.yaml"), "project: shop\nsource: { repository: \"./r\" }\nservces: {}\n")
        .unwrap();
    world.program(&["project", "import", "p.yaml"]).ended(1).says("p.yaml:3:1").says("nothing has changed");
    world.program(&["project", "import", "missing.yaml"]).ended(1).says("can't read missing.yaml");
}

#[test]
fn a_project_goes_out_as_it_came_in() {
    let world = World::with_sample();
    let exported = world.program(&["project", "export"]).ended(0).out;
    std::fs::write(world.path("again.yaml"), &exported).unwrap();
    world.program(&["--as", "zoe", "project", "import", "again.yaml"]).ended(0).says("nothing differs");
    let changed = exported.replace("runs_per_hour: 12", "runs_per_hour: 13");
    assert_ne!(changed, exported);
    std::fs::write(world.path("again.yaml"), changed).unwrap();
    world.program(&["--as", "vera", "project", "import", "again.yaml"]).ended(2);
    world
        .program(&["--as", "zoe", "project", "import", "again.yaml"])
        .ended(0)
        .says("1 value")
        .says("runs_per_hour: 12 → 13");
}

#[test]
fn admins_manage_people() {
    let world = World::with_sample();
    world.program(&["user", "list"]).ended(0).says("zoe").says("terminal:ana");
    world.program(&["--as", "ana", "user", "add", "kim", "--role", "admin"]).ended(2);
    world
        .program(&["--as", "zoe", "user", "add", "kim", "--role", "deployer", "--identity", "slack:U7"])
        .ended(0)
        .says("kim is deployer now");
    world.program(&["--as", "zoe", "user", "link", "kim", "discord:9"]).ended(0);
    world.program(&["user", "list"]).ended(0).says("slack:U7").says("discord:9").says("cli:kim");
    world.program(&["--as", "zoe", "user", "remove", "kim"]).ended(0);
    world.program(&["user", "list"]).ended(0).says_not("kim");
    world.program(&["--as", "zoe", "user", "remove", "zoe"]).ended(2).says("only admin");
}

#[test]
fn a_secret_comes_from_a_pipe_and_shows_nowhere() {
    let world = World::with_sample();
    let path = "invoice-perfect/staging/session-secret";
    let told =
        world.program_with(&["--as", "zoe", "secret", "set", path], "a-value-nobody-sees\n", &[]).ended(0);
    assert!(told.out.contains("version 2"), "{}", told.all());
    world.program_with(&["--as", "vera", "secret", "set", path], "x\n", &[]).ended(2);
    world.program_with(&["--as", "zoe", "secret", "set", path], "", &[]).ended(1).says("empty");
    world.program(&["secret", "set", "hunter2"]).ended(2).says("project/environment/name");
    for entry in std::fs::read_dir(world.data()).unwrap().flatten() {
        if let Ok(bytes) = std::fs::read(entry.path()) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("a-value-nobody-sees"), "{}", entry.path().display());
        }
    }
    assert!(is_private(&world.data()));
    assert!(is_private(&world.data().join("master.key")));
}

#[test]
fn the_record_is_verified_without_a_database() {
    let world = World::with_sample();
    world.program(&["--as", "zoe", "audit", "list"]).ended(0).says("project.imported");
    let told = world.program(&["--as", "zoe", "audit", "export", "record.jsonl"]).ended(0);
    let key = told.err.split_whitespace().find(|word| word.starts_with("ed25519:")).unwrap().to_owned();
    // Where the installation is, its own anchors vouch for it; so does a copy of them elsewhere. An older export is not
    // blamed for what came after it.
    world.program(&["audit", "verify", "record.jsonl"]).ended(0).says("Intact");
    world.program(&["--as", "zoe", "audit", "export", "later.jsonl"]).ended(0);
    world.program(&["audit", "verify", "record.jsonl"]).ended(0).says("Intact");
    let anchors = world.path("anchors");
    std::fs::rename(world.data().join("artifacts/checkpoints"), &anchors).unwrap();
    std::fs::remove_dir_all(world.data()).unwrap();
    let anchored = ["audit", "verify", "later.jsonl", "--anchors", anchors.to_str().unwrap()];
    world.program(&anchored).ended(0).says("Intact");
    world.program(&["audit", "verify", "record.jsonl", "--anchors", "anchors"]).ended(1).says("runcated");
    world.program(&["audit", "verify", "record.jsonl", "--key", &key]).ended(0).says("Intact");
    world.program(&["audit", "verify", "record.jsonl"]).ended(1).says("--key");
    let record = std::fs::read_to_string(world.path("record.jsonl")).unwrap();
    std::fs::write(world.path("record.jsonl"), record.replacen("invoice-perfect", "invoice-perfekt", 1))
        .unwrap();
    world.program(&["audit", "verify", "record.jsonl", "--key", &key]).ended(1).says("ltered");
    assert!(!world.data().exists());
}
