//! Words that make another order of an order than its verb says, one we don't have.

pub(super) mod apart;
mod between;
pub(in crate::intent) mod lesser;
mod unmeant;

pub(in crate::intent) use unmeant::{audience, looks};

use crate::intent::actions::{Action, Key};
use crate::intent::help;
use crate::intent::lexicon::Class;
use crate::intent::markup::TICK;
use crate::intent::names::Vocabulary;
use crate::intent::problem::Problem;
use crate::intent::scan::Scope;
use crate::intent::values;
use crate::intent::words::{Kind, Token, classes, reach, said_again};

/// Refuses an order that goes where its verb does not: forward by a rollback, back by a migration, before a time.
pub(super) fn check(scope: Scope<'_, '_>) -> Result<(), Problem> {
    newest(scope)?;
    in_place_of(scope)?;
    and_the_run(scope)?;
    departs(scope)?;
    backwards(scope)?;
    deadline(scope)?;
    while_done(scope)?;
    other_value(scope)?;
    lesser::check(scope)?;
    unmeant::check(scope)?;
    between::check(scope)?;
    refused_mode(scope)
}

/// "set up staging instead of production": these read their words themselves, and would read both.
fn in_place_of(scope: Scope<'_, '_>) -> Result<(), Problem> {
    let Scope { action, tokens, .. } = scope;
    let own = matches!(
        action,
        Action::Setup
            | Action::CreateEnvironment
            | Action::DestroyEnvironment
            | Action::RotateSecret
            | Action::SetVariable
    );
    let words = matches!(action, Action::RotateSecret | Action::SetVariable);
    let replaces = |three: &[Token<'_>]| {
        unquoted(&three[0])
            && (three[0].any(&["instead"]) && three[1].any(&["of"]) || three[0].any(&["rather"]) && three[1].any(&["than"]))
            // "in staging instead of production" is read with the names.
            && !(words && three[2].name.is_some())
    };
    if !own || !classes(tokens).is(Class::MANNER) || !tokens.windows(3).any(replaces) {
        return Ok(());
    }
    Err(Problem::ambiguous(
        "I read what is not meant beside what is, and won't guess how far each goes, so I did nothing. Say only what is meant.",
    ))
}

/// "stop the deploy and the timezone backfill": a backfill is stopped, and what else is said would go on.
fn and_the_run(scope: Scope<'_, '_>) -> Result<(), Problem> {
    let Scope { action, tokens, .. } = scope;
    if !matches!(action, Action::BackfillStop | Action::BackfillResume) {
        return Ok(());
    }
    let run = |token: &Token<'_>| {
        unquoted(token)
            && token.any(&[
                "deploy",
                "deployment",
                "rollout",
                "release",
                "canary",
                "rollback",
                "migration",
                "migrations",
            ])
    };
    let joins = |token: &Token<'_>| token.any(&["and"]) || matches!(token.kind, Kind::Comma | Kind::Plus);
    let Some(other) = tokens.iter().find(|token| run(token)).filter(|_| tokens.iter().any(joins)) else {
        return Ok(());
    };
    Err(Problem::ambiguous(format!(
        "I read `{}` beside the backfill, and each needs an order of its own, so I did nothing. Send them apart.",
        other.raw
    ))
    .suggest([action.name()]))
}

/// "connect stripe, but not live": a mode that is refused leaves open which is meant.
fn refused_mode(scope: Scope<'_, '_>) -> Result<(), Problem> {
    /// So close behind a no stands what it refuses.
    const CLOSE: usize = 3;
    let Scope { action, tokens, vocabulary, .. } = scope;
    if action != Action::Connect {
        return Ok(());
    }
    let mode = |token: &Token<'_>| token.any(&["live", "test", "sandbox", "real", "testing"]);
    let refuses = (0..tokens.len()).any(|at| {
        unquoted(&tokens[at])
            && tokens[at].is(Class::NEGATION)
            && tokens[at + 1..].iter().take(CLOSE).any(mode)
    });
    if !refuses {
        return Ok(());
    }
    Err(Problem::ambiguous(
        "I read which mode is not meant, and will not guess which is, so I did nothing. Say `in test mode` or `in live mode`.",
    )
    .suggest(vocabulary.examples(action)))
}

