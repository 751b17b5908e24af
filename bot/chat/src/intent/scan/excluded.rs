//! What is left out: "except cron", "but not production", "not web but api".

use super::{Action, Class, NameKind, Problem, Said, Scanner, values};
use crate::intent::names::Hit;

/// Behind what stands after "but", these make it something else than an exception.
const TURNED: &[&str] = &["only", "alone", "first", "last", "too", "also", "instead", "afterwards"];

impl Scanner<'_, '_> {
    /// "except cron", "but not production", "everything but web".
    pub(super) fn exclusion(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        if let Some(len) = self.other_value(place) {
            return Ok(Some(len));
        }
        let named = |at: usize| self.token(at).is_some_and(|token| token.name.is_some());
        let article =
            |at: usize| usize::from(matches!(self.word(at), "the" | "for" | "in" | "on" | "to" | "from"));
        let len = match self.word(place) {
            "except" | "excluding" | "minus" | "bar" => {
                let more = usize::from(self.word(place + 1) == "for");
                1 + more
            }
            "but" if self.word(place + 1) == "not" => 2,
            // "not web but api": the one is put in the place of the other.
            "but" if self.excluding && self.turned_from(place) => {
                self.excluding = false;
                return Ok(Some(1));
            }
            "but" if place > 0 && matches!(self.word(place - 1), "all" | "everything" | "everywhere") => 1,
            "skip" | "skipping" | "but" | "not" | "without" if named(place + 1 + article(place + 1)) => 1,
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
            "apart" | "aside" if self.word(place + 1) == "from" => 2,
            "other" | "rather" if self.word(place + 1) == "than" => 2,
            "instead" if self.word(place + 1) == "of" => 2,
            _ => return Ok(None),
        };
        self.but_only(place, place + len + article(place + len))?;
        self.but_all(place, place + len)?;
        match self.word(place) {
            "rather" | "instead" => self.in_place_of(place + len + article(place + len))?,
            "without" => self.without_what(place)?,
            _ => self.excepted(place + len)?,
        }
        let len = len + article(place + len);
        self.excluding = true;
        Ok(Some(len))
    }

    /// "not web" stands right before this "but".
    fn turned_from(&self, place: usize) -> bool {
        let not = |back: usize| place >= back && self.word(place - back) == "not";
        let article =
            |back: usize| place >= back && matches!(self.word(place - back), "the" | "to" | "in" | "on");
        not(2) || article(2) && not(3)
    }

    /// "instead of tonight", "restart staging instead of api": what stands in the place of something is of its kind.
    fn in_place_of(&self, place: usize) -> Result<(), Problem> {
        if !self.scope.action.row().changes || self.scope.asked {
            return Ok(());
        }
        let named = |kind: NameKind| {
            let said = |said: &Said| match kind {
                NameKind::Environment => said.environments.is_said(),
                NameKind::Service => said.services.is_said(),
                NameKind::Component => said.components.is_said(),
                NameKind::Job | NameKind::JobShort => said.jobs.is_said(),
                NameKind::Provider => said.providers.is_said(),
                NameKind::Project => true,
            };
            self.groups.last().is_some_and(|group| said(group)) || said(&self.segment)
        };
        let fits = self.token(place).is_some_and(|token| token.name.is_some_and(|hit| named(hit.kind)));
        if fits {
            return Ok(());
        }
        Err(Problem::ambiguous(
            "I read what is not meant, and not what is to stand in its place, so I did nothing. Say only what is meant.",
        ))
    }

    /// "instead of everything", "instead of only api": what is left out is all there is, or the contrary of a part of it.
    fn but_all(&self, place: usize, behind: usize) -> Result<(), Problem> {
        let changes = self.scope.action.row().changes && !self.scope.asked;
        let instead = matches!(self.word(place), "instead" | "rather");
        let contrary =
            matches!(self.word(behind), "only" | "just" | "everything" | "all" | "everywhere" | "every");
        if !(changes && instead && contrary) {
            return Ok(());
        }
        Err(Problem::ambiguous(format!(
            "I read `{} {} {}`, and not what is meant in its place, so I did nothing. Say only what is meant.",
            self.word(place),
            self.word(place + 1),
            self.word(behind)
        )))
    }

    /// "except production api", "except production, api only": a service behind a place that is left out may be left out there, or be what
    /// is meant elsewhere.
    pub(super) fn left_out_where(&self, kind: NameKind) -> Result<(), Problem> {
        if !self.excluding
            || kind != NameKind::Service
            || self.scope.asked
            || !self.scope.action.row().changes
        {
            return Ok(());
        }
        let place = !self.segment.environments.without.is_empty()
            || self.groups.last().is_some_and(|said| !said.environments.without.is_empty());
        // "except local, everything except cron" says of what the service is left out.
        if !place || self.segment.services.all {
            return Ok(());
        }
        Err(Problem::ambiguous(
            "I read an environment that is left out and a service behind it, and not whether that is left out as well, so I did nothing. Say the \
             services first.",
        ))
    }

    /// "v1.3.0, not v1.2.0", "to 4, not 5": what is not meant, behind what is.
    fn other_value(&self, place: usize) -> Option<usize> {
        let not = self.word(place) == "not" || self.word(place) == "instead" && self.word(place + 1) == "of";
        if !not {
            return None;
        }
        let at = place + 1 + usize::from(self.word(place) == "instead");
        let at = at + usize::from(self.word(at) == "to");
        let groups = || self.groups.last().into_iter().chain(std::iter::once(&self.segment));
        let word = self.word(at);
        let apart = self
            .token(at + 1)
            .is_none_or(|next| !next.is_word() || next.is(Class::PREPOSITION) || next.is(Class::OPENER));
        let other_ref = values::is_ref(word)
            && groups()
                .any(|said| said.git_ref.as_deref().is_some_and(|first| !first.eq_ignore_ascii_case(word)));
        let other_count = self.scope.action == Action::Scale
            && values::whole(word).is_some_and(|count| {
                groups().any(|said| said.replicas.is_some_and(|first| u64::from(first) != count))
            });
        ((other_ref || other_count) && apart).then_some(at + 1 - place)
    }

    /// "deploy production, but the api only": the one that is meant, or the one that is left out?
    fn but_only(&self, place: usize, named: usize) -> Result<(), Problem> {
        let Some(name) = self.token(named).filter(|_| self.word(place) == "but") else { return Ok(()) };
        let behind = named + name.name.map_or(1, Hit::len);
        let word = self.word(behind);
        // "but production tomorrow", "but production with canary": how the other place is to be done.
        let manner = self.token(behind).is_some_and(|next| {
            next.is_word()
                && name.name.is_some_and(|hit| hit.kind == NameKind::Environment)
                && (next.any(&["with", "without", "at", "from"]) || next.is(Class::TIME.and(Class::KEYWORD)))
        });
        let all = place > 0 && matches!(self.word(place - 1), "all" | "everything" | "everywhere");
        if !self.scope.action.row().changes
            || name.name.is_none()
            || !(TURNED.contains(&word) || manner && !all)
        {
            return Ok(());
        }
        let but = self.scope.tokens[place];
        let problem = Problem::ambiguous(format!(
            "I read `but {} {word}`, and not whether it is meant or left out, so I did nothing. Say `only` before it, or `except`.",
            name.raw
        ));
        let either: &[&str] = if matches!(word, "only" | "alone") { &["only", "except"] } else { &[] };
        Err(problem.instead(but.at..but.end(), either.iter().copied()))
    }
}
