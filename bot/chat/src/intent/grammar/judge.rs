//! Whether all that was said has a place in the action.

use std::fmt::Write as _;
use std::ops::Range;

use super::commands::commands;
use crate::intent::actions::{Action, Key};
use crate::intent::command::Command;
use crate::intent::lexicon::Class;
use crate::intent::names::{NameKind, Vocabulary};
use crate::intent::problem::Problem;
use crate::intent::scan::{List, Said, Scope, for_a_time};
use crate::intent::values;
use crate::intent::words::{Kind, Token, classes, reach};

/// Words that leave open which of two is meant.
pub(in crate::intent) const EITHER: &[&str] = &["or", "either"];

/// Refuses "staging or production", "lock or unlock" and "deploy or not deploy": either would be a guess.
pub(super) fn one_reading(action: Action, tokens: &[Token<'_>]) -> Result<(), Problem> {
    if !classes(tokens).is(Class::EITHER) {
        return Ok(());
    }
    let reasons = matches!(action, Action::Lock | Action::Unlock);
    let said = tokens.iter().position(|token| {
        reasons && (token.kind == Kind::Colon || token.any(&["because", "reason", "cause"]))
    });
    let tokens = &tokens[..said.unwrap_or(tokens.len())];
    let or = tokens.iter().enumerate().position(|(at, token)| {
        let value = at > 0 && tokens[at - 1].kind == Kind::Equals;
        // "in an hour or so" leaves nothing open that matters.
        let vague = tokens.get(at + 1).is_none_or(|next| next.any(&["so"]));
        token.quote == 0 && !value && !vague && token.any(&["or"])
    });
    let either = tokens.iter().any(|token| token.any(&["either"]) && token.quote == 0);
    if or.is_none() && !either {
        return Ok(());
    }
    let problem = Problem::ambiguous("I read \"or\": which of the two is meant?");
    // What takes something away is said again, and not clicked.
    let removes = matches!(action, Action::DestroyEnvironment | Action::RemoveComponent);
    Err(match or.filter(|_| !removes).and_then(|or| two(tokens, or)) {
        Some((both, one, other)) => problem.instead(both, [one, other]),
        None => problem,
    })
}

/// The two names or values on both sides of this "or", of a word each, and where both stand with it; none where there are more
/// than two.
fn two<'t>(tokens: &[Token<'t>], or: usize) -> Option<(Range<usize>, &'t str, &'t str)> {
    let little = |token: &Token<'_>| token.is(Class::PREPOSITION) || token.any(&["the", "maybe"]);
    let value = |token: &Token<'_>| {
        let named = token.name.is_some_and(|hit| hit.len() == 1);
        token.is_word() && token.quote == 0 && (named || !token.is(Class::HEAD) && !little(token))
    };
    let kind = |token: &Token<'_>| token.name.map(|hit| hit.kind);
    let lists =
        |token: &Token<'_>| matches!(token.kind, Kind::Comma | Kind::Plus) || token.any(&["or", "and"]);
    let (before, one) = tokens.get(..or)?.split_last().map(|(one, before)| (before, one))?;
    let behind = tokens.get(or + 1..)?;
    let (other, behind) = behind[behind.iter().take_while(|token| little(token)).count()..].split_first()?;
    let (before, begin) = match before {
        [before @ .., either] if either.any(&["either"]) => (before, either.at),
        _ => (before, one.at),
    };
    let alone = !before.last().is_some_and(lists) && !behind.first().is_some_and(lists);
    // Of words that were put elsewhere, what stands between is not what was said.
    let fits = value(one) && value(other) && kind(one) == kind(other) && alone && begin < other.end();
    fits.then_some((begin..other.end(), one.raw, other.raw))
}

/// Refuses a time on the actions that read their words themselves: now would be the wrong time.
pub(super) fn no_time(scope: Scope<'_, '_>) -> Result<(), Problem> {
    let Scope { action, tokens, .. } = scope;
    if !matches!(action, Action::Setup | Action::CreateEnvironment | Action::DestroyEnvironment) {
        return Ok(());
    }
    let lasts = (0..tokens.len())
        .filter(|at| tokens[*at].any(&["for"]) && tokens[*at].quote == 0)
        .find_map(|at| values::only_for(reach(&tokens[at..])).map(|len| &tokens[at..at + len]));
    if let Some(time) = lasts {
        return Err(for_a_time(scope, time));
    }
    if let Some(put_off) = tokens.iter().find(|token| token.any(&["later", "soon"]) && token.quote == 0) {
        return Err(later(action, put_off.raw));
    }
    let found = (0..tokens.len()).find_map(|at| values::time(reach(&tokens[at..])).map(|time| (at, time)));
    let Some((at, time)) = found else { return Ok(()) };
    let written: Vec<&str> = tokens[at..at + time.len].iter().map(|token| token.raw).collect();
    Err(later(action, &written.join(" ")))
}

