//! Taking in what was observed.

use std::collections::BTreeMap;

use super::patterns::Patterns;
use super::{Blind, CheckPair, InStage, Trial, Watched, policy_of};
use crate::canary::plain::{UNKNOWN_SCORE, against_a_pass, alone};
use crate::canary::{LATENCY_ROW_S, Second, Verdict, unnoticed};
use crate::clock::EpochMs;
use crate::model::ServiceName;
use crate::ports::{
    Crashes, InstanceState, LogLine, ObservedEnvironment, ObservedSet, Seen, Served, add_latency,
};
use crate::step::{CanaryStage, Judged};

/// What was seen may be so much later than it is now, in seconds: clocks of replicas differ. More, and the clock was put back.
const AHEAD_MAX_S: i64 = 15;

/// What a look at a canary found.
#[derive(Debug)]
pub struct Observation {
    /// What releases answered since the last look, by service.
    pub seen: BTreeMap<ServiceName, Seen>,
    /// Services of which nobody can tell, and why.
    pub blind: BTreeMap<ServiceName, String>,
    /// Synthetic checks that were made, by service.
    pub checks: BTreeMap<ServiceName, Vec<CheckPair>>,
    /// What services printed since.
    pub lines: Vec<LogLine>,
    /// Processes and their health.
    pub observed: ObservedEnvironment,
    /// The upper bounds of each service's latency buckets, in milliseconds; empty when nobody knows them.
    pub bounds_ms: BTreeMap<ServiceName, Vec<u32>>,
}

impl Trial {
    /// A clock that was put back does not stop the watch until that time comes again: it goes on from now.
    pub fn goes_by(&mut self, now_s: i64) {
        for watched in self.services.values_mut() {
            if watched.seen_s.max(watched.looked_s) <= now_s + AHEAD_MAX_S {
                continue;
            }
            watched.cut();
            watched.seen_s = watched.seen_s.min(now_s - 1);
            watched.looked_s = watched.looked_s.min(now_s - 1);
            watched.checked_s.retain(|_, at_s| *at_s <= now_s);
            watched.blind = None;
        }
    }

    /// The instant since which lines have not been taken in; nothing before the first stage.
    pub fn read_ms(&self) -> Option<EpochMs> {
        self.services.values().map(|watched| (watched.seen_s + 1) * 1_000).min()
    }

    /// Takes in what a look found in the second that goes on; whether anything was new.
    pub fn see(&mut self, stage: &CanaryStage, found: &Observation, now_s: i64) -> bool {
        let mut is_new = false;
        let Some(soak) = self.stages.last_mut() else { return false };
        let patterns = Patterns::of(&stage.judging.log_patterns);
        for judged in &stage.judged {
            let (Some(watched), Some(here)) =
                (self.services.get_mut(&judged.service), soak.services.get_mut(&judged.service))
            else {
                continue;
            };
            watched.judge.goes_by(policy_of(stage, judged));
            is_new |= watched.aside(judged, found, now_s, here);
            let Some(seen) = found.seen.get(&judged.service) else { continue };
            let from_s = seen.from_s.max(watched.seen_s + 1);
            if seen.until_s < from_s {
                continue;
            }
            is_new = true;
            if from_s > watched.seen_s + 1 {
                // Nobody watched in between.
                watched.cut();
            }
            let by_second: BTreeMap<i64, _> = seen.seconds.iter().map(|one| (one.at_s, &one.by)).collect();
            let printed = printed(&found.lines, judged, &patterns);
            for at_s in from_s..=seen.until_s {
                let by = |release| {
                    by_second.get(&at_s).and_then(|by| by.get(release)).cloned().unwrap_or_default()
                };
                let (stable, canary) = (by(&judged.stable), by(&judged.canary));
                let second = Second { stable: stable.counts, canary: canary.counts };
                if let Some(printed) = printed.get(&at_s) {
                    watched.read(printed, &patterns);
                }
                let bounds_ms = found.bounds_ms.get(&judged.service).map_or(&[][..], Vec::as_slice);
                watched.second(&second, &stable, &canary, bounds_ms);
                here.track.second(at_s, &stable, &canary, bounds_ms);
                here.soaked_s += 1;
                here.served = here.served.plus(second);
                here.counted = here.counted.plus(second);
                here.received.second(&second);
            }
            watched.seen_s = seen.until_s;
        }
        for (service, here) in &mut soak.services {
            if let Some(watched) = self.services.get_mut(service).filter(|_| is_new) {
                watched.waved &= watched.judge.soft_trigger();
                watched.stands(here, stage);
            }
        }
        is_new
    }
}

