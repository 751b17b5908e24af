//! Orders about a part of what a verb does, or about more than it does: "the first migration", "canary only in production".

use super::apart;
use crate::intent::actions::{Action, Key};
use crate::intent::lexicon::Class;
use crate::intent::names::{Hit, NameKind};
use crate::intent::problem::Problem;
use crate::intent::scan::Scope;
use crate::intent::words::{Token, said_again};

/// Refuses what would be done in full where a part is meant, or in part where more is.
pub(super) fn check(scope: Scope<'_, '_>) -> Result<(), Problem> {
    let lessens = |at: &usize| scope.tokens[*at].is(Class::LESSENS) && scope.tokens[*at].quote == 0;
    let found = (0..scope.tokens.len()).filter(lessens).find(|at| part(scope, *at) || more(scope, *at));
    if let Some(at) =
        found.or_else(|| named_migration(scope)).or_else(|| inside(scope)).or_else(|| indexed(scope))
    {
        let said = said_again(scope.tokens[at..].split(|token| !token.is_word()).next().unwrap_or_default());
        return Err(Problem::ambiguous(format!(
            "I read `{}`, which is not all I would do, or something else, so I did nothing. Say it without, or in other words.",
            said.collect::<Vec<_>>().join(" ")
        )));
    }
    if let Some(said) = one_place(scope) {
        return Err(Problem::ambiguous(
            "I read how it is to go for one of several environments, so I did nothing. Send an order for each.",
        )
        .suggest(said.sentence(scope)));
    }
    Ok(())
}

fn is(kind: NameKind, token: &Token<'_>) -> bool {
    token.name.is_some_and(|hit: Hit| hit.kind == kind)
}

/// Words of a part of something, in order.
const ORDINALS: &[&str] =
    &["first", "second", "third", "last", "latest", "next", "other", "oldest", "newest", "another"];

/// What is not the thing itself.
const COPIES: &[&str] = &["copy", "clone", "snapshot", "replica", "dump", "duplicate", "mirror", "backup"];

/// What begins the parts looked for here.
const BEGINS: &[&str] = &[
    "for",
    "resume",
    "commit",
    "stop",
    "and",
    "without",
    "except",
    "excluding",
    "off",
    "on",
    "migrations",
    "migration",
];

/// All words this file looks for first.
pub(in crate::intent) const LESSENING: [&[&str]; 3] = [ORDINALS, COPIES, BEGINS];

/// "the first migration", "the second api", "a copy of production", "for german users", "revert commit 4e5f6a7": less than the
/// order does, or something else.
fn part(scope: Scope<'_, '_>, at: usize) -> bool {
    /// Whom a job is for stands so close behind its "for".
    const CLOSE: usize = 4;
    const PEOPLE: &[&str] =
        &["users", "customers", "invoices", "rows", "records", "tenants", "accounts", "people"];
    let Scope { action, tokens, .. } = scope;
    let (token, behind) = (&tokens[at], &tokens[at + 1..]);
    if token.name.is_some() {
        return false;
    }
    let next = behind.first();
    let near = &behind[..behind.len().min(CLOSE)];
    // "staging without, production with canary", "with canary for api and without for web": without what is said of the other.
    let ends = |next: &Token<'_>| !next.is_word() || next.any(&["for", "on", "in"]);
    if token.any(&["without"]) && next.is_some_and(ends) && action.row().changes {
        return true;
    }
    let made = matches!(action, Action::CreateEnvironment | Action::Readiness);
    if token.any(COPIES) && !made && next.is_some_and(|of| of.any(&["of"])) {
        return near.iter().any(|token| is(NameKind::Environment, token));
    }
    match action {
        Action::Migrate => {
            token.any(ORDINALS) && next.is_some_and(|noun| noun.any(&["migration"]))
                || token.any(&["stop"]) && next.is_some_and(|next| next.any(&["before", "after", "at"]))
        }
        Action::Restart | Action::Scale | Action::ClearCache => {
            token.any(ORDINALS)
                && at.checked_sub(1).is_some_and(|the| tokens[the].any(&["the"]))
                && next.is_some_and(|next| is(NameKind::Service, next))
        }
        Action::Backfill => {
            let whole = |token: &Token<'_>| {
                token.any(&["all", "every", "the", "our", "existing"]) || token.is(Class::DIGIT)
            };
            let among = || near.iter().position(|token| token.any(PEOPLE));
            token.any(&["resume"])
                || token.any(&["for"]) && among().is_some_and(|end| !near[..end].iter().all(whole))
        }
        Action::Rollback => at == 0 && token.any(&["commit"]) && tokens.len() > 1,
        _ => false,
    }
}

/// "timezone and locale columns", "a second redis", "qa from staging without redis", "off and on again", "migrations only": more
/// than the order can hold, or less.
fn more(scope: Scope<'_, '_>, at: usize) -> bool {
    let Scope { action, tokens, .. } = scope;
    let (token, behind) = (&tokens[at], &tokens[at + 1..]);
    let next = |words: &[&str]| behind.first().is_some_and(|next| next.any(words));
    match action {
        Action::Expand => {
            token.any(&["and"])
                && (behind.iter().any(|token| token.any(&["columns", "fields"]))
                    || next(&["index", "indexes", "constraint"]))
        }
        Action::AddComponent => {
            token.any(&["second", "third", "another"])
                && behind.first().is_some_and(|next| is(NameKind::Component, next))
        }
        Action::CreateEnvironment => {
            token.any(&["without", "except", "excluding"])
                || token.any(&["for"]) && next(&["branch", "commit", "pr", "ref", "tag"])
        }
        Action::CronDisable | Action::CronEnable => {
            token.any(&["off", "on"])
                && next(&["and"])
                && behind.get(1).is_some_and(|other| other.any(&["off", "on"]))
        }
        Action::Deploy => token.any(&["migrations", "migration"]) && next(&["only", "alone"]),
        _ => false,
    }
}

