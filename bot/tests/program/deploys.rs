//! The main job: real builds, real processes, a real proxy.

use crate::world::{World, is_private};

#[test]
fn the_first_start_brings_the_sample_project() {
    let world = World::empty();
    let told = world.program_with(&["chat"], "status\n/whoami\n", &[]).ended(0);
    told.says("Invoice Perfect is ready")
        .says("You speak as ana")
        .says("staging: nothing is deployed")
        .says("deployer");
    // The second time it is there already.
    world
        .program_with(&["chat"], "/help\n", &[])
        .ended(0)
        .says_not("Invoice Perfect is ready")
        .says("/wait [SECONDS]");
}

#[test]
fn deploy_staging_then_production_then_back() {
    let world = World::with_sample();
    let told = world.chat(&["deploy v1.0.0 to staging", "/wait", "status staging"]).ended(0);
    assert!(!told.out.contains('\u{1b}'), "no control codes in a pipe");
    told.says("ana> deploy v1.0.0 to staging")
        .says("succeeded")
        .says("staging: release 1 (v1.0.0")
        .says("No run is under way");

    // Four eyes: who asked does not approve.
    let told = world.program(&["--as", "ana", "run", "deploy v1.0.0 to production"]).ended(2);
    let run = told.run();
    told.says("awaiting approval").says(&format!("approve {run}"));
    world.program(&["--as", "ana", "run", &format!("approve {run}")]).ended(2);
    let told =
        world.chat(&["/wait", "/as ben", &format!("approve {run}"), "/wait", "status production"]).ended(0);
    told.says(&format!("{run} (")).says("waits for").says("production: release 1 (v1.0.0");

    let second = world.program(&["--as", "ana", "run", "deploy v1.1.0 to production"]).ended(2).run();
    world.program(&["--as", "ben", "run", &format!("approve {second}")]).ended(0).says("only while");
    let told =
        world.chat(&["status production", "rollback production", "/wait", "status production"]).ended(0);
    told.says("release 2 (v1.1.0").says("production: release 1 (v1.0.0");
    world.program(&["status", "production"]).ended(0).says("release 1 (v1.0.0");
}

#[test]
fn a_release_whose_files_went_is_built_and_configured_anew_by_a_rollback() {
    let world = World::with_sample();
    let run = |line: &str| {
        let kept = [("INFRA_CHAT_BUILDS_KEPT", "1")];
        world.program_with(&["--as", "ana", "run", line], "", &kept).ended(0)
    };
    let config = world.data().join("local/environments/invoice-perfect/staging/config/api@1.json");
    run("deploy v1.0.0 to staging").says("succeeded");
    let before = std::fs::read_to_string(&config).unwrap();
    let builds: Vec<_> = std::fs::read_dir(world.data().join("local/builds"))
        .unwrap()
        .map(|build| build.unwrap().path().join("built.json"))
        .collect();
    run("deploy v1.1.0 to staging").says("succeeded");
    run("deploy v1.2.0 to staging").says("succeeded");
    let gone = || builds.iter().all(|built| !built.exists());
    assert!(gone() && !config.exists() && !builds.is_empty(), "{builds:?}");

    run("rollback staging to release 1").says("succeeded");
    assert!(!gone());
    assert_eq!(std::fs::read_to_string(&config).unwrap(), before);
    run("status staging").says("staging: release 1 (v1.0.0");
}

#[test]
fn the_exit_code_tells_what_came_of_it() {
    let world = World::with_sample();
    world.program(&["--as", "ana", "run", "lovely weather today"]).ended(2);
    world.program(&["--as", "vera", "run", "deploy staging"]).ended(2);
    world.program(&["--as", "stranger", "run", "deploy staging"]).ended(2);
    world.program(&["run", "whoami"]).ended(0).says("ana");
    world.program(&["--as", "ana", "run", "deploy v9.9.9 to staging"]).ended(2).says("v9.9.9");
    world.program(&["--as", "ana", "run", "rollback staging"]).ended(1);
    world.program(&["--as", "vera", "run", "deploy v9.9.9 to staging"]).ended(2).says("deployer");
    world.program(&["--as", "ana", "run", "dry run deploy staging"]).ended(0);
    world.program(&["--as", "ana", "run", "can I deploy staging?"]).ended(0).says("Yes, you can");
    world.program(&["--as", "ana", "run", "can I deploy production?"]).ended(2).says("with approval");
    world.program(&["--as", "vera", "run", "can I deploy staging?"]).ended(2).says("No: ");
    world.program(&["--as", "ana", "run", "can I deploy?"]).ended(2).says("Yes, you can");
    // This release never becomes healthy.
    let told = world.program(&["--as", "ana", "run", "deploy v1.3.0 to staging"]).ended(1);
    told.says("failed");
    world.program(&["--as", "ana", "run", "status staging"]).ended(0).says("nothing is deployed");
}

