//! Texts of the program as people start it: in the terminal without an account, and through Twilio with one.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adapters::twilio::sim::{ACCOUNT, Called, NUMBER, SimTwilio, TOKEN};
use engine::clock::SystemClock;

use crate::world::{Running, World};

/// Longest wait for a text.
const PATIENCE: Duration = Duration::from_mins(2);
/// Ben's phone in the sample's description.
const BEN: &str = "+491713920003";

/// The number a text offers to whoever takes it.
fn code(text: &str) -> String {
    let (before, _) = text.split_once(" if you take it").unwrap_or_else(|| panic!("no number in {text}"));
    before.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect()
}

/// What was said, without the breaks of lines and what stands before each.
fn in_one_line(host: &Running) -> String {
    host.said().split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ")
}

#[test]
fn without_an_account_the_terminal_is_the_phone() {
    let world = World::with_sample();
    let mut host = world.start(&["--as", "ana", "chat"], &[]);
    host.say("deploy production ref v1.1.0");
    host.wait_for("Text to ben (+491713920003)");
    // Long texts take several lines there.
    let number = code(&host.wait_until(in_one_line, |said| said.contains(" if you take it")));
    // Neither of these is ben's phone.
    host.say(&format!("/text {number}"));
    host.wait_until(in_one_line, |said| said.contains("That is none of the numbers I sent you."));
    host.say(&format!("/text +4917139200099 {number}"));
    host.say("/as ben");
    host.say(&format!("/text {number}"));
    host.wait_until(in_one_line, |said| said.contains("nobody else is texted about it"));
    host.say("cancel");
    host.wait_for("cancelled");
    host.say("/quit");
    host.end().ended(0);
}

/// Calls the program as Twilio would, at its own address; the status it answers.
fn call(listen: &str, called: &Called) -> u16 {
    let (_, rest) = called.address.split_once("//").unwrap();
    let path = &rest[rest.find('/').unwrap()..];
    let body: String = {
        let encode = |text: &str| -> String {
            text.bytes()
                .map(|byte| {
                    if byte.is_ascii_alphanumeric() {
                        char::from(byte).to_string()
                    } else {
                        format!("%{byte:02X}")
                    }
                })
                .collect()
        };
        let pairs =
            called.parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        pairs.collect::<Vec<_>>().join("&")
    };
    let mut stream = TcpStream::connect(listen).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {listen}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         X-Twilio-Signature: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        called.signature,
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The texts that were sent, once there are so many.
fn texts(sim: &SimTwilio, count: usize) -> Vec<(String, String)> {
    let began = Instant::now();
    loop {
        let records = sim.records();
        if records.len() >= count {
            return records.into_iter().map(|record| (record.to, record.body)).collect();
        }
        assert!(began.elapsed() < PATIENCE, "{records:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn with_an_account_texts_go_out_and_signed_replies_come_in() {
    let world = World::with_sample();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sim = runtime.block_on(SimTwilio::open(Arc::new(SystemClock))).unwrap();
    let base = sim.api_base();
    let mut serve = world.start(
        &["serve"],
        &[
            ("INFRA_CHAT_LISTEN", "127.0.0.1:0"),
            ("INFRA_CHAT_TWILIO_API_BASE", &base),
            ("INFRA_CHAT_TWILIO_ACCOUNT_SID", ACCOUNT),
            ("INFRA_CHAT_TWILIO_AUTH_TOKEN", TOKEN),
            ("INFRA_CHAT_TWILIO_FROM", NUMBER),
            ("INFRA_CHAT_TWILIO_PUBLIC_URL", "https://infra.example"),
        ],
    );
    let said = serve.wait_for("; end it with");
    let (_, rest) = said.split_once("listens on http://").unwrap();
    let listen = rest.split_once(';').unwrap().0.to_owned();
    world.program(&["--as", "ana", "run", "deploy production ref v1.1.0"]).ended(2);
    let (to, body) = texts(&sim, 1).remove(0);
    assert_eq!(to, BEN);
    assert!(body.contains("ana needs a yes"), "{body}");

    for told in sim.deliver() {
        assert_eq!(call(&listen, &told), 204);
        let forged = Called { signature: "c2lnbmVkIGJ5IG5vYm9keQ==".to_owned(), ..told };
        assert_eq!(call(&listen, &forged), 403);
    }
    let inbound = "https://infra.example/twilio/inbound";
    let reply = sim.comes_in(inbound, BEN, &code(&body));
    let mut altered = reply.clone();
    altered.parameters.retain(|(name, _)| name != "NumMedia");
    assert_eq!(call(&listen, &altered), 403);
    assert_eq!(call(&listen, &sim.comes_in(inbound, "+491713920099", &code(&body))), 200);
    assert_eq!(call(&listen, &reply), 200);
    // Delivered twice, it is heard once.
    assert_eq!(call(&listen, &reply), 200);
    let (to, answer) = texts(&sim, 2).remove(1);
    assert_eq!(to, BEN);
    assert!(answer.contains("nobody else is texted about it"), "{answer}");
    serve.signal("TERM");
    serve.end().ended(0);
    assert_eq!(sim.records().len(), 2, "{:?}", sim.records());
    world.program(&["audit", "list"]).ended(0).says("text.forged").says("text.replied").says("text.stranger");
}

#[test]
fn the_doctor_looks_at_the_account() {
    let world = World::with_sample();
    world.program(&["doctor"]).ended(0).says("shown in the terminal");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sim = runtime.block_on(SimTwilio::open(Arc::new(SystemClock))).unwrap();
    let base = sim.api_base();
    let mut settings = vec![
        ("INFRA_CHAT_TWILIO_API_BASE", base.as_str()),
        ("INFRA_CHAT_TWILIO_ACCOUNT_SID", ACCOUNT),
        ("INFRA_CHAT_TWILIO_AUTH_TOKEN", TOKEN),
        ("INFRA_CHAT_TWILIO_FROM", NUMBER),
    ];
    let told = world.program_with(&["doctor"], "", &settings).ended(0);
    told.says("Twilio takes the account and its token")
        .says("they come from +491713920000, which can send them")
        .says("nobody can reply: set twilio.public_url");
    settings.push(("INFRA_CHAT_TWILIO_PUBLIC_URL", "http://127.0.0.1:9"));
    world
        .program_with(&["doctor"], "", &settings)
        .ended(0)
        .says("set it to http://127.0.0.1:9/twilio/inbound")
        .says("no infra-chat answers at http://127.0.0.1:9 now: start `infra-chat serve`");
    // Of a program that runs and is found.
    settings.push(("INFRA_CHAT_LISTEN", "127.0.0.1:0"));
    let mut serve = world.start(&["serve"], &settings);
    let said = serve.wait_for("; end it with");
    let (_, rest) = said.split_once("listens on http://").unwrap();
    let here = format!("http://{}", rest.split_once(';').unwrap().0);
    settings[4].1 = &here;
    world.program_with(&["doctor"], "", &settings).ended(0).says("is this program, seen from here");
    settings[4].1 = &base;
    world.program_with(&["doctor"], "", &settings).ended(0).says("something else answers at");
    serve.signal("TERM");
    serve.end().ended(0);
    // Somebody else's number, and somebody else's token.
    settings[3].1 = "+491713920077";
    world
        .program_with(&["doctor"], "", &settings)
        .ended(1)
        .says("+491713920077 is no number of this account");
    settings[2].1 = "00000000000000000000000000000000";
    world
        .program_with(&["doctor"], "", &settings)
        .ended(1)
        .says("check twilio.account_sid and twilio.auth_token");
}
