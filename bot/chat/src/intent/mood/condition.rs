//! Where a condition begins.

use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::values::time;
use crate::intent::words::{Kind, Token, Words, classes, reach, words_at};

/// What a condition may begin with.
pub(in crate::intent) const CONDITIONAL: &[&str] = &[
    "if",
    "whenever",
    "unless",
    "until",
    "till",
    "provided",
    "assuming",
    "while",
    "once",
    "when",
    "after",
    "before",
    "as",
    "in",
    "only",
    "every",
    "any",
    "each",
    "anytime",
    "everytime",
    "should",
    "given",
    "pending",
    "barring",
    "upon",
    "iff",
    "supposing",
    "subject",
    "depending",
];

/// A condition begins here.
pub(super) fn condition_at(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let token = tokens.get(at)?;
    let word = words_at(tokens);
    if !token.is(Class::CONDITIONAL) || !token.is_word() || token.quote > 0 {
        return None;
    }
    match token.low {
        "if" | "whenever" | "unless" | "until" | "till" | "provided" | "assuming" | "while" | "once" => {
            Some(at)
        }
        "when"
            if !matches!(
                word(at + 1),
                "did"
                    | "was"
                    | "were"
                    | "can"
                    | "could"
                    | "will"
                    | "is"
                    | "are"
                    | "do"
                    | "does"
                    | "should"
                    | "has"
                    | "have"
                    | "may"
            ) =>
        {
            Some(at)
        }
        "when"
            if matches!(word(at + 1), "is" | "are")
                && !tokens.iter().any(|token| token.kind == Kind::Question)
                && tokens.iter().any(|token| token.kind == Kind::Comma) =>
        {
            Some(at)
        }
        "given" if !word(at + 1).is_empty() => Some(at),
        "pending" if is_awaited(word(at + 1)) || is_awaited(word(at + 2)) => Some(at),
        "barring" | "upon" | "iff" | "supposing" => Some(at),
        "subject" if word(at + 1) == "to" => Some(at),
        "depending" if word(at + 1) == "on" => Some(at),
        "after" | "before" => time(&tokens[at..]).is_none().then_some(at),
        "as" if word(at + 1) == "soon" || (word(at + 1) == "long" && word(at + 2) == "as") => Some(at),
        "in" if matches!(word(at + 1), "case") => Some(at),
        "only" if matches!(word(at + 1), "if" | "when" | "after" | "once") => Some(at),
        "every" | "any" | "each" if word(at + 1) == "time" => Some(at),
        "anytime" | "everytime" if at + 2 < tokens.len() && !tokens[at + 1].is(Class::PREPOSITION) => {
            Some(at)
        }
        "should"
            if tokens.iter().any(|token| token.kind == Kind::Comma)
                && !matches!(word(at + 1), "we" | "i" | "you") =>
        {
            Some(at)
        }
        _ => None,
    }
}

/// What refers to the sentence before begins with.
pub(in crate::intent) const BACK: &[&str] = &[
    "in",
    "under",
    "for",
    "otherwise",
    "else",
    "or",
    "failing",
    "depending",
    "that",
    "this",
    "only",
    "just",
    "not",
];

/// "in that case", "otherwise", "that being so": a condition that stands in the sentence before. How many words say so.
pub(in crate::intent) fn refers_back(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    if !tokens.get(at)?.is(Class::BACK) {
        return None;
    }
    let word = words_at(tokens);
    let this = |word: &str| matches!(word, "that" | "this" | "which" | "such" | "these" | "those" | "either");
    let case = |word: &str| {
        matches!(
            word,
            "case"
                | "cases"
                | "event"
                | "instance"
                | "situation"
                | "circumstances"
                | "conditions"
                | "scenario"
        )
    };
    match word(at) {
        "in" | "under" | "for" if this(word(at + 1)) && case(word(at + 2)) => Some(3),
        "in" if word(at + 1) == "such" && word(at + 2) == "a" && case(word(at + 3)) => Some(4),
        "otherwise" | "else" if !word(at + 1).is_empty() || tokens.get(at + 2).is_some() => Some(1),
        "or" if word(at + 1) == "else" => Some(2),
        "failing" | "depending" if matches!(word(at + 1), "that" | "this" | "which") => Some(2),
        "that" | "this" if word(at + 1) == "being" && matches!(word(at + 2), "so" | "the" | "true") => {
            Some(3)
        }
        "only" | "just" if word(at + 1) == "then" => Some(2),
        "not" if word(at + 1) == "until" && word(at + 2) == "then" => Some(3),
        _ => None,
    }
}

/// What people wait for before they order something.
fn is_awaited(word: &str) -> bool {
    matches!(
        word,
        "approval"
            | "approvals"
            | "review"
            | "reviews"
            | "sign-off"
            | "signoff"
            | "ok"
            | "okay"
            | "go-ahead"
            | "ci"
            | "tests"
            | "confirmation"
            | "clearance"
            | "qa"
            | "checks"
    )
}

/// "with CI green, …", "on success, …", "without errors, …": a condition before an order that begins like a place.
pub(super) fn stated(tokens: &[Token<'_>], at: usize) -> bool {
    /// Conditions of this kind are short.
    const LONGEST: usize = 8;
    const STATES: Words = Words::of(&[
        "green",
        "success",
        "approval",
        "approvals",
        "ok",
        "okay",
        "blessing",
        "sign-off",
        "signoff",
        "go-ahead",
        "passing",
        "passed",
        "pass",
        "errors",
        "failures",
        "objections",
        "issues",
        "problems",
        "healthy",
        "fine",
        "stable",
        "good",
        "done",
        "ready",
        "clean",
        "approved",
        "confirmation",
        "permission",
        "clearance",
    ]);
    if !tokens.get(at).is_some_and(|first| first.any(&["with", "without", "on", "upon", "following", "in"])) {
        return false;
    }
    let clause = tokens[at + 1..].iter().take(LONGEST).take_while(|token| token.kind != Kind::Comma);
    let mut state = false;
    for token in clause {
        if token.is(Class::HEAD) && token.is_word() && state {
            return true;
        }
        if token.name.is_some_and(|hit| hit.kind == NameKind::Environment) && !state {
            return false;
        }
        state |= token.among(&STATES) && token.quote == 0;
    }
    state
}

/// Where in the words of an order a condition begins.
pub(in crate::intent) fn condition_within(tokens: &[Token<'_>]) -> Option<usize> {
    if !classes(tokens).is(Class::CONDITIONAL) {
        return None;
    }
    (0..tokens.len()).find(|at| {
        condition_at(reach(&tokens[*at..]), 0).is_some()
            && tokens[at + 1..].iter().any(Token::is_word)
            && !(tokens[*at].any(&["once", "until", "till"]) && time(&tokens[*at..]).is_some())
    })
}
