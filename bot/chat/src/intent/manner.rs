//! How an order was to go, which no sentence suggested in its place may lose: only tried, with exceptions, with or without
//! a canary, with which migrations, of which code.

use std::borrow::Cow;

use super::kept::{self, Effect};
use super::lexicon::{Class, Lexicon, near_keyword};
use super::markup::Bytes;
use super::names::Vocabulary;
use super::near::Spelled;
use super::values;
use super::word_table::Print;
use super::words::{Kind, Token};
use super::{Command, is_too_long, unseen};

/// Words that say how an order is to go; a suggestion must hold one of the same row, as far as it changes the world.
pub(super) const MANNERS: [&[&str]; 3] = [
    &["except", "excluding", "minus", "apart", "aside", "skip", "skipping"],
    &["canary", "canaries", "straight"],
    &["migration", "migrations", "migrate", "migrating"],
];

/// The row of exceptions, which nothing before them takes away.
const EXCEPT: usize = 0;

/// Words that say that an order is only to be tried.
pub(super) const TRIED: &[&str] = &[
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
pub(super) const WITHOUT: &[&str] = &[
    "no", "not", "without", "skip", "skipping", "wo", "w/o", "don't", "dont", "sans", "ohne", "sin", "senza",
    "sem", "zonder", "utan",
];

/// Behind these stands what code is meant.
pub(super) const REFS: &[&str] = &["ref", "branch", "tag", "commit", "sha"];

/// Words that are a time or a ref by themselves.
pub(super) const TIMES_AND_REFS: &[&str] = &["tonight", "tomorrow", "noon", "midnight", "main", "master"];

/// Words no whole sentence ends in.
const LITTLE: &[&str] = &[
    "and", "or", "but", "then", "a", "an", "the", "to", "in", "on", "of", "for", "with", "without", "as",
    "at", "by", "from", "into", "onto", "via", "than", "except", "if", "when", "because", "plus", "using",
];

/// What of the manner of an order a text says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manner {
    tried: bool,
    manners: [bool; MANNERS.len()],
    without: [bool; MANNERS.len()],
    /// A word that takes away stands in it.
    denies: bool,
    refs: Vec<String>,
    timed: bool,
}

impl Manner {
    /// What this text says.
    pub(super) fn of(text: &str, vocabulary: &Vocabulary) -> Self {
        let low = lower(text);
        let mut hearing = Hearing::default();
        for word in words(&low) {
            let print = Print::of(word);
            if !is_named(print, word, vocabulary) {
                hearing.hear(word, Lexicon::get().find(print, word).class);
            }
        }
        hearing.manner
    }

