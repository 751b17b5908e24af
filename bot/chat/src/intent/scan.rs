//! What was said of an action: names, values and keywords, collected from the words after its verb.
//!
//! Scanning does not know which keys the action has; `grammar` judges that, so that nothing said is lost silently.

mod canary;
mod excluded;
mod indefinite;
mod list;
pub(super) mod lost;
mod name;
mod parts;
mod related;
pub(super) mod stray;
mod unknown;
mod value;

pub(super) use list::List;
pub(super) use unknown::{is_ticket, misspelt, unknown_name};
pub(super) use value::for_a_time;

use smallvec::SmallVec;

use super::actions::Action;
use super::command::{Bundle, Canary, Migrate, Mode};
use super::grammar::heads::object_words;
use super::lexicon::{Class, near_keyword, near_opener, near_time};
use super::names::{NameKind, Vocabulary};
use super::problem::Problem;
use super::values;
use super::words::{Kind, REACH, Token, Words, reach};

/// Everything that was said of one action in one stretch of words.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) environments: List,
    /// The environments were said with a preposition ("in staging"): they hold for the whole sentence.
    pub(super) environments_placed: bool,
    /// A service was named behind an environment: "production api".
    environment_first: bool,
    /// A service was named behind an environment, and none since: "api to staging" may be whole.
    pairs: bool,
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
    /// How many words nobody could place.
    pub(super) unknown: usize,
    /// Where the first word stands that is not understood.
    pub(super) strange: Option<usize>,
    /// Where a noun says which code is meant, which only a ref can.
    vague: Option<usize>,
    /// Where a ref was announced and none followed.
    refless: Option<usize>,
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
}

/// What was said in each stretch, mostly one: large, so that it stays where it was filled in.
pub(super) type Groups = SmallVec<[Box<Said>; 1]>;

/// What scanning works on.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a, 't> {
    pub(super) action: Action,
    pub(super) tokens: &'a [Token<'t>],
    /// The cleaned text, of which values are parts.
    pub(super) text: &'t str,
    pub(super) vocabulary: &'a Vocabulary,
    /// The words say where the last order is to be repeated: what it is about was said before.
    pub(super) again: bool,
    /// The words belong to a question: only "in …" and "to …" say where a name stands.
    pub(super) asked: bool,
}

/// What may begin how an order is to go, beside digits: an exception, a dry run, a canary, a migration.
pub(super) const MANNER: &[&str] = &[
    // exceptions
    "except",
    "excluding",
    "minus",
    "bar",
    "but",
    "skip",
    "skipping",
    "not",
    "without",
    "apart",
    "aside",
    "other",
    "rather",
    "instead",
    // dry runs
    "dry-run",
    "dryrun",
    "dry-runs",
    "simulation",
    "dry_run",
    "dry",
    "plan",
    "check",
    "preview",
    "simulate",
    "simulated",
    "noop",
    "rehearsal",
    "rehearse",
    "rehearsed",
    // canaries
    "straight",
    "directly",
    "immediately",
    "no",
    "disable",
    "all-at-once",
    "canary",
    "canaries",
    // migrations
    "don't",
    "dont",
    "do",
    "with",
    "including",
    "incl",
    "run",
    "running",
    "apply",
    "applying",
    "perform",
    "the",
    "any",
    "all",
    "pending",
    "db",
    "database",
    "schema",
    "its",
    "migrations",
    "migration",
    "migrate",
    "migrating",
];

/// What may begin "all services" and the like.
pub(super) const ALL: &[&str] = &["everywhere", "everything", "all", "every", "each", "both"];

/// More words than this that are not known are not compared with every name.
const MAX_COMPARED: usize = 24;

