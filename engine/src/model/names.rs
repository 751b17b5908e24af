//! Names people give to things. Each kind is a type of its own, with one checked way in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{code_point, in_plain_sight, is_unseen};

/// The longest name, in characters: it must fit into provider resource names with a prefix.
pub const NAME_MAX: usize = 40;

/// Why a word can't be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` can't be {what}: use 1 to {NAME_MAX} letters, digits, `-` or `_`, starting with a letter{unseen}"
)]
pub struct NameError {
    /// What kind of name was wanted, with its article.
    pub what: &'static str,
    /// What was given, with characters nobody sees written out.
    pub given: String,
    /// Which of its characters nobody sees, as the rest of a sentence; empty when all are seen.
    unseen: String,
}

impl NameError {
    fn new(what: &'static str, given: &str) -> Self {
        let begin: String = given.chars().take(NAME_MAX * 2).collect();
        let unseen = given.chars().find(|c| is_unseen(*c));
        Self {
            what,
            given: in_plain_sight(&begin).into_owned(),
            unseen: unseen
                .map(|c| format!("; it has a character nobody sees, {}", code_point(c)))
                .unwrap_or_default(),
        }
    }
}

fn check(what: &'static str, given: &str) -> Result<(), NameError> {
    let mut characters = given.chars();
    let starts_well = characters.next().is_some_and(|first| first.is_ascii_alphabetic());
    let goes_on_well = characters.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if starts_well && goes_on_well && given.len() <= NAME_MAX {
        Ok(())
    } else {
        Err(NameError::new(what, given))
    }
}

macro_rules! name_type {
    ($(#[$doc:meta] $name:ident, $what:literal;)*) => {$(
        #[$doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The checked way in.
            pub fn new(given: impl Into<String>) -> Result<Self, NameError> {
                let given = given.into();
                check($what, &given)?;
                Ok(Self(given))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(given: String) -> Result<Self, NameError> {
                Self::new(given)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(given: &str) -> Result<Self, NameError> {
                Self::new(given)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

name_type! {
    /// A project, as in `invoice-perfect`.
    ProjectName, "a project's name";
    /// An environment of a project, as in `staging`.
    EnvironmentName, "an environment's name";
    /// A service of a project, as in `api`.
    ServiceName, "a service's name";
    /// A component an environment holds, as in `postgres`.
    ComponentName, "a component's name";
    /// A connection to a provider, as in `stripe`.
    ConnectionName, "a connection's name";
    /// A job the application offers, as in `backfillTimezone`.
    JobName, "a job's name";
    /// A secret of an environment, as in `session-secret`.
    SecretName, "a secret's name";
    /// A person, as the team calls them.
    UserName, "a person's name";
}

/// One environment of one project: `invoice-perfect/staging`. The key of locks, releases and observed state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvironmentKey {
    /// The project.
    pub project: ProjectName,
    /// The environment within it.
    pub environment: EnvironmentName,
}

impl EnvironmentKey {
    /// Joins the two names.
    pub fn new(project: ProjectName, environment: EnvironmentName) -> Self {
        Self { project, environment }
    }
}

impl fmt::Display for EnvironmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.environment)
    }
}

impl TryFrom<String> for EnvironmentKey {
    type Error = NameError;
    fn try_from(given: String) -> Result<Self, NameError> {
        given.parse()
    }
}

impl From<EnvironmentKey> for String {
    fn from(key: EnvironmentKey) -> String {
        key.to_string()
    }
}

impl FromStr for EnvironmentKey {
    type Err = NameError;
    fn from_str(given: &str) -> Result<Self, NameError> {
        let (project, environment) = given
            .split_once('/')
            .ok_or_else(|| NameError::new("an environment's key (project/environment)", given))?;
        Ok(Self { project: project.parse()?, environment: environment.parse()? })
    }
}
