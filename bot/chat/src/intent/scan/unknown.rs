//! What is said of a word in the place of a name that is none.

use std::fmt::Write as _;

use super::name::HARMLESS;
use super::value::BRANCHES;
use super::{
    Action, Class, Kind, MAX_COMPARED, NameKind, Problem, Scanner, Scope, Token, Vocabulary, Words,
    near_keyword, near_opener, near_time, values,
};
use crate::intent::actions::Key;
use crate::intent::grammar::{fleet, places, refused_abroad};
use crate::intent::lexicon::near_verb;
use crate::intent::near::Spelled;
use crate::intent::sentence::abroad;

/// What is said behind "as" and changes nothing.
const AS_USUAL: Words = Words::of(&[
    "usual",
    "always",
    "discussed",
    "planned",
    "requested",
    "promised",
    "agreed",
    "needed",
    "required",
    "asked",
    "mentioned",
    "expected",
    "instructed",
    "scheduled",
]);

impl<'t> Scanner<'_, 't> {
    /// A word nobody knows: a name, a keyword or a courtesy typed wrong, or something that would be lost.
    pub(super) fn unknown(&mut self, place: usize, token: &Token<'t>) -> Result<usize, Problem> {
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
                // "remove redis from preprod", "check the readiness of preprod"
                "from" if self.scope.action == Action::RemoveComponent => {
                    slot = Some("from");
                    break;
                }
                "of" if matches!(self.scope.action, Action::Readiness | Action::Diagnose) => {
                    slot = Some("of");
                    break;
                }
                _ => break,
            }
        }
        let named_after = matches!(self.word(place + 1), "environment" | "env" | "service");
        // A yes to what would be asked changes nothing: it is asked all the same. "-f" follows a log, and forces anything else.
        if token.any(&["-y"]) || token.any(&["-v", "-f"]) && !row.changes {
            return Ok(1);
        }
        // "audit by ana": a person, whatever name of ours is near.
        if self.scope.action == Action::Audit && place > 0 && self.word(place - 1) == "by" {
            return Ok(1);
        }
        // "as discussed", "as usual"
        let lives = token.any(&["alive"]) && !row.changes;
        let usual = lives || token.among(&AS_USUAL) && place > 0 && self.word(place - 1) == "as";
        // "has staging been deployed yet?"
        let yet = self.scope.asked && token.any(&["yet"]);
        if token.is(Class::IDLE) || usual || yet {
            return Ok(1);
        }
        self.near_value(place, token)?;
        self.near_unit(place, token)?;
        self.in_stages(place, token)?;
        // "…, then mgirate"
        let first = !self.scope.tokens[..place].iter().any(Token::is_word);
        let then = if first { self.scope.again } else { self.word(place - 1) == "then" };
        if then
            && row.changes
            && let Some(near) = near_verb(token.low)
        {
            return Err(Problem::unknown_verb(format!(
                "I don't know `{}`; did you mean `{near}`?",
                token.raw
            ))
            .instead(token.at..token.end(), [near]));
        }
        self.stranger(place, token)?;
        self.no_number(place, token)?;
        self.compared += 1;
        if self.compared <= MAX_COMPARED && token.low.len() > 1 {
            let kinds = kinds_of(self.scope.action);
            let mut near = if token.low.len() > 2 { vocabulary.near(token.low, &kinds) } else { Vec::new() };
            if near.is_empty() && kinds.contains(&NameKind::Environment) {
                near = vocabulary.parted(token.low);
            }
            if !near.is_empty() {
                return Err(unknown_name(self.scope, token, &near));
            }
            // "deploy staging", where there is none: what environments are usually called is no keyword typed wrong.
            let environment = kinds.contains(&NameKind::Environment) && places::is_usual_name(token.low);
            if let Some(keyword) = near_keyword(token.low).filter(|_| !environment) {
                if token.any(&["watch"]) {
                    return Err(Problem::ambiguous(
                        "I watch what I deploy without being told, and don't know what else is to be watched, so I did nothing.",
                    )
                    .instead(token.at..token.end(), [""]));
                }
                return Err(misspelt(token, keyword));
            }
            // "deploy production, actualy staging": what puts something right is no courtesy.
            let corrects = near_opener(token.low) && row.changes && self.corrects_before(place, token);
            if corrects {
                self.segment.strange.get_or_insert(place);
            }
            if token.low.len() > 2 && near_opener(token.low) {
                return Ok(1);
            }
        }
        let free_objects = matches!(
            self.scope.action,
            Action::Expand | Action::Help | Action::Audit | Action::Setup | Action::Can
        );
        if self.scope.action == Action::Scale && slot == Some("to") && self.segment.replicas.is_none() {
            let counts = fleet::counts_near(token.low);
            return Err(fleet::no_count(token.raw).instead(token.at..token.end(), counts));
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
        let object =
            self.token(place + 1).is_some_and(|next| next.name.is_some() || next.any(&["the", "our"]));
        if bare && object && !in_slot && self.joined(place) {
            return Err(self.unknown_verb(token));
        }
        // "the payments service": never passed over, whoever asks.
        let service = named_after && self.scope.action != Action::Help && place > 0;
        let deployed = self.scope.asked
            && place > 0
            && matches!(self.word(place - 1), "deploy" | "deployed" | "restart" | "restarted" | "migrate")
            && !(place > 1
                && matches!(
                    self.word(place - 2),
                    "the" | "a" | "this" | "that" | "our" | "my" | "last" | "latest"
                ))
            && self.token(place + 1).is_none_or(|next| !next.is_word());
        let service = service || deployed;
        // "for project acme", "for the acme project": of which nothing is here.
        let project = row.changes
            && !free_objects
            && (self.word(place + 1) == "project" || place > 0 && self.word(place - 1) == "project");
        if in_slot || bare || (named_after && row.changes) || service || project {
            return Err(unknown_name(self.scope, token, &[]));
        }
        self.segment.unknown += 1;
        let source = self.scope.action == Action::Backfill && place > 0 && self.word(place - 1) == "from";
        let harmless = self.excluding && (!row.changes || token.any(HARMLESS) || token.low.ends_with("ing"));
        // "for 1.5.2h": what the order is good for begins with no number.
        let counted =
            token.is(Class::DIGIT) && row.changes && token.low.bytes().any(|byte| !byte.is_ascii_digit());
        let purpose = self.purpose && !counted;
        let free = free_objects && (self.scope.action != Action::Expand || self.is_table(place));
        if !(free || harmless || purpose || source || is_ticket(token.raw)) {
            self.segment.strange.get_or_insert(place);
        }
        Ok(1)
    }
}

