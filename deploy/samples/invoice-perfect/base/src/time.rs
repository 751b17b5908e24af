//! The clock and the calendar, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;

pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|passed| passed.as_secs()).unwrap_or(0)
}

/// `2026-11-20T23:00:00.000Z`, now.
pub fn timestamp() -> String {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, millis) = (passed.as_secs(), passed.subsec_millis());
    let of_day = seconds % SECONDS_PER_DAY;
    format!("{}T{:02}:{:02}:{:02}.{millis:03}Z", date(seconds), of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// `2026-11-20`, today.
pub fn today() -> String {
    date(now_s())
}

/// The civil date of a moment (Howard Hinnant's `civil_from_days`).
fn date(seconds: u64) -> String {
    let days = seconds / SECONDS_PER_DAY + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
