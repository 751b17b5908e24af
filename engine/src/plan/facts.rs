//! What a planner knows: gathered by the engine through reading calls, handed over as one value.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::PlanProblem;
use crate::backfill::Checkpoint;
use crate::canonical::canonical_json;
use crate::model::{
    Component, ComponentKind, ComponentName, Desired, Dialect, Environment, EnvironmentKey, Project, Release,
    ReleaseState, SecretName, Service, ServiceName, ServiceRelease, Source, Variable,
};
use crate::ports::{
    AppliedMigration, BuildKey, BuildState, Capabilities, CiReport, Commit, ConfigSet, DatabaseAt,
    InstanceSet, Migration, ObservedEnvironment, Schedule, Shape, Weight,
};

use crate::project::kind_word;

/// A secret as the planner sees it: never its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretFact {
    /// Its newest version.
    pub version: u32,
    /// Its value was made here, at random: another is as good.
    pub generated: bool,
}

/// Everything a plan is made from.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Where.
    pub environment: EnvironmentKey,
    /// The project's description.
    pub project: Project,
    /// The environment's desired state.
    pub desired: Desired,
    /// The environment's releases, newest first.
    pub releases: Vec<Release>,
    /// The environment as the platform has it.
    pub observed: ObservedEnvironment,
    /// Weights read back from the edge.
    pub weights: BTreeMap<ServiceName, Vec<Weight>>,
    /// What the platform can do.
    pub capabilities: Capabilities,
    /// Migrations the database has had; empty without migrations.
    pub applied: Vec<AppliedMigration>,
    /// The commit the request's ref stands for now, when it names or implies one.
    pub commit: Option<Commit>,
    /// The same for services with a source of their own, by repository.
    pub own_commits: BTreeMap<String, Commit>,
    /// What continuous integration says of the commits that come, by their ids, or why that is not known; empty where it is not
    /// asked.
    pub ci: BTreeMap<String, Result<CiReport, String>>,
    /// Migrations in that commit.
    pub migrations: Vec<Migration>,
    /// Why the migrations of the commit could not be read, when a plan can do without them: a way back must not wait
    /// for the code host.
    pub migrations_unread: Option<String>,
    /// The commits that come in since the live release.
    pub commits: Vec<Commit>,
    /// The environment's secrets by name.
    pub secrets: BTreeMap<SecretName, SecretFact>,
    /// How far the builds of earlier releases are kept.
    pub builds: BTreeMap<BuildKey, BuildState>,
    /// How far the last backfill of the request's job came here; absent when there was none, and for all else.
    pub backfilled: Option<Box<Checkpoint>>,
}

impl Facts {
    /// The environment's description. Facts are only gathered for environments the project has.
    pub(super) fn described(&self) -> Result<&Environment, PlanProblem> {
        self.project.environments.get(&self.environment.environment).ok_or_else(|| {
            PlanProblem::new(
                "unknown-environment",
                format!("{} has no environment {}", self.project.project, self.environment.environment),
                "status",
            )
        })
    }

    /// The live release, when there is one.
    pub(super) fn live(&self) -> Option<&Release> {
        let number = self.desired.live?;
        self.releases.iter().find(|release| release.id.number == number)
    }

    /// Releases that have traffic or a schedule though they were made after the live one, oldest first: a run that brought
    /// them failed, and taking them back failed too.
    pub(super) fn astray(&self) -> BTreeSet<u32> {
        let Some(live) = self.desired.live else { return BTreeSet::new() };
        let weights = self.weights.values().flatten();
        let served = weights.filter(|weight| weight.percent > 0).map(|weight| weight.release);
        let schedules = self.observed.services.values().filter_map(|there| there.schedule.as_ref());
        served.chain(schedules.map(|schedule| schedule.release)).filter(|release| *release > live).collect()
    }

    /// The last stable release before the live one: the one a rollback goes to. A rollback of a few services goes to the last
    /// in which one of them was older than it is now.
    pub(super) fn previous(&self, named: &[ServiceName]) -> Option<&Release> {
        let live = self.live()?;
        self.releases.iter().find(|release| {
            release.id.number < live.id.number
                && release.state == ReleaseState::Superseded
                && (named.is_empty() || release.is_older_in(live, named))
        })
    }

    /// The services named, or all; in the order of the project.
    pub(super) fn chosen(&self, named: &[ServiceName]) -> Vec<ServiceName> {
        self.project
            .services
            .keys()
            .filter(|service| named.is_empty() || named.contains(service))
            .cloned()
            .collect()
    }