/// Scans the words after the verb. Usually one group; several when the list has parts of their own
/// ("api to staging and web to production").
pub(super) fn scan(scope: Scope<'_, '_>) -> Result<Groups, Problem> {
    let mut scanner = Scanner {
        scope,
        segment: Box::default(),
        groups: Groups::new(),
        excluding: false,
        listing: !scope.asked,
        compared: 0,
        purpose: false,
    };
    let mut place = 0;
    while place < scope.tokens.len() {
        place += scanner.step(place)?.max(1);
    }
    let mut groups = scanner.closed();
    for said in &mut groups {
        said.environments_placed |= scope.again && said.environments.is_said();
    }
    if scope.action.row().changes && groups.windows(2).any(|pair| pair[0].shares_with(&pair[1], false)) {
        return Err(Problem::ambiguous(
            "Is the service meant in each of these environments, or in the last alone? Name it beside each of them.",
        ));
    }
    lost::check_contrary(&groups)?;
    lost::check_held(scope, &groups)?;
    if scope.action.row().changes && !scope.asked {
        lost::check_ends(scope, &groups)?;
    }
    Ok(groups)
}

/// Adds a stretch to the group before it, or as one of its own.
fn join(groups: &mut Groups, mut segment: Box<Said>) {
    if segment.git_ref.is_some() || segment.previous {
        // "v1.4.2 with the fix": the ref says which.
        segment.vague = None;
        segment.refless = None;
    }
    match groups.last_mut() {
        Some(group) if !group.parts_from(&segment) => group.absorb(*segment),
        _ => groups.push(segment),
    }
}

struct Scanner<'a, 't> {
    scope: Scope<'a, 't>,
    segment: Box<Said>,
    groups: Groups,
    /// After "except": names are taken away.
    excluding: bool,
    /// Where a bare word would be a name: after the verb, after "and".
    listing: bool,
    compared: usize,
    /// After "for" or "to test": what the order is good for, in words of any kind.
    purpose: bool,
}

