//! The embedded database made safe while everything runs, looked at, damaged, and put back.

use std::io::{Read, Seek, SeekFrom, Write};

use crate::world::{World, is_private};

#[test]
fn a_backup_is_made_beside_a_running_host_and_put_back_as_it_was() {
    let world = World::with_sample();
    let backup = world.path("monday.db");
    let file = backup.to_str().unwrap();

    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("deploy v1.0.0 to staging");
    chat.wait_for("succeeded");
    world
        .program(&["backup", file])
        .ended(0)
        .says("monday.db: whole, ")
        .says("project invoice-perfect: local, staging, production")
        .says("1 run, none under way")
        .says("sealed under a master key that is here")
        .says("each following from the one before")
        .says("Not in it, in ")
        .says("Keep the keys apart from the backup");
    assert!(is_private(&backup));
    // Nothing is written over, and nothing is put back under a host.
    world.program(&["backup", file]).ended(1).says("there is something at").says("give another name");
    world.program(&["restore", file]).ended(1).says("infra-chat runs in").says("`infra-chat chat` (process");

    chat.say("deploy v1.1.0 to staging");
    chat.say("/wait");
    chat.say("status staging");
    chat.wait_for("staging: release 2");
    chat.say("/quit");
    chat.end().ended(0);
    world.program(&["backup", "--check", file]).ended(0).says("1 run, none under way");

    world
        .program(&["--as", "ana", "restore", file])
        .ended(0)
        .says("It is the database of ")
        .says("What was there before is kept as ")
        .says("The record goes on from the backup");
    let told = world.chat(&["status staging", "audit", "/quit"]).ended(0);
    assert!(
        told.out.contains("release 1 (v1.0.0") && told.out.contains("database.restored"),
        "{}",
        told.all()
    );
    // What was there before can be put back as well.
    let kept = std::fs::read_dir(world.data()).unwrap().flatten().map(|entry| entry.path());
    let kept = kept.filter(|path| path.to_str().unwrap().contains(".before-restore-")).min().unwrap();
    world.program(&["restore", kept.to_str().unwrap()]).ended(0);
    let told = world.chat(&["status staging", "/quit"]).ended(0);
    assert!(told.out.contains("release 2 (v1.1.0"), "{}", told.all());
}

#[test]
fn a_run_that_was_under_way_in_a_backup_waits_for_a_person() {
    let world = World::with_sample();
    let backup = world.path("noon.db");
    let file = backup.to_str().unwrap();
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("deploy v1.0.0 to staging");
    chat.wait_for("succeeded");
    chat.say("deploy v1.1.0 to staging with canary 50/100 soak 10m");
    chat.wait_for("[going] canary 50%  soaking");
    chat.say("restart api in staging");
    chat.wait_for("next in line, waits for r-");
    let made = world.program(&["backup", file]).ended(0).says("under way: r-");
    let run = made.run();
    chat.say(&format!("cancel {run}"));
    chat.wait_for("cancelled");
    chat.say("/quit");
    chat.end().ended(0);

    // Who is hurried may have another name than at work, on another machine: nobody knows them in that database.
    world
        .program(&["--as", "somebody", "restore", file])
        .ended(0)
        .says(&format!("Held until somebody says: {run}."))
        .says("resume or cancel each")
        .says("Not begun, and cancelled: r-");
    assert!(!world.data().join("infra-chat.db.restoring").exists());
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say(&format!("status {run}"));
    chat.wait_for("paused");
    chat.say(&format!("cancel {run}"));
    chat.wait_for("cancelled");
    chat.say("/quit");
    chat.end().ended(0);
}

