//! Values as people write them: durations, weights, counts, rates, refs, run ids and times.
//!
//! Every function looks at the tokens from a place on and answers the value with how many tokens it took.

mod spelled;
pub(super) mod time;
mod weights;

use super::lexicon::{Class, look_up};
use super::names::NameKind;
use super::words::{Kind, Token, words_at};

pub(super) use spelled::{NUMBERS, and_a_half, number_word, spelled};
pub(super) use time::{is_clock, is_day, no_time_at_all, only_for, since, time};
pub(super) use weights::{Weights, weights};

const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 60 * MINUTE_S;
const DAY_S: u64 = 24 * HOUR_S;
const WEEK_S: u64 = 7 * DAY_S;
const MONTH_S: u64 = 30 * DAY_S;

/// Seconds in a unit of time.
pub(super) fn unit_s(word: &str) -> Option<u64> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE_S,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR_S,
        "d" | "day" | "days" => DAY_S,
        "w" | "wk" | "week" | "weeks" => WEEK_S,
        _ => return None,
    })
}

/// A whole number: `500`, `5k`, `1_000`, `three`.
pub(crate) fn whole(word: &str) -> Option<u64> {
    if let Some(number) = number_word(word) {
        return Some(number);
    }
    digits(word)
}

/// A whole number in digits: `500`, `5k`, `1_000`.
fn digits(word: &str) -> Option<u64> {
    let (digits, factor) = match word.strip_suffix('k') {
        Some(digits) => (digits, 1000),
        None => (word, 1),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit())
        || digits.len() > 15
        || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        return None;
    }
    let number = if digits.contains('_') { digits.replace('_', "").parse() } else { digits.parse() };
    number.ok().and_then(|number: u64| number.checked_mul(factor))
}

