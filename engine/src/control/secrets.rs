//! Secrets of environments: sealed in the database, opened at the moment of use, each read recorded.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::clearance::Asked;
use super::secrets_kept::needs_admin;
use super::{Engine, Refusal, redacted};
use crate::clock::{Clock, EpochMs};
use crate::model::{Actor, EnvironmentKey, Project, Role, SecretName, Variable};
use crate::ports::{PortError, SecretSource};
use crate::redact::Redactor;
use crate::secrets::{MasterKey, MasterKeys, Sealed, SecretError, SecretRef, generate, open, seal};
use crate::store::{AuditEntry, Commit, SealedSecret, SecretWrite, Store, StoreError, Write};

/// Tries of setting a secret that others set at the same time.
const PUT_TRIES: usize = 8;

/// A sealed value as its row holds it.
#[derive(Serialize, Deserialize)]
struct Row {
    key_id: String,
    nonce: String,
    ciphertext: String,
    /// Made here, at random: another is as good. Values kept from before that was noted count as given by somebody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    generated: bool,
}

impl Row {
    fn of(sealed: &Sealed, generated: bool) -> Self {
        Self {
            key_id: sealed.key_id.clone(),
            nonce: hex::encode(sealed.nonce),
            ciphertext: hex::encode(&sealed.ciphertext),
            generated,
        }
    }

    fn sealed(self) -> Option<Sealed> {
        let nonce = hex::decode(&self.nonce).ok()?.try_into().ok()?;
        Some(Sealed { key_id: self.key_id, nonce, ciphertext: hex::decode(&self.ciphertext).ok()? })
    }
}

impl SealedSecret {
    /// The master key it is sealed under, by its id; nothing where that can't be read.
    pub fn key_id(&self) -> Option<String> {
        serde_json::from_str(&self.body).ok().map(|row: Row| row.key_id)
    }

    /// Whether its value was made here, at random.
    pub fn is_generated(&self) -> bool {
        serde_json::from_str(&self.body).is_ok_and(|row: Row| row.generated)
    }
}

