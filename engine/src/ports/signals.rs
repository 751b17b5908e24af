//! What releases do, second by second: what a canary is judged by.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::PortError;
use crate::canary::Side;
use crate::model::{EnvironmentKey, Queries, ServiceName};

/// What one release of a service answered in one second, or in several taken together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// Requests, failures and lanes.
    pub counts: Side,
    /// How long answers took: samples by bucket, the same buckets for every release and second.
    pub latency: Vec<u64>,
}

impl Served {
    /// Adds what was answered in other seconds.
    pub fn add(&mut self, more: &Self) {
        self.counts = self.counts.plus(more.counts);
        add_latency(&mut self.latency, &more.latency);
    }
}

/// Adds samples by bucket; there may be more buckets than before.
pub fn add_latency(to: &mut Vec<u64>, more: &[u64]) {
    if to.len() < more.len() {
        to.resize(more.len(), 0);
    }
    for (to, more) in to.iter_mut().zip(more) {
        *to += more;
    }
}

/// One second of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedSecond {
    /// Which: seconds since 1970.
    pub at_s: i64,
    /// What each release answered, by its number; those that answered nothing are left out.
    pub by: BTreeMap<u32, Served>,
}

/// What can be told of a service since some second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The first second that can be told of: earlier ones were not watched, or are forgotten.
    pub from_s: i64,
    /// The last second that is over.
    pub until_s: i64,
    /// The seconds in between in which anything was answered, oldest first.
    pub seconds: Vec<ServedSecond>,
}

/// Watches releases.
#[async_trait]
pub trait Signals: Send + Sync {
    /// What a service's releases answered in the seconds after one, as far as they are over. The same second is always told
    /// the same. With queries, a metrics server is asked, which may know less of the newest seconds.
    async fn seen(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        queries: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError>;

    /// What a service's releases answered after a second, to tell what is usual: what was seen by an earlier program is in it, several
    /// seconds may be told as one, and there may be gaps. For comparing versions second by second there is [`Signals::seen`].
    async fn past(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        queries: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        self.seen(environment, service, queries, after_s).await
    }

    /// Fails when services with these queries can never be seen, because nothing is there to ask. Asks nobody.
    fn can_see(&self, _queries: Option<&Queries>) -> Result<(), PortError> {
        Ok(())
    }

    /// The upper bounds of a service's latency buckets, in milliseconds, each inclusive; what is slower is in one bucket more.
    /// Empty where nobody knows them: judging needs none, only people do.
    fn latency_bounds_ms(&self, _environment: &EnvironmentKey, _service: &ServiceName) -> Vec<u32> {
        Vec::new()
    }
}
