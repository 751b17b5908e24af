//! Prometheus as a source of signals: against a simulated server with faults, and against a real one.
#![expect(clippy::unwrap_used, reason = "tests")]

mod real;
mod simulated;

use std::sync::Arc;

use adapters::prometheus::{Prometheus, Sources};
use async_trait::async_trait;
use engine::clock::Clock;
use engine::model::{EnvironmentKey, Queries, ServiceName};
use engine::ports::{PortError, Seen, Signals};
use secrecy::SecretString;

/// An edge that must not be asked.
struct NoEdge;

#[async_trait]
impl Signals for NoEdge {
    async fn seen(
        &self,
        _: &EnvironmentKey,
        _: &ServiceName,
        queries: Option<&Queries>,
        _: i64,
    ) -> Result<Seen, PortError> {
        assert!(queries.is_none());
        Err(PortError::fail("the edge was asked", ""))
    }

    fn latency_bounds_ms(&self, _: &EnvironmentKey, _: &ServiceName) -> Vec<u32> {
        vec![1, 2, 5]
    }
}

/// A source that asks a server at this address.
fn source(base: &str, token: Option<&str>, clock: Arc<dyn Clock>) -> Sources {
    let token = token.map(SecretString::from);
    let prometheus = Prometheus::new(base, token.as_ref(), clock).unwrap();
    Sources { edge: Arc::new(NoEdge), prometheus: Some(prometheus) }
}

/// Requests, failures and lanes of a release in all that was seen.
fn sum(seen: &Seen, release: u32) -> (u64, u64, u64) {
    let mut all = engine::ports::Served::default();
    for served in seen.seconds.iter().filter_map(|second| second.by.get(&release)) {
        all.add(served);
    }
    (all.counts.requests, all.counts.errors, all.latency.iter().sum())
}