/// Opens secrets for those who run processes, and teaches the redactor what it opens.
pub struct Vault {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) keys: MasterKeys,
    redactor: Arc<Redactor>,
    /// The versions the redactor has learnt by reading all there are.
    learnt: Mutex<HashSet<(EnvironmentKey, SecretName, u32)>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// A vault over a database; the redactor learns every secret there is.
    pub async fn open(
        store: Store,
        clock: Arc<dyn Clock>,
        keys: impl Into<MasterKeys>,
        redactor: Arc<Redactor>,
    ) -> Result<Arc<Self>, Refusal> {
        let vault = Arc::new(Self { store, clock, keys: keys.into(), redactor, learnt: Mutex::default() });
        vault.learn_new().await?;
        Ok(vault)
    }

    /// The redactor learns every secret that another program has set since: what this one shows must not hold it either.
    pub async fn learn_new(&self) -> Result<(), Refusal> {
        for sealed in self.store.secret_all().await? {
            let version = (sealed.environment.clone(), sealed.name.clone(), sealed.version);
            if self.learnt.lock().unwrap_or_else(PoisonError::into_inner).contains(&version) {
                continue;
            }
            let value = self.unsealed(&sealed).map_err(unopened(&sealed.name))?;
            self.learn(&sealed.name, value)?;
            self.learnt.lock().unwrap_or_else(PoisonError::into_inner).insert(version);
        }
        Ok(())
    }

    pub(super) fn unsealed(&self, sealed: &SealedSecret) -> Result<SecretString, SecretError> {
        let reference = SecretRef::new(sealed.environment.clone(), sealed.name.clone());
        let altered = || SecretError::Altered { secret: reference.clone(), version: sealed.version };
        let row: Row = serde_json::from_str(&sealed.body).map_err(|_| altered())?;
        let envelope = row.sealed().ok_or_else(altered)?;
        // One that is not kept is named by what can't be opened with the one that is.
        let key = self.keys.with_id(&envelope.key_id)?.unwrap_or_else(|| self.keys.newest());
        open(&key, &reference, sealed.version, &envelope)
    }

    /// A value as its row holds it.
    pub(super) fn sealed_body(
        key: &MasterKey,
        secret: &SecretRef,
        version: u32,
        value: &SecretString,
        generated: bool,
    ) -> Result<String, Refusal> {
        let sealed = seal(key, secret, version, value).map_err(unopened(&secret.name))?;
        Ok(serde_json::to_string(&Row::of(&sealed, generated))
            .map_err(|error| StoreError::corrupt("body", error))?)
    }

    fn learn(&self, name: &SecretName, value: SecretString) -> Result<(), Refusal> {
        self.redactor.learn([(name.to_string(), value)]).map_err(|error| {
            Refusal::standing("redactor", format!("{name} can't be kept out of messages: {error}"), "doctor")
        })
    }

    /// Seals a value as the secret's next version, in one commit with its record. Two at once get a version each.
    pub async fn put(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
        value: SecretString,
        actor: &Actor,
    ) -> Result<u32, Refusal> {
        self.put_as(environment, name, value, false, actor).await
    }

    pub(super) async fn put_as(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
        value: SecretString,
        generated: bool,
        actor: &Actor,
    ) -> Result<u32, Refusal> {
        for _ in 0..PUT_TRIES {
            match self.put_once(environment, name, value.clone(), generated, actor).await {
                Err(refusal) if refusal.is_conflict() => {}
                other => return other,
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    async fn put_once(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
        value: SecretString,
        generated: bool,
        actor: &Actor,
    ) -> Result<u32, Refusal> {
        let version = self.store.secret_newest(environment, name).await?.unwrap_or_default() + 1;
        let reference = SecretRef::new(environment.clone(), name.clone());
        let mut commit = Commit::at(self.clock.now_ms());
        let body = Self::sealed_body(&self.keys.newest(), &reference, version, &value, generated)?;
        self.learn(name, value)?;
        commit.writes.push(Write::Secret(SecretWrite::Put {
            environment: environment.clone(),
            name: name.clone(),
            version,
            body,
            by: actor.name.clone(),
            at_ms: commit.now_ms,
        }));
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action: "secret.put",
            subject: reference.to_string(),
            environment: Some(environment.clone()),
            run: None,
            data: json!({ "version": version }),
        });
        self.write(commit).await?;
        Ok(version)
    }

    /// What writes a secret's next version with a value made here, at random. Whoever it is for finds it once that is written.
    pub(super) fn renewed(
        &self,
        secret: &SecretRef,
        version: u32,
        by: &str,
        at_ms: EpochMs,
    ) -> Result<SecretWrite, Refusal> {
        let value = generate().map_err(unopened(&secret.name))?;
        let body = Self::sealed_body(&self.keys.newest(), secret, version, &value, true)?;
        self.learn(&secret.name, value)?;
        let (environment, name) = (secret.environment.clone(), secret.name.clone());
        Ok(SecretWrite::Put { environment, name, version, body, by: by.to_owned(), at_ms })
    }

    /// Writes a commit, without secrets: the same way everything else of the engine is written.
    pub(super) async fn write(&self, mut commit: Commit) -> Result<(), StoreError> {
        redacted::commit(&mut commit, &self.redactor);
        self.store.commit(commit).await
    }
}

pub(super) fn unopened(name: &SecretName) -> impl FnOnce(SecretError) -> Refusal {
    let name = name.clone();
    move |error| Refusal::standing("secret", format!("the secret {name} can't be opened: {error}"), "doctor")
}