    /// Services that have instances, a schedule or traffic and are not among those.
    pub(super) fn running_beside(&self, parts: &BTreeMap<ServiceName, ServiceRelease>) -> Vec<ServiceName> {
        running_beside(&self.observed, &self.weights, parts)
    }

    /// A service as it is in this environment, with replicas people asked for.
    pub(super) fn service(&self, name: &ServiceName) -> Option<Service> {
        let mut service = self.project.service_in(&self.environment.environment, name)?;
        if let Some(replicas) = self.desired.replicas.get(name) {
            service.replicas = *replicas;
        }
        Some(service)
    }

    /// The components and addresses the environment should have.
    pub(super) fn shape(&self) -> Result<Shape, PlanProblem> {
        let edge = self.described()?.edge.clone();
        let sticky = edge
            .keys()
            .filter_map(|name| Some((name.clone(), self.project.services.get(name)?.sticky.clone()?)));
        Ok(Shape {
            components: self.component_kinds(),
            urls: self.component_urls(),
            sticky: sticky.collect(),
            edge,
        })
    }

    /// What SQL the database of the migrations speaks.
    pub(super) fn dialect(&self) -> Dialect {
        let migrated = self.project.migrations.as_ref();
        let components = self.components();
        let component = migrated.and_then(|migrations| components.get(&migrations.component));
        component.map_or(Dialect::Sqlite, Component::dialect)
    }

    /// The newest migration the database has had; where nobody could look, the one it had when the live release came.
    pub(super) fn schema_applied(&self, live: &Release) -> Option<String> {
        let newest = self.applied.iter().map(|had| had.version.clone()).max();
        if self.migrations_unread.is_some() { newest.max(live.schema.clone()) } else { newest }
    }

    /// The applied migrations of the commit that are not among those.
    pub(super) fn had_before(&self, those: &[Migration]) -> Vec<Migration> {
        let had = |one: &&Migration| self.applied.iter().any(|had| had.version == one.version);
        let other = |one: &&Migration| those.iter().all(|that| that.version != one.version);
        self.migrations.iter().filter(had).filter(other).cloned().collect()
    }

    /// The components the description gives the environment.
    pub(super) fn components(&self) -> IndexMap<ComponentName, Component> {
        self.project.components_in(&self.environment.environment)
    }

    /// What each of them is.
    pub(super) fn component_kinds(&self) -> BTreeMap<ComponentName, ComponentKind> {
        self.components().into_iter().map(|(name, component)| (name, component.kind)).collect()
    }

    /// Those that are elsewhere, and the secret with the connection string of each.
    fn component_urls(&self) -> BTreeMap<ComponentName, SecretName> {
        self.components().into_iter().filter_map(|(name, component)| Some((name, component.url?))).collect()
    }

    /// The database that migrations here are for; absent without migrations.
    pub(super) fn database_migrated(&self) -> Option<DatabaseAt> {
        self.project.database_migrated(&self.environment.environment)
    }

    /// The commit to use of a source.
    pub(super) fn commit_of<'a>(&'a self, source: &Source, ours: &'a Commit) -> &'a Commit {
        self.own_commits.get(&source.repository).unwrap_or(ours)
    }

    /// The configuration of a service for a release; a secret nobody has set is a problem with its name.
    pub(super) fn config(
        &self,
        name: &ServiceName,
        service: &Service,
        release: u32,
    ) -> Result<ConfigSet, PlanProblem> {
        let mut versions = BTreeMap::new();
        for (variable, value) in &service.variables {
            let Variable::Secret(secret) = value else { continue };
            let fact = self.secrets.get(secret).ok_or_else(|| {
                PlanProblem::new(
                    "missing-secret",
                    format!(
                        "{name} needs the secret `{secret}` for {variable}, and {} has none by that name",
                        self.environment.environment
                    ),
                    format!("infra-chat secret set {}/{secret}", self.environment),
                )
            })?;
            versions.insert(secret.clone(), fact.version);
        }
        // Every service is told where the databases are.
        for (component, secret) in self.component_urls() {
            let fact =
                self.secrets.get(&secret).ok_or_else(|| no_url(&component, &secret, &self.environment))?;
            versions.insert(secret, fact.version);
        }
        let told = Some(self.component_kinds());
        Ok(config_set(name, release, service.variables.clone(), versions, told))
    }

