//! What is said behind an order by somebody who is not sure of it, or says in what order: "deploy production, I guess".

use super::{Action, Class, Kind, Problem, Token, Words, reach};

/// A remark of more parts than these is a text of its own.
const PARTS: usize = 8;

/// Whether the words behind an order leave open whether it is meant, and by whom it is to be done.
pub(super) fn wavers(action: Action, tail: &[Token<'_>]) -> bool {
    reach(tail).split(|token| !token.is_word()).filter(|part| !part.is_empty()).take(PARTS).any(|part| {
        guesses(part)
            || waits_for_people(part)
            || is_trial(part)
            || puts_off(part)
            || unready(action, part)
            || runs_otherwise(part)
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

/// ", dru run", ", mock run": a run of another kind, or "dry" typed wrong.
fn runs_otherwise(part: &[Token<'_>]) -> bool {
    matches!(part, [how, run] if run.any(&["run", "deploy"])
        && how.name.is_none()
        && !how.is(Class::OPENER.and(Class::PREPOSITION).and(Class::HEAD).and(Class::OBJECT)))
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
    let not = part.iter().any(|token| {
        token.is(Class::NEGATION)
            || token.any(&["isn't", "isnt", "wasn't", "hasn't", "aren't", "weren't", "haven't"])
    });
    let state = part.last().is_some_and(|last| {
        last.any(&["ready", "tested", "reviewed", "approved", "safe", "finished", "merged", "done"])
    });
    let went = matches!(part, [that, verb] if that.any(&["that", "which", "this"])
        && verb.any(&["failed", "crashed", "broke", "worked", "finished", "succeeded"]));
    not && state && (part.len() > 2 || part[0].any(&["isn't", "not", "aren't"])) || went
}

/// "wait for my go", "let me check first", "disregard", "should have been staging": said behind an order, it keeps it back or
/// takes it back.
pub(super) fn reserves(said: &[Token<'_>]) -> bool {
    /// What begins so tells how far, how fast or that it is not to go at all.
    const BEGINS: Words = Words::of(&[
        "wait",
        "hold",
        "ask",
        "gradually",
        "slowly",
        "half",
        "disregard",
        "retract",
        "retracted",
        "cancelled",
        "canceled",
    ]);
    let mut words = said.iter().filter(|token| token.is_word() && token.quote == 0);
    let Some(first) = words.find(|token| !token.is(Class::OPENER)) else { return false };
    let (then, third) = (words.next(), words.next());
    let next = |these: &[&str]| then.is_some_and(|token| token.any(these));
    first.among(&BEGINS)
        || first.any(&["let"]) && next(&["me", "us"]) && !third.is_some_and(|third| third.any(&["know"]))
        || first.any(&["show", "tell"]) && next(&["me", "us"])
        || first.any(&["not"]) && next(&["before", "until", "till", "yet", "now"])
        || first.any(&["in"]) && next(&["steps", "stages", "phases"])
        || first.any(&["should", "ought", "was", "meant"])
            && next(&["have", "of", "to", "supposed", "meant", "staging"])
        || first.low.starts_with("s/") && first.low.ends_with('/')
}

/// "stop, nobody deploys today", "stop it, I was joking", "pause, I need to think", "stop, the deploy is fine": words to people,
/// which begin like an order about a run and give no reason for one.
pub(super) fn is_banter(action: Action, tail: &[Token<'_>]) -> bool {
    let mut words = reach(tail).iter().filter(|token| token.is_word());
    let Some(first) = words.next() else { return false };
    if first.any(&["nobody", "noone", "everybody", "everyone", "guys", "folks"]) {
        return true;
    }
    let ends = matches!(action, Action::Cancel | Action::Pause | Action::Reject);
    let mine = first.any(&["i", "i'm", "im"]);
    let last = words.clone().next_back();
    let idles = mine
        && last.is_some_and(|last| last.any(&["think", "breathe", "coffee", "lunch", "break", "begging"]));
    let jests = |token: &Token<'_>| token.any(&["joking", "kidding", "joke"]) || ends && token.any(&["fine"]);
    (idles || words.any(jests)) && !reach(tail).iter().any(|token| token.is(Class::NEGATION))
}

/// "approve! great idea Tom", "stop! hammer time": the verbs for a run are words of every day. Said alone they are an order,
/// with thanks and with what is told of it behind them as well; with anything else they may be anything.
pub(super) fn chats(behind: &[Token<'_>]) -> bool {
    /// What is told of a run, or why something is to be done to it, beside what people tell how things are with.
    const TOLD: Words = Words::of(&[
        "it",
        "it's",
        "its",
        "this",
        "that",
        "that's",
        "there's",
        "they",
        "we",
        "we're",
        "they're",
        "wrong",
        "bad",
        "broken",
        "weird",
        "data",
        "customers",
        "users",
        "enough",
        "later",
        "now",
        "today",
        "instead",
        "changed",
        "looking",
        "clear",
        "mind",
        "risky",
        "network",
        "metrics",
        "numbers",
        "solved",
        "alarm",
        "checking",
        "down",
    ]);
    const SAID: Class = Class::TELLS
        .and(Class::AILS)
        .and(Class::NEGATION)
        .and(Class::OBJECT)
        .and(Class::BLAND)
        .and(Class::KEYWORD)
        .and(Class::CONDITION)
        .and(Class::COMMENTS)
        .and(Class::DIGIT)
        .and(Class::RELATES);
    let behind = reach(behind);
    let mut words = behind.iter().filter(|token| token.is_word());
    let Some(first) = words.next() else { return false };
    let told = |token: &Token<'_>| {
        token.name.is_some()
            || token.quote > 0
            || token.among(&TOLD)
            || token.is(SAID) && !token.is(Class::SUBJECT)
    };
    let little = |token: &Token<'_>| {
        token.is(Class::OPENER.and(Class::INTERJECTION).and(Class::PREPOSITION))
            || token.any(&["work", "job", "u"])
    };
    // "halt! who goes there"
    if first.any(&["who"]) {
        return behind.iter().all(|token| token.name.is_none());
    }
    let thanks = behind.iter().any(|token| token.any(&["thanks", "thank", "thx", "ty", "cheers"]));
    let short = words.next().is_none();
    !short
        && !thanks
        && !behind.iter().any(|token| token.is_word() && told(token))
        && !behind.iter().all(|token| !token.is_word() || little(token))
}

/// The problem of such a verb with such words behind it.
#[cold]
pub(super) fn chatted(action: Action) -> Problem {
    Problem::ambiguous(format!(
        "I read `{}`, and behind it words that may have nothing to do with a run, so I did nothing. Say the order alone.",
        action.name()
    ))
    .suggest((action != Action::Rollback).then(|| action.name()))
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
