//! Names, lists of names, and what is excepted from them.

use crate::intent::lexicon::look_up;

use super::stray::THINGS;
use super::unknown::unknown_name;
use super::{Action, Class, Kind, NameKind, Problem, Scanner, Token, object_words, related, values};
use crate::intent::names::Hit;

/// What an order may be good for, after "to".
const PURPOSES: &[&str] = &["see", "validate", "confirm", "unblock", "try", "demo", "prepare", "catch"];

/// What an order may be carried out without, which leaves nothing out.
pub(super) const HARMLESS: &[&str] =
    &["downtime", "fuss", "delay", "interruption", "interruptions", "outage", "ado", "hesitation"];

impl<'t> Scanner<'_, 't> {
    pub(super) fn name(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        let Some(token) = self.token(place).copied() else { return Ok(None) };
        let Some(hit) = token.name else { return self.slashed(place) };
        self.two_places(place, hit.kind)?;
        if !self.excluding {
            related::beside(self.scope, place)?;
        }
        self.signed(place, &token, hit.kind)?;
        // The word cron in "disable cron" is the thing itself, not the service.
        let object = token.listed(object_words(self.scope.action))
            && !matches!(hit.kind, NameKind::Environment | NameKind::Job);
        // Said again, it is the service: "disable cron for api and cron".
        let again =
            self.scope.tokens[..place].iter().any(|before| before.is_word() && before.low == token.low);
        if object && !again && matches!(self.scope.action, Action::CronDisable | Action::CronEnable) {
            return Ok(Some(hit.len()));
        }
        let placed = place > 0
            && (1..=2).any(|back| {
                place.checked_sub(back).and_then(|at| self.token(at)).is_some_and(|token| {
                    token.any(&["in", "on", "to", "into", "onto", "for", "from", "across", "of"])
                })
            });
        self.other_pair(hit)?;
        self.left_out_where(hit.kind)?;
        // "for api in staging": whom it is for, and not what it is good for.
        let led = place.checked_sub(1).map_or("", |at| self.word(at));
        let led = if matches!(led, "the" | "our") && place > 1 { self.word(place - 2) } else { led };
        self.purpose &= led != "for";
        // "the live site", "web app": the name stays the name.
        self.take(hit.kind, hit.index(), placed);
        self.listing = false;
        Ok(Some(hit.len()))
    }

    /// "deploy staging to production", "staging -> production": both, or what runs on the one onto the other?
    pub(super) fn two_places(&self, place: usize, kind: NameKind) -> Result<(), Problem> {
        if kind != NameKind::Environment || self.excluding || !self.scope.action.row().changes {
            return Ok(());
        }
        let before = place.checked_sub(1).and_then(|at| self.token(at));
        let onto =
            before.is_some_and(|token| token.any(&["to", "into", "onto"]) || token.kind == Kind::Arrow);
        let taken = self.scope.action == Action::Deploy && before.is_some_and(|token| token.any(&["from"]));
        // "deploy staging to test production"
        let purposeful = matches!(
            self.scope.action,
            Action::Deploy | Action::Migrate | Action::Restart | Action::Rollback
        );
        let onto = onto || purposeful && self.purpose;
        if (onto && !self.segment.environments.named.is_empty()) || taken {
            return Err(self.onto());
        }
        self.second_place(place)
    }

    /// "production api staging web", "api in staging web in production": each where it was said, or all of them in both?
    fn other_pair(&self, hit: Hit) -> Result<(), Problem> {
        let other =
            hit.kind == NameKind::Environment && !self.segment.environments.named.contains(&hit.index());
        if !other
            || !self.segment.pairs
            || self.excluding
            || self.scope.asked
            || !self.scope.action.row().changes
        {
            return Ok(());
        }
        Err(Problem::ambiguous(
            "I read several services and environments in a row, and not which belong together, so I did nothing. Put \"and\" between them.",
        ))
    }

    /// Two places in one order, of which one may be where what is meant comes from.
    pub(super) fn onto(&self) -> Problem {
        let vocabulary = self.scope.vocabulary;
        let places: Vec<&str> = self
            .scope
            .tokens
            .iter()
            .filter_map(|token| token.name.filter(|hit| hit.kind == NameKind::Environment))
            .map(|hit| vocabulary.spelling(hit.kind, hit.index()))
            .collect();
        let verb = self.scope.action.row().verbs[0];
        let problem = Problem::ambiguous(
            "Is it to happen in both environments, or is what runs in the one to go to the other? Name the ref and where it goes.",
        );
        let [from, onto] = places[..] else { return problem };
        problem.suggest([
            format!("deploy main to {onto}"),
            format!("releases {from}"),
            format!("{verb} {from} and {onto}"),
        ])
    }

    pub(super) fn take(&mut self, kind: NameKind, index: usize, placed: bool) {
        let excluding = self.excluding;
        let said = &mut self.segment;
        match kind {
            NameKind::Environment => {
                said.environments.push(index, excluding);
                said.environments_placed |= placed;
            }
            NameKind::Service => {
                said.environment_first |= said.environments.is_said() && !said.services.is_said();
                said.pairs |= said.environments.is_said();
                said.services.push(index, excluding);
            }
            NameKind::Component => said.components.push(index, excluding),
            NameKind::Job => said.jobs.push(index, excluding),
            NameKind::JobShort => {
                if self.scope.action.has(crate::intent::actions::Key::Job) {
                    said.jobs.push(index, excluding);
                } else {
                    said.unknown += 1;
                }
            }
            NameKind::Provider => said.providers.push(index, excluding),
            NameKind::Project => said.project = true,
        }
    }

    /// "staging/production", "api/web", "api@v1.2", "production's".
    pub(super) fn slashed(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        let tokens = self.scope.tokens;
        let Some(token) = tokens.get(place).filter(|token| !token.is(Class::PLAIN)) else { return Ok(None) };
        if let Some(owner) = token.low.strip_suffix("'s") {
            let Some(hit) = self.scope.vocabulary.find(std::iter::once(owner)) else { return Ok(None) };
            let code = matches!(
                self.word(place + 1),
                "version"
                    | "release"
                    | "build"
                    | "tag"
                    | "commit"
                    | "code"
                    | "image"
                    | "ref"
                    | "state"
                    | "current"
                    | "latest"
            );
            // "production's staging"
            let other = self.token(place + 1).and_then(|next| next.name).map(|next| next.kind);
            let placed = hit.kind == NameKind::Environment && self.scope.action.row().changes;
            if placed && !self.scope.asked && other == Some(NameKind::Environment) {
                return Err(Problem::ambiguous(format!(
                    "I read `{}` before another environment, and not which of the two is meant, so I did nothing.",
                    token.raw
                )));
            }
            if code && placed && !self.scope.asked {
                return Err(self.onto());
            }
            self.take(hit.kind, hit.index(), false);
            self.listing = false;
            return Ok(Some(1));
        }
        // An underscore before a ref is emphasis, as before any word.
        let versioned = token.low.split_once('@').map(|(name, after)| (name, after.trim_start_matches('_')));
        if let Some((name, git_ref)) = versioned.filter(|(_, git_ref)| !git_ref.is_empty()) {
            let Some(hit) = self.scope.vocabulary.find(std::iter::once(name)) else { return Ok(None) };
            self.take(hit.kind, hit.index(), false);
            let start = token.raw.len() - git_ref.len();
            // "api@staging": where, not which.
            if let Some(place) = self.scope.vocabulary.find(std::iter::once(git_ref)) {
                self.take(place.kind, place.index(), true);
            } else if git_ref != "latest" {
                if values::is_shorthand(git_ref) {
                    // "prod@w/o cron"
                    return Err(Problem::ambiguous(format!(
                        "I read `{}` as no ref, so I did nothing. Put a blank before it if that is what is meant.",
                        &token.raw[start..]
                    ))
                    .instead(token.at..token.end(), [format!("{name} {git_ref}")]));
                }
                if look_up(git_ref).class.known() && !values::is_ref(git_ref) {
                    return Err(unknown_name(self.scope, token, &[]));
                }
                self.set_ref(&token.raw[start..], token.at + start, 1)?;
            }
            self.listing = false;
            return Ok(Some(1));
        }
        if !token.low.contains('/') {
            return Ok(None);
        }
        let hits: Option<Vec<_>> = values::slashed(token.low)
            .map(|part| self.scope.vocabulary.find(std::iter::once(part)))
            .collect();
        let Some(hits) = hits.filter(|hits| !hits.is_empty()) else { return Ok(None) };
        for hit in hits {
            self.signed(place, token, hit.kind)?;
            self.left_out_where(hit.kind)?;
            self.take(hit.kind, hit.index(), true);
        }
        self.listing = false;
        Ok(Some(1))
    }

    /// "both environments", of three.
    fn is_wrong_both(&self, place: usize) -> bool {
        self.word(place) == "both" && self.scope.vocabulary.names().environments.len() != 2
    }

    /// "all services", "everywhere", "all environments", "everything".
    pub(super) fn all(&mut self, place: usize) -> Option<usize> {
        match self.word(place) {
            "everywhere" => {
                self.segment.environments.all = true;
                self.listing = false;
                Some(1)
            }
            "everything" => {
                self.segment.services.all = true;
                self.listing = false;
                Some(1)
            }
            "all" | "every" | "each" | "both" => {
                let mut at = place + 1;
                while matches!(self.word(at), "the" | "of" | "our" | "my" | "other" | "three" | "two") {
                    at += 1;
                }
                match self.word(at) {
                    "environments" | "environment" | "envs" | "env" if !self.is_wrong_both(place) => {
                        self.segment.environments.all = true;
                        self.listing = false;
                        Some(at + 1 - place)
                    }
                    "services" | "service" | "apps" | "of" | "them" => {
                        self.segment.services.all = true;
                        self.listing = false;
                        Some(at + 1 - place)
                    }
                    _ if self.word(place) == "all"
                        && matches!(
                            self.word(at),
                            "except" | "but" | "to" | "in" | "on" | "excluding" | "minus"
                        ) =>
                    {
                        self.segment.services.all = true;
                        self.listing = false;
                        Some(at - place)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Words that are none of these: harmless, or in the place of a name, or a keyword typed wrong.
    pub(super) fn other(&mut self, place: usize) -> Result<usize, Problem> {
        let tokens = self.scope.tokens;
        let Some(token) = tokens.get(place) else { return Ok(1) };
        self.segment.now |= token.any(&["now", "immediately"]);
        // "thank u"
        if token.low == "u" && place > 0 && matches!(self.word(place - 1), "thank" | "thanks") {
            return Ok(1);
        }
        self.hold(place, token);
        // "deploy staging and deploy docs": said with its verb again, it is still nothing we know.
        if token.is(Class::HEAD)
            && self.scope.action.row().changes
            && self.joined(place)
            && let Some(next) = self.token(place + 1).copied()
            && next.is_word()
            && next.name.is_none()
            && next.is(Class::NOUNED)
            && !next.is(Class::OBJECT)
        {
            return Err(unknown_name(self.scope, &next, &[]));
        }
        self.any_of_ours(place, token)?;
        // "deploy production plan" is a plan, where "plan for deploy production" asks for one.
        let plan = token.any(&["plan"]) && place > 0 && self.scope.action.row().changes;
        if token.listed(object_words(self.scope.action)) && !plan {
            self.listing = false;
            return Ok(1);
        }
        let trial = matches!(self.word(place.wrapping_sub(1)), "a" | "an" | "for")
            && token.any(&["test", "trial", "drill", "experiment", "exercise", "joke", "show", "fun"]);
        if trial && self.scope.action.row().changes {
            self.segment.strange.get_or_insert(place);
        }
        // "logs of worker" asks for one service, and there is none of that name.
        let of = |at: usize| matches!(self.word(at), "of" | "from" | "for");
        let owned =
            || place > 0 && (of(place - 1) || place > 1 && self.word(place - 1) == "the" && of(place - 2));
        let read = matches!(self.scope.action, Action::Logs | Action::Status | Action::Releases);
        let whole = || self.token(place + 1).is_some_and(|next| next.name.is_some() || next.listed(THINGS));
        let alone = || {
            self.token(place + 1).is_none()
                && (place == 0 || self.ends_name(place) == Some(NameKind::Environment))
        };
        if read && !self.scope.asked && token.listed(THINGS) && (owned() && !whole() || alone()) {
            return Err(unknown_name(self.scope, token, &[]));
        }
        if token.is(Class::PREPOSITION) {
            // "everything except cron to staging": what follows "to" is not excluded.
            self.excluding = false;
            // "only for germans" narrows it.
            let only = place > 0 && matches!(self.word(place - 1), "only" | "just");
            self.purpose |= token.any(&["for"]) && !only
                || token.any(&["to"])
                    && self.token(place + 1).is_some_and(|next| {
                        next.any(PURPOSES) || next.is(Class::HEAD) && next.name.is_none()
                    });
            return Ok(1);
        }
        let strict = matches!(
            self.scope.action,
            Action::Deploy
                | Action::Rollback
                | Action::Restart
                | Action::Scale
                | Action::AddComponent
                | Action::RemoveComponent
        );
        let changes = self.scope.action.row().changes;
        let then = changes && place > 0 && self.word(place - 1) == "then";
        if token.is(Class::FILLER.and(Class::NOUNED)) && self.is_elsewhere(place, token) {
            return Err(unknown_name(self.scope, token, &[]));
        }
        if (strict
            || then
            || changes && self.scope.again && !token.is(Class::HEAD)
            || self.excluding && changes)
            && self.listing
            && token.class.known()
            && crate::intent::grammar::is_foreign(self.scope.action, token)
        {
            if token.is(Class::HEAD) && self.joined(place) {
                return Err(self.unknown_verb(token));
            }
            // "restart my laptop": it is the laptop that nobody knows.
            let owns = token.any(&["my", "your", "his", "her", "their"]);
            let thing = self.token(place + 1).filter(|next| owns && next.is_word()).unwrap_or(token);
            return Err(unknown_name(self.scope, thing, &[]));
        }
        if self.listing && token.is(Class::FILLER) {
            self.nearly_service(place, token)?;
        }
        self.compared(place)?;
        if token.class.known() {
            self.stray(place, token)?;
            // "deploy the window" names nothing; "deploy the app" means the whole.
            if self.listing
                && !token.is(Class::FILLER)
                && !token.is(Class::OPENER)
                && !token.is(Class::INTERJECTION)
            {
                self.segment.unknown += 1;
            }
            return Ok(1);
        }
        self.unknown(place, token)
    }

    /// "in demo", "on testing": where others have an environment of that name, and this project has none.
    fn is_elsewhere(&self, place: usize, token: &Token<'t>) -> bool {
        const USUAL: &[&str] = &["demo", "testing", "test", "preview", "review"];
        if !token.any(USUAL) || matches!(self.scope.action, Action::Help | Action::Connect | Action::Backfill)
        {
            return false;
        }
        let before = place.checked_sub(1).map_or("", |at| self.word(at));
        let looked = !self.scope.action.row().changes || self.scope.asked;
        let placed = matches!(before, "in" | "on" | "into" | "onto")
            || looked
                && (place == 0
                    || matches!(before, "to" | "of" | "for" | "deployed" | "deploy" | "locked" | "audit"))
            || matches!(self.word(place + 1), "environment" | "env");
        let asked = self.scope.asked && (place == 0 || matches!(before, "to" | "in" | "on"));
        let ends = asked
            || self.token(place + 1).is_none_or(|next| {
                !next.is_word()
                    || next.any(&["environment", "env", "and", "then"])
                    || next.is(Class::OPENER.and(Class::PREPOSITION))
            });
        placed && ends
    }

    /// After "and" or a comma, where another order may begin.
    pub(super) fn joined(&self, place: usize) -> bool {
        let opens = |token: &Token<'_>| token.is(Class::OPENER) && !token.any(&["and", "then"]);
        let before = self.scope.tokens[..place].iter().rev().find(|token| !(token.is_word() && opens(token)));
        before.is_some_and(|before| {
            before.any(&["and", "then"]) || matches!(before.kind, Kind::Comma | Kind::Plus)
        })
    }

    /// "deploy staging and explode production": the second order is one we can't carry out.
    pub(super) fn unknown_verb(&self, token: &Token<'t>) -> Problem {
        Problem::unknown_verb(format!("I can't `{}`. `help` shows what I can do.", token.raw))
            .suggest(self.scope.vocabulary.ways_out().iter().rev())
    }
}
