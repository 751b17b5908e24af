//! What a platform and a proxy rely on: keep-alive, streams, a clean stop, and a database shell that may die.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::time::{Duration, Instant};

use support::{Release, read_answer, signal};

const PROMPTLY: Duration = Duration::from_secs(2);

#[test]
fn a_connection_serves_many_requests_also_with_chunked_bodies() {
    let release = Release::ready("v1.6.0");
    let api = release.api();
    let mut stream = api.connect();
    for _ in 0..3 {
        stream.write_all(b"GET /api/invoices/7 HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
        assert_eq!(read_answer(&stream).json()["invoice"]["id"], 7);
    }
    let chunked = "POST /api/session HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n\
        1c\r\n{\"email\":\"nobody\",\"password\"\r\n6\r\n:\"no\"}\r\n0\r\n\r\n";
    stream.write_all(chunked.as_bytes()).unwrap();
    assert_eq!(read_answer(&stream).status, 401);
    stream.write_all(b"nonsense\r\n\r\n").unwrap();
    assert_eq!(read_answer(&stream).status, 400);
}

#[test]
fn events_come_one_by_one_as_they_happen() {
    let release = Release::ready("v1.6.0");
    let api = release.api();
    let web = release.web(&api);
    let mut stream = web.connect();
    let began = Instant::now();
    stream.write_all(b"GET /events?interval_ms=400&count=3 HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let ticks: Vec<Duration> = lines
        .take_while(|line| line != "0")
        .filter(|line| line.starts_with("data: "))
        .map(|_| began.elapsed())
        .collect();
    assert_eq!(ticks.len(), 3);
    assert!(ticks[2] >= ticks[0] + Duration::from_millis(700), "they came all at once: {ticks:?}");
}

#[test]
fn a_stop_ends_idle_connections_and_streams_at_once() {
    let release = Release::ready("v1.6.0");
    let api = release.api();
    let web = release.web(&api);
    let mut idle = web.connect();
    idle.write_all(b"GET /static/style.css HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
    assert_eq!(read_answer(&idle).status, 200);
    let mut stream = web.connect();
    stream.write_all(b"GET /events HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("data: ")));

    let (took, code, log) = web.stop();
    assert_eq!(code, Some(0));
    assert!(took < PROMPTLY, "{took:?}");
    assert!(log.lines().last().unwrap().contains(r#""cut_off":0"#), "{log}");
    assert_eq!(lines.last().unwrap().unwrap(), "", "the stream ended as a stream ends");

    let (took, code, log) = api.stop();
    assert_eq!(code, Some(0));
    assert!(took < PROMPTLY, "{took:?}");
    assert!(!log.contains("a secret of the tests"));
    assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{log}");
}

#[test]
fn a_dead_database_shell_is_replaced() {
    let release = Release::ready("v1.6.0");
    let api = release.api();
    assert_eq!(api.get("/health").status, 200);
    let shell = release.shell_process();
    signal("KILL", &shell);
    assert_eq!(api.get("/api/invoices").status, 200);
    assert_ne!(release.shell_process(), shell);
}

/// As on a machine so busy that starting a program takes long: ending it for that would only begin the start anew.
#[test]
fn a_database_shell_that_starts_slowly_is_waited_for() {
    let release = Release::ready("v1.6.0");
    let api = release.api_with_slow_shell(7);
    let began = Instant::now();
    let early = api.get("/health");
    assert_eq!(early.status, 503);
    assert_eq!(early.json()["components"]["database"]["error"], "the database shell gave no answer in 5 s");
    assert_eq!(api.get("/health").status, 200);
    assert!(began.elapsed() < Duration::from_secs(14), "it was started once: {:?}", began.elapsed());
    assert_eq!(api.get("/api/invoices").status, 200);
}

#[test]
fn health_is_503_while_a_component_is_down_and_names_it() {
    let release = Release::ready("v1.6.0");
    std::fs::write(release.home().join("cache"), "a file where the cache folder should be").unwrap();
    let api = release.api();
    let web = release.web(&api);
    let health = api.get("/health");
    assert_eq!(health.status, 503);
    assert_eq!(health.json()["components"]["cache"]["status"], "down");
    assert_eq!(health.json()["components"]["database"]["status"], "up");
    assert_eq!(web.get("/health").status, 503, "web is as healthy as its api");

    std::fs::remove_file(release.home().join("cache")).unwrap();
    assert_eq!(web.get("/health").status, 200);
}
