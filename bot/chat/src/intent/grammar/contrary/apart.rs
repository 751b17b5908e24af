//! Orders of several places that say of one of them how, when or with which code it is to go: "staging, production tonight".
//!
//! Whether the others go so too would be a guess. What each is likely meant to be is suggested, a command for each place.

use crate::intent::actions::{Action, Key};
use crate::intent::command::{Canary, Command, Migrate};
use crate::intent::grammar::Draft;
use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::problem::Problem;
use crate::intent::scan::Scope;
use crate::intent::words::{Kind, Token, Words};

/// Refuses what one command for several places would do to all of them, where it was said of one.
pub(in crate::intent::grammar) fn check(scope: Scope<'_, '_>, drafts: &[Draft]) -> Result<(), Problem> {
    if scope.action == Action::Scale {
        counted_apart(drafts)?;
    }
    if drafts.len() > 1 || drafts.iter().any(|draft| draft.command.environments.len() > 1) {
        several(scope, drafts)?;
    }
    if drafts.iter().any(|draft| draft.command.services.len() > 1) {
        put_right(scope)?;
    }
    match drafts {
        [Draft { command, .. }] if command.environments.len() == 2 => last_alone(scope, command),
        [.., _, _] if !drafts[0].command.environments.is_empty() => narrowed(drafts),
        _ => Ok(()),
    }
}

/// What is said of several places or things, whether of one or of all.
#[inline(never)]
fn several(scope: Scope<'_, '_>, drafts: &[Draft]) -> Result<(), Problem> {
    let valueless = matches!(
        scope.action,
        Action::CronDisable
            | Action::CronEnable
            | Action::Restart
            | Action::ClearCache
            | Action::BackfillStop
            | Action::BackfillResume
    );
    if valueless || drafts.iter().any(|draft| draft.command.environments.len() > 1) {
        one_deed(scope, drafts)?;
    }
    if matches!(scope.action, Action::Backfill | Action::Connect) { later_value(drafts) } else { Ok(()) }
}

/// "connect stripe to staging and sendgrid to production in live mode": of both, or of the second alone?
fn later_value(drafts: &[Draft]) -> Result<(), Problem> {
    let keys = [Key::Mode, Key::RatePerMin, Key::BatchSize, Key::MaxRuntime, Key::At];
    let later = drafts.windows(2).find(|pair| {
        let (first, second) = (&pair[0].command, &pair[1].command);
        first.environments != second.environments
            && keys.into_iter().any(|key| second.says(key) && !first.says(key))
    });
    let Some([first, second]) = later else { return Ok(()) };
    Err(Problem::ambiguous(
        "I am not sure whether how it is to go is said of the last alone, so I did nothing. Say it behind each of them.",
    )
    .suggest([format!("{}, then {}", first.command.canonical(), second.command.canonical())]))
}

/// "turn cron off in staging and on in production", "lock staging to test production": between places that share one order
/// stands nothing but what joins them. Any other word may say something of the second alone.
#[inline(never)]
pub(in crate::intent::grammar) fn one_deed(scope: Scope<'_, '_>, drafts: &[Draft]) -> Result<(), Problem> {
    let Scope { action, tokens, vocabulary, .. } = scope;
    // What may stand there is more for these, and read elsewhere.
    if matches!(action, Action::Deploy | Action::Rollback) {
        return Ok(());
    }
    let place = |token: &Token<'_>| {
        token.name.filter(|hit| hit.kind == NameKind::Environment).is_some_and(|hit| {
            let name = vocabulary.spelling(hit.kind, hit.index());
            drafts.iter().any(|draft| draft.command.environments.iter().any(|place| place == name))
        })
    };
    let Some(first) = tokens.iter().position(place) else { return Ok(()) };
    let Some(last) = tokens.iter().rposition(place) else { return Ok(()) };
    let mut before = false;
    let mut named = first;
    for (at, token) in tokens.iter().enumerate().take(last).skip(first + 1) {
        if let Some(hit) = token.name {
            named = at + hit.len();
        }
        let preposition =
            token.is_word() && token.is(Class::PREPOSITION) && !token.any(&["from", "of", "with"]);
        let joins = !token.is_word() || at < named || preposition && !before || token.among(&JOINING);
        if !joins {
            return Err(another(token));
        }
        before = preposition;
    }
    Ok(())
}

/// "restart web on staging, just the api": the second instead of the first, or besides?
fn put_right(scope: Scope<'_, '_>) -> Result<(), Problem> {
    let service = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Service);
    let Some(first) = scope.tokens.iter().position(service) else { return Ok(()) };
    let behind = &scope.tokens[first..];
    let narrows = behind.windows(2).position(|pair| {
        matches!(pair[0].kind, Kind::Comma | Kind::Dash) && pair[1].any(&["just", "only", "merely"])
    });
    let Some(only) =
        narrows.and_then(|at| behind.get(at + 2..)).and_then(|only| only.iter().find(|token| service(token)))
    else {
        return Ok(());
    };
    Err(Problem::ambiguous(format!(
        "I read other services and then only `{}`, so I did nothing. Name those that are meant, and no others.",
        only.raw
    )))
}

/// Words between two places that say nothing of either.
const JOINING: Words = Words::of(&[
    "and",
    "then",
    "also",
    "plus",
    "as",
    "well",
    "the",
    "our",
    "both",
    "all",
    "environment",
    "environments",
    "env",
    "envs",
    "or",
    "too",
    "please",
    "pls",
    "next",
    "finally",
    "backfill",
    "backfills",
    "job",
    "jobs",
    "cron",
    "crons",
    "cache",
    "caches",
]);

