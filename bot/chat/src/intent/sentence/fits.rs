//! Whether what stands before an order, and its verb, fit what it is about.

use smallvec::SmallVec;

use super::{Action, Class, Key, Kind, Problem, Token, standing};
use crate::intent::grammar::contrary;
use crate::intent::names::{Hit, NameKind, Vocabulary};
use crate::intent::values;
use crate::intent::words::said_again;

/// "in staging deploy production", "staging: roll production back": a place before the verb and another behind it.
pub(super) fn one_place(action: Action, before: &[Token<'_>], behind: &[Token<'_>]) -> Result<(), Problem> {
    // "in staging restart api, in production web": two orders.
    let behind = behind.split(|token| token.kind == Kind::Comma).next().unwrap_or_default();
    // "in staging set APP_ENV to production": its value.
    let placed = |at: usize| action != Action::SetVariable || at > 0 && behind[at - 1].any(&["in", "on"]);
    let environment = |token: &Token<'_>| token.name.filter(|hit| hit.kind == NameKind::Environment);
    let named: SmallVec<[usize; 4]> = before.iter().filter_map(environment).map(Hit::index).collect();
    let excludes = |token: &Token<'_>| {
        token.is(Class::NEGATION) || token.any(&["except", "excluding", "but", "without", "minus"])
    };
    let other = |token: &Token<'_>| environment(token).is_some_and(|hit| !named.contains(&hit.index()));
    if named.is_empty()
        || !behind.iter().enumerate().any(|(at, token)| other(token) && placed(at))
        || behind.iter().any(excludes)
    {
        return Ok(());
    }
    Err(Problem::ambiguous(format!(
        "I read `{}` before the order and another environment in it, so I did nothing. Name only where it is to go.",
        said_again(before).collect::<Vec<_>>().join(" ")
    )))
}

/// "rollback the rollback": back once more is further back, and not to where it was.
fn once_back(order: &[Token<'_>]) -> Result<(), Problem> {
    let Some(verb) = order.first().filter(|verb| verb.quote == 0) else { return Ok(()) };
    // "roll back the rollback"
    let rest = order.get(1 + usize::from(verb.any(&["roll"]))..).unwrap_or_default();
    // "undo rollback production"
    let bare = |what: &Token<'_>| verb.any(&["undo", "revert"]) && what.any(&["rollback", "revert"]);
    match rest {
        [what, ..] if bare(what) => Err(taken_back()),
        [article, what, ..]
            if verb.any(&["rollback", "undo", "revert", "roll"])
                && article.any(&["the", "that", "my", "our", "last"])
                && what.any(&["rollback", "revert", "undo"]) =>
        {
            Err(taken_back())
        }
        _ => Ok(()),
    }
}

#[cold]
fn taken_back() -> Problem {
    Problem::ambiguous(
        "A rollback is taken back by a deploy of what ran before, so I did nothing. `releases` shows which that is.",
    )
}

/// "undo v1.3 on production": the release that is to be undone, where `rollback v1.3` says which is to come back.
fn undone<'a, 't>(order: &'a [Token<'t>]) -> Option<&'a Token<'t>> {
    /// Longer is none of the ways to call a release.
    const CLOSE: usize = 6;
    let (verb, rest) = order.split_first()?;
    let out = usize::from(verb.any(&["back"]));
    if verb.quote > 0
        || !(verb.any(&["undo", "revert"]) || out > 0 && rest.first().is_some_and(|out| out.any(&["out"])))
    {
        return None;
    }
    let beside = |token: &&Token<'_>| token.any(contrary::BESIDE_REF);
    let code = rest.iter().skip(out).take(CLOSE).find(|token| !beside(token))?;
    (code.is_word() && code.name.is_none() && code.quote == 0 && values::is_ref(code.low)).then_some(code)
}

/// "or rollback production", "+ deploy production": the other half of something, a line of a difference.
pub(super) fn beginning(before: &[Token<'_>]) -> Result<(), Problem> {
    let odd = |first: &Token<'_>| first.quote == 0 && (first.any(&["or"]) || first.kind == Kind::Plus);
    if before.first().is_some_and(odd) {
        return Err(Problem::ambiguous(
            "What stands before the order leaves open whether it is one, so I did nothing. Say the order alone.",
        ));
    }
    Ok(())
}

/// Refuses verbs that do something else with what stands behind them: "rollback the rollback", "run cron", "prepare to deploy".
pub(super) fn verb(action: Action, order: &[Token<'_>], vocabulary: &Vocabulary) -> Result<(), Problem> {
    once_back(order)?;
    if action == Action::Rollback
        && let Some(code) = undone(order)
    {
        let places = standing::environments(order, vocabulary);
        return Err(contrary::leaves(code, &places, vocabulary));
    }
    if let [prepare, to, ..] = order
        && prepare.any(&["prepare"])
        && to.any(&["to"])
    {
        return Err(Problem::ambiguous(
            "I read that it is only to be prepared, and I would do it, so I did nothing. To see the plan alone, say it with `dry run`.",
        ));
    }
    // "release lock production", and not "deploy lock production".
    let deploys = order.first().is_some_and(|verb| verb.any(&["deploy", "ship", "push", "redeploy"]));
    if action == Action::Unlock && deploys {
        return Err(Problem::ambiguous(
            "I read a deploy and a lock, and not which is meant, so I did nothing.",
        )
        .suggest(vocabulary.examples(action)));
    }
    let runs = order.first().is_some_and(|verb| verb.any(&["run", "trigger", "execute", "fire"]));
    if action == Action::CronEnable && runs {
        return Err(Problem::ambiguous("I switch cron on and off and don't run it once, so I did nothing.")
            .suggest(vocabulary.examples(action)));
    }
    Ok(())
}

/// Refuses what was said before the verb of an order that has no place for it.
pub(super) fn ahead(action: Action, ahead: &[Token<'_>]) -> Result<(), Problem> {
    let timed = (0..ahead.len()).any(|at| crate::intent::values::time(&ahead[at..]).is_some());
    if timed && !action.has(Key::At) {
        return Err(Problem::bad_value(format!(
            "A {} can't be planned for later, and doing it now would be wrong.",
            action.name()
        )));
    }
    // These read their words themselves, and would pass over how they are to go.
    let own = matches!(
        action,
        Action::Setup
            | Action::CreateEnvironment
            | Action::DestroyEnvironment
            | Action::SetVariable
            | Action::RotateSecret
            | Action::Expand
    );
    if own {
        return Err(Problem::ambiguous(format!(
            "I read `{}` before a {}, which has no such thing, so I did nothing.",
            said_again(ahead).collect::<Vec<_>>().join(" "),
            action.name()
        )));
    }
    Ok(())
}
