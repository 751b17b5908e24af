//! From samples of counters to what releases answered, row by row: a row is the time from one sample to the next. Pure.
//!
//! A row is told only when it was surely watched: samples at both of its ends, each fresh, each a number. What is missing, late or
//! `NaN` makes a hole, and a canary is not compared across holes.

use std::collections::{BTreeMap, BTreeSet};

use engine::ports::{Seen, ServedSecond};

use super::client::Series;
use super::spread::{Row, spread};
use crate::local::edge::{LATENCY_BOUNDS_MS, LATENCY_BUCKETS};

/// The label that tells instances of a release apart.
const INSTANCE: &str = "instance";
/// The label with a bucket's upper bound.
const BOUND: &str = "le";

/// What was asked, with the same times for all.
pub(super) struct Asked {
    /// Requests answered.
    pub(super) requests: Vec<Series>,
    /// When each of those samples was taken.
    pub(super) taken: Vec<Series>,
    /// Requests that failed.
    pub(super) errors: Vec<Series>,
    /// Buckets of latencies.
    pub(super) latency: Vec<Series>,
}

/// What releases answered, by the first second of each row.
pub(super) struct Rows {
    every_s: i64,
    told: BTreeMap<i64, BTreeMap<u32, Row>>,
}

/// An instance of a release; without a label for instances, all of a release.
type Place<'a> = (u32, &'a str);

impl Rows {
    /// The rows of a stretch of time.
    pub(super) fn of(asked: &Asked, label: &str, every_s: i64, (start_s, end_s): (i64, i64)) -> Self {
        let mut told = BTreeMap::new();
        let mut at_s = start_s;
        while at_s + every_s <= end_s {
            if let Some(row) = row(asked, label, every_s, at_s) {
                told.insert(at_s, row);
            }
            at_s += every_s;
        }
        Self { every_s, told }
    }

    /// The end of the newest row.
    pub(super) fn newest_s(&self) -> Option<i64> {
        Some(self.told.last_key_value()?.0 + self.every_s)
    }

    /// The first stretch of rows without a hole after a second. When that second is in the middle of a row, what was asked begins with
    /// it (a stage, say), and samples may be older than the row they stand for: one row more is left out.
    pub(super) fn seen(&self, after_s: i64) -> Seen {
        let first_s = after_s + 1;
        let mid_row = first_s.rem_euclid(self.every_s) != 0;
        let aligned_s = (first_s + self.every_s - 1).div_euclid(self.every_s) * self.every_s;
        let first_s = aligned_s + if mid_row { self.every_s } else { 0 };
        let Some((&from_s, _)) = self.told.range(first_s..).next() else {
            return Seen { from_s: after_s + 1, until_s: after_s, seconds: Vec::new() };
        };
        let (mut until_s, mut seconds) = (from_s, Vec::new());
        while let Some(row) = self.told.get(&until_s) {
            seconds.extend(
                spread(row, self.every_s)
                    .into_iter()
                    .map(|(second, by)| ServedSecond { at_s: until_s + second, by })
                    .filter(|second| !second.by.is_empty()),
            );
            until_s += self.every_s;
        }
        Seen { from_s, until_s: until_s - 1, seconds }
    }
}

fn row(asked: &Asked, label: &str, every_s: i64, at_s: i64) -> Option<BTreeMap<u32, Row>> {
    let until_s = at_s + every_s;
    let place = |series: &'_ Series| -> Option<(u32, String)> {
        let release = series.labels.get(label)?.parse().ok()?;
        Some((release, series.labels.get(INSTANCE).cloned().unwrap_or_default()))
    };
    // Instances of which there is a fresh sample at a moment.
    let fresh = |moment: i64| -> BTreeSet<(u32, String)> {
        let oldest = (moment - every_s - every_s / 2) as f64;
        let is_fresh = |series: &&Series| series.at(moment).is_some_and(|taken| taken >= oldest);
        asked.taken.iter().filter(is_fresh).filter_map(place).collect()
    };
    let (before, after) = (fresh(at_s), fresh(until_s));
    let watched: BTreeSet<Place<'_>> =
        before.intersection(&after).map(|(release, instance)| (*release, instance.as_str())).collect();
    if watched.is_empty() {
        return None;
    }
    let mut rows: BTreeMap<u32, Row> =
        watched.iter().map(|(release, _)| (*release, Row::default())).collect();
    // How much a counter grew; nothing when that was not watched, an error when it is no number.
    let grown = |series: &Series| -> Result<Option<(u32, u64)>, ()> {
        let Some((release, instance)) = place(series) else { return Ok(None) };
        if !watched.contains(&(release, instance.as_str())) {
            return Ok(None);
        }
        // A series that has just come counts from zero: its instance was watched before.
        let Some(now) = series.at(until_s) else { return Ok(None) };
        let then = series.at(at_s).unwrap_or_default();
        if !now.is_finite() || !then.is_finite() {
            return Err(());
        }
        // A counter that went down began anew.
        let more = if now < then { now } else { now - then };
        Ok(Some((release, more.round() as u64)))
    };
    for series in &asked.requests {
        if let Some((release, more)) = grown(series).ok()? {
            rows.entry(release).or_default().requests += more;
        }
    }
    for series in &asked.errors {
        if let Some((release, more)) = grown(series).ok()? {
            rows.entry(release).or_default().errors += more;
        }
    }
    let mut below: BTreeMap<u32, Vec<(f64, u64)>> = BTreeMap::new();
    for series in &asked.latency {
        let bound = series.labels.get(BOUND).and_then(|bound| bound.parse::<f64>().ok());
        if let (Some(bound), Some((release, more))) = (bound, grown(series).ok()?) {
            below.entry(release).or_default().push((bound, more));
        }
    }
    for (release, below) in below {
        rows.entry(release).or_default().latency = buckets(below);
    }
    for row in rows.values_mut() {
        row.errors = row.errors.min(row.requests);
    }
    Some(rows)
}

/// Cumulative counts by upper bound in seconds, as samples in the edge's own buckets: whoever watches, buckets are the same.
fn buckets(mut below: Vec<(f64, u64)>) -> Vec<u64> {
    below.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut by_bound: Vec<(f64, u64)> = Vec::new();
    for (bound, count) in below {
        match by_bound.last_mut() {
            Some((last, sum)) if last.total_cmp(&bound).is_eq() => *sum += count,
            _ => by_bound.push((bound, count)),
        }
    }
    let (mut samples, mut so_far) = (vec![0; LATENCY_BUCKETS], 0);
    for (bound, count) in by_bound {
        let bound_ms = bound * 1_000.0;
        let bucket = LATENCY_BOUNDS_MS.partition_point(|edge| (*edge as f64) < bound_ms);
        samples[bucket] += count.saturating_sub(so_far);
        so_far = so_far.max(count);
    }
    samples
}
