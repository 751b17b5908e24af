//! Words that say which code or what is to be left out: not understood, they must not be passed over.

use super::name::HARMLESS;
use super::{
    Action, Canary, Class, Kind, NameKind, Problem, Said, Scanner, Scope, Token, unknown_name, values,
};
use crate::intent::markup::TICK;
use crate::intent::names::Hit;
use crate::intent::words::said_again;

/// Nouns for a part of the code, which without a ref say nothing of which.
pub(in crate::intent) const PARTS: &[&str] = &[
    "hotfix",
    "hotfixes",
    "bugfix",
    "fix",
    "fixes",
    "feature",
    "features",
    "patch",
    "patches",
    "change",
    "changes",
    "update",
    "updates",
    "trunk",
    "head",
    "hash",
    "image",
    "package",
    "artifact",
    "binary",
    "config",
    "configuration",
    "settings",
    "worker",
    "workers",
    "queue",
    "queues",
];

impl<'t> Scanner<'_, 't> {
    /// Keeps in mind a word that says which code is meant, and a keyword of a ref with nothing behind it.
    pub(super) fn hold(&mut self, place: usize, token: &Token<'t>) {
        use crate::intent::actions::Key;
        let action = self.scope.action;
        if self.scope.asked || self.excluding || !action.row().changes {
            return;
        }
        let before = place.checked_sub(1).map_or("", |at| self.word(at));
        let to = before == "to" || before == "the" && place > 1 && self.word(place - 2) == "to";
        let which = action == Action::Deploy || action == Action::Rollback && to;
        if which && token.listed(PARTS) && !self.purpose {
            self.segment.vague.get_or_insert(place);
        }
        if !action.has(Key::Ref) && !action.has(Key::To) {
            return;
        }
        if self.word(place + 1) == "latest" {
            return;
        }
        let bare = match token.low {
            "commit" | "sha" => !matches!(before, "latest" | "newest" | "last" | "current"),
            "ref" | "tag" => true,
            "branch" => before != "default",
            "release" | "version" => {
                let follows = self.token(place + 1).is_some_and(Token::is_word);
                let named = place > 0 && !follows && self.environment_before(place);
                let onto = action == Action::Rollback && to;
                named || onto && !follows
            }
            _ => false,
        };
        if bare {
            self.segment.refless.get_or_insert(place);
        }
    }

    /// An environment stands right before, with no article: "staging release" is not "the staging release".
    fn environment_before(&self, place: usize) -> bool {
        let named = self.token(place - 1).is_some_and(|token| token.name.is_some());
        let article = place > 1 && matches!(self.word(place - 2), "the" | "a" | "our" | "this" | "new");
        named && !article
    }

    /// After "except": what is left out must be a name we know.
    pub(super) fn excepted(&self, place: usize) -> Result<(), Problem> {
        if !self.scope.action.row().changes {
            return Ok(());
        }
        let mut at = place;
        while matches!(
            self.word(at),
            "the"
                | "for"
                | "in"
                | "on"
                | "to"
                | "from"
                | "our"
                | "my"
                | "service"
                | "services"
                | "component"
                | "environment"
                | "env"
                | "job"
                | "both"
        ) && self.token(at).is_some_and(|token| token.name.is_none())
        {
            at += 1;
        }
        let Some(token) = self.token(at).filter(|token| token.is_word()) else {
            return Err(Problem::ambiguous("I read that something is to be left out, but not what."));
        };
        let vocabulary = self.scope.vocabulary;
        let single = |word: &str| vocabulary.find(std::iter::once(word)).is_some();
        let owner = token.low.strip_suffix("'s").is_some_and(single);
        let listed = token.low.contains('/') && values::slashed(token.low).all(single);
        if token.name.is_some() || owner || listed {
            return Ok(());
        }
        Err(unknown_name(
            self.scope,
            token,
            &vocabulary.near(token.low, &super::unknown::kinds_of(self.scope.action)),
        ))
    }

    /// "on production 500/min for staging", "production but first staging": an environment behind another, which may be no
    /// second of two.
    pub(super) fn second_place(&self, place: usize) -> Result<(), Problem> {
        let before = place.checked_sub(1).map_or("", |at| self.word(at));
        let named = self.token(place).and_then(|token| token.name).map(Hit::index);
        // "staging api in staging" says one twice.
        let here = self.segment.environments.named.iter().any(|other| Some(*other) != named);
        let elsewhere = here
            || self
                .groups
                .iter()
                .any(|said| said.environments.named.iter().any(|other| Some(*other) != named));
        let first = before == "first" || self.scope.again && self.word(place + 1) == "first";
        if first
            && (self.scope.again
                || here
                || self.groups.iter().any(|said| !said.environments.named.is_empty()))
        {
            return Err(Problem::ambiguous(
                "I read one environment and behind it which is to be first, so I did nothing. Say them in the order in which they are to go.",
            ));
        }
        if matches!(before, "only" | "just") && elsewhere && self.scope.action.row().changes {
            return Err(Problem::ambiguous(
                "I read one environment and behind it only another, and not whether both are meant, so I did nothing. Say those that are meant.",
            ));
        }
        // "is staging ready for production?" names both.
        let led = matches!(before, "for" | "from" | "in" | "on");
        let joins = |word: &str| matches!(word, "plus" | "also" | "as" | "too" | "both");
        // "on staging as well as on production", "on staging on production too"
        let joined = || place > 1 && joins(self.word(place - 2)) || joins(self.word(place + 1));
        if led && here && self.scope.action != Action::Readiness && !joined() {
            return Err(Problem::ambiguous(
                "I read one environment and behind it another, and not whether both are meant, so I did nothing. Put \"and\" between them.",
            ));
        }
        Ok(())
    }

    /// "production -cron", "production - cron", "production !cron": the one that is meant, or the one that is left out?
    pub(super) fn signed(&self, place: usize, token: &Token<'t>, kind: NameKind) -> Result<(), Problem> {
        let Scope { action, tokens, text, asked, .. } = self.scope;
        let before = place.checked_sub(1).map(|at| &tokens[at]);
        // A plain word has no sign in it, and most stand behind a blank.
        let minus = !token.is(Class::PLAIN) && token.low.starts_with('-');
        let dash = before.is_some_and(|before| before.kind == Kind::Dash);
        let not = token.at > 0 && text.as_bytes().get(token.at - 1) == Some(&b'!');
        if !(minus || dash || not) || asked || token.quote > 0 || !action.row().changes {
            return Ok(());
        }
        // What stands behind a dash may be the reason of a lock, and where a place is said, both belong together.
        let named = |from: usize| {
            let dashes = tokens[..from].iter().rev().take_while(|token| token.kind == Kind::Dash).count();
            self.ends_name(from - dashes).is_some()
        };
        // "all environments - production"
        let all = self.segment.environments.all && kind == NameKind::Environment
            || self.segment.services.all && kind == NameKind::Service;
        let parted = dash
            && (kind != NameKind::Environment || all)
            && !action.has(crate::intent::actions::Key::Reason)
            && (named(place) || all);
        if !(minus || not || parted) {
            return Ok(());
        }
        let name = token.raw.trim_start_matches('-');
        let end = token.end();
        let from = if parted { before.map_or(token.at, |dash| dash.at) } else { token.at - usize::from(not) };
        Err(Problem::ambiguous(format!(
            "I read a sign before `{name}`, and not whether it is meant or left out, so I did nothing. Say `only` before it, or `except`.",
        ))
        .instead(from..end, [format!("except {name}"), name.to_owned()]))
    }

    /// "without touching the database", "without approval": no name is left out, and something else is asked for.
    pub(super) fn without_what(&self, place: usize) -> Result<(), Problem> {
        /// What is left out stands close.
        const CLOSE: usize = 6;
        if !self.scope.action.row().changes || self.scope.asked {
            return Ok(());
        }
        let tokens = self.scope.tokens;
        let behind = &tokens[place + 1..tokens.len().min(place + 1 + CLOSE)];
        let clause =
            behind.split(|token| !token.is_word() || token.any(&["and", "then"])).next().unwrap_or(&[]);
        let named = clause.iter().any(|token| token.name.is_some() || token.low.contains('/'));
        let first = clause.iter().find(|token| !token.any(&["any", "a", "the", "further", "more", "much"]));
        if named || first.is_none_or(|first| first.any(HARMLESS)) {
            return Ok(());
        }
        let without = clause.iter().map(|token| token.raw).collect::<Vec<_>>().join(" ");
        let data = clause.iter().any(|token| token.any(&["database", "db", "schema", "data", "tables"]));
        let verb = self.scope.action.row().verbs[0];
        let order = [&[verb][..], &said_again(&tokens[..place]).collect::<Vec<_>>()].concat().join(" ");
        let skip =
            (data && self.scope.action == Action::Deploy).then(|| format!("{order} and skip migrations"));
        let tried =
            self.scope.action.has(crate::intent::actions::Key::DryRun).then(|| format!("dry run {order}"));
        Err(Problem::ambiguous(format!(
            "I can't do it \"without {without}\", or am not sure what that means here, so I did nothing."
        ))
        .suggest(skip.into_iter().chain(tried).chain([order])))
    }

    /// A number after "rollback … to": the number of a release.
    pub(super) fn release_number(&self, place: usize, token: &Token<'t>) -> bool {
        let digits = token.low.trim_start_matches('#');
        let number = digits.len() <= 9
            && !digits.starts_with('0')
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        let alone = self.token(place + 1).is_none_or(|next| {
            !next.is_word()
                || next.name.is_some()
                || next.is(Class::PREPOSITION)
                || next.is_courtesy()
                || next.any(&["now", "and", "then", "because", "asap", "immediately"])
        });
        let to = place.checked_sub(1).is_some_and(|at| self.word(at) == "to");
        self.scope.action == Action::Rollback && number && alone && to
    }
}

