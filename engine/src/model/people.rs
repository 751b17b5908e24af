//! People, their roles, and who they are on each front.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{IdError, UserName, code_point, in_plain_sight, is_unseen};

/// What a person may do; each role holds the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Asks for changes and approves those of others.
    Deployer,
    /// Everything, destructive changes and people included.
    Admin,
}

impl Role {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Deployer => "deployer",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = IdError;
    fn from_str(given: &str) -> Result<Self, IdError> {
        match given {
            "viewer" => Ok(Self::Viewer),
            "deployer" => Ok(Self::Deployer),
            "admin" => Ok(Self::Admin),
            _ => Err(IdError { what: "a role (viewer, deployer or admin)", given: given.to_owned() }),
        }
    }
}

/// A person known to the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their name, unique.
    pub name: UserName,
    /// What they may do.
    pub role: Role,
}

/// Who somebody is on a front: `slack:U123`, `terminal:ana`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The front: `terminal`, `cli`, `http`, `slack`, `discord`.
    pub front: String,
    /// The identifier that front gives them.
    pub external_id: String,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.front, self.external_id)
    }
}

impl FromStr for Identity {
    type Err = IdError;
    fn from_str(given: &str) -> Result<Self, IdError> {
        // Two that look alike would be two people.
        if let Some(c) = given.chars().find(|c| is_unseen(*c)) {
            let given = format!("{} ({})", in_plain_sight(given), code_point(c));
            return Err(IdError { what: "an identity: it has a character nobody sees", given });
        }
        match given.split_once(':') {
            Some((front, external_id)) if !front.is_empty() && !external_id.is_empty() => {
                Ok(Self { front: front.to_owned(), external_id: external_id.to_owned() })
            }
            _ => Err(IdError { what: "an identity (they look like `slack:U123`)", given: given.to_owned() }),
        }
    }
}

/// Who does something, as far as rules and record care: a person at the moment of acting, or the system itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Their name, or the identity they came with when unknown.
    pub name: String,
    /// Their role; absent when nobody knows them.
    pub role: Option<Role>,
    /// The front they spoke on.
    pub front: String,
}

impl Actor {
    /// The engine acting by itself: expiries, resumption, automatic rollback.
    pub fn system() -> Self {
        Self { name: "infra-chat".to_owned(), role: Some(Role::Admin), front: "engine".to_owned() }
    }
}
