//! Refs, times, and the values only some actions have.

use super::lost::{PARTS, check_ref};
use super::{Action, Class, Kind, Problem, Scanner, Scope, Token, reach, unknown_name, values};
use crate::intent::actions::Key;
use crate::intent::markup::TICK;
use crate::intent::names::NameKind;
use crate::intent::near::Spelled;
use crate::intent::words::{said_again, words_at};

/// Words that mean something else even behind most keywords of a ref, and are a ref behind "ref" alone.
pub(super) const UNLIKELY: &[&str] = &["nope", "no", "nah", "none", "done", "never", "nothing"];

/// Words that mean something else elsewhere, and are usual names of branches and tags.
const CALLED: &[&str] =
    &["nightly", "daily", "weekly", "test", "testing", "demo", "release", "next", "preview", "review"];

/// Usual names of branches that may as well be an environment's.
pub(super) const BRANCHES: &[&str] = &["develop"];

/// The unit of time that was meant by a word typed wrong.
fn near_unit(word: &str) -> Option<&'static str> {
    const UNITS: [&str; 8] = ["hours", "hour", "minutes", "minute", "days", "day", "weeks", "week"];
    let said = Spelled::new(word);
    UNITS.into_iter().find(|unit| said.distance(&Spelled::new(*unit)).is_some())
}

impl Scanner<'_, '_> {
    /// Values only some actions have: counts, rates, durations, modes.
    pub(super) fn particular(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        use crate::intent::grammar::{data, fleet};
        let rest = reach(&self.scope.tokens[place..]);
        match self.scope.action {
            Action::Scale => fleet::replicas(rest, &mut self.segment),
            Action::Backfill => data::pace(rest, &mut self.segment),
            Action::Connect => {
                let before = place.checked_sub(1).map_or("", |at| self.word(at));
                let before = if before == "the" && place > 1 { self.word(place - 2) } else { before };
                fleet::mode(rest, before, &mut self.segment)
            }
            Action::Readiness => Ok(fleet::bundle(rest, &mut self.segment)),
            Action::Logs | Action::Audit | Action::Incidents => {
                if let Some(said) = values::no_time_at_all(rest) {
                    return Err(Problem::bad_value(format!(
                        "`{said}` is no time at all, so there is nothing to show; I expected one like `last 2h`."
                    ))
                    .suggest(self.scope.vocabulary.examples(self.scope.action)));
                }
                let since = values::since(rest);
                // "last hundred lines", "past 5 incidents"
                let counted =
                    since.is_none() && rest[0].any(&["last", "past"]) && values::count(&rest[1..]).is_some();
                if counted {
                    return Err(Problem::bad_value(format!(
                        "`{} {}` says how many, and I show how far back; I expected a time like `last 2h`.",
                        rest[0].raw, rest[1].raw
                    ))
                    .suggest(self.scope.vocabulary.examples(self.scope.action)));
                }
                Ok(since.or_else(|| values::duration(rest)).map(|(seconds, len)| {
                    self.segment.since = Some(seconds);
                    len
                }))
            }
            Action::Rollback => Ok(previous(rest).inspect(|_| {
                self.segment.previous = true;
            })),
            _ => Ok(None),
        }
    }

