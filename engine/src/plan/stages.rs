//! The stages of a canary: out of what was said, the environment's policy, and what is usual.

use super::deploy::step;
use super::judged_by;
use super::{Facts, PlanProblem, PlannedStep};
use crate::canary::{STAGES, Stage};
use crate::model::{CanaryChoice, CanaryUnsaid, EnvironmentPolicy, SOAK_S, are_stages};
use crate::ports::Weight;
use crate::step::{CanaryStage, Judged, Shift, ShiftTraffic, StepKind};

/// All traffic.
const ALL_PCT: u8 = 100;
/// With fewer lane-seconds a release that fails a fifth of its requests passes a stage with a chance of more than one in twenty:
/// two failures of 30 beside none of 270 are still no evidence, and no more than two come of that with 4.4%.
const FEW_LANES: u32 = 30;
/// Outside production one stage soaks, and then all traffic follows.
const ELSEWHERE: [Stage; 2] =
    [Stage { weight_pct: 50, soak_s: 300 }, Stage { weight_pct: ALL_PCT, soak_s: 0 }];

/// The stages a deploy goes through; none means all traffic at once.
pub(super) fn stages(choice: &CanaryChoice, policy: &EnvironmentPolicy, production: bool) -> Vec<Stage> {
    let usual: &[Stage] = if production { &STAGES } else { &ELSEWHERE };
    let usual_soak_s = usual[0].soak_s;
    let (said, said_s): (&[u8], Option<u32>) = match (choice, &policy.canary) {
        (CanaryChoice::Nothing, Some(CanaryUnsaid::Stages(weights))) => (weights, None),
        (CanaryChoice::Off | CanaryChoice::Nothing, _) => return Vec::new(),
        (CanaryChoice::Stages { weights, soak_s }, Some(CanaryUnsaid::Stages(usual)))
            if weights.is_empty() =>
        {
            (usual, *soak_s)
        }
        (CanaryChoice::Stages { weights, soak_s }, _) => (weights, *soak_s),
    };
    let soak_s = said_s.or(policy.soak_s);
    if said.is_empty() {
        // The last stage soaks where that is usual.
        let soaks = |stage: &Stage| if stage.soak_s == 0 { 0 } else { soak_s.unwrap_or(stage.soak_s) };
        return usual.iter().map(|stage| Stage { soak_s: soaks(stage), ..*stage }).collect();
    }
    let soak_s = soak_s.unwrap_or(usual_soak_s);
    said.iter().map(|weight_pct| Stage { weight_pct: *weight_pct, soak_s }).collect()
}

/// A canary that can be carried out.
pub(super) struct Staged {
    /// A step for each stage.
    pub(super) steps: Vec<PlannedStep>,
    /// What it comes to, for the notes.
    pub(super) note: String,
}

/// The steps of a canary, as `order` wants it, the sentence but for its canary; nothing when nothing is live that the new release could be compared with.
pub(super) fn staged(
    facts: &Facts,
    stages: &[Stage],
    shifts: &[Shift],
    breaks: Option<&str>,
    order: &str,
) -> Result<Option<Staged>, PlanProblem> {
    let environment = &facts.environment.environment;
    let without = || format!("{order} without canary");
    if stages.iter().all(|stage| stage.weight_pct >= ALL_PCT) {
        return Err(PlanProblem::new(
            "canary-alone",
            "a canary of 100% has no stable release beside it to be judged against",
            format!("{order} with canary 50/100"),
        ));
    }
    let weights: Vec<u8> = stages.iter().map(|stage| stage.weight_pct).collect();
    if !are_stages(&weights) {
        return Err(PlanProblem::new(
            "canary-weights",
            "the stages of a canary rise to 100%",
            format!("{order} with canary 10/50/100"),
        ));
    }
    if stages.iter().any(|stage| stage.soak_s > 0 && !SOAK_S.contains(&stage.soak_s)) || stages[0].soak_s == 0
    {
        return Err(PlanProblem::new(
            "canary-soak",
            format!("a stage of a canary soaks for {} s to {} h", SOAK_S.start(), SOAK_S.end() / 3600),
            format!("{order} with canary 10/50/100 soak 10m"),
        ));
    }
    let mut judged = Vec::new();
    for shift in shifts {
        let having: Vec<&Weight> = shift.before.iter().filter(|weight| weight.percent > 0).collect();
        match (having.as_slice(), shift.after.as_slice()) {
            ([stable], [canary]) if stable.release != canary.release => judged.push(Judged {
                service: shift.service.clone(),
                stable: stable.release,
                canary: canary.release,
                checks: facts.service(&shift.service).map(|service| service.checks).unwrap_or_default(),
                signals: facts.service(&shift.service).and_then(|service| service.signals),
            }),
            ([_, _, ..], [_]) => {
                return Err(PlanProblem::new(
                    "canary-split",
                    format!(
                        "traffic of {} is split between releases already, so there is no one stable release to compare with",
                        shift.service
                    ),
                    format!("rollback {environment}"),
                ));
            }
            _ => {}
        }
    }
    let Some(first) = judged.first() else { return Ok(None) };
    if !facts.capabilities.splits_traffic {
        return Err(PlanProblem::new(
            "canary-unsupported",
            format!("the platform of {environment} can't split traffic between releases"),
            without(),
        ));
    }
    if let Some(why) = breaks {
        return Err(PlanProblem::new(
            "canary-breaks",
            format!(
                "no canary can go with this: the live release serves beside the new one all the while, and it can't live \
                 with the schema: {why}"
            ),
            without(),
        ));
    }
    let policy = &facts.described()?.policy;
    let planned_s = stages.iter().map(|stage| stage.soak_s).sum();
    let of = stages.len() as u32;
    let steps = stages.iter().zip(1..).map(|(stage, number)| {
        let is_last = number == of;
        let shift = ShiftTraffic {
            shifts: shifts
                .iter()
                .filter_map(|shift| in_stage(shift, &judged, stage.weight_pct, is_last))
                .collect(),
        };
        let kind = CanaryStage {
            stage: number,
            of,
            weight_pct: stage.weight_pct,
            soak_s: stage.soak_s,
            extend_s: stage.soak_s,
            planned_s,
            lane_seconds_min: policy.lane_seconds_min,
            asks: policy.ask_between_stages && !is_last,
            judging: policy.judging.clone(),
            judged: judged.clone(),
            shift,
        };
        let says = match (stage.soak_s, kind.is_compared()) {
            (0, _) => format!("{}% of traffic, read back", stage.weight_pct),
            (soak_s, true) => format!(
                "{}% of traffic for {}, judged every second against release {}",
                stage.weight_pct,
                lasting(soak_s),
                first.stable
            ),
            (soak_s, false) => {
                format!("all traffic, watched for {}; release {} stands by", lasting(soak_s), first.stable)
            }
        };
        step(&format!("canary {}%", stage.weight_pct), says, StepKind::CanaryStage(kind))
    });
    let weights: Vec<String> = weights.iter().map(ToString::to_string).collect();
    let mut note = format!(
        "canary {}%: soaks {} in all; when it is worse than release {}, traffic goes back by itself",
        weights.join("/"),
        lasting(planned_s),
        first.stable
    );
    if let Some(lanes) = policy.lane_seconds_min {
        note = format!("{note}; a pass takes {lanes} lane-seconds of data");
        if lanes < FEW_LANES {
            note += ", so few that a release which fails a fifth of its requests may pass a stage by luck";
        }
    }
    for judged in judged_by(policy) {
        note = format!("{note}; {judged}");
    }
    Ok(Some(Staged { steps: steps.collect(), note }))
}

