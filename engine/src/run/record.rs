//! What the database keeps of a run: the run itself, its steps, its approval, its events.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::state::{Reason, RunState, StepState};
use crate::clock::EpochMs;
use crate::model::{Actor, EnvironmentKey, Role, RunId, RunRequest, ServiceName, StepNumber};
use crate::monitor::CrashingService;
use crate::ports::{Answered, Crashes};

/// A run: a typed request being carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its identity.
    pub id: RunId,
    /// What was asked.
    pub request: RunRequest,
    /// Who asked.
    pub requester: Actor,
    /// Where it is.
    pub state: RunState,
    /// SHA-256 of the plan in canonical form, hexadecimal: what an approval binds to.
    pub plan_digest: String,
    /// Rules that asked for approval or let the run pass, as they said it.
    pub because: Vec<String>,
    /// When it was asked for.
    pub created_ms: EpochMs,
    /// When its first step started.
    pub started_ms: Option<EpochMs>,
    /// When it was over.
    pub finished_ms: Option<EpochMs>,
    /// What the releases of its services had answered when its first step started; absent when the edge could not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_before: Option<Vec<AnsweredBy>>,
    /// Grows by one with every write: a write made from an older version is refused.
    pub version: i64,
}

/// What a release of a service answered, by the edge's counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredBy {
    /// The service.
    pub service: ServiceName,
    /// The number of the release.
    pub release: u32,
    /// How much.
    #[serde(flatten)]
    pub answered: Answered,
}

impl Run {
    /// The environment it is about.
    pub fn environment(&self) -> &EnvironmentKey {
        &self.request.environment
    }
}

/// A step of a run, as far as it has come. What it is stands in the plan under the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its number, from 0.
    pub number: StepNumber,
    /// Where it is.
    pub state: StepState,
}

/// How an approval stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum ApprovalState {
    /// The question is open.
    Open,
    /// Enough people said yes.
    Approved {
        /// The one whose yes was the last needed.
        by: String,
        /// When.
        at_ms: EpochMs,
    },
    /// Somebody said no.
    Rejected {
        /// Who.
        by: String,
        /// When.
        at_ms: EpochMs,
        /// Why, when they said.
        reason: String,
    },
    /// Nobody decided in time.
    Expired {
        /// When.
        at_ms: EpochMs,
    },
    /// The run was cancelled before anybody decided.
    Withdrawn {
        /// When.
        at_ms: EpochMs,
    },
}

impl ApprovalState {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
            Self::Expired { .. } => "expired",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
}

/// The question whether a run may go on, bound to the digest of the plan that was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The run.
    pub run: RunId,
    /// The plan's digest when the question was asked.
    pub plan_digest: String,
    /// How many people must say yes.
    pub needed: u32,
    /// Roles that may.
    pub roles: Vec<Role>,
    /// How it stands.
    pub state: ApprovalState,
    /// It closes by itself then.
    pub expires_ms: EpochMs,
}

/// A person's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who.
    pub person: String,
    /// When.
    pub at_ms: EpochMs,
    /// On which front.
    pub front: String,
}

/// A release that was on trial while something happened to the live one beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnTrial {
    /// The run whose canary it was.
    pub run: RunId,
    /// Its number.
    pub release: u32,
    /// The share of traffic it had, 1 to 100.
    pub weight_pct: u8,
}

impl Happening {
    /// The run it is the doing of, when that is not the one it happened to.
    pub fn caused_by(&self) -> Option<&RunId> {
        match self {
            Self::ServerErrors { beside, .. } => beside.as_ref().map(|beside| &beside.run),
            _ => None,
        }
    }
}

impl OnTrial {
    /// For what is only found when it is over: services are not looked after while a run is at work.
    pub fn until_just_now(&self) -> String {
        let Self { run, release, weight_pct } = self;
        format!("right after the canary of release {release} ({run}) had {weight_pct}% of traffic")
    }
}

impl fmt::Display for OnTrial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, release, weight_pct } = self;
        write!(f, "while the canary of release {release} ({run}) had {weight_pct}% of traffic")
    }
}

