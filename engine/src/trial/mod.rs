//! A canary on trial, as the database keeps it: what the judge of each service knows, which stage it is in and what came of
//! those before. Pure: what was observed goes in with the time, a [`Course`] comes out. It is written down every second, so a
//! program that is killed in the middle of a stage goes on from there.

mod blind;
mod checks;
mod course;
mod pairs;
mod patterns;
mod see;
mod stored;
#[cfg(test)]
mod tests;
mod track;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use checks::{CheckMade, CheckPair};
pub use course::{Course, Held, HeldFor};
pub use patterns::LOG_PATTERNS;
pub use see::Observation;
pub use track::{POINTS_MAX, Point, Track, VersionPoint};

use blind::Blind;
use pairs::PairEvidence;

use crate::canary::{Judge, Policy, Received, Second};
use crate::clock::EpochMs;
use crate::model::{ServiceName, StepNumber};
use crate::ports::{Seen, Served};
use crate::step::{CanaryStage, Judged};

/// How far back the stable version's past is asked for, in seconds.
pub const PAST_S: i64 = 600;

/// A canary from its first stage to its last. What another version of this program wrote is read as far as it can be (`stored.rs`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Trial {
    /// The stages it has come to, the one at hand last.
    pub stages: Vec<StageSoak>,
    /// What is known of each service.
    services: BTreeMap<ServiceName, Watched>,
}

/// What is known of one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Watched {
    judge: Judge,
    /// The last second that was taken in.
    seen_s: i64,
    /// Latencies of both versions that the judge has not been given yet, and of how many seconds they are.
    #[serde(default)]
    stable: Vec<u64>,
    #[serde(default)]
    canary: Vec<u64>,
    #[serde(default)]
    row_s: u32,
    /// How often processes of the canary have ended by themselves.
    #[serde(default)]
    restarts: u32,
    /// Log patterns the stable version has printed since the canary began.
    #[serde(default)]
    usual: BTreeMap<String, u64>,
    /// The last second in which processes were looked at.
    #[serde(default)]
    looked_s: i64,
    /// What synthetic checks of both versions have shown.
    #[serde(default)]
    pairs: PairEvidence,
    /// When each check was made last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    checked_s: BTreeMap<String, i64>,
    /// Checks that may stand in for traffic, as often as they were made.
    #[serde(default)]
    probes: u64,
    /// Why its traffic can't be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blind: Option<Blind>,
    /// Somebody has seen that its score is low and wants it to go on: until it has recovered, that is not asked again.
    #[serde(default)]
    waved: bool,
}

/// A stage as it soaks, or as it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageSoak {
    /// The step of the plan it is.
    pub step: StepNumber,
    /// The share of traffic the canary has, 1 to 100.
    pub weight_pct: u8,
    /// How long it was to soak, in seconds.
    pub soak_s: u32,
    /// How long it may soak at most, in seconds.
    pub limit_s: u32,
    /// When it began: its weights had been read back.
    pub began_ms: EpochMs,
    /// When it was over.
    pub ended_ms: Option<EpochMs>,
    /// What was seen of each service.
    pub services: BTreeMap<ServiceName, InStage>,
    /// Why it waits for a person.
    pub held: Option<Held>,
    /// Who moved it on before the judge did.
    pub promoted_by: Option<String>,
}

/// A service in a stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InStage {
    /// Seconds that were watched.
    pub soaked_s: u32,
    /// What both versions answered in them.
    pub served: Second,
    /// What they answered since the alarm that the canary fails with all traffic was last waved aside.
    #[serde(default)]
    counted: Second,
    /// What they answered since the alarm of a wrong split was last waved aside.
    #[serde(default)]
    received: Received,
    /// How it stands, 0 to 100.
    pub score: u8,
    /// The verdict's word: `pass`, `fail`, `not-enough-data`.
    pub verdict: String,
    /// The verdict in one sentence with the numbers.
    pub because: String,
    /// Synthetic checks, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<String, CheckMade>,
    /// How it went over time.
    #[serde(default)]
    pub track: Track,
}

impl StageSoak {
    /// Seconds that every service was watched for.
    pub fn soaked_s(&self) -> u32 {
        self.services.values().map(|one| one.soaked_s).min().unwrap_or_default()
    }

