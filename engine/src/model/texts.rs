//! Who is texted about an environment, and when not.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Timelike};
use serde::{Deserialize, Serialize};

use super::{IdError, UserName};
use crate::clock::EpochMs;

/// Minutes of a day.
const DAY_MINUTES: u32 = 24 * 60;
const MINUTE_MS: i64 = 60_000;
/// Digits of a phone number with its country, by E.164.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// The front under which people's numbers are kept, as in `sms:+4917139200001`.
pub const SMS: &str = "sms";

/// A phone number as the whole world dials it: `+4917139200001`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    /// As it is dialled.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Phone {
    type Err = IdError;

    fn from_str(given: &str) -> Result<Self, IdError> {
        let bare: String =
            given.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}')).collect();
        let is_number = bare.strip_prefix('+').is_some_and(|digits| {
            DIGITS.contains(&digits.len())
                && !digits.starts_with('0')
                && digits.bytes().all(|b| b.is_ascii_digit())
        });
        if is_number {
            Ok(Self(bare))
        } else {
            Err(IdError {
                what: "a phone number with its country (they look like `+49 171 3920001`)",
                given: given.chars().take(40).collect(),
            })
        }
    }
}

impl TryFrom<String> for Phone {
    type Error = IdError;

    fn try_from(given: String) -> Result<Self, IdError> {
        given.parse()
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

/// How much something matters to whoever is on duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Users may be hurt.
    Critical,
}

impl Urgency {
    /// All of them with their words.
    pub const WORDS: [(&'static str, Self); 3] =
        [("info", Self::Info), ("warning", Self::Warning), ("critical", Self::Critical)];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Hours of each day in which only what matters enough is texted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// First quiet minute of the day, 0 to 1439.
    pub from_minute: u32,
    /// First minute that is not quiet any more; before the first one where they go over midnight.
    pub until_minute: u32,
    /// IANA time zone, `Europe/Berlin`.
    pub zone: String,
    /// From this on it is texted all the same.
    pub passes: Urgency,
}

impl QuietHours {
    /// When they are over that go on at an instant; nothing when it is not quiet.
    pub fn over_ms(&self, now_ms: EpochMs) -> Option<EpochMs> {
        let zone: chrono_tz::Tz = self.zone.parse().unwrap_or(chrono_tz::UTC);
        let local = DateTime::from_timestamp_millis(now_ms)?.with_timezone(&zone);
        let minute = local.hour() * 60 + local.minute();
        let lasts = (self.until_minute + DAY_MINUTES - self.from_minute) % DAY_MINUTES;
        let gone = (minute + DAY_MINUTES - self.from_minute) % DAY_MINUTES;
        (gone < lasts).then(|| {
            let began_minute_ms = now_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
            began_minute_ms + i64::from(lasts - gone) * MINUTE_MS
        })
    }
}

/// Who is texted about an environment: one after the other, until somebody answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// In this order.
    pub people: Vec<UserName>,
    /// How long each has to answer before the next is texted, in minutes.
    pub wait_minutes: u32,
    /// When only what matters enough is texted.
    pub quiet: Option<QuietHours>,
    /// A text a week says that texts work.
    pub weekly_test: bool,
    /// What waits for an approval can be approved and rejected by a number that is replied.
    #[serde(default)]
    pub approve: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wednesday, 2026-11-18, 12:00 UTC.
    const NOON_MS: EpochMs = 1_795_003_200_000;
    const HOUR_MS: i64 = 60 * MINUTE_MS;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for given in ["+4917139200001", "+49 171 392-00001", "+49 (171) 39200001"] {
            assert_eq!(given.parse::<Phone>().map(String::from), Ok("+4917139200001".to_owned()), "{given}");
        }
        for wrong in ["017139200001", "+49", "+0171392000", "ana", "", "+491713920000112345", "+49171x920000"]
        {
            assert!(wrong.parse::<Phone>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn quiet_hours_go_over_midnight_and_know_their_zone() {
        let night = QuietHours {
            from_minute: 22 * 60,
            until_minute: 7 * 60,
            zone: "Europe/Berlin".to_owned(),
            passes: Urgency::Critical,
        };
        assert_eq!(night.over_ms(NOON_MS), None);
        // 22:30 in Berlin is 21:30 UTC in winter.
        let late_ms = NOON_MS + 9 * HOUR_MS + 30 * MINUTE_MS + 17;
        assert_eq!(night.over_ms(late_ms), Some(NOON_MS + 18 * HOUR_MS));
        assert_eq!(night.over_ms(NOON_MS + 18 * HOUR_MS), None);
        assert_eq!(night.over_ms(NOON_MS + 18 * HOUR_MS - 1), Some(NOON_MS + 18 * HOUR_MS));
        assert_eq!(night.over_ms(NOON_MS + 8 * HOUR_MS + 59 * MINUTE_MS), None);
    }
}
