//! What the platform tells the edge. The proxy implements it; the platform knows no proxy.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use engine::model::{EnvironmentKey, ServiceName, Sticky};
use engine::ports::PortError;

use super::edge::EdgeProxy;

/// Where the instances of a release are reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instances {
    /// Those that are healthy.
    pub healthy: Vec<SocketAddr>,
    /// Those that were healthy, still run, and fail their checks by now.
    pub failing: Vec<SocketAddr>,
}

/// Where requests may be sent: told by the platform, obeyed by the edge.
#[async_trait]
pub trait Backends: Send + Sync {
    /// Makes the edge listen for a service. Safe to repeat; the same service moves to a new address.
    async fn listen(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        address: &str,
    ) -> Result<(), PortError>;

    /// Listens for a service no more.
    async fn leave(&self, environment: &EnvironmentKey, service: &ServiceName);

    /// What keeps a service's clients with their release while traffic is split; nothing means their address.
    fn sticky_set(&self, environment: &EnvironmentKey, service: &ServiceName, sticky: Option<&Sticky>);

    /// The instances of a release, all of them, none when it has none; and the path at which their health is asked, which is
    /// nobody's evidence. Those that fail their checks are sent requests only where nobody healthy could take them.
    fn backends_set(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        instances: Instances,
        health: Option<&str>,
    );

    /// No new requests to these instances; returns when the open ones are done or the time is up.
    async fn drain(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        addresses: Vec<SocketAddr>,
        at_most: Duration,
    );
}

#[async_trait]
impl Backends for EdgeProxy {
    async fn listen(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        address: &str,
    ) -> Result<(), PortError> {
        Self::listen(self, environment, service, address).await
    }

    async fn leave(&self, environment: &EnvironmentKey, service: &ServiceName) {
        Self::leave(self, environment, service).await;
    }

    fn sticky_set(&self, environment: &EnvironmentKey, service: &ServiceName, sticky: Option<&Sticky>) {
        Self::sticky_set(self, environment, service, sticky);
    }

    fn backends_set(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        instances: Instances,
        health: Option<&str>,
    ) {
        Self::backends_set(self, environment, service, release, &instances);
        Self::health_set(self, environment, service, release, health);
    }

    async fn drain(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        addresses: Vec<SocketAddr>,
        at_most: Duration,
    ) {
        Self::drain(self, environment, service, release, &addresses, at_most).await;
    }
}
