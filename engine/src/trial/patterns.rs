//! What nobody wants to read in a log, whatever the language it was written in.

use std::sync::LazyLock;

use regex::RegexSet;

/// Patterns by name, whether one is critical (it fails a canary at once when the stable version does not print it), and
/// how lines are recognised.
pub const LOG_PATTERNS: [(&str, bool, &str); 4] = [
    ("panic", true, r"panicked at|^panic: |fatal runtime error"),
    ("out of memory", true, r"(?i)\bout of memory\b|OutOfMemoryError|\bOOM[- ]?kill"),
    ("database error", false, r"SequelizeDatabaseError|SQLSTATE\[|(?i:database is locked)|PG::\w*Error"),
    ("unhandled exception", false, r"(?i)\bunhandled (exception|rejection)\b|UnhandledPromiseRejection"),
];

static RECOGNISED: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(LOG_PATTERNS.iter().map(|(_, _, pattern)| pattern)).ok());

/// The patterns a line shows, by their place in [`LOG_PATTERNS`].
pub(super) fn shown(line: &str) -> Vec<usize> {
    RECOGNISED.as_ref().map(|set| set.matches(line).into_iter().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, found: &[&str]) {
        let names: Vec<&str> = shown(line).into_iter().map(|at| LOG_PATTERNS[at].0).collect();
        assert_eq!(names, found, "{line}");
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
