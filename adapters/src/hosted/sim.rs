//! A small Railway and a small Cloudflare joined: a request to a host behind Cloudflare reaches the deployment that a pool's weights choose, is answered
//! as its commit behaves, and stands in Railway's log.

use std::sync::Arc;

use chrono::DateTime;
use engine::clock::Clock;
use serde_json::json;

use crate::cloudflare::sim::Sim as Cloudflare;
use crate::http::sim::{Asked, Said, Server, Simulated};
use crate::railway::sim::Simulation as Railway;

/// All hosts of both, for [`Server`]: the `Host` of a request says which is meant.
pub struct Hosts {
    /// Railway.
    pub railway: Arc<Server<Railway>>,
    /// Cloudflare.
    pub cloudflare: Arc<Server<Cloudflare>>,
    /// When requests come.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Hosts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hosts")
    }
}

impl Simulated for Hosts {
    fn answer(&mut self, asked: &Asked) -> Said {
        let host = asked.headers.get("host").cloned().unwrap_or_default();
        // What is no balancer's is asked at Railway itself.
        let to = self.cloudflare.with(|sim| sim.routed(&host)).unwrap_or(host);
        let at = DateTime::from_timestamp_millis(self.clock.now_ms()).unwrap_or_default();
        let answer = self.railway.with(|sim| sim.world.request(&to, &asked.path, at));
        Said::with(answer.status, json!(answer.body))
    }
}
