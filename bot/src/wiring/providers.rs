//! Who serves an environment that a provider runs, made from the project's description and the environment's own keys.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapters::cloudflare::{Cloudflare, Owner};
use adapters::hosted::{self, Hosted, Place};
use adapters::http::{Auth, Budgets, Settings};
use adapters::railway::{Railway, Token};
use async_trait::async_trait;
use engine::clock::Clock;
use engine::model::{
    ConnectionHere, EnvironmentKey, PLATFORM_RAILWAY, Project, Provider, SecretName, Service,
    github_repository,
};
use engine::ports::{CodeHost, Directory, EnvironmentPorts, PortError, SecretSource};
use engine::redact::Redactor;
use engine::store::{Store, StoreError};

use super::Parts;
use crate::config::Config;

/// The port services are told to listen on where a provider runs them.
const PORT: u16 = 8_080;
/// The branch Railway is told of when the repository's own default can't be found out; every deploy names its commit.
const BRANCH: &str = "main";
/// How long it is looked for.
const BRANCH_WAIT: Duration = Duration::from_secs(5);
/// Who reads a provider's key, in the record.
const READER: &str = "platform";

/// What environments at providers are served with.
pub(super) struct Providers {
    store: Store,
    secrets: Arc<dyn SecretSource>,
    code: Arc<dyn CodeHost>,
    redactor: Arc<Redactor>,
    clock: Arc<dyn Clock>,
    /// Addresses of providers' APIs that are set.
    bases: BTreeMap<Provider, String>,
    budgets: Budgets,
    /// Where requests to hosts go that only a simulator knows.
    all_hosts_at: Option<String>,
    /// By environment.
    kept: Mutex<BTreeMap<EnvironmentKey, Kept>>,
}

/// Who serves an environment, for as long as what it was made of stands.
struct Kept {
    /// The project's description.
    revision: i64,
    /// The keys it was made with, by their versions. The newest are used: a changed key is another one.
    keys: Vec<(SecretName, u32)>,
    /// Nothing for what runs on this machine.
    hosted: Option<Arc<Hosted>>,
}

#[async_trait]
impl Directory for Providers {
    async fn ports_of(&self, environment: &EnvironmentKey) -> Result<Option<EnvironmentPorts>, PortError> {
        let revision =
            self.store.project_revision(&environment.project).await.map_err(|error| away(&error))?;
        let Some(revision) = revision else { return Ok(None) };
        let known = self.kept().get(environment).filter(|kept| kept.revision == revision).map(|kept| {
            let names: Vec<SecretName> = kept.keys.iter().map(|(name, _)| name.clone()).collect();
            (names, kept.keys.clone(), kept.hosted.clone())
        });
        if let Some((names, keys, hosted)) = known
            && self.versions(environment, &names).await? == keys
        {
            return Ok(hosted.map(ports));
        }
        let kept = self.made(environment, revision).await?;
        let hosted = kept.hosted.clone();
        self.kept().insert(environment.clone(), kept);
        Ok(hosted.map(ports))
    }
}

impl Providers {
    /// Nobody is asked yet.
    pub(super) fn new(
        config: &Config,
        parts: &Parts,
        secrets: Arc<dyn SecretSource>,
        code: Arc<dyn CodeHost>,
    ) -> Self {
        Self {
            store: parts.store.clone(),
            secrets,
            code,
            redactor: Arc::clone(&parts.redactor),
            clock: Arc::clone(&parts.clock),
            bases: config.api_bases.clone(),
            budgets: parts.budgets.clone(),
            all_hosts_at: config.stand_ins.all_hosts_at.clone(),
            kept: Mutex::default(),
        }
    }

    async fn made(&self, key: &EnvironmentKey, revision: i64) -> Result<Kept, PortError> {
        let projects = self.store.project_list().await.map_err(|error| away(&error))?;
        let project = projects.into_iter().map(|it| it.value).find(|it| it.project == key.project);
        let project = project.filter(|project| {
            let here = project.environments.get(&key.environment);
            here.is_some_and(|here| here.platform == PLATFORM_RAILWAY)
        });
        let Some(project) = project else { return Ok(Kept { revision, keys: Vec::new(), hosted: None }) };
        let connections = project.connections_in(&key.environment);
        let of = |provider| connections.iter().find(|it| it.provider == provider);
        let railway = of(Provider::Railway).ok_or_else(|| {
            PortError::fail(
                format!("{key} runs at Railway, and has no connection to it"),
                "add one to the project's description",
            )
        })?;
        let cloudflare = of(Provider::Cloudflare);
        let names: Vec<SecretName> =
            [Some(railway), cloudflare].into_iter().flatten().map(|it| it.secret.clone()).collect();
        let keys = self.versions(key, &names).await?;
        let hosted = self.hosted(key, &project, railway, cloudflare).await?;
        Ok(Kept { revision, keys, hosted: Some(Arc::new(hosted)) })
    }

