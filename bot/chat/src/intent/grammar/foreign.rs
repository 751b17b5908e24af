//! Words that show an order to be about something that is none of ours: "release the hounds".

use super::heads;
use crate::intent::actions::Action;
use crate::intent::help;
use crate::intent::lexicon::Class;
use crate::intent::names::Vocabulary;
use crate::intent::problem::Problem;
use crate::intent::words::Token;

/// Words for what we do our work on, which name nothing by themselves.
const BLAND: &str = "it this that these those app apps application applications service services site website code build builds \
    release version change changes fix hotfix update updates everything all latest newest new current system \
    systems server servers stack environment environments env envs variable variables var value secret secrets \
    database db table tables previous last next one replicas column test live";

/// Of those, the ones that only orders about data and settings are about.
const DATA: &str = "table tables database db secret secrets variable variables var value column test";

/// Little words that are about nothing.
const LITTLE: &str = "thanks thank cheers you right well sure good great nice a for that again both very much done sorry super \
    brilliant awesome perfect everyone everybody mate the an our some any asap immediately away soon too also \
    only really us me up down out back over off go if possible fully carefully slowly gently safely once twice \
    more time here ahead as plus them its every each whole entire completely haha lol sir thx ty same except but";

/// Whether a word is about something that is none of ours: with nothing else said, it makes the order somebody else's.
pub(in crate::intent) fn is_foreign(action: Action, token: &Token<'_>) -> bool {
    let among = |words: &str| words.split(' ').any(|word| word == token.low);
    let with_data = matches!(
        action,
        Action::RotateSecret | Action::SetVariable | Action::Migrate | Action::Lock | Action::Backfill
    );
    let bland = among(BLAND) && (with_data || !among(DATA));
    let little = token.is(Class::OPENER)
        || token.is(Class::PREPOSITION)
        || token.is(Class::NEGATION)
        || token.is(Class::TIME)
        || among(LITTLE);
    token.is_word() && token.name.is_none() && !bland && !little && !heads::is_object_word(action, token.low)
}

pub(super) fn not_ours(action: Action, vocabulary: &Vocabulary) -> Problem {
    let row = action.row();
    Problem::not_a_command(format!("I read nothing here that I could {}. {}", row.verbs[0], row.help))
        .suggest(row.examples.iter().map(|example| help::fill(example, vocabulary.names())))
}
