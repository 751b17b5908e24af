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

/// Nor behind one in the middle of it that hit both.
#[test]
fn a_worse_canary_does_not_hide_behind_an_incident_of_both() {
    let hash = |at: u32| at.wrapping_mul(2_654_435_761) >> 16;
    let incident = |worse: u32| {
        trace(900, 5, move |at| {
            if (60..240).contains(&at) {
                return ([10, 8, 5, 4], [10, 8, 5, 4]);
            }
            let failed = |salt, each| u64::from(at >= 240 && hash(at + salt).is_multiple_of(each));
            let (stable, canary) = (failed(7, 50), failed(0, worse));
            ([10, stable, 5, stable], [10, canary, 5, canary])
        })
    };
    let Replayed { decision, t, because, .. } = judged(&incident(2));
    assert_eq!(decision, Decision::Rollback, "{because}");
    assert!(t < 480, "{t} s: {because}");
    assert_eq!(judged(&incident(50)).decision, Decision::Promote);
}

/// As in production: nobody notices whether an answer takes 1 ms or 8.
#[test]
fn what_nobody_notices_takes_nothing_back() {
    let with_edges = |edges_ms: [f64; 3]| {
        let mut trace = trace(600, 5, |_| ([45, 0, 9, 0], [5, 0, 1, 0]));
        trace.edges_ms = edges_ms.to_vec();
        trace.pre.hist = vec![0, 25_000, 1_500, 500];
        trace.lat = vec![(vec![0, 420, 25, 5], vec![0, 5, 45, 0]); 60];
        judged(&trace)
    };
    assert_eq!(with_edges([2.0, 8.0, 100.0]).decision, Decision::Promote);
    assert_eq!(with_edges([20.0, 80.0, 100.0]).decision, Decision::Rollback);
}

/// Caches take as long as they take.
#[test]
fn a_start_that_is_cold_for_ten_seconds_more_takes_nothing_back() {
    let slow_until = |rows: usize| {
        let mut trace = trace(600, 5, |_| ([90, 0, 10, 0], [9, 0, 1, 0]));
        trace.edges_ms = vec![50.0, 100.0, 200.0];
        trace.pre.hist = vec![0, 13_000, 7_000, 5_000, 2_000];
        let usual = vec![0, 433, 234, 167, 66];
        let row = |at| if at < rows { vec![0, 4, 6, 20, 70] } else { vec![0, 48, 26, 19, 7] };
        trace.lat = (0..60).map(|at| (usual.clone(), row(at))).collect();
        judged(&trace)
    };
    assert_eq!(slow_until(3).decision, Decision::Promote);
    let Replayed { decision, t, .. } = slow_until(60);
    assert_eq!((decision, t), (Decision::Rollback, 40));
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
    let trace = Trace::read(
        br#"{"id": "x", "steps": [[10, 600.0]], "warmup_s": 20.0, "edges_ms": [10, 100.5], "pre": {"n": 9.0, "hist": [1.0, 2], "lanes": 3.0},
            "sec": [[9.0, 0, 1, 0.0, 9, 0, 1, 0]], "lat": [[[0.0, 9], []]], "rate": "any"}"#,
    )
    .unwrap();
    assert_eq!(
        (trace.steps, trace.warmup_s, trace.sec),
        (vec![(10.0, 600)], 20, vec![[9, 0, 1, 0, 9, 0, 1, 0]])
    );
    assert_eq!((trace.pre.n, trace.pre.hist, trace.pre.lanes), (9, vec![1, 2], 3));
    assert_eq!(trace.lat, vec![(vec![0, 9], vec![])]);
}

