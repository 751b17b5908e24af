//! Environments that are made: which secrets they wait for.

use super::{Engine, Refusal};
use crate::model::{Actor, EnvironmentKey, EnvironmentName, PLATFORM_LOCAL, Project, Provider, SecretName};
use crate::project::secrets_of;
use crate::secrets::generate;

/// What nobody has set in an environment, and it needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretsWanted {
    /// Made here at random in the environment it is like: another is as good, and is made.
    pub made: Vec<SecretName>,
    /// To be given by somebody, before the first deploy.
    pub given: Vec<SecretName>,
    /// Providers to be connected.
    pub connections: Vec<Provider>,
}

impl Engine {
    /// The secrets that an environment of a project still needs, told apart by what they are in the one it is like. Their values are not
    /// looked at, and none is copied.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn secrets_wanted(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        like: &EnvironmentName,
    ) -> Result<SecretsWanted, Refusal> {
        let key = |name: &EnvironmentName| EnvironmentKey::new(project.project.clone(), name.clone());
        let mut wanted = SecretsWanted::default();
        for secret in secrets_of(project, environment) {
            if self.store().secret_get(&key(environment), &secret).await?.is_some() {
                continue;
            }
            let there = self.store().secret_get(&key(like), &secret).await?;
            if there.is_some_and(|there| there.is_generated()) {
                wanted.made.push(secret);
            } else {
                wanted.given.push(secret);
            }
        }
        let is_here = project.environments.get(environment).is_some_and(|it| it.platform == PLATFORM_LOCAL);
        // What runs here needs no account of whoever hosts the others.
        let needed = |provider: Provider| !(is_here && provider.hosts());
        for connection in project.connections_in(environment).into_iter().filter(|it| needed(it.provider)) {
            if self.store().secret_get(&key(environment), &connection.secret).await?.is_none() {
                wanted.connections.push(connection.provider);
            }
        }
        Ok(wanted)
    }

    /// Makes those secrets of an environment, each at random. One that somebody has set meanwhile stays.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn secrets_make(
        &self,
        environment: &EnvironmentKey,
        names: &[SecretName],
        actor: &Actor,
    ) -> Result<(), Refusal> {
        for name in names {
            if self.store().secret_get(environment, name).await?.is_none() {
                let value = generate().map_err(super::secrets::unopened(name))?;
                self.vault().put_as(environment, name, value, true, actor).await?;
            }
        }
        Ok(())
    }
}
