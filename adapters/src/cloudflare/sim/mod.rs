//! A small Cloudflare: zones and records, pools, monitors and load balancers, checks, tunnels, lists of rules and a cache, with its
//! envelope, its pages, its refusals and what a token may do. It keeps what it is told, and
//! says where a balancer would send a request.

mod balancing;
mod edge;
mod zones;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::http::sim::{Asked, Said, Simulated};

/// When time begins here, in seconds since 1970; each thing is a second younger than the one before.
const BEGIN_S: i64 = 1_767_225_600;

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are Cloudflare's permission groups")]
pub enum Scope {
    AccountSettings,
    Zone,
    Dns,
    LoadBalancers,
    MonitorsAndPools,
    HealthChecks,
    Tunnel,
    Waf,
    CachePurge,
    Ssl,
    AccountRulesets,
    Firewall,
}

impl Scope {
    /// What the adapter needs.
    pub const NEEDED: [Self; 9] = [
        Self::AccountSettings,
        Self::Zone,
        Self::Dns,
        Self::LoadBalancers,
        Self::MonitorsAndPools,
        Self::HealthChecks,
        Self::Tunnel,
        Self::Waf,
        Self::CachePurge,
    ];
}

/// A token.
#[derive(Debug, Clone)]
pub struct Token {
    /// `active`, `disabled` or `expired`.
    pub status: &'static str,
    /// When it ends.
    pub expires_on: Option<&'static str>,
    /// Whether it is a person's; those of accounts are unknown where persons' are verified.
    pub is_persons: bool,
    /// What it may read, and whether it may change it.
    pub scopes: BTreeMap<Scope, bool>,
}

impl Token {
    /// One that may change all of these.
    pub fn editing(scopes: &[Scope]) -> Self {
        let scopes = scopes.iter().map(|scope| (*scope, true)).collect();
        Self { status: "active", expires_on: Some("2027-06-01T00:00:00Z"), is_persons: true, scopes }
    }
}

/// A simulated Cloudflare.
#[derive(Debug, Clone, Default)]
pub struct Sim {
    /// Tokens, by what is shown.
    pub tokens: BTreeMap<String, Token>,
    /// Accounts: identifier and name.
    pub accounts: Vec<(String, String)>,
    /// Zones.
    pub zones: Vec<Value>,
    /// Zones that somebody else holds.
    pub taken: BTreeSet<String>,
    /// Records, with their zone's identifier under `zone_id`.
    pub records: Vec<Value>,
    /// Monitors of the account.
    pub monitors: Vec<Value>,
    /// Pools of the account.
    pub pools: Vec<Value>,
    /// Load balancers, with `zone_id`.
    pub balancers: Vec<Value>,
    /// Checks, with `zone_id`.
    pub checks: Vec<Value>,
    /// Tunnels, with their `config`.
    pub tunnels: Vec<Value>,
    /// Lists of rules, with `zone_id`.
    pub rulesets: Vec<Value>,
    /// What was purged: each body.
    pub purged: Vec<Value>,
    /// Addresses that are ill, and why.
    pub ill: BTreeMap<String, String>,
    /// Whether the plan is a small one: no purge by host or prefix, no load balancing.
    pub is_free: bool,
    /// Calls left before it refuses; nothing sets no bound.
    pub calls_left: Option<u32>,
    made: i64,
    /// Requests to each balancer so far.
    routed: BTreeMap<String, u64>,
}

impl Sim {
    /// One account `Acme` with one token that may change what the adapter needs, and the zone `acme.example`, active.
    pub fn new(token: &str) -> Self {
        let mut sim = Self::default();
        sim.tokens.insert(token.to_owned(), Token::editing(&Scope::NEEDED));
        let account = sim.id();
        sim.accounts.push((account, "Acme".to_owned()));
        let zone = sim.zone_made("acme.example", true);
        sim.zones.push(zone);
        sim
    }

    /// The next identifier.
    pub(super) fn id(&mut self) -> String {
        self.made += 1;
        // Cloudflare's have no order that can be seen.
        format!("{:016x}{:016x}", (self.made.cast_unsigned()).wrapping_mul(0x9e37_79b9_7f4a_7c15), self.made)
    }

