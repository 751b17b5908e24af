//! The way from web to api: one request, one connection, a time limit.

use super::message::{bad, Head};
use std::io::{self, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

pub struct Answer {
    pub status: u16,
    pub body: String,
    head: Head,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }
}

/// Sends `method` `path` with a JSON body to the server at `base` (`http://host:port`).
pub fn call(base: &str, method: &str, path: &str, cookie: Option<&str>, body: &str) -> io::Result<Answer> {
    let host = base
        .trim_end_matches('/')
        .strip_prefix("http://")
        .ok_or_else(|| bad("API_URL is not http://host:port"))?;
    let host_with_port = if host.contains(':') { host.to_string() } else { format!("{host}:80") };
    let address = host_with_port.to_socket_addrs()?.next().ok_or_else(|| bad("API_URL has no address"))?;
    let mut stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
    let cookie = cookie.map(|value| format!("cookie: {value}\r\n")).unwrap_or_default();
    let length = body.len();
    let kind = "content-type: application/json\r\nconnection: close";
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{cookie}{kind}\r\ncontent-length: {length}\r\n\r\n{body}")?;
    let mut reader = BufReader::new(stream);
    let head =
        Head::read(&mut reader)?.ok_or_else(|| bad("the api closed the connection without an answer"))?;
    let status = head.first_line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| bad("the api's answer has no status"))?;
    let body = head.read_body(&mut reader, u64::MAX)?;
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned(), head })
}
