//! A canary on its run's card: the stage, what both versions failed, the score, the judge's sentence, and what a person can do.

use engine::canary::Side;
use engine::chart::Chart;
use engine::control::{JUDGE, RunDetail};
use engine::model::{Release, StepNumber};
use engine::run::{Happening, Run, RunState};
use engine::step::StepKind;
use engine::trial::{InStage, StageSoak, VersionPoint};

use super::time::duration;
use crate::message::{Card, Tone};

/// Signs of a full bar.
const BAR: u8 = 10;

/// The stage at hand of a run that is at work; nothing before the first stage and after the last.
fn at_hand(detail: &RunDetail) -> Option<&StageSoak> {
    if !matches!(detail.run.state, RunState::Running { .. } | RunState::Paused { .. }) {
        return None;
    }
    let trial = detail.trial.as_ref()?;
    trial.at_hand().filter(|stage| stage.ended_ms.is_none())
}

/// Adds how the canary stands.
pub(super) fn stands(card: Card, detail: &RunDetail) -> Card {
    let Some(stage) = at_hand(detail) else { return card };
    let stages = detail.plan.steps.iter().filter(|step| step.title.starts_with("canary ")).count();
    let number = detail.trial.as_ref().map_or(1, |trial| trial.stages.len());
    let left = match (&stage.held, stage.left_s()) {
        (Some(_), _) => "held".to_owned(),
        (None, 0) => "soaked".to_owned(),
        (None, left_s) => format!("{} left", duration(i64::from(left_s) * 1_000)),
    };
    let stands = format!("{}% of traffic, stage {number} of {stages}, {left}", stage.weight_pct);
    let mut fields = vec![("canary".to_owned(), stands)];
    fields.extend(stage.services.iter().map(|(service, here)| (service.to_string(), figures(here))));
    let card = card.fields(fields);
    match worst(stage).filter(|_| stage.held.is_none()) {
        Some(because) => card.text(because),
        None => held(card, detail),
    }
}

/// Adds what the canary waits for a person for, and what to type.
pub(super) fn held(card: Card, detail: &RunDetail) -> Card {
    let Some(held) = at_hand(detail).and_then(|stage| stage.held.as_ref()) else { return card };
    card.text(held.say.clone()).text(format!(
        "Promote it as it is, resume to soak on, or roll back: promote {id}, resume {id}, rollback {id}.",
        id = detail.run.id
    ))
}

/// Whether a canary soaks, or waits for a person.
pub(super) fn soaks(detail: &RunDetail) -> bool {
    at_hand(detail).is_some()
}

/// Offers what can be done about a canary that soaks.
pub(super) fn buttons(card: Card, detail: &RunDetail) -> Card {
    let id = &detail.run.id;
    let card = card.button("Promote", format!("promote {id}"), true);
    let card = match detail.run.state {
        RunState::Paused { .. } => card.button("Resume", format!("resume {id}"), false),
        _ => card.button("Hold", format!("pause {id}"), false),
    };
    card.button("Roll back", format!("rollback {id}"), true)
}

/// Says that a deploy waits for a canary whose place it could take.
pub(super) fn in_the_way(card: Card, detail: &RunDetail) -> Card {
    let Some(canary) = &detail.replaces else { return card };
    card.text(format!(
        "It waits for the canary of {canary}. To start in its place, which takes the canary's traffic back first: rollback {canary}"
    ))
}

/// Offers to take the place of a canary.
pub(super) fn replaces(card: Card, detail: &RunDetail) -> Card {
    match &detail.replaces {
        Some(canary) => card.button("Replace the canary", format!("rollback {canary}"), true),
        None => card,
    }
}

/// A rollback that means a canary which is gone already, or about to be.
pub(crate) fn canary_gone(run: &Run, live: &Release) -> Card {
    let environment = &run.environment().environment;
    let gone = if run.state.is_over() { "went back" } else { "is going back" };
    let stable = format!("release {} ({})", live.id.number, live.reference);
    Card::new(
        Tone::Ask,
        format!(
            "The canary of {} {gone} already: {environment} is on {stable}; I went no further back.",
            run.id
        ),
    )
    .text(format!("To go back from {stable}, too: rollback {environment} again"))
    .button("Status", format!("status {environment}"), false)
}

