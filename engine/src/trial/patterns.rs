//! What nobody wants to read in a log, whatever the language it was written in.

use std::sync::LazyLock;

use regex::RegexSet;

use crate::model::LogPattern;

/// Patterns by name, whether one is critical (it fails a canary at once when the stable version does not print it), and
/// how lines are recognised.
pub const LOG_PATTERNS: [(&str, bool, &str); 4] = [
    ("panic", true, r"panicked at|^panic: |fatal runtime error"),
    ("out of memory", true, r"(?i)\bout of memory\b|OutOfMemoryError|\bOOM[- ]?kill"),
    ("database error", false, r"SequelizeDatabaseError|SQLSTATE\[|(?i:database is locked)|PG::\w*Error"),
    ("unhandled exception", false, r"(?i)\bunhandled (exception|rejection)\b|UnhandledPromiseRejection"),
];

static USUAL: LazyLock<Patterns> = LazyLock::new(|| Patterns::made(&[]));

/// The patterns lines are looked for, as one set.
#[derive(Debug, Clone)]
pub(super) struct Patterns {
    /// Nothing where they can't be made into a set: each was one when it was taken in.
    set: Option<RegexSet>,
    /// Their names, and whether they are critical.
    names: Vec<(String, bool)>,
}

impl Patterns {
    /// The usual ones, and an environment's own.
    pub(super) fn of(own: &[LogPattern]) -> Self {
        if own.is_empty() { USUAL.clone() } else { Self::made(own) }
    }

    fn made(own: &[LogPattern]) -> Self {
        let is_replaced = |name: &str| own.iter().any(|one| one.name == name);
        let usual = LOG_PATTERNS.iter().filter(|(name, ..)| !is_replaced(name));
        let usual = usual.map(|(name, critical, pattern)| (*name, *critical, *pattern));
        let own = own.iter().map(|one| (one.name.as_str(), one.critical, one.pattern.as_str()));
        let all: Vec<(&str, bool, &str)> = usual.chain(own).collect();
        Self {
            set: RegexSet::new(all.iter().map(|(_, _, pattern)| pattern)).ok(),
            names: all.iter().map(|(name, critical, _)| ((*name).to_owned(), *critical)).collect(),
        }
    }

    /// The patterns a line shows, by their place.
    pub(super) fn shown(&self, line: &str) -> Vec<usize> {
        self.set.as_ref().map(|set| set.matches(line).into_iter().collect()).unwrap_or_default()
    }

    /// The name of a pattern, and whether it is critical.
    pub(super) fn name(&self, place: usize) -> Option<(&str, bool)> {
        self.names.get(place).map(|(name, critical)| (name.as_str(), *critical))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, found: &[&str]) {
        check_with(&[], line, found);
    }

    fn check_with(own: &[LogPattern], line: &str, found: &[&str]) {
        let patterns = Patterns::of(own);
        let names: Vec<&str> =
            patterns.shown(line).into_iter().filter_map(|at| Some(patterns.name(at)?.0)).collect();
        assert_eq!(names, found, "{line}");
    }

    #[test]
    fn an_environments_own_come_beside_the_usual_or_take_their_place() {
        let own = |name: &str, pattern: &str| LogPattern {
            name: name.to_owned(),
            pattern: pattern.to_owned(),
            critical: false,
        };
        let all = [own("payment refused", "payment .* refused"), own("panic", "(?i)kernel panic")];
        check_with(&all, "payment 7 was refused: out of memory", &["out of memory", "payment refused"]);
        check_with(&all, "thread 'main' panicked at src/main.rs:1:1:", &[]);
        check_with(&all, "Kernel panic - not syncing", &["panic"]);
    }

    #[test]
    fn lines_are_recognised_and_words_alone_are_not() {
        check("thread 'main' panicked at src/main.rs:1:1:", &["panic"]);
        check("panic: runtime error: index out of range", &["panic"]);
        check("don't panic: all is well", &[]);
        check("FATAL: JavaScript heap out of memory", &["out of memory"]);
        check("SequelizeDatabaseError: relation \"x\" does not exist", &["database error"]);
        check("Error: Unhandled rejection in /api", &["unhandled exception"]);
        check("GET /invoices 200", &[]);
    }
}
