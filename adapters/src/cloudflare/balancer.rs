//! Load balancers: the host name in front of a pool.

use async_trait::async_trait;
use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ensure::{Plan, Want};
use super::monitor::is_within;
use super::{Cloudflare, Ensured, Zone};
use crate::http::Call;

/// What keeps a client with the origin it came to first: a cookie of Cloudflare's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Affinity {
    /// Seconds it holds, 1,800 to 604,800.
    pub ttl_s: u32,
}

/// A load balancer as it shall be: one host, one pool, nothing that would lead elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// The host people call: `api.acme.example`. A DNS record of that name is passed over by Cloudflare while the balancer is there.
    pub host: String,
    /// The pool, by its identifier.
    pub pool: String,
    /// What keeps clients with their origin; nothing lets every request choose anew.
    pub affinity: Option<Affinity>,
}

/// A load balancer as it is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Balancer {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The host.
    pub name: String,
    /// Where our mark stands.
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) enabled: Option<bool>,
    #[serde(default)]
    pub(super) default_pools: Vec<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What would send somebody past the default pool.
const ASIDE: [&str; 3] = ["region_pools", "country_pools", "pop_pools"];

impl Balancer {
    /// Whether clients stay with the origin they came to first.
    pub fn is_sticky(&self) -> bool {
        !matches!(
            self.rest.get("session_affinity").and_then(Value::as_str),
            None | Some("none" | "" | "\"\"")
        )
    }

    /// What of it leads past a pool, in words.
    pub(super) fn detours(&self, pool: &str) -> Vec<String> {
        let mut detours = Vec::new();
        if self.default_pools != [pool] {
            detours.push("its default pool is another one, or one of several".to_owned());
        }
        for (name, words) in ASIDE.iter().zip(["regions", "countries", "data centers"]) {
            if self.has(name) {
                detours.push(format!("some {words} have a pool of their own"));
            }
        }
        if self.has("rules") {
            detours.push("it has rules".to_owned());
        }
        if self.enabled == Some(false) {
            detours.push("it is switched off".to_owned());
        }
        detours
    }

    fn has(&self, name: &str) -> bool {
        match self.rest.get(name) {
            Some(Value::Object(fields)) => !fields.is_empty(),
            Some(Value::Array(items)) => !items.is_empty(),
            _ => false,
        }
    }
}

impl LoadBalancer {
    fn body(&self) -> Value {
        let mut body = json!({
            "name": self.host,
            "default_pools": [self.pool],
            "fallback_pool": self.pool,
            "proxied": true,
            // There is one pool: its origins share by weight.
            "steering_policy": "off",
            "session_affinity": if self.affinity.is_some() { "cookie" } else { "none" },
        });
        if let Some(affinity) = self.affinity {
            body["session_affinity_ttl"] = json!(affinity.ttl_s);
        }
        body
    }

    /// What is different about what is there; nothing when it is as wanted.
    fn difference(&self, there: &Balancer) -> Option<Value> {
        let mut seen = Value::Object(there.rest.clone());
        seen["name"] = json!(there.name);
        seen["default_pools"] = json!(there.default_pools);
        let wanted = self.body();
        let mut body = json!({});
        for (name, value) in wanted.as_object().into_iter().flatten() {
            // What is not told of affinity is none.
            let is_absent = name == "session_affinity" && !there.is_sticky() && self.affinity.is_none();
            if !is_absent && !seen.get(name).is_some_and(|it| is_within(value, it, &[])) {
                body[name] = value.clone();
            }
        }
        for name in ASIDE.iter().filter(|name| there.has(name)) {
            body[*name] = json!({});
        }
        if there.has("rules") {
            body["rules"] = json!([]);
        }
        if there.enabled == Some(false) {
            body["enabled"] = json!(true);
        }
        (body != json!({})).then_some(body)
    }
}

impl Cloudflare {
    /// The load balancer of a host.
    pub(super) async fn balancer(&self, zone: &Zone, host: &str) -> Result<Option<Balancer>, PortError> {
        let all: Vec<Balancer> = self.client.list(Call::get(&["zones", &zone.id, "load_balancers"])).await?;
        Ok(all.into_iter().find(|one| one.name == host))
    }

    /// A load balancer that shall be there, in front of one pool.
    pub async fn ensure_load_balancer(
        &self,
        permit: &Permit,
        zone: &Zone,
        balancer: &LoadBalancer,
    ) -> Result<Ensured<Balancer>, PortError> {
        if let Some(affinity) = balancer.affinity
            && !(1_800..=604_800).contains(&affinity.ttl_s)
        {
            return Err(PortError::fail(
                format!("clients can be kept for 1800 to 604800 seconds, not for {}", affinity.ttl_s),
                "",
            ));
        }
        let mut ensured = self.ensure(permit, &Wanted { zone, balancer }).await?;
        ensured.receipt = ensured.receipt.with("load-balancer", &ensured.thing.id);
        Ok(ensured)
    }
}

struct Wanted<'a> {
    zone: &'a Zone,
    balancer: &'a LoadBalancer,
}

#[async_trait]
impl Want for Wanted<'_> {
    type Thing = Balancer;

    fn name(&self) -> String {
        format!("the load balancer {}", self.balancer.host)
    }

    async fn look(&self, at: &Cloudflare, _: bool) -> Result<Plan<Balancer>, PortError> {
        let what = self.name();
        let Some(there) = at.balancer(self.zone, &self.balancer.host).await? else {
            let mut body = self.balancer.body();
            body["description"] = json!(at.owner.mark());
            let call = Call::post(&["zones", &self.zone.id, "load_balancers"]).json(body);
            return Ok(Plan::write(call, format!("made {what}")));
        };
        if !at.owner.owns(there.description.as_deref()) {
            return Err(at.owner.conflict(&what, there.description.as_deref()));
        }
        Ok(match self.balancer.difference(&there) {
            None => Plan::Done(there),
            Some(body) => {
                let call = Call::patch(&["zones", &self.zone.id, "load_balancers", &there.id]).json(body);
                Plan::write(call, format!("changed {what}"))
            }
        })
    }
}
