//! Gathers what a planner must know: reading calls only.

use std::collections::{BTreeMap, BTreeSet};

use super::{Engine, Refusal};
use crate::model::{
    Change, EnvironmentKey, Project, Release, ReleaseState, RollbackTarget, RunRequest, ServiceName, Source,
    Variable,
};
use crate::plan::{COMMITS_SHOWN, Facts, PlanProblem, SecretFact, no_url};
use crate::ports::{AppliedMigration, Commit, PortError};
use crate::store::Versioned;

/// Releases a planner looks back over.
const RELEASES_LOOKED_AT: i64 = 50;
/// Tags and branches looked through for one that may have been meant.
const REFERENCES_LOOKED_AT: usize = 200;
/// How much alike (0 to 1) a name must be to be suggested.
const REFERENCE_ALIKE_MIN: f64 = 0.8;

impl Engine {
    /// The project with that environment.
    pub async fn project_of(&self, environment: &EnvironmentKey) -> Result<Versioned<Project>, Refusal> {
        let described = self.described_in(environment).await?;
        described
            .ok_or_else(|| Refusal::not_found(format!("there is no environment {environment}"), "status"))
    }

    /// The same for what may be of an environment that is no more: its runs, locks and record outlive it.
    pub(super) async fn described_in(
        &self,
        environment: &EnvironmentKey,
    ) -> Result<Option<Versioned<Project>>, Refusal> {
        let projects = self.store().project_list().await?;
        Ok(projects.into_iter().find(|project| {
            project.value.project == environment.project
                && project.value.environments.contains_key(&environment.environment)
        }))
    }

    /// Everything a plan for this request is made from, as of now.
    pub(super) async fn gather(&self, request: &RunRequest) -> Result<Facts, Refusal> {
        let environment = &request.environment;
        let project = self.project_of(environment).await?;
        let desired = self.store().environment_get(environment).await?.value;
        let releases = self.releases_that_matter(environment, desired.live, &request.change).await?;
        let ports = self.ports();
        let mut observed =
            ports.platform.observe(environment).await.map_err(Refusal::port("looking at what runs"))?;
        let mut weights = BTreeMap::new();
        // Services the project no longer has may still be served.
        let served: BTreeSet<&ServiceName> =
            project.value.services.keys().chain(observed.services.keys()).collect();
        for name in served {
            let now = match ports.edge.weights(environment, name).await {
                // Where the traffic goes is all one to what ends it.
                Err(_) if matches!(request.change, Change::DestroyEnvironment) => Vec::new(),
                other => other.map_err(Refusal::port("reading the traffic weights"))?,
            };
            if !now.is_empty() {
                weights.insert(name.clone(), now);
            }
        }
        self.without_canary(request, &mut observed, &mut weights).await?;
        let (applied, applied_unread) =
            match (self.migrations_applied(environment, &project.value).await, &request.change) {
                (Ok(applied), _) => (applied, None),
                (Err(refusal), Change::Deploy { .. } | Change::Migrate { .. }) => return Err(refusal),
                // Going back, and what has nothing to do with the schema, must not wait for the database.
                (Err(refusal), _) => (Vec::new(), Some(refusal.to_string())),
            };
        let live =
            desired.live.and_then(|number| releases.iter().find(|release| release.id.number == number));
        let (commit, own_commits) = self.commits(request, &project.value, live).await?;
        let ci = self.ci_of(request, &project.value, commit.as_ref(), &own_commits).await?;
        let migrations = match (&project.value.migrations, &commit) {
            (Some(migrations), Some(commit)) => {
                self.migrations_in(&project.value.source, &commit.id, migrations).await
            }
            _ => Ok(Vec::new()),
        };
        let (migrations, mut migrations_unread) = match (migrations, &request.change) {
            (Ok(migrations), _) => (migrations, None),
            (Err(refusal), Change::Rollback { .. }) => (Vec::new(), Some(refusal.to_string())),
            (Err(refusal), _) => return Err(refusal),
        };
        migrations_unread = applied_unread.or(migrations_unread);
        let commits = match (&request.change, &commit, live) {
            (Change::Deploy { .. }, Some(commit), Some(live)) if live.commit != commit.id => {
                match ports.code.compare(&project.value.source, &live.commit, &commit.id, COMMITS_SHOWN).await
                {
                    Ok(commits) => commits,
                    // The list is for people; a live commit that a force-push took away is no reason not to deploy.
                    Err(PortError::Fail { .. }) => Vec::new(),
                    Err(error) => return Err(Refusal::port("comparing commits")(error)),
                }
            }
            _ => Vec::new(),
        };
        let mut builds = BTreeMap::new();
        let capabilities = ports
            .platform
            .capabilities_of(environment)
            .await
            .map_err(Refusal::port("asking the platform"))?;
        let kept_here = live.iter().filter(|_| !capabilities.builds_on_deploy);
        for part in kept_here.flat_map(|live| live.services.values()) {
            if !builds.contains_key(&part.build) {
                let state = ports
                    .platform
                    .build_look(&part.build)
                    .await
                    .map_err(Refusal::port("looking at the builds"))?;
                builds.insert(part.build.clone(), state);
            }
        }
        let secrets = self.secret_facts(environment, &project.value).await?;
        let backfilled = match &request.change {
            Change::Backfill { job, .. } => {
                let last = Box::pin(self.store().backfill_last(environment, job)).await?;
                last.map(|(_, at)| Box::new(at))
            }
            _ => None,
        };
        Ok(Facts {
            environment: environment.clone(),
            project: project.value,
            desired,
            releases,
            observed,
            weights,
            capabilities,
            applied,
            commit,
            own_commits,
            ci,
            migrations,
            migrations_unread,
            commits,
            secrets,
            builds,
            backfilled,
        })
    }

