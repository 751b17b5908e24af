//! Splitting traffic between releases.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Permit, PortError, Receipt};
use crate::model::{EnvironmentKey, ServiceName};

/// A share of traffic for one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// The number of the release.
    pub release: u32,
    /// Whole percent, 0 to 100; all weights of a service add up to 100.
    pub percent: u8,
}

/// What a request through the edge got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// HTTP status; 502 and 504 are the edge's own.
    pub status: u16,
    /// Milliseconds until the whole answer was there.
    pub latency_ms: u32,
    /// The release that answered, when the edge can tell.
    pub release: Option<u32>,
    /// The beginning of the body, at most 2 KiB.
    pub body: String,
}

/// Splits traffic between releases.
#[async_trait]
pub trait Edge: Send + Sync {
    /// The weights now, read back from where they work; empty when the service has no traffic.
    async fn weights(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<Vec<Weight>, PortError>;
    /// Sets the weights; they hold for every request that arrives after it returns.
    async fn weights_set(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        weights: &[Weight],
    ) -> Result<Receipt, PortError>;
    /// Sends one GET request through the edge, as a user would.
    async fn probe(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        path: &str,
    ) -> Result<Probe, PortError>;
    /// The address people reach a service at, when it has one.
    async fn address(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<String>;
}