impl<'t> Scanner<'_, 't> {
    /// "actually" typed wrong, between two names or values.
    fn corrects_before(&self, place: usize, token: &Token<'t>) -> bool {
        let value =
            |token: &Token<'_>| token.name.is_some() || token.is(Class::DIGIT) || values::is_ref(token.low);
        self.scope.tokens[..place].iter().any(value)
            && self.scope.tokens[place + 1..].iter().any(value)
            && Spelled::new("actually").distance(&Spelled::new(token.low)).is_some()
    }

    /// "to users", "on the invoices table": where a column belongs.
    fn is_table(&self, place: usize) -> bool {
        let article = place > 0 && matches!(self.word(place - 1), "the" | "our" | "its");
        let before = (place - usize::from(article)).checked_sub(1).map_or("", |at| self.word(at));
        matches!(before, "to" | "on" | "for" | "of" | "from" | "in" | "into")
            || matches!(self.word(place + 1), "table" | "tables")
    }

    /// "deploy the website to production": it begins like a service of ours, and may be that or all there is.
    pub(super) fn nearly_service(&self, place: usize, token: &Token<'t>) -> Result<(), Problem> {
        /// Shorter names begin too many words.
        const SHORTEST: usize = 3;
        if token.low.len() <= SHORTEST
            || self.scope.asked
            || !matches!(
                self.scope.action,
                Action::Deploy | Action::Rollback | Action::Restart | Action::Scale
            )
            || self.segment.environments.is_said()
            || self.segment.services.is_said()
            || !self.scope.tokens[..place].iter().all(|before| before.is(Class::FILLER))
        {
            return Ok(());
        }
        let longer = |name: &str| {
            name.len() >= SHORTEST
                && name.len() < token.low.len()
                && token.low.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
        };
        let services = &self.scope.vocabulary.names().services;
        match services.iter().position(|service| longer(&service.name)) {
            Some(at) => Err(unknown_name(self.scope, token, &[(NameKind::Service, at)])),
            None => Ok(()),
        }
    }

    /// "in stages", "gradually": a canary, which is said with its steps or as usual. `stages` is near to `staging`.
    fn in_stages(&self, place: usize, token: &Token<'t>) -> Result<(), Problem> {
        let stages =
            token.any(&["stages", "steps", "waves", "phases"]) && place > 0 && self.word(place - 1) == "in";
        if self.scope.action != Action::Deploy || !stages && !token.any(&["gradually", "incrementally"]) {
            return Ok(());
        }
        let from = if stages { self.token(place - 1).map_or(token.at, |before| before.at) } else { token.at };
        Err(Problem::ambiguous(format!(
            "I read `{}`, and not in which steps, so I did nothing. A canary goes in steps.",
            token.raw
        ))
        .instead(from..token.end(), ["with canary 10/50/100", "with canary"]))
    }

    /// "in 10 minuts": the unit behind a number typed wrong.
    fn near_unit(&self, place: usize, token: &Token<'t>) -> Result<(), Problem> {
        let number = token.is(Class::DIGIT.and(Class::NUMBER));
        let next = self.token(place + 1).filter(|next| number && next.is_word() && next.name.is_none());
        match next.and_then(|next| Some((next, near_time(next.low)?))) {
            Some((next, unit)) => Err(misspelt(next, unit)),
            None => Ok(()),
        }
    }

    /// "soka 10m", "snice 20 minutes": the word before a value typed wrong.
    fn near_value(&self, place: usize, token: &Token<'t>) -> Result<(), Problem> {
        let keyword = match self.scope.action {
            Action::Deploy => "soak",
            Action::Logs | Action::Audit | Action::Incidents => "since",
            _ => return Ok(()),
        };
        let same_length = token.low.len() == keyword.len() && token.low.starts_with('s');
        let mut letters = [token.low.as_bytes().to_vec(), keyword.as_bytes().to_vec()];
        for letters in &mut letters {
            letters.sort_unstable();
        }
        if !same_length || letters[0] != letters[1] || values::duration(self.rest(place + 1)).is_none() {
            return Ok(());
        }
        Err(misspelt(token, keyword))
    }
}

