//! Times and durations as people read them. Clock times are UTC and say so.

use chrono::{TimeZone, Utc};

/// "320 ms", "3.2 s", "2 min 5 s", "3 h".
pub fn duration(ms: i64) -> String {
    match ms {
        ..1_000 => format!("{} ms", ms.max(0)),
        1_000..10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        10_000..60_000 => format!("{} s", ms / 1_000),
        60_000..3_600_000 => {
            let (minutes, seconds) = (ms / 60_000, ms % 60_000 / 1_000);
            if seconds == 0 { format!("{minutes} min") } else { format!("{minutes} min {seconds} s") }
        }
        3_600_000..172_800_000 => {
            let (hours, minutes) = (ms / 3_600_000, ms % 3_600_000 / 60_000);
            if minutes == 0 { format!("{hours} h") } else { format!("{hours} h {minutes} min") }
        }
        _ => format!("{} days", ms / 86_400_000),
    }
}

/// "3 min ago", "just now".
pub fn ago(at_ms: i64, now_ms: i64) -> String {
    let ms = now_ms - at_ms;
    if ms < 2_000 {
        return "just now".to_owned();
    }
    // Whole units: "3 min ago" is what people say.
    let rounded = match ms {
        ..60_000 => ms - ms % 1_000,
        60_000..3_600_000 => ms - ms % 60_000,
        3_600_000..172_800_000 => ms - ms % 3_600_000,
        _ => ms,
    };
    format!("{} ago", if rounded < 10_000 { format!("{} s", rounded / 1_000) } else { duration(rounded) })
}

/// "2026-11-21 14:05 UTC".
pub fn clock(at_ms: i64) -> String {
    Utc.timestamp_millis_opt(at_ms)
        .single()
        .map_or_else(|| "at an unknown time".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// "14:05:09".
pub(super) fn of_day(at_ms: i64) -> String {
    Utc.timestamp_millis_opt(at_ms).single().map_or_else(String::new, |at| at.format("%H:%M:%S").to_string())
}