/// "rollback staging to latest": a rollback goes to an older release, and the newest comes by a deploy.
fn newest(scope: Scope<'_, '_>) -> Result<(), Problem> {
    let Scope { action, tokens, vocabulary, .. } = scope;
    if action != Action::Rollback {
        return Ok(());
    }
    let word = |at: usize| tokens.get(at).filter(|token| unquoted(token)).map_or("", |token| token.low);
    let found = (0..tokens.len()).filter(|at| matches!(word(*at), "to" | "onto")).find_map(|to| {
        let at = to + 1 + usize::from(matches!(word(to + 1), "the" | "our" | "its"));
        let at = at + usize::from(matches!(word(at), "very" | "most"));
        let newest = matches!(word(at), "latest" | "newest" | "current" | "new" | "recent" | "tip");
        // "to the latest good one" is one before.
        let former = matches!(
            word(at + 1),
            "good" | "working" | "stable" | "known" | "healthy" | "green" | "successful" | "previous"
        );
        (newest && !former).then_some(at)
    });
    let Some(token) = found.and_then(|at| tokens.get(at)) else { return Ok(()) };
    let named = super::standing::environments(tokens, vocabulary).into_iter().next();
    let place = named.unwrap_or_else(|| help::fill("{env}", vocabulary.names()));
    Err(Problem::ambiguous(format!(
        "A rollback goes to an older release, and I read `{}`, so I did nothing. The newest comes by a deploy.",
        token.raw
    ))
    .suggest([format!("rollback {place} to the previous release"), format!("releases {place}")]))
}

/// "rollback production from v1.3": what it is to leave, and a rollback needs to know where it is to go.
fn departs(scope: Scope<'_, '_>) -> Result<(), Problem> {
    /// So far before a ref may stand the preposition that belongs to it.
    const CLOSE: usize = 4;
    let Scope { action, tokens, vocabulary, .. } = scope;
    if action != Action::Rollback {
        return Ok(());
    }
    let left = |at: &usize| {
        let mut before = tokens[at.saturating_sub(CLOSE)..*at].iter().rev();
        unquoted(&tokens[*at])
            && before
                .find(|token| !token.is_word() || !token.any(BESIDE_REF))
                .is_some_and(|from| from.any(&["from", "off"]))
    };
    // "from v1.3 to v1.2" says both.
    let mut codes = (0..tokens.len()).filter(|at| values::is_ref(tokens[*at].low));
    match codes.next().filter(|at| codes.next().is_none() && left(at)).map(|at| &tokens[at]) {
        Some(code) => Err(leaves(code, &super::standing::environments(tokens, vocabulary), vocabulary)),
        None => Ok(()),
    }
}

/// Words between a ref and what says where it belongs.
pub(in crate::intent) const BESIDE_REF: &[&str] =
    &["the", "our", "version", "release", "tag", "commit", "ref", "deploy", "deployment", "of"];

/// The problem of a rollback that says which code is to go away.
#[cold]
pub(in crate::intent) fn leaves(code: &Token<'_>, places: &[String], vocabulary: &Vocabulary) -> Problem {
    let place = match places {
        [] => help::fill("{env}", vocabulary.names()),
        places => places.join(" and "),
    };
    Problem::ambiguous(format!(
        "I read that `{0}` is to go away, and not where it is to go back to, so I did nothing. Say `to {0}` if that is meant.",
        code.raw
    ))
    .suggest([format!("releases {place}")])
}

/// What may turn an order round.
pub(in crate::intent) const BACKWARDS: &[&str] =
    &["down", "downward", "downwards", "backward", "backwards", "back", "reverse", "reversed", "undo", "off"];

/// "migrate staging down", "deploy production off": the order the other way round, which we don't carry out.
fn backwards(scope: Scope<'_, '_>) -> Result<(), Problem> {
    let Scope { action, tokens, .. } = scope;
    if !matches!(action, Action::Deploy | Action::Migrate | Action::Restart) {
        return Ok(());
    }
    let found = tokens.iter().enumerate().find(|(at, token)| {
        if !token.is(Class::WITHIN) {
            return false;
        }
        let next = tokens.get(at + 1);
        let placed = next
            .is_none_or(|next| !next.is_word() || next.is(Class::PREPOSITION) || next.any(&["and", "then"]));
        let migrates = action == Action::Migrate;
        unquoted(token)
            && match token.low {
                "down" | "downward" | "downwards" | "backward" | "backwards" => true,
                "back" if migrates => !next.is_some_and(|next| next.any(&["up"])),
                "reverse" | "reversed" | "undo" => migrates,
                // "deploy staging off main"
                "off" => placed,
                _ => false,
            }
    });
    let Some((_, token)) = found else { return Ok(()) };
    if action == Action::Migrate {
        return Err(Problem::ambiguous(
            "I run migrations forward only: what a migration did is undone by a new one. I did nothing.",
        )
        .suggest(["help migrate"]));
    }
    Err(Problem::ambiguous(format!(
        "I don't know what `{}` means here, so I did nothing. Say it in other words.",
        token.raw
    )))
}

