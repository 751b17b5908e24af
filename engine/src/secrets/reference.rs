//! How everything but the vault speaks of a secret.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{EnvironmentKey, NameError, SecretName};

const SCHEME: &str = "secretref://";

/// A secret of an environment, by name: `secretref://invoice-perfect/staging/session-secret`. Safe to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretRef {
    /// The environment it belongs to.
    pub environment: EnvironmentKey,
    /// Its name there.
    pub name: SecretName,
}

/// Why a text is no reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefError {
    /// It has another form.
    #[error("`{given}` is no reference to a secret: they look like `secretref://project/environment/name`")]
    Form {
        /// What was given.
        given: String,
    },
    /// One of its names can't be a name.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl SecretRef {
    /// Joins the environment and the name.
    pub fn new(environment: EnvironmentKey, name: SecretName) -> Self {
        Self { environment, name }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.environment, self.name)
    }
}

impl FromStr for SecretRef {
    type Err = SecretRefError;
    fn from_str(given: &str) -> Result<Self, SecretRefError> {
        // The text may be a value pasted in the wrong place, so only its beginning is repeated.
        let form =
            || SecretRefError::Form { given: given.chars().take(SCHEME.len()).collect::<String>() + "…" };
        let path = given.strip_prefix(SCHEME).ok_or_else(form)?;
        let (environment, name) = path.rsplit_once('/').ok_or_else(form)?;
        if !environment.contains('/') {
            return Err(form());
        }
        Ok(Self { environment: environment.parse()?, name: name.parse()? })
    }
}

impl TryFrom<String> for SecretRef {
    type Error = SecretRefError;
    fn try_from(given: String) -> Result<Self, SecretRefError> {
        given.parse()
    }
}

impl From<SecretRef> for String {
    fn from(reference: SecretRef) -> String {
        reference.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use expect_test::expect;

    use super::*;

    #[test]
    fn a_reference_reads_as_it_is_written() {
        let text = "secretref://invoice-perfect/staging/session-secret";
        let reference: SecretRef = text.parse().unwrap();
        assert_eq!(reference.environment.environment.as_str(), "staging");
        assert_eq!(reference.name.as_str(), "session-secret");
        assert_eq!(reference.to_string(), text);
        assert_eq!(
            serde_json::from_str::<SecretRef>(&serde_json::to_string(&reference).unwrap()).unwrap(),
            reference
        );
    }

    #[test]
    fn anything_else_is_refused_without_repeating_it() {
        let refused = |given: &str| given.parse::<SecretRef>().unwrap_err().to_string();
        expect!["`hunter2-is-m…` is no reference to a secret: they look like `secretref://project/environment/name`"]
            .assert_eq(&refused("hunter2-is-my-password"));
        for given in [
            "secretref://a/b",
            "secretref://a",
            "secretref://a/b/c/d",
            "secretref://a/../c",
            "secretref:///b/c",
        ] {
            refused(given);
        }
    }
}