#[async_trait]
impl SecretSource for Vault {
    async fn secret_read(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
        version: Option<u32>,
        reader: &str,
    ) -> Result<SecretString, PortError> {
        let hint = format!("infra-chat secret set {environment}/{name}");
        let sealed = match version {
            Some(version) => self.store.secret_get_version(environment, name, version).await,
            None => self.store.secret_get(environment, name).await,
        };
        let none = match version {
            Some(version) => format!("{environment} has no version {version} of the secret {name}"),
            None => format!("{environment} has no secret {name}"),
        };
        let sealed = sealed
            .map_err(|error| PortError::retry(format!("the secret {name} can't be read: {error}")))?
            .ok_or_else(|| PortError::fail(none, hint))?;
        let value = self.unsealed(&sealed).map_err(|error| {
            PortError::fail(format!("the secret {name} can't be opened: {error}"), "infra-chat doctor")
        })?;
        // Another program may have set it since this one started.
        self.learn(name, value.clone())
            .map_err(|refusal| PortError::fail(refusal.to_string(), "infra-chat doctor"))?;
        let mut commit = Commit::at(self.clock.now_ms());
        commit.audit.push(AuditEntry {
            actor: Actor::system(),
            action: "secret.read",
            subject: SecretRef::new(environment.clone(), name.clone()).to_string(),
            environment: Some(environment.clone()),
            run: None,
            data: json!({ "version": sealed.version, "reader": reader }),
        });
        self.write(commit)
            .await
            .map_err(|error| PortError::retry(format!("the reading of {name} can't be recorded: {error}")))?;
        Ok(value)
    }
}

impl Engine {
    /// Sets a secret of an environment, where the policy lets the actor.
    pub async fn secret_set(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
        value: SecretString,
        actor: &Actor,
    ) -> Result<u32, Refusal> {
        self.project_of(environment).await?;
        let asked = Asked { changes_world: true, ..Asked::default() };
        let subject = SecretRef::new(environment.clone(), name.clone()).to_string();
        let decision =
            self.cleared_on_record(actor, "set-variable", Some(environment), subject.clone(), &asked).await?;
        // A secret is set at once, so there is no run that could wait for a second person.
        if matches!(decision, policies::Decision::NeedsApproval { .. }) && actor.role != Some(Role::Admin) {
            let refusal = needs_admin(environment);
            self.record_refused(actor, "set-variable", Some(environment), subject, &refusal).await?;
            return Err(refusal);
        }
        self.keeps_its_mode(environment, name, &value).await?;
        self.vault().put(environment, name, value, actor).await
    }

    /// A key that says it is for the other mode would cross test and live, whatever the description says.
    async fn keeps_its_mode(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
        value: &SecretString,
    ) -> Result<(), Refusal> {
        for connection in self.store().connection_list(environment).await? {
            let says = connection.provider.mode_of_key(value.expose_secret());
            if let (Some(is), Some(wanted)) = (says, connection.mode)
                && connection.secret == *name
                && is != wanted
            {
                let here = &environment.environment;
                return Err(Refusal::standing(
                    "mode-crossed",
                    format!(
                        "that is a {is} key of {}, and {here} holds {wanted} connections only",
                        connection.provider
                    ),
                    format!("infra-chat secret set {environment}/{name}, with a {wanted} key"),
                ));
            }
        }
        Ok(())
    }

    /// Makes a random value for every secret the project's services need and the environment does not have.
    pub async fn secrets_generate_missing(
        &self,
        project: &Project,
        actor: &Actor,
    ) -> Result<Vec<(EnvironmentKey, SecretName)>, Refusal> {
        let mut made = Vec::new();
        for environment in project.environments.keys() {
            let key = EnvironmentKey::new(project.project.clone(), environment.clone());
            for name in project.services.keys() {
                let Some(service) = project.service_in(environment, name) else { continue };
                for variable in service.variables.values() {
                    let Variable::Secret(secret) = variable else { continue };
                    if self.store().secret_get(&key, secret).await?.is_none() {
                        let value = generate().map_err(unopened(secret))?;
                        self.vault().put_as(&key, secret, value, true, actor).await?;
                        made.push((key.clone(), secret.clone()));
                    }
                }
            }
        }
        Ok(made)
    }
}
