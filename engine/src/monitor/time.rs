//! Instants and durations as the files for people write them.

use chrono::{TimeZone, Utc};

use crate::clock::EpochMs;

/// An instant in UTC, to the millisecond.
pub(super) fn instant(at_ms: EpochMs) -> String {
    Utc.timestamp_millis_opt(at_ms)
        .single()
        .map_or_else(|| at_ms.to_string(), |at| at.format("%Y-%m-%d %H:%M:%S%.3f").to_string())
}

/// A duration in seconds.
pub(super) fn seconds(ms: i64) -> String {
    format!("{}.{:03} s", ms / 1_000, ms % 1_000)
}
