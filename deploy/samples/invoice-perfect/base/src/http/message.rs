//! Reading one HTTP message: its head, and a body by length or in chunks, both within limits.

use std::io::{self, BufRead, Read};

const MAX_HEAD_BYTES: u64 = 16 * 1024;
const MAX_BODY_BYTES: u64 = 1024 * 1024;
const MAX_CHUNK_LINE_BYTES: u64 = 256;

#[derive(Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub(super) head: Head,
}

impl Request {
    /// The next request of a connection, or `None` when the other side has closed it.
    pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Request>> {
        let Some(head) = Head::read(from)? else { return Ok(None) };
        let mut words = head.first_line.split(' ');
        let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0")) =
            (words.next(), words.next(), words.next())
        else {
            return Err(bad("the request line is not METHOD TARGET HTTP/1.1"));
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (method, path, query) = (method.to_string(), path.to_string(), decode_form(query));
        let body = head.read_body(from, 0)?;
        Ok(Some(Request { method, path, query, body, head }))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn wants_close(&self) -> bool {
        let connection = self.header("connection").unwrap_or_default().to_ascii_lowercase();
        connection.contains("close") || (self.is_http_1_0() && !connection.contains("keep-alive"))
    }

    pub(super) fn is_http_1_0(&self) -> bool {
        self.head.first_line.ends_with("HTTP/1.0")
    }
}

#[derive(Debug)]
pub(super) struct Head {
    pub(super) first_line: String,
    pub(super) headers: Vec<(String, String)>,
}

impl Head {
    pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Head>> {
        let mut limited = from.take(MAX_HEAD_BYTES);
        let mut first_line = String::new();
        if limited.read_line(&mut first_line)? == 0 {
            return Ok(None);
        }
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            if limited.read_line(&mut line)? == 0 {
                return Err(bad("the head is cut off or too long"));
            }
            let line = line.trim_end();
            if line.is_empty() {
                return Ok(Some(Head { first_line: first_line.trim_end().to_string(), headers }));
            }
            let (name, value) = line.split_once(':').ok_or_else(|| bad("a header has no colon"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_string()));
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body; `default_length` when the head does not say how long it is.
    pub(super) fn read_body(&self, from: &mut impl BufRead, default_length: u64) -> io::Result<Vec<u8>> {
        if self.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return read_chunks(from);
        }
        let declared = self.header("content-length").map(str::parse::<u64>).transpose();
        let length = declared.map_err(|_| bad("content-length is not a number"))?;
        if length.is_some_and(|bytes| bytes > MAX_BODY_BYTES) {
            return Err(bad("the body is too long"));
        }
        let mut body = Vec::new();
        from.take(length.unwrap_or(default_length.min(MAX_BODY_BYTES))).read_to_end(&mut body)?;
        match length {
            Some(bytes) if (body.len() as u64) < bytes => Err(bad("the body is cut off")),
            _ => Ok(body),
        }
    }
}

fn read_chunks(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        from.by_ref().take(MAX_CHUNK_LINE_BYTES).read_line(&mut line)?;
        let size = line.trim_end().split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(size, 16).map_err(|_| bad("a chunk has no size"))?;
        if body.len() as u64 + size > MAX_BODY_BYTES {
            return Err(bad("the body is too long"));
        }
        from.by_ref().take(size).read_to_end(&mut body)?;
        let mut end = String::new();
        from.by_ref().take(MAX_CHUNK_LINE_BYTES).read_line(&mut end)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

/// `a=1&b=two+words` as names and values.
pub fn decode_form(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(k, v)| (unescape(k), unescape(v)))
        .collect()
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        match (bytes[at], escaped.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (other, _) => out.push(other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

pub(super) fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_string())
}
