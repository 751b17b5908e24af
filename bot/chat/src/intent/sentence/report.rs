//! What makes a report or a courtesy of words that look like an order.

use std::borrow::Cow;

use super::{Action, Class, Heard, Kind, Token, Vocabulary, classes};
use crate::intent::near::Spelled;

/// What the phrases of courtesy begin with.
pub(in crate::intent) const COURTEOUS: &[&str] = &["if", "when", "whenever", "while", "once", "as"];

/// Phrases of courtesy that hold "if" or "when" and mean neither.
const COURTESIES: &[&[&str]] = &[
    &["if", "possible"],
    &["if", "you", "can"],
    &["if", "u", "can"],
    &["when", "u", "can"],
    &["whenever", "u", "can"],
    &["if", "you", "could"],
    &["if", "you", "please"],
    &["if", "you", "don't", "mind"],
    &["if", "you", "dont", "mind"],
    &["if", "you", "would"],
    &["when", "you", "can"],
    &["when", "you", "get", "a", "chance"],
    &["when", "you", "get", "a", "minute"],
    &["when", "you", "get", "a", "moment"],
    &["when", "you", "have", "a", "minute"],
    &["when", "you", "have", "a", "moment"],
    &["when", "you", "have", "a", "chance"],
    &["when", "you", "have", "time"],
    &["whenever", "you", "can"],
    &["whenever", "you", "like"],
    &["while", "you're", "at", "it"],
    &["while", "you", "are", "at", "it"],
    &["if", "that's", "ok"],
    &["if", "that's", "okay"],
    &["if", "it's", "ok"],
    &["if", "you", "have", "time"],
    &["once", "more"],
    &["as", "soon", "as", "possible"],
    &["as", "soon", "as", "you", "can"],
    &["if", "you", "will"],
    &["when", "possible"],
    &["if", "need", "be"],
];

/// How many tokens of courtesy stand here.
fn courtesy(text: &[Token<'_>], at: usize) -> usize {
    let tokens = &text[at..];
    if !tokens[0].is(Class::COURTEOUS) {
        return 0;
    }
    let fits = |phrase: &&&[&str]| {
        phrase.len() <= tokens.len()
            && phrase.iter().zip(tokens).all(|(word, token)| token.is_word() && token.low == *word)
    };
    let len =
        COURTESIES.iter().filter(fits).map(|phrase| phrase.len()).max().unwrap_or_else(|| at_leisure(tokens));
    // "status staging and if it's ok deploy production": the order hangs on what is seen.
    let hangs = len > 0
        && tokens[len - 1].any(&["ok", "okay"])
        && tokens.get(len).is_some_and(|next| next.is_word() && next.is(Class::HEAD))
        && text[..at].iter().any(|before| before.name.is_some());
    if hangs { 0 } else { len }
}

/// "when you get a sec", "if u have a few minutes", "once you find some time": how many tokens say that there is no hurry.
#[cold]
fn at_leisure(tokens: &[Token<'_>]) -> usize {
    let [when, you, get, rest @ ..] = tokens else { return 0 };
    let begins = when.any(&["when", "whenever", "once", "if"])
        && you.any(&["you", "u", "ya"])
        && get.any(&["get", "got", "have", "find", "gotta"]);
    let little = rest
        .iter()
        .take_while(|token| token.any(&["a", "an", "some", "few", "one", "two", "spare", "free", "the"]))
        .count();
    let time = rest.get(little).is_some_and(|token| {
        token.any(&[
            "sec", "secs", "second", "seconds", "min", "mins", "minute", "minutes", "moment", "moments",
            "chance", "time", "bit", "break",
        ])
    });
    if begins && time { 3 + little + 1 } else { 0 }
}

/// The sentence without courtesies that hold "if" or "when"; `said` are its classes.
pub(super) fn without_courtesies<'a, 't>(tokens: &'a [Token<'t>], said: Class) -> Cow<'a, [Token<'t>]> {
    if !said.is(Class::COURTEOUS) {
        return Cow::Borrowed(tokens);
    }
    let first = (0..tokens.len()).find(|at| courtesy(tokens, *at) > 0);
    let Some(first) = first else { return Cow::Borrowed(tokens) };
    let mut kept = tokens[..first].to_vec();
    let mut at = first;
    while at < tokens.len() {
        let courtesy = courtesy(tokens, at);
        if courtesy == 0 {
            kept.push(tokens[at]);
        }
        at += courtesy.max(1);
    }
    Cow::Owned(kept)
}

