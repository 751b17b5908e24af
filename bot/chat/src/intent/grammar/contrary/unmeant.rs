//! Orders that say for whom they are, that they are only to be looked at, or whose names stand apart: done as their verb says, they would be more than was meant.

use std::ops::Range;

use crate::intent::actions::{Action, Key};
use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::problem::Problem;
use crate::intent::scan::Scope;
use crate::intent::sentence::remark::BECAUSE;
use crate::intent::words::{Kind, Token, Words, said_again};

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
    let ends =
        |at: Option<&Token<'_>>, words: &[&str]| at.is_some_and(|token| token.quote == 0 && token.any(words));
    if action == Action::Deploy
        && !scope.again
        && (ends(tokens.first(), &["back", "off", "for"]) || ends(tokens.last(), &["back"]))
    {
        return Err(Problem::ambiguous(
            "I read words that put a deploy off or take it back, so I did nothing. Say `deploy`, `rollback`, or a time like `at 22:00`.",
        ));
    }
    if let Some(at) = one_person(scope) {
        return Err(Problem::ambiguous(format!(
            "I read `{}`, and a lock keeps everybody else out alike and is taken away for all, so I did nothing. Say it without.",
            said_again(&tokens[at..]).collect::<Vec<_>>().join(" ")
        ))
        .suggest([format!("help {}", action.name())]));
    }
    // What stands behind a sign may be the reason of a lock.
    let told_why = action.has(Key::Reason) || action == Action::Connect;
    if action.row().changes && !told_why && apart(tokens) {
        return Err(Problem::ambiguous(
            "I read a sign between two environments, and not whether both are meant, so I did nothing. Put \"and\" between them.",
        ));
    }
    if let Some(between) = waved(tokens, scope.text).filter(|_| action.row().changes && !told_why) {
        return Err(Problem::ambiguous(
            "I read `~` between two names, and not whether both are meant, so I did nothing. Put \"and\" between them.",
        )
        .instead(between, [" and "]));
    }
    if action == Action::SetVariable && in_value(tokens) {
        return Err(Problem::ambiguous(
            "I read more words than one value, so I did nothing. Put a value of several words in quotation marks.",
        ));
    }
    Ok(())
}

/// "unlock production for kim", "lock it for everyone but me": where a lock or its end would be for some people alone.
fn one_person(scope: Scope<'_, '_>) -> Option<usize> {
    let Scope { action, tokens, .. } = scope;
    if !matches!(action, Action::Lock | Action::Unlock) {
        return None;
    }
    let told_why =
        |token: &Token<'_>| token.kind == Kind::Colon || token.any(&["reason"]) || token.any(BECAUSE);
    let tokens = &tokens[..tokens.iter().position(told_why).unwrap_or(tokens.len())];
    let everybody = |token: &Token<'_>| {
        token.any(&["everyone", "everybody", "all", "anyone", "anybody", "nobody", "noone"])
    };
    let only = |at: &usize| tokens[*at].any(&["only", "just", "exclusively"]);
    let narrows = |at: usize| at > 0 && only(&(at - 1));
    (0..tokens.len()).filter(|at| tokens[*at].is_word() && tokens[*at].quote == 0).find(|at| {
        let token = &tokens[*at];
        let behind = |count: usize| tokens.get(at + count);
        if token.any(&["for"]) {
            let who = behind(1 + usize::from(behind(1).is_some_and(|only| only.any(&["only", "just"]))));
            let people = |who: &Token<'_>| {
                who.any(&["me", "us", "myself"]) || who.is_word() && !who.class.known() && who.name.is_none()
            };
            let alone = narrows(*at)
                || behind(1).is_some_and(|only| only.any(&["only", "just"]))
                || behind(2).is_some_and(|only| only.any(&["only"]));
            let stranger = who.is_some_and(|who| {
                who.is_word() && !who.class.known() && who.name.is_none() && !who.is(Class::DIGIT)
            });
            return alone && who.is_some_and(people) || action == Action::Unlock && stranger;
        }
        // "for everyone but me"
        token.any(&["but", "except", "besides", "excluding"])
            && *at > 0
            && everybody(&tokens[at - 1])
            && behind(1).is_some_and(|who| who.name.is_none())
    })
}

