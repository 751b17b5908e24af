//! `metrics.json`: what a run measured, as numbers. Only what was measured is there.

use serde_json::{Map, Value, json};

use crate::clock::EpochMs;
use crate::control::RunDetail;
use crate::run::{AnsweredBy, Happening, Step, StepState, state_of};
use crate::trial::{Point, StageSoak, VersionPoint};

/// The fact of a step's last receipt that says how often its effect was asked for.
pub(crate) const ATTEMPTS: &str = "attempts";

/// The numbers of a run: each step's attempts and durations, and what its last receipt measured; and what releases answered
/// from its start until `now_ms`, when the edge can say.
pub(crate) fn metrics(detail: &RunDetail, answered: Option<&[AnsweredBy]>, now_ms: EpochMs) -> Value {
    let run = &detail.run;
    let took_ms =
        run.finished_ms.zip(run.started_ms).map(|(finished_ms, started_ms)| took_ms(started_ms, finished_ms));
    let begun = |number: &u32| !matches!(state_of(&detail.steps, *number), StepState::Pending);
    let steps = detail.steps.iter().map(|step: &Step| step.number).filter(begun);
    let mut all = json!({
        "run": run.id,
        "state": run.state.as_str(),
        "started_ms": run.started_ms,
        "finished_ms": run.finished_ms,
        "took_ms": took_ms,
        "answered": answered.map(|all| json!({ "until_ms": now_ms, "by": all })),
        "steps": steps.map(|number| of_step(detail, number)).collect::<Vec<_>>(),
    });
    if let Some(trial) = &detail.trial {
        all["canary"] = json!({ "stages": trial.stages.iter().map(of_stage).collect::<Vec<_>>() });
    }
    all
}

/// The numbers of a stage of a canary, and what the judge said of them.
fn of_stage(stage: &StageSoak) -> Value {
    let services = stage.services.iter().map(|(service, here)| {
        json!({
            "service": service,
            "stable": here.served.stable,
            "canary": here.served.canary,
            "score": here.score,
            "verdict": here.verdict,
            "because": here.because,
            "over_time": here.track.points.iter().map(of_point).collect::<Vec<_>>(),
        })
    });
    json!({
        "weight_pct": stage.weight_pct,
        "soak_s": stage.soak_s,
        "soaked_s": stage.soaked_s(),
        "began_ms": stage.began_ms,
        "ended_ms": stage.ended_ms,
        "promoted_by": stage.promoted_by,
        "services": services.collect::<Vec<_>>(),
    })
}

/// The numbers of some seconds of a stage.
fn of_point(point: &Point) -> Value {
    let of = |version: &VersionPoint| {
        json!({
            "requests": version.requests, "errors": version.errors,
            "p50_ms": version.p50_ms, "p95_ms": version.p95_ms, "p99_ms": version.p99_ms,
        })
    };
    json!({
        "at_s": point.at_s,
        "span_s": point.span_s,
        "stable": of(&point.stable),
        "canary": of(&point.canary),
    })
}

/// How long something took; nothing when the clock was put back meanwhile.
fn took_ms(started_ms: EpochMs, ended_ms: EpochMs) -> i64 {
    ended_ms.saturating_sub(started_ms).max(0)
}

fn of_step(detail: &RunDetail, number: u32) -> Value {
    let at = |wanted: fn(&Happening) -> Option<u32>| {
        detail.happened.iter().find(|one| wanted(&one.what) == Some(number)).map(|one| one.at_ms)
    };
    let started_ms = at(|what| match what {
        Happening::StepStarted { step } => Some(*step),
        _ => None,
    });
    let ended_ms = at(|what| match what {
        Happening::StepDone { step, .. } | Happening::StepFailed { step, .. } => Some(*step),
        _ => None,
    });
    let of_kind = |kinds: &'static [&'static str]| {
        let mine = move |step, kind: &str| step == number && kinds.contains(&kind);
        detail.receipts.iter().filter(move |receipt| mine(receipt.step, &receipt.kind))
    };
    let mut measured = Map::new();
    let mut attempts = Value::Null;
    for (name, value) in of_kind(&["done", "failed"])
        .next_back()
        .and_then(|receipt| receipt.body["facts"].as_object())
        .into_iter()
        .flatten()
    {
        // Facts are texts; those that are numbers are what was measured.
        let Some(number) = value.as_str().and_then(|text| text.parse::<u64>().ok()) else { continue };
        if name == ATTEMPTS {
            attempts = number.into();
        } else {
            measured.insert(name.clone(), number.into());
        }
    }
    json!({
        "number": number,
        "title": detail.plan.steps.get(number as usize).map(|planned| &planned.title),
        "state": state_of(&detail.steps, number).as_str(),
        "started_ms": started_ms,
        "took_ms": ended_ms.zip(started_ms).map(|(ended_ms, started_ms)| took_ms(started_ms, ended_ms)),
        "attempts": attempts,
        "answers_lost": of_kind(&["unknown"]).count(),
        "undo_attempts": of_kind(&["undo"]).count(),
        "measured": measured,
    })
}