    /// What a text says that has no markup, by its tokens, whose words are looked up already. None where they are not the
    /// words [`Manner::of`] would split it into.
    pub(super) fn of_tokens(text: &str, tokens: &[Token<'_>], vocabulary: &Vocabulary) -> Option<Self> {
        if !are_words(text, tokens) {
            return None;
        }
        let mut hearing = Hearing::default();
        for token in tokens.iter().filter(|token| token.kind == Kind::Word) {
            if !is_name(token, vocabulary) {
                hearing.hear(token.low, token.class);
            }
        }
        Some(hearing.manner)
    }

    /// What these words say need not be kept: these, each of which may take their place, say it.
    pub(super) fn forget(&mut self, said: &str, names: &[String]) {
        let said = lower(said);
        self.refs.retain(|code| !words(&said).any(|word| word == code));
        for (manner, row) in self.manners.iter_mut().zip(MANNERS) {
            let says = |text: &str| words(text).any(|word| row.contains(&word));
            *manner &= !(says(&said) && names.iter().all(|name| says(name)));
        }
    }

    /// The same at any time.
    pub(super) fn without_time(&self) -> Self {
        Self { timed: false, ..self.clone() }
    }

    /// Whether nothing was said that a suggestion could lose.
    pub(super) fn is_usual(&self) -> bool {
        !self.tried && !self.timed && self.refs.is_empty() && !self.manners.contains(&true)
    }

    /// Whether a sentence that is understood, and would do this, says it as well, as far as it changes the world.
    pub(super) fn is_kept_by(&self, sentence: &str, deed: &Deed) -> bool {
        if self.is_usual() || !deed.changes {
            return true;
        }
        if self.tried && !deed.only_tries {
            return false;
        }
        let other = &deed.manner;
        // A lock holds from now on: what was said of a time is its end.
        let ends = sentence.starts_with("lock ") && sentence.contains(" for ");
        if self.timed && !other.timed && !ends {
            return false;
        }
        // "staging with canary, production without": the suggestion says of each place what is meant.
        let parted = self.denies && sentence.contains(", then ");
        let manners = (0..MANNERS.len()).all(|row| {
            !self.manners[row]
                || other.manners[row]
                    && (other.without[row] == self.without[row] || parted && other.without[row])
        });
        manners && self.refs.iter().all(|code| words(&lower(sentence)).any(|word| word == code))
    }
}

/// What was heard so far of a text, word by word.
#[derive(Default)]
struct Hearing {
    manner: Manner,
    /// Whether each of the two words before takes away what stands behind it.
    before: [bool; 2],
    /// The word before says that a ref follows.
    announced: bool,
    /// The word before may be `dry`, typed wrong.
    nearly_dry: bool,
}

impl Hearing {
    /// The next word, in lower case, which is no name.
    fn hear(&mut self, word: &str, class: Class) {
        let (word, class) = if class.known() { (word, class) } else { spelled(word, class) };
        // Most words say nothing of this, and have nothing to be compared with.
        let listed = class.is(Class::HOW);
        let without = listed && WITHOUT.contains(&word);
        let manner = &mut self.manner;
        let mut is_code = false;
        if listed || !class.known() {
            manner.tried |= listed && TRIED.contains(&word);
            manner.denies |= without;
            let timed = is_time(word);
            manner.timed |= timed;
            for (row, manners) in MANNERS.iter().enumerate() {
                if listed && manners.contains(&word) {
                    manner.manners[row] = true;
                    manner.without[row] |= (without || self.before.contains(&true)) && row != EXCEPT;
                }
            }
            is_code = values::is_ref(word) && !timed && !word.starts_with("canary");
        }
        if self.announced && !without || is_code {
            manner.refs.push(word.to_owned());
        }
        // "dy run", "dri run"
        manner.tried |= self.nearly_dry && word == "run";
        self.nearly_dry = !class.known() && word.len() <= 4 && word.starts_with('d');
        self.before = [self.before[1], without];
        self.announced = listed && REFS.contains(&word);
    }
}

/// Whether the words among these tokens of a text are what stands between its blanks, but for a mark behind each. It must
/// be all letters of ASCII, which tokens have in lower case.
fn are_words(text: &str, tokens: &[Token<'_>]) -> bool {
    let bytes = text.as_bytes();
    let blank = |at: usize| matches!(bytes.get(at), None | Some(b' ' | b'\n'));
    let stands_alone = |token: &Token<'_>| {
        let end = token.end();
        let marked = matches!(bytes.get(end), Some(b',' | b';' | b'?' | b'!' | b'.' | b':'));
        (token.at == 0 || blank(token.at - 1)) && (blank(end) || marked && blank(end + 1))
    };
    // What is neither a blank nor part of a token may be a word all the same.
    let blanks =
        |from: usize, to: usize| bytes.get(from..to).is_some_and(|gap| gap.iter().all(|byte| *byte == b' '));
    let mut end = 0;
    let alone = tokens.iter().all(|token| {
        let before = std::mem::replace(&mut end, token.end());
        blanks(before, token.at)
            && match token.kind {
                Kind::Word => stands_alone(token),
                Kind::Comma | Kind::Colon | Kind::Semicolon | Kind::Stop | Kind::Question | Kind::Newline => {
                    true
                }
                _ => false,
            }
    });
    alone && blanks(end, bytes.len()) && text.is_ascii()
}

/// What [`is_named`] says of a token's word.
fn is_name(token: &Token<'_>, vocabulary: &Vocabulary) -> bool {
    // Of letters and digits alone, a word no name begins with is none.
    let plain = token.is(Class::PLAIN);
    plain && token.name.is_some_and(|hit| hit.len() == 1)
        || (!plain || token.is(Class::NAMED)) && is_named(Print::of(token.low), token.low, vocabulary)
}

/// What a sentence does that is suggested, as far as it matters to whether it may be.
#[derive(Debug, Clone, Default)]
pub(super) struct Deed {
    changes: bool,
    /// What it changes is only tried.
    only_tries: bool,
    manner: Manner,
}

impl Deed {
    /// What a sentence does that was read as this.
    pub(super) fn of(sentence: &str, commands: &[Command], vocabulary: &Vocabulary) -> Self {
        let mut changing = commands.iter().filter(|command| command.action.row().changes).peekable();
        if changing.peek().is_none() {
            return Self::default();
        }
        let only_tries = changing.all(|command| command.dry_run || command.rehearse);
        Self { changes: true, only_tries, manner: Manner::of(sentence, vocabulary) }
    }
}

/// What is known of a sentence that is suggested often.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) whole: bool,
    pub(super) understood: bool,
    pub(super) deed: Deed,
    pub(super) effect: Effect,
    pub(super) tried: Option<String>,
}

