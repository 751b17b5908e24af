//! The grid: the judge beside three others, on the same simulated traffic, as a table for the documentation.
//!
//! ```sh
//! cargo bench -p engine --bench canary -- 300            # trials a cell
//! cargo bench -p engine --bench canary -- 300/60         # fewer at 10 and 100 canary requests a second, which take longest
//! cargo bench -p engine --bench canary -- 300 slower     # only cells with that in their name
//! cargo bench -p engine --bench canary -- 300 "" own     # without the other judges: much sooner
//! cargo bench -p engine --bench canary -- 300 "" harsh   # harsher worlds, for this judge only
//! cargo bench -p engine --bench canary -- 300 "" mended  # right after an incident of the stable version, for this judge only
//! cargo bench -p engine --bench canary -- 300 "" own 300 # trials 300 to 599: what constants are chosen on is not what is shown
//! ```

#![expect(clippy::print_stdout, reason = "the table is its output")]

mod cells;
mod harsh;
mod oracle;
mod random;
mod rivals;
mod row;
mod trial;
mod world;

use std::ops::Range;
use std::time::Instant;

use engine::canary::{Judge, Policy};
use harsh::{Harsh, Weather};
use row::{Counted, ORACLE, OWN, Row};
use world::{PLANNED_S, Traffic, World};

/// Fewer trials tell nothing about a bound of 1%.
const TRIALS: u64 = 300;
/// Canary requests a second above which a trial takes long.
const SLOW: f64 = 1.0;
/// How often the speed is measured.
const SPEED_ROUNDS: u32 = 30;

fn main() {
    // Cargo adds `--bench`.
    let given: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let (few, many) =
        given.first().and_then(|word| word.split_once('/').or(Some((word, word)))).unwrap_or_default();
    let trials = |rate: f64| (if rate > SLOW { many } else { few }).parse().unwrap_or(TRIALS);
    let named = given.get(1).map_or("", String::as_str);
    let first = given.get(3).and_then(|word| word.parse().ok()).unwrap_or(0);
    let trials = |rate: f64| first..first + trials(rate);
    match given.get(2).map(String::as_str) {
        Some("harsh") => harsh(trials, named),
        Some("mended") => grid(&cells::mended(), trials, named, false),
        Some("own") => grid(&cells::cells(), trials, named, false),
        _ => grid(&cells::cells(), trials, named, true),
    }
    println!("{:.2} µs for a second of data at 100 canary requests a second.", speed());
}

/// The grid, with the rivals or without.
fn grid(cells: &[World], trials: impl Fn(f64) -> Range<u64> + Sync, named: &str, rivals: bool) {
    println!(
        "| canary/s | world | errors | rolled back | passed | held | after s / requests | threshold 99% | threshold 95% | rank test |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let worlds: Vec<World> =
        cells.iter().copied().filter(|world| Row::named(world).contains(named)).collect();
    let rows = in_pairs(&worlds, |world| Row::of(*world, trials(world.rate), rivals), Row::shown);
    let mean = |judge: usize| {
        let ratios: Vec<f64> = rows.iter().filter_map(|row| row.ratio(judge)).map(f64::ln).collect();
        (ratios.len(), (ratios.iter().sum::<f64>() / ratios.len().max(1) as f64).exp())
    };
    let (cells, ratio) = mean(OWN);
    println!();
    println!(
        "Geometric mean over the {cells} bad cells both catch: the rank test needs {ratio:.1} times the canary requests."
    );
    println!(
        "And {:.1} times those of a test that knows both versions' rates and that errors come singly (Wald's, about as fast as can be).",
        mean(ORACLE).1
    );
    println!();
    println!("| canary/s | world | errors | ours | oracle | rank test | rank/ours | ours/oracle |");
    println!("|---|---|---|---|---|---|---|---|");
    for row in rows.iter().filter_map(Row::shown_losses) {
        println!("{row}");
    }
}

/// The harsher worlds.
fn harsh(trials: impl Fn(f64) -> Range<u64> + Sync, named: &str) {
    println!("| canary/s | world | errors | rolled back | passed | held | after s / requests |");
    println!("|---|---|---|---|---|---|---|");
    let worlds: Vec<Harsh> = harsh::worlds().into_iter().filter(|world| world.name.contains(named)).collect();
    let judged = |world: &Harsh| {
        let mut counted = Counted::default();
        for seed in trials(world.rate) {
            let weather = Weather::new(*world, seed * 7919 + 17);
            // Who knows that caches take a minute says so.
            let usual = Policy::default();
            let policy = Policy { warmup_s: if world.cold { 60 } else { usual.warmup_s }, ..usual };
            counted.count(&trial::trial(policy, weather.past.clone(), weather, |_| true));
        }
        (*world, counted)
    };
    in_pairs(&worlds, judged, |(world, counted)| {
        format!("| {} | {} | {}% | {} |", world.rate, world.name, world.errors * 100.0, counted.shown())
    });
}

/// Two at a time: the slowest cells come last, so a pair takes about as long.
fn in_pairs<W: Sync, R: Send>(
    worlds: &[W],
    judge: impl Fn(&W) -> R + Sync,
    shown: impl Fn(&R) -> String,
) -> Vec<R> {
    let mut all = Vec::new();
    for pair in worlds.chunks(2) {
        let rows: Vec<R> = std::thread::scope(|scope| {
            let running: Vec<_> = pair.iter().map(|world| scope.spawn(|| judge(world))).collect();
            running.into_iter().filter_map(|row| row.join().ok()).collect()
        });
        for row in &rows {
            println!("{}", shown(row));
        }
        all.extend(rows);
    }
    all
}

/// Microseconds of the judge for a second of data, in the best of some rounds: a busy machine is not its fault.
fn speed() -> f64 {
    let traffic = Traffic::new(World::good("speed", 100.0, 0.005), 1);
    let past = traffic.past.clone();
    let ticks: Vec<_> = traffic.collect();
    let round = || {
        let began = Instant::now();
        let mut judge = Judge::new(Policy::default(), PLANNED_S, past.clone());
        for tick in &ticks {
            trial::take_in(&mut judge, tick);
            std::hint::black_box(judge.verdict());
        }
        began.elapsed().as_secs_f64() * 1e6 / ticks.len() as f64
    };
    (0..SPEED_ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}
