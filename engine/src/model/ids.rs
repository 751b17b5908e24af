//! Identifiers the system gives out. Mixing two kinds does not compile.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::EnvironmentKey;

/// An identifier that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not {what}")]
pub struct IdError {
    /// What was wanted, with its article and form.
    pub what: &'static str,
    /// What was given.
    pub given: String,
}

/// A run, always written `r-` and 4 to 12 hexadecimal digits: `r-3f2a`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// A fresh identifier out of random bytes; `digits` (4 to 12) grows when short ones are taken.
    pub fn from_random(random: u64, digits: usize) -> Self {
        let hex = format!("{random:016x}");
        Self(format!("r-{}", &hex[..digits.clamp(4, 12)]))
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for RunId {
    type Error = IdError;
    fn try_from(given: String) -> Result<Self, IdError> {
        given.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.0
    }
}

impl FromStr for RunId {
    type Err = IdError;
    fn from_str(given: &str) -> Result<Self, IdError> {
        let digits = given.strip_prefix("r-").unwrap_or_default();
        if (4..=12).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(given.to_ascii_lowercase()))
        } else {
            Err(IdError { what: "a run (they look like `r-3f2a`)", given: given.chars().take(40).collect() })
        }
    }
}

/// A release of an environment: numbered from 1 in the order made, `invoice-perfect/staging#12`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReleaseId {
    /// The environment it was made for.
    pub environment: EnvironmentKey,
    /// Its number there, from 1.
    pub number: u32,
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.environment, self.number)
    }
}

/// A step of a run: its position in the plan, from 0. Undo keeps the number of the step it undoes.
pub type StepNumber = u32;