    async fn hosted(
        &self,
        key: &EnvironmentKey,
        project: &Project,
        railway: &ConnectionHere,
        cloudflare: Option<&ConnectionHere>,
    ) -> Result<Hosted, PortError> {
        let base = |provider| self.bases.get(&provider).cloned();
        let token = Token::Account(self.key_of(key, railway).await?);
        let railway = Railway::new(&token, base(Provider::Railway).as_deref(), None, &self.budgets)?;
        let cloudflare = match cloudflare {
            None => None,
            Some(connection) => {
                let auth = Auth::Bearer(self.key_of(key, connection).await?);
                let settings = Settings { api_base: base(Provider::Cloudflare), auth, answer_wait: None };
                let owner = Owner::new(&key.to_string().to_ascii_lowercase())?;
                let cloudflare = Cloudflare::new(&settings, &self.budgets, owner, None);
                Some(cloudflare.map_err(adapters::http::ApiError::of_read)?)
            }
        };
        let mut place = Place::new(key.clone(), project.project.as_str(), key.environment.as_str());
        for name in project.services.keys() {
            let Some(service) = project.service_in(&key.environment, name) else { continue };
            let at = self.service_at(project, name.as_str(), &service).await?;
            let host =
                project.environments.get(&key.environment).and_then(|here| here.edge.get(name)).cloned();
            place.services.insert(name.clone(), hosted::Placed { host, ..at });
        }
        let parts = hosted::Parts {
            railway,
            cloudflare,
            secrets: Arc::clone(&self.secrets),
            code: Arc::clone(&self.code),
            redactor: Arc::clone(&self.redactor),
            clock: Arc::clone(&self.clock),
            all_hosts_at: self.all_hosts_at.clone(),
        };
        Hosted::new(place, parts)
    }

    async fn service_at(
        &self,
        project: &Project,
        name: &str,
        service: &Service,
    ) -> Result<hosted::Placed, PortError> {
        let source = project.source_of(service).clone();
        let repository = github_repository(&source.repository).ok_or_else(|| {
            PortError::fail(
                format!("the code of {name} is not on GitHub, where Railway builds from"),
                "name https://github.com/OWNER/NAME as its repository",
            )
        })?;
        // Going back must not wait for the code host.
        let branch = tokio::time::timeout(BRANCH_WAIT, self.code.default_branch(&source)).await;
        let branch = branch.ok().and_then(Result::ok).flatten();
        Ok(hosted::Placed {
            name: name.to_owned(),
            repository,
            branch: branch.unwrap_or_else(|| BRANCH.to_owned()),
            root: Some(source.path.clone()).filter(|path| path != "."),
            port: PORT,
            host: None,
            source,
        })
    }

    async fn key_of(
        &self,
        environment: &EnvironmentKey,
        connection: &ConnectionHere,
    ) -> Result<secrecy::SecretString, PortError> {
        let read = self.secrets.secret_read(environment, &connection.secret, None, READER).await;
        read.map_err(|error| match error {
            PortError::Fail { .. } => PortError::fail(
                format!("{environment} has no key for {}", connection.provider),
                format!("connect {} to {}", connection.provider, environment.environment),
            ),
            other => other,
        })
    }

    /// The newest versions of these secrets; those that are not there are left out.
    async fn versions(
        &self,
        environment: &EnvironmentKey,
        names: &[SecretName],
    ) -> Result<Vec<(SecretName, u32)>, PortError> {
        let mut versions = Vec::new();
        for name in names {
            if let Some(sealed) =
                self.store.secret_get(environment, name).await.map_err(|error| away(&error))?
            {
                versions.push((name.clone(), sealed.version));
            }
        }
        Ok(versions)
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<EnvironmentKey, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ports(hosted: Arc<Hosted>) -> EnvironmentPorts {
    EnvironmentPorts { platform: hosted.clone(), edge: hosted.clone(), signals: hosted }
}

fn away(error: &StoreError) -> PortError {
    PortError::retry(error.to_string())
}
