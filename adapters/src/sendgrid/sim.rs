//! A small SendGrid on this machine: keys with scopes, domains whose records somebody puts, senders, event webhooks, and what was
//! mailed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::http::sim::{Asked, Said, Simulated};

/// Domains on a page unless told otherwise.
const PAGE: usize = 50;

/// A small SendGrid. What it has is open, so that a test can be somebody else at the dashboard.
#[derive(Debug, Default)]
pub struct SendGridSim {
    /// The keys it takes, each with its scopes.
    pub keys: BTreeMap<String, BTreeSet<String>>,
    /// Domains, as they are shown.
    pub domains: Vec<Value>,
    /// What stands in the DNS, by name: SendGrid looks here when it validates.
    pub dns: BTreeMap<String, String>,
    /// Senders, as they are shown.
    pub senders: Vec<Value>,
    /// Event webhooks, as they are shown.
    pub webhooks: Vec<Value>,
    /// Mails that were sent; those of sandbox mode are not among them.
    pub outbox: Vec<Value>,
    made: u64,
}

fn refused(status: u16, says: impl Into<String>, field: Option<&str>) -> Said {
    Said::with(status, json!({ "errors": [{ "field": field, "message": says.into() }] }))
}

fn is_number(value: &Value, text: &str) -> bool {
    value.as_u64().is_some_and(|number| text.parse() == Ok(number))
}

impl SendGridSim {
    /// An empty account that takes one key with all scopes that are needed.
    pub fn with_key(key: &str) -> Self {
        let scopes =
            ["mail.send", "whitelabel.read", "whitelabel.create", "user.webhooks.event.settings.read"];
        let more = ["user.account.read", "user.username.read", "sender_verification_eligible"];
        let scopes = scopes.iter().chain(&more).map(|scope| (*scope).to_owned()).collect();
        Self { keys: BTreeMap::from([(key.to_owned(), scopes)]), ..Self::default() }
    }

    /// A domain, as somebody else has it made.
    pub fn domain_add(&mut self, domain: &str, subdomain: &str) -> u64 {
        self.made += 1;
        let id = self.made;
        let record = |host: String, data: String| json!({ "valid": false, "type": "cname", "host": host, "data": data });
        self.domains.push(json!({
            "id": id, "user_id": 7, "domain": domain, "subdomain": subdomain, "username": "acme", "ips": [],
            "custom_spf": false, "default": false, "legacy": false, "automatic_security": true, "valid": false,
            "dns": {
                "mail_cname": record(format!("{subdomain}.{domain}"), format!("u{id}.wl.sendgrid.example")),
                "dkim1": record(format!("s1._domainkey.{domain}"), format!("s1.domainkey.u{id}.wl.sendgrid.example")),
                "dkim2": record(format!("s2._domainkey.{domain}"), format!("s2.domainkey.u{id}.wl.sendgrid.example")),
            },
        }));
        id
    }

    /// A sender, as somebody enters one.
    pub fn sender_add(&mut self, email: &str, verified: bool) {
        self.made += 1;
        self.senders
            .push(json!({ "id": self.made, "from_email": email, "verified": verified, "locked": false }));
    }

    /// An event webhook, as somebody sets one up.
    pub fn webhook_add(&mut self, url: &str, events: &[&str], public_key: Option<&str>) {
        self.made += 1;
        let mut webhook = json!({ "id": format!("hook-{}", self.made), "url": url, "enabled": true, "friendly_name": null });
        for event in ["bounce", "delivered", "dropped", "open"] {
            webhook[event] = json!(events.contains(&event));
        }
        webhook["public_key"] = json!(public_key.unwrap_or_default());
        self.webhooks.push(webhook);
    }

    fn domain_make(&mut self, body: &Value) -> Said {
        let Some(domain) = body["domain"].as_str() else {
            return refused(400, "domain is required", Some("domain"));
        };
        let subdomain = body["subdomain"].as_str().unwrap_or("em1");
        if self.domains.iter().any(|one| one["domain"] == domain && one["subdomain"] == subdomain) {
            return refused(400, "An authenticated domain already exists for this URL.", None);
        }
        self.domain_add(domain, subdomain);
        self.domains.last().map_or_else(|| Said::empty(500), |made| Said::with(201, made.clone()))
    }

