//! Mutates the sentences of the corpus and checks what must hold of every text whatsoever:
//!
//! `cargo run --release -p chat --example fuzz -- --seconds 600 --seed 1`
//!
//! It prints each text that breaks a rule as a JSON string, stops at the tenth, and ends with an exit code of 1 when there
//! was one. Such texts go into `tests/corpus.rs`. The rules stand in `tests/corpus/rules.rs`; the tests check them too, for a
//! shorter time. The time a text takes is checked here alone, because it depends on the machine.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a tool for developers")]

#[path = "../tests/corpus/lines.rs"]
mod lines;
#[path = "../tests/corpus/rules.rs"]
mod rules;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use chat::intent::{MAX_CHARS, Names, Vocabulary, parse_with};

/// After so many findings there is enough to mend.
const MOST_FOUND: usize = 10;
/// What is wrong with a text is said in its first words.
const LONGEST_SHOWN: usize = 600;
/// Of so many texts the time of one is checked: it takes longer than all other rules.
const TIMED: u64 = 500;

fn main() -> ExitCode {
    let seconds = argument("--seconds").unwrap_or(60);
    let mut random = rules::Random::new(argument("--seed").unwrap_or(1));
    let vocabulary = Vocabulary::new(&Names::sample());
    let cases = lines::all();
    let texts: Vec<String> = cases.map(|case| case.text).collect();
    let started = Instant::now();
    let (mut tried, mut timed, mut found) = (0_u64, 0_u64, 0);
    while started.elapsed() < Duration::from_secs(seconds) && found < MOST_FOUND {
        let text = rules::mutated(&texts, &mut random);
        // A panic must not hide its text.
        let kept = std::panic::catch_unwind(|| rules::check(&text, &vocabulary))
            .unwrap_or_else(|_| Err("it panicked".to_owned()));
        let kept = if kept.is_ok() && tried.is_multiple_of(TIMED) {
            timed += 1;
            takes_time_by_length(&text, &vocabulary)
        } else {
            kept
        };
        if let Err(broken) = kept {
            let broken: String = broken.chars().take(LONGEST_SHOWN).collect();
            println!("{}\n{broken}", serde_json::to_string(&text).unwrap());
            found += 1;
        }
        tried += 1;
    }
    if found > 0 {
        println!("{tried} texts, of which {found} broke a rule");
        return ExitCode::FAILURE;
    }
    println!("{tried} texts in {seconds} s, {timed} of them timed, and every rule held");
    ExitCode::SUCCESS
}

/// A text said again and again, up to the longest that is read, takes time in proportion to its length.
fn takes_time_by_length(text: &str, vocabulary: &Vocabulary) -> Result<(), String> {
    /// The longer text has so many times the characters of the shorter.
    const LONGER: u32 = 10;
    /// Linear is 1; what is quadratic would be near [`LONGER`].
    const FACTOR: u32 = 4;
    /// A disturbed clock is asked again.
    const ATTEMPTS: u32 = 6;
    if text.is_empty() {
        return Ok(());
    }
    let long: String = text.chars().chain(" ".chars()).cycle().take(MAX_CHARS).collect();
    let short: String = long.chars().take(MAX_CHARS / LONGER as usize).collect();
    let least = |text: &str| {
        (0..5)
            .map(|_| {
                let started = Instant::now();
                std::hint::black_box(parse_with(std::hint::black_box(text), vocabulary));
                started.elapsed()
            })
            .min()
            .unwrap_or_default()
    };
    // The shorter text may end at its first fault or be a quotation, and take no time: this is what a usual text of the
    // longest kind takes.
    let slack = Duration::from_micros(300);
    let mut last = (Duration::ZERO, Duration::ZERO);
    for _ in 0..ATTEMPTS {
        last = (least(&short), least(&long));
        if last.1 <= last.0 * LONGER * FACTOR + slack {
            return Ok(());
        }
    }
    Err(format!(
        "again and again, {} characters take {:?} and {MAX_CHARS} take {:?}",
        short.chars().count(),
        last.0,
        last.1
    ))
}

/// The number after an option.
fn argument(option: &str) -> Option<u64> {
    let mut arguments = std::env::args().skip_while(|argument| argument != option).skip(1);
    arguments.next().map(|value| value.parse().unwrap_or_else(|_| panic!("{option} needs a whole number")))
}
