//! "2h", "1.5 hours", "half an hour", "2h 30m", "an hour and a half": how long something lasts, as people write it.

use std::sync::LazyLock;

use regex::Regex;

/// What is no length but a slip of the hand, in milliseconds: a year.
const LONGEST_MS: f64 = 366.0 * 24.0 * 3_600_000.0;
/// Numbers people write as words.
const NUMBERS: [(&str, f64); 12] = [
    ("a", 1.0),
    ("an", 1.0),
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("ten", 10.0),
    ("half", 0.5),
    ("half a", 0.5),
    ("half an", 0.5),
];

static PART: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\s*(?:(?:,|and\b)\s*)?
        (?: (?<digits>\d{1,9}(?:\.\d{1,3})?)\s* | (?<word>half(?:\s+an?)?|an?|one|two|three|four|five|six|ten)\s+ )
        (?<unit>seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)",
    )
    .ok()
});
static AND_A_HALF: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)^\s+and\s+a\s+half\b").ok());

/// The length a text begins with, in milliseconds, and what follows it. `None` when it begins with none, or with one that
/// is nothing or longer than a year.
pub(super) fn prefix(said: &str) -> Option<(i64, &str)> {
    let (mut total, mut rest) = part(said)?;
    while let Some((more, after)) = part(rest) {
        total += more;
        rest = after;
    }
    // At most a year, so nothing is lost.
    #[allow(clippy::cast_possible_truncation)]
    (1.0..=LONGEST_MS).contains(&total).then_some((total as i64, rest))
}

fn part(said: &str) -> Option<(f64, &str)> {
    let found = PART.as_ref()?.captures(said)?;
    let mut rest = &said[found.get(0)?.end()..];
    // "2mornings" is no length.
    if rest.starts_with(|next: char| next.is_alphabetic()) {
        return None;
    }
    let count = match (found.name("digits"), found.name("word")) {
        (Some(digits), _) => digits.as_str().parse::<f64>().ok()?,
        (None, Some(word)) => {
            let words = word.as_str().to_lowercase();
            let plain = words.split_whitespace().collect::<Vec<_>>().join(" ");
            NUMBERS.iter().find(|(number, _)| *number == plain)?.1
        }
        (None, None) => return None,
    };
    let unit = match found.name("unit")?.as_str().to_lowercase().chars().next()? {
        's' => 1_000.0,
        'm' => 60_000.0,
        'h' => 3_600_000.0,
        'd' => 24.0 * 3_600_000.0,
        _ => 7.0 * 24.0 * 3_600_000.0,
    };
    let mut length = count * unit;
    if let Some(half) = AND_A_HALF.as_ref()?.find(rest) {
        length += unit / 2.0;
        rest = &rest[half.end()..];
    }
    Some((length, rest))
}

#[cfg(test)]
mod tests {
    use super::prefix;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        let minutes = |said: &str| prefix(said).map(|(ms, rest)| (ms / 60_000, rest.to_owned()));
        for (said, length) in [
            ("2h", 120),
            ("1.5h", 90),
            ("2 hours", 120),
            ("90 min", 90),
            ("2h 30m", 150),
            ("2h30m", 150),
            ("2 hours and 30 minutes", 150),
            ("half an hour", 30),
            ("half a day", 720),
            ("an hour", 60),
            ("an hour and a half", 90),
            ("a day", 1_440),
            ("two weeks", 20_160),
        ] {
            assert_eq!(minutes(said), Some((length, String::new())), "{said}");
        }
        assert_eq!(minutes("2h while we look"), Some((120, " while we look".to_owned())));
    }

    #[test]
    fn what_is_no_length_is_none() {
        for said in
            ["2", "2 fortnights", "-5 minutes", "99999999h", "0h", "", "ages", "2mornings", "2h30x", "1,5h"]
        {
            let whole = prefix(said).filter(|(_, rest)| rest.is_empty());
            assert_eq!(whole, None, "{said}");
        }
    }
}
