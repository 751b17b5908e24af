//! Orders in which nothing stands where a name is to stand: `restart <service> on production`, `deploy * to production`.
//!
//! What holds a name's place is no word, so that without it the order would be read as if it were about everything. Asked
//! only where there is a deed, and only of texts with such signs, all of which are rare.

use super::command::{Command, Parsed};
use super::lexicon::Class;
use super::markup::{self, Bytes, EMOJI, TICK};
use super::names::{NameKind, Vocabulary};
use super::problem::Problem;
use super::scan::stray::words::SOMETIME;
use super::sentence::remark::BECAUSE;
use super::values;
use super::words::{Kind, Token};
use super::{Action, Key, tokens_of};

/// What was read of these words, unless a place in an order is held by what is no name.
pub(super) fn checked(parsed: Parsed, tokens: &[Token<'_>], clean: &str, bytes: Bytes) -> Parsed {
    if !bytes.hollow() || !parsed.commands.iter().any(changes) {
        return parsed;
    }
    match check(tokens, clean, &parsed.commands) {
        Some(problem) => Parsed::of_problem(problem),
        None => parsed,
    }
}

/// What is wrong with an order whose name's place is held by an emoji: "restart 🌐 on production".
#[cold]
pub(super) fn emoji(text: &str, commands: &[Command], vocabulary: &Vocabulary) -> Option<Problem> {
    let clean = markup::with_emoji(text);
    tokens_of(&clean, Bytes::of(&clean), vocabulary, |tokens| {
        let held = |pair: &[Token<'_>]| between(&clean, pair).contains(EMOJI);
        let at = (1..tokens.len())
            .find(|at| held(&tokens[at - 1..=*at]) && is_place(tokens, *at - 1, *at, commands))?;
        Some(nothing_said("an emoji", tokens.get(at), commands))
    })
}

fn changes(command: &Command) -> bool {
    command.action.row().changes
}

fn check(tokens: &[Token<'_>], clean: &str, commands: &[Command]) -> Option<Problem> {
    let reason =
        commands.iter().find_map(|command| command.reason.as_deref().filter(|reason| is_placeholder(reason)));
    if let Some(reason) = reason.filter(|reason| !clean.contains(&format!("\"{reason}\""))) {
        return Some(unfilled(reason).suggest(helps(commands)));
    }
    let told = reason_at(tokens, commands);
    if let Some(word) = quoted(&tokens[..told], commands) {
        return Some(
            Problem::ambiguous(format!(
                "I read `{}` in quotation marks behind an order, and not what it is to change about it, so I did nothing.",
                word.raw
            ))
            .suggest(helps(commands)),
        );
    }
    let mut at = 0;
    while let Some(token) = tokens.get(at).filter(|_| at < told) {
        let held = placeholder(&tokens[at..]);
        if let Some(len) = held {
            let written = clean.get(token.at..tokens[at + len - 1].end()).unwrap_or(token.raw);
            // What is set may hold anything.
            if !commands
                .iter()
                .any(|command| command.value.as_ref().is_some_and(|value| value.contains(written)))
            {
                return Some(unfilled(written).suggest(helps(commands)));
            }
            at += len;
            continue;
        }
        let empty = tokens.get(at + 1).is_some_and(|next| is_pair(token, next));
        if empty && at > 0 && is_place(tokens, at - 1, at + 2, commands) {
            return Some(nothing_said("nothing", tokens.get(at + 2), commands));
        }
        // "deploy @ben staging" speaks to somebody.
        let spoken = tokens.get(at + 1).is_some_and(|next| next.name.is_some());
        if token.kind == Kind::Mention && at > 0 && !spoken && is_place(tokens, at - 1, at + 1, commands) {
            return Some(nothing_said("somebody", tokens.get(at + 1), commands));
        }
        if at > 0 && is_bare(between(clean, &tokens[at - 1..=at])) && is_place(tokens, at - 1, at, commands) {
            return Some(nothing_said("no name", Some(token), commands));
        }
        at += 1;
    }
    None
}

/// The first of words in quotation marks behind an order that no key of it holds: `deploy production "if green"`.
fn quoted<'a, 't>(tokens: &'a [Token<'t>], commands: &[Command]) -> Option<&'a Token<'t>> {
    const SAID: Class = Class::DIGIT
        .and(Class::KEYWORD)
        .and(Class::MANNER)
        .and(Class::TIME)
        .and(Class::NUMBER)
        .and(Class::ALL);
    const TURNED: Class = Class::NEGATION.and(Class::CONDITION).and(Class::RETRACTS).and(Class::TAKES_BACK);
    let held = |token: &Token<'_>| {
        token.name.is_some()
            || token.is(SAID)
            || token.is_courtesy()
            || token.any(&["now"])
            || values::is_ref(token.low)
            || commands.iter().any(|command| command.holds(token.raw))
    };
    let mut ordered = false;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if token.quote == 0 {
            ordered = !token.kind.ends_sentence() && (ordered || token.is(Class::HEAD));
            at += 1;
            continue;
        }
        let len = tokens[at..].iter().take_while(|other| other.quote == token.quote).count();
        let mut words = tokens[at..at + len].iter().filter(|word| word.is_word()).peekable();
        let first = words.peek().copied();
        let turned = |word: &Token<'_>| {
            (word.is(TURNED) || word.listed(SOMETIME))
                && !commands.iter().any(|command| command.holds(word.raw))
        };
        let lost = words.clone().any(turned) || !words.any(held);
        if ordered && lost && first.is_some() {
            return first;
        }
        at += len;
    }
    None
}

