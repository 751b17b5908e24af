//! What is worth a text. Pure: an event and what is known of its run go in.

use serde::{Deserialize, Serialize};

use crate::control::JUDGE;
use crate::model::{Change, Signal, Urgency};
use crate::run::{Happening, Run, RunState};
use crate::trial::Trial;

/// A canary that soaks and stands lower than this is worth a look, of 100: without any data it stands at 50.
pub const WEIRD_SCORE: u8 = 50;
/// Why a run went back whose canary the judge failed.
const CANARY_FAILED: &str = "canary-failed";
/// Why a run went back whose canary a person took back.
const TAKEN_BACK: &str = "rolled-back";

/// What happened, as far as whoever is on duty cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertKind {
    /// A canary soaks and looks worse than the stable release.
    CanaryWeird,
    /// A canary waits for a person.
    CanaryHeld,
    /// The judge failed a canary, and it was taken back.
    CanaryFailed,
    /// Something went back by itself.
    RolledBack,
    /// Somebody has ordered to go back.
    RollbackBegun,
    /// A run did not work and was left or undone.
    Failed,
    /// Somebody has to approve.
    ApprovalAwaited,
    /// A live service keeps ending by itself.
    CrashLoop,
    /// A live service is not reached.
    Unreached,
    /// A live service answers with server errors again and again.
    ServerErrors,
    /// A live service is not healthy any more.
    Unhealthy,
    /// Somebody's rule acted.
    RuleActed,
    /// The weekly text that says that texts work.
    SelfTest,
}

impl AlertKind {
    /// The word for it, in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CanaryWeird => "canary-weird",
            Self::CanaryHeld => "canary-held",
            Self::CanaryFailed => "canary-failed",
            Self::RolledBack => "rolled-back",
            Self::RollbackBegun => "rollback-begun",
            Self::Failed => "failed",
            Self::ApprovalAwaited => "approval-awaited",
            Self::CrashLoop => "crash-loop",
            Self::Unreached => "unreached",
            Self::ServerErrors => "server-errors",
            Self::Unhealthy => "unhealthy",
            Self::RuleActed => "rule-acted",
            Self::SelfTest => "self-test",
        }
    }

    /// Whether it is over by itself once its run has moved on: then nobody needs to be told any more.
    pub fn is_settled_by(self, state: &RunState) -> bool {
        match self {
            Self::CanaryWeird => !matches!(state, RunState::Running { .. } | RunState::Paused { .. }),
            Self::CanaryHeld => !matches!(state, RunState::Paused { .. }),
            Self::ApprovalAwaited => !matches!(state, RunState::AwaitingApproval { .. }),
            _ => false,
        }
    }
}

/// Something worth a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    /// What.
    pub kind: AlertKind,
    /// How much it matters.
    pub severity: Urgency,
    /// The service it is about, where it is about one.
    pub about: String,
    /// Why, in words.
    pub says: String,
    /// How the canary stood, 0 to 100.
    pub score: Option<u8>,
    /// Standing orders that wait for one of these are about it.
    pub signals: &'static [Signal],
    /// Whoever is on duty is told, too: of what a person did only those are who asked for it.
    pub duty: bool,
}

