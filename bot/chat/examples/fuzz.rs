//! Mutates the sentences of the corpus and checks what must hold of every text whatsoever:
//!
//! `cargo run --release -p chat --example fuzz -- --seconds 600 --seed 1`
//!
//! It stops at the first text that breaks a rule, printed as a JSON string, with an exit code of 1. Such texts go into
//! `tests/corpus/`. The rules stand in `tests/corpus/rules.rs`; the tests check them too, for a shorter time.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a tool for developers")]

#[path = "../tests/corpus/lines.rs"]
mod lines;
#[path = "../tests/corpus/rules.rs"]
mod rules;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use chat::intent::{Names, Vocabulary};

fn main() -> ExitCode {
    let seconds = argument("--seconds").unwrap_or(60);
    let mut random = rules::Random::new(argument("--seed").unwrap_or(1));
    let vocabulary = Vocabulary::new(&Names::sample());
    let cases = lines::cases().into_iter().chain(lines::sealed()).chain(lines::sealed2());
    let texts: Vec<String> = cases.map(|case| case.text).collect();
    let started = Instant::now();
    let mut tried: u64 = 0;
    while started.elapsed() < Duration::from_secs(seconds) {
        let text = rules::mutated(&texts, &mut random);
        // A panic must not hide its text.
        let kept = std::panic::catch_unwind(|| rules::check(&text, &vocabulary))
            .unwrap_or_else(|_| Err("it panicked".to_owned()));
        if let Err(broken) = kept {
            println!("{}\n{broken}", serde_json::to_string(&text).unwrap());
            return ExitCode::FAILURE;
        }
        tried += 1;
    }
    println!("{tried} texts in {seconds} s, and every rule held");
    ExitCode::SUCCESS
}

/// The number after an option.
fn argument(option: &str) -> Option<u64> {
    let mut arguments = std::env::args().skip_while(|argument| argument != option).skip(1);
    arguments.next().map(|value| value.parse().unwrap_or_else(|_| panic!("{option} needs a whole number")))
}
