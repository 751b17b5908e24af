//! Zones: the domains an account holds.

use async_trait::async_trait;
use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::json;

use super::ensure::{Plan, Want};
use super::{Account, Cloudflare, Ensured};
use crate::http::Call;

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Zone {
    /// 32 hexadecimal digits.
    pub id: String,
    /// `acme.example`.
    pub name: String,
    /// Whose it is.
    pub account: Account,
    /// The name servers that the domain's registrar has to name.
    #[serde(default)]
    pub name_servers: Vec<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    activated_on: Option<String>,
}

impl Zone {
    /// Whether the domain is served from here: its registrar names the right servers.
    pub fn is_active(&self) -> bool {
        match &self.status {
            Some(status) => status == "active",
            None => self.activated_on.is_some(),
        }
    }

    /// What is still to do by a person; nothing once it is active.
    pub fn to_do(&self) -> Option<String> {
        (!self.is_active()).then(|| {
            format!(
                "{} is not served by Cloudflare yet: set its name servers at the registrar to {}",
                self.name,
                self.name_servers.join(" and ")
            )
        })
    }
}

impl Cloudflare {
    /// The zones the token sees.
    pub async fn zones(&self) -> Result<Vec<Zone>, PortError> {
        self.client.pages(&Call::get(&["zones"]), 50).await
    }

    /// The zone of exactly that name.
    pub async fn zone(&self, name: &str) -> Result<Option<Zone>, PortError> {
        let name = name.trim_end_matches('.').to_lowercase();
        let mut call = Call::get(&["zones"]).query("name", name.as_str());
        if self.wanted_account.is_some() {
            call = call.query("account.id", self.account().await?.id.as_str());
        }
        let found: Vec<Zone> = self.client.pages(&call, 50).await?;
        Ok(found.into_iter().find(|zone| zone.name == name))
    }

    /// The zone a host is in: the longest of its endings that is one.
    pub async fn zone_of(&self, host: &str) -> Result<Zone, PortError> {
        let mut rest = host.trim_end_matches('.');
        while rest.contains('.') {
            if let Some(zone) = self.zone(rest).await? {
                return Ok(zone);
            }
            rest = rest.split_once('.').map_or("", |(_, rest)| rest);
        }
        Err(PortError::fail(
            format!("Cloudflare holds no zone for {host}, or the token does not see it"),
            "Add the domain, or give the token Zone: Read for it.",
        ))
    }

    /// A zone that shall be there. Until its registrar names the right servers it is pending: [`Zone::to_do`] says which.
    pub async fn ensure_zone(&self, permit: &Permit, name: &str) -> Result<Ensured<Zone>, PortError> {
        let name = name.trim_end_matches('.').to_lowercase();
        let mut ensured = self.ensure(permit, &Named(&name)).await?;
        let zone = &ensured.thing;
        ensured.receipt =
            ensured.receipt.with("zone", &zone.id).with("name-servers", zone.name_servers.join(" "));
        Ok(ensured)
    }
}

struct Named<'a>(&'a str);

#[async_trait]
impl Want for Named<'_> {
    type Thing = Zone;

    fn name(&self) -> String {
        format!("the zone {}", self.0)
    }

    async fn look(&self, at: &Cloudflare, _: bool) -> Result<Plan<Zone>, PortError> {
        if let Some(zone) = at.zone(self.0).await? {
            return Ok(Plan::Done(zone));
        }
        let account = at.account().await?;
        let body = json!({ "name": self.0, "account": { "id": account.id }, "type": "full" });
        Ok(Plan::write(Call::post(&["zones"]).json(body), format!("added the zone {}", self.0)))
    }
}
