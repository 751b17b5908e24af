//! Why nothing is to be done, in words a person can act on.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::manner::{self, Deed, Manner};
use super::markup::Bytes;
use super::names::Vocabulary;
use super::values::ALL_KINDS;

/// The kinds of problem, as other parts of the program tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// Not an order, and not a question we answer.
    NotACommand,
    /// An imperative whose verb we don't have.
    UnknownVerb,
    /// A name the project does not have.
    UnknownName,
    /// A canary, rate, time or count that makes no sense.
    BadValue,
    /// Two readings that differ in what would happen.
    Ambiguous,
}

/// What stands in the way of a command, and what would work instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// Which kind.
    pub kind: ProblemKind,
    /// What a person reads: where reading stopped and what was expected there.
    pub message: String,
    /// Up to [`MAX_SUGGESTIONS`] sentences that would work.
    pub suggestions: Vec<String>,
    /// What may have been meant by a word that is no name of ours.
    #[serde(skip)]
    pub(super) swap: Option<Box<Swap>>,
    /// What is suggested was read already.
    #[serde(skip)]
    tried: bool,
}

/// A word in the place of a name, and names that would do there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Swap {
    /// Where it stands in the cleaned text, in bytes.
    pub(super) word: Range<usize>,
    /// The names, the likeliest first.
    pub(super) names: Vec<String>,
}

impl Swap {
    /// The text with this in the place of the word.
    fn made_good(&self, text: &str, name: &str) -> Option<String> {
        Some([text.get(..self.word.start)?, name, text.get(self.word.end..)?].concat())
    }
}

/// Suggested beside an order that hangs on a condition.
pub(super) const MAY_DEPLOY: &str = "can I deploy {env}?";
/// The rule suggested there.
pub(super) const A_RULE: &str = "if we see repeated 500s, rollback";
/// The alerts suggested where somebody wants to be told of something we don't watch.
pub(super) const ALERTS: [&str; 2] = ["text me if the canary looks weird", "email me when a deploy fails"];

/// No sentence of so many bytes is too long to be read, however short its words.
const SURELY_READ: usize = 190;

/// More than three choices are a menu, not a suggestion.
pub const MAX_SUGGESTIONS: usize = 3;

impl Problem {
    /// A problem without suggestions yet.
    pub fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), suggestions: Vec::new(), swap: None, tried: false }
    }

    /// Adds sentences that would work; those beyond [`MAX_SUGGESTIONS`] are dropped.
    #[must_use]
    pub fn suggest<S: Into<String>>(mut self, sentences: impl IntoIterator<Item = S>) -> Self {
        let room = MAX_SUGGESTIONS.saturating_sub(self.suggestions.len());
        self.suggestions.extend(sentences.into_iter().take(room).map(Into::into));
        self
    }

    /// One of these names may have been meant by the word that stands there in the cleaned text.
    #[must_use]
    pub(super) fn instead<N: Into<String>>(
        mut self,
        word: Range<usize>,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        let names: Vec<String> = names.into_iter().take(MAX_SUGGESTIONS).map(Into::into).collect();
        self.swap = (!names.is_empty()).then(|| Box::new(Swap { word, names }));
        self
    }

    /// Suggests all that was said, with a name in the place of the word that is none: as the commands it is read as, so
    /// that nothing said is lost.
    pub(super) fn suggest_names(&mut self, clean: &str, vocabulary: &Vocabulary) {
        let Some(swap) = self.swap.take() else { return };
        let read = |text: &str| super::read_clean(text, Bytes::of(text), vocabulary);
        let meant = swap.names.iter().filter_map(|name| {
            let text = swap.made_good(clean, name)?;
            let mut parsed = read(&text);
            // "restart stagin wbe": a second word typed wrong.
            let other = parsed.problem.as_ref().and_then(|problem| problem.swap.as_deref());
            if let Some(other) = other
                && let Some(word) = text.get(other.word.clone())
                && !vocabulary.near(&word.to_lowercase(), ALL_KINDS).is_empty()
            {
                parsed = read(&other.made_good(&text, other.names.first()?)?);
            }
            if parsed.problem.is_some() {
                return None;
            }
            let said: Vec<String> = parsed.commands.iter().map(Command::canonical).collect();
            let sentence = said.join(", then ");
            // Of several commands, one may take over what another does not say; what a person writes freely may say more
            // than is meant, and what names make long may be too long.
            let doubtful = said.len() > 1
                || sentence.len() > SURELY_READ
                || parsed.commands.iter().any(Command::says_freely);
            (!doubtful || super::commands_of(&sentence, vocabulary) == parsed.commands).then_some(sentence)
        });
        let meant: Vec<String> = meant.collect();
        if !meant.is_empty() {
            self.suggestions = meant;
            self.tried = true;
        }
    }

    /// Adds these where nothing is suggested yet.
    pub(super) fn or_suggest(self, sentences: &[String]) -> Self {
        if self.suggestions.is_empty() { self.suggest(sentences) } else { self }
    }

    /// Keeps the suggestions that are understood: most are made of the person's own words, which may hold another fault.
    /// Those that would lose how an order was to go, or end in the middle, are dropped.
    pub(super) fn keep_what_works(&mut self, manner: &Manner, vocabulary: &Vocabulary) {
        let tried = std::mem::take(&mut self.tried);
        self.suggestions.retain(|sentence| {
            if let Some(known) = vocabulary.known(sentence) {
                return known.whole
                    && (tried || known.understood)
                    && manner.is_kept_by(sentence, &known.deed);
            }
            if !manner::is_whole(sentence) {
                return false;
            }
            if tried && manner.is_usual() {
                return true;
            }
            // What is left of a mention is no part of a sentence anybody types.
            let unseen = || super::unseen(sentence, Bytes::of(sentence)).is_some();
            if !tried && (super::is_too_long(sentence) || unseen()) {
                return false;
            }
            let parsed = super::read(sentence, vocabulary);
            (tried || parsed.problem.is_none())
                && (manner.is_usual()
                    || manner.is_kept_by(sentence, &Deed::of(sentence, &parsed, vocabulary)))
        });
        if self.suggestions.is_empty() {
            let kept =
                |way: &&String| vocabulary.known(way).is_none_or(|known| manner.is_kept_by(way, &known.deed));
            self.suggestions.extend(vocabulary.ways_out().iter().filter(kept).cloned());
        }
    }

    // Each place that makes a problem is one of hundreds that seldom do: what they need stands apart from what is run often.

    #[cold]
    pub(super) fn bad_value(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::BadValue, message)
    }

    #[cold]
    pub(super) fn ambiguous(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Ambiguous, message)
    }

    #[cold]
    pub(super) fn not_a_command(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::NotACommand, message)
    }

    #[cold]
    pub(super) fn unknown_verb(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::UnknownVerb, message)
    }

    #[cold]
    pub(super) fn unknown_name(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::UnknownName, message)
    }
}
