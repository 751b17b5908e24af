//! One program runs the services, others speak with it.

use crate::world::{Running, World, http};

const TOKEN: &str = "a-token-for-the-tests";

#[test]
fn a_host_that_dies_leaves_its_guests_with_the_name_of_the_run_and_what_to_type() {
    let world = World::with_sample();
    let mut serve = world.start(&["serve"], &[("INFRA_CHAT_LISTEN", "127.0.0.1:0")]);
    serve.wait_for("listens on http://");
    // This release never becomes healthy, so there is time.
    let mut run = world.start(&["--as", "ana", "run", "deploy v1.3.0 to staging"], &[]);
    run.wait_for("[done] preflight");
    serve.signal("KILL");
    let told = run.end().ended(1);
    let id = told.run();
    let next = format!("infra-chat run \"status {id}\"");
    told.says(&format!("{id} is not over")).says(&next).says("has ended");
    serve.end();
}

#[test]
fn others_speak_with_the_host_as_guests() {
    let world = World::with_sample();
    let variables = [("INFRA_CHAT_LISTEN", "127.0.0.1:0"), ("INFRA_CHAT_API_TOKEN", TOKEN)];
    let mut serve = world.start(&["serve"], &variables);
    let said = serve.wait_for("listens on http://");
    let address = said.split("http://").nth(1).unwrap().split(';').next().unwrap().to_owned();

    world
        .program(&["--as", "ana", "run", "deploy v1.0.0 to staging"])
        .ended(0)
        .says_not("only while")
        .says("succeeded");
    world
        .chat(&["status staging", "restart api in staging", "/wait"])
        .ended(0)
        .says("as a guest")
        .says("release 1 (v1.0.0")
        .says("succeeded");
    world.program(&["status", "staging"]).ended(0).says("release 1");
    world.program(&["serve"]).ended(1).says("end it first");
    world.program(&["doctor"]).ended(0).says("infra-chat serve");

    let get = |path: &str, more: &str| {
        http(&address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n"))
    };
    assert_eq!(get("/healthz", ""), (200, "ok\n".to_owned()));
    assert_eq!(get("/readyz", "").0, 200);
    assert_eq!(get("/v1/runs/r-0000", "").0, 401);
    assert_eq!(get("/v1/runs/r-0000", "Authorization: Bearer wrong\r\n").0, 401);
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    assert_eq!(get("/v1/runs/r-0000", &token).0, 400);
    world.program(&["--as", "zoe", "user", "link", "ana", "http:ci"]).ended(0);
    assert_eq!(get("/v1/runs/r-0000?as=ci", &token).0, 404);
    let body = r#"{"as": "ci", "conversation": "build-7", "text": "restart web in staging"}"#;
    let (status, answer) = http(
        &address,
        &format!(
            "POST /v1/messages HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    assert_eq!(status, 200, "{answer}");
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["came"]["outcome"], "requested", "{answer}");
    let run = answer["came"]["runs"][0].as_str().unwrap();
    assert_eq!(get(&format!("/v1/runs/{run}?as=nobody"), &token).0, 403);
    let (status, told) = get(&format!("/v1/runs/{run}?as=ci"), &token);
    assert_eq!(status, 200);
    assert!(told.contains("restart"), "{told}");

    serve.signal("TERM");
    serve.end().ended(0);
}

#[test]
fn a_guest_is_told_that_the_database_does_not_answer_and_takes_the_place_of_a_host_that_ends() {
    let world = World::with_sample();
    let mut serve = world.start(&["serve"], &[("INFRA_CHAT_LISTEN", "127.0.0.1:0")]);
    serve.wait_for("listens on http://");
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.wait_for("Try: deploy");

    let (file, away) = (world.data().join("infra-chat.db"), world.data().join("away.db"));
    std::fs::rename(&file, &away).unwrap();
    let told = world.program(&["--as", "ana", "run", "deploy v1.0.0 to staging"]).ended(1);
    told.says("the database can't").says("next: try again in a moment").says_not("ended");
    std::fs::rename(&away, &file).unwrap();

    serve.signal("TERM");
    serve.end().ended(0);
    // Nothing was typed.
    chat.wait_for(TAKES_OVER);
    chat.say("status staging");
    chat.wait_for("staging: nothing is deployed");
    chat.end().ended(0).says_not("os error");
}

const TAKES_OVER: &str = "has ended: this one runs them now.";
const IS_GUEST_AGAIN: &str = "runs them now, and this one is its guest.";

#[test]
fn a_guest_takes_the_place_of_a_host_that_was_killed_and_loses_nothing_that_was_typed() {
    let world = World::with_sample();
    let mut serve = world.start(&["serve"], &[("INFRA_CHAT_LISTEN", "127.0.0.1:0")]);
    serve.wait_for("listens on http://");
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.wait_for("as a guest");
    chat.say("deploy v1.0.0 to staging");
    chat.wait_for("[done] preflight");
    serve.signal("KILL");
    for line in ["/wait", "status staging", "/as ben", "/whoami"] {
        chat.say(line);
    }
    chat.wait_for("You are ben");
    let web = world.edge("staging", "web");
    let well = "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(http(&web, well).0, 200);
    let told = chat.end().ended(0).says("staging: release 1 (v1.0.0").says("ana> /wait");
    for once in [TAKES_OVER, "succeeded in", "ana> status staging", "[done] preflight"] {
        assert_eq!(told.out.matches(once).count(), 1, "not once {once:?} in\n{}", told.all());
    }
    serve.end();
    // The services went with it, as with every host.
    assert!(std::net::TcpStream::connect(&web).is_err());
}

#[test]
fn of_two_guests_one_takes_the_place_and_the_other_is_its_guest() {
    let world = World::with_sample();
    let mut serve = world.start(&["serve"], &[("INFRA_CHAT_LISTEN", "127.0.0.1:0")]);
    serve.wait_for("listens on http://");
    let mut chats = [(); 2].map(|()| world.start(&["--as", "ana", "chat"], &[]));
    for chat in &mut chats {
        chat.wait_for("as a guest");
    }
    serve.signal("KILL");
    serve.end();
    for chat in &mut chats {
        chat.wait_until(Running::said, |said| said.contains(TAKES_OVER) || said.contains(IS_GUEST_AGAIN));
    }
    let [one, other] = chats;
    let (host, mut guest) = if one.said().contains(TAKES_OVER) { (one, other) } else { (other, one) };
    assert!(guest.said().contains(IS_GUEST_AGAIN), "{}", guest.said());
    guest.say("deploy v1.0.0 to staging");
    guest.wait_for("succeeded in");
    host.end().ended(0).says("succeeded in");
    // And now it is the only one left.
    guest.wait_for(TAKES_OVER);
    guest.say("status staging");
    guest.wait_for("staging: release 1 (v1.0.0");
    guest.end().ended(0);
}

#[test]
fn a_script_does_not_wait_behind_what_waits_for_people() {
    let world = World::with_sample();
    let mut serve = world.start(&["serve"], &[("INFRA_CHAT_LISTEN", "127.0.0.1:0")]);
    serve.wait_for("listens on http://");
    // This release never becomes healthy, so there is time.
    let mut run = world.start(&["--as", "ana", "run", "deploy v1.3.0 to staging"], &[]);
    run.wait_for("[done] preflight");
    let paused = world.program(&["--as", "ana", "run", "pause"]).ended(0).says("is paused").run();
    run.end().ended(2);
    let behind = format!("waits for {paused}, which is paused: resume {paused}");
    world.chat(&["deploy v1.0.0 to staging"]).ended(0).says(&behind);
    world.program(&["--as", "ana", "run", "deploy v1.1.0 to staging"]).ended(2).says(&behind);
    serve.signal("KILL");
    serve.end();
}

#[test]
fn who_leaves_is_told_what_stays_asked() {
    let world = World::with_sample();
    let still = "Still open, for half an hour since it was asked: Deploy where?";
    // Without what was said about an answer that was none.
    world.chat(&["deploy", "nowhere", "never mind", "quit"]).ended(0).says_not(still);
    world.chat(&["deploy", "nowhere", "quit"]).ended(0).says(still).says("`never mind` drops it");
    world.chat(&["never mind", "quit"]).ended(0);
    let told = world.chat(&["deploy", "quit"]).ended(0);
    told.says(still).says("`never mind` drops it");
    world
        .chat(&["status", "never mind", "quit"])
        .ended(0)
        .says("Still open, for ana")
        .says_not("half an hour");
}
