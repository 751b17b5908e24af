//! One canary through one world, before the judge.

use engine::canary::{Judge, Policy, Ruling, Verdict};

use crate::world::{PLANNED_S, Tick, Traffic, World};

/// How it ended.
pub(crate) struct Ended {
    pub(crate) ruling: Ruling,
    /// Seconds, and canary requests, until then.
    pub(crate) at: (u32, u64),
}

/// Judges a world every second, to the end or to the first fail. `look` is shown every second, also those after a fail until it
/// says that it has seen enough.
pub(crate) fn trial(world: World, seed: u64, mut look: impl FnMut(&Tick) -> bool) -> Ended {
    let mut traffic = Traffic::new(world, seed);
    let mut judge = Judge::new(Policy::default(), PLANNED_S, traffic.past.clone());
    let mut at = (0, 0);
    let mut ended = None;
    while let Some(tick) = traffic.tick() {
        let enough = look(&tick);
        if ended.is_none() {
            at = (at.0 + 1, at.1 + tick.second.canary.requests);
            take_in(&mut judge, &tick);
            if matches!(judge.verdict(), Verdict::Fail { .. }) {
                ended = Some(Ended { ruling: judge.ruling(), at });
            }
        }
        if enough && ended.is_some() {
            break;
        }
    }
    ended.unwrap_or_else(|| Ended { ruling: judge.ruling(), at })
}

/// A second of data.
pub(crate) fn take_in(judge: &mut Judge, tick: &Tick) {
    judge.second(&tick.second);
    if let Some((stable, canary)) = &tick.row {
        judge.latency(stable, canary);
    }
    if tick.stage_ends {
        judge.stage();
    }
}
