//! What is said between two places may be about the one behind it alone: "deploy staging and rehearse production".

use crate::intent::actions::Key;
use crate::intent::lexicon::Class;
use crate::intent::names::{Hit, NameKind};
use crate::intent::problem::Problem;
use crate::intent::scan::Scope;
use crate::intent::values;
use crate::intent::words::Token;

/// How an order is to go, in a word.
const MANNERS: &[&str] = &[
    "rehearse",
    "plan",
    "preview",
    "dry",
    "dry-run",
    "dryrun",
    "simulate",
    "migrate",
    "migrations",
    "migration",
];
/// Words that may stand between that and the place.
const LITTLE: &[&str] = &["run", "a", "the", "first", "for", "only"];

/// Refuses an order whose second place has a manner or a time of its own.
pub(super) fn check(scope: Scope<'_, '_>) -> Result<(), Problem> {
    // What stands behind the places may be the reason of a lock.
    if scope.action.has(Key::Reason) {
        return Ok(());
    }
    let tokens = scope.tokens;
    let place =
        |token: &Token<'_>| token.name.filter(|hit| hit.kind == NameKind::Environment).map(Hit::index);
    let mut places = (0..tokens.len()).filter(|at| place(&tokens[*at]).is_some());
    let (Some(first), Some(last)) = (places.next(), places.next_back()) else { return Ok(()) };
    for at in first + 1..last {
        let token = &tokens[at];
        if token.quote > 0 {
            continue;
        }
        let joined = tokens[at - 1].any(&["and"]) || !tokens[at - 1].is_word();
        let len = match values::time(&tokens[at..]).filter(|_| joined) {
            Some(time) => time.from + time.len,
            None if token.any(MANNERS) => 1,
            None => continue,
        };
        let little = |token: &&Token<'_>| token.any(LITTLE) || token.is(Class::PREPOSITION);
        let behind = at + len + tokens[(at + len).min(last)..last].iter().take_while(little).count();
        if tokens
            .get(behind)
            .is_some_and(|next| place(next).is_some() && place(next) != place(&tokens[first]))
        {
            return Err(Problem::ambiguous(format!(
                "I read `{}` before the second place, and not whether it is about both, so I did nothing. Send an order for each.",
                token.raw
            )));
        }
    }
    Ok(())
}