/// "add an index on the timezone column", "a timezone column with an index": an index is no column, unless one is called so.
fn indexed(scope: Scope<'_, '_>) -> Option<usize> {
    const CALLED: &[&str] = &["column", "columns", "field", "fields", "called", "named"];
    let Scope { action, tokens, .. } = scope;
    if action != Action::Expand {
        return None;
    }
    (0..tokens.len()).find(|at| {
        let beside =
            |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|token| token.any(CALLED));
        tokens[*at].any(&["index", "indexes", "constraint", "trigger"])
            && tokens[*at].quote == 0
            && !beside(at.checked_sub(1))
            && !beside(Some(at + 1))
    })
}

/// "remove redis cache from production", "remove some storage": what is in a component, or a part of it.
fn inside(scope: Scope<'_, '_>) -> Option<usize> {
    let Scope { action, tokens, .. } = scope;
    if action != Action::RemoveComponent {
        return None;
    }
    let at = tokens.iter().position(|token| is(NameKind::Component, token) && token.quote == 0)?;
    let end = at + tokens[at].name.map_or(1, Hit::len);
    let held = tokens.get(end).is_some_and(|held| held.any(&["cache", "caches", "cached"]));
    let some = at > 0 && tokens[at - 1].any(&["some", "half", "unused", "extra", "more"]);
    (held || some).then_some(if some { at - 1 } else { at })
}

/// "run the timezone migration": all that are pending run, and not the one.
fn named_migration(scope: Scope<'_, '_>) -> Option<usize> {
    let Scope { action, tokens, .. } = scope;
    if action != Action::Migrate {
        return None;
    }
    (0..tokens.len()).find(|at| {
        let job = tokens[*at].name.filter(|hit| matches!(hit.kind, NameKind::Job | NameKind::JobShort));
        let noun = job.and_then(|hit| tokens.get(at + hit.len()));
        noun.is_some_and(|noun| noun.any(&["migration", "migrations"]))
    })
}

/// What is said of one of several places.
struct Own {
    /// How many words stand before it, or it takes to say it of all.
    read: usize,
    /// The name of the place.
    place: Option<Hit>,
    /// The other places go so, and this one does not.
    others: bool,
}

impl Own {
    /// The order in which each place has its own.
    fn sentence(&self, scope: Scope<'_, '_>) -> Option<String> {
        let place = self.place?;
        let tokens = &scope.tokens[..self.read];
        let drafts = crate::intent::grammar::generic(Scope { tokens, ..scope }).ok()?;
        let name = scope.vocabulary.spelling(place.kind, place.index());
        let [draft] = &drafts[..] else { return None };
        let named = draft.command.environments.iter().any(|place| place == name);
        if named { apart::each(&draft.command, name, self.others) } else { None }
    }
}

/// "staging and production, canary only in production", "staging for real and production as dry run", "staging with migrations,
/// production without": how it is to go is said of one of the places.
fn one_place(scope: Scope<'_, '_>) -> Option<Own> {
    let Scope { action, tokens, .. } = scope;
    if tokens.iter().filter(|token| is(NameKind::Environment, token)).count() < 2 {
        return None;
    }
    let manner = |token: &Token<'_>| {
        token.quote == 0
            && (action.has(Key::Canary) && token.any(&["canary", "migrations"])
                || action.has(Key::DryRun) && token.any(&["dry", "dry-run", "dryrun", "rehearsal"]))
    };
    let how = tokens.iter().position(|token| token.is(Class::KEYWORD) && manner(token))?;
    let places = |tokens: &[Token<'_>]| -> Vec<Hit> {
        tokens.iter().filter_map(|token| token.name).filter(|hit| hit.kind == NameKind::Environment).collect()
    };
    let (before, behind) = (places(&tokens[..how]), places(&tokens[how..]));
    let real = tokens.windows(2).any(|pair| pair[0].any(&["for"]) && pair[1].any(&["real"]));
    // "production with canary, staging straight"
    let straight = tokens[how..].iter().any(|token| token.any(&["straight", "normal", "normally"]));
    if real || straight && !behind.is_empty() && !before.is_empty() {
        return Some(Own { read: 0, place: None, others: false });
    }
    // "staging with canary, production without": the last words take away what was said first.
    let without = tokens.iter().rposition(|token| token.any(&["without", "with"])).filter(|at| *at > how);
    if let (Some(at), [first], [last]) = (without, &before[..], &behind[..]) {
        let bare = tokens[at + 1..].iter().all(|token| {
            !token.is_word() || token.is_courtesy() || token.any(&["it", "them", "any", "one", "none"])
        });
        if bare && first.index() != last.index() {
            return Some(Own { read: at, place: Some(*last), others: true });
        }
    }
    if before.len() < 2 {
        return None;
    }
    let again = behind.iter().find(|place| before.iter().any(|other| other.index() == place.index()));
    let place = again.filter(|_| !tokens[how..].iter().any(|token| is(NameKind::Service, token)))?;
    let read =
        how + tokens[how..].iter().position(|token| is(NameKind::Environment, token)).unwrap_or_default();
    let little = |token: &Token<'_>| token.any(&["only", "just", "in", "on", "for", "to", "the"]);
    let read = read - tokens[..read].iter().rev().take_while(|token| little(token)).count();
    Some(Own { read, place: Some(*place), others: false })
}
