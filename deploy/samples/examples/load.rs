//! Traffic for the sample, so that a canary can be watched: `cargo run -p samples --example load`. It asks staging's pages fifty
//! times a second as forty clients and says every five seconds what each release answered, until it is stopped.
//!
//! `load [--rate REQUESTS_A_SECOND] [--clients N] [--seconds S] [http://HOST:PORT/PATH ...]`

#![allow(clippy::print_stdout, reason = "it says what it sees")]

use std::time::Duration;

use samples::{Load, Page, Tally};

/// What is asked for when nothing is said: both services of the sample's staging.
const PAGES: [&str; 2] = ["http://127.0.0.1:7401/api/invoices", "http://127.0.0.1:7400/customers"];
/// How often it says how it goes.
const TELL_EVERY: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut rate, mut clients, mut seconds, mut pages) = (50_u32, 40_u32, u64::MAX, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().ok_or(format!("{argument} wants a number"));
        match argument.as_str() {
            "--rate" => rate = number()?.parse()?,
            "--clients" => clients = number()?.parse()?,
            "--seconds" => seconds = number()?.parse()?,
            page => pages.push(Page::read(page).ok_or(format!("{page} is no address like {}", PAGES[0]))?),
        }
    }
    if pages.is_empty() {
        pages = PAGES.iter().filter_map(|page| Page::read(page)).collect();
    }
    let load = Load::start(&pages, rate, clients);
    let mut told = Tally::new();
    let mut passed = Duration::ZERO;
    while passed.as_secs() < seconds {
        std::thread::sleep(TELL_EVERY);
        passed += TELL_EVERY;
        let now = load.tally();
        for ((page, release), answers) in &now {
            let before = told.get(&(page.clone(), *release)).copied().unwrap_or_default();
            let (asked, failed) = (answers.asked - before.asked, answers.failed - before.failed);
            let release = release.map_or("nobody".to_owned(), |release| format!("release {release}"));
            println!("{:>4} s  {page}  {release}: {failed} of {asked} failed", passed.as_secs());
        }
        told = now;
    }
    Ok(())
}
