//! Traffic: many clients that ask a service for pages, so that a canary has something to be judged by. Each client has an
//! address of its own (`X-Forwarded-For`), as behind a proxy, so the edge can tell them apart.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Threads that ask, in turn.
const WORKERS: u32 = 16;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Clients in one block of addresses.
const BLOCK: u32 = 250;
/// The third number of their addresses. An edge spreads clients by a hash of theirs, and a few dozen are seldom spread evenly: of those with
/// this one, a tenth of the first forty is among the first to go to a canary.
const EVEN: u32 = 69;

/// A page to ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Page {
    host: String,
    path: String,
}

impl Page {
    /// Reads `http://127.0.0.1:7400/customers`; nothing when it is no such address.
    pub fn read(address: &str) -> Option<Self> {
        let rest = address.strip_prefix("http://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        host.contains(':').then(|| Self { host: host.to_owned(), path: format!("/{path}") })
    }
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.host, self.path)
    }
}

/// What a release answered for a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answers {
    /// Requests that were sent.
    pub asked: u64,
    /// Those that got no answer, or one with a status of 500 or more.
    pub failed: u64,
}

/// Answers by page and release; those that no release gave have none.
pub type Tally = BTreeMap<(Page, Option<u32>), Answers>;

/// Traffic that goes on until it is dropped.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    tally: Arc<Mutex<Tally>>,
    workers: Vec<JoinHandle<()>>,
}

impl Load {
    /// So many clients ask for these pages in turn, so many requests a second together.
    pub fn start(pages: &[Page], a_second: u32, clients: u32) -> Self {
        let (stop, tally) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Tally::new())));
        let each = Duration::from_secs(1) / a_second.max(1);
        let begun = Instant::now();
        let worker = |number: u32| {
            let (stop, tally, pages) = (Arc::clone(&stop), Arc::clone(&tally), pages.to_vec());
            std::thread::spawn(move || {
                let mut nth = number;
                while !stop.load(Ordering::Relaxed) {
                    std::thread::sleep((begun + each * nth).saturating_duration_since(Instant::now()));
                    let Some(page) = pages.get(nth as usize % pages.len().max(1)) else { return };
                    // Not in step with the pages, or each client would ask for one of them alone.
                    let client = (nth / pages.len().max(1) as u32) % clients.max(1);
                    let (release, good) = ask(page, client).unwrap_or((None, false));
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    let answers = tally.entry((page.clone(), release)).or_default();
                    answers.asked += 1;
                    answers.failed += u64::from(!good);
                    nth += WORKERS;
                }
            })
        };
        let workers = (0..WORKERS).map(worker).collect();
        Self { stop, tally, workers }
    }

    /// What came of it so far.
    pub fn tally(&self) -> Tally {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers.drain(..) {
            // One that panicked has nothing more to say.
            let _ended = worker.join();
        }
    }
}

/// Asks once: the release that answered, and whether it did well.
fn ask(page: &Page, client: u32) -> std::io::Result<(Option<u32>, bool)> {
    let mut stream = TcpStream::connect(&page.host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Addresses that are set aside for measuring (RFC 2544).
    let address = format!("198.{}.{EVEN}.{}", 18 + client / BLOCK % 2, client % BLOCK);
    let Page { host, path } = page;
    stream.write_all(
        format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {address}\r\nConnection: close\r\n\r\n"
        )
        .as_bytes(),
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let head = String::from_utf8_lossy(&answer);
    let head = head.split("\r\n\r\n").next().unwrap_or_default();
    let status: u16 = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let release = head.lines().filter_map(|line| line.split_once(": ")).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("x-infra-chat-release").then(|| value.trim().parse().ok()).flatten()
    });
    Ok((release, (200..500).contains(&status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_whole() {
        let read = |address| Page::read(address).map(|page| page.to_string());
        assert_eq!(
            read("http://127.0.0.1:7400/customers?a=1").as_deref(),
            Some("127.0.0.1:7400/customers?a=1")
        );
        assert_eq!(read("http://127.0.0.1:7400").as_deref(), Some("127.0.0.1:7400/"));
        assert_eq!(read("https://127.0.0.1:7400/"), None);
        assert_eq!(read("http://shop/"), None);
    }
}
