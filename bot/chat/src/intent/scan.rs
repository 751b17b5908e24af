//! What was said of an action: names, values and keywords, collected from the words after its verb.
//!
//! Scanning does not know which keys the action has; `grammar` judges that, so that nothing said is lost silently.

use super::actions::Action;
use super::command::{Bundle, Canary, Migrate, Mode};
use super::grammar::heads::is_object_word;
use super::lexicon::{Class, near_keyword, near_opener};
use super::names::{NameKind, Vocabulary};
use super::problem::Problem;
use super::values;
use super::words::{Kind, Token};

/// A list of the project's own names, each once, in the order said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct List {
    pub(super) named: Vec<usize>,
    pub(super) without: Vec<usize>,
    /// "all …" was said.
    pub(super) all: bool,
}

impl List {
    fn push(&mut self, index: usize, excluded: bool) {
        let list = if excluded { &mut self.without } else { &mut self.named };
        if !list.contains(&index) {
            list.push(index);
        }
    }

    pub(super) fn is_said(&self) -> bool {
        self.all || !self.named.is_empty() || !self.without.is_empty()
    }

    fn absorb(&mut self, other: &Self) {
        for index in &other.named {
            self.push(*index, false);
        }
        for index in &other.without {
            self.push(*index, true);
        }
        self.all |= other.all;
    }
}

/// Everything that was said of one action in one stretch of words.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) environments: List,
    /// The environments were said with a preposition ("in staging"): they hold for the whole sentence.
    pub(super) environments_placed: bool,
    pub(super) services: List,
    pub(super) components: List,
    pub(super) jobs: List,
    pub(super) providers: List,
    pub(super) project: bool,
    pub(super) git_ref: Option<String>,
    pub(super) previous: bool,
    pub(super) runs: Vec<String>,
    pub(super) canary: Option<Canary>,
    pub(super) migrate: Option<Migrate>,
    pub(super) at: Option<String>,
    /// "now" was said, so that a later time is not meant for this.
    pub(super) now: bool,
    pub(super) dry_run: bool,
    pub(super) rehearse: bool,
    pub(super) replicas: Option<u32>,
    pub(super) rate: Option<u64>,
    pub(super) batch: Option<u64>,
    pub(super) runtime: Option<u64>,
    pub(super) since: Option<u64>,
    pub(super) mode: Option<Mode>,
    pub(super) bundle: Option<Bundle>,
    pub(super) actor: Option<String>,
    /// Words nobody could place.
    pub(super) unknown: usize,
}

impl Said {
    /// Whether anything at all was understood.
    pub(super) fn something(&self) -> bool {
        self.environments.is_said()
            || self.services.is_said()
            || self.components.is_said()
            || self.jobs.is_said()
            || self.providers.is_said()
            || self.project
            || self.git_ref.is_some()
            || self.previous
            || !self.runs.is_empty()
            || self.canary.is_some()
            || self.migrate.is_some()
            || self.at.is_some()
            || self.dry_run
            || self.rehearse
            || self.replicas.is_some()
            || self.rate.is_some()
            || self.batch.is_some()
            || self.runtime.is_some()
            || self.since.is_some()
            || self.mode.is_some()
            || self.bundle.is_some()
    }

    /// Whether `next`, said after this in a list, is about something of its own: then it is another command.
    fn parts_from(&self, next: &Self) -> bool {
        let both = |mine: bool, theirs: bool| mine && theirs;
        (next.services.is_said() && next.environments.is_said() && self.environments.is_said())
            || both(self.git_ref.is_some(), next.git_ref.is_some())
            || both(self.canary.is_some(), next.canary.is_some())
            || both(self.migrate.is_some(), next.migrate.is_some())
            || both(self.at.is_some(), next.at.is_some() || next.now)
            || both(self.now, next.at.is_some())
            || both(self.replicas.is_some(), next.replicas.is_some())
            || both(self.rate.is_some(), next.rate.is_some())
            || both(self.batch.is_some(), next.batch.is_some())
            || both(self.runtime.is_some(), next.runtime.is_some())
            || both(self.mode.is_some(), next.mode.is_some())
            || both(self.bundle.is_some(), next.bundle.is_some())
            || (next.environments.is_said() && self.environments.is_said() && next.components.is_said())
    }