    /// What the environment's database has had; nothing where there are no migrations.
    async fn migrations_applied(
        &self,
        environment: &EnvironmentKey,
        project: &Project,
    ) -> Result<Vec<AppliedMigration>, Refusal> {
        let Some(database) = project.database_migrated(&environment.environment) else {
            return Ok(Vec::new());
        };
        if let Some(secret) = &database.url
            && self.store().secret_get(environment, secret).await?.is_none()
        {
            return Err(Refusal::Problem(no_url(&database.component, secret, environment)));
        }
        let applied = self.ports().database.migrations_applied(environment, &database).await;
        applied.map_err(Refusal::port("reading the database's migrations"))
    }

    /// The newest releases, newest first, and behind them those a plan can't do without however many attempts came
    /// after: the live one, the one before it, and the one a rollback names.
    async fn releases_that_matter(
        &self,
        environment: &EnvironmentKey,
        live: Option<u32>,
        change: &Change,
    ) -> Result<Vec<Release>, Refusal> {
        let store = self.store();
        let mut releases = store.release_list(environment, RELEASES_LOOKED_AT).await?;
        if i64::try_from(releases.len()).is_ok_and(|count| count < RELEASES_LOOKED_AT) {
            return Ok(releases);
        }
        let mut older = Vec::new();
        if let Some(number) = live {
            older.extend(store.release_get(environment, number).await?);
            older.extend(store.release_superseded_before(environment, number).await?);
        }
        match change {
            Change::Rollback { to: RollbackTarget::Release(number), .. } => {
                older.extend(store.release_get(environment, *number).await?);
            }
            Change::Rollback { to: RollbackTarget::Reference(reference), .. }
                if !releases.iter().any(|release| release.is_called(reference)) =>
            {
                let called = |release: &Release| release.is_called(reference);
                older.extend(self.stable_release_behind(environment, &releases, called).await?);
            }
            Change::Rollback { to: RollbackTarget::Previous, services, .. } if !services.is_empty() => {
                let is_live = |release: &&Release| Some(release.id.number) == live;
                let now = releases.iter().chain(&older).find(is_live).cloned();
                let older_one = |release: &Release| {
                    release.state == ReleaseState::Superseded
                        && now.as_ref().is_some_and(|now| release.is_older_in(now, services))
                };
                older.extend(self.stable_release_behind(environment, &releases, older_one).await?);
            }
            _ => {}
        }
        releases.extend(older);
        releases.sort_by_key(|release| std::cmp::Reverse(release.id.number));
        releases.dedup_by_key(|release| release.id.number);
        Ok(releases)
    }

    /// The newest stable release of that kind behind those that were looked at, however long ago.
    async fn stable_release_behind(
        &self,
        environment: &EnvironmentKey,
        looked_at: &[Release],
        is_meant: impl Fn(&Release) -> bool,
    ) -> Result<Option<Release>, Refusal> {
        let mut before = looked_at.last().map_or(0, |oldest| oldest.id.number);
        loop {
            let page = self.store().release_stable_before(environment, before, RELEASES_LOOKED_AT).await?;
            let Some(oldest) = page.last() else { return Ok(None) };
            before = oldest.id.number;
            if let Some(found) = page.into_iter().find(|release| is_meant(release)) {
                return Ok(Some(found));
            }
        }
    }

