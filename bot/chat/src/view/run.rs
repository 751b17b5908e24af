//! A run's card: what, where, who, what changes, how risky, the way back; then progress; then the outcome and what to do
//! next. Drawn from the database alone, so it is the same whoever draws it and whenever.

use engine::control::RunDetail;
use engine::model::{Role, RunRequest, StepNumber};
use engine::plan::{Plan, short};
use engine::run::{Happening, Reason, RunState, StepState, state_of};
use engine::step::Undo;

use super::files::artifacts_of_run;
use super::migrations::migrations;
use super::really::really;
use super::time::{clock, duration};
use super::{backfill, canary};
use crate::message::{Card, Part, StepLine, StepMark, Tone};

/// Commits shown on a card; the artifacts have all of them.
const COMMITS_SHOWN: usize = 5;

/// What a step says whose undoing is nothing to do.
pub const NOTHING_TO_UNDO: &str = "nothing to undo";

/// The card of a run.
pub fn run(detail: &RunDetail, now_ms: i64) -> Card {
    let run = &detail.run;
    let mut card = Card::new(
        tone(&run.state),
        format!("{} · {} · {}", run.id, detail.plan.title, headline(detail, now_ms)),
    );
    card.key = run.id.to_string();
    card.going_ms = matches!(run.state, RunState::Running { .. })
        .then(|| now_ms - run.started_ms.unwrap_or(run.created_ms));
    card.command = said_as(&run.request);
    // What a person must know or do comes first: on a phone the rest is below the fold.
    card = outcome(card, detail);
    // A rule asks in the name of who gave it, and is called so where people have fronts.
    let by_rule = Some(run.requester.front.as_str()).filter(|front| front.starts_with("rule "));
    let by = by_rule.map(|rule| format!(" ({rule})")).unwrap_or_default();
    let mut fields = vec![("asked by".to_owned(), format!("{}{by}", run.requester.name))];
    if let Some(reason) = &run.request.break_glass {
        fields.push(("glass broken".to_owned(), reason.clone()));
    }
    if !detail.votes.is_empty() {
        let names: Vec<&str> = detail.votes.iter().map(|vote| vote.person.as_str()).collect();
        fields.push(("approved by".to_owned(), names.join(", ")));
    }
    let opened: Vec<String> =
        detail.opened_at.iter().map(|(service, at)| format!("{service} {at}")).collect();
    if !opened.is_empty() {
        fields.push(("open".to_owned(), opened.join(" \u{b7} ")));
    }
    card = backfill::stands(canary::stands(card.fields(fields), detail), detail);
    for happened in &detail.happened {
        if let Happening::ArtifactDiffers { path } = &happened.what {
            card = card.text(format!("{path} was there already with other content, and stays as it was."));
        }
    }
    let over = run.state.is_over();
    if run.started_ms.is_none() && !over {
        card = plan_parts(card, &detail.plan, detail.way_back_took_ms);
    } else if matches!(run.state, RunState::Running { .. } | RunState::Paused { .. }) {
        // It may have begun before anybody saw it planned: what it changes and how risky that is stays in view.
        card = card.list("Changes", changes(&detail.plan));
        card = card.fields(stakes(&detail.plan, detail.way_back_took_ms));
    } else if !over || succeeded_with_way_back(detail) {
        card = card.fields(vec![("way back".to_owned(), way_back(&detail.plan, detail.way_back_took_ms))]);
    }
    let mut steps = steps(detail, now_ms);
    if over || matches!(run.state, RunState::Undoing { .. }) {
        // What never began is of no interest any more, but that it did not is.
        let pending: Vec<String> =
            steps.extract_if(.., |step| step.mark == StepMark::Pending).map(|step| step.title).collect();
        if !steps.is_empty() {
            card.parts.push(Part::Steps { steps });
        }
        if !pending.is_empty() && !detail.steps.is_empty() {
            card = card.fields(vec![("not begun".to_owned(), pending.join(", "))]);
        }
    } else {
        card.parts.push(Part::Steps { steps });
    }
    buttons(card, detail).asking(|command| really(command, detail))
}

