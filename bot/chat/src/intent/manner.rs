//! How an order was to go, which no sentence suggested in its place may lose: only tried, with exceptions, with or without
//! a canary, with which migrations, of which code.

use super::lexicon::{look_up, near_keyword};
use super::names::Vocabulary;
use super::values;

/// Words that say how an order is to go; a suggestion must hold one of the same row, as far as it changes the world.
const MANNERS: [&[&str]; 3] = [
    &["except", "excluding", "minus", "apart", "aside", "skip", "skipping"],
    &["canary", "canaries", "straight"],
    &["migration", "migrations", "migrate", "migrating"],
];

/// Words that say that an order is only to be tried.
const TRIED: &[&str] = &[
    "dry",
    "dry-run",
    "dryrun",
    "dry_run",
    "rehearse",
    "rehearsal",
    "rehearsed",
    "simulate",
    "simulated",
    "simulation",
    "preview",
    "plan",
];

/// Words that take away what stands behind them.
const WITHOUT: &[&str] = &[
    "no", "not", "without", "skip", "skipping", "wo", "w/o", "don't", "dont", "sans", "ohne", "sin", "senza",
    "sem", "zonder", "utan",
];

/// Behind these stands what code is meant.
const REFS: &[&str] = &["ref", "branch", "tag", "commit", "sha"];

/// Words no whole sentence ends in.
const LITTLE: &[&str] = &[
    "and", "or", "but", "then", "a", "an", "the", "to", "in", "on", "of", "for", "with", "without", "as",
    "at", "by", "from", "into", "onto", "via", "than", "except", "if", "when", "because", "plus", "using",
];

/// What of the manner of an order a text says.
#[derive(Debug, Default)]
pub(super) struct Manner {
    tried: bool,
    manners: [bool; MANNERS.len()],
    without: [bool; MANNERS.len()],
    refs: Vec<String>,
    timed: bool,
}

impl Manner {
    /// What this text says.
    pub(super) fn of(text: &str, vocabulary: &Vocabulary) -> Self {
        let low = text.to_lowercase();
        // An environment may be called "preview".
        let named =
            |word: &str| values::slashed(word).all(|part| vocabulary.find(std::iter::once(part)).is_some());
        let words: Vec<&str> = words(&low).filter(|word| !named(word)).map(spelled).collect();
        let mut manner = Self {
            tried: words.iter().any(|word| TRIED.contains(word)),
            timed: words.iter().any(|word| is_time(word)),
            ..Self::default()
        };
        for (at, word) in words.iter().enumerate() {
            let before = &words[at.saturating_sub(2)..at];
            for (row, manners) in MANNERS.iter().enumerate().filter(|(_, manners)| manners.contains(word)) {
                manner.manners[row] = true;
                manner.without[row] |= before.iter().chain([word]).any(|word| WITHOUT.contains(word))
                    && !manners.contains(&"except");
            }
            let announced = at > 0 && REFS.contains(&words[at - 1]);
            if announced && !WITHOUT.contains(word) || values::is_ref(word) && !is_time(word) {
                manner.refs.push((*word).to_owned());
            }
        }
        manner
    }

    /// Whether a sentence that is understood says it as well, as far as it changes the world.
    pub(super) fn is_kept_by(&self, sentence: &str, vocabulary: &Vocabulary) -> bool {
        if !self.tried && !self.timed && self.refs.is_empty() && !self.manners.contains(&true) {
            return true;
        }
        let parsed = super::read(sentence, vocabulary);
        let mut changing = parsed.commands.iter().filter(|command| command.action.row().changes).peekable();
        if changing.peek().is_none() {
            return true;
        }
        if self.tried && !changing.all(|command| command.dry_run || command.rehearse) {
            return false;
        }
        let other = Self::of(sentence, vocabulary);
        if self.timed && !other.timed {
            return false;
        }
        let manners = (0..MANNERS.len())
            .all(|row| !self.manners[row] || other.manners[row] && other.without[row] == self.without[row]);
        manners && self.refs.iter().all(|code| words(&sentence.to_lowercase()).any(|word| word == code))
    }
}

/// Whether a sentence does not break off, and does not say its verb twice.
pub(super) fn is_whole(sentence: &str) -> bool {
    let mut words = words(sentence);
    let (first, second) = (words.next(), words.next());
    let last = words.last().or(second);
    let twice = first.zip(second).is_some_and(|(first, second)| {
        second == first || matches!((first, second), ("migrate", "migration" | "migrations"))
    });
    let broken = sentence.ends_with(',') || sentence.contains('&');
    !twice && !broken && !last.is_some_and(|last| LITTLE.contains(&last))
}

/// A keyword typed wrong says what it is likely meant to be: "without canray".
fn spelled(word: &str) -> &str {
    let other = look_up(word).class.known() || !word.bytes().all(|byte| byte.is_ascii_alphabetic());
    if other { word } else { near_keyword(word).unwrap_or(word) }
}

/// "5pm", "22:00", "tonight"
fn is_time(word: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let hour = word.strip_suffix("am").or_else(|| word.strip_suffix("pm"));
    let clock = hour.unwrap_or(word).split_once(':');
    matches!(word, "tonight" | "tomorrow" | "noon" | "midnight")
        || hour.is_some_and(digits)
        || clock.is_some_and(|(hour, minute)| digits(hour) && digits(minute))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let mark = |c: char| matches!(c, ',' | ';' | '!' | '?' | ':' | '(' | ')' | '"' | '\'' | '`' | '*');
    text.split(char::is_whitespace)
        .map(move |word| word.trim_matches(mark).trim_end_matches('.').trim_start_matches("--"))
        .filter(|word| !word.is_empty())
}
