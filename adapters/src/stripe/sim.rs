//! A small Stripe on this machine: one account in one mode, with webhook endpoints, products, prices and events. It keeps what it
//! answered under an idempotency key as Stripe does, tells a signing secret once, and refuses in Stripe's words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::http::sim::{Asked, Said, Simulated};

/// Endpoints an account may have in one mode.
const ENDPOINTS_MAX: usize = 16;
/// Things on a page unless told otherwise.
const PAGE: usize = 10;

/// A small Stripe. What it has is open, so that a test can be somebody else at the dashboard.
#[derive(Debug, Default)]
pub struct StripeSim {
    /// Whether its money is real.
    pub live: bool,
    /// The keys it takes, each with the first words of paths it may not read or write.
    pub keys: BTreeMap<String, BTreeSet<String>>,
    /// Webhook endpoints, without their secrets.
    pub endpoints: Vec<Value>,
    /// The secrets, by endpoint.
    pub secrets: BTreeMap<String, String>,
    /// Products.
    pub products: Vec<Value>,
    /// Prices.
    pub prices: Vec<Value>,
    /// Events; those in `undelivered` were not taken by some endpoint.
    pub events: Vec<Value>,
    /// Events that were not taken.
    pub undelivered: BTreeSet<String>,
    /// So many of the next writes fail inside: nothing is done, and the failure is kept under their key.
    pub breaks_inside: u32,
    kept: BTreeMap<String, (String, Said)>,
    made: u32,
}

/// A refusal in Stripe's form.
fn refused(status: u16, code: &str, says: impl Into<String>) -> Said {
    let kind = match status {
        500.. => "api_error",
        _ if code == "idempotency_error" => "idempotency_error",
        _ => "invalid_request_error",
    };
    let mut error = json!({ "type": kind, "message": says.into() });
    if code != kind {
        error["code"] = json!(code);
    }
    Said::with(status, json!({ "error": error }))
}

fn missing(kind: &str, id: &str) -> Said {
    refused(404, "resource_missing", format!("No such {kind}: '{id}'"))
}

/// A form's fields.
struct Form(Vec<(String, String)>);

impl Form {
    fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    fn is(&self, name: &str) -> Option<bool> {
        self.one(name).map(|value| value == "true")
    }

    fn many(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Puts its metadata into a thing; what is empty is taken out.
    fn mark(&self, thing: &mut Value) {
        for (name, value) in &self.0 {
            let Some(name) = name.strip_prefix("metadata[").and_then(|name| name.strip_suffix(']')) else {
                continue;
            };
            let Some(metadata) = thing["metadata"].as_object_mut() else { continue };
            if value.is_empty() {
                metadata.remove(name);
            } else {
                metadata.insert(name.to_owned(), json!(value));
            }
        }
    }
}

impl StripeSim {
    /// An empty account in test mode that takes one key.
    pub fn with_key(key: &str) -> Self {
        Self { keys: BTreeMap::from([(key.to_owned(), BTreeSet::new())]), ..Self::default() }
    }

    /// An endpoint, as somebody else makes one.
    pub fn endpoint_add(&mut self, url: &str, events: &[&str], mark: Option<&str>) -> String {
        let mut form = vec![("url".to_owned(), url.to_owned())];
        form.extend(events.iter().map(|event| ("enabled_events[]".to_owned(), (*event).to_owned())));
        form.extend(mark.map(|mark| (format!("metadata[{}]", super::MARK), mark.to_owned())));
        let said = self.endpoint_make(&Form(form));
        said.body["id"].as_str().unwrap_or_default().to_owned()
    }

    /// An event that was not taken by `pending` endpoints.
    pub fn event_add(&mut self, kind: &str, created: i64, pending: Option<u32>) {
        let id = self.next("evt");
        if pending.is_some() {
            self.undelivered.insert(id.clone());
        }
        self.events.push(json!({
            "id": id, "object": "event", "type": kind, "created": created, "livemode": self.live,
            "pending_webhooks": pending.unwrap_or_default(), "api_version": super::API_VERSION,
            "data": { "object": {} }, "request": null,
        }));
    }