/// Something that happened to a run, for those who watch it. Reporters render these and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Happening {
    /// The run is in another state.
    Moved {
        /// The state.
        to: RunState,
    },
    /// A step's intent is recorded.
    StepStarted {
        /// Its number.
        step: StepNumber,
    },
    /// A step says what it is waiting for.
    StepWaits {
        /// Its number.
        step: StepNumber,
        /// What for.
        note: String,
    },
    /// A step's receipt is recorded.
    StepDone {
        /// Its number.
        step: StepNumber,
        /// The receipt's line.
        says: String,
    },
    /// A step failed.
    StepFailed {
        /// Its number.
        step: StepNumber,
        /// Why.
        reason: Reason,
    },
    /// A step was undone, or kept because it can't be.
    StepUndone {
        /// Its number.
        step: StepNumber,
        /// What was undone, or why not.
        says: String,
    },
    /// Somebody said yes and more are needed.
    Voted {
        /// Who.
        by: String,
        /// How many yeses are still needed.
        still: u32,
    },
    /// A service of the release it made keeps ending by itself, long after it is over.
    CrashLoop {
        /// Which.
        of: CrashingService,
        /// How often, since when, and how the last time.
        crashes: Crashes,
    },
    /// A service of the release it made, which is live, is not reached at its address, long after it is over.
    Unreached {
        /// Which.
        service: ServiceName,
        /// Why, in words.
        why: String,
    },
    /// It is reached again.
    Reached {
        /// Which.
        service: ServiceName,
    },
    /// A service of the release it made, which is live, answers with server errors again and again.
    ServerErrors {
        /// Which.
        service: ServiceName,
        /// The number of the live release.
        release: u32,
        /// What it answered lately.
        requests: u64,
        /// Those of them with a status of 500 or more.
        errors: u64,
        /// How far back that goes, in seconds.
        over_s: i64,
        /// The canary that was beside it meanwhile, whose doing it may be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beside: Option<OnTrial>,
    },
    /// It hardly does any more.
    ServerErrorsOver {
        /// Which.
        service: ServiceName,
    },
    /// A service of the release it made, which is live, is not healthy any more.
    Unwell {
        /// Which.
        service: ServiceName,
        /// What its health check said.
        why: String,
        /// The canary that was beside it until just before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beside: Option<OnTrial>,
    },
    /// It is healthy again.
    WellAgain {
        /// Which.
        service: ServiceName,
    },
    /// What runs of the release it made, which is live, was changed by others than the engine.
    Drifted {
        /// What differs, a line each.
        lines: Vec<String>,
        /// How what was changed can be kept, a line each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        keeps: Vec<String>,
    },
    /// It is as it should be again.
    DriftOver,
    /// Somebody's rule was about what happened to it, and this is what came of it.
    RuleActed {
        /// The rule's number in its project.
        rule: u32,
        /// Whose rule it is.
        person: String,
        /// The rule.
        sentence: String,
        /// Why it acted, with the numbers.
        because: String,
        /// What was done or could not be, one after the other.
        did: Vec<String>,
    },
    /// One of its artifacts was there already, with other content, and stays as it was.
    ArtifactDiffers {
        /// Where: `runs/r-3f2a/plan.json`.
        path: String,
    },
}

/// A happening with its place in the one order of all happenings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHappened {
    /// Its place: reporters keep a cursor on it.
    pub seq: i64,
    /// The run.
    pub run: RunId,
    /// When.
    pub at_ms: EpochMs,
    /// What.
    pub what: Happening,
}

/// Who holds an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// The environment.
    pub environment: EnvironmentKey,
    /// Who.
    pub holder: LockHolder,
    /// Why; a run's lock says its command.
    pub reason: String,
    /// Since when.
    pub taken_ms: EpochMs,
    /// Until when, for a person's lock with an expiry.
    pub expires_ms: Option<EpochMs>,
}

/// The holder of a lock. A person's lock and a run's lock are two different things: a person keeps others from
/// asking, a run keeps other runs waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "who")]
pub enum LockHolder {
    /// A run.
    Run(RunId),
    /// A person, by name.
    Person(String),
}

impl LockHolder {
    /// The kind's word in the table.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Person(_) => "person",
        }
    }

    /// The holder's name in the table.
    pub fn name(&self) -> &str {
        match self {
            Self::Run(run) => run.as_str(),
            Self::Person(name) => name,
        }
    }
}
