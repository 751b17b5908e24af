#![doc = include_str!("README.md")]

pub mod actions;
mod canonical;
pub mod command;
mod complete;
mod grammar;
#[cfg(test)]
mod growth;
mod help;
mod hollow;
mod kept;
mod lexicon;
mod manner;
mod markup;
mod mood;
mod names;
mod near;
mod place;
mod problem;
mod reading;
mod scan;
mod sentence;
mod values;
mod word_table;
mod words;

pub use actions::{Action, ActionRow, Key};
pub use command::{Bundle, Canary, Channel, Command, Migrate, Mode, Parsed, Reaction, Signal, Slot};
pub use complete::{Known, KnownRun, complete};
pub use help::{help, topics};
pub use names::{Named, Names, Vocabulary};
pub(crate) use near::nearest_name;
pub use problem::{MAX_SUGGESTIONS, Problem, ProblemKind};
pub use reading::{Reading, read_with};
pub(crate) use sentence::DO_NOTHING;
pub(crate) use values::{is_ref, whole};

use std::borrow::Cow;

use engine::model::turns_round;
use lexicon::Class;
use markup::Bytes;
use words::Token;

/// Longer texts are not read: no order is that long, and every front can send them.
pub const MAX_CHARS: usize = 4_000;

/// Reads a text with these names. To read many texts, make a [`Vocabulary`] once and use [`parse_with`].
pub fn parse(text: &str, names: &Names) -> Parsed {
    parse_with(text, &Vocabulary::new(names))
}

/// Reads a text, and says what would work in the place of what does not. A pure function of text and names; it never panics.
/// Where no problem is shown, [`read_with`] is enough.
pub fn parse_with(text: &str, vocabulary: &Vocabulary) -> Parsed {
    reading::heard(text, vocabulary, true).suggesting(vocabulary)
}

/// Whether a sign that means no beside a command may be meant for it: it changes something, and is no "no" itself.
fn is_refused_by_sign(command: &Command) -> bool {
    let agrees = matches!(
        command.action,
        Action::Reject
            | Action::Cancel
            | Action::Pause
            | Action::Lock
            | Action::BackfillStop
            | Action::CronDisable
    );
    command.action.row().changes && !agrees
}

#[cold]
fn refused_by_sign(commands: &[Command], says: &str) -> Parsed {
    let meant: Vec<String> = commands.iter().map(Command::canonical).collect();
    let problem = Problem::ambiguous(format!(
        "I read an order, and a sign beside it that {says}, so I did nothing. Is it to be done? Say it without the sign.",
    ));
    Parsed::of_problem(problem.suggest([meant.join(", then ")]))
}

/// What is read of a text where the names of its emoji are words of ours: "deploy production :canary:". They may be meant.
fn spelled_signs(text: &str, vocabulary: &Vocabulary) -> Option<Parsed> {
    let said = Class::KEYWORD.and(Class::HOW);
    let meant = |name: &str| {
        let low = name.to_lowercase();
        let word = !low.is_empty() && !low.contains(char::is_whitespace);
        word && (lexicon::look_up(&low).class.is(said) || vocabulary.find(std::iter::once(&*low)).is_some())
    };
    let spelled = markup::spelled_out(text, meant)?;
    let orders: Vec<String> = commands_of(&spelled, vocabulary).iter().map(Command::canonical).collect();
    let problem = Problem::ambiguous(
        "I read an order, and a sign beside it whose name may be part of it, so I did nothing. Say it in words, or without the sign.",
    );
    let order = (!orders.is_empty()).then(|| orders.join(", then "));
    Some(Parsed::of_problem(problem.suggest(order)))
}

fn is_too_long(text: &str) -> bool {
    text.len() > MAX_CHARS && text.chars().nth(MAX_CHARS).is_some()
}

/// Whether a character shows what was said in another order. Marks of direction alone are left out like other marks.
fn is_turned(c: char) -> bool {
    turns_round(c) && !matches!(c, '\u{200e}' | '\u{200f}')
}

/// A character nobody can have typed on purpose.
fn unseen(text: &str, bytes: Bytes) -> Option<char> {
    if !bytes.odd() {
        return None;
    }
    text.chars().find(|c| (c.is_control() && !c.is_whitespace()) || is_turned(*c))
}

/// The commands of a sentence as if somebody typed it; none where it is too long, or holds what nobody types.
fn commands_of(text: &str, vocabulary: &Vocabulary) -> Vec<Command> {
    if is_too_long(text) || unseen(text, Bytes::of(text)).is_some() {
        return Vec::new();
    }
    read(text, vocabulary).commands
}

/// Reads a text; what is suggested beside a problem is not tried.
fn read(text: &str, vocabulary: &Vocabulary) -> Parsed {
    let (clean, bytes) = markup::clean(text, Bytes::of(text));
    read_clean(&clean, bytes, vocabulary)
}

/// Reads a text without its markup, which holds these bytes.
fn read_clean(clean: &str, bytes: Bytes, vocabulary: &Vocabulary) -> Parsed {
    tokens_of(clean, bytes, vocabulary, |tokens| {
        hollow::checked(sentence::read(tokens, clean, bytes, vocabulary), tokens, clean, bytes)
    })
}

/// Hands on the tokens of a text without its markup.
fn tokens_of<R>(
    clean: &str,
    bytes: Bytes,
    vocabulary: &Vocabulary,
    read: impl FnOnce(&[Token<'_>]) -> R,
) -> R {
    let low = if bytes.capital() { Cow::Owned(clean.to_ascii_lowercase()) } else { Cow::Borrowed(clean) };
    words::with_tokens(clean, &low, vocabulary, read)
}
