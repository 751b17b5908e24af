//! Monitors: how the health of a pool's origins is found out.

use async_trait::async_trait;
use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ensure::{Plan, Want};
use super::{Cloudflare, Ensured};
use crate::http::Call;

/// A monitor as it shall be. Monitors have no names: ours is written into the description, behind the mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monitor {
    /// What it is called here.
    pub name: String,
    /// The path that is asked for.
    pub path: String,
    /// Status codes that mean health: `200`, `2xx`.
    pub expected_codes: String,
    /// Seconds between two checks; 60 unless the plan allows less.
    pub interval_s: u32,
    /// Seconds an answer may take.
    pub timeout_s: u32,
    /// Checks more before an origin counts as ill.
    pub retries: u32,
    /// Whether to ask over `https`.
    pub is_https: bool,
}

impl Monitor {
    /// `GET` over `https` every minute, 200 means health.
    pub fn new(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            path: path.into(),
            expected_codes: "200".to_owned(),
            interval_s: 60,
            timeout_s: 5,
            retries: 2,
            is_https: true,
        }
    }

    fn body(&self, description: &str) -> Value {
        json!({
            "description": description,
            "type": if self.is_https { "https" } else { "http" },
            "method": "GET",
            "path": self.path,
            "port": if self.is_https { 443 } else { 80 },
            "expected_codes": self.expected_codes,
            "interval": self.interval_s,
            "timeout": self.timeout_s,
            "retries": self.retries,
        })
    }
}

/// A monitor as it is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MonitorState {
    /// What a pool names it by.
    pub id: String,
    /// Where our mark and name stand.
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    created_on: Option<String>,
    #[serde(flatten)]
    rest: Value,
}

impl Cloudflare {
    /// A monitor that shall be there.
    pub async fn ensure_monitor(
        &self,
        permit: &Permit,
        monitor: &Monitor,
    ) -> Result<Ensured<MonitorState>, PortError> {
        let mut ensured = self.ensure(permit, monitor).await?;
        ensured.receipt = ensured.receipt.with("monitor", &ensured.thing.id);
        Ok(ensured)
    }
}

#[async_trait]
impl Want for Monitor {
    type Thing = MonitorState;

    fn name(&self) -> String {
        format!("the monitor {}", self.name)
    }

    async fn look(&self, at: &Cloudflare, wrote: bool) -> Result<Plan<MonitorState>, PortError> {
        let description = at.owner.mark_of(&self.name);
        let path = at.in_account(&["load_balancers", "monitors"]).await?;
        let mut there: Vec<MonitorState> = at.client.list(Call::get(&path)).await?;
        there.retain(|one| one.description == description);
        there.sort_by(|one, other| (&one.created_on, &one.id).cmp(&(&other.created_on, &other.id)));
        let body = self.body(&description);
        let what = format!("the monitor {}", self.name);
        let Some(first) = there.first() else {
            return Ok(Plan::write(Call::post(&path).json(body), format!("made {what}")));
        };
        // Two may be made at the same moment, as nothing keeps their descriptions apart: the older one stays.
        if let Some(second) = there.get(1).filter(|_| wrote) {
            let path = at.in_account(&["load_balancers", "monitors", &second.id]).await?;
            return Ok(Plan::write(
                Call::delete(&path).json(json!({})),
                format!("removed the second of {what}"),
            ));
        }
        if is_within(&body, &first.rest, &["description"]) {
            return Ok(Plan::Done(first.clone()));
        }
        let path = at.in_account(&["load_balancers", "monitors", &first.id]).await?;
        Ok(Plan::write(Call::patch(&path).json(body), format!("changed {what}")))
    }
}

/// Whether what is wanted is all there; fields that are not wanted in particular may be anything.
pub(super) fn is_within(wanted: &Value, there: &Value, but: &[&str]) -> bool {
    match (wanted, there) {
        (Value::Object(wanted), Value::Object(there)) => wanted
            .iter()
            .filter(|(name, _)| !but.contains(&name.as_str()))
            .all(|(name, value)| there.get(name).is_some_and(|it| is_within(value, it, but))),
        (Value::Array(wanted), Value::Array(there)) => {
            wanted.len() == there.len()
                && wanted.iter().zip(there).all(|(one, other)| is_within(one, other, but))
        }
        (Value::Number(wanted), Value::Number(there)) => wanted.as_f64() == there.as_f64(),
        _ => wanted == there,
    }
}
