//! The time one message takes, on average over all sentences of the corpus: `cargo bench -p chat`.
//!
//! An iteration is one message, so "mean" is the mean per message. The goal: at most 2 µs with the sample's names, and at
//! most twice that with a thousand more.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

#[path = "../tests/corpus/lines.rs"]
mod lines;

use chat::intent::{Named, Names, Vocabulary, parse_with};
use divan::Bencher;

/// Messages to a sample: about as many as the corpus has, so that each sample is the same mixture.
const MESSAGES: u32 = 2_000;

fn main() {
    divan::main();
}

#[divan::bench(args = [0, 1_000], sample_size = MESSAGES, sample_count = 200)]
fn message(bencher: Bencher<'_, '_>, more_names: usize) {
    let vocabulary = Vocabulary::new(&names(more_names));
    let texts: Vec<String> = lines::cases()
        .into_iter()
        .chain(lines::sealed())
        .chain(lines::sealed2())
        .map(|case| case.text)
        .collect();
    let mut next = texts.iter().cycle();
    bencher
        .with_inputs(move || next.next().unwrap().as_str())
        .bench_local_values(|text| parse_with(text, &vocabulary));
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