    pub(super) fn now(&self) -> String {
        chrono::DateTime::from_timestamp(BEGIN_S + self.made, 0)
            .map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
            .unwrap_or_default()
    }

    /// A thing with what every thing has.
    pub(super) fn thing(&mut self, mut body: Value) -> Value {
        body["id"] = json!(self.id());
        body["created_on"] = json!(self.now());
        body["modified_on"] = body["created_on"].clone();
        body
    }

    fn allowed(&self, asked: &Asked, scope: Scope) -> bool {
        let token = asked.bearer().and_then(|shown| self.tokens.get(shown));
        let edits = token.and_then(|token| token.scopes.get(&scope));
        edits.is_some_and(|edits| *edits || asked.method == "GET")
    }

    fn route(&mut self, asked: &Asked) -> Said {
        let Some(token) = asked.bearer().and_then(|shown| self.tokens.get(shown)).cloned() else {
            return no(401, 1000, "Invalid API Token");
        };
        let segments = asked.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let ["client", "v4", path @ ..] = path.as_slice() else { return nowhere() };
        if let ["user", "tokens", "verify"] = path {
            return edge::verify(&token);
        }
        if token.status != "active" {
            return no(401, 1000, "Invalid API Token");
        }
        let scope = match path {
            ["accounts"] => Scope::AccountSettings,
            ["accounts", _, "load_balancers", ..] => Scope::MonitorsAndPools,
            ["accounts", _, "cfd_tunnel", ..] => Scope::Tunnel,
            ["accounts", _, "rulesets", ..] => Scope::AccountRulesets,
            ["zones"] | ["zones", _] => Scope::Zone,
            ["zones", _, "dns_records", ..] => Scope::Dns,
            ["zones", _, "load_balancers", ..] => Scope::LoadBalancers,
            ["zones", _, "healthchecks", ..] => Scope::HealthChecks,
            ["zones", _, "rulesets", ..] => Scope::Waf,
            ["zones", _, "purge_cache"] => Scope::CachePurge,
            ["zones", _, "ssl", ..] => Scope::Ssl,
            ["zones", _, "firewall", ..] => Scope::Firewall,
            _ => return nowhere(),
        };
        if !self.allowed(asked, scope) {
            return no(403, 10_000, "Authentication error");
        }
        match path {
            ["accounts"] => {
                let all = self.accounts.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
                page(asked, all, 20)
            }
            ["accounts", account, rest @ ..] => {
                if !self.accounts.iter().any(|(id, _)| id == account) {
                    return no(403, 9_109, "Unauthorized to access requested resource");
                }
                match rest {
                    ["load_balancers", "monitors", rest @ ..] => self.monitors(asked, rest),
                    ["load_balancers", "pools", rest @ ..] => self.pools(asked, rest),
                    ["cfd_tunnel", rest @ ..] => self.tunnels(asked, account, rest),
                    ["rulesets"] => list(Vec::new()),
                    _ => nowhere(),
                }
            }
            ["zones"] => self.zones(asked),
            ["zones", zone, rest @ ..] => {
                if !self.zones.iter().any(|one| one["id"] == *zone) {
                    return no(403, 9_109, "Unauthorized to access requested resource");
                }
                match rest {
                    ["dns_records", rest @ ..] => self.records(asked, zone, rest),
                    ["load_balancers", rest @ ..] => self.balancers(asked, zone, rest),
                    ["healthchecks", rest @ ..] => self.checks(asked, zone, rest),
                    ["rulesets", rest @ ..] => self.rulesets(asked, zone, rest),
                    ["purge_cache"] => self.purge(asked),
                    ["ssl", "universal", "settings"] => ok(json!({ "enabled": true })),
                    ["firewall", "access_rules", "rules"] => page(asked, Vec::new(), 20),
                    _ => nowhere(),
                }
            }
            _ => nowhere(),
        }
    }
}

