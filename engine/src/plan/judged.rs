//! How canaries are judged in an environment, where its policy says something about it: in words, for plans and for how things
//! stand.

use crate::canary::Policy;
use crate::model::{EnvironmentPolicy, Judging, LogPattern, WhenLow};

/// The thresholds that differ from usual, a line each. How much data a pass takes is for plans alone: it says nothing about how
/// things stand.
pub fn judged_by(policy: &EnvironmentPolicy) -> Vec<String> {
    let usual = Policy::default();
    let Judging { health_failures, crashes, crash_window_s, score_min, score_low_s, when_low, log_patterns } =
        &policy.judging;
    let mut lines = Vec::new();
    if let Some(times) = health_failures {
        lines.push(format!("{times} failed health checks in a row take it back at once"));
    }
    if crashes.is_some() || crash_window_s.is_some() {
        lines.push(format!(
            "{} ends of its processes within {} s take it back at once",
            crashes.unwrap_or(usual.crashes),
            crash_window_s.unwrap_or(usual.crash_window_s)
        ));
    }
    if let Some(when_low) = when_low {
        let follows = match when_low {
            WhenLow::Nothing => "changes nothing by itself",
            WhenLow::Ask => "holds it and asks whether it goes back",
            WhenLow::RollBack => "takes it back",
        };
        lines.push(format!(
            "a score below {} for {} s {follows}",
            score_min.unwrap_or_else(|| usual.score_min.into()),
            score_low_s.unwrap_or(usual.score_low_s)
        ));
    }
    if !log_patterns.is_empty() {
        let name = |one: &LogPattern| {
            if one.critical { format!("{} (takes it back at once)", one.name) } else { one.name.clone() }
        };
        let names: Vec<String> = log_patterns.iter().map(name).collect();
        lines.push(format!("its log is also looked through for {}", names.join(", ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_said() {
        assert_eq!(judged_by(&EnvironmentPolicy::default()), [""; 0]);
        let judging = Judging {
            crashes: Some(5),
            score_min: Some(40),
            when_low: Some(WhenLow::RollBack),
            log_patterns: vec![LogPattern {
                name: "payment refused".to_owned(),
                pattern: "refused".to_owned(),
                critical: true,
            }],
            ..Judging::default()
        };
        let policy =
            EnvironmentPolicy { judging, lane_seconds_min: Some(10), ..EnvironmentPolicy::default() };
        assert_eq!(
            judged_by(&policy),
            [
                "5 ends of its processes within 120 s take it back at once",
                "a score below 40 for 60 s takes it back",
                "its log is also looked through for payment refused (takes it back at once)",
            ]
        );
    }
}
