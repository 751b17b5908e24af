//! What the judge promises.
#![expect(clippy::unwrap_used, reason = "tests")]

use expect_test::expect;
use proptest::prelude::*;

use super::*;

/// A second with so many requests and errors of each version, each request in a lane of its own while there are lanes (ten).
pub(super) fn second(stable: (u64, u64), canary: (u64, u64)) -> Second {
    let side = |(requests, errors): (u64, u64), lanes: u64| Side {
        requests,
        errors,
        lanes: requests.min(lanes),
        error_lanes: errors.min(lanes),
    };
    Second { stable: side(stable, 9), canary: side(canary, 1) }
}

pub(super) fn judge() -> Judge {
    Judge::new(Policy::default(), 1800, Past::default())
}

/// So many seconds alike.
fn after(seconds: u32, each: &Second) -> Judge {
    let mut judge = judge();
    for _ in 0..seconds {
        judge.second(each);
    }
    judge
}

#[test]
fn without_traffic_nothing_passes() {
    let ruling = after(1800, &Second::default()).ruling();
    assert_eq!(
        ruling.verdict,
        Verdict::NotEnoughData { lack: Lack::Traffic, more_requests: 300, more_s: None }
    );
    assert_eq!((ruling.score.score, ruling.score.data), (50, 0));
    expect!["Not enough data: 0 of the 300 lane-seconds a pass needs could be compared (0 canary requests); it takes about 300 more canary requests, and none has come yet."]
        .assert_eq(&ruling.because);
}

#[test]
fn a_canary_that_nothing_can_be_compared_with_does_not_pass() {
    let ruling = after(1800, &second((0, 0), (10, 0))).ruling();
    assert!(matches!(ruling.verdict, Verdict::NotEnoughData { lack: Lack::Traffic, .. }));
    assert!(ruling.because.ends_with("while the stable version has traffic too."), "{}", ruling.because);
}

#[test]
fn too_little_is_told_with_how_much_more_and_how_long() {
    let ruling = after(100, &second((9, 0), (2, 0))).ruling();
    assert_eq!(
        ruling.verdict,
        Verdict::NotEnoughData { lack: Lack::Traffic, more_requests: 400, more_s: Some(200) }
    );
    expect!["Not enough data: 100 of the 300 lane-seconds a pass needs could be compared (200 canary requests); it takes about 400 more canary requests, which is 4 minutes at this rate."]
        .assert_eq(&ruling.because);
    assert!(matches!(after(299, &second((9, 0), (2, 0))).verdict(), Verdict::NotEnoughData { .. }));
    assert_eq!(after(300, &second((9, 0), (2, 0))).verdict(), Verdict::Pass);
}

#[test]
fn a_pass_says_what_was_compared() {
    let ruling = after(600, &second((90, 0), (10, 0))).ruling();
    assert_eq!(ruling.verdict, Verdict::Pass);
    assert_eq!(ruling.score.score, 100);
    expect!["The canary failed 0 of 6,000 requests (0%), the stable version 0 of 54,000 requests (0%) in the same seconds: nothing says that it is worse."]
        .assert_eq(&ruling.because);
}

/// A quick service: what is slow is beyond its last bucket but one. In each of the rows named one of the canary's answers is.
fn quick(slow_rows: &[u32]) -> Judge {
    let mut judge = Judge::new(Policy::default(), 1800, Past { latency: vec![9_000, 1], ..Past::default() });
    for second in 1..=600 {
        judge.second(&self::second((10, 0), (10, 0)));
        if second % LATENCY_ROW_S == 0 {
            let slow = u64::from(slow_rows.contains(&(second / LATENCY_ROW_S)));
            judge.latency(&[100, 0], &[100 - slow, slow], 0);
        }
    }
    judge
}