/// Where the words of a reason begin, which may be any.
fn reason_at(tokens: &[Token<'_>], commands: &[Command]) -> usize {
    if !commands.iter().any(|command| command.reason.is_some()) {
        return tokens.len();
    }
    let begins =
        |token: &Token<'_>| token.kind == Kind::Colon || token.any(&["reason"]) || token.any(BECAUSE);
    tokens.iter().position(begins).unwrap_or(tokens.len())
}

/// What stands between two words beside each other.
fn between<'t>(text: &'t str, pair: &[Token<'_>]) -> &'t str {
    let [before, after] = pair else { return "" };
    text.get(before.end()..after.at).unwrap_or_default()
}

/// A star by itself, or marks with nothing between them.
fn is_bare(between: &str) -> bool {
    let bare = |part: &str| {
        part.bytes().all(|byte| matches!(char::from(byte), '*' | TICK)) || matches!(part, "\"\"" | "''")
    };
    between.contains(['*', '"', '\'', TICK])
        && between.starts_with(' ')
        && between.ends_with(' ')
        && between.split_whitespace().any(bare)
}

/// `<>`, `{}`, `[]`
fn is_pair(open: &Token<'_>, close: &Token<'_>) -> bool {
    matches!((open.raw, close.raw), ("<", ">") | ("{", "}") | ("[", "]") | ("(", ")")) && close.glued
}

/// How many tokens a placeholder takes that begins here: `<service>`, `{version}`, `$RUN`, `%SERVICE%`, `[service]`.
fn placeholder(tokens: &[Token<'_>]) -> Option<usize> {
    /// So many words at most stand in one.
    const LONGEST: usize = 4;
    let (first, rest) = tokens.split_first()?;
    if first.is_word() {
        return is_variable(first.raw).then_some(1);
    }
    let close = match first.raw {
        "<" => ">",
        "{" => "}",
        "[" => "]",
        _ => return None,
    };
    let len = rest.iter().take(LONGEST + 1).position(|token| token.raw == close)?;
    let inside = &rest[..len];
    let last = inside.last()?;
    let said = |token: &Token<'_>| {
        token.name.is_some() || token.is(Class::DIGIT.and(Class::KEYWORD)) || values::is_ref(token.low)
    };
    // "[urgent]" says something of its own, and "[service]" is to be filled in.
    let slot = first.raw != "[" || is_slot(last.low);
    (inside.iter().all(Token::is_word) && slot && !inside.iter().any(said)).then_some(len + 2)
}

/// What the things are called that an order may name.
fn is_slot(word: &str) -> bool {
    const SLOTS: &[&str] = &[
        "service",
        "services",
        "env",
        "environment",
        "environments",
        "version",
        "ref",
        "tag",
        "branch",
        "commit",
        "sha",
        "release",
        "run",
        "id",
        "value",
        "reason",
        "name",
        "job",
        "component",
        "provider",
        "time",
        "number",
        "count",
        "replicas",
        "percent",
        "weights",
    ];
    word.rsplit(['_', '-']).next().is_some_and(|last| SLOTS.contains(&last))
}

/// `$SERVICE`, `%SERVICE%`: a variable of a shell that nobody filled in.
fn is_variable(word: &str) -> bool {
    let named = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    word.strip_prefix('$').is_some_and(named)
        || word.strip_prefix('%').and_then(|word| word.strip_suffix('%')).is_some_and(named)
}

/// Whether a whole value is a placeholder: `<value>`, `{value}`, `$VALUE`.
pub(super) fn is_placeholder(value: &str) -> bool {
    let inside = [('<', '>'), ('{', '}'), ('[', ']')].into_iter().find_map(|(open, close)| {
        let inside = value.strip_prefix(open)?.strip_suffix(close)?;
        Some((open, inside.trim_matches(['{', '}'])))
    });
    let plain = |inside: &str| {
        !inside.is_empty() && inside.chars().all(|c| c.is_alphabetic() || matches!(c, '_' | '-' | ' '))
    };
    is_variable(value)
        || inside.is_some_and(|(open, inside)| {
            plain(inside) && (open != '[' || is_slot(&inside.to_ascii_lowercase()))
        })
}

/// Whether a name is to stand between these two tokens, behind the verb of an order that has names: "restart … on production".
fn is_place(tokens: &[Token<'_>], before: usize, after: usize, commands: &[Command]) -> bool {
    /// So close behind its verb stands what an order is about.
    const CLOSE: usize = 4;
    let Some(left) =
        tokens.get(before).filter(|token| token.is_word() || matches!(token.kind, Kind::Plus | Kind::Comma))
    else {
        return false;
    };
    let listed = left.any(&["and"]) || !left.is_word();
    let placed = |token: &Token<'_>| {
        token.is(Class::PREPOSITION) || matches!(token.kind, Kind::Comma | Kind::Plus) || token.any(&["and"])
    };
    let environment = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
    let follows = match tokens.get(after) {
        Some(right) if right.kind == Kind::Newline => left.any(ONTO),
        Some(right) if left.kind == Kind::Comma => right.any(ONTO),
        Some(right) => placed(right) || environment(right) && left.is(Class::HEAD),
        None => left.any(ONTO),
    };
    let about = |command: &Command| {
        changes(command)
            && command.action != Action::SetVariable
            && [Key::Services, Key::Ref, Key::Component, Key::Job, Key::Run, Key::Provider]
                .into_iter()
                .any(|key| command.action.has(key))
    };
    if !follows || !commands.iter().any(about) {
        return false;
    }
    for token in tokens[..=before].iter().rev().take(CLOSE + 1) {
        if token.kind.ends_sentence() {
            return false;
        }
        let said = token.name.is_some() || token.is(Class::DIGIT) || values::is_ref(token.low);
        if said && !listed && !left.any(ONTO) {
            return false;
        }
        if token.is(Class::HEAD) && token.name.is_none() {
            return true;
        }
    }
    false
}

/// What stands before where it is to go.
const ONTO: &[&str] = &["to", "onto", "into", "in", "on", "of", "from"];

#[cold]
pub(super) fn unfilled(written: &str) -> Problem {
    Problem::unknown_name(format!(
        "`{written}` stands where a name or a value is to be filled in, so I did nothing. Say which is meant."
    ))
}

#[cold]
fn nothing_said(what: &str, before: Option<&Token<'_>>, commands: &[Command]) -> Problem {
    let place = before.map_or_else(String::new, |token| format!(", before `{}`", token.raw));
    Problem::ambiguous(format!(
        "I read {what} where a name is to stand{place}, so I did nothing. Say what is meant."
    ))
    .suggest(helps(commands))
}

/// How such an order is said.
fn helps(commands: &[Command]) -> impl Iterator<Item = String> {
    commands
        .iter()
        .find(|command| changes(command))
        .map(|command| format!("help {}", command.action.name()))
        .into_iter()
}
