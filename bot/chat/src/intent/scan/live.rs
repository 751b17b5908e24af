//! "live" is what many call production, and what they say of anything that runs.

use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::problem::Problem;
use crate::intent::words::Token;

/// "deploy staging and go live", "staging live", "to the live stage": another environment, or how the one beside it is to be?
pub(super) fn goes_live(tokens: &[Token<'_>], place: usize) -> Result<(), Problem> {
    let Some(before) = place.checked_sub(1).map(|at| &tokens[at]) else { return Ok(()) };
    let live = |token: &Token<'_>| token.any(&["live"]) && token.quote == 0 && is_environment(token);
    let joins = |token: &Token<'_>| {
        !token.is_word()
            || token.is(Class::PREPOSITION.and(Class::JOINS))
            || token.any(&["both", "the", "our"])
    };
    let (range, both) =
        if live(&tokens[place]) && !joins(before) && tokens[..place].iter().any(is_environment) {
            // "go live" stands together.
            let from = if is_environment(before) { &tokens[place] } else { before };
            (from.at..tokens[place].end(), if is_environment(before) { "and live" } else { "live" })
        } else if live(before) {
            (before.at..before.end(), "live and")
        } else {
            return Ok(());
        };
    Err(Problem::ambiguous(
        "I read `live` beside an environment, and not whether it is another one, so I did nothing. Say it without, or with \"and\" between them.",
    )
    .instead(range, ["", both]))
}

fn is_environment(token: &Token<'_>) -> bool {
    token.name.is_some_and(|hit| hit.kind == NameKind::Environment)
}