impl<'t> Scanner<'_, 't> {
    fn token(&self, place: usize) -> Option<&Token<'t>> {
        self.scope.tokens.get(place)
    }

    fn word(&self, place: usize) -> &'t str {
        self.token(place).filter(|token| token.is_word()).map_or("", |token| token.low)
    }

    fn rest(&self, place: usize) -> &[Token<'t>] {
        reach(&self.scope.tokens[place.min(self.scope.tokens.len())..])
    }

    /// Ends the stretch between two "and"s: it joins the group before it, or is one of its own.
    fn close(&mut self) {
        self.purpose = false;
        let segment = std::mem::take(&mut self.segment);
        join(&mut self.groups, segment);
    }

    /// All groups, the last stretch with them: there is one at least.
    fn closed(self) -> Groups {
        let Self { segment, mut groups, .. } = self;
        join(&mut groups, segment);
        groups
    }

    /// Reads what stands at this place and answers how many tokens that was.
    fn step(&mut self, place: usize) -> Result<usize, Problem> {
        let tokens = self.scope.tokens;
        let Some(token) = tokens.get(place) else { return Ok(1) };
        match token.kind {
            Kind::Comma | Kind::Plus => {
                self.close();
                self.listing = true;
                return Ok(1);
            }
            Kind::Word => {}
            Kind::Mention => {
                let name = token.raw.trim_start_matches(['@', super::markup::MENTION]);
                let timely = || super::lexicon::look_up(name).class.is(Class::TIME);
                if self.scope.action.row().changes
                    && (name.starts_with(|c: char| c.is_ascii_digit()) || timely())
                {
                    // "@9", "@10m", "@tonight"
                    self.segment.strange.get_or_insert(place);
                }
                // The bot itself and everybody at once are addressed, not asked about.
                let person = name.starts_with(char::is_alphanumeric) && !name.contains(['@', '+', '\'']);
                if let Some(name) = super::grammar::questions::person(name).filter(|_| person) {
                    self.segment.actor = Some(name);
                }
                return Ok(1);
            }
            _ => return Ok(1),
        }
        // "audit by redis": whoever is called like a thing of ours.
        if self.scope.action == Action::Audit
            && token.any(&["by"])
            && let Some(who) = self.token(place + 1).filter(|who| who.name.is_some_and(|hit| hit.len() == 1))
            && let Some(who) = super::grammar::questions::person(who.raw)
        {
            self.segment.actor = Some(who);
            return Ok(2);
        }
        if token.any(&["and", "then"]) && !(token.low == "then" && self.word(place + 1).is_empty()) {
            let before = place.checked_sub(1).map_or("", |at| self.word(at));
            if matches!(before, "with" | "without") && self.scope.action.row().changes {
                return Err(Problem::ambiguous("I read both with and without: which of the two is meant?"));
            }
            self.close();
            self.listing = true;
            return Ok(1);
        }
        if (token.is(Class::MANNER.and(Class::DIGIT)) || token.low.ends_with('%'))
            && let Some(len) = self.manner(place)?
        {
            return Ok(len);
        }
        if token.is(Class::PREPOSITION)
            && let Some(len) = self.only_for(place)?
        {
            return Ok(len);
        }
        if let Some(len) = self.particular(place)? {
            self.listing = false;
            return Ok(len);
        }
        if let Some(len) = self.name(place)? {
            return Ok(len);
        }
        if token.is(Class::ALL)
            && let Some(len) = self.all(place)
        {
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
        if let Some(len) = self.time(place)? {
            // "tonight deploy foo" is no other name than "deploy foo" is.
            self.listing &= place == 0;
            return Ok(len);
        }
        self.other(place)
    }

    /// How it is to go: with what exceptions, tried or done, with which canary and migrations.
    fn manner(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        if let Some(len) = self.exclusion(place)? {
            return Ok(Some(len));
        }
        if let Some(len) = self.dry_run(place)? {
            return Ok(Some(len));
        }
        let found = match self.canary(place)? {
            Some(len) => Some(len),
            None => self.migrations(place)?,
        };
        self.listing &= found.is_none();
        Ok(found)
    }

    /// "dry run", "dry-run", "--plan", "only a plan", "as a rehearsal", "rehearse".
    fn dry_run(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        let mut back = place;
        while matches!(back.checked_sub(1).map_or("", |at| self.word(at)), "the" | "a") {
            back -= 1;
        }
        let merely =
            back.checked_sub(1).is_some_and(|at| matches!(self.word(at), "only" | "just" | "merely"));
        let after = self.word(place + 1);
        let len = match self.word(place) {
            "dry-run" | "dryrun" | "dry-runs" | "simulation" | "dry_run" | "simulate" | "simulated" => {
                1 + usize::from(after == "mode")
            }
            "dry" if matches!(after, "run" | "runs") => 2 + usize::from(self.word(place + 2) == "mode"),
            "dry" => 1 + usize::from(after == "mode"),
            "plan" | "preview" if matches!(after, "only" | "mode") => 2,
            "plan" | "preview" if merely || back + 1 == place && self.word(back) == "a" => 1,
            // "deploy production (plan)"
            "plan" | "preview" if self.bracketed(place) => 1,
            "plan" | "check" | "preview" | "noop" if self.is_flag(place) => 1,
            "rehearsal" | "rehearse" | "rehearsed" => {
                self.segment.rehearse = true;
                return Ok(Some(1));
            }
            _ => return Ok(None),
        };
        if back.checked_sub(1).is_some_and(|at| matches!(self.word(at), "no" | "not" | "without" | "w/o")) {
            return Err(Problem::ambiguous(
                "I read that it is to be no dry run, so I did nothing. It is none unless you say so: send the order alone.",
            ));
        }
        let elsewhere = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
        if self.joined(place)
            && self.token(place + len).is_some_and(elsewhere)
            && self.scope.tokens[..place].iter().any(elsewhere)
        {
            return Err(Problem::ambiguous(
                "I read a dry run behind an order, of another place, so I did nothing. Say which is to be tried and which done.",
            ));
        }
        self.segment.dry_run = true;
        Ok(Some(len))
    }

    /// Alone between brackets.
    fn bracketed(&self, place: usize) -> bool {
        let bracket = |at: Option<usize>| {
            at.and_then(|at| self.token(at)).is_some_and(|token| token.kind == Kind::Bracket)
        };
        bracket(place.checked_sub(1)) && bracket(Some(place + 1))
    }

    /// Written as on a command line: "--plan".
    fn is_flag(&self, place: usize) -> bool {
        self.token(place)
            .and_then(|token| self.scope.text.get(..token.at))
            .is_some_and(|before| before.ends_with("--"))
    }
}
