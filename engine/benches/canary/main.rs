//! The grid: the judge beside three others, on the same simulated traffic, as a table for the documentation.
//!
//! ```sh
//! cargo bench -p engine --bench canary -- 300          # trials a cell
//! cargo bench -p engine --bench canary -- 300 slower   # only cells with that in their name
//! ```

#![expect(clippy::print_stdout, reason = "the table is its output")]

mod cells;
mod oracle;
mod random;
mod rivals;
mod trial;
mod world;

use std::time::Instant;

use engine::canary::{Judge, Lack, Policy, Verdict};
use oracle::Oracle;
use rivals::Rivals;
use world::{PLANNED_S, Traffic, World};

/// Fewer trials tell nothing about a bound of 1%.
const TRIALS: u64 = 300;
/// Both catch a cell in which both roll back in at least this share of trials.
const CAUGHT: f64 = 0.5;
/// How often the speed is measured.
const SPEED_ROUNDS: u32 = 30;

fn main() {
    // Cargo adds `--bench`.
    let given: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let trials = given.first().and_then(|word| word.parse().ok()).unwrap_or(TRIALS);
    let named = given.get(1).map_or("", String::as_str);

    println!(
        "| canary/s | world | errors | rolled back | passed | held | after s / requests | threshold 99% | threshold 95% | rank test |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut ratios: [Vec<f64>; 2] = Default::default();
    let worlds: Vec<World> = cells::cells().into_iter().filter(|world| world.name.contains(named)).collect();
    // Two at a time: the slowest cells come last, so a pair takes about as long.
    for pair in worlds.chunks(2) {
        let rows: Vec<Row> = std::thread::scope(|scope| {
            let running: Vec<_> = pair.iter().map(|world| scope.spawn(|| Row::of(*world, trials))).collect();
            running.into_iter().filter_map(|row| row.join().ok()).collect()
        });
        for row in rows {
            println!("{}", row.shown());
            for (ratios, judge) in ratios.iter_mut().zip([OWN, ORACLE]) {
                ratios.extend(row.ratio(judge));
            }
        }
    }
    println!();
    println!(
        "Geometric mean over the {} bad cells both catch: the rank test needs {:.1} times the canary requests.",
        ratios[0].len(),
        mean(&ratios[0])
    );
    println!(
        "And {:.1} times those of a test that knows both versions' rates and that errors come singly (Wald's, about as fast as can be).",
        mean(&ratios[1])
    );
    println!("{:.2} µs for a second of data at 100 canary requests a second.", speed());
}

/// The geometric mean.
fn mean(ratios: &[f64]) -> f64 {
    (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len().max(1) as f64).exp()
}

/// Where each judge's rollbacks are.
const OWN: usize = 0;
const RANK: usize = 3;
const ORACLE: usize = 4;

/// What came of one cell.
struct Row {
    world: World,
    trials: f64,
    passed: u64,
    held: u64,
    few: u64,
    /// Seconds and canary requests of each rollback: this judge, then the rivals, then the oracle.
    caught: [Vec<(u32, u64)>; 5],
}

impl Row {
    fn of(world: World, trials: u64) -> Self {
        let mut row =
            Self { world, trials: trials as f64, passed: 0, held: 0, few: 0, caught: Default::default() };
        for seed in 0..trials {
            let mut rivals = Rivals::default();
            let mut oracle = Oracle::new(&world);
            let ended = trial::trial(world, seed * 7919 + 17, |tick| {
                rivals.see(tick);
                oracle.see(tick);
                rivals.rolled_back.iter().all(Option::is_some)
            });
            match ended.ruling.verdict {
                Verdict::Fail { .. } => row.caught[0].push(ended.at),
                Verdict::Pass => row.passed += 1,
                Verdict::NotEnoughData { lack: Lack::Certainty, .. } => row.held += 1,
                Verdict::NotEnoughData { lack: Lack::Traffic, .. } => row.few += 1,
            }
            for (caught, at) in
                row.caught.iter_mut().skip(1).zip(rivals.rolled_back.into_iter().chain([oracle.rolled_back]))
            {
                caught.extend(at);
            }
        }
        row.caught.iter_mut().for_each(|caught| caught.sort_unstable());
        row
    }

    fn share(&self, caught: usize) -> f64 {
        self.caught[caught].len() as f64 / self.trials
    }

    fn median(&self, caught: usize) -> Option<(u32, u64)> {
        self.caught[caught].get(self.caught[caught].len() / 2).copied()
    }

    /// How many times the canary requests of a judge the rank test needs, in the median, where both the rank test and this judge
    /// catch the fault.
    fn ratio(&self, judge: usize) -> Option<f64> {
        let both = cells::bad(&self.world) && self.share(OWN) >= CAUGHT && self.share(RANK) >= CAUGHT;
        let (judge, rank) = (self.median(judge)?, self.median(RANK)?);
        both.then(|| rank.1 as f64 / judge.1.max(1) as f64)
    }

    fn shown(&self) -> String {
        let world = &self.world;
        let errors = if world.canary_errors > world.stable_errors {
            format!("{}→{}%", world.stable_errors * 100.0, world.canary_errors * 100.0)
        } else {
            format!("{}%", world.stable_errors * 100.0)
        };
        let name = if world.slower > 1.0 {
            format!("**latency +{:.0}%**", (world.slower - 1.0) * 100.0)
        } else if cells::bad(world) {
            format!("**{}**", world.name)
        } else {
            world.name.to_owned()
        };
        let percent = |share: f64| format!("{:.1}%", share * 100.0);
        let rival = |at: usize| match self.median(at) {
            Some((seconds, requests)) => format!("{} ({seconds} / {requests})", percent(self.share(at))),
            None => "0%".to_owned(),
        };
        let median = self
            .median(0)
            .map_or_else(|| "–".to_owned(), |(seconds, requests)| format!("{seconds} / {requests}"));
        format!(
            "| {} | {name} | {errors} | {} | {} | {} | {median} | {} | {} | {} |",
            world.rate,
            percent(self.share(0)),
            percent(self.passed as f64 / self.trials),
            percent((self.held + self.few) as f64 / self.trials),
            rival(1),
            rival(2),
            rival(3),
        )
    }
}

/// Microseconds of the judge for a second of data, in the best of some rounds: a busy machine is not its fault.
fn speed() -> f64 {
    let mut traffic = Traffic::new(World::good("speed", 100.0, 0.005), 1);
    let past = traffic.past.clone();
    let ticks: Vec<_> = std::iter::from_fn(|| traffic.tick()).collect();
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
