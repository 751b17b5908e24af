//! Numbers that people reply: each means one thing, once, from one phone.

use serde::{Deserialize, Serialize};

use crate::clock::EpochMs;
use crate::model::{EnvironmentKey, Phone, RunId};

/// How long a number can be replied, in milliseconds.
pub const EXPIRES_MS: i64 = 2 * 60 * 60_000;
/// Digits of a number: short enough to type half asleep; guesses are limited.
const DIGITS: std::ops::Range<u32> = 1_000..10_000;
/// Those of a number that lets something begin: nobody hits one by chance.
const DIGITS_OF_APPROVAL: std::ops::Range<u32> = 100_000..1_000_000;

/// What a number does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeAction {
    /// Goes back.
    RollBack,
    /// Keeps a canary where it is.
    Hold,
    /// Moves a canary on.
    Promote,
    /// Approves a plan.
    Approve,
    /// Rejects it.
    Reject,
    /// Says that somebody takes care of it.
    Acknowledge,
}

impl CodeAction {
    /// How a text offers it: `Reply 4127 to roll back`.
    pub fn offer(self) -> &'static str {
        match self {
            Self::RollBack => "to roll back",
            Self::Hold => "to hold",
            Self::Promote => "to promote",
            Self::Approve => "to approve",
            Self::Reject => "to reject",
            Self::Acknowledge => "if you take it",
        }
    }

    fn digits(self) -> std::ops::Range<u32> {
        if self == Self::Approve { DIGITS_OF_APPROVAL } else { DIGITS }
    }
}

/// A number somebody may reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The digits.
    pub code: String,
    /// The phone it counts from.
    pub phone: Phone,
    /// What it does.
    pub action: CodeAction,
    /// The alerts that are answered by it.
    pub alerts: Vec<String>,
    /// Where.
    pub environment: EnvironmentKey,
    /// The run it is about, and the digest of its plan when it was offered.
    pub run: Option<(RunId, String)>,
    /// The release that was live when it was offered.
    pub live: Option<u32>,
    /// It counts until then.
    pub expires_ms: EpochMs,
    /// When it was replied; absent until it is.
    pub used_ms: Option<EpochMs>,
}

/// A number at random; nothing when the system gives no randomness.
pub(super) fn random(action: CodeAction) -> Option<String> {
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).ok()?;
    let digits = action.digits();
    let width = digits.end - digits.start;
    Some((digits.start + u32::from_le_bytes(bytes) % width).to_string())
}