/// Whether `token` can be a ref: one commit, no range, no option and nothing counted from it.
pub(super) fn check_ref(scope: Scope<'_, '_>, raw: &str, at: usize) -> Result<(), Problem> {
    let before = scope.text.get(..at).unwrap_or_default();
    let mut after = scope.text.get(at + raw.len()..).unwrap_or_default().chars();
    let option =
        raw.starts_with(['-', '@', '#', '!', '\'', '_']) || raw.ends_with('-') || before.ends_with("--");
    let spoken = before.trim_end();
    // "v1.2 or newer" as people write it who know packages: ">= v1.2".
    let compared = spoken.ends_with(['<', '~', '^'])
        || spoken.ends_with('>') && !spoken.ends_with("->") && !spoken.ends_with("=>")
        || spoken.ends_with(">=")
        || spoken.ends_with("<=");
    let range = raw.contains("..") || compared;
    let counted = raw.contains(['~', '^', '\\', ':', '`', TICK]) || raw.contains("@{");
    let counted_after = match (after.next(), after.next()) {
        (Some('~'), Some(next)) => next.is_ascii_digit(),
        (Some('.'), Some(next)) => next == '*' || next == '.',
        _ => false,
    };
    if option || range || counted || counted_after {
        return Err(Problem::bad_value(format!(
            "`{raw}` is not one ref, or counts from one: I need a branch, a tag, a release or a commit."
        )));
    }
    Ok(())
}

