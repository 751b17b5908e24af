//! Records of canaries made by another program than the grid's, one request of one client at a time, read and judged as `infra-chat judge` does.
//!
//! ```sh
//! cargo bench -p engine --bench traces -- 20 0.02,1,10           # so many of each case at each of these rates
//! cargo bench -p engine --bench traces -- 20 1 "tries again" 100  # only these, from seed 100 on, each told with its sentence
//! cargo bench -p engine --bench traces -- 20 1 calm 0 lines       # the records themselves, for any judge that reads them
//! ```

#![expect(clippy::print_stdout, reason = "the table is its output")]

mod cases;
mod town;

use std::collections::BTreeMap;

use cases::{Case, Right, cases, line};
use engine::canary::{Decision, Policy, Trace};
use town::Dice;

#[derive(Default)]
struct Counted {
    all: usize,
    back: Vec<(u32, u64)>,
    promoted: usize,
    wrong: usize,
}

fn main() {
    // Cargo adds `--bench`.
    let given: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let word = |at: usize| given.get(at).map_or("", String::as_str);
    let times: u64 = word(0).parse().unwrap_or(5);
    let rates = if word(1).is_empty() { "0.02,1,10" } else { word(1) };
    let (named, first) = (word(2), word(3).parse().unwrap_or(0));
    let only_lines = word(4) == "lines";

    let mut table: BTreeMap<(usize, String), Counted> = BTreeMap::new();
    for rate in rates.split(',').filter_map(|rate| rate.parse::<f64>().ok()) {
        for seed in first..first + times {
            let mut dice = Dice::new(seed * 31 + 7);
            for (number, case) in cases(rate, &mut dice).into_iter().enumerate() {
                if !case.name.contains(named) {
                    continue;
                }
                let seed = seed * 1_000 + number as u64;
                let line = line(&case, case.town.live(seed), seed);
                if only_lines {
                    println!("{line}");
                    continue;
                }
                let key = (number, format!("{rate} | {} | {:?}", case.name, case.right));
                judge(&case, &line, seed, table.entry(key).or_default(), !named.is_empty());
            }
        }
    }
    if only_lines {
        return;
    }
    println!("| canary/s | case | right | records | rolled back | promoted | median s / requests | wrong |");
    println!("|---|---|---|---|---|---|---|---|");
    let (mut good, mut false_back, mut bad, mut missed) = (0, 0, 0, 0);
    for ((_, name), mut counted) in table {
        counted.back.sort_unstable();
        let (s, requests) = counted.back.get(counted.back.len() / 2).copied().unwrap_or_default();
        println!(
            "| {name} | {} | {} | {} | {s} / {requests} | {} |",
            counted.all,
            counted.back.len(),
            counted.promoted,
            counted.wrong
        );
        if name.ends_with("Stays") {
            good += counted.all;
            false_back += counted.wrong;
        } else if name.ends_with("Back") {
            bad += counted.all;
            missed += counted.wrong;
        }
    }
    println!(
        "\nOf {good} good canaries {false_back} were rolled back; of {bad} that ought to be, {missed} were promoted."
    );
}

/// What the judge makes of it; what is wrong is told at once, with its seed.
fn judge(case: &Case, line: &str, seed: u64, counted: &mut Counted, tell: bool) {
    let judged = Trace::read(line.as_bytes()).map_err(|error| error.to_string());
    let judged = judged.and_then(|trace| {
        let seen = trace.replay(&Policy::default()).map_err(|error| error.to_string())?;
        let requests = trace.sec.iter().take(seen.t as usize).map(|row| row[2]).sum();
        Ok((seen, requests))
    });
    counted.all += 1;
    let (seen, requests) = match judged {
        Ok(judged) => judged,
        Err(error) => {
            counted.wrong += 1;
            println!("{} {}: {error}", case.town.rate, case.name);
            return;
        }
    };
    match seen.decision {
        Decision::Rollback => counted.back.push((seen.t, requests)),
        Decision::Promote => counted.promoted += 1,
        Decision::Hold => {}
    }
    let wrong = match case.right {
        Right::Stays => seen.decision == Decision::Rollback,
        Right::Holds => seen.decision != Decision::Hold,
        Right::NoPass | Right::Back => seen.decision == Decision::Promote,
        Right::Either => false,
    };
    counted.wrong += usize::from(wrong);
    if wrong || tell {
        let mark = if wrong { "WRONG " } else { "" };
        println!(
            "{mark}{} {} {:?} (seed {seed}, {}%): {:?} at {} s after {requests}, {}: {}",
            case.town.rate,
            case.name,
            case.right,
            case.town.errors * 100.0,
            seen.decision,
            seen.t,
            seen.score,
            seen.because
        );
    }
}
