//! Synthetic checks of a trial: which are due, what they found, and what follows.
//!
//! Each is made of both versions in the same moment, so how they come out is compared pair by pair, apart from users' requests:
//! checks fail otherwise than those do, and in one count they would say something of the mixture, not of the release. A hard one also fails the canary by failing several times in a row where the stable version passes.

use serde::{Deserialize, Serialize};

use super::{Trial, Watched};
use crate::canary::{Lack, Policy, Ruling, Verdict};
use crate::model::{Check, ServiceName, Severity};
use crate::ports::Checked;
use crate::step::{CanaryStage, Judged};

/// The share of the bound on false alarms that the checks of a service have; its traffic has the rest.
pub(super) const SHARE: f64 = 0.1;

/// A check that was made of both versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckPair {
    /// Its name.
    pub name: String,
    /// What the stable version did.
    pub stable: Checked,
    /// What the canary did.
    pub canary: Checked,
}

/// How a check went in a stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckMade {
    /// How often it was made of both versions.
    pub times: u32,
    /// How often the stable version failed it.
    pub stable_failed: u32,
    /// How often the canary failed it.
    pub canary_failed: u32,
    /// What the canary's last failure was, in words; empty when there was none.
    pub last: String,
}

impl Watched {
    /// Takes in what checks found.
    pub(super) fn check(&mut self, judged: &Judged, found: &[CheckPair], at_s: i64) {
        for pair in found {
            let Some(check) = judged.checks.get(&pair.name) else { continue };
            self.checked_s.insert(pair.name.clone(), at_s);
            let (stable, canary) = (pair.stable.passed, pair.canary.passed);
            self.pairs.see(stable, canary);
            self.probes += u64::from(check.is_probe());
            // What fails for both says nothing about one of them.
            if check.severity == Severity::Hard && (canary || stable) {
                self.judge.health(&pair.name, canary);
            }
        }
    }

    /// Why the checks say that the canary is worse, when they do. Several services share the bound on false alarms.
    pub(super) fn failed_checks(&self, services: usize) -> Option<String> {
        let limit = services.max(1) as f64 / (Policy::default().false_alarm * SHARE);
        (self.pairs.value() >= limit).then(|| self.pairs.sentence(limit))
    }
}

impl CheckMade {
    pub(super) fn add(&mut self, pair: &CheckPair) {
        self.times += 1;
        self.stable_failed += u32::from(!pair.stable.passed);
        self.canary_failed += u32::from(!pair.canary.passed);
        if !pair.canary.passed {
            self.last.clone_from(&pair.canary.says);
        }
    }
}

impl Trial {
    /// The checks to be made now: those whose time has come, and those that stand in for traffic while there is too little.
    pub fn checks_due<'a>(
        &self,
        stage: &'a CanaryStage,
        now_s: i64,
    ) -> Vec<(&'a Judged, &'a String, &'a Check)> {
        let is_extended = self
            .at_hand()
            .is_some_and(|soak| soak.held.is_none() && soak.soak_s > 0 && soak.soaked_s() >= soak.soak_s);
        let mut due = Vec::new();
        for judged in &stage.judged {
            let Some(watched) = self.services.get(&judged.service) else { continue };
            let lacks_traffic = stage.is_compared()
                && matches!(watched.judge.verdict(), Verdict::NotEnoughData { lack: Lack::Traffic, .. });
            for (name, check) in &judged.checks {
                let every_s =
                    if is_extended && lacks_traffic && check.is_probe() { 1 } else { check.every_s };
                let last_s = watched.checked_s.get(name).copied();
                if last_s.is_none_or(|last_s| now_s >= last_s + i64::from(every_s)) {
                    due.push((judged, name, check));
                }
            }
        }
        due
    }

    /// Why the checks of a service say that its canary is worse, when they do.
    pub(super) fn failed_checks(&self, stage: &CanaryStage, service: &ServiceName) -> Option<String> {
        let because = self.services.get(service)?.failed_checks(stage.judged.len())?;
        Some(format!("{because}{}", self.last_failure(service)))
    }

    /// What the canary's failing checks said last, in brackets; empty when none failed.
    pub(super) fn last_failure(&self, service: &ServiceName) -> String {
        let failing = self.at_hand().and_then(|soak| soak.services.get(service)).and_then(|here| {
            here.checks
                .iter()
                .filter(|(_, made)| !made.last.is_empty())
                .max_by_key(|(_, made)| made.canary_failed)
        });
        failing.map(|(name, made)| format!(" (check {name}: {})", made.last)).unwrap_or_default()
    }

    /// Why a service passes although its traffic was too little: probes took its place.
    pub(super) fn probed_enough(
        &self,
        stage: &CanaryStage,
        service: &ServiceName,
        ruling: &Ruling,
    ) -> Option<String> {
        let watched = self.services.get(service)?;
        let usual = Policy::default();
        let needed = stage.lane_seconds_min.map_or(usual.lane_seconds_min, u64::from);
        let lacks_traffic = matches!(ruling.verdict, Verdict::NotEnoughData { lack: Lack::Traffic, .. });
        let calm = ruling.evidence <= usual.doubt && watched.pairs.value() <= usual.doubt;
        (lacks_traffic && calm && watched.probes >= needed).then(|| {
            format!(
                "Too little traffic to tell, so {} synthetic probes of both versions took its place: nothing says that the canary of \
                 {service} is worse.",
                watched.probes
            )
        })
    }
}
