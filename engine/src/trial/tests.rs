#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use super::*;
use crate::canary::Side;
use crate::model::Judging;
use crate::step::{Judged, ShiftTraffic};

fn api() -> ServiceName {
    "api".parse().unwrap()
}

fn stage(weight_pct: u8) -> CanaryStage {
    CanaryStage {
        stage: 1,
        of: 2,
        weight_pct,
        soak_s: 30,
        extend_s: 30,
        planned_s: 60,
        lane_seconds_min: Some(10),
        asks: false,
        judging: Judging::default(),
        judged: vec![Judged {
            service: api(),
            stable: 1,
            canary: 2,
            checks: indexmap::IndexMap::default(),
            signals: None,
        }],
        shift: ShiftTraffic { shifts: Vec::new() },
    }
}

fn side(requests: u64, errors: u64) -> Side {
    Side { requests, errors, lanes: requests, error_lanes: errors }
}

/// A trial in its first stage, whose judge has seen nothing but good: what follows is left to the plain counts.
fn trial() -> Trial {
    let mut trial = Trial::default();
    trial.begin(0, &stage(10), &BTreeMap::new(), 0);
    let watched = trial.services.get_mut(&api()).unwrap();
    for _ in 0..30 {
        watched.judge.second(&Second { stable: side(9, 0), canary: side(1, 0) });
    }
    soaks(&mut trial, 30, Second { stable: side(270, 0), canary: side(30, 0) });
    trial
}

/// The stage at hand has soaked for so long, and this was answered in it.
fn soaks(trial: &mut Trial, soaked_s: u32, served: Second) {
    let here = trial.stages.last_mut().unwrap().services.get_mut(&api()).unwrap();
    (here.soaked_s, here.served, here.counted) = (soaked_s, served, served);
}

#[test]
fn a_calm_judge_passes_no_counts_that_are_far_apart() {
    let mut trial = trial();
    assert!(matches!(trial.course(&stage(10), true), Course::Passed { .. }));
    let apart = Second { stable: side(270, 0), canary: side(30, 6) };
    soaks(&mut trial, 30, apart);
    assert_eq!(trial.course(&stage(10), true), Course::Soaks, "more may come");
    soaks(&mut trial, 60, apart);
    let Course::Holds { what: HeldFor::Data, say } = trial.course(&stage(10), true) else { panic!() };
    assert!(say.starts_with("Too far apart for a pass: the canary failed 6 of 30 requests (20%)"), "{say}");
    trial.promote("ben");
    assert!(matches!(trial.course(&stage(10), true), Course::Passed { .. }), "a person may know better");
}

#[test]
fn with_all_traffic_it_is_held_to_what_the_stable_version_did() {
    let mut trial = trial();
    trial.end(30_000);
    trial.begin(1, &stage(100), &BTreeMap::new(), 31_000);
    soaks(&mut trial, 5, Second { stable: side(0, 0), canary: side(50, 1) });
    assert_eq!(trial.course(&stage(100), true), Course::Soaks);
    soaks(&mut trial, 5, Second { stable: side(0, 0), canary: side(50, 20) });
    let Course::Holds { what: HeldFor::Alone, say } = trial.course(&stage(100), true) else { panic!() };
    assert!(say.contains("failed 20 of 50 requests (40%)"), "{say}");
    assert_eq!(trial.course(&stage(100), false), Course::Soaks, "somebody has paused it, and looks");
    trial.hold(HeldFor::Alone, &say, 36_000);
    trial.soak_on();
    assert_eq!(trial.course(&stage(100), true), Course::Soaks, "only what comes from now on counts");
}

#[test]
fn what_lacks_most_is_told_first() {
    let mut both = stage(10);
    both.judged.push(Judged { service: "web".parse().unwrap(), ..both.judged[0].clone() });
    let mut trial = Trial::default();
    trial.begin(0, &both, &BTreeMap::new(), 0);
    let watched = trial.services.get_mut(&api()).unwrap();
    watched.judge.second(&Second { stable: side(9, 0), canary: side(1, 0) });
    for here in trial.stages[0].services.values_mut() {
        here.soaked_s = 60;
    }
    let Course::Holds { what: HeldFor::Data, say } = trial.course(&both, true) else { panic!() };
    assert!(say.starts_with("web: Not enough data: 0 of the 10"), "{say}");
    assert!(say.ends_with("api can't pass yet either."), "{say}");
}

/// The verdict after five minutes in which a tenth of the canary's answers, and next to none of the stable version's, are in the slower
/// of two buckets with these upper bounds.
fn slower_by(bounds_ms: [u32; 2]) -> crate::canary::Verdict {
    let mut trial = Trial::default();
    trial.begin(0, &stage(50), &BTreeMap::new(), 0);
    let watched = trial.services.get_mut(&api()).unwrap();
    let served = |latency: [u64; 3]| crate::ports::Served { counts: side(10, 0), latency: latency.to_vec() };
    for second in 0..300 {
        let (stable, canary) = (served([10, u64::from(second % 10 == 0), 0]), served([9, 1, 0]));
        let counts = Second { stable: stable.counts, canary: canary.counts };
        watched.second(&counts, &stable, &canary, &bounds_ms);
    }
    watched.judge.ruling().verdict
}

#[test]
fn slower_by_what_nobody_notices_is_not_slower() {
    assert!(matches!(slower_by([10, 50]), crate::canary::Verdict::Fail { .. }), "{:?}", slower_by([10, 50]));
    assert!(!matches!(slower_by([2, 10]), crate::canary::Verdict::Fail { .. }), "{:?}", slower_by([2, 10]));
}