    /// "v1.4.2", "main", "branch fix-login", "the latest".
    pub(super) fn git_ref(&mut self, place: usize) -> Result<Option<usize>, Problem> {
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
            // "release #back" names none.
            let bare = |rest: &str| {
                let known = crate::intent::lexicon::look_up(rest).class.known();
                rest.is_empty() || known || self.scope.vocabulary.find(std::iter::once(rest)).is_some()
            };
            if next.low.strip_prefix('#').is_some_and(bare) {
                let said = format!("I read `{} {}`, but not which, so I did nothing.", token.raw, next.raw);
                return Err(Problem::bad_value(said));
            }
            // "branch production to staging": what is called like a place, with the place behind it.
            let called =
                next.name.filter(|hit| hit.len() == 1 && token.low != "version" && token.low != "release");
            let onto = self.token(at + 1).is_some_and(|to| to.any(&["to", "onto", "into", "in", "on"]));
            let placed = self.rest(at + 2).iter().take(3).any(|token| {
                token.name.is_some_and(|hit| hit.kind == NameKind::Environment) && token.quote == 0
            });
            // "api branch web" may be the branch of the one or the other.
            let whose = place > 0 && token.low != "ref" && self.scope.tokens[place - 1].name.is_some();
            let called = called.is_some() && !whose && self.scope.action.has(Key::Ref) && !self.scope.asked;
            if called && onto && placed {
                return self.set_ref(next.raw, next.at, at + 1 - place);
            }
            let plain = next.name.is_none()
                && !next.is(Class::PREPOSITION)
                && (!next.class.known()
                    || token.low == "ref" && next.any(UNLIKELY) && !self.is_keyword(at + 1)
                    || (token.any(&["ref", "branch", "tag"]) && (next.listed(PARTS) || next.any(CALLED)))
                    || values::is_ref(next.low)
                    || next.raw.bytes().any(|byte| byte.is_ascii_digit()))
                && (token.low != "version"
                    || values::is_ref(next.low)
                    || next.low.bytes().any(|byte| byte.is_ascii_digit()));
            if plain && next.low != "latest" {
                let raw = next.raw.strip_prefix('#').unwrap_or(next.raw);
                return self.set_ref(raw, next.end() - raw.len(), at + 1 - place);
            }
            return Ok(None);
        }
        let before = place.checked_sub(1).map_or("", |at| self.word(at));
        if before == "at" && is_dotted_clock(token.low) {
            return Err(Problem::ambiguous(format!(
                "`{}` may be a time or a release. Write the time with a colon, or `ref {}`.",
                token.raw, token.raw
            )));
        }
        if let Some(weights) = token.low.strip_prefix("canary").filter(|rest| is_weights(rest))
            && (before == "with" || self.scope.tokens[..place].iter().any(is_environment))
        {
            return Err(Problem::ambiguous(format!(
                "I read `{}`, which may be a canary or a branch, so I did nothing. Say `canary {weights}`, or `ref {}`.",
                token.raw, token.raw
            ))
            .instead(token.at..token.end(), [format!("canary {weights}"), format!("ref {}", token.raw)]));
        }
        // "deploy the main site to prod"
        let thing = &[
            "service",
            "site",
            "app",
            "application",
            "page",
            "website",
            "server",
            "database",
            "db",
            "product",
        ];
        if matches!(token.low, "main" | "master")
            && before == "the"
            && self.token(place + 1).is_some_and(|next| next.any(thing))
        {
            return Err(Problem::ambiguous(format!(
                "I read `{} {}`, and not whether a service or the branch is meant, so I did nothing. Say the service's name, or `ref {}`.",
                token.raw,
                self.word(place + 1),
                token.raw
            )));
        }
        // In the place of what is deployed it may be meant for an environment.
        let branch = !self.listing && token.any(BRANCHES);
        if (branch || values::is_ref(token.low))
            && !(token.low.bytes().all(|byte| byte.is_ascii_digit())
                && before == "to"
                && self.scope.action == Action::Scale)
        {
            let branch = usize::from(matches!(self.word(place + 1), "branch"));
            return self.set_ref(token.raw, token.at, 1 + branch);
        }
        if self.release_number(place, &token) {
            let raw = token.raw.trim_start_matches('#');
            return self.set_ref(raw, token.end() - raw.len(), 1);
        }
        Ok(None)
    }

    fn is_keyword(&self, place: usize) -> bool {
        self.token(place).is_some_and(|token| token.is(Class::KEYWORD) || token.any(&["a", "the", "any"]))
    }

    /// "for 2h": how many words it takes on a lock, whose end is read beside its order. Another order knows no end; what is done
    /// would stay.
    pub(super) fn only_for(&self, place: usize) -> Result<Option<usize>, Problem> {
        let action = self.scope.action;
        let ends = action == Action::Backfill;
        if ends && !self.scope.asked {
            return self.part_of_rows(place);
        }
        if self.word(place) != "for" || ends || !action.row().changes || self.scope.asked {
            return Ok(None);
        }
        match values::only_for(self.rest(place)) {
            Some(len) if action == Action::Lock => Ok(Some(len)),
            Some(len) => Err(for_a_time(self.scope, &self.scope.tokens[place..place + len])),
            None if action == Action::Lock => self.no_length(place).map_or(Ok(None), Err),
            None => Ok(None),
        }
    }

    /// "backfill timezone in staging for user 42", "… in 5 batches": a part of the rows, or another size of batch than it looks like.
    fn part_of_rows(&self, place: usize) -> Result<Option<usize>, Problem> {
        let user = usize::from(matches!(self.word(place + 1), "user" | "users" | "customer" | "row" | "id"));
        let counted = values::count(self.rest(place + 1 + user));
        let part = match (self.word(place), counted) {
            ("for", Some(_)) => {
                values::only_for(self.rest(place)).is_none() && values::rate(self.rest(place + 1)).is_none()
            }
            ("in", Some((_, len))) => self.word(place + 1 + len) == "batches",
            _ => false,
        };
        if !part {
            return Ok(None);
        }
        Err(Problem::ambiguous(
            "I read how many, and not of what, so I did nothing. A backfill takes `batch size 500`, a rate like `500/min`, and `for at most 2h`.",
        ))
    }

    /// "for 2 huors": without its end the lock would stay.
    fn no_length(&self, place: usize) -> Option<Problem> {
        let (number, len) = values::count(self.rest(place + 1))?;
        let unit = self.token(place + 1 + len).filter(|unit| unit.is_word() && unit.name.is_none())?;
        let problem = Problem::bad_value(format!(
            "`for {number} {}` is no length of time I know; I expected one like `for 2h` or `until 18:00`.",
            unit.raw
        ));
        let near =
            near_unit(unit.low).and_then(|unit| Some(format!("lock {} for {number} {unit}", self.locked()?)));
        Some(problem.suggest(near))
    }

    /// "except production, ref main": behind a comma and called what it is, a ref is not what is left out.
    fn is_apart(&self, at: usize) -> bool {
        let tokens = self.scope.tokens;
        let place = tokens.partition_point(|token| token.at < at);
        let [.., comma, called] = &tokens[..place.min(tokens.len())] else { return false };
        comma.kind == Kind::Comma && called.any(&["ref", "branch", "tag", "commit"])
    }

    /// Takes the ref written at the byte `at`.
    pub(super) fn set_ref(&mut self, raw: &str, at: usize, len: usize) -> Result<Option<usize>, Problem> {
        check_ref(self.scope, raw, at)?;
        let is_name = |part: &str| self.scope.vocabulary.find(std::iter::once(part)).is_some();
        let low = raw.to_ascii_lowercase();
        if low.contains('/') && self.scope.action.row().changes && values::slashed(&low).all(is_name) {
            return Err(Problem::ambiguous(format!(
                "`{raw}` may be a ref, or the names in it, so I did nothing. Name the commit instead."
            )));
        }
        if self.excluding && self.scope.action.row().changes && !self.is_apart(at) {
            return Err(Problem::ambiguous(format!("I read that `{raw}` is not meant, but not what is.")));
        }
        if self.segment.git_ref.as_deref().is_some_and(|first| first != raw) {
            return Err(Problem::ambiguous(format!(
                "Two refs were said, `{}` and `{raw}`; which is meant?",
                self.segment.git_ref.as_deref().unwrap_or_default()
            )));
        }
        self.segment.git_ref = Some(raw.to_owned());
        Ok(Some(len))
    }

    /// "at 10pmm", "22:0": written like a time, and none.
    pub(super) fn no_number(&self, place: usize, token: &Token<'_>) -> Result<(), Problem> {
        if !self.scope.action.row().changes || self.scope.asked || token.quote > 0 {
            return Ok(());
        }
        let digits = token.low.trim_start_matches(['.', '-']);
        let unit = digits.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ':' | '.'));
        let half = unit.starts_with("am") || unit.starts_with("pm");
        let numeric = digits.starts_with(|c: char| c.is_ascii_digit());
        let at = place > 0 && matches!(self.word(place - 1), "at" | "around" | "@") && !unit.is_empty();
        let at = at && token.low.len() <= 8 && !unit.contains('/');
        if !numeric || !(half || at || digits.contains(':') && !digits.contains('/')) {
            return Ok(());
        }
        Err(Problem::bad_value(format!(
            "`{}` is no time I can read; I expected one like `22:00` or `tomorrow 9am`.",
            token.raw
        )))
    }

    /// The environment that is to be locked, as far as one is said.
    fn locked(&self) -> Option<&str> {
        let said = crate::intent::place::said(self.scope.tokens)?;
        Some(self.scope.vocabulary.spelling(NameKind::Environment, said))
    }

    pub(super) fn time(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        if !self.scope.action.row().changes && self.scope.action != Action::Can {
            return Ok(None);
        }
        let Some(time) = values::time(self.rest(place)) else { return Ok(None) };
        // "deploy nightly to staging": in the place of what is deployed.
        let onto = matches!(self.word(place + 1), "to" | "onto");
        if time.repeats && self.listing && onto && !self.scope.asked {
            return Err(unknown_name(self.scope, &self.scope.tokens[place], &[]));
        }
        // "on at 22:00": the time begins behind both.
        let doubled = self
            .rest(place + time.from)
            .iter()
            .take_while(|token| token.any(&["at", "on", "around", "by", "from"]))
            .count();
        let ends = self.token(place + time.from + doubled).zip(self.token(place + time.len - 1));
        let Some((first, last)) = ends else { return Ok(None) };
        let words = &self.scope.tokens[place + time.from + doubled..place + time.len];
        // Words that were passed over ("in, then, 10 minutes"), and emphasis, are no part of the time.
        let passed = words.windows(2).any(|pair| {
            let between = self.scope.text.get(pair[0].end()..pair[1].at).unwrap_or_default();
            // More than a blank is what is left of something that was not read, such as an emoji.
            between.contains(|c: char| c.is_alphanumeric() || matches!(c, '*' | '_' | '~' | TICK))
                || between.len() > 1 && between.trim().is_empty()
        });
        let written = if passed {
            words.iter().map(|token| token.raw).collect::<Vec<_>>().join(" ")
        } else {
            self.scope.text.get(first.at..last.end()).unwrap_or_default().to_owned()
        };
        if time.impossible {
            let problem = Problem::bad_value(format!(
                "`{written}` is no time of any day; I expected one like `22:00` or `tomorrow 9am`."
            ));
            let until = matches!(self.word(place), "until" | "till");
            return Err(if until && self.scope.action == Action::Lock {
                problem.suggest(self.locked().map(|place| format!("lock {place} for 2h")))
            } else if self.scope.action.has(Key::At) && !until && !self.scope.asked {
                let range = self.scope.tokens[place].at..last.end();
                problem.instead(range, ["tonight 22:00", "in 30 minutes"])
            } else {
                problem
            });
        }
        if matches!(self.word(place), "until" | "till")
            && !self.scope.asked
            && self.scope.action.row().changes
        {
            if self.scope.action == Action::Lock {
                let locked = self.locked();
                return Err(Problem::bad_value(format!(
                    "`{written}` is no end that a lock can have; I expected one like `for 2h` or `until 18:00`."
                ))
                .suggest(locked.iter().flat_map(|place| [format!("lock {place} for 2h"), format!("lock {place}")])));
            }
            return Err(Problem::bad_value(format!(
                "`{written}` says when it is to end; I expected when it is to start, like `at 22:00`."
            )));
        }
        // "the friday build", "the build from friday"
        let mut build = self.word(place + time.len);
        if self.word(place) == "from" && place > 0 {
            build = self.word(place - 1);
        }
        if !self.scope.asked
            && matches!(
                build,
                "build" | "release" | "version" | "builds" | "deploy" | "commit" | "code" | "tag"
            )
        {
            return Err(Problem::ambiguous(format!(
                "I am not sure whether `{written}` says when, or which {build}. Name the ref, and the time with \"at\"."
            )));
        }
        let before = place.checked_sub(1).map_or("", |at| self.word(at));
        let between =
            before == "between" || self.word(place) == "from" && self.word(place + time.len) == "to";
        let other = self.segment.at.as_ref().is_some_and(|first| *first != written);
        if (between || other) && self.scope.action.row().changes && !self.scope.asked {
            let first = self.segment.at.as_deref().unwrap_or("between two times");
            return Err(Problem::ambiguous(format!(
                "I read more than one time (`{first}`, `{written}`); at which is it to start?"
            )));
        }
        self.segment.at = Some(if time.repeats { format!("\u{0}{written}") } else { written });
        Ok(Some(time.len))
    }
}

