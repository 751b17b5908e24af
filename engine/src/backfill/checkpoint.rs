//! How far a backfill has come: written with each batch, and all there is to go on from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Batch, Cursor, Pace};
use crate::clock::EpochMs;
use crate::model::{JobName, RunId};

const MINUTE_MS: i64 = 60_000;

/// Where a backfill that stopped goes on: part of the plan of the run that does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The run that began it.
    pub origin: RunId,
    /// When that run was asked for: its name alone may be given again by an engine that begins anew. Places kept before this was have
    /// none.
    #[serde(default)]
    pub origin_ms: EpochMs,
    /// Behind which row; absent when not one batch was done.
    pub cursor: Option<Cursor>,
    /// Rows handled well so far.
    pub rows: u64,
    /// Rows that could not be handled so far, by reason code.
    pub quarantined: BTreeMap<String, u64>,
}

/// How far a backfill has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The job.
    pub job: JobName,
    /// Its place, and what was done up to there by all runs that worked on it.
    pub place: Place,
    /// Rows left, when the job counts them.
    pub remaining: Option<u64>,
    /// No row is left.
    pub done: bool,
    /// When this run began its first batch.
    pub since_ms: EpochMs,
    /// Batches of this run.
    pub batches: u64,
    /// Rows this run looked at.
    pub handled: u64,
    /// Rows a minute it may look at.
    pub rate_per_min: u32,
    /// How fast it may go on.
    pub pace: Pace,
    /// Tries of the batch at hand that failed, one after the other.
    #[serde(default)]
    pub failures: u32,
    /// When it was last told how far it is.
    #[serde(default)]
    pub told_ms: EpochMs,
    /// When it was written.
    pub at_ms: EpochMs,
}

impl Checkpoint {
    /// At the beginning of a run, wherever that begins.
    pub fn begin(job: &JobName, place: Place, rate_per_min: u32, now_ms: EpochMs) -> Self {
        Self {
            job: job.clone(),
            place,
            remaining: None,
            done: false,
            since_ms: now_ms,
            batches: 0,
            handled: 0,
            rate_per_min,
            pace: Pace::begin(now_ms),
            failures: 0,
            told_ms: 0,
            at_ms: now_ms,
        }
    }

    /// Takes in a batch that began then.
    pub fn take(&mut self, batch: &Batch, began_ms: EpochMs, now_ms: EpochMs) {
        self.place.rows += u64::from(batch.rows);
        for row in &batch.quarantined {
            *self.place.quarantined.entry(row.code.clone()).or_default() += 1;
        }
        if batch.cursor.is_some() {
            self.place.cursor.clone_from(&batch.cursor);
        }
        // Counted once, it is counted down: those that are added meanwhile are seen when they are looked at.
        let counted_down = self.remaining.map(|left| left.saturating_sub(batch.handled()));
        self.remaining = if batch.done { Some(0) } else { batch.remaining.or(counted_down) };
        self.done = batch.done;
        self.batches += 1;
        self.handled += batch.handled();
        self.pace = self.pace.after(batch.handled(), self.rate_per_min, began_ms);
        self.failures = 0;
        self.at_ms = now_ms;
    }

    /// Rows that could not be handled, of all codes.
    pub fn quarantined(&self) -> u64 {
        self.place.quarantined.values().sum()
    }

    /// How much of it is done, in whole percent, never more than is; absent when the job does not count.
    pub fn percent(&self) -> Option<u64> {
        let looked_at = self.place.rows + self.quarantined();
        let all = looked_at.saturating_add(self.remaining?);
        Some((looked_at * 100).checked_div(all).unwrap_or(100))
    }

    /// Rows a minute this run has looked at; absent within its first seconds, which tell nothing. The last batch has the time behind it
    /// still to come.
    pub fn rate_seen(&self) -> Option<u64> {
        let took_ms = u64::try_from(self.at_ms - self.since_ms).ok().filter(|ms| *ms >= 5_000)?;
        let paid = self.handled * self.batches.saturating_sub(1) / self.batches.max(1);
        (self.batches > 1).then_some(paid * MINUTE_MS as u64 / took_ms)
    }

    /// How long the rest takes, in milliseconds, at its rate or as fast as it is seen to be, whichever is slower.
    pub fn left_ms(&self) -> Option<i64> {
        let rate = u64::from(self.rate_per_min).min(self.rate_seen().unwrap_or(u64::MAX)).max(1);
        takes_ms(self.remaining?, rate)
    }
}

/// How long so many rows take at so many a minute, in milliseconds.
pub(crate) fn takes_ms(rows: u64, rate_per_min: u64) -> Option<i64> {
    i64::try_from(rows.checked_mul(MINUTE_MS as u64)? / rate_per_min.max(1)).ok()
}
