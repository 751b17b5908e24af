//! Health: of a pool's origins as its monitor sees them, and checks of a single address.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ensure::{Plan, Want};
use super::monitor::is_within;
use super::{Cloudflare, Ensured, Zone};
use crate::http::{ApiError, Call};

/// How an origin does, as seen from Cloudflare's data centers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginHealth {
    /// Its name in the pool: `stable`, `canary`.
    pub name: String,
    /// Data centers that find it healthy.
    pub healthy_in: u32,
    /// Data centers that have looked. None have while it is new: nothing is known then.
    pub seen_in: u32,
    /// Why it is ill, as each of them says it; no two alike.
    pub reasons: Vec<String>,
}

#[derive(Deserialize)]
struct PoolHealth {
    #[serde(default)]
    pop_health: BTreeMap<String, PopHealth>,
}

#[derive(Deserialize)]
struct PopHealth {
    #[serde(default)]
    origins: Vec<BTreeMap<String, Seen>>,
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    healthy: bool,
    #[serde(default)]
    failure_reason: String,
}

/// A check of an address, apart from any pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Healthcheck {
    /// Letters, digits, `-` and `_`.
    pub name: String,
    /// A host name or an address.
    pub address: String,
    /// The path that is asked for over `https`.
    pub path: String,
    /// Status codes that mean health.
    pub expected_codes: Vec<String>,
    /// Seconds between two checks.
    pub interval_s: u32,
    /// Failures in a row before it counts as ill.
    pub fails: u32,
}

/// A check as it is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct HealthcheckState {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `unknown`, `healthy`, `unhealthy` or `suspended`.
    #[serde(default)]
    pub status: Option<String>,
    /// Why it is ill.
    #[serde(default)]
    pub failure_reason: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    created_on: Option<String>,
    #[serde(flatten)]
    rest: Value,
}

impl Cloudflare {
    /// How the origins of a pool do.
    pub async fn pool_health(&self, pool: &str) -> Result<Vec<OriginHealth>, PortError> {
        let Some(there) = self.pool(pool).await? else {
            return Err(PortError::fail(format!("the pool {pool} is not there"), ""));
        };
        let path = self.in_account(&["load_balancers", "pools", &there.id, "health"]).await?;
        let health: PoolHealth = self.client.read(Call::get(&path)).await.map_err(ApiError::of_read)?;
        let told: Vec<(&String, &Seen)> =
            health.pop_health.values().flat_map(|pop| &pop.origins).flatten().collect();
        Ok(there
            .origins
            .iter()
            .map(|origin| {
                let mut found = OriginHealth {
                    name: origin.name.clone(),
                    healthy_in: 0,
                    seen_in: 0,
                    reasons: Vec::new(),
                };
                for (_, seen) in told.iter().filter(|(address, _)| **address == origin.address) {
                    found.seen_in += 1;
                    if seen.healthy {
                        found.healthy_in += 1;
                    } else if !found.reasons.contains(&seen.failure_reason) {
                        found.reasons.push(seen.failure_reason.clone());
                    }
                }
                found
            })
            .collect())
    }

    /// A check that shall be there.
    pub async fn ensure_healthcheck(
        &self,
        permit: &Permit,
        zone: &Zone,
        check: &Healthcheck,
    ) -> Result<Ensured<HealthcheckState>, PortError> {
        let mut ensured = self.ensure(permit, &Wanted { zone, check }).await?;
        ensured.receipt = ensured.receipt.with("healthcheck", &ensured.thing.id);
        Ok(ensured)
    }
}

struct Wanted<'a> {
    zone: &'a Zone,
    check: &'a Healthcheck,
}

#[async_trait]
impl Want for Wanted<'_> {
    type Thing = HealthcheckState;

    fn name(&self) -> String {
        format!("the health check {}", self.check.name)
    }

    async fn look(&self, at: &Cloudflare, wrote: bool) -> Result<Plan<HealthcheckState>, PortError> {
        let (what, check, zone) = (self.name(), self.check, self.zone.id.as_str());
        let path = ["zones", zone, "healthchecks"];
        let mut there: Vec<HealthcheckState> = at.client.pages(&Call::get(&path), 100).await?;
        there.retain(|one| one.name == check.name);
        there.sort_by(|one, other| (&one.created_on, &one.id).cmp(&(&other.created_on, &other.id)));
        let body = json!({
            "name": check.name,
            "description": at.owner.mark(),
            "address": check.address,
            "type": "HTTPS",
            "interval": check.interval_s,
            "consecutive_fails": check.fails,
            "suspended": false,
            "http_config": { "method": "GET", "path": check.path, "port": 443, "expected_codes": check.expected_codes },
        });
        let Some(first) = there.first() else {
            return Ok(Plan::write(Call::post(&path).json(body), format!("made {what}")));
        };
        if let Some(other) = there.iter().find(|one| !at.owner.owns(one.description.as_deref())) {
            return Err(at.owner.conflict(&what, other.description.as_deref()));
        }
        // Where nothing keeps two of a name apart that are made at the same moment, the older one stays.
        if let Some(second) = there.get(1).filter(|_| wrote) {
            let call = Call::delete(&["zones", zone, "healthchecks", &second.id]).json(json!({}));
            return Ok(Plan::write(call, format!("removed the second of {what}")));
        }
        if is_within(&body, &first.rest, &["name", "description"]) {
            return Ok(Plan::Done(first.clone()));
        }
        let call = Call::patch(&["zones", zone, "healthchecks", &first.id]).json(body);
        Ok(Plan::write(call, format!("changed {what}")))
    }
}
