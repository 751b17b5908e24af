//! What the first sentence of a set-up can't hold yet: it is asked for, and would be lost.

use crate::intent::names::NameKind;
use crate::intent::problem::Problem;
use crate::intent::words::{Kind, Token, said_again};

/// What a set-up is asked for by and by.
const PARTS: &[&str] = &["code", "source", "sources", "repository", "text", "sms", "texts"];

/// Where something begins that is asked for later: a service, where the code is, a domain, who gets texts.
pub(super) fn asked_for_later(tokens: &[Token<'_>]) -> Option<usize> {
    let service = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Service);
    let address = |token: &Token<'_>| {
        let inside = token.raw.trim_matches(|c: char| !c.is_alphanumeric());
        token.name.is_none() && (token.raw.contains('/') || inside.contains('.'))
    };
    tokens.iter().position(|token| {
        token.is_word() && token.quote == 0 && (service(token) || address(token) || token.any(PARTS))
    })
}

/// What is said of it.
pub(super) fn said_too_soon(tokens: &[Token<'_>], at: usize) -> Problem {
    let before = &tokens[..at];
    // What leads to it goes with it: "…, the code is at", "… with domain", "… with".
    let comma = before.iter().rposition(|token| token.kind == Kind::Comma);
    let leads = before.iter().rposition(|token| token.any(&["with", "and", "using", "where", "from", "at"]));
    let order = &before[..comma.max(leads).unwrap_or(at)];
    let order: Vec<&str> = said_again(order).collect();
    too_soon(&tokens[at], format!("set up {}", order.join(" ")))
}

/// The same in a sentence that stands behind this one: "…, the code is in /srv/shop".
pub(in crate::intent) fn lost_behind(tokens: &[Token<'_>], text: &str) -> Option<Problem> {
    let at = asked_for_later(tokens)?;
    let before = text.get(..tokens.first()?.at)?.trim_end_matches(|c: char| !c.is_alphanumeric());
    Some(too_soon(&tokens[at], before.to_owned()))
}

fn too_soon(token: &Token<'_>, order: String) -> Problem {
    Problem::ambiguous(format!(
        "I read `{}`, and a set-up asks for its code, services, domains and texts one after the other, so I did nothing. Say where \
         and on what, then answer.",
        token.raw
    ))
    .suggest([order])
}
