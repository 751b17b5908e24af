//! Rules of the firewall, and limits of requests: each a rule in the zone's list of its kind, known by its `ref`. Other people's rules
//! in the same list are never touched: a rule is added or changed by itself, the list is never written as a whole.

use async_trait::async_trait;
use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ensure::{Plan, Want};
use super::monitor::is_within;
use super::{Cloudflare, Ensured, Zone};
use crate::http::Call;

/// What happens to a request that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleAction {
    /// It is refused.
    Block,
    /// Cloudflare finds out whether it is a person, asking as little as it can.
    ManagedChallenge,
    /// A browser has to run a script.
    JsChallenge,
    /// It is only written down.
    Log,
}

impl RuleAction {
    fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::ManagedChallenge => "managed_challenge",
            Self::JsChallenge => "js_challenge",
            Self::Log => "log",
        }
    }
}

/// How many requests are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests of one address in a period, in one of Cloudflare's data centers.
    pub requests: u32,
    /// Seconds: 10, and more on larger plans (60, 120, 300, 600, 3600).
    pub period_s: u32,
    /// Seconds for which the action then holds.
    pub for_s: u32,
}

/// A rule as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it is called here; its `ref` at Cloudflare is the owner's mark and this.
    pub name: String,
    /// For people who read the list at Cloudflare.
    pub description: String,
    /// Which requests, in Cloudflare's language: `http.request.uri.path eq "/login"`.
    pub expression: String,
    /// What happens to them.
    pub action: RuleAction,
    /// Only when they are too many; nothing makes it a rule of the firewall.
    pub limit: Option<RateLimit>,
}

impl Rule {
    fn phase(&self) -> &'static str {
        if self.limit.is_some() { "http_ratelimit" } else { "http_request_firewall_custom" }
    }

    fn body(&self, reference: &str) -> Value {
        let mut body = json!({
            "ref": reference,
            "description": self.description,
            "expression": self.expression,
            "action": self.action.word(),
            "enabled": true,
        });
        if let Some(limit) = self.limit {
            body["ratelimit"] = json!({
                "characteristics": ["cf.colo.id", "ip.src"],
                "period": limit.period_s,
                "requests_per_period": limit.requests,
                "mitigation_timeout": limit.for_s,
            });
        }
        body
    }
}

/// A rule as it is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RuleState {
    /// 32 hexadecimal digits; what an event of the firewall names.
    pub id: String,
    #[serde(default, rename = "ref")]
    reference: Option<String>,
    #[serde(flatten)]
    rest: Value,
}

#[derive(Deserialize)]
struct Ruleset {
    id: String,
    #[serde(default)]
    rules: Vec<RuleState>,
}

impl Cloudflare {
    async fn rules(&self, zone: &Zone, phase: &str) -> Result<Option<Ruleset>, PortError> {
        let call = Call::get(&["zones", &zone.id, "rulesets", "phases", phase, "entrypoint"]);
        self.client.find(call).await
    }

    /// The reference of a rule: `infra-chat:acme/production login-limit`.
    fn reference(&self, rule: &Rule) -> String {
        self.owner.mark_of(&rule.name)
    }

    /// A rule that shall be there. Rules of others stay as they are, in their order.
    pub async fn ensure_rule(
        &self,
        permit: &Permit,
        zone: &Zone,
        rule: &Rule,
    ) -> Result<Ensured<RuleState>, PortError> {
        let mut ensured = self.ensure(permit, &Wanted { zone, rule }).await?;
        ensured.receipt = ensured.receipt.with("rule", &ensured.thing.id).with("phase", rule.phase());
        Ok(ensured)
    }

    /// Takes back a rule that [`Cloudflare::ensure_rule`] made, known by the mark in its `ref`.
    pub async fn remove_rule(
        &self,
        permit: &Permit,
        zone: &Zone,
        rule: &Rule,
    ) -> Result<Ensured<()>, PortError> {
        self.ensure(permit, &Unwanted { zone, rule }).await
    }
}

struct Wanted<'a> {
    zone: &'a Zone,
    rule: &'a Rule,
}

#[async_trait]
impl Want for Wanted<'_> {
    type Thing = RuleState;

    fn name(&self) -> String {
        format!("the rule {}", self.rule.name)
    }

    async fn look(&self, at: &Cloudflare, _: bool) -> Result<Plan<RuleState>, PortError> {
        let (what, zone, phase) = (self.name(), self.zone.id.as_str(), self.rule.phase());
        let reference = at.reference(self.rule);
        let body = self.rule.body(&reference);
        let Some(list) = at.rules(self.zone, phase).await? else {
            // Refused when somebody makes the list at the same moment; theirs is then looked at.
            let body = json!({ "name": "default", "kind": "zone", "phase": phase, "rules": [body] });
            let call = Call::post(&["zones", zone, "rulesets"]).json(body);
            return Ok(Plan::write(call, format!("made {what}, the first of its kind")));
        };
        let path = ["zones", zone, "rulesets", &list.id, "rules"];
        let there = list.rules.iter().find(|one| one.reference.as_ref() == Some(&reference));
        Ok(match there {
            None => Plan::write(Call::post(&path).json(body), format!("made {what}")),
            Some(there) if is_within(&body, &there.rest, &["ref"]) => Plan::Done(there.clone()),
            Some(there) => {
                let path = ["zones", zone, "rulesets", &list.id, "rules", &there.id];
                Plan::write(Call::patch(&path).json(body), format!("changed {what}"))
            }
        })
    }
}

struct Unwanted<'a> {
    zone: &'a Zone,
    rule: &'a Rule,
}

#[async_trait]
impl Want for Unwanted<'_> {
    type Thing = ();

    fn name(&self) -> String {
        format!("taking back the rule {}", self.rule.name)
    }

    async fn look(&self, at: &Cloudflare, _: bool) -> Result<Plan<()>, PortError> {
        let reference = at.reference(self.rule);
        let Some(list) = at.rules(self.zone, self.rule.phase()).await? else { return Ok(Plan::Done(())) };
        let Some(there) = list.rules.iter().find(|one| one.reference.as_ref() == Some(&reference)) else {
            return Ok(Plan::Done(()));
        };
        let call = Call::delete(&["zones", &self.zone.id, "rulesets", &list.id, "rules", &there.id]);
        Ok(Plan::write(call, format!("removed the rule {}", self.rule.name)))
    }
}