/// How often a pattern was printed in a second: by the stable version, by the canary.
type Printed = BTreeMap<usize, (u64, u64)>;

fn printed(lines: &[LogLine], judged: &Judged, patterns: &Patterns) -> BTreeMap<i64, Printed> {
    let mut by_second: BTreeMap<i64, Printed> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.service == judged.service) {
        for pattern in patterns.shown(&line.text) {
            let times =
                by_second.entry(line.at_ms.div_euclid(1_000)).or_default().entry(pattern).or_default();
            if line.release == judged.stable {
                times.0 += 1;
            } else if line.release == judged.canary {
                times.1 += 1;
            }
        }
    }
    by_second
}

impl Watched {
    /// Takes in what is seen beside the traffic: processes, checks, and whether traffic can be seen at all.
    fn aside(&mut self, judged: &Judged, found: &Observation, now_s: i64, here: &mut InStage) -> bool {
        let is_new = self.looked_s < now_s;
        if is_new {
            self.look(judged, &found.observed);
            self.looked_s = now_s;
            Blind::note(&mut self.blind, found.blind.get(&judged.service), now_s);
        }
        let checks = found.checks.get(&judged.service).map(Vec::as_slice).unwrap_or_default();
        self.check(judged, checks, now_s);
        for pair in checks {
            here.checks.entry(pair.name.clone()).or_default().add(pair);
        }
        is_new || !checks.is_empty()
    }

    /// Notes how the service stands.
    fn stands(&self, here: &mut InStage, stage: &CanaryStage) {
        let ruling = self.judge.ruling();
        here.score = ruling.score.score;
        let verdict = match ruling.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail { .. } => "fail",
            Verdict::NotEnoughData { .. } => "not-enough-data",
        };
        verdict.clone_into(&mut here.verdict);
        here.because = ruling.because;
        if !stage.is_compared() && here.verdict != "fail" {
            // What was compared before is no news here.
            here.because = alone(here.served.canary, here.soaked_s);
        } else if let Some(because) = against_a_pass(&here.served).filter(|_| here.verdict == "pass") {
            let score = here.score.min(UNKNOWN_SCORE);
            (here.score, here.verdict, here.because) = (score, "not-enough-data".to_owned(), because);
        }
        if let Some(because) = self.failed_checks(stage.judged.len()).filter(|_| here.verdict != "fail") {
            (here.score, here.verdict, here.because) = (0, "fail".to_owned(), because);
        }
    }

    pub(super) fn second(&mut self, second: &Second, stable: &Served, canary: &Served, bounds_ms: &[u32]) {
        self.judge.second(second);
        add_latency(&mut self.stable, &stable.latency);
        add_latency(&mut self.canary, &canary.latency);
        self.row_s += 1;
        if self.row_s >= LATENCY_ROW_S {
            self.judge.latency(&self.stable, &self.canary, unnoticed(bounds_ms));
            self.stable.clear();
            self.canary.clear();
            self.row_s = 0;
        }
    }

    fn read(&mut self, printed: &Printed, patterns: &Patterns) {
        for (pattern, (stable, canary)) in printed {
            let Some((name, critical)) = patterns.name(*pattern) else { continue };
            let usual = self.usual.entry(name.to_owned()).or_default();
            *usual += stable;
            // What the stable version prints now and then is no reason to fail the canary at once.
            self.judge.pattern(name, critical && *usual == 0, *stable, *canary);
        }
    }

    /// Takes in how the processes of both versions are.
    fn look(&mut self, judged: &Judged, observed: &ObservedEnvironment) {
        let set = |release: u32| {
            let sets = observed.services.get(&judged.service).map(|there| there.sets.as_slice());
            sets.unwrap_or_default().iter().find(|set| set.release == release)
        };
        let Some(canary) = set(judged.canary) else { return };
        let restarts = Crashes::of_all(&canary.instances).map_or(0, |crashes| crashes.times);
        for _ in self.restarts..restarts {
            self.judge.restart();
        }
        self.restarts = self.restarts.max(restarts);
        // What makes both versions ill says nothing about one of them.
        if is_well(canary) || set(judged.stable).is_some_and(is_well) {
            self.judge.health(judged.service.as_str(), is_well(canary));
        }
    }
}

/// Whether a set answers its health check.
fn is_well(set: &ObservedSet) -> bool {
    !set.instances.is_empty()
        && set.instances.iter().all(|one| matches!(one.state, InstanceState::Healthy { .. }))
}
