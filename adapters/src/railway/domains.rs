//! Addresses: Railway's own names, and one's own with the DNS records they want.

use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Made, Railway, after_write, not_seen, receipt};
use super::documents;
use super::model::{At, CustomDomain, Domains, ServiceDomain};
use super::projects::{is_taken, made};
use crate::http::ApiError;

/// A DNS record that has to be made for a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordWanted {
    /// `CNAME`, `TXT`, `A`.
    pub kind: String,
    /// Its whole name.
    pub name: String,
    /// What is to stand in it.
    pub value: String,
    /// Whether Railway sees it.
    pub is_there: bool,
}

impl CustomDomain {
    /// The records Railway wants: the route, what the certificate needs, and the proof of whose it is.
    pub fn records(&self) -> Vec<RecordWanted> {
        let mut all: Vec<RecordWanted> = self
            .status
            .dns_records
            .iter()
            .map(|record| RecordWanted {
                kind: record.record_type.trim_start_matches("DNS_RECORD_TYPE_").to_owned(),
                name: record.fqdn.clone(),
                value: record.required_value.clone(),
                is_there: record.status == "DNS_RECORD_STATUS_PROPAGATED",
            })
            .collect();
        if let (Some(host), Some(token)) =
            (&self.status.verification_dns_host, &self.status.verification_token)
        {
            let zone = self.status.dns_records.first().map_or("", |record| record.zone.as_str());
            let name =
                if zone.is_empty() || host.ends_with(zone) { host.clone() } else { format!("{host}.{zone}") };
            all.push(RecordWanted {
                kind: "TXT".to_owned(),
                name,
                value: token.clone(),
                is_there: self.status.verified,
            });
        }
        all
    }

    /// Whether it can be used.
    pub fn is_ready(&self) -> bool {
        self.status.verified && self.status.certificate_status == "CERTIFICATE_STATUS_TYPE_VALID"
    }
}

impl Railway {
    /// The addresses of a service.
    pub async fn domains(&self, at: &At) -> Result<Domains, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            domains: Domains,
        }
        let variables = json!({
            "projectId": at.project, "environmentId": at.environment, "serviceId": at.service,
        });
        Ok(self.read::<Answer>(documents::DOMAINS, variables).await?.domains)
    }

    /// An address under Railway's own name; the one that is there, whatever its port, unless a port is wanted and it has another.
    pub async fn ensure_service_domain(
        &self,
        permit: &Permit,
        at: &At,
        port: Option<u16>,
    ) -> Result<Made<ServiceDomain>, PortError> {
        let wanted = |domains: Domains| {
            domains.service_domains.into_iter().find(|one| port.is_none() || one.target_port == port)
        };
        if let Some(it) = wanted(self.domains(at).await?) {
            let summary = format!("the address {} is there", it.domain);
            return Ok(made(it, summary, permit));
        }
        let input = json!({ "environmentId": at.environment, "serviceId": at.service, "targetPort": port });
        let (_, written) = self
            .write::<Value>(permit, documents::SERVICE_DOMAIN_CREATE, json!({ "input": input }), &[])
            .await
            .map_err(ApiError::of_write)?;
        let it =
            wanted(self.domains(at).await.map_err(after_write)?).ok_or_else(|| not_seen("the address"))?;
        let receipt =
            receipt(format!("created the address {}", it.domain), permit, &[written]).with("id", &it.id);
        Ok(Made { it, receipt })
    }

    /// An address of one's own at a service. What DNS records it wants is in [`CustomDomain::records`].
    pub async fn ensure_custom_domain(
        &self,
        permit: &Permit,
        at: &At,
        domain: &str,
        port: Option<u16>,
    ) -> Result<Made<CustomDomain>, PortError> {
        let named = |domains: Domains| {
            domains.custom_domains.into_iter().find(|one| one.domain.eq_ignore_ascii_case(domain))
        };
        let is_right = |it: &CustomDomain| port.is_none() || it.target_port == port;
        let mut written = Vec::new();
        let there = named(self.domains(at).await?);
        if there.is_none() {
            self.check_free(domain).await?;
            let input = json!({
                "projectId": at.project,
                "environmentId": at.environment,
                "serviceId": at.service,
                "domain": domain,
                "targetPort": port,
            });
            let variables = json!({ "input": input });
            match self.write::<Value>(permit, documents::CUSTOM_DOMAIN_CREATE, variables, &[]).await {
                Ok((_, taken)) => written.push(taken),
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(error.of_write()),
            }
        }
        let mut it = match there {
            Some(it) => it,
            None => match named(self.domains(at).await.map_err(after_write)?) {
                Some(it) => it,
                None if written.is_empty() => return Err(elsewhere(domain, "it is taken")),
                None => return Err(not_seen(format!("the domain {domain}"))),
            },
        };
        if !is_right(&it) {
            let variables = json!({ "id": it.id, "environmentId": at.environment, "targetPort": port });
            let taken = self.write::<Value>(permit, documents::CUSTOM_DOMAIN_UPDATE, variables, &[]).await;
            written.push(taken.map_err(ApiError::of_write)?.1);
            let now = named(self.domains(at).await.map_err(after_write)?).filter(is_right);
            it = now.ok_or_else(|| not_seen(format!("the port of {domain}")))?;
        }
        let summary = if written.is_empty() {
            format!("the domain {domain} is there")
        } else {
            format!("added the domain {domain}")
        };
        let receipt = receipt(summary, permit, &written).with("id", &it.id);
        Ok(Made { it, receipt })
    }

    /// Says so, before anything is sent, when somebody else has it.
    async fn check_free(&self, domain: &str) -> Result<(), PortError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            custom_domain_available: Available,
        }
        #[derive(Deserialize)]
        struct Available {
            available: bool,
            message: String,
        }
        let answer: Answer = self.read(documents::DOMAIN_AVAILABLE, json!({ "domain": domain })).await?;
        let Available { available, message } = answer.custom_domain_available;
        if available { Ok(()) } else { Err(elsewhere(domain, &message)) }
    }
}

fn elsewhere(domain: &str, why: &str) -> PortError {
    PortError::fail(
        format!("Railway does not give us the domain {domain}: {why}."),
        "Remove it from the service that has it, or choose another.",
    )
}
