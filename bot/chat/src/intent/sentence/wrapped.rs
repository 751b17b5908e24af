//! A sentence wrapped over the end of a line: "we should not", and "restart api on production" below it.
//!
//! A new line begins a new order, but a line that ends in a word no sentence ends with goes on in the next: what is no order when the two are
//! read as one is none by itself.

use super::{Class, Head, Kind, Mood, Problem, Reader, Token, Words, behind, mood, reach, statement};
use crate::intent::words::said_again;

/// Words that need another behind them, beside verbs that lack their own ("should", "not", "to").
const HANGING: Words = Words::of(&[
    "you",
    "u",
    "i",
    "we",
    "he",
    "she",
    "they",
    "nobody",
    "anyone",
    "somebody",
    "someone",
    "who",
    "ever",
    "always",
    "just",
    "even",
    "only",
    "also",
    "simply",
    "really",
    "almost",
    "nearly",
    "accidentally",
    "probably",
    "maybe",
    "perhaps",
    "might",
    "isn't",
    "aren't",
    "wasn't",
    "weren't",
    "don't",
    "doesn't",
    "didn't",
    "hasn't",
    "haven't",
    "never",
    "without",
    "before",
    "after",
    "until",
    "unless",
    "if",
    "when",
    "once",
    "while",
    "whether",
    "that",
    "because",
    "since",
    "although",
    "though",
    "and",
    "or",
    "but",
    "nor",
    "neither",
    "either",
    "than",
    "like",
    "as",
    "about",
    "of",
    "from",
    "for",
    "with",
    "against",
    "instead",
    "the",
    "a",
    "an",
    "any",
    "every",
    "each",
    "no",
    "our",
    "my",
    "your",
    "their",
    "his",
    "her",
    "its",
    "e.g",
    "i.e",
    "eg",
    "ie",
    "namely",
    "going",
    "supposed",
    "allowed",
    "planning",
    "trying",
    "tried",
    "wanted",
    "wants",
    "want",
    "refuse",
    "refused",
    "forgot",
    "decided",
    "gonna",
    "gotta",
    "wanna",
    "lemme",
    "avoid",
    "stop",
    "consider",
    "considering",
    "imagine",
    "suppose",
    "cannot",
    "won't",
    "shouldn't",
    "mustn't",
    "shouldnt",
    "mustnt",
    "wouldnt",
    "wouldn't",
    "i'd",
    "we'd",
    "i'll",
    "we'll",
    "he'll",
    "she'll",
    "they'll",
    "you'll",
    "must",
]);

impl Reader<'_, '_> {
    /// The problem of an order that may be the end of a sentence begun on the line above.
    #[cold]
    #[inline(never)]
    pub(super) fn wrapped(&self) -> Option<Problem> {
        let mut begin = 0;
        while begin < self.tokens.len() {
            let line = self.line_at(begin);
            let below = self.line_at(begin + line.len() + 1);
            if hangs(line) && orders(below) && !continues(line, below) {
                let said = said_again(reach(line)).collect::<Vec<_>>().join(" ");
                return Some(Problem::ambiguous(format!(
                    "I read an order on the line below \"{said}\", and not whether that goes on in it, so I did nothing. Say the order alone."
                )));
            }
            begin += line.len() + 1;
        }
        None
    }

    /// "-- dry run" below an order: what stands behind the two dashes is no signature, so it may say how the order is to go.
    #[cold]
    #[inline(never)]
    pub(super) fn signed(&mut self, begin: usize, end: usize) {
        let [first, second, rest @ ..] = &self.tokens[begin..end] else { return };
        let dashes = first.kind == Kind::Dash && second.kind == Kind::Dash;
        if !dashes || !rest.first().is_some_and(Token::is_word) || !self.ordered_any() || signature(rest) {
            return;
        }
        let said = said_again(reach(rest)).collect::<Vec<_>>().join(" ");
        self.doubt.get_or_insert_with(|| {
            Problem::ambiguous(format!(
                "Below the order I read \"-- {said}\", and not whether that is how it is to go, so I did nothing. Say it in the order itself."
            ))
        });
    }

    fn line_at(&self, begin: usize) -> &[Token<'_>] {
        let rest = self.tokens.get(begin..).unwrap_or_default();
        rest.split(|token| token.kind == Kind::Newline).next().unwrap_or_default()
    }
}

/// "Kim, SRE", "sent from my phone", "thanks": who wrote, and nothing about an order.
fn signature(words: &[Token<'_>]) -> bool {
    const BEGINS: &[&str] =
        &["sent", "best", "regards", "kind", "yours", "via", "from", "cheers", "thanks", "love"];
    let speaks = Class::NEGATION
        .and(Class::CONDITION)
        .and(Class::CONDITIONAL)
        .and(Class::KEYWORD)
        .and(Class::TIME)
        .and(Class::HEAD)
        .and(Class::MANNER);
    let named = words[0].raw.starts_with(|c: char| c.is_uppercase()) || words[0].any(BEGINS);
    let plain = |token: &Token<'_>| token.name.is_none() && !token.is(speaks) || token.any(&["sent"]);
    words.iter().all(plain)
        && (named || behind::is_harmless(words) || matches!(words, [one] if !one.class.known()))
}

/// A line ends in a word that no sentence ends with.
fn hangs(line: &[Token<'_>]) -> bool {
    let Some(at) = line.iter().rposition(Token::is_word) else { return false };
    let example = line[at].any(&["e.g", "i.e"]);
    // "thank you"
    if line[0].is_thanks() || line[0].any(&["thank", "hi", "hello", "hey", "good"]) && at < 4 {
        return false;
    }
    let ends = at + 1 == line.len() || example;
    ends && line[at].quote == 0 && (line[at].among(&HANGING) || statement::hangs_over(&line[..=at]))
}

fn orders(line: &[Token<'_>]) -> bool {
    matches!(mood::read(line), Mood::Order(opening)
        if !matches!(opening.head, Head::Show | Head::Get | Head::Check)
            && !matches!(opening.head, Head::Act(action) if !action.row().changes))
}

/// "can you", and the order below: read as one it is an order as well.
fn continues(line: &[Token<'_>], below: &[Token<'_>]) -> bool {
    let whole: Vec<Token<'_>> = reach(line).iter().chain(reach(below)).copied().collect();
    // "deploy api and"
    let joins = line.last().is_some_and(|last| last.any(&["and", "then"]));
    if joins && matches!(mood::read(line), Mood::Order(_)) {
        return true;
    }
    let begins = line.first().is_some_and(|first| first.is(Class::HEAD) && first.name.is_none());
    !begins && matches!(mood::read(&whole), Mood::Order(_))
}
