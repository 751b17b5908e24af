//! Standing orders: what people want to be told, and what they want done by itself, when something happens.

use serde::{Deserialize, Serialize};

use super::{EnvironmentName, ProjectName};
use crate::clock::EpochMs;

/// Something that can happen, which a standing order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// The canary behaves differently from the stable release.
    CanaryAnomaly,
    /// A rollback starts.
    Rollback,
    /// A deploy fails.
    DeployFailed,
    /// The same server error again and again.
    #[serde(rename = "repeated-5xx")]
    Repeated5xx,
    /// A health check fails.
    Unhealthy,
}

/// How to reach a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// A text message.
    Sms,
    /// An e-mail.
    Email,
    /// A message where they talk with the bot.
    Chat,
}

/// What a rule does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reaction {
    /// Go back to the release before.
    Rollback,
    /// Open an incident with its evidence.
    Incident,
    /// Restart what is unwell.
    Restart,
    /// Run more replicas.
    Scale,
    /// Switch schedules off.
    CronDisable,
    /// Hold the canary where it is.
    HaltCanary,
}

/// What stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Standing {
    /// Tell somebody.
    Alert {
        /// When one of these happens.
        on: Vec<Signal>,
        /// In these ways; empty means where it was asked for.
        by: Vec<Channel>,
    },
    /// Do something.
    Rule {
        /// When one of these happens.
        when: Vec<Signal>,
        /// All of these.
        then: Vec<Reaction>,
    },
}

/// The two kinds of standing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StandingKind {
    /// Belongs to the person who asked for it.
    Alert,
    /// Belongs to the project.
    Rule,
}

impl StandingKind {
    /// The word for it, which is the action that makes one.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Rule => "rule",
        }
    }
}

impl Standing {
    /// Which kind.
    pub fn kind(&self) -> StandingKind {
        match self {
            Self::Alert { .. } => StandingKind::Alert,
            Self::Rule { .. } => StandingKind::Rule,
        }
    }
}

/// A standing order of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingOrder {
    /// The project.
    pub project: ProjectName,
    /// Its number there, from 1, given once.
    pub number: u32,
    /// Who asked for it.
    pub person: String,
    /// Where it holds; empty means everywhere.
    pub environments: Vec<EnvironmentName>,
    /// What stands.
    pub what: Standing,
    /// The one sentence it is shown as, which read again gives the same order.
    pub sentence: String,
    /// Where the person who asked for it hears of it.
    pub conversation: String,
    /// When it was given.
    pub made_ms: EpochMs,
}