/// A whole number that may have a thousands comma, or be said in words: `1,000`, `five hundred`.
pub(super) fn count(tokens: &[Token<'_>]) -> Option<(u64, usize)> {
    if let Some(found) = spelled(tokens) {
        return Some(found);
    }
    let first = tokens.first().filter(|token| token.is_word())?;
    let mut value = whole(first.low)?;
    let mut len = 1;
    while let [comma, group, ..] = &tokens[len..]
        && comma.kind == Kind::Comma
        && comma.glued
        && group.glued
        && group.low.len() == 3
        && group.low.bytes().all(|byte| byte.is_ascii_digit())
        && first.low.len() <= 3
    {
        value = value.checked_mul(1000)?.checked_add(group.low.parse().ok()?)?;
        len += 2;
    }
    Some((value, len))
}

/// A duration in seconds: `10m`, `1h30m`, `90 seconds`, `an hour`, `half an hour`, `1.5h`, `two and a half hours`,
/// `1 hour 30 minutes`.
pub(super) fn duration(tokens: &[Token<'_>]) -> Option<(u64, usize)> {
    let (mut seconds, mut len, mut unit) = single_duration(tokens)?;
    loop {
        let and = usize::from(tokens.get(len).is_some_and(|token| token.any(&["and"])));
        let rest = tokens.get(len + and..).unwrap_or_default();
        // What is said of the smaller unit is a rate or something else to count, if anything follows it.
        let Some((more, taken, smaller)) = single_duration(rest).filter(|(.., smaller)| *smaller < unit)
        else {
            return Some((seconds, len));
        };
        seconds = seconds.checked_add(more)?;
        len += and + taken;
        unit = smaller;
    }
}

/// A duration of one unit, how many tokens it takes, and its unit.
fn single_duration(tokens: &[Token<'_>]) -> Option<(u64, usize, u64)> {
    let word = |at: usize| tokens.get(at).filter(|token| token.is_word()).map(|token| token.low);
    let first = word(0)?;
    let long = |at: usize| word(at).filter(|unit| unit.len() > 1).and_then(unit_s);
    if first == "half" {
        let article = usize::from(matches!(word(1), Some("an" | "a")));
        return long(1 + article).map(|unit| (unit / 2, 2 + article, unit));
    }
    if matches!(first, "a" | "an" | "one")
        && let Some(unit) = long(1)
    {
        let half = and_a_half(&tokens[2..]);
        return Some((if half > 0 { unit + unit / 2 } else { unit }, 2 + half, unit));
    }
    if let Some(seconds) = compact_duration(first) {
        let last = first.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let last = last.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(last, |at| &last[at + 1..]);
        return Some((seconds, 1, unit_s(last)?));
    }
    let (number, taken) = spelled(tokens).unwrap_or((0, 0));
    let taken = taken.max(1);
    let half = and_a_half(tokens.get(taken..).unwrap_or_default());
    let unit = unit_s(word(taken + half)?)?;
    let seconds = decimal_seconds(first, unit).filter(|_| taken == 1);
    let seconds = match seconds {
        Some(seconds) => seconds,
        None if spelled(tokens).is_some() => number.checked_mul(unit)?,
        None => return None,
    };
    let end = taken + half + 1;
    // "two hours and a half"
    let behind = if half > 0 { 0 } else { and_a_half(&tokens[end..]) };
    let seconds = if half + behind > 0 { seconds.checked_add(unit / 2)? } else { seconds };
    Some((seconds, end + behind, unit))
}

/// `10m`, `1h30m`, `10-minute`, `10min`.
fn compact_duration(word: &str) -> Option<u64> {
    let mut rest = word;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, after) = rest.split_at(digits);
        let after = after.strip_prefix('-').unwrap_or(after);
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        if number.is_empty() || unit.is_empty() {
            return None;
        }
        total = total.checked_add(decimal_seconds(number, unit_s(unit)?)?)?;
        rest = after;
    }
    (!word.is_empty()).then_some(total)
}

fn decimal_seconds(number: &str, unit: u64) -> Option<u64> {
    /// Durations longer than this many digits make no sense.
    const MAX_DIGITS: usize = 9;
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if number.len() > MAX_DIGITS || !number.starts_with(|c: char| c.is_ascii_digit()) || !plain {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    Some((number * unit as f64).round() as u64)
}

/// A release version: `v1.4.2`, `1.4.2`, `v12`, `2024.11.3-rc1`.
pub(super) fn is_version(word: &str) -> bool {
    let (v, rest) = match word.strip_prefix(['v', 'V']) {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let core = rest.split(['-', '+']).next().unwrap_or_default();
    let parts = core.split('.');
    let numeric = !core.is_empty()
        && parts.clone().all(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || (v && byte == b'x'))
        });
    !word.ends_with(['-', '+'])
        && numeric
        && core.starts_with(|c: char| c.is_ascii_digit())
        && (v || parts.count() > 1)
}

/// Whether a word is a commit: 7 to 40 hex digits.
pub(super) fn is_commit(word: &str) -> bool {
    (7..=40).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a bare word is a ref.
pub(crate) fn is_ref(word: &str) -> bool {
    let bytes = word.as_bytes();
    // "v1.4.2" and "2024.11" begin with a digit or with "v" and one.
    let numbered = match bytes {
        [b'v' | b'V', digit, ..] => digit.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit(),
        [] => false,
    };
    matches!(word, "main" | "master")
        || numbered && is_version(word)
        || is_commit(word)
        || (bytes.contains(&b'/')
            && !word.contains("://")
            && !word.starts_with('/')
            && !word.ends_with('/')
            && (word.rsplit('/').next().is_none_or(|last| unit_s(last).is_none()) || is_of_branch(word))
            && !word.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
            && !is_shorthand(word)
            && !of_keywords(word))
}

/// "feature/w", and not "rows/min": what stands before the slash is what branches are called by.
fn is_of_branch(word: &str) -> bool {
    const KINDS: &[&str] =
        &["feature", "feat", "fix", "bugfix", "hotfix", "release", "chore", "refs", "origin", "heads"];
    word.split('/').next().is_some_and(|kind| KINDS.contains(&kind))
}

/// "dry/run", "tonight/tomorrow": how or when, and no branch.
#[cold]
fn of_keywords(word: &str) -> bool {
    let class = |part: &str| look_up(part).class;
    !is_of_branch(word)
        && word.split('/').next().is_some_and(|first| class(first).is(Class::TIME.and(Class::KEYWORD)))
        && word.split('/').all(|part| class(part).known())
}

/// Words written with a slash, which are no branch.
pub(super) fn is_shorthand(word: &str) -> bool {
    matches!(
        word,
        "and/or"
            | "y/n"
            | "yes/no"
            | "w/"
            | "w/o"
            | "n/a"
            | "ci/cd"
            | "on/off"
            | "24/7"
            | "he/she"
            | "i/o"
            | "a/b"
            | "blue/green"
            | "red/black"
    )
}

/// A run: `r-3f2a`, `#r-3f2a`, `run 3f2a`, `run #3f2a`. Answers it as it is always written.
pub(super) fn run(tokens: &[Token<'_>]) -> Option<(String, usize)> {
    let first = tokens.first().filter(|token| token.is_word())?;
    let id = |word: &str| -> Option<String> {
        let id = word.trim_start_matches('#').trim_start_matches("r-");
        let plain = (2..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plain.then(|| format!("r-{id}"))
    };
    if first.low.trim_start_matches('#').starts_with("r-") {
        return id(first.low).map(|run| (run, 1));
    }
    if first.low == "run" {
        let skip = usize::from(tokens.get(1).is_some_and(|token| token.any(&["id", "number", "no"])));
        let next = tokens.get(1 + skip).filter(|token| token.is_word() && token.name.is_none())?;
        let written = next.low.starts_with(['#']) || next.low.starts_with("r-");
        let hex = next.low.len() >= 3
            && next.low.bytes().all(|byte| byte.is_ascii_hexdigit())
            && next.low.bytes().any(|byte| byte.is_ascii_digit());
        let hex_word = next.low.len() == 4 && next.low.bytes().all(|byte| byte.is_ascii_hexdigit());
        if written || hex || (hex_word && !next.class.known()) {
            return id(next.low).map(|run| (run, 2 + skip));
        }
    }
    None
}

/// `2,500/min`: a comma before the thousands.
fn grouped_rate(tokens: &[Token<'_>]) -> Option<(u64, u64)> {
    let [first, comma, group, ..] = tokens else { return None };
    let (rest, unit) = group.low.split_once('/')?;
    let digits = rest.len() == 3 && rest.bytes().all(|byte| byte.is_ascii_digit());
    let fits = comma.glued && group.glued && first.low.len() <= 3 && digits;
    let number = whole(first.low)?.checked_mul(1000)?.checked_add(rest.parse().ok()?)?;
    fits.then_some((number, unit_s(unit)?))
}

/// A rate per minute: `500/min`, `500 users/min`, `500 per minute`, `20 rows per second`, `30k/hour`. `Err` carries what
/// was written when it makes no sense.
pub(super) fn rate(tokens: &[Token<'_>]) -> Option<(Result<u64, String>, usize)> {
    let word = words_at(tokens);
    let first = word(0);
    let (mut number, mut unit, mut place) = match first.split_once('/') {
        _ if tokens.get(1).is_some_and(|comma| comma.kind == Kind::Comma)
            && grouped_rate(tokens).is_some() =>
        {
            let (number, unit) = grouped_rate(tokens)?;
            (number, Some(unit), 3)
        }
        Some((number, unit)) if unit_s(unit).is_some() => {
            (whole(number.trim_end_matches("rpm"))?, unit_s(unit), 1)
        }
        _ => {
            if let Some(number) = first.strip_suffix("rpm") {
                (whole(number)?, Some(MINUTE_S), 1)
            } else {
                let (number, len) = count(tokens)?;
                (number, None, len)
            }
        }
    };
    // "1 million/min", "5 hundred/min"
    let times = match word(place).split('/').next() {
        Some("million") => 1_000_000,
        Some("thousand") => 1_000,
        Some("hundred") => 100,
        _ => 1,
    };
    if unit.is_none() && times > 1 {
        number = number.checked_mul(times)?;
        place += usize::from(!word(place).contains('/'));
    }
    if unit.is_none() {
        let here = word(place);
        if let Some((noun, per)) = here.split_once('/')
            && unit_s(per).is_some()
        {
            // "1 000/min" is not one a minute.
            if noun.starts_with(|c: char| c.is_ascii_digit()) || is_many(noun) {
                let written = format!("{first} {here}");
                return Some((Err(written), place + 1));
            }
            unit = unit_s(per);
            place += 1;
        } else {
            if is_many(here) && matches!(word(place + 1), "per" | "a" | "an" | "each" | "every" | "/") {
                return Some((Err(format!("{first} {here}")), place + 1));
            }
            let noun = usize::from(
                !matches!(here, "per" | "a" | "an" | "each" | "every" | "/" | "rpm") && !here.is_empty(),
            );
            if here == "rpm" {
                unit = Some(MINUTE_S);
                place += 1;
            } else if matches!(word(place + noun), "per" | "a" | "an" | "each" | "every" | "/")
                && unit_s(word(place + noun + 1)).is_some()
            {
                unit = unit_s(word(place + noun + 1));
                place += noun + 2;
            }
        }
    }
    let unit = unit?;
    // Parts of one a minute can't be said.
    let per_minute = number
        .checked_mul(MINUTE_S)
        .filter(|number| number.is_multiple_of(unit))
        .map(|number| number / unit)
        .filter(|rate| *rate > 0);
    let written = || tokens[..place].iter().map(|token| token.raw).collect::<Vec<_>>().join(" ");
    Some((per_minute.ok_or_else(written), place))
}

/// What holds many of what is counted: "5 batches/min" are not five a minute.
fn is_many(noun: &str) -> bool {
    matches!(
        noun,
        "batch"
            | "batches"
            | "chunk"
            | "chunks"
            | "group"
            | "groups"
            | "page"
            | "pages"
            | "dozen"
            | "dozens"
            | "k"
            | "%"
            | "percent"
            | "kb"
            | "mb"
            | "gb"
            | "billion"
            | "lakh"
            | "grand"
            | "hundreds"
            | "thousands"
            | "millions"
    )
}

/// Whether every part of `a/b` is one of the project's names.
pub(super) fn slashed(word: &str) -> impl Iterator<Item = &str> {
    word.split('/').filter(|part| !part.is_empty())
}

/// The kinds of name an order may be about.
pub(super) const ALL_KINDS: &[NameKind] =
    &[NameKind::Environment, NameKind::Service, NameKind::Component, NameKind::Job, NameKind::Provider];
