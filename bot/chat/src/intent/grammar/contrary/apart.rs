//! Orders of several places that say of one of them how, when or with which code it is to go: "staging, production tonight".
//!
//! Whether the others go so too would be a guess. What each is likely meant to be is suggested, a command for each place.

use crate::intent::actions::{Action, Key};
use crate::intent::command::{Canary, Command, Migrate};
use crate::intent::grammar::Draft;
use crate::intent::names::NameKind;
use crate::intent::problem::Problem;
use crate::intent::scan::Scope;
use crate::intent::words::{Kind, Token};

/// Refuses what one command for several places would do to all of them, where it was said of one.
pub(in crate::intent::grammar) fn check(scope: Scope<'_, '_>, drafts: &[Draft]) -> Result<(), Problem> {
    if scope.action == Action::Scale {
        counted_apart(drafts)?;
    }
    match drafts {
        [Draft { command, .. }] if command.environments.len() == 2 => last_alone(scope, command),
        [.., _, _] if !drafts[0].command.environments.is_empty() => narrowed(drafts),
        _ => Ok(()),
    }
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
