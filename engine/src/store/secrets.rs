//! Sealed secrets: writing and reading them, and which there are.

use super::read::{key_values, parsed};
use super::value::{Row, Statement, guarded};
use super::{Store, StoreError, sql};
use crate::clock::EpochMs;
use crate::model::{EnvironmentKey, SecretName};

/// A sealed secret as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Where it belongs.
    pub environment: EnvironmentKey,
    /// Its name.
    pub name: SecretName,
    /// Its version, from 1.
    pub version: u32,
    /// The sealed value as JSON.
    pub body: String,
}

/// A version of a secret that is kept, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// The secret's name.
    pub name: SecretName,
    /// Its version, from 1.
    pub version: u32,
    /// When it was set; absent where the record does not know.
    pub made_ms: Option<EpochMs>,
    /// Who set it; absent where the record does not know.
    pub made_by: Option<String>,
}

/// A write of a secret.
#[derive(Debug, Clone)]
pub enum SecretWrite {
    /// A sealed secret's new version. Guard: the version is new.
    Put {
        /// Where.
        environment: EnvironmentKey,
        /// Its name.
        name: SecretName,
        /// Its version, from 1.
        version: u32,
        /// The sealed value as JSON.
        body: String,
        /// Who set it.
        by: String,
        /// When.
        at_ms: EpochMs,
    },
    /// A version of a secret, sealed anew. Guard: it is sealed as it was.
    Reseal {
        /// It, as it was.
        sealed: SealedSecret,
        /// The same value, sealed anew, as JSON.
        body: String,
    },
    /// A secret's sealed values, gone; its versions are not given again. Guard: it had this many.
    Remove {
        /// Where.
        environment: EnvironmentKey,
        /// Its name.
        name: SecretName,
        /// How many versions there were.
        versions: usize,
        /// When.
        at_ms: EpochMs,
    },
}

impl SecretWrite {
    pub(super) fn statements(&self) -> Vec<Statement> {
        match self {
            Self::Put { environment, name, version, body, by, at_ms } => guarded(
                sql::SECRET_PUT,
                vec![
                    environment.project.as_str().into(),
                    environment.environment.as_str().into(),
                    name.as_str().into(),
                    (*version).into(),
                    body.as_str().into(),
                    (*at_ms).into(),
                    by.as_str().into(),
                ],
            ),
            Self::Reseal { sealed, body } => guarded(
                sql::SECRET_RESEAL,
                vec![
                    sealed.environment.project.as_str().into(),
                    sealed.environment.environment.as_str().into(),
                    sealed.name.as_str().into(),
                    sealed.version.into(),
                    sealed.body.as_str().into(),
                    body.as_str().into(),
                ],
            ),
            Self::Remove { environment, name, versions, at_ms } => vec![Statement {
                sql: sql::SECRET_REMOVE,
                values: vec![
                    environment.project.as_str().into(),
                    environment.environment.as_str().into(),
                    name.as_str().into(),
                    (*at_ms).into(),
                ],
                must_change: Some(*versions as u64),
            }],
        }
    }
}

impl Store {
    /// The newest version of a secret, sealed.
    pub async fn secret_get(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
    ) -> Result<Option<SealedSecret>, StoreError> {
        let mut values = key_values(environment);
        values.push(name.as_str().into());
        self.secret(sql::SECRET_GET, values, environment, name).await
    }

    /// A version of a secret, sealed.
    pub async fn secret_get_version(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
        version: u32,
    ) -> Result<Option<SealedSecret>, StoreError> {
        let mut values = key_values(environment);
        values.extend([name.as_str().into(), version.into()]);
        self.secret(sql::SECRET_GET_VERSION, values, environment, name).await
    }

    async fn secret(
        &self,
        text: &'static str,
        values: Vec<super::Value>,
        environment: &EnvironmentKey,
        name: &SecretName,
    ) -> Result<Option<SealedSecret>, StoreError> {
        let rows = self.rows(text, values).await?;
        rows.first()
            .map(|row| {
                Ok(SealedSecret {
                    environment: environment.clone(),
                    name: name.clone(),
                    version: version(row)?,
                    body: row.text("body")?,
                })
            })
            .transpose()
    }

    /// Every version of every secret, sealed: what the redactor must know.
    pub async fn secret_all(&self) -> Result<Vec<SealedSecret>, StoreError> {
        self.rows(sql::SECRET_ALL, Vec::new()).await?.iter().map(sealed).collect()
    }

    /// The newest version a secret ever had, also one that was removed since.
    pub async fn secret_newest(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
    ) -> Result<Option<u32>, StoreError> {
        let mut values = key_values(environment);
        values.push(name.as_str().into());
        self.rows(sql::SECRET_NEWEST, values).await?.first().map(version).transpose()
    }

    /// Every version of the secrets of an environment, without values.
    pub async fn secret_list(&self, environment: &EnvironmentKey) -> Result<Vec<SecretVersion>, StoreError> {
        let rows = self.rows(sql::SECRET_LIST, key_values(environment)).await?;
        rows.iter()
            .map(|row| {
                Ok(SecretVersion {
                    name: parsed(row, "name")?,
                    version: version(row)?,
                    made_ms: Some(row.int("made_ms")?).filter(|at_ms| *at_ms > 0),
                    made_by: Some(row.text("made_by")?).filter(|by| !by.is_empty()),
                })
            })
            .collect()
    }
}

fn sealed(row: &Row) -> Result<SealedSecret, StoreError> {
    Ok(SealedSecret {
        environment: EnvironmentKey::new(parsed(row, "project")?, parsed(row, "environment")?),
        name: parsed(row, "name")?,
        version: version(row)?,
        body: row.text("body")?,
    })
}

fn version(row: &Row) -> Result<u32, StoreError> {
    u32::try_from(row.int("version")?).map_err(|error| StoreError::corrupt("version", error))
}
