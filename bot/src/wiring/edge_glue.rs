//! The platform tells its backends, the edge obeys: this passes the one on to the other. Neither knows the other's type.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use adapters::local::Backends;
use adapters::local::edge::EdgeProxy;
use async_trait::async_trait;
use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::PortError;

/// The edge as the platform sees it.
pub(super) struct EdgeBackends(pub(super) Arc<EdgeProxy>);

#[async_trait]
impl Backends for EdgeBackends {
    async fn listen(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        address: &str,
    ) -> Result<(), PortError> {
        self.0.listen(environment, service, address).await
    }

    fn backends_set(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        addresses: Vec<SocketAddr>,
    ) {
        self.0.backends_set(environment, service, release, &addresses);
    }

    async fn drain(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        addresses: Vec<SocketAddr>,
        at_most: Duration,
    ) {
        self.0.drain(environment, service, release, &addresses, at_most).await;
    }
}