#[test]
fn steering_tells_by_the_exit_code_whether_it_was_done() {
    let world = World::with_sample();
    let mut serve = world.start(&["serve"], &[("INFRA_CHAT_LISTEN", "127.0.0.1:0")]);
    serve.wait_for("listens on http://");
    let says = |who: &str, text: &str| world.program(&["--as", who, "run", text]);
    for verb in ["cancel", "pause", "resume", "approve", "reject", "retry"] {
        says("ana", verb).ended(2).says(&format!("no run to {verb}"));
    }
    says("ana", "cancel r-0000").ended(2);
    says("ana", "cancle r-0000").ended(2);
    says("ana", "lock").ended(2);
    says("ana", "lock staging because we look into it").ended(0).says("is locked by ana");
    says("ben", "lock staging").ended(2);
    says("vera", "unlock staging").ended(2);
    says("ana", "unlock staging").ended(0);
    says("ana", "unlock staging").ended(2);

    let order = ["--as", "ana", "run", "deploy v1.0.0 to production"];
    let id = world.program(&order).ended(2).run();
    says("vera", &format!("reject {id}")).ended(2);
    says("ben", &format!("reject {id}: not today")).ended(0).says("is rejected by ben");
    says("ben", &format!("reject {id}")).ended(0).says("You have rejected").says("already: that counts");
    says("max", &format!("reject {id}")).ended(2);
    let again = says("ana", &format!("retry {id}")).ended(2).says("awaiting approval").run();
    says("ana", &format!("cancel {again}")).ended(0).says("is cancelled");

    // This release never becomes healthy, so there is time.
    let mut run = world.start(&["--as", "ana", "run", "deploy v1.3.0 to staging"], &[]);
    let id = {
        let said = run.wait_for("[done] preflight");
        said.split_whitespace().find(|word| word.starts_with("r-")).unwrap().to_owned()
    };
    says("ana", &format!("pause {id}")).ended(0).says("is paused");
    // Whoever waits for it hears that it waits for somebody.
    run.end().ended(2).says(&format!("{id} (")).says(&format!("resume {id}"));
    says("vera", &format!("resume {id}")).ended(2);
    // It is undone by the time this ends, and that is success.
    says("ana", &format!("cancel {id}")).ended(0).says("cancelled by ana");
    says("ana", &format!("cancel {id}")).ended(2);
    serve.signal("TERM");
    serve.end().ended(0);
}

#[test]
fn the_logs_of_services_are_private_and_go_with_their_releases() {
    let world = World::with_sample();
    let kept = [("INFRA_CHAT_BUILDS_KEPT", "1")];
    for tag in ["v1.0.0", "v1.1.0", "v1.2.0"] {
        let deploy = format!("deploy {tag} to staging");
        world.program_with(&["--as", "ana", "run", &deploy], "", &kept).ended(0).says("succeeded");
    }
    let logs = world.data().join("local/environments/invoice-perfect/staging/logs");
    let names: Vec<String> = std::fs::read_dir(&logs)
        .unwrap()
        .map(|log| {
            let log = log.unwrap();
            assert!(is_private(&log.path()), "{}", log.path().display());
            log.file_name().to_string_lossy().into_owned()
        })
        .collect();
    let of = |release: &str| names.iter().any(|name| name.starts_with(&format!("api@{release}.")));
    assert!(of("3") && !of("1"), "{names:?}");
    assert!(is_private(&world.data().join("infra-chat.log")));
}

#[test]
fn what_was_approved_is_waited_for_and_judged() {
    let world = World::with_sample();
    let run = world.program(&["--as", "ana", "run", "deploy v1.3.0 to production"]).ended(2).run();
    let told = world.program(&["--as", "ben", "run", &format!("approve {run}")]).ended(1);
    told.says("production is as it was before");
}

#[test]
fn who_approved_is_shown_what_came_of_it_by_host_and_as_a_guest() {
    let world = World::with_sample();
    let approve = |reference: &str| {
        let order = format!("deploy {reference} to production");
        let run = world.program(&["--as", "ana", "run", &order]).ended(2).run();
        let told = world.program_with(&["--as", "neo", "chat"], &format!("/as ben\napprove {run}\n"), &[]);
        told.ended(0).says("succeeded");
    };
    approve("v1.0.0");
    let mut serve = world.start(&["serve"], &[("INFRA_CHAT_LISTEN", "127.0.0.1:0")]);
    serve.wait_for("listens on http://");
    approve("v1.1.0");
    serve.signal("TERM");
    serve.end().ended(0);
}
