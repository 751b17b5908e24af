//! Traces that real programs and careless writers make.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

/// `[requests, errors, lanes, error lanes]`.
type Row = [u64; 4];

/// A canary of 10% for so many seconds, each of which has these rows, after a past of 27,000 requests with so many failed lane-seconds.
fn trace(seconds: u32, past_errors: u64, row: impl Fn(u32) -> (Row, Row)) -> Trace {
    let sec = (0..seconds).map(row).map(|(s, c)| [s[0], s[1], c[0], c[1], s[2], s[3], c[2], c[3]]).collect();
    Trace {
        id: "trace".to_owned(),
        steps: vec![(10.0, seconds)],
        warmup_s: 0,
        edges_ms: vec![10.0, 100.0],
        pre: TracePast {
            n: 27_000,
            err: past_errors,
            hist: vec![0, 27_000],
            lanes: 5_400,
            err_lanes: past_errors,
        },
        sec,
        lat: Vec::new(),
    }
}

fn judged(trace: &Trace) -> Replayed {
    trace.replay(&Policy::default()).unwrap()
}

/// A fault that counts fails one request in each second, of clients all over the lanes: more evenly than chance, and no client that tries again.
#[test]
fn every_fifth_request_is_caught_however_evenly_they_come() {
    for lanes in 1..=5 {
        for past_errors in [0, 5, 30] {
            let trace = trace(180, past_errors, |_| ([45, 0, 9, 0], [5, 1, lanes, 1]));
            let Replayed { decision, t, because, .. } = judged(&trace);
            assert_eq!(decision, Decision::Rollback, "{lanes} lanes, {past_errors} before: {because}");
            assert!(t <= 60, "{lanes} lanes, {past_errors} before: {t} s");
        }
    }
}

/// The minutes before were an incident that this deploy is to end.
#[test]
fn a_worse_canary_does_not_hide_behind_an_incident_before_it() {
    // One second in ten without order, and one in a hundred.
    let now_and_then =
        |at: u32, each: u32| u64::from((at.wrapping_mul(2_654_435_761) >> 16).is_multiple_of(each));
    let worse = trace(600, 540, |at| {
        let (stable, canary) = (now_and_then(at + 7, 100), now_and_then(at, 10));
        ([45, stable, 9, stable], [5, canary, 1, canary])
    });
    let Replayed { decision, because, .. } = judged(&worse);
    assert_eq!(decision, Decision::Rollback, "{because}");

    let alike = trace(600, 540, |at| {
        let (stable, canary) = (now_and_then(at + 7, 12), now_and_then(at, 100));
        ([45, stable, 9, stable], [5, canary, 1, canary])
    });
    assert_eq!(judged(&alike).decision, Decision::Promote);
}

#[test]
fn failures_without_lanes_are_failures() {
    for [lanes, error_lanes] in [[0, 0], [4, 0], [0, 9]] {
        let trace = trace(300, 5, |_| ([45, 0, 9, 0], [5, 5, lanes, error_lanes]));
        let Replayed { decision, because, .. } = judged(&trace);
        assert_eq!(decision, Decision::Rollback, "{lanes} lanes, {error_lanes} failed: {because}");
    }
}

#[test]
fn counts_nobody_counts_are_refused() {
    let absurd = trace(10, 5, |_| ([1 << 62, 1 << 61, 10, 0], [1 << 62, 1 << 62, 10, 10]));
    assert_eq!(
        absurd.replay(&Policy::default()).unwrap_err().to_string(),
        "sec[0] has the count 4611686018427387904; there can be 1000000000000 at most"
    );
    let mut absurd = trace(10, 5, |_| ([45, 0, 9, 0], [5, 0, 1, 0]));
    absurd.lat = vec![(vec![0, 1], vec![1, u64::MAX])];
    assert_eq!(
        absurd.replay(&Policy::default()).unwrap_err().to_string(),
        "lat[0][1] has the count 18446744073709551615; there can be 1000000000000 at most"
    );
}

/// However many there are, a second takes no longer than a second.
#[test]
fn the_most_there_can_be_is_judged_soon() {
    let many = 1_000_000_000_000;
    let mut trace =
        trace(40, 5, |_| ([many, many / 1_000, many, many / 1_000], [many, many / 5, many, many / 5]));
    trace.lat = vec![(vec![0, many, many, many], vec![0, many, many, many]); 4];
    trace.pre.hist = vec![0, many, many, many];
    assert_eq!(judged(&trace).decision, Decision::Rollback);
}

/// Programs whose numbers are all of one kind write `600.0`.
#[test]
fn whole_numbers_may_be_written_with_a_point() {
    let read = |row: &str, pre: &str, steps: &str| {
        serde_json::from_str::<Trace>(&format!(
            r#"{{"id": "x", "steps": {steps}, "warmup_s": 20.0, "edges_ms": [10, 100.5], "pre": {pre}, "sec": [{row}], "lat": [[[0.0, 9], []]]}}"#
        ))
    };
    let (row, pre) = ("[9.0, 0, 1, 0.0, 9, 0, 1, 0]", r#"{"n": 9.0, "hist": [1.0, 2], "lanes": 3.0}"#);
    let trace = read(row, pre, "[[10, 600.0]]").unwrap();
    assert_eq!(
        (trace.steps, trace.warmup_s, trace.sec),
        (vec![(10.0, 600)], 20, vec![[9, 0, 1, 0, 9, 0, 1, 0]])
    );
    assert_eq!((trace.pre.n, trace.pre.hist, trace.pre.lanes), (9, vec![1, 2], 3));
    assert_eq!(trace.lat, vec![(vec![0, 9], vec![])]);
    for wrong in ["[9.5, 0, 1, 0, 9, 0, 1, 0]", "[-9, 0, 1, 0, 9, 0, 1, 0]", "[9, 0, 1, 0, 9, 0, 1, \"0\"]"] {
        let error = read(wrong, pre, "[]").unwrap_err().to_string();
        assert!(error.contains("expected a whole number, 0 or more"), "{error}");
    }
    assert!(read(row, pre, "[[10, 99999999999]]").is_err());
}
