//! Domains that mail may come from: SendGrid names DNS records, somebody puts them, SendGrid looks whether they are there.

use std::collections::BTreeMap;

use engine::ports::{Permit, PortError, Receipt};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Region, SendGrid};
use crate::http::{ApiError, Call};

const PATH: [&str; 3] = ["v3", "whitelabel", "domains"];
/// Domains on a page, the most SendGrid gives.
const PAGE: usize = 50;
/// Pages that are looked through.
const PAGES_MAX: usize = 20;

/// A DNS record that SendGrid wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    /// What SendGrid calls it: `mail_cname`, `dkim1`, `dkim2`.
    pub name: String,
    /// `CNAME`, `TXT` or `MX`.
    pub kind: String,
    /// Its whole name, without a dot at its end: `s1._domainkey.acme.example`.
    pub host: String,
    /// What stands in it.
    pub data: String,
    /// Whether SendGrid has seen it.
    pub is_there: bool,
    /// What SendGrid saw in its place, as far as it says so.
    pub why: Option<String>,
}

/// A domain and how far it is: a checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainState {
    /// SendGrid's number for it.
    pub id: u64,
    /// The domain.
    pub domain: String,
    /// The name below it that answers come back to.
    pub subdomain: String,
    /// Whether mail from it is signed: all records were seen.
    pub is_valid: bool,
    /// Its records.
    pub records: Vec<DnsRecord>,
}

impl DomainState {
    /// The records SendGrid has not seen.
    pub fn missing(&self) -> impl Iterator<Item = &DnsRecord> {
        self.records.iter().filter(|record| !record.is_there)
    }

    /// The checklist, a line for each record.
    pub fn says(&self) -> Vec<String> {
        let line = |record: &DnsRecord| {
            let sign = if record.is_there { "✓" } else { "✗" };
            let why = record.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("{sign} {} {} → {}{why}", record.kind, record.host, record.data)
        };
        self.records.iter().map(line).collect()
    }
}

/// A domain that SendGrid knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnsuredDomain {
    /// How far it is.
    pub state: DomainState,
    /// Whether it was made now.
    pub changed: bool,
    /// What people should know.
    pub notes: Vec<String>,
    /// For the record.
    pub receipt: Receipt,
}

#[derive(Deserialize)]
struct Domain {
    id: u64,
    #[serde(rename = "domain")]
    name: String,
    subdomain: String,
    valid: bool,
    dns: BTreeMap<String, Dns>,
}

#[derive(Deserialize)]
struct Dns {
    valid: bool,
    #[serde(rename = "type")]
    kind: String,
    host: String,
    data: String,
}

impl From<Domain> for DomainState {
    fn from(domain: Domain) -> Self {
        let record = |(name, dns): (String, Dns)| DnsRecord {
            name,
            kind: dns.kind.to_uppercase(),
            host: dns.host.trim_end_matches('.').to_owned(),
            data: dns.data,
            is_there: dns.valid,
            why: None,
        };
        let records = domain.dns.into_iter().map(record).collect();
        let Domain { id, name, subdomain, valid, .. } = domain;
        Self { id, domain: name, subdomain, is_valid: valid, records }
    }
}

impl SendGrid {
    /// All domains of that name, each with its records.
    pub async fn domains(&self, domain: &str) -> Result<Vec<DomainState>, PortError> {
        let mut all: Vec<DomainState> = Vec::new();
        for page in 0..PAGES_MAX {
            let call = Call::get(&PATH)
                .query("domain", domain)
                .query("limit", PAGE.to_string())
                .query("offset", (page * PAGE).to_string());
            let found: Vec<Domain> = self.get(call).await?;
            let is_last = found.len() < PAGE;
            // The parameter finds names that only hold it, too.
            all.extend(
                found
                    .into_iter()
                    .map(DomainState::from)
                    .filter(|one| one.domain.eq_ignore_ascii_case(domain)),
            );
            if is_last {
                return Ok(all);
            }
        }
        Err(PortError::fail(
            "SendGrid has more domains than are looked through",
            "Remove those nobody needs.",
        ))
    }

