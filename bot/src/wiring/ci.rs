//! What continuous integration says of commits: asked of GitHub, with the environment's own connection to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use adapters::github::{GitHub, Repository, Settings};
use adapters::http::Budgets;
use async_trait::async_trait;
use engine::model::{EnvironmentKey, Provider, SecretName, Source, github_repository};
use engine::ports::{Ci, CiReport, PortError, SecretSource};
use engine::store::Store;

/// Who reads the key, in the record.
const READER: &str = "CI of commits";

/// GitHub, by environment.
pub(super) struct Checks {
    store: Store,
    secrets: Arc<dyn SecretSource>,
    /// Another address than its own.
    api_base: Option<String>,
    budgets: Budgets,
    /// By environment, with the key it was made with: reading one is recorded, and a plan asks several times.
    kept: Mutex<BTreeMap<EnvironmentKey, (SecretName, u32, GitHub)>>,
}

impl Checks {
    /// Nobody is asked yet.
    pub(super) fn new(
        store: Store,
        secrets: Arc<dyn SecretSource>,
        api_base: Option<String>,
        budgets: Budgets,
    ) -> Self {
        Self { store, secrets, api_base, budgets, kept: Mutex::default() }
    }

    async fn github(&self, environment: &EnvironmentKey) -> Result<GitHub, PortError> {
        let away = |error: engine::store::StoreError| PortError::retry(error.to_string());
        let connections = self.store.connection_list(environment).await.map_err(away)?;
        let mut key = None;
        for connection in connections.into_iter().filter(|it| it.provider == Provider::Github) {
            let sealed = self.store.secret_get(environment, &connection.secret).await.map_err(away)?;
            key = key.or(sealed.map(|sealed| (connection.secret, sealed.version)));
        }
        let (secret, newest) = key.ok_or_else(|| {
            PortError::fail(
                format!("{environment} has no key for GitHub"),
                format!("connect github to {}", environment.environment),
            )
        })?;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(environment).cloned();
        if let Some((name, version, github)) = kept
            && name == secret
            && version == newest
        {
            return Ok(github);
        }
        let token = self.secrets.secret_read(environment, &secret, Some(newest), READER).await?;
        let settings = Settings { token, api_base: self.api_base.clone(), answer_wait: None };
        let github = GitHub::new(&settings, &self.budgets)?;
        let made = (secret, newest, github.clone());
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(environment.clone(), made);
        Ok(github)
    }
}

#[async_trait]
impl Ci for Checks {
    async fn of_commit(
        &self,
        environment: &EnvironmentKey,
        source: &Source,
        commit: &str,
    ) -> Result<CiReport, PortError> {
        let elsewhere = || {
            PortError::fail(
                format!("{} is not on GitHub, which is asked what CI says", source.repository),
                "name https://github.com/OWNER/NAME as the repository",
            )
        };
        let name = github_repository(&source.repository).ok_or_else(elsewhere)?;
        let repository: Repository =
            name.parse().map_err(|error| PortError::fail(format!("{error}"), "mend `source`"))?;
        let github = self.github(environment).await?;
        Ok(github.ci(&repository, commit).await?.report())
    }
}
