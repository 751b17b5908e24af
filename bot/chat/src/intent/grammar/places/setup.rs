//! What the first sentence of a set-up can't hold yet: it is asked for, and would be lost.

use super::whole;
use crate::intent::command::Command;
use crate::intent::names::{NameKind, Vocabulary};
use crate::intent::problem::Problem;
use crate::intent::words::{Kind, Token, Words, said_again};

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

/// What a set-up is said with, beside names and the words that mean nothing.
const OWN: Words = Words::of(&[
    "connect",
    "connecting",
    "connections",
    "connection",
    "integrate",
    "integrations",
    "link",
    "hook",
    "host",
    "hosted",
    "behind",
    "new",
    "machine",
    "machines",
    "laptop",
    "computer",
    "scratch",
    "both",
    "three",
    "two",
    "named",
    "called",
    "setup",
]);

/// What the edge is for.
const EDGE: &[&str] =
    &["dns", "edge", "canary", "cdn", "traffic", "proxy", "routing", "domains", "domain", "splitting"];

/// Refuses the word that stands here, unless it means nothing beside the rest of a set-up.
pub(super) fn beside(command: &Command, tokens: &[Token<'_>], place: usize) -> Result<(), Problem> {
    let token = &tokens[place];
    let provided = || tokens.iter().any(|token| token.name.is_some_and(|hit| hit.kind == NameKind::Provider));
    let edge = token.any(EDGE) && provided() && (command.edge.is_some() || !token.any(&["canary"]));
    if token.among(&OWN) || edge {
        return Ok(());
    }
    whole::beside(command, tokens, place)
}

/// "set up staging on railway, stripe for payments": behind what is set up stands what is connected to it.
pub(super) fn listed(command: &Command, tokens: &[Token<'_>], place: usize) -> bool {
    let led = tokens[..place].last().is_some_and(|before| before.any(&["on", "onto", "platform"]));
    let about = !command.environments.is_empty() || command.platform.is_some() || command.project.is_some();
    about && !led && !tokens[place].any(&["local"])
}

/// "set up stripe on production": a provider that runs nothing, where the platform would stand.
#[cold]
pub(super) fn no_platform(
    tokens: &[Token<'_>],
    place: usize,
    provider: &str,
    vocabulary: &Vocabulary,
) -> Problem {
    let said = tokens[..place].last().is_some_and(|before| before.any(&["on", "onto", "platform"]));
    let mut connect = Command::new(crate::intent::actions::Action::Connect);
    connect.provider = Some(provider.to_owned());
    connect.environments = crate::intent::grammar::standing::environments(tokens, vocabulary);
    let problem = if said {
        Problem::bad_value(format!(
            "`{provider}` runs no services, so nothing can be set up on it. I did nothing."
        ))
    } else {
        Problem::ambiguous(format!(
            "I read `{provider}` as what is to be set up, and a set-up is of environments, so I did nothing. A provider is connected."
        ))
    };
    problem.suggest([connect.canonical()])
}
