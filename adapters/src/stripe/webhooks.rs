//! Webhook endpoints: where Stripe tells what happened.
//!
//! Stripe lets several endpoints have one address, so ours carry a mark in their metadata and are looked for by it. The secret that
//! signs is told in the answer to the creation alone.

use std::collections::{BTreeMap, BTreeSet};

use engine::ports::{Permit, PortError, Receipt};
use secrecy::SecretString;
use serde::Deserialize;

use super::client::{Kept, Listed, MARK, differs, mark_checked, mark_pair, pair};
use super::{Mode, Stripe};
use crate::http::Call;

/// Pages that are looked through. Stripe allows 16 endpoints of an account's own in each mode.
const PAGES_MAX: usize = 10;
const PATH: [&str; 2] = ["v1", "webhook_endpoints"];

/// An endpoint as Stripe has it; its secret is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WebhookEndpoint {
    /// Its identifier: `we_…`.
    pub id: String,
    /// Where it leads.
    pub url: String,
    /// What is told; `*` is nearly everything.
    pub enabled_events: BTreeSet<String>,
    /// `enabled` or `disabled`.
    pub status: String,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// What was written into it.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

impl WebhookEndpoint {
    /// Our mark.
    pub fn mark(&self) -> Option<&str> {
        self.metadata.get(MARK).map(String::as_str)
    }
}

impl Listed for WebhookEndpoint {
    fn id(&self) -> &str {
        &self.id
    }
}

/// An endpoint as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedEndpoint {
    /// What it is known by and stays the same when its address changes: `acme/production/payments`.
    pub mark: String,
    /// Where it leads.
    pub url: String,
    /// What is told. A name Stripe does not know is refused by Stripe.
    pub events: BTreeSet<String>,
}

/// An endpoint that is as it should be.
#[derive(Debug)]
pub struct EnsuredEndpoint {
    /// As it was read back.
    pub endpoint: WebhookEndpoint,
    /// What it signs with, when it was made now: keep it, it is not told again.
    pub secret: Option<SecretString>,
    /// Whether anything was written.
    pub changed: bool,
    /// What people should know: doubles that were removed, a secret that nobody has any more.
    pub notes: Vec<String>,
    /// For the record.
    pub receipt: Receipt,
}

impl Stripe {
    /// All endpoints of the account in this mode.
    pub async fn webhook_endpoints(&self) -> Result<Vec<WebhookEndpoint>, PortError> {
        let (all, is_more) = self.list(Call::get(&PATH), PAGES_MAX).await?;
        if is_more {
            return Err(PortError::fail(
                "Stripe has more webhook endpoints than are looked through",
                "Remove those nobody needs.",
            ));
        }
        Ok(all)
    }

    /// Makes an endpoint be there once, as wanted. `secret_of` is the endpoint whose secret is kept already, if any.
    ///
    /// Ours are found by their mark, through all pages. Of several the one whose secret is kept stays, and the others are removed.
    /// Without a kept secret an endpoint is worth nothing: another is made, and what was there is removed after it, so that
    /// nothing goes untold between. When it was this very step that made it and the answer got lost, Stripe gives the same answer
    /// again under the same idempotency key, secret and all, within a day. A changed address or changed events are written into the
    /// endpoint that is there: its secret stays.
    ///
    /// # Errors
    /// [`PortError::Fail`] when an endpoint that is not marked so delivers to that address: what happens would be told twice.
    pub async fn webhook_endpoint_ensure(
        &self,
        permit: &Permit,
        wanted: &WantedEndpoint,
        secret_of: Option<&str>,
    ) -> Result<EnsuredEndpoint, PortError> {
        self.wanted_checked(wanted)?;
        let all = self.webhook_endpoints().await?;
        let is_ours = |one: &&WebhookEndpoint| one.mark() == Some(wanted.mark.as_str());
        // One that people made, and whose secret they gave us, becomes ours.
        let is_adopted = |one: &&WebhookEndpoint| one.mark().is_none() && Some(one.id.as_str()) == secret_of;
        if let Some(other) = all.iter().find(|one| one.url == wanted.url && !is_ours(one) && !is_adopted(one))
        {
            return Err(stranger(other, &wanted.url));
        }
        let mut ours: Vec<&WebhookEndpoint> = all.iter().filter(is_ours).collect();
        ours.sort_by_key(|one| (one.created, one.id.clone()));
        let kept =
            all.iter().find(|one| Some(one.id.as_str()) == secret_of && (is_ours(one) || is_adopted(one)));
        let mut notes = Vec::new();
        let mut receipt = None;
        let (endpoint, secret) = if let Some(kept) = kept {
            (kept.clone(), None)
        } else {
            let (made, secret, told) = self.webhook_endpoint_made(permit, wanted).await?;
            receipt = Some(told);
            (made, Some(secret))
        };
        let doubles: Vec<&WebhookEndpoint> = ours.into_iter().filter(|one| one.id != endpoint.id).collect();
        let mut changed = secret.is_some();
        if is_different(&endpoint, wanted) {
            if endpoint.status != "enabled" {
                notes.push(format!(
                    "Webhook endpoint {} was {}: it is enabled again",
                    endpoint.id, endpoint.status
                ));
            }
            let path = [PATH[0], PATH[1], &endpoint.id];
            let mut form = form(wanted);
            form.push(pair("disabled", false));
            let written = self.write(permit, &path, form, Kept::Never).await?;
            receipt = Some(
                written.answer.receipt(format!("changed webhook endpoint {} to {}", endpoint.id, wanted.url)),
            );
            changed = true;
        }
        for double in doubles {
            notes.push(if secret.is_some() {
                format!(
                    "Nobody kept the signing secret of webhook endpoint {}: {} took its place",
                    double.id, endpoint.id
                )
            } else {
                format!("Webhook endpoint {} was a double of {} and is removed", double.id, endpoint.id)
            });
            self.webhook_endpoint_remove(permit, &double.id, &wanted.mark).await?;
            changed = true;
        }
        let endpoint = if changed { self.as_written(&endpoint.id, wanted).await? } else { endpoint };
        let receipt = receipt
            .unwrap_or_else(|| Receipt::new(format!("webhook endpoint {} is as it should be", endpoint.id)))
            .with("webhook-endpoint", &endpoint.id)
            .with("url", &endpoint.url)
            .with("events", endpoint.enabled_events.len());
        Ok(EnsuredEndpoint { endpoint, secret, changed, notes, receipt })
    }

