//! The one place an order is about, for what is suggested in its place.

use super::lexicon::Class;
use super::names::{Hit, NameKind};
use super::words::Token;

/// What rules the place out that stands behind it, beside negations.
const RULES_OUT: &[&str] =
    &["but", "except", "excluding", "minus", "instead", "than", "anywhere", "outside", "unlike", "besides"];

/// Which environment these words are about, by its place among the project's: none where several are named, or it is
/// ruled out.
pub(super) fn said(tokens: &[Token<'_>]) -> Option<usize> {
    let environment =
        |token: &Token<'_>| token.name.filter(|hit| hit.kind == NameKind::Environment).map(Hit::index);
    let at = tokens.iter().position(|token| environment(token).is_some())?;
    let place = environment(&tokens[at])?;
    let ruled_out = tokens[..at].iter().any(|token| token.is(Class::NEGATION) || token.any(RULES_OUT));
    let alone = tokens[at + 1..].iter().filter_map(environment).all(|other| other == place);
    (alone && !ruled_out).then_some(place)
}