impl Simulated for Sim {
    fn answer(&mut self, asked: &Asked) -> Said {
        let said = match &mut self.calls_left {
            Some(0) => no(429, 10_429, "Rate limited: more than 1200 requests per 300 seconds")
                .header("retry-after", "300"),
            left => {
                if let Some(left) = left {
                    *left -= 1;
                }
                self.route(asked)
            }
        };
        let left = self.calls_left.unwrap_or(1_100);
        said.header("ratelimit", format!("\"default\";r={left};t=120"))
            .header("ratelimit-policy", "\"default\";q=1200;w=300")
            .header("cf-ray", format!("{:016x}-SIM", self.made))
    }

    fn trouble(&self, status: u16) -> Value {
        no(status, 10_000 + i64::from(status), "simulated trouble").body
    }
}

impl Sim {
    /// Where a balancer sends its n-th request: the `Host` of the origin whose turn it is, spread evenly by weight. Nothing where there is no such
    /// balancer or nobody has a share.
    pub fn routed(&mut self, host: &str) -> Option<String> {
        let pool = self.balancers.iter().find(|one| one["name"] == host)?["default_pools"][0].clone();
        let pool = self.pools.iter().find(|one| one["id"] == pool)?;
        let shares: Vec<(u64, String)> = pool["origins"]
            .as_array()?
            .iter()
            .filter(|origin| origin["enabled"] != false)
            .filter_map(|origin| {
                let weight = (origin["weight"].as_f64().unwrap_or(1.0) * 100.0).round() as u64;
                let host = origin["header"]["Host"][0].as_str().or(origin["address"].as_str())?;
                Some((weight, host.to_owned()))
            })
            .collect();
        let all: u64 = shares.iter().map(|(weight, _)| weight).sum();
        let nth = self.routed.entry(host.to_owned()).or_default();
        *nth += 1;
        // A step that shares no factor with 100 visits every place once in a hundred requests.
        let mut place = nth.wrapping_mul(37).checked_rem(all)?;
        for (weight, to) in shares {
            if place < weight {
                return Some(to);
            }
            place -= weight;
        }
        None
    }
}

/// An answer of success.
#[expect(clippy::needless_pass_by_value, reason = "what is told is made for it")]
pub(super) fn ok(result: Value) -> Said {
    Said::ok(json!({ "success": true, "errors": [], "messages": [], "result": result }))
}

/// A refusal.
pub(super) fn no(status: u16, code: i64, message: &str) -> Said {
    let errors = json!([{ "code": code, "message": message }]);
    Said::with(status, json!({ "success": false, "errors": errors, "messages": [], "result": null }))
}

/// There is no such path, or no such thing.
pub(super) fn nowhere() -> Said {
    no(404, 7_003, "Could not route to the path, perhaps your object identifier is invalid?")
}

/// A list in one answer.
pub(super) fn list(all: Vec<Value>) -> Said {
    let count = all.len();
    let mut said = ok(Value::Array(all));
    said.body["result_info"] =
        json!({ "page": 1, "per_page": count.max(1), "count": count, "total_count": count });
    said
}

/// A list in pages.
pub(super) fn page(asked: &Asked, all: Vec<Value>, per_page: usize) -> Said {
    let number = |name: &str| asked.parameter(name).and_then(|text| text.parse::<usize>().ok());
    let per_page = number("per_page").unwrap_or(per_page).max(1);
    let page = number("page").unwrap_or(1).max(1);
    let total = all.len();
    let part: Vec<Value> = all.into_iter().skip((page - 1) * per_page).take(per_page).collect();
    let info = json!({ "page": page, "per_page": per_page, "count": part.len(), "total_count": total });
    let mut said = ok(Value::Array(part));
    said.body["result_info"] = info;
    said
}

/// Puts the fields of one in those of another.
pub(super) fn merge(into: &mut Value, from: &Value) {
    for (name, value) in from.as_object().into_iter().flatten() {
        into[name] = value.clone();
    }
}

/// A thing without what only this simulator keeps in it.
pub(super) fn shown(thing: &Value) -> Value {
    let mut thing = thing.clone();
    if let Some(fields) = thing.as_object_mut() {
        fields.remove("zone_id");
        fields.remove("config");
    }
    thing
}