    /// Removes an endpoint of ours; it may be gone already.
    ///
    /// # Errors
    /// [`PortError::Fail`] when it does not carry that mark.
    pub async fn webhook_endpoint_remove(
        &self,
        permit: &Permit,
        id: &str,
        mark: &str,
    ) -> Result<Receipt, PortError> {
        let path = [PATH[0], PATH[1], id];
        let gone = || Receipt::new(format!("webhook endpoint {id} is gone already"));
        let Some(there) = self.get::<WebhookEndpoint>(Call::get(&path)).await? else { return Ok(gone()) };
        if there.mark() != Some(mark) {
            return Err(PortError::fail(
                format!("webhook endpoint {id} is not marked as `{mark}`, so it is not removed"),
                "Remove it at https://dashboard.stripe.com/webhooks if nobody needs it.",
            ));
        }
        let removed = self.remove(permit, &path).await?;
        let receipt = removed.map(|answer| answer.receipt(format!("removed webhook endpoint {id}")));
        Ok(receipt.unwrap_or_else(gone).with("webhook-endpoint", id))
    }

    fn wanted_checked(&self, wanted: &WantedEndpoint) -> Result<(), PortError> {
        mark_checked(&wanted.mark)?;
        let scheme = url::Url::parse(&wanted.url).map(|url| url.scheme().to_owned()).unwrap_or_default();
        let is_good = scheme == "https" || (scheme == "http" && self.mode() == Mode::Test);
        if !is_good {
            return Err(PortError::fail(
                format!("Stripe can't tell what happens to {}", wanted.url),
                "Give an address that begins with https://.",
            ));
        }
        if wanted.events.is_empty() {
            return Err(PortError::fail(
                "No events are chosen for the webhook",
                "Name them: charge.failed, …",
            ));
        }
        Ok(())
    }

    async fn webhook_endpoint_made(
        &self,
        permit: &Permit,
        wanted: &WantedEndpoint,
    ) -> Result<(WebhookEndpoint, SecretString, Receipt), PortError> {
        let written = self.write(permit, &PATH, form(wanted), Kept::IfThereWith("secret")).await?;
        let made: WebhookEndpoint = written.read()?;
        let Some(secret) = written.value["secret"].as_str().filter(|secret| !secret.is_empty()) else {
            return Err(PortError::unknown(format!(
                "Stripe did not tell the signing secret of webhook endpoint {}",
                made.id
            )));
        };
        let receipt = written.answer.receipt(format!("made webhook endpoint {} to {}", made.id, made.url));
        Ok((made, SecretString::from(secret), receipt))
    }

    async fn as_written(&self, id: &str, wanted: &WantedEndpoint) -> Result<WebhookEndpoint, PortError> {
        let there: Option<WebhookEndpoint> = self.get(Call::get(&[PATH[0], PATH[1], id])).await?;
        there
            .filter(|one| !is_different(one, wanted))
            .ok_or_else(|| differs(&format!("webhook endpoint {id}")))
    }
}

fn form(wanted: &WantedEndpoint) -> Vec<(String, String)> {
    let mut form = vec![pair("url", &wanted.url), mark_pair(&wanted.mark)];
    form.extend(wanted.events.iter().map(|event| pair("enabled_events[]", event)));
    form
}

fn is_different(there: &WebhookEndpoint, wanted: &WantedEndpoint) -> bool {
    there.url != wanted.url
        || there.enabled_events != wanted.events
        || there.status != "enabled"
        || there.mark() != Some(wanted.mark.as_str())
}

fn stranger(other: &WebhookEndpoint, url: &str) -> PortError {
    let whose = match other.mark() {
        Some(mark) => format!("that of `{mark}`"),
        None => "one that somebody made by hand".to_owned(),
    };
    PortError::fail(
        format!(
            "webhook endpoint {} ({whose}) leads to {url} already, and events would come twice",
            other.id
        ),
        "Give its signing secret to take it over, or remove it at https://dashboard.stripe.com/webhooks.",
    )
}