/// A keyword or a part of a time typed wrong, which would be lost.
pub(in crate::intent) fn misspelt(token: &Token<'_>, meant: &str) -> Problem {
    Problem::ambiguous(format!(
        "I read `{}` and am not sure whether you mean `{meant}`, so I did nothing.",
        token.raw
    ))
    .instead(token.at..token.end(), [meant])
}

/// `INV-42`: why, not what.
pub(in crate::intent) fn is_ticket(word: &str) -> bool {
    word.trim_start_matches('#').split_once('-').is_some_and(|(project, number)| {
        let capitals = project.bytes().all(|byte| byte.is_ascii_uppercase());
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        project.len() > 1 && capitals && !number.is_empty() && digits
    })
}

/// The kinds of name an action can be about.
pub(super) fn kinds_of(action: Action) -> Vec<NameKind> {
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

/// A problem that names the nearest real names, or all there are.
pub(in crate::intent) fn unknown_name(
    scope: Scope<'_, '_>,
    token: &Token<'_>,
    near: &[(NameKind, usize)],
) -> Problem {
    let vocabulary = scope.vocabulary;
    if abroad::refuses(token) {
        return refused_abroad(token);
    }
    let standing = token.any(&["alert", "alerts", "rule", "rules"]);
    if standing && matches!(scope.action, Action::RemoveComponent | Action::AddComponent) {
        return Problem::unknown_name(format!("`{}` is no component, so I did nothing.", token.raw))
            .suggest(["help alert", "help rule"]);
    }
    // "lock staging, maintenance"
    let comma = scope.tokens.iter().take_while(|other| other.at < token.at).last();
    if scope.action == Action::Lock
        && near.is_empty()
        && let Some(comma) = comma.filter(|comma| comma.kind == Kind::Comma)
    {
        return Problem::unknown_name(format!(
            "I don't know `{}`; a reason stands behind a colon.",
            token.raw
        ))
        .instead(comma.at..token.end(), [format!(": {}", token.raw)]);
    }
    let names: Vec<&str> = near.iter().map(|(kind, index)| vocabulary.spelling(*kind, *index)).collect();
    if let [(kind, _), ..] = near {
        let message = format!(
            "I don't know `{}`. The nearest {} I know: {}.",
            token.raw,
            kind.word(),
            names.join(", ")
        );
        return Problem::unknown_name(message).instead(token.at..token.end(), names);
    }
    if token.raw.eq_ignore_ascii_case("head") {
        // A habit from git, where it means what somebody has checked out.
        return Problem::unknown_name(format!(
            "`{}` is where your own checkout stands, which I can't see: name a branch, a tag or a commit id.",
            token.raw
        ))
        .suggest([format!(
            "{} {} {} main",
            scope.action.row().verbs[0],
            crate::intent::help::fill("{env}", vocabulary.names()),
            if scope.action == Action::Rollback { "to" } else { "ref" }
        )]);
    }
    let mut kinds = kinds_of(scope.action);
    kinds.retain(|kind| *kind != NameKind::JobShort);
    if kinds.is_empty() {
        kinds.extend([NameKind::Environment, NameKind::Service]);
    }
    let mut message = format!("I don't know `{}`.", token.raw);
    for kind in kinds {
        let _ = write!(message, " {}: {}.", kind.title(), own_names(vocabulary, kind));
    }
    let own = own_instead(scope, token).into_iter().map(ToOwned::to_owned);
    let branch = branch_instead(scope, token);
    let created = environment_instead(scope, token);
    if let Some(created) = &created {
        let _ = write!(message, " `{created}` makes one.");
    }
    let problem = Problem::unknown_name(message)
        .suggest(vocabulary.examples_for(scope.action, scope.tokens).iter())
        .instead(token.at..token.end(), branch.into_iter().chain(own));
    match created {
        Some(created) => problem.or(created),
        None => problem,
    }
}

/// "deploy qa": the environment that is not there yet, where the order names no other one.
fn environment_instead(scope: Scope<'_, '_>, token: &Token<'_>) -> Option<String> {
    let placed = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
    let is_meant = scope.action == Action::Deploy
        && places::is_usual_name(token.low)
        && !scope.tokens.iter().any(placed);
    is_meant.then(|| format!("create environment {}", token.low))
}

/// "deploy develop to staging": the branch, if no environment is meant.
fn branch_instead(scope: Scope<'_, '_>, token: &Token<'_>) -> Option<String> {
    let branch = scope.action.has(Key::Ref) && token.any(BRANCHES);
    branch.then(|| format!("ref {}", token.raw))
}

/// The project's own names that would do in the place of a word that is none.
fn own_instead<'a>(scope: Scope<'a, '_>, token: &Token<'_>) -> Vec<&'a str> {
    /// Reading each suggestion takes as long as reading the sentence.
    const MOST: usize = 2;
    let tokens = scope.tokens;
    let Some(at) = tokens.iter().position(|other| other.at == token.at) else { return Vec::new() };
    // "deploy staging, then check it": what stands there is no name at all.
    if scope.again && at == 0 {
        return Vec::new();
    }
    if at > 0 && (tokens[at - 1].kind == Kind::Comma || tokens[at - 1].any(&["and", "then"])) {
        return Vec::new();
    }
    let placed = tokens[..at].iter().rev().find(|before| !before.any(&["the", "our", "a", "my"]));
    let said = |kind| tokens.iter().any(|token| token.name.is_some_and(|hit| hit.kind == kind));
    let onto = placed.is_some_and(|before| {
        before.any(&["in", "on", "to", "into", "onto"])
            || before.any(&["from", "for", "of"]) && !said(NameKind::Environment)
    });
    // Of these, people say where; the service is the exception.
    let where_first = matches!(
        scope.action,
        Action::Deploy | Action::Rollback | Action::CronDisable | Action::CronEnable | Action::ClearCache
    ) || !scope.action.has(Key::Services)
        || scope.asked
        || !scope.action.row().changes;
    // "deploy staging in eu-west-1" is no second environment; "in live mode" names none.
    let placed = said(NameKind::Environment) && scope.action != Action::Connect;
    let place = if onto { !placed } else { where_first && !said(NameKind::Environment) };
    let place = place && scope.action.has(Key::Environments);
    let kind = match () {
        () if scope.action == Action::Connect && !said(NameKind::Provider) && !onto => NameKind::Provider,
        () if place => NameKind::Environment,
        () if !onto && !said(NameKind::Service) && scope.action.has(Key::Services) => NameKind::Service,
        () => return Vec::new(),
    };
    let names = || scope.vocabulary.names().of(kind).iter().map(|named| named.name.as_str());
    // "web@previous", "web.example.com": the one it holds, and no other.
    let held: Vec<&str> = names()
        .filter(|name| token.low.split(|c: char| !c.is_alphanumeric()).any(|part| part == *name))
        .collect();
    if held.is_empty() { names().take(MOST).collect() } else { held }
}

/// The first names of a kind; a person wants the nearest, not a list of a thousand.
fn own_names(vocabulary: &Vocabulary, kind: NameKind) -> String {
    /// More names than this are not listed.
    const MOST: usize = 12;
    let all = vocabulary.names().of(kind);
    let mut names: Vec<&str> = all.iter().take(MOST).map(|named| named.name.as_str()).collect();
    if all.len() > MOST {
        names.push("and others");
    }
    if names.is_empty() { "none yet".to_owned() } else { names.join(", ") }
}
