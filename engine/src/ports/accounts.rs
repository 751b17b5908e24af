//! Accounts at providers: whether a key opens one, and which.

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::PortError;
use crate::model::{ConnectionMode, Provider};

/// What a provider says of a key that it takes. Nothing in it is secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose key it is: `Invoice Perfect (acct_1Nv…)`.
    pub account: String,
    /// What else is worth knowing: its mode, the zones or projects it sees.
    #[serde(default)]
    pub says: Vec<String>,
    /// What should be mended, and does not hinder: it may do more than it needs.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// What it may not do and is needed, with what for.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// Asks providers about keys. Only reads, so it takes no permit.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Whether anything can be asked of a provider.
    fn can_verify(&self, provider: Provider) -> bool;

    /// Asks a provider with a key: a real call, which changes nothing. A code host is asked about `repositories`, each
    /// `owner/name`. [`PortError::Fail`] when the key is not taken, or is one of the other mode.
    async fn verify(
        &self,
        provider: Provider,
        mode: Option<ConnectionMode>,
        key: &SecretString,
        repositories: &[String],
    ) -> Result<Account, PortError>;
}