#[cold]
fn another(token: &Token<'_>) -> Problem {
    Problem::ambiguous(format!(
        "I read `{}` between two places, which may say something else of the second, so I did nothing. Send an order for each.",
        token.raw
    ))
}

/// "staging, production tonight 22:00", "staging and production, production with canary".
#[cold]
fn last_alone(scope: Scope<'_, '_>, command: &Command) -> Result<(), Problem> {
    let Scope { tokens, .. } = scope;
    let said = [Key::At, Key::Canary, Key::Migrate, Key::Ref];
    if !said.into_iter().any(|key| command.says(key)) {
        return Ok(());
    }
    // A branch may be called like a place.
    let place = |token: &Token<'_>| {
        token.name.is_some_and(|hit| hit.kind == NameKind::Environment)
            && command.git_ref.as_deref() != Some(token.raw)
    };
    let mut places = (0..tokens.len()).filter(|at| place(&tokens[*at]));
    let (Some(first), Some(second)) = (places.next(), places.next()) else { return Ok(()) };
    // "deploy staging, production with canary": a list of two, or the second alone. Three places are a list.
    let lists = matches!(&tokens[first + 1..second], [comma] if comma.kind == Kind::Comma)
        && tokens.get(second + 1).is_some_and(|next| {
            next.is_word() && !next.is_courtesy() && !next.any(&["too", "both", "also", "and", "then"])
        });
    let ahead = tokens[..first].iter().any(|token| token.is_word() && token.name.is_none() && !little(token));
    let again = places.next().is_some();
    if !(lists && !ahead || again) {
        return Ok(());
    }
    let all = command.canonical();
    let each = each(command, &command.environments[1], false);
    Err(Problem::ambiguous(format!(
        "I am not sure whether how or when it is to go is said of `{}` alone, so I did nothing. Say which is meant.",
        command.environments[1]
    ))
    .suggest(each.into_iter().chain((!again).then_some(all))))
}

/// "scale api and web to 2 and 3": a count for each, or two for both?
fn counted_apart(drafts: &[Draft]) -> Result<(), Problem> {
    let twice = |pair: &[Draft]| {
        let (first, second) = (&pair[0].command, &pair[1].command);
        first.services.len() > 1
            && first.services == second.services
            && first.environments == second.environments
            && first.replicas != second.replicas
    };
    let Some(pair) = drafts.windows(2).find(|pair| twice(pair)) else { return Ok(()) };
    let mut each = [pair[0].command.clone(), pair[1].command.clone()];
    for (at, command) in each.iter_mut().enumerate() {
        command.services = command.services.get(at).cloned().into_iter().collect();
    }
    let two = pair[0].command.services.len() == 2;
    Err(Problem::ambiguous(
        "I read two counts for the same services, so I did nothing. Say the count behind each service.",
    )
    .suggest(two.then(|| format!("{}, then {}", each[0].canonical(), each[1].canonical()))))
}

/// Words that say nothing of how an order is to go.
fn little(token: &Token<'_>) -> bool {
    token.any(&["to", "in", "on", "the", "our", "both", "it", "of", "for", "latest", "release"])
}

/// "restart staging and production, only api on production": all of a place, and then a part of it.
#[cold]
fn narrowed(drafts: &[Draft]) -> Result<(), Problem> {
    let narrows = |pair: &[Draft]| {
        let (all, part) = (&pair[0].command, &pair[1].command);
        let within = |place: &String| all.environments.contains(place);
        all.services.is_empty()
            && !part.services.is_empty()
            && all.environments.len() > 1
            && !part.environments.is_empty()
            && part.environments.iter().all(within)
    };
    let Some([all, part]) = drafts.windows(2).find(|pair| narrows(pair)).map(|pair| [&pair[0], &pair[1]])
    else {
        return Ok(());
    };
    let mut rest = all.command.clone();
    rest.environments.retain(|place| !part.command.environments.contains(place));
    let apart = format!("{}, then {}", rest.canonical(), part.command.canonical());
    Err(Problem::ambiguous(
        "I read all of an environment and then a part of it, so I did nothing. Say for each place what is meant.",
    )
    .suggest((!rest.environments.is_empty()).then_some(apart)))
}

/// A sentence in which each place has its own: `place` alone goes as was said, or, with `others`, all but it.
///
/// What stands behind takes over what stands before it, so that a canary or migrations of one place are refused for those
/// behind it. Nothing else can be refused in a word, so that there may be no such sentence.
pub(in crate::intent::grammar) fn each(command: &Command, place: &str, others: bool) -> Option<String> {
    let mut set = false;
    let mut sentences = Vec::new();
    for environment in &command.environments {
        let mut own = command.clone();
        own.environments = vec![environment.clone()];
        if (environment == place) == others {
            let takes_over = set.then_some(command);
            own.canary = match takes_over.and_then(|before| before.canary.as_ref()) {
                Some(Canary::Off) => return None,
                Some(Canary::On { .. }) => Some(Canary::Off),
                None => None,
            };
            own.migrate = match takes_over.and_then(|before| before.migrate) {
                Some(Migrate::Skip) => return None,
                Some(Migrate::First) => Some(Migrate::Skip),
                None => None,
            };
            if takes_over.is_some_and(|before| before.says(Key::At) || before.says(Key::Ref)) {
                return None;
            }
            own.at = None;
            own.git_ref = None;
        } else {
            set = true;
        }
        sentences.push(own.canonical());
    }
    Some(sentences.join(", then "))
}
