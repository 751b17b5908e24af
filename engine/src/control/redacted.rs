//! Keeps secrets out of everything the database keeps for people to read: a commit is gone through as a whole, so that no
//! writer has to think of it.

use serde_json::Value;

use crate::ports::Account;
use crate::redact::Redactor;
use crate::run::{ApprovalState, Happening, Reason, RunState, StepState};
use crate::store::{Commit, Write};

/// Takes the secrets out of a commit: out of happenings, out of the record's facts, out of reasons and notes.
pub(super) fn commit(commit: &mut Commit, redactor: &Redactor) {
    for (_, what) in &mut commit.happenings {
        happening(what, redactor);
    }
    for entry in &mut commit.audit {
        value(&mut entry.data, redactor);
    }
    for write in &mut commit.writes {
        match write {
            Write::RunInsert { run, .. } | Write::RunUpdate { run, .. } => {
                run_state(&mut run.state, redactor);
            }
            Write::StepPut { step, .. } => step_state(&mut step.state, redactor),
            Write::IncidentPut(incident) => text(&mut incident.summary, redactor),
            Write::ConnectionChecked { check, .. } => said(&mut check.said, redactor),
            Write::LockTake(lock) => text(&mut lock.reason, redactor),
            Write::ApprovalDecide(approval) => {
                if let ApprovalState::Rejected { reason, .. } = &mut approval.state {
                    text(reason, redactor);
                }
            }
            _ => {}
        }
    }
}

/// Takes the secrets out of every text of a JSON value; the names of its fields are ours.
pub(super) fn value(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(string) => text(string, redactor),
        Value::Array(values) => values.iter_mut().for_each(|one| self::value(one, redactor)),
        Value::Object(fields) => fields.values_mut().for_each(|one| self::value(one, redactor)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Takes the secrets out of why a run is where it is.
pub(super) fn run_state(state: &mut RunState, redactor: &Redactor) {
    match state {
        RunState::Undoing { reason: why, .. }
        | RunState::Failed { reason: why, .. }
        | RunState::RolledBack { reason: why, .. }
        | RunState::Cancelled { reason: why, .. } => reason(why, redactor),
        RunState::Planned
        | RunState::AwaitingApproval { .. }
        | RunState::Queued { .. }
        | RunState::Running { .. }
        | RunState::Paused { .. }
        | RunState::Succeeded { .. } => {}
    }
}

/// Takes the secrets out of what a provider said of a key.
fn said(said: &mut Result<Account, (String, String)>, redactor: &Redactor) {
    match said {
        Ok(Account { account, says, warnings, missing }) => {
            text(account, redactor);
            says.iter_mut().chain(warnings).chain(missing).for_each(|line| text(line, redactor));
        }
        Err((why, hint)) => {
            text(why, redactor);
            text(hint, redactor);
        }
    }
}

fn step_state(state: &mut StepState, redactor: &Redactor) {
    match state {
        StepState::Running { note, .. } | StepState::Undoing { note, .. } => text(note, redactor),
        StepState::Failed { reason: why, .. } => reason(why, redactor),
        StepState::Kept { why, .. } => text(why, redactor),
        StepState::Pending | StepState::Done { .. } | StepState::Undone { .. } => {}
    }
}

fn happening(what: &mut Happening, redactor: &Redactor) {
    match what {
        Happening::Moved { to } => run_state(to, redactor),
        Happening::StepFailed { reason: why, .. } => reason(why, redactor),
        Happening::StepWaits { note: says, .. }
        | Happening::StepDone { says, .. }
        | Happening::StepUndone { says, .. }
        | Happening::Unreached { why: says, .. }
        | Happening::Unwell { why: says, .. } => text(says, redactor),
        Happening::RuleActed { because, did, .. } => {
            text(because, redactor);
            for line in did {
                text(line, redactor);
            }
        }
        Happening::Drifted { lines, keeps } => {
            lines.iter_mut().chain(keeps).for_each(|line| text(line, redactor));
        }
        Happening::CrashLoop { crashes, .. } => {
            text(&mut crashes.how, redactor);
            text(&mut crashes.line, redactor);
        }
        Happening::StepStarted { .. }
        | Happening::Voted { .. }
        | Happening::Reached { .. }
        | Happening::ServerErrors { .. }
        | Happening::ServerErrorsOver { .. }
        | Happening::WellAgain { .. }
        | Happening::DriftOver
        | Happening::ArtifactDiffers { .. } => {}
    }
}

fn reason(reason: &mut Reason, redactor: &Redactor) {
    text(&mut reason.say, redactor);
    text(&mut reason.next, redactor);
    reason.evidence.iter_mut().for_each(|line| text(line, redactor));
}

fn text(text: &mut String, redactor: &Redactor) {
    let redacted = match redactor.redact(text) {
        std::borrow::Cow::Borrowed(_) => None,
        std::borrow::Cow::Owned(redacted) => Some(redacted),
    };
    if let Some(redacted) = redacted {
        *text = redacted;
    }
}
