//! What only touches the database: projects, people, secrets, the record.

use crate::world::{Told, World, is_private};

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
        .says("runs_per_hour: 12 → 13")
        .says_not("no git repository");
}

/// A repository on this machine that is not there is told when the description comes in, and not first by a deploy.
#[test]
fn a_repository_that_is_not_there_is_told() {
    let world = World::with_sample();
    let exported = world.program(&["project", "export"]).ended(0).out;
    let gone = exported.replace("sample/repository", "sample/nowhere");
    assert_ne!(gone, exported);
    std::fs::write(world.path("gone.yaml"), gone).unwrap();
    world
        .program(&["--as", "zoe", "project", "import", "gone.yaml"])
        .ended(0)
        .says("sample/nowhere: there is no git repository there")
        .says("mend `source` in gone.yaml");
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
    world
        .program(&["user", "list"])
        .ended(0)
        .says("slack:U7")
        .says("discord:9")
        .says("terminal:kim")
        .says_not("cli:");
    // An identity is one person's until somebody says that it moves.
    let add = ["--as", "zoe", "user", "add", "lea", "--role", "viewer", "--identity", "slack:U7"];
    world.program(&add).ended(2).says("slack:U7 is kim").says("--move");
    world
        .program(&["--as", "zoe", "user", "link", "ben", "terminal:ana"])
        .ended(2)
        .says("terminal:ana is ana");
    world.program(&["--as", "ana", "run", "whoami"]).ended(0).says("You are ana");
    world.program(&["user", "list"]).ended(0).says_not("lea");
    world.program(&[&add[..], &["--move"]].concat()).ended(0);
    world.program(&["--as", "zoe", "user", "link", "kim", "slack:U7"]).ended(2).says("slack:U7 is lea");
    world.program(&["--as", "zoe", "user", "link", "kim", "slack:U7", "--move"]).ended(0);
    // Whoever has somebody's name on this machine keeps it.
    world.program(&["--as", "zoe", "user", "link", "kim", "terminal:max"]).ended(0);
    world.program(&["--as", "zoe", "user", "add", "max", "--role", "viewer"]).ended(0);
    world.program(&["--as", "max", "run", "whoami"]).ended(0).says("You are kim");
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
fn a_secret_among_words_is_noticed_and_never_said_back() {
    let world = World::with_sample();
    let said = "set STRIPE_SECRET_KEY to tangerine77 in staging";
    let noticed = |told: Told| {
        told.says("looks like a secret").says("`set secret NAME`").says_not("tangerine77");
    };
    noticed(world.program(&["run", said]).ended(2));
    noticed(world.chat(&[said, "whoami"]).ended(0).says("You are ana"));
    for entry in std::fs::read_dir(world.data()).unwrap().flatten() {
        if let Ok(bytes) = std::fs::read(entry.path()) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("tangerine77"), "{}", entry.path().display());
        }
    }
}

#[test]
fn secrets_are_listed_and_removed_when_nothing_uses_them() {
    let world = World::with_sample();
    let (used, spare) = ("invoice-perfect/staging/session-secret", "invoice-perfect/staging/spare");
    let set = |value: &str| {
        world.program_with(&["--as", "zoe", "secret", "set", spare], value, &[]).ended(0);
    };
    set("a-value-nobody-sees\n");
    set("another-nobody-sees\n");
    let told = world.program(&["--as", "vera", "secret", "list", "invoice-perfect/staging"]).ended(0);
    let line = told.out.lines().find(|line| line.starts_with(spare)).unwrap();
    assert!(line.contains("version 2") && line.contains("by zoe") && line.contains("(1 older)"), "{line}");
    let told = told.says(used).says_not("nobody-sees").says_not("invoice-perfect/production/");
    assert!(told.err.is_empty(), "{}", told.all());
    world.program(&["--as", "vera", "secret", "list"]).ended(0).says("invoice-perfect/production/");
    world.program(&["--as", "stranger", "secret", "list"]).ended(2).says("needs a viewer");
    world.program(&["--as", "vera", "secret", "list", "invoice-perfect/moon"]).ended(2);

    let remove = |who: &str, path: &str| world.program(&["--as", who, "secret", "remove", path, "--yes"]);
    remove("zoe", used).ended(2).says("still used by SESSION_SECRET of api").says("next: ");
    remove("ana", spare).ended(2).says("needs an admin");
    // Nobody at a terminal can be asked once more.
    world.program(&["--as", "zoe", "secret", "remove", spare]).ended(2).says(&format!("{spare} --yes"));
    remove("zoe", spare).ended(0).says("is removed, all 2 versions");
    remove("zoe", spare).ended(2).says("has no secret spare").says("secret list");
    world.program(&["--as", "zoe", "secret", "list"]).ended(0).says_not(spare);
    world.program(&["--as", "zoe", "audit", "list"]).ended(0).says("secret.removed");
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
    world
        .program(&["audit", "verify", "record.jsonl"])
        .ended(2)
        .says("Unproven since")
        .says("--key ed25519:");
    let record = std::fs::read_to_string(world.path("record.jsonl")).unwrap();
    std::fs::write(world.path("record.jsonl"), record.replacen("invoice-perfect", "invoice-perfekt", 1))
        .unwrap();
    world.program(&["audit", "verify", "record.jsonl", "--key", &key]).ended(1).says("ltered");
    assert!(!world.data().exists());
}

