//! Pools: the origins traffic is split between. A canary's two stand in one pool, because weights of origins go in steps of 0.01 and
//! those of pools in steps of 0.1: only within a pool is every whole percent what it says.

use async_trait::async_trait;
use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ensure::{Plan, Want};
use super::{Cloudflare, Ensured};
use crate::http::Call;

/// The name of the origin that has the release in use.
pub(super) const STABLE: &str = "stable";
/// The name of the origin that has the release on trial.
pub(super) const CANARY: &str = "canary";

/// Where traffic goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// A host name or an address, not one that Cloudflare itself answers for.
    pub address: String,
    /// The `Host` it is asked with, where it answers to another name than the balancer's; platforms that route by name need it.
    pub host: Option<String>,
}

impl Origin {
    /// One that is asked by its own name.
    pub fn by_name(host: impl Into<String>) -> Self {
        let host = host.into();
        Self { address: host.clone(), host: Some(host) }
    }
}

/// A pool as it shall be: its two origins. What share each has is not its concern: a new one sends all to stable, and what is
/// there keeps its weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Letters, digits, `-` and `_`; one of its name is in an account.
    pub name: String,
    /// The release in use.
    pub stable: Origin,
    /// The release on trial.
    pub canary: Origin,
    /// The monitor that tells their health, by its identifier.
    pub monitor: Option<String>,
}

/// An origin as it is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct OriginState {
    pub(super) name: String,
    #[serde(default)]
    pub(super) address: String,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    #[serde(default = "whole")]
    pub(super) weight: f64,
    #[serde(default)]
    header: Option<Value>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

fn yes() -> bool {
    true
}

fn whole() -> f64 {
    1.0
}

impl OriginState {
    /// Its weight in hundredths; those that are none are rounded for the eye and never written.
    pub(super) fn hundredths(&self) -> u32 {
        (self.weight * 100.0).round() as u32
    }

    /// As it is sent: with all it has, but what only Cloudflare writes.
    fn body(&self) -> Value {
        let mut rest = self.rest.clone();
        rest.remove("disabled_at");
        let mut body = Value::Object(rest);
        body["name"] = json!(self.name);
        body["address"] = json!(self.address);
        body["enabled"] = json!(self.enabled);
        body["weight"] = json!(f64::from(self.hundredths()) / 100.0);
        if let Some(header) = &self.header {
            body["header"] = header.clone();
        }
        body
    }
}

/// A pool as it is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PoolState {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where our mark stands, and what its weights were before.
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    #[serde(default)]
    monitor: Option<String>,
    #[serde(default)]
    pub(super) origins: Vec<OriginState>,
    #[serde(default)]
    origin_steering: Value,
}

impl PoolState {
    pub(super) fn origin(&self, name: &str) -> Option<&OriginState> {
        self.origins.iter().find(|origin| origin.name == name)
    }

    /// Whether an origin is chosen by weight alone; that is so unless said otherwise.
    pub(super) fn is_random(&self) -> bool {
        matches!(self.origin_steering["policy"].as_str(), None | Some("random" | ""))
    }
}

/// The body of origins, with the weights of these two.
pub(super) fn origins_body(origins: &[OriginState]) -> Value {
    origins.iter().map(OriginState::body).collect()
}

impl Cloudflare {
    /// The pool of that name.
    pub(super) async fn pool(&self, name: &str) -> Result<Option<PoolState>, PortError> {
        let path = self.in_account(&["load_balancers", "pools"]).await?;
        let all: Vec<PoolState> = self.client.list(Call::get(&path)).await?;
        Ok(all.into_iter().find(|pool| pool.name == name))
    }

    /// A pool that shall be there, with its two origins. Weights that are there are kept.
    pub async fn ensure_pool(&self, permit: &Permit, pool: &Pool) -> Result<Ensured<PoolState>, PortError> {
        let is_good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if pool.name.is_empty() || !pool.name.chars().all(is_good) {
            return Err(PortError::fail(
                format!("`{}` is no name for a pool: letters, digits, - and _ only", pool.name),
                "",
            ));
        }
        let mut ensured = self.ensure(permit, pool).await?;
        ensured.receipt = ensured.receipt.with("pool", &ensured.thing.id);
        Ok(ensured)
    }
}

impl Pool {
    /// The origins as they shall be, with the weights that are there.
    fn origins(&self, there: &[OriginState]) -> Vec<OriginState> {
        let find = |name: &str| there.iter().find(|origin| origin.name == name);
        let other = |name: &str, missing: f64| match find(name) {
            // What is missing gets the rest.
            Some(origin) => f64::from(100 - origin.hundredths().min(100)) / 100.0,
            None => missing,
        };
        let make = |name: &str, wanted: &Origin, weight: f64| {
            let mut origin = find(name).cloned().unwrap_or_else(|| OriginState {
                name: name.to_owned(),
                address: String::new(),
                enabled: true,
                weight,
                header: None,
                rest: serde_json::Map::new(),
            });
            origin.address.clone_from(&wanted.address);
            origin.header = wanted.host.as_ref().map(|host| json!({ "Host": [host] }));
            origin
        };
        vec![
            make(STABLE, &self.stable, other(CANARY, 1.0)),
            make(CANARY, &self.canary, if there.is_empty() { 0.0 } else { other(STABLE, 0.0) }),
        ]
    }
}

#[async_trait]
impl Want for Pool {
    type Thing = PoolState;

    fn name(&self) -> String {
        format!("the pool {}", self.name)
    }

    async fn look(&self, at: &Cloudflare, _: bool) -> Result<Plan<PoolState>, PortError> {
        let what = format!("the pool {}", self.name);
        let Some(there) = at.pool(&self.name).await? else {
            let mut body = json!({
                "name": self.name,
                "description": at.owner.mark(),
                "enabled": true,
                "minimum_origins": 1,
                "origin_steering": { "policy": "random" },
                "origins": origins_body(&self.origins(&[])),
            });
            if let Some(monitor) = &self.monitor {
                body["monitor"] = json!(monitor);
            }
            let path = at.in_account(&["load_balancers", "pools"]).await?;
            return Ok(Plan::write(Call::post(&path).json(body), format!("made {what}")));
        };
        if !at.owner.owns(there.description.as_deref()) {
            return Err(at.owner.conflict(&what, there.description.as_deref()));
        }
        if let Some(other) = there.origins.iter().find(|one| one.name != STABLE && one.name != CANARY) {
            return Err(PortError::fail(
                format!(
                    "{what} has an origin {} that somebody else put there: percents would not be true",
                    other.name
                ),
                "Remove that origin, or say what it is for.",
            ));
        }
        let mut body = json!({});
        let origins = self.origins(&there.origins);
        // Their order says nothing.
        let is_there = |one: &OriginState| there.origin(&one.name) == Some(one);
        if !origins.iter().all(is_there) {
            body["origins"] = origins_body(&origins);
        }
        if !there.is_random() {
            body["origin_steering"] = json!({ "policy": "random" });
        }
        if !there.enabled {
            body["enabled"] = json!(true);
        }
        if self.monitor.is_some() && there.monitor != self.monitor {
            body["monitor"] = json!(self.monitor);
        }
        if body == json!({}) {
            return Ok(Plan::Done(there));
        }
        let path = at.in_account(&["load_balancers", "pools", &there.id]).await?;
        Ok(Plan::write(Call::patch(&path).json(body), format!("changed {what}")))
    }
}
