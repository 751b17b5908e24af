//! The server: a thread per connection with keep-alive, a limit on connections, and a drain when asked to stop.

use super::message::Request;
use crate::json::Json;
use crate::{config, log, stop};
use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// More than this many connections at once are turned away with 503, so that threads can't pile up.
const MAX_CONNECTIONS: usize = 512;
/// Longer than a proxy in front keeps its idle connections, so that it closes first.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const DRAIN_LIMIT: Duration = Duration::from_secs(5);
const DRAIN_POLL: Duration = Duration::from_millis(20);
const STACK_BYTES: usize = 512 * 1024;

/// What a streaming answer calls with each piece; an error means that the reader has gone.
type Send<'a> = &'a mut dyn FnMut(&str) -> io::Result<()>;

pub enum Body {
    Full(Vec<u8>),
    Stream(Box<dyn FnOnce(Send) -> io::Result<()>>),
}

pub struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

impl Response {
    pub fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Response {
        Response { status, headers: vec![("content-type", kind.to_string())], body: Body::Full(body.into()) }
    }

    pub fn json(status: u16, value: &Json) -> Response {
        Response::new(status, "application/json", format!("{value}\n"))
    }

    pub fn error(status: u16, message: &str) -> Response {
        Response::json(status, &Json::object([("error", Json::text(message))]))
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Response {
        self.headers.push((name, value.into()));
        self
    }
}

/// Serves until the process is asked to stop and the requests under way are answered.
pub fn listen(
    port: u16,
    handle: impl Fn(&Request) -> Response + std::marker::Send + Sync + 'static,
) -> Result<(), String> {
    let refused = |error: io::Error| format!("cannot listen on 127.0.0.1:{port}: {error}");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(refused)?;
    // Port 0 asks for any free one; the log says which it became.
    let port = listener.local_addr().map_err(refused)?.port();
    let connections = Arc::new(Connections::default());
    let draining = Arc::clone(&connections);
    stop::when_asked(move || {
        draining.close_idle();
        // Wakes the accept below, which sees that we are draining.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    })?;
    log::info("listening", &[("port", Json::Int(i64::from(port)))]);
    let handle = Arc::new(handle);
    for (number, stream) in listener.incoming().enumerate() {
        if stop::is_draining() {
            break;
        }
        let Ok(stream) = stream else {
            // Out of file descriptors, most likely: give connections a moment to end.
            std::thread::sleep(DRAIN_POLL);
            continue;
        };
        accept(number, stream, &connections, Arc::clone(&handle));
    }
    drop(listener);
    drain(&connections);
    Ok(())
}

fn accept(
    number: usize,
    stream: TcpStream,
    connections: &Arc<Connections>,
    handle: Arc<impl Fn(&Request) -> Response + std::marker::Send + Sync + 'static>,
) {
    let Some(connection) = Connection::open(number, &stream, connections) else {
        let _ = write_response(
            &stream,
            Response::error(503, "too many connections, try again"),
            false,
            true,
            false,
        );
        return;
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    let spawned = thread.spawn(move || {
        if let Err(error) = converse(&stream, &connection, &*handle) {
            if error.kind() == io::ErrorKind::InvalidData {
                let answer = Response::error(400, &format!("bad request: {error}"));
                let _ = write_response(&stream, answer, false, true, false);
            }
        }
    });
    if let Err(error) = spawned {
        log::error("cannot start a thread", &[("error", Json::text(error.to_string()))]);
    }
}

fn converse(
    stream: &TcpStream,
    connection: &Connection,
    handle: &impl Fn(&Request) -> Response,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(IDLE_TIMEOUT))?;
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let mut reader = BufReader::new(stream);
    while connection.may_wait() {
        let Some(request) = Request::read(&mut reader)? else { break };
        connection.busy();
        let began = Instant::now();
        let response = handle(&request);
        let status = response.status;
        let close = request.wants_close() || stop::is_draining();
        let sent = write_response(stream, response, request.method == "HEAD", close, request.is_http_1_0());
        log_request(&request, status, began.elapsed());
        sent?;
        if close {
            break;
        }
    }
    Ok(())
}

fn log_request(request: &Request, status: u16, took: Duration) {
    let fields = [
        ("method", Json::text(request.method.as_str())),
        ("path", Json::text(request.path.as_str())),
        ("status", Json::Int(i64::from(status))),
        ("took_us", Json::Int(i64::try_from(took.as_micros()).unwrap_or(i64::MAX))),
    ];
    match status {
        500.. => log::error("request failed", &fields),
        _ => log::info("request", &fields),
    }
}

fn write_response(
    mut stream: &TcpStream,
    response: Response,
    head_only: bool,
    close: bool,
    old: bool,
) -> io::Result<()> {
    let Response { status, headers, body } = response;
    let mut head = format!("HTTP/1.1 {status} {}\r\nx-release: {}\r\n", reason(status), config::release());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {}\r\n", value.replace(['\r', '\n'], " ")));
    }
    let streaming = matches!(body, Body::Stream(_));
    if close || (streaming && old) {
        head.push_str("connection: close\r\n");
    }
    match body {
        Body::Full(bytes) => {
            let mut message = format!("{head}content-length: {}\r\n\r\n", bytes.len()).into_bytes();
            message.extend_from_slice(if head_only { &[] } else { &bytes });
            stream.write_all(&message)
        }
        Body::Stream(_) if head_only => stream.write_all(format!("{head}\r\n").as_bytes()),
        // HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
        Body::Stream(produce) if old => {
            stream.write_all(format!("{head}\r\n").as_bytes())?;
            produce(&mut |piece| stream.write_all(piece.as_bytes()))?;
            stream.shutdown(Shutdown::Both)
        }
        Body::Stream(produce) => {
            stream.write_all(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes())?;
            produce(&mut |piece| stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()))?;
            stream.write_all(b"0\r\n\r\n")
        }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        303 => "See Other",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        422 => "Unprocessable Content",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}

fn drain(connections: &Connections) {
    let began = Instant::now();
    while connections.count() > 0 && began.elapsed() < DRAIN_LIMIT {
        connections.close_idle();
        std::thread::sleep(DRAIN_POLL);
    }
    let took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let cut_off = i64::try_from(connections.count()).unwrap_or(i64::MAX);
    log::info("stopped", &[("drained_ms", Json::Int(took_ms)), ("cut_off", Json::Int(cut_off))]);
}

/// The open connections, kept so that the idle ones can be closed when we stop.
#[derive(Default)]
struct Connections {
    open: Mutex<HashMap<usize, (TcpStream, Arc<AtomicBool>)>>,
}

impl Connections {
    fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).len()
    }

    /// Ends the reading side of connections that wait for a next request; their threads then see the end.
    fn close_idle(&self) {
        for (stream, idle) in self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).values() {
            if idle.load(Ordering::SeqCst) {
                let _ = stream.shutdown(Shutdown::Read);
            }
        }
    }
}

/// One connection's place among the open ones, given up when it ends.
struct Connection {
    number: usize,
    idle: Arc<AtomicBool>,
    all: Arc<Connections>,
}

impl Connection {
    fn open(number: usize, stream: &TcpStream, all: &Arc<Connections>) -> Option<Connection> {
        let mut open = all.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if open.len() >= MAX_CONNECTIONS {
            return None;
        }
        let idle = Arc::new(AtomicBool::new(true));
        open.insert(number, (stream.try_clone().ok()?, Arc::clone(&idle)));
        Some(Connection { number, idle, all: Arc::clone(all) })
    }

    fn may_wait(&self) -> bool {
        self.idle.store(true, Ordering::SeqCst);
        !stop::is_draining()
    }

    fn busy(&self) {
        self.idle.store(false, Ordering::SeqCst);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).remove(&self.number);
    }
}