/// That a run is over, or that its canary waits for a person and why, in a line or two.
pub(crate) fn ended(detail: &RunDetail, now_ms: i64) -> Card {
    let run = &detail.run;
    let line = format!("{} · {} · {}", run.id, detail.plan.title, headline(detail, now_ms));
    let card = canary::held(Card::new(tone(&run.state), line), detail);
    if run.state.is_over() { card.button("Files", artifacts_of_run(&run.id), false) } else { card }
}

/// What was said for it, the glass included: nobody reads of the one without the other.
fn said_as(request: &RunRequest) -> String {
    match &request.break_glass {
        Some(reason) => format!("{}, break glass: {reason}", request.command),
        None => request.command.clone(),
    }
}

fn succeeded_with_way_back(detail: &RunDetail) -> bool {
    matches!(detail.run.state, RunState::Succeeded { .. }) && detail.plan.way_back.release.is_some()
}

fn tone(state: &RunState) -> Tone {
    match state {
        RunState::AwaitingApproval { .. } | RunState::Paused { .. } => Tone::Ask,
        RunState::Succeeded { .. } => Tone::Good,
        RunState::Failed { .. } | RunState::RolledBack { .. } | RunState::Undoing { .. } => Tone::Bad,
        RunState::Cancelled { .. } => Tone::Plain,
        RunState::Planned | RunState::Queued { .. } | RunState::Running { .. } => Tone::Going,
    }
}

fn headline(detail: &RunDetail, now_ms: i64) -> String {
    let run = &detail.run;
    let took = || duration(run.finished_ms.unwrap_or(now_ms) - run.started_ms.unwrap_or(run.created_ms));
    match &run.state {
        RunState::Planned => "planned".to_owned(),
        RunState::AwaitingApproval { .. } => "awaiting approval".to_owned(),
        RunState::Queued { .. } => match (&detail.waits_for, detail.place) {
            _ if run.request.not_before_ms.is_some_and(|not_before_ms| not_before_ms > now_ms) => {
                format!("starts {}", clock(run.request.not_before_ms.unwrap_or_default()))
            }
            (Some(holder), None | Some(1)) => format!("next in line, waits for {holder}"),
            (Some(holder), Some(place)) => format!("number {place} in line, waits for {holder}"),
            _ => "queued".to_owned(),
        },
        RunState::Running { .. } => format!("running, {}", took()),
        RunState::Paused { by, .. } => format!("paused by {by}"),
        RunState::Undoing { .. } => "going back".to_owned(),
        RunState::Succeeded { .. } => format!("succeeded in {}", took()),
        RunState::Failed { reason, .. } if detail.steps.is_empty() => {
            format!("not started: {}", reason.code)
        }
        RunState::Failed { reason, .. } => format!("failed after {}: {}", took(), reason.code),
        RunState::RolledBack { .. } => format!("rolled back after {}", took()),
        RunState::Cancelled { .. } if backfill::is_stopped(detail) => format!("stopped after {}", took()),
        RunState::Cancelled { .. } => "cancelled".to_owned(),
    }
}

/// The way back and, where it leads to a release, how long going back took here last time.
fn way_back(plan: &Plan, took_ms: Option<i64>) -> String {
    let say = &plan.way_back.say;
    match took_ms {
        Some(ms) if plan.way_back.release.is_some() => {
            format!("{say}; went back in {} last time", duration(ms))
        }
        _ => say.clone(),
    }
}

