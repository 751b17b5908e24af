//! What a simulated deployment answers to requests: as its commit behaves, and written into its log.

use chrono::{DateTime, Utc};

use super::World;

/// How something answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// Of a hundred requests so many fail with 500, evenly spread.
    pub error_percent: u32,
    /// How long an answer takes, in milliseconds.
    pub took_ms: u32,
}

/// What a request got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status; 404 and 502 are Railway's own.
    pub status: u16,
    /// Which commit or image answers, or what Railway says.
    pub body: String,
}

impl World {
    /// A request comes to one of Railway's addresses.
    pub fn request(&mut self, host: &str, path: &str, at: DateTime<Utc>) -> Answer {
        let own = |status, body: &str| Answer { status, body: body.to_owned() };
        let Some(domain) = self.domains.iter().find(|row| row.domain == host).cloned() else {
            return own(404, "Application not found");
        };
        let live = self.deployments.iter().rfind(|row| {
            row.service == domain.service
                && row.environment == domain.environment
                && row.status == "SUCCESS"
                && row.instances.iter().any(|(_, status)| status == "RUNNING")
        });
        let Some((id, meta)) = live.map(|row| (row.id.clone(), row.meta.clone())) else {
            return own(502, "Application failed to respond");
        };
        let what = meta["commitHash"].as_str().or(meta["image"].as_str()).unwrap_or_default().to_owned();
        let behaviour = self.behaviours.get(&what).copied().unwrap_or_default();
        let nth = self.answered.entry(id.clone()).or_default();
        *nth += 1;
        let failed_until = |nth: u32| nth * behaviour.error_percent.min(100) / 100;
        let status = if failed_until(*nth) > failed_until(*nth - 1) { 500 } else { 200 };
        self.log_request(&id, path, status, behaviour.took_ms, at);
        Answer { status, body: format!("{what} answers {path}") }
    }
}
