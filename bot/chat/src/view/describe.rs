//! A project's description, made of what was answered while setting it up.

use std::collections::BTreeMap;

use engine::model::{Component, Environment, EnvironmentPolicy, Health, Limits, Project, Service, Source};
use indexmap::IndexMap;

use crate::desk::{COMPONENTS, Draft, Slot, list_of};

/// Where health is asked when nobody says; the description says it, to be changed there.
const HEALTH_PATH: &str = "/health";
/// Seconds a new process may take to become healthy, as descriptions without a word about it mean.
const HEALTH_TIMEOUT_S: u32 = 60;
/// The platform descriptions can be imported for today.
const EMBEDDED: &str = "local";

/// The description as YAML, and whether it can be imported today. Nothing when the answers name no project.
pub(super) fn description(draft: &Draft) -> Option<(String, bool)> {
    let said = |slot: Slot, of: Option<&str>| draft.said(slot, of).unwrap_or_default();
    let filled = draft.filled();
    let mut services = Vec::new();
    for name in list_of(&said(Slot::Services, None)) {
        let build = Some(said(Slot::Build, Some(&name))).filter(|build| build != "none" && !build.is_empty());
        let service = Service {
            source: None,
            build,
            start: said(Slot::Start, Some(&name)),
            health: Some(Health { path: HEALTH_PATH.to_owned(), timeout_s: HEALTH_TIMEOUT_S }),
            schedule: None,
            variables: BTreeMap::new(),
            needs: Vec::new(),
            replicas: 1,
            size: None,
            limits: Limits::default(),
        };
        services.push((name.parse().ok()?, service));
    }
    let mut components = Vec::new();
    for name in list_of(&said(Slot::Components, None)) {
        let (_, kind) = COMPONENTS.iter().find(|(known, _)| *known == name)?;
        components.push((name.parse().ok()?, Component { kind: *kind }));
    }
    let mut environments = Vec::new();
    for name in &filled.environments {
        let production = name == "production";
        let environment = Environment {
            platform: said(Slot::Platform, None),
            production,
            aliases: Vec::new(),
            edge: BTreeMap::new(),
            connections: IndexMap::default(),
            services: IndexMap::default(),
            policy: EnvironmentPolicy { approvals: u32::from(production), ..EnvironmentPolicy::default() },
        };
        environments.push((name.parse().ok()?, environment));
    }
    let name = said(Slot::Project, None);
    let project = Project {
        project: name.parse().ok()?,
        title: name,
        source: Source { repository: said(Slot::Repository, None), path: ".".to_owned(), credentials: None },
        migrations: None,
        services: services.into_iter().collect(),
        components: components.into_iter().collect(),
        connections: IndexMap::default(),
        environments: environments.into_iter().collect(),
        jobs: IndexMap::default(),
        people: Vec::new(),
    };
    let importable = said(Slot::Platform, None) == EMBEDDED;
    Some((engine::project::export(&project), importable))
}