/// Nothing would ever take such an answer back, so it would hold a good release for good.
#[test]
fn some_slow_answers_of_a_quick_service_are_no_reason_to_hold_it() {
    let judge = quick(&[4, 7, 12, 15, 18]);
    assert!(judge.evidence() > judge.policy.doubt, "{}", judge.evidence());
    let ruling = judge.ruling();
    assert_eq!(ruling.verdict, Verdict::Pass);
    assert!(ruling.because.contains("0.09% of the canary's 5,800 requests"), "{}", ruling.because);
    let often: Vec<u32> = (3..60).step_by(3).collect();
    assert_eq!(quick(&often).verdict(), Verdict::Fail { cause: Cause::Latency });
}

/// Both versions on one busy machine, which gives neither its turn now and then: 32 of 2,200 answers of the one are late, and 5 of the other.
#[test]
fn late_answers_in_some_rows_of_a_busy_machine_are_no_reason_to_roll_a_quick_service_back() {
    let busy = |late: fn(u32) -> (u64, u64)| {
        let past = Past { latency: vec![24_000, 30], ..Past::default() };
        let mut judge = Judge::new(Policy::default(), 130, past);
        (1..=130).find(|at| {
            judge.second(&second((20, 0), (20, 0)));
            if at % LATENCY_ROW_S == 0 {
                let (stable, canary) = late(at / LATENCY_ROW_S);
                judge.latency(&[200 - stable, stable], &[200 - canary, canary], 0);
            }
            matches!(judge.verdict(), Verdict::Fail { .. })
        })
    };
    assert_eq!(busy(|row| if row % 3 == 0 { (1, 8) } else { (0, 0) }), None);
    assert_eq!(busy(|row| if row % 2 == 0 { (1, 6) } else { (0, 0) }), None);
    // As many in each row are no chance.
    assert_eq!(busy(|_| (0, 4)), Some(110));
}

#[test]
fn a_canary_that_fails_a_fifth_is_failed_within_seconds_and_the_sentence_has_the_numbers() {
    let fails = |mut judge: Judge| {
        let failed_at = (1..=60).find(|_| {
            judge.second(&second((90, 0), (10, 2)));
            matches!(judge.verdict(), Verdict::Fail { cause: Cause::Errors })
        });
        (judge, failed_at)
    };
    // The stable version's past says that its errors come singly.
    let served = Side { requests: 60_000, errors: 30, lanes: 6_000, error_lanes: 30 };
    let past = Past { served, ..Past::default() };
    let (_, failed_at) = fails(Judge::new(Policy::default(), 1800, past));
    assert!(failed_at.is_some_and(|at| at <= 10), "{failed_at:?}");
    // Without one they may come in bursts of some clients that try again, which is sorted out later.
    let (judge, failed_at) = fails(judge());
    assert!(failed_at.is_some_and(|at| at <= 40), "{failed_at:?}");
    let ruling = judge.ruling();
    assert_eq!(ruling.score.score, 0);
    let expected = format!(
        "The canary failed {} of {} requests (20%), the stable version 0 of",
        judge.served.canary.errors, judge.served.canary.requests
    );
    assert!(ruling.because.starts_with(&expected), "{}", ruling.because);
    assert!(ruling.because.contains("(limit: 100)"), "{}", ruling.because);
}

/// Where two services share the bound, the limit is 200: what the first seconds show isn't lost for it. And requests that come as evenly as a load
/// generator sends them are no reason to take a fifth of errors for tries of one client.
#[test]
fn beside_a_spotless_stable_version_a_lower_limit_takes_a_second_more_and_not_half_a_minute() {
    let served = Side { requests: 60_000, errors: 0, lanes: 6_000, error_lanes: 0 };
    let failed_at = |false_alarm: f64, each: fn(u64) -> Second| {
        let policy = Policy { false_alarm, ..Policy::default() };
        let mut judge = Judge::new(policy, 1800, Past { served, ..Past::default() });
        (1..=600_u64).find(|at| {
            judge.second(&each(*at));
            matches!(judge.verdict(), Verdict::Fail { cause: Cause::Errors })
        })
    };
    let busy = |at| second((90, 0), (10, [2, 3, 1, 2][at as usize % 4]));
    assert_eq!((failed_at(0.01, busy), failed_at(0.005, busy)), (Some(3), Some(4)));
    let now_and_then = |at: u64| second((90, 0), (10, if at.is_multiple_of(3) { 0 } else { 2 }));
    let at = failed_at(0.005, now_and_then);
    assert!(at.is_some_and(|at| at <= 15), "{at:?}");
    let even = |at: u64| second((9, 0), (1, u64::from(at.is_multiple_of(5))));
    let at = failed_at(0.01, even);
    assert!(at.is_some_and(|at| at <= 120), "{at:?}");
}

