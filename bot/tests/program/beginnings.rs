//! From an empty folder to a project of one's own, by talking alone.

use std::process::Command;

use crate::world::World;

#[test]
fn a_project_is_set_up_in_the_chat() {
    let world = World::empty();
    let shop = world.path("corner-shop");
    assert!(Command::new("git").args(["init", "--quiet"]).arg(&shop).status().unwrap().success());
    let shop = shop.display().to_string();
    world.program(&["user", "add", "ana", "--role", "admin", "--identity", "terminal:ana"]).ended(0);
    let told = world.chat(&[
        "status",
        "set up staging for Corner Shop on local",
        "/srv/corner shop",
        "/srv/no-such-shop",
        &shop,
    ]);
    // Whoever made themselves known brings a project of their own: there is no sample.
    let told =
        told.ended(0).says("There is no project yet. Try: set up staging").says("There is no project yet.\n");
    told.says("«/srv/corner shop» is no git URL")
        .says("«/srv/no-such-shop» is no git repository that I can read on this machine")
        .says("Which services is it made of?")
        .says_not("invoice-perfect");
    // Asked again at the next start; what was answered is kept.
    let told = world.chat(&["app", "none", "./app", "none", "none", "none"]);
    told.ended(0)
        .says("Still open, for ")
        .says(": Which services is it made of?")
        .says(&format!("repository: {shop}"))
        .says("Is that right?");
    world.program(&["project", "export"]).ended(2).says("there is no project yet");
    world.chat(&["yes"]).ended(0).says("corner-shop is set up: 1 service, 1 environment.");
    let exported = world.program(&["project", "export"]).ended(0).out;
    // The port is the first that is free on the machine of the test.
    let (described, port) = exported.rsplit_once("127.0.0.1:80").unwrap();
    assert!(port.starts_with(|digit: char| digit.is_ascii_digit()) && port.ends_with("\" }\n"), "{exported}");
    let expected = format!(
        "project: corner-shop\nsource: {{ repository: {shop} }}\nservices:\n  app:\n    start: ./app\n    \
         health: {{ path: /health, timeout_s: 60 }}\nenvironments:\n  staging:\n    edge: {{ app: \""
    );
    assert_eq!(described, expected);
    world.chat(&["can I deploy staging?"]).ended(0).says("Yes, you can deploy staging now.");
}
