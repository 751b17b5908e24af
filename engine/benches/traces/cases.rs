//! What a judge is shown: good canaries in all kinds of weather, worse ones, and records that are odd in themselves.

use crate::town::{Dice, EDGES, Fault, LANES, Recorded, Town};

/// What becomes of a record after it was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Odd {
    No,
    /// No lanes are known.
    NoLanes,
    /// Nor is the past.
    NoPast,
    /// Latencies are in one bucket, or there are none.
    OneBucket,
    NoLatency,
    /// Failures are counted 1 to 3 s after the requests.
    Late,
    /// The canary's counts come a second later, or sooner, than the stable version's.
    ClockBehind,
    ClockAhead,
    /// One second in ten is missing: nothing was counted, or counted with the next.
    Gaps,
    GapsCaughtUp,
    /// All counts are a million times as large, but for lanes.
    Huge,
    /// The stable version has no traffic at all.
    NoStable,
    /// The stages are not told.
    NoSteps,
    /// The record ends after so many seconds.
    Short(usize),
}

/// What is right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Right {
    /// No rollback.
    Stays,
    /// No rollback and no pass.
    Holds,
    /// No pass.
    NoPass,
    /// A rollback: a pass is a miss.
    Back,
    /// Whatever.
    Either,
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) right: Right,
    pub(crate) odd: Odd,
    pub(crate) town: Town,
}

const ERRORS: [f64; 4] = [0.0, 0.001, 0.005, 0.02];