    fn next(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}_sim{:06}", self.made)
    }

    fn created(&self) -> i64 {
        1_700_000_000 + i64::from(self.made)
    }

    fn endpoint_make(&mut self, form: &Form) -> Said {
        let (Some(url), events) = (form.one("url"), form.many("enabled_events[]")) else {
            return refused(400, "parameter_missing", "Missing required param: url.");
        };
        if events.is_empty() {
            return refused(400, "parameter_missing", "Missing required param: enabled_events.");
        }
        if !url.starts_with("https://") && (self.live || !url.starts_with("http://")) {
            return refused(400, "url_invalid", format!("Invalid URL: {url}"));
        }
        if self.endpoints.len() >= ENDPOINTS_MAX {
            return refused(
                400,
                "resource_exhausted",
                format!("You have reached the maximum of {ENDPOINTS_MAX} webhook endpoints."),
            );
        }
        let id = self.next("we");
        let mut endpoint = json!({
            "id": id, "object": "webhook_endpoint", "url": url, "enabled_events": events, "status": "enabled",
            "created": self.created(), "livemode": self.live, "metadata": {}, "api_version": null,
            "application": null, "description": null,
        });
        form.mark(&mut endpoint);
        let secret = format!("whsec_{}sim{:026}", if self.live { "L" } else { "T" }, self.made);
        self.secrets.insert(id, secret.clone());
        self.endpoints.push(endpoint.clone());
        endpoint["secret"] = json!(secret);
        Said::ok(endpoint)
    }

    fn endpoint_change(&mut self, id: &str, form: &Form) -> Said {
        let Some(endpoint) = find(&mut self.endpoints, id) else { return missing("webhook endpoint", id) };
        if let Some(url) = form.one("url") {
            endpoint["url"] = json!(url);
        }
        let events = form.many("enabled_events[]");
        if !events.is_empty() {
            endpoint["enabled_events"] = json!(events);
        }
        if let Some(disabled) = form.is("disabled") {
            endpoint["status"] = json!(if disabled { "disabled" } else { "enabled" });
        }
        form.mark(endpoint);
        Said::ok(endpoint.clone())
    }

    fn product_make(&mut self, form: &Form) -> Said {
        let Some(name) = form.one("name") else {
            return refused(400, "parameter_missing", "Missing required param: name.");
        };
        let id = form.one("id").map_or_else(|| self.next("prod"), str::to_owned);
        if find(&mut self.products, &id).is_some() {
            return refused(400, "resource_already_exists", "Product already exists.");
        }
        self.made += 1;
        let mut product = json!({
            "id": id, "object": "product", "name": name, "active": form.is("active").unwrap_or(true),
            "created": self.created(), "updated": self.created(), "livemode": self.live, "metadata": {},
            "description": form.one("description"), "default_price": null, "features": [], "images": [],
            "package_dimensions": null, "shippable": null, "tax_code": null, "url": null,
        });
        form.mark(&mut product);
        self.products.push(product.clone());
        Said::ok(product)
    }

    fn product_change(&mut self, id: &str, form: &Form) -> Said {
        if let Some(price) = form.one("default_price")
            && !self
                .prices
                .iter()
                .any(|one| one["id"] == price && one["product"] == id && one["active"] == true)
        {
            return refused(400, "resource_missing", format!("No such price: '{price}'"));
        }
        let Some(product) = find(&mut self.products, id) else { return missing("product", id) };
        for name in ["name", "description", "default_price"] {
            if let Some(text) = form.one(name) {
                product[name] = json!(text);
            }
        }
        if let Some(active) = form.is("active") {
            product["active"] = json!(active);
        }
        form.mark(product);
        Said::ok(product.clone())
    }

