//! Orders about data: how fast a backfill goes, and which column an expand adds.

use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::problem::Problem;
use crate::intent::scan::Said;
use crate::intent::values;
use crate::intent::words::{Kind, Token, Words, words_at};

/// `at 500/min`, `in batches of 200`, `for at most 2 hours`: how many tokens one of these takes here.
pub(in crate::intent) fn pace(tokens: &[Token<'_>], said: &mut Said) -> Result<Option<usize>, Problem> {
    let word = words_at(tokens);
    let skip = |mut at: usize, words: &[&str]| {
        while tokens
            .get(at)
            .is_some_and(|token| token.any(words) || matches!(token.kind, Kind::Equals | Kind::Colon))
        {
            at += 1;
        }
        at
    };
    match word(0) {
        "batch" | "batches" | "batch-size" | "batchsize" | "chunk" | "chunks" | "batched" => {
            let at = skip(1, &["size", "of", "in", "by", "to", "at", "sizes"]);
            if let Some((size, len)) = number(&tokens[at.min(tokens.len())..])? {
                said.batch = Some(positive(size, "batch size")?);
                return Ok(Some(at + len));
            }
            return Ok(Some(at));
        }
        "max" | "maximum" | "runtime" | "most" | "limit" | "longer" | "stop" | "up" | "no"
        | "max-runtime" | "timeout" => {
            let at = skip(
                1,
                &[
                    "runtime", "run", "time", "of", "to", "at", "most", "than", "longer", "after", "for",
                    "max", "maximum", "is",
                ],
            );
            if let Some((seconds, len)) = values::duration(&tokens[at.min(tokens.len())..]) {
                said.runtime = Some(positive(seconds, "runtime")?);
                return Ok(Some(at + len));
            }
            // "max runtime 2:30" would be a time to begin.
            let clock =
                tokens.get(at).filter(|token| token.low.contains(':') && values::time::is_clock(token.low));
            if let Some(clock) = clock {
                return Err(Problem::bad_value(format!(
                    "`{}` is a time of day; I expected how long at most, like `2h` or `90 minutes`.",
                    clock.raw
                )));
            }
            if word(0) == "up" || word(0) == "no" || word(0) == "stop" || word(0) == "most" {
                return Ok(None);
            }
        }
        "for" => {
            let at = skip(
                1,
                &["at", "most", "max", "a", "maximum", "of", "up", "to", "no", "more", "longer", "than"],
            );
            let at = if matches!(word(at - 1), "a") { at - 1 } else { at };
            if let Some((seconds, len)) = values::duration(&tokens[at.min(tokens.len())..]) {
                said.runtime = Some(positive(seconds, "runtime")?);
                return Ok(Some(at + len));
            }
        }
        "rate" | "speed" | "throttle" | "throttled" => {
            let at = skip(1, &["of", "to", "at", "limit", "limited", "is"]);
            if let Some((rate, len)) = values::rate(&tokens[at.min(tokens.len())..]) {
                once(&mut said.rate, checked_rate(rate)?)?;
                return Ok(Some(at + len));
            }
            let bare = tokens.get(at).filter(|token| token.is_word() && values::whole(token.low).is_some());
            if let Some(number) = bare {
                return Err(Problem::ambiguous(format!(
                    "I read a rate of `{}`, and not in what time, so I did nothing.",
                    number.raw
                ))
                .instead(
                    number.at..number.end(),
                    [format!("{}/min", number.raw), format!("{}/s", number.raw)],
                ));
            }
            return Ok(Some(at));
        }
        _ => {}
    }
    let at = skip(0, &["at", "with", "a", "max"]);
    let below_zero =
        word(at).strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if below_zero {
        return Err(Problem::bad_value(format!("`{}` is below zero. A rate is like `500/min`.", word(at))));
    }
    let at = if at > 0 && at <= 2 { at } else { 0 };
    let rest = &tokens[at.min(tokens.len())..];
    if let Some((rate, len)) = values::rate(rest) {
        if tokens.get(at).is_some_and(|token| token.low.starts_with('-')) {
            return Err(Problem::bad_value("A rate is a positive number a minute, like `500/min`."));
        }
        once(&mut said.rate, checked_rate(rate)?)?;
        return Ok(Some(at + len));
    }
    if let Some((size, len)) = values::count(rest) {
        let mut tail = at + len;
        while matches!(
            word(tail),
            "users" | "rows" | "records" | "items" | "invoices" | "customers" | "entries"
        ) {
            tail += 1;
        }
        if word(tail) == "at" && word(tail + 1) == "a" && word(tail + 2) == "time" {
            said.batch = Some(positive(size, "batch size")?);
            return Ok(Some(tail + 3));
        }
        if matches!(word(tail), "per" | "a" | "each") && word(tail + 1) == "batch" {
            said.batch = Some(positive(size, "batch size")?);
            return Ok(Some(tail + 2));
        }
        if tail > at + len || at > 0 && word(0) == "at" && values::time(tokens).is_none() {
            let last = &tokens[tail.clamp(1, tokens.len()) - 1];
            return Err(Problem::bad_value(format!(
                "`{}` is a count without a time. A rate is like `500/min`, a batch like `batch size 500`.",
                rest[0].raw
            ))
            .instead(tokens[0].at..last.end(), [format!("at {size}/min"), format!("batch size {size}")]));
        }
        if word(at + len) == "batches" || word(at + len) == "batch" {
            said.batch = Some(positive(size, "batch size")?);
            return Ok(Some(at + len + 1));
        }
    }
    Ok(None)
}

fn number(tokens: &[Token<'_>]) -> Result<Option<(u64, usize)>, Problem> {
    if let Some(found) = values::count(tokens) {
        return Ok(Some(found));
    }
    match tokens.first().filter(|token| token.is_word()) {
        Some(token)
            if token.low.starts_with('-')
                || token.any(&["minus", "negative"])
                || token.low.bytes().next().is_some_and(|b| b.is_ascii_digit()) =>
        {
            Err(Problem::bad_value(format!(
                "`{}` is not a count; I expected a whole number above 0.",
                token.raw
            )))
        }
        _ => Ok(None),
    }
}

fn positive(value: u64, what: &str) -> Result<u64, Problem> {
    if value == 0 {
        return Err(Problem::bad_value(format!("A {what} of 0 would never get anywhere.")));
    }
    Ok(value)
}

fn checked_rate(rate: Result<u64, String>) -> Result<u64, Problem> {
    rate.map_err(|written| {
        Problem::bad_value(format!(
            "`{written}` is no whole number a minute; I expected a rate like `500/min`."
        ))
    })
}

/// Whether a word beside "column" that means something elsewhere is the column's name, and does not describe it.
fn is_named_like(token: &Token<'_>) -> bool {
    const DESCRIBES: Words = Words::of(&[
        "new",
        "another",
        "extra",
        "additional",
        "missing",
        "nullable",
        "text",
        "string",
        "integer",
        "boolean",
        "timestamp",
        "timestamptz",
        "varchar",
        "int",
        "bool",
        "uuid",
        "json",
        "jsonb",
        "default",
        "null",
        "not-null",
        "schema",
        "table",
        "tables",
        "database",
        "databases",
        "db",
        "one",
        "more",
        "same",
        "next",
        "last",
        "data",
        "column",
        "columns",
        "field",
        "and",
        "then",
        "because",
        "cause",
        "since",
        "due",
        "test",
        "tests",
        "thing",
    ]);
    let other = Class::PREPOSITION
        .and(Class::OPENER)
        .and(Class::INTERJECTION)
        .and(Class::IDLE)
        .and(Class::NEGATION)
        .and(Class::SUBJECT)
        .and(Class::ASKS)
        .and(Class::TELLS)
        .and(Class::CONDITION)
        .and(Class::KEYWORD)
        .and(Class::TIME)
        .and(Class::JOINS);
    token.is_word()
        && token.is(Class::PLAIN)
        && token.name.is_none()
        && token.quote == 0
        && !token.is(Class::DIGIT)
        && !token.is(other)
        && !token.among(&DESCRIBES)
}

/// The column of "add timezone column", "add a column users.timezone", "add column `timezone` to the users table".
pub(in crate::intent) fn column(tokens: &[Token<'_>]) -> Option<String> {
    let is_column = |token: &Token<'_>| token.any(&["column", "columns", "field"]);
    let plain = |token: &Token<'_>| {
        token.is_word()
            && !token.is(Class::PREPOSITION)
            && (!token.class.known() || token.quote > 0)
            && !token.low.starts_with('-')
            && token
                .low
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
    };
    let place = tokens.iter().position(is_column)?;
    let mut after = place + 1;
    while tokens.get(after).is_some_and(|token| {
        token.any(&["called", "named", "for"]) || is_column(token) || token.kind == Kind::Colon
    }) {
        after += 1;
    }
    // The first part of a job's name is the column it fills, mostly.
    let unnamed = |token: &Token<'_>| token.name.is_none_or(|hit| hit.kind == NameKind::JobShort);
    let said_after = tokens.get(after).filter(|token| plain(token) && unnamed(token));
    let before = tokens[..place].iter().rev().find(|token| plain(token));
    // "add status column", "add column value": a word we know from elsewhere is a name here too.
    let near = |at: Option<usize>| at.and_then(|at| tokens.get(at)).filter(|token| is_named_like(token));
    let before = before.or_else(|| near(place.checked_sub(1)));
    let said_after = said_after.or_else(|| near(Some(after)));
    if tokens.get(place + 1).is_some_and(|token| token.any(&["called", "named"])) {
        return said_after.or(before).map(|token| token.raw.to_owned());
    }
    before.or(said_after).map(|token| token.raw.to_owned())
}

/// "add timezone column in preprod": the place nobody knows, where no table is meant.
pub(in crate::intent) fn place_unknown<'a, 't>(tokens: &'a [Token<'t>]) -> Option<&'a Token<'t>> {
    let at = (1..tokens.len()).find(|at| {
        let token = &tokens[*at];
        let table = tokens.get(at + 1).is_some_and(|next| next.any(&["table", "tables", "schema"]));
        tokens[at - 1].any(&["in", "on"])
            && token.is_word()
            && token.is(Class::PLAIN)
            && token.name.is_none()
            && token.quote == 0
            && !token.class.known()
            && !table
    })?;
    Some(&tokens[at])
}

/// Keeps a value that is said once: a second one is for another place, or puts the first right.
fn once(slot: &mut Option<u64>, value: u64) -> Result<(), Problem> {
    match slot.replace(value) {
        Some(first) if first != value => Err(Problem::ambiguous(
            "Two rates were said for one backfill; which is meant? Say an order for each place.",
        )),
        _ => Ok(()),
    }
}
