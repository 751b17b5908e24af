//! The time one message takes, on average over all sentences of all corpora, mixed: `cargo bench -p chat`.
//!
//! Two times are told. To read a message is what every message takes (`read_with`). To say what would work in the place of what
//! does not takes longer (`parse_with`), and is needed where a problem is shown. The limit, 2 µs with the sample's names and
//! twice that with a thousand more, holds for the first, and it fails when the mean is above that. What is measured is the least
//! time of many passes over all messages, since whatever else runs can only make a pass slower. `cargo bench -p chat -- --print`
//! prints and never fails.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

#[path = "../tests/corpus/lines.rs"]
mod lines;
#[path = "../tests/corpus/rules.rs"]
#[expect(dead_code, reason = "the benchmark needs only the random numbers")]
mod rules;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use chat::intent::{Named, Names, Vocabulary, parse_with, read_with};

/// How many names more, and how many nanoseconds a message may then take.
const LIMITS: [(usize, u64); 2] = [(0, 2_000), (1_000, 4_000)];
/// Passes over all messages, spread over some seconds: a busy machine has quiet moments in them.
const PASSES: u32 = 400;

fn main() -> ExitCode {
    if cfg!(debug_assertions) {
        println!("this is no release build, so its times say nothing: run `cargo bench -p chat`");
        return ExitCode::SUCCESS;
    }
    let print = std::env::args().any(|argument| argument == "--print");
    let texts = mixed();
    let mut kept = true;
    for (more, limit_ns) in LIMITS {
        let vocabulary = Vocabulary::new(&names(more));
        let limit = limit_ns as f64 / 1e3;
        let read = times(&texts, |text| drop(black_box(read_with(black_box(text), &vocabulary))));
        let whole = times(&texts, |text| drop(black_box(parse_with(black_box(text), &vocabulary))));
        println!(
            "{more:>5} names more: {:.2} µs a message to read it (limit {limit:.2}), {:.2} µs with what is suggested; \
             {:.2} and {:.2} µs in the median of {PASSES} passes over {} messages",
            read.least,
            whole.least,
            read.median,
            whole.median,
            texts.len()
        );
        kept &= read.least <= limit;
    }
    if kept || print {
        return ExitCode::SUCCESS;
    }
    println!(
        "too slow: see which messages with `perf record`, or `cargo bench -p chat -- --print` to only look"
    );
    ExitCode::FAILURE
}

/// What a message takes on average, in microseconds.
struct Times {
    least: f64,
    median: f64,
}

fn times(texts: &[String], read: impl Fn(&str)) -> Times {
    let pass = || {
        let started = Instant::now();
        for text in texts {
            read(text);
        }
        started.elapsed()
    };
    let mut passes: Vec<Duration> = (0..PASSES).map(|_| pass()).collect();
    passes.sort_unstable();
    let mean = |pass: Duration| pass.as_secs_f64() * 1e6 / texts.len() as f64;
    Times { least: mean(passes[0]), median: mean(passes[passes.len() / 2]) }
}

/// All sentences, orders and others, short and long, in no order at all: files of one kind of sentence are easy to foresee.
fn mixed() -> Vec<String> {
    let cases = lines::all();
    let mut texts: Vec<String> = cases.map(|case| case.text).collect();
    let mut random = rules::Random::new(1);
    for last in (1..texts.len()).rev() {
        texts.swap(last, random.below(last + 1));
    }
    // They lie in memory as they come: a message that was just received is in the cache.
    texts.iter().map(|text| text.as_str().to_owned()).collect()
}

/// The sample's names and so many more, of all kinds and of usual shapes.
fn names(more: usize) -> Names {
    let mut names = Names::sample();
    for number in 0..more {
        match number % 4 {
            0 => names.services.push(Named::new(format!("billing-worker-{number}"))),
            1 => names.components.push(Named::new(format!("queue{number}"))),
            2 => names.jobs.push(Named::new(format!("backfillOrders{number}"))),
            _ => names.environments.push(Named::new(format!("preview-{number}"))),
        }
    }
    names
}