    fn price_make(&mut self, form: &Form) -> Said {
        let product = form.one("product").unwrap_or_default();
        if find(&mut self.products, product).is_none() {
            return refused(400, "resource_missing", format!("No such product: '{product}'"));
        }
        let amount: Option<i64> = form.one("unit_amount").and_then(|amount| amount.parse().ok());
        if let Some(key) = form.one("lookup_key") {
            let taken = self.prices.iter_mut().find(|one| one["lookup_key"] == key);
            match taken {
                Some(other) if form.is("transfer_lookup_key") == Some(true) => {
                    other["lookup_key"] = Value::Null;
                }
                Some(other) => {
                    let says = format!(
                        "A price ({}) already uses that lookup key.",
                        other["id"].as_str().unwrap_or_default()
                    );
                    return refused(400, "resource_already_exists", says);
                }
                None => {}
            }
        }
        let id = self.next("price");
        let recurring = form.one("recurring[interval]").map(|interval| {
            let count =
                form.one("recurring[interval_count]").and_then(|count| count.parse().ok()).unwrap_or(1_u32);
            json!({ "interval": interval, "interval_count": count, "usage_type": "licensed",
                    "aggregate_usage": null, "trial_period_days": null })
        });
        let mut price = json!({
            "id": id, "object": "price", "active": true, "billing_scheme": "per_unit", "created": self.created(),
            "currency": form.one("currency"), "livemode": self.live, "lookup_key": form.one("lookup_key"),
            "metadata": {}, "nickname": null, "product": product, "tiers_mode": null, "transform_quantity": null,
            "type": if recurring.is_some() { "recurring" } else { "one_time" }, "recurring": recurring,
            "unit_amount": amount, "unit_amount_decimal": amount.map(|amount| amount.to_string()),
            "custom_unit_amount": null, "tax_behavior": "unspecified",
        });
        form.mark(&mut price);
        self.prices.push(price.clone());
        Said::ok(price)
    }

    fn price_change(&mut self, id: &str, form: &Form) -> Said {
        let active = form.is("active");
        if active == Some(false) && self.products.iter().any(|product| product["default_price"] == id) {
            let says = "This price cannot be archived because it is the default price of its product.";
            return refused(400, "invalid_request_error", says);
        }
        let Some(price) = find(&mut self.prices, id) else { return missing("price", id) };
        if let Some(active) = active {
            price["active"] = json!(active);
        }
        form.mark(price);
        Said::ok(price.clone())
    }

    fn post(&mut self, path: &[&str], form: &Form) -> Said {
        match path {
            ["webhook_endpoints"] => self.endpoint_make(form),
            ["webhook_endpoints", id] => self.endpoint_change(id, form),
            ["products"] => self.product_make(form),
            ["products", id] => self.product_change(id, form),
            ["prices"] => self.price_make(form),
            ["prices", id] => self.price_change(id, form),
            _ => unknown_path(path),
        }
    }

    /// What a write comes to, or what was kept of it.
    fn written(&mut self, asked: &Asked, path: &[&str]) -> Said {
        let words = format!("{} {}", asked.path, String::from_utf8_lossy(&asked.body));
        let key = asked.headers.get("idempotency-key").cloned();
        if let Some((kept_words, said)) = key.as_ref().and_then(|key| self.kept.get(key)) {
            if *kept_words != words {
                let says = "Keys for idempotent requests can only be used with the same parameters they were first used with.";
                return refused(400, "idempotency_error", says);
            }
            return said.clone().header("idempotent-replayed", "true");
        }
        let said = if self.breaks_inside > 0 {
            self.breaks_inside -= 1;
            refused(500, "api_error", "An unknown error occurred.")
        } else {
            self.post(path, &Form(asked.form()))
        };
        // What is refused at the door is not kept.
        if let Some(key) = key.filter(|_| said.status < 400 || said.status >= 500) {
            self.kept.insert(key, (words, said.clone()));
        }
        said
    }

    fn delete(&mut self, path: &[&str]) -> Said {
        let ["webhook_endpoints", id] = path else { return unknown_path(path) };
        let before = self.endpoints.len();
        self.endpoints.retain(|one| one["id"] != *id);
        if self.endpoints.len() == before {
            return missing("webhook endpoint", id);
        }
        Said::ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
    }