/// Whether an event is worth a text.
pub fn worth(run: &Run, what: &Happening, trial: Option<&Trial>, production: bool) -> Option<Worth> {
    let bad = if production { Urgency::Critical } else { Urgency::Warning };
    let of = |kind, severity, says: &str, signals| Worth {
        kind,
        severity,
        about: String::new(),
        says: says.to_owned(),
        score: None,
        signals,
        duty: true,
    };
    let deploys = matches!(run.request.change, Change::Deploy { .. });
    let state = match what {
        Happening::Moved { to } => to,
        Happening::StepWaits { .. } => return weird(trial?),
        Happening::CrashLoop { of: crashing, crashes } => {
            let says = format!("{} ended by itself {} times", crashing.service, crashes.times);
            let about = crashing.service.to_string();
            return Some(Worth { about, ..of(AlertKind::CrashLoop, bad, &says, &[Signal::Unhealthy]) });
        }
        Happening::Unreached { service, why } => {
            let says = format!("{service} is not reached: {why}");
            let about = service.to_string();
            return Some(Worth { about, ..of(AlertKind::Unreached, bad, &says, &[Signal::Unhealthy]) });
        }
        Happening::ServerErrors { service, requests, errors, over_s, beside, .. } => {
            let says = format!(
                "{service} answered {errors} of {requests} requests in {over_s} s with server errors"
            );
            let says = beside.iter().fold(says, |says, beside| format!("{says} {beside}"));
            let about = service.to_string();
            return Some(Worth { about, ..of(AlertKind::ServerErrors, bad, &says, &[Signal::Repeated5xx]) });
        }
        Happening::Unwell { service, why, beside } => {
            let says = beside.iter().fold(format!("{service} is unhealthy"), |says, beside| {
                format!("{says} {}", beside.until_just_now())
            });
            let says = format!("{says}: {why}");
            let about = service.to_string();
            return Some(Worth { about, ..of(AlertKind::Unhealthy, bad, &says, &[Signal::Unhealthy]) });
        }
        Happening::RuleActed { rule, because, did, .. } => {
            let says = format!("{}, because {because}", did.join("; "));
            let about = format!("rule {rule}");
            return Some(Worth { about, ..of(AlertKind::RuleActed, bad, &says, &[]) });
        }
        _ => return None,
    };
    match state {
        RunState::Paused { by, .. } if by == JUDGE => {
            let stage = trial.and_then(Trial::at_hand);
            let says = stage.and_then(|stage| stage.held.as_ref()).map(|held| held.say.clone());
            let score = stage.and_then(lowest).map(|(_, score, _)| score);
            let says = says.unwrap_or_else(|| "it waits for a person".to_owned());
            let kind = AlertKind::CanaryHeld;
            Some(Worth { score, ..of(kind, Urgency::Warning, &says, &[Signal::CanaryAnomaly]) })
        }
        RunState::RolledBack { reason, .. } if reason.code == CANARY_FAILED => {
            let score = trial.and_then(Trial::at_hand).and_then(lowest).map(|(_, score, _)| score);
            let signals = &[Signal::CanaryAnomaly, Signal::Rollback, Signal::DeployFailed];
            Some(Worth { score, ..of(AlertKind::CanaryFailed, bad, &reason.say, signals) })
        }
        RunState::RolledBack { reason, .. } => {
            let signals: &[Signal] =
                if deploys { &[Signal::Rollback, Signal::DeployFailed] } else { &[Signal::Rollback] };
            let duty = reason.code != TAKEN_BACK;
            Some(Worth { duty, ..of(AlertKind::RolledBack, bad, &reason.say, signals) })
        }
        // What never began has changed nothing.
        RunState::Failed { reason, .. } if run.started_ms.is_some() => {
            let signals: &[Signal] = if deploys { &[Signal::DeployFailed] } else { &[] };
            Some(of(AlertKind::Failed, bad, &reason.say, signals))
        }
        RunState::AwaitingApproval { .. } => {
            Some(of(AlertKind::ApprovalAwaited, Urgency::Warning, "it needs an approval", &[]))
        }
        RunState::Running { .. } if matches!(run.request.change, Change::Rollback { .. }) => {
            let says = format!("{} ordered `{}`", run.requester.name, run.request.command);
            let kind = AlertKind::RollbackBegun;
            Some(Worth { duty: false, ..of(kind, Urgency::Warning, &says, &[Signal::Rollback]) })
        }
        _ => None,
    }
}

/// A canary that soaks and stands low.
fn weird(trial: &Trial) -> Option<Worth> {
    let stage = trial.at_hand().filter(|stage| stage.ended_ms.is_none())?;
    let (service, score, because) = lowest(stage)?;
    (score < WEIRD_SCORE && !because.is_empty()).then_some(Worth {
        kind: AlertKind::CanaryWeird,
        severity: Urgency::Warning,
        about: service,
        says: because,
        score: Some(score),
        signals: &[Signal::CanaryAnomaly],
        duty: true,
    })
}

/// The service of a stage that stands lowest: its name, its score and the judge's sentence.
fn lowest(stage: &crate::trial::StageSoak) -> Option<(String, u8, String)> {
    let (service, here) = stage.services.iter().min_by_key(|(_, here)| here.score)?;
    Some((service.to_string(), here.score, here.because.clone()))
}
