//! The words an order begins with, and which action they mean together with what they are said of.
//!
//! Many verbs mean an action only with their object: "stop the deploy" is `cancel`, "stop cron" is `cron-disable`.

mod meaning;
mod nouns;
mod phrases;

use crate::intent::actions::Action;
use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::words::{Kind, Token};

pub(in crate::intent) use meaning::{Meaning, resolve};
pub(in crate::intent) use nouns::{DEPLOY_NOUNS, is_object_word};
pub(in crate::intent) use phrases::HEADS;

/// The beginning of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::intent) enum Head {
    /// Means this action, whatever follows.
    Act(Action),
    Add,
    Remove,
    Create,
    Destroy,
    Set,
    /// "increase", "bump": only ever said of replicas.
    Resize,
    Stop,
    Hold,
    GoOn,
    Start,
    Disable,
    Enable,
    Empty,
    Show,
    Check,
    Roll,
    Put,
    Make,
    Clone,
    Use,
    Fix,
    Notify,
}

/// The head that begins at the first of these tokens, and how many tokens it takes.
pub(in crate::intent) fn find(tokens: &[Token<'_>]) -> Option<(Head, usize)> {
    let first = tokens.first().filter(|token| token.is(Class::HEAD) && token.is_word())?;
    let mut best = None;
    for (phrase, head) in HEADS {
        let mut words = phrase.split(' ');
        if words.next() != Some(first.low) {
            continue;
        }
        let mut len = 1;
        let fits = words.all(|word| {
            let found = tokens.get(len).is_some_and(|token| token.is_word() && token.low == word);
            len += 1;
            found
        });
        if fits && best.is_none_or(|(_, longest)| len > longest) {
            best = Some((*head, len));
        }
    }
    best
}

/// What an order is about, seen from its head: the tokens that follow.
pub(in crate::intent) struct Rest<'a, 't>(pub(in crate::intent) &'a [Token<'t>]);

impl Rest<'_, '_> {
    /// Whether one of these words is said, outside quotation.
    pub(in crate::intent) fn says(&self, words: &[&str]) -> bool {
        self.0.iter().any(|token| token.any(words))
    }

    fn names(&self, kind: NameKind) -> bool {
        self.0.iter().any(|token| token.name.is_some_and(|hit| hit.kind == kind))
    }

    fn assigns(&self) -> bool {
        self.0.iter().any(|token| token.kind == Kind::Equals)
    }
}
