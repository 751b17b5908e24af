//! Words that show an order to be about something that is none of ours: "release the hounds".

use super::{heads, runs};
use crate::intent::actions::Action;
use crate::intent::lexicon::Class;
use crate::intent::names::Vocabulary;
use crate::intent::problem::Problem;
use crate::intent::words::Token;

/// Whether a word is about something that is none of ours: with nothing else said, it makes the order somebody else's.
pub(in crate::intent) fn is_foreign(action: Action, token: &Token<'_>) -> bool {
    let with_data = matches!(
        action,
        Action::RotateSecret | Action::SetVariable | Action::Migrate | Action::Lock | Action::Backfill
    );
    let bland = token.is(Class::BLAND) && (with_data || !token.is(Class::DATA));
    let little = token.is(Class::OPENER)
        || token.is(Class::PREPOSITION)
        || token.is(Class::NEGATION)
        || token.is(Class::TIME)
        || token.is(Class::LITTLE);
    // "provision the project"
    let whole = matches!(action, Action::Provision | Action::BootstrapLocal | Action::Setup)
        && token.any(&["project"]);
    let own = || token.listed(heads::object_words(action));
    // "lock it for 2h"
    let lasts = action == Action::Lock && token.is(Class::DIGIT);
    token.is_word() && !whole && !lasts && token.name.is_none() && !bland && !little && !own()
}

pub(super) fn not_ours(action: Action, vocabulary: &Vocabulary) -> Problem {
    let row = action.row();
    let verb = if action == Action::Readiness { "check the readiness of" } else { row.verbs[0] };
    let problem = Problem::not_a_command(format!("I read nothing here that I could {verb}. {}", row.help));
    if runs::is_run_action(action) {
        // "promote Bob": a click would be about the run of this thread.
        return problem.suggest(["status".to_owned(), format!("help {}", action.name())]);
    }
    problem.suggest(vocabulary.examples(action))
}
