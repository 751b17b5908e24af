//! Records of a zone.

use std::net::Ipv6Addr;

use async_trait::async_trait;
use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ensure::{Plan, Want};
use super::{Cloudflare, Ensured, Owner, Zone};
use crate::http::Call;

/// What `ttl` is where Cloudflare chooses it; all that is proxied has this one.
const TTL_AUTOMATIC: u32 = 1;

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// Another name.
    Cname,
    /// Text.
    Txt,
    /// Who takes mail.
    Mx,
}

impl RecordKind {
    fn word(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Txt => "TXT",
            Self::Mx => "MX",
        }
    }

    /// Whether a name has one of them; of the others it has as many as there are contents.
    fn is_single(self) -> bool {
        matches!(self, Self::A | Self::Aaaa | Self::Cname)
    }
}

/// A record as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its kind.
    pub kind: RecordKind,
    /// The whole name: `api.acme.example`.
    pub name: String,
    /// An address, a name, or text without quotes.
    pub content: String,
    /// Whether Cloudflare answers in its place; of addresses and names only.
    pub proxied: bool,
    /// Seconds it may be kept by who asked, 60 to 86,400; 1 lets Cloudflare choose. Of no meaning when proxied.
    pub ttl: u32,
    /// Of mail servers: the lowest is asked first.
    pub priority: Option<u16>,
}

impl Record {
    /// One whose `ttl` Cloudflare chooses, not proxied.
    pub fn new(kind: RecordKind, name: impl Into<String>, content: impl Into<String>) -> Self {
        let (name, content) = (name.into(), content.into());
        Self { kind, name, content, proxied: false, ttl: TTL_AUTOMATIC, priority: None }
    }

    /// Cloudflare answers in its place.
    #[must_use]
    pub fn proxied(mut self) -> Self {
        self.proxied = true;
        self
    }

    /// With a priority.
    #[must_use]
    pub fn priority(mut self, priority: u16) -> Self {
        self.priority = Some(priority);
        self
    }

    fn ttl_sent(&self) -> u32 {
        if self.proxied { TTL_AUTOMATIC } else { self.ttl }
    }

    fn body(&self, owner: &Owner) -> Value {
        let mut body = json!({
            "type": self.kind.word(),
            "name": self.name,
            "content": self.content,
            "ttl": self.ttl_sent(),
            "comment": owner.mark(),
        });
        if self.kind.is_single() {
            body["proxied"] = json!(self.proxied);
        }
        if self.kind == RecordKind::Mx {
            body["priority"] = json!(self.priority.unwrap_or(10));
        }
        body
    }

    /// Whether what is there is all that is wanted.
    fn is(&self, there: &DnsRecord) -> bool {
        same_content(self.kind, &there.content, &self.content)
            && (!self.kind.is_single() || there.proxied == self.proxied)
            && there.ttl == self.ttl_sent()
            && (self.kind != RecordKind::Mx || there.priority == Some(self.priority.unwrap_or(10)))
    }

    /// Whether it stands where this one would.
    fn is_in_place_of(&self, there: &DnsRecord) -> bool {
        self.kind.is_single()
            || same_content(self.kind, &there.content, &self.content)
            || (self.kind == RecordKind::Txt
                && tag(&self.content).is_some_and(|own| tag(plain(&there.content).as_str()) == Some(own)))
    }

    fn checked(&self, zone: &Zone) -> Result<(), PortError> {
        let is_inside = self.name == zone.name || self.name.ends_with(&format!(".{}", zone.name));
        let fault = if !is_inside {
            format!("{} is no name in the zone {}", self.name, zone.name)
        } else if self.content.trim().is_empty() {
            format!("the {} record {} has no content", self.kind.word(), self.name)
        } else if self.ttl != TTL_AUTOMATIC && !(60..=86_400).contains(&self.ttl) {
            format!("a record can be kept for 60 to 86400 seconds, not for {}", self.ttl)
        } else if self.proxied && !self.kind.is_single() {
            format!("a {} record can't be proxied", self.kind.word())
        } else {
            return Ok(());
        };
        Err(PortError::fail(fault, ""))
    }
}

/// A record as it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DnsRecord {
    /// 32 hexadecimal digits.
    pub id: String,
    /// `A`, `TXT` …
    #[serde(rename = "type")]
    pub kind: String,
    /// The whole name.
    pub name: String,
    /// As Cloudflare writes it.
    #[serde(default)]
    pub content: String,
    /// Whether Cloudflare answers in its place.
    #[serde(default)]
    pub proxied: bool,
    /// In seconds; 1 is Cloudflare's choice.
    #[serde(default)]
    pub ttl: u32,
    /// Of mail servers.
    #[serde(default)]
    pub priority: Option<u16>,
    /// Where our mark stands.
    #[serde(default)]
    pub comment: Option<String>,
}

/// Text may come in quotes, and in several pieces (RFC 1035, 3.3.14).
fn plain(text: &str) -> String {
    let text = text.trim();
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) => inner.replace("\" \"", ""),
        None => text.to_owned(),
    }
}

/// What mail looks for one of at a name: two policies at one name are none (RFC 7208, 3.2; RFC 7489, 6.6.3).
fn tag(text: &str) -> Option<&'static str> {
    let text = text.trim().to_lowercase();
    ["v=spf1", "v=dmarc1"].into_iter().find(|tag| text.starts_with(tag))
}