/// What a plan is going to do: what changes, how risky, the way back.
pub(super) fn plan_parts(card: Card, plan: &Plan, way_back_took_ms: Option<i64>) -> Card {
    let commits = plan
        .commits
        .iter()
        .take(COMMITS_SHOWN)
        .map(|commit| format!("{} {} ({})", short(&commit.id), commit.subject, commit.author))
        .chain(
            (plan.commits.len() > COMMITS_SHOWN)
                .then(|| format!("and {} more", plan.commits.len() - COMMITS_SHOWN)),
        )
        .collect();
    // Plans made before these were told apart have all of them in one.
    let told_apart = plan.way_back.proved || !plan.way_back.lacks.is_empty();
    let proved = if told_apart { "Proved" } else { "Not proved" };
    migrations(card.list("Changes", changes(plan)), plan)
        .list("Commits", commits)
        .fields(stakes(plan, way_back_took_ms))
        .list(proved, plan.way_back.proof.clone())
        .list("Not proved", plan.way_back.lacks.clone())
        .list("Notes", [plan.notes.as_slice(), &plan.told].concat())
}

/// What changes, a line each.
fn changes(plan: &Plan) -> Vec<String> {
    let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
    if diff.is_empty() { vec!["nothing".to_owned()] } else { diff }
}

/// How risky it is, and the way back.
fn stakes(plan: &Plan, way_back_took_ms: Option<i64>) -> Vec<(String, String)> {
    let because = if plan.risk.because.is_empty() {
        String::new()
    } else {
        format!(": {}", plan.risk.because.join("; "))
    };
    vec![
        ("risk".to_owned(), format!("{}{because}", plan.risk.level.as_str())),
        ("way back".to_owned(), way_back(plan, way_back_took_ms)),
    ]
}

/// "approval by 1 deployer or admin", "approval by 2 people (deployer or admin)".
pub(super) fn approvals_needed(count: u32, roles: &[Role]) -> String {
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    match count {
        1 => format!("approval by one other person ({})", roles.join(" or ")),
        count => format!("approval by {count} people ({})", roles.join(" or ")),
    }
}

fn steps(detail: &RunDetail, now_ms: i64) -> Vec<StepLine> {
    detail
        .plan
        .steps
        .iter()
        .enumerate()
        .map(|(number, planned)| {
            let number = number as StepNumber;
            let told = |wanted: fn(&Happening) -> Option<(StepNumber, &String)>| {
                detail
                    .happened
                    .iter()
                    .rev()
                    .filter_map(|happened| wanted(&happened.what))
                    .find(|(step, _)| *step == number)
                    .map(|(_, says)| says.clone())
            };
            let done = || {
                told(|what| match what {
                    // One with nothing to do has nothing to say of it: why that is so was planned.
                    Happening::StepDone { step, says } if !says.is_empty() => Some((*step, says)),
                    _ => None,
                })
            };
            let waits = || {
                told(|what| match what {
                    Happening::StepWaits { step, note } => Some((*step, note)),
                    _ => None,
                })
            };
            let undone = || {
                told(|what| match what {
                    Happening::StepUndone { step, says } => Some((*step, says)),
                    _ => None,
                })
            };
            let (mark, says, took_ms) = match state_of(&detail.steps, number) {
                StepState::Pending => (StepMark::Pending, planned.says.clone(), None),
                StepState::Running { since_ms, note, .. } => {
                    let note = if note.is_empty() {
                        waits().unwrap_or_else(|| planned.says.clone())
                    } else {
                        note.clone()
                    };
                    (StepMark::Going, note, Some(now_ms - since_ms))
                }
                StepState::Done { since_ms, at_ms } => {
                    (StepMark::Done, done().unwrap_or_else(|| planned.says.clone()), Some(at_ms - since_ms))
                }
                StepState::Failed { since_ms, at_ms, reason } => {
                    (StepMark::Failed, reason.say.clone(), Some(at_ms - since_ms))
                }
                StepState::Undoing { since_ms, note, .. } => (
                    StepMark::Going,
                    if note.is_empty() { "going back".to_owned() } else { format!("going back: {note}") },
                    Some(now_ms - since_ms),
                ),
                StepState::Undone { .. } => match planned.kind.as_act().undo() {
                    Undo::Nothing => (StepMark::Undone, NOTHING_TO_UNDO.to_owned(), None),
                    _ => (StepMark::Undone, undone().unwrap_or_else(|| "undone".to_owned()), None),
                },
                StepState::Kept { why, .. } => (StepMark::Kept, why.clone(), None),
            };
            StepLine { mark, title: planned.title.clone(), says, took_ms }
        })
        .collect()
}