/// All cases at one rate, each drawn anew with the dice.
pub(crate) fn cases(rate: f64, dice: &mut Dice) -> Vec<Case> {
    let errors = ERRORS[(dice.unit() * 4.0) as usize];
    let some = ERRORS[1 + (dice.unit() * 3.0) as usize];
    let calm = Town::usual(rate, errors);
    let failing = Town::usual(rate, some);
    let enough = if rate >= 1.0 { Right::Back } else { Right::Either };
    let mut all = Vec::new();
    let mut case = |name, right, odd, town| all.push(Case { name, right, odd, town });
    let mut good = |name, town| case(name, Right::Stays, Odd::No, town);

    good("calm", calm.clone());
    good("few clients", Town { clients: 12, zipf: 1.0, ..failing.clone() });
    good("a few busy clients", Town { clients: 300, zipf: 1.3, ..failing.clone() });
    good("bursts", Town { burst: dice.between(2.0, 6.0), ..failing.clone() });
    good("long bursts", Town { burst: dice.between(10.0, 30.0), ..failing.clone() });
    let after = dice.between(1.0, 15.0);
    good("tries again", Town { again: Some((0.9, after, 1.0, 0.8)), ..failing.clone() });
    good("backs off", Town { again: Some((0.95, 1.0, 2.0, 0.8)), ..failing.clone() });
    good("bursts, tries again", Town { burst: 3.0, again: Some((0.8, after, 1.0, 0.8)), ..failing.clone() });
    let begin = dice.between(0.0, 1_100.0) as i32;
    let lasts = dice.between(20.0, 150.0) as i32;
    let incident = (begin, lasts, dice.between(0.05, 0.9), dice.between(1.0, 6.0));
    good("incident", Town { incidents: vec![incident], ..calm.clone() });
    good(
        "incident, tries again",
        Town { incidents: vec![incident], again: Some((0.8, after, 1.3, 0.7)), ..failing.clone() },
    );
    good(
        "three incidents",
        Town {
            incidents: vec![(100, 40, 0.3, 2.0), (500, 30, 1.0, 1.0), (1_000, 90, 0.1, 8.0)],
            ..calm.clone()
        },
    );
    good("incident at the change of stages", Town { incidents: vec![(570, 60, 0.4, 3.0)], ..calm.clone() });
    good("after an incident", Town { incidents: vec![(-500, 400, 0.3, 4.0)], ..calm.clone() });
    good("drift", Town { drift: (5.0, 1.5), ..failing.clone() });
    good("steep drift", Town { drift: (20.0, 4.0), ..failing.clone() });
    good("gets better", Town { drift: (0.1, 0.5), ..failing.clone() });
    good("day", Town { day: (0.8, dice.between(300.0, 3_600.0)), ..failing.clone() });
    good("moody", Town { moody: dice.between(0.1, 0.6), ..calm.clone() });
    good("cold", Town { cold_s: 20, ..calm.clone() });
    good("cold for 30 s", Town { cold_s: 30, ..calm.clone() });
    good("stalls now and then", Town { stalls: Some(300.0), ..calm.clone() });
    good("stalls each minute", Town { stalls: Some(60.0), ..calm.clone() });
    good("restarts mid-stage", Town { restarts: vec![dice.between(100.0, 500.0) as i32], ..calm.clone() });
    good("quick", Town { latency: (2.0, 0.8), heavy: (0.02, 20.0), ..calm.clone() });
    good("quick, stalls each minute", Town { latency: (2.0, 0.8), stalls: Some(60.0), ..calm.clone() });
    good("slow, wide", Town { latency: (900.0, 1.3), heavy: (0.2, 6.0), ..calm.clone() });
    good(
        "two kinds of pages",
        Town { latency: (15.0, 0.3), heavy: (0.4, 30.0), clients: 200, ..calm.clone() },
    );
    good("stable fails 30%", Town::usual(rate, 0.3));
    good(
        "stable fails 30%, tries again",
        Town { again: Some((0.8, 3.0, 1.0, 0.8)), ..Town::usual(rate, 0.3) },
    );
    good("all fail", Town::usual(rate, 1.0));
    good("one client hammers", Town { hammer: Some((rate.max(0.2), errors, false)), ..calm.clone() });
    good("one client hammers the canary", Town { hammer: Some((rate.max(0.2), 0.0, true)), ..calm.clone() });
    good("20/60/100 of 5 minutes", Town { steps: vec![(20, 300), (60, 300), (100, 300)], ..failing.clone() });
    good(
        "10/20/30/50/80/100",
        Town {
            steps: vec![(10, 120), (20, 120), (30, 120), (50, 120), (80, 120), (100, 120)],
            incidents: vec![(200, 150, 0.3, 2.0)],
            drift: (6.0, 2.0),
            ..failing.clone()
        },
    );
    good(
        "everything",
        Town {
            clients: 400,
            zipf: 1.0,
            burst: 2.0,
            again: Some((0.7, 3.0, 1.5, 0.7)),
            incidents: vec![incident],
            drift: (3.0, 1.3),
            day: (0.4, 1_500.0),
            moody: 0.2,
            cold_s: 20,
            ..failing.clone()
        },
    );
    // One client that always fails, in the lane the canary gets first: nobody can tell that from a fault, but it should not be sure of it.
    case(
        "one client fails always",
        Right::Either,
        Odd::No,
        Town { hammer: Some((0.2, 1.0, true)), ..calm.clone() },
    );
    case("nobody comes", Right::Holds, Odd::No, Town::usual(0.0, 0.0));
    case("hardly anybody comes", Right::Holds, Odd::No, Town::usual(0.005, errors));

    for (name, odd) in [
        ("no lanes", Odd::NoLanes),
        ("no past", Odd::NoPast),
        ("one bucket", Odd::OneBucket),
        ("no latency", Odd::NoLatency),
        ("late counts", Odd::Late),
        ("clock behind", Odd::ClockBehind),
        ("clock ahead", Odd::ClockAhead),
        ("gaps", Odd::Gaps),
        ("gaps caught up", Odd::GapsCaughtUp),
        ("huge counts", Odd::Huge),
        ("no steps", Odd::NoSteps),
    ] {
        let weather = Town { burst: 2.0, incidents: vec![incident], moody: 0.1, ..failing.clone() };
        let hard = matches!(odd, Odd::NoLanes | Odd::Huge);
        // What comes a million times at once is no longer chance.
        case(name, if hard { Right::Either } else { Right::Stays }, odd, weather);
        case(name, if odd == Odd::Huge { Right::Either } else { Right::Stays }, odd, failing.clone());
        let worse = Fault { errors: 0.2, ..Fault::default() };
        case(name, enough, odd, Town { fault: worse, ..failing.clone() });
    }
    case("no stable version", Right::Holds, Odd::NoStable, failing.clone());
    let worse = Fault { errors: 0.2, ..Fault::default() };
    case("no stable version", Right::NoPass, Odd::NoStable, Town { fault: worse.clone(), ..failing.clone() });
    case(
        "all at once",
        Right::NoPass,
        Odd::No,
        Town { steps: vec![(100, 600)], fault: worse, ..calm.clone() },
    );
    case("all at once", Right::Holds, Odd::No, Town { steps: vec![(100, 600)], ..calm.clone() });
    case("short", Right::Holds, Odd::Short(20), calm.clone());

    let mut bad =
        |name, right, town: &Town, fault| case(name, right, Odd::No, Town { fault, ..town.clone() });
    let no = Fault::default;
    let sure = |much: f64| {
        let tells = rate * much >= 0.02 && much >= 2.0 * errors;
        if tells { Right::Back } else { Right::Either }
    };
    bad("+0.4%", sure(0.004), &calm, Fault { errors: 0.004, ..no() });
    bad("+2%", sure(0.02), &calm, Fault { errors: 0.02, ..no() });
    bad("+5%", sure(0.05), &calm, Fault { errors: 0.05, ..no() });
    bad("+20%", sure(0.2), &calm, Fault { errors: 0.2, ..no() });
    bad("+50%", sure(0.5), &calm, Fault { errors: 0.5, ..no() });
    bad("+100%", sure(1.0), &calm, Fault { errors: 1.0, ..no() });
    let noisy = Town {
        clients: 300,
        zipf: 1.0,
        burst: 2.0,
        again: Some((0.8, 3.0, 1.0, 0.7)),
        incidents: vec![incident],
        drift: (3.0, 1.3),
        moody: 0.2,
        ..failing.clone()
    };
    bad("noisy, +5%", sure(0.02), &noisy, Fault { errors: 0.05, ..no() });
    bad("noisy, +20%", enough, &noisy, Fault { errors: 0.2, ..no() });
    bad("noisy, twice as slow", enough, &noisy, Fault { slower: 2.0, ..no() });
    bad("30% before, +30%", enough, &Town::usual(rate, 0.3), Fault { errors: 0.4, ..no() });
    bad("from minute 5 on, +10%", sure(0.05), &calm, Fault { errors: 0.1, from_s: 300, ..no() });
    bad("from minute 15 on, +10%", sure(0.05), &calm, Fault { errors: 0.1, from_s: 900, ..no() });
    bad("grows to 20%", sure(0.1), &calm, Fault { errors: 0.2, grows_s: 900, ..no() });
    bad("10 s of each minute", sure(0.1), &calm, Fault { errors: 0.8, now_and_then: Some((10, 60)), ..no() });
    bad(
        "5 s every five minutes",
        Right::Either,
        &calm,
        Fault { errors: 1.0, now_and_then: Some((5, 300)), ..no() },
    );
    bad("one client in 8", sure(0.1), &calm, Fault { errors: 1.0, clients_each: Some(8), ..no() });
    bad("one client in 50", Right::Either, &calm, Fault { errors: 1.0, clients_each: Some(50), ..no() });
    bad(
        "10% slower",
        if rate >= 10.0 { Right::Back } else { Right::Either },
        &calm,
        Fault { slower: 1.1, ..no() },
    );
    bad("30% slower", enough, &calm, Fault { slower: 1.3, ..no() });
    bad("twice as slow", enough, &calm, Fault { slower: 2.0, ..no() });
    bad("5 times as slow", enough, &calm, Fault { slower: 5.0, ..no() });
    bad("slow tail", enough, &calm, Fault { tail: (0.1, 5.0), ..no() });
    bad("slower and slower", enough, &calm, Fault { slower: 3.0, grows_s: 1_000, ..no() });
    bad(
        "quick, ten times as slow",
        enough,
        &Town { latency: (2.0, 0.8), ..calm.clone() },
        Fault { slower: 10.0, ..no() },
    );
    bad(
        "stalls each minute, twice as slow",
        enough,
        &Town { stalls: Some(60.0), ..calm.clone() },
        Fault { slower: 2.0, ..no() },
    );
    all
}

