//! Orders that wait for somebody's word: "deploy production on my go", "at her signal, roll back staging".

use super::{Class, Head, Kind, Mood, Problem, Token, conditions, mood};
use crate::intent::names::Vocabulary;

/// What somebody gives who lets an order go.
pub(in crate::intent) const GIVEN: &[&str] = &[
    "go",
    "mark",
    "signal",
    "word",
    "command",
    "say",
    "say-so",
    "nod",
    "cue",
    "ok",
    "okay",
    "approval",
    "go-ahead",
    "blessing",
    "permission",
    "consent",
    "sign-off",
    "signoff",
];

/// Where "on my go" begins.
pub(super) fn within(tokens: &[Token<'_>]) -> Option<usize> {
    tokens.windows(3).position(is_awaited)
}

/// "on my go", "after ana's approval"
fn is_awaited(three: &[Token<'_>]) -> bool {
    let [when, whose, word] = three else { return false };
    word.is(Class::WITHIN)
        && word.any(GIVEN)
        && (whose.any(&["my", "our", "your", "his", "her", "their"]) || whose.low.ends_with("'s"))
        && when.any(&["on", "at", "upon", "by", "after", "following", "pending"])
        && three.iter().all(|token| token.quote == 0)
}

/// "on my go, deploy production": the order behind these words waits for them.
pub(super) fn before(tokens: &[Token<'_>], said: Class, vocabulary: &Vocabulary) -> Result<(), Problem> {
    if !said.is(Class::WITHIN) {
        return Ok(());
    }
    let begin = mood::skip_openers(tokens, 0);
    if !tokens.get(begin..begin + 3).is_some_and(is_awaited) {
        return Ok(());
    }
    let behind = &tokens[begin + 3..];
    let order = &behind[behind.iter().take_while(|token| token.kind == Kind::Comma).count()..];
    match mood::read(order) {
        Mood::Order(opening) if !matches!(opening.head, Head::Act(action) if !action.row().changes) => {
            Err(conditions::conditional(order, vocabulary))
        }
        _ => Ok(()),
    }
}
