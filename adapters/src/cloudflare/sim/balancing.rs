//! Monitors, pools, load balancers and checks.

use serde_json::{Map, Value, json};

use super::{Sim, list, merge, no, nowhere, ok, page, shown};
use crate::http::sim::{Asked, Said};

/// Data centers that look at origins here.
const LOOKING: [&str; 2] = ["Amsterdam, NL", "Ashburn, VA, US"];

impl Sim {
    pub(super) fn monitors(&mut self, asked: &Asked, rest: &[&str]) -> Said {
        match (asked.method.as_str(), rest) {
            ("GET", []) => list(self.monitors.clone()),
            ("POST", []) => {
                let mut monitor = json!({ "consecutive_up": 0, "consecutive_down": 0, "follow_redirects": false,
                    "allow_insecure": false, "expected_body": "", "header": {}, "probe_zone": "" });
                merge(&mut monitor, &asked.json());
                let monitor = self.thing(monitor);
                self.monitors.push(monitor.clone());
                ok(monitor)
            }
            ("PATCH", [id]) => change(&mut self.monitors, id, &asked.json()),
            ("DELETE", [id]) => {
                if self.pools.iter().any(|pool| pool["monitor"] == *id) {
                    return no(412, 1_005, "monitor is referenced by a pool");
                }
                remove(&mut self.monitors, id)
            }
            _ => nowhere(),
        }
    }

    pub(super) fn pools(&mut self, asked: &Asked, rest: &[&str]) -> Said {
        match (asked.method.as_str(), rest) {
            ("GET", []) => list(self.pools.clone()),
            ("GET", [id]) => one(&self.pools, id),
            ("GET", [id, "health"]) => match self.pools.iter().find(|pool| pool["id"] == *id) {
                Some(pool) => ok(json!({ "pool_id": id, "pop_health": self.health_of(pool) })),
                None => missing(),
            },
            ("POST", []) => {
                let mut pool = json!({ "enabled": true, "minimum_origins": 1, "check_regions": null, "notification_email": "" });
                merge(&mut pool, &asked.json());
                if let Some(refusal) = self.pool_refused(&pool, None) {
                    return refusal;
                }
                let pool = self.thing(pool);
                self.pools.push(pool.clone());
                ok(pool)
            }
            ("PATCH", [id]) => {
                let Some(there) = self.pools.iter().find(|pool| pool["id"] == *id) else { return missing() };
                let mut pool = there.clone();
                merge(&mut pool, &asked.json());
                match self.pool_refused(&pool, Some(id)) {
                    Some(refusal) => refusal,
                    None => change(&mut self.pools, id, &asked.json()),
                }
            }
            _ => nowhere(),
        }
    }

