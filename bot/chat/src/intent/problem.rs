//! Why nothing is to be done, in words a person can act on.

use std::ops::{Deref, DerefMut, Range};

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::kept::{self, Effect, Said};
use super::lexicon::{near_keyword, near_time};
use super::manner::{self, Deed, Manner};
use super::markup::Bytes;
use super::names::Vocabulary;
use super::scan::Scope;
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
///
/// It is a pointer, since hundreds of places may hand one on and hardly any does: in each, more than that would be moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
#[error("{}", .0.message)]
pub struct Problem(Box<Details>);

/// What a [`Problem`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Which kind.
    pub kind: ProblemKind,
    /// What a person reads: where reading stopped and what was expected there.
    pub message: String,
    /// Up to [`MAX_SUGGESTIONS`] sentences that would work.
    pub suggestions: Vec<String>,
    /// What may have been meant by a word that is no name of ours.
    #[serde(skip)]
    pub(super) swap: Option<Box<Swap>>,
}

/// A word in the place of a name, and names that would do there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Swap {
    /// Where it stands in the cleaned text, in bytes.
    pub(super) word: Range<usize>,
    /// The names, the likeliest first.
    pub(super) names: Vec<String>,
    /// What is suggested behind these.
    behind: Option<String>,
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

/// Longer messages, in bytes, hold a word that is no word: a list of names is shorter.
const MAX_MESSAGE: usize = 1_200;
/// So many characters of such a message are kept at each end.
const MESSAGE_ENDS: usize = 400;

/// More than three choices are a menu, not a suggestion.
pub const MAX_SUGGESTIONS: usize = 3;

