//! The states of a run and of a step, and the only two functions that say which may follow which. The executor and
//! recovery after a crash call the same ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::EpochMs;

/// Why a run stopped short: a code for machines and tests, and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable word: `unhealthy`, `drifted`, `build-failed`.
    pub code: String,
    /// What happened, to what.
    pub say: String,
    /// What to type or do next; empty when there is nothing to add.
    pub next: String,
    /// Lines that show it: the end of a log, a fresh diff.
    pub evidence: Vec<String>,
    /// What was measured, by name; on its way into the step's last receipt, and not kept here.
    #[serde(skip)]
    pub measured: BTreeMap<String, String>,
}

impl Reason {
    /// A reason without evidence.
    pub fn new(code: &str, say: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            say: say.into(),
            next: next.into(),
            evidence: Vec::new(),
            measured: BTreeMap::new(),
        }
    }

    /// Adds what was measured.
    #[must_use]
    pub fn measuring(mut self, measured: BTreeMap<String, String>) -> Self {
        self.measured = measured;
        self
    }

    /// Adds the lines that show it.
    #[must_use]
    pub fn showing(mut self, evidence: Vec<String>) -> Self {
        self.evidence = evidence;
        self
    }
}

/// Where a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum RunState {
    /// The plan is made; nothing has been asked or done.
    Planned,
    /// People must say yes first.
    AwaitingApproval {
        /// The question stays open until then.
        expires_ms: EpochMs,
    },
    /// Cleared to go, waiting for its time or for the environment's lock.
    Queued {
        /// Since when: the order of the line.
        since_ms: EpochMs,
    },
    /// Holds the lock; steps are being done.
    Running {
        /// Since when.
        since_ms: EpochMs,
    },
    /// Holds the lock, does nothing until told.
    Paused {
        /// Since when.
        since_ms: EpochMs,
        /// Who paused it.
        by: String,
    },
    /// Something failed or somebody cancelled: done steps are being undone, last first.
    Undoing {
        /// Since when.
        since_ms: EpochMs,
        /// Why.
        reason: Reason,
        /// Who cancelled; absent when a step failed.
        cancelled_by: Option<String>,
    },
    /// Everything is done.
    Succeeded {
        /// When.
        at_ms: EpochMs,
    },
    /// It did not work; what was done has been undone, or the reason says what was not.
    Failed {
        /// When.
        at_ms: EpochMs,
        /// Why.
        reason: Reason,
    },
    /// Traffic had moved and has been moved back.
    RolledBack {
        /// When.
        at_ms: EpochMs,
        /// Why.
        reason: Reason,
    },
    /// A person stopped it, or nobody approved it in time.
    Cancelled {
        /// When.
        at_ms: EpochMs,
        /// Who.
        by: String,
        /// Why.
        reason: Reason,
    },
}

/// What can happen to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEvent {
    /// The policy wants approval: a plan was shown and the question is open.
    ApprovalAsked {
        /// Until when.
        expires_ms: EpochMs,
    },
    /// The policy wants none, or enough people said yes.
    Cleared,
    /// The lock is ours and the time has come.
    Started,
    /// A person wants it to hold after the step at hand.
    Paused {
        /// Who.
        by: String,
    },
    /// A person wants it to go on.
    Resumed,
    /// The last step is done.
    StepsDone,
    /// A step failed for good.
    StepFailed {
        /// Why.
        reason: Reason,
    },
    /// A person wants it stopped and undone.
    CancelAsked {
        /// Who.
        by: String,
        /// Why.
        reason: Reason,
    },
    /// Nobody approved in time, or somebody rejected it.
    Declined {
        /// Who, or the engine for an expiry.
        by: String,
        /// Why.
        reason: Reason,
    },
    /// Everything that could be undone is; `traffic_moved` tells whether people had seen the change.
    Undone {
        /// Traffic had reached the new release.
        traffic_moved: bool,
        /// Steps that could not be undone, in words; empty when all were.
        left: Vec<String>,
        /// What to type about those that are left; the reason's own word stands when there is none.
        next: Option<String>,
    },
}

/// A move no state machine allows: a bug, never a person's mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{machine} can't go on from {state} by {event}")]
pub struct IllegalMove {
    /// `run` or `step`.
    pub machine: &'static str,
    /// The state it was in.
    pub state: String,
    /// What was to happen.
    pub event: String,
}

