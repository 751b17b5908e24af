#![doc = include_str!("README.md")]

mod client;
mod rows;
pub mod sim;
mod spread;

use std::sync::Arc;

use async_trait::async_trait;
use engine::clock::Clock;
use engine::model::{EnvironmentKey, Queries, ServiceName};
use engine::ports::{PortError, Seen, Signals};
use futures_util::future::{OptionFuture, try_join4};
use secrecy::SecretString;

use client::{Client, Range};
use rows::{Asked, Rows};

/// So many samples late, and some seconds, are values no longer fresh.
const LATE_SAMPLES: i64 = 4;
/// Seconds that scraping and answering may take beside.
const LATE_MORE_S: i64 = 15;
/// The longest stretch that is asked for at once, in seconds.
const STRETCH_MAX_S: i64 = 900;

/// A Prometheus server.
pub struct Prometheus {
    client: Client,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Prometheus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prometheus").field("base", &self.client.base()).finish_non_exhaustive()
    }
}

impl Prometheus {
    /// The server at an address (`http://127.0.0.1:9090`), with a token if it wants one. Asks nothing yet; fails when this machine has no
    /// certificates to check an `https` address with.
    pub fn new(base: &str, token: Option<&SecretString>, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        Ok(Self { client: Client::new(base, token)?, clock })
    }

    /// What a service's releases answered in the seconds after one, as far as samples tell.
    async fn seen(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        queries: &Queries,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        let every_s = i64::from(queries.every_s.max(1));
        let now_s = self.clock.now_ms().div_euclid(1_000);
        let late_s = LATE_SAMPLES * every_s + LATE_MORE_S;
        // A sample of a moment is there one scrape later at most.
        let end_s = (now_s - every_s).div_euclid(every_s) * every_s;
        let first_s = after_s.max(end_s - STRETCH_MAX_S).min(end_s - late_s);
        let range =
            Range { start_s: first_s.div_euclid(every_s) * every_s, end_s, step_s: queries.every_s.max(1) };
        let fill = |query: &str| {
            query
                .replace("$environment", environment.environment.as_str())
                .replace("$service", service.as_str())
        };
        let (requests, errors) = (fill(&queries.requests), fill(&queries.errors));
        let (latency, taken) = (queries.latency.as_deref().map(fill), format!("timestamp({requests})"));
        let ask = |query| self.client.query_range(query, range);
        let latency = async { OptionFuture::from(latency.as_deref().map(ask)).await.transpose() };
        let (requests, taken, errors, latency) =
            try_join4(ask(&requests), ask(&taken), ask(&errors), latency).await?;
        let latency = latency.unwrap_or_default();
        let asked = Asked { requests, taken, errors, latency };
        let rows = Rows::of(&asked, &queries.release_label, every_s, (range.start_s, end_s));
        match rows.newest_s() {
            Some(newest_s) if now_s - newest_s <= late_s => Ok(rows.seen(after_s)),
            Some(newest_s) => Err(PortError::retry(format!(
                "the newest samples of {service} that Prometheus at {} has are {} s old",
                self.client.base(),
                now_s - newest_s
            ))),
            None => Err(PortError::retry(format!(
                "Prometheus at {} has no fresh samples of {service} with the label `{}`",
                self.client.base(),
                queries.release_label
            ))),
        }
    }
}

/// Watches releases through Prometheus where a service says so, and through the edge elsewhere.
pub struct Sources {
    /// The embedded edge.
    pub edge: Arc<dyn Signals>,
    /// The Prometheus, when one is connected.
    pub prometheus: Option<Prometheus>,
}

#[async_trait]
impl Signals for Sources {
    async fn seen(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        queries: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        match (queries, &self.prometheus) {
            (None, _) => self.edge.seen(environment, service, None, after_s).await,
            (Some(queries), Some(prometheus)) => {
                prometheus.seen(environment, service, queries, after_s).await
            }
            (Some(_), None) => Err(unset(service.as_str())),
        }
    }

    async fn past(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        queries: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        match queries {
            None => self.edge.past(environment, service, None, after_s).await,
            // The server keeps its own past.
            Some(_) => self.seen(environment, service, queries, after_s).await,
        }
    }

    /// What a metrics server counts is put into the edge's buckets.
    fn latency_bounds_ms(&self, environment: &EnvironmentKey, service: &ServiceName) -> Vec<u32> {
        self.edge.latency_bounds_ms(environment, service)
    }

    fn can_see(&self, queries: Option<&Queries>) -> Result<(), PortError> {
        if queries.is_some() && self.prometheus.is_none() {
            return Err(unset("it"));
        }
        Ok(())
    }
}

/// Why a service can't be seen through Prometheus where none is connected.
fn unset(what: &str) -> PortError {
    PortError::fail(
        format!("{what} is to be watched through Prometheus, and no `prometheus.url` is set"),
        "set prometheus.url (INFRA_CHAT_PROMETHEUS_URL), or take `signals` out of the project's description",
    )
}
