//! Where one clause ends and the next begins.

use super::statement::hangs_over;
use super::{
    Action, Class, Head, Kind, Meaning, Mood, Rest, Token, Words, framed, heads, mood, reach, standing,
};
use crate::intent::names::NameKind;
use crate::intent::words::words_at;

/// Where the next order after a refusal begins: "don't deploy prod, deploy staging".
pub(super) fn after_refusal(tokens: &[Token<'_>]) -> Option<usize> {
    let refusal = tokens.iter().position(|token| {
        token.is_word() && (token.is(Class::NEGATION) || token.any(&["do", "hold", "forget"]))
    })?;
    if hangs(&tokens[refusal..]) {
        return None;
    }
    let listed = refusal + refused_list(&tokens[refusal..]);
    let begins = |at: &usize| {
        let joint = matches!(tokens[*at].kind, Kind::Comma | Kind::Dash)
            || tokens[*at].any(&["but", "instead", "just"]);
        let next = tokens.get(at + 1);
        joint
            && !hangs_over(&tokens[..*at])
            && !next.is_some_and(|token| token.any(&["or", "and", "nor", "then"]))
            && matches!(mood::read(&tokens[*at..]), Mood::Order(_))
    };
    // "you must not: deploy production, restart api": what stands behind the comma belongs to the list.
    (listed.max(1)..tokens.len()).find(begins).filter(|at| !framed::lists(&tokens[..*at]))
}

/// "don't deploy, restart, scale or touch production": where the last of several verbs begins that are refused together; 0
/// where one alone is. A verb with an object of its own before the "or" is no part of such a list.
fn refused_list(refusal: &[Token<'_>]) -> usize {
    let little =
        |token: &Token<'_>| token.is(Class::NEGATION.and(Class::OPENER)) || token.any(&["do", "to", "ever"]);
    let mut at = refusal.iter().take_while(|token| token.is_word() && little(token)).count();
    let mut commas = 0;
    while let Some((_, len)) = refusal.get(at..).and_then(heads::find) {
        at += len;
        let comma = refusal.get(at).is_some_and(|token| token.kind == Kind::Comma);
        commas += usize::from(comma);
        at += usize::from(comma);
        if refusal.get(at).is_some_and(|token| token.any(&["or", "nor"])) {
            return if commas > 0 { at + 1 } else { 0 };
        }
        if !comma {
            return 0;
        }
    }
    0
}

/// Words that say when, how firmly or in what case something is not to be done, and not what.
const FIRMLY: Words = Words::of(&[
    "not", "now", "yet", "today", "tonight", "tomorrow", "really", "anymore", "ever", "even", "again",
    "just", "until", "till", "before", "after", "under", "on", "in", "at", "by", "for", "without", "during",
    "with", "like", "this", "any", "no", "never", "please", "pls", "so", "either", "off", "nothing", "you",
    "dare",
]);

/// "don't, whatever happens, deploy", "do not under any circumstances, deploy", "never! …": nothing is named that is not to
/// be done, so that it is what follows. "not on production, deploy staging" names it.
fn hangs(tokens: &[Token<'_>]) -> bool {
    let end = tokens
        .iter()
        .skip(1)
        .position(|token| matches!(token.kind, Kind::Comma | Kind::Dash) || token.any(&["but", "instead"]))
        .map_or(tokens.len(), |at| at + 1);
    let said = &tokens[..end];
    if said[0].any(&["no", "nope", "nah"]) && said.len() > 1 || said.iter().any(|token| token.name.is_some())
    {
        return false;
    }
    // "do not", "hold off" are one word of refusal.
    let verb = said[0].any(&["do", "hold", "forget"]);
    said.iter()
        .skip(1 + usize::from(verb))
        .find(|token| token.is_word())
        .is_none_or(|first| first.among(&FIRMLY))
}

/// As many words may lead in to a refusal: "do me a favor and don't".
const LED_IN: usize = 5;

/// "Don't!", "do not", "never (": a refusal in a sentence of its own that names nothing.
pub(super) fn refuses_alone(tokens: &[Token<'_>]) -> bool {
    let firm_at = |at: usize| {
        tokens[at].any(&["don't", "dont", "never"])
            || tokens[at].any(&["do", "hold"])
                && tokens.get(at + 1).is_some_and(|next| next.any(&["not", "off"]))
    };
    let Some(first) = (0..tokens.len()).find(|at| firm_at(*at)) else { return false };
    let (before, refusal) = tokens.split_at(first);
    // "the others don't" tells.
    let told = |token: &Token<'_>| {
        token.name.is_some() || token.is(Class::SUBJECT.and(Class::TELLS)) && token.is_word()
    };
    let firm = !before.iter().any(told) && before.iter().filter(|token| token.is_word()).count() <= LED_IN;
    // "never mind" takes back, and does not refuse.
    firm && refusal.iter().all(|token| token.name.is_none())
        && refusal.iter().skip(1).all(|token| !token.is_word() || token.among(&FIRMLY))
}

/// Words by which people say, mean or want something: what follows is theirs and no order.
pub(in crate::intent) const SAYING: &[&str] = &[
    "said",
    "says",
    "say",
    "told",
    "asked",
    "wrote",
    "asks",
    "wants",
    "want",
    "would",
    "could",
    "might",
    "should",
    "going",
    "gonna",
    "plan",
    "planning",
    "usually",
    "always",
    "normally",
    "think",
    "thinking",
    "like",
    "need",
    "about",
    "try",
    "tried",
    "suggested",
    "mentioned",
    "if",
    "supposed",
    "used",
    "to",
];

/// Words that join two orders.
pub(in crate::intent) const JOINS: &[&str] = &["and", "then", "but", "also", "plus"];

/// "let me know, then restart api": where the next order begins behind a wish to be told that names no signal.
pub(super) fn after_courtesy(tokens: &[Token<'_>]) -> Option<usize> {
    let end = (1..tokens.len()).find(|at| {
        let joint = tokens[*at].kind == Kind::Comma || tokens[*at].any(&["and", "then", "but"]);
        joint && matches!(mood::read(&tokens[*at..]), Mood::Order(_))
    })?;
    standing::signals(&tokens[1..end], false).is_empty().then_some(end)
}

/// How many of these tokens belong to an order with this head.
pub(super) fn clause_end(head: Head, tokens: &[Token<'_>]) -> usize {
    let lock = matches!(head, Head::Act(Action::Lock | Action::Unlock));
    let setup = matches!(head, Head::Act(Action::Setup));
    let deploy = matches!(head, Head::Act(Action::Deploy) | Head::Start | Head::Roll);
    let connect = matches!(head, Head::Act(Action::Connect) | Head::Add);
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if lock && (token.kind == Kind::Colon || token.any(&["because", "reason"])) {
            return tokens.len();
        }
        if token.quote > 0 {
            at += 1;
            continue;
        }
        let joint = matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Plus | Kind::Arrow | Kind::Bracket)
            || token.is(Class::JOINS);
        if !joint {
            // "deploy production migrate first dry run": how the deploy is to go.
            if at > 0 && breaks_in(tokens, at) && !(deploy && modifies(&tokens[at..])) {
                return at;
            }
            at += 1;
            continue;
        }
        let mut next = at;
        let mut then = false;
        while tokens.get(next).is_some_and(|token| {
            matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Plus | Kind::Bracket)
                || (token.is_word() && token.is(Class::OPENER) && token.name.is_none())
                || token.any(&["but", "plus", "after", "that"])
                    && tokens
                        .get(next.wrapping_sub(1))
                        .is_some_and(|before| before.any(&["and", "after"]) || before.kind == Kind::Comma)
        }) {
            then |= tokens[next].any(&["then", "afterwards", "next"]);
            next += 1;
        }
        if next == at {
            next += 1;
        }
        if next >= tokens.len() {
            return tokens.len();
        }
        if setup && tokens[next].any(&["use", "connect", "integrate", "link", "hook", "using"]) {
            at = next + 1;
            continue;
        }
        // "connect stripe live on staging and test on production": the mode, and no check.
        if connect
            && tokens[next].any(&["test", "live"])
            && tokens.get(next + 1).is_some_and(|token| token.any(&["in", "on", "for"]))
        {
            at = next + 1;
            continue;
        }
        let weights =
            crate::intent::values::weights(reach(&tokens[next..])).is_some() && token.kind != Kind::Dash;
        // "and then a dry run" is something else to do, and not how the first is to be done.
        let tried = then
            && !tokens[next..].iter().take(4).any(|token| {
                token.is_word()
                    && token.is(Class::KEYWORD)
                    && !token.any(&["dry", "dry-run", "dryrun", "rehearsal"])
            });
        if weights || (deploy && modifies(&tokens[next..]) && !tried) {
            at = next + 1;
            continue;
        }
        if then || begins_clause(&tokens[next..]) {
            if !then && deploy && completes(tokens, next) {
                at = next + 1;
                continue;
            }
            return at;
        }
        at = next;
    }
    tokens.len()
}
/// "deploy production, release 7.1", "deploy api, in production, migrate first": what looks like an order says which code, or how the
/// deploy before it is to go.
#[cold]
fn completes(tokens: &[Token<'_>], next: usize) -> bool {
    let place = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
    let (before, behind) = tokens.split_at(next);
    let placed = before.iter().any(place);
    if behind[0].any(&["in", "on", "for"]) {
        let migrate = behind.iter().take(PLACE).position(|token| token.any(&["migrate"]));
        return !placed && migrate.is_some_and(|at| modifies(&behind[at..]));
    }
    if !behind[0].any(&["release"]) || before.last().is_some_and(|last| last.any(JOINS)) {
        return false;
    }
    let version = |token: &Token<'_>| {
        token.is_word()
            && token.name.is_none()
            && (token.any(&["branch", "tag", "commit", "ref", "version"])
                || crate::intent::values::is_ref(token.low))
    };
    let number =
        |token: &Token<'_>| token.is(Class::DIGIT) && token.low.starts_with(|c: char| c.is_ascii_digit());
    let clause = behind.iter().take_while(|token| token.kind != Kind::Comma && !token.is(Class::JOINS));
    behind.get(1).is_some_and(|code| version(code) || number(code)) && !(placed && clause.clone().any(place))
}

/// A place before a verb has no more words than this.
const PLACE: usize = 6;

/// Words of a clause that change the deploy before it instead of ordering something new.
pub(super) fn modifies(tokens: &[Token<'_>]) -> bool {
    let word = words_at(tokens);
    let mut at = 0;
    while matches!(
        word(at),
        "no" | "not"
            | "don't"
            | "dont"
            | "do"
            | "without"
            | "with"
            | "skip"
            | "run"
            | "apply"
            | "use"
            | "using"
            | "the"
            | "a"
            | "db"
            | "database"
            | "any"
            | "all"
            | "pending"
            | "running"
            | "perform"
            | "skipping"
    ) {
        at += 1;
    }
    let negated = (0..at).any(|at| {
        matches!(word(at), "no" | "not" | "don't" | "dont" | "without" | "skip" | "with" | "skipping")
    });
    match word(at) {
        "migrations" | "migration" | "migrate" => {
            let first =
                (at + 1..at + 4).any(|at| matches!(word(at), "first" | "beforehand" | "before" | "upfront"));
            first || negated
        }
        "canary" | "canaries" => true,
        "dry-run" | "dryrun" | "rehearsal" => {
            crate::intent::grammar::heads::find(&tokens[(at + 1).min(tokens.len())..]).is_none()
        }
        "dry" => crate::intent::grammar::heads::find(&tokens[(at + 2).min(tokens.len())..]).is_none(),
        _ => {
            at > 0
                && word(at - 1) == "a"
                && crate::intent::values::weights(&tokens[at.min(tokens.len())..]).is_some()
        }
    }
}

/// Whether an order, a refusal or a statement of its own begins here.
pub(super) fn begins_clause(tokens: &[Token<'_>]) -> bool {
    let Some(first) = tokens.first() else { return false };
    let word = words_at(tokens);
    if first.name.is_some() && !(first.is(Class::HEAD) && first.name.is_some_and(|hit| hit.len() > 1)) {
        return false;
    }
    if matches!(
        word(0),
        "don't" | "dont" | "never" | "can" | "could" | "would" | "let's" | "lets" | "who" | "what" | "how"
    ) || (word(0) == "do" && word(1) == "not")
        || (word(0) == "not" && first.is_word() && tokens.get(1).is_some_and(|next| next.is(Class::HEAD)))
    {
        return true;
    }
    if first.is_word() && first.is(Class::SUBJECT) {
        return true;
    }
    // "rollback api in production, and on staging: deploy main"
    if first.any(&["in", "on", "for"]) {
        return mood::placed_order(tokens);
    }
    if matches!(word(0), "dry" | "dry-run" | "rehearse" | "plan" | "simulate") {
        return matches!(mood::read(tokens), Mood::Order(_));
    }
    if word(0) == "same" || (word(0) == "the" && word(1) == "same") {
        return true;
    }
    if standing::notifies(tokens) {
        return true;
    }
    let Some((head, len)) = heads::find(tokens) else { return false };
    if word(0) == "do" && tokens.get(1).is_some_and(|next| next.name.is_some() || next.any(&["the", "same"]))
    {
        return true;
    }
    let after = reach(&tokens[len..]);
    // "show status" is an order, "deploy status" a noun.
    let shows = matches!(head, Head::Show);
    if !shows
        && after.first().is_some_and(|token| {
            token.is_word() && token.name.is_none() && (token.is(Class::NOUNED) || token.is(Class::TELLS))
        })
    {
        return false;
    }
    !matches!(heads::resolve(head, &Rest(after)), Meaning::None)
        || matches!(head, Head::Use | Head::Stop | Head::Disable | Head::Enable)
}

/// "deploy staging deploy production": what is deployed next is named right behind.
fn names_next(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|next| next.name.is_some())
}

/// Two orders without anything between them: "deploy staging restart api".
pub(super) fn breaks_in(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    let before = &tokens[at - 1];
    token.is_word()
        && token.is(Class::HEAD)
        && token.name.is_none()
        && before.name.is_some()
        && !(token.is(Class::OBJECT) && !(token.any(&["deploy"]) && names_next(tokens, at))
            || token.is(Class::FILLER)
            || token.is(Class::KEYWORD)
            || token.is(Class::TELLS)
            || token.is(Class::PREPOSITION))
        && !token.any(&["use", "see", "test", "slack", "get", "do"])
        // "deploy production lock": nothing is said of it, so it is a noun.
        && tokens.get(at + 1).is_some_and(Token::is_word)
        && begins_clause(&tokens[at..])
}