/// Whoever writes traces reads what is wrong in words, not in those of the program's own language.
#[test]
fn what_is_no_trace_is_told_with_the_field_and_what_belongs_there() {
    for (line, says) in [
        ("what?", r#"it is no JSON: nothing can be made of "what?" (character 1)"#),
        (r#"{"id": "x", 'sec': []}"#, r#"it is no JSON: nothing can be made of "'sec': []}" (character 13)"#),
        (
            r#"{"id": "x"} {"id": "y"}"#,
            r#"it is no JSON: nothing can be made of "{"id": "y"}" (character 13)"#,
        ),
        (
            "{",
            "it ends too early: a bracket, a brace or a quotation mark is left open, or it goes on in the next line; a trace stands in one line",
        ),
        (
            r#"[{"id": "x"}]"#,
            r#"it is a list of 1 entry; expected is an object, {"id": …, "edges_ms": …, "sec": …}, in each line"#,
        ),
        ("{}", "id is missing; expected is a name in quotation marks"),
        (r#"{"id": 7}"#, "id is 7; expected is a name in quotation marks"),
        (
            r#"{"id": "x"}"#,
            "edges_ms is missing; expected is a list of the latency buckets' edges in milliseconds, [5, 10, …]",
        ),
        (r#"{"id": "x", "edges_ms": [5, "10"]}"#, r#"edges_ms[1] is the text "10"; expected is a number"#),
        (
            r#"{"id": "x", "edges_ms": [5]}"#,
            "sec is missing; expected is a list of rows, one for each second",
        ),
        (
            r#"{"id": "x", "edges_ms": [5], "sec": {"0": []}}"#,
            "sec is an object; expected is a list of rows, one for each second",
        ),
        (
            r#"{"id": "x", "edges_ms": [5], "sec": [[9, 0, 1]]}"#,
            "sec[0] has 3 entries; expected is a row of 8 numbers, [stable requests, errors, canary requests, errors, stable lanes, \
             lanes with an error, canary lanes, lanes with an error]",
        ),
        (
            r#"{"id": "x", "edges_ms": [5], "sec": [[9, 0, 1, {}, 9, 0, 1, 0]]}"#,
            "sec[0][3] is an object; expected is a whole number, 0 or more",
        ),
        (
            r#"{"id": "x", "edges_ms": [5], "sec": [[9.5, 0, 1, 0, 9, 0, 1, 0]]}"#,
            "sec[0][0] is 9.5; expected is a whole number, 0 or more",
        ),
        (
            r#"{"id": "x", "edges_ms": [5], "sec": [], "pre": {"n": -3}}"#,
            "pre.n is -3; expected is a whole number, 0 or more",
        ),
        (
            r#"{"id": "x", "edges_ms": [5], "sec": [], "pre": {"hist": null}}"#,
            "pre.hist is empty (null); expected is a histogram, [first bucket, count, count, …] or []",
        ),
        (
            r#"{"id": "x", "edges_ms": [5], "sec": [], "lat": [[[0, 1]]]}"#,
            "lat[0] has 1 entry; expected is a row of 2 histograms, [stable, canary]",
        ),
        (
            r#"{"id": "x", "edges_ms": [5], "sec": [], "steps": [[10, 99999999999]]}"#,
            "steps[0][1] is 99999999999; expected is a whole number of seconds, 0 to 4294967295",
        ),
        (
            r#"{"id": "x", "edges_ms": [5], "sec": [], "steps": [10]}"#,
            "steps[0] is 10; expected is a stage, [share of traffic in percent, seconds]",
        ),
    ] {
        assert_eq!(Trace::read(line.as_bytes()).unwrap_err().to_string(), says, "{line}");
    }
    assert!(Trace::read(b"{\"id\": \"\xff\"}").unwrap_err().to_string().starts_with("it is no JSON"));
}

/// Three stages of so many seconds, the last with all traffic; `row` has what the canary fails in each second.
fn in_stages(seconds: u32, failed: impl Fn(u32) -> u64) -> Trace {
    let mut trace = trace(3 * seconds, 5, |at| {
        let failed = failed(at);
        match at / seconds {
            0 => ([45, 0, 9, 0], [5, failed.min(5), 1, failed.min(1)]),
            1 => ([25, 0, 5, 0], [25, failed, 5, failed.min(5)]),
            _ => ([0; 4], [50, failed, 10, failed.min(10)]),
        }
    });
    trace.steps = vec![(10.0, seconds), (50.0, seconds), (100.0, seconds)];
    trace
}

/// Nothing of the stable version runs beside it then, so no evidence comes any more; but nothing passes against the plain counts.
#[test]
fn what_fails_only_with_all_traffic_does_not_pass() {
    let good = judged(&in_stages(600, |_| 0));
    assert_eq!(good.decision, Decision::Promote, "{}", good.because);
    let Replayed { decision, score, because, .. } =
        judged(&in_stages(600, |at| if at >= 1200 { 5 } else { 0 }));
    assert_eq!((decision, score), (Decision::Hold, 50), "{because}");
    assert!(
        because.starts_with("With all traffic it failed 3000 of 30000 requests (10%); beside it,"),
        "{because}"
    );

    // An incident that is over.
    let over = in_stages(600, |at| if (1200..1260).contains(&at) { 15 } else { 0 });
    assert_eq!(judged(&over).decision, Decision::Promote, "{}", judged(&over).because);

    // Nobody came.
    let mut nobody = in_stages(600, |_| 0);
    nobody.sec[1200..].fill([0; 8]);
    let Replayed { decision, because, .. } = judged(&nobody);
    assert_eq!(decision, Decision::Hold, "{because}");
    assert!(because.ends_with("has had all traffic for 600 s, and not one request came."), "{because}");
}