    /// Seconds it soaks on; of one that soaks longer than it was to, until its limit.
    pub fn left_s(&self) -> u32 {
        let soaked_s = self.soaked_s();
        match self.soak_s.saturating_sub(soaked_s) {
            0 => self.limit_s.saturating_sub(soaked_s),
            left_s => left_s,
        }
    }
}

impl Trial {
    /// The stage at hand.
    pub fn at_hand(&self) -> Option<&StageSoak> {
        self.stages.last()
    }

    /// Whether the stage of this step has begun.
    pub fn has_begun(&self, step: StepNumber) -> bool {
        self.stages.iter().any(|stage| stage.step == step)
    }

    /// Begins a stage: weights have been read back. `past` is what is known of each service before the first stage. The second
    /// that is going on belongs to both stages and is not counted for either.
    pub fn begin(
        &mut self,
        step: StepNumber,
        stage: &CanaryStage,
        past: &BTreeMap<ServiceName, Seen>,
        now_ms: EpochMs,
    ) {
        let now_s = now_ms.div_euclid(1_000);
        for judged in &stage.judged {
            let watched = self.services.entry(judged.service.clone()).or_insert_with(|| {
                let past =
                    past.get(&judged.service).map(|seen| before(seen, judged.stable)).unwrap_or_default();
                Watched {
                    pairs: PairEvidence::default(),
                    judge: Judge::new(
                        policy_of(stage, judged),
                        stage.planned_s,
                        crate::canary::Past { served: past.counts, latency: past.latency },
                    ),
                    seen_s: now_s,
                    stable: Vec::new(),
                    canary: Vec::new(),
                    row_s: 0,
                    restarts: 0,
                    usual: BTreeMap::new(),
                    looked_s: now_s,
                    checked_s: BTreeMap::new(),
                    probes: 0,
                    blind: None,
                    waved: false,
                }
            });
            watched.seen_s = now_s;
            watched.cut();
        }
        let services = stage.judged.iter().map(|judged| (judged.service.clone(), InStage::default()));
        self.stages.push(StageSoak {
            step,
            weight_pct: stage.weight_pct,
            soak_s: stage.soak_s,
            limit_s: stage.soak_s.saturating_add(stage.extend_s),
            began_ms: now_ms,
            ended_ms: None,
            services: services.collect(),
            held: None,
            promoted_by: None,
        });
    }

    /// The second after which a service has not been taken in.
    pub fn seen_s(&self, service: &ServiceName) -> Option<i64> {
        self.services.get(service).map(|watched| watched.seen_s)
    }

    /// The stage at hand is over.
    pub fn end(&mut self, now_ms: EpochMs) {
        if let Some(stage) = self.stages.last_mut() {
            stage.ended_ms = Some(now_ms);
            stage.held = None;
            stage.services.values_mut().for_each(|here| here.track.end());
        }
    }
}

impl Watched {
    /// Nothing that waits for its counterpart is compared across this moment.
    fn cut(&mut self) {
        self.judge.stage();
        self.stable.clear();
        self.canary.clear();
        self.row_s = 0;
    }
}

/// What a release answered in all of these seconds.
fn before(seen: &Seen, release: u32) -> Served {
    let mut all = Served::default();
    for second in seen.seconds.iter().filter_map(|second| second.by.get(&release)) {
        all.add(second);
    }
    all
}

/// The policy for one service: its checks have a part of the bound, if it has any.
fn policy_of(stage: &CanaryStage, judged: &Judged) -> Policy {
    let all = policy(stage);
    let share = if judged.checks.is_empty() { 1.0 } else { 1.0 - checks::SHARE };
    Policy { false_alarm: all.false_alarm * share, ..all }
}

/// The judge's policy: its own, with what the environment says. Several services share the bound on false alarms.
fn policy(stage: &CanaryStage) -> Policy {
    let (usual, said) = (Policy::default(), &stage.judging);
    Policy {
        false_alarm: usual.false_alarm / stage.judged.len().max(1) as f64,
        lane_seconds_min: stage.lane_seconds_min.map_or(usual.lane_seconds_min, u64::from),
        health_failures: said.health_failures.unwrap_or(usual.health_failures),
        crashes: said.crashes.unwrap_or(usual.crashes),
        crash_window_s: said.crash_window_s.unwrap_or(usual.crash_window_s),
        score_min: said.score_min.map_or(usual.score_min, |score| score as u8),
        score_low_s: said.score_low_s.unwrap_or(usual.score_low_s),
        ..usual
    }
}