/// One database file may be that of another data folder as well.
#[test]
fn a_host_of_another_data_folder_on_the_same_file_is_seen() {
    let world = World::with_sample();
    let shared = [("INFRA_CHAT_DATABASE_URL", "sqlite:data/infra-chat.db")];
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("deploy v1.0.0 to staging");
    chat.wait_for("succeeded");
    world.program(&["backup", world.path("monday.db").to_str().unwrap()]).ended(0);
    std::fs::create_dir(world.path("other")).unwrap();
    std::fs::copy(world.data().join("master.key"), world.path("other/master.key")).unwrap();
    let restore = || {
        let arguments = ["--data-dir", "other", "restore", "monday.db"];
        world.start_program(env!("CARGO_BIN_EXE_infra-chat"), &arguments, &shared).end()
    };
    restore().ended(1).says("another data folder runs on").says("End it first");
    chat.say("status staging");
    chat.wait_for("release 1 (v1.0.0");
    chat.say("/quit");
    chat.end().ended(0);
    restore().ended(0).says("It is the database of");
    // The rest of one that was killed on the way is in nobody's way.
    let left = world.data().join("infra-chat.db.restoring");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("database.db"), "half").unwrap();
    world.program(&["restore", "monday.db"]).ended(0);
    assert!(!left.exists());
}

#[test]
fn what_is_no_whole_backup_is_named_and_nothing_is_put_back() {
    let world = World::with_sample();
    world.chat(&["deploy v1.0.0 to staging", "/wait", "/quit"]).ended(0);
    let backup = world.path("whole.db");
    world.program(&["backup", backup.to_str().unwrap()]).ended(0);

    // A page in its middle is another than it was.
    let torn = world.path("torn.db");
    std::fs::copy(&backup, &torn).unwrap();
    let mut file = std::fs::File::options().read(true).write(true).open(&torn).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    let mut page = [0; 4_096];
    file.seek(SeekFrom::Start(middle - middle % 4_096)).unwrap();
    file.read_exact(&mut page).unwrap();
    for byte in &mut page {
        *byte = !*byte;
    }
    file.seek(SeekFrom::Start(middle - middle % 4_096)).unwrap();
    file.write_all(&page).unwrap();
    // One that is cut off, something else, and nothing at all.
    let cut = world.path("cut.db");
    let whole = std::fs::read(&backup).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 3]).unwrap();
    let text = world.path("notes.txt");
    std::fs::write(&text, "not a database, but somebody's notes\n".repeat(100)).unwrap();
    let absent = world.path("absent.db");

    for (file, says) in [(&torn, "torn.db"), (&cut, "cut.db"), (&text, "notes.txt"), (&absent, "absent.db")] {
        let file = file.to_str().unwrap();
        world.program(&["backup", "--check", file]).ended(1).says(says).says_not("panic");
        world.program(&["restore", file]).ended(1).says("nothing was put back").says(says);
    }
    let told = world.chat(&["status staging", "/quit"]).ended(0);
    assert!(told.out.contains("release 1 (v1.0.0"), "{}", told.all());

    // Without the key it was sealed under, its secrets could never be opened.
    let key = world.data().join("master.key");
    let mine = world.path("master.key");
    std::fs::rename(&key, &mine).unwrap();
    let file = backup.to_str().unwrap();
    world.program(&["backup", "--check", file]).ended(0).says("there is no master key here");
    world.program(&["restore", file]).ended(1).says("nothing was put back").says("master.key");
    std::fs::rename(&mine, &key).unwrap();
    world.program(&["restore", file]).ended(0);
}

#[test]
fn a_database_whose_file_is_damaged_says_what_to_do() {
    let world = World::with_sample();
    world.chat(&["deploy v1.0.0 to staging", "/wait", "/quit"]).ended(0);
    let backup = world.path("whole.db");
    world.program(&["backup", backup.to_str().unwrap()]).ended(0);
    let database = world.data().join("infra-chat.db");
    let len = std::fs::metadata(&database).unwrap().len();
    // All but its head is lost.
    let mut file = std::fs::File::options().write(true).open(&database).unwrap();
    file.seek(SeekFrom::Start(4_096)).unwrap();
    file.write_all(&vec![0x5a; len as usize - 4_096]).unwrap();
    drop(file);

    world
        .program(&["--as", "ana", "run", "status"])
        .ended(1)
        .says("its file is damaged")
        .says("infra-chat restore FILE")
        .says_not("panic");
    world.program(&["restore", backup.to_str().unwrap()]).ended(0).says("What was there before is kept as ");
    let told = world.chat(&["status staging", "/quit"]).ended(0);
    assert!(told.out.contains("release 1 (v1.0.0"), "{}", told.all());
}
