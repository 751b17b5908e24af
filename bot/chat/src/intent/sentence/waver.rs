//! What is said behind an order by somebody who is not sure of it, or says in what order: "deploy production, I guess".

use super::{Action, Class, Kind, Token, reach};

/// A remark of more parts than these is a text of its own.
const PARTS: usize = 8;

/// Whether the words behind an order leave open whether it is meant, and by whom it is to be done.
pub(super) fn wavers(action: Action, tail: &[Token<'_>]) -> bool {
    reach(tail).split(|token| !token.is_word()).filter(|part| !part.is_empty()).take(PARTS).any(|part| {
        guesses(part) || waits_for_people(part) || is_trial(part) || puts_off(part) || unready(action, part)
    })
}

/// "I guess", "we think so".
fn guesses(part: &[Token<'_>]) -> bool {
    /// Longer ones say what somebody thinks.
    const LONGEST: usize = 3;
    matches!(part, [who, verb, ..] if who.any(&["i", "we"])
        && verb.any(&["guess", "think", "suppose", "assume", "believe"])
        && part.len() <= LONGEST)
}

/// "ana has to approve", "ben is doing it".
fn waits_for_people(part: &[Token<'_>]) -> bool {
    let needs = part.windows(3).any(|three| {
        three[0].any(&["has", "have", "needs", "need"])
            && three[1].any(&["to"])
            && three[2].any(&["approve", "confirm", "decide", "agree", "review", "check", "ok"])
    });
    let does = matches!(part, [_, .., verb, it] if verb.any(&["doing", "handling", "on"]) && it.any(&["it", "this"]))
        && part.iter().any(|token| token.any(&["is", "are", "was", "were"]));
    needs || does
}

/// "this is a test", "it's only a drill".
fn is_trial(part: &[Token<'_>]) -> bool {
    part[0].any(&["this", "that", "it", "it's", "that's", "its"])
        && part
            .last()
            .is_some_and(|last| last.any(&["test", "drill", "joke", "draft", "example", "exercise"]))
        && part.iter().any(|token| token.any(&["a", "an", "just", "only"]))
}

/// "next time"
fn puts_off(part: &[Token<'_>]) -> bool {
    matches!(part, [next, time] if next.any(&["next", "another"]) && time.any(&["time"]))
}

/// "it isn't ready", "that failed": told of what is not to go out yet, or went.
fn unready(action: Action, part: &[Token<'_>]) -> bool {
    if !matches!(action, Action::Deploy | Action::Promote | Action::Approve | Action::Migrate) {
        return false;
    }
    let not = part
        .iter()
        .any(|token| token.is(Class::NEGATION) || token.any(&["isn't", "isnt", "wasn't", "hasn't"]));
    let state = part.last().is_some_and(|last| {
        last.any(&["ready", "tested", "reviewed", "approved", "safe", "finished", "merged", "done"])
    });
    let went = matches!(part, [that, verb] if that.any(&["that", "which", "this"])
        && verb.any(&["failed", "crashed", "broke", "worked", "finished", "succeeded"]));
    not && state && (part.len() > 2 || part[0].any(&["isn't", "not"])) || went
}

/// "deploy production, staging first": one of several is to go before the others, and is not alone meant.
pub(super) fn ranks(words: &[Token<'_>]) -> bool {
    words.windows(3).any(|three| {
        three[0].kind == Kind::Comma
            && three[1].name.is_some()
            && three[2].any(&["first", "last"])
            && three[2].quote == 0
    })
}
