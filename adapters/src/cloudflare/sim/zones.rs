//! Zones and their records.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use super::{Sim, merge, no, nowhere, ok, page, shown};
use crate::http::sim::{Asked, Said};

impl Sim {
    /// A zone; one that is not active waits for its registrar.
    pub fn zone_made(&mut self, name: &str, is_active: bool) -> Value {
        let (account, account_name) = self.accounts.first().cloned().unwrap_or_default();
        let mut zone = self.thing(json!({
            "name": name,
            "status": if is_active { "active" } else { "pending" },
            "development_mode": 0,
            "owner": { "id": account, "name": account_name, "type": "organization" },
            "account": { "id": account, "name": account_name },
            "meta": { "step": 2, "page_rule_quota": 3 },
            "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
            "original_name_servers": ["ns1.registrar.example"],
            "original_registrar": null,
            "original_dnshost": null,
            "activated_on": null,
        }));
        if is_active {
            zone["activated_on"] = zone["created_on"].clone();
        }
        zone
    }

    pub(super) fn zones(&mut self, asked: &Asked) -> Said {
        if asked.method == "GET" {
            let fits = |zone: &&Value| {
                asked.parameter("name").is_none_or(|name| zone["name"] == name)
                    && asked.parameter("account.id").is_none_or(|id| zone["account"]["id"] == id)
            };
            return page(asked, self.zones.iter().filter(fits).cloned().collect(), 20);
        }
        let body = asked.json();
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        if self.zones.iter().any(|zone| zone["name"] == name.as_str()) || self.taken.contains(&name) {
            return no(400, 1_061, &format!("{name} already exists"));
        }
        let zone = self.zone_made(&name, false);
        self.zones.push(zone.clone());
        ok(zone)
    }

    pub(super) fn records(&mut self, asked: &Asked, zone: &str, rest: &[&str]) -> Said {
        match (asked.method.as_str(), rest) {
            ("GET", []) => {
                let fits = |one: &&Value| {
                    one["zone_id"] == zone
                        && asked.parameter("name").is_none_or(|name| one["name"] == name)
                        && asked.parameter("type").is_none_or(|kind| one["type"] == kind)
                };
                page(asked, self.records.iter().filter(fits).map(shown).collect(), 100)
            }
            ("POST", []) => {
                let body = asked.json();
                if let Some(refusal) = self.record_refused(zone, &body, None) {
                    return refusal;
                }
                let mut record = self.thing(with_defaults(&body));
                record["zone_id"] = json!(zone);
                self.records.push(record.clone());
                ok(shown(&record))
            }
            ("PATCH", [id]) => {
                let Some(at) = self.records.iter().position(|one| one["id"] == *id) else {
                    return no(404, 81_044, "Record does not exist.");
                };
                let mut record = self.records[at].clone();
                merge(&mut record, &asked.json());
                if let Some(refusal) = self.record_refused(zone, &record, Some(id)) {
                    return refusal;
                }
                self.records[at] = with_defaults(&record);
                ok(shown(&self.records[at]))
            }
            ("DELETE", [id]) => {
                let Some(at) = self.records.iter().position(|one| one["id"] == *id) else {
                    return no(404, 81_044, "Record does not exist.");
                };
                self.records.remove(at);
                ok(json!({ "id": id }))
            }
            _ => nowhere(),
        }
    }

    fn record_refused(&self, zone: &str, record: &Value, own: Option<&str>) -> Option<Said> {
        let content = record["content"].as_str().unwrap_or_default();
        let fits = match record["type"].as_str() {
            Some("A") => content.parse::<Ipv4Addr>().is_ok(),
            Some("AAAA") => content.parse::<Ipv6Addr>().is_ok(),
            _ => !content.is_empty(),
        };
        if !fits {
            return Some(no(400, 9_005, "Content for the record is invalid."));
        }
        let mut beside = self
            .records
            .iter()
            .filter(|one| one["zone_id"] == zone && one["name"] == record["name"])
            .filter(|one| one["id"].as_str() != own)
            .peekable();
        let is_address = |one: &Value| matches!(one["type"].as_str(), Some("A" | "AAAA" | "CNAME"));
        let is_name = |one: &Value| one["type"] == "CNAME";
        beside.peek()?;
        let all: Vec<&Value> = beside.collect();
        if all.iter().any(|one| one["type"] == record["type"] && one["content"] == record["content"]) {
            return Some(no(400, 81_058, "An identical record already exists."));
        }
        let clash = |one: &&Value| is_address(one) && (is_name(one) || is_name(record));
        if is_address(record) && all.iter().any(clash) {
            return Some(no(400, 81_053, "An A, AAAA, or CNAME record with that host already exists."));
        }
        None
    }
}

fn with_defaults(body: &Value) -> Value {
    let mut record = json!({ "ttl": 1, "proxied": false, "tags": [], "meta": { "auto_added": false } });
    merge(&mut record, body);
    if matches!(record["type"].as_str(), Some("TXT" | "MX"))
        && let Some(fields) = record.as_object_mut()
    {
        fields.remove("proxied");
    }
    // Text comes back in quotes.
    if record["type"] == "TXT" {
        let text = record["content"].as_str().unwrap_or_default().trim_matches('"').to_owned();
        record["content"] = json!(format!("\"{text}\""));
    }
    record["proxiable"] = json!(matches!(record["type"].as_str(), Some("A" | "AAAA" | "CNAME")));
    record
}