    fn absorb(&mut self, other: Self) {
        self.environments.absorb(&other.environments);
        self.environments_placed |= other.environments_placed;
        self.services.absorb(&other.services);
        self.components.absorb(&other.components);
        self.jobs.absorb(&other.jobs);
        self.providers.absorb(&other.providers);
        self.project |= other.project;
        self.git_ref = self.git_ref.take().or(other.git_ref);
        self.previous |= other.previous;
        self.runs.extend(other.runs);
        self.canary = self.canary.take().or(other.canary);
        self.migrate = self.migrate.or(other.migrate);
        self.at = self.at.take().or(other.at);
        self.now |= other.now;
        self.dry_run |= other.dry_run;
        self.rehearse |= other.rehearse;
        self.replicas = self.replicas.or(other.replicas);
        self.rate = self.rate.or(other.rate);
        self.batch = self.batch.or(other.batch);
        self.runtime = self.runtime.or(other.runtime);
        self.since = self.since.or(other.since);
        self.mode = self.mode.or(other.mode);
        self.bundle = self.bundle.or(other.bundle);
        self.actor = self.actor.take().or(other.actor);
        self.unknown += other.unknown;
    }
}

/// What scanning works on.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a, 't> {
    pub(super) action: Action,
    pub(super) tokens: &'a [Token<'t>],
    /// The cleaned text, of which values are parts.
    pub(super) text: &'t str,
    pub(super) vocabulary: &'a Vocabulary,
    /// The words belong to a question: only "in …" and "to …" say where a name stands.
    pub(super) asked: bool,
}

/// More words than this that are not known are not compared with every name.
const MAX_COMPARED: usize = 24;

/// Scans the words after the verb. Usually one group; several when the list has parts of their own
/// ("api to staging and web to production").
pub(super) fn scan(scope: Scope<'_, '_>) -> Result<Vec<Said>, Problem> {
    let mut scanner = Scanner {
        scope,
        segment: Said::default(),
        groups: Vec::new(),
        excluding: false,
        listing: !scope.asked,
        compared: 0,
    };
    let mut place = 0;
    while place < scope.tokens.len() {
        place += scanner.step(place)?.max(1);
    }
    scanner.close();
    if scanner.groups.is_empty() {
        scanner.groups.push(Said::default());
    }
    Ok(scanner.groups)
}

struct Scanner<'a, 't> {
    scope: Scope<'a, 't>,
    segment: Said,
    groups: Vec<Said>,
    /// After "except": names are taken away.
    excluding: bool,
    /// Where a bare word would be a name: after the verb, after "and".
    listing: bool,
    compared: usize,
}

