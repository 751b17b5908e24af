//! What may stand in a sentence of its own behind an order and change nothing of it: thanks, haste, and what is told of how things are. Whatever
//! else stands there may hold the order back or say how it is to go, so it is asked about.

use crate::intent::lexicon::look_up;
use crate::intent::scan::is_ticket;

use super::{Class, Kind, Mood, Token, Words, hidden, mood, reach, remark, report};

/// What may stand before the words behind an order.
pub(super) const JOINTS: Class = Class::of_kind(Kind::Comma)
    .and(Class::of_kind(Kind::Dash))
    .and(Class::of_kind(Kind::Bracket))
    .and(Class::of_kind(Kind::Colon));

/// What somebody says who wants the order done.
const WANTS: Words = Words::of(&[
    "now",
    "asap",
    "quick",
    "quickly",
    "fast",
    "urgent",
    "urgently",
    "immediately",
    "go",
    "great",
    "perfect",
    "awesome",
    "nice",
    "cool",
    "yay",
    "cheers",
    "finally",
    "again",
    "today",
    "lol",
    "haha",
    "boom",
    "emergency",
    "cc",
    "fyi",
    "ticket",
    "issue",
    "fix",
    "bug",
    "small",
    "minor",
    "tiny",
    "day",
    "big",
    "wish",
    "me",
    "lfg",
    "let's",
    "lets",
    "do",
    "this",
    "for",
    "hotfix",
    "bugfix",
    "incident",
    "woohoo",
    "hooray",
    "sir",
    "bot",
    "mate",
    "buddy",
    "friend",
    "all",
    "everyone",
    "team",
    "folks",
    "guys",
    "very",
    "much",
    "so",
    "a",
    "lot",
    "the",
    "rock",
    "best",
    "done",
    "good",
    "job",
    "work",
    "luck",
    "bye",
    "hi",
    "hello",
    "hey",
    "morning",
    "evening",
    "afternoon",
]);

/// Phrases of the same kind.
const PHRASES: &[&[&str]] = &[
    &["no", "rush"],
    &["no", "hurry"],
    &["no", "pressure"],
    &["no", "worries"],
    &["no", "problem"],
    &["no", "questions"],
    &["don't", "worry"],
    &["no", "need", "to", "wait"],
    &["no", "need", "to", "ask"],
    &["don't", "wait"],
    &["for", "me"],
    &["fingers", "crossed"],
    &["black", "friday"],
    &["cyber", "monday"],
    &["here", "we", "go"],
    &["let's", "go"],
    &["lets", "go"],
    &["do", "it"],
    &["go", "for", "it"],
    &["make", "it", "so"],
];

/// Words of whoever is not sure, waits for something, or says that it is not to be.
const HOLDS: Words = Words::of(&[
    "sure",
    "certain",
    "unsure",
    "should",
    "must",
    "ought",
    "shouldn't",
    "mustn't",
    "supposed",
    "forbidden",
    "prohibited",
    "banned",
    "allowed",
    "permitted",
    "frozen",
    "freeze",
    "freezes",
    "moratorium",
    "embargo",
    "first",
    "before",
    "until",
    "till",
    "unless",
    "when",
    "whenever",
    "once",
    "later",
    "instead",
    "rather",
    "better",
    "bad",
    "terrible",
    "wrong",
    "mistake",
    "joke",
    "joking",
    "kidding",
    "mind",
    "minds",
    "early",
    "premature",
    "wait",
    "hold",
    "hang",
    "stop",
    "sec",
    "second",
    "moment",
    "minute",
    "minutes",
    "min",
    "ignore",
    "ignores",
    "ignored",
    "wish",
    "dream",
    "dreams",
    "dreaming",
    "maybe",
    "perhaps",
    "probably",
    "possibly",
    "approval",
    "approve",
    "approves",
    "confirm",
    "confirmation",
    "permission",
    "stays",
    "stay",
    "leave",
    "keep",
    "tell",
    "ask",
    "asks",
    "doubt",
    "doubtful",
    "afraid",
    "worried",
    "nervous",
    "scared",
    "hesitate",
    "risky",
    "dangerous",
    "mark",
    "signal",
    "carefully",
    "gently",
    "gradually",
    "slowly",
    "seriously",
    "kind",
    "sort",
    "almost",
    "nearly",
    "could",
    "might",
    "may",
    "will",
    "gonna",
    "shall",
    "i'll",
    "we'll",
    "he'll",
    "she'll",
    "they'll",
    "it'll",
    "gotta",
    "lemme",
    "but",
    "hm",
    "hmm",
    "hmmm",
    "uh",
    "or",
    "yet",
    "denied",
    "rejected",
    "stand",
    "standby",
]);