    fn get(&mut self, asked: &Asked, path: &[&str]) -> Said {
        match path {
            ["account"] => Said::ok(json!({
                "id": "acct_sim1", "object": "account", "email": "pay@acme.example", "charges_enabled": true,
                "business_profile": { "name": "Acme" },
            })),
            ["balance"] => {
                let none = json!([{ "amount": 0, "currency": "eur" }]);
                Said::ok(
                    json!({ "object": "balance", "livemode": self.live, "available": none, "pending": none }),
                )
            }
            ["webhook_endpoints"] => listed(asked, &self.endpoints, |_| true),
            ["webhook_endpoints", id] => one(&self.endpoints, "webhook endpoint", id),
            ["products"] => listed(asked, &self.products, |_| true),
            ["products", id] => one(&self.products, "product", id),
            ["prices"] => {
                let keys: Vec<&str> = asked
                    .query
                    .iter()
                    .filter(|(name, _)| name == "lookup_keys[]")
                    .map(|(_, key)| key.as_str())
                    .collect();
                let active = asked.parameter("active").map(|active| active == "true");
                listed(asked, &self.prices, |price| {
                    (keys.is_empty() || keys.iter().any(|key| price["lookup_key"] == *key))
                        && active.is_none_or(|active| price["active"] == active)
                        && asked.parameter("product").is_none_or(|product| price["product"] == product)
                })
            }
            ["prices", id] => one(&self.prices, "price", id),
            ["events"] => {
                let since: i64 =
                    asked.parameter("created[gte]").and_then(|since| since.parse().ok()).unwrap_or(0);
                let wants_failed = asked.parameter("delivery_success") == Some("false");
                listed(asked, &self.events, |event| {
                    let id = event["id"].as_str().unwrap_or_default();
                    event["created"].as_i64().unwrap_or(0) >= since
                        && (!wants_failed || self.undelivered.contains(id))
                })
            }
            _ => unknown_path(path),
        }
    }
}

fn unknown_path(path: &[&str]) -> Said {
    refused(404, "invalid_request_error", format!("Unrecognized request URL (/v1/{}).", path.join("/")))
}

fn find<'v>(all: &'v mut [Value], id: &str) -> Option<&'v mut Value> {
    all.iter_mut().find(|one| one["id"] == id)
}

fn one(all: &[Value], kind: &str, id: &str) -> Said {
    all.iter().find(|one| one["id"] == id).map_or_else(|| missing(kind, id), |one| Said::ok(one.clone()))
}

/// A page, newest first.
fn listed(asked: &Asked, all: &[Value], wanted: impl Fn(&Value) -> bool) -> Said {
    let limit = asked.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(PAGE).clamp(1, 100);
    let all: Vec<&Value> = all.iter().rev().filter(|one| wanted(one)).collect();
    let from = match asked.parameter("starting_after") {
        None => 0,
        Some(id) => match all.iter().position(|one| one["id"] == id) {
            Some(at) => at + 1,
            None => return refused(400, "resource_missing", format!("No such object: '{id}'")),
        },
    };
    let rest = &all[from..];
    let page: Vec<&Value> = rest.iter().copied().take(limit).collect();
    Said::ok(
        json!({ "object": "list", "url": asked.path, "has_more": rest.len() > page.len(), "data": page }),
    )
}

impl Simulated for StripeSim {
    fn answer(&mut self, asked: &Asked) -> Said {
        let key = asked.bearer().unwrap_or_default();
        let Some(denied) = self.keys.get(key) else {
            let shown: String = key.chars().take(8).collect();
            return refused(401, "api_key_invalid", format!("Invalid API Key provided: {shown}****"));
        };
        let segments = asked.segments();
        let path: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
        let about = path.first().copied().unwrap_or_default();
        if denied.contains(about) {
            let says = format!(
                "The provided key does not have the required permissions for this endpoint ({about})."
            );
            return refused(403, "invalid_request_error", says);
        }
        let said = match asked.method.as_str() {
            "GET" => self.get(asked, &path),
            "POST" => self.written(asked, &path),
            "DELETE" => self.delete(&path),
            _ => unknown_path(&path),
        };
        self.made += 1;
        said.header("request-id", format!("req_sim{:06}", self.made))
    }

    fn trouble(&self, status: u16) -> Value {
        let code = if status == 429 { "rate_limit" } else { "api_error" };
        refused(status, code, format!("simulated trouble {status}")).body
    }
}
