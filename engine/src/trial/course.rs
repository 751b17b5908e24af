//! What follows for a stage out of what the judges of its services say.

use serde::{Deserialize, Serialize};

use super::Trial;
use crate::canary::plain::{against_a_pass, nobody_came, worse_alone};
use crate::canary::{Received, Ruling, Second, Split, Verdict};
use crate::clock::EpochMs;
use crate::model::{ServiceName, WhenLow};
use crate::step::CanaryStage;

/// A stage that was held soaks on for at least so many seconds when somebody wants it to.
const AGAIN_MIN_S: u32 = 30;

/// What follows for a canary whose score has been low for long, where the policy does not say. The bound on false alarms is that
/// of the evidence; a low score alone has none.
const WHEN_LOW: WhenLow = WhenLow::Nothing;

/// What a stage waits for a person for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldFor {
    /// There was not enough data, also after it soaked longer.
    Data,
    /// The canary does not get the share of traffic it was given.
    Split,
    /// Nobody can tell what the versions answer: the source of signals fails.
    Signals,
    /// It is good enough for the next, and that one is only begun when a person says so.
    Person,
    /// Its score has been low for long.
    Score,
    /// With all traffic it fails more than the stable version did beside it.
    Alone,
}

/// A stage that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What for.
    pub what: HeldFor,
    /// In one sentence with the numbers.
    pub say: String,
    /// Since when.
    pub since_ms: EpochMs,
}

/// What follows for the stage at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course {
    /// It soaks on.
    Soaks,
    /// It is good enough for the next.
    Passed {
        /// Why, with the numbers.
        say: String,
    },
    /// It is worse: back to the stable release.
    Failed {
        /// The service that is.
        service: ServiceName,
        /// Why, with the numbers.
        say: String,
    },
    /// A person has to say.
    Holds {
        /// What for.
        what: HeldFor,
        /// Why, with the numbers.
        say: String,
    },
}

impl Trial {
    /// What follows now. `may_go_on` is false while a person has paused the run.
    pub fn course(&self, stage: &CanaryStage, may_go_on: bool) -> Course {
        let Some(soak) = self.stages.last() else { return Course::Soaks };
        let rulings: Vec<_> = stage
            .judged
            .iter()
            .filter_map(|one| Some((&one.service, self.services.get(&one.service)?.judge.ruling())))
            .collect();
        let many = rulings.len() > 1;
        let named = |service: &ServiceName, say: &str| {
            if many { format!("{service}: {say}") } else { say.to_owned() }
        };
        if let Some((service, ruling)) =
            rulings.iter().find(|(_, ruling)| matches!(ruling.verdict, Verdict::Fail { .. }))
        {
            let say = format!("{}{}", ruling.because, self.last_failure(service));
            return Course::Failed { service: (*service).clone(), say };
        }
        if let Some((service, say)) =
            rulings.iter().find_map(|(service, _)| Some((*service, self.failed_checks(stage, service)?)))
        {
            return Course::Failed { service: service.clone(), say };
        }
        let all = || {
            rulings
                .iter()
                .map(|(service, ruling)| named(service, &ruling.because))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let low = self.low(stage);
        let when_low = stage.judging.when_low.unwrap_or(WHEN_LOW);
        if let (Some((service, say)), WhenLow::RollBack) = (&low, when_low) {
            return Course::Failed { service: service.clone(), say: say.clone() };
        }
        if let Some(by) = &soak.promoted_by {
            return Course::Passed { say: format!("Promoted by {by}. {}", all()) };
        }
        if let Some(held) = &soak.held {
            return Course::Holds { what: held.what, say: held.say.clone() };
        }
        if let (Some((service, say)), WhenLow::Ask, true) = (&low, when_low, may_go_on) {
            return Course::Holds { what: HeldFor::Score, say: named(service, say) };
        }
        if let Some(say) = self.wrong_split(stage) {
            return Course::Holds { what: HeldFor::Split, say };
        }
        if let Some(say) = self.unseen(stage) {
            return Course::Holds { what: HeldFor::Signals, say };
        }
        if let Some((service, say)) = self.worse_alone(stage).filter(|_| may_go_on) {
            return Course::Holds { what: HeldFor::Alone, say: named(service, &say) };
        }
        let soaked_s = soak.soaked_s();
        if soaked_s < soak.soak_s || !may_go_on {
            return Course::Soaks;
        }
        if !stage.is_compared() {
            return match self.watched_alone(soaked_s) {
                Ok(say) => Course::Passed { say },
                Err(_) if soaked_s < soak.limit_s => Course::Soaks,
                Err(say) => Course::Holds { what: HeldFor::Data, say },
            };
        }
        let probed = |one: &(&ServiceName, Ruling)| self.probed_enough(stage, one.0, &one.1);
        let mut lacks: Vec<_> = rulings
            .iter()
            .filter_map(|one| Some((one.0, self.in_the_way(one.0, &one.1, probed(one).is_some())?)))
            .collect();
        // Who waits does not wait for what lacks least.
        lacks.sort_by_key(|(_, (more_s, _))| std::cmp::Reverse(*more_s));
        match lacks.split_first() {
            None if stage.asks => Course::Holds {
                what: HeldFor::Person,
                say: format!("Good enough, and the next stage waits for a person. {}", all()),
            },
            None => {
                let probed: Vec<String> = rulings.iter().filter_map(probed).collect();
                let say = if probed.is_empty() { all() } else { probed.join(" ") };
                Course::Passed { say }
            }
            Some(_) if soaked_s < soak.limit_s => Course::Soaks,
            Some(((service, (_, say)), others)) => {
                let others = others.iter().map(|(service, _)| format!(" {service} can't pass yet either."));
                let say = format!("{}{}", named(service, say), others.collect::<String>());
                Course::Holds { what: HeldFor::Data, say }
            }
        }
    }

    /// Why a service does not pass yet, and in how many seconds it may, `MAX` when nobody can tell; nothing when it does.
    fn in_the_way(&self, service: &ServiceName, ruling: &Ruling, is_probed: bool) -> Option<(u64, String)> {
        match ruling.verdict {
            Verdict::Pass => {
                let say = against_a_pass(&self.at_hand()?.services.get(service)?.served)?;
                Some((u64::MAX, say))
            }
            Verdict::NotEnoughData { .. } if is_probed => None,
            Verdict::NotEnoughData { more_s, .. } => {
                Some((more_s.unwrap_or(u64::MAX), ruling.because.clone()))
            }
            Verdict::Fail { .. } => Some((u64::MAX, ruling.because.clone())),
        }
    }

    /// The service that fails more now that it has all traffic than the stable version did beside it, and how much.
    fn worse_alone<'a>(&self, stage: &'a CanaryStage) -> Option<(&'a ServiceName, String)> {
        let (soak, before) = self.stages.split_last().filter(|_| !stage.is_compared())?;
        stage.judged.iter().find_map(|one| {
            let stable = before.iter().filter_map(|stage| stage.services.get(&one.service));
            let alone = soak.services.get(&one.service)?.counted.canary;
            Some((&one.service, worse_alone(stable.map(|here| here.served.stable), alone)?))
        })
    }