impl RunState {
    /// Why a run is where it is, when its state says.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Undoing { reason, .. }
            | Self::Failed { reason, .. }
            | Self::RolledBack { reason, .. }
            | Self::Cancelled { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// The word for it, as in tables and on cards.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::AwaitingApproval { .. } => "awaiting-approval",
            Self::Queued { .. } => "queued",
            Self::Running { .. } => "running",
            Self::Paused { .. } => "paused",
            Self::Undoing { .. } => "undoing",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::RolledBack { .. } => "rolled-back",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// Nothing follows any more.
    pub fn is_over(&self) -> bool {
        matches!(
            self,
            Self::Succeeded { .. } | Self::Failed { .. } | Self::RolledBack { .. } | Self::Cancelled { .. }
        )
    }

    /// It holds its environment's lock.
    pub fn holds_lock(&self) -> bool {
        matches!(self, Self::Running { .. } | Self::Paused { .. } | Self::Undoing { .. })
    }

    /// It goes on without anybody doing anything.
    pub fn moves_by_itself(&self) -> bool {
        matches!(self, Self::Queued { .. } | Self::Running { .. } | Self::Undoing { .. })
    }

    /// The only place that says which event may follow which state of a run.
    pub fn after(&self, event: RunEvent, now_ms: EpochMs) -> Result<Self, IllegalMove> {
        match (self, event) {
            // A plan was shown and people must say yes.
            (Self::Planned, RunEvent::ApprovalAsked { expires_ms }) => {
                Ok(Self::AwaitingApproval { expires_ms })
            }
            // Nobody needs to say yes, or enough people did.
            (Self::Planned | Self::AwaitingApproval { .. }, RunEvent::Cleared) => {
                Ok(Self::Queued { since_ms: now_ms })
            }
            // Nobody said yes in time, or somebody said no.
            (Self::AwaitingApproval { .. }, RunEvent::Declined { by, reason }) => {
                Ok(Self::Cancelled { at_ms: now_ms, by, reason })
            }
            // Nothing has been done yet, so there is nothing to undo.
            (
                Self::Planned | Self::AwaitingApproval { .. } | Self::Queued { .. },
                RunEvent::CancelAsked { by, reason },
            ) => Ok(Self::Cancelled { at_ms: now_ms, by, reason }),
            // The lock is ours, or the person who wanted a look has had it.
            (Self::Queued { .. }, RunEvent::Started) | (Self::Paused { .. }, RunEvent::Resumed) => {
                Ok(Self::Running { since_ms: now_ms })
            }
            // A person wants a look before it goes on.
            (Self::Running { .. }, RunEvent::Paused { by }) => Ok(Self::Paused { since_ms: now_ms, by }),
            (Self::Running { .. }, RunEvent::StepsDone) => Ok(Self::Succeeded { at_ms: now_ms }),
            (Self::Running { .. }, RunEvent::StepFailed { reason }) => {
                Ok(Self::Undoing { since_ms: now_ms, reason, cancelled_by: None })
            }
            (Self::Running { .. } | Self::Paused { .. }, RunEvent::CancelAsked { by, reason }) => {
                Ok(Self::Undoing { since_ms: now_ms, reason, cancelled_by: Some(by) })
            }
            // All that could be undone is; how the run ends depends on who wanted it and what people had seen.
            (Self::Undoing { reason, cancelled_by, .. }, RunEvent::Undone { traffic_moved, left, next }) => {
                let mut reason = reason.clone();
                let at_ms = now_ms;
                if !left.is_empty() {
                    reason.evidence.push(format!("Not undone, needs a person: {}", left.join("; ")));
                    reason.next = next.unwrap_or(reason.next);
                    return Ok(Self::Failed { at_ms, reason });
                }
                Ok(match cancelled_by {
                    Some(by) => Self::Cancelled { at_ms, by: by.clone(), reason },
                    None if traffic_moved => Self::RolledBack { at_ms, reason },
                    None => Self::Failed { at_ms, reason },
                })
            }
            (state, event) => Err(IllegalMove {
                machine: "run",
                state: state.as_str().to_owned(),
                event: format!("{event:?}").split([' ', '{']).next().unwrap_or_default().to_owned(),
            }),
        }
    }
}

/// Where a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum StepState {
    /// Its turn has not come.
    Pending,
    /// Its intent is recorded; it is being done, watched, or tried again.
    Running {
        /// When its intent was recorded: deadlines count from here.
        since_ms: EpochMs,
        /// How often its effect was asked for and answered, from 0.
        attempt: u32,
        /// When to look again.
        due_ms: EpochMs,
        /// What it is waiting for, in words.
        note: String,
        /// The last call was sent and no good answer came: it may or may not have happened.
        unknown: bool,
        /// Since when looking has failed; absent while the world can be seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blind_since_ms: Option<EpochMs>,
    },
    /// Its receipt is recorded.
    Done {
        /// When its intent was recorded.
        since_ms: EpochMs,
        /// When its receipt was.
        at_ms: EpochMs,
    },
    /// It failed for good; it may have been half done.
    Failed {
        /// When its intent was recorded.
        since_ms: EpochMs,
        /// When.
        at_ms: EpochMs,
        /// Why.
        reason: Reason,
    },
    /// What it did is being undone.
    Undoing {
        /// When the intent to undo was recorded.
        since_ms: EpochMs,
        /// How often the undo was asked for, from 0.
        attempt: u32,
        /// When to look again.
        due_ms: EpochMs,
        /// What it is waiting for.
        note: String,
    },
    /// What it did is undone.
    Undone {
        /// When.
        at_ms: EpochMs,
    },
    /// What it did stays: it can't be undone, undoing failed, or it may stay.
    Kept {
        /// When.
        at_ms: EpochMs,
        /// What stays, and why.
        why: String,
        /// Nobody needs to look: what was there before can live with it.
        #[serde(default)]
        fine: bool,
    },
}

