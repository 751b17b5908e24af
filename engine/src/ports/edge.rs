//! Splitting traffic between releases.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Permit, PortError, Receipt};
use crate::model::{EnvironmentKey, ServiceName, Sticky};

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

/// What a release answered since the edge began to count. The numbers only grow, until the edge begins anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Requests that got an answer, probes and the edge's own 502, 503 and 504 in the release's name included.
    pub requests: u64,
    /// Those of them answered with a status of 500 or more.
    pub server_errors: u64,
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
    /// What each release of a service answered so far, by its number.
    async fn answered(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<BTreeMap<u32, Answered>, PortError>;
    /// The address people reach a service at, when it has one.
    async fn address(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<String>;
    /// What keeps a service's clients with their release while traffic is split; nothing means their address.
    async fn sticky(&self, _environment: &EnvironmentKey, _service: &ServiceName) -> Option<Sticky> {
        None
    }
    /// Whether an address like `127.0.0.1:8000` could be given to a service: nothing listens there.
    async fn is_free(&self, _address: &str) -> bool {
        true
    }
    /// Why nobody reaches a service that should have an address, in words: another program has its port, say.
    async fn trouble(&self, _environment: &EnvironmentKey, _service: &ServiceName) -> Option<String> {
        None
    }
}