    fn pool_refused(&self, pool: &Value, own: Option<&str>) -> Option<Said> {
        if self.is_free {
            return Some(no(403, 1_002, "load balancing is not enabled for this account"));
        }
        let taken = |one: &&Value| one["name"] == pool["name"] && one["id"].as_str() != own;
        if self.pools.iter().any(|one| taken(&one)) {
            return Some(no(400, 1_003, "name: value not unique"));
        }
        let origins = pool["origins"].as_array()?;
        let mut names: Vec<&str> = origins.iter().filter_map(|one| one["name"].as_str()).collect();
        names.sort_unstable();
        if origins.is_empty() || names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Some(no(400, 1_002, "origins: must be present, each with a name of its own"));
        }
        for origin in origins {
            let hundredths = origin["weight"].as_f64().unwrap_or(1.0) * 100.0;
            if !(0.0..=100.0).contains(&hundredths) || (hundredths - hundredths.round()).abs() > 1e-6 {
                return Some(no(400, 1_002, "weight: must be between 0 and 1, in steps of 0.01"));
            }
        }
        let monitor = pool["monitor"].as_str().filter(|id| !id.is_empty());
        if let Some(monitor) = monitor
            && !self.monitors.iter().any(|one| one["id"] == monitor)
        {
            return Some(no(400, 1_002, "monitor: not found"));
        }
        None
    }

    fn health_of(&self, pool: &Value) -> Value {
        let mut told = Map::new();
        for place in LOOKING {
            let origins: Vec<Value> = pool["origins"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|origin| origin["enabled"] != false)
                .map(|origin| {
                    let address = origin["address"].as_str().unwrap_or_default();
                    let why = self.ill.get(address);
                    let reason = why.map_or("No failures", String::as_str);
                    let mut seen = Map::new();
                    seen.insert(
                        address.to_owned(),
                        json!({ "healthy": why.is_none(), "failure_reason": reason, "response_code": 200, "rtt": "12.1ms" }),
                    );
                    Value::Object(seen)
                })
                .collect();
            told.insert(place.to_owned(), json!({ "healthy": true, "origins": origins }));
        }
        Value::Object(told)
    }

    pub(super) fn balancers(&mut self, asked: &Asked, zone: &str, rest: &[&str]) -> Said {
        match (asked.method.as_str(), rest) {
            ("GET", []) => {
                list(self.balancers.iter().filter(|one| one["zone_id"] == zone).map(shown).collect())
            }
            ("POST", []) => {
                let mut balancer = json!({ "enabled": true, "session_affinity": "none", "region_pools": {},
                    "country_pools": {}, "pop_pools": {}, "rules": [] });
                merge(&mut balancer, &asked.json());
                if self.balancers.iter().any(|one| one["name"] == balancer["name"]) {
                    return no(400, 1_003, "name: value not unique");
                }
                if !self.has_pools(&balancer) {
                    return no(400, 1_002, "default_pools: pool not found");
                }
                let mut balancer = self.thing(balancer);
                balancer["zone_id"] = json!(zone);
                self.balancers.push(balancer.clone());
                ok(shown(&balancer))
            }
            ("PATCH", [id]) => {
                let mut said = change(&mut self.balancers, id, &asked.json());
                said.body["result"] = shown(&said.body["result"]);
                said
            }
            _ => nowhere(),
        }
    }

    fn has_pools(&self, balancer: &Value) -> bool {
        let named = balancer["default_pools"].as_array().into_iter().flatten();
        named.chain([&balancer["fallback_pool"]]).all(|id| self.pools.iter().any(|pool| pool["id"] == *id))
    }

    pub(super) fn checks(&mut self, asked: &Asked, zone: &str, rest: &[&str]) -> Said {
        match (asked.method.as_str(), rest) {
            ("GET", []) => {
                let all = self.checks.iter().filter(|one| one["zone_id"] == zone).map(shown).collect();
                page(asked, all, 25)
            }
            ("POST", []) => {
                let mut check = json!({ "status": "unknown", "failure_reason": "", "retries": 2, "timeout": 5,
                    "consecutive_successes": 1, "check_regions": null, "tcp_config": null });
                merge(&mut check, &asked.json());
                let mut check = self.thing(check);
                check["zone_id"] = json!(zone);
                self.checks.push(check.clone());
                ok(shown(&check))
            }
            ("PATCH", [id]) => {
                let mut said = change(&mut self.checks, id, &asked.json());
                said.body["result"] = shown(&said.body["result"]);
                said
            }
            ("DELETE", [id]) => remove(&mut self.checks, id),
            _ => nowhere(),
        }
    }
}

fn missing() -> Said {
    no(404, 1_001, "object not found")
}

fn one(all: &[Value], id: &str) -> Said {
    all.iter().find(|one| one["id"] == id).map_or_else(missing, |found| ok(found.clone()))
}

fn change(all: &mut [Value], id: &str, body: &Value) -> Said {
    match all.iter_mut().find(|one| one["id"] == id) {
        Some(found) => {
            merge(found, body);
            ok(found.clone())
        }
        None => missing(),
    }
}

fn remove(all: &mut Vec<Value>, id: &str) -> Said {
    let before = all.len();
    all.retain(|one| one["id"] != id);
    if all.len() == before { missing() } else { ok(json!({ "id": id })) }
}
