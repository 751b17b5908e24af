//! Words beside an order about environments that it has no place for: lost, they would make it another order.

use crate::intent::actions::Action;
use crate::intent::command::Command;
use crate::intent::grammar::heads;
use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::problem::Problem;
use crate::intent::words::{Token, Words, reach, said_again};

/// A dry run was said of what can only be done.
#[cold]
pub(in crate::intent) fn no_dry_run(action: Action, said: &Token<'_>) -> Problem {
    Problem::bad_value(format!(
        "I read `{}`, and `{}` knows no dry run, so I did nothing. Say it without, if it is to be done.",
        said.raw,
        action.name()
    ))
    .suggest([format!("help {}", action.name())])
}

/// Words that say an order is only to be tried.
const TRIED: Words = Words::of(&[
    "dry",
    "dry-run",
    "dryrun",
    "dry_run",
    "rehearse",
    "rehearsal",
    "simulate",
    "simulated",
    "simulation",
    "plan",
    "what-if",
]);

/// What new environments are called beside their names.
const OWN: Words = Words::of(&[
    "environment",
    "environments",
    "env",
    "envs",
    "new",
    "fresh",
    "another",
    "one",
    "copy",
    "identical",
    "same",
]);

/// Refuses the word that stands here, unless it means nothing beside the rest.
pub(super) fn beside(command: &Command, tokens: &[Token<'_>], place: usize) -> Result<(), Problem> {
    let token = &tokens[place];
    if token.among(&TRIED) && token.name.is_none() {
        return Err(no_dry_run(command.action, token));
    }
    // "only staging", "staging only"
    let named =
        |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|beside| beside.name.is_some());
    let only = token.any(&["only"]) && !named(place.checked_sub(1)) && !named(Some(place + 1));
    let idle = token.is(Class::IDLE) && !only || token.among(&OWN);
    let led = token.is(Class::PREPOSITION) && tokens.get(place + 1).is_some();
    if token.name.is_none() && (idle || led) {
        return Ok(());
    }
    Err(too_much(command, &tokens[place..]))
}

/// "bootstrap production", "provision a server": these are about the project as a whole, and the first about this machine alone.
pub(in crate::intent) fn whole_project(action: Action, tokens: &[Token<'_>]) -> Result<(), Problem> {
    let command = Command::new(action);
    for (place, token) in tokens.iter().enumerate().filter(|(_, token)| token.is_word() && token.quote == 0) {
        if token.among(&TRIED) && token.name.is_none() {
            return Err(no_dry_run(action, token));
        }
        let here = action == Action::BootstrapLocal && token.any(&["local", "dev", "development"]);
        let other = token.name.is_some_and(|hit| hit.kind != NameKind::Project) && !here;
        // "a server", "two servers": so many are not what the project needs.
        let counted = place > 0
            && tokens[place - 1].any(&["a", "an", "another", "more", "new", "one"])
            && !token.any(&["new"])
            && !token.listed(heads::object_words(action));
        let narrows = token.any(&["only"]) || token.is(Class::NEGATION.and(Class::KEYWORD).and(Class::DIGIT));
        if other || narrows || action == Action::Provision && counted && !token.any(&["project"]) {
            return Err(too_much(&command, &tokens[place..]));
        }
    }
    Ok(())
}

/// More was said than the order can hold.
#[cold]
pub(super) fn too_much(command: &Command, part: &[Token<'_>]) -> Problem {
    let words = said_again(reach(part)).collect::<Vec<_>>().join(" ");
    Problem::ambiguous(format!(
        "`{}` has no place for `{words}`, so I did nothing. Say it without, if that is what you want.",
        command.action.row().verbs[0]
    ))
    .suggest([format!("help {}", command.action.name())])
}

/// "create environment \"qa 2\"": a name of two words.
#[cold]
pub(super) fn two_words(token: &Token<'_>) -> Problem {
    Problem::bad_value(format!(
        "The name of an environment is one word, and I read `{}` as a second one, so I did nothing.",
        token.raw
    ))
    .suggest(["help create-environment"])
}
