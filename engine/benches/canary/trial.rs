//! One canary through one world, before the judge.

use engine::canary::{Judge, Lack, Past, PlainCounts, Policy, Ruling, Verdict, unnoticed};

use crate::world::{COMPARED_S, EDGES, PLANNED_S, Tick};

/// How it ended.
pub(crate) struct Ended {
    pub(crate) ruling: Ruling,
    /// Seconds, and canary requests, until then.
    pub(crate) at: (u32, u64),
}

/// Judges traffic every second, to the end or to the first fail. `look` is shown every second, also those after a fail until it
/// says that it has seen enough.
pub(crate) fn trial(
    policy: Policy,
    past: Past,
    traffic: impl Iterator<Item = Tick>,
    mut look: impl FnMut(&Tick) -> bool,
) -> Ended {
    let mut judge = Judge::new(policy, PLANNED_S, past);
    let (mut plain, mut at) = (PlainCounts::default(), (0, 0));
    let mut ended = None;
    for tick in traffic {
        let enough = look(&tick);
        if ended.is_none() {
            at = (at.0 + 1, at.1 + tick.second.canary.requests);
            take_in(&mut judge, &tick);
            plain.second(&tick.second, at.0 <= COMPARED_S);
            if tick.stage_ends {
                plain.stage();
            }
            if matches!(judge.verdict(), Verdict::Fail { .. }) {
                ended = Some(Ended { ruling: judge.ruling(), at });
            }
        }
        if enough && ended.is_some() {
            break;
        }
    }
    ended.unwrap_or_else(|| {
        let mut ruling = judge.ruling();
        if let (Verdict::Pass, Some(say)) = (&ruling.verdict, plain.in_the_way()) {
            let held = Verdict::NotEnoughData { lack: Lack::Certainty, more_requests: 0, more_s: None };
            ruling = Ruling { verdict: held, because: say, ..ruling };
        }
        Ended { ruling, at }
    })
}

/// A second of data.
pub(crate) fn take_in(judge: &mut Judge, tick: &Tick) {
    judge.second(&tick.second);
    if let Some((stable, canary)) = &tick.row {
        judge.latency(stable, canary, unnoticed(&EDGES));
    }
    if tick.stage_ends {
        judge.stage();
    }
}
