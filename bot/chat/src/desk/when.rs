//! "tonight 22:00", "in 10 minutes", "tomorrow 09:30": times as people write them, in UTC.

use std::sync::LazyLock;

use chrono::{Days, TimeZone, Utc};
use engine::control::Refusal;
use engine::plan::PlanProblem;
use regex::Regex;

use super::length;
use crate::intent::{Command, whole};

/// Times that are understood, one of each kind.
const EXAMPLES: [&str; 3] = ["in 10 minutes", "22:00", "tomorrow 09:30"];

static CLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(today|tonight|tomorrow)?\s*(?:at\s+)?(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?::(\d{2}))?\s*(am|pm)?\s*(?:utc)?$")
        .ok()
});

/// Hours of a clock of twelve that are in the evening when they are "tonight".
const EVENING: std::ops::RangeInclusive<u32> = 5..=11;
/// A day.
const DAY_MS: i64 = 24 * 3_600_000;

/// The instant a time means, from now on: a clock time that has passed today means tomorrow. `None` when it can't be
/// read.
pub(super) fn resolve(said: &str, now_ms: i64) -> Option<i64> {
    let said = said.trim();
    let bare = said.get(..3).filter(|start| start.eq_ignore_ascii_case("in ")).map_or(said, |_| &said[3..]);
    if let Some((length_ms, "")) = length::prefix(bare) {
        return Some(now_ms + length_ms);
    }
    let found = CLOCK.as_ref()?.captures(said)?;
    let day = found.get(1).map(|day| day.as_str().to_ascii_lowercase());
    let half = found.get(4).map(|half| half.as_str().to_ascii_lowercase());
    if found.get(3).is_none() && half.is_none() && day.is_none() {
        return None;
    }
    let mut hour = u32::try_from(whole(&found.get(2)?.as_str().to_ascii_lowercase())?).ok()?;
    let minute: u32 = found.get(3).map_or(Some(0), |minute| minute.as_str().parse().ok())?;
    match half.as_deref() {
        Some("am") if hour == 12 => hour = 0,
        Some("pm") if hour < 12 => hour += 12,
        // "tonight at 8"
        None if day.as_deref() == Some("tonight") && EVENING.contains(&hour) => hour += 12,
        _ => {}
    }
    let now = Utc.timestamp_millis_opt(now_ms).single()?;
    let mut date = now.date_naive();
    if day.as_deref() == Some("tomorrow") {
        date = date.checked_add_days(Days::new(1))?;
    }
    let at = date.and_hms_opt(hour, minute, 0)?.and_utc().timestamp_millis();
    Some(if at <= now_ms { at + DAY_MS } else { at })
}

/// Why an order is not begun at a time that can't be read, with the same order at times that can.
pub(super) fn unreadable(command: &Command, said: &str) -> Refusal {
    let examples = EXAMPLES.map(|at| {
        let at = Some(at.to_owned());
        format!("`{}`", Command { at, ..command.clone() }.canonical())
    });
    Refusal::Problem(PlanProblem::new(
        "bad-time",
        format!(
            "I can't read the time \u{ab}{said}\u{bb}: I know a length from now and a clock time of today or tomorrow, in UTC"
        ),
        examples.join(", "),
    ))
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn times_are_read_as_people_write_them() {
        // 2026-11-21 12:00 UTC.
        let noon = 1_795_262_400_000;
        let hour = 3_600_000;
        assert_eq!(resolve("in 10 minutes", noon), Some(noon + 600_000));
        assert_eq!(resolve("In half an hour", noon), Some(noon + hour / 2));
        assert_eq!(resolve("2h", noon), Some(noon + 2 * hour));
        assert_eq!(resolve("tonight 22:00", noon), Some(noon + 10 * hour));
        assert_eq!(resolve("tonight at 8", noon), Some(noon + 8 * hour));
        assert_eq!(resolve("tonight at eight", noon), Some(noon + 8 * hour));
        assert_eq!(resolve("Eight pm", noon), Some(noon + 8 * hour));
        assert_eq!(resolve("eight", noon), None);
        assert_eq!(resolve("tomorrow 9:30", noon), Some(noon + 21 * hour + hour / 2));
        assert_eq!(resolve("9am", noon), Some(noon + 21 * hour));
        assert_eq!(resolve("after lunch", noon), None);
        assert_eq!(resolve("25:00", noon), None);
    }
}
