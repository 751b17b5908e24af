//! A place said before what is to be done there: "on staging, restart api", "in production, if a deploy fails, …".

use std::ops::Range;

use crate::intent::grammar::heads;
use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::words::{Kind, Token};

use super::ahead::changes_at;
use super::condition::condition_at;
use super::flag;
use super::openers::skip_openers;

/// More tokens than this name no place before a verb.
pub(super) const MAX_FRONTED: usize = 32;

/// "on staging, …", "staging: …": where the verb or the condition behind the place begins, and the place.
pub(super) fn fronted(tokens: &[Token<'_>], at: usize) -> (usize, Range<usize>) {
    let none = (at, at..at);
    let (preposition, Some(place)) = place_at(tokens, at) else { return none };
    let mut next = place;
    let marked =
        tokens.get(next).is_some_and(|token| matches!(token.kind, Kind::Comma | Kind::Colon | Kind::Dash));
    while tokens.get(next).is_some_and(|token| matches!(token.kind, Kind::Comma | Kind::Colon | Kind::Dash)) {
        next += 1;
    }
    let next = skip_openers(tokens, next);
    let verb = heads::find(&tokens[next.min(tokens.len())..]).is_some()
        || flag(tokens, next).is_some()
        || condition_at(tokens, next).is_some();
    let colon = tokens.get(place).is_some_and(|token| token.kind == Kind::Colon);
    if verb && (preposition || colon) && (marked || preposition) { (next, at..place) } else { none }
}

/// "on staging: deploy main", "in production restart web": an order with its place before it begins here.
pub(in crate::intent) fn placed_order(tokens: &[Token<'_>]) -> bool {
    let (verb, place) = fronted(tokens, 0);
    !place.is_empty() && changes_at(tokens, verb.min(tokens.len())) && tokens.get(verb + 1).is_some()
}

/// Whether a preposition stands here, and where the names behind it end, if there are any.
fn place_at(tokens: &[Token<'_>], at: usize) -> (bool, Option<usize>) {
    let mut place = at;
    let preposition =
        tokens.get(place).is_some_and(|token| token.any(&["in", "on", "for", "to", "from", "into"]));
    if preposition {
        place += 1;
        while tokens.get(place).is_some_and(|token| token.any(&["the", "our"])) {
            place += 1;
        }
    }
    let first = place;
    let mut named = false;
    while let Some(token) = tokens.get(place).filter(|_| place - first < MAX_FRONTED) {
        // "on staging backfill timezone"
        let verb = named && token.is(Class::HEAD);
        if let Some(hit) = token.name.filter(|hit| !(verb && hit.kind == NameKind::Job)) {
            named = true;
            place += hit.len();
        } else if named
            && (token.any(&["and", "environment", "env"])
                || (token.kind == Kind::Comma
                    && tokens.get(place + 1).is_some_and(|next| next.name.is_some())))
        {
            place += 1;
        } else {
            break;
        }
    }
    (preposition, (named && first != tokens.len()).then_some(place))
}

/// Where "on staging" ends.
pub(super) fn places_end(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let (preposition, end) = place_at(tokens, at);
    end.filter(|_| preposition)
}
