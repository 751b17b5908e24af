//! Whether the token works, for whom, and what it may do: asked by reading calls alone.

use engine::ports::PortError;
use serde::Deserialize;

use super::Cloudflare;
use crate::http::{ApiError, Call, Verified};

#[derive(Deserialize)]
struct Token {
    status: String,
    #[serde(default)]
    expires_on: Option<String>,
}

/// A permission, the call that shows it, and what needs it.
struct Probe {
    permission: &'static str,
    needed: &'static str,
    call: Call,
}

fn probe(permission: &'static str, needed: &'static str, call: Call) -> Probe {
    Probe { permission, needed, call }
}

impl Cloudflare {
    /// Asks whose the token is and what it sees. What it may *write* can't be seen by reading: a missing right to edit shows with the first change, and is
    /// said there. `domains` are those it is for; nothing names none.
    ///
    /// # Errors
    /// [`PortError::Fail`] when the token is not accepted; a permission that is missing is told in the answer.
    pub async fn verify(&self, domains: &[&str]) -> Result<Verified, PortError> {
        let mut found = Verified::default();
        let token = self.client.read::<Token>(Call::get(&["user", "tokens", "verify"])).await;
        let accounts = match self.accounts().await {
            Ok(accounts) => accounts,
            // Who is nobody is told so; who may not list accounts goes on.
            Err(error @ PortError::Fail { .. }) if token.is_ok() => {
                found.missing.push(format!("Account Settings: Read, to find the account ({error})"));
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        match token {
            Ok(token) if token.status == "active" => {
                let until = token.expires_on.as_ref().map(|at| format!(" until {at}")).unwrap_or_default();
                found.says.push(format!("the token is active{until}"));
                if token.expires_on.is_none() {
                    found.warnings.push("the token never ends: give it an end and renew it".to_owned());
                }
            }
            Ok(token) => {
                return Err(PortError::fail(
                    format!("the Cloudflare token is {}", token.status),
                    "Make a new one, and set it.",
                ));
            }
            // Tokens of an account, not of a person, are unknown there and work all the same.
            Err(error) if error.is_denied() && !accounts.is_empty() => {
                found.says.push("the token belongs to the account, not to a person".to_owned());
            }
            Err(error) => return Err(error.of_read()),
        }
        if accounts.len() > 1 {
            let names: Vec<&str> = accounts.iter().map(|one| one.name.as_str()).collect();
            found.warnings.push(format!("the token sees {} accounts: {}", names.len(), names.join(", ")));
        }
        let account = if accounts.is_empty() { None } else { Some(self.account_of(accounts)?) };
        if let Some(account) = &account {
            found.account.clone_from(&account.name);
        }
        self.zones_seen(domains, &mut found).await?;
        Ok(found)
    }

    async fn zones_seen(&self, domains: &[&str], found: &mut Verified) -> Result<(), PortError> {
        let zones = match self.zones().await {
            Ok(zones) => zones,
            Err(PortError::Fail { what, .. }) => {
                found.missing.push(format!("Zone: Read, to find domains ({what})"));
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        for zone in &zones {
            found.says.push(match zone.to_do() {
                None => format!("it sees the domain {}", zone.name),
                Some(to_do) => format!("it sees the domain {}; {to_do}", zone.name),
            });
        }
        for domain in domains {
            if !zones.iter().any(|zone| zone.name == *domain) {
                found
                    .missing
                    .push(format!("the domain {domain}: add it at Cloudflare, or let the token see it"));
            }
        }
        let others: Vec<&str> = zones
            .iter()
            .map(|zone| zone.name.as_str())
            .filter(|name| !domains.is_empty() && !domains.contains(name))
            .collect();
        if !others.is_empty() {
            found.warnings.push(format!("the token sees domains it is not for: {}", others.join(", ")));
        }
        let zone = zones.iter().find(|zone| domains.is_empty() || domains.contains(&zone.name.as_str()));
        let Some(zone) = zone else { return Ok(()) };
        let (zone, account) = (zone.id.as_str(), zone.account.id.as_str());
        for one in needed(zone, account) {
            if self.may(one.call).await? {
                found.says.push(format!("it may read {}", one.permission));
            } else {
                found.missing.push(format!("{}: {}", one.permission, one.needed));
            }
        }
        for one in not_needed(zone, account) {
            if self.may(one.call).await? {
                found
                    .warnings
                    .push(format!("the token may read {}, which nothing here needs", one.permission));
            }
        }
        found.says.push("whether it may purge the cache shows when it does".to_owned());
        Ok(())
    }

    /// Whether a reading call is let through. That there is nothing to read is a yes.
    async fn may(&self, call: Call) -> Result<bool, PortError> {
        match self.client.read::<serde_json::Value>(call).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_denied() => Ok(false),
            Err(error @ ApiError::Refused { .. }) => {
                tracing::debug!(%error, "a probe was refused for another reason than its token");
                Ok(true)
            }
            Err(error) => Err(error.of_read()),
        }
    }
}

fn needed(zone: &str, account: &str) -> Vec<Probe> {
    let waf = ["zones", zone, "rulesets", "phases", "http_request_firewall_custom", "entrypoint"];
    vec![
        probe("DNS (Zone)", "DNS: Edit, for records", Call::get(&["zones", zone, "dns_records"])),
        probe(
            "Load Balancers (Zone)",
            "Load Balancers: Edit, for a canary's host",
            Call::get(&["zones", zone, "load_balancers"]),
        ),
        probe(
            "Load Balancing: Monitors And Pools (Account)",
            "Load Balancing: Monitors And Pools: Edit, for a canary's weights",
            Call::get(&["accounts", account, "load_balancers", "pools"]),
        ),
        probe(
            "Health Checks (Zone)",
            "Health Checks: Edit, for checks of an address",
            Call::get(&["zones", zone, "healthchecks"]),
        ),
        probe(
            "Cloudflare Tunnel (Account)",
            "Cloudflare Tunnel: Edit, for ways in to this machine",
            Call::get(&["accounts", account, "cfd_tunnel"]),
        ),
        probe("Zone WAF (Zone)", "Zone WAF: Edit, for rules and limits of requests", Call::get(&waf)),
    ]
}

fn not_needed(zone: &str, account: &str) -> Vec<Probe> {
    vec![
        probe("SSL and Certificates (Zone)", "", Call::get(&["zones", zone, "ssl", "universal", "settings"])),
        probe("Account Rulesets (Account)", "", Call::get(&["accounts", account, "rulesets"])),
        probe(
            "Firewall Services (Zone)",
            "",
            Call::get(&["zones", zone, "firewall", "access_rules", "rules"]),
        ),
    ]
}