#[test]
fn an_incident_in_both_is_no_evidence() {
    let mut judge = judge();
    for at in 0..600 {
        let share = if (200..260).contains(&at) { 3 } else { 0 };
        judge.second(&second((90, share * 9), (10, share)));
        assert!(!matches!(judge.verdict(), Verdict::Fail { .. }), "at {at}: {}", judge.ruling().because);
    }
    assert_eq!(judge.verdict(), Verdict::Pass);
}

/// Pooled over the ramp, the canary failed 1.7% and the stable version 0.6%, because most of the canary's traffic came
/// while both failed more. In no second was it worse.
#[test]
fn a_ramp_of_weights_is_not_pooled() {
    let mut judge = judge();
    for at in 0..600 {
        judge.second(&second((90, u64::from(at % 20 == 0)), (10, u64::from(at % 180 == 7))));
    }
    judge.stage();
    let lanes = |requests: u64, errors: u64| Side { requests, errors, lanes: 5, error_lanes: errors };
    for at in 0..600 {
        let errors = u64::from(at % 2 == 0);
        judge.second(&Second { stable: lanes(50, errors), canary: lanes(50, errors) });
        assert!(!matches!(judge.verdict(), Verdict::Fail { .. }), "at {at}: {}", judge.ruling().because);
    }
    let served = judge.served;
    assert!(served.canary.error_share() > 1.5 * served.stable.error_share(), "pooled, it would look worse");
    assert_eq!(judge.verdict(), Verdict::Pass);
}

/// One client with twenty failures in a second is one piece of evidence.
#[test]
fn a_retry_storm_in_one_second_is_one_fault() {
    let mut judge = judge();
    for at in 0..600 {
        let storm = if at % 200 == 50 { 20 } else { 0 };
        judge.second(&second((900, 0), (100, storm)));
        if at == 100 {
            assert!(matches!(judge.verdict(), Verdict::NotEnoughData { lack: Lack::Traffic, .. }));
            assert!(judge.score().errors > 30, "{:?}", judge.score());
        }
    }
}

#[test]
fn hard_triggers_come_first() {
    let mut judge = after(600, &second((90, 0), (10, 0)));
    judge.health("login", false);
    judge.health("login", false);
    judge.health("login", true);
    judge.health("login", false);
    assert_eq!(judge.verdict(), Verdict::Pass, "never three in a row");
    judge.health("login", false);
    judge.health("login", false);
    assert_eq!(judge.ruling().because, "The health check login failed 3 times in a row.");
    assert_eq!(judge.score().score, 0);

    let mut judge = after(600, &second((90, 0), (10, 0)));
    for _ in 0..3 {
        judge.restart();
        for _ in 0..61 {
            judge.second(&second((90, 0), (10, 0)));
        }
    }
    assert_eq!(judge.verdict(), Verdict::Pass, "never three within two minutes");
    judge.restart();
    judge.restart();
    assert_eq!(judge.ruling().because, "The canary's processes ended by themselves 3 times within 120 s.");
}

#[test]
fn a_critical_pattern_fails_the_canary_unless_the_stable_version_has_it_too() {
    let mut judge = judge();
    judge.pattern("panic", true, 1, 1);
    judge.second(&second((90, 0), (10, 0)));
    assert!(!matches!(judge.verdict(), Verdict::Fail { .. }));
    judge.pattern("Out of memory", true, 0, 1);
    assert_eq!(
        judge.ruling().because,
        "The canary logged \"Out of memory\", which is critical; the stable version did not."
    );
}