    /// Makes SendGrid know a domain, with a name below it that answers come back to. One that is there under another such name is
    /// taken when it is valid: mail from it is signed already. Nothing is ever removed here: what else is there is said.
    pub async fn domain_ensure(
        &self,
        permit: &Permit,
        domain: &str,
        subdomain: &str,
    ) -> Result<EnsuredDomain, PortError> {
        let label = |text: &str| {
            !text.is_empty()
                && text.len() <= 63
                && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if !domain.contains('.') || !domain.split('.').all(label) || !label(subdomain) {
            return Err(PortError::fail(
                format!("`{subdomain}.{domain}` is no domain mail can come from"),
                "Write it like acme.example, with one word for the name below it.",
            ));
        }
        let there = self.domains(domain).await?;
        if let Some(state) = chosen(&there, subdomain) {
            return Ok(ensured(state, &there, false, None));
        }
        let mut body = json!({ "domain": domain, "subdomain": subdomain, "automatic_security": true });
        if self.region == Region::Eu {
            body["region"] = json!("eu");
        }
        let receipt = match self.domain_made(permit, body).await {
            Ok(receipt) => Some(receipt),
            // Somebody may have made it meanwhile: then it is refused as a double.
            Err(ApiError::Refused { status: 400, .. })
                if chosen(&self.domains(domain).await?, subdomain).is_some() =>
            {
                None
            }
            Err(error) => return Err(error.of_write()),
        };
        let there = self.domains(domain).await?;
        match chosen(&there, subdomain) {
            Some(state) => Ok(ensured(state, &there, receipt.is_some(), receipt)),
            None => Err(PortError::unknown(format!("SendGrid took {domain} and does not show it"))),
        }
    }

    async fn domain_made(&self, _: &Permit, body: Value) -> Result<Receipt, ApiError> {
        let answer = self.api.send(Call::post(&PATH).json(body)).await?;
        let made: Domain = answer.json()?;
        Ok(answer.receipt(format!(
            "SendGrid knows {} now, and waits for {} DNS records",
            made.name,
            made.dns.len()
        )))
    }

    /// Has SendGrid look for the records, and says which it does not see. It changes nothing but what SendGrid knows of them, so
    /// it takes no permit and may be asked again.
    pub async fn domain_validate(&self, id: u64) -> Result<DomainState, PortError> {
        #[derive(Deserialize)]
        struct Validation {
            valid: bool,
            #[serde(default)]
            validation_results: BTreeMap<String, Seen>,
        }
        #[derive(Deserialize)]
        struct Seen {
            valid: bool,
            reason: Option<String>,
        }
        let number = id.to_string();
        let look = Call::post(&[PATH[0], PATH[1], PATH[2], &number, "validate"]).reading();
        let seen: Validation = self.get(look).await?;
        let domain: Domain = self.get(Call::get(&[PATH[0], PATH[1], PATH[2], &number])).await?;
        let mut state = DomainState::from(domain);
        state.is_valid = seen.valid;
        for record in &mut state.records {
            if let Some(seen) = seen.validation_results.get(&record.name) {
                record.is_there = seen.valid;
                record.why.clone_from(&seen.reason);
            }
        }
        Ok(state)
    }
}

/// The one with that name below it, or one that is valid; the oldest of several.
fn chosen<'d>(there: &'d [DomainState], subdomain: &str) -> Option<&'d DomainState> {
    let named =
        there.iter().filter(|one| one.subdomain == subdomain).min_by_key(|one| (!one.is_valid, one.id));
    named.or_else(|| there.iter().filter(|one| one.is_valid).min_by_key(|one| one.id))
}

fn ensured(
    state: &DomainState,
    all: &[DomainState],
    changed: bool,
    receipt: Option<Receipt>,
) -> EnsuredDomain {
    let others = all.iter().filter(|one| one.id != state.id);
    let note = |one: &DomainState| {
        format!("SendGrid has {} once more, as {}.{} ({})", one.domain, one.subdomain, one.domain, one.id)
    };
    let receipt = receipt.unwrap_or_else(|| Receipt::new(format!("SendGrid knows {} already", state.domain)));
    EnsuredDomain {
        notes: others.map(note).collect(),
        changed,
        receipt: receipt
            .with("domain", &state.domain)
            .with("domain-id", state.id)
            .with("valid", state.is_valid),
        state: state.clone(),
    }
}
