//! Orders that say for whom they are, that they are only to be looked at, or whose names stand apart: done as their verb says, they would be more than was meant.

use crate::intent::actions::Action;
use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::problem::Problem;
use crate::intent::scan::Scope;
use crate::intent::words::{Kind, Token};

/// Refuses what would be done for everybody, for good, or in two places.
pub(super) fn check(scope: Scope<'_, '_>) -> Result<(), Problem> {
    let Scope { action, tokens, .. } = scope;
    let goes = matches!(
        action,
        Action::Deploy | Action::Rollback | Action::Migrate | Action::Restart | Action::Scale
    );
    if goes && audience(tokens) {
        return Err(Problem::ambiguous(
            "I read for whom it is to be, and it would be for everybody, so I did nothing. A canary gives a release to a part of the traffic: \
             `with canary 10/50/100`.",
        ));
    }
    if goes && looks(tokens) {
        return Err(Problem::ambiguous(
            "I read that it is to be looked at, and I would do it, so I did nothing. To see the plan alone, say it with `dry run`.",
        ));
    }
    if action.row().changes && action != Action::Connect && apart(tokens) {
        return Err(Problem::ambiguous(
            "I read a sign between two environments, and not whether both are meant, so I did nothing. Put \"and\" between them.",
        ));
    }
    Ok(())
}

/// "for internal users only", "to some users", "for ten percent", "for a fraction of traffic".
pub(in crate::intent) fn audience(tokens: &[Token<'_>]) -> bool {
    /// So many words behind the preposition at most.
    const CLOSE: usize = 4;
    const WHO: &[&str] = &[
        "users",
        "customers",
        "visitors",
        "tenants",
        "traffic",
        "percent",
        "fraction",
        "audience",
        "subscribers",
        "accounts",
    ];
    (0..tokens.len()).any(|at| {
        tokens[at].quote == 0
            && (tokens[at].any(&["for"])
                || tokens[at].any(&["to"])
                    && tokens.get(at + 1).is_some_and(|next| next.any(&["some", "few"])))
            && tokens[at + 1..]
                .iter()
                .take(CLOSE)
                .take_while(|token| token.is_word())
                .any(|token| token.any(WHO))
    })
}

/// "just to see what changes", "so we can see the diff", "to see the plan".
pub(in crate::intent) fn looks(tokens: &[Token<'_>]) -> bool {
    const PLANNED: &[&str] = &["what", "diff", "plan", "changes", "difference", "preview"];
    (1..tokens.len()).any(|at| {
        let verb = &tokens[at];
        let before = &tokens[at - 1];
        verb.quote == 0
            && verb.any(&["see", "know", "check", "view", "preview", "show"])
            && before.any(&["to", "can", "could", "we", "i"])
            && match &tokens[at + 1..] {
                [] => tokens[at - 1].any(&["to"]) && at > 1 && tokens[at - 2].any(&["just", "only"]),
                [next, rest @ ..] => next.any(PLANNED) || rest.first().is_some_and(|last| last.any(PLANNED)),
            }
    })
}

/// "staging|production", "staging > production", "staging (production)": a sign between two environments that neither joins nor parts them.
fn apart(tokens: &[Token<'_>]) -> bool {
    let environment = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
    let mut signed = false;
    let mut named = false;
    for token in tokens {
        if environment(token) {
            if named && signed {
                return true;
            }
            (named, signed) = (true, false);
        } else if token.kind == Kind::Bracket && matches!(token.raw, "|" | "<" | ">" | "(" | "[") {
            signed = true;
        } else if token.is_word() && !token.is(Class::PREPOSITION) {
            (named, signed) = (false, false);
        }
    }
    false
}