/// What can happen to a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEvent {
    /// Its turn has come: the intent is recorded.
    Started,
    /// Its effect was asked for once more, and answered.
    Acted,
    /// Nothing to do but look again then.
    Waits {
        /// When.
        due_ms: EpochMs,
        /// What for.
        note: String,
    },
    /// Looking failed: patience counts from the first look in a row that did.
    Blind {
        /// When to look again.
        due_ms: EpochMs,
        /// What looking said.
        note: String,
    },
    /// A call got no answer, or one that does not say that it is done.
    AnswerLost {
        /// When to look.
        due_ms: EpochMs,
        /// What was sent.
        note: String,
    },
    /// Done, as looking at the world confirmed.
    Succeeded,
    /// Failed for good.
    Failed {
        /// Why.
        reason: Reason,
    },
    /// It is to be undone.
    UndoStarted,
    /// Undone, as looking confirmed; also what a step without effects answers.
    UndoSucceeded,
    /// It can't be undone.
    UndoFailed {
        /// Why.
        why: String,
    },
    /// What it did stays, and may.
    Stays {
        /// What.
        what: String,
    },
}

impl StepState {
    /// Whether its undoing has begun, or is over.
    pub fn is_of_undoing(&self) -> bool {
        matches!(self, Self::Undoing { .. } | Self::Undone { .. } | Self::Kept { .. })
    }

    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running { .. } => "running",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Undoing { .. } => "undoing",
            Self::Undone { .. } => "undone",
            Self::Kept { .. } => "kept",
        }
    }

    /// When the executor must look at it again, if at all.
    pub fn due_ms(&self) -> Option<EpochMs> {
        match self {
            Self::Running { due_ms, .. } | Self::Undoing { due_ms, .. } => Some(*due_ms),
            _ => None,
        }
    }

    /// The only place that says which event may follow which state of a step.
    pub fn after(&self, event: StepEvent, now_ms: EpochMs) -> Result<Self, IllegalMove> {
        match (self.clone(), event) {
            (Self::Pending, StepEvent::Started) => Ok(running(now_ms, 0, now_ms, String::new(), false)),
            (Self::Running { since_ms, attempt, note, .. }, StepEvent::Acted) => {
                Ok(running(since_ms, attempt + 1, now_ms, note, false))
            }
            // Waiting tells nothing about a call whose answer was lost before.
            (Self::Running { since_ms, attempt, unknown, .. }, StepEvent::Waits { due_ms, note }) => {
                Ok(running(since_ms, attempt, due_ms, note, unknown))
            }
            (
                Self::Running { since_ms, attempt, unknown, blind_since_ms, .. },
                StepEvent::Blind { due_ms, note },
            ) => {
                let blind_since_ms = Some(blind_since_ms.unwrap_or(now_ms));
                Ok(Self::Running { since_ms, attempt, due_ms, note, unknown, blind_since_ms })
            }
            (Self::Running { since_ms, attempt, .. }, StepEvent::AnswerLost { due_ms, note }) => {
                Ok(running(since_ms, attempt, due_ms, note, true))
            }
            (Self::Running { since_ms, .. }, StepEvent::Succeeded) => {
                Ok(Self::Done { since_ms, at_ms: now_ms })
            }
            (Self::Running { since_ms, .. }, StepEvent::Failed { reason }) => {
                Ok(Self::Failed { since_ms, at_ms: now_ms, reason })
            }
            // A step that failed or was interrupted may have been half done: it is undone like a done one.
            (Self::Running { .. } | Self::Done { .. } | Self::Failed { .. }, StepEvent::UndoStarted) => {
                Ok(Self::Undoing { since_ms: now_ms, attempt: 0, due_ms: now_ms, note: String::new() })
            }
            (Self::Undoing { since_ms, attempt, note, .. }, StepEvent::Acted) => {
                Ok(Self::Undoing { since_ms, attempt: attempt + 1, due_ms: now_ms, note })
            }
            (
                Self::Undoing { since_ms, attempt, .. },
                StepEvent::Waits { due_ms, note } | StepEvent::AnswerLost { due_ms, note },
            ) => Ok(Self::Undoing { since_ms, attempt, due_ms, note }),
            (Self::Undoing { .. }, StepEvent::UndoSucceeded) => Ok(Self::Undone { at_ms: now_ms }),
            (Self::Undoing { .. }, StepEvent::UndoFailed { why }) => {
                Ok(Self::Kept { at_ms: now_ms, why, fine: false })
            }
            (Self::Undoing { .. }, StepEvent::Stays { what }) => {
                Ok(Self::Kept { at_ms: now_ms, why: what, fine: true })
            }
            (state, event) => Err(IllegalMove {
                machine: "step",
                state: state.as_str().to_owned(),
                event: format!("{event:?}").split([' ', '{']).next().unwrap_or_default().to_owned(),
            }),
        }
    }
}

/// A step at work on a world it can see.
fn running(since_ms: EpochMs, attempt: u32, due_ms: EpochMs, note: String, unknown: bool) -> StepState {
    StepState::Running { since_ms, attempt, due_ms, note, unknown, blind_since_ms: None }
}