/// The traffic of a service in a stage: what is compared is split, what nobody serves yet comes with the first stage, what goes
/// away goes with the last.
fn in_stage(shift: &Shift, judged: &[Judged], weight_pct: u8, is_last: bool) -> Option<Shift> {
    let compared = judged.iter().find(|one| one.service == shift.service);
    let after = match compared {
        Some(one) if weight_pct < ALL_PCT => vec![
            Weight { release: one.stable, percent: ALL_PCT - weight_pct },
            Weight { release: one.canary, percent: weight_pct },
        ],
        None if shift.after.is_empty() && !is_last => return None,
        Some(_) | None => shift.after.clone(),
    };
    Some(Shift { after, ..shift.clone() })
}

/// Seconds as people say them.
fn lasting(seconds: u32) -> String {
    if seconds >= 120 && seconds.is_multiple_of(60) {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(choice: &CanaryChoice, policy: &EnvironmentPolicy, production: bool, found: &[(u8, u32)]) {
        let stages = stages(choice, policy, production);
        let short: Vec<(u8, u32)> = stages.iter().map(|stage| (stage.weight_pct, stage.soak_s)).collect();
        assert_eq!(short, found, "{choice:?} {policy:?}");
    }

    #[test]
    fn what_was_said_comes_before_the_policy_and_that_before_what_is_usual() {
        let silent = EnvironmentPolicy::default();
        let says = EnvironmentPolicy {
            canary: Some(CanaryUnsaid::Stages(vec![5, 100])),
            soak_s: Some(60),
            ..EnvironmentPolicy::default()
        };
        let asks = EnvironmentPolicy { canary: Some(CanaryUnsaid::Ask), ..EnvironmentPolicy::default() };
        let said = |weights: &[u8], soak_s| CanaryChoice::Stages { weights: weights.to_vec(), soak_s };
        check(&CanaryChoice::Nothing, &silent, true, &[]);
        check(&CanaryChoice::Nothing, &asks, true, &[]);
        check(&CanaryChoice::Nothing, &says, true, &[(5, 60), (100, 60)]);
        check(&CanaryChoice::Off, &says, true, &[]);
        check(&said(&[], None), &silent, true, &[(10, 600), (50, 600), (100, 600)]);
        check(&said(&[], Some(30)), &silent, true, &[(10, 30), (50, 30), (100, 30)]);
        check(&said(&[], None), &silent, false, &[(50, 300), (100, 0)]);
        check(&said(&[], Some(30)), &silent, false, &[(50, 30), (100, 0)]);
        check(&said(&[], None), &says, false, &[(5, 60), (100, 60)]);
        check(&said(&[20, 100], None), &silent, false, &[(20, 300), (100, 300)]);
        check(&said(&[20, 100], Some(9)), &says, true, &[(20, 9), (100, 9)]);
    }
}