fn same_content(kind: RecordKind, one: &str, other: &str) -> bool {
    match kind {
        RecordKind::Txt => plain(one) == plain(other),
        RecordKind::Aaaa => match (one.parse::<Ipv6Addr>(), other.parse::<Ipv6Addr>()) {
            (Ok(one), Ok(other)) => one == other,
            _ => one == other,
        },
        _ => one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.')),
    }
}

impl Cloudflare {
    /// The records of a name, of one kind or of all.
    pub async fn records(
        &self,
        zone: &Zone,
        name: &str,
        kind: Option<RecordKind>,
    ) -> Result<Vec<DnsRecord>, PortError> {
        let mut call = Call::get(&["zones", &zone.id, "dns_records"]).query("name", name);
        if let Some(kind) = kind {
            call = call.query("type", kind.word());
        }
        self.client.pages(&call, 100).await
    }

    /// A record that shall be there. One of somebody else in its place is an error, and stays.
    pub async fn ensure_record(
        &self,
        permit: &Permit,
        zone: &Zone,
        record: &Record,
    ) -> Result<Ensured<DnsRecord>, PortError> {
        record.checked(zone)?;
        let mut ensured = self.ensure(permit, &Wanted { zone, record }).await?;
        ensured.receipt = ensured.receipt.with("record", &ensured.thing.id).with("zone", &zone.name);
        Ok(ensured)
    }

    /// Takes back a record that [`Cloudflare::ensure_record`] made. One without our mark is an error, and stays.
    pub async fn remove_record(
        &self,
        permit: &Permit,
        zone: &Zone,
        record: &Record,
    ) -> Result<Ensured<()>, PortError> {
        record.checked(zone)?;
        self.ensure(permit, &Unwanted { zone, record }).await
    }

    /// What a record needs: also a part of operations that are more than a record.
    pub(super) async fn record_plan(
        &self,
        zone: &Zone,
        record: &Record,
    ) -> Result<Plan<DnsRecord>, PortError> {
        let what = format!("the {} record {}", record.kind.word(), record.name);
        // A name beside which nothing may stand is looked for under all kinds.
        let kind = (!matches!(record.kind, RecordKind::Cname)).then_some(record.kind);
        let all = self.records(zone, &record.name, kind).await?;
        let (there, beside): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|one| one.kind == record.kind.word() && record.is_in_place_of(one));
        if let Some(done) = there.iter().find(|one| record.is(one)) {
            // Beside another of the same name it would not be what is asked for alone.
            let alone = !record.kind.is_single() || there.len() == 1;
            if alone {
                return Ok(Plan::Done(done.clone()));
            }
        }
        if let Some(other) = there.iter().find(|one| !self.owner.owns(one.comment.as_deref())) {
            return Err(self.owner.conflict(&what, other.comment.as_deref()));
        }
        match there.as_slice() {
            [] => {
                let blocks = |one: &&DnsRecord| matches!(one.kind.as_str(), "A" | "AAAA" | "CNAME");
                if record.kind == RecordKind::Cname
                    && let Some(other) = beside.iter().find(blocks)
                {
                    let what = format!("an {} record {}", other.kind, other.name);
                    return Err(self.owner.conflict(&what, other.comment.as_deref()));
                }
                let call = Call::post(&["zones", &zone.id, "dns_records"]).json(record.body(&self.owner));
                Ok(Plan::write(call, format!("made {what}")))
            }
            [own] => {
                let call =
                    Call::patch(&["zones", &zone.id, "dns_records", &own.id]).json(record.body(&self.owner));
                Ok(Plan::write(call, format!("changed {what}")))
            }
            several => Err(PortError::fail(
                format!(
                    "{what} is there {} times, all of them ours: which one counts is not known",
                    several.len()
                ),
                "Remove all but one.",
            )),
        }
    }
}

struct Wanted<'a> {
    zone: &'a Zone,
    record: &'a Record,
}

#[async_trait]
impl Want for Wanted<'_> {
    type Thing = DnsRecord;

    fn name(&self) -> String {
        format!("the {} record {}", self.record.kind.word(), self.record.name)
    }

    async fn look(&self, at: &Cloudflare, _: bool) -> Result<Plan<DnsRecord>, PortError> {
        at.record_plan(self.zone, self.record).await
    }
}

struct Unwanted<'a> {
    zone: &'a Zone,
    record: &'a Record,
}

#[async_trait]
impl Want for Unwanted<'_> {
    type Thing = ();

    fn name(&self) -> String {
        format!("taking back the {} record {}", self.record.kind.word(), self.record.name)
    }

    async fn look(&self, at: &Cloudflare, _: bool) -> Result<Plan<()>, PortError> {
        let record = self.record;
        let all = at.records(self.zone, &record.name, Some(record.kind)).await?;
        let Some(there) = all.iter().find(|one| same_content(record.kind, &one.content, &record.content))
        else {
            return Ok(Plan::Done(()));
        };
        let what = format!("{} record {}", record.kind.word(), record.name);
        if !at.owner.owns(there.comment.as_deref()) {
            return Err(PortError::fail(
                format!("the {what} does not carry our mark: it stays"),
                "Whoever made it can remove it at Cloudflare.",
            ));
        }
        // The description wants a body of who removes.
        let call = Call::delete(&["zones", &self.zone.id, "dns_records", &there.id]).json(json!({}));
        Ok(Plan::write(call, format!("removed the {what}")))
    }
}