    /// A release's configuration as a way back uses it: its variables as they were, its secrets at their newest version. A
    /// secret is rotated because the old value must not be used any more, or is not accepted any more. One that the
    /// description does not name any more stays at the version it had.
    pub(super) fn with_newest_secrets(&self, config: &ConfigSet) -> ConfigSet {
        let mut versions = config.secrets.clone();
        for (secret, version) in &mut versions {
            if let Some(fact) = self.secrets.get(secret) {
                *version = fact.version;
            }
        }
        for value in config.variables.values() {
            if let Variable::Secret(secret) = value
                && let Some(fact) = self.secrets.get(secret)
            {
                versions.insert(secret.clone(), fact.version);
            }
        }
        config_set(
            &config.service,
            config.release,
            config.variables.clone(),
            versions,
            config.components.clone(),
        )
    }

    /// A release's configuration with one variable set to plain text, for a release that comes after it.
    pub(super) fn with_variable(
        &self,
        config: &ConfigSet,
        release: u32,
        name: &str,
        value: &str,
    ) -> ConfigSet {
        let mut variables = config.variables.clone();
        variables.insert(name.to_owned(), Variable::Plain(value.to_owned()));
        let told = config.components.clone();
        self.with_newest_secrets(&config_set(
            &config.service,
            release,
            variables,
            config.secrets.clone(),
            told,
        ))
    }

    /// What a configuration's service is told of.
    pub(super) fn told(&self, config: &ConfigSet) -> BTreeMap<ComponentName, ComponentKind> {
        config.components.clone().unwrap_or_else(|| self.observed.components.clone())
    }

    /// A configuration from before it was kept what it is told of, where something was removed since: it was told of all
    /// the description knows.
    pub(super) fn told_as_then(&self, config: &ConfigSet) -> ConfigSet {
        let here = self.project.environments.get(&self.environment.environment);
        let own = here.into_iter().flat_map(|here| &here.components);
        let known = self.project.components.iter().chain(own).map(|(name, it)| (name.clone(), it.kind));
        let known: BTreeMap<ComponentName, ComponentKind> = known.collect();
        if config.components.is_some() || known.keys().all(|name| self.observed.components.contains_key(name))
        {
            return config.clone();
        }
        let (variables, secrets) = (config.variables.clone(), config.secrets.clone());
        config_set(&config.service, config.release, variables, secrets, Some(known))
    }

    /// A release's configuration that is told of those components, for a release that comes after it.
    pub(super) fn with_components(
        &self,
        config: &ConfigSet,
        release: u32,
        told: BTreeMap<ComponentName, ComponentKind>,
    ) -> ConfigSet {
        let (variables, mut secrets) = (config.variables.clone(), config.secrets.clone());
        for name in told.keys() {
            let known = self.project.component_known(&self.environment.environment, name);
            let url = known.and_then(|component| component.url.as_ref());
            if let Some((url, fact)) = url.and_then(|url| Some((url, self.secrets.get(url)?))) {
                secrets.insert(url.clone(), fact.version);
            }
        }
        self.with_newest_secrets(&config_set(&config.service, release, variables, secrets, Some(told)))
    }

    /// A release's configuration with one secret at another version, for a release that comes after it.
    pub(super) fn with_secret(
        &self,
        config: &ConfigSet,
        release: u32,
        secret: &SecretName,
        version: u32,
    ) -> ConfigSet {
        let mut secrets = self.with_newest_secrets(config).secrets;
        secrets.insert(secret.clone(), version);
        config_set(&config.service, release, config.variables.clone(), secrets, config.components.clone())
    }

    /// The instances of a service for a release; absent for a service with a schedule.
    pub(super) fn set(
        name: &ServiceName,
        service: &Service,
        release: u32,
        build: &BuildKey,
        commit: &str,
    ) -> Option<InstanceSet> {
        service.schedule.is_none().then(|| InstanceSet {
            service: name.clone(),
            release,
            build: build.clone(),
            commit: commit.to_owned(),
            start: service.start.clone(),
            replicas: service.replicas,
            health: service.health.clone(),
            limits: service.limits_in_force(),
        })
    }

    /// The schedule of a service for a release; absent for a served one.
    pub(super) fn schedule(
        &self,
        name: &ServiceName,
        service: &Service,
        release: u32,
        build: &BuildKey,
        commit: &str,
    ) -> Option<Schedule> {
        service.schedule.as_ref().map(|cron| Schedule {
            service: name.clone(),
            release,
            build: build.clone(),
            commit: commit.to_owned(),
            command: service.start.clone(),
            cron: cron.clone(),
            enabled: !self.desired.cron_disabled.contains(name),
            limits: service.limits_in_force(),
        })
    }