    /// The commits a request is about: of the project's source, and of sources services have of their own.
    async fn commits(
        &self,
        request: &RunRequest,
        project: &Project,
        live: Option<&Release>,
    ) -> Result<(Option<Commit>, BTreeMap<String, Commit>), Refusal> {
        let mut own = BTreeMap::new();
        let reference = match &request.change {
            Change::Deploy { services, proved: Some(proved), .. } => {
                return self
                    .proved_commits(&request.environment, project, services, proved)
                    .await
                    .map(|(commit, own)| (Some(commit), own));
            }
            Change::Deploy { services, reference, .. } => {
                // Those that stay as they are need not have the ref.
                let chosen = |name: &ServiceName| services.is_empty() || services.contains(name);
                for (_, service) in project.services.iter().filter(|(name, _)| chosen(name)) {
                    if let Some(source) = service.source.as_ref().filter(|source| **source != project.source)
                    {
                        let commit = self.resolve(source, reference.as_deref()).await?;
                        own.insert(source.repository.clone(), commit);
                    }
                }
                reference.clone()
            }
            Change::Migrate { reference: Some(reference) } => Some(reference.clone()),
            // What is live needs no look-up: going back must not wait for the code host.
            Change::Rollback { .. } => {
                let commit = live.map(|live| Commit {
                    id: live.commit.clone(),
                    subject: live.subject.clone(),
                    author: String::new(),
                    at_ms: live.made_ms,
                });
                return Ok((commit, own));
            }
            Change::Migrate { reference: None } => match live {
                Some(live) => Some(live.commit.clone()),
                None => return Ok((None, own)),
            },
            _ => return Ok((None, own)),
        };
        Ok((Some(self.resolve(&project.source, reference.as_deref()).await?), own))
    }

    pub(super) async fn resolve(&self, source: &Source, reference: Option<&str>) -> Result<Commit, Refusal> {
        match self.ports().code.resolve(source, reference).await {
            Ok(commit) => Ok(commit),
            Err(PortError::Fail { what, hint }) => {
                let near = match reference {
                    Some(wanted) => self.nearest_reference(source, wanted).await,
                    None => None,
                };
                let next = near.map_or(hint, |near| format!("did you mean `{near}`?"));
                Err(Refusal::Problem(PlanProblem::new("unknown-ref", what, next)))
            }
            Err(error) => Err(Refusal::port("looking up the ref")(error)),
        }
    }

    /// The tag or branch that looks most like a ref nobody knows; none when nothing does, or when the code host is
    /// silent: it is only a suggestion.
    async fn nearest_reference(&self, source: &Source, wanted: &str) -> Option<String> {
        self.near_references(source, wanted).await.into_iter().next()
    }

    /// The tags and branches that look like a ref nobody knows, the likest first.
    pub(super) async fn near_references(&self, source: &Source, wanted: &str) -> Vec<String> {
        let names = self.ports().code.references(source, REFERENCES_LOOKED_AT).await.unwrap_or_default();
        let alike = |name: &str| strsim::jaro_winkler(&wanted.to_lowercase(), &name.to_lowercase());
        let mut near: Vec<(f64, String)> = names
            .into_iter()
            .map(|name| (alike(&name), name))
            .filter(|(alike, _)| *alike >= REFERENCE_ALIKE_MIN)
            .collect();
        // The newest comes first and wins among equals.
        near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        near.into_iter().map(|(_, name)| name).collect()
    }

    async fn secret_facts(
        &self,
        environment: &EnvironmentKey,
        project: &Project,
    ) -> Result<BTreeMap<crate::model::SecretName, SecretFact>, Refusal> {
        let mut facts = BTreeMap::new();
        // Of those that are not here as well: they may be added, or be what a way back is told of.
        let own = project.environments.values().flat_map(|it| it.components.values());
        for secret in project.components.values().chain(own).filter_map(|component| component.url.as_ref()) {
            if let Some(sealed) = self.store().secret_get(environment, secret).await? {
                facts.insert(
                    secret.clone(),
                    SecretFact { version: sealed.version, generated: sealed.is_generated() },
                );
            }
        }
        for name in project.services.keys() {
            let Some(service) = project.service_in(&environment.environment, name) else { continue };
            for variable in service.variables.values() {
                if let Variable::Secret(secret) = variable
                    && let Some(sealed) = self.store().secret_get(environment, secret).await?
                {
                    facts.insert(
                        secret.clone(),
                        SecretFact { version: sealed.version, generated: sealed.is_generated() },
                    );
                }
            }
        }
        Ok(facts)
    }
}