    fn validate(&mut self, id: &str) -> Said {
        let Some(domain) = self.domains.iter_mut().find(|one| is_number(&one["id"], id)) else {
            return refused(404, "not found", None);
        };
        let mut results = json!({});
        let mut all = true;
        for (name, record) in domain["dns"].as_object_mut().into_iter().flatten() {
            let host = record["host"].as_str().unwrap_or_default();
            let found = self.dns.get(host);
            let is_there = found.is_some_and(|data| record["data"] == *data);
            let saw = found.map_or_else(|| "nothing".to_owned(), |data| format!("\"{data}\""));
            let reason = (!is_there).then(|| format!("Expected CNAME for \"{host}\" and found {saw}."));
            results[name.as_str()] = json!({ "valid": is_there, "reason": reason });
            record["valid"] = json!(is_there);
            all &= is_there;
        }
        domain["valid"] = json!(all);
        Said::ok(json!({ "id": domain["id"], "valid": all, "validation_results": results }))
    }

    fn mail(&mut self, body: &Value) -> Said {
        let from = body["from"]["email"].as_str().unwrap_or_default();
        let domain = from.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
        let is_known = self.senders.iter().any(|one| one["from_email"] == from && one["verified"] == true)
            || self.domains.iter().any(|one| one["domain"] == domain && one["valid"] == true);
        if !is_known {
            let says = "The from address does not match a verified Sender Identity.";
            return refused(403, says, Some("from"));
        }
        if body["mail_settings"]["sandbox_mode"]["enable"] == true {
            return Said::empty(200);
        }
        self.outbox.push(body.clone());
        Said::empty(202).header("x-message-id", format!("sim-{:04}", self.outbox.len()))
    }

    fn listed(&self, asked: &Asked) -> Said {
        let number = |name: &str| asked.parameter(name).and_then(|text| text.parse().ok());
        let (limit, offset) = (number("limit").unwrap_or(PAGE), number("offset").unwrap_or(0));
        let wanted = asked.parameter("domain").unwrap_or_default();
        let found =
            self.domains.iter().filter(|one| one["domain"].as_str().unwrap_or_default().contains(wanted));
        Said::ok(found.skip(offset).take(limit).cloned().collect())
    }

    fn senders_listed(&self, asked: &Asked) -> Said {
        let number = |name: &str| asked.parameter(name).and_then(|text| text.parse::<u64>().ok());
        let (limit, last) = (number("limit").unwrap_or(PAGE as u64), number("lastSeenID").unwrap_or(0));
        let found = self.senders.iter().filter(|one| one["id"].as_u64().unwrap_or(0) > last);
        Said::ok(json!({ "results": found.take(limit as usize).collect::<Vec<_>>() }))
    }
}

/// The scope a call needs.
fn scope(method: &str, path: &[&str]) -> &'static str {
    match (method, path) {
        ("POST", ["mail", ..]) => "mail.send",
        ("POST", ["whitelabel", "domains"]) => "whitelabel.create",
        (_, ["whitelabel", ..]) => "whitelabel.read",
        (_, ["verified_senders"]) => "sender_verification_eligible",
        (_, ["user", "webhooks", ..]) => "user.webhooks.event.settings.read",
        (_, ["user", "account"]) => "user.account.read",
        (_, ["user", "username"]) => "user.username.read",
        _ => "",
    }
}

impl Simulated for SendGridSim {
    fn answer(&mut self, asked: &Asked) -> Said {
        let Some(scopes) = self.keys.get(asked.bearer().unwrap_or_default()) else {
            return refused(401, "The provided authorization grant is invalid, expired, or revoked", None);
        };
        let segments = asked.segments();
        let path: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
        let scope = scope(&asked.method, &path);
        if !scope.is_empty() && !scopes.contains(scope) {
            return refused(403, "access forbidden", None);
        }
        match (asked.method.as_str(), path.as_slice()) {
            ("GET", ["scopes"]) => Said::ok(json!({ "scopes": scopes })),
            ("GET", ["user", "username"]) => Said::ok(json!({ "username": "acme", "user_id": 7 })),
            ("GET", ["user", "account"]) => Said::ok(json!({ "type": "paid", "reputation": 99.7 })),
            ("GET", ["user", "webhooks", "event", "settings", "all"]) => {
                Said::ok(json!({ "max_allowed": 5, "webhooks": self.webhooks }))
            }
            ("GET", ["verified_senders"]) => self.senders_listed(asked),
            ("GET", ["whitelabel", "domains"]) => self.listed(asked),
            ("GET", ["whitelabel", "domains", id]) => {
                let found = self.domains.iter().find(|one| is_number(&one["id"], id));
                found.map_or_else(|| refused(404, "not found", None), |one| Said::ok(one.clone()))
            }
            ("POST", ["whitelabel", "domains"]) => self.domain_make(&asked.json()),
            ("POST", ["whitelabel", "domains", id, "validate"]) => self.validate(id),
            ("POST", ["mail", "send"]) => self.mail(&asked.json()),
            _ => refused(404, "not found", None),
        }
    }

    fn trouble(&self, status: u16) -> Value {
        refused(status, format!("simulated trouble {status}"), None).body
    }
}