    /// A fingerprint of all that the description says of this environment. What it says of others, and of people, is no
    /// reason to ask anybody once more.
    fn description_fingerprint(&self) -> String {
        let mut here = self.project.clone();
        here.environments.retain(|name, _| *name == self.environment.environment);
        here.people.clear();
        let value = serde_json::to_value(&here).unwrap_or_default();
        hex::encode(&Sha256::digest(canonical_json(&value).as_bytes())[..4])
    }

    /// The observed state, a line each, in words that change only when something that matters does: no process ids,
    /// no health, no times.
    pub(super) fn observed_lines(&self) -> Vec<String> {
        let mut lines = vec![match self.live() {
            Some(live) => format!("live: release {} ({})", live.id.number, live.reference),
            None => "live: nothing".to_owned(),
        }];
        lines.push(format!(
            "description of {}: {}",
            self.environment.environment,
            self.description_fingerprint()
        ));
        for (name, service) in &self.observed.services {
            for set in &service.sets {
                lines.push(format!("{name}: release {} with {} replicas", set.release, set.replicas));
            }
            if let Some(schedule) = &service.schedule {
                let on = if schedule.enabled { "on" } else { "off" };
                lines.push(format!(
                    "{name}: release {} scheduled `{}`, {on}",
                    schedule.release, schedule.cron
                ));
            }
        }
        for (name, weights) in &self.weights {
            for weight in weights.iter().filter(|weight| weight.percent > 0) {
                lines.push(format!("{name}: {}% of traffic to release {}", weight.percent, weight.release));
            }
        }
        if let Some(last) = self.applied.last() {
            lines.push(format!("database: {} migrations, the last is {}", self.applied.len(), last.version));
        }
        lines
    }
}

fn config_set(
    service: &ServiceName,
    release: u32,
    variables: BTreeMap<String, Variable>,
    secrets: BTreeMap<SecretName, u32>,
    components: Option<BTreeMap<ComponentName, ComponentKind>>,
) -> ConfigSet {
    let mut printed = serde_json::Map::new();
    for (variable, value) in &variables {
        let print = match value {
            Variable::Plain(text) => text.clone(),
            Variable::Secret(secret) => match secrets.get(secret) {
                Some(version) => format!("secret {secret} version {version}"),
                None => format!("secret {secret}"),
            },
        };
        printed.insert(variable.clone(), print.into());
    }
    // Those of components stand in no variable.
    for (secret, version) in &secrets {
        let named = |value: &Variable| matches!(value, Variable::Secret(name) if name == secret);
        if !variables.values().any(named) {
            printed.insert(format!("secret {secret}"), version.to_string().into());
        }
    }
    for (name, kind) in components.iter().flatten() {
        printed.insert(format!("component {name}"), kind_word(*kind).into());
    }
    let digest = Sha256::digest(canonical_json(&printed.into()).as_bytes());
    let fingerprint = hex::encode(&digest[..8]);
    ConfigSet { service: service.clone(), release, variables, secrets, components, fingerprint }
}

/// A database that is elsewhere, and nobody has said where.
pub(crate) fn no_url(
    component: &ComponentName,
    secret: &SecretName,
    environment: &EnvironmentKey,
) -> PlanProblem {
    PlanProblem::new(
        "missing-secret",
        format!(
            "the database {component} is where the secret `{secret}` says, and {} has none by that name",
            environment.environment
        ),
        format!("infra-chat secret set {environment}/{secret}"),
    )
}

/// The key of a build: the same code, built by the same command, is the same build wherever it runs.
pub(super) fn build_key(source: &Source, commit: &str, command: Option<&str>) -> BuildKey {
    let mut hasher = Sha256::new();
    for part in [source.repository.as_str(), source.path.as_str(), commit, command.unwrap_or_default()] {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    BuildKey(format!("{}-{}", super::short(commit), hex::encode(&hasher.finalize()[..6])))
}

/// Services that have instances, a schedule or traffic and are not among those.
pub(super) fn running_beside(
    observed: &ObservedEnvironment,
    weights: &BTreeMap<ServiceName, Vec<Weight>>,
    parts: &BTreeMap<ServiceName, ServiceRelease>,
) -> Vec<ServiceName> {
    let there = |name: &ServiceName| {
        weights.contains_key(name)
            || observed
                .services
                .get(name)
                .is_some_and(|there| !there.sets.is_empty() || there.schedule.is_some())
    };
    let names: BTreeSet<&ServiceName> = observed.services.keys().chain(weights.keys()).collect();
    names.into_iter().filter(|name| !parts.contains_key(*name) && there(name)).cloned().collect()
}