/// Whether something that happened may be a verdict about a canary.
pub(crate) fn may_be_verdict(happened: &Happening) -> bool {
    match happened {
        Happening::StepDone { .. } | Happening::StepFailed { .. } => true,
        Happening::Moved { to: RunState::Paused { by, .. } } => by == JUDGE,
        _ => false,
    }
}

/// The stage of a canary in which this is a verdict.
pub(crate) fn judged(detail: &RunDetail, happened: &Happening) -> Option<StepNumber> {
    let is_stage = |step: &StepNumber| {
        let planned = detail.plan.steps.get(*step as usize);
        planned.is_some_and(|planned| matches!(planned.kind, StepKind::CanaryStage(_)))
    };
    match happened {
        Happening::StepDone { step, .. } | Happening::StepFailed { step, .. } => Some(*step).filter(is_stage),
        Happening::Moved { to: RunState::Paused { by, .. } } if by == JUDGE => {
            detail.trial.as_ref()?.at_hand().map(|stage| stage.step)
        }
        _ => None,
    }
}

/// What the verdict of a stage was, with a picture of all stages so far; nothing of a stage in which nothing was watched.
pub(crate) fn verdict(detail: &RunDetail, step: StepNumber, happened: &Happening) -> Option<Card> {
    let trial = detail.trial.as_ref()?;
    let stage = trial.stages.iter().find(|stage| stage.step == step).filter(|stage| stage.soaked_s() > 0)?;
    let (tone, word, say) = match happened {
        Happening::StepFailed { reason, .. } => (Tone::Bad, "goes back".to_owned(), reason.say.clone()),
        // What a person moved on was not passed by the judge, and what it knew then is told.
        Happening::StepDone { .. } => match &stage.promoted_by {
            Some(by) => (Tone::Ask, format!("promoted by {by}"), worst(stage).unwrap_or_default()),
            None => (Tone::Good, "passed".to_owned(), worst(stage).unwrap_or_default()),
        },
        _ => {
            let held = stage.held.as_ref().map(|held| held.say.clone());
            (Tone::Ask, "held, a person has to say".to_owned(), held.unwrap_or_default())
        }
    };
    let id = &detail.run.id;
    let headline = format!("{id} · canary at {}% of traffic: {word}", stage.weight_pct);
    let chart = Chart::of(trial, format!("{id} · {}", detail.plan.title));
    Some(Card::new(tone, headline).text(say).picture(chart))
}

/// What the judge says of the service that stands worst.
fn worst(stage: &StageSoak) -> Option<String> {
    let (service, here) = stage.services.iter().min_by_key(|(_, here)| here.score)?;
    if here.because.is_empty() {
        return None;
    }
    Some(if stage.services.len() > 1 { format!("{service}: {}", here.because) } else { here.because.clone() })
}

fn figures(here: &InStage) -> String {
    let (canary, stable) = (here.served.canary, here.served.stable);
    let whole = &here.track.whole;
    format!(
        "{} · canary {}{}; stable {}{}",
        bar(here.score),
        failed(canary),
        within(&whole.canary),
        failed(stable),
        within(&whole.stable)
    )
}

/// ", p50 8 ms, p95 20 ms, p99 50 ms".
fn within(version: &VersionPoint) -> String {
    version.latency_say().map(|latency| format!(", {latency}")).unwrap_or_default()
}

/// "3 of 120 failed (2.5%)".
fn failed(side: Side) -> String {
    if side.requests == 0 {
        return "no requests".to_owned();
    }
    format!("{} of {} failed ({:.1}%)", side.errors, side.requests, side.error_share() * 100.0)
}

/// A score from 0 to 100 as a small bar, and as its number.
fn bar(score: u8) -> String {
    let full = score.min(100).div_ceil(100 / BAR);
    let (full, empty) = ("█".repeat(full.into()), "░".repeat((BAR - full).into()));
    format!("{full}{empty} {score}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_empty_for_nothing_only_and_full_for_all() {
        assert_eq!(bar(0), "░░░░░░░░░░ 0");
        assert_eq!(bar(1), "█░░░░░░░░░ 1");
        assert_eq!(bar(55), "██████░░░░ 55");
        assert_eq!(bar(100), "██████████ 100");
    }
}
