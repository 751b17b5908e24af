//! Tunnels: a way in to what has no address of its own. One operation makes the tunnel, says what it leads to, and gives it its names.

use async_trait::async_trait;
use engine::ports::{Permit, PortError};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ensure::{Plan, Want};
use super::{Cloudflare, Ensured, Record, RecordKind, Zone};
use crate::http::Call;

/// A name and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingress {
    /// `hooks.acme.example`.
    pub host: String,
    /// As seen from where the tunnel's program runs: `http://localhost:8000`.
    pub service: String,
}

/// A tunnel as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tunnel {
    /// What it is called here. At Cloudflare the owner stands before it: that is its mark.
    pub name: String,
    /// Its names; what asks for another one gets 404.
    pub ingress: Vec<Ingress>,
}

/// A tunnel as it is.
#[derive(Debug, Clone)]
pub struct TunnelState {
    /// A UUID.
    pub id: String,
    /// Its name at Cloudflare.
    pub name: String,
    /// `inactive` until its program runs, then `healthy`, `degraded` or `down`.
    pub status: Option<String>,
    /// What its program is started with: `cloudflared tunnel run --token …`.
    pub token: SecretString,
}

#[derive(Debug, Clone, Deserialize)]
struct Seen {
    id: String,
    name: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    remote_config: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
struct Configured {
    #[serde(default)]
    config: Option<Value>,
}

impl Cloudflare {
    /// A tunnel that shall be there, with its names and what they lead to. Its token is read anew each time.
    pub async fn ensure_tunnel(
        &self,
        permit: &Permit,
        zone: &Zone,
        tunnel: &Tunnel,
    ) -> Result<Ensured<TunnelState>, PortError> {
        let ensured = self.ensure(permit, &Wanted { zone, tunnel }).await?;
        let (seen, is_changed) = (ensured.thing, ensured.is_changed);
        let path = self.in_account(&["cfd_tunnel", &seen.id, "token"]).await?;
        let token: String = match self.client.read(Call::get(&path)).await {
            Ok(token) => token,
            Err(error) if is_changed => {
                return Err(PortError::unknown(format!("{}; then {error}", ensured.receipt.summary)));
            }
            Err(error) => return Err(error.of_read()),
        };
        Ok(Ensured {
            receipt: ensured.receipt.with("tunnel", &seen.id),
            is_changed,
            thing: TunnelState {
                id: seen.id,
                name: seen.name,
                status: seen.status,
                token: SecretString::from(token),
            },
        })
    }
}

struct Wanted<'a> {
    zone: &'a Zone,
    tunnel: &'a Tunnel,
}

impl Wanted<'_> {
    fn ingress(&self) -> Value {
        let mut rules: Vec<Value> = self
            .tunnel
            .ingress
            .iter()
            .map(|one| json!({ "hostname": one.host, "service": one.service }))
            .collect();
        // The last one has to fit everything; the description wants a host name, and an empty one is any.
        rules.push(json!({ "hostname": "", "service": "http_status:404" }));
        Value::Array(rules)
    }
}

/// What of a rule says where it leads; what else a rule holds are defaults.
fn leads(rule: &Value) -> (&str, &str, &str) {
    let text = |name: &str| rule[name].as_str().unwrap_or_default();
    (text("hostname"), text("path"), text("service"))
}

fn same_ingress(one: &Value, other: &Value) -> bool {
    let rules = |value: &Value| value.as_array().cloned().unwrap_or_default();
    rules(one).iter().map(leads).eq(rules(other).iter().map(leads))
}

#[async_trait]
impl Want for Wanted<'_> {
    type Thing = Seen;

    fn name(&self) -> String {
        format!("the tunnel {}", self.tunnel.name)
    }

    async fn look(&self, at: &Cloudflare, _: bool) -> Result<Plan<Seen>, PortError> {
        let (what, name) = (self.name(), at.owner.name_of(&self.tunnel.name));
        let path = at.in_account(&["cfd_tunnel"]).await?;
        let call = Call::get(&path).query("name", name.as_str()).query("is_deleted", "false");
        let all: Vec<Seen> = at.client.pages(&call, 100).await?;
        let there = all.into_iter().find(|one| one.name == name);
        // Names that are taken are found before anything is made, and are not what leads to a tunnel that is not there.
        let id = there.as_ref().map_or("0", |there| there.id.as_str());
        let mut record = None;
        for one in &self.tunnel.ingress {
            let wanted =
                Record::new(RecordKind::Cname, &one.host, format!("{id}.cfargotunnel.com")).proxied();
            if let Plan::Write(call, words) = at.record_plan(self.zone, &wanted).await? {
                record.get_or_insert((call, words));
            }
        }
        let Some(there) = there else {
            let body = json!({ "name": name, "config_src": "cloudflare" });
            return Ok(Plan::write(Call::post(&path).json(body), format!("made {what}")));
        };
        if there.remote_config == Some(false) {
            return Err(PortError::fail(
                format!("{what} is configured by a file where its program runs, not at Cloudflare"),
                "Remove it, or choose another name.",
            ));
        }
        let path = at.in_account(&["cfd_tunnel", &there.id, "configurations"]).await?;
        let configured: Option<Configured> = at.client.find(Call::get(&path)).await?;
        let mut config = configured.and_then(|it| it.config).unwrap_or_else(|| json!({}));
        if !same_ingress(&config["ingress"], &self.ingress()) {
            config["ingress"] = self.ingress();
            let call = Call::put(&path).json(json!({ "config": config }));
            return Ok(Plan::write(call, format!("told {what} where it leads")));
        }
        // Names come last: before, they would lead nowhere.
        Ok(match record {
            Some((call, words)) => Plan::Write(call, words),
            None => Plan::Done(there),
        })
    }
}
