//! Times a run may be planned for, and how far back to look.

use super::{DAY_S, MONTH_S, WEEK_S, and_a_half, duration, number_word, unit_s, whole};
use crate::intent::lexicon::Class;
use crate::intent::words::{Token, words_at};

/// A time a run may be planned for: which tokens of it are the time as written, from and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::intent) struct Time {
    /// Where the time as written begins (a leading "at" or "on" does not belong to it).
    pub(in crate::intent) from: usize,
    /// How many tokens it takes, from the first.
    pub(in crate::intent) len: usize,
    /// "every night": a run has one time.
    pub(in crate::intent) repeats: bool,
    /// "25:00", "22:75", "13pm": no clock ever shows it.
    pub(in crate::intent) impossible: bool,
}

/// What a time may begin with, beside digits.
pub(in crate::intent) const TIMELY: &[&str] = &[
    "in",
    "after",
    "every",
    "each",
    "nightly",
    "daily",
    "hourly",
    "weekly",
    "monthly",
    "at",
    "on",
    "by",
    "around",
    "@",
    "from",
    "before",
    "until",
    "till",
    "the",
    "this",
    "next",
    "early",
    "late",
    "noon",
    "midnight",
    "tonight",
    "tomorrow",
    "today",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "weekend",
    "later",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
];