impl Deref for Problem {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl Problem {
    /// A problem without suggestions yet.
    pub fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Details { kind, message, suggestions: Vec::new(), swap: None }))
    }

    /// Adds sentences that would work; those beyond [`MAX_SUGGESTIONS`] are dropped.
    #[must_use]
    pub fn suggest<S: Into<String>>(mut self, sentences: impl IntoIterator<Item = S>) -> Self {
        for sentence in sentences {
            if self.suggestions.len() == MAX_SUGGESTIONS {
                break;
            }
            let sentence = sentence.into();
            if !self.suggestions.contains(&sentence) {
                self.suggestions.push(sentence);
            }
        }
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
        self.swap = (!names.is_empty()).then(|| Box::new(Swap { word, names, behind: None }));
        self
    }

    /// Behind what may have been meant, this is suggested.
    #[must_use]
    pub(super) fn or(mut self, sentence: String) -> Self {
        match &mut self.swap {
            Some(swap) => swap.behind = Some(sentence),
            None => self = self.suggest([sentence]),
        }
        self
    }

    /// Suggests all that was said, with a name in the place of the word that is none: as the commands it is read as, so
    /// that nothing said is lost but that word, which the manner need not keep. Answers those commands, for each suggestion;
    /// none when there is no such suggestion.
    pub(super) fn suggest_names(
        &mut self,
        clean: &str,
        manner: &mut Manner,
        vocabulary: &Vocabulary,
    ) -> Vec<Vec<Command>> {
        let Some(swap) = self.swap.take() else { return Vec::new() };
        let word = clean.get(swap.word.clone()).unwrap_or_default();
        manner.forget(word, &swap.names);
        // "deploy staging 2moro": what is left out may be what it is about.
        let (sentences, tried): (Vec<String>, Vec<Vec<Command>>) = swap
            .names
            .iter()
            .filter(|name| !kept::is_lost(word, name))
            .filter_map(|name| meant(&swap, name, clean, vocabulary))
            .unzip();
        if sentences.is_empty() && kept::is_lost(word, "") {
            // Without it, the order may be looked at.
            let rest = meant(&swap, "", clean, vocabulary).and_then(|(_, commands)| kept::tried(&commands));
            if let Some(rest) = rest {
                self.suggestions = vec![rest];
            }
        }
        if !sentences.is_empty() {
            self.suggestions = sentences;
        }
        if let Some(behind) = swap.behind.clone().filter(|_| self.suggestions.len() < MAX_SUGGESTIONS) {
            self.suggestions.push(behind);
        }
        tried
    }

    /// Adds how people order this, where nothing is suggested yet.
    pub(super) fn or_suggest_examples(self, scope: Scope<'_, '_>) -> Self {
        if !self.suggestions.is_empty() {
            return self;
        }
        self.suggest(scope.vocabulary.examples_for(scope.action, scope.tokens).iter())
    }

    /// Takes out the middle of a message that says a very long word back.
    pub(super) fn shorten(&mut self) {
        let message = &self.message;
        if message.len() <= MAX_MESSAGE {
            return;
        }
        let head = message.char_indices().nth(MESSAGE_ENDS).map_or(message.len(), |(at, _)| at);
        let tail = message.char_indices().nth_back(MESSAGE_ENDS).map_or(0, |(at, _)| at);
        if head < tail {
            self.message = [&message[..head], " … ", &message[tail..]].concat();
        }
    }

    /// Keeps the suggestions that are understood: most are made of the person's own words, which may hold another fault.
    /// Those that would lose what was said, or how an order was to go, are about another place, or end in the middle, are
    /// dropped; where nothing is left, the order is suggested to be only tried. What was tried is what each suggestion was
    /// read as; if none was, they are read now.
    pub(super) fn keep_what_works(
        &mut self,
        said: &Said,
        manner: &Manner,
        tried: Vec<Vec<Command>>,
        vocabulary: &Vocabulary,
    ) {
        let mut tried = tried.into_iter();
        let mut only_tried: Option<String> = None;
        self.suggestions.iter_mut().for_each(tidy);
        self.suggestions.retain_mut(|sentence| {
            let tried = tried.next();
            // What was read with a name in the place of a word holds all the rest.
            let read_whole = tried.is_some();
            if let Some(known) = vocabulary.known(sentence) {
                let placed = read_whole || said.is_place_of(&known.effect);
                let keeps = placed
                    && known.whole
                    && !said.is_brought_back_by(&known.effect)
                    && (read_whole || known.understood && said.is_kept_by(sentence, &known.effect, true))
                    && manner.is_kept_by(sentence, &known.deed);
                if !keeps && only_tried.is_none() && placed && said.is_named_by(sentence, &known.effect) {
                    only_tried.clone_from(&known.tried);
                }
                if !placed && let Some(look) = said.look(sentence, &known.effect) {
                    *sentence = look;
                    return true;
                }
                return keeps;
            }
            if !manner::is_whole(sentence) {
                return false;
            }
            let Some(commands) = tried.or_else(|| understood(sentence, vocabulary)) else { return false };
            let effect = Effect::of(&commands);
            let placed = (read_whole || said.is_place_of(&effect)) && !said.is_brought_back_by(&effect);
            let keeps = placed
                && (read_whole || said.is_kept_by(sentence, &effect, false))
                && (manner.is_usual()
                    || manner.is_kept_by(sentence, &Deed::of(sentence, &commands, vocabulary)));
            if !keeps && only_tried.is_none() && placed && said.is_named_by(sentence, &effect) {
                only_tried = kept::tried(&commands);
            }
            keeps
        });
        // What is only tried loses no more of how it was to go.
        let only_tried = only_tried.filter(|sentence| {
            let commands = understood(sentence, vocabulary).unwrap_or_default();
            manner.without_time().is_kept_by(sentence, &Deed::of(sentence, &commands, vocabulary))
        });
        if self.suggestions.is_empty() {
            self.suggestions.extend(only_tried.filter(|_| said.is_placed()));
            let ways_out = ways_out(self.kind, said, manner, vocabulary);
            self.suggestions.extend(ways_out);
            self.suggestions.truncate(MAX_SUGGESTIONS);
        }
        self.suggestions.dedup();
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

/// The sentence that says all a text says, with this name in the place of the word that is none, and its commands.
fn meant(swap: &Swap, name: &str, clean: &str, vocabulary: &Vocabulary) -> Option<(String, Vec<Command>)> {
    let read = |text: &str| super::read_clean(text, Bytes::of(text), vocabulary);
    let text = swap.made_good(clean, name)?;
    let mut parsed = read(&text);
    // "restart stagin wbe": a second word typed wrong.
    let other = parsed.problem.as_ref().and_then(|problem| problem.swap.as_deref());
    if let Some(other) = other
        && let Some(word) = text.get(other.word.clone())
        && is_misspelt(&word.to_lowercase(), vocabulary)
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
    let doubtful =
        said.len() > 1 || sentence.len() > SURELY_READ || parsed.commands.iter().any(Command::says_freely);
    let commands = parsed.commands;
    (!doubtful || super::commands_of(&sentence, vocabulary) == commands).then_some((sentence, commands))
}

/// Whether a word is likely a name, a keyword or a part of a time typed wrong.
fn is_misspelt(low: &str, vocabulary: &Vocabulary) -> bool {
    near_keyword(low).is_some() || near_time(low).is_some() || !vocabulary.near(low, ALL_KINDS).is_empty()
}

/// What to type where nothing else is left: about the place that was said, as far as one was. Where nothing was ordered,
/// something refused, or left open, that is only to look.
fn ways_out(kind: ProblemKind, said: &Said, manner: &Manner, vocabulary: &Vocabulary) -> Vec<String> {
    let only_looks = matches!(kind, ProblemKind::NotACommand | ProblemKind::Ambiguous);
    let kept = |way: &String| {
        let Some(known) = vocabulary.known(way) else { return Some(way.clone()) };
        if only_looks && known.effect.changes() {
            return None;
        }
        let keeps = said.is_place_of(&known.effect)
            && said.is_kept_by(way, &known.effect, true)
            && manner.is_kept_by(way, &known.deed);
        said.look(way, &known.effect).or_else(|| keeps.then(|| way.clone()))
    };
    vocabulary.ways_out().iter().filter_map(kept).collect()
}

/// The commands of a suggested sentence, when it is understood.
fn understood(sentence: &str, vocabulary: &Vocabulary) -> Option<Vec<Command>> {
    // What is left of a mention is no part of a sentence anybody types.
    if super::is_too_long(sentence) || super::unseen(sentence, Bytes::of(sentence)).is_some() {
        return None;
    }
    let parsed = super::read(sentence, vocabulary);
    parsed.problem.is_none().then_some(parsed.commands)
}
/// Without what is left of a word that is not suggested: two blanks, brackets around nothing.
fn tidy(sentence: &mut String) {
    let sound = |at: &str| !at.is_empty() && at != "(" && at != ")";
    if sentence.contains("  ") || sentence.contains("( ") || sentence.ends_with(' ') {
        *sentence =
            sentence.replace("( )", " ").split(' ').filter(|word| sound(word)).collect::<Vec<_>>().join(" ");
    }
}
