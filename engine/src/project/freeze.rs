//! Freeze windows: `weekly: "Fri 16:00 - Mon 08:00"` in a zone, or `from` and `until` as instants.

use chrono::{DateTime, SecondsFormat, Utc};

use super::spot::{Spot, nearest, shown};
use crate::model::{FreezeWhen, FreezeWindow};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Days are written by their first letters: `Mon`.
const DAY_LETTERS: usize = 3;
const HOUR_MINUTES: u32 = 60;
const DAY_MINUTES: u32 = 24 * HOUR_MINUTES;
const WEEK_MINUTES: u32 = 7 * DAY_MINUTES;
/// The zone of weekly windows that name none.
pub(super) const ZONE_DEFAULT: &str = "UTC";

/// Reads one window.
pub(super) fn read(spot: &Spot<'_>) -> Option<FreezeWindow> {
    let keys = spot.keys(&["name", "reason", "from", "until", "weekly", "zone"])?;
    let name = keys.need("name", "weekend").and_then(|spot| spot.line());
    let reason = keys.need("reason", "nobody is there to watch").and_then(|spot| spot.line());
    let when = match (keys.get("weekly"), keys.get("from"), keys.get("until")) {
        (Some(weekly), None, None) => {
            let zone = keys.or("zone", Some(ZONE_DEFAULT.to_owned()), |spot| Some(zone_of(&spot)));
            week_of(&weekly).and_then(|(from_minute, until_minute)| {
                Some(FreezeWhen::Weekly { from_minute, until_minute, zone: zone? })
            })
        }
        (None, Some(from), Some(until)) => {
            if let Some(zone) = keys.get("zone") {
                zone.fault_at_key(
                    "only weekly windows have a zone; `from` and `until` bring their own (`Z`, `+01:00`)",
                );
            }
            between(&from, &until)
        }
        _ => {
            keys.fault("needs either `weekly: \"Fri 16:00 - Mon 08:00\"` or both `from` and `until`");
            None
        }
    };
    Some(FreezeWindow { name: name?, reason: reason?, when: when? })
}

pub(super) fn zone_of(spot: &Spot<'_>) -> Option<String> {
    let given = spot.scalar()?;
    if given.parse::<chrono_tz::Tz>().is_ok() {
        return Some(given.to_owned());
    }
    let known: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
    let near = nearest(given, &known);
    let near = near
        .map_or_else(|| "use one like `Europe/Berlin`".to_owned(), |near| format!("did you mean `{near}`?"));
    spot.fault(format!("{} is no time zone of the IANA list; {near}", shown(given)));
    None
}

fn between(from: &Spot<'_>, until: &Spot<'_>) -> Option<FreezeWhen> {
    let (from_ms, until_ms) = (instant(from), instant(until));
    let (from_ms, until_ms) = (from_ms?, until_ms?);
    if until_ms <= from_ms {
        until.fault("ends before it begins; `until` must be after `from`");
        return None;
    }
    Some(FreezeWhen::Between { from_ms, until_ms })
}

fn instant(spot: &Spot<'_>) -> Option<i64> {
    let given = spot.scalar()?;
    let parsed = DateTime::parse_from_rfc3339(given).ok().map(|instant| instant.timestamp_millis());
    if parsed.is_none() {
        spot.fault(format!(
            "must be an instant with its zone, as in `2026-12-24T00:00:00Z`, not {}",
            shown(given)
        ));
    }
    parsed
}

fn week_of(spot: &Spot<'_>) -> Option<(u32, u32)> {
    let given = spot.scalar()?;
    let parsed = given.split_once('-').and_then(|(from, until)| Some((minute(from)?, minute(until)?)));
    match parsed {
        None => {
            let given = shown(given);
            spot.fault(format!("must be two times of the week, as in `Fri 16:00 - Mon 08:00`, not {given}"));
            None
        }
        Some((from, until)) if from == until => {
            spot.fault("ends when it begins; to freeze without end use `from` and `until`");
            None
        }
        found => found,
    }
}

/// `Fri 16:00` as minutes since Monday 00:00; 24:00 is the next day's 00:00.
fn minute(text: &str) -> Option<u32> {
    let (day, time) = text.trim().split_once(' ')?;
    let is = |full: &str| {
        let whole = full.eq_ignore_ascii_case(day);
        whole || (day.len() == DAY_LETTERS && full[..DAY_LETTERS].eq_ignore_ascii_case(day))
    };
    let day = DAYS.iter().position(|full| is(full))? as u32;
    let (hour, minute) = time.trim().split_once(':')?;
    let two_digits =
        |text: &str| (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok());
    let (hour, minute): (u32, u32) = (two_digits(hour)??, two_digits(minute)??);
    let valid = (hour < 24 && minute < 60) || (hour == 24 && minute == 0);
    valid.then_some((day * DAY_MINUTES + hour * HOUR_MINUTES + minute) % WEEK_MINUTES)
}

/// A weekly window as it is written: `Fri 16:00 - Mon 08:00`.
pub(super) fn weekly_text(from_minute: u32, until_minute: u32) -> String {
    format!("{} - {}", minute_text(from_minute), minute_text(until_minute))
}

fn minute_text(minute: u32) -> String {
    let minute = minute % WEEK_MINUTES;
    let day = DAYS.get((minute / DAY_MINUTES) as usize).map_or("", |full| &full[..DAY_LETTERS]);
    format!("{day} {:02}:{:02}", minute % DAY_MINUTES / HOUR_MINUTES, minute % HOUR_MINUTES)
}

/// An instant as it is written: `2026-12-24T00:00:00Z`.
pub(super) fn instant_text(at_ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(at_ms)
        .map_or_else(|| at_ms.to_string(), |instant| instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}