/// "set X=deploy production in staging", "set canary to 10/50/100": no value, or no variable.
fn in_value(tokens: &[Token<'_>]) -> bool {
    let environment = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
    let joined = |before: &Token<'_>| {
        !before.is_word()
            || before.is(Class::PREPOSITION.and(Class::JOINS))
            || before.name.is_some()
            || before.any(&["the", "both"])
    };
    let stray = (1..tokens.len())
        .any(|at| environment(&tokens[at]) && tokens[at].quote == 0 && !joined(&tokens[at - 1]));
    let several = tokens.iter().filter(|token| environment(token)).count() > 1;
    // "set CANARY=10/50/100" names a variable.
    let canary = tokens.first().is_some_and(|name| name.quote == 0 && name.any(&["canary", "weights"]))
        && tokens.get(1).is_some_and(|to| to.any(&["to"]))
        && tokens.iter().take(4).any(|token| token.raw.contains('/') || token.raw.contains('%'));
    stray && several || canary
}

/// "for internal users only", "to some users", "for ten percent", "for ana only", "partially".
pub(in crate::intent) fn audience(tokens: &[Token<'_>]) -> bool {
    /// So many words behind the preposition at most.
    const CLOSE: usize = 4;
    const WHO: Words = Words::of(&[
        "users",
        "user",
        "customers",
        "customer",
        "visitors",
        "tenants",
        "traffic",
        "percent",
        "fraction",
        "audience",
        "subscribers",
        "accounts",
        "staff",
        "testers",
        "request",
        "requests",
    ]);
    (0..tokens.len()).any(|at| {
        let behind = || tokens[at + 1..].iter().take(CLOSE).take_while(|token| token.is_word());
        tokens[at].quote == 0
            && (tokens[at].any(&["for"]) && behind().any(|token| token.among(&WHO) || token.any(&["only"]))
                || tokens[at].any(&["not"]) && behind().any(|token| token.any(&["everybody", "everyone"]))
                || tokens[at].any(&["to"])
                    && tokens.get(at + 1).is_some_and(|next| next.any(&["some", "few"]))
                    && behind().any(|token| token.among(&WHO))
                || tokens[at].any(&["partly", "partially"])
                || tokens[at].any(&["slow"]) && behind().any(|token| token.any(&["rollout", "roll-out"])))
    })
}

/// "just to see what changes", "so we can see the diff", "to see the plan".
pub(in crate::intent) fn looks(tokens: &[Token<'_>]) -> bool {
    const PLANNED: &[&str] = &["what", "diff", "plan", "changes", "difference", "preview"];
    // "for review", "for a look", "what would it change?", "tell me how long it would take"
    let word =
        |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| token.quote == 0 && token.any(words));
    let only_looked = (0..tokens.len()).any(|at| {
        let next = at + 1 + usize::from(word(at + 1, &["a", "the", "your"]));
        word(at, &["for"]) && word(next, &["review", "look", "inspection", "preview"])
            || word(at, &["what", "how"])
                && (at + 1..at + 5).any(|then| word(then, &["would"]))
                && !word(at.wrapping_sub(1), &["that's"])
    });
    only_looked
        || (1..tokens.len()).any(|at| {
            let verb = &tokens[at];
            let before = &tokens[at - 1];
            verb.quote == 0
                && verb.any(&["see", "know", "check", "view", "preview", "show"])
                && before.any(&["to", "can", "could", "we", "i"])
                && match &tokens[at + 1..] {
                    [] => tokens[at - 1].any(&["to"]) && at > 1 && tokens[at - 2].any(&["just", "only"]),
                    [next, rest @ ..] => {
                        next.any(PLANNED) || rest.first().is_some_and(|last| last.any(PLANNED))
                    }
                }
        })
}

/// "staging ~ production", "api~web": where a mark stands between two names that is no part of either.
fn waved(tokens: &[Token<'_>], text: &str) -> Option<Range<usize>> {
    let named = |pair: &&[Token<'_>]| pair.iter().all(|token| token.name.is_some() && token.quote == 0);
    let mut between = tokens.windows(2).filter(named).map(|pair| pair[0].end()..pair[1].at);
    between.find(|between| text.get(between.clone()).is_some_and(|between| between.contains('~')))
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
        } else if token.kind == Kind::Bracket && matches!(token.raw, "|" | "<" | ">" | "(" | "[")
            || matches!(token.kind, Kind::Dash | Kind::Colon)
        {
            signed = true;
        } else if token.is_word() && !token.is(Class::PREPOSITION) {
            (named, signed) = (false, false);
        }
    }
    false
}
