//! Axes that end at a round number, and what stands at them.

use super::{Measure, Panel};

/// The least that an axis reaches to: one percent, ten milliseconds. Noise is not to look like mountains.
const FAILED_MIN_BP: u32 = 100;
const LATENCY_MIN_MS: u32 = 10;
/// A hundred percent.
const FAILED_MAX_BP: u32 = 10_000;
/// A moment that is so many times as slow as nine of ten others would leave nothing of those to be seen.
const BEYOND_TIMES: u32 = 4;
/// Of fewer moments none is told to be beyond the others.
const MOMENTS_MIN: usize = 12;

/// Where the axis of a panel ends, in the unit of its measure.
pub(super) fn top(panel: &Panel) -> u32 {
    match panel.measure {
        Measure::Failed => round_up(panel.highest().max(FAILED_MIN_BP)).min(FAILED_MAX_BP),
        Measure::Latency => round_up(usual_highest(panel).max(LATENCY_MIN_MS)),
    }
}

/// The highest value; or, where a few moments are far beyond all others, twice what nine of ten are within.
fn usual_highest(panel: &Panel) -> u32 {
    let mut values: Vec<u32> = panel.stable.iter().chain(&panel.canary).filter_map(|dot| dot.value).collect();
    values.sort_unstable();
    let most = values.get(values.len() * 9 / 10).copied().unwrap_or_default().max(LATENCY_MIN_MS);
    let is_beyond = panel.highest() > most.saturating_mul(BEYOND_TIMES);
    if is_beyond && values.len() >= MOMENTS_MIN { most.saturating_mul(2) } else { panel.highest() }
}

/// What stands at the end of an axis: `>` where something is beyond it.
pub(super) fn top_label(panel: &Panel, top: u32) -> String {
    match panel.measure {
        _ if panel.highest() <= top => label(panel.measure, top),
        Measure::Latency if top >= 1_000 => format!(">{} s", top / 1_000),
        measure => format!(">{}", label(measure, top)),
    }
}

/// The next of 1, 2, 5, 10, 20, 50, …
fn round_up(value: u32) -> u32 {
    let mut ten: u32 = 1;
    loop {
        for step in [1, 2, 5] {
            let round = ten.saturating_mul(step);
            if round >= value {
                return round;
            }
        }
        ten = ten.saturating_mul(10);
    }
}

/// A value as it stands at an axis.
pub(super) fn label(measure: Measure, value: u32) -> String {
    match measure {
        Measure::Failed if value.is_multiple_of(100) => format!("{}%", value / 100),
        Measure::Failed => format!("{}.{}%", value / 100, value % 100 / 10),
        Measure::Latency if value >= 10_000 => format!("{} s", value / 1_000),
        Measure::Latency => format!("{value} ms"),
    }
}

/// Seconds as they stand at an axis.
pub(super) fn lasting(span_s: u32) -> String {
    if span_s >= 120 && span_s.is_multiple_of(60) {
        format!("{} min", span_s / 60)
    } else if span_s >= 600 {
        format!("{} min {} s", span_s / 60, span_s % 60)
    } else {
        format!("{span_s} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, top) in [(0, 1), (1, 1), (3, 5), (51, 100), (2_001, 5_000), (u32::MAX, u32::MAX)] {
            assert_eq!(round_up(value), top, "{value}");
        }
    }

    #[test]
    fn labels_are_short() {
        assert_eq!(label(Measure::Failed, 0), "0%");
        assert_eq!(label(Measure::Failed, 250), "2.5%");
        assert_eq!(label(Measure::Latency, 500), "500 ms");
        assert_eq!(label(Measure::Latency, 60_000), "60 s");
        assert_eq!(lasting(90), "90 s");
        assert_eq!(lasting(1_800), "30 min");
        assert_eq!(lasting(745), "12 min 25 s");
    }
}