#[test]
fn a_pattern_that_only_the_canary_logs_adds_up() {
    let mut judge = judge();
    let failed_at = (0..900).find(|at| {
        if at % 30 == 0 {
            judge.pattern("SequelizeDatabaseError", false, 0, 3);
        }
        judge.second(&second((90, 0), (10, 0)));
        matches!(judge.verdict(), Verdict::Fail { cause: Cause::Patterns })
    });
    assert!(failed_at.is_some(), "{:?}", judge.score());
    assert!(
        judge.ruling().because.starts_with("\"SequelizeDatabaseError\" was logged in"),
        "{}",
        judge.ruling().because
    );
    let mut both = super::tests::judge();
    for at in 0..900 {
        if at % 30 == 0 {
            both.pattern("SequelizeDatabaseError", false, u64::from(at % 300 != 0), u64::from(at % 300 == 0));
        }
        both.second(&second((90, 0), (10, 0)));
    }
    assert_eq!(both.verdict(), Verdict::Pass);
}

#[test]
fn the_soft_trigger_needs_a_low_score_for_a_while() {
    let mut judge = judge();
    judge.health("login", false);
    judge.health("login", false);
    judge.health("login", false);
    for at in 0..120 {
        assert_eq!(judge.soft_trigger(), at >= 60, "at {at}");
        judge.second(&second((90, 0), (10, 0)));
    }
}

#[test]
fn a_slow_tail_is_found_and_a_cold_start_is_not_held_against_it() {
    let past = Past { latency: vec![500, 400, 90, 9, 1], ..Past::default() };
    let run = |rows: fn(u32) -> [u64; 5]| {
        let mut judge = Judge::new(Policy::default(), 1800, past.clone());
        for at in 1..=600 {
            judge.second(&second((90, 0), (10, 0)));
            if at % LATENCY_ROW_S == 0 {
                judge.latency(&[450, 360, 81, 8, 1], &rows(at), 0);
            }
        }
        judge.ruling()
    };
    let slow = run(|_| [50, 38, 6, 4, 2]);
    assert_eq!(slow.verdict, Verdict::Fail { cause: Cause::Latency }, "{}", slow.because);
    assert!(slow.because.contains("slower than the stable version's usual p9"), "{}", slow.because);
    let cold = run(|at| if at <= 20 { [0, 10, 60, 20, 10] } else { [50, 40, 9, 1, 0] });
    assert_eq!(cold.verdict, Verdict::Pass, "{}", cold.because);
}

/// A process that collects garbage answers nothing for some seconds, and then all that has waited. It may be that of either version.
#[test]
fn a_process_that_stands_still_now_and_then_is_no_worse_release() {
    let past = Past { latency: vec![500, 400, 90, 9, 1], ..Past::default() };
    let run = |stalled: &[u32]| {
        let mut judge = Judge::new(Policy::default(), 1800, past.clone());
        (1..=600).find(|at| {
            judge.second(&second((90, 0), (10, 0)));
            if at % LATENCY_ROW_S == 0 {
                let row = if stalled.contains(&(at / LATENCY_ROW_S)) {
                    [30, 25, 5, 1, 39]
                } else {
                    [50, 40, 9, 1, 0]
                };
                judge.latency(&[450, 360, 81, 8, 1], &row, 0);
            }
            matches!(judge.verdict(), Verdict::Fail { .. })
        })
    };
    assert_eq!(run(&[4]), None);
    assert_eq!(run(&[4, 5]), None, "from one row into the next");
    assert_eq!(run(&[4, 5, 20, 40]), None);
    let always: Vec<u32> = (1..60).collect();
    assert_eq!(run(&always), Some(50), "for good");
}

