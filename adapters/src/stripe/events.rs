//! Events that were not delivered.

use engine::clock::EpochMs;
use engine::ports::PortError;
use serde::Deserialize;

use super::Stripe;
use super::client::Listed;
use crate::http::Call;

/// Pages of events that are looked through: five hundred are reason enough to look.
const PAGES_MAX: usize = 5;

/// An event that some endpoint has not taken; what it is about is left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Event {
    /// Its identifier: `evt_…`.
    pub id: String,
    /// What happened: `charge.failed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When, in seconds since 1970.
    pub created: i64,
    /// How many endpoints have not taken it and are still tried; none when Stripe has given up.
    pub pending_webhooks: u32,
}

impl Listed for Event {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Events that were not delivered to some endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undelivered {
    /// The events, newest first. What happened a moment ago may just be under way.
    pub events: Vec<Event>,
    /// Whether there are more than were looked through.
    pub is_more: bool,
}

impl Undelivered {
    /// In a sentence; empty when all were delivered.
    pub fn says(&self) -> String {
        let Some(newest) = self.events.first() else { return String::new() };
        let given_up = self.events.iter().filter(|event| event.pending_webhooks == 0).count();
        let more = if self.is_more { " or more" } else { "" };
        format!(
            "{}{more} events were not delivered to a webhook, of {given_up} Stripe gave up; the newest is {} ({})",
            self.events.len(),
            newest.kind,
            newest.id
        )
    }
}

impl Stripe {
    /// Events since then whose delivery fails or is not done (`delivery_success=false`). Stripe keeps events for 30 days.
    pub async fn events_undelivered(&self, since_ms: EpochMs) -> Result<Undelivered, PortError> {
        let call = Call::get(&["v1", "events"])
            .query("delivery_success", "false")
            .query("created[gte]", since_ms.div_euclid(1_000).to_string());
        let (events, is_more) = self.list(call, PAGES_MAX).await?;
        Ok(Undelivered { events, is_more })
    }
}
