//! Who mail may come from.

use engine::ports::PortError;
use serde::Deserialize;

use super::SendGrid;
use crate::http::Call;

/// Senders on a page.
const PAGE: usize = 100;
/// Pages that are looked through.
const PAGES_MAX: usize = 20;

/// An address somebody entered as a sender.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VerifiedSender {
    /// SendGrid's number for it.
    pub id: u64,
    /// The address.
    pub from_email: String,
    /// Whether its owner has clicked the link in the mail SendGrid sent there.
    pub verified: bool,
}

/// Whether mail may come from an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SenderIdentity {
    /// Its domain is valid.
    Domain(String),
    /// The address itself was verified.
    Address,
    /// It was entered, and its owner has not clicked the link yet.
    Waiting,
    /// Nobody entered it, and its domain is not valid.
    Unknown,
}

impl SenderIdentity {
    /// Whether SendGrid takes mail from it.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Domain(_) | Self::Address)
    }

    /// What a person does about it; empty when nothing.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Domain(_) | Self::Address => "",
            Self::Waiting => "Click the link in the mail SendGrid sent there.",
            Self::Unknown => {
                "Have its domain authenticated, or enter the address at https://app.sendgrid.com/settings/sender_auth."
            }
        }
    }
}

impl SendGrid {
    /// The addresses that were entered as senders.
    pub async fn verified_senders(&self) -> Result<Vec<VerifiedSender>, PortError> {
        #[derive(Deserialize)]
        struct Page {
            results: Vec<VerifiedSender>,
        }
        let mut all: Vec<VerifiedSender> = Vec::new();
        for _ in 0..PAGES_MAX {
            let mut call = Call::get(&["v3", "verified_senders"]).query("limit", PAGE.to_string());
            if let Some(last) = all.last() {
                call = call.query("lastSeenID", last.id.to_string());
            }
            let page: Page = self.get(call).await?;
            let is_last = page.results.len() < PAGE;
            all.extend(page.results);
            if is_last {
                return Ok(all);
            }
        }
        Err(PortError::fail(
            "SendGrid has more senders than are looked through",
            "Remove those nobody needs.",
        ))
    }

    /// Whether mail may come from an address: by its domain, or one that holds it, or by itself.
    pub async fn sender_identity(&self, address: &str) -> Result<SenderIdentity, PortError> {
        let mut domain = address.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
        while domain.contains('.') {
            if self.domains(domain).await?.iter().any(|one| one.is_valid) {
                return Ok(SenderIdentity::Domain(domain.to_owned()));
            }
            domain = domain.split_once('.').map(|(_, above)| above).unwrap_or_default();
        }
        let senders = self.verified_senders().await?;
        let ours: Vec<_> =
            senders.iter().filter(|one| one.from_email.eq_ignore_ascii_case(address)).collect();
        Ok(if ours.iter().any(|one| one.verified) {
            SenderIdentity::Address
        } else if ours.is_empty() {
            SenderIdentity::Unknown
        } else {
            SenderIdentity::Waiting
        })
    }
}