/// Refuses what was held and not made good by a ref.
pub(super) fn check_held(scope: Scope<'_, '_>, groups: &[Box<Said>]) -> Result<(), Problem> {
    for said in groups {
        if let Some(token) = said.refless.and_then(|place| scope.tokens.get(place)) {
            return Err(Problem::bad_value(format!(
                "I read `{}`, but not which, so I did nothing.",
                token.raw
            ))
            .suggest([crate::intent::help::fill("deploy main to {env}", scope.vocabulary.names())]));
        }
        if let Some(token) = said.vague.and_then(|place| scope.tokens.get(place)) {
            return Err(unknown_name(scope, token, &[]));
        }
    }
    Ok(())
}

/// "deploy staging at": what was to stand behind the last word was left out, or lost on the way.
pub(super) fn check_ends(scope: Scope<'_, '_>, groups: &[Box<Said>]) -> Result<(), Problem> {
    use crate::intent::actions::Key;
    let Scope { action, tokens, .. } = scope;
    let Some(last) = tokens.iter().rev().find(|token| token.is_word() && !token.is(Class::OPENER)) else {
        return Ok(());
    };
    let open = last.is(Class::PREPOSITION.and(Class::CONDITION)) || last.any(&["without", "as"]);
    if !open || last.quote > 0 || last.name.is_some() {
        return Ok(());
    }
    let placed = groups.iter().any(|said| said.environments.is_said());
    let (expected, instead) = match last.low {
        // "deploy production as if"
        "if" | "when" | "whenever" | "unless" | "until" | "till" | "while" => ("when, or in what case", ""),
        "at" if action.has(Key::At) => ("a time, like `at 22:00`", "at 22:00"),
        "with" if action.has(Key::Canary) => ("how, like `with canary 10/50/100`", ""),
        "at" | "with" | "without" | "by" | "via" | "as" => ("more", ""),
        // "turn cron in staging on"
        "on" if action == Action::CronEnable => return Ok(()),
        // Without a place, it is asked for.
        "for" if placed => ("for what, or for how long", ""),
        "in" | "on" | "to" | "into" | "onto" | "from" if placed => ("a name", ""),
        _ => return Ok(()),
    };
    Err(Problem::ambiguous(format!(
        "I read `{}` and nothing behind it, so I did nothing; I expected {expected}.",
        last.raw
    ))
    .instead(last.at..last.end(), [instead]))
}

/// "with canary and no canary": what is said next of the same order negates what was said first.
pub(super) fn check_contrary(groups: &[Box<Said>]) -> Result<(), Problem> {
    let off = |said: &Said| said.canary.as_ref().map(|canary| matches!(canary, Canary::Off));
    let negates = |pair: &[Box<Said>]| {
        let (first, next) = (&pair[0], &pair[1]);
        let canary = matches!((off(first), off(next)), (Some(first), Some(next)) if first != next);
        let migrate = matches!((first.migrate, next.migrate), (Some(first), Some(next)) if first != next);
        // "with canary, no canary on web" is for all services and for one of them.
        let own = next.environments.is_said()
            || next.services.is_said() && first.services.is_said()
            || next.git_ref.is_some()
            || next.at.is_some();
        (canary || migrate) && !own
    };
    if !groups.windows(2).any(negates) {
        return Ok(());
    }
    Err(Problem::ambiguous(
        "I read how it is to go and the contrary for one order, so I did nothing: which of the two is meant?",
    ))
}
