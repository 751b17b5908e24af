//! Rolling replacements: one fresh instance at a time, new before old.

use engine::clock::EpochMs;
use engine::ports::Replacement;

use super::instances::{RESTART_AFTER_MS, STARTS_MAX, SimInstance, SimSet};
use super::{Behaviour, Healthy};

/// How long a fresh instance may take to become healthy when its service does not say, in milliseconds.
const HEALTH_TIMEOUT_MS: i64 = 60_000;
/// How long it takes until the platform gives a crashing instance up, in milliseconds.
const GIVEN_UP_AFTER_MS: i64 = RESTART_AFTER_MS * (STARTS_MAX as i64 - 1);

/// One replacement.
#[derive(Debug)]
pub(super) struct Roll {
    pub(super) release: u32,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Running { done: u32, of: u32, fresh: SimInstance },
    Done,
    Failed { why: String },
}

impl Roll {
    /// Begins to replace a set's instances.
    pub(super) fn start(release: u32, set: &SimSet, now: EpochMs, started: &mut u32) -> Self {
        let of = set.instances.len() as u32;
        let phase = if of == 0 {
            Phase::Done
        } else {
            Phase::Running { done: 0, of, fresh: SimInstance::start(of, now, started) }
        };
        Self { release, phase }
    }

    /// Its fresh instance that does not count yet, when the set is of that release.
    pub(super) fn fresh_of(&self, release: u32) -> Option<&SimInstance> {
        match &self.phase {
            Phase::Running { fresh, .. } if self.release == release => Some(fresh),
            _ => None,
        }
    }

    pub(super) fn look(&self) -> Replacement {
        match &self.phase {
            Phase::Running { done, of, .. } => Replacement::Running { done: *done, of: *of },
            Phase::Done => Replacement::Done,
            Phase::Failed { why } => Replacement::Failed { why: why.clone() },
        }
    }

    /// The set is gone: nothing is left to replace.
    pub(super) fn abandon(&mut self) {
        if matches!(self.phase, Phase::Running { .. }) {
            self.phase = Phase::Failed { why: "the instances were stopped meanwhile".to_owned() };
        }
    }

    /// Goes as far as it is by now.
    pub(super) fn settle(
        &mut self,
        set: &mut SimSet,
        behaviour: &Behaviour,
        now: EpochMs,
        started: &mut u32,
    ) {
        while let Phase::Running { done, of, fresh } = &mut self.phase {
            match outcome(set, behaviour, fresh.started_ms) {
                Ok(healthy_ms) if healthy_ms <= now => {
                    let next = SimInstance::start(*of, healthy_ms, started);
                    let mut replaced = std::mem::replace(fresh, next);
                    replaced.was_healthy = true;
                    // The slot may be empty: an old instance that vanished meanwhile is replaced all the same.
                    let slot = set.instances.get(*done as usize).map_or(*done, |old| old.index);
                    replaced.index = slot;
                    match set.instances.get_mut(*done as usize) {
                        Some(old) => *old = replaced,
                        None => set.instances.push(replaced),
                    }
                    *done += 1;
                    if done == of {
                        self.phase = Phase::Done;
                    }
                }
                Err((failed_ms, why)) if failed_ms <= now => self.phase = Phase::Failed { why },
                Ok(_) | Err(_) => break,
            }
        }
    }
}

/// When a fresh instance becomes healthy, or when it is given up and why.
fn outcome(set: &SimSet, behaviour: &Behaviour, started_ms: EpochMs) -> Result<EpochMs, (EpochMs, String)> {
    let health = set.spec.as_ref().and_then(|spec| spec.health.as_ref());
    let timeout_ms = health.map_or(HEALTH_TIMEOUT_MS, |health| i64::from(health.timeout_s) * 1_000);
    let too_late = || {
        let why = format!("a fresh instance was not healthy within {} s", timeout_ms / 1_000);
        (started_ms.saturating_add(timeout_ms), why)
    };
    match behaviour.healthy {
        Healthy::Healthy => Ok(started_ms),
        Healthy::AfterMs(ms) if ms <= timeout_ms => Ok(started_ms.saturating_add(ms)),
        Healthy::AfterMs(_) | Healthy::Never => Err(too_late()),
        Healthy::CrashLoop => Err((
            started_ms.saturating_add(GIVEN_UP_AFTER_MS),
            format!("a fresh instance ended with exit code 1, {STARTS_MAX} times in a row"),
        )),
    }
}
