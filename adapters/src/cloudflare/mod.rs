#![doc = include_str!("README.md")]

mod access;
mod balancer;
mod cache;
mod client;
mod dns;
mod ensure;
mod health;
mod monitor;
mod owner;
mod pool;
mod route;
mod rules;
pub mod sim;
mod tunnel;
mod zone;

use engine::ports::PortError;
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::http::{ApiError, Budgets, Call, Settings};

pub use balancer::{Affinity, Balancer, LoadBalancer};
pub use cache::Purge;
pub use client::CLOUDFLARE;
pub use dns::{DnsRecord, Record, RecordKind};
pub use ensure::Ensured;
pub use health::{Healthcheck, HealthcheckState, OriginHealth};
pub use monitor::{Monitor, MonitorState};
pub use owner::Owner;
pub use pool::{Origin, Pool, PoolState};
pub use route::{Canary, Route, Weights};
pub use rules::{RateLimit, Rule, RuleAction, RuleState};
pub use tunnel::{Ingress, Tunnel, TunnelState};
pub use zone::Zone;

use client::Client;

/// Cloudflare with one token, on behalf of one environment.
#[derive(Debug, Clone)]
pub struct Cloudflare {
    client: Client,
    owner: Owner,
    account: OnceCell<Account>,
    wanted_account: Option<String>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// 32 hexadecimal digits.
    pub id: String,
    /// For people.
    pub name: String,
}

impl Cloudflare {
    /// Asks nothing yet. `account` (name or identifier) is needed where the token sees several.
    pub fn new(
        settings: &Settings,
        budgets: &Budgets,
        owner: Owner,
        account: Option<&str>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            client: Client::new(settings, budgets)?,
            owner,
            account: OnceCell::new(),
            wanted_account: account.map(str::to_owned),
        })
    }

    /// The accounts the token sees.
    pub async fn accounts(&self) -> Result<Vec<Account>, PortError> {
        self.client.pages(&Call::get(&["accounts"]), 50).await
    }

    /// The account that pools, monitors and tunnels are in.
    pub async fn account(&self) -> Result<&Account, PortError> {
        self.account.get_or_try_init(|| async { self.account_of(self.accounts().await?) }).await
    }

    fn account_of(&self, seen: Vec<Account>) -> Result<Account, PortError> {
        let names = seen.iter().map(|one| one.name.clone()).collect::<Vec<_>>().join(", ");
        let mut fitting: Vec<Account> = match &self.wanted_account {
            None => seen,
            Some(wanted) => seen.into_iter().filter(|one| one.id == *wanted || one.name == *wanted).collect(),
        };
        match (fitting.pop(), fitting.is_empty()) {
            (Some(account), true) => Ok(account),
            (Some(_), false) => Err(PortError::fail(
                format!("the Cloudflare token sees several accounts: {names}"),
                "Say which one is meant (`cloudflare.account`).",
            )),
            (None, _) if names.is_empty() => Err(PortError::fail(
                "the Cloudflare token sees no account",
                "Give it the permission Account Settings: Read for the account.",
            )),
            (None, _) => Err(PortError::fail(
                format!(
                    "the Cloudflare token does not see the account {}; it sees {names}",
                    self.wanted_account.as_deref().unwrap_or_default()
                ),
                "Set `cloudflare.account` to one of these, or make a token in the right account.",
            )),
        }
    }

    /// A path in the account.
    async fn in_account<'p>(&'p self, rest: &[&'p str]) -> Result<Vec<&'p str>, PortError> {
        let mut path = vec!["accounts", self.account().await?.id.as_str()];
        path.extend(rest);
        Ok(path)
    }
}