    /// The service whose score has been low for so long that the policy wants something to follow, and how low.
    fn low(&self, stage: &CanaryStage) -> Option<(ServiceName, String)> {
        // Without a stable version beside it nothing is compared any more: the score stands still.
        if !stage.is_compared() {
            return None;
        }
        let policy = super::policy(stage);
        stage.judged.iter().find_map(|one| {
            let watched = self.services.get(&one.service).filter(|watched| !watched.waved)?;
            let ruling = watched.judge.ruling();
            let say = || {
                format!(
                    "Its score is {} and has been below {} for {} s. {}",
                    ruling.score.score, policy.score_min, policy.score_low_s, ruling.because
                )
            };
            ruling.soft_trigger.then(|| (one.service.clone(), say()))
        })
    }

    /// What there is to say of a stage in which nothing was compared any more; or what is lacking.
    fn watched_alone(&self, soaked_s: u32) -> Result<String, String> {
        let served = self.stages.last().map(|soak| {
            soak.services
                .values()
                .map(|one| one.served.canary)
                .fold((0, 0), |sum, side| (sum.0 + side.requests, sum.1 + side.errors))
        });
        let (requests, errors) = served.unwrap_or_default();
        if requests == 0 && soaked_s > 0 {
            return Err(nobody_came(soaked_s));
        }
        Ok(format!(
            "All traffic for {soaked_s} s: {errors} of {requests} requests failed, and no trigger was pulled."
        ))
    }

    /// A split that is not what was told, in one sentence.
    fn wrong_split(&self, stage: &CanaryStage) -> Option<String> {
        let soak = self.stages.last()?;
        soak.services.iter().find_map(|(service, here)| {
            let (canary, all) = here.received.of_all();
            match here.received.split(stage.weight_pct) {
                Split::Right => None,
                Split::Wrong { told_pct, got_pct } => Some(format!(
                    "The canary of {service} was given {told_pct:.0}% of traffic and gets {got_pct:.1}% ({canary} of {all} requests): \
                     the router is at fault, so nothing can be said about the release."
                )),
            }
        })
    }

    /// The stage at hand waits for a person from now on.
    pub fn hold(&mut self, what: HeldFor, say: &str, now_ms: EpochMs) {
        if let Some(soak) = self.stages.last_mut() {
            soak.held = Some(Held { what, say: say.to_owned(), since_ms: now_ms });
        }
    }

    /// Somebody wants the stage at hand to soak on although it was held.
    pub fn soak_on(&mut self) {
        let Some(soak) = self.stages.last_mut() else { return };
        let Some(held) = soak.held.take() else { return };
        match held.what {
            HeldFor::Person => {
                soak.soak_s = soak.soaked_s().saturating_add(soak.soak_s.max(AGAIN_MIN_S));
                soak.limit_s = soak.limit_s.max(soak.soak_s);
            }
            HeldFor::Data => soak.limit_s = soak.soaked_s().saturating_add(soak.soak_s.max(AGAIN_MIN_S)),
            HeldFor::Split => {
                soak.services.values_mut().for_each(|here| here.received = Received::default());
            }
            HeldFor::Alone => {
                soak.services.values_mut().for_each(|here| here.counted = Second::default());
            }
            HeldFor::Signals => self.services.values_mut().for_each(|watched| watched.blind = None),
            HeldFor::Score => self.services.values_mut().for_each(|watched| watched.waved = true),
        }
    }

    /// Somebody moves the stage at hand on.
    pub fn promote(&mut self, by: &str) {
        if let Some(soak) = self.stages.last_mut() {
            soak.promoted_by = Some(by.to_owned());
            if soak.held.take().is_some_and(|held| held.what == HeldFor::Score) {
                self.services.values_mut().for_each(|watched| watched.waved = true);
            }
        }
    }
}
