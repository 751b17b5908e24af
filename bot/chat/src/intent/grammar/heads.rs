//! The words an order begins with, and which action they mean together with what they are said of.
//!
//! Many verbs mean an action only with their object: "stop the deploy" is `cancel`, "stop cron" is `cron-disable`.

mod meaning;
mod nouns;
mod phrases;

use super::places;
use crate::intent::actions::Action;
use crate::intent::names::NameKind;
use crate::intent::words::{Kind, Token};

pub(in crate::intent) use meaning::{Meaning, resolve};
pub(in crate::intent) use nouns::{DEPLOY_NOUNS, is_object_word, object_words};

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
    /// "lift", "end": only ever said of a lock.
    Lift,
    Start,
    Disable,
    Enable,
    Empty,
    Show,
    /// "get": shows, or deploys when it is said onto what.
    Get,
    Check,
    Roll,
    Put,
    Make,
    Clone,
    Use,
    Fix,
    Notify,
}

/// The phrases that begin with one word: a stretch of [`phrases::all`].
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::intent) struct Heads {
    from: u16,
    count: u16,
}

/// All first words of phrases, each with the phrases it begins.
pub(in crate::intent) fn by_first_word() -> Vec<(&'static str, Heads)> {
    let mut found: Vec<(&str, Heads)> = Vec::new();
    for (place, phrase) in phrases::all().iter().enumerate() {
        match found.last_mut() {
            Some((first, heads)) if *first == phrase.first => heads.count += 1,
            _ => found.push((phrase.first, Heads { from: place as u16, count: 1 })),
        }
    }
    found
}

/// The head that begins at the first of these tokens, and how many tokens it takes.
pub(in crate::intent) fn find(tokens: &[Token<'_>]) -> Option<(Head, usize)> {
    let (first, after) = tokens.split_first()?;
    if first.heads.count == 0 || !first.is_word() {
        return None;
    }
    let from = usize::from(first.heads.from);
    // The longest stand first.
    phrases::all().get(from..from + usize::from(first.heads.count))?.iter().find_map(|phrase| {
        let fits = phrase.rest.len() <= after.len()
            && phrase.rest.iter().zip(after).all(|(word, token)| token.is_word() && token.low == *word)
            // "set UP=4" sets a variable.
            && (phrase.rest.is_empty()
                || after.get(phrase.rest.len()).is_none_or(|token| token.kind != Kind::Equals));
        fits.then_some((phrase.head, 1 + phrase.rest.len()))
    })
}

/// "deploying", "rolling back": how a verb is said after "rehearse" or "plan", and how many tokens it takes.
pub(in crate::intent) fn gerund(tokens: &[Token<'_>]) -> Option<(Head, usize)> {
    let first = tokens.first().filter(|token| token.is_word() && token.name.is_none())?;
    let second = tokens.get(1).filter(|token| token.is_word()).map_or("", |token| token.low);
    Some(match (first.low, second) {
        ("rolling", "back") => (Head::Act(Action::Rollback), 2),
        ("rolling", "out") => (Head::Act(Action::Deploy), 2),
        ("deploying" | "redeploying" | "shipping" | "releasing" | "pushing", _) => {
            (Head::Act(Action::Deploy), 1)
        }
        ("reverting", _) => (Head::Act(Action::Rollback), 1),
        ("migrating", _) => (Head::Act(Action::Migrate), 1),
        ("backfilling", _) => (Head::Act(Action::Backfill), 1),
        ("reconciling", _) => (Head::Act(Action::Reconcile), 1),
        ("restarting", _) => (Head::Act(Action::Restart), 1),
        ("scaling", _) => (Head::Act(Action::Scale), 1),
        _ => return None,
    })
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

    /// "clone the repo" is of nothing of ours: an environment is named, or said to be one.
    fn copies_environment(&self) -> bool {
        let article =
            self.0.first().is_some_and(|token| token.any(&["the", "our", "a", "this", "my", "all"]));
        let copied = self.0.get(usize::from(article));
        copied.is_some_and(|token| token.name.is_some_and(|hit| hit.kind == NameKind::Environment))
            || self.says(nouns::ENVIRONMENT)
            || !article && self.says(&["as", "to", "into"])
    }

    /// "create production from staging", "create qa like prod": an environment, though nobody says that it is one.
    fn is_like_another(&self) -> bool {
        let [name, like, rest @ ..] = self.0 else { return false };
        let is_place = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
        let from = rest.first().filter(|token| !token.any(&["the"])).or(rest.get(1));
        (is_place(name) || places::is_usual_name(name.low))
            && like.any(&["from", "like"])
            && from.is_some_and(is_place)
    }

    /// What is removed where a component is named: "destroy staging with redis" is of the environment besides.
    fn removed(&self) -> Action {
        let kind = |token: &Token<'_>| token.name.map(|hit| hit.kind);
        let first = self.0.iter().position(|token| token.name.is_some()).unwrap_or(0);
        let behind = &self.0[first + 1..];
        let component = behind.iter().position(|token| kind(token) == Some(NameKind::Component));
        let both = kind(&self.0[first]) == Some(NameKind::Environment)
            && component.is_some_and(|component| {
                behind[..component]
                    .iter()
                    .any(|token| token.any(&["with", "and", "its", "including", "plus"]))
            });
        if both { Action::DestroyEnvironment } else { Action::RemoveComponent }
    }

    fn assigns(&self) -> bool {
        self.0.iter().any(|token| token.kind == Kind::Equals)
    }
}
