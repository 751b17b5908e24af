//! Emptying the cache.

use engine::ports::{Permit, PortError, Receipt};
use serde_json::json;

use super::{Cloudflare, Zone};
use crate::http::{ApiError, Call};

/// What one call holds on every plan.
const PER_CALL: usize = 30;

/// What is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// These addresses, written out: `https://acme.example/app.js`. Every plan has it.
    Files(Vec<String>),
    /// All of these hosts. Not every plan has it.
    Hosts(Vec<String>),
    /// All that begins like this, without `https://`: `acme.example/assets`. Not every plan has it.
    Prefixes(Vec<String>),
    /// All of the zone. Every plan has it; the origins then answer everything themselves for a while.
    Everything,
}

impl Cloudflare {
    /// Has Cloudflare forget what it keeps, within seconds. There is nothing to read back; to do it twice does no harm. A plan that can't purge so
    /// finely is an error: nothing more is purged than what was said.
    pub async fn purge(&self, permit: &Permit, zone: &Zone, purge: &Purge) -> Result<Receipt, PortError> {
        let (field, items) = match purge {
            Purge::Files(items) => ("files", items.as_slice()),
            Purge::Hosts(items) => ("hosts", items.as_slice()),
            Purge::Prefixes(items) => ("prefixes", items.as_slice()),
            Purge::Everything => {
                let receipt = self.purge_part(zone, json!({ "purge_everything": true })).await;
                let receipt = receipt.map_err(ApiError::of_write)?;
                return Ok(Receipt {
                    summary: format!("purged all that is cached of {}", zone.name),
                    ..receipt
                }
                .with("permit", permit.idempotency_key()));
            }
        };
        if items.is_empty() {
            return Err(PortError::fail(
                format!("nothing was named to purge from the cache of {}", zone.name),
                "",
            ));
        }
        let mut receipt = Receipt::default();
        for (part, items) in items.chunks(PER_CALL).enumerate() {
            receipt = self.purge_part(zone, json!({ field: items })).await.map_err(|error| {
                let is_plan =
                    field != "files" && matches!(error, ApiError::Refused { .. }) && !error.is_denied();
                match error.of_write() {
                    PortError::Fail { what, .. } if is_plan => PortError::fail(
                        what,
                        format!(
                            "If the plan of {} has no purge by {field}: purge addresses, or everything.",
                            zone.name
                        ),
                    ),
                    // Those before are gone already.
                    PortError::Retry { what, .. } if part > 0 => PortError::unknown(what),
                    other => other,
                }
            })?;
        }
        receipt.summary = format!("purged {} {field} from the cache of {}", items.len(), zone.name);
        Ok(receipt.with("permit", permit.idempotency_key()))
    }

    async fn purge_part(&self, zone: &Zone, body: serde_json::Value) -> Result<Receipt, ApiError> {
        let answer = self.client.write(Call::post(&["zones", &zone.id, "purge_cache"]).json(body)).await?;
        Ok(answer.receipt(""))
    }
}
