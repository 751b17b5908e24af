//! Lines of logs, stack traces and histories, pasted among what is said.

use super::{Class, Kind, Token};
use crate::intent::lexicon::near_opener;

/// Whether a commit pasted from a history begins here: "commit 9fceb02" over "Author: …".
pub(super) fn heads_commit(line: &[Token<'_>], below: &[Token<'_>]) -> bool {
    if !line.first().is_some_and(|first| first.is(Class::LOGGED)) {
        return false;
    }
    let header = |line: &[Token<'_>]| match line {
        [key, colon, ..] => {
            colon.kind == Kind::Colon
                && key.any(&[
                    "author",
                    "committer",
                    "authordate",
                    "commitdate",
                    "date",
                    "merge",
                    "parent",
                    "tree",
                ])
        }
        _ => false,
    };
    let commit = match line {
        [key, hash, rest @ ..] => {
            key.any(&["commit", "merge", "parent", "tree"])
                && hash.low.len() >= 7
                && hash.low.bytes().all(|byte| byte.is_ascii_hexdigit())
                && rest.first().is_none_or(|token| token.kind == Kind::Bracket)
        }
        _ => false,
    };
    header(line) || commit && (header(below) || below.is_empty())
}

/// The words lines of logs and commits are known by: what begins them, and the levels.
pub(in crate::intent) const LOGGED: &[&str] = &[
    "author",
    "committer",
    "authordate",
    "commitdate",
    "date",
    "merge",
    "parent",
    "tree",
    "commit",
    "traceback",
    "panicked",
    "npm",
    "exception",
    "stderr",
    "stdout",
    "error",
    "warn",
    "info",
    "fatal",
    "warning",
    "debug",
    "trace",
    "critical",
    "panic",
    "exit",
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
];

/// A line of a log or a stack trace: a time, a level, or a prompt first. `said` are its classes.
pub(super) fn is_log(tokens: &[Token<'_>], said: Class) -> bool {
    let Some(first) = tokens.iter().find(|token| token.is_word()) else { return false };
    let signs = Class::LOGGED.and(Class::of_kind(Kind::Bracket)).and(Class::of_kind(Kind::Equals));
    if first.is(Class::PLAIN) && !first.is(Class::DIGIT) && !said.is(signs) {
        return false;
    }
    let level = |word: &str| {
        matches!(
            word,
            "ERROR" | "INFO" | "WARN" | "WARNING" | "DEBUG" | "TRACE" | "FATAL" | "CRITICAL" | "PANIC"
        )
    };
    let dated = first.low.len() >= 8
        && first.low.as_bytes()[..4].iter().all(u8::is_ascii_digit)
        && first.low.as_bytes()[4] == b'-';
    let clock = first.low.len() >= 7
        && first.low.matches(':').count() == 2
        && first.low.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    // "GET /health 500 12ms": a line of an access log.
    let requested = matches!(first.raw, "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS")
        && tokens.get(1).is_some_and(|path| path.low.starts_with('/'));
    // A lock's reason may be anything.
    let locks = first.is(Class::HEAD) && first.any(&["lock", "unlock", "freeze", "unfreeze"]);
    // "set LOG_LEVEL=DEBUG" gives a level as a value, "create environment INFO" as a name.
    let levelled = tokens
        .iter()
        .enumerate()
        .take(6)
        .take_while(|(_, token)| {
            let named =
                ["to", "as", "set", "change", "update", "environment", "env", "called", "named", "rotate"];
            let reason = locks && (token.kind == Kind::Colon || token.any(&["because", "reason"]));
            token.kind != Kind::Equals && !token.any(&named) && !reason
        })
        .any(|(at, token)| {
            let next = tokens.get(at + 1);
            // In quotation marks by itself it is what something is called.
            let apart = |other: Option<&Token<'_>>| other.is_none_or(|other| other.quote != token.quote);
            let called =
                token.quote > 0 && apart(next) && apart(at.checked_sub(1).and_then(|at| tokens.get(at)));
            level(token.raw) && next.is_none_or(|next| next.kind != Kind::Equals) && !called
        });
    let bracketed = tokens.first().is_some_and(|token| token.raw == "[")
        && tokens.get(1).is_some_and(|token| {
            level(&token.raw.to_ascii_uppercase())
                || token.low.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
                // "[deployer] …": a program's name for itself.
                || tokens.get(2).is_some_and(|close| close.raw == "]")
                    && tokens.len() > 3
                    && token.is_word()
                    && token.name.is_none()
                    && token.low.len() > 1
                    && !token.class.known()
                    && !near_opener(token.low)
        });
    let exited = tokens.windows(3).any(|three| {
        three[0].kind == Kind::Colon && three[1].any(&["exit"]) && three[2].any(&["status", "code"])
    });
    let trace = first.any(&[
        "traceback",
        "panicked",
        "npm",
        "exception",
        "stderr",
        "stdout",
        "error",
        "warn",
        "info",
        "fatal",
    ]) && tokens
        .get(1)
        .is_some_and(|token| !token.is_word() || token.raw == "ERR" || token.any(&["err"]));
    let key_value =
        tokens.windows(2).filter(|pair| pair[0].kind == Kind::Equals && pair[1].is_word()).count() >= 3;
    let prompt = first.low.starts_with('$') || first.low.ends_with('$') || first.low == "%";
    dated
        || requested
        || clock
        || levelled
        || bracketed
        || exited
        || trace
        || prompt
        || (key_value && !first.is(Class::HEAD))
}
