//! Where an order ends and what is only said about it begins: "…, it's broken", "because …", "so that …".

use super::remark::{BECAUSE, remark};
use super::{Action, Class, Kind, Token, Words, aside, classes, grammar, reach};

/// "restart production api its stuck": where it is said what ails what was named right before, without a comma.
#[inline(never)]
fn ails_behind(tokens: &[Token<'_>]) -> Option<usize> {
    const STATES: Words = Words::of(&[
        "stuck",
        "down",
        "broken",
        "hanging",
        "hung",
        "slow",
        "dead",
        "crashed",
        "crashing",
        "flapping",
        "failing",
        "leaking",
        "unresponsive",
        "frozen",
        "looping",
        "crashlooping",
        "unhealthy",
    ]);
    let [.., its, state] = tokens else { return None };
    let at = tokens.len() - 2;
    let named = at > 0 && tokens[at - 1].name.is_some() && tokens[at - 1].quote == 0;
    (named && its.any(&["its", "it's"]) && state.among(&STATES) && state.quote == 0).then_some(at)
}

/// The words of an order without what is only said about it: "…, it's broken", "because …", "so that …". Locks keep
/// their reason.
pub(super) fn commentary<'a, 't>(action: Action, tokens: &'a [Token<'t>]) -> (&'a [Token<'t>], bool) {
    let signs = Class::COMMENTS
        .and(Class::of_kind(Kind::Comma))
        .and(Class::of_kind(Kind::Dash))
        .and(Class::of_kind(Kind::Colon));
    let said = classes(tokens);
    if said.is(Class::TELLS.and(Class::AILS))
        && matches!(action, Action::Restart | Action::Scale | Action::ClearCache)
        && let Some(its) = ails_behind(tokens)
    {
        return (&tokens[..its], true);
    }
    if !said.is(signs) {
        return (tokens, true);
    }
    let place = tokens.iter().enumerate().position(|(at, token)| {
        let next = tokens.get(at + 1);
        token.quote == 0
            && (at > 0 && token.any(BECAUSE)
                || (token.any(&["so"])
                    && next.is_some_and(|next| {
                        // "so QA can test"
                        let able = tokens.get(at + 2).is_some_and(|can| can.any(&["can", "could"]));
                        next.is(Class::SUBJECT)
                            || next.any(&["that", "the", "it"])
                            || able && next.name.is_none()
                    }))
                || (token.any(&["since", "as"])
                    && next.is_some_and(|next| next.is(Class::SUBJECT) || next.any(&["it", "the"])))
                || (matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Colon)
                    && action != Action::SetVariable
                    && next.is_some_and(|next| {
                        next.is(Class::SUBJECT)
                            || next.any(&["its"])
                                && tokens
                                    .get(at + 2)
                                    .is_some_and(|article| article.any(&["a", "an", "just", "only", "not"]))
                            || token.kind != Kind::Colon
                                && (remark(reach(&tokens[at + 1..]))
                                    || aside::behind(reach(&tokens[at + 1..])))
                            || (next.any(&["it", "this", "that", "the", "there"])
                                && reach(&tokens[at + 1..])
                                    .iter()
                                    .any(|token| token.is(Class::TELLS) && token.is_word()))
                    })))
    });
    let place = place.or_else(|| {
        let runs = grammar::runs::is_run_action(action);
        // "approve: r-3f2a" names the run, and gives no reason.
        let names = |at: usize| at == 0 && crate::intent::values::run(&tokens[1..]).is_some();
        let sign = |token: &Token<'_>| matches!(token.kind, Kind::Colon | Kind::Dash);
        tokens.iter().enumerate().position(|(at, token)| runs && sign(token) && !names(at))
    });
    let locks = matches!(action, Action::Lock | Action::Unlock);
    let colon = tokens.iter().position(|token| {
        locks && (token.kind == Kind::Colon || token.any(&["reason"]) || token.any(BECAUSE))
    });
    match (place, colon) {
        (_, Some(colon)) => (&tokens[..colon], false),
        (Some(place), None) if action != Action::SetVariable => (&tokens[..place], true),
        _ => (tokens, true),
    }
}