/// "deploy production by 5pm": done before that time, while a time that is said is when it begins.
fn deadline(scope: Scope<'_, '_>) -> Result<(), Problem> {
    let Scope { action, tokens, .. } = scope;
    if !action.has(Key::At) {
        return Ok(());
    }
    let by = tokens.iter().enumerate().find(|(at, token)| {
        unquoted(token)
            && (token.any(&["by"]) && values::time(reach(&tokens[*at..])).is_some()
                || token.any(&["over"]) && values::time(reach(&tokens[at + 1..])).is_some())
    });
    let Some((_, by)) = by else { return Ok(()) };
    Err(Problem::ambiguous(
        "I start at a time that is said, and can't promise by when it is done, so I did nothing. Say when it is to start.",
    )
    .instead(by.at..by.end(), ["at"]))
}

/// "lock production during the deploy": a lock holds from now on, and for a time that is said or until it is taken away.
fn while_done(scope: Scope<'_, '_>) -> Result<(), Problem> {
    let Scope { action, tokens, vocabulary, .. } = scope;
    if action != Action::Lock {
        return Ok(());
    }
    let said = tokens
        .iter()
        .take_while(|token| token.kind != Kind::Colon && !token.any(&["because", "reason", "cause"]))
        .find(|token| token.any(&["during", "throughout", "amid"]) && unquoted(token));
    let Some(during) = said else { return Ok(()) };
    let places = super::standing::environments(tokens, vocabulary);
    let lock = if places.is_empty() { "lock".to_owned() } else { format!("lock {}", places.join(" and ")) };
    let what: Vec<&str> =
        said_again(&tokens[tokens.partition_point(|token| token.at < during.at)..]).collect();
    Err(Problem::ambiguous(format!(
        "I read `{}`, and a lock holds from now on, for a time that is said or until `unlock`, so I did nothing.",
        what.join(" ")
    ))
    .suggest([format!("{lock} for 2h"), lock]))
}

/// "set LEVEL to debug in staging and to warn in production": another value for another place.
fn other_value(scope: Scope<'_, '_>) -> Result<(), Problem> {
    let Scope { action, tokens, text, .. } = scope;
    if action != Action::SetVariable {
        return Ok(());
    }
    // NOTE=`hello, world`: a comma between marks is part of the value.
    let mut ticked = false;
    let found = (1..tokens.len()).find_map(|at| {
        let between = text.get(tokens[at - 1].end()..tokens[at].at).unwrap_or_default();
        ticked ^= !between.matches(TICK).count().is_multiple_of(2);
        let parts = tokens[at].kind == Kind::Comma && tokens[at].quote == 0 && !ticked;
        let joint = unquoted(&tokens[at]) && tokens[at].any(&["and"]) || parts;
        let announced = tokens.get(at + 1).is_some_and(|next| next.any(&["to", "as"]));
        let value = tokens.get(at + 1 + usize::from(announced))?;
        let place = tokens.get(at + 2 + usize::from(announced))?;
        let little =
            value.is(Class::PREPOSITION) || value.any(&["the", "our", "also", "both", "all", "please"]);
        let plain = value.is_word() && value.name.is_none() && !little;
        (joint && plain && place.any(&["in", "on", "for"])).then_some(value)
    });
    let Some(value) = found else { return Ok(()) };
    Err(Problem::ambiguous(format!(
        "I read a second value, `{}`, for another place, so I did nothing. Set each with an order of its own.",
        value.raw
    )))
}

fn unquoted(token: &Token<'_>) -> bool {
    token.is_word() && token.quote == 0 && token.name.is_none()
}
