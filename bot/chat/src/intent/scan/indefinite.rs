//! "a service", "some services", "the service" of several: which is meant, nobody said.

use super::{Problem, Scanner, Token};
use crate::intent::actions::Key;
use crate::intent::names::NameKind;
use crate::intent::words::Kind;

/// What the things of a project are called that an order may be about.
const OURS: &[&str] =
    &["service", "services", "app", "apps", "environment", "environments", "env", "envs", "run", "job"];

impl<'t> Scanner<'_, 't> {
    /// Refuses an order about one of several things, or about some of them.
    pub(super) fn any_of_ours(&self, place: usize, token: &Token<'t>) -> Result<(), Problem> {
        let action = self.scope.action;
        if !token.any(OURS) || self.scope.asked || !action.row().changes {
            return Ok(());
        }
        let before = place.checked_sub(1).map_or("", |at| self.word(at));
        let some =
            matches!(before, "some" | "any") || matches!(before, "a" | "an") && !token.any(&["run", "job"]);
        let one = token.any(&["service"]) && action.has(Key::Services) && !self.is_about_all(place, before);
        if !(some || one) {
            return Ok(());
        }
        Err(Problem::ambiguous(format!(
            "I read `{}`, and not which is meant, so I did nothing. Name it.",
            if before.is_empty() { token.raw.to_owned() } else { format!("{before} {}", token.raw) }
        ))
        .suggest([format!("help {}", action.name())]))
    }

    /// "the api service", "service api", "the whole service": which is meant is said, or there is no other.
    fn is_about_all(&self, place: usize, before: &str) -> bool {
        let service = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Service);
        let said =
            || self.segment.services.is_said() || self.groups.iter().any(|group| group.services.is_said());
        let names = &self.scope.vocabulary.names().services;
        let ends = self.token(place + 1).is_none_or(|next| {
            !matches!(next.kind, Kind::Word)
                || next.any(&["on", "in", "to", "and", "from", "of", "for"])
                || next.name.is_some()
        });
        names.len() < 2
            || matches!(before, "whole" | "entire" | "all" | "every" | "each" | "full")
            || !ends
            // "the staging service": all of it.
            || self.ends_name(place).is_some()
            || said()
            || self.scope.tokens[place + 1..].iter().take(2).any(service)
    }
}
