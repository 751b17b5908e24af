//! Histories one after the other: rolled from a seed, played, and shrunk when a promise does not hold.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use crate::dice::Dice;
use crate::event::Event;
use crate::ground::Ground;
use crate::life::{Broken, Kept, Life};
use crate::world::database::Kind;

/// Seeds from here on.
const FIRST_SEED: u64 = 1;
/// Shorter histories tried for a failure.
const SHRINKS_MAX: usize = 400;

/// What happens in the history of a seed.
pub(crate) fn events(kind: Kind, seed: u64) -> Vec<Event> {
    let mut dice = Dice::of(seed);
    let count = dice.between(10, 41) as usize;
    let mut all = Vec::with_capacity(count + 4);
    if dice.percent(85) {
        Event::morning(&mut dice, &mut all);
    }
    while all.len() < count {
        Event::roll(&mut dice, &mut all);
    }
    if kind == Kind::Postgres {
        // Work that was just let go is what somebody stalls in.
        let lets_go = |at: &usize| matches!(all[*at], Event::Asks { .. } | Event::Approves { .. });
        let places: Vec<usize> = (0..all.len()).filter(lets_go).collect();
        for at in places.into_iter().rev() {
            if dice.percent(40) {
                let after = at + 1;
                all.splice(after..after, Event::stall(&mut dice));
            }
        }
    }
    all
}

/// The test that plays them.
fn test_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "histories_keep_every_promise",
        Kind::Postgres => "two_replicas_keep_every_promise",
    }
}

/// How a history went.
struct Played {
    kept: Kept,
    told: Vec<String>,
    events: usize,
    runs: usize,
    effects: usize,
}

async fn play(ground: &mut Ground, seed: u64, events: &[Event]) -> Played {
    let mut life = Life::begin(ground, seed).await;
    let mut kept = life.look(None, false).await;
    for event in events {
        if kept.is_ok() {
            kept = Box::pin(life.goes_on(event)).await;
        }
    }
    if kept.is_ok() {
        kept = life.rests().await;
    }
    let effects = life.world.ledger().len();
    Played { kept, told: life.told, events: life.promises.written.len(), runs: life.runs.len(), effects }
}

/// Plays on a thread's own runtime; a panic is a broken promise too.
fn played(
    runtime: &tokio::runtime::Runtime,
    ground: &mut Option<Ground>,
    kind: Kind,
    seed: u64,
    events: &[Event],
) -> Played {
    let there = ground.get_or_insert_with(|| runtime.block_on(Ground::make(kind)));
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(play(there, seed, events))));
    outcome.unwrap_or_else(|panic| {
        // Whatever it left is not trusted.
        *ground = None;
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
        let kept = Err(Broken::new("no panic", said));
        Played { kept, told: Vec::new(), events: 0, runs: 0, effects: 0 }
    })
}

/// A number out of the environment.
pub(crate) fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

/// Plays so many, or as many as `HISTORIES` says; or the one of the seed in `HISTORY`, telling all of it.
pub(crate) fn play_all(kind: Kind, count: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut ground = None;
    let one = from_environment("HISTORY");
    let count = from_environment("HISTORIES").unwrap_or(count);
    let seeds = one.map_or(FIRST_SEED..FIRST_SEED + count, |seed| seed..seed + 1);
    let began = Instant::now();
    let (mut happened, mut runs, mut effects, mut played_events) = (0, 0, 0, 0);
    for seed in seeds.clone() {
        let events = events(kind, seed);
        let this = played(&runtime, &mut ground, kind, seed, &events);
        if one.is_some() {
            eprintln!("{}", this.told.join("\n"));
        }
        if let Err(broken) = &this.kept {
            eprintln!("history {seed} on {kind:?}: {broken}; looking for a shorter one that does the same …");
            let (shorter, told) = shrunk(&runtime, &mut ground, kind, seed, &events, broken);
            panic!(
                "history {seed} on {kind:?}: {broken}\n\nAll of it:\n{}\n\nShrunk to {shorter} of {} events:\n{}\n\n\
                 Play it again: HISTORY={seed} .ci/test -p engine --test histories -- {} --nocapture",
                this.told.join("\n"),
                events.len(),
                told.join("\n"),
                test_of(kind),
            );
        }
        played_events += events.len();
        happened += this.events;
        runs += this.runs;
        effects += this.effects;
    }
    let histories = seeds.end - seeds.start;
    eprintln!(
        "{histories} histories on {kind:?}: {played_events} events, {runs} runs, {effects} effects outside, {happened} \
         happenings, every promise kept, in {:.1} s ({:.1} ms each)",
        began.elapsed().as_secs_f64(),
        began.elapsed().as_secs_f64() * 1_000.0 / histories as f64,
    );
    drop(ground);
}

/// Leaves out events as long as the same promise breaks: how many are left, and how that goes.
fn shrunk(
    runtime: &tokio::runtime::Runtime,
    ground: &mut Option<Ground>,
    kind: Kind,
    seed: u64,
    events: &[Event],
    broken: &Broken,
) -> (usize, Vec<String>) {
    let (mut events, mut told, mut tries) = (events.to_vec(), Vec::new(), 0);
    let mut size = events.len().div_ceil(2);
    loop {
        let (mut at, mut found) = (0, false);
        while at < events.len() && tries < SHRINKS_MAX {
            let mut fewer = events.clone();
            fewer.drain(at..(at + size).min(events.len()));
            tries += 1;
            let this = played(runtime, ground, kind, seed, &fewer);
            if this.kept.as_ref().is_err_and(|other| other.promise == broken.promise) {
                (events, told, found) = (fewer, this.told, true);
                told.push(format!("→ {}", this.kept.as_ref().unwrap_err()));
            } else {
                at += size;
            }
        }
        if tries >= SHRINKS_MAX || (size == 1 && !found) {
            return (events.len(), told);
        }
        size = (size / 2).max(1);
    }
}