#[test]
fn what_an_export_is_worth_is_told_in_words_and_by_the_exit_code() {
    let world = World::with_sample();
    let told = world.program(&["--as", "zoe", "audit", "export", "record.jsonl"]).ended(0);
    let key = told.err.split_whitespace().find(|word| word.starts_with("ed25519:")).unwrap().to_owned();
    let record = std::fs::read_to_string(world.path("record.jsonl")).unwrap();
    let with = |text: &str, key: &[&str]| {
        std::fs::write(world.path("tried.jsonl"), text).unwrap();
        world.program(&[&["audit", "verify", "tried.jsonl"], key].concat())
    };
    let given = ["--key", &key];
    // With the data folder's own key, and with the one that was kept: as it is, changed, cut off, and cut off with its end
    // made to fit.
    let changed = record.replacen("invoice-perfect", "invoice-perfekt", 1);
    let lines: Vec<&str> = record.lines().collect();
    let cut = format!("{}\n", lines[..lines.len() - 3].join("\n"));
    let half = &record[..record.len() / 2];
    for key in [&[][..], &given] {
        with(&record, key).ended(0).says("Intact: ").says("proved to the last");
        with(&changed, key).ended(1).says("Altered at event ");
        with(&cut, key).ended(1).says("Truncated");
        with(half, key).ended(1).says("Truncated");
        with("", key).ended(2).says("nothing is proved about tried.jsonl").says("empty");
        with("{\"some\": \"json\"}\n", key).ended(2).says("no audit export").says("infra-chat audit export");
    }
    with(&record, &[]).says("for proof against them");
    with(&record, &given).says_not("for proof against them");
    world.program(&["audit", "verify", "missing.jsonl"]).ended(2).says("can't read missing.jsonl");

    // Another installation's: unproven here, intact with its key, and not this key's.
    let other = World::with_sample();
    let export = other.path("other.jsonl");
    let told = other.program(&["--as", "zoe", "audit", "export", export.to_str().unwrap()]).ended(0);
    let others = told.err.split_whitespace().find(|word| word.starts_with("ed25519:")).unwrap().to_owned();
    let export = std::fs::read_to_string(export).unwrap();
    with(&export, &[]).ended(2).says("Unproven since").says("signed by another key");
    with(&export, &["--key", &others]).ended(0).says("Intact");
    with(&export, &given).ended(1).says("Altered at the header");
    // Cut off with all that tells of it taken away, too: only who has kept something knows.
    let end = serde_json::json!({ "end": { "checkpoints": 0, "events": 1 } });
    let fitted = format!("{}\n{}\n{end}\n", lines[0], lines[1]);
    with(&fitted, &[]).ended(2).says("Unproven since");
}

#[test]
fn whoever_types_is_one_person_in_the_chat_and_on_the_command_line() {
    let world = World::with_sample();
    let add = ["user", "add", "me", "--role", "admin", "--identity", "terminal:stranger"];
    world.program(&add).ended(2);
    world.program(&[&["--as", "zoe"][..], &add[..]].concat()).ended(0);
    world.program(&["run", "whoami"]).ended(0).says("You are me, an admin");
    world.program(&["chat"]).ended(0).says("You speak as stranger");
    // Without variables the system's own list of users says it.
    let name = std::process::Command::new("id").arg("-un").output().unwrap();
    let name = String::from_utf8(name.stdout).unwrap();
    let unset = [("USER", ""), ("LOGNAME", "")];
    let told = world.program_with(&["run", "whoami"], "", &unset);
    told.says(&format!("terminal:{}", name.trim()));
}
