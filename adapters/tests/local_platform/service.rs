//! A tiny web service: what the platform starts in these tests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

/// The command that starts this program as the service.
pub(crate) fn command() -> String {
    let program = std::env::current_exe().unwrap();
    format!("exec '{}' --exact service::acts_as_service --nocapture", program.display())
}

#[test]
fn acts_as_service() {
    let Ok(mode) = std::env::var("TEST_SERVICE") else { return };
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    println!("release {} begins as {mode}, token is {}", variable("RELEASE"), variable("TOKEN"));
    if mode == "leaky" {
        println!("as hex: {}", hex::encode(variable("TOKEN")));
        // In two parts, so that no scanner of sources takes it for a real one.
        let bound = |word: &str| format!("-----{word} PRIV{}", "ATE KEY-----");
        println!("{}\nMIIEpAIBAAKCAQEA\n{}", bound("BEGIN"), bound("END"));
        println!("{}{}", "x".repeat(3_990), variable("TOKEN"));
        std::process::exit(3);
    }
    if mode == "greedy" {
        let gigabytes = Vec::<u8>::new().try_reserve_exact(2 << 30);
        println!("2 GiB were {}", if gigabytes.is_ok() { "granted" } else { "refused" });
    }
    if mode == "crashing" {
        println!("out of luck");
        std::process::exit(3);
    }
    let listener = TcpListener::bind(("127.0.0.1", variable("PORT").parse().unwrap())).unwrap();
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        let mut line = String::new();
        let mut reader = BufReader::new(&stream);
        if reader.read_line(&mut line).is_err() {
            continue;
        }
        let signed_in = signs_in(&mut reader, &variable("TOKEN"));
        let (status, body) = match line.split(' ').nth(1).unwrap_or_default() {
            "/health" if mode == "sick" => ("503 Service Unavailable", "database is down".to_owned()),
            "/crash" => std::process::exit(3),
            "/session" if mode == "locked" => {
                ("403 Forbidden", format!("{} is no password", variable("TOKEN")))
            }
            "/session" if signed_in => ("200 OK", r#"{"session":{"token":"t-7"}}"#.to_owned()),
            "/session" => ("401 Unauthorized", "who are you?".to_owned()),
            "/slow" => {
                std::thread::sleep(std::time::Duration::from_secs(5));
                ("200 OK", String::new())
            }
            "/variable/API" => ("200 OK", variable("API")),
            "/variable/CACHE_DIR" => ("200 OK", variable("CACHE_DIR")),
            "/variable/DATABASE_URL" => ("200 OK", variable("DATABASE_URL")),
            _ => ("200 OK", std::process::id().to_string()),
        };
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
    }
}

/// Reads the rest of a request; whether it shows this password, or the token that is given for it.
fn signs_in(reader: &mut BufReader<&std::net::TcpStream>, password: &str) -> bool {
    let (mut length, mut signed_in) = (0, false);
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(3..) => {}
            _ => break,
        }
        let line = line.to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        signed_in |= line.trim() == "authorization: bearer t-7";
    }
    let mut body = vec![0; length];
    let whole = reader.read_exact(&mut body).is_ok();
    signed_in || (whole && length > 0 && String::from_utf8_lossy(&body).contains(password))
}