fn is_environment(token: &Token<'_>) -> bool {
    token.name.is_some_and(|hit| hit.kind == NameKind::Environment)
}

/// `10/50/100`, behind a word it is glued to: `canary10/50/100`.
fn is_weights(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.contains('/')
        && word.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'/' | b'%'))
}

/// `22.30`, which a time and a release are written like.
fn is_dotted_clock(word: &str) -> bool {
    word.split_once('.').is_some_and(|(hour, minute)| {
        (1..=2).contains(&hour.len())
            && minute.len() == 2
            && hour.parse::<u8>().is_ok_and(|hour| hour < 24)
            && minute.parse::<u8>().is_ok_and(|minute| minute < 60)
    })
}

/// Refuses an order that is to hold for a time only, where nothing would take it back.
pub(in crate::intent) fn for_a_time(scope: Scope<'_, '_>, time: &[Token<'_>]) -> Problem {
    let written = said_again(time).collect::<Vec<_>>().join(" ");
    let verb = scope.action.row().verbs[0];
    let others = scope.tokens.iter().filter(|token| !time.iter().any(|of| of.at == token.at));
    let without: Vec<&str> = others.filter(|token| token.is_word()).map(|token| token.raw).collect();
    Problem::bad_value(format!(
        "I can't {verb} `{written}` only: nothing would take it back afterwards. Say it without, and undo it when the time has come."
    ))
    .suggest([format!("{verb} {}", without.join(" ")).trim_end().to_owned()])
}

pub(super) fn previous(tokens: &[Token<'_>]) -> Option<usize> {
    let word = words_at(tokens);
    let mut at = 0;
    while matches!(word(at), "to" | "the" | "its" | "our" | "a") {
        at += 1;
    }
    // "the release before". The one before "that" may be one more back.
    if matches!(word(at), "release" | "version" | "one" | "deploy" | "deployment" | "build")
        && word(at + 1) == "before"
    {
        return (word(at + 2) != "that").then_some(at + 2);
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