impl Known {
    /// Reads a sentence.
    pub(super) fn of(sentence: &str, vocabulary: &Vocabulary) -> Self {
        let parsed = super::read(sentence, vocabulary);
        let unseen = unseen(sentence, Bytes::of(sentence)).is_some();
        Self {
            whole: is_whole(sentence),
            understood: parsed.problem.is_none() && !is_too_long(sentence) && !unseen,
            deed: Deed::of(sentence, &parsed.commands, vocabulary),
            effect: Effect::of(&parsed.commands),
            tried: kept::tried(&parsed.commands),
        }
    }
}

/// An environment may be called "preview".
fn is_named(print: Print, word: &str, vocabulary: &Vocabulary) -> bool {
    let parted = word.bytes().any(|byte| matches!(byte, b'-' | b'_' | b'/'));
    (parted || vocabulary.begins(print, word).is_some())
        && values::slashed(word).all(|part| vocabulary.find(std::iter::once(part)).is_some())
}

/// The text in lower case.
fn lower(text: &str) -> Cow<'_, str> {
    let lower = text.bytes().fold(true, |all, byte| all & byte.is_ascii() & !byte.is_ascii_uppercase());
    if lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

/// Whether a sentence does not break off, and does not say its verb twice.
pub(super) fn is_whole(sentence: &str) -> bool {
    let mut words = words(sentence);
    let (first, second) = (words.next(), words.next());
    // The last is looked for from the end, since a sentence may be long.
    let last =
        second.and_then(|_| sentence.rsplit(char::is_whitespace).map(bare).find(|word| !word.is_empty()));
    let twice = first.zip(second).is_some_and(|(first, second)| {
        second == first || matches!((first, second), ("migrate", "migration" | "migrations"))
    });
    let broken = sentence.ends_with(',') || sentence.contains('&');
    !twice && !broken && !last.is_some_and(|last| LITTLE.contains(&last))
}

/// A keyword typed wrong says what it is likely meant to be: "without canray", "canary1 10/50/100".
fn spelled(word: &str, class: Class) -> (&str, Class) {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let plain = letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    let skip = || Spelled::new("skip").distance(&Spelled::new(letters)).map(|_| "skip");
    let meant = if plain { near_keyword(letters).or_else(skip) } else { None };
    meant.map_or((word, class), |meant| (meant, Lexicon::get().find(Print::of(meant), meant).class))
}

/// "5pm", "22:00", "tonight"
fn is_time(word: &str) -> bool {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return matches!(word, "tonight" | "tomorrow" | "noon" | "midnight");
    }
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let hour = word.strip_suffix("am").or_else(|| word.strip_suffix("pm"));
    let clock = hour.unwrap_or(word).split_once(':');
    hour.is_some_and(digits) || clock.is_some_and(|(hour, minute)| digits(hour) && digits(minute))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            // Most words end at a blank; a character of another kind may be white space as well.
            let plain = rest.bytes().take_while(u8::is_ascii_graphic).count();
            let end = match rest.as_bytes().get(plain) {
                None | Some(b' ') => plain,
                Some(_) => rest.find(char::is_whitespace).unwrap_or(rest.len()),
            };
            let word = bare(&rest[..end]);
            let blank = rest[end..].chars().next().map_or(0, char::len_utf8);
            rest = &rest[end + blank..];
            if !word.is_empty() {
                return Some(word);
            }
        }
        None
    })
}

/// A word without the punctuation around it.
fn bare(word: &str) -> &str {
    let mark = |c: char| matches!(c, ',' | ';' | '!' | '?' | ':' | '(' | ')' | '"' | '\'' | '`' | '*');
    if let ([first, ..], [.., last]) = (word.as_bytes(), word.as_bytes())
        && first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
    {
        return word;
    }
    let mut word = word.trim_matches(mark).trim_end_matches('.');
    while let Some(rest) = word.strip_prefix("--") {
        word = rest;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::Names;

    #[track_caller]
    fn says(text: &str, manner: &Manner) {
        assert_eq!(Manner::of(text, &Vocabulary::new(&Names::sample())), *manner, "{text}");
    }

    #[test]
    fn it_is_found_typed_wrong_and_between_marks() {
        let canary = Manner {
            manners: [false, true, false],
            without: [false, true, false],
            denies: true,
            ..Manner::default()
        };
        for text in ["no canary", "without a canary!", "NO (canray)", "no\u{a0}canary", "not prod canary"] {
            says(text, &canary);
        }
        says("--dry-run, at 5pm.", &Manner { tried: true, timed: true, ..Manner::default() });
        let refs = |refs: &[&str]| Manner {
            refs: refs.iter().map(ToString::to_string).collect(),
            ..Manner::default()
        };
        says("main and v1.4.2 and branch fix", &refs(&["main", "v1.4.2", "fix"]));
        says("deploy everything to staging", &Manner::default());
    }
}
