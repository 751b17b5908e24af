//! Whole numbers as programs write them: JSON has one kind of number, and some write 600 as `600.0`.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use super::replay::{TraceHistogram, TraceSecond};

/// From here on not every whole number is one of `f64`.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A whole number, 0 or more.
struct Whole(u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_u64(WholeVisitor).map(Self)
    }
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = u64;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a whole number, 0 or more")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        if number.fract() == 0.0 && (0.0..EXACT_MAX).contains(&number) {
            Ok(number as u64)
        } else {
            Err(E::invalid_value(Unexpected::Float(number), &self))
        }
    }
}

pub(super) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Whole::deserialize(from).map(|whole| whole.0)
}

pub(super) fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    in_seconds(Whole::deserialize(from)?)
}

pub(super) fn steps<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(f64, u32)>, D::Error> {
    let steps = Vec::<(f64, Whole)>::deserialize(from)?;
    steps.into_iter().map(|(share, seconds)| Ok((share, in_seconds(seconds)?))).collect()
}

pub(super) fn rows<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<TraceSecond>, D::Error> {
    let rows = Vec::<[Whole; 8]>::deserialize(from)?;
    Ok(rows.into_iter().map(|row| row.map(|whole| whole.0)).collect())
}

pub(super) fn histogram<'de, D: Deserializer<'de>>(from: D) -> Result<TraceHistogram, D::Error> {
    Vec::<Whole>::deserialize(from).map(plain)
}

pub(super) fn histograms<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<(TraceHistogram, TraceHistogram)>, D::Error> {
    let rows = Vec::<(Vec<Whole>, Vec<Whole>)>::deserialize(from)?;
    Ok(rows.into_iter().map(|(stable, canary)| (plain(stable), plain(canary))).collect())
}

fn plain(given: Vec<Whole>) -> TraceHistogram {
    given.into_iter().map(|whole| whole.0).collect()
}

fn in_seconds<E: Error>(Whole(seconds): Whole) -> Result<u32, E> {
    u32::try_from(seconds).map_err(|_| E::invalid_value(Unexpected::Unsigned(seconds), &"fewer seconds"))
}