fn because(card: Card, reason: &Reason) -> Card {
    let card = card.text(reason.say.clone()).verbatim(reason.evidence.clone());
    if reason.next.is_empty() { card } else { card.text(format!("Next: {}", reason.next)) }
}

/// All was undone, but for what may stay.
fn what_stays(card: Card, detail: &RunDetail) -> Card {
    let environment = &detail.run.environment().environment;
    let kept = kept(detail);
    if kept.is_empty() {
        card.text(format!("{environment} is as it was before."))
    } else {
        card.text(format!("{environment} is as it was before, but for what stays.")).list("Stays", kept)
    }
}

/// What steps left standing, a line each.
fn kept(detail: &RunDetail) -> Vec<String> {
    let steps = detail.plan.steps.iter().enumerate();
    steps
        .filter_map(|(number, planned)| match state_of(&detail.steps, number as StepNumber) {
            StepState::Kept { why, .. } => Some(format!("{}: {why}", planned.title)),
            _ => None,
        })
        .collect()
}

fn outcome(card: Card, detail: &RunDetail) -> Card {
    let environment = &detail.run.environment().environment;
    match &detail.run.state {
        RunState::AwaitingApproval { expires_ms } => {
            let needed = detail.approval.as_ref().map_or_else(
                || "approval".to_owned(),
                |approval| {
                    let still = approval.needed.saturating_sub(detail.votes.len() as u32).max(1);
                    approvals_needed(still, &approval.roles)
                },
            );
            card.text(format!("Needs {needed}; open until {}.", clock(*expires_ms)))
        }
        RunState::Undoing { reason, .. } | RunState::Cancelled { reason, .. } => because(card, reason),
        RunState::Failed { reason, .. } => {
            let begun = !detail.steps.is_empty();
            let card = because(card, reason);
            if begun && !reason.evidence.iter().any(|line| line.starts_with("Not undone")) {
                what_stays(card, detail)
            } else {
                card
            }
        }
        RunState::RolledBack { reason, .. } => {
            let card = because(card, reason);
            card.text(format!("All traffic in {environment} is back where it was before."))
                .list("Stays", kept(detail))
        }
        RunState::Queued { .. } => canary::in_the_way(card, detail),
        RunState::Succeeded { .. }
        | RunState::Planned
        | RunState::Running { .. }
        | RunState::Paused { .. } => card,
    }
}

fn buttons(card: Card, detail: &RunDetail) -> Card {
    if canary::soaks(detail) {
        return canary::buttons(card, detail);
    }
    if let Some(card) = backfill::buttons(&card, detail) {
        return card;
    }
    let id = &detail.run.id;
    let environment = &detail.run.environment().environment;
    match &detail.run.state {
        RunState::AwaitingApproval { .. } => card.button("Approve", format!("approve {id}"), true).button(
            "Reject",
            format!("reject {id}"),
            false,
        ),
        RunState::Queued { .. } => {
            canary::replaces(card, detail).button("Cancel", format!("cancel {id}"), true)
        }
        RunState::Running { .. } => {
            card.button("Pause", format!("pause {id}"), false).button("Cancel", format!("cancel {id}"), true)
        }
        RunState::Paused { .. } => card.button("Resume", format!("resume {id}"), false).button(
            "Cancel",
            format!("cancel {id}"),
            true,
        ),
        RunState::Succeeded { .. } if detail.plan.run_type == "deploy" => {
            match detail.plan.way_back.release {
                Some(release) => {
                    card.button("Roll back", super::back::takes_back(environment.as_str(), release, id), true)
                }
                None => card,
            }
        }
        RunState::Failed { .. } | RunState::RolledBack { .. } | RunState::Cancelled { .. } => {
            card.button("Retry", format!("retry {id}"), false)
        }
        _ => card,
    }
}