impl<'t> Scanner<'_, 't> {
    fn token(&self, place: usize) -> Option<&Token<'t>> {
        self.scope.tokens.get(place)
    }

    fn word(&self, place: usize) -> &'t str {
        self.token(place).filter(|token| token.is_word()).map_or("", |token| token.low)
    }

    fn rest(&self, place: usize) -> &[Token<'t>] {
        &self.scope.tokens[place.min(self.scope.tokens.len())..]
    }

    /// Ends the stretch between two "and"s: it joins the group before it, or is one of its own.
    fn close(&mut self) {
        let segment = std::mem::take(&mut self.segment);
        match self.groups.last_mut() {
            Some(group) if !group.parts_from(&segment) => group.absorb(segment),
            _ => self.groups.push(segment),
        }
    }

    /// Reads what stands at this place and answers how many tokens that was.
    fn step(&mut self, place: usize) -> Result<usize, Problem> {
        let Some(token) = self.token(place).copied() else { return Ok(1) };
        match token.kind {
            Kind::Comma | Kind::Plus => {
                self.close();
                self.listing = true;
                return Ok(1);
            }
            Kind::Word => {}
            Kind::Mention => {
                self.segment.actor =
                    Some(token.raw.trim_start_matches(['@', super::markup::MENTION]).to_owned());
                return Ok(1);
            }
            _ => return Ok(1),
        }
        if token.any(&["and", "then"]) && !(token.low == "then" && self.word(place + 1).is_empty()) {
            self.close();
            self.listing = true;
            return Ok(1);
        }
        if let Some(len) = self.exclusion(place) {
            return Ok(len);
        }
        if let Some(len) = self.dry_run(place) {
            return Ok(len);
        }
        if let Some(len) = self.canary(place)? {
            self.listing = false;
            return Ok(len);
        }
        if let Some(len) = self.migrations(place)? {
            self.listing = false;
            return Ok(len);
        }
        if let Some(len) = self.particular(place)? {
            self.listing = false;
            return Ok(len);
        }
        if let Some(len) = self.name(place)? {
            return Ok(len);
        }
        if let Some(len) = self.all(place) {
            return Ok(len);
        }
        if let Some((run, len)) = values::run(self.rest(place)) {
            self.segment.runs.push(run);
            self.listing = false;
            return Ok(len);
        }
        if let Some(len) = self.git_ref(place)? {
            self.listing = false;
            return Ok(len);
        }
        if let Some(len) = self.time(place) {
            self.listing = false;
            return Ok(len);
        }
        self.other(place)
    }

    /// "except cron", "but not production", "everything but web".
    fn exclusion(&mut self, place: usize) -> Option<usize> {
        let named = |at: usize| self.token(at).is_some_and(|token| token.name.is_some());
        let article =
            |at: usize| usize::from(matches!(self.word(at), "the" | "for" | "in" | "on" | "to" | "from"));
        let len = match self.word(place) {
            "except" | "excluding" | "minus" | "bar" => {
                let more = usize::from(self.word(place + 1) == "for");
                1 + more
            }
            "but" if self.word(place + 1) == "not" => 2,
            "but" if named(place + 1 + article(place + 1)) => 1,
            "not" if named(place + 1 + article(place + 1)) => 1,
            // "without restarting web": web is not meant, whatever is not to happen to it.
            "without"
                if !matches!(
                    self.word(place + 1),
                    "canary"
                        | "a"
                        | "the"
                        | "any"
                        | "migrations"
                        | "canaries"
                        | "running"
                        | "migration"
                        | "migrating"
                ) =>
            {
                1
            }
            "without" if named(place + 1 + article(place + 1)) => 1,
            "apart" | "aside" if self.word(place + 1) == "from" => 2,
            "other" if self.word(place + 1) == "than" => 2,
            _ => return None,
        };
        let len = len + article(place + len);
        self.excluding = true;
        Some(len)
    }

    /// "dry run", "dry-run", "as a rehearsal", "rehearse".
    fn dry_run(&mut self, place: usize) -> Option<usize> {
        match self.word(place) {
            "dry-run" | "dryrun" | "dry-runs" | "simulation" | "dry_run" => {
                self.segment.dry_run = true;
                Some(1)
            }
            "dry" if matches!(self.word(place + 1), "run" | "runs") => {
                self.segment.dry_run = true;
                Some(2)
            }
            "plan" if self.word(place + 1) == "only" => {
                self.segment.dry_run = true;
                Some(2)
            }
            "rehearsal" | "rehearse" | "rehearsed" => {
                self.segment.rehearse = true;
                Some(1)
            }
            _ => None,
        }
    }

    /// "with canary 10/50/100 soak 10m", "10/50/100", "no canary", "straight to 100%".
    fn canary(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        if matches!(self.word(place), "straight" | "directly" | "immediately")
            && matches!(self.word(place + 1), "to" | "at")
        {
            let to = self.word(place + 2);
            if matches!(to, "100%" | "100" | "full" | "everyone") {
                let percent = usize::from(matches!(self.word(place + 3), "%" | "percent"));
                return self.set_canary(Canary::Off, 3 + percent);
            }
        }
        if matches!(self.word(place), "no" | "without" | "skip" | "skipping" | "disable") {
            let mut at = place + 1;
            while matches!(self.word(at), "a" | "the" | "any") {
                at += 1;
            }
            if matches!(self.word(at), "canary" | "canaries" | "canarying") {
                return self.set_canary(Canary::Off, at + 1 - place);
            }
        }
        if matches!(self.word(place), "all-at-once") {
            return self.set_canary(Canary::Off, 1);
        }
        let keyword = matches!(self.word(place), "canary" | "canaries");
        let run_action = super::grammar::runs::is_run_action(self.scope.action);
        if keyword
            && (run_action
                || !self.scope.action.has(super::actions::Key::Canary) && !self.scope.action.row().changes)
        {
            return Ok(Some(1));
        }
        let mut at = place + usize::from(keyword);
        if keyword {
            while self.token(at).is_some_and(|token| {
                token.any(&[
                    "of",
                    "at",
                    "to",
                    "with",
                    "steps",
                    "step",
                    "rollout",
                    "release",
                    "deploy",
                    "deployment",
                    "weights",
                    "stages",
                    "strategy",
                    "the",
                    "a",
                    "traffic",
                    "from",
                    "starting",
                    "through",
                    "in",
                    "going",
                ]) || matches!(token.kind, Kind::Colon | Kind::Equals | Kind::Bracket)
            }) {
                at += 1;
            }
            if matches!(self.word(at), "off" | "no" | "none" | "false" | "disabled") {
                return self.set_canary(Canary::Off, at + 1 - place);
            }
        }
        let bare = self.word(place);
        let looks_like_weights = keyword
            || (bare.starts_with(|c: char| c.is_ascii_digit()) && bare.matches('/').count() >= 1)
            || (bare.ends_with('%') && !keyword);
        let found = if looks_like_weights { values::weights(self.rest(at)) } else { None };
        let Some(values::Weights { weights, len, soak_s: each_s }) = found else {
            if !keyword {
                return Ok(None);
            }
            let mut canary = Canary::On { weights: Vec::new(), soak_s: None };
            let soak = self.soak(place + 1, &mut canary);
            return self.set_canary(canary, if soak > 0 { 1 + soak } else { 1 });
        };
        if !keyword && weights == [100] {
            return self.set_canary(Canary::Off, at + len - place);
        }
        let weights = check_weights(&weights)?;
        let each_s = match each_s.as_slice() {
            [] => None,
            [first, rest @ ..] if rest.iter().all(|other| other == first) => Some(*first),
            _ => {
                return Err(Problem::ambiguous(
                    "Every canary step soaks for the same time; say one, like `soak 10m`.",
                ));
            }
        };
        let mut canary = Canary::On { weights, soak_s: each_s };
        at += len;
        if matches!(self.word(at), "canary") {
            at += 1;
        }
        at += self.soak(at, &mut canary);
        self.set_canary(canary, at - place)
    }

    /// "soak 10m", "with 10 minutes each", "10 minute soak".
    fn soak(&self, from: usize, canary: &mut Canary) -> usize {
        let mut at = from;
        let mut said = false;
        while self.token(at).is_some_and(|token| {
            token.any(&[
                "with", "and", "a", "an", "the", "soak", "soaking", "soaks", "of", "for", "wait", "waiting",
                "hold", "holding", "every", "each", "step", "at", "per", "is", "time",
            ]) || matches!(token.kind, Kind::Comma | Kind::Colon | Kind::Equals | Kind::Bracket)
        }) {
            said |= matches!(
                self.word(at),
                "soak" | "soaking" | "soaks" | "wait" | "waiting" | "hold" | "holding" | "every" | "each"
            );
            at += 1;
            if self.word(at - 1) == "an" || self.word(at - 1) == "a" {
                if values::duration(self.rest(at - 1)).is_some() {
                    at -= 1;
                    break;
                }
            }
        }
        let Some((seconds, len)) = values::duration(self.rest(at)) else { return 0 };
        at += len;
        let mut tail = at;
        while matches!(
            self.word(tail),
            "soak"
                | "soaks"
                | "each"
                | "per"
                | "step"
                | "between"
                | "steps"
                | "apart"
                | "at"
                | "every"
                | "time"
                | "stage"
                | "a"
                | "of"
                | "soaking"
        ) {
            said |= matches!(
                self.word(tail),
                "soak" | "soaks" | "each" | "per" | "between" | "apart" | "every" | "soaking"
            );
            tail += 1;
        }
        let glued_for = (from..at).any(|place| self.word(place) == "for");
        if !said && !glued_for {
            return 0;
        }
        if let Canary::On { soak_s, .. } = canary {
            *soak_s = Some(seconds);
        }
        if said { tail - from } else { at - from }
    }

    fn set_canary(&mut self, canary: Canary, len: usize) -> Result<Option<usize>, Problem> {
        let merged = match (self.segment.canary.take(), canary) {
            (None, canary) => canary,
            (Some(Canary::On { weights: first, soak_s }), Canary::On { weights, soak_s: more })
                if first.is_empty() || weights.is_empty() || first == weights =>
            {
                let weights = if weights.is_empty() { first } else { weights };
                Canary::On { weights, soak_s: more.or(soak_s) }
            }
            (Some(first), canary) if first == canary => first,
            _ => return Err(Problem::ambiguous("Two canaries were said for one deploy; which is meant?")),
        };
        self.segment.canary = Some(merged);
        Ok(Some(len))
    }

    /// "run migrations first", "with migrations", "migrate first", "skip migrations", "no migrations".
    fn migrations(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        if self.scope.action != Action::Deploy {
            return Ok(None);
        }
        let mut at = place;
        let mut skip = false;
        let mut with = false;
        let mut verb = false;
        loop {
            match self.word(at) {
                "no" | "without" | "skip" | "skipping" | "don't" | "dont" | "not" => skip = true,
                "do" if self.word(at + 1) == "not" => {}
                "with" | "including" | "incl" => with = true,
                "run" | "running" | "apply" | "applying" | "do" | "perform" => verb = true,
                "the" | "any" | "all" | "pending" | "db" | "database" | "schema" | "its" => {}
                _ => break,
            }
            at += 1;
        }
        let noun = matches!(self.word(at), "migrations" | "migration" | "migrate" | "migrating");
        if !noun || self.token(at).is_some_and(|token| token.name.is_some()) {
            return Ok(None);
        }
        at += 1;
        let mut first = false;
        while matches!(
            self.word(at),
            "first"
                | "beforehand"
                | "before"
                | "upfront"
                | "too"
                | "as"
                | "well"
                | "run"
                | "skipped"
                | "off"
                | "on"
        ) {
            match self.word(at) {
                "skipped" | "off" => skip = true,
                "first" | "beforehand" | "before" | "upfront" => first = true,
                _ => {}
            }
            at += 1;
        }
        if self.word(at) == "skip" {
            skip = true;
            at += 1;
        }
        let listed = place > 0
            && self.token(place - 1).is_some_and(|token| {
                token.any(&["and", "plus"]) || matches!(token.kind, Kind::Comma | Kind::Plus)
            });
        // "without canary and migrations" is without both.
        skip |= listed
            && (place.saturating_sub(4)..place).any(|at| matches!(self.word(at), "without" | "no" | "skip"));
        if !(skip || with || verb || first || listed) {
            return Err(Problem::ambiguous("Migrations with this deploy: run them first, or skip them?")
                .suggest(["and run migrations first", "and skip migrations"]));
        }
        self.segment.migrate = Some(if skip { Migrate::Skip } else { Migrate::First });
        Ok(Some(at - place))
    }

    /// Values only some actions have: counts, rates, durations, modes.
    fn particular(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        use super::grammar::{data, fleet};
        let rest = &self.scope.tokens[place..];
        match self.scope.action {
            Action::Scale => fleet::replicas(rest, &mut self.segment),
            Action::Backfill => data::pace(rest, &mut self.segment),
            Action::Connect => Ok(fleet::mode(rest, &mut self.segment)),
            Action::Readiness => Ok(fleet::bundle(rest, &mut self.segment)),
            Action::Logs | Action::Audit | Action::Incidents => {
                Ok(values::since(rest).or_else(|| values::duration(rest)).map(|(seconds, len)| {
                    self.segment.since = Some(seconds);
                    len
                }))
            }
            Action::Rollback => Ok(previous(rest).map(|len| {
                self.segment.previous = true;
                len
            })),
            _ => Ok(None),
        }
    }

    fn name(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        let Some(token) = self.token(place).copied() else { return Ok(None) };
        let Some(hit) = token.name else { return Ok(self.slashed(place)) };
        self.two_places(place, hit.kind)?;
        // The word cron in "disable cron" is the thing itself, not the service.
        let object = is_object_word(self.scope.action, token.low)
            && !matches!(hit.kind, NameKind::Environment | NameKind::Job);
        if object && matches!(self.scope.action, Action::CronDisable | Action::CronEnable) {
            return Ok(Some(hit.len));
        }
        let placed = place > 0
            && (1..=2).any(|back| {
                place.checked_sub(back).and_then(|at| self.token(at)).is_some_and(|token| {
                    token.any(&["in", "on", "to", "into", "onto", "for", "from", "across", "of"])
                })
            });
        // "the live site", "web app": the name stays the name.
        self.take(hit.kind, hit.index, placed);
        self.listing = false;
        Ok(Some(hit.len))
    }

    /// "deploy staging to production", "staging -> production": both, or what runs on the one onto the other?
    fn two_places(&self, place: usize, kind: NameKind) -> Result<(), Problem> {
        if kind != NameKind::Environment || self.excluding || !self.scope.action.row().changes {
            return Ok(());
        }
        let before = place.checked_sub(1).and_then(|at| self.token(at));
        let onto =
            before.is_some_and(|token| token.any(&["to", "into", "onto"]) || token.kind == Kind::Arrow);
        let taken = self.scope.action == Action::Deploy && before.is_some_and(|token| token.any(&["from"]));
        if (onto && !self.segment.environments.named.is_empty()) || taken {
            return Err(Problem::ambiguous(
                "Is it to happen in both environments, or is what runs in the one to go to the other? Name the ref and where it goes.",
            )
            .suggest(["deploy v1.4.2 to production"]));
        }
        Ok(())
    }

    fn take(&mut self, kind: NameKind, index: usize, placed: bool) {
        let excluding = self.excluding;
        let said = &mut self.segment;
        match kind {
            NameKind::Environment => {
                said.environments.push(index, excluding);
                said.environments_placed |= placed;
            }
            NameKind::Service => said.services.push(index, excluding),
            NameKind::Component => said.components.push(index, excluding),
            NameKind::Job => said.jobs.push(index, excluding),
            NameKind::JobShort => {
                if self.scope.action.has(super::actions::Key::Job) {
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
    fn slashed(&mut self, place: usize) -> Option<usize> {
        let token = *self.token(place)?;
        if let Some(owner) = token.low.strip_suffix("'s") {
            let hit = self.scope.vocabulary.find(std::iter::once(owner))?;
            self.take(hit.kind, hit.index, false);
            self.listing = false;
            return Some(1);
        }
        if let Some((name, git_ref)) = token.low.split_once('@') {
            let hit = self.scope.vocabulary.find(std::iter::once(name))?;
            self.take(hit.kind, hit.index, false);
            let start = token.raw.len() - git_ref.len();
            if git_ref != "latest" {
                self.segment.git_ref = Some(token.raw[start..].to_owned());
            }
            self.listing = false;
            return Some(1);
        }
        if !token.low.contains('/') {
            return None;
        }
        let hits: Option<Vec<_>> = values::slashed(token.low)
            .map(|part| self.scope.vocabulary.find(std::iter::once(part)))
            .collect();
        for hit in hits.filter(|hits| !hits.is_empty())? {
            self.take(hit.kind, hit.index, true);
        }
        self.listing = false;
        Some(1)
    }

    /// "all services", "everywhere", "all environments", "everything".
    fn all(&mut self, place: usize) -> Option<usize> {
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
                    "environments" | "environment" | "envs" | "env" => {
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

    /// "v1.4.2", "main", "branch fix-login", "the latest".
    fn git_ref(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        if self.scope.action == Action::Logs || self.scope.action == Action::Backfill {
            return Ok(None);
        }
        let token = *self.token(place).unwrap_or(&self.scope.tokens[0]);
        if token.any(&["ref", "branch", "tag", "commit", "release", "version", "sha"]) {
            let mut at = place + 1;
            if self.token(at).is_some_and(|token| matches!(token.kind, Kind::Colon | Kind::Equals)) {
                at += 1;
            }
            let next = self.token(at).filter(|next| next.is_word()).copied();
            let Some(next) = next else { return Ok(None) };
            let plain = next.name.is_none()
                && !next.is(Class::PREPOSITION)
                && (!next.class.known()
                    || values::is_ref(next.low)
                    || next.raw.bytes().any(|byte| byte.is_ascii_digit()))
                && (token.low != "version"
                    || values::is_ref(next.low)
                    || next.low.bytes().any(|byte| byte.is_ascii_digit()));
            if plain && next.low != "latest" {
                return self.set_ref(next.raw, at + 1 - place);
            }
            return Ok(None);
        }
        let before = place.checked_sub(1).map_or("", |at| self.word(at));
        if values::is_ref(token.low)
            && !(token.low.bytes().all(|byte| byte.is_ascii_digit())
                && before == "to"
                && self.scope.action == Action::Scale)
        {
            let branch = usize::from(matches!(self.word(place + 1), "branch"));
            return self.set_ref(token.raw, 1 + branch);
        }
        if token.glued && token.low.starts_with('#') {
            return Ok(None);
        }
        Ok(None)
    }

    fn set_ref(&mut self, raw: &str, len: usize) -> Result<Option<usize>, Problem> {
        if self.segment.git_ref.as_deref().is_some_and(|first| first != raw) {
            return Err(Problem::ambiguous(format!(
                "Two refs were said, `{}` and `{raw}`; which is meant?",
                self.segment.git_ref.as_deref().unwrap_or_default()
            )));
        }
        self.segment.git_ref = Some(raw.to_owned());
        Ok(Some(len))
    }

    fn time(&mut self, place: usize) -> Option<usize> {
        if !self.scope.action.row().changes && self.scope.action != Action::Can {
            return None;
        }
        let time = values::time(self.rest(place))?;
        let first = self.token(place + time.from)?;
        let last = self.token(place + time.len - 1)?;
        let written = self.scope.text.get(first.at..last.end())?.trim().to_owned();
        self.segment.at = Some(if time.repeats { format!("\u{0}{written}") } else { written });
        Some(time.len)
    }

    /// Words that are none of these: harmless, or in the place of a name, or a keyword typed wrong.
    fn other(&mut self, place: usize) -> Result<usize, Problem> {
        let Some(token) = self.token(place).copied() else { return Ok(1) };
        self.segment.now |= token.any(&["now", "immediately"]);
        if is_object_word(self.scope.action, token.low) {
            self.listing = false;
            return Ok(1);
        }
        if token.is(Class::PREPOSITION) {
            // "everything except cron to staging": what follows "to" is not excluded.
            self.excluding = false;
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
        if strict
            && self.listing
            && token.class.known()
            && super::grammar::is_foreign(self.scope.action, &token)
        {
            return Err(unknown_name(self.scope, &token, &[]));
        }
        if token.class.known() {
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
        self.unknown(place, &token)
    }

    fn unknown(&mut self, place: usize, token: &Token<'t>) -> Result<usize, Problem> {
        let vocabulary = self.scope.vocabulary;
        let row = self.scope.action.row();
        let mut back = place;
        let mut slot = None;
        while let Some(before) = back.checked_sub(1) {
            match self.word(before) {
                "the" | "our" | "a" | "an" | "my" | "env" | "environment" | "service" => back = before,
                word @ ("to" | "in" | "on" | "into" | "onto") => {
                    slot = Some(word);
                    break;
                }
                _ => break,
            }
        }
        let named_after = matches!(self.word(place + 1), "environment" | "env" | "service");
        if token.low.starts_with('-') && token.low.len() == 2 {
            return Ok(1);
        }
        self.compared += 1;
        if self.compared <= MAX_COMPARED && token.low.len() >= 3 {
            let near = vocabulary.near(token.low, &kinds_of(self.scope.action));
            if !near.is_empty() {
                return Err(unknown_name(self.scope, token, &near));
            }
            if let Some(keyword) = near_keyword(token.low) {
                return Err(Problem::ambiguous(format!(
                    "I read `{}` and am not sure whether you mean `{keyword}`, so I did nothing.",
                    token.raw
                )));
            }
            if near_opener(token.low) {
                return Ok(1);
            }
        }
        let free_objects = matches!(
            self.scope.action,
            Action::Expand | Action::Help | Action::Audit | Action::Setup | Action::Can
        );
        if self.scope.action == Action::Scale && slot == Some("to") && self.segment.replicas.is_none() {
            return Err(Problem::bad_value(format!(
                "`{}` is not a number of replicas; I expected a whole number.",
                token.raw
            )));
        }
        let owned = place > 0 && matches!(self.word(place - 1), "my" | "your" | "his" | "her" | "their");
        if owned && row.changes {
            return Err(Problem::not_a_command(format!(
                "`{}` is nothing of this project's, so I did nothing.",
                token.raw
            )));
        }
        let in_slot = slot.is_some() && !free_objects;
        let bare = self.listing && !free_objects && !self.scope.asked;
        if in_slot || bare || named_after {
            if row.changes || in_slot || bare {
                return Err(unknown_name(self.scope, token, &[]));
            }
        }
        self.segment.unknown += 1;
        Ok(1)
    }
}

/// The kinds of name an action can be about.
fn kinds_of(action: Action) -> Vec<NameKind> {
    use super::actions::Key;
    let kinds = [
        (Key::Environments, NameKind::Environment),
        (Key::Services, NameKind::Service),
        (Key::Component, NameKind::Component),
        (Key::Job, NameKind::Job),
        (Key::Job, NameKind::JobShort),
        (Key::Provider, NameKind::Provider),
        (Key::Providers, NameKind::Provider),
    ];
    kinds.iter().filter(|(key, _)| action.has(*key)).map(|(_, kind)| *kind).collect()
}

fn previous(tokens: &[Token<'_>]) -> Option<usize> {
    let word = |at: usize| tokens.get(at).filter(|token| token.is_word()).map_or("", |token| token.low);
    let mut at = 0;
    while matches!(word(at), "to" | "the" | "its" | "our" | "a") {
        at += 1;
    }
    let said = match word(at) {
        "previous" | "prior" | "preceding" => true,
        "last" | "earlier" => {
            let mut next = at + 1;
            while matches!(word(next), "known" | "good" | "stable" | "working" | "successful" | "green") {
                next += 1;
            }
            matches!(
                word(next),
                "release" | "version" | "deploy" | "deployment" | "one" | "build" | "state" | "rollout"
            ) || next > at + 1
        }
        _ => false,
    };
    if !said {
        return None;
    }
    at += 1;
    while matches!(
        word(at),
        "known"
            | "good"
            | "stable"
            | "working"
            | "successful"
            | "green"
            | "release"
            | "version"
            | "deploy"
            | "deployment"
            | "one"
            | "build"
            | "state"
            | "rollout"
    ) {
        at += 1;
    }
    if word(at) == "that" && matches!(word(at + 1), "worked" | "was" | "passed") {
        at += 2;
        if matches!(word(at), "working" | "good" | "green" | "ok" | "fine") {
            at += 1;
        }
    }
    Some(at)
}

/// Weights rise and end at 100, or the canary is a mistake.
fn check_weights(weights: &[u64]) -> Result<Vec<u8>, Problem> {
    let said = weights.iter().map(ToString::to_string).collect::<Vec<_>>().join("/");
    let fault = if weights.iter().any(|weight| *weight > 100) {
        Some("can't pass 100%")
    } else if weights.windows(2).any(|pair| pair[0] >= pair[1]) || weights.first() == Some(&0) {
        Some("must rise")
    } else if weights.last() != Some(&100) {
        Some("must end at 100")
    } else {
        None
    };
    match fault {
        Some(fault) => Err(Problem::bad_value(format!("Canary steps {fault}; I read {said}."))
            .suggest(["with canary 10/50/100"])),
        None => Ok(weights.iter().filter_map(|weight| u8::try_from(*weight).ok()).collect()),
    }
}

/// A problem that names the nearest real names, or all there are.
pub(super) fn unknown_name(scope: Scope<'_, '_>, token: &Token<'_>, near: &[(NameKind, usize)]) -> Problem {
    let vocabulary = scope.vocabulary;
    let names: Vec<&str> = near.iter().map(|(kind, index)| vocabulary.spelling(*kind, *index)).collect();
    if let [(kind, _), ..] = near {
        let message = format!(
            "I don't know `{}`. The nearest {} I know: {}.",
            token.raw,
            kind.word(),
            names.join(", ")
        );
        let suggestions = names.iter().map(|name| {
            let mut words: Vec<&str> = vec![scope.action.row().verbs[0]];
            words
                .extend(scope.tokens.iter().map(|other| if other.at == token.at { name } else { other.raw }));
            words.join(" ").replace(" ,", ",")
        });
        return Problem::unknown_name(message).suggest(suggestions);
    }
    let own = |kind: NameKind| {
        vocabulary.names().of(kind).iter().map(|named| named.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let examples =
        scope.action.row().examples.iter().map(|example| super::help::fill(example, vocabulary.names()));
    Problem::unknown_name(format!(
        "I don't know `{}`. Environments: {}. Services: {}.",
        token.raw,
        own(NameKind::Environment),
        own(NameKind::Service)
    ))
    .suggest(examples)
}
