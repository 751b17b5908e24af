//! Axes that end at a round number, and what stands at them.

use super::{Measure, Panel};

/// The least that an axis reaches to: one percent, ten milliseconds. Noise is not to look like mountains.
const FAILED_MIN_BP: u32 = 100;
const LATENCY_MIN_MS: u32 = 10;
/// A hundred percent.
const FAILED_MAX_BP: u32 = 10_000;

/// Where the axis of a panel ends, in the unit of its measure.
pub(super) fn top(panel: &Panel) -> u32 {
    match panel.measure {
        Measure::Failed => round_up(panel.highest().max(FAILED_MIN_BP)).min(FAILED_MAX_BP),
        Measure::Latency => round_up(panel.highest().max(LATENCY_MIN_MS)),
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