/// Whoever reads the verdict compares its two shares, so they have to be of the same moments: here the first stage is busy for both, and the canary has
/// most of its requests in the second.
#[test]
fn the_shares_in_a_sentence_are_of_the_same_moments() {
    let mut judge = Judge::new(
        Policy::default(),
        1200,
        Past { latency: vec![50_000, 45_000, 4_500, 500], ..Past::default() },
    );
    for at in 1..=1200_u32 {
        let (stable, canary) = if at <= 600 { (90, 10) } else { (50, 50) };
        judge.second(&second((stable, 0), (canary, 0)));
        if at.is_multiple_of(LATENCY_ROW_S) {
            let (stable, canary) = if at <= 600 {
                ([400, 320, 160, 20], [44, 36, 18, 2])
            } else {
                ([250, 225, 23, 2], [220, 200, 73, 7])
            };
            judge.latency(&stable, &canary, 0);
        }
        if matches!(judge.verdict(), Verdict::Fail { .. }) {
            break;
        }
    }
    let ruling = judge.ruling();
    assert_eq!(ruling.verdict, Verdict::Fail { cause: Cause::Latency }, "{}", ruling.because);
    let shares: Vec<f64> =
        ruling.because.split('%').filter_map(|before| before.rsplit(' ').next()?.parse().ok()).collect();
    assert!(shares[0] > shares[1], "{}", ruling.because);
}

fn seconds() -> impl Strategy<Value = Vec<(Second, bool)>> {
    let one = (0_u64..40, 0_u64..4, 0_u64..12, 0_u64..6, prop::bool::weighted(0.02));
    prop::collection::vec(one.prop_map(|(n, e, m, f, stage)| (second((n, e), (m, f)), stage)), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A restart after every second changes nothing.
    #[test]
    fn a_judge_that_is_stored_after_every_second_says_the_same(seconds in seconds()) {
        let mut straight = judge();
        let mut stored = judge();
        for (at, (second, stage)) in (1_u32..).zip(&seconds) {
            for judge in [&mut straight, &mut stored] {
                judge.second(second);
                if at % LATENCY_ROW_S == 0 {
                    judge.latency(&[second.stable.requests, 9, 2], &[second.canary.requests, 1, 1], 0);
                }
                if second.canary.errors == 5 {
                    judge.pattern("odd", false, 0, 1);
                    judge.restart();
                }
                if *stage {
                    judge.stage();
                }
            }
            let text = serde_json::to_string(&stored).unwrap();
            stored = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(straight.verdict(), stored.verdict());
            prop_assert_eq!(straight.score(), stored.score());
        }
        // JSON gives a number back to within its last digit.
        let (a, b) = (straight.evidence(), stored.evidence());
        prop_assert!((a - b).abs() <= 1e-9 * a, "{} and {}", a, b);
    }

    /// Counts that can't be (somebody else measured them) don't break anything.
    #[test]
    fn impossible_counts_are_survived(counts in prop::collection::vec(any::<[u32; 8]>(), 1..40)) {
        let mut judge = judge();
        for [a, b, c, d, e, f, g, h] in counts {
            let side = |n: u32, err: u32, lanes: u32, error_lanes: u32| Side {
                requests: u64::from(n) % 5000, errors: err.into(), lanes: lanes.into(), error_lanes: error_lanes.into(),
            };
            judge.second(&Second { stable: side(a, b, c, d), canary: side(e, f, g, h) });
            prop_assert!(judge.evidence().is_finite());
        }
    }

    /// Fewer compared lane-seconds than the policy asks for never pass, whatever they are.
    #[test]
    fn nothing_passes_under_the_minimum(seconds in prop::collection::vec((0_u64..40, 0_u64..9, 0_u64..12, 0_u64..6), 1..299)) {
        let mut judge = judge();
        for (n, e, m, f) in seconds {
            judge.second(&second((n, e), (m, f)));
            prop_assert_ne!(judge.verdict(), Verdict::Pass);
        }
    }
}