/// The sentence without "…, nothing else" or "…, thanks ben" at its end; `said` are its classes.
pub(super) fn without_limit<'a, 't>(tokens: &'a [Token<'t>], said: Class) -> &'a [Token<'t>] {
    if let [before @ .., comma, thanks, whom] = tokens
        && matches!(comma.kind, Kind::Comma | Kind::Dash)
        && thanks.is_thanks()
        && is_somebody(whom)
        && !before.is_empty()
    {
        return before;
    }
    // "approve r-3d4e thanks jonas"
    if let [before @ .., thanks, whom] = tokens
        && thanks.is_thanks()
        && is_somebody(whom)
        && before.iter().filter(|token| token.is_word()).count() > 1
        && !before.last().is_some_and(|many| many.any(&["many", "much", "huge"]))
    {
        return before;
    }
    if !said.is(Class::NEGATION) {
        return tokens;
    }
    let polite = |token: &Token<'_>| token.kind == Kind::Comma || token.is_courtesy();
    let end = tokens.len() - tokens.iter().rev().take_while(|token| polite(token)).count();
    // "…, no rush"
    if let [before @ .., no, rush] = &tokens[..end]
        && no.any(&["no"])
        && rush.any(&["rush", "hurry", "pressure", "worries"])
        && before.iter().any(Token::is_word)
    {
        let marks = before.iter().rev().take_while(|token| !token.is_word()).count();
        return &before[..before.len() - marks];
    }
    let [before @ .., joint, nothing, more] = &tokens[..end] else { return tokens };
    let joined = matches!(joint.kind, Kind::Comma | Kind::Dash) || joint.any(&["and", "but"]);
    let limit = nothing.any(&["nothing"]) && more.any(&["else", "more"]) && nothing.quote == 0;
    let named = before.iter().any(|token| token.name.is_some());
    if joined && limit && named { before } else { tokens }
}

/// A word nobody knows that may be somebody's name, and is no refusal of another language.
fn is_somebody(token: &Token<'_>) -> bool {
    token.is_word()
        && token.quote == 0
        && token.name.is_none()
        && !token.class.known()
        && token.low.bytes().all(|byte| byte.is_ascii_lowercase())
        && !super::abroad::refuses(token)
}

/// Words after a verb that make a report of it: "deploy failed", "release went out".
pub(super) fn report(
    action: Action,
    looked: bool,
    vocabulary: &Vocabulary,
    tokens: &[Token<'_>],
) -> Option<Heard> {
    let tells = |token: &Token<'_>| {
        token.is_word() && token.is(Class::TELLS) && token.quote == 0 && token.name.is_none()
    };
    if action == Action::SetVariable {
        let assigned = tokens.get(1).is_some_and(|next| next.kind == Kind::Equals);
        return tokens.first().filter(|token| tells(token) && !assigned).map(|_| Heard::Statement);
    }
    if looked || !action.row().changes {
        let told = tokens.first().is_some_and(|token| {
            tells(token) && !token.any(&["deployed", "can", "failed", "ready", "green"])
        });
        let later = tokens
            .iter()
            .any(|token| token.any(&["is", "are", "was", "were", "looks", "look", "seem", "seems"]));
        // "deploys to production make me nervous"
        let headline = !looked
            && matches!(action, Action::Releases | Action::Logs | Action::Incidents)
            && tokens.iter().any(|token| token.listed(HEADLINE_VERBS) && token.quote == 0);
        return (told || headline || (later && !looked && !matches!(action, Action::Help | Action::Audit)))
            .then_some(Heard::Statement);
    }
    let before = |at: usize, words: &[&str]| {
        at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|token| token.any(words))
    };
    // "deploying on a friday" is a custom, "on friday" a time.
    let some_day =
        |pair: &[Token<'_>]| pair[0].any(&["a", "any"]) && crate::intent::values::is_day(pair[1].low);
    if tokens.windows(2).any(some_day) {
        return Some(Heard::Statement);
    }
    for (at, token) in tokens.iter().enumerate() {
        let participle = participle(token);
        if !participle && !tells(token) {
            continue;
        }
        let shouted = !token.raw.bytes().any(|byte| byte.is_ascii_lowercase());
        let called = || {
            token.any(CALLED)
                || action == Action::RotateSecret && shouted
                || !vocabulary.near(token.low, crate::intent::values::ALL_KINDS).is_empty()
        };
        // "deploy biling to staging": a service's name typed wrong, where a name stands.
        let slipped = || {
            let placed = tokens.get(at + 1).is_some_and(|next| next.any(&["to", "in", "on"]))
                && tokens.get(at + 2).is_some_and(|next| next.name.is_some() || next.any(&["the"]));
            at == 0 && placed && nearly_called(token.low)
        };
        let told = participle && !before(at, PARTICIPLE_AFTER) && !called() && !slipped();
        let named = action == Action::CreateEnvironment
            && token.any(&["green", "red"])
            && before(at, &["environment", "environments", "env", "envs", "and", "called", "named"]);
        let idiom = named
            || (token.any(&["pending"]) && action == Action::Migrate)
            || (token.any(&["ready"]) && action == Action::Readiness)
            || (before(at, &["that", "which"]) && action == Action::Rollback)
            || (token.any(&["working", "successful", "green", "deployed", "released"])
                && (before(at, &["last", "previous", "good", "known", "latest"])
                    || before(at, &["was"]) && action == Action::Rollback))
            || (token.any(&["failed", "pending", "paused", "blocked", "scheduled"])
                && crate::intent::grammar::runs::is_run_action(action)
                && at + 1 < tokens.len()
                && tokens.get(at + 1).is_some_and(|next| next.is(Class::OBJECT) || next.any(&["step"])))
            || (token.any(&["scheduled"]) && matches!(action, Action::CronDisable | Action::CronEnable));
        if (tells(token)
            || (told && !matches!(action, Action::Setup | Action::CreateEnvironment | Action::Expand)))
            && !idiom
        {
            return Some(Heard::Statement);
        }
    }
    None
}

