//! The hours of the day at which a job may run.

use serde::{Deserialize, Serialize};

use crate::clock::EpochMs;

const MINUTE_MS: i64 = 60_000;
const DAY_MIN: i64 = 24 * 60;

/// From one minute of the day to another, in UTC; may go over midnight. Equal ones are the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The first minute, counted from midnight UTC.
    pub from_minute: u16,
    /// The first minute no more.
    pub until_minute: u16,
}

impl Hours {
    /// Hours as they are written: `22:00-06:00`, with or without `UTC` behind.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches("UTC").trim_end();
        let (from, until) = text.split_once('-')?;
        let minute = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        Some(Self { from_minute: minute(from)?, until_minute: minute(until)? })
    }

    /// When they are open: now, or the next time they begin.
    pub fn open_ms(self, now_ms: EpochMs) -> EpochMs {
        let (from, until) = (i64::from(self.from_minute), i64::from(self.until_minute));
        let minute = now_ms.div_euclid(MINUTE_MS);
        let of_day = minute.rem_euclid(DAY_MIN);
        let is_open = match from.cmp(&until) {
            std::cmp::Ordering::Less => (from..until).contains(&of_day),
            std::cmp::Ordering::Greater => of_day >= from || of_day < until,
            std::cmp::Ordering::Equal => true,
        };
        if is_open {
            return now_ms;
        }
        (minute + (from - of_day).rem_euclid(DAY_MIN)) * MINUTE_MS
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, until) = (self.from_minute, self.until_minute);
        write!(f, "{:02}:{:02}-{:02}:{:02} UTC", from / 60, from % 60, until / 60, until % 60)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn they_open_at_their_time_also_over_midnight() {
        let at = |hour: i64, minute: i64| (hour * 60 + minute) * MINUTE_MS;
        let night = Hours::read("22:00-06:00 UTC").unwrap();
        assert_eq!(night.to_string(), "22:00-06:00 UTC");
        assert_eq!(night.open_ms(at(12, 0)), at(22, 0));
        assert_eq!(night.open_ms(at(23, 59)), at(23, 59));
        assert_eq!(night.open_ms(at(5, 59) + 59_999), at(5, 59) + 59_999);
        assert_eq!(night.open_ms(at(6, 0)), at(22, 0));
        let noon = Hours::read("12:00-13:30").unwrap();
        assert_eq!(noon.open_ms(at(13, 30)), at(24 + 12, 0));
        assert_eq!(Hours::read("25:00-26:00"), None);
        assert_eq!(Hours::read("any time"), None);
    }
}
