//! The master key replaced: while everything runs, with backups from before, and where it comes from the environment.

use std::os::unix::fs::PermissionsExt;

use crate::world::{World, is_private};

const REKEY: [&str; 4] = ["--as", "zoe", "secret", "rekey"];

#[test]
fn a_host_goes_on_and_backups_from_before_are_put_back() {
    let world = World::with_sample();
    let backup = world.path("before.db");
    let file = backup.to_str().unwrap();
    let key = world.data().join("master.key");
    let before = std::fs::read_to_string(&key).unwrap();
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("deploy v1.0.0 to staging");
    chat.wait_for("succeeded");
    world.program(&["backup", file]).ended(0);

    world.program(&["--as", "ana", "secret", "rekey"]).ended(2).says("needs an admin");
    let told = world.program(&REKEY).ended(0).says("are sealed anew; the master key is ").says("is kept as ");
    let kept = told.err.split_whitespace().find(|word| word.contains("master.key.")).unwrap();
    let kept = kept.trim_end_matches(':').to_owned();
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), before);
    assert_ne!(std::fs::read_to_string(&key).unwrap(), before);
    assert!(is_private(&key) && is_private(std::path::Path::new(&kept)));
    told.says_not(before.trim());

    // Doctor looks at the one it was, too.
    let file_of = |kept: &str| std::path::Path::new(kept).file_name().unwrap().to_str().unwrap().to_owned();
    world.program(&["doctor"]).ended(0).says(&file_of(&kept)).says("opens what was sealed before");
    let mode = |mode| std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    world.program(&["doctor"]).ended(1).says(&format!("chmod 600 {kept}"));
    mode(0o600);
    std::fs::write(&kept, "nothing").unwrap();
    world.program(&["doctor"]).ended(0).says("holds no key");
    std::fs::write(&kept, &before).unwrap();

    // The host that ran meanwhile opens what is sealed anew, and its services get it.
    chat.say("deploy v1.1.0 to staging");
    chat.wait_for_more("succeeded", 1);
    chat.end().ended(0);
    world.program(&["audit", "list"]).ended(0).says("secrets.rekeyed");

    world.program(&["restore", file]).ended(0).says("sealed under a master key that is here");
    world.program(&REKEY).ended(0).says("are sealed anew").says("had been replaced already");
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("deploy v1.1.0 to staging");
    chat.wait_for("succeeded");
    chat.end().ended(0);

    // Without the key it was, a backup from its time is of no use, and says so.
    std::fs::remove_file(kept).unwrap();
    world.program(&["restore", file]).ended(1).says("nothing was put back").says("as master.key.");
}

#[test]
fn one_that_comes_from_the_environment_is_replaced_there() {
    let world = World::with_sample();
    let before = std::fs::read_to_string(world.data().join("master.key")).unwrap();
    std::fs::remove_file(world.data().join("master.key")).unwrap();
    let new = "5c".repeat(32);
    let settings =
        [("INFRA_CHAT_MASTER_KEY", new.as_str()), ("INFRA_CHAT_MASTER_KEYS_BEFORE", before.trim())];
    world.program_with(&REKEY, "", &settings[..1]).ended(1).says("INFRA_CHAT_MASTER_KEYS_BEFORE");
    world.program_with(&REKEY, "", &settings).ended(0).says("are sealed anew").says("Programs that run need");
    world.program_with(&REKEY, "", &settings[..1]).ended(0).says("no secret had to be").says("To replace it");
    world.program_with(&["--as", "zoe", "secret", "list"], "", &settings[..1]).ended(0);
    world.program_with(&REKEY, "", &settings[1..]).ended(1).says("kept beside the key file");
    assert!(!world.data().join("master.key").exists());
}