/// The same of an order that could be given now: what to say when the time has come, and what to look at until then.
fn not_now(action: Action, said: &Said, at: &str, vocabulary: &Vocabulary) -> Problem {
    let problem = later(action, at);
    let mut untimed = said.clone();
    untimed.at = None;
    let Some(draft) = commands(action, &untimed, vocabulary).into_iter().next() else { return problem };
    // What else these say is read later.
    if matches!(action, Action::SetVariable | Action::RotateSecret | Action::Expand) {
        return problem;
    }
    let order = draft.command.canonical();
    let mut message = format!("{} Say `{order}` when the time has come.", problem.message);
    if action == Action::Rollback {
        let place = draft.command.environments.first().map_or("staging", String::as_str);
        let _ = write!(
            message,
            " What is live by then may be another release. A release by its name can be planned: `deploy v1.2.0 to {place} at \
             22:00`."
        );
    }
    let look = Command { dry_run: true, ..draft.command };
    Problem::bad_value(message).suggest(action.has(Key::DryRun).then(|| look.canonical()))
}

fn later(action: Action, at: &str) -> Problem {
    Problem::bad_value(format!(
        "A {} can't be planned for later (`{at}`), and doing it now would be wrong.",
        action.name()
    ))
}

/// Refuses what was said but has no place in this action, so that it is not lost silently.
pub(super) fn judge(action: Action, said: &Said, vocabulary: &Vocabulary) -> Result<(), Problem> {
    let verb = action.name();
    if let Some(at) = &said.at {
        if at.starts_with('\0') {
            return Err(Problem::bad_value(format!(
                "`{}` happens again and again; I start a {verb} once, at one time.",
                at.trim_start_matches('\0')
            )));
        }
        if !action.has(Key::At) && action.row().changes {
            return Err(not_now(action, said, at, vocabulary));
        }
    }
    if !action.row().changes {
        return Ok(());
    }
    let lost = |what: &str| Err(Problem::ambiguous(format!("`{verb}` has no {what}, so I did nothing.")));
    if (said.dry_run && !action.has(Key::DryRun)) || (said.rehearse && !action.has(Key::Rehearse)) {
        return lost(if said.dry_run { "dry run" } else { "rehearsal" });
    }
    if said.canary.is_some() && !action.has(Key::Canary) {
        return lost("canary");
    }
    if said.services.is_said() && !said.services.all && !action.has(Key::Services) && action != Action::Setup
    {
        return lost("services of its own");
    }
    if (said.git_ref.is_some() && !(action.has(Key::Ref) || action.has(Key::To)))
        || (said.previous && !action.has(Key::To))
    {
        return lost("ref");
    }
    if said.git_ref.is_some() && said.previous {
        return Err(Problem::ambiguous("A ref and the previous release were both said; which is meant?"));
    }
    if !said.runs.is_empty() && !action.has(Key::Run) {
        return lost("run to be about");
    }
    let some = |list: &List| !list.named.is_empty() || !list.without.is_empty();
    if some(&said.jobs) && !action.has(Key::Job) {
        return lost("job");
    }
    let provides = action.has(Key::Provider) || action.has(Key::Providers) || action == Action::Setup;
    if some(&said.providers) && !provides {
        return lost("provider to choose");
    }
    let component = said.components.named.first().or_else(|| said.components.without.first());
    if let Some(component) = component.filter(|_| !action.has(Key::Component)) {
        let component = vocabulary.spelling(NameKind::Component, *component);
        return Err(Problem::unknown_name(format!(
            "`{component}` is a component, and a {verb} is about services: {}.",
            vocabulary
                .names()
                .services
                .iter()
                .map(|named| named.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        )));
    }
    if action.has(Key::Component)
        && !said.components.is_said()
        && said.environments.is_said()
        && !said.environments_placed
    {
        return Err(Problem::ambiguous(format!(
            "`{verb}` is about components; which one, and in which environment?"
        ))
        .suggest(vocabulary.examples(action)));
    }
    let emptied = |list: &List| {
        !list.without.is_empty() && !list.all && list.named.iter().all(|n| list.without.contains(n))
    };
    if emptied(&said.environments) {
        return Err(Problem::ambiguous("I know where not to, but not where to. Name the environments."));
    }
    // "except api, web and cron", "deploy api, but not the api": without a service, all would be meant.
    let services = &said.services;
    if !services.without.is_empty() {
        let none = if services.named.is_empty() || services.all {
            services.without.len() >= vocabulary.names().services.len()
        } else {
            services.named.iter().all(|named| services.without.contains(named))
        };
        if none && action.has(Key::Services) {
            return Err(Problem::ambiguous(
                "I read that every service is left out, so I did nothing. Name those that are meant.",
            ));
        }
    }
    if [&said.components, &said.jobs, &said.providers].into_iter().any(emptied) {
        return Err(Problem::ambiguous("I know what to leave out, but not what is meant. Name it."));
    }
    Ok(())
}
