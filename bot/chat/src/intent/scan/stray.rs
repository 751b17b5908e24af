//! Words that are known and that no key of the order can hold.
//!
//! In an order only words that change nothing of it may be passed over. All others are asked about, for what they say
//! would be lost: "in test mode", "the last good one", "later", the worker of a project that has none.

pub(in crate::intent) mod words;

use super::{Action, Class, Kind, NameKind, Problem, Scanner, Token, unknown_name};
use crate::intent::actions::Key;
use crate::intent::lexicon::look_up;
use crate::intent::words::said_again;
pub(super) use words::THINGS;
use words::{
    ANYBODY, BACKFILLED, COLUMNS, COMPARES, FORMER, KINDS, NUMBERED, REPORTED, SECRETS, SHOWN, SOMETIME,
    TRIALS, VERSIONS,
};

impl<'t> Scanner<'_, 't> {
    /// Refuses a word of a service, of a release or of a time that is in no list of what means nothing.
    pub(super) fn stranger(&self, place: usize, token: &Token<'t>) -> Result<(), Problem> {
        if token.quote > 0
            || self.scope.asked
            || !self.scope.action.row().changes
            || !strict(self.scope.action)
        {
            return Ok(());
        }
        if token.listed(THINGS) && self.is_place_of(place) {
            return Err(unknown_name(self.scope, token, &[]));
        }
        let before = place.checked_sub(1).map_or("", |at| self.word(at));
        // "for the sake of argument", "for argument's sake"; "for god's sake" is impatience.
        if place > 1
            && token.any(&["sake"])
            && matches!(before, "the" | "argument's" | "arguments" | "discussion's" | "example's")
        {
            return Err(self.supposed(place - 2));
        }
        if token.listed(TRIALS) && matches!(before, "for" | "a" | "an") {
            return Err(self.trial(place, token));
        }
        if token.listed(FORMER) && matches!(self.scope.action, Action::Deploy) {
            return Err(self.former(place, token));
        }
        let ends = self.token(place + 1).is_none_or(|next| !next.is_word() || next.is(Class::OPENER));
        if self.purpose && !ends {
            return Ok(());
        }
        self.sometime(token, before)
    }

    /// Refuses a known word that says something this order can't carry.
    pub(super) fn stray(&mut self, place: usize, token: &Token<'t>) -> Result<(), Problem> {
        let action = self.scope.action;
        if token.quote > 0 || self.scope.asked || !action.row().changes {
            return Ok(());
        }
        let before = place.checked_sub(1).map_or("", |at| self.word(at));
        // "to test the login", "for the tests": what the order is good for.
        let purpose = before == "to" || self.purpose && !matches!(before, "for" | "a" | "an");
        if token.listed(TRIALS)
            && !purpose
            && !self.is_own(token)
            && !owns(before)
            && !self.is_noun(place, token)
        {
            return Err(self.trial(place, token));
        }
        if token.listed(THINGS) && self.is_place_of(place) {
            return Err(unknown_name(self.scope, token, &[]));
        }
        // "but prod later", "for the night" and not "for the night shift"
        let ends = self.token(place + 1).is_none_or(|next| !next.is_word() || next.is(Class::OPENER));
        if !self.purpose || ends {
            self.sometime(token, before)?;
        }
        if self.purpose || self.excluding {
            return Ok(());
        }
        let releases = matches!(action, Action::Deploy | Action::Rollback);
        let ago = token.any(&["last"]) && look_up(self.word(place + 1)).class.is(Class::TIME)
            || token.any(&["last"]) && matches!(self.word(place + 1), "night" | "time");
        if ago
            || releases
                && (token.listed(FORMER) || token.any(NUMBERED) && VERSIONS.contains(&self.word(place + 1)))
        {
            return Err(self.former(place, token));
        }
        let after = self.word(place + 1);
        let idiom = match token.low {
            "one" => {
                matches!(before, "this" | "that" | "the" | "latest" | "new" | "newest")
                    || after == "more" && action != Action::Rollback
            }
            "time" => matches!(before, "more" | "this" | "same"),
            "thing" => before == "first",
            "same" => {
                matches!(
                    after,
                    "way" | "again" | "thing" | "please" | "for" | "in" | "on" | "to" | "and" | ""
                ) || after == "as"
            }
            "or" => after.is_empty() || after == "so",
            "so" => before == "or",
            "already" => after.is_empty(),
            _ => false,
        };
        // "restart the bot": whom one speaks to is no service.
        if token.any(&["bot", "robot"]) && matches!(before, "the" | "this" | "our") && strict(action) {
            return Err(unknown_name(self.scope, token, &[]));
        }
        self.moved(place, token, before)?;
        if idiom || token.is(Class::IDLE.and(Class::TELLS)) || self.is_own(token) {
            return Ok(());
        }
        if token.any(ANYBODY) || token.is(Class::ASKS) && !token.is(Class::FILLER) {
            return Err(Problem::not_a_command(format!(
                "I read `{}` as said to people, not as an order to me, so I did nothing.",
                token.raw
            ))
            .suggest([self.without(place)]));
        }
        if self.is_noun(place, token) {
            return Err(self.reported(token));
        }
        if !strict(action) || token.any(KINDS) && self.ends_name(place) == Some(NameKind::Service) {
            return Ok(());
        }
        let numbered = self.token(place + 1).is_some_and(|next| next.is(Class::DIGIT));
        if token.listed(THINGS) && !numbered {
            return Err(unknown_name(self.scope, token, &[]));
        }
        self.segment.strange.get_or_insert(place);
        Ok(())
    }

    /// Words this action is about, or that stand beside its values.
    fn is_own(&self, token: &Token<'_>) -> bool {
        const RELEASES: &[&str] = &[
            "version",
            "release",
            "latest",
            "newest",
            "current",
            "new",
            "build",
            "builds",
            "code",
            "change",
            "changes",
            "fix",
            "fixes",
            "update",
            "updates",
            "hotfix",
            "default",
            "branch",
            "tag",
            "commit",
            "sha",
            "ref",
            "traffic",
            "users",
            "customers",
        ];
        let own: &[&str] = match self.scope.action {
            Action::Deploy | Action::Rollback => RELEASES,
            Action::Migrate => {
                &["data", "database", "databases", "db", "schema", "table", "tables", "pending"]
            }
            Action::SetVariable => &[
                "variable",
                "variables",
                "var",
                "vars",
                "value",
                "values",
                "setting",
                "settings",
                "config",
                "configuration",
                "key",
                "named",
                "called",
                "name",
            ],
            Action::AddComponent | Action::RemoveComponent => {
                &["database", "db", "cache", "queue", "component", "components", "instance", "new"]
            }
            Action::Readiness => &["check", "checks", "test", "tests"],
            Action::Scale => &["replicas", "replica", "size", "number", "count", "instance"],
            Action::Lock | Action::Unlock => &["changes", "releases", "release", "code", "updates", "new"],
            Action::Reconcile => &["state", "config", "configuration", "changes"],
            Action::CronDisable | Action::CronEnable => &["job", "jobs", "task", "tasks"],
            Action::Backfill | Action::BackfillStop | Action::BackfillResume => BACKFILLED,
            Action::Expand => COLUMNS,
            Action::RotateSecret => SECRETS,
            Action::Connect => {
                &["provider", "providers", "mode", "test", "testing", "account", "key", "keys"]
            }
            _ => &[],
        };
        own.contains(&token.low)
    }

    /// "production logs": the last of the words, and what stands before it is a name.
    fn is_noun(&self, place: usize, token: &Token<'_>) -> bool {
        let little = |token: &Token<'_>| !token.is_word() || token.is(Class::OPENER) || token.is(Class::TIME);
        token.listed(REPORTED)
            && self.scope.tokens[place + 1..].iter().all(little)
            && place > 0
            && !matches!(self.token(place - 1), Some(before) if before.any(&["a", "the", "just", "only"]) || !before.is_word())
            && self.ends_name(place).is_some()
    }

    /// "for the worker in staging": where a service would stand.
    fn is_place_of(&self, place: usize) -> bool {
        let at = if place > 0 && self.word(place - 1) == "the" { place - 1 } else { place };
        let placed = at > 0 && self.word(at - 1) == "for" && self.scope.action != Action::Deploy;
        let ends = self.token(place + 1).is_none_or(|next| {
            !next.is_word() || next.is(Class::PREPOSITION.and(Class::OPENER)) || next.any(&["and"])
        });
        let about = self.scope.action.has(Key::Services) && strict(self.scope.action);
        let numbered = self.token(place + 1).is_some_and(|next| next.is(Class::DIGIT));
        let named = self.ends_name(place) == Some(NameKind::Environment) && !numbered;
        (placed && ends || named) && about
    }

    /// The kind of the name that ends right before this place.
    pub(super) fn ends_name(&self, place: usize) -> Option<NameKind> {
        /// No name is longer.
        const LONGEST: usize = 6;
        (1..=LONGEST.min(place)).find_map(|back| {
            let hit = self.scope.tokens[place - back].name?;
            (hit.len() == back).then_some(hit.kind)
        })
    }

    /// "migrate the team to staging", "migrate data to staging": something else than code is to go there.
    fn moved(&self, place: usize, token: &Token<'_>, before: &str) -> Result<(), Problem> {
        let people = token.any(&["team", "crew", "people", "folks", "guys", "everyone", "everybody"]);
        let somebody = people && matches!(before, "the" | "our" | "my" | "your" | "all");
        let data = self.scope.action == Action::Migrate && token.any(&["data"]);
        if !(somebody || data) || !matches!(self.word(place + 1), "to" | "into" | "onto" | "over" | "from") {
            return Ok(());
        }
        let verb = self.scope.action.row().verbs[0];
        Err(Problem::not_a_command(format!(
            "I read `{}` as what is to go there, and `{verb}` brings no such thing anywhere, so I did nothing.",
            token.raw
        )))
    }

    /// "in test mode", "for testing", "plan first": whether it is to be done for real is not said.
    fn trial(&self, place: usize, token: &Token<'_>) -> Problem {
        let action = self.scope.action;
        let tried = action.has(Key::DryRun);
        let order = self.without(place);
        Problem::ambiguous(format!(
            "I am not sure whether `{}` means that it is not to be done for real, so I did nothing.",
            token.raw
        ))
        .suggest(tried.then(|| format!("dry run {}", self.plain())).into_iter().chain([order]))
    }

    /// "for the sake of argument": only supposed, as all that stands from this place on says.
    fn supposed(&self, from: usize) -> Problem {
        let (order, behind) = self.scope.tokens.split_at(from);
        let words = |tokens| said_again(tokens).collect::<Vec<_>>().join(" ");
        let verb = self.scope.action.row().verbs[0];
        let tried = self.scope.action.has(Key::DryRun);
        Problem::ambiguous(format!(
            "I am not sure whether `{}` means that it is not to be done for real, so I did nothing.",
            words(behind)
        ))
        .suggest(tried.then(|| format!("dry run {verb} {}", words(order))))
    }

    /// "later", "soon", "at night": put off, but not until when.
    fn sometime(&self, token: &Token<'_>, before: &str) -> Result<(), Problem> {
        if !token.listed(SOMETIME) || before == "one" || before == "last" {
            return Ok(());
        }
        let verb = self.scope.action.row().verbs[0];
        let plannable = self.scope.action.has(Key::At);
        let plain = self.plain();
        let suggestions = if plannable {
            vec![format!("{plain} tonight 22:00"), format!("{plain} in 30 minutes")]
        } else {
            vec![plain]
        };
        let problem: fn(String) -> Problem = if plannable { Problem::ambiguous } else { Problem::bad_value };
        Err(problem(format!(
            "I read `{}`, but not when: I {verb} now, or at a time that is said.",
            token.raw
        ))
        .suggest(suggestions))
    }

    /// "deploy the last good one", "deploy the next release".
    fn former(&self, place: usize, token: &Token<'_>) -> Problem {
        // "rollback production last night" is told.
        let after = self.word(place + 1);
        if matches!(after, "night" | "time") || look_up(after).class.is(Class::TIME) {
            return Problem::not_a_command(format!(
                "I read `{} {}` as told of something that was done, so I did nothing.",
                token.raw,
                self.word(place + 1)
            ));
        }
        let environment = self.scope.tokens.iter().find_map(|token| {
            let hit = token.name.filter(|hit| hit.kind == NameKind::Environment)?;
            Some(self.scope.vocabulary.spelling(hit.kind, hit.index()))
        });
        let place = environment.unwrap_or_default();
        Problem::ambiguous(format!(
            "I read `{}`, but not which release is meant. A deploy without a ref takes the newest; what ran before comes back by a rollback.",
            token.raw
        ))
        .suggest([format!("rollback {place} to the previous release")])
        .suggest((!place.is_empty() && self.scope.action == Action::Deploy).then(|| format!("deploy {place}")))
        .suggest((!place.is_empty()).then(|| format!("releases {place}")))
    }

    /// "deploy production logs": what is asked for, if anything is.
    fn reported(&self, token: &Token<'_>) -> Problem {
        let shown = SHOWN.iter().find(|(noun, _)| token.any(&[noun])).map(|(_, verb)| *verb);
        let named = self.scope.tokens.iter().filter(|token| token.name.is_some()).map(|token| token.raw);
        let place: Vec<&str> = named.collect();
        Problem::not_a_command(format!(
            "I read `{}` as a noun that belongs to what stands before it, not as an order, so I did nothing.",
            token.raw
        ))
        .suggest(shown.map(|verb| format!("{verb} {}", place.join(" "))))
    }

    /// "same as staging", "like staging", "matching staging": one place as another.
    pub(super) fn compared(&self, place: usize) -> Result<(), Problem> {
        let Some(token) = self.token(place).filter(|token| token.listed(COMPARES)) else { return Ok(()) };
        let before = place.checked_sub(1).map_or("", |at| self.word(at));
        if !self.scope.action.row().changes || self.scope.asked || token.quote > 0 || before == "well" {
            return Ok(());
        }
        let mut at = place + 1;
        while matches!(
            self.word(at),
            "in" | "on" | "the" | "to" | "with" | "it" | "is" | "of" | "runs" | "what"
        ) {
            at += 1;
        }
        let placed = self.token(at).is_some_and(|next| {
            next.name.is_some_and(|hit| hit.kind == NameKind::Environment)
                || self.possessive(next).is_some_and(|kind| kind == NameKind::Environment)
        });
        if placed { Err(self.onto()) } else { Ok(()) }
    }

    /// The kind of name a word is the possessive of: "staging's".
    pub(super) fn possessive(&self, token: &Token<'_>) -> Option<NameKind> {
        let owner = token.low.strip_suffix("'s")?;
        self.scope.vocabulary.find(std::iter::once(owner)).map(|hit| hit.kind)
    }

    /// The order said again.
    fn plain(&self) -> String {
        let tokens = self.scope.tokens;
        let left = |at: usize| {
            let token = &tokens[at];
            let put_off = |token: &Token<'_>| token.listed(TRIALS) || token.listed(SOMETIME);
            // "in a bit", "for testing": the little words before go with it.
            let little = |token: &Token<'_>| token.any(&["a", "an", "in", "at", "for", "the", "by", "as"]);
            let mut behind = tokens[at..].iter().skip_while(|token| little(token));
            let goes = little(token) && behind.next().is_some_and(put_off);
            token.kind == Kind::Mention || put_off(token) || goes
        };
        let kept: Vec<Token<'t>> = (0..tokens.len()).filter(|at| !left(*at)).map(|at| tokens[at]).collect();
        let words: Vec<&str> = said_again(&kept).collect();
        format!("{} {}", self.scope.action.row().verbs[0], words.join(" ")).replace(" ,", ",")
    }

    /// The order said again, without the word at this place.
    fn without(&self, place: usize) -> String {
        let tokens = self.scope.tokens;
        let mut words = vec![self.scope.action.row().verbs[0]];
        words.extend(said_again(&tokens[..place]));
        words.extend(said_again(&tokens[(place + 1).min(tokens.len())..]));
        words.join(" ").replace(" ,", ",")
    }
}

/// Behind a keyword of a ref or a name, a word is what is called so.
fn owns(before: &str) -> bool {
    matches!(before, "ref" | "branch" | "tag" | "commit" | "release" | "called" | "named")
}

/// Whether nothing but names, values and idle words may be said of this action.
const fn strict(action: Action) -> bool {
    matches!(
        action,
        Action::Deploy
            | Action::Rollback
            | Action::Restart
            | Action::Scale
            | Action::Migrate
            | Action::SetVariable
            | Action::AddComponent
            | Action::RemoveComponent
            | Action::ClearCache
            | Action::CronDisable
            | Action::CronEnable
            | Action::Reconcile
            | Action::Lock
            | Action::Unlock
            | Action::Backfill
            | Action::BackfillStop
            | Action::BackfillResume
            | Action::Expand
            | Action::RotateSecret
            | Action::Connect
    )
}
