//! Tokens, tunnels, lists of rules and the cache.

use serde_json::{Value, json};

use super::{Sim, Token, merge, no, nowhere, ok, page, shown};
use crate::http::sim::{Asked, Said};

/// Where rules may stand here.
const PHASES: [&str; 2] = ["http_request_firewall_custom", "http_ratelimit"];

pub(super) fn verify(token: &Token) -> Said {
    if !token.is_persons {
        return no(401, 1_000, "Invalid API Token");
    }
    let mut result = json!({ "id": "ed17574386854bf78a67040be0a770b0", "status": token.status });
    if let Some(at) = token.expires_on {
        result["expires_on"] = json!(at);
    }
    ok(result)
}

impl Sim {
    pub(super) fn tunnels(&mut self, asked: &Asked, account: &str, rest: &[&str]) -> Said {
        let at = rest.first().and_then(|id| self.tunnels.iter().position(|one| one["id"] == *id));
        match (asked.method.as_str(), rest, at) {
            ("GET", [], _) => {
                let fits = |one: &&Value| asked.parameter("name").is_none_or(|name| one["name"] == name);
                page(asked, self.tunnels.iter().filter(fits).map(shown).collect(), 20)
            }
            ("POST", [], _) => {
                let body = asked.json();
                if self.tunnels.iter().any(|one| one["name"] == body["name"]) {
                    let words = "You already have a tunnel with this name. Delete the existing tunnel, or choose a different name for your new tunnel";
                    return no(409, 1_013, words);
                }
                let id = self.id();
                let id =
                    format!("{}-{}-4{}-8{}-{}", &id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..]);
                let tunnel = json!({
                    "id": id,
                    "account_tag": account,
                    "name": body["name"],
                    "created_at": self.now(),
                    "connections": [],
                    "status": "inactive",
                    "tun_type": "cfd_tunnel",
                    "remote_config": body["config_src"] == "cloudflare",
                    "config": null,
                });
                self.tunnels.push(tunnel.clone());
                ok(shown(&tunnel))
            }
            (_, [_, ..], None) => no(404, 1_003, "tunnel not found"),
            ("GET", [id, "configurations"], Some(at)) => ok(
                json!({ "tunnel_id": id, "version": 1, "source": "cloudflare", "config": self.tunnels[at]["config"] }),
            ),
            ("PUT", [id, "configurations"], Some(at)) => {
                let body = asked.json();
                let last = body["config"]["ingress"].as_array().and_then(|rules| rules.last());
                if !last.is_some_and(|rule| matches!(rule["hostname"].as_str(), None | Some("" | "*"))) {
                    return no(400, 1_056, "The last ingress rule must match all URLs");
                }
                self.tunnels[at]["config"] = body["config"].clone();
                ok(json!({ "tunnel_id": id, "version": 2, "source": "cloudflare", "config": body["config"] }))
            }
            ("GET", [id, "token"], Some(_)) => ok(json!(format!("eyJhIjoi.{id}.tunnel-token"))),
            _ => nowhere(),
        }
    }

    pub(super) fn purge(&mut self, asked: &Asked) -> Said {
        let body = asked.json();
        if self.is_free && (body.get("hosts").is_some() || body.get("prefixes").is_some()) {
            return no(400, 1_107, "Only enterprise zones can purge by tag, host or prefix.");
        }
        let is_too_much = |name: &str| body[name].as_array().is_some_and(|items| items.len() > 30);
        if ["files", "hosts", "prefixes"].into_iter().any(is_too_much) {
            return no(400, 1_094, "Exceeded maximum limit of 30 per call");
        }
        self.purged.push(body);
        let id = self.id();
        ok(json!({ "id": id }))
    }

    fn rule(&mut self, body: &Value) -> Value {
        let id = self.id();
        let mut rule =
            json!({ "id": id, "ref": id, "enabled": true, "version": "1", "last_updated": self.now() });
        merge(&mut rule, body);
        rule
    }

    pub(super) fn rulesets(&mut self, asked: &Asked, zone: &str, rest: &[&str]) -> Said {
        match (asked.method.as_str(), rest) {
            ("GET", ["phases", phase, "entrypoint"]) => {
                let fits = |one: &&Value| one["zone_id"] == zone && one["phase"] == *phase;
                match self.rulesets.iter().find(fits) {
                    Some(found) => ok(shown(found)),
                    None => {
                        no(404, 10_003, &format!("could not find entrypoint ruleset in the {phase} phase"))
                    }
                }
            }
            ("POST", []) => {
                let body = asked.json();
                let phase = body["phase"].as_str().unwrap_or_default();
                if !PHASES.contains(&phase) {
                    return no(400, 20_001, "unknown phase");
                }
                if self.rulesets.iter().any(|one| one["zone_id"] == zone && one["phase"] == phase) {
                    let words = "A similar configuration with rules already exists and overwriting will have unintended consequences.";
                    return no(400, 20_217, words);
                }
                let rules: Vec<Value> = body["rules"].as_array().cloned().unwrap_or_default();
                let rules: Vec<Value> = rules.iter().map(|rule| self.rule(rule)).collect();
                let ruleset = json!({
                    "id": self.id(), "name": body["name"], "kind": body["kind"], "phase": phase, "version": "1",
                    "last_updated": self.now(), "rules": rules, "zone_id": zone,
                });
                self.rulesets.push(ruleset.clone());
                ok(shown(&ruleset))
            }
            (method, [id, "rules", rest @ ..]) => {
                let Some(at) = self.rulesets.iter().position(|one| one["id"] == *id) else {
                    return no(404, 10_003, "could not find ruleset");
                };
                self.rules(method, at, rest, &asked.json())
            }
            _ => nowhere(),
        }
    }

    fn rules(&mut self, method: &str, at: usize, rest: &[&str], body: &Value) -> Said {
        let mut rules: Vec<Value> = self.rulesets[at]["rules"].as_array().cloned().unwrap_or_default();
        match (method, rest) {
            ("POST", []) => {
                if rules.iter().any(|one| one["ref"] == body["ref"]) {
                    return no(400, 20_127, "ref: is used by another rule");
                }
                rules.push(self.rule(body));
            }
            ("PATCH" | "DELETE", [id]) => {
                let Some(there) = rules.iter().position(|one| one["id"] == *id) else {
                    return no(404, 10_003, "could not find rule");
                };
                if method == "PATCH" {
                    merge(&mut rules[there], body);
                } else {
                    rules.remove(there);
                }
            }
            _ => return nowhere(),
        }
        self.rulesets[at]["rules"] = json!(rules);
        ok(shown(&self.rulesets[at]))
    }
}