/// A time: `tonight 22:00`, `at 10pm UTC`, `in 10 minutes`, `on friday at 9`, `tomorrow morning`, `next monday`.
pub(in crate::intent) fn time(tokens: &[Token<'_>]) -> Option<Time> {
    if !tokens.first()?.is(Class::TIMELY.and(Class::DIGIT)) {
        return None;
    }
    let word = words_at(tokens);
    let first = word(0);
    if matches!(first, "in" | "after") {
        let skip = usize::from(word(1) == "about");
        if let Some((_, len)) = duration(&tokens[(1 + skip).min(tokens.len())..]) {
            let tail = usize::from(word(1 + skip + len) == "time");
            return Some(Time { from: 0, len: 1 + skip + len + tail, repeats: false, impossible: false });
        }
        // "in -5 minutes", "in 1e3 minutes"
        let number = word(1 + skip).trim_start_matches(['-', '+', '.']);
        if number.starts_with(|c: char| c.is_ascii_digit()) && unit_s(word(2 + skip)).is_some() {
            return Some(Time { from: 0, len: 3 + skip, repeats: false, impossible: true });
        }
    }
    if matches!(first, "every" | "each")
        && (is_day(word(1)) || unit_s(word(1)).is_some() || word(1) == "night" || word(1) == "morning")
        || matches!(first, "nightly" | "daily" | "hourly" | "weekly" | "monthly")
    {
        return Some(Time {
            from: 0,
            len: if word(1).is_empty() || matches!(word(1), "to" | "onto") { 1 } else { 2 },
            repeats: true,
            impossible: false,
        });
    }
    let mut place = 0;
    let mut from = 0;
    if matches!(first, "at" | "on" | "by" | "around" | "@" | "from") {
        place = 1;
        from = 1;
    } else if matches!(first, "after" | "before" | "until" | "till") {
        place = 1;
    }
    let hour = |at: usize| {
        let said = word(at);
        let digits = !said.bytes().any(|byte| byte.is_ascii_alphabetic())
            && whole(said).is_some_and(|hour| hour <= 24);
        digits || number_word(said).is_some_and(|hour| (1..=12).contains(&hour))
    };
    let mut days = 0;
    let mut clocks = 0;
    let begun = place;
    loop {
        let here = word(place);
        let joined = matches!(
            here,
            "at" | "on" | "in" | "the" | "this" | "next" | "early" | "late" | "around" | "from"
        );
        if is_clock(here) {
            clocks += 1;
            place += 1;
            // "3am am" says it twice, which nobody means.
            let half = here.ends_with("am") || here.ends_with("pm");
            if !half && matches!(word(place), "am" | "pm" | "o'clock") {
                place += 1;
            }
            if is_zone(word(place)) {
                place += 1;
            }
        } else if hour(place)
            && (matches!(word(place + 1), "am" | "pm" | "o'clock" | "oclock" | "utc" | "cet")
                || (days > 0 && place > 0 && word(place - 1) == "at"))
        {
            clocks += 1;
            place += 1;
            place += usize::from(matches!(word(place), "o'clock" | "oclock"));
            place += usize::from(matches!(word(place), "am" | "pm"));
            place += usize::from(is_zone(word(place)));
        } else if is_day(here) {
            days += 1;
            place += 1;
        } else if days > 0 && matches!(here, "morning" | "afternoon" | "evening" | "night") {
            place += 1;
        } else if joined
            && (is_day(word(place + 1))
                || is_clock(word(place + 1))
                || matches!(
                    (here, word(place + 1)),
                    ("this" | "next" | "the", "morning" | "afternoon" | "evening" | "week" | "month")
                )
                || (here == "in"
                    && word(place + 1) == "the"
                    && matches!(word(place + 2), "morning" | "afternoon" | "evening"))
                || (here == "next" && is_day(word(place + 1)))
                || (here == "at"
                    && days > 0
                    && clocks == 0
                    && hour(place + 1)
                    && super::rate(&tokens[place + 1..]).is_none()))
        {
            if here == "in" && word(place + 1) == "the" {
                place += 3;
                days += 1;
            } else if matches!(word(place + 1), "morning" | "afternoon" | "evening" | "week" | "month") {
                place += 2;
                days += 1;
            } else {
                place += 1;
            }
        } else {
            break;
        }
    }
    // "later" alone says no time.
    let later = place == begun + 1 && word(begun) == "later";
    if days + clocks == 0 || place == begun || later {
        // "at 5" alone is a time as well, unless a percentage or rate follows.
        if first == "at"
            && !word(1).is_empty()
            && word(1).len() <= 4
            && word(1).bytes().all(|byte| byte.is_ascii_digit())
            && tokens.get(2).is_none_or(|next| !next.is_word() || next.is(Class::FILLER))
        {
            let impossible = whole(word(1)).is_some_and(|hour| hour > 24);
            return Some(Time { from: 1, len: 2, repeats: false, impossible });
        }
        return None;
    }
    let impossible = (from..place).any(|at| {
        let half = match word(at + 1) {
            half @ ("am" | "pm") => half,
            _ => "",
        };
        no_clock(word(at), half) || no_date(word(at))
    });
    Some(Time { from, len: place, repeats: false, impossible })
}

/// The last so-and-so long, in seconds: `last 30 minutes`, `for the last hour`, `since 2h`, `past day`, `today`.
pub(in crate::intent) fn since(tokens: &[Token<'_>]) -> Option<(u64, usize)> {
    let word = words_at(tokens);
    let mut place = 0;
    while matches!(word(place), "for" | "over" | "in" | "from" | "within" | "during" | "of" | "the") {
        place += 1;
    }
    if matches!(word(place), "last" | "past" | "previous" | "since" | "latest") {
        let marker = word(place);
        place += 1;
        while matches!(word(place), "the" | "last" | "past") {
            place += 1;
        }
        let rest = &tokens[place.min(tokens.len())..];
        if let Some((seconds, len)) = duration(rest) {
            let ago = usize::from(word(place + len) == "ago");
            return Some((seconds, place + len + ago));
        }
        if let Some(unit) = unit_s(word(place)).filter(|_| word(place).len() > 1) {
            // "last hour and a half"
            let half = and_a_half(&tokens[place + 1..]);
            return Some((if half > 0 { unit + unit / 2 } else { unit }, place + 1 + half));
        }
        if word(place) == "month" {
            return Some((MONTH_S, place + 1));
        }
        return match (marker, word(place)) {
            ("since", "yesterday") | ("last", "night") => Some((DAY_S, place + 1)),
            _ => None,
        };
    }
    let ago = duration(&tokens[place.min(tokens.len())..]).filter(|(_, len)| word(place + len) == "ago");
    if let Some((seconds, len)) = ago {
        return Some((seconds, place + len + 1));
    }
    match word(place) {
        "today" | "yesterday" => Some((DAY_S, place + 1)),
        "this" if word(place + 1) == "week" => Some((WEEK_S, place + 2)),
        "this" if word(place + 1) == "month" => Some((MONTH_S, place + 2)),
        _ => None,
    }
}

/// "last 0", "past 0 minutes", "0m", "last -5 minutes": as written, if no time at all is meant.
pub(in crate::intent) fn no_time_at_all(tokens: &[Token<'_>]) -> Option<String> {
    let announced = tokens.first()?.any(&["last", "past", "since", "previous"]);
    let rest = &tokens[usize::from(announced)..];
    let below_zero = |word: &str| {
        word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let minus = rest.first().is_some_and(|token| token.any(&["minus", "negative"])) && announced;
    if minus || rest.first().is_some_and(|token| token.is_word() && below_zero(token.low)) {
        let unit = usize::from(rest.get(1).is_some_and(|unit| unit_s(unit.low).is_some()));
        let end = usize::from(announced) + 1 + unit;
        return Some(tokens[..end].iter().map(|token| token.raw).collect::<Vec<_>>().join(" "));
    }
    let unit = duration(rest);
    let zero = unit.is_some_and(|(seconds, _)| seconds == 0)
        || announced && unit.is_none() && rest.first().is_some_and(|token| whole(token.low) == Some(0));
    let len = usize::from(announced) + unit.map_or(1, |(_, len)| len);
    zero.then(|| tokens[..len].iter().map(|token| token.raw).collect::<Vec<_>>().join(" "))
}

/// "for 2h", "for the next hour": how many tokens say for how long, with the "for".
pub(in crate::intent) fn only_for(tokens: &[Token<'_>]) -> Option<usize> {
    let skipped = tokens
        .iter()
        .skip(1)
        .take_while(|token| token.any(&["the", "next", "about", "only", "just"]))
        .count();
    let (_, len) = duration(tokens.get(1 + skipped..)?)?;
    Some(1 + skipped + len)
}

/// `22:00`, `10pm`, `9.30am`, `22h`, `noon`.
pub(in crate::intent) fn is_clock(word: &str) -> bool {
    if matches!(word, "noon" | "midnight") {
        return true;
    }
    // Most words are letters, and need not be taken apart.
    if !word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, ':' | '.')) {
        return false;
    }
    if let Some(hour) = word.strip_suffix("am").or_else(|| word.strip_suffix("pm")) {
        return !hour.is_empty()
            && hour.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    }
    let mut parts = word.trim_end_matches('z').split(':');
    matches!((parts.next(), parts.next()), (Some(hour), Some(minute))
        if (1..=2).contains(&hour.len()) && hour.bytes().all(|b| b.is_ascii_digit())
        && minute.len() == 2 && minute.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a word written like a time of day is none: `25:00`, `22:75`, `13pm`.
fn no_clock(word: &str, half: &str) -> bool {
    let halved = word.strip_suffix("am").or_else(|| word.strip_suffix("pm"));
    let bare = halved.unwrap_or(word).trim_end_matches('z');
    let twelve = !half.is_empty() || halved.is_some();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = bare.split([':', '.']).collect();
    // Words of days are none of this.
    let clock = is_clock(word) || twelve && !bare.is_empty() && digits(bare);
    if !clock || matches!(word, "noon" | "midnight") {
        return false;
    }
    let part = |at: usize| parts.get(at).map_or(Some(0), |part| part.parse::<u32>().ok());
    let (Some(hour), Some(minute), Some(second)) = (part(0), part(1), part(2)) else { return true };
    if parts.len() > 3 || parts.iter().skip(1).any(|part| part.len() != 2) || parts[0].len() > 2 {
        return true;
    }
    let hours = if twelve { 1..=12 } else { 0..=24 };
    !hours.contains(&hour) || minute > 59 || second > 59 || (hour == 24 && minute + second > 0)
}

/// Whether a word written like a date is none: `2026-13-01`.
fn no_date(word: &str) -> bool {
    let mut parts = word.split('t').next().unwrap_or_default().split('-').skip(1);
    let part = |part: Option<&str>| part.and_then(|part| part.parse::<u32>().ok());
    is_date(word)
        && match (part(parts.next()), part(parts.next())) {
            (Some(month @ (4 | 6 | 9 | 11)), Some(day)) => day == 0 || day > 30 || month == 0,
            (Some(2), Some(day)) => day == 0 || day > 29,
            (Some(month), Some(day)) => !(1..=12).contains(&month) || !(1..=31).contains(&day),
            _ => true,
        }
}

/// "monday", "tonight", "2026-01-31".
pub(in crate::intent) fn is_day(word: &str) -> bool {
    matches!(
        word,
        "tonight"
            | "tomorrow"
            | "today"
            | "monday"
            | "tuesday"
            | "wednesday"
            | "thursday"
            | "friday"
            | "saturday"
            | "sunday"
            | "weekend"
            | "later"
            | "mon"
            | "tue"
            | "wed"
            | "thu"
            | "fri"
    ) || word.len() >= DATE_LEN && is_date(word)
}

/// The length of `2026-01-31`.
const DATE_LEN: usize = 10;

fn is_date(word: &str) -> bool {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let date = word.split('t').next().unwrap_or_default();
    let mut parts = date.split('-');
    !word.ends_with('-')
        && matches!((parts.next(), parts.next(), parts.next(), parts.next()), (Some(year), Some(month), Some(day), None)
        if year.len() == 4 && month.len() == 2 && day.len() == 2
        && [year, month, day].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit())))
}

fn is_zone(word: &str) -> bool {
    matches!(
        word,
        "utc" | "gmt" | "cet" | "cest" | "est" | "edt" | "cst" | "cdt" | "pst" | "pdt" | "bst" | "ist" | "z"
    ) || (word.contains('/') && word.starts_with("europe/"))
}