/// Words of how, which no order of ours can be given by.
const CARE: Words = Words::of(&[
    "but",
    "carefully",
    "gently",
    "gradually",
    "slowly",
    "safely",
    "hm",
    "hmm",
    "hmmm",
    "uh",
    "oh",
]);

/// "can you?", "ready?", "and then?": asked out of courtesy.
pub(super) fn asks_kindly(spoken: &[Token<'_>]) -> bool {
    const KINDLY: Words = Words::of(&[
        "can", "could", "would", "will", "you", "u", "ready", "ok", "okay", "and", "then", "thanks",
        "possible",
    ]);
    spoken.iter().all(|token| !token.is_word() || token.is_courtesy() || token.among(&KINDLY))
}

/// Whether such a sentence changes nothing of the order before it.
pub(super) fn is_harmless(sentence: &[Token<'_>]) -> bool {
    let spoken = reach(sentence);
    let first = spoken.iter().find(|token| token.is_word());
    let put_off = first.is_some_and(|first| first.is(Class::TIME) && first.name.is_none());
    is_wanting(spoken)
        || tells(spoken)
            && !put_off
            && !holds_back(spoken)
            && !quotes(spoken)
            && !is_done(spoken)
            && !hidden::opens(spoken)
}

/// "deploy production, I wish", "… - hang on": the same behind the comma of an order, where what it is to be done with may stand as well.
pub(super) fn hedges(tail: &[Token<'_>], order: &[Token<'_>]) -> bool {
    let joint =
        |token: &Token<'_>| matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Bracket | Kind::Colon);
    if tail.is_empty() {
        let within = order.iter().rposition(joint).unwrap_or(order.len());
        let part = &order[within..];
        return mocks(part)
            || part.iter().any(|token| token.among(&CARE))
                && part.iter().skip(1).all(|token| token.is_please() || token.among(&CARE));
    }
    let begins = tail.iter().take_while(|token| joint(token) || token.any(&["but"])).count();
    if begins == 0 {
        return false;
    }
    let part = tail[begins..]
        .split(|token| joint(token) || token.any(&["and", "but", "then"]))
        .next()
        .unwrap_or_default();
    let little = part.iter().all(|token| token.name.is_none() && token.quote == 0 && !token.is(Class::DIGIT));
    little
        && !matches!(mood::read(part), Mood::Order(_) | Mood::Notify(_) | Mood::Condition(_) | Mood::Refusal)
        && (part.iter().any(|token| token.is_word() && token.among(&HOLDS)) || mocks(part) || quotes(part))
}

/// "yeah right", "as if": nobody means the order before it.
fn mocks(part: &[Token<'_>]) -> bool {
    let mut words = part.iter().filter(|token| token.is_word() && token.quote == 0);
    let (first, second, third) = (words.next(), words.next(), words.next());
    let pair = |one: &[&str], other: &[&str]| {
        first.is_some_and(|word| word.any(one))
            && second.is_some_and(|word| word.any(other))
            && third.is_none()
    };
    pair(&["yeah", "yea", "ya", "sure"], &["right"]) || pair(&["as"], &["if"])
}

/// "never on friday", "not on weekends"
pub(super) fn is_when(token: &Token<'_>) -> bool {
    token.is(Class::TIME) || token.low.strip_suffix('s').is_some_and(|one| look_up(one).class.is(Class::TIME))
}

/// Whether something in it may hold an order back.
pub(super) fn holds_back(spoken: &[Token<'_>]) -> bool {
    spoken.split(|token| matches!(token.kind, Kind::Comma | Kind::Dash) || token.kind.ends_sentence()).any(
        |part| {
            (0..part.len()).any(|at| {
                let token = &part[at];
                token.is_word() && token.quote == 0 && token.among(&HOLDS) && !follows_up(part, at)
            }) || !remark::fails(part)
                && !lacks(part)
                && part.iter().any(|token| token.is(Class::NEGATION) && token.is_word())
        },
    )
}

/// "that's what she said", "is what ben wants": the order before it was not given, only told.
fn quotes(spoken: &[Token<'_>]) -> bool {
    let mut words = spoken.iter().filter(|token| token.is_word());
    let (first, last) = (words.next(), words.clone().next_back());
    let that = first.is_some_and(|first| first.any(&["that", "that's", "thats", "this"]));
    spoken.iter().take(3).any(|token| token.any(&["what"]))
        || that
            && (words.clone().take(2).any(|token| token.any(&["for"]))
                || last.is_some_and(|last| {
                    last.any(&[
                        "command",
                        "example",
                        "docs",
                        "runbook",
                        "type",
                        "order",
                        "quote",
                        "quotation",
                    ])
                }))
}

/// "Kim did it", "I got it", "already done", "I'm still testing", "slow down": it is done by somebody, or what it waits for is not.
fn is_done(spoken: &[Token<'_>]) -> bool {
    if spoken.iter().any(|token| token.any(&["already", "solved", "resolved", "testing"]))
        || spoken.first().is_some_and(|first| first.any(&["slow"]))
    {
        return true;
    }
    spoken
        .windows(2)
        .any(|pair| pair[0].any(&["did", "got", "do", "done"]) && pair[1].any(&["it", "that", "this"]))
}

/// "nobody is online", "nothing else runs", and not "nobody agreed".
fn lacks(part: &[Token<'_>]) -> bool {
    part.first().is_some_and(|first| first.any(&["nobody", "nothing", "none", "noone"]))
        && !part.iter().any(|token| {
            report::participle(token)
                && !token.any(&["noticed", "affected", "logged", "changed", "connected"])
        })
}

fn is_wanting(spoken: &[Token<'_>]) -> bool {
    let mut rest = spoken;
    while let [first, after @ ..] = rest {
        let little = !first.is_word()
            || first.is_courtesy()
            || first.is_thanks()
            || first.among(&WANTS)
            || is_ticket(first.raw) && first.quote == 0
            || first.name.is_none()
                && first.quote == 0
                && first.is(Class::INTERJECTION)
                && !first.is(Class::NEGATION);
        let phrase = PHRASES.iter().find(|phrase| {
            phrase.len() <= rest.len() && phrase.iter().zip(rest).all(|(word, token)| token.any(&[word]))
        });
        rest = match phrase {
            Some(phrase) => &rest[phrase.len()..],
            None if little => after,
            None => return false,
        };
    }
    true
}

/// "It fixes the login bug", "it sends duplicate mails".
fn does(part: &[Token<'_>]) -> bool {
    let mut words = part.iter().filter(|token| token.is_word() && token.quote == 0);
    let subject = words.next().is_some_and(|first| first.any(&["it", "this", "that", "they", "which"]));
    subject
        && words.next().is_some_and(|verb| {
            verb.name.is_none()
                && verb.low.len() > 3
                && verb.low.ends_with('s')
                && !verb.any(&["this", "does", "goes", "was", "is", "has"])
        })
}

/// "I'll test it", "will watch": what somebody does once it is done.
fn follows_up(part: &[Token<'_>], at: usize) -> bool {
    let next = part.get(at + 1);
    part[at].any(&["i'll", "we'll", "will", "gonna"])
        && next.is_some_and(|next| next.any(&["test", "check", "verify", "watch", "monitor", "announce"]))
        && !part.iter().any(|token| token.any(&["first", "before", "until", "when", "once"]))
}

/// Whether something is told of how things are, were or went.
fn tells(spoken: &[Token<'_>]) -> bool {
    spoken
        .split(|token| matches!(token.kind, Kind::Comma | Kind::Dash))
        .filter(|part| part.iter().any(Token::is_word))
        .all(|part| {
            is_wanting(part)
                || does(part)
                || matches!(part, [done, by, ..] if by.any(&["by"]) && (report::participle(done) || done.is(Class::TELLS)))
                || (0..part.len()).any(|at| follows_up(part, at))
                || remark::state(part)
                || part.iter().skip(1).any(|token| {
                    token.is_word()
                        && token.quote == 0
                        && token.name.is_none()
                        && (token.any(remark::VERBS)
                            || token.is(Class::TELLS.and(Class::AILS))
                            || report::participle(token))
                })
                || part.iter().any(|token| {
                    token.any(&[
                        "it's", "that's", "there's", "we're", "they're", "i'm", "he's", "she's", "you're",
                    ])
                })
        })
}
