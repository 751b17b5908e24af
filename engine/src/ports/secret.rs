//! Secrets at the moment of use.

use async_trait::async_trait;
use secrecy::SecretString;

use super::PortError;
use crate::model::{EnvironmentKey, SecretName};

/// Turns a reference to a secret into its value at the moment of use, and records that it was read.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// The value of an environment's secret at a version, the newest when none is given; `reader` says who needs it
    /// ("api, release 12").
    async fn secret_read(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
        version: Option<u32>,
        reader: &str,
    ) -> Result<SecretString, PortError>;
}
