//! What stands between two names of a kind and joins them no more than it parts them; "live" is what many call production, and what they say of anything that runs.

use crate::intent::actions::Action;
use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::problem::Problem;
use crate::intent::scan::Scope;
use crate::intent::words::{Kind, Token, Words};

/// What stands before a name beside another of its kind.
pub(super) fn beside(scope: Scope<'_, '_>, place: usize) -> Result<(), Problem> {
    let Some(hit) = scope.tokens[place].name else { return Ok(()) };
    if scope.asked || place == 0 || !scope.action.row().changes {
        return Ok(());
    }
    match hit.kind {
        NameKind::Environment => {
            goes_live(scope.tokens, place)?;
            relates(scope.tokens, place)
        }
        // "disable cron for api": cron is what it is about.
        NameKind::Service if !matches!(scope.action, Action::CronDisable | Action::CronEnable) => {
            relates(scope.tokens, place)
        }
        _ => Ok(()),
    }
}

/// "deploy staging and go live", "staging live", "to the live stage": another environment, or how the one beside it is to be?
fn goes_live(tokens: &[Token<'_>], place: usize) -> Result<(), Problem> {
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

/// "deploy staging over prod", "restart api for web": a word between two names of a kind that joins them no more than it parts them.
fn relates(tokens: &[Token<'_>], place: usize) -> Result<(), Problem> {
    const RELATES: Words = Words::of(&[
        "over", "against", "via", "of", "under", "by", "through", "across", "toward", "towards", "per",
        "like", "versus", "vs", "using", "beyond", "behind", "above", "below", "around", "beside", "near",
        "than", "before", "after", "off",
    ]);
    /// Between services as well: "restart api for web", "next to web".
    const OF_SERVICES: &[&str] = &["for", "to", "from"];
    /// "reconcile prod with staging"
    const OF_ENVIRONMENTS: &[&str] = &["with"];
    let Some(hit) = tokens[place].name else { return Ok(()) };
    let Some(before) = place.checked_sub(1).map(|at| &tokens[at]) else { return Ok(()) };
    let mut named = tokens[..place].iter().filter_map(|token| token.name);
    if !named.any(|other| other.kind == hit.kind && other.index() != hit.index()) {
        return Ok(());
    }
    let more = if hit.kind == NameKind::Service { OF_SERVICES } else { OF_ENVIRONMENTS };
    // "restart api -> web"
    let points = hit.kind == NameKind::Service && (before.kind == Kind::Arrow || before.raw == ">");
    if !(points || before.among(&RELATES) || before.any(more)) || before.quote > 0 || tokens[place].quote > 0
    {
        return Ok(());
    }
    Err(Problem::ambiguous(format!(
        "I read `{}` between two names, and not whether both are meant, so I did nothing. Put \"and\" between them if they are.",
        before.raw
    )))
}

fn is_environment(token: &Token<'_>) -> bool {
    token.name.is_some_and(|hit| hit.kind == NameKind::Environment)
}
