//! What comes next for a run: a pure function of what the database says and the time. The executor does what it
//! says, whether it has just been started, has crashed in the middle, or was asked a moment ago.

use super::{Run, RunState, Step, StepState};
use crate::clock::EpochMs;
use crate::model::{Change, StepNumber};
use crate::plan::Plan;
use crate::step::{StepKind, Undo};

/// What the executor should do with a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing, until a person or another run does something.
    Park,
    /// Nothing before then.
    WaitUntil(EpochMs),
    /// Close the approval: its time is up.
    Expire,
    /// Try to take the lock and start.
    Start,
    /// Record this step's intent.
    Begin(StepNumber),
    /// Look at this step, and act if something is missing.
    Work(StepNumber),
    /// Record the intent to undo this step.
    BeginUndo(StepNumber),
    /// Look whether this step is undone, and act if not.
    WorkUndo(StepNumber),
    /// All steps are done.
    Succeed,
    /// All that could be undone is.
    EndUndo,
}

/// Longest wait of a step for its next look, in milliseconds. One that is due later was put off by a clock that has been
/// put back since; looking too early does no harm.
pub(crate) const WAIT_MAX_MS: i64 = 15 * 60_000;

/// Whether a step's next look is still to come.
fn is_early(due_ms: EpochMs, now_ms: EpochMs) -> bool {
    (1..=WAIT_MAX_MS).contains(&due_ms.saturating_sub(now_ms))
}

/// Decides what comes next.
pub fn next(run: &Run, plan: &Plan, steps: &[Step], now_ms: EpochMs) -> Next {
    match &run.state {
        RunState::AwaitingApproval { expires_ms } if *expires_ms <= now_ms => Next::Expire,
        RunState::AwaitingApproval { expires_ms } => Next::WaitUntil(*expires_ms),
        RunState::Queued { .. } => match run.request.not_before_ms {
            Some(not_before_ms) if not_before_ms > now_ms => Next::WaitUntil(not_before_ms),
            _ => Next::Start,
        },
        RunState::Running { .. } => forward(plan, steps, now_ms, true),
        // The step at hand is finished; no further one is begun.
        RunState::Paused { .. } => forward(plan, steps, now_ms, false),
        RunState::Undoing { .. } => backward(plan, steps, now_ms),
        RunState::Planned
        | RunState::Succeeded { .. }
        | RunState::Failed { .. }
        | RunState::RolledBack { .. }
        | RunState::Cancelled { .. } => Next::Park,
    }
}

/// The state of a step; one that was never written is pending.
pub fn state_of(steps: &[Step], number: StepNumber) -> &StepState {
    steps.iter().find(|step| step.number == number).map_or(&StepState::Pending, |step| &step.state)
}

fn forward(plan: &Plan, steps: &[Step], now_ms: EpochMs, may_begin: bool) -> Next {
    for number in 0..plan.steps.len() as StepNumber {
        match state_of(steps, number) {
            StepState::Done { .. } => {}
            StepState::Running { due_ms, .. } if is_early(*due_ms, now_ms) => {
                return Next::WaitUntil(*due_ms);
            }
            StepState::Running { .. } => return Next::Work(number),
            _ if may_begin => return Next::Begin(number),
            _ => return Next::Park,
        }
    }
    if may_begin { Next::Succeed } else { Next::Park }
}

/// Traffic goes back before anything else; then the rest, last first.
fn backward(plan: &Plan, steps: &[Step], now_ms: EpochMs) -> Next {
    let moves_traffic = |number: &StepNumber| plan.steps[*number as usize].kind.moves_traffic();
    let (traffic, others): (Vec<_>, Vec<_>) =
        (0..plan.steps.len() as StepNumber).rev().partition(moves_traffic);
    for number in traffic.into_iter().chain(others) {
        match state_of(steps, number) {
            StepState::Pending | StepState::Undone { .. } | StepState::Kept { .. } => {}
            StepState::Running { .. } | StepState::Done { .. } | StepState::Failed { .. } => {
                return Next::BeginUndo(number);
            }
            StepState::Undoing { due_ms, .. } if is_early(*due_ms, now_ms) => {
                return Next::WaitUntil(*due_ms);
            }
            StepState::Undoing { .. } => return Next::WorkUndo(number),
        }
    }
    Next::EndUndo
}

/// Whether users had been sent to what the run brought, before it was undone.
pub fn traffic_moved(plan: &Plan, steps: &[Step]) -> bool {
    !plan.stays
        && plan.steps.iter().enumerate().any(|(number, planned)| {
            planned.kind.moves_traffic()
                && !matches!(state_of(steps, number as StepNumber), StepState::Pending)
        })
}

/// Steps whose effects are still there and need a person, in words.
pub fn left_behind(plan: &Plan, steps: &[Step]) -> Vec<String> {
    plan.steps
        .iter()
        .enumerate()
        .filter_map(|(number, planned)| match state_of(steps, number as StepNumber) {
            StepState::Kept { why, fine: false, .. } => Some(format!("{}: {why}", planned.title)),
            _ => None,
        })
        .collect()
}

/// What to type when something could not be undone; none when nothing was left. Users who are sent to a release that is
/// not live, and schedules that run it, are brought back by a rollback; all else is put in order by trying again.
pub fn way_out(run: &Run, plan: &Plan, steps: &[Step]) -> Option<String> {
    if left_behind(plan, steps).is_empty() {
        return None;
    }
    let is_kept = |number: usize| matches!(state_of(steps, number as StepNumber), StepState::Kept { .. });
    let serves = |kind: &StepKind| kind.moves_traffic() || matches!(kind, StepKind::PutSchedules(_));
    let astray = plan.steps.iter().enumerate().any(|(number, one)| is_kept(number) && serves(&one.kind));
    let has_live = plan.way_back.release.is_some();
    Some(match run.request.change {
        Change::Deploy { .. } if astray && has_live => {
            format!("rollback {}", run.environment().environment)
        }
        _ => format!("retry {}", run.id),
    })
}

/// Whether the run has passed the point after which it can't be cancelled any more.
pub fn past_return(plan: &Plan, steps: &[Step]) -> bool {
    plan.steps.iter().enumerate().any(|(number, planned)| {
        planned.kind.as_act().undo() == Undo::NoReturn
            && !matches!(state_of(steps, number as StepNumber), StepState::Pending)
    })
}
