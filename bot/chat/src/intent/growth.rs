//! How much work a text is, and how it grows with the length: counted, so that it is the same on every machine.

use std::cell::Cell;
use std::fmt::Write as _;
use std::path::Path;

use super::{Names, Vocabulary, parse_with};

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
    static READINGS: Cell<u64> = const { Cell::new(0) };
    static MEASURES: Cell<u64> = const { Cell::new(0) };
}

/// Somebody looked at a token.
pub(super) fn step() {
    STEPS.with(|steps| steps.set(steps.get() + 1));
}

/// A text was read: what was said, or a suggestion.
pub(super) fn reading() {
    READINGS.with(|readings| readings.set(readings.get() + 1));
}

/// The distance between two words was measured, letter by letter.
pub(super) fn measure() {
    MEASURES.with(|measures| measures.set(measures.get() + 1));
}

/// What one message of the corpora may take on average, in hundredths: looks at a token, texts read (its own, and those
/// suggested in its place), and words measured. Who adds words and rules may need a little more; a leap is a mistake.
const WORK: [u64; 3] = [30_900, 135, 14];

/// Characters of the longer texts: several times what is within reach of any place.
const LENGTH: usize = 2_000;
/// Twice the text may take this much more work. Linear is 2; quadratic would be 4.
const GROWTH: f64 = 2.7;
/// Looks at one character of text, at most: linear with a huge factor would be as bad.
const LOOKS: u64 = 600;

/// Words that begin, join, end or qualify something, so that somebody looks ahead from each of them.
const WORDS: &[&str] = &[
    "deploy",
    "staging",
    "api",
    ",",
    "and",
    "then",
    ";",
    "\n",
    "if",
    "when",
    "don't",
    "who",
    "the",
    "in",
    "to",
    "canary",
    "10",
    "10/50/100",
    "with",
    "no",
    "migrations",
    "set",
    "PORT",
    "A=1",
    "\"",
    "'",
    "`",
    "~a",
    "<",
    "text me",
    "please",
    "it",
    "do",
    "rollback",
    "logs",
    "for",
    "last",
    "scale",
    "backfill",
    "batch",
    "-",
    "- ",
    "1.",
    "the deploy failed",
    "except",
    "all",
    "should",
    "plan",
    "connect stripe",
    "set up",
    "zzzz",
    "what",
    "is",
    "?",
    ".",
    "@ana",
    "v1.2",
    "every",
    "run",
    "same",
    "(",
    "=",
];

/// Texts of more than two kinds of word: what fuzzing found, and what looks worst.
const PATTERNS: &[&str] = &[
    "done production - deploy",
    "deploy done staging ,",
    "production, staging, api, web,",
    "deploy api and web and cron and staging and",
    "\"deploy\" 'api' “web”",
    "<https://x.io|deploy> <@U1> <#C1|api>",
    "* _ ~ ` ( [ <",
    "```a``` `b` ~c~ *d*",
    "backfill timezone and backfill invoice totals, then",
    "&amp;done\n- deploy staging\n- deplloy sy production",
    "- [ ] deploy\n1. lunch\n",
    "if api fails then deploy or",
    "never mind, deploy staging. don't -",
];

fn steps(text: &str, vocabulary: &Vocabulary) -> u64 {
    STEPS.with(|steps| steps.set(0));
    parse_with(text, vocabulary);
    STEPS.with(Cell::get)
}

#[test]
fn a_message_of_the_corpora_is_little_work() {
    let vocabulary = Vocabulary::new(&Names::sample());
    let texts = corpora();
    let counters = [&STEPS, &READINGS, &MEASURES];
    for counter in counters {
        counter.set(0);
    }
    for text in &texts {
        parse_with(text, &vocabulary);
    }
    let means = counters.map(|counter| counter.get() * 100 / texts.len() as u64);
    // A limit far above what is needed guards nothing.
    let kept = |(mean, limit): (u64, u64)| mean <= limit && mean * 10 >= limit * 7;
    assert!(
        means.into_iter().zip(WORK).all(kept),
        "{means:?} of looks, readings and measures a message, in hundredths, where {WORK:?} are the limits (lower them by hand)"
    );
}

/// What is said in every line of every corpus.
#[expect(clippy::unwrap_used, reason = "a test")]
fn corpora() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut texts = Vec::new();
    for part in ["", "sealed", "sealed2", "sealed3", "blind"] {
        for file in std::fs::read_dir(folder.join(part)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                let lines = std::fs::read_to_string(path).unwrap();
                let cases =
                    lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
                texts.extend(cases.map(|case| case["text"].as_str().unwrap().to_owned()));
            }
        }
    }
    texts
}

#[test]
fn work_grows_with_the_length_and_no_faster() {
    let vocabulary = Vocabulary::new(&Names::sample());
    let heads = [
        "deploy staging ",
        "logs ",
        "scale api ",
        "set ",
        "if it fails ",
        "I think ",
        "don't ",
        "backfill ",
        "text me if a deploy fails on ",
    ];
    let pairs = WORDS.iter().flat_map(|first| WORDS.iter().map(move |second| ("", *first, *second)));
    let headed = heads.iter().flat_map(|head| {
        WORDS.iter().flat_map(move |first| ["", ",", "and"].map(|second| (*head, *first, second)))
    });
    let longer = PATTERNS.iter().map(|pattern| ("", *pattern, ""));
    let mut misses = String::new();
    for (head, first, second) in pairs.chain(headed).chain(longer) {
        let pattern = format!("{first} {second} ");
        // An even number of both, so that what opens at one and closes at the next is as open in the longer text.
        let times = (LENGTH - head.len()) / pattern.len() / 4 * 2;
        let text = |times: usize| format!("{head}{}", pattern.repeat(times));
        let half = steps(&text(times), &vocabulary);
        let whole = steps(&text(2 * times), &vocabulary);
        let fast = whole as f64 > GROWTH * half as f64 && whole > 20 * LENGTH as u64;
        if fast || whole > LOOKS * LENGTH as u64 {
            let _ = writeln!(misses, "{head:?} {pattern:?}: {half} then {whole}");
        }
    }
    assert!(misses.is_empty(), "{misses}");
}