/// The record as one line of JSON.
pub(crate) fn line(case: &Case, mut recorded: Recorded, seed: u64) -> String {
    let mut dice = Dice::new(seed ^ 0xABCD);
    let odd = case.odd;
    if odd == Odd::Late {
        let mut late = vec![[(0, 0_u16); 2]; recorded.sec.len() + 4];
        for (at, row) in recorded.sec.iter_mut().enumerate() {
            for (side, had) in row.iter_mut().enumerate() {
                let then = &mut late[at + 1 + (dice.unit() * 3.0) as usize][side];
                then.0 += had.err;
                then.1 |= had.err_lanes;
                (had.err, had.err_lanes) = late[at][side];
            }
        }
    }
    if let Odd::ClockBehind | Odd::ClockAhead = odd {
        let shifted = usize::from(odd == Odd::ClockBehind);
        for at in (1..recorded.sec.len()).rev() {
            recorded.sec[at][shifted] = recorded.sec[at - 1][shifted];
        }
    }
    if let Odd::Gaps | Odd::GapsCaughtUp = odd {
        for at in 0..recorded.sec.len() - 1 {
            if dice.yes(0.1) {
                let lost = std::mem::take(&mut recorded.sec[at]);
                if odd == Odd::GapsCaughtUp {
                    for (next, lost) in recorded.sec[at + 1].iter_mut().zip(lost) {
                        next.n += lost.n;
                        next.err += lost.err;
                        next.lanes |= lost.lanes;
                        next.err_lanes |= lost.err_lanes;
                    }
                }
            }
        }
    }
    if let Odd::Short(seconds) = odd {
        recorded.sec.truncate(seconds);
        recorded.lat.truncate(seconds / 10);
    }
    let many = if odd == Odd::Huge { 1_000_000 } else { 1 };
    let with_lanes = u64::from(odd != Odd::NoLanes);
    let stable = u64::from(odd != Odd::NoStable);
    let sec: Vec<[u64; 8]> = recorded
        .sec
        .iter()
        .map(|[s, c]| {
            let lanes = |lanes: u16| u64::from(lanes.count_ones()) * with_lanes;
            [
                s.n * many * stable,
                s.err * many * stable,
                c.n * many,
                c.err * many,
                lanes(s.lanes) * stable,
                lanes(s.err_lanes) * stable,
                lanes(c.lanes),
                lanes(c.err_lanes),
            ]
        })
        .collect();
    let histogram = |buckets: &[u64]| -> Vec<u64> {
        let Some(first) = buckets.iter().position(|count| *count > 0) else { return Vec::new() };
        if odd == Odd::OneBucket {
            return vec![0, buckets.iter().sum()];
        }
        let last = buckets.iter().rposition(|count| *count > 0).unwrap_or(first);
        let mut all = vec![first as u64];
        all.extend(buckets[first..=last].iter().map(|count| count * many));
        all
    };
    let lat: Vec<[Vec<u64>; 2]> = match odd {
        Odd::NoLatency => Vec::new(),
        Odd::NoStable => recorded.lat.iter().map(|[_, canary]| [Vec::new(), histogram(canary)]).collect(),
        _ => recorded.lat.iter().map(|[stable, canary]| [histogram(stable), histogram(canary)]).collect(),
    };
    let (pre, lanes, err_lanes) = recorded.pre;
    let mut json = serde_json::json!({
        "id": case.name,
        "rate": case.town.rate,
        "steps": case.town.steps,
        "warmup_s": 20,
        "edges_ms": EDGES,
        "pre": {"n": pre.n * many, "err": pre.err * many, "hist": histogram(&recorded.pre_hist),
            "lanes": lanes * with_lanes, "err_lanes": err_lanes * with_lanes},
        "sec": sec,
        "lat": lat,
    });
    if odd == Odd::OneBucket {
        json["edges_ms"] = serde_json::json!([]);
    }
    if odd == Odd::NoSteps
        && let Some(all) = json.as_object_mut()
    {
        all.remove("steps");
    }
    if let Odd::NoPast | Odd::NoStable = odd {
        json["pre"] = serde_json::json!({});
    }
    debug_assert!(case.town.steps.iter().all(|(share, _)| *share as usize <= 10 * LANES));
    json.to_string()
}
