//! The project stories are about: the sample's shape, with the policy a story wants.

use std::path::Path;

/// A project's description.
pub(crate) struct Project {
    production_policy: String,
    staging_policy: String,
    edits: Vec<(&'static str, &'static str)>,
}

impl Project {
    /// Production needs one approval and takes `main` and tags.
    pub(crate) fn usual() -> Self {
        Self {
            production_policy: "approvals: 1, allowed_refs: [main, \"v*\"], max_replicas: 4".to_owned(),
            staging_policy: String::new(),
            edits: Vec::new(),
        }
    }

    /// Production has this policy, as in the description's YAML.
    pub(crate) fn production(mut self, policy: &str) -> Self {
        policy.clone_into(&mut self.production_policy);
        self
    }

    /// Staging has this policy.
    pub(crate) fn staging(mut self, policy: &str) -> Self {
        policy.clone_into(&mut self.staging_policy);
        self
    }

    /// This piece of the description reads like that instead.
    pub(crate) fn with(mut self, piece: &'static str, instead: &'static str) -> Self {
        assert!(DESCRIPTION.contains(piece), "{piece}");
        self.edits.push((piece, instead));
        self
    }

    /// The description as the engine takes it.
    pub(super) fn read(&self) -> engine::model::Project {
        let edited = |text: String, edit: &(&str, &str)| text.replacen(edit.0, edit.1, 1);
        let text = self
            .edits
            .iter()
            .fold(DESCRIPTION.to_owned(), edited)
            .replace("STAGING_POLICY", &self.staging_policy)
            .replace("PRODUCTION_POLICY", &self.production_policy);
        engine::project::import(&text, Path::new("/projects")).unwrap_or_else(|faults| panic!("{faults}"))
    }
}

const DESCRIPTION: &str = r#"
project: invoice-perfect
title: Invoice Perfect
source: { repository: "https://code.example/invoice-perfect.git" }
migrations: { path: migrations, component: postgres }
services:
  api:
    build: make
    start: ./api
    health: { path: /health, timeout_s: 30 }
    variables: { COMPANY_NAME: Invoice Perfect }
    needs: [postgres]
  web:
    build: make
    start: ./web
    health: { path: /health, timeout_s: 30 }
    variables: { API_URL: "${service.api.url}" }
    needs: [api]
  cron:
    build: make
    schedule: "*/15 * * * *"
    start: ./cron
    needs: [postgres]
components:
  postgres: { kind: database }
  redis: { kind: cache }
environments:
  staging:
    aliases: [stg]
    edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400" }
    policy: { STAGING_POLICY }
  production:
    production: true
    aliases: [prod]
    edge: { api: "127.0.0.1:7501", web: "127.0.0.1:7500" }
    services: { api: { replicas: 2 } }
    policy: { PRODUCTION_POLICY }
jobs:
  backfillTimezone: { service: api, command: ./backfill }
people:
  - { name: vera, role: viewer }
  - { name: ana, role: deployer }
  - { name: ben, role: deployer }
  - { name: zoe, role: admin }
"#;