/// What is said of many things of a kind, which nobody says when asking for a list of them.
pub(in crate::intent) const HEADLINE_VERBS: &[&str] = &[
    "make", "makes", "scare", "worry", "suck", "rock", "happen", "take", "need", "feel", "hurt", "cost",
    "break", "fail", "bring", "require", "stress", "annoy", "terrify", "frighten", "become", "cause", "seem",
    "tend", "should", "must", "never", "always", "usually",
];

/// Words in -ing that services are called by.
const CALLED: &[&str] = &[
    "billing",
    "pricing",
    "messaging",
    "reporting",
    "accounting",
    "onboarding",
    "booking",
    "tracking",
    "monitoring",
    "mailing",
    "ticketing",
    "invoicing",
    "banking",
    "marketing",
    "ranking",
    "rating",
    "routing",
    "scheduling",
    "indexing",
    "logging",
    "staging",
    "landing",
    "training",
];

/// Whether a word is one slip from such a name.
fn nearly_called(word: &str) -> bool {
    let word = Spelled::new(word);
    CALLED.iter().any(|called| Spelled::new(*called).distance(&word) == Some(1))
}

/// Words that may stand before a participle without making a report of the order: "as discussed", "the failing api".
pub(super) const PARTICIPLE_AFTER: &[&str] = &[
    "as", "to", "by", "for", "before", "after", "without", "while", "of", "with", "the", "a", "an", "from",
    "in", "on", "stop", "please", "be", "and", "all", "any", "ref", "branch", "tag", "commit", "release",
    "version",
];

/// "fixed", "awaiting", "crashed": a report, unless it is one of the words orders are made of.
pub(in crate::intent) fn participle(token: &Token<'_>) -> bool {
    const PLAIN: &[&str] = &[
        "including",
        "excluding",
        "using",
        "starting",
        "beginning",
        "following",
        "testing",
        "everything",
        "nothing",
        "something",
        "morning",
        "evening",
        "during",
        "soaking",
        "skipping",
        "running",
        "waiting",
        "holding",
        "needed",
        "required",
        "requested",
        "planned",
        "agreed",
        "discussed",
        "promised",
        "scheduled",
        "limited",
        "throttled",
        "batched",
        "named",
        "called",
        "based",
        "cached",
        "speed",
        "nullable",
        "pending",
        "hundred",
        "setting",
        "string",
        "thing",
        "rehearsed",
        "simulated",
        "skipped",
        "excluded",
        "migrating",
        "bundled",
        "indeed",
        "deploying",
        "failed",
        "deployed",
        "released",
        "going",
        "applying",
        "paused",
        "blocked",
    ];
    token.is_word()
        && token.quote == 0
        && token.name.is_none()
        && token.low.len() > 4
        && (token.low.ends_with("ed") || token.low.ends_with("ing"))
        && token.low.bytes().all(|byte| byte.is_ascii_lowercase())
        && !PLAIN.contains(&token.low)
}

/// The words one of which takes an order back.
pub(in crate::intent) const TAKES_BACK: &[&str] = &[
    "no",
    "nope",
    "nah",
    "not",
    "never",
    "next",
    "some",
    "one",
    "jk",
    "kidding",
    "nvm",
    "nevermind",
    "joking",
    "someday",
    "oops",
    "whoops",
];

/// "deploy production? no", "deploy production not yet".
pub(super) fn takes_back(tokens: &[Token<'_>]) -> bool {
    if !classes(tokens).is(Class::TAKES_BACK) {
        return false;
    }
    // "deploy production lol no", "deploy production or nah"
    let last = tokens.iter().rposition(Token::is_word);
    if last.is_some_and(|at| {
        let value = at > 0 && (tokens[at - 1].kind == Kind::Equals || tokens[at - 1].any(&["ref"]));
        tokens[at].any(&["no", "nope", "nah", "not", "never", "oops", "whoops"])
            && tokens[at].quote == 0
            && !value
    }) {
        return true;
    }
    tokens.iter().enumerate().any(|(at, token)| {
        let someday = token.any(&["next", "some", "one"])
            && tokens.get(at + 1).is_some_and(|next| next.any(&["time", "day"]));
        if someday || token.any(&["jk", "kidding", "nvm", "nevermind", "joking", "someday"]) {
            return true;
        }
        token.any(&["not"])
            && token.quote == 0
            && tokens
                .get(at + 1)
                .is_none_or(|next| next.any(&["yet", "now", "today", "tonight", "anymore", "really"]))
    })
}
